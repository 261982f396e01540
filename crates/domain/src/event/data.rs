//! What happens to versions of datasets after they came: corrected, rid of a subject, purged when their term is over.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CaseId, CivilDate, ClauseId, DatasetId, Digest, calendar::Limit};

use super::DatasetEvent;

/// Why a version corrects the one before (更正).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CorrectionReason {
    /// A subject asked for it.
    SubjectAsked,
    /// An authority asked for it.
    AuthorityAsked,
    /// Whoever uses the data found it wrong.
    UserFound,
    /// The provider found it wrong itself.
    ProviderFound,
}

impl CorrectionReason {
    /// All, in the order they are offered.
    pub const ALL: [Self; 4] = [
        Self::SubjectAsked,
        Self::AuthorityAsked,
        Self::UserFound,
        Self::ProviderFound,
    ];

    /// The word in the ledger, in messages and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::SubjectAsked => "subject_asked",
            Self::AuthorityAsked => "authority_asked",
            Self::UserFound => "user_found",
            Self::ProviderFound => "provider_found",
        }
    }
}

/// That a version corrects an earlier one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correction {
    /// Why.
    pub reason: CorrectionReason,
    /// The version that was wrong.
    pub corrects: u64,
    /// The case that ordered it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseId>,
}

/// How the rows of a version meet those of the version before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalMode {
    /// They take their place.
    #[default]
    Replace,
    /// They come beside them.
    Append,
    /// They take the place of rows with the same key; the others stay.
    Upsert,
}

impl ArrivalMode {
    /// All, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::Replace, Self::Append, Self::Upsert];

    /// The word in the ledger, in messages and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Replace => "replace",
            Self::Append => "append",
            Self::Upsert => "upsert",
        }
    }
    /// For serde: the usual way is not written down.
    pub fn is_usual(&self) -> bool {
        *self == Self::Replace
    }
}

/// What happened to a column between two versions. Types are words: `text`, `integer`, `decimal_2`, `float`, `date`,
/// `bool`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnChange {
    /// `added`, `widened`, `dropped`, `renamed` or `retyped`.
    pub change: String,
    /// Name of the column before, or of the new one.
    pub column: String,
    /// Type or name before; empty for a column that was added.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Type or name now; empty for a column that was dropped.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub to: String,
}

/// How a version came, where it did not simply replace the one before with the same columns.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Arrival {
    /// How its rows meet the older ones.
    #[serde(default, skip_serializing_if = "ArrivalMode::is_usual")]
    pub mode: ArrivalMode,
    /// Columns that together differ in every row; empty when nothing is promised.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<String>,
    /// What its columns have that those before had not, and the other way round.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ColumnChange>,
}

/// A stored file that was rewritten without the rows of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedFile {
    /// Digest before.
    pub before: Digest,
    /// Digest after.
    pub after: Digest,
    /// Rows that are gone.
    pub rows: u64,
}

/// A version that held an erased subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedVersion {
    /// Number.
    pub version: u64,
    /// Rows that are gone.
    pub rows: u64,
}

/// What the examination of a version found, as far as it decides whether permits and jobs may read it: no kinds, no
/// shares, no values.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Examined {
    /// Level proposed within 一般数据, from 1 to 4 (就高从严).
    pub level: u8,
    /// So many persons are in it that it may be 重要数据: a question to whoever grades it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub maybe_important: bool,
    /// Columns of a table without subjects that hold numbers of persons.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub naming: Vec<String>,
}

/// A term of keeping (保存期限) that is over, with how it was counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedTerm {
    /// Number of the version.
    pub version: u64,
    /// The day another version took its place; not counted.
    pub replaced_on: CivilDate,
    /// The term.
    pub limit: Limit,
    /// Its last day.
    pub until: CivilDate,
    /// Clauses; empty for a platform default.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<ClauseId>,
}

/// A raw file whose term of keeping is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRaw {
    /// The file.
    pub raw: Digest,
    /// The term of the last version that was made from it.
    pub term: EndedTerm,
}

/// One of the two tracks on which the quality of stored data is checked (LZ-PL-019).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckTrack {
    /// 自查: by the provider, over all rows.
    SelfCheck,
    /// 抽检: by somebody else, over a sample.
    SpotCheck,
}

impl CheckTrack {
    /// The word in the ledger, in messages and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::SelfCheck => "self_check",
            Self::SpotCheck => "spot_check",
        }
    }
}

/// A sample that is fixed before it is drawn: who has the seed draws the same rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckSample {
    /// The seed.
    pub seed: Digest,
    /// How many rows.
    pub size: u64,
}

/// What one rule of a check found: counts, never a value and no row number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFound {
    /// The column; empty for a rule about the whole version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub column: String,
    /// The word of the rule.
    pub rule: String,
    /// The word of its dimension: `accuracy`, `completeness`, `consistency` or `timeliness`.
    pub dimension: String,
    /// Values that were looked at.
    pub checked: u64,
    /// Those that break the rule.
    pub bad: u64,
    /// Up to this share the rule holds, in hundredths of a percent.
    pub at_most: u32,
}

/// What a check found in all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Checked {
    /// Rows that were looked at.
    pub rows: u64,
    /// Rows that break a rule.
    pub bad_rows: u64,
    /// By rule, in the order of the rules.
    pub found: Vec<CheckFound>,
    /// Dimension → score in hundredths of a percent.
    pub scores: BTreeMap<String, u32>,
    /// With a confidence of 95 % at most this share of all rows is bad, in hundredths of a percent; of a sample.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bad_at_most: Option<u32>,
}

impl DatasetEvent {
    /// The dataset it is about.
    pub fn dataset(&self) -> DatasetId {
        match self {
            Self::VersionRecorded { dataset, .. }
            | Self::ErasureOrdered { dataset, .. }
            | Self::SubjectErased { dataset, .. }
            | Self::VersionExamined { dataset, .. }
            | Self::CheckOrdered { dataset, .. }
            | Self::VersionChecked { dataset, .. }
            | Self::RetentionEnded { dataset, .. }
            | Self::VersionsPurged { dataset, .. } => *dataset,
        }
    }

    /// The catalogue entry it belongs to.
    pub fn resource(&self) -> CaseId {
        match self {
            Self::VersionRecorded { resource, .. }
            | Self::ErasureOrdered { resource, .. }
            | Self::SubjectErased { resource, .. }
            | Self::VersionExamined { resource, .. }
            | Self::CheckOrdered { resource, .. }
            | Self::VersionChecked { resource, .. }
            | Self::RetentionEnded { resource, .. }
            | Self::VersionsPurged { resource, .. } => *resource,
        }
    }

    /// Stable name of the kind, with the version of its form.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::VersionRecorded { .. } => "dataset.version_recorded.v1",
            Self::ErasureOrdered { .. } => "dataset.erasure_ordered.v1",
            Self::SubjectErased { .. } => "dataset.subject_erased.v1",
            Self::VersionExamined { .. } => "dataset.version_examined.v1",
            Self::CheckOrdered { .. } => "dataset.check_ordered.v1",
            Self::VersionChecked { .. } => "dataset.version_checked.v1",
            Self::RetentionEnded { .. } => "dataset.retention_ended.v1",
            Self::VersionsPurged { .. } => "dataset.versions_purged.v1",
        }
    }
}
