//! Queries that run now: how many a permit may have at once, and how they stop when a link of their chain ends.
//!
//! Every committed act is looked at: if a running query rests on its case, the chain is asked anew, and the query
//! stops where it no longer holds. Nothing depends on it being in time: the releasing transaction asks once more.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use shuyu_kernel::{CaseId, PermitId, Refusal, RefusalKind};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::{
    App, Session,
    permit::{Standing, holds},
    port::Cancel,
};

/// Queries of one permit that may run at the same time. Platform default: the law names no number.
pub const QUERIES_AT_ONCE: usize = 4;
/// Runs of one permit that may be under way at the same time, queued ones among them. Platform default.
pub const RUNS_AT_ONCE: usize = 2;
/// Longest time a query may run. Platform default: the law names no number.
pub const QUERY_DEADLINE: Duration = Duration::from_secs(300);

/// Answers leave at whole multiples of this after their question came, so that how long a query took tells next to
/// nothing about the rows it read (data-plane G10).
pub const ANSWER_GRID: Duration = Duration::from_millis(250);

/// Does the work of a question and gives its result at the next line of the grid, which begins before the work does.
pub(crate) async fn on_the_grid<T>(work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = work.await;
    sleep_until(began + grid_after(began.elapsed())).await;
    result
}

/// The first line of the grid after so much time.
fn grid_after(took: Duration) -> Duration {
    let lines = took.as_nanos() / ANSWER_GRID.as_nanos() + 1;
    ANSWER_GRID * u32::try_from(lines).unwrap_or(u32::MAX)
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
    cancel: Cancel,
    stop: Arc<Notify>,
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
    /// It took too long.
    Late,
}

impl Running {
    /// Takes a place for a query.
    ///
    /// # Errors
    /// `queries_too_many` while the permit has [`QUERIES_AT_ONCE`] running.
    pub fn start(&self, session: &Session, standing: &Standing) -> Result<Ticket, Refusal> {
        self.place(session, standing, false)
    }

    /// Takes a place for a job; it stops as queries do.
    ///
    /// # Errors
    /// `runs_at_once_too_many` while the permit has [`RUNS_AT_ONCE`] running.
    pub fn start_job(&self, session: &Session, standing: &Standing) -> Result<Ticket, Refusal> {
        self.place(session, standing, true)
    }

    fn place(&self, session: &Session, standing: &Standing, job: bool) -> Result<Ticket, Refusal> {
        let mut queries = self.lock();
        let permit = standing.permit.id;
        let same = queries
            .running
            .values()
            .filter(|query| query.permit == permit && query.job == job);
        let (limit, code) = if job {
            (RUNS_AT_ONCE, "runs_at_once_too_many")
        } else {
            (QUERIES_AT_ONCE, "queries_too_many")
        };
        if same.count() >= limit {
            return Err(Refusal::new(RefusalKind::Limited, code).fact("limit", limit));
        }
        let query = Query {
            permit,
            job,
            case: standing.case,
            needs: standing.needs.clone(),
            links: standing.links.clone(),
            session: session.clone(),
            cancel: Cancel::default(),
            stop: Arc::new(Notify::new()),
        };
        queries.next += 1;
        let ticket = Ticket {
            running: self.clone(),
            number: queries.next,
            cancel: query.cancel.clone(),
            stop: query.stop.clone(),
        };
        queries.running.insert(ticket.number, query);
        Ok(ticket)
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
            () = self.stop.notified() => Err(Halt::Stopped),
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
mod tests {
    use std::future::{pending, ready};

    use shuyu_kernel::{Actor, Id, Timestamp};

    use super::*;

    fn session() -> Session {
        let actor = Actor {
            person: Id::from_bits(1),
            body: Id::from_bits(2),
            role: "operator".to_owned(),
            post: "clerk".to_owned(),
            delegation: None,
        };
        Session {
            key: "k".to_owned(),
            actor,
            login: "l".to_owned(),
            csrf: String::new(),
            started_at: Timestamp::from_micros(0),
            used_at: Timestamp::from_micros(0),
            noted: Default::default(),
        }
    }

    fn standing(permit: u128) -> Standing {
        let permit: shuyu_privacy::permit::Permit = serde_json::from_value(serde_json::json!({
            "id": PermitId::from_bits(permit), "kind": "A", "mode": "stat", "people": [], "purpose": "",
            "expires_on": "2026-12-31", "thresholds": shuyu_privacy::permit::Thresholds::default(),
            "tables": {}, "max_rows": 1, "max_bytes": 1, "join_risk_assessed": false,
            "citations": shuyu_privacy::Citations::default(),
        }))
        .unwrap();
        Standing {
            case: CaseId::from_bits(permit.id.bits()),
            needs: BTreeSet::new(),
            links: BTreeSet::from([CaseId::from_bits(7)]),
            open: BTreeMap::new(),
            permit,
        }
    }

    #[tokio::test]
    async fn a_query_ends_by_itself_by_a_stop_or_by_its_deadline() {
        let running = Running::default();
        let ticket = running.start(&session(), &standing(1)).unwrap();
        assert_eq!(ticket.wait(ready(5), pending()).await, Ok(5));
        assert_eq!(ticket.wait(pending::<()>(), ready(())).await, Err(Halt::Late));
        let (_, query) = running.touching(Some(CaseId::from_bits(7))).remove(0);
        query.stop.notify_one();
        // An answer that is there as well does not count: the stop came before it was shown.
        assert_eq!(ticket.wait(ready(5), pending()).await, Err(Halt::Stopped));
        assert!(running.touching(Some(CaseId::from_bits(8))).is_empty());
        let cancel = ticket.cancel();
        assert!(!cancel.is_cancelled());
        drop(ticket);
        assert!(cancel.is_cancelled());
        assert!(running.touching(None).is_empty());
    }

    #[tokio::test]
    async fn a_permit_has_so_many_queries_at_once() {
        let running = Running::default();
        let start = |permit| running.start(&session(), &standing(permit));
        let mut tickets: Vec<Ticket> = (0..QUERIES_AT_ONCE).map(|_| start(1).unwrap()).collect();
        let refused = start(1).err().map(|refusal| refusal.code);
        assert_eq!(refused.as_deref(), Some("queries_too_many"));
        assert!(start(2).is_ok(), "another permit has places of its own");
        tickets.pop();
        assert!(start(1).is_ok());
    }

    #[test]
    fn an_answer_leaves_on_the_grid_however_long_it_took() {
        for (took, left) in [
            (0, 250),
            (1, 250),
            (249, 250),
            (250, 500),
            (251, 500),
            (1_600, 1_750),
        ] {
            assert_eq!(
                grid_after(Duration::from_millis(took)),
                Duration::from_millis(left)
            );
        }
    }
}
