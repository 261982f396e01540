//! Fields of papers: the enumerated contents of the law and what the software needs besides.

use serde::{Deserialize, Serialize};
use shuyu_kernel::Basis;

use crate::{meaning::Meaning, place::Place};

/// A group of questions: one page of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Stable id.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
}

/// Types of fields; only what is computed has a type of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line.
    Text,
    /// Several lines.
    Paragraph,
    /// A civil date.
    Date,
    /// Money in yuan, two decimals.
    Money,
    /// A whole number.
    Integer,
    /// Yes or no.
    YesNo,
    /// One of the choices.
    Choice,
    /// An uploaded file, by digest.
    File,
    /// A body of the registry.
    Body,
    /// A person of the registry.
    Person,
    /// Another case.
    Case,
    /// Several other cases; acts add to them.
    Cases,
    /// Tables and columns with uses (data-use application).
    Columns,
    /// Several lines `key=value`: figures of a report.
    Figures,
}

/// What the platform counts by itself; the closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Rows of the latest versions of all tables that belong to this case (a catalogue entry).
    RowsArrived,
}

/// A field of a paper: an enumerated content of the law or what the software needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Stable id.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
    /// Why it is asked, in Chinese.
    pub help: String,
    /// Why it is asked, in English.
    pub help_en: String,
    /// Type.
    pub ty: FieldType,
    /// Group it stands in; empty = set by acts only.
    pub group: String,
    /// Number of the item in the enumeration of the law.
    pub item: Option<u32>,
    /// Choices of a choice field.
    pub choices: Vec<Choice>,
    /// For case fields: the procedure of the other case.
    pub procedure: Option<String>,
    /// For body fields: the body becomes a party with this role.
    pub party: Option<String>,
    /// Holds personal data: only a commitment enters the ledger.
    pub personal: bool,
    /// Counted by the platform when an act records the field; nobody can give another value.
    pub measured: Option<Measure>,
    /// Names the case in lists.
    pub is_title: bool,
    /// What the platform itself reads in the answer.
    pub means: Option<Meaning>,
    /// Basis.
    pub basis: Basis,
    /// Where it is written.
    pub at: Place,
}

impl Field {
    /// Whether a row of a workbook can hold it: one value in one cell. Personal fields do not stand in files that are
    /// kept: an erased person would live on there.
    pub fn fits_a_row(&self) -> bool {
        let scalar = match self.ty {
            FieldType::Text
            | FieldType::Paragraph
            | FieldType::Date
            | FieldType::Money
            | FieldType::Integer
            | FieldType::YesNo
            | FieldType::Choice
            | FieldType::Body
            | FieldType::Case => true,
            FieldType::File
            | FieldType::Person
            | FieldType::Cases
            | FieldType::Columns
            | FieldType::Figures => false,
        };
        scalar && !self.personal && self.measured.is_none()
    }
}

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Stable id.
    pub id: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
}
