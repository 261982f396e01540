//! The index of 核验: the same pair however written, nothing else, and no raw value in it.

use proptest::prelude::*;
use shuyu_privacy::identity::{
    IdentityKey, Index, IndexBuilder, IndexError, can_exist, pattern, plain_attribute, plain_identifier,
};

fn key(byte: u8) -> IdentityKey {
    IdentityKey::new([byte; 32])
}

fn compiled(rows: &[(&str, &str)]) -> Index {
    let mut builder = IndexBuilder::default();
    for (identifier, name) in rows {
        builder.add(key(1).tag(identifier, [*name]));
    }
    builder.finish()
}

#[test]
fn a_pair_is_found_however_it_is_written_and_nothing_else_is() {
    let index = compiled(&[
        ("11010119870312001X", "阿依古丽·买买提"),
        ("110101198703120036", "张三"),
    ]);
    let asked = |identifier: &str, name: &str| index.holds(key(1).tag(identifier, [name]));
    assert!(asked("11010119870312001X", "阿依古丽·买买提"));
    assert!(asked(" 11010119870312001x ", "阿依古丽 • 买买提"));
    assert!(asked("１１０１０１１９８７０３１２００３６", "张 三"));
    assert!(!asked("110101198703120036", "李四"), "another name");
    assert!(!asked("11010119870312001X", "张三"), "the name of another row");
    assert!(
        !index.holds(key(2).tag("110101198703120036", ["张三"])),
        "another key"
    );
}

#[test]
fn parts_cannot_be_moved_between_columns() {
    let tag = |attributes: &[&str]| key(1).tag("1", attributes.iter().copied());
    assert_ne!(tag(&["ab", "c"]), tag(&["a", "bc"]));
    assert_ne!(tag(&["ab"]), tag(&["ab", ""]));
}

#[test]
fn an_index_survives_its_file_and_other_bytes_are_refused() {
    let index = compiled(&[("1", "a"), ("2", "b"), ("2", "b")]);
    assert_eq!(index.len(), 2, "each pair once");
    let bytes = index.to_bytes();
    assert_eq!(Index::from_bytes(&bytes), Ok(index));
    let mut swapped = bytes.clone();
    let (first, second) = swapped[16..].split_at_mut(16);
    first.swap_with_slice(second);
    for wrong in [&bytes[..bytes.len() - 1], &bytes[1..], &swapped[..], b""] {
        assert_eq!(Index::from_bytes(wrong), Err(IndexError));
    }
}

#[test]
fn an_index_holds_no_value_in_clear() {
    let bytes = compiled(&[("110101198703120036", "张三")]).to_bytes();
    for clear in ["110101198703120036".as_bytes(), "张三".as_bytes(), b"19870312"] {
        assert!(bytes.windows(clear.len()).all(|window| window != clear));
    }
}

#[test]
fn a_pattern_is_region_and_birth_date() {
    assert_eq!(pattern("11010119870312001x"), "11010119870312");
    assert_eq!(pattern("P1234567"), "P1234567");
    assert!(can_exist("person", "11010119870312003６") == can_exist("person", "110101198703120036"));
    assert!(!can_exist("person", "110101198703120030"));
    assert!(can_exist("enterprise", "anything"));
}

proptest! {
    #[test]
    fn what_was_put_in_is_found_and_what_was_not_is_not(
        rows in prop::collection::btree_set(("[0-9]{4}", "[a-d]{1,3}"), 0..40),
        asked in ("[0-9]{4}", "[a-d]{1,3}"),
    ) {
        let mut builder = IndexBuilder::default();
        for (identifier, name) in rows.iter().rev() {
            builder.add(key(1).tag(identifier, [name.as_str()]));
        }
        let index = builder.finish();
        prop_assert_eq!(index.len(), rows.len());
        let tag = key(1).tag(&asked.0, [asked.1.as_str()]);
        prop_assert_eq!(index.holds(tag), rows.contains(&asked));
        prop_assert_eq!(Index::from_bytes(&index.to_bytes()), Ok(index));
    }

    #[test]
    fn a_plain_form_is_its_own_plain_form(text in "\\PC{0,20}") {
        let plain = plain_identifier(&text);
        prop_assert_eq!(plain_identifier(&plain), plain.clone());
        let plain = plain_attribute(&text);
        prop_assert_eq!(plain_attribute(&plain), plain.clone());
    }
}
