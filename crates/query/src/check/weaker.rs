//! A relation without what it says about one column, as weak as it has to be and no weaker (G3).
//!
//! Conditions are put into negation normal form. Where a condition holds for more people if an atom holds for more, an
//! atom about the column becomes true; where it holds for fewer, under an odd number of negations, it becomes false.
//! So what a condition says of the group stays, however the sensitive part is tied to it.
//!
//! How usual the sensitive part is, is asked of it alone: of conditions as they are, an “or” with nearly everybody, or
//! an anti join with a group inside, would be usual whatever it says.

use datafusion::{
    logical_expr::{BinaryExpr, Expr, Operator, not},
    prelude::lit,
};

use super::{
    membership::How,
    origin::Origin,
    relation::{Leaf, Relation},
};

/// Which way atoms are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Towards {
    /// More people.
    More,
    /// Fewer people.
    Fewer,
}

impl Towards {
    fn other(self) -> Self {
        match self {
            Self::More => Self::Fewer,
            Self::Fewer => Self::More,
        }
    }
}

/// A condition after atoms were replaced.
enum Settled {
    Always,
    Never,
    Open(Expr),
}

impl Relation {
    /// The relation under its conditions without what is about something.
    #[must_use]
    pub fn without(&self, about: &dyn Fn(&Expr) -> bool) -> Self {
        let mut weaker = self.clone();
        // Towards more people no relation becomes empty.
        weaker.settle(about, Towards::More);
        weaker
    }

    /// The relation under what its conditions say about something, each atom as often negated as it is.
    #[must_use]
    pub fn only(&self, about: &dyn Fn(&Expr) -> bool) -> Self {
        let mut alone = self.clone();
        alone.require_matches(about);
        alone.retain(about);
        alone.keep_atoms(about);
        alone
    }

    /// What may be missing, and is said something about, has to be there.
    fn require_matches(&mut self, about: &dyn Fn(&Expr) -> bool) {
        for leaf in &mut self.leaves {
            if let Origin::Derived(derived) = &mut leaf.origin {
                let said = derived.inner.conditions_of_all().into_iter().any(about);
                if derived.how == How::Optional && said {
                    derived.how = How::Joined;
                }
                derived.inner.require_matches(about);
            }
        }
    }

    fn keep_atoms(&mut self, about: &dyn Fn(&Expr) -> bool) {
        let filters = std::mem::take(&mut self.filters).into_iter();
        self.filters = filters.filter_map(|filter| atoms(filter, about)).collect();
        for leaf in &mut self.leaves {
            match &mut leaf.origin {
                Origin::Derived(derived) if derived.how != How::Optional => derived.inner.keep_atoms(about),
                Origin::Derived(_) | Origin::Stored | Origin::Released(_) => {}
            }
        }
    }

    /// Whether somebody can be left in it.
    fn settle(&mut self, about: &dyn Fn(&Expr) -> bool, towards: Towards) -> bool {
        let mut filters = Vec::new();
        for filter in std::mem::take(&mut self.filters) {
            match settled(filter, false, about, towards) {
                Settled::Always => {}
                Settled::Never => return false,
                Settled::Open(filter) => filters.push(filter),
            }
        }
        self.filters = filters;
        let mut leaves = Vec::new();
        for mut leaf in std::mem::take(&mut self.leaves) {
            match settle_leaf(&mut leaf, about, towards) {
                Settled::Always => {}
                Settled::Never => return false,
                Settled::Open(_) => leaves.push(leaf),
            }
        }
        self.leaves = leaves;
        self.forget_equalities();
        true
    }
}

/// `Always`: the leaf takes nobody out. `Never`: nobody is left.
fn settle_leaf(leaf: &mut Leaf, about: &dyn Fn(&Expr) -> bool, towards: Towards) -> Settled {
    let stays = Settled::Open(lit(true));
    let Origin::Derived(derived) = &mut leaf.origin else {
        return stays;
    };
    match derived.how {
        How::Joined | How::Among if derived.inner.settle(about, towards) => stays,
        How::Joined | How::Among => Settled::Never,
        // Fewer to be apart from leave more.
        How::Apart if derived.inner.settle(about, towards.other()) => stays,
        How::Apart => Settled::Always,
        // Nobody is taken out, whatever is missing; what is there is as in a join.
        How::Optional => {
            derived.inner.settle(about, towards);
            stays
        }
    }
}

fn settled(expr: Expr, negated: bool, about: &dyn Fn(&Expr) -> bool, towards: Towards) -> Settled {
    match expr {
        Expr::Not(inner) => settled(*inner, !negated, about, towards),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::And | Operator::Or),
            right,
        }) => {
            let both = (op == Operator::And) != negated;
            let sides = [*left, *right].map(|side| settled(side, negated, about, towards));
            tied(sides, both)
        }
        atom if about(&atom) => match towards {
            Towards::More => Settled::Always,
            Towards::Fewer => Settled::Never,
        },
        atom => Settled::Open(if negated { not(atom) } else { atom }),
    }
}

/// Both have to hold, or one of them.
fn tied([left, right]: [Settled; 2], both: bool) -> Settled {
    match (left, right) {
        (Settled::Open(left), Settled::Open(right)) => {
            Settled::Open(if both { left.and(right) } else { left.or(right) })
        }
        (Settled::Never, _) | (_, Settled::Never) if both => Settled::Never,
        (Settled::Always, _) | (_, Settled::Always) if !both => Settled::Always,
        // What is left decides nothing: true beside an “and”, false beside an “or”.
        (Settled::Open(side), _) | (_, Settled::Open(side)) => Settled::Open(side),
        (side, _) => side,
    }
}

/// What is left of a condition without the atoms that are about something else.
fn atoms(expr: Expr, about: &dyn Fn(&Expr) -> bool) -> Option<Expr> {
    match expr {
        Expr::Not(inner) => atoms(*inner, about).map(not),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: op @ (Operator::And | Operator::Or),
            right,
        }) => match (atoms(*left, about), atoms(*right, about)) {
            (Some(left), Some(right)) if op == Operator::And => Some(left.and(right)),
            (Some(left), Some(right)) => Some(left.or(right)),
            (one, other) => one.or(other),
        },
        atom => about(&atom).then_some(atom),
    }
}
