//! Entry lines: one way to write, and nothing else is read.

use proptest::prelude::*;
use shuyu_kernel::{Digest, Timestamp};
use shuyu_ledger::{Draft, Entry, EntryError, Frontier, Head, Suite};

use crate::sample;

fn entry(payload: &[u8]) -> Entry {
    Entry {
        index: 3,
        recorded_at: Timestamp::from_micros(1_767_571_200_000_004),
        kind: "application_approved.v1".into(),
        stream: "case_1".into(),
        version: 2,
        prev_hash: Digest([0xab; 32]),
        payload: payload.to_vec(),
    }
}

#[test]
fn the_line_is_what_the_documentation_says() {
    let line = entry(r#"{"用途":"规划"}"#.as_bytes()).encode().unwrap();
    let hash = "ab".repeat(32);
    assert_eq!(
        line,
        format!(
            r#"{{"index":3,"recorded_at":"2026-01-05T00:00:00.000004Z","kind":"application_approved.v1","stream":"case_1","version":2,"prev_hash":"{hash}","payload":{{"用途":"规划"}}}}"#
        )
    );
}

#[test]
fn payloads_come_back_byte_for_byte_in_the_first_form_that_fits() {
    for (payload, form) in [
        (
            r#"{"a":1.0,"a":2,  "b":1e400}"#.as_bytes(),
            r#""payload":{"a":1.0,"a":2,  "b":1e400}"#,
        ),
        (b"{}", r#""payload":{}"#),
        (b" {}", r#""text":" {}""#),
        (b"{\n}", r#""text":"{\n}""#),
        (b"{\"a\":}", r#""text":"{\"a\":}""#),
        (b"{}{}", r#""text":"{}{}""#),
        (b"[1]", r#""text":"[1]""#),
        (b"null", r#""text":"null""#),
        (b"", r#""text":"""#),
        (b"\xff\x00", r#""base64":"/wA=""#),
    ] {
        let entry = entry(payload);
        let line = entry.encode().unwrap();
        assert!(line.ends_with(&format!("{form}}}")), "{line}");
        assert!(!line.contains('\n'));
        assert_eq!(Entry::parse(line.as_bytes()).unwrap(), entry, "{line}");
    }
}

#[test]
fn names_that_need_escaping_are_refused() {
    for bad in ["", "a b", "a\"b", "a\\b", "案件", "a\n", &"x".repeat(129)] {
        let kind = Entry {
            kind: bad.into(),
            ..entry(b"{}")
        };
        assert_eq!(kind.encode(), Err(EntryError::Name { field: "kind" }), "{bad}");
        let stream = Entry {
            stream: bad.into(),
            ..entry(b"{}")
        };
        assert_eq!(
            stream.encode(),
            Err(EntryError::Name { field: "stream" }),
            "{bad}"
        );
    }
}

#[test]
fn other_spellings_of_a_line_are_refused() {
    let good = entry(br#"{"a":1}"#).encode().unwrap();
    Entry::parse(good.as_bytes()).unwrap();
    for (from, to) in [
        ("{\"index\":3", "{ \"index\":3"),
        ("\"index\":3", "\"index\":03"),
        ("\"index\":3", "\"index\":-3"),
        ("\"index\":3", "\"index\":3.0"),
        ("\"index\":3", "\"index\":18446744073709551616"),
        ("\"index\":3,", ""),
        ("\"index\":3,", "\"index\":3,\"index\":3,"),
        ("\"index\":3,", "\"index\":3,\"more\":1,"),
        ("\"version\":2,", ""),
        ("abab", "ABAB"),
        ("abab", "aba"),
        ("T00:00:00.000004Z", "T00:00:00.000004+00:00"),
        ("T00:00:00.000004Z", "T24:00:00.000004Z"),
        ("T00:00:00.000004Z", "T00:60:00.000004Z"),
        ("T00:00:00.000004Z", "T00:00:00.4Z"),
        ("T00:00:00.000004Z", "T0:00:00.000004Z"),
        ("T00:00:00.000004Z", "T00:00:00.0000040Z"),
        ("T00:00:00.000004Z", "T00:00:00.-00004Z"),
        ("2026-01-05", "2026-02-30"),
        ("case_1", "case\\u005f1"),
        ("\"payload\":{\"a\":1}", "\"payload\": {\"a\":1}"),
        ("\"payload\":{\"a\":1}", "\"payload\":null"),
        ("\"payload\":{\"a\":1}", "\"text\":\"{}\""),
        ("\"payload\":{\"a\":1}", "\"base64\":\"YQ==\""),
        ("\"payload\":{\"a\":1}", "\"base64\":\"/wB=\""),
        ("\"payload\":{\"a\":1}", "\"payload\":{},\"text\":\"\""),
        (",\"payload\":{\"a\":1}", ""),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(Entry::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    Entry::parse(format!("{good}\n").as_bytes()).unwrap_err();
    Entry::parse(b"").unwrap_err();
    Entry::parse(b"\xff").unwrap_err();
}

#[test]
fn instants_outside_the_calendar_are_refused() {
    for micros in [
        i64::MIN,
        i64::MAX,
        -62_167_219_200_000_001,
        253_402_300_800_000_000,
    ] {
        let entry = Entry {
            recorded_at: Timestamp::from_micros(micros),
            ..entry(b"")
        };
        assert_eq!(entry.encode(), Err(EntryError::Instant), "{micros}");
    }
}

#[test]
fn the_head_chains_entries_and_resumes() {
    let log = sample::log(20);
    let suite = Suite::Sm;
    let mut expected = suite.genesis_hash("shuyu/yunnan-01/proceedings/training/sm");
    for (i, sealed) in log.entries.iter().enumerate() {
        assert_eq!((sealed.index, sealed.prev_hash), (i as u64, expected));
        let entry = Entry::parse(sealed.line.as_bytes()).unwrap();
        assert_eq!((entry.index, entry.prev_hash), (sealed.index, sealed.prev_hash));
        assert_eq!(entry.payload, sample::payload(i as u64));
        expected = suite.leaf_hash(sealed.line.as_bytes());
        assert_eq!(sealed.leaf_hash, expected);
    }
    assert_eq!(log.head.checkpoint().root, log.tree.root());
    let resumed = Head::resume(sample::origin(), log.tree.frontier(), log.head.last_hash()).unwrap();
    assert_eq!(resumed, log.head);
    assert_eq!(
        Head::resume(sample::origin(), Frontier::new(Suite::C2sp), expected),
        None
    );
    let fresh = Head::resume(sample::origin(), Frontier::new(suite), expected).unwrap();
    assert_eq!(fresh, Head::new(sample::origin()));
}

#[test]
fn a_refused_draft_leaves_the_head_as_it_was() {
    let mut head = sample::log(3).head;
    let before = head.clone();
    let draft = Draft {
        kind: "two words",
        stream: "case_1",
        version: 1,
        recorded_at: Timestamp::from_micros(0),
        payload: b"",
    };
    head.append(draft).unwrap_err();
    assert_eq!(head, before);
}

proptest! {
    #[test]
    fn any_entry_comes_back(
        index: u64,
        version: u64,
        micros in -62_167_219_200_000_000i64..253_402_300_800_000_000,
        name in "[A-Za-z0-9._:/-]{1,128}",
        prev: [u8; 32],
        payload in prop_oneof![prop::collection::vec(any::<u8>(), 0..80), ".{0,40}".prop_map(String::into_bytes)],
    ) {
        let entry = Entry {
            index,
            recorded_at: Timestamp::from_micros(micros),
            kind: name.clone(),
            stream: name,
            version,
            prev_hash: Digest(prev),
            payload,
        };
        let line = entry.encode().unwrap();
        prop_assert!(!line.contains('\n'));
        prop_assert_eq!(Entry::parse(line.as_bytes()).unwrap(), entry);
    }

    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Entry::parse(&bytes);
    }
}
