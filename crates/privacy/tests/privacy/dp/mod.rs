//! Mode `dp`: samplers, accounting, bounds, and an audit of what leaves.

mod audit;
mod bounds;
mod samplers;

use std::sync::atomic::{AtomicU64, Ordering};

use shuyu_privacy::dp::{Amount, Design, DpTerms, Random, Subjects, bounded};

/// A source that is the same for the same seed (splitmix64).
pub struct Seeded(AtomicU64);

impl Seeded {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
}

impl Random for Seeded {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let mut z = self
                .0
                .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed)
                .wrapping_add(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^= z >> 31;
            chunk.copy_from_slice(&z.to_le_bytes()[..chunk.len()]);
        }
    }
}

/// A design without keys.
pub fn design(sums: &[Amount], rho: u64) -> Design {
    Design {
        sums: sums.to_vec(),
        rows: 1,
        cells: 1,
        rho,
        keys: None,
        terms: DpTerms::default(),
    }
}

/// Lines of subjects: unit, cell, amounts.
pub fn subjects(lines: &[(u64, u32, &[i64])]) -> Subjects {
    Subjects {
        units: lines.iter().map(|line| line.0).collect(),
        cells: lines.iter().map(|line| line.1).collect(),
        amounts: lines.iter().flat_map(|line| line.2.to_vec()).collect(),
    }
}

/// The exact totals of cells after bounding, with fixed ranks.
pub fn totals(subjects: &Subjects, design: &Design, cells: usize) -> Vec<Vec<i128>> {
    let ranks: Vec<u64> = (0..cells as u64)
        .map(|n| n.wrapping_mul(0x1234_5678_9abc_def1))
        .collect();
    let counting = bounded(subjects, design, &ranks);
    let cells = counting.totals(cells, design.sums.len());
    cells.into_iter().map(|cell| cell.totals).collect()
}
