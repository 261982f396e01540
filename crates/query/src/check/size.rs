//! How much comes of a statement, whatever the data hold: rows of joins without an equality, and bytes of
//! texts that are put together. The memory of expressions is counted by nobody below, and one batch of
//! long texts ends in no moment in which it could be stopped; so both are bounded before anything runs.

use datafusion::{
    common::{DFSchema, ScalarValue},
    logical_expr::{
        BinaryExpr, Distinct, Expr, FetchType, Join, LogicalPlan, Operator, TableScan,
        utils::split_conjunction,
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, Use};

use super::text::too_large;
use crate::refusal::Explain;

/// Most bytes of one value that an expression makes. A batch has 8,192 rows, so 64 MiB at once.
pub(super) const MOST_BYTES: u64 = 8 * 1024;
/// Most bytes of all values that one step makes for one row.
const MOST_BYTES_OF_ROW: u64 = 32 * 1024;
/// What a stored text counts for. The texts themselves are not the analyst's.
const STORED: u64 = 256;
/// What a number, a date or a truth counts for.
const SMALL: u64 = 16;
/// By how much all joins without an equality of one statement may multiply rows.
const MOST_FACTOR: u64 = 1_000;

/// Bytes of each column and, if the statement itself bounds it, the number of rows.
struct Sizes {
    widths: Vec<u64>,
    rows: Option<u64>,
}

impl Sizes {
    fn of(width: u64, columns: usize, rows: Option<u64>) -> Self {
        Self {
            widths: vec![width; columns],
            rows,
        }
    }
}

struct Sizer<'a> {
    citations: &'a Citations,
    factor: u64,
}

/// # Errors
/// `join_not_allowed` for a join without an equality of two sides without a bound, `query_too_large` for
/// values that grow.
pub(super) fn check(plan: &LogicalPlan, citations: &Citations) -> Result<(), Refusal> {
    let mut sizer = Sizer { citations, factor: 1 };
    sizer.node(plan, &[]).map(|_| ())
}

impl Sizer<'_> {
    /// `above` are the predicates that stand directly over this node.
    fn node(&mut self, plan: &LogicalPlan, above: &[Expr]) -> Result<Sizes, Refusal> {
        let handed_down: Vec<Expr> = match plan {
            LogicalPlan::Filter(filter) => {
                let own = split_conjunction(&filter.predicate).into_iter().cloned();
                own.chain(above.iter().cloned()).collect()
            }
            LogicalPlan::Join(_) => above.to_vec(),
            _ => Vec::new(),
        };
        let inputs = plan.inputs();
        let sizes = inputs
            .iter()
            .map(|input| self.node(input, &handed_down))
            .collect::<Result<Vec<_>, _>>()?;
        let schemas: Vec<&DFSchema> = inputs.iter().map(|input| input.schema().as_ref()).collect();
        let scope = Scope {
            schemas: &schemas,
            sizes: &sizes,
        };
        let made = plan
            .expressions()
            .iter()
            .map(|expr| self.width(expr, &scope))
            .collect::<Result<Vec<_>, _>>()?;
        self.row(&plan.expressions(), &made)?;
        let sizes = match plan {
            LogicalPlan::Join(join) => self.join(join, &sizes, above)?,
            other => of_node(other, &sizes, made)?,
        };
        sizes.widths.iter().try_for_each(|width| self.value(*width))?;
        Ok(sizes)
    }

    fn value(&self, width: u64) -> Result<(), Refusal> {
        self.at_most(width, "value", MOST_BYTES)
    }

    /// All values that a node makes for one row; columns as they come are not made.
    fn row(&self, exprs: &[Expr], made: &[u64]) -> Result<(), Refusal> {
        let is_column = |expr: &Expr| matches!(expr.clone().unalias(), Expr::Column(_));
        let own = exprs.iter().zip(made).filter(|(expr, _)| !is_column(expr));
        let all = own.fold(0u64, |all, (_, width)| all.saturating_add(*width));
        self.at_most(all, "row", MOST_BYTES_OF_ROW)
    }

    fn at_most(&self, bytes: u64, what: &str, most: u64) -> Result<(), Refusal> {
        if bytes <= most {
            return Ok(());
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Err(too_large(what, most).under(&self.citations.raw_stays))
    }

    fn join(&mut self, join: &Join, sizes: &[Sizes], above: &[Expr]) -> Result<Sizes, Refusal> {
        let [left, right] = sizes else {
            return Err(too_large("plan", 0));
        };
        let over = [join.left.schema().as_ref(), join.right.schema().as_ref()];
        let filter = join.filter.as_ref().map(split_conjunction).unwrap_or_default();
        let linked = !join.on.is_empty() || filter.into_iter().chain(above).any(|part| links(part, over));
        if !linked {
            let smaller = [left.rows, right.rows].into_iter().flatten().min();
            let factor = smaller.map_or(u64::MAX, |rows| self.factor.saturating_mul(rows.max(1)));
            if factor > MOST_FACTOR {
                let refusal = Refusal::unmet("join_not_allowed")
                    .under(&self.citations.join_risk)
                    .fact("node", "cross_join")
                    .fact("use", Use::Link.name())
                    .fact("table", first_table(&join.right).unwrap_or_default());
                return Err(refusal.instruct("join_on_equality"));
            }
            self.factor = factor;
        }
        let mut widths = left.widths.clone();
        widths.extend(&right.widths);
        // A semi join shows one side; all widths are at least those.
        let columns = join.schema.fields().len();
        if columns < widths.len() {
            widths = vec![widest(&widths); columns];
        }
        let rows = left.rows.zip(right.rows).map(|(a, b)| a.saturating_mul(b));
        Ok(Sizes { widths, rows })
    }

    /// Bytes of the value of an expression; whatever is put together must fit.
    fn width(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<u64, Refusal> {
        let mut parts = Vec::new();
        let mut children = Vec::new();
        collect_children(expr, &mut children);
        for child in &children {
            parts.push(self.width(child, scope)?);
        }
        let (sum, most) = (
            parts.iter().fold(0u64, |sum, part| sum.saturating_add(*part)),
            widest(&parts),
        );
        let width = match expr {
            Expr::Column(column) => return Ok(scope.column(column)),
            Expr::Literal(value, _) => return Ok(text_of(value).map_or(SMALL, |text| text.len() as u64)),
            Expr::ScalarSubquery(inner) => {
                let sizes = self.node(&inner.subquery, &[])?;
                return Ok(sizes.widths.first().copied().unwrap_or(SMALL));
            }
            Expr::Exists(inner) => self.node(&inner.subquery.subquery, &[]).map(|_| SMALL)?,
            Expr::InSubquery(inner) => self.node(&inner.subquery.subquery, &[]).map(|_| SMALL)?,
            Expr::SetComparison(inner) => self.node(&inner.subquery.subquery, &[]).map(|_| SMALL)?,
            Expr::BinaryExpr(BinaryExpr {
                op: Operator::StringConcat,
                ..
            }) => sum,
            Expr::ScalarFunction(function) => match function.func.name() {
                "concat" => sum,
                "upper" | "lower" => most.saturating_mul(3),
                // A sign of the format becomes a word.
                "to_char" => most.saturating_mul(16),
                "coalesce" | "nullif" | "greatest" | "least" | "left" | "right" | "substr" | "btrim"
                | "ltrim" | "rtrim" => most,
                _ => SMALL,
            },
            Expr::Alias(_)
            | Expr::Case(_)
            | Expr::Cast(_)
            | Expr::TryCast(_)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::GroupingSet(_)
            | Expr::OuterReferenceColumn(..) => most,
            _ => SMALL,
        };
        if !matches!(expr, Expr::Alias(_)) {
            self.value(width)?;
        }
        Ok(width)
    }
}

/// Sizes of what a node yields, from those of its inputs and of the values it makes. Joins are weighed apart.
fn of_node(plan: &LogicalPlan, inputs: &[Sizes], made: Vec<u64>) -> Result<Sizes, Refusal> {
    let columns = plan.schema().fields().len();
    let (same, rows) = inputs
        .first()
        .map_or((Vec::new(), None), |s| (s.widths.clone(), s.rows));
    Ok(match plan {
        LogicalPlan::Projection(_) => Sizes { widths: made, rows },
        LogicalPlan::TableScan(TableScan { fetch, .. }) => Sizes {
            widths: vec![STORED; columns],
            rows: fetch.map(|rows| rows as u64),
        },
        LogicalPlan::Aggregate(aggregate) => Sizes {
            widths: vec![widest(&made); columns],
            rows: aggregate.group_expr.is_empty().then_some(1),
        },
        LogicalPlan::Window(_) => Sizes {
            widths: same.into_iter().chain(made).collect(),
            rows,
        },
        LogicalPlan::Limit(limit) => Sizes {
            widths: same,
            rows: match limit.get_fetch_type() {
                Ok(FetchType::Literal(Some(most))) => Some(rows.unwrap_or(u64::MAX).min(most as u64)),
                _ => rows,
            },
        },
        LogicalPlan::Union(_) => Sizes {
            widths: (0..columns)
                .map(|i| {
                    inputs
                        .iter()
                        .filter_map(|s| s.widths.get(i))
                        .copied()
                        .max()
                        .unwrap_or(SMALL)
                })
                .collect(),
            rows: inputs.iter().map(|sizes| sizes.rows).sum(),
        },
        LogicalPlan::EmptyRelation(_) => Sizes::of(SMALL, columns, Some(1)),
        LogicalPlan::Values(values) => Sizes::of(widest(&made), columns, Some(values.values.len() as u64)),
        LogicalPlan::Distinct(Distinct::On(_)) => Sizes {
            widths: vec![widest(&made).max(widest(&same)); columns],
            rows,
        },
        LogicalPlan::Distinct(Distinct::All(_))
        | LogicalPlan::Filter(_)
        | LogicalPlan::Sort(_)
        | LogicalPlan::SubqueryAlias(_)
        | LogicalPlan::Subquery(_)
        | LogicalPlan::Repartition(_) => Sizes { widths: same, rows },
        // Joins are weighed by the caller, the others refused by the walk.
        LogicalPlan::Join(_)
        | LogicalPlan::Unnest(_)
        | LogicalPlan::RecursiveQuery(_)
        | LogicalPlan::Extension(_)
        | LogicalPlan::Explain(_)
        | LogicalPlan::Analyze(_)
        | LogicalPlan::DescribeTable(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::Ddl(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Statement(_) => return Err(too_large("plan", 0)),
    })
}

fn widest(widths: &[u64]) -> u64 {
    widths.iter().copied().max().unwrap_or(SMALL)
}

/// Columns of the inputs of a node.
struct Scope<'a> {
    schemas: &'a [&'a DFSchema],
    sizes: &'a [Sizes],
}

impl Scope<'_> {
    fn column(&self, column: &datafusion::common::Column) -> u64 {
        let found = self.schemas.iter().zip(self.sizes).find_map(|(schema, sizes)| {
            let index = schema.maybe_index_of_column(column)?;
            sizes.widths.get(index).copied()
        });
        let widest = || self.sizes.iter().flat_map(|sizes| &sizes.widths).copied().max();
        found.or_else(widest).unwrap_or(STORED)
    }
}

fn collect_children<'a>(expr: &'a Expr, children: &mut Vec<&'a Expr>) {
    use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
    // The closure never fails.
    let _ = expr.apply_children(|child| {
        children.push(child);
        Ok(TreeNodeRecursion::Continue)
    });
}

fn text_of(value: &ScalarValue) -> Option<&str> {
    value.try_as_str().flatten()
}

/// Whether a predicate equates something of the left side with something of the right one.
fn links(predicate: &Expr, [left, right]: [&DFSchema; 2]) -> bool {
    let Expr::BinaryExpr(BinaryExpr {
        left: a,
        op: Operator::Eq,
        right: b,
    }) = predicate
    else {
        return false;
    };
    let of = |expr: &Expr, schema: &DFSchema| {
        let columns = expr.column_refs();
        !columns.is_empty()
            && columns
                .iter()
                .all(|column| schema.maybe_index_of_column(column).is_some())
    };
    (of(a, left) && of(b, right)) || (of(a, right) && of(b, left))
}

fn first_table(plan: &LogicalPlan) -> Option<String> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(scan.table_name.table().to_owned()),
        other => other.inputs().into_iter().find_map(first_table),
    }
}
