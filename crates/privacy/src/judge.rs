//! What is close, few and used up for whoever asks.

use crate::{
    book::{Entry, Family, most_splits},
    groups::{Fewest, Groups, MadeOf},
    permit::Thresholds,
    prf::GateKey,
    release::SetKey,
    touched::Touched,
};

/// Who asks, and which numbers hold.
pub(crate) struct Judge<'a> {
    thresholds: &'a Thresholds,
    key: &'a GateKey,
    party: &'a str,
    /// The party that asks chose who is in some of the sets.
    fused: bool,
}

impl<'a> Judge<'a> {
    pub fn of(thresholds: &'a Thresholds, key: &'a GateKey, party: &'a str, fused: bool) -> Self {
        Self {
            thresholds,
            key,
            party,
            fused,
        }
    }

    fn k(&self, fused: bool) -> u64 {
        u64::from(self.thresholds.k_of(fused).value)
    }

    fn jittered(&self, fused: bool, purpose: &str, parts: &[&[u8]]) -> u64 {
        let steps = u64::from(self.thresholds.k_jitter.value) + 1;
        self.k(fused) + self.key.value(purpose, parts) % steps
    }

    /// `k + j` for what could be put together with a set.
    pub fn least(&self, set: SetKey) -> u64 {
        self.jittered(self.fused, "relation jitter", &[&set.bytes()])
    }

    /// Whether a group is a few subjects away from others.
    pub fn near(&self, groups: &mut Groups, group: &MadeOf<'_>) -> bool {
        let fewest = Fewest {
            least: self.least(group.tally.set),
            apart: &|other| self.apart(group.tally.set, other, self.fused),
        };
        groups.near(group.key(), &group.members, &fewest)
    }

    /// `k + j` for two sets.
    pub fn apart(&self, one: SetKey, other: SetKey, fused: bool) -> u64 {
        let (low, high) = (one.min(other), one.max(other));
        self.jittered(fused, "pair jitter", &[&low.bytes(), &high.bytes()])
    }

    /// The entry that is too close: of the party's own ones first, then the nearest, then the oldest.
    pub fn nearest<'f>(&self, family: &'f Family, entry: &Entry, touched: &Touched) -> Option<&'f Entry> {
        let most = self.k(true) + u64::from(self.thresholds.k_jitter.value);
        let mut nearest: Option<((bool, u64), &Entry)> = None;
        for (cell, shared) in family.relations.overlaps(touched) {
            let Some(other) = family.entries.get(cell as usize) else {
                continue;
            };
            // Whoever contributes differently to both is counted twice here.
            let apart = entry.members.len() + other.members.len() - 2 * shared;
            if apart >= 2 * most {
                continue;
            }
            let distance = entry.members.distance(&other.members);
            let rank = (other.party != self.party, distance);
            let close = distance < self.apart(entry.set, other.set, entry.fused || other.fused);
            if close && nearest.as_ref().is_none_or(|(best, _)| rank < *best) {
                nearest = Some((rank, other));
            }
        }
        nearest.map(|(_, other)| other)
    }

    pub fn used_up(&self, family: &Family, place: usize) -> bool {
        let used = family.splits.get(place).and_then(|splits| splits.get(self.party));
        let most = family
            .entries
            .get(place)
            .map_or(u64::MAX, |entry| most_splits(entry, self.thresholds));
        used.copied().unwrap_or(0) >= most
    }
}
