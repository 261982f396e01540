//! What is in the package: a list for people (`index.csv`) and one for programs (`manifest.json`, a Data Package in
//! the sense of Frictionless Standards 1.0 with SM3 digests).

use serde_json::{Value as Json, json};
use shuyu_app::read::Archive;
use shuyu_kernel::{Digest, Fault};
use shuyu_profile::Rule;

use super::Item;
use crate::{
    api::output::instant,
    page::{ConsoleError, Visit},
};

/// The list for people: one line a file.
pub(super) fn index(visit: &Visit, files: &[Item]) -> Item {
    let mut lines = vec!["file,title,bytes,sm3".to_owned()];
    for file in files {
        let fields = [
            file.path.clone(),
            file.title.clone(),
            file.bytes.len().to_string(),
            Digest::of(&file.bytes).to_string(),
        ];
        lines.push(fields.map(|field| quoted(&field)).join(","));
    }
    Item {
        path: "index.csv".to_owned(),
        title: visit.frame.t("archive-index"),
        media: "text/csv",
        // The mark at the start tells spreadsheets that it is UTF-8.
        bytes: format!("\u{feff}{}\r\n", lines.join("\r\n")).into_bytes(),
    }
}

/// A field of a table (RFC 4180). A title that a spreadsheet would take for a formula gets an apostrophe.
fn quoted(field: &str) -> String {
    let formula = field.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let mark = if formula { "'" } else { "" };
    format!("\"{mark}{}\"", field.replace('"', "\"\""))
}

/// The list for programs.
pub(super) fn manifest(visit: &Visit, archive: &Archive, files: &[Item]) -> Result<Item, ConsoleError> {
    let (case, profile) = (&archive.view.case, &archive.view.profile);
    let last = archive.view.timeline.last();
    let resources: Vec<Json> = files.iter().map(resource).collect();
    let list = json!({
        "profile": "data-package",
        "name": case.id.to_string().replace('_', "-"),
        "title": format!("{} {}", case.number, case.title),
        "created": last.map(|item| instant(profile.zone, item.recorded_at)),
        "procedure": case.procedure,
        "rules": format!("sm3:{}", case.profile),
        "retention": retention(visit, archive),
        "withheld": archive.withheld.iter().map(|(digest, code)| json!({
            "hash": format!("sm3:{digest}"), "code": code,
        })).collect::<Vec<Json>>(),
        "resources": resources,
    });
    let bytes = serde_json::to_vec_pretty(&list).map_err(|error| Fault::new("writing a manifest", error))?;
    Ok(Item {
        path: "manifest.json".to_owned(),
        title: visit.frame.t("archive-manifest"),
        media: "application/json",
        bytes,
    })
}

fn resource(file: &Item) -> Json {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
    let name: String = file.path.to_ascii_lowercase().chars().map(plain).collect();
    json!({
        "name": name,
        "path": file.path,
        "title": file.title,
        "mediatype": file.media,
        "bytes": file.bytes.len(),
        "hash": format!("sm3:{}", Digest::of(&file.bytes)),
    })
}

/// How long the record is kept at least, and on which clauses: what the profile says of logs, and every rule of it
/// that refuses deletion before a time is over. Entries of the ledger are never deleted.
fn retention(visit: &Visit, archive: &Archive) -> Json {
    let profile = &archive.view.profile;
    let thresholds = &profile.thresholds;
    let guards = profile
        .procedures
        .iter()
        .flat_map(|procedure| &procedure.acts)
        .flat_map(|act| &act.guards);
    let refusing: Vec<Json> = guards
        .filter_map(|guard| match &guard.rule {
            Rule::Retained { limit, .. } => Some(json!({
                "refuses_with": guard.code,
                "at_least": limit.to_string(),
                "clauses": clauses(visit, archive, guard.basis.clauses()),
            })),
            _ => None,
        })
        .collect();
    json!({
        "at_least": thresholds.log_retention.to_string(),
        "clauses": clauses(visit, archive, thresholds.basis.clauses()),
        "deletion": refusing,
    })
}

fn clauses(visit: &Visit, archive: &Archive, ids: &[shuyu_kernel::ClauseId]) -> Vec<Json> {
    let chips = crate::page::Chip::all(&visit.frame, &archive.view.profile, ids);
    chips
        .into_iter()
        .map(|chip| json!({ "id": chip.id, "text": chip.text }))
        .collect()
}
