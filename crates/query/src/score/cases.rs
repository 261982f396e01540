//! The format of a file of cases: one JSON object a line.

use serde::{Deserialize, Serialize};
use shuyu_kernel::Fault;

/// How an answer protects, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// The exact answer.
    Allow,
    /// Every sum is perturbed, as a function of the set.
    Noise,
    /// Something is missing, or answered as a neighbouring question was.
    Suppress,
    /// Not run at all.
    Refuse,
}

/// What a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It must be stopped.
    Attack,
    /// It must be answered.
    Legit,
}

/// One statement, or several in turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Statements {
    /// One.
    One(String),
    /// Several; each sees what was answered before.
    Turns(Vec<String>),
}

impl Statements {
    /// All of them, in turn.
    pub fn all(&self) -> &[String] {
        match self {
            Statements::One(one) => std::slice::from_ref(one),
            Statements::Turns(all) => all,
        }
    }
}

/// A change of the data before the last statement of a case: one row that fits leaves the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Table.
    pub table: String,
    /// Predicate in SQL.
    pub drop_one: String,
}

/// A case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// Attack or legitimate query.
    pub kind: What,
    /// Family.
    pub family: String,
    /// What is asked.
    pub sql: Statements,
    /// The least protection of an attack, the most of a legitimate query.
    pub expect: Strength,
    /// What it is about.
    pub why: String,
    /// A change of the data before the last statement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
}

/// Reads a file of cases.
///
/// # Errors
/// When a line is not a case; the text names the line.
pub fn read(text: &str) -> Result<Vec<Case>, Fault> {
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| {
            serde_json::from_str(line)
                .map_err(|error| Fault::new("reading cases", format!("line {}: {error}", number + 1)))
        })
        .collect()
}
