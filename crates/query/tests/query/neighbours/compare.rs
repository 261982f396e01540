//! Compares the answers about neighbouring databases with each other, and each with what its numbers of subjects ask for.

use super::{
    ask::Answer,
    bounds::Stated,
    figure::What,
    plan::{Above, Plan},
    truth::{Cell, CellKey, Cells, Due},
    words::Source,
};

/// What is found wrong, and what is counted.
#[derive(Debug, Default, Clone)]
pub struct Findings {
    pub wrong: Vec<String>,
    /// Numbers compared between the two databases.
    pub compared: u64,
    /// Numbers that one database shows and the other does not.
    pub changed: u64,
    /// Of these, numbers that another rule than a number of subjects took away.
    pub by_others: u64,
    /// How far large counts of subjects were moved.
    pub deviations: Vec<f64>,
    /// Greatest difference, as a share of its bound.
    pub nearest: f64,
}

impl Findings {
    pub fn add(&mut self, other: Self) {
        self.wrong.extend(other.wrong);
        self.compared += other.compared;
        self.changed += other.changed;
        self.by_others += other.by_others;
        self.deviations.extend(other.deviations);
        self.nearest = self.nearest.max(other.nearest);
    }
}

/// One side: what is so, and what was answered.
pub type Side<'a> = (&'a Cells, &'a Answer);

/// Everything that can be said of the answers to one plan about two neighbouring databases.
pub fn neighbours(plan: &Plan, stated: &Stated, one: Side<'_>, other: Side<'_>) -> Findings {
    let mut found = Findings::default();
    for side in [one, other] {
        alone(plan, side, &mut found);
    }
    let keys: std::collections::BTreeSet<&CellKey> = one.0.keys().chain(other.0.keys()).collect();
    let drawn = one.1.snapped || other.1.snapped || one.1.lost || other.1.lost;
    let plain = !(drawn || plan.has_sets() || plan.second.is_some());
    for key in keys {
        for place in 0..plan.figures.len() {
            let seen = |side: Side<'_>| side.1.cells.get(key).and_then(|figures| figures[place]);
            match (seen(one), seen(other)) {
                (Some(a), Some(b)) => pair(
                    plan,
                    stated,
                    (one, other),
                    (key, place),
                    (a, b, plain),
                    &mut found,
                ),
                (None, None) => {}
                (Some(value), None) => changed(plan, stated, (one, other), (key, place), value, &mut found),
                (None, Some(value)) => changed(plan, stated, (other, one), (key, place), value, &mut found),
            }
        }
    }
    found
}

/// One database: nothing of too few subjects is shown, nothing is shown that is not there.
fn alone(plan: &Plan, (cells, answer): Side<'_>, found: &mut Findings) {
    for (key, figures) in &answer.cells {
        let Some(cell) = cells.get(key) else {
            if figures.iter().any(Option::is_some) {
                found.wrong.push(format!("{key:?} is shown and does not exist"));
            }
            continue;
        };
        for (place, value) in figures.iter().enumerate() {
            let (Some(value), told) = (value, &cell.figures[place]) else {
                continue;
            };
            if cell.due == Due::Missing || told.due == Due::Missing {
                let few = cell.subjects.len();
                found
                    .wrong
                    .push(format!("{key:?} f{place} = {value} is shown, of {few} subjects"));
            }
            let figure = &plan.figures[place];
            let one_each = plan.source.rows() == 1.0 && figure.branch.is_none() && figure.measure.is_none();
            if (figure.what == What::Subjects || figure.what == What::Rows && one_each)
                && told.exact >= 30.0
                && !answer.snapped
            {
                found.deviations.push(value - told.exact);
            }
        }
    }
    above(plan, answer, found);
}

/// What stands above the release is a function of what was released.
fn above(plan: &Plan, answer: &Answer, found: &mut Findings) {
    let firsts = || answer.cells.values().map(|figures| figures[0]);
    for (key, x) in &answer.above {
        let Some(figures) = answer.cells.get(key) else {
            continue;
        };
        let expected = match (plan.above, figures.as_slice()) {
            (Above::Ratio, [Some(a), Some(b), ..]) if *b != 0.0 => Some(a / b),
            // NULL comes first where the order falls.
            (Above::Rank, [first, ..]) => {
                let before = firsts().filter(|other| match (first, other) {
                    (None, _) => false,
                    (Some(_), None) => true,
                    (Some(first), Some(other)) => other > first,
                });
                Some(1.0 + before.count() as f64)
            }
            _ => None,
        };
        let same = match (expected, x) {
            (None, None) => true,
            (Some(expected), Some(x)) => (expected - x).abs() <= 1e-9 * expected.abs().max(1.0),
            _ => false,
        };
        if !same {
            found.wrong.push(format!("{key:?} x = {x:?}, not {expected:?}"));
        }
    }
}

fn pair(
    plan: &Plan,
    stated: &Stated,
    (one, other): (Side<'_>, Side<'_>),
    (key, place): (&CellKey, usize),
    (a, b, plain): (f64, f64, bool),
    found: &mut Findings,
) {
    let (Some(of_one), Some(of_other)) = (one.0.get(key), other.0.get(key)) else {
        return;
    };
    found.compared += 1;
    // A cell that the person is not in is the same cell.
    if plain && of_one.subjects == of_other.subjects && a != b {
        found
            .wrong
            .push(format!("{key:?} f{place}: {a} and {b}, of the same subjects"));
    }
    let apart = if one.1.snapped || other.1.snapped {
        (stated.least.k + stated.least.jitter) as f64
    } else {
        0.0
    };
    let figure = &plan.figures[place];
    let told = (&of_one.figures[place], &of_other.figures[place]);
    let bound = stated.bound(plan, figure, told, b, apart);
    found.nearest = found.nearest.max((a - b).abs() / bound);
    if (a - b).abs() > bound {
        found.wrong.push(format!(
            "{key:?} f{place}: {a} and {b} are further apart than {bound}"
        ));
    }
}

/// A number is shown about one database and missing about the other.
fn changed(
    plan: &Plan,
    stated: &Stated,
    (shown, missing): (Side<'_>, Side<'_>),
    (key, place): (&CellKey, usize),
    value: f64,
    found: &mut Findings,
) {
    found.changed += 1;
    let (Some(of_shown), of_missing) = (shown.0.get(key), missing.0.get(key)) else {
        return;
    };
    let due = |cell: Option<&Cell>| cell.map_or(Due::Missing, |cell| cell.figures[place].due);
    if due(Some(of_shown)) != Due::Shown || due(of_missing) != Due::Shown {
        return;
    }
    // HAVING and LIMIT look at perturbed values: the row may go as far as its first figure may move.
    let told = of_missing.map(|missing| (&of_shown.figures[0], &missing.figures[0]));
    if let (Some(told), Some(Some(first))) = (told, shown.1.cells.get(key).map(|figures| figures[0])) {
        let bound = stated.bound(plan, &plan.figures[0], told, first, 0.0);
        let least = missing
            .1
            .cells
            .values()
            .filter_map(|figures| figures[0])
            .fold(f64::MAX, f64::min);
        let fits = match plan.above {
            Above::Having(limit) => first - bound <= limit as f64,
            Above::Greatest(_) => first - bound <= least,
            _ => false,
        };
        if fits && !missing.1.cells.contains_key(key) {
            return;
        }
    }
    // Two releases are compared with each other: how many people they have apart is no number of a cell.
    let by_other_release = plan.second.is_some() && missing.1.lost;
    let gone = missing_in_both(shown, missing, place);
    if by_other_release || near_k(plan, stated, (shown.0, missing.0), gone) {
        found.by_others += 1;
        return;
    }
    found.wrong.push(format!(
        "{key:?} f{place} = {value} is missing beside it, and no number of subjects is near k"
    ));
}

/// Whether the person stands in a cell or an argument of the statement whose number of subjects is near `k`: margins (G6)
/// and relations (L4) then take something else away. What a margin takes away for the sake of a part that is missing in
/// both is drawn by a keyed function of its subjects, and drawn anew when one of them is another. So is the jitter of the
/// relations: where people are in several cells, and two cells share or part by between `k` and `k + j` subjects, it
/// decides whether the one may stand beside the other.
fn near_k(plan: &Plan, stated: &Stated, (one, other): (&Cells, &Cells), gone: bool) -> bool {
    let overlap = plan.has_sets() || plan.source.rows() > 1.0 || plan.source == Source::Listed;
    if overlap && (parts_near_k(stated, one, other) || parts_near_k(stated, other, one)) {
        return true;
    }
    let cells = one.len().max(other.len());
    let keys = one.keys().chain(other.keys());
    keys.into_iter().any(|key| {
        let (one, other) = (one.get(key), other.get(key));
        let differs = one.map(|cell| &cell.subjects) != other.map(|cell| &cell.subjects);
        let either = |cell: Option<&Cell>| {
            cell.is_some_and(|cell| {
                cell.due == Due::Either || cell.figures.iter().any(|told| told.due == Due::Either)
            })
        };
        let crossed = one.map(|cell| cell.due) != other.map(|cell| cell.due);
        // L5: a cell is split by a quarter of its subjects' number of others.
        let splits = |cell: Option<&Cell>| cell.map_or(0, |cell| cell.subjects.len() / 4);
        let split = overlap && splits(one) != splits(other) && splits(one).min(splits(other)) < cells;
        differs && (either(one) || either(other) || crossed || split || plan.has_sets() && gone)
    })
}

/// Whether a figure of some cell, or all of the cell, is missing about both databases, for whatever reason.
fn missing_in_both((cells, one): Side<'_>, (_, other): Side<'_>, place: usize) -> bool {
    cells.keys().any(|key| {
        let missing = |answer: &Answer| answer.cells.get(key).is_none_or(|told| told[place].is_none());
        missing(one) && missing(other)
    })
}

/// Whether a cell that the person makes another one shares with some cell of its database, or has beside it, so many
/// subjects that the jitter decides, or another number of them on this side of `k` than in the other database.
fn parts_near_k(stated: &Stated, one: &Cells, other: &Cells) -> bool {
    let (k, most) = (stated.least.k, stated.least.k + stated.least.jitter);
    let parts = |a: &Cell, b: &Cell| {
        let shared = a.subjects.intersection(&b.subjects).count() as u64;
        [
            shared,
            a.subjects.len() as u64 - shared,
            b.subjects.len() as u64 - shared,
        ]
    };
    let mut cells = one.iter();
    cells.any(|(key, cell)| {
        let before = other.get(key);
        if before.is_some_and(|before| before.subjects == cell.subjects) {
            return false;
        }
        one.iter().any(|(beside, another)| {
            let now = parts(cell, another);
            let then = before.zip(other.get(beside)).map(|(a, b)| parts(a, b));
            let near = |n: &u64| (k..most).contains(n);
            let crossed = then.is_some_and(|then| now.iter().zip(then).any(|(a, b)| (*a < k) != (b < k)));
            now.iter().any(near) || crossed
        })
    })
}
