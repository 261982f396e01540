//! Receipts verify offline, and damaged ones do not.

use proptest::prelude::*;
use shuyu_ledger::{Entry, InclusionProof, Receipt, ReceiptError, SigningKey};

use crate::sample::{self, SampleLog};

fn receipt(log: &SampleLog, index: u64) -> Receipt {
    let proof = log.tree.inclusion(index, log.head.size()).unwrap();
    let line = &log.entries[index as usize].line;
    Receipt::new(line, &proof, &log.checkpoint(), &log.key.verifying_key()).unwrap()
}

#[test]
fn every_entry_has_a_receipt() {
    let log = sample::log(13);
    for index in 0..13 {
        let json = receipt(&log, index).to_json().unwrap();
        let read = Receipt::parse(json.as_bytes()).unwrap();
        let verified = read.verify(&log.key.verifying_key()).unwrap();
        assert_eq!(
            verified.entry,
            Entry::parse(log.entries[index as usize].line.as_bytes()).unwrap()
        );
        assert_eq!(verified.checkpoint, log.head.checkpoint());
        assert_eq!(verified.cosignatures_not_checked, 0);
        assert_eq!(read.carried_key().unwrap(), log.key.verifying_key());
    }
}

#[test]
fn a_receipt_signed_by_another_key_is_refused() {
    let log = sample::log(4);
    let other = SigningKey::from_bytes(&[0x22; 32]).unwrap().verifying_key();
    assert_eq!(receipt(&log, 2).verify(&other), Err(ReceiptError::KeyNotTrusted));
    // Exchanging the carried key as well does not help.
    let (own, foreign) = (log.key.verifying_key().to_pem().unwrap(), other.to_pem().unwrap());
    let swap = |text: &str| text.replace('\n', "\\n");
    let json = receipt(&log, 2)
        .to_json()
        .unwrap()
        .replace(&swap(&own), &swap(&foreign));
    let error = Receipt::parse(json.as_bytes())
        .unwrap()
        .verify(&other)
        .unwrap_err();
    assert_eq!(error.code(), "receipt_signature_wrong");
}

#[test]
fn a_receipt_that_would_not_verify_is_not_made() {
    let log = sample::log(4);
    let key = log.key.verifying_key();
    let proof = log.tree.inclusion(1, 4).unwrap();
    let made = |line: &str, proof: &InclusionProof| Receipt::new(line, proof, &log.checkpoint(), &key);
    assert_eq!(made(&log.entries[2].line, &proof), Err(ReceiptError::NotIncluded));
    let older = log.tree.inclusion(1, 3).unwrap();
    assert_eq!(made(&log.entries[1].line, &older), Err(ReceiptError::NotIncluded));
}

#[test]
fn unknown_formats_and_fields_are_refused() {
    let json = receipt(&sample::log(1), 0).to_json().unwrap();
    for (from, to) in [
        ("receipt/1", "receipt/2"),
        ("\"index\": 0", "\"index\": 0, \"x\": 1"),
        ("\"index\": 0,", ""),
    ] {
        let bad = json.replacen(from, to, 1);
        assert_ne!(bad, json);
        assert_eq!(
            Receipt::parse(bad.as_bytes()),
            Err(ReceiptError::Malformed),
            "{to}"
        );
    }
}

/// Each byte of a receipt, changed: either it fails, or it still says the same (white space, JSON escapes).
#[test]
fn no_changed_byte_changes_what_is_proven() {
    let log = sample::log(9);
    let key = log.key.verifying_key();
    let good = receipt(&log, 5);
    let proven = good.verify(&key).unwrap();
    let json = good.to_json().unwrap().into_bytes();
    for place in 0..json.len() {
        let mut bad = json.clone();
        bad[place] ^= 1 << (place % 8);
        if let Ok(verified) = Receipt::parse(&bad).and_then(|receipt| receipt.verify(&key)) {
            assert_eq!(verified, proven, "byte {place}");
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Receipt::parse(&bytes).is_err());
    }
}
