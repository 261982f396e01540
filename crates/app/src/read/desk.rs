//! The work queue: open duties by urgency.

use std::collections::BTreeSet;

use shuyu_domain::{
    case::{Instruction, Urge},
    port::Duty,
};
use shuyu_kernel::{BodyId, CivilDate};
use shuyu_profile::Profile;

use crate::{App, Session, Stop};

/// A duty counts as due soon when so few working days remain (platform default; the law gives no number).
pub const SOON_WORKING_DAYS: i64 = 3;
/// A duty counts as severely overdue after more working days than this (platform default).
pub const SEVERE_WORKING_DAYS: i64 = 5;

/// How pressing a duty is, most pressing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// 严重超期
    Severe,
    /// 已超期
    Overdue,
    /// 即将到期
    Soon,
    /// 未到期
    Later,
    /// 无期限
    Unlimited,
}

impl Urgency {
    /// In the order of the queue.
    pub const ALL: [Urgency; 5] = [
        Self::Severe,
        Self::Overdue,
        Self::Soon,
        Self::Later,
        Self::Unlimited,
    ];

    /// Stable word, for keys and classes.
    pub fn word(self) -> &'static str {
        match self {
            Self::Severe => "severe",
            Self::Overdue => "overdue",
            Self::Soon => "soon",
            Self::Later => "later",
            Self::Unlimited => "unlimited",
        }
    }

    /// From the remaining working days: negative when overdue, `None` without a limit.
    pub fn of(remaining: Option<i64>) -> Self {
        match remaining {
            None => Self::Unlimited,
            Some(days) if days < -SEVERE_WORKING_DAYS => Self::Severe,
            Some(days) if days < 0 => Self::Overdue,
            Some(days) if days <= SOON_WORKING_DAYS => Self::Soon,
            Some(_) => Self::Later,
        }
    }
}

/// A line of the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct QueueRow {
    /// The duty.
    pub duty: Duty,
    /// Working days that remain; negative when overdue.
    pub remaining: Option<i64>,
    /// How pressing.
    pub urgency: Urgency,
    /// Name of the body whose act brought it here.
    pub from: String,
    /// An urge that waits for an answer, with the name of the body that urged.
    pub urge: Option<(Urge, String)>,
    /// An instruction of the superior body that waits for a report, with its name.
    pub instruction: Option<(Instruction, String)>,
}

/// Working days from today to a due date; negative once it is over.
pub fn remaining_days(profile: &Profile, today: CivilDate, due: CivilDate) -> i64 {
    if due >= today {
        return profile.calendar.working_days_between(today, due);
    }
    // A due date that passed over a weekend is late all the same.
    profile.calendar.working_days_between(today, due).min(-1)
}

impl App {
    /// Open duties of the session's body under its role, most pressing first.
    pub async fn work_queue(&self, session: &Session) -> Result<Vec<QueueRow>, Stop> {
        let result = self.work_queue_inner(session).await;
        self.looked(session, "view", "duties", result).await
    }

    async fn work_queue_inner(&self, session: &Session) -> Result<Vec<QueueRow>, Stop> {
        self.require_signed_in(session)?;
        let duties = self
            .record
            .duties(session.actor.body, &session.actor.role)
            .await?;
        let cases: BTreeSet<_> = duties.iter().map(|duty| duty.case).collect();
        let loaded = self.record.load(&cases).await?;
        let (profile, today) = (self.profile(), self.today());
        let mut rows: Vec<QueueRow> = duties
            .into_iter()
            .map(|duty| {
                let remaining = duty.due.map(|due| remaining_days(&profile, today, due));
                let last = loaded.linked.get(&duty.case).and_then(|case| case.acts.last());
                let from = last
                    .map(|taken| loaded.registry.body_name(taken.body))
                    .unwrap_or_default();
                let clock = loaded.linked.get(&duty.case).and_then(|case| {
                    let id = duty.clock.as_deref()?;
                    case.running_clock(id, duty.lane.as_deref())
                });
                let name = |body: Option<&BodyId>| {
                    body.map(|body| loaded.registry.body_name(*body))
                        .unwrap_or_default()
                };
                let urge = clock.and_then(|clock| clock.open_urge());
                let escalation = clock.and_then(|clock| clock.watch.open_escalation());
                let asked = escalation.and_then(|escalation| {
                    Some((escalation.open_instruction()?, escalation.to.bodies.first()))
                });
                QueueRow {
                    urgency: Urgency::of(remaining),
                    remaining,
                    from,
                    urge: urge.map(|urge| (urge.clone(), name(Some(&urge.by)))),
                    instruction: asked.map(|(asked, body)| (asked.clone(), name(body))),
                    duty,
                }
            })
            .collect();
        rows.sort_by(|a, b| {
            (a.urgency, a.duty.due, &a.duty.number).cmp(&(b.urgency, b.duty.due, &b.duty.number))
        });
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::Urgency;

    #[test]
    fn urgency_follows_the_remaining_working_days() {
        let table = [
            (None, Urgency::Unlimited),
            (Some(-6), Urgency::Severe),
            (Some(-5), Urgency::Overdue),
            (Some(-1), Urgency::Overdue),
            (Some(0), Urgency::Soon),
            (Some(3), Urgency::Soon),
            (Some(4), Urgency::Later),
        ];
        for (remaining, urgency) in table {
            assert_eq!(Urgency::of(remaining), urgency, "{remaining:?}");
        }
    }
}
