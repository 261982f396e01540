//! What happens to versions of datasets after they came: corrected, rid of a subject, purged when their term is over.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CaseId, CivilDate, ClauseId, DatasetId, Digest, calendar::Limit};

use super::{
    check::{CheckSample, CheckTrack, Checked},
    record::{ErasureReason, RegistryMeta},
};

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

/// Events of datasets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DatasetEvent {
    /// A version stands in the lake.
    VersionRecorded {
        /// Dataset.
        dataset: DatasetId,
        /// Table name.
        table: String,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Version number.
        version: u64,
        /// Rows.
        rows: u64,
        /// Digest of each stored file.
        files: Vec<Digest>,
        /// Digests of the raw files as they came.
        raw: Vec<Digest>,
        /// Digest of the quality report.
        report: Digest,
        /// Identifier domain of its subjects, if personal.
        domain: Option<String>,
        /// Proven largest number of rows of one subject.
        rows_per_unit: u64,
        /// Columns in order.
        columns: Vec<String>,
        /// Columns that name the subject.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        unit_columns: Vec<String>,
        /// What it corrects, if it is a correction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        correction: Option<Correction>,
        /// How it came, unless it simply replaced the version before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        arrival: Option<Arrival>,
        /// Who.
        by: Actor,
    },
    /// A subject is to be erased from every version; from now on no read gives its rows.
    ErasureOrdered {
        /// Dataset that names the subject.
        dataset: DatasetId,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Name of the order.
        erasure: String,
        /// Identifier domain of the subject.
        domain: String,
        /// Keyed commitment to the subject; the identifier stands nowhere.
        subject: Digest,
        /// The dataset and those derived from it.
        datasets: Vec<DatasetId>,
        /// Why.
        reason: ErasureReason,
        /// Who.
        by: RegistryMeta,
    },
    /// No file of any version holds the subject of an order any more; all were searched.
    SubjectErased {
        /// Dataset.
        dataset: DatasetId,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Name of the order.
        erasure: String,
        /// Keyed commitment to the subject, as in the order.
        subject: Digest,
        /// Versions that held it.
        versions: Vec<ErasedVersion>,
        /// Files that were rewritten.
        files: Vec<ErasedFile>,
        /// Raw files that were destroyed because they held it or could no longer be searched.
        raw: Vec<Digest>,
        /// Files that were searched in the end.
        files_searched: u64,
        /// Rows that were searched in the end.
        rows_searched: u64,
    },
    /// A version was examined for sensitive fields: once, when it came or when somebody asked.
    VersionExamined {
        /// Dataset.
        dataset: DatasetId,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Version number.
        version: u64,
        /// What was found.
        examined: Examined,
    },
    /// A check of quality is to be made. Rules, sample and seed are fixed by this, before any row is looked at; an order
    /// without a result was stopped or failed.
    CheckOrdered {
        /// Dataset.
        dataset: DatasetId,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Version number.
        version: u64,
        /// Name of the order.
        check: String,
        /// Self-check or spot check.
        track: CheckTrack,
        /// Digest of the rules, which stand in a document of this name.
        rules: Digest,
        /// Rows of the version.
        rows: u64,
        /// The sample, for a spot check.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sample: Option<CheckSample>,
        /// Who.
        by: Actor,
    },
    /// What a check found.
    VersionChecked {
        /// Dataset.
        dataset: DatasetId,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Version number.
        version: u64,
        /// Name of the order.
        check: String,
        /// What was found.
        checked: Checked,
    },
    /// The term of these versions is over and nothing pins them. They are destroyed unless something pins them by then.
    RetentionEnded {
        /// Dataset.
        dataset: DatasetId,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Name of the order.
        purge: String,
        /// Day.
        on: CivilDate,
        /// Versions.
        versions: Vec<EndedTerm>,
        /// Raw files.
        raw: Vec<EndedRaw>,
    },
    /// What an order named is destroyed, keys included.
    VersionsPurged {
        /// Dataset.
        dataset: DatasetId,
        /// Catalogue entry it belongs to.
        resource: CaseId,
        /// Name of the order.
        purge: String,
        /// Versions that are gone.
        versions: Vec<u64>,
        /// Stored files that were destroyed: those that no other version names.
        files: Vec<Digest>,
        /// Raw files that were destroyed.
        raw: Vec<Digest>,
    },
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
