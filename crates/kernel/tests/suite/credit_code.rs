//! Unified social credit codes.

use proptest::prelude::*;
use shuyu_kernel::cn::{CreditCode, CreditCodeError};

const ALPHABET: &str = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A code of an area that does not exist.
fn synthetic() -> CreditCode {
    CreditCode::from_first_seventeen("91990101MA0ABCDE7").unwrap()
}

#[test]
fn published_codes_are_valid() {
    for text in ["91350100M000100Y43", "91110000600037341L", "91110000600037341l"] {
        assert!(CreditCode::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn parts_are_read() {
    let code = CreditCode::parse("91350100M000100Y43").unwrap();
    assert_eq!((code.authority(), code.category()), ('9', '1'));
    assert_eq!((code.division(), code.body()), ("350100", "M000100Y4"));
    assert_eq!(code.to_string(), code.as_str());
}

#[test]
fn every_single_wrong_character_is_caught() {
    let right = synthetic();
    for place in 0..18 {
        for other in ALPHABET.chars() {
            let mut wrong: Vec<char> = right.as_str().chars().collect();
            if wrong[place] == other {
                continue;
            }
            wrong[place] = other;
            assert!(
                CreditCode::parse(&wrong.into_iter().collect::<String>()).is_err(),
                "place {}",
                place + 1
            );
        }
    }
}

#[test]
fn every_swap_of_neighbours_is_caught() {
    let right = synthetic();
    for place in 0..17 {
        let mut wrong: Vec<char> = right.as_str().chars().collect();
        if wrong[place] != wrong[place + 1] {
            wrong.swap(place, place + 1);
            assert!(
                CreditCode::parse(&wrong.into_iter().collect::<String>()).is_err(),
                "place {}",
                place + 1
            );
        }
    }
}

#[test]
fn malformed_input_gets_a_precise_reason() {
    use CreditCodeError as E;
    let table = [
        ("", E::Length { found: 0 }),
        ("91350100M000100Y4", E::Length { found: 17 }),
        ("91350100M000100Y43 ", E::Length { found: 19 }),
        ("9135O100M000100Y43", E::Character { place: 5 }),
        ("91350100I000100Y43", E::Character { place: 9 }),
        ("91350100S000100Y43", E::Character { place: 9 }),
        ("91350100V000100Y43", E::Character { place: 9 }),
        ("91350100Z000100Y43", E::Character { place: 9 }),
        ("91350100中000100Y43", E::Character { place: 9 }),
        ("9135010AM000100Y43", E::Division),
        ("91350100M000100Y44", E::CheckCharacter),
    ];
    for (text, error) in table {
        assert_eq!(CreditCode::parse(text).unwrap_err(), error, "{text}");
    }
}

#[test]
fn serialises_as_text_and_checks_when_read() {
    let json = serde_json::to_string(&synthetic()).unwrap();
    assert_eq!(serde_json::from_str::<CreditCode>(&json).unwrap(), synthetic());
    assert!(serde_json::from_str::<CreditCode>("\"91350100M000100Y44\"").is_err());
}

proptest! {
    #[test]
    fn built_codes_parse_and_junk_does_not_panic(
        head in "[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}", junk in "\\PC{0,24}",
    ) {
        let code = CreditCode::from_first_seventeen(&head).unwrap();
        prop_assert_eq!(CreditCode::parse(code.as_str()), Ok(code));
        let _ = (CreditCode::parse(&junk), CreditCode::from_first_seventeen(&junk));
    }
}
