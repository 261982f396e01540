//! Towns: every one is a database of the game, drawn on its own, with one person whose secret is to be told.
//!
//! Many lie in one table, since `GROUP BY town` then asks the same question about each of them at once. No cell holds
//! people of two towns, so neither thresholds nor the release ledger know that there are others.
//!
//! Of everybody the attacker knows everything but the secret. What else is known is written as the target sees it: `t`
//! is the target's own value of an attribute and `o` any other one, which is all that conditions `=` and `<>` can say.

use std::{collections::BTreeMap, sync::Arc};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use shuyu_kernel::Id;
use shuyu_privacy::{Bounds, ColumnGrant, Permit, TableGrant, TableKind, Use};
use shuyu_query::UNIT_COLUMN;

use crate::{
    dice::Dice,
    fixture::{Memory, permit as standard},
    small::uses,
};

/// What is known of people: two attributes that halve a town, and three in which the target is one of few.
pub const ATTRIBUTES: [&str; 5] = ["b", "c", "d", "e", "f"];
/// Greatest value of the amount that is known of everybody.
pub const MOST: i64 = 50;

/// A person.
#[derive(Debug, Clone)]
pub struct Person {
    pub unit: u64,
    /// Whether an attribute has the target's value.
    pub same: [bool; 5],
    /// A known amount.
    pub amount: i64,
    /// The secret.
    pub secret: bool,
}

/// The sizes of a town.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// People.
    pub people: usize,
    /// How many share the target's value of an attribute, besides the target; `None` for half of the town.
    pub sharing: [Option<usize>; 5],
}

impl Shape {
    /// Groups of hundreds, and others of the target and up to five: what is said of the former says next to nothing of
    /// the target, and of the latter nothing is said.
    pub const LARGE: Self = Self {
        people: 1_000,
        sharing: [None, None, Some(2), Some(3), Some(5)],
    };

    /// Groups of a few dozens: honest totals say something of each member.
    pub const SMALL: Self = Self {
        people: 160,
        sharing: [None, None, Some(2), Some(3), Some(5)],
    };
}

/// A town; the target comes first.
pub fn town(shape: Shape, dice: &mut Dice) -> Vec<Person> {
    let mut people: Vec<Person> = (0..shape.people)
        .map(|number| Person {
            unit: dice.next(),
            same: shape
                .sharing
                .map(|sharing| sharing.is_none() && (number == 0 || dice.happens(50))),
            amount: dice.within(1, MOST),
            secret: dice.happens(50),
        })
        .collect();
    let mut next = 1;
    for (attribute, sharing) in shape.sharing.iter().enumerate() {
        let Some(sharing) = sharing else { continue };
        people[0].same[attribute] = true;
        // Others for every attribute, so that the target alone has two of them.
        for person in &mut people[next..next + sharing] {
            person.same[attribute] = true;
        }
        next += sharing;
    }
    people
}

/// Whether honest totals tell the secret: of the smallest group of `k` or more that shares what the target is known for,
/// whether more have it than have it not, exactly.
pub fn told_by_totals(people: &[Person], k: usize) -> bool {
    let groups = (0..1u32 << ATTRIBUTES.len()).map(|asked| {
        let fits = |person: &&Person| {
            let mut each = person.same.iter().enumerate();
            each.all(|(place, same)| *same || asked >> place & 1 == 0)
        };
        let group: Vec<&Person> = people.iter().filter(fits).collect();
        (group.len(), group.iter().filter(|person| person.secret).count())
    });
    let (all, with) = groups.filter(|(all, _)| *all >= k).min().unwrap();
    (with * 2 >= all) == people[0].secret
}

/// Towns of one table.
pub struct Towns {
    pub all: Vec<Vec<Person>>,
    pub memory: Arc<Memory>,
}

pub fn name(town: usize) -> String {
    format!("w{town:03}")
}

impl Towns {
    pub fn new(shape: Shape, count: usize, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let all: Vec<Vec<Person>> = (0..count).map(|_| town(shape, &mut dice)).collect();
        let rows = || {
            let numbered = all.iter().enumerate();
            numbered.flat_map(|(number, people)| people.iter().map(move |person| (number, person)))
        };
        let text = |values: Vec<String>| -> ArrayRef { Arc::new(StringArray::from(values)) };
        let told = |same: bool| if same { "t" } else { "o" }.to_owned();
        let mut columns = vec![("town", text(rows().map(|(number, _)| name(number)).collect()))];
        for (place, attribute) in ATTRIBUTES.iter().enumerate() {
            let values = rows().map(|(_, person)| told(person.same[place]));
            columns.push((attribute, text(values.collect())));
        }
        let secrets = rows().map(|(_, person)| if person.secret { "y" } else { "n" }.to_owned());
        columns.push(("s", text(secrets.collect())));
        let amounts = rows().map(|(_, person)| person.amount);
        columns.push(("x", Arc::new(Int64Array::from_iter_values(amounts))));
        let units = rows().map(|(_, person)| person.unit);
        columns.push((UNIT_COLUMN, Arc::new(UInt64Array::from_iter_values(units))));
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        Self {
            all,
            memory: Arc::new(Memory {
                tables: BTreeMap::from([("t".to_owned(), batch)]),
            }),
        }
    }
}

/// What may be asked: everything but the subject groups and filters, and `s` is sensitive.
pub fn permit() -> Permit {
    let dimension = || uses(&[Use::Group, Use::Filter]);
    let mut columns = BTreeMap::from([
        ("town".to_owned(), dimension()),
        (
            "s".to_owned(),
            ColumnGrant {
                sensitive: true,
                ..dimension()
            },
        ),
        (
            "x".to_owned(),
            ColumnGrant {
                bounds: Some(Bounds { low: 0, high: MOST }),
                ..uses(&[Use::Measure])
            },
        ),
        (
            "id_no".to_owned(),
            ColumnGrant {
                unit: true,
                domain: Some("person".into()),
                ..uses(&[Use::Link])
            },
        ),
    ]);
    columns.extend(ATTRIBUTES.map(|attribute| (attribute.to_owned(), dimension())));
    let table = TableGrant {
        dataset: Id::from_bits(900),
        version: 1,
        kind: TableKind::Personal {
            domain: "person".into(),
            rows_per_unit: 1,
        },
        provider: None,
        columns,
        struck: Vec::new(),
        rows: None,
    };
    Permit {
        tables: BTreeMap::from([("t".to_owned(), table)]),
        ..standard()
    }
}
