//! Jobs: data work in the background, with progress, cancel and the report of what was found.
//!
//! Running jobs live in this process; a job that died with the process left nothing behind. A finished job is a
//! document of its body, so that its result can be read later and on.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use shuyu_kernel::{Fault, Refusal, RefusalKind};

use crate::{
    App, Session, Stop,
    account::parse,
    batch::{BatchDone, BatchOrder},
    governance::Reported,
    ingest::DatasetMade,
    port::{Cancel, JobPhase, OnProgress, Progress},
};

/// Running jobs of one body: at most four. Each holds up to three encoded files of 64 MiB and what a workbook
/// needs; platform default.
pub const RUNNING_PER_BODY: usize = 4;
/// Finished jobs kept for one body: the latest 200; platform default.
const KEPT_PER_BODY: usize = 200;
/// Kind of the documents that finished jobs are kept as.
const KIND: &str = "job";

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Running.
    Running,
    /// Done.
    Done(DatasetMade),
    /// A batch was worked through.
    Opened(BatchDone),
    /// A version was examined or assessed; nothing changed, the report stands on its page.
    Reported(Reported),
    /// Refused; nothing changed.
    Refused(Refusal),
    /// The world failed; nothing changed.
    Failed,
}

/// A job as shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobView {
    /// Number.
    pub job: u64,
    /// Table.
    pub table: String,
    /// How far it has come.
    pub progress: Progress,
    /// Length of the file as sent, in bytes; 0 while it is not known.
    pub size_bytes: u64,
    /// The batch that is worked through; `None` for data work.
    #[serde(default)]
    pub batch: Option<BatchOrder>,
    /// Rows of a batch in all; 0 for data work, which does not know them beforehand.
    #[serde(default)]
    pub all: u64,
    /// Status.
    pub status: JobStatus,
    /// The quality report, as far as rows were read: row numbers, counts and rules, never values of personal
    /// tables.
    pub report: Option<Json>,
}

struct Job {
    owner: String,
    view: JobView,
    cancel: Cancel,
}

/// The jobs of this process that are not yet documents.
#[derive(Default)]
pub struct Jobs(Arc<Mutex<BTreeMap<u64, Job>>>);

/// A running job, from within.
#[derive(Clone)]
pub(crate) struct Running {
    number: u64,
    jobs: Arc<Mutex<BTreeMap<u64, Job>>>,
    /// Set when somebody asks it to stop.
    pub(crate) cancel: Cancel,
}

impl Running {
    fn change(&self, change: impl FnOnce(&mut JobView)) {
        if let Some(job) = lock(&self.jobs).get_mut(&self.number) {
            change(&mut job.view);
        }
    }
    /// The file is this long.
    pub(crate) fn size(&self, bytes: u64) {
        self.change(|view| view.size_bytes = bytes);
    }
    /// It works through this batch.
    pub(crate) fn of_batch(&self, order: &BatchOrder) {
        self.change(|view| view.batch = Some(order.clone()));
    }
    /// So many rows of a batch there are in all.
    pub(crate) fn all(&self, rows: u64) {
        self.change(|view| view.all = rows);
    }
    /// So many rows of a batch are done.
    pub(crate) fn rows(&self, rows: u64) {
        self.change(|view| {
            view.progress.phase = JobPhase::Reading;
            view.progress.rows = rows;
        });
    }
    /// This was found.
    pub(crate) fn found(&self, report: Json) {
        self.change(|view| view.report = Some(report));
    }
    /// What the lake calls while it works.
    pub(crate) fn on_progress(&self) -> OnProgress {
        let running = self.clone();
        Arc::new(move |progress| running.change(|view| view.progress = progress))
    }
}

/// A place among the running jobs of a body for work that is waited for; given back when this is dropped, also
/// when nobody waits any more.
pub(crate) struct Held(pub(crate) Running);

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.0.jobs).remove(&self.0.number);
    }
}

fn lock(jobs: &Mutex<BTreeMap<u64, Job>>) -> MutexGuard<'_, BTreeMap<u64, Job>> {
    jobs.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Jobs {
    /// Takes a place for a new job.
    ///
    /// # Errors
    /// `too_many_jobs` while the body has [`RUNNING_PER_BODY`] running.
    fn begin(&self, number: u64, table: &str, owner: &str) -> Result<Running, Refusal> {
        let mut jobs = lock(&self.0);
        let running = jobs
            .values()
            .filter(|job| job.owner == owner && job.view.status == JobStatus::Running)
            .count();
        if running >= RUNNING_PER_BODY {
            return Err(Refusal::new(RefusalKind::Limited, "too_many_jobs").fact("limit", RUNNING_PER_BODY));
        }
        let cancel = Cancel::default();
        let view = JobView {
            job: number,
            table: table.to_owned(),
            progress: Progress::default(),
            size_bytes: 0,
            batch: None,
            all: 0,
            status: JobStatus::Running,
            report: None,
        };
        let job = Job {
            owner: owner.to_owned(),
            view,
            cancel: cancel.clone(),
        };
        jobs.insert(number, job);
        let jobs = self.0.clone();
        Ok(Running { number, jobs, cancel })
    }

    fn end(&self, number: u64, status: JobStatus) -> Option<(String, JobView)> {
        let mut jobs = lock(&self.0);
        let job = jobs.get_mut(&number)?;
        job.view.status = status;
        Some((job.owner.clone(), job.view.clone()))
    }

    fn forget(&self, number: u64) {
        lock(&self.0).remove(&number);
    }

    fn of(&self, owner: &str) -> Vec<JobView> {
        let jobs = lock(&self.0);
        let own = jobs.values().rev().filter(|job| job.owner == owner);
        own.map(|job| job.view.clone()).collect()
    }

    fn cancel(&self, number: u64) {
        if let Some(job) = lock(&self.0).get(&number) {
            job.cancel.cancel();
        }
    }
}

/// The key under which a job is kept: digits that sort as numbers do.
fn key(number: u64) -> String {
    format!("{number:020}")
}

impl App {
    /// Starts work in the background and returns the number of its job.
    ///
    /// # Errors
    /// `too_many_jobs`.
    pub(crate) async fn start_job<F, W>(
        self: &Arc<Self>,
        session: &Session,
        table: &str,
        work: F,
    ) -> Result<u64, Stop>
    where
        F: FnOnce(Arc<Self>, Running) -> W + Send,
        W: Future<Output = Result<JobStatus, Stop>> + Send + 'static,
    {
        let number = self.record.count("job", 1).await?.unsigned_abs();
        let running = self.jobs.begin(number, table, &session.actor.body.to_string())?;
        let work = tokio::spawn(work(self.clone(), running));
        let app = self.clone();
        tokio::spawn(async move {
            // A panic is a bug; the job ends all the same and its place becomes free.
            let result = work
                .await
                .unwrap_or_else(|error| Err(Fault::new("a data job", error).into()));
            app.end_job(number, status_of(result)).await;
        });
        Ok(number)
    }

    /// Takes a place among the running jobs of the session's body for work that is waited for.
    ///
    /// # Errors
    /// `too_many_jobs`.
    pub(crate) async fn hold_place(&self, session: &Session, table: &str) -> Result<Held, Stop> {
        let number = self.record.count("job", 1).await?.unsigned_abs();
        let owner = session.actor.body.to_string();
        Ok(Held(self.jobs.begin(number, table, &owner)?))
    }

    /// Keeps a finished job as a document and lets go of it.
    async fn end_job(&self, number: u64, status: JobStatus) {
        let Some((owner, view)) = self.jobs.end(number, status) else {
            return;
        };
        match self.keep_job(&owner, &view).await {
            Ok(()) => self.jobs.forget(number),
            Err(error) => tracing::error!(%error, "a finished job stays in memory"),
        }
    }

    async fn keep_job(&self, owner: &str, view: &JobView) -> Result<(), Stop> {
        self.put(KIND, &key(view.job), owner, view, 1).await?;
        let kept = self.record.documents(KIND, Some(owner)).await?;
        let surplus = kept.len().saturating_sub(KEPT_PER_BODY);
        for old in kept.iter().take(surplus) {
            self.record.remove_document(KIND, &old.key).await?;
        }
        Ok(())
    }

    /// Where a job of the session's body stands.
    ///
    /// # Errors
    /// `job_unknown`, also for jobs of others.
    pub async fn job(&self, session: &Session, number: u64) -> Result<JobView, Stop> {
        let result = self.own_job(session, number).await;
        // A page asks again and again while a job runs; nothing but its progress is shown then.
        if matches!(&result, Ok(view) if view.status == JobStatus::Running) {
            return result;
        }
        self.looked(session, "view", format!("job/{number}"), result)
            .await
    }

    async fn own_job(&self, session: &Session, number: u64) -> Result<JobView, Stop> {
        self.require_signed_in(session)?;
        let owner = session.actor.body.to_string();
        // Memory first: between the two a job may move only from memory to the documents.
        let running = self.jobs.of(&owner).into_iter().find(|view| view.job == number);
        if let Some(view) = running {
            return Ok(view);
        }
        let kept = self.record.document(KIND, &key(number)).await?;
        let own = kept.filter(|document| document.owner == owner);
        let own = own.ok_or_else(|| Refusal::unknown("job_unknown").fact("job", number))?;
        Ok(parse(&own)?)
    }

    /// Jobs of the session's body, newest first.
    pub async fn jobs(&self, session: &Session) -> Result<Vec<JobView>, Stop> {
        let result = self.own_jobs(session).await;
        self.looked(session, "view", "jobs", result).await
    }

    async fn own_jobs(&self, session: &Session) -> Result<Vec<JobView>, Stop> {
        self.require_signed_in(session)?;
        let owner = session.actor.body.to_string();
        let mut all: BTreeMap<u64, JobView> = (self.jobs.of(&owner).into_iter())
            .map(|view| (view.job, view))
            .collect();
        for document in self.record.documents(KIND, Some(&owner)).await? {
            let view: JobView = parse(&document)?;
            all.insert(view.job, view);
        }
        Ok(all.into_values().rev().collect())
    }

    /// Asks a job to stop; nothing of it remains. Once the rows are in the lake it is too late: they are recorded.
    pub async fn cancel_job(&self, session: &Session, number: u64) -> Result<JobView, Stop> {
        let result = self.own_job(session, number).await;
        let view = self
            .looked(session, "cancel", format!("job/{number}"), result)
            .await?;
        self.jobs.cancel(number);
        Ok(view)
    }
}

/// What a job ended as.
fn status_of(result: Result<JobStatus, Stop>) -> JobStatus {
    match result {
        Ok(status) => status,
        Err(Stop::Refused(refusal)) => JobStatus::Refused(refusal),
        Err(Stop::Fault(fault)) => {
            tracing::error!(doing = %fault.doing, "a data job failed");
            JobStatus::Failed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_runs_so_many_jobs_at_a_time_and_a_finished_one_makes_room() {
        let jobs = Jobs::default();
        for number in 1..=RUNNING_PER_BODY as u64 {
            jobs.begin(number, "t", "a").expect("room");
        }
        let full = jobs.begin(90, "t", "a").map(|_| ()).expect_err("no more");
        assert_eq!(full.code, "too_many_jobs");
        jobs.begin(91, "t", "b").expect("another body has its own room");
        jobs.end(2, JobStatus::Failed).expect("it ran");
        jobs.begin(92, "t", "a").expect("room again");
        drop(Held(jobs.begin(93, "t", "b").expect("room")));
        jobs.forget(2);
        assert_eq!(jobs.of("b").len(), 1, "a place is given back");
        let numbers: Vec<u64> = jobs.of("a").iter().map(|view| view.job).collect();
        assert_eq!(numbers, [92, 4, 3, 1]);
    }
}
