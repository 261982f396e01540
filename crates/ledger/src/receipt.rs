//! Receipts (履职凭证): one decision as a file that verifies offline.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, Refusal};

use crate::{
    checkpoint::{Checkpoint, CheckpointError, SignedCheckpoint},
    entry::{Entry, EntryError},
    key::VerifyingKey,
    tree::InclusionProof,
};

/// One entry with all that is needed to check it, as a JSON file. Proves nothing until verified with a key
/// that was got from somewhere else than the receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    format: String,
    /// The entry line as stored, without the newline.
    entry: String,
    index: u64,
    inclusion_path: Vec<Digest>,
    checkpoint: String,
    public_key: String,
}

/// What a receipt proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    /// The entry.
    pub entry: Entry,
    /// Its leaf hash.
    pub leaf: Digest,
    /// The signed statement of the log that covers it.
    pub checkpoint: Checkpoint,
    /// Number of signature lines by others (witnesses), which were not checked.
    pub cosignatures_not_checked: usize,
}

/// Why a receipt does not prove its entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// Not a receipt file of a known format, or one whose parts do not fit together.
    #[error("not a receipt")]
    Malformed,
    /// The receipt carries another public key than the trusted one.
    #[error("the receipt names another key than the trusted one")]
    KeyNotTrusted,
    /// The checkpoint cannot be read or is not signed by the trusted key.
    #[error("checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// The entry is not at this index of the tree the checkpoint names.
    #[error("the entry is not in the log that the checkpoint names")]
    NotIncluded,
    /// The entry is in the log but cannot be read.
    #[error("entry: {0}")]
    Entry(#[from] EntryError),
}

/// Groups of four hexadecimal digits in a verification code: 64 bits, enough to tell entries apart on paper. What
/// proves an entry is its receipt; the code says which receipt belongs to a sheet.
const CODE_GROUPS: usize = 4;

/// The verification code (核验码) printed on a sheet: the beginning of the leaf hash of its entry, for people to
/// compare with what `shuyu verify` says of the receipt.
pub fn verification_code(leaf: &Digest) -> String {
    let digits: Vec<char> = leaf.to_string().chars().take(4 * CODE_GROUPS).collect();
    let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
    groups.join("-")
}

/// The first field of the file.
const FORMAT: &str = "shuyu-receipt/1";

impl Receipt {
    /// A receipt for a stored line. Refuses to make one that would not verify.
    pub fn new(
        line: &str,
        proof: &InclusionProof,
        checkpoint: &SignedCheckpoint,
        key: &VerifyingKey,
    ) -> Result<Self, ReceiptError> {
        let receipt = Self {
            format: FORMAT.to_owned(),
            entry: line.to_owned(),
            index: proof.index,
            inclusion_path: proof.path.clone(),
            checkpoint: checkpoint.to_string(),
            public_key: key.to_pem().map_err(CheckpointError::Key)?,
        };
        receipt.verify(key)?;
        Ok(receipt)
    }

    /// Reads a receipt file. Unknown or missing fields are refused.
    pub fn parse(bytes: &[u8]) -> Result<Self, ReceiptError> {
        let receipt: Self = serde_json::from_slice(bytes).map_err(|_| ReceiptError::Malformed)?;
        if receipt.format == FORMAT {
            Ok(receipt)
        } else {
            Err(ReceiptError::Malformed)
        }
    }

    /// The file: indented JSON with a newline at the end.
    pub fn to_json(&self) -> Result<String, ReceiptError> {
        let json = serde_json::to_string_pretty(self).map_err(|_| ReceiptError::Malformed)?;
        Ok(json + "\n")
    }

    /// Checks, with nothing but the trusted key: key, signature, inclusion, and that the line is an entry
    /// with this index.
    pub fn verify(&self, trusted: &VerifyingKey) -> Result<VerifiedEntry, ReceiptError> {
        let carried = VerifyingKey::from_pem(&self.public_key).map_err(|_| ReceiptError::Malformed)?;
        if carried != *trusted {
            return Err(ReceiptError::KeyNotTrusted);
        }
        let signed = SignedCheckpoint::parse(self.checkpoint.as_bytes())?;
        let checkpoint = signed.verify(trusted)?.clone();
        let suite = checkpoint.origin.suite();
        let proof = InclusionProof {
            index: self.index,
            size: checkpoint.size,
            path: self.inclusion_path.clone(),
        };
        let leaf = suite.leaf_hash(self.entry.as_bytes());
        if !proof.verify(suite, &leaf, &checkpoint.root) {
            return Err(ReceiptError::NotIncluded);
        }
        let entry = Entry::parse(self.entry.as_bytes())?;
        if entry.index != self.index {
            return Err(ReceiptError::NotIncluded);
        }
        Ok(VerifiedEntry {
            entry,
            leaf,
            checkpoint,
            cosignatures_not_checked: signed.signatures().len() - 1,
        })
    }

    /// The key the receipt carries. Not trusted for that: compare its fingerprint with a published one.
    pub fn carried_key(&self) -> Result<VerifyingKey, ReceiptError> {
        VerifyingKey::from_pem(&self.public_key).map_err(|_| ReceiptError::Malformed)
    }
}

impl ReceiptError {
    /// Stable code of the refusal, snake_case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "receipt_malformed",
            Self::KeyNotTrusted => "receipt_key_not_trusted",
            Self::Checkpoint(CheckpointError::NotSigned | CheckpointError::Key(_)) => {
                "receipt_signature_wrong"
            }
            Self::Checkpoint(CheckpointError::Note(_) | CheckpointError::Line { .. }) => "receipt_malformed",
            Self::NotIncluded => "receipt_not_included",
            Self::Entry(_) => "receipt_entry_malformed",
        }
    }
}

impl From<&ReceiptError> for Refusal {
    fn from(error: &ReceiptError) -> Self {
        Refusal::unmet(error.code())
    }
}
