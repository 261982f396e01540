//! An aggregate over personal rows: what is released, and from which checked expressions.

use arrow::datatypes::DataType;
use datafusion::{
    common::{DFSchema, ScalarValue},
    logical_expr::{
        Aggregate, Expr,
        expr::{AggregateFunction, AggregateFunctionParams},
        lit, when,
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Bounds, Citations, Statistic, Use, label::Range};

use super::{
    blame,
    branch::{Spread, indicator, is_number, spread},
    constant::{self, Family},
    exact::Exact,
    grain,
    join::{self, Subject},
    nearest::quoted,
    proof,
    relation::{Relation, Stage, columns_of},
    stage,
    survey::function_refused,
};
use crate::refusal::Explain;

/// A checked release: everything the lower plan is built from, over base columns only.
#[derive(Debug, Clone)]
pub(crate) struct Release {
    pub relation: Relation,
    pub subject: Subject,
    pub keys: Vec<Expr>,
    pub statistics: Vec<Figure>,
    /// Link columns of other domains the relation was joined through.
    pub second_domains: Vec<datafusion::common::Column>,
}

/// One statistic of a release.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub statistic: Statistic,
    /// Over base columns; `None` counts rows.
    pub argument: Option<Expr>,
    /// Values of the argument are moved into these limits.
    pub bounds: Option<Bounds>,
    /// Counts different subjects: the number of subjects itself.
    pub of_subjects: bool,
    /// Having a value is a branch of the analyst's own.
    pub indicator: bool,
    /// For [`Statistic::Spread`].
    pub spread: Option<Spread>,
    /// The type the analyst's plan expects.
    pub data_type: DataType,
}

/// Checks the joins and filters of a relation that is not public.
///
/// # Errors
/// Those of [`join::check`] and [`Exact::check`].
pub(crate) fn check_rows(relation: &Relation, citations: &Citations) -> Result<(), Refusal> {
    join::check(relation, citations)?;
    stage::check_released(relation, citations)?;
    let schema = base_schema(relation)?;
    let exact = Exact {
        relation,
        schema: &schema,
        citations,
        wanted: Use::Filter,
    };
    relation
        .filters
        .iter()
        .try_for_each(|filter| exact.judge(filter))?;
    join::prove(&exact)
}

pub(crate) fn base_schema(relation: &Relation) -> Result<DFSchema, Refusal> {
    relation
        .base_schema()
        .map_err(|_| Refusal::unmet("query_not_planned"))
}

/// Checks an aggregate over a relation that is not public; `None` if no personal table is in it, so
/// that it may run as it stands.
///
/// # Errors
/// Those of [`check_rows`], and `function_not_allowed`, `use_missing`, `node_not_allowed`.
pub(crate) fn check(
    relation: &Relation,
    aggregate: &Aggregate,
    citations: &Citations,
) -> Result<Option<Release>, Refusal> {
    check_rows(relation, citations)?;
    let schema = base_schema(relation)?;
    let input = aggregate.input.schema();
    let exact = Exact {
        relation,
        schema: &schema,
        citations,
        wanted: Use::Group,
    };
    let mut keys = Vec::new();
    for key in &aggregate.group_expr {
        let key = relation.write_out(key, input)?;
        exact.judge(&key)?;
        keys.push(key);
    }
    let mut statistics = Vec::new();
    for (index, aggregated) in aggregate.aggr_expr.iter().enumerate() {
        let (_, field) = aggregate.schema.qualified_field(keys.len() + index);
        let reader = FigureReader {
            exact: Exact {
                wanted: Use::Measure,
                ..exact
            },
            input,
            relation,
        };
        statistics.push(reader.read(aggregated, field.data_type())?);
    }
    if relation.stage() != Stage::Personal {
        return Ok(None);
    }
    let Some(subject) = join::subject(relation) else {
        return Err(Refusal::unmet("query_not_planned"));
    };
    let second_domains = join::second_domains(relation);
    Ok(Some(Release {
        relation: relation.clone(),
        subject,
        keys,
        statistics,
        second_domains,
    }))
}

struct FigureReader<'a> {
    exact: Exact<'a>,
    input: &'a DFSchema,
    relation: &'a Relation,
}

impl FigureReader<'_> {
    fn read(&self, aggregated: &Expr, data_type: &DataType) -> Result<Figure, Refusal> {
        match aggregated {
            Expr::Alias(alias) => self.read(&alias.expr, data_type),
            Expr::AggregateFunction(call) => self.call(call, data_type),
            other => Err(self.node("grouping", other)),
        }
    }

    /// A form of aggregate that is refused; `argument` is the written-out expression it is about.
    fn node(&self, node: &str, argument: &Expr) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&self.exact.citations.raw_stays)
            .instruct("plain_aggregate");
        self.exact.involving(refusal, argument).fact("node", node)
    }

    /// The same, with the nearest form as a call over the first column of the argument.
    fn argument(&self, node: &str, argument: &Expr, nearest: impl Fn(&str) -> String) -> Refusal {
        let refusal = self.node(node, argument);
        match blame::first_column(argument) {
            Some(column) => refusal.nearest_sql(nearest(&quoted(&column.name))),
            None => refusal,
        }
    }

    fn call(&self, call: &AggregateFunction, data_type: &DataType) -> Result<Figure, Refusal> {
        let AggregateFunction { func, params } = call;
        let AggregateFunctionParams {
            args,
            distinct,
            filter,
            order_by,
            null_treatment,
        } = params;
        let listed = matches!(func.name(), "count" | "sum" | "avg") || spread(func.name()).is_some();
        if !listed || (*distinct && func.name() != "count") {
            return Err(self.function(func.name(), *distinct, args));
        }
        let [argument] = args.as_slice() else {
            let first = args
                .first()
                .map(|first| self.relation.write_out(first, self.input));
            return Err(match first.transpose()? {
                Some(first) => self.node("aggregate_of_several", &first),
                None => self.node("aggregate_of_nothing", &Expr::Literal(ScalarValue::Null, None)),
            });
        };
        let argument = self.relation.write_out(argument, self.input)?;
        if !order_by.is_empty() || null_treatment.is_some() {
            return Err(self.node("aggregate_order", &argument));
        }
        let figure = |statistic, argument: Option<Expr>, bounds, of_subjects| {
            Ok(Figure {
                statistic,
                argument,
                bounds,
                of_subjects,
                indicator: false,
                spread: spread(func.name()),
                data_type: data_type.clone(),
            })
        };
        let branch = |statistic, condition: Expr| {
            self.condition(&condition)?;
            let counted = when(condition, lit(1i64)).end();
            Ok(Figure {
                indicator: true,
                ..figure(
                    statistic,
                    Some(counted.map_err(|_| Refusal::unmet("query_not_planned"))?),
                    None,
                    false,
                )?
            })
        };
        let constant = constant::fold(&argument);
        if let Some(filter) = filter {
            let filter = self.relation.write_out(filter, self.input)?;
            let counts =
                func.name() == "count" && !distinct && constant.is_some_and(|value| !value.is_null());
            return if counts {
                branch(Statistic::Values, filter)
            } else {
                Err(self.node("aggregate_filter", &filter))
            };
        }
        if matches!(func.name(), "sum" | "avg")
            && let Some(condition) = indicator(&argument)
        {
            return branch(
                if func.name() == "sum" {
                    Statistic::Values
                } else {
                    Statistic::Share
                },
                condition,
            );
        }
        if func.name() == "sum" && constant.is_some_and(|value| is_number(&value, 1)) {
            return figure(Statistic::Rows, None, None, false);
        }
        match (func.name(), distinct) {
            ("count", false) if constant::fold(&argument).is_some_and(|value| !value.is_null()) => {
                figure(Statistic::Rows, None, None, false)
            }
            ("count", false) => {
                self.counted(&argument)?;
                figure(Statistic::Values, Some(argument), None, false)
            }
            ("count", true) => {
                let of_subjects = self.different(&argument)?;
                figure(Statistic::Distinct, Some(argument), None, of_subjects)
            }
            (name, _) => {
                let bounds = self.measured(&argument)?;
                let statistic = match name {
                    "sum" => Statistic::Sum,
                    "avg" => Statistic::Mean,
                    _ => self.spread_of_rows(&argument)?,
                };
                figure(statistic, Some(argument), bounds, false)
            }
        }
    }

    /// A branch is a predicate like any filter.
    fn condition(&self, condition: &Expr) -> Result<(), Refusal> {
        let exact = Exact {
            wanted: Use::Filter,
            ..self.exact
        };
        exact.judge(condition)
    }

    /// Squares are known where a subject has one row; of several rows only the total is.
    fn spread_of_rows(&self, argument: &Expr) -> Result<Statistic, Refusal> {
        match join::subject(self.relation) {
            Some(subject) if !subject.many_rows => Ok(Statistic::Spread),
            _ => Err(self.node("spread_of_rows", argument)),
        }
    }

    fn function(&self, name: &str, distinct: bool, arguments: &[Expr]) -> Refusal {
        let called = if distinct {
            format!("{name}(distinct)")
        } else {
            name.to_owned()
        };
        let refusal = function_refused(&called, None)
            .under(&self.exact.citations.raw_stays)
            .fact("node", "aggregate");
        let written = arguments
            .first()
            .and_then(|a| self.relation.write_out(a, self.input).ok());
        let column = written.as_ref().and_then(blame::first_column);
        let refusal = match &column {
            Some(column) => {
                blame::naming(refusal, self.relation, column).fact("use", self.exact.wanted.name())
            }
            None => refusal,
        };
        match written {
            Some(Expr::Column(column)) if self.relation.label(&column).allows(Use::Measure) => {
                refusal.nearest_sql(format!("avg({})", column.name))
            }
            _ => refusal.instruct("plain_aggregate"),
        }
    }

    /// Counting values takes a bare column, for now: the values of anything else would be an indicator
    /// of the analyst's own, and with the count of the cell one person's answer. It needs any use but `out`.
    fn counted(&self, argument: &Expr) -> Result<(), Refusal> {
        let Expr::Column(column) = argument else {
            self.uses_of(argument, Use::Filter)?;
            return Err(self.argument("count_argument", argument, |name| format!("count({name})")));
        };
        let label = self.relation.label(column);
        let uses = [Use::Group, Use::Filter, Use::Measure, Use::Link];
        if uses.into_iter().any(|used| label.allows(used)) {
            Ok(())
        } else {
            self.exact.has_use(column)
        }
    }

    /// Counting different values: of the subject or another link column, else of a group key at its
    /// grain. Anything else would be an indicator: two different values mean that one row has the second.
    fn different(&self, argument: &Expr) -> Result<bool, Refusal> {
        let exact = Exact {
            wanted: Use::Group,
            ..self.exact
        };
        if let Expr::Column(column) = argument {
            if self.relation.label(column).allows(Use::Link) {
                let leaf = self.relation.leaf(column);
                return Ok(leaf.is_some_and(|leaf| leaf.is_unit(&column.name)));
            }
        } else if grain::generaliser(argument, self.relation, Use::Group).is_none() {
            self.uses_of(argument, Use::Group)?;
            let nearest = |name: &str| format!("count(DISTINCT {name})");
            return Err(self.argument("distinct_argument", argument, nearest));
        }
        exact.judge(argument)?;
        Ok(false)
    }

    /// Uses first: a sealed purpose is the better answer than a form we do not know yet.
    fn uses_of(&self, argument: &Expr, wanted: Use) -> Result<(), Refusal> {
        let exact = Exact { wanted, ..self.exact };
        let columns = columns_of(argument);
        columns.values().try_for_each(|column| exact.has_use(column))
    }

    /// Sums and means take a bare measure, for now.
    fn measured(&self, argument: &Expr) -> Result<Option<Bounds>, Refusal> {
        let Some(column) = grain::bare_number(argument, self.relation) else {
            self.uses_of(argument, Use::Measure)?;
            return Err(self.argument("aggregate_argument", argument, |name| format!("avg({name})")));
        };
        self.exact.has_use(column)?;
        let number = self
            .relation
            .base_type(column)
            .is_some_and(|t| Family::of(&t).is_number());
        if !number {
            return Err(self.exact.types_differ(argument));
        }
        proof::prove(&self.exact, argument)?;
        match self.relation.label(column).range {
            Range::Within(bounds) => Ok(Some(bounds)),
            // An argument without limits would not be finite (A4.2).
            Range::Unbounded => Ok(Some(Bounds::UNDECLARED)),
            Range::Empty => Err(self.node("aggregate_argument", argument)),
        }
    }
}
