//! Typed identifiers.

use proptest::prelude::*;
use shuyu_kernel::{BodyId, CaseId, IdSource, Timestamp};

/// A source that always gives the same bits.
struct Fixed(u128);
impl IdSource for Fixed {
    fn random_bits(&self) -> u128 {
        self.0
    }
}

proptest! {
    #[test]
    fn text_round_trip(bits in any::<u128>()) {
        let id = CaseId::from_bits(bits);
        prop_assert_eq!(id.to_string().parse::<CaseId>().unwrap(), id);
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(serde_json::from_str::<CaseId>(&json).unwrap(), id);
    }

    #[test]
    fn text_sorts_like_time(a in any::<u128>(), b in any::<u128>()) {
        let (a, b) = (CaseId::from_bits(a), CaseId::from_bits(b));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn later_ids_are_greater_whatever_the_random_bits(
        millis in 0i64..(1 << 47), later in 1i64..1000, a in any::<u128>(), b in any::<u128>(),
    ) {
        let at = |millis: i64| Timestamp::from_micros(millis * 1000);
        prop_assert!(CaseId::new(at(millis), &Fixed(a)) < CaseId::new(at(millis + later), &Fixed(b)));
    }

    #[test]
    fn junk_never_panics(text in "\\PC{0,40}") {
        let _ = text.parse::<CaseId>();
    }
}

#[test]
fn the_layout_is_uuid_version_7() {
    let id = CaseId::new(Timestamp::from_micros(0x0123_4567_89AB * 1000), &Fixed(u128::MAX));
    assert_eq!(id.bits() >> 80, 0x0123_4567_89AB);
    assert_eq!(id.bits() >> 76 & 0xf, 7);
    assert_eq!(id.bits() >> 62 & 0b11, 0b10);
    assert_eq!(CaseId::new(Timestamp::from_micros(-5), &Fixed(0)).bits() >> 80, 0);
}

#[test]
fn all_seventy_four_random_bits_matter() {
    let now = Timestamp::from_micros(0);
    let base = CaseId::new(now, &Fixed(0));
    for bit in 0..74 {
        assert_ne!(CaseId::new(now, &Fixed(1 << bit)), base, "bit {bit}");
    }
}

#[test]
fn wrong_prefix_length_letters_and_overflow_are_refused() {
    let good = CaseId::from_bits(7).to_string();
    assert_eq!(good, "case_00000000000000000000000007");
    let body = good.replace("case", "body");
    assert_eq!(body.parse::<CaseId>().unwrap_err().expected, "case");
    assert!(body.parse::<BodyId>().is_ok());
    let table = [
        "",
        "case",
        "case_",
        "case00000000000000000000000007",
        "case_0000000000000000000000007",
        "case_000000000000000000000000007",
        "Case_00000000000000000000000007",
        "case_0000000000000000000000000I",
        "case_0000000000000000000000000l",
        "case_0000000000000000000000000u",
        "case_0000000000000000000000000A",
        "case_80000000000000000000000000",
        " case_00000000000000000000000007",
        "case_0000000000000000000000000é",
    ];
    for text in table {
        assert!(text.parse::<CaseId>().is_err(), "{text:?}");
    }
    assert!("case_7zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<CaseId>().is_ok());
}
