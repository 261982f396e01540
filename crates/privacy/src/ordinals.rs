//! Numbers of subjects in the order in which they were first met: sets of subjects are written with them, since they lie
//! close together.

use std::sync::Arc;

use crate::sorting::sorted;

/// Units with their ordinals, sorted by unit.
#[derive(Debug, Clone, Default)]
struct Run {
    units: Vec<u64>,
    ordinals: Vec<u32>,
}

/// The ordinals of units, in sorted runs, each more than twice as long as the next. Subjects come in sets, so that sorted
/// ones are laid beside sorted ones, and no unit is looked for by itself. Copies share all runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ordinals {
    runs: Vec<Arc<Run>>,
    len: u32,
}

/// No unit has this ordinal while it is looked for.
const NONE: u32 = u32::MAX;

impl Ordinals {
    /// The ordinals of the units of some sets, which should be all different, in their order. Those that were never met
    /// get the next ones, and are answered too.
    pub fn of(&mut self, sets: &[&[u64]]) -> (Vec<u32>, Vec<u64>) {
        let sorted = sorted(sets);
        let mut ordinals = vec![NONE; sorted.len()];
        for run in &self.runs {
            run.find(&sorted, &mut ordinals);
        }
        let first = self.len;
        let mut fresh = Vec::new();
        let units = sets.iter().copied().flatten();
        for (unit, ordinal) in units.zip(&mut ordinals).filter(|(_, found)| **found == NONE) {
            *ordinal = self.len;
            // More than 2³² subjects would share the last ordinal and be taken for one: too close, never too far.
            self.len = self.len.saturating_add(1);
            fresh.push(*unit);
        }
        // Whoever is there twice is one all the same.
        for pair in sorted.windows(2) {
            if let [(one, first), (other, second)] = pair
                && one == other
                && let Some(ordinal) = ordinals.get(*first as usize).copied()
                && let Some(again) = ordinals.get_mut(*second as usize)
            {
                *again = ordinal;
            }
        }
        if !fresh.is_empty() {
            let mut run = Run {
                units: Vec::with_capacity(fresh.len()),
                ordinals: Vec::with_capacity(fresh.len()),
            };
            for (unit, place) in &sorted {
                if let Some(ordinal) = ordinals.get(*place as usize).filter(|ordinal| **ordinal >= first) {
                    run.units.push(*unit);
                    run.ordinals.push(*ordinal);
                }
            }
            self.add(run);
        }
        (ordinals, fresh)
    }

    fn add(&mut self, mut run: Run) {
        while let Some(last) = self.runs.pop_if(|last| last.units.len() <= 2 * run.units.len()) {
            run = run.with(&last);
        }
        self.runs.push(Arc::new(run));
    }
}

impl Run {
    /// Enters the ordinals of those that are in it, by place.
    fn find(&self, sorted: &[(u64, u32)], ordinals: &mut [u32]) {
        let mut at = 0;
        for (unit, place) in sorted {
            let left = self.units.get(at..).unwrap_or_default();
            at += before(left, *unit);
            match self.units.get(at) {
                None => return,
                Some(found) if found == unit => {
                    if let (Some(ordinal), Some(known)) =
                        (ordinals.get_mut(*place as usize), self.ordinals.get(at))
                    {
                        *ordinal = *known;
                    }
                }
                Some(_) => {}
            }
        }
    }

    /// Both as one run.
    fn with(&self, other: &Self) -> Self {
        let (mut ours, mut theirs) = (self.pairs().peekable(), other.pairs().peekable());
        let mut all = Self {
            units: Vec::with_capacity(self.units.len() + other.units.len()),
            ordinals: Vec::with_capacity(self.units.len() + other.units.len()),
        };
        loop {
            let next = match (ours.peek(), theirs.peek()) {
                (Some((one, _)), Some((two, _))) if one > two => theirs.next(),
                (Some(_), _) => ours.next(),
                (None, _) => theirs.next(),
            };
            let Some((unit, ordinal)) = next else {
                return all;
            };
            all.units.push(unit);
            all.ordinals.push(ordinal);
        }
    }

    fn pairs(&self) -> impl Iterator<Item = (u64, u32)> {
        self.units.iter().copied().zip(self.ordinals.iter().copied())
    }
}

/// How many of these are below a unit: found in steps that double, since the next one is mostly near.
fn before(units: &[u64], unit: u64) -> usize {
    let mut step = 1;
    while units.get(step).is_some_and(|known| *known < unit) {
        step *= 2;
    }
    let from = step / 2;
    let to = units.len().min(step + 1);
    from + units
        .get(from..to)
        .map_or(0, |part| part.partition_point(|known| *known < unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::scramble;

    #[test]
    fn every_unit_keeps_the_number_it_got_first() {
        let mut ordinals = Ordinals::default();
        let units: Vec<u64> = (0..20_000).map(scramble).chain([u64::MAX, 0]).collect();
        // In sets of many sizes, of which a part was met before.
        let (mut from, mut met) = (0, 0);
        for size in (1..).map(|n: usize| n * n % 997 + 1) {
            let set = units.get(from / 2..units.len().min(from + size)).unwrap();
            let (numbers, fresh) = ordinals.of(&[set]);
            assert!(
                numbers
                    .iter()
                    .zip(from / 2..)
                    .all(|(number, place)| *number as usize == place)
            );
            met += fresh.len();
            if from + size >= units.len() {
                break;
            }
            from += size;
        }
        assert_eq!(met, units.len());
        let mut before = ordinals.clone();
        let mut turned = units.clone();
        turned.reverse();
        let (numbers, fresh) = ordinals.of(&[&turned]);
        assert!(
            fresh.is_empty()
                && numbers
                    .iter()
                    .rev()
                    .zip(0..)
                    .all(|(number, place)| *number == place)
        );
        assert_eq!(ordinals.of(&[&[7]]), (vec![20_002], vec![7]));
        assert_eq!(
            before.of(&[&[8], &[7]]),
            (vec![20_002, 20_003], vec![8, 7]),
            "a copy stays as it was"
        );
        for pair in ordinals.runs.windows(2) {
            assert!(pair[0].units.len() > 2 * pair[1].units.len());
        }
    }

    #[test]
    fn those_below_are_counted_wherever_they_end() {
        for len in 0..40u64 {
            let units: Vec<u64> = (0..len).map(|n| 2 * n).collect();
            for unit in 0..2 * len + 2 {
                let expected = units.iter().filter(|known| **known < unit).count();
                assert_eq!(before(&units, unit), expected, "{len} {unit}");
            }
        }
    }
}
