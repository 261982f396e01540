//! Clocks that are watched over: expired, urged, escalated, with what the visitor may do about each.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Context,
    case::Clock,
    command::WatchAct,
    decide::watch_now,
    port::{WatchFilter, WatchedClock},
};
use shuyu_kernel::{BodyId, CaseId, Refusal};

use crate::{App, Session, Stop};

/// So many of each kind are listed, the earliest due first (platform choice).
pub const LISTED: u64 = 200;

/// A clock that is watched over.
#[derive(Debug, Clone, PartialEq)]
pub struct WatchedRow {
    /// Case.
    pub case: CaseId,
    /// 案号
    pub number: String,
    /// Title of the case.
    pub title: String,
    /// Procedure.
    pub procedure: String,
    /// Place of the clock in the case.
    pub ordinal: usize,
    /// The clock with everything that was done about it.
    pub clock: Clock,
    /// Names of the bodies that have to act.
    pub holders: Vec<String>,
    /// What the visitor may do about it now.
    pub open: Vec<WatchAct>,
    names: BTreeMap<BodyId, String>,
}

impl WatchedRow {
    /// The name of a body that did something about the clock.
    pub fn name(&self, body: BodyId) -> String {
        self.names.get(&body).cloned().unwrap_or_else(|| body.to_string())
    }
}

/// Clocks that are watched over, by what is the matter; one clock may stand in several lists.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WatchedOver {
    /// Escalated and not closed.
    pub escalated: Vec<WatchedRow>,
    /// Urged and not answered.
    pub urged: Vec<WatchedRow>,
    /// Expired and still running.
    pub expired: Vec<WatchedRow>,
}

impl App {
    /// Expired, urged and escalated clocks of every case.
    ///
    /// # Errors
    /// `supervision_not_for_role` under a role that does not watch over others.
    pub async fn watched_over(&self, session: &Session) -> Result<WatchedOver, Stop> {
        let result = self.watched_over_inner(session).await;
        self.looked(session, "view", "watched", result).await
    }

    async fn watched_over_inner(&self, session: &Session) -> Result<WatchedOver, Stop> {
        self.require_signed_in(session)?;
        if !self.oversees(session) {
            return Err(Refusal::forbidden("supervision_not_for_role").into());
        }
        let list = async |filter| self.watched_rows(session, &filter).await;
        Ok(WatchedOver {
            escalated: list(WatchFilter::Escalated(None)).await?,
            urged: list(WatchFilter::Urged).await?,
            expired: list(WatchFilter::Expired).await?,
        })
    }

    /// Matters that were escalated to the session's body; part of the desk, whose look is noted.
    ///
    /// # Errors
    /// A fault of the record.
    pub async fn escalated_here(&self, session: &Session) -> Result<Vec<WatchedRow>, Stop> {
        self.require_signed_in(session)?;
        let filter = WatchFilter::Escalated(Some(session.actor.role.clone()));
        let mut rows = self.watched_rows(session, &filter).await?;
        rows.retain(|row| {
            let escalation = row.clock.watch.open_escalation();
            escalation.is_some_and(|escalation| escalation.to.bodies.contains(&session.actor.body))
        });
        Ok(rows)
    }

    async fn watched_rows(&self, session: &Session, filter: &WatchFilter) -> Result<Vec<WatchedRow>, Stop> {
        let found = self.record.watched(filter, LISTED).await?;
        let cases: BTreeSet<CaseId> = found.iter().map(|clock| clock.case).collect();
        let loaded = self.record.load(&cases).await?;
        let today = self.today();
        let mut open: BTreeMap<CaseId, Vec<(usize, WatchAct)>> = BTreeMap::new();
        for case in cases.iter().filter_map(|id| loaded.linked.get(id)) {
            let profile = self.profiles.get(case.profile)?;
            let ctx = Context::about(case.id, &profile, &session.actor, today, &loaded);
            let now = watch_now(case, &ctx);
            open.insert(case.id, now.iter().map(|now| (now.ordinal, now.act)).collect());
        }
        let row = |found: &WatchedClock| {
            let case = loaded.linked.get(&found.case)?;
            let ordinal = usize::try_from(found.ordinal).ok()?;
            let clock = case.clocks.get(ordinal)?;
            let names = |bodies: &[BodyId]| -> Vec<String> {
                bodies
                    .iter()
                    .map(|body| loaded.registry.body_name(*body))
                    .collect()
            };
            Some(WatchedRow {
                case: case.id,
                number: case.number.clone(),
                title: case.title.clone(),
                procedure: case.procedure.clone(),
                ordinal,
                clock: clock.clone(),
                holders: names(&clock.run.holder.bodies),
                names: acting(clock)
                    .map(|body| (body, loaded.registry.body_name(body)))
                    .collect(),
                open: open
                    .get(&case.id)
                    .into_iter()
                    .flatten()
                    .filter(|(at, _)| *at == ordinal)
                    .map(|(_, act)| *act)
                    .collect(),
            })
        };
        Ok(found.iter().filter_map(row).collect())
    }
}

/// The bodies that did something about a clock, or that it went to.
fn acting(clock: &Clock) -> impl Iterator<Item = BodyId> + '_ {
    let urging = clock.watch.urges.iter().map(|urge| urge.by);
    let above = clock
        .watch
        .escalations
        .iter()
        .flat_map(|escalation| &escalation.to.bodies);
    urging.chain(above.copied())
}
