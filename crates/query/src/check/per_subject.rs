//! Aggregates of the rows of each subject (`GROUP BY` with the subject among the keys): nothing is released by
//! them, and what comes of them are personal rows again, with labels of their own (A2.2, A3.8).

use std::{collections::BTreeMap, sync::Arc};

use arrow::datatypes::{Field, Schema};
use datafusion::{
    common::DFSchema,
    logical_expr::{Aggregate, Expr},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, ColumnGrant, TableGrant, TableKind, Use};

use super::{
    blame::pointing,
    fusion, join,
    maker::{Made, Maker},
    membership::How,
    origin::{Derived, Origin, Value},
    relation::{Leaf, Relation},
    release,
};
use crate::{
    provider::is_hidden,
    refusal::{Explain, UNTOLD, echoed},
};

/// Whether the subject is among these expressions over base columns.
pub(super) fn hold_subject(relation: &Relation, exprs: &[Expr]) -> bool {
    exprs.iter().any(|expr| is_subject(relation, expr))
}

pub(super) fn is_subject(relation: &Relation, expr: &Expr) -> bool {
    let Expr::Column(column) = expr else { return false };
    relation
        .leaf(column)
        .is_some_and(|leaf| leaf.is_unit(&column.name))
}

/// The rows of an aggregate whose keys hold the subject. `keys` are written out.
///
/// # Errors
/// Those of [`release::check_rows`], and `function_not_allowed`, `use_missing`, `grain_finer`, `node_not_allowed`.
pub(super) fn aggregated(
    inner: Relation,
    keys: &[Expr],
    aggregate: &Aggregate,
    alias: String,
    citations: &Citations,
) -> Result<Relation, Refusal> {
    let schema = checked(&inner, citations)?;
    let maker = Maker::new(&inner, &schema, citations);
    let mut made = maker.keys(keys)?;
    for figure in &aggregate.aggr_expr {
        made.push(maker.figure(figure, aggregate.input.schema())?);
    }
    rows(inner, keys, made, &aggregate.schema, alias)
}

/// The different rows of a relation whose columns hold the subject.
///
/// # Errors
/// As for [`aggregated`].
pub(super) fn different(
    inner: Relation,
    shown: &DFSchema,
    alias: String,
    citations: &Citations,
) -> Result<Relation, Refusal> {
    let schema = checked(&inner, citations)?;
    let keys: Vec<Expr> = inner.outputs.iter().map(|output| output.value.clone()).collect();
    let made = Maker::new(&inner, &schema, citations).keys(&keys)?;
    rows(inner, &keys, made, shown, alias)
}

/// Joins and filters of the relation below, and that it was joined through no other domain: its members would no
/// longer be counted above.
pub(super) fn checked(inner: &Relation, citations: &Citations) -> Result<DFSchema, Refusal> {
    release::check_rows(inner, citations)?;
    fusion::stays_above(inner, citations)?;
    if let Some(column) = join::second_domains(inner).first() {
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&citations.raw_stays)
            .fact("node", "per_subject_domain")
            .fact("use", Use::Link.name());
        return Err(pointing(refusal, inner, column).instruct("join_above"));
    }
    release::base_schema(inner)
}

fn rows(
    inner: Relation,
    keys: &[Expr],
    made: Vec<Made>,
    shown: &DFSchema,
    alias: String,
) -> Result<Relation, Refusal> {
    let single = keys.iter().all(|key| is_subject(&inner, key));
    let rows_per_unit = if single { Some(1) } else { inner.rows_per_unit() };
    leaf(inner, made, shown, alias, (rows_per_unit, true)).map(Relation::scan)
}

/// A leaf of derived rows.
pub(super) fn leaf(
    inner: Relation,
    made: Vec<Made>,
    shown: &DFSchema,
    alias: String,
    (rows_per_unit, grouped): (Option<u64>, bool),
) -> Result<Leaf, Refusal> {
    let unplanned = || Refusal::unmet("query_not_planned");
    let subject = join::subject(&inner).ok_or_else(unplanned)?;
    let table = inner.personal().ok_or_else(unplanned)?;
    let shown_as = shown.fields().iter().map(|field| field.name().as_str());
    let names = names(shown_as, |name| is_known(&inner, name));
    let fields = shown.fields().iter().zip(&names);
    let fields: Vec<Field> = fields
        .map(|(field, name)| Field::new(name, field.data_type().clone(), true))
        .collect();
    let (values, grants): (Vec<Value>, Vec<ColumnGrant>) = made.into_iter().unzip();
    let grant = TableGrant {
        kind: TableKind::Personal {
            domain: subject.domain,
            rows_per_unit: rows_per_unit.unwrap_or(u64::MAX),
        },
        columns: names.into_iter().zip(grants).collect(),
        struck: Vec::new(),
        ..table.grant.clone()
    };
    Ok(Leaf {
        alias,
        table: table.table.clone(),
        grant,
        schema: Arc::new(Schema::new(fields)),
        origin: Origin::Derived(Box::new(Derived {
            inner,
            values,
            grouped,
            how: How::Joined,
        })),
    })
}

/// Names of columns: those of the analyst where they are different and may be told, since a column of a table is named
/// like that or since they may be repeated ([`echoed`]); else names of our own, which are never told.
pub(super) fn names<'n>(
    shown: impl Iterator<Item = &'n str> + Clone,
    known: impl Fn(&str) -> bool,
) -> Vec<String> {
    let mut often: BTreeMap<&str, usize> = BTreeMap::new();
    for name in shown.clone() {
        *often.entry(name).or_default() += 1;
    }
    let own = |index: usize| format!("{UNTOLD}{index}");
    shown
        .enumerate()
        .map(|(index, name)| {
            let told = known(name) || echoed(name) == name;
            let single = often.get(name) == Some(&1) && !name.starts_with(UNTOLD);
            if told && single && !is_hidden(name) {
                name.to_owned()
            } else {
                own(index)
            }
        })
        .collect()
}

/// Whether a column of a table behind a relation has this name.
pub(super) fn is_known(relation: &Relation, name: &str) -> bool {
    let stored = relation.stored();
    stored
        .iter()
        .any(|leaf| leaf.schema.field_with_name(name).is_ok())
}
