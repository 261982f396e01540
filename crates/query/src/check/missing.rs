//! Rows without a match: what a filter above an outer join makes of it.
//!
//! `IS NULL` of the subject of the other side is an anti join, and a predicate that no row without a match passes makes
//! the join an inner one. Everything else that reads the other side above such a join, but for arguments, is refused:
//! the class rule (G3) must see a condition as what it is.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow::datatypes::DataType;
use datafusion::{
    common::{
        Column, DFSchema, ScalarValue,
        tree_node::{Transformed, TransformedResult, TreeNode},
    },
    logical_expr::{Expr, simplify::SimplifyContext},
    optimizer::simplify_expressions::ExprSimplifier,
};
use shuyu_kernel::Refusal;
use shuyu_privacy::Use;

use super::{
    exact::Exact,
    figure::Part,
    membership::How,
    origin::{Inner, Origin, Value},
    proof,
    relation::{Leaf, Relation, columns_of},
    size::MOST_BYTES,
};
use crate::refusal::Explain;

/// The relation with what the conjuncts say of rows without a match, and the conjuncts that are left.
///
/// # Errors
/// Those of writing out.
pub(super) fn settled(
    mut rows: Relation,
    conjuncts: Vec<Expr>,
    schema: &DFSchema,
) -> Result<(Relation, Vec<Expr>), Refusal> {
    let mut left = Vec::new();
    for conjunct in conjuncts {
        if !rows.leaves.iter().any(|leaf| leaf.how() == How::Optional) {
            left.push(conjunct);
            continue;
        }
        let written = rows.write_out(&conjunct, schema)?;
        let Some(place) = only(&rows, &written) else {
            left.push(conjunct);
            continue;
        };
        let presence = |inner: &Expr| match (inner, rows.leaves.get(place)) {
            (Expr::Column(column), Some(leaf)) => leaf.is_presence(&column.name),
            _ => false,
        };
        match &written {
            Expr::IsNull(inner) if presence(inner) => apart(&mut rows, place)?,
            Expr::IsNotNull(inner) if presence(inner) => joined(&mut rows, place)?,
            _ if rejects(&written, &rows) => {
                joined(&mut rows, place)?;
                left.push(conjunct);
            }
            _ => left.push(conjunct),
        }
    }
    Ok((rows, left))
}

/// The optional leaf that an expression reads, if it reads nothing else.
fn only(rows: &Relation, written: &Expr) -> Option<usize> {
    let mut places = columns_of(written).into_values().map(|column| {
        let of = rows.leaf(&column).filter(|leaf| leaf.how() == How::Optional)?;
        rows.leaves.iter().position(|leaf| leaf.alias == of.alias)
    });
    let first = places.next()??;
    places.all(|place| place == Some(first)).then_some(first)
}

/// Whether no row passes where all columns are missing.
fn rejects(written: &Expr, rows: &Relation) -> bool {
    let without = written.clone().transform_up(|node| match node {
        Expr::Column(column) => {
            let data_type = rows.leaf(&column).map(|leaf| type_of(leaf, &column));
            Ok(Transformed::yes(nothing(&data_type.unwrap_or(DataType::Null))))
        }
        other => Ok(Transformed::no(other)),
    });
    let value = without.data().ok().and_then(|expr| constant_as_it_runs(&expr));
    value.is_some_and(|value| value.is_null() || value == ScalarValue::Boolean(Some(false)))
}

/// The value of an expression that reads no column, with every conversion written out; `None` if it has none.
fn constant_as_it_runs(expr: &Expr) -> Option<ScalarValue> {
    if !expr.column_refs().is_empty() || proof::bytes_of_texts(expr) > MOST_BYTES {
        return None;
    }
    let empty = Arc::new(DFSchema::empty());
    // Some functions are only run in another form.
    let evaluate = || {
        let context = SimplifyContext::builder().with_schema(Arc::clone(&empty)).build();
        let simplifier = ExprSimplifier::new(context);
        simplifier
            .simplify(simplifier.coerce(expr.clone(), &empty).ok()?)
            .ok()
    };
    let written_out = catch_unwind(AssertUnwindSafe(evaluate)).ok().flatten()?;
    proof::evaluated(&written_out)
}

/// The type under which the analyst knows a column.
fn type_of(leaf: &Leaf, column: &Column) -> DataType {
    let place = if leaf.is_presence(&column.name) {
        leaf.schema.fields().len().checked_sub(1)
    } else {
        leaf.schema.index_of(&column.name).ok()
    };
    let field = place.and_then(|place| leaf.schema.fields().get(place));
    field.map_or(DataType::Null, |field| field.data_type().clone())
}

fn nothing(data_type: &DataType) -> Expr {
    Expr::Literal(
        ScalarValue::try_from(data_type).unwrap_or(ScalarValue::Null),
        None,
    )
}

/// Rows stay whose subject has no row of the leaf; its columns are missing in all of them.
fn apart(rows: &mut Relation, place: usize) -> Result<(), Refusal> {
    stand(rows, place, How::Apart, &|leaf, column| {
        Some(nothing(&type_of(leaf, column)))
    })
}

/// Rows stay that have a match, as if the join had been an inner one: the subject is then there.
fn joined(rows: &mut Relation, place: usize) -> Result<(), Refusal> {
    stand(rows, place, How::Joined, &|leaf, column| {
        let last = leaf.schema.fields().last()?;
        let subject = Column {
            spans: column.spans.clone(),
            ..Column::new(Some(leaf.alias.as_str()), last.name())
        };
        leaf.is_presence(&column.name).then_some(Expr::Column(subject))
    })
}

fn stand(
    rows: &mut Relation,
    place: usize,
    how: How,
    put: &dyn Fn(&Leaf, &Column) -> Option<Expr>,
) -> Result<(), Refusal> {
    let Some(leaf) = rows.leaves.get_mut(place) else {
        return Err(Refusal::unmet("query_not_planned"));
    };
    leaf.stand(how);
    let leaf = &*leaf;
    for output in &mut rows.outputs {
        let value = output.value.clone().transform_up(|node| match node {
            Expr::Column(column)
                if column
                    .relation
                    .as_ref()
                    .is_some_and(|of| of.table() == leaf.alias) =>
            {
                Ok(match put(leaf, &column) {
                    Some(value) => Transformed::yes(value),
                    None => Transformed::no(Expr::Column(column)),
                })
            }
            other => Ok(Transformed::no(other)),
        });
        output.value = value.data().map_err(|_| Refusal::unmet("query_not_planned"))?;
    }
    Ok(())
}

impl Leaf {
    /// Derived rows stand in another way.
    pub(super) fn stand(&mut self, how: How) {
        if let Origin::Derived(derived) = &mut self.origin {
            derived.how = how;
        }
    }
}

impl Value {
    /// What its value lacks where that is missing. How many there are never lacks.
    pub(super) fn read(&self) -> Vec<&Expr> {
        match self {
            Self::Key(made) => vec![made],
            Self::Figure {
                function: Inner::Count | Inner::Distinct,
                ..
            } => Vec::new(),
            Self::Figure { argument, .. } => argument.iter().collect(),
            Self::Window(over) => over.arguments.iter().collect(),
        }
    }
}

impl Part {
    /// Where rows may be missing, having a value is said about the subject, and so is having none (A4.1).
    pub(super) fn where_rows_may_be_missing(mut self, relation: &Relation) -> Self {
        let core = self.core.as_ref().map(|core| &core.value);
        if core
            .into_iter()
            .chain(&self.guards)
            .any(|read| relation.may_be_missing(read))
        {
            self.indicator = true;
            self.optional = false;
        }
        self
    }
}

impl Exact<'_> {
    /// A key or a filter reads rows that may be missing.
    pub(super) fn read_of_missing(&self, column: &Column) -> Option<Refusal> {
        let optional = self.relation.leaf(column)?.how() == How::Optional;
        (optional && self.wanted != Use::Measure).then(|| {
            let refusal = Refusal::unmet("node_not_allowed").under(&self.citations.raw_stays);
            self.about(refusal, column)
                .fact("node", "outer_join")
                .instruct("join_inner_or_not_exists")
        })
    }
}
