//! How a use case ends when it does not succeed.

use shuyu_domain::port::RecordError;
use shuyu_kernel::{Fault, Refusal};

/// A correct no, or the world failing. Edges turn the first into 4xx and the second into 5xx.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// A correct no; nothing has changed.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The world failed; the operation did not take effect.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<RecordError> for Stop {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Refused(refusal) => Stop::Refused(refusal),
            RecordError::Fault(fault) => Stop::Fault(fault),
        }
    }
}

impl Stop {
    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Stop::Refused(refusal) => Some(refusal),
            Stop::Fault(_) => None,
        }
    }
}
