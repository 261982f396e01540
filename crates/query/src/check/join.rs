//! Which tables of a relation may be joined on what.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::{common::Column, logical_expr::Expr};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Permit, TableGrant, TableKind, Use};

use super::{
    blame::{pointing, told},
    constant::Family,
    exact::Exact,
    proof,
    relation::{Leaf, Relation, Stage, alias_of},
};
use crate::refusal::Explain;

/// The subject of a personal relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Subject {
    /// Alias of the leaf whose hidden unit is taken; all personal leaves agree on it.
    pub alias: String,
    /// Identifier domain.
    pub domain: String,
    /// A subject may have more than one row in the relation.
    pub many_rows: bool,
}

/// Checks every equality, and that all leaves hang together by them.
///
/// # Errors
/// `join_not_allowed`.
pub(crate) fn check(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    for (left, right) in &relation.equalities {
        equality(relation, left, right, citations)?;
    }
    if relation.stage() <= Stage::Own || relation.leaves.len() < 2 {
        return Ok(());
    }
    // Rows are kept by their subject and nothing else, and nothing hangs on what may be missing.
    for leaf in relation.leaves.iter().filter(|leaf| !leaf.is_kept()) {
        let of_leaf = |column: &Column| relation.leaf(column).is_some_and(|of| of.alias == leaf.alias);
        let mut met = relation
            .equalities
            .iter()
            .filter(|(a, b)| of_leaf(a) || of_leaf(b));
        if let (Some(_), Some((a, b))) = (met.next(), met.next()) {
            return Err(refused(relation, a, b, citations));
        }
    }
    connected(relation, citations)?;
    personal_by_unit(relation, citations)
}

fn equality(
    relation: &Relation,
    left: &Column,
    right: &Column,
    citations: &Citations,
) -> Result<(), Refusal> {
    let (Some(a), Some(b)) = (relation.leaf(left), relation.leaf(right)) else {
        return Err(refused(relation, left, right, citations));
    };
    let by_unit =
        a.is_unit(&left.name) && b.is_unit(&right.name) && domain_of(a, left) == domain_of(b, right);
    let own = [a, b].iter().any(|leaf| leaf.stage() == Stage::Own) && relation.stage() == Stage::Personal;
    // A list that somebody brought says whom it names, and nothing else.
    if own || (a.of_subjects() && b.of_subjects()) {
        // The same people, or nothing: anything else pairs people with each other.
        return if by_unit {
            Ok(())
        } else {
            Err(refused(relation, left, right, citations))
        };
    }
    let family = |column: &Column| relation.base_type(column).map(|t| Family::of(&t));
    let comparable = family(left)
        .zip(family(right))
        .is_some_and(|(a, b)| a.compares_with(b));
    if !comparable {
        // A conversion could fail on a row.
        let refusal = Refusal::unmet("types_differ")
            .under(&citations.raw_stays)
            .fact("node", "join")
            .fact("use", Use::Link.name());
        return Err(pointing(refusal, relation, left).instruct("compare_same_type"));
    }
    for (leaf, column) in [(a, left), (b, right)] {
        let joins = leaf.stage() <= Stage::Own
            || leaf.column(&column.name).is_some_and(|grant| {
                grant.uses.contains(&Use::Link) || (grant.uses.contains(&Use::Group) && grant.grain.is_none())
            });
        // The subject itself has no public register (A3.2).
        if !joins || leaf.is_unit(&column.name) {
            return Err(refused(relation, left, right, citations));
        }
    }
    Ok(())
}

/// Proves that no equality can fail on a row: the engine below converts both sides to one type.
///
/// # Errors
/// Those of [`proof::prove`].
pub(crate) fn prove(exact: &Exact<'_>) -> Result<(), Refusal> {
    let relation = exact.relation;
    let by_unit = |column: &Column| {
        relation
            .leaf(column)
            .is_some_and(|leaf| leaf.is_unit(&column.name))
    };
    let mut equalities = relation.equalities.iter();
    equalities.try_for_each(|(left, right)| {
        // The hidden units are numbers of one type.
        if by_unit(left) && by_unit(right) {
            return Ok(());
        }
        let (left, right) = (Expr::Column(left.clone()), Expr::Column(right.clone()));
        proof::prove(exact, &left.eq(right))
    })
}

fn refused(relation: &Relation, left: &Column, right: &Column, citations: &Citations) -> Refusal {
    let (table, column) = told(relation, right);
    let refusal = Refusal::unmet("join_not_allowed")
        .under(&citations.join_risk)
        .fact("node", "join")
        .fact("use", Use::Link.name())
        .fact("other_column", column)
        .fact("other_table", table);
    pointing(refusal, relation, left).instruct("join_on_subject")
}

fn connected(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    // A constant meets every row.
    let all = relation.leaves.iter().filter(|leaf| !leaf.is_constant());
    let all: Vec<&str> = all.map(|leaf| leaf.alias.as_str()).collect();
    let reached = reach(
        all.first().copied().unwrap_or_default(),
        &edges(relation, |_, _| true),
    );
    match relation
        .leaves
        .iter()
        .find(|leaf| !leaf.is_constant() && !reached.contains(leaf.alias.as_str()))
    {
        None => Ok(()),
        Some(leaf) => Err(without_equality(leaf, citations)),
    }
}

fn without_equality(leaf: &Leaf, citations: &Citations) -> Refusal {
    Refusal::unmet("join_not_allowed")
        .under(&citations.join_risk)
        .fact("node", "cross_join")
        .fact("use", Use::Link.name())
        .fact("table", &leaf.table)
        .instruct("join_on_subject")
}

fn personal_by_unit(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    let personal: Vec<&Leaf> = relation
        .leaves
        .iter()
        .filter(|leaf| leaf.stage() == Stage::Personal)
        .collect();
    let Some(first) = personal.first() else {
        return Ok(());
    };
    let by_unit = edges(relation, |a, b| {
        relation.leaf(a).is_some_and(|leaf| leaf.is_unit(&a.name)) && {
            relation.leaf(b).is_some_and(|leaf| leaf.is_unit(&b.name))
        }
    });
    let reached = reach(&first.alias, &by_unit);
    match personal
        .iter()
        .find(|leaf| !reached.contains(leaf.alias.as_str()))
    {
        None => Ok(()),
        Some(leaf) => Err(without_equality(leaf, citations)),
    }
}

fn edges(
    relation: &Relation,
    counts: impl Fn(&Column, &Column) -> bool,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (left, right) in relation
        .equalities
        .iter()
        .filter(|(left, right)| counts(left, right))
    {
        let (a, b) = (alias_of(left).to_owned(), alias_of(right).to_owned());
        edges.entry(a.clone()).or_default().insert(b.clone());
        edges.entry(b).or_default().insert(a);
    }
    edges
}

fn reach(from: &str, edges: &BTreeMap<String, BTreeSet<String>>) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([from.to_owned()]);
    let mut next = vec![from.to_owned()];
    while let Some(here) = next.pop() {
        for there in edges.get(&here).into_iter().flatten() {
            if reached.insert(there.clone()) {
                next.push(there.clone());
            }
        }
    }
    reached
}

pub(super) fn domain(grant: &TableGrant) -> Option<&str> {
    match &grant.kind {
        TableKind::Personal { domain, .. } => Some(domain),
        TableKind::NonPersonal | TableKind::Public | TableKind::Own => None,
    }
}

/// The identifier domain of a column that names the subject of its leaf. That of an own list is said of the column.
pub(super) fn domain_of<'l>(leaf: &'l Leaf, column: &Column) -> Option<&'l str> {
    match leaf.stage() {
        Stage::Own => leaf.column(&column.name)?.domain.as_deref(),
        Stage::Public | Stage::NonPersonal | Stage::Personal => domain(&leaf.grant),
    }
}

/// The subject of a checked personal relation; `None` if there is none.
pub(crate) fn subject(relation: &Relation) -> Option<Subject> {
    let leaf = relation
        .leaves
        .iter()
        .find(|leaf| leaf.stage() == Stage::Personal && leaf.is_kept())?;
    let domain = domain(&leaf.grant)?.to_owned();
    // A joined register may hold its key twice, so only rows that are proved to be single are believed.
    Some(Subject {
        alias: leaf.alias.clone(),
        domain,
        many_rows: !relation.leaves.iter().all(Leaf::is_single),
    })
}

/// Personal link columns of another domain through which the relation was joined.
pub(crate) fn second_domains(relation: &Relation) -> Vec<Column> {
    let mut found: BTreeMap<String, Column> = BTreeMap::new();
    for (left, right) in &relation.equalities {
        for column in [left, right] {
            let Some(leaf) = relation.leaf(column) else {
                continue;
            };
            let links = leaf
                .column(&column.name)
                .is_some_and(|grant| !grant.uses.contains(&Use::Group));
            if leaf.stage() == Stage::Personal && !leaf.is_unit(&column.name) && links {
                found.insert(column.flat_name(), column.clone());
            }
        }
    }
    found.into_values().collect()
}

/// Joins of two personal tables or of three providers need an assessment on the permit.
/// All tables of the statement count, joined or not: their results can be put side by side.
///
/// # Errors
/// `join_risk_not_assessed`.
pub(crate) fn risk(tables: &BTreeSet<String>, permit: &Permit, citations: &Citations) -> Result<(), Refusal> {
    if permit.join_risk_assessed {
        return Ok(());
    }
    let grants = || tables.iter().filter_map(|table| permit.tables.get(table));
    let personal: BTreeSet<_> = grants()
        .filter(|g| domain(g).is_some())
        .map(|g| g.dataset)
        .collect();
    let providers: BTreeSet<String> = grants()
        .filter(|g| g.kind != TableKind::Public)
        .map(|g| {
            g.provider
                .map_or_else(|| g.dataset.to_string(), |body| body.to_string())
        })
        .collect();
    if personal.len() < 2 && providers.len() < 3 {
        return Ok(());
    }
    Err(Refusal::conflict("join_risk_not_assessed")
        .under(&citations.join_risk)
        .fact("node", "join")
        .fact("use", Use::Link.name())
        .fact("table", tables.iter().cloned().collect::<Vec<_>>().join(", "))
        .fact("providers", providers.len())
        .instruct("request_join_assessment"))
}
