//! Events outside cases: the registry, datasets, releases and the installation itself.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, CaseId, DatasetId, Digest, PermitId, PersonId, ReleaseId, Timestamp};

use crate::{
    registry::{Body, Delegation, Membership},
    value::Value,
};

/// Events of the registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistryEvent {
    /// A body joined.
    BodyRegistered {
        /// The body.
        body: Body,
    },
    /// A person joined; the name is in the person vault.
    PersonEnrolled {
        /// The person.
        person: PersonId,
        /// Commitment to the name.
        name: Value,
        /// Sign-in name, a work identifier and no personal data.
        login: String,
        /// Posts held.
        memberships: Vec<Membership>,
    },
    /// A delegation took effect.
    Delegated {
        /// The delegation.
        delegation: Delegation,
    },
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
        /// Who.
        by: Actor,
    },
}

/// Events of releases (出域).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseEvent {
    /// A query was answered: gated cells left the domain.
    Answered {
        /// The release.
        release: ReleaseId,
        /// Permit it rests on.
        permit: PermitId,
        /// Case of the permit.
        case: CaseId,
        /// Who asked.
        by: Actor,
        /// Keyed digest of the query text; the text itself is personal data and stays outside.
        query: Digest,
        /// Datasets and versions read.
        read: Vec<(DatasetId, u64)>,
        /// Rows that left.
        rows: u64,
        /// Digest of the result as stored.
        result: Digest,
    },
}

/// Events of the installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InstallationEvent {
    /// The installation was founded.
    Founded {
        /// Profile in use.
        profile: Digest,
        /// Its id.
        profile_id: String,
        /// `training` or `production`, for ever.
        kind: String,
        /// When.
        at: Timestamp,
    },
    /// The training clock was wound forward.
    ClockWound {
        /// New instant.
        to: Timestamp,
    },
}
