//! Made-up tables (模拟数据): the shapes of real ones and no row of them.
//!
//! Made from what is declared — names, types, bounds, grain, code lists — and, if a release under differential
//! privacy gave them, from marginals. Nothing here ever sees a real row. The same seed gives the same tables.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::CivilDate;

use crate::permit::{Bounds, DateGrain, Grain};

/// The values of a column; `None` is missing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "values", rename_all = "snake_case")]
pub enum DummyValues {
    /// Yes or no.
    Bool(Vec<Option<bool>>),
    /// Whole numbers.
    Integer(Vec<Option<i64>>),
    /// Measurements.
    Number(Vec<Option<f64>>),
    /// Text.
    Text(Vec<Option<String>>),
    /// Days.
    Date(Vec<Option<CivilDate>>),
}

/// A column of a made-up table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DummyColumn {
    /// Its name, as in the real table.
    pub name: String,
    /// Its values.
    pub values: DummyValues,
}

/// A made-up table. All columns have the same length.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct DummyTable {
    /// Columns in order.
    pub columns: Vec<DummyColumn>,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DummyType {
    /// Yes or no.
    Bool,
    /// Whole number.
    Integer,
    /// Measurement.
    Number,
    /// Text.
    Text,
    /// Day.
    Date,
}

/// What is declared of a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DummyColumnSpec {
    /// Name.
    pub name: String,
    /// Type.
    pub kind: DummyType,
    /// Identifier domain, if it names subjects.
    pub domain: Option<String>,
    /// Declared limits.
    pub bounds: Option<Bounds>,
    /// Finest partition.
    pub grain: Option<Grain>,
    /// Declared code list.
    pub codes: Vec<String>,
    /// Value → weight, from a release under differential privacy ([`marginal`]). Without one, values are uniform.
    pub marginal: Vec<(String, u64)>,
}

/// A marginal from values and counts that left under differential privacy, by value. Counts that noise took to nothing
/// or below are dropped, of a value that is said twice the greatest counts, and no weight is above [`HEAVIEST`].
pub fn marginal(counts: impl IntoIterator<Item = (String, i64)>) -> Vec<(String, u64)> {
    let mut weights: BTreeMap<String, u64> = BTreeMap::new();
    for (value, count) in counts {
        let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) else {
            continue;
        };
        let weight = weights.entry(value).or_default();
        *weight = count.min(HEAVIEST).max(*weight);
    }
    weights.into_iter().collect()
}

/// What is declared of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DummySpec {
    /// Columns in order.
    pub columns: Vec<DummyColumnSpec>,
    /// Most rows of one subject.
    pub rows_per_unit: u64,
}

/// Greatest weight of a value in a marginal: more than there are rows in any table, and few enough for sums of as many
/// values as an answer has. Platform choice.
pub const HEAVIEST: u64 = 1 << 40;
/// Subjects of each identifier domain. Platform choice: enough to see groups, small enough to read.
pub const UNITS: u64 = 200;
/// Most rows that a made-up subject has, however many are allowed.
const MOST_ROWS: u64 = 4;
/// One value in so many is missing, except those that name subjects.
const MISSING_EVERY: u64 = 40;
/// Different texts of a column without a code list.
const WORDS: u64 = 8;
/// Whole numbers of a column without bounds: 0 to this.
const GREATEST: i64 = 100;
/// Days of made-up dates, from 2020-01-01 on: five years.
const DAYS: u64 = 1826;

/// Makes the tables. A subject has the same name in all tables of its domain, so that joins find something.
pub fn make(specs: &BTreeMap<String, DummySpec>, seed: u64) -> BTreeMap<String, DummyTable> {
    specs
        .iter()
        .map(|(name, spec)| (name.clone(), table(name, spec, seed)))
        .collect()
}

fn table(name: &str, spec: &DummySpec, seed: u64) -> DummyTable {
    let most = spec.rows_per_unit.clamp(1, MOST_ROWS);
    let seed = mix(seed ^ hashed(name));
    // Which subject each row is about. Not every subject stands in every table.
    let rows: Vec<u64> = (0..UNITS)
        .flat_map(|unit| {
            let drawn = mix(seed ^ unit);
            let present = !drawn.is_multiple_of(10);
            let rows = if present { 1 + (drawn >> 8) % most } else { 0 };
            (0..rows).map(move |_| unit)
        })
        .collect();
    let columns = spec.columns.iter().map(|column| DummyColumn {
        name: column.name.clone(),
        values: values(column, &rows, mix(seed ^ hashed(&column.name))),
    });
    DummyTable {
        columns: columns.collect(),
    }
}

fn values(spec: &DummyColumnSpec, rows: &[u64], seed: u64) -> DummyValues {
    let draws: Vec<(u64, Option<u64>)> = (0u64..)
        .zip(rows)
        .map(|(at, unit)| {
            let draw = mix(seed ^ mix(at));
            let missing = spec.domain.is_none() && mix(draw).is_multiple_of(MISSING_EVERY);
            (*unit, (!missing).then_some(draw))
        })
        .collect();
    let domain = spec.domain.as_deref();
    let chosen = |draw: u64| choice(spec, draw);
    match spec.kind {
        DummyType::Bool => DummyValues::Bool(each(&draws, |_, draw| {
            chosen(draw).and_then(yes_or_no).unwrap_or(draw.is_multiple_of(2))
        })),
        DummyType::Integer => DummyValues::Integer(each(&draws, |unit, draw| match domain {
            Some(_) => i64::try_from(unit).unwrap_or(i64::MAX).saturating_add(1),
            None => chosen(draw)
                .and_then(|word| word.parse().ok())
                .unwrap_or_else(|| whole(spec, draw)),
        })),
        DummyType::Number => DummyValues::Number(each(&draws, |_, draw| {
            let word = chosen(draw).and_then(|word| word.parse().ok());
            // Two decimals within the bounds.
            word.unwrap_or_else(|| (whole(spec, draw) as f64) + ((draw >> 40) % 100) as f64 / 100.0)
        })),
        DummyType::Text => DummyValues::Text(each(&draws, |unit, draw| match domain {
            Some(domain) => format!("dummy-{domain}-{unit:06}"),
            None => chosen(draw).map_or_else(|| word(spec, draw), str::to_owned),
        })),
        DummyType::Date => DummyValues::Date(each(&draws, |_, draw| {
            let word = chosen(draw).and_then(|word| word.parse().ok());
            word.unwrap_or_else(|| day(spec, draw))
        })),
    }
}

fn each<T>(draws: &[(u64, Option<u64>)], make: impl Fn(u64, u64) -> T) -> Vec<Option<T>> {
    draws
        .iter()
        .map(|(unit, draw)| draw.map(|draw| make(*unit, draw)))
        .collect()
}

/// Yes or no as it is written in code lists and answers.
fn yes_or_no(word: &str) -> Option<bool> {
    match word {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

/// A value by marginal or code list. A column that names subjects has neither: its values are made up by number.
fn choice(spec: &DummyColumnSpec, draw: u64) -> Option<&str> {
    if spec.domain.is_some() {
        return None;
    }
    let weights = spec.marginal.iter().map(|(_, weight)| *weight);
    let all = weights.fold(0, u64::saturating_add);
    if all > 0 {
        let mut left = draw % all;
        for (value, weight) in &spec.marginal {
            if left < *weight {
                return Some(value);
            }
            left -= weight;
        }
    }
    let codes = spec.codes.len() as u64;
    let at = draw.checked_rem(codes).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| spec.codes.get(at)).map(String::as_str)
}

fn whole(spec: &DummyColumnSpec, draw: u64) -> i64 {
    let bounds = spec.bounds.unwrap_or(Bounds {
        low: 0,
        high: GREATEST,
    });
    let width = u64::try_from(i128::from(bounds.high) - i128::from(bounds.low)).unwrap_or(0);
    let step = match spec.grain {
        Some(Grain::Number { filter, .. }) => filter.max(1),
        _ => 1,
    };
    let steps = width / step + 1;
    let above = (draw % steps) * step;
    bounds
        .low
        .saturating_add(i64::try_from(above).unwrap_or(i64::MAX))
}

fn word(spec: &DummyColumnSpec, draw: u64) -> String {
    let number = draw % WORDS;
    match spec.grain {
        Some(Grain::Prefix(length)) => {
            let length = usize::try_from(length).unwrap_or(1).clamp(1, 12);
            format!("{number:0length$}")
        }
        _ => format!("dummy-{number}"),
    }
}

fn day(spec: &DummyColumnSpec, draw: u64) -> CivilDate {
    let first = CivilDate::from_days(18_262);
    let drawn = first.plus_days(i64::try_from(draw % DAYS).unwrap_or(0));
    let (year, month) = (drawn.year(), drawn.month());
    let begins = match spec.grain {
        Some(Grain::Date(DateGrain::Month)) => CivilDate::new(year, month, 1),
        Some(Grain::Date(DateGrain::Quarter)) => CivilDate::new(year, (month - 1) / 3 * 3 + 1, 1),
        Some(Grain::Date(DateGrain::Year)) => CivilDate::new(year, 1, 1),
        Some(Grain::Date(DateGrain::Decade)) => CivilDate::new(year / 10 * 10, 1, 1),
        _ => return drawn,
    };
    begins.unwrap_or(drawn)
}

/// FNV-1a over the bytes of a name.
fn hashed(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// One step of SplitMix64.
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl DummyTable {
    /// Rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |column| match &column.values {
            DummyValues::Bool(values) => values.len(),
            DummyValues::Integer(values) => values.len(),
            DummyValues::Number(values) => values.len(),
            DummyValues::Text(values) => values.len(),
            DummyValues::Date(values) => values.len(),
        })
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The cells as text, row by row; a missing one is empty.
    pub fn rows(&self) -> Vec<Vec<String>> {
        fn at<T: ToString>(values: &[Option<T>], row: usize) -> String {
            let value = values.get(row).and_then(Option::as_ref);
            value.map(ToString::to_string).unwrap_or_default()
        }
        let cell = |column: &DummyColumn, row: usize| match &column.values {
            DummyValues::Bool(values) => at(values, row),
            DummyValues::Integer(values) => at(values, row),
            DummyValues::Number(values) => at(values, row),
            DummyValues::Text(values) => at(values, row),
            DummyValues::Date(values) => at(values, row),
        };
        (0..self.len())
            .map(|row| self.columns.iter().map(|column| cell(column, row)).collect())
            .collect()
    }
}
