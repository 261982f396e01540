//! Secondary suppression (G6, A4.7): what a margin would tell about the one part that is missing.
//!
//! A statement with several grouping sets shows totals beside their parts. Where one part of a shown total is missing,
//! or parts of fewer than `k + j` subjects together, the total minus the other parts speaks of them; so a further part
//! goes missing. Which one is a keyed choice, since the smallest would tell its size.

use std::collections::BTreeMap;

use crate::{
    gate::least_subjects,
    permit::Thresholds,
    prf::GateKey,
    release::SetKey,
    rules::{Rule, Rules},
};

/// The cells of one grouping set.
#[derive(Debug, Clone)]
pub struct Margin {
    /// Its keys, by number, growing.
    pub keys: Vec<usize>,
    /// By cell: the value of each key, its subjects, and which they are.
    pub cells: Vec<(Vec<Vec<u8>>, u64, SetKey)>,
    /// By part and cell: whether it is shown. Lowered here.
    pub stays: Vec<Vec<bool>>,
}

impl Margin {
    /// The values of some of its keys.
    fn under(&self, cell: usize, keys: &[usize]) -> Option<Vec<Vec<u8>>> {
        let (values, ..) = self.cells.get(cell)?;
        let place = |key: &usize| self.keys.iter().position(|own| own == key);
        keys.iter().map(|key| values.get(place(key)?).cloned()).collect()
    }

    fn shown(&self, part: usize, cell: usize) -> bool {
        self.stays.get(part).and_then(|stays| stays.get(cell)) == Some(&true)
    }
}

/// Takes parts of totals away until no total speaks of too few.
pub fn protect(margins: &mut [Margin], thresholds: &Thresholds, key: &GateKey, rules: &Rules) {
    if !rules.hold(Rule::Secondary) {
        return;
    }
    let parts = margins.first().map_or(0, |margin| margin.stays.len());
    for part in 0..parts {
        // Every turn takes one cell away at least.
        while turn(margins, part, (thresholds, key)) {}
    }
}

/// Looks at every total and its parts once. Whether something was taken away.
fn turn(margins: &mut [Margin], part: usize, by: (&Thresholds, &GateKey)) -> bool {
    let mut changed = false;
    for whole in 0..margins.len() {
        for finer in 0..margins.len() {
            let gone = match (margins.get(whole), margins.get(finer)) {
                (Some(whole), Some(finer)) if is_part(&whole.keys, &finer.keys) => {
                    gone(whole, finer, part, by)
                }
                _ => continue,
            };
            let stays = margins
                .get_mut(finer)
                .and_then(|margin| margin.stays.get_mut(part));
            let Some(stays) = stays else { continue };
            for cell in gone {
                if let Some(stays) = stays.get_mut(cell) {
                    changed |= *stays;
                    *stays = false;
                }
            }
        }
    }
    changed
}

fn is_part(whole: &[usize], finer: &[usize]) -> bool {
    whole.len() < finer.len() && whole.iter().all(|key| finer.contains(key))
}

/// The further cells that go missing for the sake of those that are.
fn gone(
    whole: &Margin,
    finer: &Margin,
    part: usize,
    (thresholds, key): (&Thresholds, &GateKey),
) -> Vec<usize> {
    let mut under: BTreeMap<Vec<Vec<u8>>, Vec<usize>> = BTreeMap::new();
    for cell in 0..finer.cells.len() {
        if let Some(values) = finer.under(cell, &whole.keys) {
            under.entry(values).or_default().push(cell);
        }
    }
    let mut gone = Vec::new();
    for (total, (values, _, set)) in whole.cells.iter().enumerate() {
        let Some(cells) = under.get(values).filter(|_| whole.shown(part, total)) else {
            continue;
        };
        let (shown, missing): (Vec<usize>, Vec<usize>) =
            cells.iter().copied().partition(|cell| finer.shown(part, *cell));
        let subjects: u64 = missing
            .iter()
            .filter_map(|cell| finer.cells.get(*cell))
            .map(|(_, n, _)| n)
            .sum();
        let least = least_subjects(thresholds, key, *set, None).unsigned_abs();
        if missing.is_empty() || (missing.len() > 1 && subjects >= least) {
            continue;
        }
        let choice = |cell: &usize| {
            let set = finer
                .cells
                .get(*cell)
                .map(|(_, _, set)| set.bytes())
                .unwrap_or_default();
            key.value("secondary suppression", &[&set])
        };
        gone.extend(shown.into_iter().min_by_key(choice));
    }
    gone
}
