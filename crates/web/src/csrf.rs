//! The token that every form and every call with a cookie carries, so that another site cannot act for a person.

use axum::http::Method;
use shuyu_app::Session;
use shuyu_kernel::Refusal;
use subtle::ConstantTimeEq;

/// Header that carries the token in calls of `/api/v1` made with the session cookie.
pub const HEADER: &str = "x-csrf-token";

/// Compares the token a form carried with the one of the session, in constant time.
///
/// # Errors
/// `csrf_wrong` if they differ or the session has none.
pub fn check(session: &Session, given: &str) -> Result<(), Refusal> {
    if same(&session.csrf, given) {
        return Ok(());
    }
    Err(Refusal::forbidden("csrf_wrong"))
}

/// Whether two tokens are the same and not empty, in constant time.
pub fn same(known: &str, given: &str) -> bool {
    !known.is_empty() && bool::from(known.as_bytes().ct_eq(given.as_bytes()))
}

/// Whether a request with this method could change something.
pub fn is_needed(method: &Method) -> bool {
    !(method == Method::GET || method == Method::HEAD || method == Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use shuyu_kernel::{Actor, Id, Timestamp};

    use super::*;

    fn session(csrf: &str) -> Session {
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
            login: "li".to_owned(),
            csrf: csrf.to_owned(),
            started_at: Timestamp::from_micros(0),
            used_at: Timestamp::from_micros(0),
            noted: Default::default(),
        }
    }

    #[test]
    fn only_the_same_token_passes() {
        for (known, given, passes) in [
            ("aabb", "aabb", true),
            ("aabb", "aabc", false),
            ("aabb", "aab", false),
            ("aabb", "", false),
            ("", "", false),
        ] {
            let result = check(&session(known), given);
            assert_eq!(result.is_ok(), passes, "known {known:?}, given {given:?}");
            if let Err(refusal) = result {
                assert_eq!(refusal.code, "csrf_wrong");
            }
        }
    }

    #[test]
    fn reading_needs_no_token() {
        assert!(!is_needed(&Method::GET));
        assert!(!is_needed(&Method::HEAD));
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            assert!(is_needed(&method), "{method}");
        }
    }
}
