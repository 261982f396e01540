//! Where a rule stands.

use std::{fmt, sync::Arc};

/// File and line of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// File, with the profile folder in front.
    pub file: Arc<str>,
    /// Line from 1; 0 when the file as a whole is meant.
    pub line: usize,
}

impl Place {
    /// A file as a whole.
    pub fn whole(file: &str) -> Self {
        Self {
            file: file.into(),
            line: 0,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
