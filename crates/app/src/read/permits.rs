//! Permits of the session's body, and what its tables are.

use std::collections::BTreeSet;

use shuyu_domain::{
    case::Permit,
    port::{CaseRow, DatasetRow},
};
use shuyu_kernel::{CaseId, CivilDate, PermitId, Refusal, RowScope, Use};
use shuyu_privacy::permit::{PermitMode, QueryLimits, TableKind};
use shuyu_profile::Effect;

use super::lists::CaseQuery;
use crate::{
    App, Session, Stop,
    account::parse,
    workbench::{Released, as_recorded},
};

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

/// What a table of a permit is, as far as protection goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sensitivity {
    /// Rows about subjects of this identifier domain.
    Personal(String),
    /// Not about subjects, but not open either.
    NonPersonal,
    /// Unconditionally open.
    Public,
    /// Brought by whoever works under the permit.
    Own,
}

/// A table as the workbench shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkbenchTable {
    /// Name.
    pub name: String,
    /// What it is.
    pub sensitivity: Sensitivity,
    /// Name of the body that provides it; empty for open tables.
    pub provider: String,
    /// Version the permit reads.
    pub version: u64,
    /// Column → uses granted; for open tables every column with no uses listed.
    pub columns: Vec<(String, Vec<Use>)>,
    /// Columns struck by a reviewer.
    pub struck: Vec<String>,
    /// Which rows; `None` means all of them.
    pub rows: Option<RowScope>,
}

/// A permit ready to be worked under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workbench {
    /// Case of the permit.
    pub case: CaseId,
    /// Purpose as approved.
    pub purpose: String,
    /// Last day.
    pub expires_on: CivilDate,
    /// Tables by name.
    pub tables: Vec<WorkbenchTable>,
    /// Most rows of an answer.
    pub max_rows: u64,
    /// What one question may take.
    pub limits: QueryLimits,
    /// How answers are protected.
    pub mode: PermitMode,
    /// Why no questions are answered under it, if none are.
    pub closed: Option<Refusal>,
}

impl App {
    /// The tables of a permit that holds now.
    ///
    /// # Errors
    /// Everything the chain of the permit refuses.
    pub async fn workbench(&self, session: &Session, permit: PermitId) -> Result<Workbench, Stop> {
        let result = self.workbench_inner(session, permit).await;
        self.looked(session, "view", permit, result).await
    }

    async fn workbench_inner(&self, session: &Session, permit: PermitId) -> Result<Workbench, Stop> {
        let standing = self.standing(session, permit).await?;
        let registry = self.registry().await?;
        let known = self.record.datasets(None).await?;
        let tables = standing.permit.tables.iter().map(|(name, grant)| {
            let columns = match &grant.kind {
                TableKind::Public => known
                    .iter()
                    .find(|row| row.dataset == grant.dataset)
                    .map(|row| {
                        row.columns
                            .iter()
                            .map(|column| (column.clone(), Vec::new()))
                            .collect()
                    })
                    .unwrap_or_default(),
                TableKind::Personal { .. } | TableKind::NonPersonal | TableKind::Own => grant
                    .columns
                    .iter()
                    .map(|(column, grant)| (column.clone(), grant.uses.iter().copied().collect()))
                    .collect(),
            };
            WorkbenchTable {
                name: name.clone(),
                sensitivity: match &grant.kind {
                    TableKind::Personal { domain, .. } => Sensitivity::Personal(domain.clone()),
                    TableKind::NonPersonal => Sensitivity::NonPersonal,
                    TableKind::Public => Sensitivity::Public,
                    TableKind::Own => Sensitivity::Own,
                },
                provider: grant
                    .provider
                    .map(|body| registry.body_name(body))
                    .unwrap_or_default(),
                version: grant.version,
                columns,
                struck: grant.struck.clone(),
                rows: grant.rows.clone(),
            }
        });
        Ok(Workbench {
            case: standing.case,
            purpose: standing.permit.purpose.clone(),
            expires_on: standing.permit.expires_on,
            tables: tables.collect(),
            max_rows: standing.permit.max_rows,
            limits: standing.permit.limits.clone(),
            mode: standing.permit.mode,
            closed: standing.permit.asks().err(),
        })
    }

    /// Cases that lead to permits, newest first.
    pub async fn permit_list(&self, session: &Session) -> Result<Vec<PermitRow>, Stop> {
        let result = self.permit_list_inner(session).await;
        self.looked(session, "view", "permits", result).await
    }

    async fn permit_list_inner(&self, session: &Session) -> Result<Vec<PermitRow>, Stop> {
        let profile = self.profile();
        let procedures = profile
            .procedures
            .iter()
            .filter(|procedure| {
                procedure
                    .acts
                    .iter()
                    .any(|act| act.effects.contains(&Effect::IssuePermit))
            })
            .map(|procedure| procedure.id.clone())
            .collect();
        let query = CaseQuery {
            procedures,
            size: 100,
            ..CaseQuery::default()
        };
        let list = self.case_list_inner(session, &query).await?;
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

    /// Answers that left the domain under permits the session's body is a party of, newest first.
    pub async fn releases(&self, session: &Session) -> Result<Vec<(CaseRow, Released)>, Stop> {
        let result = self.releases_inner(session).await;
        self.looked(session, "view", "releases", result).await
    }

    async fn releases_inner(&self, session: &Session) -> Result<Vec<(CaseRow, Released)>, Stop> {
        let mut found = Vec::new();
        for row in self.permit_list_inner(session).await? {
            let documents = self
                .record
                .documents("release", Some(&row.case.id.to_string()))
                .await?;
            let recorded = self.record.releases(row.case.id).await?;
            for document in documents {
                // What the proceedings do not name has not left.
                let result = document.key.parse().ok().and_then(|id| recorded.get(&id));
                if let Some(result) = result {
                    found.push((row.case.clone(), as_recorded(&document, *result)?));
                }
            }
        }
        // Ids grow with time.
        found.sort_by_key(|(_, released)| std::cmp::Reverse(released.release));
        Ok(found)
    }

    /// Latest versions of all datasets, by table name.
    pub async fn all_datasets(&self, session: &Session) -> Result<Vec<DatasetRow>, Stop> {
        self.require_signed_in(session)?;
        let rows = self.record.datasets(None).await.map_err(Stop::from);
        let mut rows = self.looked(session, "view", "datasets", rows).await?;
        rows.sort_by(|a, b| a.table.cmp(&b.table));
        Ok(rows)
    }

    /// The quality report of a dataset's latest version, for parties of its catalogue entry and those who watch
    /// over all; `None` for everybody else, and where there is none. The catalogue is open to all who sign in, what
    /// is wrong with its rows is not.
    pub async fn quality_report(
        &self,
        session: &Session,
        row: &DatasetRow,
    ) -> Result<Option<serde_json::Value>, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[row.resource].into()).await?;
        let party = loaded
            .linked
            .get(&row.resource)
            .is_some_and(|case| case.has_party(session.actor.body));
        if !party && !self.oversees(session) {
            return Ok(None);
        }
        let Some(report) = self.report_of(row).await? else {
            return Ok(None);
        };
        let stored = self.record.document("report", &report).await.map_err(Stop::from);
        let stored = self.looked(session, "view", "report", stored).await?;
        Ok(stored.as_ref().map(parse).transpose()?)
    }

    /// The digest of the report of a dataset's latest version, from its stream.
    async fn report_of(&self, row: &DatasetRow) -> Result<Option<String>, Stop> {
        let entries = self
            .record
            .stream(shuyu_domain::port::Stream::Dataset(row.dataset))
            .await?;
        let last = entries
            .iter()
            .rev()
            .filter_map(super::ledger::LogEntry::read)
            .find_map(|entry| match entry.event {
                Some(shuyu_domain::Event::Dataset(shuyu_domain::event::DatasetEvent::VersionRecorded {
                    report,
                    ..
                })) => Some(report.to_string()),
                _ => None,
            });
        Ok(last)
    }

    /// The permit of a case has the bits of the case.
    pub fn permit_of_case(case: CaseId) -> PermitId {
        PermitId::from_bits(case.bits())
    }
}
