//! The rows of a spot check, drawn so that anybody can draw them again.

use std::collections::BTreeSet;

use shuyu_kernel::Digest;

/// Most rows of one sample: with 100,000 rows and none bad the bound is below one in ten thousand. Platform limit.
pub const MAX_SAMPLE: u64 = 100_000;

/// Words made of a seed: the first 64 bits of SM3 over the 32 bytes of the seed and a counter of 8 bytes, high byte
/// first, from 0.
struct Words {
    seed: Digest,
    next: u64,
}

impl Words {
    fn word(&mut self) -> u64 {
        let mut bytes = [0u8; 40];
        let (seed, counter) = bytes.split_at_mut(32);
        seed.copy_from_slice(&self.seed.0);
        counter.copy_from_slice(&self.next.to_be_bytes());
        self.next += 1;
        Digest::of(&bytes).first_64()
    }

    /// A number from 0 to `most`, each as likely: a word above the last whole multiple is passed over.
    fn up_to(&mut self, most: u64) -> u64 {
        let Some(count) = most.checked_add(1) else {
            return self.word();
        };
        let over = (u64::MAX % count + 1) % count;
        loop {
            let word = self.word();
            if word <= u64::MAX - over {
                return word % count;
            }
        }
    }
}

/// `size` different rows of `rows`, counted from 0 in the order in which the version is read; all of them if it has not
/// more. Each set of that size is as likely (Floyd's algorithm, Bentley and Floyd 1987): for each `last` from
/// `rows - size` to `rows - 1` a number up to `last` is drawn, and `last` itself is taken if that one was taken before.
pub fn draw(seed: Digest, rows: u64, size: u64) -> BTreeSet<u64> {
    let mut words = Words { seed, next: 0 };
    let mut drawn = BTreeSet::new();
    for last in rows.saturating_sub(size)..rows {
        let row = words.up_to(last);
        if !drawn.insert(row) {
            drawn.insert(last);
        }
    }
    drawn
}
