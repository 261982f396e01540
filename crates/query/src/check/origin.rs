//! Where the rows of a leaf come from, if they are not stored: from rows of the same subjects, or from what was
//! released before.

use std::collections::BTreeSet;

use datafusion::{
    common::{
        Column,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    logical_expr::{Expr, WindowFrame, WindowFunctionDefinition, expr::Sort},
};
use shuyu_privacy::{Bounds, TableKind};

use super::{
    membership::How,
    relation::{Leaf, Relation, Stage},
};

/// Where the rows of a leaf come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// A table of the permit.
    Stored,
    /// Rows of another relation, put together subject by subject. They stay personal.
    Derived(Box<Derived>),
    /// What came of an earlier step of the statement.
    Released(Released),
}

/// Rows made of the rows of a checked relation, those of one subject from those of the same subject.
#[derive(Debug, Clone)]
pub(crate) struct Derived {
    pub inner: Relation,
    /// In the order of the columns of the leaf.
    pub values: Vec<Value>,
    /// GROUP BY, so that there is one row per different keys; otherwise as many rows as before.
    pub grouped: bool,
    /// How they stand beside the other leaves of their relation.
    pub how: How,
}

/// A column of derived rows, over base columns of the inner relation.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A key, or what goes through a window as it is.
    Key(Expr),
    /// An aggregate of the rows of a subject.
    Figure {
        function: Inner,
        /// `None` counts rows.
        argument: Option<Expr>,
        /// Values of the argument are moved into these limits.
        bounds: Option<Bounds>,
    },
    /// A window over the rows of a subject.
    Window(Box<Over>),
}

/// Aggregates of the rows of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Inner {
    Count,
    Distinct,
    Sum,
    Mean,
    Least,
    Greatest,
}

/// A checked window function.
#[derive(Debug, Clone)]
pub(crate) struct Over {
    pub function: WindowFunctionDefinition,
    pub arguments: Vec<Expr>,
    pub partition: Vec<Expr>,
    pub order: Vec<Sort>,
    pub frame: WindowFrame,
    /// Rows of a subject that the order leaves equal are put in the order of their values, so that the same
    /// statement has the same answer.
    pub settled: bool,
    /// How many rows, or which of them.
    pub counts: bool,
}

/// Released values that a personal relation is compared with or joined with.
#[derive(Debug, Clone)]
pub(crate) struct Released {
    /// The step that yields them.
    pub step: usize,
    /// Columns of which no two rows have the same values; without any there is at most one row.
    pub keys: Vec<usize>,
    /// A scalar subquery: NULL if there is no row.
    pub scalar: bool,
    /// Rows without a match stay.
    pub optional: bool,
}

impl Leaf {
    /// Released values, if it holds any.
    pub fn released(&self) -> Option<&Released> {
        match &self.origin {
            Origin::Released(released) => Some(released),
            Origin::Stored | Origin::Derived(_) => None,
        }
    }
    pub fn derived(&self) -> Option<&Derived> {
        match &self.origin {
            Origin::Derived(derived) => Some(derived),
            Origin::Stored | Origin::Released(_) => None,
        }
    }
    /// Its columns are constants while a release runs.
    pub fn is_constant(&self) -> bool {
        self.released().is_some_and(|released| released.keys.is_empty())
    }
    /// A subject has at most one row of it, and a row of others at most one match.
    pub fn is_single(&self) -> bool {
        match (&self.origin, &self.grant.kind) {
            (Origin::Released(_), _) => true,
            (_, TableKind::Personal { rows_per_unit, .. }) => *rows_per_unit == 1,
            // An own list is joined as a set ([`super::fusion`]).
            (_, TableKind::Own) => true,
            (_, TableKind::NonPersonal | TableKind::Public) => false,
        }
    }
    /// The value of a derived column.
    pub(super) fn value(&self, name: &str) -> Option<(&Derived, &Value)> {
        let derived = self.derived()?;
        let place = self.schema.index_of(name).ok()?;
        Some((derived, derived.values.get(place)?))
    }
}

impl Relation {
    /// Tables of the permit that it reads, however deep.
    pub fn stored(&self) -> Vec<&Leaf> {
        let mut found = Vec::new();
        for leaf in &self.leaves {
            match &leaf.origin {
                Origin::Stored => found.push(leaf),
                Origin::Derived(derived) => found.extend(derived.inner.stored()),
                Origin::Released(_) => {}
            }
        }
        found
    }

    /// Filters, those of inner relations included: all that decides who is in the relation.
    pub fn filters_of_all(&self) -> Vec<&Expr> {
        // Nobody is there or not by what may be missing.
        let decides = |derived: &&Derived| derived.how != How::Optional;
        let inner = self.leaves.iter().filter_map(Leaf::derived).filter(decides);
        let inner = inner.flat_map(|derived| derived.inner.filters_of_all());
        self.filters.iter().chain(inner).collect()
    }

    /// The same with the conditions of what may be missing: they decide who is in the sides of a branch.
    pub fn conditions_of_all(&self) -> Vec<&Expr> {
        let inner = self.leaves.iter().filter_map(Leaf::derived);
        let inner = inner.flat_map(|derived| derived.inner.conditions_of_all());
        self.filters.iter().chain(inner).collect()
    }

    /// What a column says, as a name: the same for a table that is read twice, another one for what is put together by
    /// subject in two places.
    pub fn told(&self, column: &Column) -> String {
        match self.leaf_of_all(column).filter(|leaf| leaf.derived().is_none()) {
            Some(leaf) => format!("{} {}", leaf.grant.dataset, column.name),
            None => column.flat_name(),
        }
    }

    /// Drops filters, those of inner relations included. Whom others are apart from is dropped or kept as a whole: under
    /// half of the conditions they would be apart from more people.
    pub fn retain(&mut self, kept: &dyn Fn(&Expr) -> bool) {
        self.filters.retain(kept);
        self.leaves.retain(|leaf| match leaf.derived() {
            Some(derived) if derived.how == How::Apart => kept(&derived.inner.whole()),
            _ => true,
        });
        self.forget_equalities();
        for leaf in &mut self.leaves {
            if let Origin::Derived(derived) = &mut leaf.origin
                && matches!(derived.how, How::Joined | How::Among)
            {
                derived.inner.retain(kept);
            }
        }
    }

    /// Drops equalities with leaves that are gone.
    pub(super) fn forget_equalities(&mut self) {
        let there: BTreeSet<&str> = self.leaves.iter().map(|leaf| leaf.alias.as_str()).collect();
        let is_there = |column: &Column| {
            let of = column.relation.as_ref();
            of.is_none_or(|of| there.contains(of.table()))
        };
        self.equalities
            .retain(|(one, other)| is_there(one) && is_there(other));
    }

    /// The leaf that has this column at whatever depth, with the relation it is a leaf of.
    pub fn leaf_of_all(&self, column: &Column) -> Option<&Leaf> {
        self.leaf(column).or_else(|| {
            let mut inner = self.leaves.iter().filter_map(Leaf::derived);
            inner.find_map(|derived| derived.inner.leaf_of_all(column))
        })
    }

    /// Most rows of one subject; `None` if nobody knows.
    pub fn rows_per_unit(&self) -> Option<u64> {
        self.leaves
            .iter()
            .try_fold(1u64, |rows, leaf| match &leaf.grant.kind {
                _ if leaf.released().is_some() => Some(rows),
                TableKind::Personal { rows_per_unit, .. } => Some(rows.saturating_mul(*rows_per_unit)),
                TableKind::Own => Some(rows),
                TableKind::NonPersonal | TableKind::Public => None,
            })
    }

    /// The column named by what it is made of, so that it is the same text in every statement. What is made of a
    /// measure is named as the measure, since sums of both can be subtracted from each other.
    pub fn lineage(&self, column: &Column) -> Expr {
        let Some(leaf) = self.leaf(column) else {
            return Expr::Column(column.clone());
        };
        match (&leaf.origin, leaf.value(&column.name)) {
            (Origin::Derived(_), Some((derived, value))) => match value {
                Value::Key(expr) => derived.inner.made_of(expr),
                Value::Figure {
                    argument: Some(argument),
                    ..
                } => derived.inner.made_of(argument),
                Value::Figure { argument: None, .. } => text("rows".to_owned()),
                Value::Window(over) => match over.arguments.first() {
                    Some(argument) => derived.inner.made_of(argument),
                    None => text(over.function.name().to_owned()),
                },
            },
            (Origin::Released(released), _) => text(format!("released {} {}", released.step, column.name)),
            _ => Expr::Column(Column::new(
                Some(leaf.grant.dataset.to_string()),
                column.name.clone(),
            )),
        }
    }

    fn made_of(&self, expr: &Expr) -> Expr {
        let named = expr.clone().transform_up(|node| match node {
            Expr::Column(column) => Ok(Transformed::yes(self.lineage(&column))),
            Expr::Cast(cast) => Ok(Transformed::yes(*cast.expr)),
            other => Ok(Transformed::no(other)),
        });
        named.data().unwrap_or_else(|_| expr.clone())
    }

    /// Whether a bare column counts something of a subject: its sum is then a count like any other. In a family of
    /// its own it would be perturbed by the same deviation at another scale, and both together would show the sum.
    pub fn counts_rows(&self, expr: &Expr) -> bool {
        let column = match expr {
            Expr::Column(column) => column,
            Expr::Cast(cast) => return self.counts_rows(&cast.expr),
            _ => return false,
        };
        let value = self.leaf(column).and_then(|leaf| leaf.value(&column.name));
        match value {
            Some((
                derived,
                Value::Figure {
                    function, argument, ..
                },
            )) => {
                matches!(function, Inner::Count | Inner::Distinct)
                    || argument.as_ref().is_some_and(|of| derived.inner.counts_rows(of))
            }
            Some((derived, Value::Key(expr))) => derived.inner.counts_rows(expr),
            Some((derived, Value::Window(over))) => {
                over.counts
                    || over
                        .arguments
                        .first()
                        .is_some_and(|of| derived.inner.counts_rows(of))
            }
            None => false,
        }
    }

    /// Whether a bare column lacks its value where a branch of the analyst's own does, inside: having one is then said
    /// about the subject (A4.1).
    pub fn branches(&self, expr: &Expr) -> bool {
        let column = match expr {
            Expr::Column(column) => column,
            Expr::Cast(cast) => return self.branches(&cast.expr),
            Expr::Alias(alias) => return self.branches(&alias.expr),
            _ => {
                let is_branch = |node: &Expr| match node {
                    Expr::Case(_) => true,
                    Expr::ScalarFunction(function) => function.func.name() == "nullif",
                    Expr::Column(column) => self.branches(&Expr::Column(column.clone())),
                    _ => false,
                };
                return expr.exists(|node| Ok(is_branch(node))).unwrap_or(true);
            }
        };
        match self.leaf(column).and_then(|leaf| leaf.value(&column.name)) {
            None
            | Some((
                _,
                Value::Figure {
                    function: Inner::Count | Inner::Distinct,
                    ..
                },
            )) => false,
            Some((derived, Value::Key(made))) => derived.inner.branches(made),
            Some((derived, Value::Figure { argument, .. })) => {
                argument.as_ref().is_some_and(|made| derived.inner.branches(made))
            }
            Some((derived, Value::Window(over))) => {
                !over.counts
                    && over
                        .arguments
                        .first()
                        .is_some_and(|made| derived.inner.branches(made))
            }
        }
    }

    /// A personal table behind it.
    pub fn personal(&self) -> Option<&Leaf> {
        self.stored()
            .into_iter()
            .find(|leaf| leaf.stage() == Stage::Personal)
    }
}

fn text(name: String) -> Expr {
    Expr::Column(Column::from_name(name))
}
