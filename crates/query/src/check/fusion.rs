//! Own lists beside personal rows (fusion): who asks chooses whom the list names, so nothing but the names and the
//! declared labels of it has a say, its rows count for nobody, and the cells are judged by `k_fused` (A3.5, A3.6).
//!
//! A list is joined on the subject alone, as a set of subjects, or of subjects with the labels that are keys; how often
//! it names somebody changes nothing. What it names and no governed table knows is nobody.

use std::collections::BTreeSet;

use datafusion::{
    common::{Column, DFSchema},
    logical_expr::{Aggregate, Expr},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, ColumnGrant, Label, Permit, Rule, Rules, TableKind, Thresholds, Use};

use super::{
    blame::pointing,
    figure::{Part, Role},
    origin::Origin,
    relation::{Leaf, Relation, Stage, alias_of, columns_of},
    release::Release,
};
use crate::refusal::Explain;

/// What a column of an own list may be used for beside personal rows: a declared label groups and filters, the column
/// that names the subject links. Nothing of it is ever a measure.
pub(super) fn label(grant: Option<&ColumnGrant>) -> Label {
    let kept: &[Use] = match grant {
        Some(grant) if grant.unit => &[Use::Link],
        Some(_) => &[Use::Group, Use::Filter],
        None => &[],
    };
    let uses = grant.into_iter().flat_map(|grant| &grant.uses);
    Label {
        uses: uses.filter(|used| kept.contains(used)).copied().collect(),
        ..Label::free()
    }
}

/// A statement that reads an own table and a personal one needs fusion on the permit, and the assessment of the risk of
/// joining them; joined or not, since results can be put side by side.
///
/// # Errors
/// `fusion_not_granted`, `join_risk_not_assessed`.
pub(super) fn risk(tables: &BTreeSet<String>, permit: &Permit, citations: &Citations) -> Result<(), Refusal> {
    let of = |wanted: fn(&TableKind) -> bool| {
        let found = tables
            .iter()
            .filter_map(|table| Some((table, permit.tables.get(table)?)));
        found
            .filter(move |(_, grant)| wanted(&grant.kind))
            .map(|(table, _)| table)
            .next()
    };
    let (own, personal) = (
        of(|kind| matches!(kind, TableKind::Own)),
        of(|kind| matches!(kind, TableKind::Personal { .. })),
    );
    let (Some(own), Some(_)) = (own, personal) else {
        return Ok(());
    };
    let (code, instruction) = if !permit.fusion {
        ("fusion_not_granted", "apply_for_fusion")
    } else if !permit.join_risk_assessed {
        ("join_risk_not_assessed", "request_join_assessment")
    } else {
        return Ok(());
    };
    Err(Refusal::conflict(code)
        .under(&citations.join_risk)
        .fact("node", "join")
        .fact("use", Use::Link.name())
        .fact("table", own)
        .instruct(instruction))
}

impl Relation {
    /// The own lists among its leaves, where personal rows are beside them.
    pub fn own(&self) -> impl Iterator<Item = &Leaf> {
        let fused = self.stage() == Stage::Personal;
        self.leaves
            .iter()
            .filter(move |leaf| fused && leaf.stage() == Stage::Own)
    }

    /// Columns of own lists that an expression over base columns reads.
    pub fn own_columns(&self, expr: &Expr) -> Vec<Column> {
        let columns = columns_of(expr).into_values();
        let own = |column: &Column| self.own().any(|leaf| is_of(column, leaf));
        columns.filter(own).collect()
    }

    /// The same people without what own lists say of them: personal rows that met through a list meet directly.
    pub fn without_own(&self) -> Self {
        let mut without = self.clone();
        let own: BTreeSet<&str> = self.own().map(|leaf| leaf.alias.as_str()).collect();
        let of_own = |column: &Column| own.contains(alias_of(column));
        without
            .equalities
            .retain(|(left, right)| !of_own(left) && !of_own(right));
        // By the rules of joins a list is equated with subjects only, and all of them are the same subject.
        let met = self
            .equalities
            .iter()
            .flat_map(|(left, right)| match (of_own(left), of_own(right)) {
                (true, false) => Some(right),
                (false, true) => Some(left),
                _ => None,
            });
        let met: Vec<&Column> = met.collect();
        if let Some((first, others)) = met.split_first() {
            let others = others.iter().filter(|other| other.relation != first.relation);
            without
                .equalities
                .extend(others.map(|other| ((*first).clone(), (*other).clone())));
        }
        without
            .filters
            .retain(|filter| self.own_columns(filter).is_empty());
        without.leaves.retain(|leaf| !own.contains(leaf.alias.as_str()));
        without
    }

    /// Whether it is columns of one own list, as they are.
    pub fn is_own_list(&self) -> bool {
        let bare = self
            .outputs
            .iter()
            .all(|output| matches!(output.value, Expr::Column(_)));
        self.stage() == Stage::Own && self.leaves.len() == 1 && bare
    }

    /// Whether an own list has a say in its rows, at whatever depth.
    fn is_fused(&self) -> bool {
        self.own().next().is_some()
            || self.leaves.iter().any(|leaf| match &leaf.origin {
                Origin::Derived(derived) => derived.inner.is_fused(),
                Origin::Stored | Origin::Released(_) => false,
            })
    }
}

/// Whether a column is one of a leaf.
pub(crate) fn is_of(column: &Column, leaf: &Leaf) -> bool {
    alias_of(column) == leaf.alias
}

impl Release {
    /// Whether an own list has a say in who is in its cells.
    pub fn is_fused(&self) -> bool {
        self.relation.is_fused()
    }

    /// The numbers that its cells are judged by.
    pub fn thresholds(&self, of_permit: &Thresholds, rules: &Rules) -> Thresholds {
        if self.is_fused() && rules.hold(Rule::Fused) {
            of_permit.fused()
        } else {
            of_permit.clone()
        }
    }
}

/// A condition about an own list is about nothing else: then it says which part of the list is joined.
///
/// # Errors
/// `node_not_allowed`.
pub(super) fn check_rows(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    for filter in &relation.filters {
        let Some(own) = relation.own_columns(filter).into_iter().next() else {
            continue;
        };
        let beside = columns_of(filter)
            .into_values()
            .any(|column| column.relation != own.relation);
        if beside {
            return Err(refused(relation, &own, ("own_condition", Use::Filter), citations)
                .instruct("filter_own_first"));
        }
    }
    Ok(())
}

/// Keys of own lists are bare labels, so that a list can be joined as a set; nothing of a list is read by an aggregate
/// (A3.6); and everything that leaves is perturbed, since who asks may change the list by one. So a key leaves with a
/// figure only: that a group exists would neither be perturbed nor be compared with what was answered.
///
/// # Errors
/// `node_not_allowed`.
pub(super) fn check_release(
    relation: &Relation,
    (aggregate, input): (&Aggregate, &DFSchema),
    keys: &[Expr],
    parts: &[Part],
    citations: &Citations,
) -> Result<(), Refusal> {
    let Some(list) = relation.own().next() else {
        return Ok(());
    };
    if aggregate.aggr_expr.iter().all(is_grouping) {
        let of_list = keys.iter().flat_map(|key| relation.own_columns(key)).next();
        let refusal = match of_list {
            Some(label) => refused(relation, &label, ("own_without_figure", Use::Measure), citations),
            None => node(("own_without_figure", Use::Measure), citations).fact("table", &list.table),
        };
        return Err(refusal.nearest_sql("count(*)"));
    }
    for key in keys {
        let own = relation.own_columns(key);
        if let (Some(first), false) = (own.first(), matches!(key, Expr::Column(_))) {
            return Err(refused(relation, first, ("own_key", Use::Group), citations).instruct("bare_label"));
        }
    }
    let figures = aggregate.aggr_expr.iter().filter(|figure| !is_grouping(figure));
    for read in figures.flat_map(Expr::column_refs) {
        let written = relation.write_out(&Expr::Column(read.clone()), input)?;
        let is_unit = |column: &Column| {
            relation
                .leaf(column)
                .is_some_and(|leaf| leaf.is_unit(&column.name))
        };
        let bare = matches!(written, Expr::Column(_));
        let own = relation.own_columns(&written);
        if let Some(column) = own.iter().find(|column| !bare || !is_unit(column)) {
            return Err(
                refused(relation, column, ("own_argument", Use::Measure), citations)
                    .instruct("group_by_label"),
            );
        }
    }
    let exact = |part: &&Part| matches!(part.role, Role::Different | Role::Greatest | Role::Smallest);
    match parts.iter().find(exact).and_then(|part| part.core.as_ref()) {
        None => Ok(()),
        Some(core) => {
            let refusal = node(("own_exact", Use::Measure), citations);
            Err(match columns_of(&core.value).into_values().next() {
                Some(column) => pointing(refusal, relation, &column),
                None => refusal,
            }
            .instruct("perturbed_only"))
        }
    }
}

/// Rows that stay with the subject are put together before a list has a say in them.
///
/// # Errors
/// `node_not_allowed`.
pub(super) fn stays_above(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    match relation.own().next() {
        None => Ok(()),
        Some(leaf) => Err(node(("own_per_subject", Use::Link), citations)
            .fact("table", &leaf.table)
            .instruct("own_above")),
    }
}

/// Says which keys a grouping set leaves out, and nothing of the rows.
fn is_grouping(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => is_grouping(&alias.expr),
        Expr::AggregateFunction(call) => call.func.name() == "grouping",
        _ => false,
    }
}

fn node((node, wanted): (&str, Use), citations: &Citations) -> Refusal {
    Refusal::unmet("node_not_allowed")
        .under(&citations.raw_stays)
        .fact("node", node)
        .fact("use", wanted.name())
}

fn refused(relation: &Relation, column: &Column, called: (&str, Use), citations: &Citations) -> Refusal {
    pointing(node(called, citations), relation, column)
}
