//! Reading requests: bodies, queries, path segments and the headers that make acts safe to repeat.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{HeaderMap, header, request::Parts},
};
use serde::de::DeserializeOwned;
use serde_json::error::Category;
use shuyu_app::dispatch::Guarded;
use shuyu_kernel::{Refusal, RefusalKind};

use crate::problem::Failure;

/// Longest idempotency key, in bytes. Platform choice.
const LONGEST_KEY: usize = 200;

/// A JSON body. Unknown fields are refused; mistakes are named by line and column, never by content.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        if !is_json(request.headers()) {
            return Err(Refusal::unmet("media_type_unsupported").into());
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|rejection| {
            let too_large = rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE;
            if too_large {
                let limit = crate::server::FORM_LIMIT_BYTES;
                Failure::from(Refusal::new(RefusalKind::Limited, "body_too_large").fact("limit_bytes", limit))
            } else {
                Failure::from(Refusal::unmet("json_malformed").fact("line", 0).fact("column", 0))
            }
        })?;
        parse(&bytes).map(Self).map_err(Failure::from)
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let given = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let essence = given
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads JSON text into a request.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| {
        let code = match error.classify() {
            Category::Data => "json_wrong_shape",
            Category::Io | Category::Syntax | Category::Eof => "json_malformed",
        };
        let refusal = Refusal::unmet(code)
            .fact("line", error.line())
            .fact("column", error.column());
        named(refusal, &error.to_string())
    })
}

/// Adds the name of the field the message is about. Values stay out: they can hold personal data.
fn named(refusal: Refusal, message: &str) -> Refusal {
    let name = ["unknown field `", "missing field `", "duplicate field `"]
        .iter()
        .find_map(|start| message.split_once(start))
        .and_then(|(_, rest)| rest.split_once('`'));
    match name {
        Some((name, _)) => refusal.fact("field", name.chars().take(60).collect::<String>()),
        None => refusal.fact("field", ""),
    }
}

/// The query of an address. Unknown names are refused.
pub struct Asked<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        match Query::try_from_uri(&parts.uri) {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => {
                let message = std::error::Error::source(&rejection)
                    .map(ToString::to_string)
                    .unwrap_or_default();
                Err(named(Refusal::unmet("query_wrong_shape"), &message).into())
            }
        }
    }
}

/// Segments of the path. A segment that is no id of the expected kind names nothing.
pub struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let found = Path::from_request_parts(parts, state).await;
        found
            .map(|Path(value)| Self(value))
            .map_err(|_| Refusal::unknown("route_unknown").into())
    }
}

/// `If-Match` and `Idempotency-Key`.
pub struct Repeatable(pub Guarded);

impl<S: Send + Sync> FromRequestParts<S> for Repeatable {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let expected_version = expected_version(&parts.headers)?;
        Ok(Self(Guarded {
            key: key(&parts.headers)?,
            expected_version,
            ..Guarded::default()
        }))
    }
}

/// An `Idempotency-Key` that must be there, because the order starts work that is not in one transaction.
pub struct Key(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let key = key(&parts.headers)?;
        key.map(Self)
            .ok_or_else(|| Refusal::unmet("idempotency_key_missing").into())
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(value) = headers.get("idempotency-key") else {
        return Ok(None);
    };
    let key = value.to_str().unwrap_or_default().trim().trim_matches('"');
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(Refusal::unmet("idempotency_key_invalid").fact("limit", LONGEST_KEY));
    }
    Ok(Some(key.to_owned()))
}

/// `"<version>"`; `*` matches every version; a weak tag is the same version here.
fn expected_version(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let version = tag
        .strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'))
        .and_then(|tag| tag.parse().ok());
    version
        .map(Some)
        .ok_or_else(|| Refusal::unmet("if_match_invalid"))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Order {
        name: String,
        count: u32,
    }

    #[test]
    fn mistakes_are_placed_and_never_quoted() {
        for (text, code, line, field) in [
            ("", "json_malformed", "1", ""),
            ("{", "json_malformed", "1", ""),
            ("{\"name\":\n  张}", "json_malformed", "2", ""),
            ("{\"name\":\"a\",\"count\":1} x", "json_malformed", "1", ""),
            ("{\"name\":\"a\"}", "json_wrong_shape", "1", "count"),
            (
                "{\"name\":\"a\",\"count\":1,\"extra\":2}",
                "json_wrong_shape",
                "1",
                "extra",
            ),
            ("{\"name\":\"a\",\"count\":\"5301\"}", "json_wrong_shape", "1", ""),
            ("[1]", "json_wrong_shape", "1", ""),
        ] {
            let refusal = parse::<Order>(text.as_bytes()).unwrap_err();
            assert_eq!(refusal.code, code, "{text:?}");
            assert_eq!(
                (refusal.facts["line"].as_str(), refusal.facts["field"].as_str()),
                (line, field),
                "{text:?}"
            );
            assert!(refusal.facts["column"].parse::<usize>().is_ok(), "{text:?}");
            assert!(
                !refusal.facts.values().any(|fact| fact.contains("5301")),
                "{text:?}"
            );
        }
        assert!(parse::<Order>(b"\xff\xfe").is_err());
    }

    #[test]
    fn if_match_takes_quoted_versions_only() {
        let read = |text: &str| {
            let map = HeaderMap::from_iter([(header::IF_MATCH, HeaderValue::from_str(text).unwrap())]);
            expected_version(&map).map_err(|refusal| refusal.code)
        };
        assert_eq!(read("\"7\""), Ok(Some(7)));
        assert_eq!(read("W/\"7\""), Ok(Some(7)));
        assert_eq!(read("*"), Ok(None));
        for bad in [
            "7",
            "\"\"",
            "\"-1\"",
            "\"7\", \"8\"",
            "\"99999999999999999999999\"",
        ] {
            assert_eq!(read(bad), Err("if_match_invalid".to_owned()), "{bad}");
        }
        assert_eq!(expected_version(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn keys_have_a_length() {
        let read = |text: &str| {
            let mut map = HeaderMap::new();
            map.insert("idempotency-key", HeaderValue::from_str(text).unwrap());
            key(&map)
        };
        assert_eq!(read("\"a-1\""), Ok(Some("a-1".to_owned())));
        assert!(read("").is_err());
        assert!(read(&"x".repeat(201)).is_err());
    }
}
