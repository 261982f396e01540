//! Whether a subject has rows of another relation: EXISTS, IN, their negations, semi, anti and outer joins, INTERSECT
//! and EXCEPT.
//!
//! All become a leaf of rows that are put together subject by subject, with a word for how it stands beside the other
//! leaves ([`How`]). Nothing but the subject connects the two, so that a membership says of a person what a filter on
//! the columns of the inner relation would say, and is judged as one.

use datafusion::{
    common::{
        Column, DFSchema,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{
        BinaryExpr, Expr, Join, JoinType, LogicalPlan, Operator,
        utils::{conjunction, split_conjunction_owned},
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Label, Use};

use super::{
    blame::{first_column, named, pointing},
    join,
    matches::HERE,
    origin::Value,
    relation::{Leaf, Relation, Stage, as_equality, columns_of},
    stage,
};
use crate::refusal::Explain;

/// How a leaf stands beside the others of its relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Its rows are joined with theirs.
    Joined,
    /// Rows of the others stay if their subject has a row of it.
    Among,
    /// Rows of the others stay if their subject has no row of it.
    Apart,
    /// Rows of the others stay; where their subject has rows of it they are joined.
    Optional,
}

/// A conjunct that asks for membership, as the analyst wrote it.
pub(super) struct Asked<'a> {
    pub plan: &'a LogicalPlan,
    /// The left side of IN.
    pub value: Option<&'a Expr>,
    pub how: How,
}

/// Reads `[NOT] EXISTS (…)` and `x [NOT] IN (SELECT …)`.
pub(super) fn asked(conjunct: &Expr) -> Option<Asked<'_>> {
    let how = |negated| if negated { How::Apart } else { How::Among };
    match conjunct {
        Expr::Exists(exists) => Some(Asked {
            plan: &exists.subquery.subquery,
            value: None,
            how: how(exists.negated),
        }),
        Expr::InSubquery(inside) => Some(Asked {
            plan: &inside.subquery.subquery,
            value: Some(&inside.expr),
            how: how(inside.negated),
        }),
        Expr::Not(inner) => asked(inner).map(|asked| Asked {
            how: how(asked.how == How::Among),
            ..asked
        }),
        _ => None,
    }
}

/// How the other side of a join of two personal relations stands, and whether the other side is the left one.
pub(super) fn of_join(join: &Join) -> Option<(How, bool)> {
    match join.join_type {
        JoinType::Left => Some((How::Optional, false)),
        JoinType::Right => Some((How::Optional, true)),
        JoinType::LeftSemi => Some((How::Among, false)),
        JoinType::RightSemi => Some((How::Among, true)),
        JoinType::LeftAnti => Some((How::Apart, false)),
        JoinType::RightAnti => Some((How::Apart, true)),
        // A row without a match on the preserved side would have no subject.
        JoinType::Inner | JoinType::Full | JoinType::LeftMark | JoinType::RightMark => None,
    }
}

/// The subject of the relation that stays, and that of the other.
pub(super) struct Pair {
    pub unit: Column,
    pub member: Column,
}

/// What a subquery is connected by with the rows it is asked about. Its own conditions stay with it.
///
/// # Errors
/// `join_not_allowed` when anything but the subject connects the two.
pub(super) fn of_subquery(
    outer: &Relation,
    schema: &DFSchema,
    asked: &Asked<'_>,
    among: &mut Relation,
    citations: &Citations,
) -> Result<Pair, Refusal> {
    let mut pairs = Vec::new();
    if let Some(value) = asked.value {
        let member = among.outputs.first().map(|output| output.value.clone());
        pairs.push((outer.write_out(value, schema)?, member));
    }
    let (across, own): (Vec<Expr>, Vec<Expr>) = std::mem::take(&mut among.filters)
        .into_iter()
        .partition(reads_outer);
    among.filters = own;
    for conjunct in across {
        let Some((unit, member)) = correlation(&conjunct) else {
            let about = first_read(&conjunct, outer, schema);
            return Err(refused(about.as_ref(), [outer, among], citations));
        };
        let unit = outer.write_out(&Expr::Column(unit), schema)?;
        pairs.push((unit, Some(Expr::Column(member))));
    }
    paired(outer, among, pairs, citations)
}

/// What a join connects two relations by. Conditions on the other side alone are its own.
///
/// # Errors
/// As [`of_subquery`].
pub(super) fn of_condition(
    (join, turned): (&Join, bool),
    kept: &Relation,
    other: &mut Relation,
    citations: &Citations,
) -> Result<Pair, Refusal> {
    let (left, right) = if turned { (&*other, kept) } else { (kept, &*other) };
    let mut conjuncts = Vec::new();
    for (one, two) in &join.on {
        let one = left.write_out(one, join.left.schema())?;
        conjuncts.push(one.eq(right.write_out(two, join.right.schema())?));
    }
    if let Some(filter) = &join.filter {
        let schema = join.left.schema().join(join.right.schema());
        let schema = schema.map_err(|_| Refusal::unmet("query_not_planned"))?;
        let both = left.clone().beside(right.clone());
        conjuncts.extend(split_conjunction_owned(both.write_out(filter, &schema)?));
    }
    let mut pairs = Vec::new();
    for conjunct in conjuncts {
        let columns = columns_of(&conjunct);
        if !columns.is_empty() && columns.values().all(|column| other.leaf(column).is_some()) {
            match as_equality(&conjunct) {
                Some(pair) => other.equalities.push(pair),
                None => other.filters.push(conjunct),
            }
            continue;
        }
        let Some((a, b)) = as_equality(&conjunct) else {
            let about = first_column(&conjunct);
            return Err(refused(about.as_ref(), [kept, other], citations));
        };
        let (unit, member) = if other.leaf(&a).is_some() { (b, a) } else { (a, b) };
        pairs.push((Expr::Column(unit), Some(Expr::Column(member))));
    }
    paired(kept, other, pairs, citations)
}

/// All pairs are of the subject, and there is one.
fn paired(
    outer: &Relation,
    among: &mut Relation,
    pairs: Vec<(Expr, Option<Expr>)>,
    citations: &Citations,
) -> Result<Pair, Refusal> {
    let mut found: Option<Pair> = None;
    for (unit, member) in pairs {
        let blamed = |expr: Option<&Expr>, among: &Relation| {
            let column = expr.and_then(first_column);
            refused(column.as_ref(), [outer, among], citations)
        };
        let Some((of_outer, one)) = subject(outer, &unit) else {
            let about = if columns_of(&unit).is_empty() {
                member.as_ref()
            } else {
                Some(&unit)
            };
            return Err(blamed(about, among));
        };
        let Some((of_inner, other)) = member.as_ref().and_then(|member| subject(among, member)) else {
            return Err(blamed(member.as_ref(), among));
        };
        if one != other {
            return Err(blamed(Some(&unit), among));
        }
        match &found {
            // Whatever else equals the same subject equals it on the inner side too.
            Some(first) if first.member.flat_name() != of_inner.flat_name() => {
                among.equalities.push((first.member.clone(), of_inner));
            }
            Some(_) => {}
            None => {
                found = Some(Pair {
                    unit: of_outer,
                    member: of_inner,
                });
            }
        }
    }
    // Without the subject, whether anybody at all is there would decide about every row.
    found.ok_or_else(|| refused(None, [outer, among], citations))
}

/// The subject that an expression names bare, with its domain. An own list names the person that it is joined with: its
/// rows are nobody's.
fn subject(relation: &Relation, expr: &Expr) -> Option<(Column, String)> {
    let Expr::Column(named) = expr else { return None };
    let leaf = relation.leaf(named).filter(|leaf| leaf.is_unit(&named.name))?;
    let same = match leaf.stage() {
        Stage::Own => stage::equated(relation, named),
        Stage::Public | Stage::NonPersonal | Stage::Personal => vec![named.clone()],
    };
    same.into_iter().find_map(|column| {
        let leaf = relation.leaf(&column)?;
        let domain = join::domain(&leaf.grant)?.to_owned();
        let of_person = leaf.is_unit(&column.name) && leaf.is_kept();
        let column = Column {
            spans: named.spans.clone(),
            ..column
        };
        of_person.then_some((column, domain))
    })
}

impl Leaf {
    pub fn how(&self) -> How {
        self.derived().map_or(How::Joined, |derived| derived.how)
    }
    /// Its columns are those of the rows of the relation, and its subject is theirs.
    pub fn is_kept(&self) -> bool {
        self.how() == How::Joined
    }
    /// The label of a column as far as the leaf may be read: rows that may be missing are read by arguments only, since
    /// as key or filter their absence would hide a class of their conditions.
    pub(super) fn as_read(&self, name: &str, mut label: Label) -> Label {
        let links = self.is_unit(name) || self.is_presence(name);
        match self.how() {
            How::Joined => {}
            How::Optional => label
                .uses
                .retain(|used| *used == Use::Measure || (links && *used == Use::Link)),
            How::Among | How::Apart => label.uses.retain(|used| links && *used == Use::Link),
        }
        label
    }
    /// Whether a column tells nothing but that there is a row.
    pub fn is_presence(&self, name: &str) -> bool {
        match self.value(name) {
            Some((_, Value::Key(made))) if *made == HERE => true,
            Some((derived, Value::Key(Expr::Column(column)))) => derived
                .inner
                .leaf(column)
                .is_some_and(|leaf| leaf.is_presence(&column.name)),
            _ => false,
        }
    }
}

impl Relation {
    /// What a leaf stands or falls with as a whole: all conditions of the relation behind it.
    pub fn whole(&self) -> Expr {
        let all = self.filters_of_all().into_iter().cloned();
        conjunction(all).unwrap_or_else(|| datafusion::logical_expr::lit(true))
    }

    /// Conditions on rows that may be missing, at whatever depth, with the relations they belong to.
    pub fn missing_by(&self) -> Vec<(&Relation, &Expr)> {
        let mut found = Vec::new();
        for derived in self.leaves.iter().filter_map(Leaf::derived) {
            if derived.how == How::Optional {
                let conditions = derived.inner.filters_of_all();
                found.extend(conditions.into_iter().map(|one| (&derived.inner, one)));
            }
            found.extend(derived.inner.missing_by());
        }
        found
    }

    /// Whether an expression lacks its value where rows of another relation are missing, at whatever depth: having one
    /// is then said about the subject (A4.1).
    pub fn may_be_missing(&self, expr: &Expr) -> bool {
        columns_of(expr).values().any(|column| {
            let Some(leaf) = self.leaf(column) else {
                return false;
            };
            leaf.how() == How::Optional
                || leaf.value(&column.name).is_some_and(|(derived, value)| {
                    let mut read = value.read().into_iter();
                    read.any(|made| derived.inner.may_be_missing(made))
                })
        })
    }
}

/// What connects an outer and an inner relation is not the subject; `column` is a base column of either.
fn refused(column: Option<&Column>, sides: [&Relation; 2], citations: &Citations) -> Refusal {
    let refusal = Refusal::unmet("join_not_allowed")
        .under(&citations.join_risk)
        .fact("node", "membership")
        .fact("use", Use::Link.name())
        .instruct("join_on_subject");
    let of = |column: &&Column| sides.into_iter().find(|side| side.leaf(column).is_some());
    match (column.as_ref().and_then(of), column) {
        (Some(relation), Some(column)) => pointing(refusal, relation, column),
        (None, Some(column)) => named(refusal, column),
        (_, None) => {
            let [_, inner] = sides;
            refusal.fact("table", inner.personal().map_or("", |leaf| leaf.table.as_str()))
        }
    }
}

fn reads_outer(expr: &Expr) -> bool {
    // Not understood counts as read.
    expr.exists(|node| Ok(matches!(node, Expr::OuterReferenceColumn(..))))
        .unwrap_or(true)
}

/// The base column that a predicate across two relations is about: of the inner one, else of the outer one.
fn first_read(conjunct: &Expr, outer: &Relation, schema: &DFSchema) -> Option<Column> {
    let mut found = first_column(conjunct);
    let _ = conjunct.apply(|node| {
        if let (Expr::OuterReferenceColumn(_, column), None) = (node, &found) {
            let named = Expr::Column(column.clone());
            let written = outer.write_out(&named, schema).ok();
            found = written.as_ref().and_then(first_column).or(Some(column.clone()));
        }
        Ok(TreeNodeRecursion::Continue)
    });
    found
}

/// `inner = outer`: the outer column as named there, and the inner base column.
fn correlation(conjunct: &Expr) -> Option<(Column, Column)> {
    let Expr::BinaryExpr(BinaryExpr {
        left,
        op: Operator::Eq,
        right,
    }) = conjunct
    else {
        return None;
    };
    match (left.as_ref(), right.as_ref()) {
        (Expr::OuterReferenceColumn(_, outer), Expr::Column(inner))
        | (Expr::Column(inner), Expr::OuterReferenceColumn(_, outer)) => Some((outer.clone(), inner.clone())),
        _ => None,
    }
}
