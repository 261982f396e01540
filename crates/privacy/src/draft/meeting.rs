//! Subjects of sums are met: each has a number in the release ledger, and is written down by it.

use super::Draft;
use crate::{members::Members, noise::Contribution, release::scramble};

/// Sets that will be asked about, one after the other.
#[derive(Default)]
pub(super) struct Expected {
    units: Vec<u64>,
    lengths: Vec<usize>,
}

/// Units in their order. Ordinals stand beside contributions by place: the same subjects in another order are another
/// sequence. Units are keyed digests, so that two sequences of one digest do not come up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sequence {
    digest: u64,
    sum: u64,
    len: usize,
}

impl Sequence {
    fn of(units: impl Iterator<Item = u64>) -> Self {
        let none = Self {
            digest: 0,
            sum: 0,
            len: 0,
        };
        units.fold(none, |before, unit| Self {
            digest: scramble(before.digest ^ unit),
            sum: before.sum.wrapping_add(unit),
            len: before.len + 1,
        })
    }
}

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

    /// Says of which sets without anybody in common sums will be asked. At the first that was not answered before, the
    /// subjects of all are looked up at once.
    pub fn expect<'c>(&mut self, sets: impl Iterator<Item = &'c [Contribution]>) {
        self.expected = Expected::default();
        for set in sets {
            self.expected.units.extend(set.iter().map(|one| one.unit));
            self.expected.lengths.push(set.len());
        }
    }

    fn meet_expected(&mut self) {
        let Expected { units, lengths } = std::mem::take(&mut self.expected);
        if units.is_empty() {
            return;
        }
        let (found, fresh) = self.book.ordinals.of(&units);
        self.units.extend(fresh);
        let (mut left, mut found) = (units.as_slice(), found.into_iter());
        for length in lengths {
            let (set, rest) = left.split_at(length.min(left.len()));
            left = rest;
            let ordinals = found.by_ref().take(set.len()).collect();
            self.ahead.insert(Sequence::of(set.iter().copied()), ordinals);
        }
    }

    pub(super) fn members(&mut self, contributions: &[Contribution]) -> Members {
        // Contributions are not stored, and marks tell nothing without the key.
        let secret = self.key.value("mark", &[]);
        self.meet_expected();
        let sequence = Sequence::of(contributions.iter().map(|one| one.unit));
        let ordinals = match self.ahead.get(&sequence) {
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
