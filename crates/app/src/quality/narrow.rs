//! What a spot check must not be: a way to ask after somebody. Whoever makes one chooses rules over rows it may not see,
//! and learns counts. So of a table with subjects it looks at a tenth of the rows at most, other ones each time; chooses
//! no values in columns that name the subject; and a rule with chosen values that nearly no value keeps is no standard.

use shuyu_domain::port::DatasetRow;
use shuyu_kernel::Refusal;
use shuyu_privacy::governance::quality::{ColumnRule, Outcome, RuleText, unusable};

/// The part of the rows of a table with subjects that a sample may have: one in ten. Platform default.
const ONE_IN: u64 = 10;
/// Values that must keep a rule with chosen values: ten, as few as a released cell may have. Platform default.
const LEAST_GOOD: u64 = 10;

/// The most rows that a sample of the latest version may have.
pub fn most_rows(row: &DatasetRow) -> u64 {
    most_of(row, row.rows)
}

fn most_of(row: &DatasetRow, rows: u64) -> u64 {
    match row.domain {
        Some(_) => rows / ONE_IN,
        None => rows,
    }
}

/// Before a spot check of a version with so many rows.
///
/// # Errors
/// `sample_too_large`; `quality_rule_not_usable` with problem `subject`.
pub(super) fn order(row: &DatasetRow, rules: &[RuleText], (size, rows): (u64, u64)) -> Result<(), Refusal> {
    if row.domain.is_none() {
        return Ok(());
    }
    let most = most_of(row, rows);
    if size > most {
        return Err(Refusal::unmet("sample_too_large")
            .fact("table", &row.table)
            .fact("limit", most));
    }
    for text in rules
        .iter()
        .filter(|text| row.unit_columns.contains(&text.column))
    {
        if ColumnRule::read(text)?.rule.chooses_values() {
            return Err(unusable(text, "subject"));
        }
    }
    Ok(())
}

/// After one, before anything of it is told.
///
/// # Errors
/// `rule_no_standard`, with the column.
pub(super) fn outcome(row: &DatasetRow, rules: &[RuleText], outcome: &Outcome) -> Result<(), Refusal> {
    if row.domain.is_none() {
        return Ok(());
    }
    for (text, found) in rules.iter().zip(&outcome.found) {
        let few = found.checked.saturating_sub(found.bad) < LEAST_GOOD;
        if few && ColumnRule::read(text)?.rule.chooses_values() {
            return Err(Refusal::unmet("rule_no_standard")
                .fact("column", &text.column)
                .fact("limit", LEAST_GOOD));
        }
    }
    Ok(())
}
