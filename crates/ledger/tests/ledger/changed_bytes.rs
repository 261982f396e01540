//! No byte of an export can change unnoticed, and the entry that holds it is named.

use proptest::prelude::*;
use shuyu_ledger::VerifyingKey;

use crate::tampering::{ENTRIES, export, key, tampered};

/// Which entry holds each byte of the entry file; the newline belongs to its line.
fn entry_of_byte(bytes: &[u8], place: usize) -> u64 {
    bytes[..place].iter().filter(|b| **b == b'\n').count() as u64
}

fn assert_noticed(name: &str, place: usize, byte: u8, trusted: &[Option<&VerifyingKey>]) {
    let mut folder = export().clone();
    let bytes = folder.get_mut(name).unwrap();
    bytes[place] = byte;
    for trusted in trusted {
        let found = tampered(&folder, *trusted);
        if name == ENTRIES {
            let index = entry_of_byte(&export()[name], place);
            assert_eq!(
                (found.index, found.file.as_str()),
                (Some(index), name),
                "byte {place} = {byte}"
            );
            assert_eq!(
                (found.line, found.located),
                (Some(index + 1), true),
                "byte {place} = {byte}"
            );
        }
        if name == "leaves" {
            let index = entry_of_byte(&export()[name], place);
            assert_eq!(
                (found.index, found.file.as_str()),
                (Some(index), name),
                "byte {place} = {byte}"
            );
            assert!(found.located);
        }
    }
}

/// Every byte of every file, one bit of each.
#[test]
fn every_flipped_byte_is_noticed_and_named() {
    let key = key();
    for (name, bytes) in export() {
        for (place, byte) in bytes.iter().enumerate() {
            assert_noticed(name, place, byte ^ (1 << (place % 8)), &[Some(&key)]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Any file, any byte, any other value.
    #[test]
    fn any_changed_byte_is_noticed_and_named(file: prop::sample::Index, place: prop::sample::Index, add in 1u8..) {
        let (name, bytes) = export().iter().nth(file.index(export().len())).unwrap();
        let place = place.index(bytes.len());
        assert_noticed(name, place, bytes[place].wrapping_add(add), &[None, Some(&key())]);
    }

    /// Every file cut at any byte.
    #[test]
    fn any_truncation_is_noticed(file: prop::sample::Index, place: prop::sample::Index) {
        let (name, bytes) = export().iter().nth(file.index(export().len())).unwrap();
        let mut folder = export().clone();
        let place = place.index(bytes.len());
        folder.insert(name.clone(), bytes[..place].to_vec());
        let found = tampered(&folder, Some(&key()));
        if name == ENTRIES {
            prop_assert_eq!((found.index, found.located), (Some(entry_of_byte(bytes, place)), true));
        }
    }
}
