//! Subjects of sums are met: each has a number in the release ledger, and is written down by it.

use std::{collections::BTreeMap, sync::Arc};

use super::Draft;
use crate::{
    contributions::Contributions,
    members::{Marks, Members},
    release::scramble,
};

/// Subjects whose ordinals were looked up, and those of whom sums will be asked.
#[derive(Default)]
pub(super) struct Met {
    expected: Vec<Arc<Vec<u64>>>,
    /// Sets that were looked up together, by how many they are and who is first.
    together: BTreeMap<(usize, Option<u64>), Known>,
    /// The set that was looked up last by itself.
    last: Option<Known>,
}

/// Subjects with their ordinals, in the same order.
struct Known {
    units: Arc<Vec<u64>>,
    ordinals: Arc<Vec<u32>>,
}

fn named(units: &[u64]) -> (usize, Option<u64>) {
    (units.len(), units.first().copied())
}

impl Met {
    /// The ordinals of the same subjects in the same order.
    fn of(&self, units: &Arc<Vec<u64>>) -> Option<Arc<Vec<u32>>> {
        let mut known = self.last.iter().chain(self.together.get(&named(units)));
        let known = known.find(|known| Arc::ptr_eq(&known.units, units) || known.units == *units);
        known.map(|known| Arc::clone(&known.ordinals))
    }
}

impl Draft<'_> {
    /// Says of which sets without anybody in common sums will be asked. At the first that was not answered before, the
    /// subjects of all are looked up at once.
    pub fn expect<'c>(&mut self, sets: impl Iterator<Item = &'c Contributions>) {
        self.met.expected = sets.map(|set| Arc::clone(set.units())).collect();
    }

    fn meet_expected(&mut self) {
        let sets = std::mem::take(&mut self.met.expected);
        if sets.is_empty() {
            return;
        }
        let units: Vec<&[u64]> = sets.iter().map(|units| units.as_slice()).collect();
        let (found, fresh) = self.book.ordinals.of(&units);
        self.units.extend(fresh);
        let mut found = found.into_iter();
        for units in sets {
            let ordinals = Arc::new(found.by_ref().take(units.len()).collect());
            self.met.together.insert(named(&units), Known { units, ordinals });
        }
    }

    /// The ordinals of subjects. Several sums of a cell are mostly of the same ones, and are not looked up again.
    fn meet(&mut self, units: &Arc<Vec<u64>>) -> Arc<Vec<u32>> {
        self.meet_expected();
        if let Some(ordinals) = self.met.of(units) {
            return ordinals;
        }
        let (found, fresh) = self.book.ordinals.of(&[units]);
        self.units.extend(fresh);
        let (units, ordinals) = (Arc::clone(units), Arc::new(found));
        self.met.last = Some(Known {
            units,
            ordinals: Arc::clone(&ordinals),
        });
        ordinals
    }

    pub(super) fn members(&mut self, contributions: &Contributions) -> Members {
        // Contributions are not stored, and marks tell nothing without the key.
        let secret = self.key.value("mark", &[]);
        let ordinals = self.meet(contributions.units());
        let mark = |amount: f64| {
            let mark = scramble(amount.to_bits() ^ secret) >> 32;
            u32::try_from(mark).unwrap_or_default()
        };
        let marks = match contributions.ones() {
            true => Marks::Same(mark(1.0)),
            false => Marks::Each(contributions.amounts().map(mark).collect()),
        };
        Members::new(&ordinals, marks)
    }
}
