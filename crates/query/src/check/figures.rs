//! Reads the aggregates of a release into parts and figures.

use arrow::datatypes::DataType;
use datafusion::{
    common::{DFSchema, ScalarValue},
    logical_expr::{
        Expr,
        expr::{AggregateFunction, AggregateFunctionParams},
    },
};
use shuyu_kernel::Refusal;
use shuyu_privacy::Use;

use super::{
    argument::Arguments,
    blame::{self, first_column},
    exact::Exact,
    figure::{Amount, Core, Figure, Formula, Part, Parts, Role, Term},
    nearest::quoted,
    order, pair,
    piece::{Affine, Kind, Piece, fails, holds},
    plain::spread,
    survey::function_refused,
};
use crate::refusal::Explain;

/// Reads figures one after the other.
pub(super) struct Figures<'a> {
    pub exact: Exact<'a>,
    input: &'a DFSchema,
    keys: &'a [Expr],
    own_limits: bool,
    pub parts: Parts,
    figures: Vec<Figure>,
}

/// One call of an aggregate, written out.
pub(super) struct Call<'a> {
    pub name: &'a str,
    pub arguments: Vec<Expr>,
    pub filter: Option<Expr>,
    pub data_type: &'a DataType,
}

/// What the pieces of an argument come to.
pub(super) struct Pieces {
    pub total: Vec<Term>,
    pub count: Vec<Term>,
    /// Parts that must pass the gate although nothing is made of them.
    pub guards: Vec<usize>,
}

impl<'a> Figures<'a> {
    pub fn new(exact: Exact<'a>, input: &'a DFSchema, keys: &'a [Expr], own_limits: bool) -> Self {
        Self {
            exact,
            input,
            keys,
            own_limits,
            parts: Parts::default(),
            figures: Vec::new(),
        }
    }

    pub fn done(self) -> (Vec<Part>, Vec<Figure>) {
        (self.parts.0, self.figures)
    }

    /// Reads the next figure.
    ///
    /// # Errors
    /// `function_not_allowed`, `use_missing`, `node_not_allowed` and those of [`Exact::judge`].
    pub fn read(&mut self, aggregated: &Expr, data_type: &DataType) -> Result<(), Refusal> {
        match aggregated {
            Expr::Alias(alias) => self.read(&alias.expr, data_type),
            Expr::AggregateFunction(call) => self.call(call, data_type),
            other => Err(self.node("grouping", other)),
        }
    }

    /// A form of aggregate that is refused; `argument` is the written-out expression it is about.
    pub fn node(&self, node: &str, argument: &Expr) -> Refusal {
        let refusal = Refusal::unmet("node_not_allowed")
            .under(&self.exact.citations.raw_stays)
            .instruct("plain_aggregate");
        self.exact.involving(refusal, argument).fact("node", node)
    }

    /// The same, with the nearest form as a call over the first column of the argument.
    pub fn argument(&self, node: &str, argument: &Expr, nearest: impl Fn(&str) -> String) -> Refusal {
        let refusal = self.node(node, argument);
        match first_column(argument) {
            Some(column) => refusal.nearest_sql(nearest(&quoted(&column.name))),
            None => refusal,
        }
    }

    pub fn arguments(&self, counting: bool) -> Arguments<'a> {
        Arguments {
            exact: self.exact,
            relation: self.exact.relation,
            counting,
            own_limits: self.own_limits,
        }
    }

    fn call(&mut self, call: &AggregateFunction, data_type: &DataType) -> Result<(), Refusal> {
        let AggregateFunction { func, params } = call;
        let AggregateFunctionParams {
            args,
            distinct,
            filter,
            order_by,
            null_treatment,
        } = params;
        let relation = self.exact.relation;
        if func.name() == "grouping" {
            return self.grouping(args, data_type);
        }
        let name = func.name();
        let many = pair::moment(name).is_some() || order::is_one(name);
        let listed =
            many || matches!(name, "count" | "sum" | "avg" | "max" | "min") || spread(name).is_some();
        if !listed || (*distinct && name != "count") {
            let written = args
                .first()
                .and_then(|first| relation.write_out(first, self.input).ok());
            return Err(self.function(name, *distinct, written));
        }
        let mut arguments = Vec::new();
        for argument in args {
            arguments.push(relation.write_out(argument, self.input)?);
        }
        match arguments.as_slice() {
            [] => return Err(self.node("aggregate_of_nothing", &Expr::Literal(ScalarValue::Null, None))),
            [first, _, ..] if !many => return Err(self.node("aggregate_of_several", first)),
            [first, ..] if (!order_by.is_empty() && !order::is_one(name)) || null_treatment.is_some() => {
                return Err(self.node("aggregate_order", first));
            }
            _ => {}
        }
        let filter = filter
            .as_ref()
            .map(|filter| relation.write_out(filter, self.input))
            .transpose()?;
        if let Some(filter) = &filter {
            self.arguments(false).condition(filter)?;
        }
        let call = Call {
            name,
            arguments,
            filter,
            data_type,
        };
        let figure = if order::is_one(name) {
            order::read(self, &call, order_by)?
        } else if let Some(kind) = pair::moment(name) {
            pair::read(self, &call, kind)?
        } else {
            self.plain(&call, *distinct)?
        };
        self.figures.push(figure);
        Ok(())
    }

    fn plain(&mut self, call: &Call<'_>, distinct: bool) -> Result<Figure, Refusal> {
        let Some(argument) = call.arguments.first() else {
            return Err(Refusal::unmet("query_not_planned"));
        };
        match call.name {
            "count" if distinct => self.different(argument, call),
            "max" | "min" => self.extreme(argument, call),
            name => {
                let pieces = self.arguments(name == "count").pieces(argument)?;
                if let Some(spread) = spread(name) {
                    return self.spread(argument, &pieces, spread, call);
                }
                let made = self.pieces(&pieces, call.filter.as_ref());
                let formula = match name {
                    "count" => Formula::Sum(made.count.clone()),
                    "sum" => Formula::Sum(made.total.clone()),
                    _ => Formula::Ratio(made.total.clone(), made.count.clone()),
                };
                Ok(figure(formula, made.guards, call.data_type))
            }
        }
    }

    /// The pieces as parts. Every piece is judged, also where nothing is made of it.
    pub fn pieces(&mut self, pieces: &[Piece], filter: Option<&Expr>) -> Pieces {
        let all = under(pieces, filter);
        let several = all.len() > 2;
        let mut made = Pieces {
            total: Vec::new(),
            count: Vec::new(),
            guards: Vec::new(),
        };
        for piece in &all {
            match &piece.value {
                Some(affine) => self.valued(piece, affine, &mut made),
                None if piece.guards.is_empty() => {
                    made.guards.push(self.parts.put(Part::new(Role::Rows, None)));
                }
                None if several => made.guards.push(self.parts.put(part(piece, Role::Count, None))),
                None => {}
            }
        }
        // Where nothing is left out, the pieces together are the rows.
        let plain = |piece: &Piece| piece.value.as_ref().is_some_and(|affine| affine.core.is_none());
        if all.len() > 1 && all.iter().all(plain) {
            let part = self.parts.put(Part::new(Role::Rows, None));
            made.guards.push(part);
            made.count = vec![rows(part, 1.0)];
        }
        made
    }

    /// A piece with a value: its part, and the terms of totals and counts.
    fn valued(&mut self, piece: &Piece, affine: &Affine, made: &mut Pieces) {
        let place = self.parts.put(match &affine.core {
            Some(core) if core.bounds.is_some() => part(piece, Role::Total, Some(core.clone())),
            Some(core) => {
                let part = part(piece, Role::Count, Some(core.clone()));
                Part {
                    indicator: part.indicator || self.exact.relation.branches(&core.value),
                    ..part
                }
            }
            None if piece.guards.is_empty() => Part::new(Role::Rows, None),
            None => part(piece, Role::Count, None),
        });
        made.guards.push(place);
        let offset = match &affine.core {
            Some(core) => {
                made.total.push(Term {
                    factor: affine.factor,
                    part: place,
                    amount: Amount::Total,
                });
                affine.offset + affine.factor * core.centre as f64
            }
            None => affine.offset,
        };
        made.total.extend((offset != 0.0).then(|| rows(place, offset)));
        made.count.push(rows(place, 1.0));
    }

    pub fn function(&self, name: &str, distinct: bool, written: Option<Expr>) -> Refusal {
        let called = if distinct {
            format!("{name}(distinct)")
        } else {
            name.to_owned()
        };
        let refusal = function_refused(&called, None)
            .under(&self.exact.citations.raw_stays)
            .fact("node", "aggregate");
        let relation = self.exact.relation;
        let column = written.as_ref().and_then(first_column);
        let refusal = match &column {
            Some(column) => blame::naming(refusal, relation, column).fact("use", self.exact.wanted.name()),
            None => refusal,
        };
        match written {
            Some(Expr::Column(column)) if relation.label(&column).allows(Use::Measure) => {
                refusal.nearest_sql(format!("avg({})", column.name))
            }
            _ => refusal.instruct("plain_aggregate"),
        }
    }

    /// `grouping(a, b)`: nothing of the rows.
    fn grouping(&mut self, arguments: &[Expr], data_type: &DataType) -> Result<(), Refusal> {
        // Written out, since a column may be named with its table and without.
        let written = |expr: &Expr| {
            let expr = self.exact.relation.write_out(expr, self.input).ok()?;
            Some(expr.to_string())
        };
        let keys: Vec<Option<String>> = self.keys.iter().map(written).collect();
        let place = |argument: &Expr| {
            let argument = Some(written(argument)?);
            keys.iter().position(|key| *key == argument)
        };
        let Some(places) = arguments.iter().map(place).collect::<Option<Vec<usize>>>() else {
            return Err(self.node("grouping", &Expr::Literal(ScalarValue::Null, None)));
        };
        self.figures
            .push(figure(Formula::Grouping(places), Vec::new(), data_type));
        Ok(())
    }
}

pub(super) fn figure(formula: Formula, mut parts: Vec<usize>, data_type: &DataType) -> Figure {
    parts.sort_unstable();
    parts.dedup();
    Figure {
        formula,
        parts,
        data_type: data_type.clone(),
    }
}

/// The pieces under a FILTER, and what it leaves out.
fn under(pieces: &[Piece], filter: Option<&Expr>) -> Vec<Piece> {
    let mut all = Vec::new();
    for piece in pieces {
        let guards = filter.map(holds).into_iter().chain(piece.guards.iter().cloned());
        all.push(Piece {
            guards: guards.collect(),
            value: piece.value.clone(),
        });
    }
    all.extend(filter.map(|filter| Piece {
        guards: vec![fails(filter)],
        value: None,
    }));
    all
}

/// So many times the rows of a part.
fn rows(part: usize, factor: f64) -> Term {
    Term {
        factor,
        part,
        amount: Amount::Rows,
    }
}

/// A part under a FILTER.
pub(super) fn filtered(part: Part, filter: Option<&Expr>) -> Part {
    match filter {
        None => part,
        Some(filter) => {
            let guard = holds(filter).condition;
            let guards = std::iter::once(guard).chain(part.guards).collect();
            Part {
                guards,
                indicator: true,
                ..part
            }
        }
    }
}

fn part(piece: &Piece, role: Role, core: Option<Core>) -> Part {
    Part {
        role,
        core,
        guards: piece.guards.iter().map(|guard| guard.condition.clone()).collect(),
        indicator: piece.guards.iter().any(|guard| guard.kind == Kind::Branch),
        optional: piece.guards.iter().any(|guard| guard.kind == Kind::Missing),
    }
}
