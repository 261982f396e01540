//! Conditions that tie a sensitive column or a measure to a group in a way that cannot be taken apart again (G3).
//!
//! What is true of all of a group is withheld by comparing the cell with the group alone ([`super::weaker`]). That asks
//! for the group, so its conditions may be tied to the sensitive part by AND, OR and NOT only: not inside one CASE, one
//! key, one text, or the condition of one figure.

use datafusion::{
    common::{
        Column,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{BinaryExpr, Expr, Operator},
};
use shuyu_kernel::{ClauseId, Refusal};
use shuyu_privacy::{Citations, Use};

use super::{
    blame::pointing,
    figure::Part,
    origin::Value,
    relation::{Leaf, Relation, Stage, columns_of},
};
use crate::refusal::Explain;

/// Whether a class made by the column says something about a person.
pub(crate) fn speaks(relation: &Relation, column: &Column) -> bool {
    relation.leaf_of_all(column).is_some_and(|leaf| {
        let grant = leaf.column(&column.name);
        leaf.stage() == Stage::Personal
            && grant.is_some_and(|grant| grant.sensitive || grant.uses.contains(&Use::Measure))
    })
}

/// Whether it says of which group somebody is: what is no released value and does not speak.
fn groups(relation: &Relation, column: &Column) -> bool {
    let released = |leaf: &Leaf| leaf.released().is_some();
    !speaks(relation, column) && relation.leaf_of_all(column).is_some_and(|leaf| !released(leaf))
}

/// Keys, filters and conditions of figures of a personal release.
///
/// # Errors
/// `class_mixed`, with the column that speaks.
pub(super) fn check(
    relation: &Relation,
    keys: &[Expr],
    parts: &[Part],
    citations: &Citations,
) -> Result<(), Refusal> {
    let clauses = &citations.raw_stays;
    for filter in relation.conditions_of_all() {
        each_atom(filter, &mut |atom| apart(relation, &[atom], clauses))?;
    }
    for key in keys {
        apart(relation, &[key], clauses)?;
    }
    for part in parts {
        apart(relation, &part.guards.iter().collect::<Vec<_>>(), clauses)?;
    }
    of_subjects(relation, clauses)
}

/// Conditions inside of what is put together by subject.
fn of_subjects(relation: &Relation, clauses: &[ClauseId]) -> Result<(), Refusal> {
    for derived in relation.leaves.iter().filter_map(Leaf::derived) {
        let inner = &derived.inner;
        for value in &derived.values {
            let of = &mut |condition: &Expr| apart(inner, &[condition], clauses);
            match value {
                Value::Key(key) => of(key)?,
                Value::Figure { argument, .. } => {
                    argument
                        .iter()
                        .try_for_each(|argument| conditions(argument, of))?;
                }
                Value::Window(over) => {
                    over.arguments
                        .iter()
                        .try_for_each(|argument| conditions(argument, of))?;
                }
            }
        }
        of_subjects(inner, clauses)?;
    }
    Ok(())
}

/// Parts that AND, OR and NOT tie together.
fn each_atom(expr: &Expr, of: &mut dyn FnMut(&Expr) -> Result<(), Refusal>) -> Result<(), Refusal> {
    match expr {
        Expr::Not(inner) => each_atom(inner, of),
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::And | Operator::Or,
            right,
        }) => {
            each_atom(left, of)?;
            each_atom(right, of)
        }
        atom => of(atom),
    }
}

/// Conditions of every CASE in an expression.
fn conditions(expr: &Expr, of: &mut dyn FnMut(&Expr) -> Result<(), Refusal>) -> Result<(), Refusal> {
    let mut found = Ok(());
    // The closure never fails: what is refused ends the walk.
    let _ = expr.apply(|node| {
        if let Expr::Case(case) = node {
            found = case.when_then_expr.iter().try_for_each(|(when, _)| of(when));
        }
        Ok(match found {
            Ok(()) => TreeNodeRecursion::Continue,
            Err(_) => TreeNodeRecursion::Stop,
        })
    });
    found
}

/// These together read no column that speaks beside one that groups.
fn apart(relation: &Relation, exprs: &[&Expr], clauses: &[ClauseId]) -> Result<(), Refusal> {
    let read: Vec<Column> = exprs
        .iter()
        .flat_map(|expr| columns_of(expr).into_values())
        .collect();
    let spoken = read.iter().find(|column| speaks(relation, column));
    match spoken {
        Some(column) if read.iter().any(|other| groups(relation, other)) => {
            let refusal = Refusal::unmet("class_mixed")
                .under(clauses)
                .instruct("split_conditions");
            Err(pointing(refusal, relation, column)
                .fact("node", "condition")
                .fact("use", Use::Filter.name()))
        }
        _ => Ok(()),
    }
}
