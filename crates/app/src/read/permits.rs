//! Permits of the session's body, and what its tables are.

use std::collections::BTreeSet;

use shuyu_domain::{
    case::Permit,
    port::{CaseRow, DatasetRow},
};
use shuyu_kernel::{CaseId, PermitId};
use shuyu_profile::Effect;

use super::lists::CaseQuery;
use crate::{App, Session, Stop, account::parse};

/// A data-use case with its permit, if one was issued.
#[derive(Debug, Clone, PartialEq)]
pub struct PermitRow {
    /// The case.
    pub case: CaseRow,
    /// Its permit.
    pub permit: Option<Permit>,
    /// Purpose as applied for.
    pub purpose: String,
}

impl App {
    /// Cases that lead to permits, newest first.
    pub async fn permit_list(&self, session: &Session) -> Result<Vec<PermitRow>, Stop> {
        let profile = self.profile();
        let procedures = profile
            .procedures
            .iter()
            .filter(|procedure| procedure.acts.iter().any(|act| act.effects.contains(&Effect::IssuePermit)))
            .map(|procedure| procedure.id.clone())
            .collect();
        let query = CaseQuery { procedures, size: 100, ..CaseQuery::default() };
        let list = self.case_list(session, &query).await?;
        let ids: BTreeSet<CaseId> = list.rows.iter().map(|row| row.id).collect();
        let loaded = self.record.load(&ids).await?;
        Ok(list
            .rows
            .into_iter()
            .map(|row| {
                let case = loaded.linked.get(&row.id);
                PermitRow {
                    permit: case.and_then(|case| case.permit.clone()),
                    purpose: case
                        .and_then(|case| case.fields.get("purpose"))
                        .map(shuyu_domain::Value::text)
                        .unwrap_or_default(),
                    case: row,
                }
            })
            .collect())
    }

    /// Latest versions of all datasets, by table name.
    pub async fn all_datasets(&self, session: &Session) -> Result<Vec<DatasetRow>, Stop> {
        self.require_signed_in(session)?;
        let mut rows = self.record.datasets(None).await?;
        rows.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(rows)
    }

    /// The quality report of a dataset version: row numbers, never values.
    pub async fn quality_report(&self, session: &Session, report: &str) -> Result<Option<serde_json::Value>, Stop> {
        self.require_signed_in(session)?;
        let stored = self.record.document("report", report).await?;
        Ok(stored.as_ref().map(parse).transpose()?)
    }

    /// The digest of the report of a dataset's latest version, from its stream.
    pub async fn report_of(&self, session: &Session, row: &DatasetRow) -> Result<Option<String>, Stop> {
        self.require_signed_in(session)?;
        let entries = self.record.stream(shuyu_domain::port::Stream::Dataset(row.dataset)).await?;
        let last = entries.iter().rev().filter_map(super::ledger::read_entry).find_map(|entry| match entry.event {
            Some(shuyu_domain::Event::Dataset(shuyu_domain::event::DatasetEvent::VersionRecorded { report, .. })) => {
                Some(report.to_string())
            }
            _ => None,
        });
        Ok(last)
    }

    /// The permit of a case has the bits of the case.
    pub fn permit_of_case(case: CaseId) -> PermitId {
        PermitId::from_bits(case.bits())
    }
}
