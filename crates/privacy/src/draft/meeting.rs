//! Subjects of sums are met: each has a number in the release ledger, and is written down by it.

use super::Draft;
use crate::{
    members::Members,
    noise::Contribution,
    release::{SetKey, scramble},
};

impl Draft<'_> {
    /// The ordinals of subjects. Several sums of a cell are mostly of the same ones, and are not looked up again.
    fn meet(&mut self, contributions: &[Contribution]) {
        let (units, ordinals) = &mut self.met;
        if units.iter().eq(contributions.iter().map(|one| &one.unit)) {
            return;
        }
        units.clear();
        units.extend(contributions.iter().map(|one| one.unit));
        let (found, fresh) = self.book.ordinals.of(units);
        *ordinals = found;
        self.units.extend(fresh);
    }

    /// Looks up the subjects of sets that have nobody in common, all at once. Sums over these sets find them then.
    pub fn meet_all<'c>(&mut self, sets: impl Iterator<Item = &'c [Contribution]> + Clone) {
        let units = sets.clone().flatten().map(|one| one.unit);
        let (found, fresh) = self.book.ordinals.of(&units.collect::<Vec<u64>>());
        self.units.extend(fresh);
        let mut found = found.into_iter();
        for set in sets {
            let key = SetKey::of(set.iter().map(|one| one.unit));
            self.ahead.insert(key, found.by_ref().take(set.len()).collect());
        }
    }

    pub(super) fn members(&mut self, contributions: &[Contribution], set: SetKey) -> Members {
        // Contributions are not stored, and marks tell nothing without the key.
        let secret = self.key.value("mark", &[]);
        let ahead = self.ahead.get(&set);
        let ordinals = match ahead.filter(|ordinals| ordinals.len() == contributions.len()) {
            Some(ordinals) => ordinals,
            None => {
                self.meet(contributions);
                &self.met.1
            }
        };
        let mark = |one: &Contribution| {
            let mark = scramble(one.amount.to_bits() ^ secret) >> 32;
            u32::try_from(mark).unwrap_or_default()
        };
        let all = ordinals.iter().copied().zip(contributions.iter().map(mark));
        Members::new(all.collect())
    }
}
