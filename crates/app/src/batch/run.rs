//! Opening the right rows of a workbook, one by one, in the background.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CaseId, Digest, Refusal};

use super::{BatchOrder, CheckedRow, RowState};
use crate::{
    App, Session, Stop,
    account::{TRIES, parse},
    dispatch::Guarded,
    input::ActInput,
    jobs::{JobStatus, Running},
};

/// Kind of the documents in which it is kept what a batch did.
const KIND: &str = "batch";
/// Cases loaded at once for their numbers; platform choice.
const LOADED: usize = 500;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowDone {
    /// Row from 1.
    pub row: u32,
    /// Digest of what the row says.
    pub mark: Digest,
    /// The case that was opened.
    pub case: Option<CaseId>,
    /// Its 案号.
    pub number: String,
    /// Why it was not opened; with a case: why the act after the opening was not taken.
    pub refusal: Option<Refusal>,
}

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchDone {
    /// What was ordered.
    pub order: BatchOrder,
    /// Cases that stand open, those of earlier orders of the same file included.
    pub opened: u64,
    /// Rows that were refused or wrong.
    pub refused: u64,
    /// Right rows that were left because somebody cancelled.
    pub left: u64,
}

/// The key under which a row is opened.
pub(super) fn open_key(order: &BatchOrder, row: u32) -> String {
    format!("batch/{}/{}/{row}/open", order.upload, order.procedure)
}

/// The key under which the act after the opening is taken.
fn then_key(order: &BatchOrder, row: u32) -> String {
    format!("batch/{}/{}/{row}/then", order.upload, order.procedure)
}

impl App {
    /// Starts opening the right rows in the background and returns the number of the job.
    ///
    /// # Errors
    /// As [`App::check_batch`]; `too_many_jobs`.
    pub async fn start_batch(self: &Arc<Self>, session: &Session, order: BatchOrder) -> Result<u64, Stop> {
        let what = format!("batch/{}", self.known_procedure(&order.procedure));
        let form = self.batch_form(session, &order.procedure).map_err(Stop::from);
        self.noted(session, &what, form).await?;
        let (name, actor) = (order.procedure.clone(), session.clone());
        let work = |app: Arc<Self>, job: Running| {
            job.of_batch(&order);
            async move {
                let result = app.run_batch(&actor, order, &job).await;
                app.noted(&actor, &what, result).await.map(JobStatus::Opened)
            }
        };
        self.start_job(session, &name, work).await
    }

    async fn run_batch(
        &self,
        session: &Session,
        order: BatchOrder,
        job: &Running,
    ) -> Result<BatchDone, Stop> {
        let check = self.check_batch_inner(session, &order).await?;
        job.all(check.rows.len() as u64);
        let mut done = Vec::new();
        let mut left = 0;
        for (at, row) in (1u64..).zip(&check.rows) {
            if job.cancel.is_cancelled() {
                left += u64::from(row.state == RowState::Right);
            } else if let Some(row) = self.open_row(session, &order, row).await? {
                done.push(row);
            }
            job.rows(at);
        }
        self.numbered(&mut done).await?;
        self.keep_batch(session, &order, &done).await?;
        let opened = done.iter().filter(|row| row.case.is_some()).count() as u64;
        Ok(BatchDone {
            refused: check.rows.len() as u64 - opened - left,
            order,
            opened,
            left,
        })
    }

    /// Opens one row, and takes the act after it if that is wanted. `None` for a row that is wrong.
    async fn open_row(
        &self,
        session: &Session,
        order: &BatchOrder,
        row: &CheckedRow,
    ) -> Result<Option<RowDone>, Stop> {
        let mut done = RowDone {
            row: row.row,
            mark: row.mark(),
            case: None,
            number: String::new(),
            refusal: None,
        };
        match &row.state {
            RowState::Wrong(_) => return Ok(None),
            RowState::Opened(case) => done.case = Some(*case),
            RowState::Right => {
                let guarded = keyed(open_key(order, row.row));
                let opened = self.open(session, &order.procedure, &row.set, guarded).await;
                match opened {
                    Ok((case, _)) => done.case = Some(case),
                    Err(Stop::Refused(refusal)) => done.refusal = Some(refusal),
                    Err(fault) => return Err(fault),
                }
            }
        }
        if let (Some(case), true) = (done.case, order.then) {
            done.refusal = self.then(session, order, row.row, case).await?;
        }
        Ok(Some(done))
    }

    /// Takes the act after the opening; a repeated key changes nothing.
    async fn then(
        &self,
        session: &Session,
        order: &BatchOrder,
        row: u32,
        case: CaseId,
    ) -> Result<Option<Refusal>, Stop> {
        let form = self.batch_form(session, &order.procedure)?;
        let Some(act) = form.then else { return Ok(None) };
        let guarded = keyed(then_key(order, row));
        match self.act(session, case, ActInput::plain(act), guarded).await {
            Ok(_) => Ok(None),
            Err(Stop::Refused(refusal)) => Ok(Some(refusal)),
            Err(fault) => Err(fault),
        }
    }

    /// Fills in the numbers of the cases.
    async fn numbered(&self, done: &mut [RowDone]) -> Result<(), Stop> {
        for rows in done.chunks_mut(LOADED) {
            let cases: BTreeSet<CaseId> = rows.iter().filter_map(|row| row.case).collect();
            let loaded = self.record.load(&cases).await?;
            for row in rows {
                let case = row.case.and_then(|case| loaded.linked.get(&case));
                row.number = case.map(|case| case.number.clone()).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Keeps what a batch did, for the page and so that the same content in another file is recognised.
    async fn keep_batch(&self, session: &Session, order: &BatchOrder, done: &[RowDone]) -> Result<(), Stop> {
        let key = kept_key(session, order);
        let owner = session.actor.body.to_string();
        for _ in 0..TRIES {
            let stored = self.record.document(KIND, &key).await?;
            let version = stored.map_or(0, |stored| stored.version) + 1;
            if self.put(KIND, &key, &owner, &done, version).await? {
                return Ok(());
            }
        }
        Err(Refusal::conflict("write_lost").into())
    }

    /// What an earlier order of this workbook did.
    pub(super) async fn batch_done(
        &self,
        session: &Session,
        order: &BatchOrder,
    ) -> Result<Vec<RowDone>, Stop> {
        let stored = self.record.document(KIND, &kept_key(session, order)).await?;
        Ok(stored.as_ref().map(parse).transpose()?.unwrap_or_default())
    }

    /// What the body opened in batches of this procedure from other workbooks: content → case number.
    pub(super) async fn opened_marks(
        &self,
        session: &Session,
        order: &BatchOrder,
    ) -> Result<BTreeMap<Digest, String>, Stop> {
        let own = kept_key(session, order);
        let family = format!("{}/{}/", session.actor.body, order.procedure);
        let mut marks = BTreeMap::new();
        let owner = session.actor.body.to_string();
        for document in self.record.documents(KIND, Some(&owner)).await? {
            if document.key == own || !document.key.starts_with(&family) {
                continue;
            }
            let rows: Vec<RowDone> = parse(&document)?;
            let opened = rows.into_iter().filter(|row| row.case.is_some());
            marks.extend(opened.map(|row| (row.mark, row.number)));
        }
        Ok(marks)
    }
}

/// The key is the body's: a colleague who repeats the order opens nothing twice.
fn keyed(key: String) -> Guarded {
    Guarded {
        key: Some(key),
        by_body: true,
        ..Guarded::default()
    }
}

fn kept_key(session: &Session, order: &BatchOrder) -> String {
    format!("{}/{}/{}", session.actor.body, order.procedure, order.upload)
}
