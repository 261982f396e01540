//! The named points at which a training installation may be killed.

/// Loaded and decided, nothing written yet.
pub(crate) const BEFORE_APPEND: &str = "store.before_append";
/// The entries stand in the transaction, no core row was touched.
pub(crate) const BETWEEN_LEDGER_AND_TABLE: &str = "store.between_ledger_and_table";
/// The first core row was written, others not.
pub(crate) const MID_PROJECTION: &str = "store.mid_projection";
/// Entries and core rows stand in the transaction; the documents, such as the answer of a release, do not.
pub(crate) const BEFORE_DOCUMENTS: &str = "store.before_documents";
/// Everything stands in the transaction.
pub(crate) const BEFORE_COMMIT: &str = "store.before_commit";
/// Committed, and the client has no answer.
pub(crate) const AFTER_COMMIT: &str = "store.after_commit";
/// A checkpoint is signed and not committed.
pub(crate) const MID_SEAL: &str = "store.mid_seal";
/// A checkpoint is committed and the guard does not know it.
pub(crate) const AFTER_SEAL_BEFORE_GUARD: &str = "store.after_seal_before_guard";

/// All kill points, in the order in which an act reaches them.
pub const KILL_POINTS: [&str; 8] = [
    BEFORE_APPEND,
    BETWEEN_LEDGER_AND_TABLE,
    MID_PROJECTION,
    BEFORE_DOCUMENTS,
    BEFORE_COMMIT,
    AFTER_COMMIT,
    MID_SEAL,
    AFTER_SEAL_BEFORE_GUARD,
];
