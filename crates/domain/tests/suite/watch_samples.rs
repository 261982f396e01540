//! One event of every kind about a clock that is nearly due or late, for the golden files.

use shuyu_domain::{
    Event,
    event::{CaseEvent, EscalationReason, WatchEvent},
};
use shuyu_profile::Consequence;

use crate::golden::{actor, clause, day, holder};

pub fn all() -> Vec<Event> {
    let clock = || "review".to_owned();
    let lane = || Some("provider:x".to_owned());
    let events = [
        WatchEvent::ClockExpired {
            clock: clock(),
            lane: lane(),
            due: day(14),
            on: day(15),
            consequence: Consequence::Flag,
            clauses: vec![clause()],
        },
        WatchEvent::Urged {
            clock: clock(),
            lane: lane(),
            by: actor(),
            on: day(13),
            words: "等着用".to_owned(),
            answer_by: day(24),
        },
        WatchEvent::UrgeAnswered {
            clock: clock(),
            lane: None,
            by: actor(),
            on: day(14),
            words: "明日办".to_owned(),
        },
        WatchEvent::Escalated {
            clock: clock(),
            lane: lane(),
            to: holder(),
            why: EscalationReason::ByOverseer,
            by: Some(actor()),
            on: day(24),
            due: day(14),
            words: "久拖".to_owned(),
            clauses: vec![clause()],
        },
        WatchEvent::Instructed {
            clock: clock(),
            lane: lane(),
            by: actor(),
            on: day(25),
            words: "两日内办".to_owned(),
            report_by: day(27),
        },
        WatchEvent::InstructionReported {
            clock: clock(),
            lane: lane(),
            by: actor(),
            on: day(26),
            words: "已办".to_owned(),
        },
        WatchEvent::EscalationClosed {
            clock: clock(),
            lane: lane(),
            by: actor(),
            on: day(27),
            words: "办结".to_owned(),
        },
    ];
    events
        .into_iter()
        .map(|event| Event::Case(CaseEvent::Watched(event)))
        .collect()
}
