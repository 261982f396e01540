//! Names of the events, as written in the ledger. A name once used keeps its meaning for ever.

use super::{CaseEvent, Event, InstallationEvent, ReleaseEvent};

impl Event {
    /// Type name with version, as written in the ledger.
    pub fn kind(&self) -> &'static str {
        match self {
            Event::Case(event) => match event {
                CaseEvent::Opened { .. } => "case.opened.v1",
                CaseEvent::Entered { .. } => "case.entered.v1",
                CaseEvent::Advanced { .. } => "case.advanced.v1",
                CaseEvent::Dropped { .. } => "case.dropped.v1",
                CaseEvent::Taken { .. } => "case.taken.v1",
                CaseEvent::ClockStarted(_) => "case.clock_started.v1",
                CaseEvent::ClockStopped { .. } => "case.clock_stopped.v1",
                CaseEvent::ClockPaused { .. } => "case.clock_paused.v1",
                CaseEvent::ClockChanged { .. } => "case.clock_changed.v1",
                CaseEvent::LaneOpened { .. } => "case.lane_opened.v1",
                CaseEvent::LaneReturned { .. } => "case.lane_returned.v1",
                CaseEvent::LaneReopened { .. } => "case.lane_reopened.v1",
                CaseEvent::LaneDecided { .. } => "case.lane_decided.v1",
                CaseEvent::ObjectionRaised { .. } => "case.objection_raised.v1",
                CaseEvent::ObjectionAnswered { .. } => "case.objection_answered.v1",
                CaseEvent::PermitIssued { .. } => "case.permit_issued.v1",
                CaseEvent::PermitEnded { .. } => "case.permit_ended.v1",
                CaseEvent::ProductDelivered { .. } => "case.product_delivered.v1",
                CaseEvent::AccessClosed { .. } => "case.access_closed.v1",
                CaseEvent::Watched(event) => event.kind(),
                CaseEvent::Identity(event) => event.kind(),
                CaseEvent::Own(event) => event.kind(),
                CaseEvent::Moved { .. } => "case.moved.v1",
                CaseEvent::KeyIssued { .. } => "case.key_issued.v1",
                CaseEvent::KeyRevoked { .. } => "case.key_revoked.v1",
            },
            Event::Registry(event) => event.kind(),
            Event::Dataset(event) => event.kind(),
            Event::Release(ReleaseEvent::Answered(_)) => "release.answered.v1",
            Event::Release(ReleaseEvent::Held(_)) => "release.held.v1",
            Event::Release(ReleaseEvent::Charged { .. }) => "release.charged.v1",
            Event::Source(event) => event.kind(),
            Event::Airlock(event) => event.kind(),
            Event::Installation(event) => match event {
                InstallationEvent::Founded { .. } => "installation.founded.v1",
                InstallationEvent::ClockWound { .. } => "installation.clock_wound.v1",
            },
        }
    }
}
