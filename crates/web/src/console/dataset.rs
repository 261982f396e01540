//! One dataset: what it is, its versions with corrections, erasures of a subject, and who used a version.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query, Request},
    response::{Redirect, Response},
};
use serde::Deserialize;
use shuyu_app::{
    erasing::NewRowErasure,
    erasure::ERASER,
    read::{ErasureLine, VersionLine},
};
use shuyu_domain::{
    event::{CorrectionReason, ErasureReason},
    port::DatasetRow,
};
use shuyu_kernel::{DatasetId, Refusal};

use super::{
    arriving, datasets::reason_words, governance::GovernancePart, lineage::LineagePart, posted::Posted,
    quality::QualityPart, report, retention::RetentionPart, workbench::domain_label, zone::ZonePart,
};
use crate::page::{
    ConsoleError, Frame, Visit, ok,
    parts::{Choice, Labelled, Link, instant},
};

/// Reasons for erasing, as the record knows them, with their words.
const REASONS: [(ErasureReason, &str); 4] = [
    (ErasureReason::ConsentWithdrawn, "consent_withdrawn"),
    (ErasureReason::PurposeEnded, "purpose_ended"),
    (ErasureReason::TermOver, "term_over"),
    (ErasureReason::Unlawful, "unlawful"),
];

#[derive(Template)]
#[template(path = "dataset.html")]
pub(crate) struct DatasetPage {
    pub frame: Frame,
    pub table: String,
    pub href: String,
    pub facts: Vec<Labelled>,
    pub case_href: String,
    pub case_title: String,
    pub entry_href: String,
    pub columns: Vec<String>,
    pub versions: Vec<Version>,
    pub asked: String,
    pub impact: Vec<Link>,
    pub erasures: Vec<Erasure>,
    pub may_erase: bool,
    pub key: String,
    pub unit_columns: Vec<String>,
    pub reasons: Vec<Choice>,
    pub governance: GovernancePart,
    pub quality: QualityPart,
    pub lineage: LineagePart,
    pub retention: RetentionPart,
    pub zone: ZonePart,
    pub report: Vec<Labelled>,
}

pub(crate) struct Version {
    pub number: u64,
    pub rows: u64,
    pub erased: u64,
    pub at: String,
    pub by: String,
    pub why: String,
    pub case_href: String,
    pub how: Vec<String>,
    pub columns: String,
    pub digests: Vec<String>,
    pub entry_href: String,
    pub impact_href: String,
}

pub(crate) struct Erasure {
    pub reason: String,
    pub ordered_href: String,
    pub proved_href: String,
    pub subject: String,
    pub gone: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    impact: Option<u64>,
}

/// `GET /datasets/{id}`
pub(crate) async fn page(
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, ConsoleError> {
    let row = row_of(&visit, &id).await?;
    let frame = visit
        .frame_at("nav-catalogue")
        .crumb("/datasets", &visit.frame.t("datasets-title"));
    let app = visit.app();
    let case = app.case_view(&visit.session, row.resource).await?.case;
    let found = app.quality_report(&visit.session, &row).await?;
    let governance = app.governance(&visit.session, &row).await?;
    let checks = app.checks(&visit.session, &row).await?;
    let lineage = app.lineage(&visit.session, row.dataset).await?;
    let zone = app.zone(&visit.session, &row).await?;
    let history = app.dataset_history(&visit.session, row.dataset).await?;
    let impact = match asked.impact {
        Some(version) => impact(&visit, &frame, row.dataset, version).await?,
        None => Vec::new(),
    };
    let kept = history.versions.iter().filter(|line| !line.ended);
    let kept = kept.map(|line| line.version).collect();
    let quality = QualityPart::of(&visit, &frame, (&row, kept), checks);
    let versions = history.versions.into_iter();
    let page = DatasetPage {
        href: format!("/datasets/{}", row.dataset),
        facts: facts(&frame, &row),
        case_href: format!("/cases/{}", row.resource),
        case_title: format!("{} {}", case.number, case.title),
        entry_href: format!("/ledger/{}", row.as_of),
        versions: versions
            .map(|line| version(&visit, &frame, row.dataset, line))
            .collect(),
        asked: asked
            .impact
            .map(|version| frame.tr("impact-title", &[("version", version)]))
            .unwrap_or_default(),
        impact,
        erasures: history
            .erasures
            .into_iter()
            .map(|line| erasure(&frame, line))
            .collect(),
        may_erase: visit.session.actor.role == ERASER && !row.unit_columns.is_empty(),
        key: app.form_key(),
        reasons: REASONS
            .iter()
            .map(|(_, word)| Choice {
                value: (*word).to_owned(),
                label: frame.t(&erasure_key(word)),
                selected: false,
            })
            .collect(),
        governance: GovernancePart::of(&frame, (&row.dataset.to_string(), &row.columns), governance),
        quality,
        lineage: LineagePart::of(&frame, &lineage),
        zone: ZonePart::of(&frame, &visit.profile, &zone),
        retention: RetentionPart::of(&frame, &visit.profile, (&history.terms, history.kept)),
        table: row.table,
        columns: row.columns,
        unit_columns: row.unit_columns,
        report: found.map(|found| report::lines(&found)).unwrap_or_default(),
        frame,
    };
    Ok(ok(&page))
}

/// `POST /datasets/{id}/erasures`
pub(crate) async fn erase(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let row = row_of(&visit, &id).await?;
    let word = posted.one("reason");
    let reason = REASONS.iter().find(|(_, known)| *known == word);
    let (reason, _) = reason
        .ok_or_else(|| Refusal::unmet("field_wrong_type").fact("field", visit.frame.t("erasure-reason")))?;
    let subject: BTreeMap<String, String> = row
        .unit_columns
        .iter()
        .map(|name| {
            (
                name.clone(),
                posted.one(&format!("subject.{name}")).trim().to_owned(),
            )
        })
        .collect();
    let new = NewRowErasure {
        dataset: row.dataset,
        subject,
        reason: *reason,
        paper: posted.one("paper").to_owned(),
    };
    let key = posted.filled("key").unwrap_or_else(|| visit.app().form_key());
    visit.app().erase_rows(&visit.session, new, &key).await?;
    Ok(Redirect::to(&format!("/datasets/{}#erasures", row.dataset)))
}

async fn row_of(visit: &Visit, id: &str) -> Result<DatasetRow, ConsoleError> {
    let unknown =
        || Refusal::unknown("dataset_unknown").fact("dataset", id.chars().take(40).collect::<String>());
    let wanted: DatasetId = id.parse().map_err(|_| unknown())?;
    let rows = visit.app().all_datasets(&visit.session).await?;
    let found = rows.into_iter().find(|row| row.dataset == wanted);
    Ok(found.ok_or_else(unknown)?)
}

fn facts(frame: &Frame, row: &DatasetRow) -> Vec<Labelled> {
    let fact = |key: &str, text: String| Labelled {
        label: frame.t(key),
        text,
        ..Labelled::default()
    };
    let subjects = row
        .domain
        .as_deref()
        .map_or_else(|| frame.t("domain-none"), |domain| domain_label(frame, domain));
    vec![
        fact("head-version", row.version.to_string()),
        fact("head-rows", row.rows.to_string()),
        fact("head-subjects", subjects),
        fact("dataset-rows-per-unit", row.rows_per_unit.to_string()),
    ]
}

fn version(visit: &Visit, frame: &Frame, dataset: DatasetId, line: VersionLine) -> Version {
    let why = |reason: CorrectionReason, corrects: u64| {
        let words = [
            ("reason", reason_words(frame, reason)),
            ("version", corrects.to_string()),
        ];
        frame.tr("version-corrects", &words)
    };
    let correction = line.correction.as_ref();
    Version {
        number: line.version,
        rows: line.rows,
        erased: line.erased,
        at: instant(&visit.profile, line.at),
        by: line.by,
        why: correction
            .map(|found| why(found.reason, found.corrects))
            .unwrap_or_default(),
        case_href: correction
            .and_then(|found| found.case)
            .map(|case| format!("/cases/{case}"))
            .unwrap_or_default(),
        how: arriving::told(frame, line.arrival.as_ref()),
        columns: frame.tr("version-columns", &[("n", line.columns.len())]),
        digests: line.files.iter().map(shuyu_kernel::Digest::short).collect(),
        entry_href: format!("/ledger/{}", line.entry),
        impact_href: format!("/datasets/{dataset}?impact={}#impact", line.version),
    }
}

fn erasure(frame: &Frame, line: ErasureLine) -> Erasure {
    let href = |index: Option<u64>| index.map(|index| format!("/ledger/{index}")).unwrap_or_default();
    let rows: u64 = line.versions.iter().map(|held| held.rows).sum();
    let gone = [
        ("rows", rows.to_string()),
        ("versions", line.versions.len().to_string()),
        ("files", line.files.to_string()),
        ("raw", line.raw.to_string()),
    ];
    let word = |reason: ErasureReason| {
        let found = REASONS.iter().find(|(known, _)| *known == reason);
        found
            .map(|(_, word)| frame.t(&erasure_key(word)))
            .unwrap_or_default()
    };
    Erasure {
        reason: line.reason.map_or_else(|| frame.t("erasure-of-source"), word),
        ordered_href: href(line.ordered),
        proved_href: href(line.proved),
        subject: line.subject.short(),
        gone: match line.proved {
            Some(_) => frame.tr("erasure-gone", &gone),
            None => frame.t("erasure-going-on"),
        },
    }
}

async fn impact(
    visit: &Visit,
    frame: &Frame,
    dataset: DatasetId,
    version: u64,
) -> Result<Vec<Link>, ConsoleError> {
    let found = visit.app().impact(&visit.session, dataset, version).await?;
    let releases = found.releases.iter().map(|read| Link {
        href: format!("/ledger/{}", read.as_of),
        label: frame.tr("impact-release", &[("release", read.release)]),
    });
    let products = found.products.iter().map(|row| Link {
        href: format!("/cases/{}", row.id),
        label: frame.tr(
            "impact-product",
            &[("title", format!("{} {}", row.number, row.title))],
        ),
    });
    let derived = found.derived.iter().map(|row| Link {
        href: format!("/datasets/{}", row.dataset),
        label: frame.tr("impact-derived", &[("table", &row.table)]),
    });
    Ok(releases.chain(products).chain(derived).collect())
}

fn erasure_key(word: &str) -> String {
    format!("erasure-{}", word.replace('_', "-"))
}
