//! Hiding commitments: how an entry speaks of a personal identifier without holding it.
//!
//! An entry can never be erased, so it must not hold personal data. A plain hash of an identifier does not
//! help: identity numbers, telephone numbers and credit codes are enumerable, and whoever has the log could
//! hash all of them in an afternoon. A commitment also hashes 32 random bytes, the nonce. Without the nonce
//! the digest says nothing; with it, nobody can claim another value. Value and nonce live encrypted in the
//! person vault. Destroying them there is a lawful erasure: the entry stays, verifies, and names nobody.
//!
//! Draw a fresh nonce for each commitment. Two commitments with one nonce show whether the values are equal.

use shuyu_kernel::Digest;

use crate::suite::Suite;

/// Keeps these digests apart from every other use of SM3 in the product.
const DOMAIN: &[u8] = b"shuyu/commitment/v1\n";

/// The commitment to the value of a field: SM3 over a domain tag, the nonce, and field and value, each with
/// its length in bytes as eight big-endian bytes before it (so that no two inputs run together alike).
///
/// Always SM3, whatever the suite of the log: the digest is part of the payload, not of the tree.
pub fn commit(nonce: &[u8; 32], field: &str, value: &[u8]) -> Digest {
    let field_length = (field.len() as u64).to_be_bytes();
    let value_length = (value.len() as u64).to_be_bytes();
    Suite::Sm.hash(&[
        DOMAIN,
        nonce,
        &field_length,
        field.as_bytes(),
        &value_length,
        value,
    ])
}

/// Whether the commitment is to this value of this field.
pub fn open(commitment: &Digest, nonce: &[u8; 32], field: &str, value: &[u8]) -> bool {
    commit(nonce, field, value) == *commitment
}
