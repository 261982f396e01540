//! Runs of a source: on made-up tables first, then on the tables of the permit. What a run on real data leaves goes to
//! the airlock and nowhere else; its author sees that it is done or failed, on a grid of time.

mod ending;
mod inputs;
mod place;
mod refused;
mod shown;

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use shuyu_domain::{
    Event, Source,
    event::{RunData, SourceEvent},
    port::{Loaded, Meter, Proposal},
};
use shuyu_kernel::{Fault, Id, Refusal, RefusalKind, RunId, SourceId};
use shuyu_profile::RightTo;
use tokio::time::Instant;

use self::{
    ending::failed,
    place::{Live, Place},
};
use crate::{
    App, Session, Stop,
    permit::{Standing, holds},
    port::{
        DataError,
        jobs::{JobBeat, JobLimits, JobOrder, JobRun, RunJobs},
    },
    running::{Halt, Ticket},
};

pub use inputs::DUMMY_MARK;
pub(crate) use place::Sandbox;
pub use shown::{Beats, JobExample, JobTables, RunState, RunView};

/// What one run may take. Platform defaults: the law names no number.
pub const LIMITS: JobLimits = JobLimits {
    memory_bytes: 2 * 1024 * 1024 * 1024,
    cpu_seconds: 600,
    wall_seconds: 900,
    disk_bytes: 256 * 1024 * 1024,
    processes: 64,
    output_bytes: 16 * 1024 * 1024,
    log_bytes: 64 * 1024,
};
/// Runs on real data of one permit a day. Platform default: done or failed is one bit of each.
pub const RUNS_A_DAY: i64 = 20;
/// Runs of the whole installation at the same time; the others wait. Platform default.
const AT_ONCE: usize = 2;
/// Time after the limit of a run at which its sandbox is given up, in seconds.
const GRACE_SECONDS: u64 = 30;

/// Everything a run in the background needs.
struct Work {
    session: Session,
    standing: Standing,
    source: Source,
    run: RunId,
    data: RunData,
    jobs: Arc<dyn RunJobs>,
    ticket: Ticket,
}

impl App {
    /// Whether jobs can run here.
    ///
    /// # Errors
    /// `sandbox_missing`.
    pub async fn jobs_able(&self) -> Result<crate::port::jobs::Isolation, Refusal> {
        match &self.sandbox.jobs {
            Some(jobs) => jobs.able().await,
            None => Err(Refusal::conflict("sandbox_missing").fact("missing", "sandbox")),
        }
    }

    /// Starts a run.
    ///
    /// # Errors
    /// Everything [`App::standing`] refuses, `role_may_not_act`, `source_unknown`, `source_not_tried`,
    /// `sandbox_missing`, `runs_at_once_too_many`, `runs_too_many`, `job_without_inputs`.
    pub async fn start_run(
        self: &Arc<Self>,
        session: &Session,
        source: SourceId,
        data: RunData,
    ) -> Result<RunId, Stop> {
        let result = match self.start_inner(session, source, data).await {
            Ok(run) => Ok(run),
            Err(stop) => Err(self.grounded_run(source, stop).await),
        };
        self.noted(session, &format!("{source}/run"), result).await
    }

    /// With what the right to run jobs rests on.
    async fn grounded_run(&self, source: SourceId, stop: Stop) -> Stop {
        match self.record.source(source).await {
            Ok(Some(source)) => self.grounded_in(source.case, RightTo::RunJobs, stop).await,
            Ok(None) | Err(_) => stop,
        }
    }

    async fn start_inner(
        self: &Arc<Self>,
        session: &Session,
        id: SourceId,
        data: RunData,
    ) -> Result<RunId, Stop> {
        let source = self.own_source(session, id).await?;
        let standing = self.may_run(session, source.permit).await?;
        self.jobs_able().await?;
        let Some(jobs) = self.sandbox.jobs.clone() else {
            return Err(Refusal::conflict("sandbox_missing")
                .fact("missing", "sandbox")
                .into());
        };
        source.may_run(data)?;
        let inputs = self.inputs(&standing, data).await?;
        let ticket = self.running.start_job(session, &standing, self.now())?;
        // An act between the lines above has not seen this run; from here on every act does.
        self.still_stands(session, &standing).await?;
        let run: RunId = Id::new(self.now(), self.ids.as_ref());
        self.record_start(session, &standing, &source, run, data).await?;
        let order = JobOrder {
            run,
            project: source.permit,
            source: self.lake.raw_bytes(source.digest).await?,
            inputs,
            manifest: source.manifest.clone(),
            limits: LIMITS,
        };
        let live = Live {
            beat: JobBeat::Queued,
            stopper: ticket.stopper(),
        };
        self.sandbox.lock().insert(run, live);
        let work = Work {
            session: session.clone(),
            standing,
            source,
            run,
            data,
            jobs,
            ticket,
        };
        let app = self.clone();
        tokio::spawn(async move { app.carry_out(work, order).await });
        Ok(run)
    }

    async fn record_start(
        &self,
        session: &Session,
        standing: &Standing,
        source: &Source,
        run: RunId,
        data: RunData,
    ) -> Result<(), Stop> {
        let at = self.now();
        let request = self.source_request("start-run", source.id, standing, &run);
        let (profiles, session_, standing_) = (self.profiles.clone(), session.clone(), standing.clone());
        let permit = source.permit;
        let decide = Box::new(move |loaded: &Loaded| {
            let source = loaded
                .source
                .as_ref()
                .ok_or_else(|| Refusal::unknown("source_unknown"))?;
            let case = loaded.linked.get(&standing_.case);
            let pinned = case.ok_or_else(|| Refusal::unknown("permit_unknown"))?.profile;
            let profile = profiles.get(pinned)?;
            let on = profile.zone.date(at);
            holds(&profile, loaded, standing_.case, &session_, on)?;
            source.may_run(data)?;
            let event = SourceEvent::RunStarted {
                run,
                data,
                read: inputs::read(&standing_, data),
                by: session_.actor.clone(),
                on,
            };
            let limit = Refusal::new(RefusalKind::Limited, "runs_too_many").fact("limit", RUNS_A_DAY);
            let meter = Meter {
                counter: format!("runs/{on}/{permit}"),
                by: 1,
                at_most: Some((RUNS_A_DAY, limit)),
            };
            Ok(Proposal {
                events: vec![Event::Source(event)],
                meters: (data == RunData::Real).then_some(meter).into_iter().collect(),
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// Runs, waits for the end of the slot, and records the end. A fault leaves the run without an end: it is lost.
    async fn carry_out(self: Arc<Self>, work: Work, order: JobOrder) {
        let run = work.run;
        let _place = Place(self.sandbox.clone(), run);
        if let Err(stop) = self.carry_out_inner(work, order).await {
            tracing::error!(%run, %stop, "a run could not be recorded");
        }
    }

    async fn carry_out_inner(&self, work: Work, order: JobOrder) -> Result<(), Stop> {
        let started = Instant::now();
        let sandbox = self.sandbox.clone();
        let live = sandbox.live.clone();
        let run = work.run;
        let on_beat: crate::port::jobs::OnBeat = Arc::new(move |beat| {
            let mut live = live.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(run) = live.get_mut(&run) {
                run.beat = beat;
            }
        });
        let cancel = work.ticket.cancel();
        let job = async {
            let place = sandbox.places.acquire().await;
            let _place = place.map_err(|error| Fault::new("waiting for a place", error))?;
            let deadline = Duration::from_secs(LIMITS.wall_seconds + GRACE_SECONDS);
            let ended = tokio::time::timeout(deadline, work.jobs.run(order, on_beat, cancel)).await;
            let late = |_| DataError::from(Fault::new("running a job", "the sandbox did not come back"));
            let ended = ended.map_err(late)??;
            // Nothing is known of a run on real data before its slot is over.
            if work.data == RunData::Real {
                tokio::time::sleep(sandbox.rest_of_slot(started)).await;
            }
            Ok::<JobRun, DataError>(ended)
        };
        let ended = match work.ticket.wait(job, std::future::pending()).await {
            Ok(Ok(ended)) => Some(ended),
            Ok(Err(DataError::Fault(fault))) => return Err(fault.into()),
            Ok(Err(DataError::Refused(_) | DataError::Found { .. })) => Some(failed()),
            Err(Halt::Stopped | Halt::Cancelled | Halt::Late) => None,
        };
        self.record_end(&work, ended).await
    }
}
