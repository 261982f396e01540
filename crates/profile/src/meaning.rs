//! What the platform itself reads in the answer to a field, whatever the field is called.

use serde::{Deserialize, Serialize};

use crate::field::FieldType;

/// Meaning of a field to the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Yes or no: the data of this case holds personal data. Without a “no”, its tables must name their subjects.
    PersonalData,
    /// The case whose data this case's data was made from.
    SourceEntry,
    /// The grade (分级) that a person gave the data of this case; the choices begin with the lowest.
    Grade,
    /// How long data of this case is kept (保存期限), as a number of years: it goes before the terms of the profile. What reads
    /// otherwise is for people: the platform destroys nothing then.
    Retention,
}

impl Meaning {
    /// The type of a field with this meaning.
    pub(crate) fn field_type(self) -> FieldType {
        match self {
            Self::PersonalData => FieldType::YesNo,
            Self::SourceEntry => FieldType::Case,
            Self::Grade => FieldType::Choice,
            Self::Retention => FieldType::Text,
        }
    }
}
