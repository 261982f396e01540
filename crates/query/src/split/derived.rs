//! Rows of a checked relation as they are selected, whatever its leaves are made of.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::{
    catalog::MemTable,
    common::{
        Column, Result, ScalarValue, TableReference, exec_err,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    datasource::provider_as_source,
    functions_aggregate::expr_fn::{avg, count, max, min, sum},
    logical_expr::{
        Expr, LogicalPlanBuilder, WindowFunctionDefinition, cast,
        expr::{Sort, WindowFunction, WindowFunctionParams},
        lit, try_cast,
        utils::conjunction,
    },
};

use super::{
    calls::count_distinct,
    cells::in_types,
    lower::bare,
    membership::{members, passed},
    own,
    rows::{as_it_runs, clamped, join_all},
};
use crate::{
    check::{
        membership::How,
        origin::{Derived, Inner, Origin, Over, Released, Value},
        relation::{Leaf, Relation, Stage, columns_of},
    },
    provider::{GovernedTable, Source},
    tables::UNIT_COLUMN,
};

/// Name of the hidden unit below.
pub(super) const UNIT: &str = "unit";

/// The rows of a relation under its filters, with whatever columns these expressions read.
pub(super) fn selected(source: &Source, relation: &Relation, exprs: &[&Expr]) -> Result<LogicalPlanBuilder> {
    let mut needed: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let joined = relation
        .equalities
        .iter()
        .flat_map(|(left, right)| [left.clone(), right.clone()]);
    let (of_lists, filters) = own::conditions(relation);
    let read = exprs.iter().copied().chain(filters.iter().copied());
    for column in read.flat_map(|e| columns_of(e).into_values()).chain(joined) {
        if let Some(leaf) = relation.leaf(&column) {
            needed.entry(leaf.alias.clone()).or_default().insert(column.name);
        }
    }
    let mut plan = join_all(relation, |leaf| match leaf.stage() {
        Stage::Own => own::listed(source, relation, leaf, needed.get(&leaf.alias), &of_lists),
        _ => scan(source, leaf, needed.get(&leaf.alias)),
    })?;
    if let Some(filter) = conjunction(filters.into_iter().cloned()) {
        plan = plan.filter(runs(source, relation, filter)?)?;
    }
    if nothing_released(source, relation)? {
        plan = plan.filter(lit(false))?;
    }
    Ok(plan)
}

/// A checked expression as it runs, released constants put in.
pub(super) fn runs(source: &Source, relation: &Relation, expr: Expr) -> Result<Expr> {
    let put = as_it_runs(expr, relation)?.transform_up(|node| match node {
        Expr::Column(column) => match relation.leaf(&column).filter(|leaf| leaf.is_constant()) {
            Some(leaf) => Ok(Transformed::yes(lit(constant(source, leaf, &column.name)?))),
            None => Ok(Transformed::no(Expr::Column(column))),
        },
        other => Ok(Transformed::no(other)),
    });
    put.data()
}

/// The value of a column of which there is one.
fn constant(source: &Source, leaf: &Leaf, name: &str) -> Result<ScalarValue> {
    let place = leaf.schema.index_of(name)?;
    let wanted = leaf.schema.field(place).data_type();
    let rows = leaf
        .released()
        .and_then(|released| source.results.get(released.step));
    let Some(rows) = rows else {
        return exec_err!("a step that did not run");
    };
    match rows.num_rows() {
        0 => ScalarValue::try_from(wanted),
        1 => ScalarValue::try_from_array(rows.column(place), 0)?.cast_to(wanted),
        _ => exec_err!("more than one row of a scalar"),
    }
}

/// Whether a relation is joined with released rows of which there are none.
fn nothing_released(source: &Source, relation: &Relation) -> Result<bool> {
    for released in relation.leaves.iter().filter_map(Leaf::released) {
        let Some(rows) = source.results.get(released.step) else {
            return exec_err!("a step that did not run");
        };
        let Released { scalar, optional, .. } = released;
        if rows.num_rows() == 0 && !scalar && !optional {
            return Ok(true);
        }
    }
    Ok(false)
}

fn scan(source: &Source, leaf: &Leaf, needed: Option<&BTreeSet<String>>) -> Result<LogicalPlanBuilder> {
    match &leaf.origin {
        Origin::Stored => stored(source, leaf, needed),
        Origin::Derived(derived) => derived_rows(source, leaf, derived)?.alias(leaf.alias.as_str()),
        Origin::Released(released) => {
            let Some(rows) = source.results.get(released.step) else {
                return exec_err!("a step that did not run");
            };
            let rows = in_types(rows, &leaf.schema)?;
            let table = MemTable::try_new(rows.schema(), vec![vec![rows]])?;
            LogicalPlanBuilder::scan(
                TableReference::bare(leaf.alias.as_str()),
                provider_as_source(Arc::new(table)),
                None,
            )
        }
    }
}

pub(super) fn stored(
    source: &Source,
    leaf: &Leaf,
    needed: Option<&BTreeSet<String>>,
) -> Result<LogicalPlanBuilder> {
    let wanted = |name: &str| needed.is_some_and(|n| n.contains(name)) && !leaf.is_unit(name);
    let mut fields: Vec<Field> = leaf
        .schema
        .fields()
        .iter()
        .filter(|f| wanted(f.name()))
        .map(|f| f.as_ref().clone())
        .collect();
    if leaf.of_subjects() {
        fields.push(Field::new(UNIT_COLUMN, DataType::UInt64, false));
    }
    let table = provider_as_source(Arc::new(GovernedTable {
        name: leaf.table.clone(),
        grant: leaf.grant.clone(),
        schema: Arc::new(Schema::new(fields)),
        source: source.clone(),
    }));
    LogicalPlanBuilder::scan(TableReference::bare(leaf.alias.as_str()), table, None)
}

/// The hidden unit of a relation.
pub(super) fn unit_of(relation: &Relation) -> Result<Expr> {
    let personal = relation
        .leaves
        .iter()
        .find(|leaf| leaf.stage() == Stage::Personal && leaf.is_kept());
    let Some(leaf) = personal else {
        return exec_err!("no subject");
    };
    Ok(Expr::Column(Column::new(Some(leaf.alias.as_str()), UNIT_COLUMN)))
}

/// Derived rows: the columns of the leaf and the hidden unit.
fn derived_rows(source: &Source, leaf: &Leaf, derived: &Derived) -> Result<LogicalPlanBuilder> {
    let windows = derived
        .values
        .iter()
        .any(|value| matches!(value, Value::Window(_)));
    match derived.how {
        How::Among | How::Apart => members(source, derived),
        How::Joined | How::Optional if derived.grouped => grouped(source, leaf, derived),
        How::Joined | How::Optional if windows => windowed(source, leaf, derived),
        How::Joined | How::Optional => passed(source, leaf, derived),
    }
}

pub(super) fn place(index: usize) -> String {
    format!("v{index}")
}

fn grouped(source: &Source, leaf: &Leaf, derived: &Derived) -> Result<LogicalPlanBuilder> {
    let inner = &derived.inner;
    let mut read = vec![unit_of(inner)?.alias(UNIT)];
    let (mut keys, mut figures) = (vec![bare(UNIT)], Vec::new());
    for (index, value) in derived.values.iter().enumerate() {
        let name = place(index);
        match value {
            // The subject itself is the unit.
            Value::Key(Expr::Column(column)) if of_unit(inner, column) => {}
            Value::Key(expr) => {
                read.push(expr.clone().alias(&name));
                keys.push(bare(&name));
            }
            Value::Figure {
                function,
                argument,
                bounds,
            } => {
                let argument = argument.clone().unwrap_or_else(|| lit(1i64));
                read.push(clamped(argument, *bounds, inner)?.alias(&name));
                figures.push(figure(*function, bare(&name)).alias(format!("f{index}")));
            }
            Value::Window(_) => return exec_err!("a window in a grouping"),
        }
    }
    let plan = projected(source, inner, read)?.aggregate(keys, figures)?;
    let shown = derived
        .values
        .iter()
        .enumerate()
        .map(|(index, value)| match value {
            Value::Key(Expr::Column(column)) if of_unit(inner, column) => None,
            Value::Key(_) => Some(bare(&place(index))),
            Value::Figure { .. } | Value::Window(_) => Some(bare(&format!("f{index}"))),
        });
    plan.project(under_names(leaf, shown))
}

pub(super) fn of_unit(relation: &Relation, column: &Column) -> bool {
    relation
        .leaf(column)
        .is_some_and(|leaf| leaf.is_unit(&column.name))
}

/// Columns under the names and in the types of the leaf; the subject's own column has no values.
pub(super) fn under_names(leaf: &Leaf, shown: impl Iterator<Item = Option<Expr>>) -> Vec<Expr> {
    let fields = leaf.schema.fields().iter().zip(shown);
    let shown = fields
        .filter_map(|(field, expr)| Some(try_cast(expr?, field.data_type().clone()).alias(field.name())));
    let unit = bare(UNIT).alias(UNIT_COLUMN);
    shown.chain([unit]).collect()
}

pub(super) fn projected(
    source: &Source,
    relation: &Relation,
    exprs: Vec<Expr>,
) -> Result<LogicalPlanBuilder> {
    let read: Vec<&Expr> = exprs.iter().collect();
    let plan = selected(source, relation, &read)?;
    let exprs = exprs
        .into_iter()
        .map(|expr| runs(source, relation, expr))
        .collect::<Result<Vec<_>>>()?;
    plan.project(exprs)
}

fn figure(function: Inner, argument: Expr) -> Expr {
    match function {
        Inner::Count => count(argument),
        Inner::Distinct => count_distinct(argument),
        Inner::Sum => sum(argument),
        Inner::Mean => avg(cast(argument, DataType::Float64)),
        Inner::Least => min(argument),
        Inner::Greatest => max(argument),
    }
}

/// Rows as they are, with what windows say of them beside.
fn windowed(source: &Source, leaf: &Leaf, derived: &Derived) -> Result<LogicalPlanBuilder> {
    let inner = &derived.inner;
    let mut read = vec![unit_of(inner)?.alias(UNIT)];
    let mut settling = Vec::new();
    let mut further = 0;
    let mut put = |read: &mut Vec<Expr>, expr: &Expr| {
        let name = format!("w{further}");
        further += 1;
        read.push(expr.clone().alias(&name));
        bare(&name)
    };
    let mut windows = Vec::new();
    for (index, value) in derived.values.iter().enumerate() {
        match value {
            Value::Key(Expr::Column(column)) if of_unit(inner, column) => {}
            Value::Key(expr) => {
                read.push(expr.clone().alias(place(index)));
                settling.push(bare(&place(index)));
            }
            Value::Window(over) => {
                let mut arguments = Vec::new();
                for (number, argument) in over.arguments.iter().enumerate() {
                    // The number of steps stays a constant.
                    arguments.push(if number == 0 && !columns_of(argument).is_empty() {
                        put(&mut read, argument)
                    } else {
                        argument.clone()
                    });
                }
                let partition = over.partition.iter().map(|key| put(&mut read, key)).collect();
                let order = over.order.iter().map(|sort| Sort {
                    expr: put(&mut read, &sort.expr),
                    ..sort.clone()
                });
                windows.push((index, over.as_ref(), arguments, partition, order.collect()));
            }
            Value::Figure { .. } => return exec_err!("a figure in a window"),
        }
    }
    let mut plan = projected(source, inner, read)?;
    let exprs: Vec<Expr> = windows
        .into_iter()
        .map(|(index, over, arguments, partition, order)| {
            call(over, arguments, partition, order, &settling).alias(format!("f{index}"))
        })
        .collect();
    plan = plan.window(exprs)?;
    let shown = derived
        .values
        .iter()
        .enumerate()
        .map(|(index, value)| match value {
            Value::Key(Expr::Column(column)) if of_unit(inner, column) => None,
            Value::Key(_) => Some(bare(&place(index))),
            Value::Figure { .. } | Value::Window(_) => Some(bare(&format!("f{index}"))),
        });
    plan.project(under_names(leaf, shown))
}

fn call(
    over: &Over,
    args: Vec<Expr>,
    mut partition: Vec<Expr>,
    mut order: Vec<Sort>,
    settling: &[Expr],
) -> Expr {
    partition.push(bare(UNIT));
    if over.settled {
        order.extend(
            settling
                .iter()
                .map(|column| Sort::new(column.clone(), true, false)),
        );
    }
    let function: WindowFunctionDefinition = over.function.clone();
    Expr::from(WindowFunction {
        fun: function,
        params: WindowFunctionParams {
            args,
            partition_by: partition,
            order_by: order,
            window_frame: over.frame.clone(),
            filter: None,
            null_treatment: None,
            distinct: false,
        },
    })
}
