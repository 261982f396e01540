//! The only place where events become bytes and bytes become events.
//!
//! Events are encoded once, when they are appended; afterwards only the stored bytes count. The payload of an
//! entry is one JSON object: `{"event":…}` for an act, `{"note":…}` for an access. Additions only: a field that
//! is new has a default, a changed meaning is a new event. What cannot be read stops the process; skipping it
//! would be forgetting an act.

use serde::{Deserialize, Serialize};
use shuyu_domain::{Event, port::AccessNote};
use shuyu_kernel::Fault;
use shuyu_ledger::Entry;

use crate::error::Broken;

/// Kind of the entries of the access log.
pub(crate) const NOTE_KIND: &str = "access.noted.v1";
/// Stream of the entries of the access log; it has only one.
pub(crate) const NOTE_STREAM: &str = "access";

/// An act as it stands in the proceedings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recorded {
    /// What happened.
    pub event: Event,
    /// The series the running number of an opened case was drawn from. Stands in the entry, so that the
    /// counters follow from the ledger alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numbering: Option<Series>,
}

/// A series of running numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Series {
    /// Procedure id.
    pub procedure: String,
    /// Year printed in the number.
    pub year: i16,
}

#[derive(Serialize)]
struct Noted<'a> {
    note: &'a AccessNote,
}

/// The payload of an act.
pub(crate) fn encode(recorded: &Recorded) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(recorded).map_err(|error| Fault::new("encoding an event", error))
}

/// The payload of an access note.
pub(crate) fn encode_note(note: &AccessNote) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&Noted { note }).map_err(|error| Fault::new("encoding an access note", error))
}

/// Reads a stored line of the proceedings. The kind in the line must be the one of the event.
pub(crate) fn decode(log: &str, index: u64, line: &[u8]) -> Result<(Entry, Recorded), Broken> {
    let unreadable = || Broken::Entry {
        log: log.to_owned(),
        index,
    };
    let entry = Entry::parse(line).map_err(|_| unreadable())?;
    let recorded: Recorded = serde_json::from_slice(&entry.payload).map_err(|_| unreadable())?;
    if entry.index != index || recorded.event.kind() != entry.kind {
        return Err(unreadable());
    }
    Ok((entry, recorded))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shuyu_domain::event::{CaseEvent, InstallationEvent};
    use shuyu_kernel::{Digest, Timestamp};

    fn line(kind: &str, index: u64, payload: &str) -> Vec<u8> {
        let entry = Entry {
            index,
            recorded_at: Timestamp::from_micros(1_767_571_200_000_000),
            kind: kind.to_owned(),
            stream: "case/1".to_owned(),
            version: 1,
            prev_hash: Digest([0; 32]),
            payload: payload.as_bytes().to_vec(),
        };
        entry.encode().unwrap().into_bytes()
    }

    /// These bytes stand in ledgers for ever.
    #[test]
    fn the_form_of_payloads_does_not_change() {
        let event = Event::Case(CaseEvent::ObjectionRaised { number: 1 });
        let numbering = Some(Series {
            procedure: "plan".to_owned(),
            year: 2026,
        });
        let plain = Recorded {
            event: event.clone(),
            numbering: None,
        };
        let numbered = Recorded { event, numbering };
        let forms = [
            (plain, r#"{"event":{"case":{"objection_raised":{"number":1}}}}"#),
            (
                numbered,
                r#"{"event":{"case":{"objection_raised":{"number":1}}},"numbering":{"procedure":"plan","year":2026}}"#,
            ),
        ];
        for (recorded, form) in forms {
            assert_eq!(encode(&recorded).unwrap(), form.as_bytes());
            let line = line("case.objection_raised.v1", 4, form);
            assert_eq!(decode("proceedings", 4, &line).unwrap().1, recorded);
        }
        let wound = Event::Installation(InstallationEvent::ClockWound {
            to: Timestamp::from_micros(1),
            by: None,
        });
        let payload = encode(&Recorded {
            event: wound,
            numbering: None,
        })
        .unwrap();
        assert_eq!(payload, br#"{"event":{"installation":{"clock_wound":{"to":1}}}}"#);
    }

    #[test]
    fn what_cannot_be_read_is_never_skipped() {
        let good = r#"{"event":{"case":{"objection_raised":{"number":1}}}}"#;
        let kind = "case.objection_raised.v1";
        let bad = [
            line(kind, 5, good),
            line("case.taken.v1", 4, good),
            line(kind, 4, r#"{"event":{"case":{"unheard_of":{"number":1}}}}"#),
            line(
                kind,
                4,
                r#"{"event":{"case":{"objection_raised":{"number":1}}},"more":1}"#,
            ),
            line(kind, 4, r#"{"note":{}}"#),
            line(kind, 4, "text"),
            b"{}".to_vec(),
            Vec::new(),
        ];
        for line in bad {
            let broken = Broken::Entry {
                log: "proceedings".to_owned(),
                index: 4,
            };
            assert_eq!(decode("proceedings", 4, &line).unwrap_err(), broken);
        }
    }
}
