//! Made-up persons and their events: as batches for what works in memory, as CSV for what comes through the lake.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray},
    error::ArrowError,
};

/// Rows of one batch.
pub(super) const BATCH_ROWS: u64 = 65_536;
/// Events of one person on average.
pub(super) const EVENTS_A_PERSON: u64 = 5;

/// Numbers that look random and are the same in every run (SplitMix64).
pub(super) fn scattered(number: u64) -> u64 {
    let mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// One person.
pub(super) struct Person {
    pub(super) number: u64,
    pub(super) county: u64,
    pub(super) sex: &'static str,
    pub(super) age: u64,
    pub(super) income: u64,
}

impl Person {
    pub(super) fn new(number: u64) -> Self {
        let drawn = scattered(number);
        Self {
            number,
            county: 530_000 + drawn % 129,
            sex: if drawn >> 8 & 1 == 0 { "F" } else { "M" },
            age: (drawn >> 16) % 90,
            // Many small ones and few great ones.
            income: 2_000 + ((drawn >> 24) % 300).pow(2) / 2,
        }
    }

    /// The identifier: of a form that discovery knows nothing about.
    pub(super) fn id(&self) -> String {
        format!("P{:09}", self.number)
    }
}

/// What a generated file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// One row a person.
    Persons,
    /// Several rows a person, in no order of persons.
    Events,
}

impl Content {
    pub(super) fn header(self) -> &'static str {
        match self {
            Content::Persons => "id,county,sex,age,income\n",
            Content::Events => "id,month,kind,cost\n",
        }
    }

    /// The line of a row among `persons`.
    pub(super) fn line(self, row: u64, persons: u64) -> String {
        match self {
            Content::Persons => {
                let person = Person::new(row);
                format!(
                    "{},{},{},{},{}\n",
                    person.id(),
                    person.county,
                    person.sex,
                    person.age,
                    person.income
                )
            }
            Content::Events => {
                let drawn = scattered(row ^ 0x5EED);
                format!(
                    "P{:09},{},{},{}\n",
                    drawn % persons,
                    1 + (drawn >> 40) % 12,
                    ["out", "in", "drug"][usize::try_from((drawn >> 48) % 3).unwrap_or(0)],
                    10 + (drawn >> 52) % 900
                )
            }
        }
    }
}

/// Persons as batches, without identifiers that name anybody.
pub(super) fn batches(persons: u64) -> impl Iterator<Item = Result<RecordBatch, ArrowError>> {
    let starts = (0..persons).step_by(usize::try_from(BATCH_ROWS).unwrap_or(usize::MAX));
    starts.map(move |start| {
        let people: Vec<Person> = (start..persons.min(start + BATCH_ROWS))
            .map(Person::new)
            .collect();
        let whole = |of: fn(&Person) -> u64| -> ArrayRef {
            let values = people
                .iter()
                .map(|one| i64::try_from(of(one)).unwrap_or(i64::MAX));
            Arc::new(values.collect::<Int64Array>())
        };
        let id: StringArray = people.iter().map(|one| Some(one.id())).collect();
        let sex: StringArray = people.iter().map(|one| Some(one.sex)).collect();
        #[expect(clippy::cast_precision_loss, reason = "incomes are small numbers")]
        let income: Float64Array = people.iter().map(|one| Some(one.income as f64)).collect();
        RecordBatch::try_from_iter([
            ("id", Arc::new(id) as ArrayRef),
            ("county", whole(|one| one.county)),
            ("sex", Arc::new(sex) as ArrayRef),
            ("age", whole(|one| one.age)),
            ("income", Arc::new(income) as ArrayRef),
        ])
    })
}
