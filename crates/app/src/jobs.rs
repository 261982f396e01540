//! Jobs: data work in the background, with progress and cancel.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use crate::{App, Session, Stop, ingest::DatasetMade, port::Cancel};

/// Where a job stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Running.
    Running,
    /// Done.
    Done(DatasetMade),
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
    /// Rows so far.
    pub rows: u64,
    /// Status.
    pub status: JobStatus,
}

struct Job {
    table: String,
    owner: String,
    rows: Arc<AtomicU64>,
    cancel: Cancel,
    status: JobStatus,
}

/// Running and finished jobs of this process. A job that died with the process left nothing behind.
#[derive(Default)]
pub struct Jobs {
    next: AtomicU64,
    jobs: Mutex<BTreeMap<u64, Job>>,
}

impl Jobs {
    pub(crate) fn start(&self, table: &str, owner: &str) -> (u64, Arc<AtomicU64>, Cancel) {
        let number = self.next.fetch_add(1, Ordering::SeqCst) + 1;
        let rows = Arc::new(AtomicU64::new(0));
        let cancel = Cancel::default();
        let job = Job {
            table: table.to_owned(),
            owner: owner.to_owned(),
            rows: rows.clone(),
            cancel: cancel.clone(),
            status: JobStatus::Running,
        };
        self.lock().insert(number, job);
        (number, rows, cancel)
    }

    pub(crate) fn finish(&self, number: u64, status: JobStatus) {
        if let Some(job) = self.lock().get_mut(&number) {
            job.status = status;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl App {
    /// Where a job of the session's body stands.
    pub async fn job(&self, session: &Session, number: u64) -> Result<JobView, Stop> {
        let result = self.own_job(session, number).map_err(Stop::from);
        // A page asks again and again while a job runs; nothing but its progress is shown then.
        if matches!(&result, Ok(view) if view.status == JobStatus::Running) {
            return result;
        }
        self.looked(session, "view", format!("job/{number}"), result)
            .await
    }

    fn own_job(&self, session: &Session, number: u64) -> Result<JobView, Refusal> {
        let jobs = self.jobs.lock();
        let own = jobs
            .get(&number)
            .filter(|job| job.owner == session.actor.body.to_string());
        let job = own.ok_or_else(|| Refusal::unknown("job_unknown").fact("job", number))?;
        Ok(JobView {
            job: number,
            table: job.table.clone(),
            rows: job.rows.load(Ordering::Relaxed),
            status: job.status.clone(),
        })
    }

    /// Jobs of the session's body, newest first.
    pub async fn jobs(&self, session: &Session) -> Result<Vec<JobView>, Stop> {
        let numbers: Vec<u64> = self.jobs.lock().keys().rev().copied().collect();
        let own = numbers
            .into_iter()
            .filter_map(|number| self.own_job(session, number).ok())
            .collect();
        self.looked(session, "view", "jobs", Ok(own)).await
    }

    /// Asks a job to stop; nothing of it remains.
    pub async fn cancel_job(&self, session: &Session, number: u64) -> Result<JobView, Stop> {
        let result = self.own_job(session, number).map_err(Stop::from);
        let view = self
            .looked(session, "cancel", format!("job/{number}"), result)
            .await?;
        if let Some(job) = self.jobs.lock().get(&number) {
            job.cancel.cancel();
        }
        Ok(view)
    }
}

/// What a job ended as.
pub(crate) fn status_of(result: Result<DatasetMade, Stop>) -> JobStatus {
    match result {
        Ok(made) => JobStatus::Done(made),
        Err(Stop::Refused(refusal)) => JobStatus::Refused(refusal),
        Err(Stop::Fault(fault)) => {
            tracing::error!(doing = %fault.doing, "a data job failed");
            JobStatus::Failed
        }
    }
}
