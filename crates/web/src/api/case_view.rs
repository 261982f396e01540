//! A case as data: the same texts that `set` takes, so that what was read can be sent again.

use std::collections::BTreeMap;

use serde::Serialize;
use shuyu_app::read::CaseView as SeenCase;
use shuyu_domain::{
    Value,
    case::{Case, Clock, LaneState},
    event::Pending,
};
use shuyu_kernel::calendar::{Bound, DayStep};
use utoipa::ToSchema;

/// The state of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseView {
    /// Id.
    #[schema(example = "case_01k0q4vh8m9x2t5e7w3r6y1ab2")]
    id: String,
    /// Procedure.
    procedure: String,
    /// Digest of the rules it is pinned to.
    profile: String,
    /// 案号
    number: String,
    /// Title.
    title: String,
    /// Stage.
    stage: String,
    /// Version: the entity tag, for `If-Match`.
    version: u64,
    /// Day of opening.
    opened_on: String,
    /// Role whose turn it is.
    holder: Option<String>,
    /// The stage is final.
    closed: bool,
    /// Parties by role.
    parties: BTreeMap<String, Vec<PartyView>>,
    /// Field → text, as `set` takes it; papers by digest.
    fields: BTreeMap<String, String>,
    /// Personal fields: field → commitment. Their clear text stands in the person vault only.
    sealed: BTreeMap<String, String>,
    /// Acts that took effect, in order.
    acts: Vec<TakenView>,
    /// Acts waiting for a step.
    pending: Vec<PendingView>,
    /// Clocks in order of start.
    clocks: Vec<ClockView>,
    /// Lanes by key.
    lanes: BTreeMap<String, LaneView>,
    /// The permit, once issued.
    permit: Option<PermitLine>,
    /// Deliveries of the product.
    deliveries: Vec<DeliveryView>,
    /// Day access was closed.
    access_closed_on: Option<String>,
}

/// A party.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartyView {
    /// Body.
    body: String,
    /// Its name.
    name: String,
}

/// An act that took effect.
#[derive(Debug, Serialize, ToSchema)]
pub struct TakenView {
    /// Act id.
    act: String,
    /// Lane key.
    lane: Option<String>,
    /// Acting body.
    body: String,
    /// Role acted under.
    role: String,
    /// Day it happened.
    happened_on: String,
    /// Day it was entered.
    recorded_on: String,
}

/// An act that waits for a step of its route.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingView {
    /// Number: the `{n}` of advance and drop.
    number: u32,
    /// Act id.
    act: String,
    /// Lane key.
    lane: Option<String>,
    /// Body in which it is routed.
    body: String,
    /// Steps taken.
    steps: usize,
    /// Posts still to come.
    next: Vec<String>,
}

/// A clock.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// Clock id of the procedure.
    clock: String,
    /// Lane key.
    lane: Option<String>,
    /// Start; not counted.
    started_on: String,
    /// Last day.
    due: String,
    /// Counted beyond the last published holiday notice.
    provisional: bool,
    /// Limit, for example `5 working_day`.
    limit: String,
    /// `at_most` or `at_least`.
    #[schema(value_type = String, example = "at_most")]
    bound: Bound,
    /// Version of the calendar it was counted with.
    calendar: String,
    /// Day by day why: the date, what kind of day it is, and its number if it counts.
    #[schema(value_type = Vec<Object>)]
    derivation: Vec<DayStep>,
    /// Role that has to act.
    role: String,
    /// Day it was stopped.
    stopped_on: Option<String>,
    /// In time, once stopped.
    in_time: Option<bool>,
    /// Day on which it was recorded that the last day passed.
    expired_on: Option<String>,
    /// An urge waits for its answer.
    urged: bool,
    /// The superior body has the matter and has not closed it.
    escalated: bool,
    /// Clauses of the limit.
    clauses: Vec<String>,
}

/// A lane of a parallel review.
#[derive(Debug, Serialize, ToSchema)]
pub struct LaneView {
    /// Lane id of the procedure.
    rule: String,
    /// Body that reviews.
    body: String,
    /// `open`, `returned`, `approved` or `refused`.
    #[schema(value_type = String, example = "open")]
    status: shuyu_domain::case::LaneStatus,
    /// Columns struck.
    struck: Vec<String>,
}

/// The permit of a case.
#[derive(Debug, Serialize, ToSchema)]
pub struct PermitLine {
    /// Id: for `/permits/{id}`.
    id: String,
    /// Last day.
    expires_on: String,
    /// It ended.
    ended: bool,
}

/// A delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Number: for making a key.
    number: u32,
    /// Agreement it rests on.
    agreement: String,
    /// Customer.
    customer: String,
}

impl From<&SeenCase> for CaseView {
    fn from(seen: &SeenCase) -> Self {
        let case = &seen.case;
        let (fields, sealed) = values(case);
        Self {
            id: case.id.to_string(),
            procedure: case.procedure.clone(),
            profile: case.profile.to_string(),
            number: case.number.clone(),
            title: case.title.clone(),
            stage: case.stage.clone(),
            version: case.version,
            opened_on: case.opened_on.to_string(),
            holder: case.holder.as_ref().map(|holder| holder.role.clone()),
            closed: case.closed,
            parties: parties(seen),
            fields,
            sealed,
            acts: taken(case),
            pending: case.pending.iter().map(pending).collect(),
            clocks: case.clocks.iter().map(clock).collect(),
            lanes: case
                .lanes
                .iter()
                .map(|(key, state)| (key.clone(), lane(state)))
                .collect(),
            permit: case.permit.as_ref().map(|permit| PermitLine {
                id: permit.id.to_string(),
                expires_on: permit.expires_on.to_string(),
                ended: permit.ended,
            }),
            deliveries: deliveries(case),
            access_closed_on: case.access_closed_on.map(|day| day.to_string()),
        }
    }
}

fn parties(seen: &SeenCase) -> BTreeMap<String, Vec<PartyView>> {
    let view = |body: &shuyu_kernel::BodyId| PartyView {
        body: body.to_string(),
        name: seen.registry.body_name(*body),
    };
    let of = |(role, bodies): (&String, &std::collections::BTreeSet<_>)| {
        (role.clone(), bodies.iter().map(view).collect())
    };
    seen.case.parties.iter().map(of).collect()
}

fn values(case: &Case) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let mut fields = BTreeMap::new();
    let mut sealed = BTreeMap::new();
    for (id, value) in &case.fields {
        match value {
            Value::Sealed { commitment, .. } => sealed.insert(id.clone(), commitment.to_string()),
            Value::File(paper) => fields.insert(id.clone(), paper.digest.to_string()),
            other => fields.insert(id.clone(), other.text()),
        };
    }
    (fields, sealed)
}

fn taken(case: &Case) -> Vec<TakenView> {
    let view = |taken: &shuyu_domain::case::Taken| TakenView {
        act: taken.act.clone(),
        lane: taken.lane.clone(),
        body: taken.body.to_string(),
        role: taken.role.clone(),
        happened_on: taken.happened_on.to_string(),
        recorded_on: taken.recorded_on.to_string(),
    };
    case.acts.iter().map(view).collect()
}

fn pending(pending: &Pending) -> PendingView {
    PendingView {
        number: pending.number,
        act: pending.act.clone(),
        lane: pending.lane.clone(),
        body: pending.body.to_string(),
        steps: pending.steps.len(),
        next: pending.next.clone(),
    }
}

fn clock(clock: &Clock) -> ClockView {
    let run = &clock.run;
    ClockView {
        clock: run.clock.clone(),
        lane: run.lane.clone(),
        started_on: run.started_on.to_string(),
        due: run.due.to_string(),
        provisional: run.provisional,
        limit: run.limit.to_string(),
        bound: run.bound,
        calendar: run.calendar.to_string(),
        derivation: run.derivation.clone(),
        role: run.holder.role.clone(),
        stopped_on: clock.stopped_on.map(|day| day.to_string()),
        in_time: clock.in_time,
        expired_on: clock
            .watch
            .expiry
            .filter(|_| clock.expired())
            .map(|expiry| expiry.on.to_string()),
        urged: clock.open_urge().is_some(),
        escalated: clock.watch.open_escalation().is_some(),
        clauses: run.clauses.iter().map(ToString::to_string).collect(),
    }
}

fn lane(lane: &LaneState) -> LaneView {
    LaneView {
        rule: lane.rule.clone(),
        body: lane.body.to_string(),
        status: lane.status,
        struck: lane.struck.clone(),
    }
}

fn deliveries(case: &Case) -> Vec<DeliveryView> {
    let view = |delivery: &shuyu_domain::case::Delivery| DeliveryView {
        number: delivery.number,
        agreement: delivery.agreement.to_string(),
        customer: delivery.customer.to_string(),
    };
    case.deliveries.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use shuyu_domain::event::{ClockRun, Holder};
    use shuyu_kernel::{CivilDate, Digest, Limit, calendar::DayKind};

    use super::*;

    #[test]
    fn a_clock_says_day_by_day_why() {
        let day = |n| CivilDate::new(2026, 3, n).unwrap();
        let step = |date, counted| DayStep {
            date,
            kind: DayKind::Workday,
            counted,
            gazetted: true,
            note: None,
        };
        let run = ClockRun {
            clock: "review".to_owned(),
            lane: None,
            started_on: day(2),
            limit: Limit::working_days(1),
            bound: Bound::AtMost,
            due: day(3),
            provisional: false,
            calendar: Digest::of(b"calendar"),
            derivation: vec![step(day(2), None), step(day(3), Some(1))],
            holder: Holder {
                role: "authority".to_owned(),
                bodies: Vec::new(),
            },
            clauses: Vec::new(),
            bound_by: None,
        };
        let seen = clock(&Clock {
            run,
            stopped_on: None,
            in_time: None,
            paused_on: None,
            pauses: Vec::new(),
            watch: Default::default(),
        });
        let said = serde_json::to_value(&seen).unwrap();
        assert_eq!(said["limit"], "1 working_day");
        assert_eq!(said["bound"], "at_most");
        assert_eq!(said["derivation"][1]["date"], "2026-03-03");
        assert_eq!(said["derivation"][1]["counted"], 1);
    }
}
