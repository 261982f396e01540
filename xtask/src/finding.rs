//! What a check says, and how a check can fail to say anything.

use std::error::Error;

/// One place that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Path from the root of the repository, with `:line` where there is one.
    pub place: String,
    /// What is wrong, and how to mend it where that is not plain.
    pub what: String,
}

impl Finding {
    /// A finding about a file or another named thing as a whole.
    pub fn at(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }

    /// A finding on one line, counted from 1.
    pub fn on_line(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self {
            place: format!("{path}:{line}"),
            what: what.into(),
        }
    }
}

/// The findings of a check; an error means that the check itself could not run.
pub type Checked = Result<Vec<Finding>, Box<dyn Error>>;
