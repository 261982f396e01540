//! Events of the installation itself.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, Timestamp};

use super::RegistryMeta;

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
        /// Who wound it; absent at founding and in older entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<RegistryMeta>,
    },
}
