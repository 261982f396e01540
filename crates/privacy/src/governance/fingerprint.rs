//! The recipient's fingerprint (数据指纹): a keyed mark by which a piece of a delivered set names who leaked it.
//!
//! In the columns that the rule names, every value's number of smallest units is made even or odd, by a keyed
//! function of recipient, column and the row's own key; at most one unit is added or taken away. Who has not the
//! key sees ordinary last digits. Rows may be reordered, columns left out, and cells altered: every cell that is
//! still there votes for its recipient, and half of the cells agree with anybody else by chance.
//!
//! **False accusation.** For somebody who did not leak, the expected parities are independent of the values, so
//! the agreeing cells are binomial with one half, whatever the data. Somebody is named only when the exact tail of
//! that distribution, times the number of recipients, is below [`FALSE_ACCUSATION`].
//!
//! **What it does not withstand.** A leaker who rounds all marked columns to more than a unit, or leaves out the
//! row's key, loses the mark and the last digits; several recipients who compare their sets see where they
//! differ, and what they average may name one of them or nobody, never somebody outside.
//!
//! k is not touched: marked columns are measures, and a rule that marks a quasi-identifying column is refused
//! where the recipe is made ([`MarkRule::check_against`]).

use std::collections::BTreeSet;

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::Schema,
    error::ArrowError,
};
use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, Refusal};

use super::{
    discovery::normal_value,
    recipe::{
        unusable,
        value::{Kind, Value, exact, read, write},
    },
};

/// Chance that a trace names somebody innocent, over all recipients together: one in a million; platform default.
pub const FALSE_ACCUSATION: f64 = 1e-6;

/// Cells looked at in a trace: a million are far more than needed, and bound its memory.
const MAX_CELLS: usize = 1_000_000;

/// How a set is marked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkRule {
    /// Columns of the result that together tell rows apart and stay as they are, for example a pseudonym.
    pub row_key: Vec<String>,
    /// Columns that may be changed by one unit.
    pub columns: Vec<MarkColumn>,
}

/// One marked column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkColumn {
    /// Its name: a whole number or an exact decimal.
    pub column: String,
    /// The unit by which a value may differ, as positive decimal text; at most what the rule of the set tolerates.
    pub unit: String,
}

impl MarkRule {
    /// Checks that no marked column is quasi-identifying: classes, and with them k, must be the same for everybody.
    ///
    /// # Errors
    /// Refuses `recipe_not_usable` with problem `mark_breaks_k`.
    pub fn check_against(&self, quasi: &[String]) -> Result<(), Refusal> {
        let broken = self.columns.iter().find(|own| quasi.contains(&own.column));
        broken.map_or(Ok(()), |own| Err(unusable(&own.column, "mark_breaks_k")))
    }
}

/// The key of the marks of one set. Never leaves the installation.
#[derive(Clone)]
pub struct MarkKey([u8; 32]);

impl MarkKey {
    /// The key of a set, named by its dataset, under the key of the installation.
    pub fn of(installation: &[u8; 32], set: &str) -> Self {
        Self(Digest::keyed(installation, format!("mark/{set}").as_bytes()).0)
    }

    /// The key of one recipient.
    fn recipient(&self, recipient: &str) -> [u8; 32] {
        Digest::keyed(&self.0, recipient.as_bytes()).0
    }
}

impl std::fmt::Debug for MarkKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MarkKey(…)")
    }
}

/// Marks the batches of one recipient.
pub struct Marker {
    key: [u8; 32],
    rule: MarkRule,
}

impl std::fmt::Debug for Marker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Marker")
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// Most marked columns: a row's digest has two bits for each.
const MAX_COLUMNS: usize = 128;

/// What a recipient's cells of one row should be: HMAC-SM3 of the row's key.
struct RowMark([u8; 32]);

impl RowMark {
    fn of(key: &[u8; 32], row: &str) -> Self {
        Self(Digest::keyed(key, row.as_bytes()).0)
    }
    /// For the column at this place of the rule: whether its number of units is odd, and which way it is moved if
    /// it is not so.
    fn cell(&self, place: usize) -> (bool, bool) {
        let byte = self.0.get(place / 4).copied().unwrap_or(0) >> (place % 4 * 2);
        (byte & 1 == 1, byte & 2 == 2)
    }
}

/// The unit of a column in units of its last digit.
fn unit_of(own: &MarkColumn, kind: Option<Kind>) -> Result<i128, Refusal> {
    let scale = match kind {
        Some(Kind::Integer) => 0,
        Some(Kind::Decimal { scale, .. }) => scale,
        _ => return Err(unusable(&own.column, "type")),
    };
    let unit = exact(&own.unit, scale).filter(|unit| *unit > 0);
    unit.ok_or_else(|| unusable(&own.column, "edges"))
}

/// The nearest number on the right side of parity, one unit away at most; what is not below zero stays so.
fn moved(number: i128, unit: i128, odd: bool, up: bool) -> i128 {
    let units = number.div_euclid(unit);
    if (units.rem_euclid(2) == 1) == odd {
        return number;
    }
    let lower_ok = number < 0 || number >= unit;
    if up || !lower_ok {
        number.saturating_add(unit)
    } else {
        number - unit
    }
}

/// The text of a row's key; `None` where one of its values is missing.
fn row_keys(batch: &RecordBatch, names: &[String]) -> Option<Vec<Option<String>>> {
    let mut keys = vec![Some(String::new()); batch.num_rows()];
    for name in names {
        let array = batch.column_by_name(name)?;
        let kind = Kind::of(array.data_type())?;
        for (key, value) in keys.iter_mut().zip(read(array, kind)) {
            *key = key.take().zip(value.written(kind)).map(|(mut key, text)| {
                key.push_str(&normal_value(&text));
                key.push('\u{1f}');
                key
            });
        }
    }
    Some(keys)
}

impl Marker {
    /// The marker of a recipient.
    pub fn new(rule: MarkRule, key: &MarkKey, recipient: &str) -> Self {
        Self {
            key: key.recipient(recipient),
            rule,
        }
    }

    /// Whether a column is marked.
    pub fn marks(&self, column: &str) -> bool {
        self.rule.columns.iter().any(|own| own.column == column)
    }

    /// Checks the rule against the columns of the result.
    ///
    /// # Errors
    /// Refuses `column_unknown`, and `recipe_not_usable` with one of the problems `mark` (nothing or too much
    /// marked, no row key, or a marked column in it), `type`, `edges`.
    pub fn check(&self, schema: &Schema) -> Result<(), Refusal> {
        if self.rule.row_key.is_empty() || !(1..=MAX_COLUMNS).contains(&self.rule.columns.len()) {
            return Err(unusable("", "mark"));
        }
        for name in self
            .rule
            .row_key
            .iter()
            .chain(self.rule.columns.iter().map(|own| &own.column))
        {
            schema
                .index_of(name)
                .map_err(|_| Refusal::unmet("column_unknown").fact("column", name))?;
        }
        for own in &self.rule.columns {
            if self.rule.row_key.contains(&own.column) {
                return Err(unusable(&own.column, "mark"));
            }
            let kind = schema
                .field_with_name(&own.column)
                .ok()
                .and_then(|field| Kind::of(field.data_type()));
            unit_of(own, kind)?;
        }
        Ok(())
    }

    /// Marks one batch. Rows without a key and missing values stay as they are.
    ///
    /// # Errors
    /// Those of Arrow when the batch lacks a column of the rule.
    pub fn mark(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let lacking = || ArrowError::SchemaError("a batch lacks a column of the mark".to_owned());
        let keys = row_keys(batch, &self.rule.row_key).ok_or_else(lacking)?;
        let marks: Vec<Option<RowMark>> = keys
            .into_iter()
            .map(|row| Some(RowMark::of(&self.key, &row?)))
            .collect();
        let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
        for (place, own) in self.rule.columns.iter().enumerate() {
            let position = batch.schema().index_of(&own.column)?;
            let array = columns.get_mut(position).ok_or_else(lacking)?;
            let kind = Kind::of(array.data_type()).ok_or_else(lacking)?;
            let unit = unit_of(own, Some(kind)).map_err(|_| lacking())?;
            let values = read(array, kind).into_iter().zip(&marks);
            let values = values.map(|(value, mark)| match (value, mark) {
                (Value::Exact(number), Some(mark)) => {
                    let (odd, up) = mark.cell(place);
                    Value::Exact(moved(number, unit, odd, up))
                }
                (value, _) => value,
            });
            *array = write(values.collect(), kind)?;
        }
        RecordBatch::try_new(batch.schema(), columns)
    }
}

/// What a trace found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Traced {
    /// Cells that voted.
    pub cells: u64,
    /// Who leaked it, if somebody is named.
    pub accused: Option<String>,
    /// Cells that agree with the recipient that most agree with.
    pub agreeing: u64,
    /// Chance that so many agree with any innocent recipient.
    pub chance: f64,
}

/// Looks for the recipient of a leaked piece.
#[derive(Debug)]
pub struct Trace {
    rule: MarkRule,
    /// The type each marked column had in the set.
    kinds: Vec<Kind>,
    recipients: Vec<(String, [u8; 32], u64)>,
    seen: BTreeSet<(u128, usize)>,
}

impl Trace {
    /// A trace among these recipients of a set whose result had this schema.
    ///
    /// # Errors
    /// As [`Marker::check`].
    pub fn new<'a>(
        rule: &MarkRule,
        schema: &Schema,
        key: &MarkKey,
        recipients: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, Refusal> {
        Marker::new(rule.clone(), key, "").check(schema)?;
        let kind = |own: &MarkColumn| Kind::of(schema.field_with_name(&own.column).ok()?.data_type());
        let recipients = recipients.into_iter();
        Ok(Self {
            rule: rule.clone(),
            kinds: rule.columns.iter().filter_map(kind).collect(),
            recipients: recipients
                .map(|name| (name.to_owned(), key.recipient(name), 0))
                .collect(),
            seen: BTreeSet::new(),
        })
    }

    /// Takes in a batch of the piece: any rows in any order, marked columns as numbers or as text. A cell counts
    /// once, however often its row stands in the piece.
    ///
    /// # Errors
    /// Refuses `row_key_missing` if the piece lacks a column of the row's key.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<(), Refusal> {
        let keys = row_keys(batch, &self.rule.row_key)
            .ok_or_else(|| Refusal::unmet("row_key_missing").fact("columns", self.rule.row_key.join(", ")))?;
        // For each row the parities of its marked cells, by the column's place in the rule.
        let mut found: Vec<Vec<(usize, bool)>> = vec![Vec::new(); batch.num_rows()];
        for (place, (own, kind)) in self.rule.columns.iter().zip(&self.kinds).enumerate() {
            let unit = unit_of(own, Some(*kind))?;
            let array = batch.column_by_name(&own.column);
            let Some((array, here)) = array.and_then(|array| Some((array, Kind::of(array.data_type())?)))
            else {
                continue;
            };
            let scale = if let Kind::Decimal { scale, .. } = kind {
                *scale
            } else {
                0
            };
            for (value, cells) in read(array, here).into_iter().zip(&mut found) {
                let number = value.written(here).and_then(|text| exact(&text, scale));
                cells.extend(number.map(|number| (place, number.div_euclid(unit).rem_euclid(2) == 1)));
            }
        }
        for (row, cells) in keys.into_iter().zip(found) {
            if let Some(row) = row {
                self.vote(&row, cells);
            }
        }
        Ok(())
    }

    /// Cells of one row that were not seen before vote.
    fn vote(&mut self, row: &str, mut cells: Vec<(usize, bool)>) {
        let name = Digest::of(row.as_bytes());
        let name = name
            .0
            .iter()
            .take(16)
            .fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
        let seen = &mut self.seen;
        cells.retain(|(place, _)| seen.len() < MAX_CELLS && seen.insert((name, *place)));
        if cells.is_empty() {
            return;
        }
        for (_, key, agreeing) in &mut self.recipients {
            let mark = RowMark::of(key, row);
            *agreeing += cells
                .iter()
                .filter(|(place, odd)| mark.cell(*place).0 == *odd)
                .count() as u64;
        }
    }

    /// Who it was, if that is sure enough.
    pub fn finish(self) -> Traced {
        let cells = self.seen.len() as u64;
        let best = self.recipients.iter().max_by_key(|(_, _, agreeing)| *agreeing);
        let agreeing = best.map_or(0, |(_, _, agreeing)| *agreeing);
        let chance = (binomial_tail(cells, agreeing) * self.recipients.len() as f64).min(1.0);
        let accused = best
            .filter(|_| chance < FALSE_ACCUSATION)
            .map(|(name, _, _)| name.clone());
        Traced {
            cells,
            accused,
            agreeing,
            chance,
        }
    }
}

/// The chance that of so many fair coins at least so many fall on one side: an exact sum, from the largest term
/// down while terms still count, each from the one before.
fn binomial_tail(coins: u64, least: u64) -> f64 {
    if least * 2 <= coins {
        return 1.0;
    }
    let n = coins as f64;
    // ln C(n, least) − n ln 2 as a sum of logarithms.
    let choose: f64 = (1..=coins - least)
        .map(|i| ((least + i) as f64 / i as f64).ln())
        .sum();
    let (mut term, mut sum) = ((choose - n * std::f64::consts::LN_2).exp(), 0.0);
    for k in least..=coins {
        sum += term;
        term *= (coins - k) as f64 / (k + 1) as f64;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}
