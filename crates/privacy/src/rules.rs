//! Which rules of the gate hold: all of them. Only tests can leave one out, to show what then gets through.

use std::collections::BTreeSet;

/// A rule of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// G1: a cell and an argument need `k + j` subjects.
    Subjects,
    /// G1 in every domain the relation was joined through.
    SecondDomain,
    /// An argument leaves out no subject of the cell, or `k + j` of them.
    LeftOut,
    /// G2: two subjects do not stand for nearly everything.
    Dominance,
    /// G3: a class is not nearly everybody of a cell without being nearly everybody anywhere.
    ClassShare,
    /// A4.6: what is released is perturbed.
    Noise,
    /// L1, L2, L7: sets that differ by fewer than `k + j` subjects have one answer.
    Close,
    /// L4: no sum of released cells speaks of fewer than `k + j` subjects.
    Relations,
    /// L4 with groups: a class beside others of nearly the same group speaks of no fewer than `k + j` subjects.
    Groups,
    /// G6: no total beside its parts speaks of the one that is missing.
    Secondary,
    /// L5: a cell is split by a quarter of its subjects' number of further cells, at most.
    Splits,
    /// A3.6: where an own list has a say, subjects are few by `k_fused`.
    Fused,
}

/// The rules that hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rules {
    off: BTreeSet<Rule>,
}

impl Rules {
    /// All of them.
    pub fn all() -> Self {
        Self::default()
    }

    /// All that hold here, but for this one.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn without(mut self, rule: Rule) -> Self {
        self.off.insert(rule);
        self
    }

    /// Whether a rule holds.
    pub fn hold(&self, rule: Rule) -> bool {
        !self.off.contains(&rule)
    }
}
