//! A run as its author sees it, and the made-up tables it is written with.

use std::collections::BTreeMap;

use shuyu_domain::{Source, event::RunOutcome, source::Run};
use shuyu_kernel::{PermitId, Refusal, RunId, SourceId, Use};
use shuyu_privacy::permit::{TableGrant, TableKind};

use super::inputs;
use crate::{App, Session, Stop, port::jobs::JobBeat};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// It waits, runs, or is done and its slot is not over.
    Running(JobBeat),
    /// It ended so.
    Ended(RunOutcome),
    /// The process died while it ran; nothing of it is left.
    Lost,
}

/// What ran when they were taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Beats(BTreeMap<RunId, JobBeat>);

impl Beats {
    /// Where a run stands that was read from the record afterwards.
    pub fn state(&self, run: RunId, recorded: &Run) -> RunState {
        match (&recorded.ended, self.0.get(&run)) {
            (Some(end), _) => RunState::Ended(end.outcome),
            (None, Some(beat)) => RunState::Running(*beat),
            (None, None) => RunState::Lost,
        }
    }
}

/// A run as its author sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunView {
    /// The run.
    pub run: RunId,
    /// Its source.
    pub source: Source,
    /// What the record says.
    pub recorded: Run,
    /// Where it stands.
    pub state: RunState,
}

/// What a program finds under a permit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobTables {
    /// Table → its columns.
    pub columns: BTreeMap<String, Vec<String>>,
    /// A program that works on them, if there is a column to count by.
    pub example: Option<JobExample>,
}

/// What a program under a permit could look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobExample {
    /// Its text.
    pub text: String,
    /// The table it declares.
    pub output: String,
}

/// The column that is counted by is one for grouping, if there is one; never one that names subjects. Tables about
/// subjects come first.
fn example(
    grants: &BTreeMap<String, TableGrant>,
    tables: &BTreeMap<String, Vec<String>>,
    k: u32,
) -> Option<JobExample> {
    let of = |personal: bool, grouping: bool| {
        tables.iter().find_map(|(table, columns)| {
            let grant = grants.get(table)?;
            let fits = |column: &&String| match grant.columns.get(*column) {
                Some(granted) => {
                    granted.domain.is_none() && (!grouping || granted.uses.contains(&Use::Group))
                }
                None => !grouping,
            };
            let kind = matches!(grant.kind, TableKind::Personal { .. }) == personal;
            let column = columns.iter().find(fits).filter(|_| kind)?;
            Some((table, column))
        })
    };
    let found = of(true, true).or_else(|| of(true, false));
    let (table, column) = found.or_else(|| of(false, true)).or_else(|| of(false, false))?;
    // As Python reads it: a text of JSON is one of Python.
    let (table, column) = (
        serde_json::Value::from(table.as_str()),
        serde_json::Value::from(column.as_str()),
    );
    let text = format!(
        "from shuyu_job import read, write_table\n\nrows = read({table})\n\
         counts = rows.groupby({column}).size().reset_index(name=\"n\")\n\
         counts = counts[counts[\"n\"] >= {k}]\n\
         write_table(\"{EXAMPLE_OUTPUT}\", counts, index=False)\n"
    );
    Some(JobExample {
        text,
        output: EXAMPLE_OUTPUT.to_owned(),
    })
}

/// What the example declares.
const EXAMPLE_OUTPUT: &str = "counts.csv";

impl App {
    /// Where a run stands, for those of the body that started it.
    ///
    /// # Errors
    /// `run_unknown`.
    pub async fn run(&self, session: &Session, source: SourceId, run: RunId) -> Result<RunView, Stop> {
        let result = self.run_inner(session, source, run).await;
        // A page asks again and again while it runs; nothing but that is shown then.
        if matches!(&result, Ok(view) if matches!(view.state, RunState::Running(_))) {
            return result;
        }
        self.looked(session, "view", run, result).await
    }

    async fn run_inner(&self, session: &Session, source: SourceId, run: RunId) -> Result<RunView, Stop> {
        let beats = self.beats();
        let source = self.own_source(session, source).await?;
        let recorded = source.runs.get(&run).cloned();
        let recorded = recorded.ok_or_else(|| Refusal::unknown("run_unknown"))?;
        let state = beats.state(run, &recorded);
        Ok(RunView {
            run,
            source,
            recorded,
            state,
        })
    }

    /// What runs now. To be taken before the record is read: a run is let go of after its end was recorded.
    pub fn beats(&self) -> Beats {
        let live = self.sandbox.lock();
        Beats(live.iter().map(|(run, live)| (*run, live.beat)).collect())
    }

    /// Asks a run to stop; nothing of it remains.
    ///
    /// # Errors
    /// `run_unknown`.
    pub async fn cancel_run(&self, session: &Session, source: SourceId, run: RunId) -> Result<(), Stop> {
        let result = self.run_inner(session, source, run).await;
        self.looked(session, "cancel", run, result).await?;
        if let Some(live) = self.sandbox.lock().get(&run) {
            live.stopper.stop();
        }
        Ok(())
    }

    /// The made-up tables of a permit as CSV, each named by [`DUMMY_MARK`] in its first column.
    ///
    /// # Errors
    /// Everything [`App::standing`] refuses, `role_may_not_act`, `table_unknown`.
    pub async fn dummy_csv(&self, session: &Session, permit: PermitId, table: &str) -> Result<Vec<u8>, Stop> {
        let result = self.dummy_csv_inner(session, permit, table).await;
        self.looked(session, "download", format!("{permit}/dummy"), result)
            .await
    }

    async fn dummy_csv_inner(
        &self,
        session: &Session,
        permit: PermitId,
        table: &str,
    ) -> Result<Vec<u8>, Stop> {
        let standing = self.may_run(session, permit).await?;
        let mut tables = self.dummy_tables(&standing).await?;
        let made = tables
            .remove(table)
            .ok_or_else(|| Refusal::unknown("dummy_table_unknown"))?;
        Ok(inputs::marked_csv(&made)?)
    }

    /// The tables a job gets under a permit, with a short program that works on them: it counts the rows of a table
    /// by one of its columns.
    ///
    /// # Errors
    /// As [`App::dummy_csv`].
    pub async fn job_tables(&self, session: &Session, permit: PermitId) -> Result<JobTables, Stop> {
        let standing = self.may_run(session, permit).await?;
        let columns = inputs::columns(&standing, &self.record.datasets(None).await?);
        let k = standing.permit.thresholds.k.value;
        let example = example(&standing.permit.tables, &columns, k);
        Ok(JobTables { columns, example })
    }
}
