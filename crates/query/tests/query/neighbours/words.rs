//! The words of the grammar: predicates, keys and figures, as SQL and as what they mean on a row.
//!
//! What they mean is written once more here, without the engine, and only as far as subjects are counted and values are
//! put within their limits.

use std::sync::Arc;

use super::data::{
    AREAS, BENEFIT_MOST, COST_MOST, DEPTS, DIAGNOSES, INCOME_MOST, Person, VISITS_MOST, Visit, month,
    new_year,
};
use crate::dice::Dice;

/// What a statement reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// One row for each person.
    Person,
    /// With the public register of areas.
    Register,
    /// Visits.
    Visit,
    /// Visits, numbered within their subject by a window.
    Numbered,
    /// People joined with their visits over the unit.
    Both,
    /// One row for each subject of visits, made by an inner aggregate.
    Subjects,
    /// People with their visits, and those without one.
    Outer,
    /// People whom an own list names.
    Listed,
}

impl Source {
    /// All but the last two, which [`super::plan`] puts in their place now and then.
    pub const ALL: [(u64, Source); 6] = [
        (34, Source::Person),
        (14, Source::Register),
        (16, Source::Visit),
        (8, Source::Numbered),
        (16, Source::Both),
        (12, Source::Subjects),
    ];

    pub fn has_person(self) -> bool {
        !matches!(self, Source::Visit | Source::Numbered | Source::Subjects)
    }

    /// Whether keys and predicates may be about visits.
    pub fn has_visit(self) -> bool {
        matches!(self, Source::Visit | Source::Numbered | Source::Both)
    }

    /// Most rows of one subject.
    pub fn rows(self) -> f64 {
        if self.has_visit() || self == Source::Outer {
            VISITS_MOST as f64
        } else {
            1.0
        }
    }
}

/// One row of what is read.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    pub person: &'a Person,
    pub visit: Option<&'a Visit>,
    /// Which of the visits of its subject it is, from 1.
    pub number: i64,
    /// Number and total cost of the visits of a subject.
    pub inner: Option<(i64, i64)>,
    /// How the own list calls the person.
    pub tag: Option<&'static str>,
}

type Truth = Arc<dyn Fn(&Row<'_>) -> Option<bool> + Send + Sync>;

/// Something that is said about a row, in three values.
#[derive(Clone)]
pub struct Predicate {
    pub sql: String,
    /// Columns it reads of which a class may say something about a person (G3).
    pub telling: Vec<&'static str>,
    holds: Truth,
    /// What is left of it without these columns, if anything is.
    weaker: Option<Truth>,
}

impl Predicate {
    pub fn new(
        sql: String,
        telling: &[&'static str],
        holds: impl Fn(&Row<'_>) -> Option<bool> + Send + Sync + 'static,
    ) -> Self {
        Self {
            sql,
            telling: telling.to_vec(),
            holds: Arc::new(holds),
            weaker: None,
        }
    }

    /// The same, with what is left of it without the columns it tells something about.
    pub fn weakened(self, to: impl Fn(&Row<'_>) -> Option<bool> + Send + Sync + 'static) -> Self {
        let weaker: Option<Truth> = Some(Arc::new(to));
        Self { weaker, ..self }
    }

    pub fn holds(&self, row: &Row<'_>) -> Option<bool> {
        (self.holds)(row)
    }

    /// Whether it holds, as far as it says nothing about a column.
    pub fn holds_without(&self, row: &Row<'_>, column: &str) -> bool {
        match (&self.weaker, self.telling.contains(&column)) {
            (_, false) => self.holds(row) == Some(true),
            (Some(weaker), true) => weaker(row) == Some(true),
            (None, true) => true,
        }
    }

    fn or(self, other: Self) -> Self {
        let (one, two) = (self.holds, other.holds);
        let either = move |row: &Row<'_>| match (one(row), two(row)) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        let telling = [self.telling, other.telling].concat();
        Self {
            sql: format!("({} OR {})", self.sql, other.sql),
            telling,
            holds: Arc::new(either),
            weaker: None,
        }
    }

    pub fn negated(self) -> Self {
        let holds = self.holds;
        Self {
            sql: format!("NOT ({})", self.sql),
            telling: self.telling,
            holds: Arc::new(move |row| holds(row).map(|holds| !holds)),
            weaker: None,
        }
    }

    /// Any predicate about a source.
    pub fn any(dice: &mut Dice, source: Source) -> Self {
        let one = Self::plain(dice, source);
        match dice.below(10) {
            0 => one.or(Self::plain(dice, source)),
            1 => one.negated(),
            _ => one,
        }
    }

    fn plain(dice: &mut Dice, source: Source) -> Self {
        if source == Source::Subjects {
            return Self::of_subject(dice);
        }
        if source.has_visit() && (!source.has_person() || dice.happens(50)) {
            return Self::of_visit(dice, source);
        }
        Self::of_person(dice, source)
    }

    fn of_person(dice: &mut Dice, source: Source) -> Self {
        match dice.below(if source == Source::Register { 11 } else { 10 }) {
            0 => {
                let area = usize::try_from(dice.below(5)).unwrap();
                let sql = format!("p.area = '{}'", AREAS[area].0);
                Self::new(sql, &[], move |row| Some(row.person.area == area))
            }
            1 => {
                let area = usize::try_from(dice.below(6)).unwrap();
                let sql = format!("p.area <> '{}'", AREAS[area].0);
                Self::new(sql, &[], move |row| Some(row.person.area != area))
            }
            2 => {
                let (one, other) = (dice.below(6) as usize, dice.below(6) as usize);
                let sql = format!("p.area IN ('{}', '{}')", AREAS[one].0, AREAS[other].0);
                Self::new(sql, &[], move |row| {
                    Some(row.person.area == one || row.person.area == other)
                })
            }
            3 => {
                let sex = dice.of(&["F", "M"]);
                Self::new(format!("p.sex = '{sex}'"), &[], move |row| {
                    Some(row.person.sex == sex)
                })
            }
            4 => {
                let year = i32::try_from(dice.within(1945, 2005)).unwrap();
                let sql = format!("date_part('year', p.birth) < {year}");
                Self::new(sql, &[], move |row| Some(row.person.born < new_year(year)))
            }
            5 => {
                let first = i32::try_from(dice.within(1940, 1990)).unwrap();
                let last = first + i32::try_from(dice.within(3, 40)).unwrap();
                let sql = format!("p.birth >= DATE '{first}-01-01' AND p.birth < DATE '{last}-01-01'");
                let range = new_year(first)..new_year(last);
                Self::new(sql, &[], move |row| Some(range.contains(&row.person.born)))
            }
            6 => {
                let bound = 1_000 * dice.within(6, 58);
                let sql = format!("p.income >= {bound}");
                Self::new(sql, &["income"], move |row| Some(row.person.income >= bound))
            }
            7 => {
                let diagnosis = dice.of(&DIAGNOSES);
                let sql = format!("p.diagnosis = '{diagnosis}'");
                let is = move |row: &Row<'_>| row.person.diagnosis.map(|own| own == diagnosis);
                Self::new(sql, &["diagnosis"], is)
            }
            8 => {
                let bound = 100 * dice.within(1, 9);
                let sql = format!("p.benefit < {bound}");
                Self::new(sql, &["benefit"], move |row| {
                    row.person.benefit.map(|own| own < bound)
                })
            }
            9 => Self::new("p.benefit IS NOT NULL".into(), &["benefit"], |row| {
                Some(row.person.benefit.is_some())
            }),
            _ => {
                let city = dice.of(&["north", "south", "west"]);
                let sql = format!("r.city = '{city}'");
                Self::new(sql, &[], move |row| Some(AREAS[row.person.area].1 == city))
            }
        }
    }

    pub fn of_visit(dice: &mut Dice, source: Source) -> Self {
        match dice.below(if source == Source::Numbered { 6 } else { 4 }) {
            0 => {
                let dept = dice.of(&DEPTS);
                let sql = format!("v.dept = '{dept}'");
                Self::new(sql, &[], move |row| row.visit.map(|visit| visit.dept == dept))
            }
            1 => {
                let dept = dice.of(&DEPTS);
                let sql = format!("v.dept <> '{dept}'");
                Self::new(sql, &[], move |row| row.visit.map(|visit| visit.dept != dept))
            }
            2 => {
                let number = i32::try_from(dice.within(2, 12)).unwrap();
                let sql = format!("date_part('month', v.visit_date) < {number}");
                Self::new(sql, &[], move |row| {
                    row.visit.map(|visit| visit.day < month(number))
                })
            }
            3 => {
                let bound = 100 * dice.within(1, 19);
                let sql = format!("v.cost >= {bound}");
                Self::new(sql, &["cost"], move |row| {
                    row.visit.map(|visit| visit.cost >= bound)
                })
            }
            _ => {
                let number = dice.within(1, 3);
                Self::new(format!("v.rn <= {number}"), &[], move |row| {
                    Some(row.number <= number)
                })
            }
        }
    }

    fn of_subject(dice: &mut Dice) -> Self {
        if dice.happens(60) {
            let number = dice.within(1, 4);
            let sql = format!("s.n >= {number}");
            return Self::new(sql, &[], move |row| row.inner.map(|(n, _)| n >= number));
        }
        let bound = 100 * dice.within(5, 50);
        let sql = format!("s.c >= {bound}");
        Self::new(sql, &["cost"], move |row| row.inner.map(|(_, c)| c >= bound))
    }
}

/// A group key.
#[derive(Clone)]
pub struct Key {
    pub sql: &'static str,
    pub telling: Vec<&'static str>,
    pub value: fn(&Row<'_>) -> String,
}

impl Key {
    /// All keys of a source, in a fixed order.
    pub fn all(source: Source) -> Vec<Key> {
        let key = |sql, telling: &[&'static str], value| Key {
            sql,
            telling: telling.to_vec(),
            value,
        };
        let mut all = Vec::new();
        if source.has_person() {
            all.push(key("p.area", &[], |row| AREAS[row.person.area].0.into()));
            all.push(key("p.sex", &[], |row| row.person.sex.into()));
            all.push(key("p.birth < DATE '1975-01-01'", &[], |row| {
                (row.person.born < new_year(1975)).to_string()
            }));
            all.push(key("p.diagnosis", &["diagnosis"], |row| {
                row.person.diagnosis.unwrap_or("NULL").into()
            }));
            all.push(key(
                "CASE WHEN p.income < 20000 THEN 'low' WHEN p.income < 50000 THEN 'mid' ELSE 'high' END",
                &["income"],
                |row| match row.person.income {
                    ..20_000 => "low".into(),
                    20_000..50_000 => "mid".into(),
                    _ => "high".into(),
                },
            ));
        }
        if source == Source::Register {
            all.push(key("r.city", &[], |row| AREAS[row.person.area].1.into()));
        }
        if source.has_visit() {
            all.push(key("v.dept", &[], |row| {
                row.visit.map_or("NULL", |visit| visit.dept).into()
            }));
            all.push(key("date_part('quarter', v.visit_date)", &[], |row| {
                let quarter = [4, 7, 10, 13].iter().position(|after| {
                    row.visit
                        .is_some_and(|visit| *after == 13 || visit.day < month(*after))
                });
                (quarter.unwrap() + 1).to_string()
            }));
        }
        if source == Source::Listed {
            all.push(key("u.tag", &[], |row| row.tag.unwrap_or("NULL").into()));
        }
        if source == Source::Subjects {
            all.push(key("s.n", &[], |row| row.inner.map_or(0, |(n, _)| n).to_string()));
        }
        all
    }
}

/// A measure: its SQL, its greatest value after the clamp, and its clamped value.
#[derive(Clone, Copy)]
pub struct Measure {
    pub sql: &'static str,
    pub most: f64,
    pub grain: f64,
    pub value: fn(&Row<'_>) -> Option<f64>,
}

impl Measure {
    pub fn any(dice: &mut Dice, source: Source) -> Self {
        let income = Measure {
            sql: "p.income",
            most: INCOME_MOST as f64,
            grain: 1_000.0,
            value: |row| Some(row.person.income.clamp(0, INCOME_MOST) as f64),
        };
        let benefit = Measure {
            sql: "p.benefit",
            most: BENEFIT_MOST as f64,
            grain: 100.0,
            value: |row| row.person.benefit.map(|own| own.clamp(0, BENEFIT_MOST) as f64),
        };
        let cost = Measure {
            sql: "v.cost",
            most: COST_MOST as f64,
            grain: 100.0,
            value: |row| row.visit.map(|visit| visit.cost.clamp(0, COST_MOST) as f64),
        };
        // An inner sum has the limits of its column, times the rows of a subject (A2.2).
        let total = Measure {
            sql: "s.c",
            most: COST_MOST as f64 * VISITS_MOST as f64,
            grain: 100.0,
            value: |row| {
                let most = COST_MOST * i64::try_from(VISITS_MOST).unwrap();
                row.inner.map(|(_, c)| c.clamp(0, most) as f64)
            },
        };
        match source {
            Source::Person | Source::Register | Source::Listed => {
                dice.weighted(&[(70, income), (30, benefit)])
            }
            Source::Visit | Source::Numbered => cost,
            Source::Both | Source::Outer => dice.weighted(&[(30, income), (15, benefit), (55, cost)]),
            Source::Subjects => total,
        }
    }
}
