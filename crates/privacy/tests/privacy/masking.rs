//! Masking recipes.

use shuyu_privacy::{
    GateKey,
    masking::{band, prefix, pseudonym, top_code},
};

#[test]
fn pseudonyms_depend_on_key_domain_and_value() {
    let (a, b) = (GateKey::new([1; 32]), GateKey::new([2; 32]));
    let one = pseudonym(&a, "person", "110101199003070011");
    assert_eq!(one, pseudonym(&a, "person", "110101199003070011"));
    assert_ne!(one, pseudonym(&b, "person", "110101199003070011"));
    assert_ne!(one, pseudonym(&a, "household", "110101199003070011"));
    assert_ne!(one, pseudonym(&a, "person", "110101199003070012"));
    // The parts are separated: moving a letter from domain to value changes the result.
    assert_ne!(pseudonym(&a, "ab", "c"), pseudonym(&a, "a", "bc"));
    assert_eq!(format!("{a:?}"), "GateKey(…)");
}

#[test]
fn bands_start_at_zero_and_go_below_it() {
    for (value, width, edge) in [
        (0, 10, Some(0)),
        (9, 10, Some(0)),
        (10, 10, Some(10)),
        (-1, 10, Some(-10)),
    ] {
        assert_eq!(band(value, width), edge);
    }
    assert_eq!(band(5, 0), None);
    assert_eq!(band(5, -3), None);
    assert_eq!(band(i64::MIN, 3), None);
}

#[test]
fn prefixes_count_characters() {
    assert_eq!(prefix("云南省昆明市", 3), "云南省");
    assert_eq!(prefix("ab", 5), "ab");
    assert_eq!(prefix("", 2), "");
    assert_eq!(top_code(120, 90), 90);
    assert_eq!(top_code(12, 90), 12);
}
