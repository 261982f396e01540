//! What an own list must be. Judged by counts and titles of columns; no value of a list is looked at here.

use shuyu_kernel::{Refusal, RefusalKind, cn::holds_identifier};
use shuyu_privacy::{
    permit::{Permit, TableKind},
    scan::scan,
};

use super::{MOST_LABELS, MOST_ROWS, NewOwnList};
use crate::port::OwnSurvey;

/// Longest name of a table or column, in characters.
const LONGEST_NAME: usize = 60;

/// The permit grants fusion: the application asked for it, and a reviewer said that the risk is assessed.
///
/// # Errors
/// `fusion_not_granted`, `join_risk_not_assessed`.
pub(super) fn fuses(permit: &Permit, table: &str) -> Result<(), Refusal> {
    let refused = |code: &str| {
        Refusal::forbidden(code)
            .citing(&permit.citations.join_risk)
            .fact("table", shown(table))
    };
    match (permit.fusion, permit.join_risk_assessed) {
        (false, _) => Err(refused("fusion_not_granted")),
        (true, false) => Err(refused("join_risk_not_assessed")),
        (true, true) => Ok(()),
    }
}

/// Names are for queries and stay in the record: plain words, and no identifiers.
///
/// # Errors
/// `table_name_invalid`.
pub(super) fn name(table: &str) -> Result<(), Refusal> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let usable = table.starts_with(|c: char| c.is_ascii_lowercase())
        && table.len() <= LONGEST_NAME
        && table.chars().all(plain)
        && !identifies(table);
    if usable {
        return Ok(());
    }
    Err(Refusal::unmet("table_name_invalid").fact("table", "?"))
}

/// The identifier domain of the list: that of some governed table, named if there are several.
///
/// # Errors
/// `own_domain_not_in_permit` with the domains there are.
pub(super) fn domain(permit: &Permit, wanted: Option<&str>) -> Result<String, Refusal> {
    let domains = domains(permit);
    let found = match wanted {
        Some(wanted) => domains.iter().find(|domain| *domain == wanted),
        None => domains.first().filter(|_| domains.len() == 1),
    };
    found.cloned().ok_or_else(|| {
        Refusal::unmet("own_domain_not_in_permit")
            .citing(&permit.citations.scope)
            .fact("domains", domains.join(", "))
    })
}

/// Identifier domains of a permit's governed tables, in order.
pub(super) fn domains(permit: &Permit) -> Vec<String> {
    let mut domains: Vec<String> = permit
        .tables
        .values()
        .filter_map(|grant| match &grant.kind {
            TableKind::Personal { domain, .. } => Some(domain.clone()),
            TableKind::NonPersonal | TableKind::Public | TableKind::Own => None,
        })
        .collect();
    domains.sort();
    domains.dedup();
    domains
}

/// What the file holds is a list: one column of subjects and a few labels, each value of many subjects. Answers the
/// columns: name in the table → title in the file.
///
/// # Errors
/// `header_not_usable`, `own_subject_missing`, `own_labels_too_many`, `own_rows_too_many`, `own_holds_identifier`,
/// `own_too_few`, `own_label_too_rare`.
pub(super) fn survey(
    found: &OwnSurvey,
    new: &NewOwnList,
    permit: &Permit,
) -> Result<Vec<(String, String)>, Refusal> {
    let columns = columns(&found.titles)?;
    let limited = |code: &str, limit: u64| Refusal::new(RefusalKind::Limited, code).fact("limit", limit);
    if !found.titles.contains(&new.subject) {
        return Err(Refusal::unmet("own_subject_missing").fact("column", shown(&new.subject)));
    }
    if found.labels.len() > MOST_LABELS {
        return Err(limited("own_labels_too_many", MOST_LABELS as u64));
    }
    if found.rows > MOST_ROWS {
        return Err(limited("own_rows_too_many", MOST_ROWS));
    }
    if let Some(find) = &found.found {
        return Err(Refusal::unmet("own_holds_identifier")
            .citing(&permit.citations.join_risk)
            .fact("position", find.position)
            .fact("line", find.line)
            .fact("kind", find.kind.name()));
    }
    let least = u64::from(permit.thresholds.fused().k.value);
    let too_few = |code: &str| {
        Refusal::unmet(code)
            .citing(&permit.citations.join_risk)
            .fact("limit", least)
    };
    if found.subjects < least {
        return Err(too_few("own_too_few").fact("subjects", found.subjects));
    }
    let rare = found.titles.iter().enumerate().find(|(_, title)| {
        let label = found.labels.get(*title);
        label.is_some_and(|label| label.fewest < least)
    });
    match rare {
        Some((index, _)) => Err(too_few("own_label_too_rare").fact("position", index + 1)),
        None => Ok(columns),
    }
}

/// Names of columns for queries. A title stays in the record, so that it must be a name and no value of somebody.
fn columns(titles: &[String]) -> Result<Vec<(String, String)>, Refusal> {
    let refused = |index: usize| Refusal::unmet("header_not_usable").fact("position", index + 1);
    let mut columns: Vec<(String, String)> = Vec::with_capacity(titles.len());
    for (index, title) in titles.iter().enumerate() {
        let name = title.trim().to_ascii_lowercase();
        let plain = |c: char| c == '_' || (c.is_alphanumeric() && !c.is_ascii_uppercase());
        let usable = name.starts_with(char::is_alphabetic)
            && name.chars().count() <= LONGEST_NAME
            && name.chars().all(plain)
            && !identifies(&name)
            && columns.iter().all(|(other, _)| *other != name);
        if !usable {
            return Err(refused(index));
        }
        columns.push((name, title.clone()));
    }
    Ok(columns)
}

/// A word of whoever asks, as a refusal may repeat it to them: a question mark if it identifies somebody, or can be no
/// name for its length or its control characters.
pub(super) fn shown(text: &str) -> &str {
    let name =
        !text.is_empty() && text.chars().count() <= LONGEST_NAME && !text.chars().any(char::is_control);
    if name && !identifies(text) { text } else { "?" }
}

/// Whether a text that names something holds an identifier of somebody.
fn identifies(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    holds_identifier(text) || [text, &digits].iter().any(|text| !scan(text, &[]).is_empty())
}
