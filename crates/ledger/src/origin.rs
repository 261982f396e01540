//! The name of a log. It stands in every checkpoint, and is signed with it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::suite::Suite;

/// Whether a data folder holds practice or acts with legal effect. Fixed when the folder is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FolderKind {
    /// Practice: the clock may be wound forward, nothing has legal effect.
    Training,
    /// Acts with legal effect.
    Production,
}

/// The name of a log: `shuyu/<installation>/<log>/<training|production>/<sm|c2sp>`.
///
/// It is also the key name of the log's signature. A training log can never pass for a production log,
/// because the kind is part of the signed text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin {
    installation: String,
    log: String,
    folder: FolderKind,
    suite: Suite,
}

/// Why a text or its parts are not an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// A part is empty, longer than 64 bytes, or holds something other than `a-z`, `0-9`, `.`, `-`.
    #[error("the {part} is not 1 to 64 of a-z, 0-9, dot, hyphen")]
    Part {
        /// `installation` or `log`.
        part: &'static str,
    },
    /// Not five parts beginning with `shuyu`, or an unknown kind or suite.
    #[error("not of the form shuyu/<installation>/<log>/<training|production>/<sm|c2sp>")]
    Form,
}

/// Longest installation or log name, in bytes. Platform choice: an origin stays readable on one line.
const MAX_PART_BYTES: usize = 64;

impl FolderKind {
    /// `training` or `production`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Production => "production",
        }
    }
}

impl Origin {
    /// The origin with these parts. `log` is `proceedings`, `access`, or `access-<process>`.
    pub fn new(installation: &str, log: &str, folder: FolderKind, suite: Suite) -> Result<Self, OriginError> {
        check_part("installation", installation)?;
        check_part("log", log)?;
        Ok(Self {
            installation: installation.to_owned(),
            log: log.to_owned(),
            folder,
            suite,
        })
    }
    /// Which installation keeps the log.
    pub fn installation(&self) -> &str {
        &self.installation
    }
    /// Which of the installation's logs it is.
    pub fn log(&self) -> &str {
        &self.log
    }
    /// Practice or legal effect.
    pub fn folder(&self) -> FolderKind {
        self.folder
    }
    /// The suite of the log.
    pub fn suite(&self) -> Suite {
        self.suite
    }
}

fn check_part(part: &'static str, text: &str) -> Result<(), OriginError> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
    let well_formed = !text.is_empty() && text.len() <= MAX_PART_BYTES && text.bytes().all(plain);
    if well_formed {
        Ok(())
    } else {
        Err(OriginError::Part { part })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "shuyu/{}/{}/{}/{}",
            self.installation,
            self.log,
            self.folder.name(),
            self.suite.name()
        )
    }
}

impl FromStr for Origin {
    type Err = OriginError;
    fn from_str(text: &str) -> Result<Self, OriginError> {
        let parts: Vec<&str> = text.split('/').collect();
        let ["shuyu", installation, log, folder, suite] = parts.as_slice() else {
            return Err(OriginError::Form);
        };
        let folder = match *folder {
            "training" => FolderKind::Training,
            "production" => FolderKind::Production,
            _ => return Err(OriginError::Form),
        };
        Self::new(
            installation,
            log,
            folder,
            suite.parse().map_err(|_| OriginError::Form)?,
        )
    }
}

impl TryFrom<String> for Origin {
    type Error = OriginError;
    fn try_from(text: String) -> Result<Self, OriginError> {
        text.parse()
    }
}
impl From<Origin> for String {
    fn from(origin: Origin) -> String {
        origin.to_string()
    }
}
