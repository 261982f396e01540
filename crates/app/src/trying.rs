//! A statement tried on made-up tables: the same check, run and gate as on real ones, and no real row. Nothing of it is
//! released, remembered or charged.

use std::collections::BTreeMap;

use shuyu_domain::port::DatasetRow;
use shuyu_kernel::{PermitId, Refusal};
use shuyu_privacy::{
    dummy::{DummyColumnSpec, DummySpec, DummyType, make},
    permit::{PermitMode, TableGrant, TableKind},
};

use crate::{
    App, Session, Stop,
    permit::Standing,
    port::{Answer, AskError, MadeUpTable},
    running::{Halt, QUERY_DEADLINE},
    runs::kind,
};

impl App {
    /// Tries a statement on made-up tables of the shape that the permit grants.
    ///
    /// # Errors
    /// Everything [`App::standing`] and the engine's check refuse, as for a query; `queries_too_many`;
    /// `query_no_answer`.
    pub async fn try_query(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        mode: Option<PermitMode>,
    ) -> Result<Answer, Stop> {
        let result = self.try_inner(session, permit, sql, mode).await;
        if let Err(stop) = &result {
            let mut note = self.noting(Some(session), "query_trial", &permit.to_string(), Some(stop));
            note.digest = Some(self.secrets.keyed_digest(sql.as_bytes()));
            self.record.note(&[note]).await?;
            session.noted.mark();
        }
        result
    }

    async fn try_inner(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        mode: Option<PermitMode>,
    ) -> Result<Answer, Stop> {
        let (standing, _) = self.standing_in(session, permit, mode).await?;
        let ticket = self.running.start(session, &standing)?;
        self.still_stands(session, &standing).await?;
        let tables = self.made_up(&standing).await?;
        let work = self
            .engine
            .try_out(&standing.permit, sql, &tables, ticket.cancel());
        match ticket.wait(work, tokio::time::sleep(QUERY_DEADLINE)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(AskError::Refused(refusal))) => Err(refusal.into()),
            Ok(Err(AskError::Opaque | AskError::Drawn)) | Err(Halt::Late | Halt::Stopped) => {
                self.still_stands(session, &standing).await?;
                Err(Refusal::unmet("query_no_answer").into())
            }
        }
    }

    /// Made-up tables with every column that a statement may name, and those that name the subject; the same for
    /// everybody under the permit.
    async fn made_up(&self, standing: &Standing) -> Result<BTreeMap<String, MadeUpTable>, Stop> {
        let datasets = self.record.datasets(None).await?;
        let (mut specs, mut units) = (BTreeMap::new(), BTreeMap::new());
        for (name, grant) in &standing.permit.tables {
            let Some(row) = datasets.iter().find(|row| row.dataset == grant.dataset) else {
                continue;
            };
            let types = self.lake.columns(grant.dataset).await?;
            let spec = spec(grant, row, &types.into_iter().collect());
            units.insert(name.clone(), row.unit_columns.clone());
            specs.insert(name.clone(), spec);
        }
        let bits = standing.permit.id.bits();
        let seed = u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
        let made = make(&specs, seed).into_iter().map(|(name, table)| {
            let unit = units.remove(&name).unwrap_or_default();
            (name, MadeUpTable { table, unit })
        });
        Ok(made.collect())
    }
}

fn spec(grant: &TableGrant, row: &DatasetRow, types: &BTreeMap<String, String>) -> DummySpec {
    let open = grant.kind == TableKind::Public;
    let wanted = row.columns.iter().filter(|name| {
        let granted = grant
            .columns
            .get(*name)
            .is_some_and(|column| !column.uses.is_empty());
        open || granted || row.unit_columns.contains(name)
    });
    let column = |name: &String| {
        let granted = grant.columns.get(name);
        let names_subject = row.unit_columns.contains(name);
        DummyColumnSpec {
            kind: types.get(name).map_or(DummyType::Text, |found| kind(found)),
            domain: names_subject.then(|| row.domain.clone()).flatten(),
            bounds: granted.and_then(|column| column.bounds),
            grain: granted.and_then(|column| column.grain.clone()),
            codes: Vec::new(),
            marginal: Vec::new(),
            name: name.clone(),
        }
    };
    DummySpec {
        columns: wanted.map(column).collect(),
        rows_per_unit: match &grant.kind {
            TableKind::Personal { rows_per_unit, .. } => *rows_per_unit,
            TableKind::NonPersonal | TableKind::Public | TableKind::Own => 1,
        },
    }
}
