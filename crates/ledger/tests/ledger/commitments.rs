//! Commitments bind to field, value and nonce.

use shuyu_ledger::{commit, open};

#[test]
fn a_commitment_opens_to_its_value_only() {
    let nonce = [5; 32];
    let digest = commit(&nonce, "person_id", b"530102199001011234");
    assert!(open(&digest, &nonce, "person_id", b"530102199001011234"));
    assert!(!open(&digest, &nonce, "person_id", b"530102199001011235"));
    assert!(!open(&digest, &nonce, "mobile", b"530102199001011234"));
    assert!(!open(&digest, &[6; 32], "person_id", b"530102199001011234"));
}

#[test]
fn field_and_value_do_not_run_together() {
    let nonce = [0; 32];
    assert_ne!(commit(&nonce, "ab", b"c"), commit(&nonce, "a", b"bc"));
    assert_ne!(commit(&nonce, "", b"\0"), commit(&nonce, "\0", b""));
}

/// Commitments stand in entries for ever: this number may never change.
#[test]
fn the_construction_is_fixed() {
    let message = [
        b"shuyu/commitment/v1\n".as_slice(),
        &[9; 32],
        &[0, 0, 0, 0, 0, 0, 0, 1],
        b"f",
        &[0, 0, 0, 0, 0, 0, 0, 2],
        b"vw",
    ];
    assert_eq!(
        commit(&[9; 32], "f", b"vw"),
        shuyu_kernel::Digest::of(&message.concat())
    );
}
