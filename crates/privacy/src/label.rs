//! The label lattice: what a value may be used for, how exactly, and within which limits.
//!
//! `a ⊑ b` ([`Label::leq`]) means that `b` allows at most what `a` allows. [`Label::meet`] gives the
//! label of an expression in which two values meet: uses in common, the coarser grain, the tighter
//! bounds. It is the least label that is at least as strict as both.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::permit::{Bounds, ColumnGrant, Grain, Use};

/// How exactly a value may be seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exactness {
    /// Every single value.
    Exact,
    /// Only the cells of a partition.
    At(Grain),
    /// Not at all: two partitions that have nothing in common met.
    Nothing,
}

/// The interval in which a value lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Range {
    /// Nothing is declared.
    Unbounded,
    /// Between these limits.
    Within(Bounds),
    /// No value at all: two intervals without a common point met.
    Empty,
}

/// What a value may be used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The uses.
    pub uses: BTreeSet<Use>,
    /// How exactly.
    pub exactness: Exactness,
    /// Within which limits.
    pub range: Range,
}

impl Label {
    /// The label of constants and public values: everything, exactly.
    pub fn free() -> Self {
        Self {
            uses: Use::ALL.into(),
            exactness: Exactness::Exact,
            range: Range::Unbounded,
        }
    }

    /// The label a grant gives its column.
    pub fn of(grant: &ColumnGrant) -> Self {
        Self {
            uses: grant.uses.clone(),
            exactness: grant.grain.clone().map_or(Exactness::Exact, Exactness::At),
            range: grant
                .bounds
                .map_or(Range::Unbounded, |b| Range::Within(b).normal()),
        }
    }

    /// The label of an expression in which both values meet.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        Self {
            uses: self.uses.intersection(&other.uses).copied().collect(),
            exactness: self.exactness.meet(&other.exactness),
            range: self.range.meet(other.range),
        }
    }

    /// Whether `other` is at least as strict as `self`.
    pub fn leq(&self, other: &Self) -> bool {
        self.meet(other) == *other
    }

    /// Whether the value may be used in this way.
    pub fn allows(&self, wanted: Use) -> bool {
        self.uses.contains(&wanted)
    }
}

impl Exactness {
    /// The coarser of two partitions, or the finest one that is coarser than both.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::Exact, finer) | (finer, Self::Exact) => finer.clone(),
            (Self::At(a), Self::At(b)) => common_grain(a, b).map_or(Self::Nothing, Self::At),
        }
    }
}

fn common_grain(a: &Grain, b: &Grain) -> Option<Grain> {
    match (a, b) {
        (Grain::Date(a), Grain::Date(b)) => Some(Grain::Date(*a.max(b))),
        (
            Grain::Number {
                filter: f1,
                group: g1,
            },
            Grain::Number {
                filter: f2,
                group: g2,
            },
        ) => Some(Grain::Number {
            filter: common_multiple(*f1, *f2)?,
            group: common_multiple(*g1, *g2)?,
        }),
        (Grain::Prefix(a), Grain::Prefix(b)) => Some(Grain::Prefix(*a.min(b))),
        (Grain::Date(_), Grain::Number { .. } | Grain::Prefix(_))
        | (Grain::Number { .. }, Grain::Date(_) | Grain::Prefix(_))
        | (Grain::Prefix(_), Grain::Date(_) | Grain::Number { .. }) => None,
    }
}

/// The least common multiple, or nothing when it is 0 or too large.
fn common_multiple(a: u64, b: u64) -> Option<u64> {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    a.checked_div(x)?.checked_mul(b).filter(|multiple| *multiple > 0)
}

impl Range {
    /// The values that lie in both.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        match (self, other) {
            (Self::Empty, _) | (_, Self::Empty) => Self::Empty,
            (Self::Unbounded, tighter) | (tighter, Self::Unbounded) => tighter.normal(),
            (Self::Within(a), Self::Within(b)) => Self::Within(Bounds {
                low: a.low.max(b.low),
                high: a.high.min(b.high),
            })
            .normal(),
        }
    }

    fn normal(self) -> Self {
        match self {
            Self::Within(b) if b.low > b.high => Self::Empty,
            Self::Within(_) | Self::Unbounded | Self::Empty => self,
        }
    }
}
