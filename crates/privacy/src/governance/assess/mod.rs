//! How safe a de-identified set is: k-anonymity, l-diversity, t-closeness, risk of single records.
//!
//! A class is all rows with the same values in the quasi-identifying columns. Rows are read once; kept are four
//! bytes for each row and named column, and while the figures are made at most twelve more for each row: 320 MB
//! for ten million rows with four quasi-identifying columns and one sensitive one. Values are kept once each. A
//! missing value is a value of its own, so that nobody becomes safer by a gap.

mod diversity;
mod figures;

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use shuyu_kernel::{Refusal, RefusalKind};

use super::recipe::value::{Kind, Value, read};
pub use figures::{Diversity, Figures, Risk, SizeBand};

/// Most rows assessed at once: 50 million, about 2 GB with five columns.
pub const MAX_ROWS: usize = 50_000_000;

/// A value as classes compare it; numbers and days in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Missing,
    Number(i128),
    Text(String),
}

/// The codes of one column: values numbered as they come, one number for each row.
#[derive(Debug, Default)]
struct Coded {
    name: String,
    values: BTreeMap<Key, u32>,
    rows: Vec<u32>,
    /// Whether all values so far are numbers or days.
    ordered: bool,
}

/// An assessment under way.
#[derive(Debug)]
pub struct Assessment {
    quasi: Vec<Coded>,
    sensitive: Vec<Coded>,
    rows: usize,
}

impl Assessment {
    /// Of these quasi-identifying and sensitive columns.
    ///
    /// # Errors
    /// Refuses `assessment_not_usable` when no quasi-identifying column is named or a column is named twice.
    pub fn new(quasi: &[String], sensitive: &[String]) -> Result<Self, Refusal> {
        let wrong = |column: &str, problem: &str| {
            Refusal::unmet("assessment_not_usable")
                .fact("column", column)
                .fact("problem", problem)
        };
        if quasi.is_empty() {
            return Err(wrong("", "no_quasi"));
        }
        let all: Vec<&String> = quasi.iter().chain(sensitive).collect();
        for (index, name) in all.iter().enumerate() {
            if all.iter().take(index).any(|other| other == name) {
                return Err(wrong(name, "named_twice"));
            }
        }
        let coded = |names: &[String]| {
            let new = |name: &String| Coded {
                name: name.clone(),
                ordered: true,
                ..Coded::default()
            };
            names.iter().map(new).collect()
        };
        Ok(Self {
            quasi: coded(quasi),
            sensitive: coded(sensitive),
            rows: 0,
        })
    }

    /// Reads one more batch.
    ///
    /// # Errors
    /// Refuses `column_unknown` and `too_many_rows`.
    pub fn take(&mut self, batch: &RecordBatch) -> Result<(), Refusal> {
        if self.rows + batch.num_rows() > MAX_ROWS {
            return Err(Refusal::new(RefusalKind::Limited, "too_many_rows").fact("limit", MAX_ROWS));
        }
        for column in self.quasi.iter_mut().chain(&mut self.sensitive) {
            column.take(batch)?;
        }
        self.rows += batch.num_rows();
        Ok(())
    }

    /// The figures; `None` for a set without rows.
    pub fn finish(self) -> Option<Figures> {
        let classes = Classes::of(&self.quasi, self.rows);
        figures::figures(&self, &classes)
    }

    /// Class sizes by the values of the quasi-identifying columns, for the figures of a sample drawn from this set.
    pub fn population(self) -> Population {
        let classes = Classes::of(&self.quasi, self.rows);
        let names: Vec<Vec<Key>> = self.quasi.iter().map(Coded::by_code).collect();
        let sizes = classes
            .iter()
            .map(|rows| (self.values_of(&names, rows), rows.len() as u64));
        Population {
            sizes: sizes.collect(),
        }
    }

    /// The figures of this set as a sample of a population: the journalist knows the population and not who is in
    /// the sample. `None` for a set without rows.
    pub fn finish_within(self, population: &Population) -> Option<Figures> {
        let classes = Classes::of(&self.quasi, self.rows);
        let mut figures = figures::figures(&self, &classes)?;
        let names: Vec<Vec<Key>> = self.quasi.iter().map(Coded::by_code).collect();
        let outside = classes.iter().map(|rows| {
            let known = population
                .sizes
                .get(&self.values_of(&names, rows))
                .copied()
                .unwrap_or(0);
            // A class that the population lacks cannot be larger there than here.
            (rows.len() as u64, known.max(rows.len() as u64))
        });
        figures.within(outside.collect());
        Some(figures)
    }

    fn values_of(&self, names: &[Vec<Key>], rows: &[u32]) -> Vec<Key> {
        let row = rows.first().map_or(0, |row| *row as usize);
        let value = |(column, names): (&Coded, &Vec<Key>)| {
            let code = column.rows.get(row).map(|code| *code as usize);
            code.and_then(|code| names.get(code).cloned())
                .unwrap_or(Key::Missing)
        };
        self.quasi.iter().zip(names).map(value).collect()
    }
}

/// Class sizes of a whole population.
#[derive(Debug)]
pub struct Population {
    sizes: BTreeMap<Vec<Key>, u64>,
}

impl Coded {
    fn take(&mut self, batch: &RecordBatch) -> Result<(), Refusal> {
        let unknown = || Refusal::unmet("column_unknown").fact("column", &self.name);
        let array = batch.column_by_name(&self.name).ok_or_else(unknown)?;
        let kind = Kind::of(array.data_type()).ok_or_else(unknown)?;
        self.ordered &= kind.numeric() || kind == Kind::Date;
        for value in read(array, kind) {
            let key = key(value);
            let next = u32::try_from(self.values.len()).unwrap_or(u32::MAX);
            let code = match self.values.get(&key) {
                Some(code) => *code,
                None => *self.values.entry(key).or_insert(next),
            };
            self.rows.push(code);
        }
        Ok(())
    }

    /// Values by their codes.
    fn by_code(&self) -> Vec<Key> {
        let mut keys: Vec<(&u32, &Key)> = self.values.iter().map(|(key, code)| (code, key)).collect();
        keys.sort_unstable_by_key(|(code, _)| **code);
        keys.into_iter().map(|(_, key)| key.clone()).collect()
    }

    /// For each code its place in the order of values.
    fn ranks(&self) -> Vec<u32> {
        let mut ranks = vec![0; self.values.len()];
        for (place, code) in self.values.values().enumerate() {
            if let Some(rank) = ranks.get_mut(*code as usize) {
                *rank = u32::try_from(place).unwrap_or(u32::MAX);
            }
        }
        ranks
    }
}

fn key(value: Value) -> Key {
    match value {
        Value::Missing => Key::Missing,
        Value::Text(text) => Key::Text(text),
        Value::Exact(number) => Key::Number(number),
        Value::Date(days) => Key::Number(i128::from(days)),
        Value::Bool(value) => Key::Number(i128::from(value)),
        // The bits of a double, turned so that they sort as the numbers do.
        Value::Float(number) => {
            let bits = number.to_bits().cast_signed();
            let turned = bits ^ (((bits >> 63).cast_unsigned() >> 1).cast_signed());
            Key::Number(i128::from(turned))
        }
    }
}

/// Rows by class.
struct Classes {
    /// Row numbers, those of one class next to each other.
    rows: Vec<u32>,
    /// Where each class ends.
    ends: Vec<usize>,
}

impl Classes {
    /// Refines the classes column by column: by one column after the other, each a sort within what is already
    /// together. Exact for any number of values.
    fn of(quasi: &[Coded], count: usize) -> Self {
        let mut rows: Vec<u32> = (0..count).filter_map(|row| u32::try_from(row).ok()).collect();
        let mut ends = if rows.is_empty() {
            Vec::new()
        } else {
            vec![rows.len()]
        };
        for column in quasi {
            let code = |row: &u32| column.rows.get(*row as usize).copied().unwrap_or(0);
            let mut finer = Vec::with_capacity(ends.len());
            let (mut rest, mut start) = (rows.as_mut_slice(), 0);
            for end in ends {
                let (class, after) = rest.split_at_mut(end - start);
                class.sort_unstable_by_key(|row| (code(row), *row));
                let borders = class.windows(2).enumerate().filter_map(|(at, pair)| match pair {
                    [a, b] if code(a) != code(b) => Some(start + at + 1),
                    _ => None,
                });
                finer.extend(borders);
                finer.push(end);
                (rest, start) = (after, end);
            }
            ends = finer;
        }
        Self { rows, ends }
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    /// The rows of each class.
    fn iter(&self) -> impl Iterator<Item = &[u32]> {
        let starts = std::iter::once(&0).chain(&self.ends);
        starts
            .zip(&self.ends)
            .filter_map(|(start, end)| self.rows.get(*start..*end))
    }
}
