//! Numbers of subjects in the order in which they were first met: sets of subjects are written with them, since they lie
//! close together.

use std::sync::Arc;

use imbl::Vector;

/// Units in a bucket, on average, before there are more buckets.
const FULL: u32 = 1024;
/// Bits by which the number of buckets grows: four of each.
const STEP: u32 = 2;

/// The subjects whose units begin with the same bits, sorted by unit.
#[derive(Debug, Clone, Default)]
struct Bucket {
    units: Vec<u64>,
    ordinals: Vec<u32>,
}

/// The ordinals of units. A unit is a keyed value, so its first bits part all of them evenly. A copy shares its buckets
/// with the first one until one of them grows.
#[derive(Debug, Clone)]
pub(crate) struct Ordinals {
    buckets: Vector<Arc<Bucket>>,
    /// So many first bits tell the bucket.
    bits: u32,
    len: u32,
}

impl Default for Ordinals {
    fn default() -> Self {
        Self {
            buckets: Vector::unit(Arc::default()),
            bits: 0,
            len: 0,
        }
    }
}

impl Ordinals {
    fn place(&self, unit: u64) -> usize {
        // 64 bits cannot be shifted away at once.
        usize::try_from(unit.checked_shr(u64::BITS - self.bits).unwrap_or(0)).unwrap_or(usize::MAX)
    }

    /// The ordinal of a unit that was met before.
    pub fn get(&self, unit: u64) -> Option<u32> {
        let bucket = self.buckets.get(self.place(unit))?;
        let at = bucket.units.binary_search(&unit).ok()?;
        bucket.ordinals.get(at).copied()
    }

    /// The ordinal of a unit that is met.
    pub fn add(&mut self, unit: u64) -> u32 {
        let place = self.place(unit);
        let Some(bucket) = self.buckets.get_mut(place) else {
            return u32::MAX;
        };
        match bucket.units.binary_search(&unit) {
            Ok(at) => bucket.ordinals.get(at).copied().unwrap_or(u32::MAX),
            Err(at) => {
                let next = self.len;
                let bucket = Arc::make_mut(bucket);
                bucket.units.insert(at, unit);
                bucket.ordinals.insert(at, next);
                // More than 2³² subjects would share the last ordinal and be taken for one: too close, never too far.
                self.len = self.len.saturating_add(1);
                if self.len >> self.bits > FULL {
                    self.part();
                }
                next
            }
        }
    }

    /// Parts every bucket in four.
    fn part(&mut self) {
        self.bits += STEP;
        let mut parted = Vector::new();
        for bucket in &self.buckets {
            let (mut units, mut ordinals) = (bucket.units.as_slice(), bucket.ordinals.as_slice());
            for _ in 1..1 << STEP {
                let here = parted.len();
                let cut = units.partition_point(|unit| self.place(*unit) <= here);
                let (first, rest) = units.split_at(cut);
                let (numbers, others) = ordinals.split_at(cut);
                parted.push_back(Arc::new(Bucket {
                    units: first.to_vec(),
                    ordinals: numbers.to_vec(),
                }));
                (units, ordinals) = (rest, others);
            }
            parted.push_back(Arc::new(Bucket {
                units: units.to_vec(),
                ordinals: ordinals.to_vec(),
            }));
        }
        self.buckets = parted;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::scramble;

    #[test]
    fn every_unit_keeps_the_number_it_got_first() {
        let mut ordinals = Ordinals::default();
        // Also units that all begin with the same bits.
        let units: Vec<u64> = (0..20_000)
            .map(|number| if number % 2 == 0 { scramble(number) } else { number })
            .chain([u64::MAX, u64::MAX - 1])
            .collect();
        for (number, unit) in (0..).zip(&units) {
            assert_eq!(ordinals.get(*unit), None);
            assert_eq!(ordinals.add(*unit), number);
        }
        let before = ordinals.clone();
        for (number, unit) in (0..).zip(&units) {
            assert_eq!(ordinals.get(*unit), Some(number));
            assert_eq!(ordinals.add(*unit), number);
        }
        assert_eq!(ordinals.add(scramble(1)), 20_002);
        assert_eq!(before.get(scramble(1)), None, "a copy stays as it was");
    }
}
