//! What those whom a sheet concerns can do next, and until when.

use std::collections::BTreeSet;

use shuyu_domain::{case::Clock, event::CaseEvent};
use shuyu_kernel::calendar::Bound;

use super::{act::Printed, day};
use crate::page::{Frame, frame::role_title};

/// The sentences, in the order of their dates; acts that are open without a date at the end.
pub(super) fn told(frame: &Frame, printed: &Printed<'_>) -> Vec<String> {
    let audience = printed.audience();
    let started = |clock: &Clock| {
        printed.effects.iter().any(|item| match &item.event {
            CaseEvent::ClockStarted(run) => run.clock == clock.run.clock && run.lane == clock.run.lane,
            CaseEvent::ClockChanged { clock: id, lane, .. } => {
                *id == clock.run.clock && *lane == clock.run.lane
            }
            _ => false,
        })
    };
    let concerns = |clock: &Clock| clock.run.holder.bodies.iter().any(|body| audience.contains(body));
    let mut clocks: Vec<&Clock> = printed
        .then
        .clocks
        .iter()
        .filter(|clock| clock.stopped_on.is_none() && (started(clock) || concerns(clock)))
        .collect();
    clocks.sort_by_key(|clock| clock.run.due);
    let mut told: Vec<String> = clocks
        .into_iter()
        .map(|clock| limit(frame, printed, clock))
        .collect();
    let acts = open_acts(frame, printed, &audience);
    if printed.then.closed {
        told.push(frame.t("print-closed"));
    } else if !acts.is_empty() {
        let who = printed.names(frame, &audience);
        let acts = acts.join(&frame.t("print-and"));
        told.push(frame.tr("print-ways", &[("who", who), ("acts", acts)]));
    }
    told
}

fn limit(frame: &Frame, printed: &Printed<'_>, clock: &Clock) -> String {
    let run = &clock.run;
    let bodies: BTreeSet<_> = run.holder.bodies.iter().copied().collect();
    let who = if bodies.is_empty() {
        role_title(frame.lang, &printed.view.profile, &run.holder.role)
    } else {
        printed.names(frame, &bodies)
    };
    let rule = printed.procedure.clock(&run.clock);
    let title = rule.map_or(run.clock.as_str(), |rule| frame.pick(&rule.title, &rule.title_en));
    let key = match run.bound {
        Bound::AtMost => "print-limit-at-most",
        Bound::AtLeast => "print-limit-at-least",
    };
    let facts = [
        ("clock", title.to_owned()),
        ("who", who),
        ("start", day(frame, run.started_on)),
        ("limit", frame.limit(run.limit)),
        ("due", day(frame, run.due)),
    ];
    let words = frame.tr(key, &facts);
    if run.provisional {
        format!("{words}{}", frame.t("print-limit-provisional"))
    } else {
        words
    }
}

/// Titles of the acts that the roles of these bodies may take in the stage the case is in now.
fn open_acts(frame: &Frame, printed: &Printed<'_>, audience: &BTreeSet<shuyu_kernel::BodyId>) -> Vec<String> {
    let parties = printed.then.parties.iter();
    let roles: BTreeSet<&String> = parties
        .filter(|(_, bodies)| !bodies.is_disjoint(audience))
        .map(|(role, _)| role)
        .collect();
    let may = |by: &[String]| by.iter().any(|role| roles.contains(role));
    printed
        .procedure
        .acts
        .iter()
        .filter(|act| act.from.contains(&printed.then.stage) && may(&act.by))
        .map(|act| frame.pick(&act.title, &act.title_en).to_owned())
        .collect()
}
