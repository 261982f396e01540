//! Who calls: reading and checking the three ways to prove a key.
//!
//! All comparisons of secrets take the same time whatever the input. The third way follows the `hmac-auth` plugin
//! of Apache APISIX: the text is the key id, then for each name in `headers` either `<METHOD> <path?query>`
//! (`@request-target`) or `<name>: <value>`, each line ended by `\n`; the signature is base64 of HMAC-SHA-256.
//! `@request-target` and `date` must be signed. It has no nonce, so within five minutes the same call may be
//! repeated; clients that mind use HMAC-SM3.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, Uri, header};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shuyu_kernel::{Refusal, RefusalKind, Timestamp};
use subtle::ConstantTimeEq;

use crate::{
    http_date,
    signing::{self, Message},
};

/// Latest instant a timestamp may name: the end of the year 9999, in milliseconds.
const LATEST_MILLIS: i64 = 253_402_300_799_999;

/// Longest key id that is looked up, in bytes.
const LONGEST_KEY_ID: usize = 80;

/// What a request claims, before anything is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Public part of the key.
    pub key_id: String,
    /// Instant of signing, if the dialect has one.
    pub signed_at: Option<Timestamp>,
    /// Nonce, if the dialect has one.
    pub nonce: Option<String>,
    proof: Proof,
}

#[derive(Clone, PartialEq, Eq)]
enum Proof {
    /// The secret itself.
    Secret(String),
    /// HMAC-SM3 over a text.
    Sm3 { text: String, signature: Vec<u8> },
    /// HMAC-SHA-256 over a text.
    Sha256 { text: String, signature: Vec<u8> },
}

impl std::fmt::Debug for Proof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Proof::Secret(_) => "Secret(…)",
            Proof::Sm3 { .. } => "Sm3(…)",
            Proof::Sha256 { .. } => "Sha256(…)",
        })
    }
}

impl Claim {
    /// Reads the claim of a request with this body.
    ///
    /// # Errors
    /// `key_missing` if no dialect is spoken, `signature_malformed` if one is spoken badly.
    pub fn read(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        if headers.contains_key(signing::SIGNATURE) || headers.contains_key(signing::KEY) {
            return sm3_claim(method, uri, headers, body);
        }
        let given = text_of(headers, header::AUTHORIZATION.as_str()).unwrap_or_default();
        let (scheme, rest) = given.split_once(' ').unwrap_or((given, ""));
        if scheme.eq_ignore_ascii_case("bearer") {
            return bearer_claim(rest);
        }
        if scheme.eq_ignore_ascii_case("signature") {
            return sha256_claim(method, uri, headers, rest);
        }
        Err(Refusal::new(RefusalKind::Unauthenticated, "key_missing"))
    }

    /// Checks the proof against the secret of the key.
    ///
    /// # Errors
    /// `signature_wrong`, the same for a wrong secret.
    pub fn check(&self, secret: &str) -> Result<(), Refusal> {
        let same = match &self.proof {
            Proof::Secret(given) => {
                // Digests have one length, so that the length of the secret does not show either.
                let of = |text: &str| shuyu_kernel::Digest::of(text.as_bytes()).0;
                of(given).ct_eq(&of(secret))
            }
            Proof::Sm3 { text, signature } => signing::hmac_sm3(secret.as_bytes(), text.as_bytes())
                .as_slice()
                .ct_eq(signature),
            Proof::Sha256 { text, signature } => hmac_sha256(secret.as_bytes(), text.as_bytes())
                .as_slice()
                .ct_eq(signature),
        };
        if bool::from(same) {
            Ok(())
        } else {
            Err(Refusal::new(RefusalKind::Unauthenticated, "signature_wrong"))
        }
    }
}

fn malformed(what: &str) -> Refusal {
    Refusal::new(RefusalKind::Unauthenticated, "signature_malformed").fact("part", what)
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn key_id(text: &str) -> Result<String, Refusal> {
    let good = !text.is_empty()
        && text.len() <= LONGEST_KEY_ID
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if good {
        Ok(text.to_owned())
    } else {
        Err(malformed("key"))
    }
}

fn bearer_claim(rest: &str) -> Result<Claim, Refusal> {
    let (key, secret) = rest
        .trim()
        .split_once('.')
        .ok_or_else(|| malformed("authorization"))?;
    Ok(Claim {
        key_id: key_id(key)?,
        signed_at: None,
        nonce: None,
        proof: Proof::Secret(secret.to_owned()),
    })
}

fn sm3_claim(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Claim, Refusal> {
    let part = |name: &'static str| text_of(headers, name).ok_or_else(|| malformed(name));
    let (key, timestamp) = (part(signing::KEY)?, part(signing::TIMESTAMP)?);
    let (nonce, signature) = (part(signing::NONCE)?, part(signing::SIGNATURE)?);
    let nonce_ok = (8..=64).contains(&nonce.len())
        && nonce
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
    if !nonce_ok {
        return Err(malformed(signing::NONCE));
    }
    let digits = !timestamp.is_empty() && timestamp.bytes().all(|byte| byte.is_ascii_digit());
    let millis: Option<i64> = timestamp
        .parse()
        .ok()
        .filter(|millis| digits && *millis <= LATEST_MILLIS);
    let millis = millis.ok_or_else(|| malformed(signing::TIMESTAMP))?;
    let query = uri.query().unwrap_or_default();
    let message = Message {
        method: method.as_str(),
        path: uri.path(),
        query,
        body,
    };
    Ok(Claim {
        key_id: key_id(key)?,
        signed_at: Some(Timestamp::from_micros(millis * 1000)),
        nonce: Some(nonce.to_owned()),
        proof: Proof::Sm3 {
            text: signing::string_to_sign(&message, timestamp, nonce),
            signature: hex::decode(signature).map_err(|_| malformed(signing::SIGNATURE))?,
        },
    })
}

fn sha256_claim(method: &Method, uri: &Uri, headers: &HeaderMap, rest: &str) -> Result<Claim, Refusal> {
    let parameters = parameters(rest).ok_or_else(|| malformed("authorization"))?;
    let part = |name: &'static str| parameters.get(name).copied().ok_or_else(|| malformed(name));
    if part("algorithm")? != "hmac-sha256" {
        return Err(malformed("algorithm"));
    }
    let names: Vec<&str> = part("headers")?
        .split(' ')
        .filter(|name| !name.is_empty())
        .collect();
    if !names.contains(&"@request-target") || !names.iter().any(|name| name.eq_ignore_ascii_case("date")) {
        return Err(malformed("headers"));
    }
    let date = text_of(headers, "date").ok_or_else(|| malformed("date"))?;
    let signed_at = http_date::parse(date).ok_or_else(|| malformed("date"))?;
    let key = key_id(part("keyId")?)?;
    let target = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut text = format!("{key}\n");
    for name in names {
        if name == "@request-target" {
            text.push_str(&format!("{method} {target}\n"));
        } else {
            let value = text_of(headers, name).ok_or_else(|| malformed("headers"))?;
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    let signature = STANDARD
        .decode(part("signature")?)
        .map_err(|_| malformed("signature"))?;
    Ok(Claim {
        key_id: key,
        signed_at: Some(signed_at),
        nonce: None,
        proof: Proof::Sha256 { text, signature },
    })
}

/// `name="value"` pairs by commas. A name twice is no good: which one counts must not be a guess.
fn parameters(text: &str) -> Option<BTreeMap<&str, &str>> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = after.split_once('"')?;
        if found.insert(name.trim(), value).is_some() {
            return None;
        }
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(found)
}

fn hmac_sha256(secret: &[u8], text: &[u8]) -> Vec<u8> {
    use sha2::Digest as _;
    let mut block = hmac::digest::Key::<Hmac<Sha256>>::default();
    let shortened = Sha256::digest(secret);
    let key = if secret.len() > block.len() {
        shortened.as_slice()
    } else {
        secret
    };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block);
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests;
