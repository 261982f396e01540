//! What a plan counts, computed from the rows without the engine: how many subjects stand behind every cell, argument
//! and side of a branch, so that it is known what has to be shown, what has to be missing, and what may be either.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    data::{COST_MOST, Person},
    figure::{Figure, What},
    further,
    plan::Plan,
    words::{Predicate, Row, Source},
};

/// Values of the keys of a cell, and the number of its grouping set.
pub type CellKey = (Vec<String>, u64);

/// What the numbers of subjects ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Shown,
    Missing,
    /// A number is between `k` and `k + j`, or another rule may be in the way.
    Either,
}

/// One figure of one cell.
#[derive(Debug, Clone)]
pub struct Told {
    pub due: Due,
    /// Exactly, after the clamp.
    pub exact: f64,
    /// Rows behind it.
    pub rows: f64,
    /// Values, sorted, of a quantile.
    pub values: Vec<f64>,
}

/// One cell.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Subjects.
    pub subjects: BTreeSet<u64>,
    /// What the cell itself asks for.
    pub due: Due,
    pub figures: Vec<Told>,
}

/// All cells of a plan over a database.
pub type Cells = BTreeMap<CellKey, Cell>;

/// The numbers of the gate, as the permit states them.
#[derive(Debug, Clone, Copy)]
pub struct Least {
    pub k: u64,
    /// Where an own list has a say.
    pub fused: u64,
    pub jitter: u64,
    pub quantile: u64,
}

impl Least {
    /// The numbers for what a plan reads.
    pub fn about(self, source: Source) -> Self {
        let k = if source == Source::Listed {
            self.fused
        } else {
            self.k
        };
        Self { k, ..self }
    }

    fn due(&self, count: u64) -> Due {
        match count {
            count if count < self.k => Due::Missing,
            count if count >= self.k + self.jitter => Due::Shown,
            _ => Due::Either,
        }
    }

    /// Nobody, or enough.
    fn nobody_or(&self, count: u64) -> Due {
        if count == 0 { Due::Shown } else { self.due(count) }
    }
}

fn worse(one: Due, other: Due) -> Due {
    match (one, other) {
        (Due::Missing, _) | (_, Due::Missing) => Due::Missing,
        (Due::Either, _) | (_, Due::Either) => Due::Either,
        _ => Due::Shown,
    }
}

/// Another rule may be in the way, but nothing has to be missing for it.
fn perhaps(due: Due, when: bool) -> Due {
    if when { worse(due, Due::Either) } else { due }
}

/// The rows a plan reads, before its filters.
fn rows<'a>(plan: &Plan, people: &'a [Person]) -> Vec<Row<'a>> {
    let mut all = Vec::new();
    for person in people {
        let bare = Row {
            person,
            visit: None,
            number: 0,
            inner: None,
            tag: None,
        };
        let mut visits = Vec::new();
        let mut sorted: Vec<_> = person.visits.iter().collect();
        sorted.sort_by_key(|visit| visit.day);
        for (number, visit) in (1i64..).zip(sorted) {
            visits.push(Row {
                visit: Some(visit),
                number,
                ..bare
            });
        }
        let within = |row: &Row<'_>| plan.inner.iter().all(|p| p.holds(row) == Some(true));
        match plan.source {
            Source::Person | Source::Register => all.extend(within(&bare).then_some(bare)),
            Source::Visit | Source::Numbered | Source::Both => all.extend(visits),
            Source::Outer if visits.is_empty() => all.push(bare),
            Source::Outer => all.extend(visits),
            Source::Listed => all.extend(further::listed(bare)),
            Source::Subjects => {
                visits.retain(within);
                let cost = visits
                    .iter()
                    .filter_map(|row| row.visit)
                    .map(|visit| visit.cost.clamp(0, COST_MOST))
                    .sum();
                let inner = Some((visits.len() as i64, cost));
                all.extend((!visits.is_empty()).then_some(Row { inner, ..bare }));
            }
        }
    }
    all
}

fn subjects<'a>(rows: impl IntoIterator<Item = &'a Row<'a>>) -> BTreeSet<u64> {
    rows.into_iter().map(|row| row.person.unit).collect()
}

/// Added to the number of the grouping set of cells of the second release.
pub const SECOND: u64 = 1 << 32;

/// Every cell of a plan.
pub fn cells(plan: &Plan, people: &[Person], least: &Least) -> Cells {
    let mut cells = of_release(plan, (&plan.filters, 0), people, least);
    if let Some(second) = &plan.second {
        cells.extend(of_release(plan, (second, SECOND), people, least));
    }
    cells
}

fn of_release(
    plan: &Plan,
    (filters, release): (&[Predicate], u64),
    people: &[Person],
    least: &Least,
) -> Cells {
    let all = rows(plan, people);
    let mut cells = Cells::new();
    for set in &plan.sets {
        let number = if plan.has_sets() { plan.number(set) } else { 0 } + release;
        let key = |row: &Row<'_>, without: &str| -> CellKey {
            let value = |(place, key): (usize, &super::words::Key)| {
                let told = set.contains(&place) && !key.telling.contains(&without);
                if told { (key.value)(row) } else { "NULL".to_owned() }
            };
            (plan.keys.iter().enumerate().map(value).collect(), number)
        };
        let holds = |row: &Row<'_>, without: &str| filters.iter().all(|p| p.holds_without(row, without));
        let mut grouped: BTreeMap<CellKey, Vec<Row<'_>>> = BTreeMap::new();
        for row in all.iter().filter(|row| holds(row, "")) {
            grouped.entry(key(row, "")).or_default().push(*row);
        }
        if set.is_empty() {
            grouped
                .entry((vec!["NULL".to_owned(); plan.keys.len()], number))
                .or_default();
        }
        for (name, mut rows) in grouped {
            if plan.source == Source::Listed {
                // A list is a set of people, or of people with the labels that are keys.
                rows.dedup_by_key(|row| row.person.unit);
            }
            let of = subjects(&rows);
            let mut due = least.due(of.len() as u64);
            for column in telling(plan, filters) {
                // G3: the cell beside what it would be without what is said about the column.
                let without = rows.first().map(|row| key(row, column));
                let wider = all
                    .iter()
                    .filter(|row| holds(row, column) && Some(key(row, column)) == without);
                due = perhaps(due, of.len() as f64 > 0.94 * subjects(wider).len() as f64);
            }
            let figures = plan
                .figures
                .iter()
                .map(|figure| told((plan.source, figure), &rows, &of, due, least))
                .collect();
            cells.insert(
                name,
                Cell {
                    subjects: of,
                    due,
                    figures,
                },
            );
        }
    }
    cells
}

/// Columns of which the plan says something that may be a class.
fn telling(plan: &Plan, filters: &[Predicate]) -> BTreeSet<&'static str> {
    let filters = filters.iter().chain(&plan.inner).flat_map(|p| &p.telling);
    filters
        .chain(plan.keys.iter().flat_map(|key| &key.telling))
        .copied()
        .collect()
}

/// What a figure contributes on a row; `None` where it has no value.
fn value(figure: &Figure, row: &Row<'_>) -> Option<f64> {
    match figure.measure {
        None => Some(1.0),
        Some(measure) => (measure.value)(row),
    }
}

fn told(
    (source, figure): (Source, &Figure),
    rows: &[Row<'_>],
    of: &BTreeSet<u64>,
    due: Due,
    least: &Least,
) -> Told {
    let inside = |row: &&Row<'_>| {
        figure
            .branch
            .as_ref()
            .is_none_or(|(predicate, _)| predicate.holds(row) == Some(true))
    };
    let within: Vec<&Row<'_>> = rows.iter().filter(inside).collect();
    let valued: Vec<(&Row<'_>, f64)> = within
        .iter()
        .filter_map(|row| Some((*row, value(figure, row)?)))
        .collect();
    let mut totals: BTreeMap<u64, f64> = BTreeMap::new();
    for (row, value) in &valued {
        *totals.entry(row.person.unit).or_default() += value;
    }
    let n = of.len() as u64;
    let with = totals.len() as u64;
    let nonzero = totals.values().filter(|total| **total != 0.0).count() as u64;
    let mut due = due;
    let needs_values = !matches!(figure.what, What::Subjects | What::Different);
    if needs_values && (figure.measure.is_some() || figure.branch.is_some()) {
        due = worse(due, worse(least.due(with), least.nobody_or(n - with)));
    }
    if source == Source::Outer && figure.measure.is_some_and(|measure| measure.sql == "v.cost") {
        // Who has no visit is the other side of a branch, and neither side is nearly everybody.
        due = worse(due, least.due(n - with));
        due = perhaps(due, with as f64 > 0.94 * n as f64);
    }
    if let Some(key) = &figure.of {
        // Who has no value is left out, as anywhere.
        let has = |row: &&Row<'_>| (key.value)(row) != "NULL";
        let without = n - subjects(rows.iter().filter(has)).len() as u64;
        let few = least.nobody_or(without) != Due::Shown || least.due(n - without) != Due::Shown;
        due = perhaps(due, few);
    }
    if matches!(figure.what, What::Sum { .. } | What::Mean) && figure.measure.is_some() {
        due = worse(due, least.due(nonzero));
        due = perhaps(due, dominated(&totals));
    }
    if figure.branch.is_some() {
        // Both sides are looked at, also for who has rows on both, and neither is nearly everybody.
        let beside = subjects(rows.iter().filter(|row| !inside(row))).len() as u64;
        let few = |count| least.due(count) != Due::Shown;
        let sides = few(beside) || few(n.saturating_sub(beside)) || few(n - with);
        due = perhaps(
            due,
            sides || with as f64 > 0.94 * n as f64 || beside as f64 > 0.94 * n as f64,
        );
    }
    let mut values: Vec<f64> = Vec::new();
    if let What::Quantile(_) = figure.what {
        values = valued.iter().map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        if with < least.quantile {
            due = Due::Missing;
        }
        // A window has little more than `k` subjects, fewer where they have many rows: jitter decides.
        due = perhaps(due, true);
    }
    // Squares have rules of their own, about values.
    due = perhaps(due, matches!(figure.what, What::Spread { .. }));
    Told {
        due,
        exact: exact(figure, rows, (n, &totals, valued.len() as f64), least),
        rows: valued.len() as f64,
        values,
    }
}

/// What a figure comes to after the clamp, from the subjects of the cell, their totals and the number of values.
fn exact(
    figure: &Figure,
    rows: &[Row<'_>],
    (subjects, totals, values): (u64, &BTreeMap<u64, f64>, f64),
    least: &Least,
) -> f64 {
    let total = totals.values().sum::<f64>();
    match (figure.what, &figure.of) {
        (What::Rows, _) => values,
        (What::Subjects, _) => subjects as f64,
        (What::Different, Some(key)) => different(key.value, rows, least),
        (What::Sum { factor, offset }, _) => factor * total + offset * values,
        (What::Mean, _) => total / values,
        _ => 0.0,
    }
}

/// Values that at least `k` subjects hold.
fn different(key: fn(&Row<'_>) -> String, rows: &[Row<'_>], least: &Least) -> f64 {
    let mut holders: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for row in rows {
        holders.entry(key(row)).or_default().insert(row.person.unit);
    }
    holders.remove("NULL");
    holders.values().filter(|who| who.len() as u64 >= least.k).count() as f64
}

/// Whether two subjects hold, or nearly hold, most of it (G2).
fn dominated(totals: &BTreeMap<u64, f64>) -> bool {
    let mut sorted: Vec<f64> = totals.values().copied().collect();
    sorted.sort_by(|one, other| other.total_cmp(one));
    sorted.iter().take(2).sum::<f64>() > 0.85 * sorted.iter().sum::<f64>()
}
