//! Queries that run now: how many a permit may have at once, and how they stop when a link of their chain ends.
//!
//! Every committed act is looked at: if a running query rests on its case, the chain is asked anew, and the query
//! stops where it no longer holds. Nothing depends on it being in time: the releasing transaction asks once more.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use shuyu_kernel::{CaseId, PermitId, PersonId, Refusal, RefusalKind, Timestamp};
use shuyu_privacy::permit::QueryLimits;
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    App, Session, Stop,
    permit::{Standing, holds},
    port::Cancel,
};

/// Runs of one permit that may be under way at the same time, queued ones among them. Platform default.
pub const RUNS_AT_ONCE: usize = 2;
/// Answers leave at whole multiples of this after their question came, so that how long a query took tells next to
/// nothing about the rows it read (data-plane G10).
pub const ANSWER_GRID: Duration = Duration::from_millis(250);
/// And this much after that: an answer is recorded in between, which takes longer the more was answered before.
pub const RELEASE_GRID: Duration = Duration::from_millis(50);

/// Does some work and gives its result at the next line of a grid, which begins before the work does.
pub(crate) async fn on_the_grid<T>(grid: Duration, work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = work.await;
    sleep_until(began + line_after(grid, began.elapsed())).await;
    result
}

/// The first line of a grid after so much time.
fn line_after(grid: Duration, took: Duration) -> Duration {
    let lines = took.as_nanos() / grid.as_nanos() + 1;
    grid * u32::try_from(lines).unwrap_or(u32::MAX)
}

/// A query that runs, with what its chain is asked anew with.
#[derive(Clone)]
struct Query {
    permit: PermitId,
    /// A job, and not a query.
    job: bool,
    case: CaseId,
    needs: BTreeSet<CaseId>,
    links: BTreeSet<CaseId>,
    session: Session,
    /// What its asker calls it.
    name: String,
    began_at: Timestamp,
    /// How long it may run.
    most: Duration,
    cancel: Cancel,
    stop: Arc<Notify>,
    by_asker: Arc<AtomicBool>,
}

/// A query that runs, as its asker may see it. How far it has come is not told: that would say how much there is to
/// read, and when it was read (data-plane G10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningQuery {
    /// What it is cancelled by: the key it was asked with, or one the platform made.
    pub name: String,
    /// When it began.
    pub began_at: Timestamp,
    /// How long it may run.
    pub most: Duration,
    /// It was cancelled and is about to end.
    pub cancelled: bool,
}

impl Query {
    fn asker(&self) -> PersonId {
        self.session.actor.person
    }

    fn shown(&self) -> RunningQuery {
        RunningQuery {
            name: self.name.clone(),
            began_at: self.began_at,
            most: self.most,
            cancelled: self.by_asker.load(Ordering::SeqCst),
        }
    }
}

/// Longest time a query may run under a permit.
pub(crate) fn longest(limits: &QueryLimits) -> Duration {
    Duration::from_secs(u64::from(limits.seconds.value))
}

#[derive(Default)]
struct Queries {
    next: u64,
    running: BTreeMap<u64, Query>,
}

/// The queries that run now, in this process.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<Queries>>);

/// A place among the running queries. Whoever drops it, for example because the client went away, stops the
/// work of the engine.
pub(crate) struct Ticket {
    running: Running,
    number: u64,
    cancel: Cancel,
    stop: Arc<Notify>,
    by_asker: Arc<AtomicBool>,
}

/// Stops running work from outside.
#[derive(Clone)]
pub(crate) struct Stopper {
    cancel: Cancel,
    stop: Arc<Notify>,
}

impl Stopper {
    /// Stops it.
    pub fn stop(&self) {
        self.cancel.cancel();
        self.stop.notify_one();
    }
}

/// Why a query was left before its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Halt {
    /// A link of its chain ended.
    Stopped,
    /// Whoever asked does not want it any more.
    Cancelled,
    /// It took too long.
    Late,
}

impl Running {
    /// Takes a place for a query, under the name its asker may cancel it by.
    ///
    /// # Errors
    /// `queries_too_many` while as many run as the permit gives ([`QueryLimits::at_once`]).
    pub fn start(
        &self,
        session: &Session,
        standing: &Standing,
        name: String,
        now: Timestamp,
    ) -> Result<Ticket, Refusal> {
        self.place(session, standing, Some(name), now)
    }

    /// Takes a place for a job; it stops as queries do.
    ///
    /// # Errors
    /// `runs_at_once_too_many` while the permit has [`RUNS_AT_ONCE`] running.
    pub fn start_job(
        &self,
        session: &Session,
        standing: &Standing,
        now: Timestamp,
    ) -> Result<Ticket, Refusal> {
        self.place(session, standing, None, now)
    }

    fn place(
        &self,
        session: &Session,
        standing: &Standing,
        name: Option<String>,
        now: Timestamp,
    ) -> Result<Ticket, Refusal> {
        let mut queries = self.lock();
        let permit = standing.permit.id;
        let job = name.is_none();
        let same = queries
            .running
            .values()
            .filter(|query| query.permit == permit && query.job == job);
        let (limit, code) = if job {
            (RUNS_AT_ONCE, "runs_at_once_too_many")
        } else {
            let at_once = standing.permit.limits.at_once.value;
            (usize::try_from(at_once).unwrap_or(usize::MAX), "queries_too_many")
        };
        if same.count() >= limit {
            let refusal = Refusal::new(RefusalKind::Limited, code).fact("limit", limit);
            let basis = &standing.permit.limits.at_once.basis;
            return Err(if job {
                refusal
            } else {
                refusal.citing(basis.clauses())
            });
        }
        let query = Query {
            permit,
            job,
            case: standing.case,
            needs: standing.needs.clone(),
            links: standing.links.clone(),
            session: session.clone(),
            name: name.unwrap_or_default(),
            began_at: now,
            most: longest(&standing.permit.limits),
            cancel: Cancel::default(),
            stop: Arc::new(Notify::new()),
            by_asker: Arc::new(AtomicBool::new(false)),
        };
        queries.next += 1;
        let ticket = Ticket {
            running: self.clone(),
            number: queries.next,
            cancel: query.cancel.clone(),
            stop: query.stop.clone(),
            by_asker: query.by_asker.clone(),
        };
        queries.running.insert(ticket.number, query);
        Ok(ticket)
    }

    /// The queries of a person under a permit, oldest first.
    pub fn of(&self, permit: PermitId, person: PersonId) -> Vec<RunningQuery> {
        let queries = self.lock();
        let own = |query: &&Query| !query.job && query.permit == permit && query.asker() == person;
        queries.running.values().filter(own).map(Query::shown).collect()
    }

    /// Cancels the queries of a person under a permit that have this name. Whether there was one.
    pub fn cancel(&self, permit: PermitId, person: PersonId, name: &str) -> bool {
        let queries = self.lock();
        let own = |query: &&Query| !query.job && query.permit == permit && query.asker() == person;
        let mut found = false;
        for query in queries.running.values().filter(own) {
            if query.name == name {
                found = true;
                query.by_asker.store(true, Ordering::SeqCst);
                // First the one who waits, so that what the engine says of being stopped is not taken for an end.
                query.stop.notify_one();
                query.cancel.cancel();
            }
        }
        found
    }

    fn touching(&self, case: Option<CaseId>) -> Vec<(u64, Query)> {
        let touched = |query: &Query| case.is_none_or(|case| query.links.contains(&case));
        let queries = self.lock();
        let found = queries.running.iter().filter(|(_, query)| touched(query));
        found.map(|(number, query)| (*number, query.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Queries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ticket {
    /// The switch the engine looks at.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Whether its asker does not want it any more.
    pub fn is_cancelled(&self) -> bool {
        self.by_asker.load(Ordering::SeqCst)
    }

    /// What stops the work from outside, as the end of a link would.
    pub fn stopper(&self) -> Stopper {
        Stopper {
            cancel: self.cancel.clone(),
            stop: self.stop.clone(),
        }
    }

    /// Waits for the work, unless a link ends or the deadline passes before.
    pub async fn wait<T>(
        &self,
        work: impl Future<Output = T> + Send,
        deadline: impl Future<Output = ()> + Send,
    ) -> Result<T, Halt> {
        tokio::select! {
            biased;
            () = self.stop.notified() => Err(if self.is_cancelled() {
                Halt::Cancelled
            } else {
                Halt::Stopped
            }),
            done = work => Ok(done),
            () = deadline => Err(Halt::Late),
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.running.lock().running.remove(&self.number);
    }
}

impl App {
    /// The queries of this person that run under a permit now.
    ///
    /// # Errors
    /// `not_signed_in`.
    pub fn running_queries(&self, session: &Session, permit: PermitId) -> Result<Vec<RunningQuery>, Stop> {
        self.require_signed_in(session)?;
        Ok(self.running.of(permit, session.actor.person))
    }

    /// The same as a look of its own, which is noted.
    ///
    /// # Errors
    /// As [`App::running_queries`].
    pub async fn look_at_queries(
        &self,
        session: &Session,
        permit: PermitId,
    ) -> Result<Vec<RunningQuery>, Stop> {
        let queries = self.running_queries(session, permit);
        self.looked(session, "view", permit, queries).await
    }

    /// Cancels a query of this person. It ends with `query_cancelled` unless its answer has left by then.
    ///
    /// # Errors
    /// `query_not_running`: it has ended, or was never theirs.
    pub async fn cancel_query(&self, session: &Session, permit: PermitId, name: &str) -> Result<(), Stop> {
        self.require_signed_in(session)?;
        let found = self.running.cancel(permit, session.actor.person, name);
        let result = match found {
            true => Ok(()),
            false => Err(Refusal::unknown("query_not_running").into()),
        };
        self.looked(session, "query_cancel", permit, result).await
    }

    /// After an act in a case, or with `None` after an entry in the registry or a new day: stops the running queries
    /// whose chain of authority no longer holds. One whose chain cannot be read is stopped too.
    pub(crate) async fn stop_ended_queries(&self, changed: Option<CaseId>) {
        // What ends a query may end what was brought for it.
        self.ending.look();
        for (_, query) in self.running.touching(changed) {
            let held = match self.record.load(&query.needs).await {
                Ok(loaded) => {
                    let case = loaded.linked.get(&query.case);
                    let profile = case.and_then(|case| self.profiles.get(case.profile).ok());
                    profile.is_some_and(|profile| {
                        holds(&profile, &loaded, query.case, &query.session, self.today()).is_ok()
                    })
                }
                Err(fault) => {
                    tracing::error!(doing = %fault.doing, "the chain of a running query could not be read");
                    false
                }
            };
            if !held {
                query.cancel.cancel();
                query.stop.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests;
