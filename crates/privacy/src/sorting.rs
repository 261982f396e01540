//! Units in their order, fast.

/// Units of one pile: so many as are sorted in the nearest memory.
const PILE: usize = 4096;

/// The units of sets with their places, sorted. Units are keyed digests, so that each first bits are those of equally
/// many: they are dealt out by the first bits, and each pile by the next.
pub fn sorted(sets: &[&[u64]]) -> Vec<(u64, u32)> {
    let len = sets.iter().map(|set| set.len()).sum::<usize>();
    // A statement holds fewer than 2³² subjects: each takes more than a byte.
    let all = || sets.iter().copied().flatten().copied().zip(0u32..);
    if let [set] = sets
        && set.is_sorted()
    {
        return all().collect();
    }
    let first = (len / PILE).max(1).ilog2().min(12);
    let (mut dealt, ends) = dealt(len, all, 0, first);
    let mut pile_of: Vec<(u64, u32)> = Vec::new();
    let mut from = 0;
    for end in ends {
        if let Some(pile) = dealt.get_mut(from..end) {
            pile_of.clear();
            pile_of.extend_from_slice(pile);
            let next = pile.len().max(1).ilog2().min(12);
            let (sorted, ends) = self::dealt(pile.len(), || pile_of.iter().copied(), first, next);
            pile.copy_from_slice(&sorted);
            let mut from = 0;
            for end in ends {
                if end - from > 1
                    && let Some(few) = pile.get_mut(from..end)
                {
                    few.sort_unstable();
                }
                from = end;
            }
        }
        from = end;
    }
    dealt
}

/// Pairs in the order of some bits of their units, those after `skip`, and where each pile ends.
fn dealt<I: Iterator<Item = (u64, u32)>>(
    len: usize,
    all: impl Fn() -> I,
    skip: u32,
    bits: u32,
) -> (Vec<(u64, u32)>, Vec<usize>) {
    let pile = |unit: u64| match bits {
        0 => 0,
        _ => usize::try_from(unit << skip >> (u64::BITS - bits)).unwrap_or(0),
    };
    let mut ends = vec![0usize; 1 << bits];
    for (unit, _) in all() {
        if let Some(count) = ends.get_mut(pile(unit)) {
            *count += 1;
        }
    }
    let mut before = 0;
    for end in &mut ends {
        // Where its next one goes; where all of them end, once they are dealt out.
        before += std::mem::replace(end, before);
    }
    let mut dealt = vec![(0, 0); len];
    for pair in all() {
        let Some(next) = ends.get_mut(pile(pair.0)) else {
            continue;
        };
        if let Some(slot) = dealt.get_mut(*next) {
            *slot = pair;
        }
        *next += 1;
    }
    (dealt, ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::scramble;

    #[test]
    fn piles_of_any_size_are_sorted() {
        for len in [0, 1, 2, 255, 4096, 8191, 8192, 8193, 300_000] {
            // Evenly spread, all alike, and none that differ.
            for unit in [scramble as fn(u64) -> u64, |n| n, |_| 7] {
                let units: Vec<u64> = (0..len).map(unit).collect();
                let mut expected: Vec<(u64, u32)> = units.iter().copied().zip(0..).collect();
                expected.sort_unstable();
                let (one, other) = units.split_at(units.len() / 3);
                assert_eq!(sorted(&[&units]), expected, "{len}");
                assert_eq!(sorted(&[one, other]), expected, "{len}");
            }
        }
    }
}
