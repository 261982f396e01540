//! Windows over the rows of each subject: `PARTITION BY` with the subject in it. What comes of them stays personal.

use std::{collections::BTreeMap, sync::Arc};

use arrow::datatypes::{DataType, FieldRef};
use datafusion::{
    common::{
        Column, DFSchema, ScalarValue,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    logical_expr::{
        Expr, Window, WindowFrameBound, WindowFrameUnits, WindowFunctionDefinition,
        expr::{Sort, WindowFunction},
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, ColumnGrant, Use};

use super::{
    constant,
    exact::Exact,
    maker::{self, Made, Maker},
    membership::How,
    origin::{Over, Value},
    per_subject::{self, hold_subject},
    relation::{Leaf, Output, Relation},
};
use crate::refusal::Explain;

/// The rows of a relation with what windows over them say.
///
/// # Errors
/// Those of [`per_subject::checked`], and `function_not_allowed`, `use_missing`, `grain_finer`, `node_not_allowed`.
pub(super) fn windowed(
    inner: Relation,
    window: &Window,
    alias: String,
    citations: &Citations,
) -> Result<Relation, Refusal> {
    let schema = per_subject::checked(&inner, citations)?;
    let reader = Reader {
        maker: Maker::new(&inner, &schema, citations),
        relation: &inner,
        input: window.input.schema(),
    };
    reader.nothing_missing()?;
    let (columns, passed) = reader.passed()?;
    let mut fields: Vec<FieldRef> = Vec::new();
    let mut made = Vec::new();
    for (one, field) in passed.into_iter().chain(reader.windows(window)?) {
        made.push(one);
        fields.push(field);
    }
    let fields = unique(&inner, &fields);
    let shown = DFSchema::from_unqualified_fields(fields.into(), std::collections::HashMap::new())
        .map_err(|_| Refusal::unmet("query_not_planned"))?;
    let rows = inner.rows_per_unit();
    let outputs = inner.outputs.clone();
    let constants = inner.leaves.iter().filter(|leaf| leaf.is_constant());
    let constants: Vec<Leaf> = constants.cloned().collect();
    let leaf = per_subject::leaf(inner, made, &shown, alias, (rows, false))?;
    let mut relation = beside(leaf, &columns, outputs)?;
    relation.leaves.extend(constants);
    Ok(relation)
}

/// The columns of a leaf that holds what windows say behind the rows they are about: the columns of the rows as they
/// were shown, then those of the windows.
fn beside(leaf: Leaf, columns: &[Column], mut shown: Vec<Output>) -> Result<Relation, Refusal> {
    let fields = leaf.schema.fields().iter();
    let names: BTreeMap<String, Column> = columns
        .iter()
        .zip(fields)
        .map(|(column, field)| {
            let new = Column::new(Some(leaf.alias.as_str()), field.name());
            (column.flat_name(), new)
        })
        .collect();
    let mut relation = Relation::scan(leaf);
    let further = relation.outputs.split_off(columns.len());
    for output in &mut shown {
        let put = output.value.clone().transform_up(|node| match node {
            Expr::Column(column) => Ok(match names.get(&column.flat_name()) {
                Some(new) => Transformed::yes(Expr::Column(Column {
                    spans: column.spans,
                    ..new.clone()
                })),
                None => Transformed::no(Expr::Column(column)),
            }),
            other => Ok(Transformed::no(other)),
        });
        output.value = put.data().map_err(|_| Refusal::unmet("query_not_planned"))?;
    }
    shown.extend(further);
    relation.outputs = shown;
    Ok(relation)
}

/// Fields under names of which no two are the same.
fn unique(relation: &Relation, fields: &[FieldRef]) -> Vec<FieldRef> {
    let names = per_subject::names(fields.iter().map(|field| field.name().as_str()), |name| {
        per_subject::is_known(relation, name)
    });
    let fields = fields.iter().zip(names);
    fields
        .map(|(field, name)| Arc::new(field.as_ref().clone().with_name(name)))
        .collect()
}

/// A column of what comes of a window, and what it is made of.
type Shown = (Made, FieldRef);

struct Reader<'a> {
    maker: Maker<'a>,
    relation: &'a Relation,
    input: &'a DFSchema,
}

impl Reader<'_> {
    /// Rows that may be missing have no place in an order.
    fn nothing_missing(&self) -> Result<(), Refusal> {
        let mut leaves = self.relation.leaves.iter();
        match leaves.find(|leaf| leaf.how() == How::Optional) {
            None => Ok(()),
            Some(leaf) => {
                let refusal = self.refused("window", &Expr::Literal(ScalarValue::Null, None));
                Err(refusal.fact("table", &leaf.table))
            }
        }
    }

    /// The columns that go through as they are, and what is made of them.
    fn passed(&self) -> Result<(Vec<Column>, Vec<Shown>), Refusal> {
        let (mut columns, mut passed) = (Vec::new(), Vec::new());
        let passes = |leaf: &&Leaf| leaf.is_kept() && !leaf.is_constant();
        for leaf in self.relation.leaves.iter().filter(passes) {
            for field in leaf.schema.fields() {
                let column = Column::new(Some(leaf.alias.as_str()), field.name());
                let expr = Expr::Column(column.clone());
                let grant = self.maker.value(&expr)?;
                passed.push(((Value::Key(expr), grant), field.clone()));
                columns.push(column);
            }
        }
        Ok((columns, passed))
    }

    /// What the windows say of each row.
    fn windows(&self, window: &Window) -> Result<Vec<Shown>, Refusal> {
        let before = window.input.schema().fields().len();
        let fields = window.schema.fields().iter().skip(before);
        let read = window.window_expr.iter().zip(fields).map(|(expr, field)| {
            // Numbers of rows come without a sign, and would then compare with nothing.
            let field = match field.data_type() {
                DataType::UInt64 => Arc::new(field.as_ref().clone().with_data_type(DataType::Int64)),
                _ => field.clone(),
            };
            Ok((self.read(expr)?, field))
        });
        read.collect()
    }

    fn refused(&self, node: &str, expr: &Expr) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&self.maker.exact.citations.raw_stays)
            .instruct("window_per_subject");
        self.maker.exact.involving(refusal, expr).fact("node", node)
    }

    fn written(&self, exprs: &[Expr]) -> Result<Vec<Expr>, Refusal> {
        exprs
            .iter()
            .map(|expr| self.relation.write_out(expr, self.input))
            .collect()
    }

    fn read(&self, expr: &Expr) -> Result<Made, Refusal> {
        let function = match expr {
            Expr::Alias(alias) => return self.read(&alias.expr),
            Expr::WindowFunction(function) => function,
            other => return Err(self.refused("window", other)),
        };
        let WindowFunction { fun, params } = function.as_ref();
        let partition = self.written(&params.partition_by)?;
        let arguments = self.written(&params.args)?;
        let none = Expr::Literal(ScalarValue::Null, None);
        let about = arguments.first().or(partition.first()).unwrap_or(&none);
        if !hold_subject(self.relation, &partition) {
            return Err(self.refused("window", about));
        }
        if params.filter.is_some() || params.distinct || params.null_treatment.is_some() {
            return Err(self.refused("window_option", about));
        }
        for key in partition
            .iter()
            .filter(|key| !hold_subject(self.relation, &[(*key).clone()]))
        {
            self.judge(key)?;
        }
        let mut order = Vec::new();
        let mut coarse = true;
        for sort in &params.order_by {
            let expr = self.relation.write_out(&sort.expr, self.input)?;
            coarse &= self.judge(&expr).is_ok();
            self.maker.ordered(&expr)?;
            order.push(Sort { expr, ..sort.clone() });
        }
        let frame = params.window_frame.clone();
        let rows = frame.units == WindowFrameUnits::Rows;
        if !bounded(&frame.start_bound, rows) || !bounded(&frame.end_bound, rows) {
            return Err(self.refused("window_frame", about));
        }
        let (grant, counts) = self.granted(fun, &arguments)?;
        let ranks = matches!(fun.name(), "rank" | "dense_rank");
        let sums = matches!(fun, WindowFunctionDefinition::AggregateUDF(_)) && !rows;
        // Which rows are equal must not be seen more finely than the column may be.
        if (ranks || sums) && !coarse {
            let first = order.first().map_or(about, |sort| &sort.expr);
            self.judge(first)?;
            return Err(self.refused("window_order", first));
        }
        let over = Over {
            function: fun.clone(),
            arguments,
            partition,
            order,
            frame,
            settled: !(ranks || sums),
            counts,
        };
        Ok((Value::Window(Box::new(over)), grant))
    }

    /// Constant inside every cell of what it reads.
    fn judge(&self, expr: &Expr) -> Result<(), Refusal> {
        let exact = Exact {
            wanted: Use::Filter,
            ..self.maker.exact
        };
        exact.judge(expr)
    }

    /// What the value may be used for, and whether it counts rows.
    fn granted(
        &self,
        function: &WindowFunctionDefinition,
        arguments: &[Expr],
    ) -> Result<(ColumnGrant, bool), Refusal> {
        let none = Expr::Literal(ScalarValue::Null, None);
        let about = arguments.first().unwrap_or(&none);
        match (function.name(), arguments) {
            ("row_number" | "rank" | "dense_rank", []) => Ok((self.maker.count(), true)),
            ("lag" | "lead", [_, _, _, ..]) => Err(self.refused("window_default", about)),
            ("lag" | "lead", [value, steps @ ..]) => {
                let fixed = |step: &Expr| constant::fold(step).as_ref().and_then(constant::whole);
                if !steps
                    .iter()
                    .all(|step| fixed(step).is_some_and(|step| (0..=1000).contains(&step)))
                {
                    return Err(self.refused("window_frame", about));
                }
                Ok((self.maker.ordered(value)?, false))
            }
            ("first_value" | "last_value" | "min" | "max", [value]) => {
                Ok((self.maker.ordered(value)?, false))
            }
            ("count", [value]) if constant::fold(value).is_some_and(|value| !value.is_null()) => {
                Ok((self.maker.count(), true))
            }
            ("count", [Expr::Column(column)]) => {
                self.maker.exact.has_use(column)?;
                Ok((self.maker.count(), true))
            }
            ("sum", [value]) => {
                let (grant, bounds) = self.maker.measured(value)?;
                let rows = self.relation.rows_per_unit();
                let bounds = grant.bounds.and(rows.map(|rows| maker::times(bounds, rows)));
                Ok((ColumnGrant { bounds, ..grant }, false))
            }
            ("avg", [value]) => Ok((self.maker.measured(value)?.0, false)),
            (name, _) => {
                let refusal = super::survey::function_refused(name, None)
                    .under(&self.maker.exact.citations.raw_stays)
                    .instruct("window_per_subject");
                Err(self.maker.exact.involving(refusal, about).fact("node", "window"))
            }
        }
    }
}

/// No bound, the row itself, or a number of rows.
fn bounded(bound: &WindowFrameBound, rows: bool) -> bool {
    match bound {
        WindowFrameBound::CurrentRow => true,
        WindowFrameBound::Preceding(value) | WindowFrameBound::Following(value) => value.is_null() || rows,
    }
}

/// Whether rows of a relation were made by windows or aggregates of each subject, so that a row is a subject's own. Rows
/// that others are kept by are not among them.
pub(super) fn is_derived(relation: &Relation) -> bool {
    let joined = relation.leaves.iter().filter(|leaf| leaf.is_kept());
    joined.filter_map(Leaf::derived).any(|derived| {
        let windows = |value: &Value| matches!(value, Value::Window(_));
        derived.grouped || derived.values.iter().any(windows) || is_derived(&derived.inner)
    })
}
