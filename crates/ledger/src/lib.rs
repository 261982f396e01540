//! The record that a stranger can check: entries in a Merkle tree, signed checkpoints, proofs, receipts.
//!
//! A log is a gapless list of [`Entry`] lines. Each line is hashed as a leaf of a Merkle tree in the shape of
//! RFC 6962, and each line names the hash of the line before it. From time to time the log's key signs a
//! [`Checkpoint`]: the name of the log ([`Origin`]), its size and the root of its tree. Whoever holds a
//! checkpoint can check a single decision ([`Receipt`]) or a whole exported folder ([`verify`]) without
//! asking us anything.
//!
//! ```
//! use shuyu_kernel::Timestamp;
//! use shuyu_ledger::{Draft, FolderKind, Head, Origin, Receipt, SignedCheckpoint, SigningKey, Suite, TreeCache};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let origin = Origin::new("yunnan-01", "proceedings", FolderKind::Production, Suite::Sm)?;
//! let key = SigningKey::from_bytes(&[7; 32])?; // 32 random bytes drawn by the caller
//!
//! // Writing: the head is all the state an append needs.
//! let mut head = Head::new(origin.clone());
//! let mut tree = TreeCache::new(origin.suite());
//! let draft = Draft {
//!     kind: "application_approved.v1",
//!     stream: "case_1",
//!     version: 1,
//!     recorded_at: Timestamp::from_micros(1_767_571_200_000_000),
//!     payload: br#"{"by":"authority"}"#,
//! };
//! let sealed = head.append(draft)?; // sealed.line is what the database stores, byte for byte
//! tree.push(sealed.leaf_hash);
//! let signed = SignedCheckpoint::sign(head.checkpoint(), &key)?;
//!
//! // Handing out, and checking offline with nothing but the log's public key.
//! let receipt = Receipt::new(&sealed.line, &tree.inclusion(0, 1)?, &signed, &key.verifying_key())?;
//! let verified = Receipt::parse(receipt.to_json()?.as_bytes())?.verify(&key.verifying_key())?;
//! assert_eq!(verified.entry.kind, "application_approved.v1");
//! # Ok(())
//! # }
//! ```
//!
//! What this proves, and what not. It proves that nobody changed, removed or reordered an entry after the
//! checkpoint was signed. It does not prove that what was entered is true. And a holder of the signing key can
//! sign a second history: only somebody who kept an older checkpoint, or a witness in another
//! organisation who cosigns checkpoints, would notice.
//!
//! | question | where |
//! |---|---|
//! | which hash, which signature | [`Suite`] |
//! | the bytes of an entry | [`Entry`] |
//! | appending | [`Head`], [`Frontier`] |
//! | proofs | [`TreeCache`], [`InclusionProof`], [`ConsistencyProof`] |
//! | signing and reading checkpoints | [`SignedCheckpoint`], [`SigningKey`], [`VerifyingKey`] |
//! | a folder for auditors | [`ExportWriter`], [`verify`] |
//! | one decision as a file | [`Receipt`] |
//! | personal identifiers in an entry | [`commitment`] |
//!
//! Pure: payloads are opaque bytes, folders are read through a trait, and there is no clock and no randomness.

pub mod checkpoint;
pub mod commitment;
pub mod entry;
pub mod export;
pub mod head;
pub mod key;
pub mod note;
pub mod origin;
pub mod receipt;
pub mod suite;
pub mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint};
pub use commitment::{commit, open};
pub use entry::{Entry, EntryError};
pub use export::{
    Check, ExportError, ExportFile, ExportWriter, Finding, FolderReader, Tampered, Verified, VerifyError,
    verify,
};
pub use head::{Draft, Head, Sealed};
pub use key::{KeyError, SM2_DISTID, SigningKey, VerifyingKey};
pub use note::{Note, NoteError, NoteSignature};
pub use origin::{FolderKind, Origin, OriginError};
pub use receipt::{Receipt, ReceiptError, VerifiedEntry, verification_code};
pub use suite::Suite;
pub use tree::{ConsistencyProof, Frontier, InclusionProof, TreeCache, TreeError};
