//! Forms that several answers share.

use std::collections::BTreeMap;

use axum::http::{HeaderValue, header};
use serde::Serialize;
use serde_json::Value;
use shuyu_app::{Session, port::Answer};
use shuyu_domain::port::Committed;
use shuyu_kernel::{Refusal, Timestamp, Zone};
use utoipa::ToSchema;

use crate::{
    i18n::Language,
    problem::{self, ClauseRef},
    state::WebState,
};

/// The cells of an answer; `null` is missing or suppressed.
pub(super) fn rows_view(answer: &Answer) -> Vec<Vec<Value>> {
    let cells = |row: &Vec<_>| {
        row.iter()
            .map(|cell| serde_json::to_value(cell).unwrap_or_default())
            .collect()
    };
    answer.rows.iter().map(cells).collect()
}

/// A signed-in person in one post.
#[derive(Debug, Serialize, ToSchema)]
pub struct ActorView {
    /// The person.
    #[schema(example = "person_01k0q4vh8m9x2t5e7w3r6y1ab2")]
    pub person: String,
    /// The body on whose behalf they act.
    pub body: String,
    /// Role id of the profile.
    pub role: String,
    /// Post inside the body.
    pub post: String,
    /// Number of the delegation paper, when acting under one.
    pub delegation: Option<String>,
}

impl From<&Session> for ActorView {
    fn from(session: &Session) -> Self {
        let actor = &session.actor;
        Self {
            person: actor.person.to_string(),
            body: actor.body.to_string(),
            role: actor.role.clone(),
            post: actor.post.clone(),
            delegation: actor.delegation.clone(),
        }
    }
}

/// What was written. A repeated idempotency key is answered with the same words.
#[derive(Debug, Serialize, ToSchema)]
pub struct Written {
    /// The case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<String>,
    /// Version of the case afterwards: the next `If-Match`.
    pub version: u64,
    /// First index written in the proceedings.
    pub first: u64,
    /// Index after the last one written.
    pub next: u64,
}

impl From<&Committed> for Written {
    fn from(committed: &Committed) -> Self {
        let text = |name: &str| {
            committed
                .reply
                .get(name)
                .and_then(|value| value.as_str())
                .map(str::to_owned)
        };
        Self {
            case: text("case"),
            version: committed.version,
            first: committed.first,
            next: committed.next,
        }
    }
}

/// A refusal inside an answer: why an act is closed, why a job ended.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// Stable code.
    pub code: String,
    /// What is refused and why, in the language asked for.
    pub detail: String,
    /// What would make it pass.
    pub way_out: String,
    /// Clauses.
    pub clauses: Vec<ClauseRef>,
    /// Facts.
    pub facts: BTreeMap<String, String>,
}

impl RefusalView {
    /// The refusal in words.
    pub fn new(state: &WebState, language: Language, refusal: Refusal) -> Self {
        let text = problem::words_of(state, language, &refusal);
        let clauses = problem::clauses(state, &refusal);
        Self {
            code: refusal.code,
            detail: text.what,
            way_out: text.way_out,
            clauses,
            facts: refusal.facts,
        }
    }
}

/// A version as an entity tag.
pub fn etag(version: u64) -> (header::HeaderName, HeaderValue) {
    // Digits and quotes are always a header value.
    let value = HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""));
    (header::ETAG, value)
}

/// An instant as ISO 8601 with the zone's offset, to the second: `2026-03-02T09:00:00+08:00`.
pub fn instant(zone: Zone, at: Timestamp) -> String {
    let date = zone.date(at);
    let (hour, minute) = zone.time_of_day(at);
    let second = at.micros().div_euclid(1_000_000).rem_euclid(60);
    let sign = if zone.offset_minutes < 0 { '-' } else { '+' };
    let offset = zone.offset_minutes.unsigned_abs();
    format!(
        "{date}T{hour:02}:{minute:02}:{second:02}{sign}{:02}:{:02}",
        offset / 60,
        offset % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_carry_the_offset() {
        let at = Timestamp::from_micros(1_767_571_265_000_000);
        assert_eq!(instant(Zone::CHINA, at), "2026-01-05T08:01:05+08:00");
        assert_eq!(
            instant(Zone { offset_minutes: -210 }, at),
            "2026-01-04T20:31:05-03:30"
        );
    }
}
