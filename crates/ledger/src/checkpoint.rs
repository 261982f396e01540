//! Checkpoints: a log's signed statement of its size and root.
//!
//! The signed text is three lines (C2SP tlog-checkpoint): origin, size in decimal, root in base64. The log's
//! own signature is SM2 in DER, so that OpenSSL verifies it:
//!
//! ```text
//! openssl dgst -sm3 -verify key.pem -sigopt distid:1234567812345678 -signature sig.der note.txt
//! ```
//!
//! where `note.txt` is [`SignedCheckpoint::signed_text`] and `sig.der` is [`SignedCheckpoint::signature_der`].

use base64::{Engine as _, engine::general_purpose::STANDARD};
use shuyu_kernel::Digest;

use crate::{
    key::{KeyError, SigningKey, VerifyingKey},
    note::{Note, NoteError, NoteSignature},
    origin::Origin,
    suite::Suite,
};

/// What a log states about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Digest,
}

/// A checkpoint with signatures. Reading one proves nothing: call [`SignedCheckpoint::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

/// Why bytes are not a checkpoint, or not one signed by the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Not a signed note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not origin, size, root and nothing else.
    #[error("line {line} is not what a checkpoint has there (origin, size, root)")]
    Line {
        /// Which line of the text, from 1.
        line: usize,
    },
    /// No signature line names the log and this key.
    #[error("not signed by this key")]
    NotSigned,
    /// There is a signature line for the key, and it does not verify.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Checkpoint {
    /// The text that is signed: three lines, each with its newline.
    pub fn text(&self) -> String {
        format!(
            "{}\n{}\n{}\n",
            self.origin,
            self.size,
            STANDARD.encode(self.root.0)
        )
    }

    /// Reads the three lines and accepts nothing else. Extension lines, which C2SP allows, are refused: our
    /// logs write none, and what a verifier does not understand it should not vouch for.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.split('\n').collect();
        let wrong = |line| CheckpointError::Line { line };
        let [origin, size, root, ""] = *lines.as_slice() else {
            return Err(wrong(lines.len().min(4)));
        };
        let origin: Origin = origin.parse().map_err(|_| wrong(1))?;
        let size: u64 = size
            .parse()
            .ok()
            .filter(|n: &u64| n.to_string() == size)
            .ok_or(wrong(2))?;
        let root = STANDARD
            .decode(root)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .ok_or(wrong(3))?;
        Ok(Self {
            origin,
            size,
            root: Digest(root),
        })
    }
}

impl SignedCheckpoint {
    /// Signs a checkpoint with the log's key. Refused for a log whose suite has another kind of key.
    pub fn sign(checkpoint: Checkpoint, key: &SigningKey) -> Result<Self, CheckpointError> {
        match checkpoint.origin.suite() {
            Suite::Sm => {}
            other @ Suite::C2sp => return Err(KeyError::Suite(other).into()),
        }
        let mut note = Note::new(checkpoint.text())?;
        let name = checkpoint.origin.to_string();
        let key_id = key.verifying_key().key_id(&name);
        let signature = key.sign(note.text().as_bytes())?;
        note.push(NoteSignature {
            name,
            key_id,
            signature,
        })?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a signed checkpoint. Signatures are read, not verified.
    pub fn parse(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let note = Note::parse(bytes)?;
        Ok(Self {
            checkpoint: Checkpoint::parse(note.text())?,
            note,
        })
    }

    /// The checkpoint, if the log's key signed it. Lines of other keys are neither needed nor in the way.
    pub fn verify(&self, key: &VerifyingKey) -> Result<&Checkpoint, CheckpointError> {
        match self.checkpoint.origin.suite() {
            Suite::Sm => {}
            other @ Suite::C2sp => return Err(KeyError::Suite(other).into()),
        }
        let signature = self.signature_der(key).ok_or(CheckpointError::NotSigned)?;
        key.verify(self.signed_text().as_bytes(), signature)?;
        Ok(&self.checkpoint)
    }

    /// What is stated, whether or not anybody signed it. For display; trust [`SignedCheckpoint::verify`].
    pub fn unverified(&self) -> &Checkpoint {
        &self.checkpoint
    }
    /// The text under the signatures.
    pub fn signed_text(&self) -> &str {
        self.note.text()
    }
    /// The DER signature of the log by this key, if there is one.
    pub fn signature_der(&self, key: &VerifyingKey) -> Option<&[u8]> {
        let name = self.checkpoint.origin.to_string();
        self.note
            .by(&name, key.key_id(&name))
            .map(|line| line.signature.as_slice())
    }
    /// All signature lines, the log's and its witnesses'.
    pub fn signatures(&self) -> &[NoteSignature] {
        self.note.signatures()
    }
    /// Adds a cosignature that a witness returned. It is kept, not verified.
    pub fn add_cosignature(&mut self, signature: NoteSignature) -> Result<(), CheckpointError> {
        Ok(self.note.push(signature)?)
    }
}

impl std::fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.note.fmt(f)
    }
}
