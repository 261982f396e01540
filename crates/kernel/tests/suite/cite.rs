//! Clause ids, bases, digests.

use proptest::prelude::*;
use shuyu_kernel::{Basis, ClauseId, Digest};

#[test]
fn clause_ids_read_and_write() {
    let table = [
        ("YN-OP-057", "YN-OP"),
        ("LZ-PL-001", "LZ-PL"),
        ("GB2260-001", "GB2260"),
        ("A-B-C-999", "A-B-C"),
    ];
    for (text, instrument) in table {
        let id: ClauseId = text.parse().unwrap();
        assert_eq!(
            (id.as_str(), id.to_string().as_str(), id.instrument()),
            (text, text, instrument)
        );
        assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    }
}

#[test]
fn malformed_clause_ids_are_refused() {
    let table = [
        "",
        "YN-OP",
        "YN-OP-57",
        "YN-OP-0057",
        "YN-OP-05a",
        "yn-op-057",
        "-057",
        "--057",
        "YN--OP-057",
        "-YN-057",
        "YN-OP-057 ",
        " YN-OP-057",
        "YN_OP_057",
        "YN-OP-０57",
        "云南-057",
        "057",
    ];
    for text in table {
        assert!(text.parse::<ClauseId>().is_err(), "{text:?}");
        assert!(
            serde_json::from_value::<ClauseId>(text.into()).is_err(),
            "{text:?}"
        );
    }
}

#[test]
fn only_a_citation_has_clauses() {
    let clause: ClauseId = "YN-OP-057".parse().unwrap();
    assert_eq!(Basis::Cite(vec![clause.clone()]).clauses(), [clause]);
    for basis in [
        Basis::Inferred("order of steps".to_owned()),
        Basis::AgreementItem("9".to_owned()),
        Basis::PlatformDefault("the law gives no number".to_owned()),
    ] {
        assert!(basis.clauses().is_empty());
    }
}

#[test]
fn digests_are_sm3() {
    // The two examples of GB/T 32905-2016, annex A.
    let abc = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0";
    let abcd = "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732";
    assert_eq!(Digest::of(b"abc").to_string(), abc);
    assert_eq!(Digest::of("abcd".repeat(16).as_bytes()).to_string(), abcd);
    assert_eq!(abc.parse(), Ok(Digest::of(b"abc")));
    assert_eq!(Digest::of(b"abc").short(), "66c7f0f4");
    for text in ["", "66c7", &abc[1..], &format!("{abc}00"), &abc.replace('6', "g")] {
        assert!(text.parse::<Digest>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn clause_ids_never_panic(text in "\\PC{0,16}") {
        if let Ok(id) = text.parse::<ClauseId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }
}
