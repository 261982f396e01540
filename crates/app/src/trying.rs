//! A statement tried on dummy tables: the same check, run and gate as on real ones, and no real row. Nothing of it is
//! released, remembered or charged.

use std::collections::BTreeMap;

use shuyu_domain::port::DatasetRow;
use shuyu_kernel::{PermitId, Refusal};
use shuyu_privacy::permit::{PermitMode, TableGrant, TableKind};

use crate::{
    App, Session, Stop,
    dummy::{Shape, made},
    marginals::of_table,
    own,
    permit::Standing,
    port::{Answer, AskError, TrialTable},
    running::{Halt, longest},
    workbench::cancelled,
};

impl App {
    /// Tries a statement on dummy tables of the shape that the permit grants. It is cancelled by its `key`.
    ///
    /// # Errors
    /// Everything [`App::standing`] and the engine's check refuse, as for a query; `queries_too_many`;
    /// `query_no_answer`.
    pub async fn try_query(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        key: Option<String>,
        mode: Option<PermitMode>,
    ) -> Result<Answer, Stop> {
        let result = self.try_inner(session, permit, sql, key, mode).await;
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
        key: Option<String>,
        mode: Option<PermitMode>,
    ) -> Result<Answer, Stop> {
        let (standing, _) = self.standing_in(session, permit, mode).await?;
        let name = key.unwrap_or_else(|| self.form_key());
        let ticket = self.running.start(session, &standing, name, self.now())?;
        self.still_stands(session, &standing).await?;
        let tables = self.trial_tables(&standing).await?;
        let work = self
            .engine
            .try_out(&standing.permit, sql, &tables, ticket.cancel());
        match ticket
            .wait(work, tokio::time::sleep(longest(&standing.permit.limits)))
            .await
        {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(AskError::Refused(refusal))) => Err(refusal.into()),
            Err(Halt::Cancelled) => Err(cancelled().into()),
            Ok(Err(AskError::Opaque | AskError::Drawn)) | Err(Halt::Late | Halt::Stopped) => {
                self.still_stands(session, &standing).await?;
                Err(Refusal::unmet("query_no_answer").into())
            }
        }
    }

    /// Dummy tables with every column that a statement may name, and those that name the subject.
    async fn trial_tables(&self, standing: &Standing) -> Result<BTreeMap<String, TrialTable>, Stop> {
        let datasets = self.record.datasets(None).await?;
        let known = self.marginals_of(&standing.permit).await?;
        let (mut specs, mut units) = (BTreeMap::new(), BTreeMap::new());
        for (name, grant) in &standing.permit.tables {
            let row = datasets.iter().find(|row| row.dataset == grant.dataset);
            if row.is_none() && grant.kind != TableKind::Own {
                continue;
            }
            let shape = Shape {
                grant,
                columns: self.lake.columns(grant.dataset).await?,
                marginals: of_table(&known, name),
            };
            let (unit, spec) = match row {
                Some(row) => (row.unit_columns.clone(), shape.spec(named(grant, row))),
                None => (own::subject(grant), shape.spec(own::named(grant))),
            };
            units.insert(name.clone(), unit);
            specs.insert(name.clone(), spec);
        }
        let tables = made(&standing.permit, &specs).into_iter().map(|(name, table)| {
            let unit = units.remove(&name).unwrap_or_default();
            (name, TrialTable { table, unit })
        });
        Ok(tables.collect())
    }
}

/// Columns that a statement may name, and those that name the subject with its identifier domain.
fn named<'a>(
    grant: &'a TableGrant,
    row: &'a DatasetRow,
) -> impl Iterator<Item = (&'a String, Option<String>)> {
    let open = grant.kind == TableKind::Public;
    let names_subject = |name: &String| row.unit_columns.contains(name);
    let wanted = row.columns.iter().filter(move |name| {
        let granted = grant
            .columns
            .get(*name)
            .is_some_and(|column| !column.uses.is_empty());
        open || granted || names_subject(name)
    });
    wanted.map(move |name| {
        let domain = names_subject(name).then(|| row.domain.clone()).flatten();
        (name, domain)
    })
}
