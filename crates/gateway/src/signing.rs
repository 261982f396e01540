//! Signing with HMAC-SM3: what is signed, and how.
//!
//! The string to sign is six lines joined by `\n`, without one at the end:
//!
//! | line | content |
//! |---|---|
//! | 1 | method, upper case |
//! | 2 | path as sent, with its percent-encoding, without query |
//! | 3 | the query's `name=value` pairs as sent, sorted by bytes, joined by `&`; empty if there is none |
//! | 4 | SM3 of the body, 64 lower-case hexadecimal digits; a `GET` has the digest of nothing |
//! | 5 | timestamp: milliseconds since 1970-01-01T00:00:00Z, as in `x-shuyu-timestamp` |
//! | 6 | nonce, as in `x-shuyu-nonce`: 8 to 64 of `A-Z a-z 0-9 - _`, new for every call |
//!
//! The signature is HMAC-SM3 of these bytes under the bytes of the secret's text, in lower-case hexadecimal.
//! It is good for five minutes to both sides of the official time (`/open/v1/time`), and once.
//!
//! # Worked example
//!
//! Key `pk_5f0c11d29a77b3e4`, secret `5f0c11d29a77b3e4c8d1a0f2e6b9374d5f0c11d29a77b3e4c8d1a0f2e6b9374d`, call
//! `GET /open/v1/products/case_01k0q4vh8m9x2t5e7w3r6y1ab2/data?year=2025&area=530102` on 2026-01-05 at 08:00:00
//! in China. The string to sign:
//!
//! ```text
//! GET
//! /open/v1/products/case_01k0q4vh8m9x2t5e7w3r6y1ab2/data
//! area=530102&year=2025
//! 1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b
//! 1767571200000
//! b7c1e0a4d2f84f6e
//! ```
//!
//! The headers:
//!
//! ```text
//! x-shuyu-key: pk_5f0c11d29a77b3e4
//! x-shuyu-timestamp: 1767571200000
//! x-shuyu-nonce: b7c1e0a4d2f84f6e
//! x-shuyu-signature: be9d009bec1582b573a8943347892e41e4426b03b7e5e541a9f508c040867984
//! ```
//!
//! Line 4 and the signature can be checked with `openssl dgst -sm3` and `openssl dgst -sm3 -hmac <secret>`.

use hmac::{Hmac, KeyInit, Mac};
use shuyu_kernel::{Digest, Timestamp};
use sm3::Sm3;

/// Header with the public part of the key.
pub const KEY: &str = "x-shuyu-key";
/// Header with the instant of signing, in milliseconds.
pub const TIMESTAMP: &str = "x-shuyu-timestamp";
/// Header with the nonce.
pub const NONCE: &str = "x-shuyu-nonce";
/// Header with the signature.
pub const SIGNATURE: &str = "x-shuyu-signature";

/// A key to a product, as its customer holds it.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// Public part.
    pub key_id: &'a str,
    /// Secret part, as text.
    pub secret: &'a str,
}

/// The call to be signed.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Method.
    pub method: &'a str,
    /// Path as sent, without query.
    pub path: &'a str,
    /// Query as sent, without the question mark; empty if there is none.
    pub query: &'a str,
    /// Body; empty for `GET`.
    pub body: &'a [u8],
}

/// The four headers of a signed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Public part of the key.
    pub key_id: String,
    /// Milliseconds since 1970.
    pub timestamp: String,
    /// Nonce.
    pub nonce: String,
    /// Signature, hexadecimal.
    pub signature: String,
}

impl Signed {
    /// Names and values to put on the request.
    pub fn headers(&self) -> [(&'static str, &str); 4] {
        [
            (KEY, self.key_id.as_str()),
            (TIMESTAMP, self.timestamp.as_str()),
            (NONCE, self.nonce.as_str()),
            (SIGNATURE, self.signature.as_str()),
        ]
    }
}

/// Signs a call, on the client's side. The nonce must be new for every call; the caller draws it.
pub fn sign(credentials: &Credentials<'_>, message: &Message<'_>, at: Timestamp, nonce: &str) -> Signed {
    let timestamp = at.millis().to_string();
    let text = string_to_sign(message, &timestamp, nonce);
    Signed {
        key_id: credentials.key_id.to_owned(),
        nonce: nonce.to_owned(),
        signature: hex::encode(hmac_sm3(credentials.secret.as_bytes(), text.as_bytes())),
        timestamp,
    }
}

/// The six lines.
pub fn string_to_sign(message: &Message<'_>, timestamp: &str, nonce: &str) -> String {
    let mut pairs: Vec<&str> = message.query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    [
        message.method.to_ascii_uppercase().as_str(),
        message.path,
        pairs.join("&").as_str(),
        Digest::of(message.body).to_string().as_str(),
        timestamp,
        nonce,
    ]
    .join("\n")
}

/// HMAC-SM3 (RFC 2104 over GB/T 32905-2016).
pub(crate) fn hmac_sm3(secret: &[u8], text: &[u8]) -> [u8; 32] {
    // A key longer than a block is its digest (RFC 2104 §2); shorter ones are filled with zeros.
    let mut block = hmac::digest::Key::<Hmac<Sm3>>::default();
    let shortened = Digest::of(secret).0;
    let key = if secret.len() > block.len() {
        shortened.as_slice()
    } else {
        secret
    };
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    let mut mac = <Hmac<Sm3> as KeyInit>::new(&block);
    mac.update(text);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXAMPLE: Message<'static> = Message {
        method: "GET",
        path: "/open/v1/products/case_01k0q4vh8m9x2t5e7w3r6y1ab2/data",
        query: "year=2025&area=530102",
        body: b"",
    };

    #[test]
    fn the_worked_example_holds() {
        let secret = "5f0c11d29a77b3e4c8d1a0f2e6b9374d5f0c11d29a77b3e4c8d1a0f2e6b9374d";
        let credentials = Credentials {
            key_id: "pk_5f0c11d29a77b3e4",
            secret,
        };
        let at = Timestamp::from_micros(1_767_571_200_000_000);
        let signed = sign(&credentials, &EXAMPLE, at, "b7c1e0a4d2f84f6e");
        let documented = include_str!("signing.rs");
        for (name, value) in signed.headers() {
            assert!(
                documented.contains(&format!("//! {name}: {value}\n")),
                "{name}: {value}"
            );
        }
        for line in string_to_sign(&EXAMPLE, &signed.timestamp, &signed.nonce).lines() {
            assert!(documented.contains(&format!("//! {line}\n")), "{line}");
        }
        assert_eq!(
            signed.signature,
            "be9d009bec1582b573a8943347892e41e4426b03b7e5e541a9f508c040867984"
        );
    }

    #[test]
    fn the_order_of_the_query_does_not_matter_and_everything_else_does() {
        let text = |message: &Message<'_>| string_to_sign(message, "1", "nonce-00");
        let turned = Message {
            query: "area=530102&year=2025",
            ..EXAMPLE
        };
        assert_eq!(text(&EXAMPLE), text(&turned));
        for other in [
            Message {
                method: "POST",
                ..EXAMPLE
            },
            Message {
                path: "/open/v1/products/case_01k0q4vh8m9x2t5e7w3r6y1ab3/data",
                ..EXAMPLE
            },
            Message {
                query: "year=2025",
                ..EXAMPLE
            },
            Message {
                query: "year=2025&area=53010",
                ..EXAMPLE
            },
            Message {
                body: b" ",
                ..EXAMPLE
            },
        ] {
            assert_ne!(text(&EXAMPLE), text(&other), "{other:?}");
        }
    }

    #[test]
    fn long_keys_are_their_digest() {
        let long = [b'k'; 100];
        assert_eq!(hmac_sm3(&long, b"text"), hmac_sm3(&Digest::of(&long).0, b"text"));
        assert_ne!(
            hmac_sm3(&long[..64], b"text"),
            hmac_sm3(&Digest::of(&long[..64]).0, b"text")
        );
    }
}
