//! Columns of rows that stay with their subject: what they are made of, and what they may be used for (A2.2, A3.8).

use datafusion::{
    common::{DFSchema, ScalarValue},
    logical_expr::{
        Expr,
        expr::{AggregateFunction, AggregateFunctionParams},
        lit, when,
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{
    Bounds, Citations, ColumnGrant, Label, Use,
    label::{Exactness, Range},
};

use super::{
    branch::{indicator, is_number},
    constant::{self, Family},
    exact::Exact,
    grain,
    origin::{Inner, Value},
    per_subject::is_subject,
    proof,
    relation::{Relation, columns_of},
    survey::function_refused,
};
use crate::refusal::Explain;

/// A column that the analyst will see, what it is and what it may be used for.
pub(super) type Made = (Value, ColumnGrant);

/// Makes columns of derived rows and their labels.
#[derive(Clone, Copy)]
pub(super) struct Maker<'a> {
    pub exact: Exact<'a>,
}

impl<'a> Maker<'a> {
    pub fn new(relation: &'a Relation, schema: &'a DFSchema, citations: &'a Citations) -> Self {
        Self {
            exact: Exact {
                relation,
                schema,
                citations,
                wanted: Use::Filter,
            },
        }
    }

    pub fn keys(&self, keys: &[Expr]) -> Result<Vec<Made>, Refusal> {
        keys.iter()
            .map(|key| Ok((Value::Key(key.clone()), self.value(key)?)))
            .collect()
    }

    /// What a value that is passed on may be used for: a bare column keeps its label, anything else must be constant
    /// inside every cell of what it reads, and is then exact.
    pub fn value(&self, expr: &Expr) -> Result<ColumnGrant, Refusal> {
        let relation = self.exact.relation;
        if let Expr::Column(column) = expr {
            let own = relation.leaf(column).and_then(|leaf| leaf.column(&column.name));
            let of_subject = is_subject(relation, expr);
            let granted = granted(&relation.label(column));
            return Ok(ColumnGrant {
                uses: if of_subject {
                    [Use::Link].into()
                } else {
                    granted.uses
                },
                sensitive: self.speaks(expr),
                domain: own.and_then(|own| own.domain.clone()),
                unit: of_subject,
                basis: own.map(|own| own.basis.clone()).unwrap_or_default(),
                ..granted
            });
        }
        let passes = |wanted: Use| {
            let exact = Exact { wanted, ..self.exact };
            exact.judge(expr)
        };
        let mut grant = ColumnGrant {
            sensitive: self.speaks(expr),
            ..ColumnGrant::default()
        };
        for wanted in [Use::Group, Use::Filter] {
            if passes(wanted).is_ok() {
                grant.uses.insert(wanted);
            }
        }
        if grant.uses.is_empty() {
            passes(Use::Filter)?;
        }
        Ok(grant)
    }

    /// A class made by it says something about a person (G3).
    pub fn speaks(&self, expr: &Expr) -> bool {
        says(self.exact.relation, expr)
    }

    fn refused(&self, node: &str, expr: &Expr) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&self.exact.citations.raw_stays)
            .instruct("plain_per_subject");
        self.exact.involving(refusal, expr).fact("node", node)
    }

    pub fn figure(&self, expr: &Expr, input: &DFSchema) -> Result<Made, Refusal> {
        match expr {
            Expr::Alias(alias) => self.figure(&alias.expr, input),
            Expr::AggregateFunction(call) => self.call(call, input),
            other => Err(self.refused("grouping", other)),
        }
    }

    fn call(&self, call: &AggregateFunction, input: &DFSchema) -> Result<Made, Refusal> {
        let AggregateFunction { func, params } = call;
        let AggregateFunctionParams {
            args,
            distinct,
            filter,
            order_by,
            null_treatment,
        } = params;
        let relation = self.exact.relation;
        let [argument] = args.as_slice() else {
            let none = Expr::Literal(ScalarValue::Null, None);
            return Err(self.refused("aggregate_of_several", args.first().unwrap_or(&none)));
        };
        let argument = relation.write_out(argument, input)?;
        if !order_by.is_empty() || null_treatment.is_some() {
            return Err(self.refused("aggregate_order", &argument));
        }
        let is_constant = constant::fold(&argument).is_some_and(|value| !value.is_null());
        let is_one = constant::fold(&argument).is_some_and(|value| is_number(&value, 1));
        if let Some(filter) = filter {
            let filter = relation.write_out(filter, input)?;
            return if func.name() == "count" && !distinct && is_constant {
                self.branch(filter)
            } else {
                Err(self.refused("aggregate_filter", &filter))
            };
        }
        if func.name() == "sum"
            && !distinct
            && let Some(condition) = indicator(&argument)
        {
            return self.branch(condition);
        }
        match (func.name(), distinct) {
            ("count", false) if is_constant => Ok(self.counted(None)),
            ("sum", false) if is_one => Ok(self.counted(None)),
            ("count", false) => self.counted_values(argument),
            ("count", true) => self.counted_different(argument),
            (name, false) => self.of_values(name, argument),
            (name, true) => Err(self.function(&format!("{name}(distinct)"), &argument)),
        }
    }

    fn function(&self, name: &str, argument: &Expr) -> Refusal {
        let refusal = function_refused(name, None)
            .under(&self.exact.citations.raw_stays)
            .instruct("plain_per_subject");
        self.exact.involving(refusal, argument).fact("node", "aggregate")
    }

    /// How many there are is a value of its own kind (A2.2).
    pub fn count(&self) -> ColumnGrant {
        let relation = self.exact.relation;
        let high = relation
            .rows_per_unit()
            .map(|rows| i64::try_from(rows).unwrap_or(i64::MAX));
        ColumnGrant {
            uses: [Use::Group, Use::Filter, Use::Measure].into(),
            bounds: high.map(|high| Bounds { low: 0, high }),
            // How many rows there are then says whether some were missing.
            sensitive: relation
                .missing_by()
                .into_iter()
                .any(|(inner, expr)| says(inner, expr)),
            ..ColumnGrant::default()
        }
    }

    /// A count of rows that may be missing tells of a subject that there are none: a branch, no argument.
    fn of_missing(&self, (value, mut grant): Made) -> Made {
        if let Value::Figure {
            argument: Some(argument),
            ..
        } = &value
            && self.exact.relation.may_be_missing(argument)
        {
            grant.uses.remove(&Use::Measure);
        }
        (value, grant)
    }

    fn counted(&self, argument: Option<Expr>) -> Made {
        let figure = Value::Figure {
            function: Inner::Count,
            argument,
            bounds: None,
        };
        (figure, self.count())
    }

    /// A branch of the analyst's own says of each subject whether it has such a row. As a key or in a filter it makes
    /// cells of its own, which protect themselves; as an argument its two sides would have to be counted (A4.1).
    fn branch(&self, condition: Expr) -> Result<Made, Refusal> {
        self.exact.judge(&condition)?;
        let sensitive = self.speaks(&condition);
        let counted = when(condition, lit(1i64)).end();
        let counted = counted.map_err(|_| Refusal::unmet("query_not_planned"))?;
        let (value, grant) = self.counted(Some(counted));
        let grant = ColumnGrant {
            uses: [Use::Group, Use::Filter].into(),
            sensitive,
            ..grant
        };
        Ok((value, grant))
    }

    fn counted_values(&self, argument: Expr) -> Result<Made, Refusal> {
        let Expr::Column(column) = &argument else {
            return Err(self.refused("count_argument", &argument));
        };
        let label = self.exact.relation.label(column);
        let uses = [Use::Group, Use::Filter, Use::Measure, Use::Link];
        if !uses.into_iter().any(|used| label.allows(used)) {
            self.exact.has_use(column)?;
        }
        Ok(self.of_missing(self.counted(Some(argument))))
    }

    fn counted_different(&self, argument: Expr) -> Result<Made, Refusal> {
        let link = match &argument {
            Expr::Column(column) => self.exact.relation.label(column).allows(Use::Link),
            _ => false,
        };
        if !link {
            let exact = Exact {
                wanted: Use::Group,
                ..self.exact
            };
            exact.judge(&argument)?;
        }
        let counts = self.count();
        let grant = ColumnGrant {
            sensitive: counts.sensitive || self.speaks(&argument),
            ..counts
        };
        let figure = Value::Figure {
            function: Inner::Distinct,
            argument: Some(argument),
            bounds: None,
        };
        Ok(self.of_missing((figure, grant)))
    }

    fn of_values(&self, name: &str, argument: Expr) -> Result<Made, Refusal> {
        let (function, grant, bounds) = match name {
            "min" | "max" => {
                let function = if name == "min" {
                    Inner::Least
                } else {
                    Inner::Greatest
                };
                (function, self.ordered(&argument)?, None)
            }
            "sum" | "avg" => {
                let (grant, bounds) = self.measured(&argument)?;
                let grant = match (name, grant.bounds) {
                    ("sum", Some(own)) => ColumnGrant {
                        bounds: self.exact.relation.rows_per_unit().map(|rows| times(own, rows)),
                        ..grant
                    },
                    _ => grant,
                };
                (
                    if name == "sum" { Inner::Sum } else { Inner::Mean },
                    grant,
                    Some(bounds),
                )
            }
            other => return Err(self.function(other, &argument)),
        };
        let figure = Value::Figure {
            function,
            argument: Some(argument),
            bounds,
        };
        Ok((figure, grant))
    }

    /// A value of the subject's own rows: never of a link.
    pub fn ordered(&self, argument: &Expr) -> Result<ColumnGrant, Refusal> {
        let grant = self.value(argument)?;
        let used = [Use::Group, Use::Filter, Use::Measure];
        if used.into_iter().any(|used| grant.uses.contains(&used)) && !grant.unit {
            return Ok(ColumnGrant {
                domain: None,
                ..grant
            });
        }
        for column in columns_of(argument).values() {
            self.exact.has_use(column)?;
        }
        Err(self.refused("aggregate_argument", argument))
    }

    /// A bare measure, with its limits.
    pub fn measured(&self, argument: &Expr) -> Result<(ColumnGrant, Bounds), Refusal> {
        let exact = Exact {
            wanted: Use::Measure,
            ..self.exact
        };
        let relation = self.exact.relation;
        for column in columns_of(argument).values() {
            exact.has_use(column)?;
        }
        let Some(column) = grain::bare_number(argument, relation) else {
            return Err(self.refused("aggregate_argument", argument));
        };
        let number = relation
            .base_type(column)
            .is_some_and(|t| Family::of(&t).is_number());
        if !number {
            return Err(exact.types_differ(argument));
        }
        proof::prove(&exact, argument)?;
        let grant = self.value(&Expr::Column(column.clone()))?;
        match relation.label(column).range {
            Range::Within(bounds) => Ok((grant, bounds)),
            Range::Unbounded => Ok((grant, Bounds::UNDECLARED)),
            Range::Empty => Err(self.refused("aggregate_argument", argument)),
        }
    }
}

/// Whether a class made by an expression says something about a person.
fn says(relation: &Relation, expr: &Expr) -> bool {
    columns_of(expr).values().any(|column| {
        let grant = relation
            .leaf_of_all(column)
            .and_then(|leaf| leaf.column(&column.name));
        grant.is_some_and(ColumnGrant::speaks)
    })
}

/// The grant that says what a label says.
fn granted(label: &Label) -> ColumnGrant {
    let (grain, nothing) = match &label.exactness {
        Exactness::Exact => (None, false),
        Exactness::At(grain) => (Some(grain.clone()), false),
        Exactness::Nothing => (None, true),
    };
    let (bounds, empty) = match label.range {
        Range::Within(bounds) => (Some(bounds), false),
        Range::Unbounded => (None, false),
        Range::Empty => (None, true),
    };
    let mut uses = label.uses.clone();
    uses.remove(&Use::Out);
    if nothing || empty {
        uses.clear();
    }
    ColumnGrant {
        uses,
        grain,
        bounds,
        ..ColumnGrant::default()
    }
}

/// Limits of a total of so many values.
pub(super) fn times(bounds: Bounds, rows: u64) -> Bounds {
    let rows = i64::try_from(rows).unwrap_or(i64::MAX);
    Bounds {
        low: bounds.low.min(0).saturating_mul(rows),
        high: bounds.high.max(0).saturating_mul(rows),
    }
}
