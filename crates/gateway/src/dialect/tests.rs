//! Claims as clients make them, rightly and wrongly.

use axum::http::{HeaderName, HeaderValue};

use super::*;
use crate::signing::{Credentials, sign};

const SECRET: &str = "5f0c11d29a77b3e4c8d1a0f2e6b9374d5f0c11d29a77b3e4c8d1a0f2e6b9374d";
const TARGET: &str = "/open/v1/products/case_01k0q4vh8m9x2t5e7w3r6y1ab2/data?year=2025&area=530102";

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        (
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    pairs.iter().map(pair).collect()
}

fn read(target: &str, pairs: &[(&str, &str)]) -> Result<Claim, Refusal> {
    Claim::read(&Method::GET, &target.parse().unwrap(), &headers(pairs), b"")
}

fn signed() -> signing::Signed {
    let credentials = Credentials {
        key_id: "pk_1",
        secret: SECRET,
    };
    let (path, query) = TARGET.split_once('?').unwrap();
    let message = Message {
        method: "GET",
        path,
        query,
        body: b"",
    };
    sign(
        &credentials,
        &message,
        Timestamp::from_micros(1_767_571_200_000_000),
        "nonce-0001",
    )
}

#[test]
fn a_signed_call_passes_and_any_change_fails() {
    let signed = signed();
    let claim = read(TARGET, &signed.headers()).unwrap();
    assert_eq!(claim.check(SECRET), Ok(()));
    assert_eq!(
        claim.signed_at,
        Some(Timestamp::from_micros(1_767_571_200_000_000))
    );
    assert_eq!(claim.nonce.as_deref(), Some("nonce-0001"));
    assert_eq!(claim.check("another secret").unwrap_err().code, "signature_wrong");

    let forged = read(&TARGET.replace("2025", "2024"), &signed.headers()).unwrap();
    assert_eq!(forged.check(SECRET).unwrap_err().code, "signature_wrong");
    for changed in [signing::TIMESTAMP, signing::NONCE] {
        let mut pairs = signed.headers();
        for (name, value) in &mut pairs {
            if *name == changed {
                *value = if changed == signing::NONCE {
                    "nonce-0002"
                } else {
                    "1767571200001"
                };
            }
        }
        assert_eq!(
            read(TARGET, &pairs).unwrap().check(SECRET).unwrap_err().code,
            "signature_wrong",
            "{changed}"
        );
    }
    let claim = Claim::read(
        &Method::GET,
        &TARGET.parse().unwrap(),
        &headers(&signed.headers()),
        b"x",
    )
    .unwrap();
    assert!(claim.check(SECRET).is_err());
}

#[test]
fn badly_spoken_signatures_name_the_part() {
    let signed = signed();
    let good = signed.headers();
    for (name, value, part) in [
        (signing::TIMESTAMP, "yesterday", signing::TIMESTAMP),
        (signing::TIMESTAMP, "-1", signing::TIMESTAMP),
        (signing::TIMESTAMP, "+1767571200000", signing::TIMESTAMP),
        (signing::TIMESTAMP, "9223372036854775807", signing::TIMESTAMP),
        (signing::NONCE, "short", signing::NONCE),
        (signing::NONCE, "no spaces here", signing::NONCE),
        (signing::SIGNATURE, "zz", signing::SIGNATURE),
        (signing::KEY, "", "key"),
        (signing::KEY, "../secrets", "key"),
    ] {
        let pairs: Vec<_> = good
            .iter()
            .map(|(n, v)| if *n == name { (*n, value) } else { (*n, *v) })
            .collect();
        let refusal = read(TARGET, &pairs).unwrap_err();
        assert_eq!(
            (refusal.code.as_str(), refusal.facts["part"].as_str()),
            ("signature_malformed", part),
            "{value}"
        );
    }
    for left_out in [
        signing::KEY,
        signing::TIMESTAMP,
        signing::NONCE,
        signing::SIGNATURE,
    ] {
        let pairs: Vec<_> = good
            .iter()
            .copied()
            .filter(|(name, _)| *name != left_out)
            .collect();
        let refusal = read(TARGET, &pairs).unwrap_err();
        assert_eq!(refusal.facts["part"], left_out);
    }
}

#[test]
fn bearer_takes_the_key_and_its_secret() {
    let given = format!("Bearer pk_1.{SECRET}");
    let claim = read(TARGET, &[("authorization", &given)]).unwrap();
    assert_eq!((claim.key_id.as_str(), claim.check(SECRET)), ("pk_1", Ok(())));
    let short = format!("bearer pk_1.{}", &SECRET[..63]);
    assert!(
        read(TARGET, &[("authorization", &short)])
            .unwrap()
            .check(SECRET)
            .is_err()
    );
    assert_eq!(
        read(TARGET, &[("authorization", "Bearer pk_1")])
            .unwrap_err()
            .code,
        "signature_malformed"
    );
    assert_eq!(read(TARGET, &[]).unwrap_err().code, "key_missing");
    assert_eq!(
        read(TARGET, &[("authorization", "Basic cGs6MQ==")])
            .unwrap_err()
            .code,
        "key_missing"
    );
}

#[test]
fn the_common_gateway_form_passes() {
    // The signature was computed with another implementation of HMAC-SHA-256.
    let given = "Signature keyId=\"pk_5f0c11d29a77b3e4\",algorithm=\"hmac-sha256\",\
                 headers=\"@request-target date\",signature=\"2zqqT4BUCsy/jjePraLaC6XyakqpuwnybywscdQv3WQ=\"";
    let date = ("date", "Mon, 05 Jan 2026 00:00:00 GMT");
    let claim = read(TARGET, &[("authorization", given), date]).unwrap();
    assert_eq!(claim.check(SECRET), Ok(()));
    assert_eq!(
        claim.signed_at,
        Some(Timestamp::from_micros(1_767_571_200_000_000))
    );
    let other = read(
        &TARGET.replace("530102", "530103"),
        &[("authorization", given), date],
    )
    .unwrap();
    assert!(other.check(SECRET).is_err());
}

#[test]
fn the_common_gateway_form_must_sign_target_and_date() {
    let date = ("date", "Mon, 05 Jan 2026 00:00:00 GMT");
    let form = |headers: &str, algorithm: &str| {
        format!("Signature keyId=\"pk_1\",algorithm=\"{algorithm}\",headers=\"{headers}\",signature=\"AA==\"")
    };
    for (headers, algorithm, part) in [
        ("date", "hmac-sha256", "headers"),
        ("@request-target", "hmac-sha256", "headers"),
        ("@request-target date x-absent", "hmac-sha256", "headers"),
        ("@request-target date", "hmac-sha1", "algorithm"),
    ] {
        let given = form(headers, algorithm);
        let refusal = read(TARGET, &[("authorization", &given), date]).unwrap_err();
        assert_eq!(refusal.facts["part"], part, "{headers} {algorithm}");
    }
    let twice = format!("{},keyId=\"pk_2\"", form("@request-target date", "hmac-sha256"));
    assert!(read(TARGET, &[("authorization", &twice), date]).is_err());
    assert!(read(TARGET, &[("authorization", "Signature nonsense"), date]).is_err());
    assert!(
        read(
            TARGET,
            &[("authorization", &form("@request-target date", "hmac-sha256"))]
        )
        .is_err()
    );
}
