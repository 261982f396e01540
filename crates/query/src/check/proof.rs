//! Proof that an expression over rows cannot fail, whatever the rows hold.
//!
//! The engine below adds conversions of its own, and they fail on some values. So the proof is about
//! the expression as it will run: every conversion is written out by the engine's own rules first,
//! then every node must be on a list, with types on which it is total. What reads no column is run
//! once, now. Every variant is named, so that a new one fails to compile instead of slipping through.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use arrow::{
    array::{RecordBatch, RecordBatchOptions},
    datatypes::{DataType, Schema},
};
use datafusion::{
    common::{
        DFSchema, ScalarValue,
        tree_node::{TreeNode, TreeNodeRecursion},
    },
    logical_expr::{
        BinaryExpr, Case, ColumnarValue, Expr, ExprSchemable, Like, Operator,
        execution_props::ExecutionProps, expr::ScalarFunction, lit,
        physical_planning_context::PhysicalPlanningContext, simplify::SimplifyContext,
    },
    optimizer::simplify_expressions::ExprSimplifier,
    physical_expr::create_physical_expr,
};
use shuyu_kernel::Refusal;

use super::{
    constant,
    exact::Exact,
    size::MOST_BYTES,
    text::too_large,
    total::{PARTS, TOTAL},
};

/// Most characters that `left`, `right` and `substr` may be asked for.
pub(super) const MOST_CHARACTERS: i64 = 1_000_000;
/// Longest pattern of LIKE, in bytes. It is compiled.
const MOST_PATTERN: usize = 1_000;

/// # Errors
/// `types_differ`, `function_not_allowed`, `node_not_allowed`, `query_too_large`.
pub(super) fn prove(exact: &Exact<'_>, expr: &Expr) -> Result<(), Refusal> {
    let context = SimplifyContext::builder()
        .with_schema(Arc::new(exact.schema.clone()))
        .build();
    let written_out = ExprSimplifier::new(context)
        .coerce(expr.clone(), exact.schema)
        .map_err(|_| exact.types_differ(expr))?;
    Proof { exact }.node(&written_out)
}

/// Conversions that succeed for every value.
pub(super) fn is_total_cast(from: &DataType, to: &DataType) -> bool {
    use DataType::{Boolean, Float32, Float64, LargeUtf8, Null, Utf8, Utf8View};
    let signed_bits = |of: &DataType| {
        of.is_signed_integer()
            .then(|| of.primitive_width().unwrap_or(0) * 8)
    };
    let unsigned_bits = |of: &DataType| {
        of.is_unsigned_integer()
            .then(|| of.primitive_width().unwrap_or(0) * 8)
    };
    let fits = match (
        signed_bits(from),
        unsigned_bits(from),
        signed_bits(to),
        unsigned_bits(to),
    ) {
        (Some(from), _, Some(to), _) | (_, Some(from), _, Some(to)) => from <= to,
        (_, Some(from), Some(to), _) => from < to,
        _ => false,
    };
    let of_few = from.is_integer() || matches!(from, Boolean | Utf8 | LargeUtf8 | Utf8View);
    from == to
        || fits
        || (*from == Null && is_plain(to))
        || (matches!(to, Float32 | Float64) && from.is_integer())
        || (*to == Float64 && matches!(from, DataType::Float16 | Float32))
        // Text of a fraction or a date is not among them: a far date has no text.
        || (matches!(to, Utf8 | LargeUtf8 | Utf8View) && of_few && !matches!((from, to), (LargeUtf8, Utf8)))
}

/// Types whose values compare, and are computed with, without an error.
fn is_plain(data_type: &DataType) -> bool {
    use DataType::{Boolean, Date32, Float32, Float64, LargeUtf8, Null, Timestamp, Utf8, Utf8View};
    data_type.is_integer()
        || matches!(
            data_type,
            Null | Boolean | Float32 | Float64 | Utf8 | LargeUtf8 | Utf8View
        )
        || matches!(data_type, Date32 | Timestamp(_, None))
}

fn is_text(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    )
}

/// The value of an expression that reads no column; `None` if it has none.
pub(super) fn evaluated(expr: &Expr) -> Option<ScalarValue> {
    let evaluate = || {
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        let one = RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &options).ok()?;
        let (properties, context) = (ExecutionProps::new(), PhysicalPlanningContext::default());
        let physical = create_physical_expr(expr, &DFSchema::empty(), &properties, &context).ok()?;
        match physical.evaluate(&one).ok()? {
            ColumnarValue::Scalar(value) => Some(value),
            ColumnarValue::Array(values) => ScalarValue::try_from_array(&values, 0).ok(),
        }
    };
    catch_unwind(AssertUnwindSafe(evaluate)).ok().flatten()
}

/// Bytes of all texts that stand in an expression.
pub(super) fn bytes_of_texts(expr: &Expr) -> u64 {
    let mut bytes = 0;
    // The closure never fails.
    let _ = expr.apply(|node| {
        if let Expr::Literal(value, _) = node {
            bytes += value.try_as_str().flatten().map_or(0, str::len) as u64;
        }
        Ok(TreeNodeRecursion::Continue)
    });
    bytes
}

struct Proof<'a> {
    exact: &'a Exact<'a>,
}

impl Proof<'_> {
    fn node(&self, expr: &Expr) -> Result<(), Refusal> {
        if let Expr::Column(_) = expr {
            return Ok(());
        }
        if !is_plain(&self.type_of(expr)?) {
            return Err(self.exact.types_differ(expr));
        }
        if expr.column_refs().is_empty() {
            return self.constant(expr);
        }
        match expr {
            Expr::Alias(alias) => self.node(&alias.expr),
            Expr::BinaryExpr(binary) => self.binary(expr, binary),
            Expr::Like(like) => self.like(expr, like),
            Expr::Not(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNotUnknown(inner) => self.all(expr, &[inner], |t| *t == DataType::Boolean),
            Expr::IsNull(inner) | Expr::IsNotNull(inner) => self.node(inner),
            Expr::Negative(inner) => self.negative(inner),
            Expr::Between(between) => {
                let parts = [between.expr.as_ref(), &between.low, &between.high];
                self.alike(expr, &parts, is_plain)
            }
            Expr::Case(case) => self.case(expr, case),
            Expr::Cast(cast) => {
                if !is_total_cast(&self.type_of(&cast.expr)?, cast.field.data_type()) {
                    return Err(self.exact.types_differ(expr));
                }
                self.node(&cast.expr)
            }
            Expr::TryCast(cast) => self.try_cast(expr, &cast.expr, cast.field.data_type()),
            Expr::InList(list) => {
                let mut parts: Vec<&Expr> = list.list.iter().collect();
                parts.push(&list.expr);
                self.alike(expr, &parts, is_plain)
            }
            Expr::ScalarFunction(function) => self.function(expr, function),
            Expr::Column(_) | Expr::Literal(..) => Ok(()),
            Expr::SimilarTo(_)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::SetComparison(_)
            | Expr::ScalarSubquery(_)
            | Expr::GroupingSet(_)
            | Expr::Placeholder(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::Unnest(_)
            | Expr::ScalarVariable(..)
            | Expr::HigherOrderFunction(_)
            | Expr::Lambda(_)
            | Expr::LambdaVariable(_) => Err(self.exact.node("expression", expr)),
            #[expect(deprecated, reason = "the variant still exists and must be refused")]
            Expr::Wildcard { .. } => Err(self.exact.node("wildcard", expr)),
        }
    }

    /// Between numbers and from text it gives NULL instead of an error; of days and times nobody knows.
    fn try_cast(&self, whole: &Expr, inner: &Expr, to: &DataType) -> Result<(), Refusal> {
        let from = self.type_of(inner)?;
        let number = |t: &DataType| t.is_integer() || matches!(t, DataType::Float32 | DataType::Float64);
        let passes = is_total_cast(&from, to)
            || ((number(&from) || is_text(&from)) && number(to))
            || (is_text(&from) && *to == DataType::Date32);
        if !passes {
            return Err(self.exact.function_refused("try_cast", whole));
        }
        self.node(inner)
    }

    fn type_of(&self, expr: &Expr) -> Result<DataType, Refusal> {
        expr.get_type(self.exact.schema)
            .map_err(|_| self.exact.types_differ(expr))
    }

    /// What reads no column has a value, and it is found now.
    fn constant(&self, expr: &Expr) -> Result<(), Refusal> {
        if bytes_of_texts(expr) > MOST_BYTES && !matches!(expr, Expr::Literal(..)) {
            return Err(too_large("value", MOST_BYTES as usize).citing(&self.exact.citations.raw_stays));
        }
        match evaluated(expr) {
            Some(value) if constant::is_not_finite(&value) => Err(self.exact.node("not_finite", expr)),
            Some(_) => Ok(()),
            None => Err(self.exact.function_refused("constant", expr)),
        }
    }

    /// All parts are proved and have a type that passes.
    fn all(&self, whole: &Expr, parts: &[&Expr], passes: impl Fn(&DataType) -> bool) -> Result<(), Refusal> {
        for part in parts {
            if !passes(&self.type_of(part)?) {
                return Err(self.exact.types_differ(whole));
            }
            self.node(part)?;
        }
        Ok(())
    }

    /// The same, and all of one type.
    fn alike(
        &self,
        whole: &Expr,
        parts: &[&Expr],
        passes: impl Fn(&DataType) -> bool,
    ) -> Result<(), Refusal> {
        let first = parts.first().map(|part| self.type_of(part)).transpose()?;
        self.all(whole, parts, |t| Some(t) == first.as_ref() && passes(t))
    }

    fn binary(&self, whole: &Expr, binary: &BinaryExpr) -> Result<(), Refusal> {
        let BinaryExpr { left, op, right } = binary;
        let parts = [left.as_ref(), right.as_ref()];
        // Numbers without an error: whole ones wrap round, fractions become infinite.
        let number = |t: &DataType| t.is_integer() || matches!(t, DataType::Float32 | DataType::Float64);
        match op {
            Operator::And | Operator::Or => self.alike(whole, &parts, |t| *t == DataType::Boolean),
            Operator::Eq
            | Operator::NotEq
            | Operator::Lt
            | Operator::LtEq
            | Operator::Gt
            | Operator::GtEq
            | Operator::IsDistinctFrom
            | Operator::IsNotDistinctFrom => self.alike(whole, &parts, is_plain),
            Operator::Plus | Operator::Minus | Operator::Multiply => self.alike(whole, &parts, number),
            Operator::Divide | Operator::Modulo => {
                self.alike(whole, &parts, number)?;
                let divisor = right.column_refs().is_empty().then(|| evaluated(right)).flatten();
                let divisor = divisor.and_then(|value| value.cast_to(&DataType::Float64).ok());
                match divisor {
                    Some(ScalarValue::Float64(Some(divisor))) if divisor > 0.0 => Ok(()),
                    _ => Err(self.exact.function_refused(&op.to_string(), whole)),
                }
            }
            Operator::StringConcat => self.alike(whole, &parts, is_text),
            other => Err(self.exact.function_refused(&other.to_string(), whole)),
        }
    }

    /// The negative of a constant can fail, and a CASE may become one; that of a column wraps round.
    fn negative(&self, inner: &Expr) -> Result<(), Refusal> {
        let mut bare = inner;
        while let Expr::Cast(cast) = bare {
            bare = &cast.expr;
        }
        match bare {
            Expr::Column(_) => self.node(inner),
            _ => Err(self.exact.function_refused("-", inner)),
        }
    }

    fn like(&self, whole: &Expr, like: &Like) -> Result<(), Refusal> {
        self.alike(whole, &[like.expr.as_ref(), &like.pattern], is_text)?;
        // A pattern is compiled, which can fail; so it is tried on a text of our own.
        let tried = Expr::Like(Like {
            expr: Box::new(lit("")),
            ..like.clone()
        });
        let short = constant::text(&like.pattern).is_some_and(|pattern| pattern.len() <= MOST_PATTERN);
        if short && evaluated(&tried).is_some() {
            Ok(())
        } else {
            Err(self.exact.node("pattern", whole))
        }
    }

    fn case(&self, whole: &Expr, case: &Case) -> Result<(), Refusal> {
        let whens = case.when_then_expr.iter().map(|(when, _)| when.as_ref());
        match &case.expr {
            Some(subject) => {
                let parts: Vec<&Expr> = whens.chain([subject.as_ref()]).collect();
                self.alike(whole, &parts, is_plain)?;
            }
            None => self.all(whole, &whens.collect::<Vec<_>>(), |t| *t == DataType::Boolean)?,
        }
        let thens = case.when_then_expr.iter().map(|(_, then)| then.as_ref());
        let results: Vec<&Expr> = thens.chain(case.else_expr.as_deref()).collect();
        self.alike(whole, &results, is_plain)
    }

    fn function(&self, whole: &Expr, function: &ScalarFunction) -> Result<(), Refusal> {
        let name = function.func.name();
        let refused = || Err(self.exact.function_refused(name, whole));
        let arguments: Vec<&Expr> = function.args.iter().collect();
        match (name, arguments.as_slice()) {
            ("date_part", [part, value]) if is_part(part, &PARTS) => {
                let temporal = |t: &DataType| matches!(t, DataType::Date32 | DataType::Timestamp(_, None));
                self.all(whole, &[value], temporal)
            }
            ("date_trunc", [part, value]) if is_part(part, &PARTS[..5]) => self.guarded(whole, value),
            ("to_char", [value, format]) => {
                self.guarded(whole, value)?;
                let sample = lit(ScalarValue::Date32(Some(0)));
                let call =
                    ScalarFunction::new_udf(Arc::clone(&function.func), vec![sample, (*format).clone()]);
                match evaluated(&Expr::ScalarFunction(call)) {
                    Some(_) => Ok(()),
                    None => refused(),
                }
            }
            ("left" | "right" | "substr", [value, numbers @ ..]) => {
                let fixed = |number: &&Expr| {
                    let value = number
                        .column_refs()
                        .is_empty()
                        .then(|| evaluated(number))
                        .flatten();
                    let number = value.as_ref().and_then(constant::whole);
                    number.is_some_and(|number| (0..=MOST_CHARACTERS).contains(&number))
                };
                if !numbers.iter().all(fixed) {
                    return refused();
                }
                self.all(whole, &[value], is_text)
            }
            ("ceil" | "floor", [value]) => self.all(whole, &[value], |t| {
                matches!(t, DataType::Float32 | DataType::Float64)
            }),
            ("coalesce" | "nullif", values) => self.alike(whole, values, is_plain),
            ("date_part" | "date_trunc" | "ceil" | "floor", _) => refused(),
            (name, values) if TOTAL.contains(&name) => {
                self.all(whole, values, |t| is_text(t) || *t == DataType::Null)
            }
            _ => refused(),
        }
    }

    /// A bare column of days. What runs leaves far days out (`split::rows`), so that the conversion
    /// to nanoseconds, which the engine below adds, cannot fail.
    fn guarded(&self, whole: &Expr, value: &Expr) -> Result<(), Refusal> {
        let bare = match value {
            Expr::Cast(cast) if matches!(cast.field.data_type(), DataType::Timestamp(_, None)) => &cast.expr,
            other => other,
        };
        match bare {
            Expr::Column(_) if self.type_of(bare)? == DataType::Date32 => Ok(()),
            _ => Err(self.exact.types_differ(whole)),
        }
    }
}

fn is_part(part: &Expr, known: &[&str]) -> bool {
    constant::text(part).is_some_and(|part| known.contains(&part.to_ascii_lowercase().as_str()))
}
