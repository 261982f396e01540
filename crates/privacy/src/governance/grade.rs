//! A grade proposed from what was found (分级建议), after GB/T 43697-2024: a person confirms it, nothing applies it.
//!
//! GB/T 43697 knows three grades by what harm would follow for whom: 一般, 重要, 核心. Only the first can be told from
//! contents; whether data is 重要 or 核心 is decided by catalogues of the sectors and by volume, so that here is
//! at most a question. Within 一般 four levels are used. 就高从严: a table has the highest level of its columns and of
//! what columns say together.

use serde::{Deserialize, Serialize};

use super::discovery::{ColumnFindings, Sensitive};

/// Level within 一般数据, from 1 (harms nobody) to 4 (serious harm to persons or bodies).
pub type Level = u8;

/// Why a level is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Nothing sensitive was found.
    NothingFound,
    /// Names or finds a person directly: at least level 3.
    Identifies,
    /// Sensitive personal information (个人信息保护法 §28: finance, health, whereabouts; documents that carry a
    /// whole identity): level 4.
    SensitivePersonal,
    /// Tells something of a person without naming one: at least level 2.
    Describes,
    /// Identifies a body, not a person: level 2.
    Body,
    /// Several columns that describe together point at single persons: level 3.
    Combination,
    /// Something that names a person stands beside something sensitive about the same: level 4.
    NamedAndSensitive,
    /// So many persons are in it that it may be 重要数据: a question to whoever keeps the catalogue.
    MaybeImportant,
}

/// The level of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnGrade {
    /// The column.
    pub column: String,
    /// What it holds; `None` when nothing was found.
    pub kind: Option<Sensitive>,
    /// Proposed level.
    pub level: Level,
    /// Why.
    pub reason: Reason,
}

/// A proposal for a table. It has no effect until somebody enters it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GradeProposal {
    /// The highest level of all that follows.
    pub level: Level,
    /// Columns in the order of the table.
    pub columns: Vec<ColumnGrade>,
    /// What follows from columns together, with the columns.
    pub together: Vec<(Reason, Vec<String>)>,
}

/// Persons from which on a set is shown as possibly 重要数据: one million; platform default, since sectors set their
/// own numbers.
pub const MAYBE_IMPORTANT_PERSONS: u64 = 1_000_000;

/// Describing columns that together point at single persons: three (birth date, sex and area single out most
/// people; Sweeney 2000); platform default.
const COMBINATION: usize = 3;

/// Level and reason of a kind; platform default after GB/T 43697 annexes and 个人信息保护法 §28.
fn level_of(kind: Sensitive) -> (Level, Reason) {
    match kind {
        Sensitive::ResidentId | Sensitive::Passport | Sensitive::BankCard | Sensitive::MedicalCode => {
            (4, Reason::SensitivePersonal)
        }
        Sensitive::Coordinate | Sensitive::MobilePhone | Sensitive::FixedPhone => (3, Reason::Identifies),
        Sensitive::PersonName | Sensitive::Address | Sensitive::Email | Sensitive::VehiclePlate => {
            (3, Reason::Identifies)
        }
        Sensitive::IpAddress | Sensitive::BirthDate | Sensitive::Sex => (2, Reason::Describes),
        Sensitive::DivisionCode | Sensitive::Amount => (2, Reason::Describes),
        Sensitive::CreditCode => (2, Reason::Body),
    }
}

/// Proposes a grade for a table. `persons` is how many different persons it is about, if it is about any.
pub fn propose(columns: &[ColumnFindings], persons: Option<u64>) -> GradeProposal {
    let graded: Vec<ColumnGrade> = columns
        .iter()
        .map(|column| {
            // 就高从严 within a column too: of all that was found the strictest.
            let kinds = column.findings.iter().map(|finding| finding.kind);
            let strictest = kinds.max_by_key(|kind| (level_of(*kind).0, std::cmp::Reverse(*kind)));
            let (level, reason) = strictest.map_or((1, Reason::NothingFound), level_of);
            ColumnGrade {
                column: column.column.clone(),
                kind: strictest,
                level,
                reason,
            }
        })
        .collect();
    let named = |reason: Reason| -> Vec<String> {
        let own = graded.iter().filter(|column| column.reason == reason);
        own.map(|column| column.column.clone()).collect()
    };
    let mut together = Vec::new();
    let mut level = graded.iter().map(|column| column.level).max().unwrap_or(1);
    let describing = named(Reason::Describes);
    if describing.len() >= COMBINATION {
        level = level.max(3);
        together.push((Reason::Combination, describing.clone()));
    }
    let about = |column: &&ColumnGrade| {
        matches!(
            column.kind,
            Some(Sensitive::Amount | Sensitive::MedicalCode | Sensitive::Coordinate)
        )
    };
    let sensitive: Vec<String> = graded
        .iter()
        .filter(about)
        .map(|column| column.column.clone())
        .collect();
    let names: Vec<String> = graded
        .iter()
        .filter(|c| c.level >= 3 && !about(c))
        .map(|c| c.column.clone())
        .collect();
    if !sensitive.is_empty() && !names.is_empty() {
        level = 4;
        together.push((Reason::NamedAndSensitive, [names, sensitive].concat()));
    }
    if persons.is_some_and(|persons| persons >= MAYBE_IMPORTANT_PERSONS) {
        together.push((Reason::MaybeImportant, Vec::new()));
    }
    // Rows about persons are personal information even without a name.
    if persons.is_some() {
        level = level.max(2);
    }
    GradeProposal {
        level,
        columns: graded,
        together,
    }
}

/// Columns that describe without naming: the quasi-identifying ones that an assessment begins with.
pub fn quasi_identifying(proposal: &GradeProposal) -> Vec<String> {
    let describing = proposal
        .columns
        .iter()
        .filter(|column| column.reason == Reason::Describes);
    let measures = |column: &&ColumnGrade| column.kind != Some(Sensitive::Amount);
    describing
        .filter(measures)
        .map(|column| column.column.clone())
        .collect()
}
