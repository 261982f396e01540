//! Batches: many cases of one procedure opened from a workbook, a row each.
//!
//! Whether a procedure may be opened so is a rule ([`BatchRule`](shuyu_profile::BatchRule)). A workbook is checked as
//! often as wanted, and nothing is written; then its right rows are opened one by one through [`App::open`], each in
//! its own transaction under a key made of the file and the row, so that a repeated order opens nothing twice.

mod cell;
mod check;
mod form;
mod run;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CaseId, Digest, Refusal};
use shuyu_office::limits::Bounds;
use shuyu_profile::{Field, Procedure, Profile};

use crate::{App, Session, noting::echo};

pub use cell::Shape;
pub use form::ERROR_COLUMN;
pub use run::{BatchDone, RowDone};

/// Most rows of a batch: 2,000; platform default. The catalogue of a large body has some hundred entries; more is
/// sent as several files, so that a person can still look over what one order did.
pub const ROWS: u32 = 2_000;
/// Rows of a workbook that are read at all: a title, the heads and some empty rows come on top of the batch.
const SHEET_ROWS: u32 = ROWS + 200;
/// Bounds on the workbook: a form of 2,000 rows with 60 columns has 120,000 cells; a cell of the format ends at
/// 32,767 characters.
pub const BOUNDS: Bounds = Bounds {
    packed_bytes: 16 * 1024 * 1024,
    unpacked_bytes: 128 * 1024 * 1024,
    sheets: 20,
    rows: SHEET_ROWS,
    columns: 200,
    cells: 200_000,
    text_chars: 32_767,
};

/// What a batch of a procedure asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchForm {
    /// Procedure.
    pub procedure: String,
    /// Fields of the opening form that a row holds, in the form's order.
    pub columns: Vec<Field>,
    /// Fields of the opening form that no row holds: files, people, personal data.
    pub left_out: Vec<Field>,
    /// Act that may be taken in each case after its opening.
    pub then: Option<String>,
}

/// Which workbook is meant for what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchOrder {
    /// Procedure.
    pub procedure: String,
    /// Digest of the uploaded workbook.
    pub upload: Digest,
    /// Take the act of the rule in each case after its opening.
    pub then: bool,
}

/// What is wrong with a row, at a cell of it if it is about one.
#[derive(Debug, Clone, PartialEq)]
pub struct RowFault {
    /// Row from 1.
    pub row: u32,
    /// Column from 0; `None` = the row as a whole.
    pub column: Option<u32>,
    /// Field of the column.
    pub field: Option<String>,
    /// What stands in the cell, without its value.
    pub shape: Shape,
    /// Why it is wrong.
    pub refusal: Refusal,
}

/// Where a row stands.
#[derive(Debug, Clone, PartialEq)]
pub enum RowState {
    /// It can be opened.
    Right,
    /// It was opened by an earlier order of the same file.
    Opened(CaseId),
    /// It cannot be opened.
    Wrong(Vec<RowFault>),
}

/// A row that was looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckedRow {
    /// Row from 1.
    pub row: u32,
    /// Field → what stands in its cell, as typed.
    pub typed: BTreeMap<String, String>,
    /// Field → text as the form takes it.
    pub set: BTreeMap<String, String>,
    /// Where it stands.
    pub state: RowState,
}

impl CheckedRow {
    /// Digest of what the row says: the same content in another file is the same.
    pub(crate) fn mark(&self) -> Digest {
        crate::dispatch::fingerprint(&self.set)
    }
}

/// A workbook that was looked at. Nothing was written.
#[derive(Debug, Clone, PartialEq)]
pub struct BatchCheck {
    /// Name of the file.
    pub name: String,
    /// The sheet that was read.
    pub sheet: String,
    /// Rows with values, in order.
    pub rows: Vec<CheckedRow>,
    /// What an earlier order of the same file did, if there was one.
    pub done: Vec<RowDone>,
}

impl BatchCheck {
    /// How many rows can be opened.
    pub fn right(&self) -> usize {
        let right = self.rows.iter().filter(|row| row.state == RowState::Right);
        right.count()
    }

    /// How many rows were opened before.
    pub fn opened(&self) -> usize {
        let opened = self.rows.iter();
        opened
            .filter(|row| matches!(row.state, RowState::Opened(_)))
            .count()
    }

    /// How many rows cannot be opened.
    pub fn wrong(&self) -> usize {
        self.rows.len() - self.right() - self.opened()
    }

    /// Everything that is wrong, by row.
    pub fn faults(&self) -> impl Iterator<Item = &RowFault> {
        self.rows.iter().flat_map(|row| match &row.state {
            RowState::Wrong(faults) => faults.as_slice(),
            RowState::Right | RowState::Opened(_) => &[],
        })
    }
}

impl App {
    /// What a batch of this procedure asks for.
    ///
    /// # Errors
    /// `procedure_unknown`, `role_may_not_act`, `batch_not_allowed`.
    pub fn batch_form(&self, session: &Session, procedure: &str) -> Result<BatchForm, Refusal> {
        self.require_signed_in(session)?;
        let profile = self.profile();
        let rules = batch_rules(&profile, session, procedure)?;
        let asked = rules.fields.iter().filter(|field| !field.group.is_empty());
        let (columns, left_out) = asked.cloned().partition(Field::fits_a_row);
        let batch = rules.open.batch.as_ref();
        Ok(BatchForm {
            procedure: rules.id.clone(),
            columns,
            left_out,
            then: batch.and_then(|batch| batch.then.clone()),
        })
    }
}

/// The rules of a procedure that the session's role may open in batches.
fn batch_rules<'a>(
    profile: &'a Profile,
    session: &Session,
    procedure: &str,
) -> Result<&'a Procedure, Refusal> {
    let unknown = || Refusal::unknown("procedure_unknown").fact("procedure", echo(procedure));
    let rules = profile.procedure(procedure).ok_or_else(unknown)?;
    if !rules.open.by.contains(&session.actor.role) {
        let title = |id: &'a String| profile.role(id).map_or(id.as_str(), |role| role.title.as_str());
        let titles: Vec<&str> = rules.open.by.iter().map(title).collect();
        return Err(Refusal::forbidden("role_may_not_act")
            .citing(rules.basis.clauses())
            .fact("act", &rules.title)
            .fact("roles", titles.join("; ")));
    }
    if rules.open.batch.is_none() {
        return Err(Refusal::unmet("batch_not_allowed").fact("procedure", &rules.title));
    }
    Ok(rules)
}
