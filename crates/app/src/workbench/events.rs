//! What an answer leaves in the record and in the release ledger.

use shuyu_domain::{
    Event,
    event::{AnsweredQuery, Charge, ReleaseEvent},
    port::ReleaseTrace,
};
use shuyu_kernel::Digest;
use shuyu_privacy::Remembered;

use super::{Asked, Released};
use crate::Session;

pub(super) fn trace(remembered: Remembered) -> ReleaseTrace {
    ReleaseTrace {
        domain: remembered.domain,
        from: remembered.from,
        rows: remembered.rows,
    }
}

/// What stands in the record of an answer: what it was charged, if anything, and that it left or is held.
pub(super) fn events(
    released: &Released,
    session: &Session,
    charges: Vec<Charge>,
    asked: &Asked,
    result: Digest,
) -> Vec<Event> {
    let (release, permit, case) = (released.release, released.permit, released.case);
    let charged = ReleaseEvent::Charged {
        release,
        permit,
        case,
        by: session.actor.clone(),
        answered: true,
        charges,
    };
    let answered = AnsweredQuery {
        release,
        permit,
        case,
        by: session.actor.clone(),
        query: asked.query,
        read: released.answer.read.clone(),
        rows: released.answer.rows.len() as u64,
        result,
    };
    let answered = match asked.held {
        true => ReleaseEvent::Held(answered),
        false => ReleaseEvent::Answered(answered),
    };
    let costs = !matches!(&charged, ReleaseEvent::Charged { charges, .. } if charges.is_empty());
    let charged = costs.then_some(charged);
    charged
        .into_iter()
        .chain([answered])
        .map(Event::Release)
        .collect()
}
