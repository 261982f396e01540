//! Two hundred and some people with their visits, and the database beside it with one person more or less.
//!
//! Everybody is made up. Some incomes and costs lie far outside of the limits of their grants, so that a missing clamp
//! shows; every column has parts that are large, parts around `k` and parts below it.

use std::{collections::BTreeMap, sync::Arc};

use arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch, StringArray, UInt64Array};
use shuyu_kernel::Id;
use shuyu_privacy::{Bounds, ColumnGrant, DateGrain, Grain, Permit, TableGrant, TableKind, Use};
use shuyu_query::UNIT_COLUMN;

use crate::{
    dice::Dice,
    fixture::{Memory, permit as standard},
    small::uses,
};

/// Limits of `income`, `benefit` and `cost`: what one row may contribute at most.
pub const INCOME_MOST: i64 = 60_000;
pub const BENEFIT_MOST: i64 = 1_000;
pub const COST_MOST: i64 = 2_000;
/// Most visits of one person.
pub const VISITS_MOST: u64 = 4;

/// Areas with their city, as in the public register.
pub const AREAS: [(&str, &str); 6] = [
    ("a1", "north"),
    ("a2", "north"),
    ("a3", "south"),
    ("a4", "south"),
    ("a5", "west"),
    ("a6", "west"),
];
pub const DEPTS: [&str; 4] = ["eye", "heart", "bone", "skin"];
/// Names of the parts of the own list.
pub const TAGS: [&str; 2] = ["u", "w"];
pub const DIAGNOSES: [&str; 3] = ["x", "y", "z"];

#[derive(Debug, Clone)]
pub struct Visit {
    /// Days since 1970; a person has one visit a day at most.
    pub day: i32,
    pub dept: &'static str,
    pub cost: i64,
}

#[derive(Debug, Clone)]
pub struct Person {
    pub unit: u64,
    pub area: usize,
    pub sex: &'static str,
    pub born: i32,
    pub income: i64,
    pub benefit: Option<i64>,
    pub diagnosis: Option<&'static str>,
    pub visits: Vec<Visit>,
}

/// First day of a year, as days since 1970.
pub fn new_year(year: i32) -> i32 {
    let before = year - 1;
    365 * (year - 1970) + (before / 4 - before / 100 + before / 400) - 477
}

/// The first day of a month of 2024.
pub fn month(number: i32) -> i32 {
    const BEFORE: [i32; 12] = [0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335];
    new_year(2024) + BEFORE[usize::try_from(number - 1).unwrap()]
}

pub fn person(dice: &mut Dice, unit: u64) -> Person {
    let area = dice.weighted(&[(30, 0), (26, 1), (18, 2), (12, 3), (9, 4), (5, 5)]);
    let outlier = dice.happens(6);
    let income = if outlier {
        9_000_000
    } else {
        dice.within(5_000, INCOME_MOST)
    };
    let benefit = match dice.below(20) {
        0..4 => None,
        4..9 => Some(0),
        9 => Some(800_000),
        _ => Some(dice.within(100, BENEFIT_MOST)),
    };
    let diagnosis = dice.weighted(&[(50, Some("x")), (30, Some("y")), (12, Some("z")), (8, None)]);
    let visits = (0..dice.below(VISITS_MOST + 1)).map(|turn| Visit {
        day: month(1 + 3 * i32::try_from(turn).unwrap()) + i32::try_from(dice.below(90)).unwrap(),
        dept: dice.weighted(&[(40, DEPTS[0]), (30, DEPTS[1]), (20, DEPTS[2]), (6, DEPTS[3])]),
        cost: if dice.happens(5) {
            300_000
        } else {
            dice.within(50, COST_MOST)
        },
    });
    let visits: Vec<Visit> = visits.collect();
    Person {
        unit: unit.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        area,
        sex: dice.of(&["F", "M"]),
        born: new_year(i32::try_from(dice.within(1940, 2009)).unwrap()) + 40,
        income,
        benefit,
        diagnosis,
        visits,
    }
}

/// Everybody of one database.
pub fn people(seed: u64, count: u64) -> Vec<Person> {
    let mut dice = Dice::new(seed);
    (1..=count).map(|unit| person(&mut dice, unit)).collect()
}

fn text(values: impl Iterator<Item = Option<&'static str>>) -> ArrayRef {
    Arc::new(StringArray::from_iter(values))
}

/// What the own list calls a person: most are in one part, some in both, some on no list.
pub fn tags(person: &Person) -> impl Iterator<Item = &'static str> {
    let digit = person.unit >> 32 & 15;
    let parts = [(TAGS[0], digit < 9), (TAGS[1], (7..14).contains(&digit))];
    parts.into_iter().filter_map(|(tag, is_in)| is_in.then_some(tag))
}

/// The own list, with names that nobody has. It is one list about both databases: whom no table knows is nobody.
fn own_list(people: &[Person]) -> Vec<(&'static str, ArrayRef)> {
    let names = people
        .iter()
        .flat_map(|person| tags(person).map(move |tag| (person.unit, tag)));
    let rows: Vec<(u64, &str)> = names.chain((1..40).map(|nobody| (nobody, TAGS[0]))).collect();
    let units = UInt64Array::from_iter_values(rows.iter().map(|(unit, _)| *unit));
    vec![
        ("tag", text(rows.iter().map(|(_, tag)| Some(*tag)))),
        (UNIT_COLUMN, Arc::new(units)),
    ]
}

/// The tables of some people.
pub fn tables(people: &[Person]) -> Arc<Memory> {
    let batch = |columns: Vec<(&str, ArrayRef)>| {
        RecordBatch::try_from_iter_with_nullable(
            columns
                .into_iter()
                .map(|(name, array)| (name, array, name != UNIT_COLUMN)),
        )
        .unwrap()
    };
    let person = batch(vec![
        ("area", text(people.iter().map(|p| Some(AREAS[p.area].0)))),
        ("sex", text(people.iter().map(|p| Some(p.sex)))),
        (
            "birth",
            Arc::new(Date32Array::from_iter_values(people.iter().map(|p| p.born))),
        ),
        (
            "income",
            Arc::new(Int64Array::from_iter_values(people.iter().map(|p| p.income))),
        ),
        (
            "benefit",
            Arc::new(Int64Array::from_iter(people.iter().map(|p| p.benefit))),
        ),
        ("diagnosis", text(people.iter().map(|p| p.diagnosis))),
        (
            UNIT_COLUMN,
            Arc::new(UInt64Array::from_iter_values(people.iter().map(|p| p.unit))),
        ),
    ]);
    let visits: Vec<(u64, &Visit)> = people
        .iter()
        .flat_map(|p| p.visits.iter().map(|visit| (p.unit, visit)))
        .collect();
    let visit = batch(vec![
        (
            "visit_date",
            Arc::new(Date32Array::from_iter_values(visits.iter().map(|(_, v)| v.day))),
        ),
        ("dept", text(visits.iter().map(|(_, v)| Some(v.dept)))),
        (
            "cost",
            Arc::new(Int64Array::from_iter_values(visits.iter().map(|(_, v)| v.cost))),
        ),
        (
            UNIT_COLUMN,
            Arc::new(UInt64Array::from_iter_values(
                visits.iter().map(|(unit, _)| *unit),
            )),
        ),
    ]);
    let region = batch(vec![
        ("area", text(AREAS.iter().map(|(area, _)| Some(*area)))),
        ("city", text(AREAS.iter().map(|(_, city)| Some(*city)))),
    ]);
    let named = [
        ("person", person),
        ("visit", visit),
        ("region", region),
        ("own", batch(own_list(people))),
    ];
    Arc::new(Memory {
        tables: named
            .into_iter()
            .map(|(name, rows)| (name.to_owned(), rows))
            .collect(),
    })
}

fn table(number: u128, kind: TableKind, columns: Vec<(&str, ColumnGrant)>) -> TableGrant {
    TableGrant {
        dataset: Id::from_bits(700 + number),
        version: 1,
        kind,
        provider: None,
        columns: columns
            .into_iter()
            .map(|(name, grant)| (name.to_owned(), grant))
            .collect(),
        struck: Vec::new(),
        rows: None,
    }
}

/// What may be asked about them.
pub fn permit() -> Permit {
    let personal = |rows_per_unit| TableKind::Personal {
        domain: "person".into(),
        rows_per_unit,
    };
    let id = || ColumnGrant {
        unit: true,
        domain: Some("person".into()),
        ..uses(&[Use::Link])
    };
    let dimension = || uses(&[Use::Group, Use::Filter]);
    let measure = |high, grain| ColumnGrant {
        bounds: Some(Bounds { low: 0, high }),
        grain,
        ..uses(&[Use::Group, Use::Filter, Use::Measure])
    };
    let number = |filter, group| Some(Grain::Number { filter, group });
    let date = |grain| ColumnGrant {
        grain: Some(Grain::Date(grain)),
        ..dimension()
    };
    let person = vec![
        ("id_no", id()),
        ("area", dimension()),
        ("sex", dimension()),
        ("birth", date(DateGrain::Year)),
        ("income", measure(INCOME_MOST, number(1_000, 10_000))),
        ("benefit", measure(BENEFIT_MOST, number(100, 500))),
        (
            "diagnosis",
            ColumnGrant {
                sensitive: true,
                ..dimension()
            },
        ),
    ];
    let visit = vec![
        ("id_no", id()),
        ("visit_date", date(DateGrain::Month)),
        ("dept", dimension()),
        ("cost", measure(COST_MOST, number(100, 500))),
    ];
    let tables = [
        ("person", table(1, personal(1), person)),
        ("visit", table(2, personal(VISITS_MOST), visit)),
        ("region", table(3, TableKind::Public, Vec::new())),
        (
            "own",
            table(4, TableKind::Own, vec![("id_no", id()), ("tag", dimension())]),
        ),
    ];
    Permit {
        tables: tables
            .into_iter()
            .map(|(name, grant)| (name.to_owned(), grant))
            .collect::<BTreeMap<_, _>>(),
        ..standard()
    }
}
