//! Recipes (脱敏配方): for each column an ordered list of steps, carried out batch by batch.
//!
//! A step never looks at other rows, so a table of any size is masked in the memory of one batch, and the same
//! recipe over the same rows gives the same version. Columns without steps stay as they are; hidden columns
//! (names that begin with `__`) stay always.

mod plan;
mod pseudonym;
pub(super) mod value;

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::{Schema, SchemaRef},
    error::ArrowError,
};
use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use super::fingerprint::{MarkRule, Marker};
use plan::Planned;
pub use pseudonym::PseudonymKey;

/// One step. Missing values stay missing in every one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum Step {
    /// The column stays; says so explicitly in the record.
    Keep,
    /// The column is left out.
    Drop,
    /// Text keeps so many characters at its ends; those between become `*`. A text that has no more than these is
    /// masked whole.
    Mask {
        /// At the beginning.
        first: usize,
        /// At the end.
        last: usize,
    },
    /// Numbers become the text of their band: `<10`, `[10,20)`, `>=20`.
    Bands {
        /// Borders as decimal text, growing; each belongs to the band above it.
        edges: Vec<String>,
    },
    /// Text keeps its first characters only.
    Prefix {
        /// How many, at least one.
        characters: usize,
    },
    /// A division code becomes that of the division above it; a text that is none becomes missing.
    Division {
        /// Which.
        level: DivisionStep,
    },
    /// A date becomes its month, as text `2026-05`.
    Month,
    /// A date becomes its year.
    Year,
    /// Numbers above this become it.
    TopCode {
        /// The highest that stays, as decimal text.
        at: String,
    },
    /// Numbers below this become it.
    BottomCode {
        /// The lowest that stays, as decimal text.
        at: String,
    },
    /// Numbers become the nearest multiple, halves away from zero. No noise: the same number gives the same.
    Round {
        /// The multiple, as positive decimal text.
        to: String,
    },
    /// A keyed pseudonym of this project and domain, see [`PseudonymKey`].
    Pseudonym {
        /// Identifier domain: columns of one domain share pseudonyms within the project.
        domain: String,
        /// How it is written.
        #[serde(default)]
        form: PseudonymForm,
    },
    /// An unkeyed digest. It can be written down and is always refused: all numbers of one division code (about
    /// 3.65 × 10⁷ dates and sequences) are tried in 3.4 seconds on one core, so it hides nobody.
    Hash {
        /// Whichever.
        algorithm: String,
    },
}

/// Levels that a division code is cut to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DivisionStep {
    /// Two digits.
    Province,
    /// Four digits.
    Prefecture,
    /// Six digits.
    County,
    /// Nine digits.
    Township,
}

/// How a pseudonym is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PseudonymForm {
    /// 32 hexadecimal digits: 128 bits, so that no two values share one in practice.
    #[default]
    Code,
    /// A number of the form of GB 11643 with a right check character, in an area that does not exist (99). For
    /// programs that check the form. 3.6 × 10¹¹ of them: among a million values about one pair shares one.
    ResidentId,
    /// A code of the form of GB 32100 with a right check character and the registering authority `Y`.
    CreditCode,
}

/// The steps of one column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnRecipe {
    /// Name of the column.
    pub column: String,
    /// In this order; at least one.
    pub steps: Vec<Step>,
}

/// A recipe for a table.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// Columns with their steps, each at most once.
    pub columns: Vec<ColumnRecipe>,
    /// How the set is marked for its recipient, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<MarkRule>,
}

/// Most steps of one column; more is a mistake. Platform default.
const MAX_STEPS: usize = 8;

/// A recipe made ready for a table.
#[derive(Debug)]
pub struct Masker {
    columns: Vec<Planned>,
    schema: SchemaRef,
    marker: Option<Marker>,
}

impl Masker {
    /// Makes a recipe ready. `marker` is needed when the recipe marks.
    ///
    /// # Errors
    /// Refuses `column_unknown`, `unkeyed_hash` and `recipe_not_usable` with the column and one of the problems
    /// `named_twice`, `no_steps`, `type`, `edges`, `nothing_left`, `mark`.
    pub fn new(
        recipe: &Recipe,
        source: &Schema,
        key: &PseudonymKey,
        marker: Option<Marker>,
    ) -> Result<Self, Refusal> {
        for (index, own) in recipe.columns.iter().enumerate() {
            let known = source.index_of(&own.column).is_ok() && !hidden(&own.column);
            if !known {
                return Err(Refusal::unmet("column_unknown").fact("column", &own.column));
            }
            if recipe
                .columns
                .iter()
                .take(index)
                .any(|other| other.column == own.column)
            {
                return Err(unusable(&own.column, "named_twice"));
            }
            if own.steps.is_empty() || own.steps.len() > MAX_STEPS {
                return Err(unusable(&own.column, "no_steps"));
            }
        }
        let mut columns = Vec::new();
        for (position, field) in source.fields().iter().enumerate() {
            let own = recipe.columns.iter().find(|own| own.column == *field.name());
            let steps: &[Step] = own.map_or(&[], |own| &own.steps);
            if let Some(planned) = Planned::new(position, field, steps, key)? {
                columns.push(planned);
            }
        }
        if columns.iter().all(|column| hidden(column.field().name())) {
            return Err(unusable("", "nothing_left"));
        }
        let fields: Vec<_> = columns.iter().map(|column| column.field().clone()).collect();
        let schema: SchemaRef = Schema::new(fields).into();
        if recipe.mark.is_some() != marker.is_some() {
            return Err(unusable("", "mark"));
        }
        if let Some(marker) = &marker {
            marker.check(&schema)?;
        }
        Ok(Self {
            columns,
            schema,
            marker,
        })
    }

    /// The columns of the result.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    /// Columns of the source that stand in the result without any change.
    pub fn untouched(&self) -> impl Iterator<Item = &str> {
        let marked = |name: &str| self.marker.as_ref().is_some_and(|marker| marker.marks(name));
        let same = self.columns.iter().filter(|column| column.same());
        same.map(|column| column.field().name().as_str())
            .filter(move |name| !marked(name))
    }

    /// Masks one batch.
    ///
    /// # Errors
    /// Those of Arrow when the batch is not of the schema the recipe was made ready for.
    pub fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let columns: Result<Vec<ArrayRef>, ArrowError> =
            self.columns.iter().map(|column| column.apply(batch)).collect();
        let masked = RecordBatch::try_new(self.schema.clone(), columns?)?;
        match &self.marker {
            Some(marker) => marker.mark(&masked),
            None => Ok(masked),
        }
    }
}

/// Hidden columns are the platform's own.
fn hidden(name: &str) -> bool {
    name.starts_with("__")
}

/// The refusal of a recipe that cannot be carried out on a column.
pub fn unusable(column: &str, problem: &str) -> Refusal {
    Refusal::unmet("recipe_not_usable")
        .fact("column", column)
        .fact("problem", problem)
}
