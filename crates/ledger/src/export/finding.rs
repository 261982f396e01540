//! What a verification answers.

use shuyu_kernel::{Digest, Fault, Refusal};

use crate::origin::Origin;

/// The folder is what the log's key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Which log.
    pub origin: Origin,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Digest,
    /// What was checked, and what was not, in the order it was done.
    pub checks: Vec<Check>,
}

/// One step of a verification that passed, or that could not be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The key in the folder is the trusted one.
    KeyTrusted,
    /// NOT checked: no trusted key was given, so that the folder was checked against its own key. Whoever
    /// could replace the whole folder could replace the key.
    KeyNotCompared,
    /// The log's key signed the checkpoint.
    SignatureValid,
    /// NOT checked: this many signature lines by others (witnesses).
    CosignaturesNotChecked(usize),
    /// The leaf hashes give the signed root.
    LeavesGiveRoot,
    /// Each entry line has its leaf hash; none is missing, too many or out of place.
    EntriesMatchLeaves,
    /// Each entry carries its index and the hash of the one before.
    ChainUnbroken,
    /// The explanation for auditors is the text of this format.
    ReadmeUnchanged,
}

/// The folder is not what the log's key signed, or the key did not sign it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} in {file}, line {line:?}, entry {index:?} (located: {located})", what.code())]
pub struct Tampered {
    /// Index in the log of the first entry that is not as signed; `None` when the finding is not about an
    /// entry, or when nothing tells which.
    pub index: Option<u64>,
    /// Where the finding shows, a name within the folder.
    pub file: String,
    /// Line of that file, from 1.
    pub line: Option<u64>,
    /// What was found.
    pub what: Finding,
    /// Whether the signed root proves that `index` is the first changed place. When false and there is an
    /// index, it is the first sign of a change, and the change may lie before it.
    pub located: bool,
}

/// The kinds of finding. [`Finding::code`] is stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// A file is not there.
    FileMissing,
    /// `origin` is not two lines: an origin and a known format.
    OriginMalformed,
    /// `origin` names another log than the checkpoint.
    OriginDiffers,
    /// `key.pem` is not a public key in the form it is written in.
    KeyMalformed,
    /// `key.pem` is not the trusted key.
    KeyNotTrusted,
    /// `checkpoint` cannot be read.
    CheckpointMalformed,
    /// No line of the checkpoint is a signature by this key: key or checkpoint were replaced.
    SignatureMissing,
    /// The signature does not fit the text of the checkpoint.
    SignatureWrong,
    /// An entry line is not the signed one.
    EntryChanged,
    /// An entry line is missing here.
    EntryMissing,
    /// There is an entry line too many here.
    EntryExtra,
    /// Here stands an entry line of another place.
    EntryMoved,
    /// The entries are as signed, but this line of `leaves` is not.
    LeafChanged,
    /// The entries are as signed, but `leaves` ends here.
    LeafMissing,
    /// `leaves` goes on after the signed size.
    LeafExtra,
    /// Neither entries nor leaves give the signed root; they first disagree with each other here.
    EntriesAndLeavesDiffer,
    /// This entry does not name its predecessor, or has another index than its place: it or the one before was
    /// changed.
    ChainBroken,
    /// This line cannot be read as an entry.
    EntryMalformed,
    /// Entries and leaves agree with each other and give another root than the signed one. Nothing tells where
    /// they were changed.
    RootDiffers,
    /// `README.txt` is not the text of this format.
    ReadmeChanged,
}

/// The two ways a verification can end without a result.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The folder does not verify.
    #[error(transparent)]
    Tampered(#[from] Tampered),
    /// The folder could not be read; nothing is said about it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl Finding {
    /// Stable code of the refusal, snake_case.
    pub fn code(self) -> &'static str {
        match self {
            Self::FileMissing => "seal_file_missing",
            Self::OriginMalformed => "seal_origin_malformed",
            Self::OriginDiffers => "seal_origin_differs",
            Self::KeyMalformed => "seal_key_malformed",
            Self::KeyNotTrusted => "seal_key_not_trusted",
            Self::CheckpointMalformed => "seal_checkpoint_malformed",
            Self::SignatureMissing => "seal_signature_missing",
            Self::SignatureWrong => "seal_signature_wrong",
            Self::EntryChanged => "seal_entry_changed",
            Self::EntryMissing => "seal_entry_missing",
            Self::EntryExtra => "seal_entry_extra",
            Self::EntryMoved => "seal_entry_moved",
            Self::LeafChanged => "seal_leaf_changed",
            Self::LeafMissing => "seal_leaf_missing",
            Self::LeafExtra => "seal_leaf_extra",
            Self::EntriesAndLeavesDiffer => "seal_entries_and_leaves_differ",
            Self::ChainBroken => "seal_chain_broken",
            Self::EntryMalformed => "seal_entry_malformed",
            Self::RootDiffers => "seal_root_differs",
            Self::ReadmeChanged => "seal_readme_changed",
        }
    }
}

impl Check {
    /// Stable code, snake_case; the words for people stand in `locales/`.
    pub fn code(self) -> &'static str {
        match self {
            Self::KeyTrusted => "check_key_trusted",
            Self::KeyNotCompared => "check_key_not_compared",
            Self::SignatureValid => "check_signature_valid",
            Self::CosignaturesNotChecked(_) => "check_cosignatures_not_checked",
            Self::LeavesGiveRoot => "check_leaves_give_root",
            Self::EntriesMatchLeaves => "check_entries_match_leaves",
            Self::ChainUnbroken => "check_chain_unbroken",
            Self::ReadmeUnchanged => "check_readme_unchanged",
        }
    }

    /// Whether the step was done. The others say what the answer does not cover.
    pub fn passed(self) -> bool {
        !matches!(self, Self::KeyNotCompared | Self::CosignaturesNotChecked(_))
    }
}

impl Tampered {
    /// A finding about a file as a whole.
    pub(super) fn file(name: &str, what: Finding) -> Self {
        Self {
            index: None,
            file: name.to_owned(),
            line: None,
            what,
            located: false,
        }
    }
}

impl From<&Tampered> for Refusal {
    /// Facts: `file`, `located` (`yes` or `no`), and where known `index` and `line`.
    fn from(tampered: &Tampered) -> Self {
        let mut refusal = Refusal::unmet(tampered.what.code())
            .fact("file", &tampered.file)
            .fact("located", if tampered.located { "yes" } else { "no" });
        if let Some(index) = tampered.index {
            refusal = refusal.fact("index", index);
        }
        if let Some(line) = tampered.line {
            refusal = refusal.fact("line", line);
        }
        refusal
    }
}
