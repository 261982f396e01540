//! What is checked before people look, and what lies beside a file when they do.

use std::collections::BTreeSet;

use shuyu_domain::{
    Airlock, Case,
    event::{AirlockFile, OutputKind},
    source::LOG_FILE,
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{
    evidence::{ColumnSummary, CsvTable},
    scan::{Finds, scan},
};

use super::beside::Beside;
use crate::{App, Stop, runs::LIMITS};

/// Most rows of a table that leaves (OpenSAFELY's limit).
pub const MOST_ROWS: usize = 5_000;
/// Rows shown on a page; the whole file can be downloaded by a reviewer.
pub const ROWS_SHOWN: usize = 200;
/// Characters of a text shown on a page.
const TEXT_SHOWN: usize = 20_000;
/// How every PNG begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What there is to know of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// Length.
    pub size_bytes: u64,
    /// A table: its first rows.
    pub table: Option<CsvTable>,
    /// Rows in all.
    pub rows: usize,
    /// What stands in each column.
    pub summary: Vec<ColumnSummary>,
    /// A text or a model: how it begins.
    pub text: String,
    /// Risk report of a model: figure → value.
    pub risk: Vec<(String, String)>,
    /// A figure of that report is above its limit.
    pub high_risk: bool,
    /// Of a file whose cells are not in the release ledger: requests with figures of the same datasets that left
    /// before it, as far outside of the ledger.
    pub outside_ledger: Option<usize>,
    /// Of a log: files that its run refused, and why.
    pub refused: Vec<Refusal>,
    /// Identifiers found, by kind with line numbers.
    pub finds: Finds,
}

impl App {
    /// Checks every file by machine: type, size, rows, identifiers. People look at the meaning only.
    pub(super) async fn check_files(&self, airlock: &Airlock) -> Result<(), Stop> {
        let loaded = self.record.load(&[airlock.case].into()).await?;
        let case = loaded
            .linked
            .get(&airlock.case)
            .ok_or_else(|| Refusal::unknown("permit_unknown"))?;
        let sealed = self.sealed_columns(case).await?;
        for each in airlock.files.values() {
            let file = &each.file;
            let about = |code: &str| Refusal::unmet(code).fact("file", &file.name);
            let ending = file.name.rsplit_once('.').map_or("", |(_, ending)| ending);
            if !file.kind.endings().contains(&ending) {
                return Err(about("output_type_not_allowed")
                    .fact("allowed", file.kind.endings().join(", "))
                    .into());
            }
            if file.size_bytes > LIMITS.output_bytes {
                return Err(about("output_too_large")
                    .fact("limit_bytes", LIMITS.output_bytes)
                    .into());
            }
            let bytes = self.lake.raw_bytes(file.digest).await?;
            check_content(file, &bytes, &sealed)?;
        }
        Ok(())
    }

    pub(super) async fn evidence(
        &self,
        airlock: &Airlock,
        case: &Case,
        file: &AirlockFile,
        beside: &Beside,
    ) -> Result<Evidence, Stop> {
        let bytes = self.lake.raw_bytes(file.digest).await?;
        let profile = self.profiles.get(case.profile)?;
        let mut found = Evidence {
            size_bytes: file.size_bytes,
            table: None,
            rows: 0,
            summary: Vec::new(),
            text: String::new(),
            risk: Vec::new(),
            high_risk: file.high_risk,
            outside_ledger: beside.left_outside(file),
            refused: match file.name.as_str() {
                LOG_FILE => self.refusals(case.id, beside.refused(file)).await,
                _ => Vec::new(),
            },
            finds: Finds::new(),
        };
        if file.kind != OutputKind::Plot {
            let text = String::from_utf8_lossy(&bytes);
            found.finds = scan(&text, &self.sealed_columns(case).await?);
            if file.kind != OutputKind::Table {
                found.text = text.chars().take(TEXT_SHOWN).collect();
            }
        }
        if file.kind == OutputKind::Table
            && let Ok(mut table) = CsvTable::read(&bytes)
        {
            found.summary = table.summary(profile.thresholds.k);
            found.rows = table.rows.len();
            table.rows.truncate(ROWS_SHOWN);
            found.table = Some(table);
        }
        if let Some(digest) = file.risk {
            found.risk = figures(&self.lake.raw_bytes(digest).await?);
        }
        tracing::debug!(airlock = %airlock.id, "evidence made");
        Ok(found)
    }

    /// Names of columns of the permit's tables that are granted in none of them.
    async fn sealed_columns(&self, case: &Case) -> Result<Vec<String>, Stop> {
        let Some(permit) = &case.permit else {
            return Ok(Vec::new());
        };
        let rows = self.record.datasets(None).await?;
        let (mut all, mut granted) = (BTreeSet::new(), BTreeSet::new());
        for table in &permit.tables {
            let own = rows
                .iter()
                .filter(|row| row.table == table.table && row.resource == table.resource);
            all.extend(own.flat_map(|row| row.columns.iter().cloned()));
            let used = table.columns.iter().filter(|(_, uses)| !uses.is_empty());
            granted.extend(used.map(|(name, _)| name.clone()));
        }
        Ok(all.difference(&granted).cloned().collect())
    }
}

fn check_content(file: &AirlockFile, bytes: &[u8], sealed: &[String]) -> Result<(), Refusal> {
    let about = |code: &str| Refusal::unmet(code).fact("file", &file.name);
    let wrong = || about("output_type_not_allowed").fact("allowed", file.kind.endings().join(", "));
    match file.kind {
        OutputKind::Plot if bytes.starts_with(PNG) => return Ok(()),
        OutputKind::Plot => return Err(wrong()),
        OutputKind::Table => {
            let table = CsvTable::read(bytes).map_err(|_| wrong())?;
            if table.rows.len() > MOST_ROWS {
                return Err(about("output_too_many_rows")
                    .fact("rows", table.rows.len())
                    .fact("limit", MOST_ROWS));
            }
        }
        OutputKind::Text | OutputKind::Model => {}
    }
    let text = std::str::from_utf8(bytes).map_err(|_| wrong())?;
    if file.kind == OutputKind::Model || file.name.ends_with(".json") {
        serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|_| wrong())?;
    }
    match scan(text, sealed).into_iter().next() {
        None => Ok(()),
        Some((kind, lines)) => Err(about("output_identifies")
            .fact("identifier", kind.name())
            .fact("line", lines.first().copied().unwrap_or_default())),
    }
}

/// The figures of a risk report in their order; a report that is no flat object is shown as one text.
fn figures(bytes: &[u8]) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match serde_json::from_slice(bytes) {
        Ok(serde_json::Value::Object(map)) => map
            .iter()
            .map(|(name, value)| (name.clone(), text(value)))
            .collect(),
        Ok(other) => vec![("report".to_owned(), other.to_string())],
        Err(_) => Vec::new(),
    }
}
