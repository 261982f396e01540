//! Generalisers: the few functions that are constant inside every cell of a grain (A2.1).
//!
//! A grain is a partition, not a width. What is not in these tables is too fine.

use arrow::datatypes::DataType;
use datafusion::{
    common::Column,
    logical_expr::{BinaryExpr, Expr, Operator, expr::ScalarFunction},
};
use shuyu_kernel::CivilDate;
use shuyu_privacy::{
    DateGrain, Grain, Use,
    label::{Exactness, Range},
};

use super::{
    constant::{self, Family},
    relation::{Relation, Stage},
};

/// A comparison of a grained column with constants.
pub(crate) enum Compared {
    /// On the cell boundaries of the grain.
    Aligned,
    /// Not; with the nearest constant that is, as SQL, if there is one.
    TooFine(Option<String>),
}

/// What a generaliser does to a column.
pub(crate) enum Generalised<'a> {
    /// Not finer than the grain.
    Coarse(&'a Column),
    /// Finer than the grain; with the nearest form that is not, as SQL.
    TooFine(&'a Column, String),
}

/// The bare column under casts that keep the order of numbers.
pub(crate) fn bare_number<'a>(expr: &'a Expr, relation: &Relation) -> Option<&'a Column> {
    match expr {
        Expr::Column(column) => Some(column),
        Expr::Cast(cast) => {
            let column = bare_number(&cast.expr, relation)?;
            let widens = matches!(cast.field.data_type(), DataType::Int64 | DataType::Float64);
            (widens && Family::of(&relation.base_type(column)?).is_number()).then_some(column)
        }
        _ => None,
    }
}

/// Reads `expr` as a generaliser of one column. `None` if it is something else.
pub(crate) fn generaliser<'a>(expr: &'a Expr, relation: &Relation, wanted: Use) -> Option<Generalised<'a>> {
    match expr {
        Expr::ScalarFunction(function) => match function.func.name() {
            "date_part" | "date_trunc" => date_step(function, relation),
            "to_char" => date_format(function, relation),
            "left" | "substr" => text_prefix(function, relation),
            "floor" => {
                let [Expr::BinaryExpr(division)] = function.args.as_slice() else {
                    return None;
                };
                bucket(division, relation, wanted, true)
            }
            _ => None,
        },
        Expr::BinaryExpr(division) => bucket(division, relation, wanted, false),
        _ => None,
    }
}

fn date_step<'a>(function: &'a ScalarFunction, relation: &Relation) -> Option<Generalised<'a>> {
    let [part, Expr::Column(column)] = function.args.as_slice() else {
        return None;
    };
    let grain = date_grain(column, relation)?;
    let part = constant::text(part)?.to_ascii_lowercase();
    let step = match part.as_str() {
        "year" => Some(DateGrain::Year),
        "quarter" => Some(DateGrain::Quarter),
        "month" => Some(DateGrain::Month),
        "day" => Some(DateGrain::Day),
        _ => None,
    };
    Some(judge_date(step, grain, column, function.func.name()))
}

/// Formats made of years and months only.
fn date_format<'a>(function: &'a ScalarFunction, relation: &Relation) -> Option<Generalised<'a>> {
    let [Expr::Column(column), format] = function.args.as_slice() else {
        return None;
    };
    let grain = date_grain(column, relation)?;
    let format = constant::text(format)?;
    let plain = |c: char| !c.is_ascii_alphanumeric() && c != '%';
    let rest = format.replace("%Y", "").replace("%m", "");
    let step = match (rest.chars().all(plain), format.contains("%m")) {
        (false, _) => None,
        (true, true) => Some(DateGrain::Month),
        (true, false) => Some(DateGrain::Year),
    };
    Some(judge_date(step, grain, column, "date_trunc"))
}

fn judge_date<'a>(
    step: Option<DateGrain>,
    grain: DateGrain,
    column: &'a Column,
    function: &str,
) -> Generalised<'a> {
    // A month of the year without its year is constant inside a month, as is the quarter.
    if step.is_some_and(|step| step >= grain) {
        return Generalised::Coarse(column);
    }
    Generalised::TooFine(
        column,
        format!("{function}('{}', {})", step_name(grain), column.name),
    )
}

pub(crate) fn step_name(grain: DateGrain) -> &'static str {
    match grain {
        DateGrain::Day => "day",
        DateGrain::Month => "month",
        DateGrain::Quarter => "quarter",
        DateGrain::Year => "year",
        DateGrain::Decade => "decade",
    }
}

fn date_grain(column: &Column, relation: &Relation) -> Option<DateGrain> {
    match relation.label(column).exactness {
        Exactness::At(Grain::Date(grain)) => Some(grain),
        Exactness::At(Grain::Number { .. } | Grain::Prefix(_)) | Exactness::Exact | Exactness::Nothing => {
            None
        }
    }
}

fn text_prefix<'a>(function: &'a ScalarFunction, relation: &Relation) -> Option<Generalised<'a>> {
    let (column, length) = match (function.func.name(), function.args.as_slice()) {
        ("left", [Expr::Column(column), length]) => (column, length),
        ("substr", [Expr::Column(column), from, length]) if constant::whole(&constant::fold(from)?)? == 1 => {
            (column, length)
        }
        _ => return None,
    };
    let Exactness::At(Grain::Prefix(most)) = relation.label(column).exactness else {
        return None;
    };
    let length = constant::whole(&constant::fold(length)?)?;
    if (0..=i64::from(most)).contains(&length) {
        return Some(Generalised::Coarse(column));
    }
    Some(Generalised::TooFine(
        column,
        format!("left({}, {most})", column.name),
    ))
}

/// `x / w` of whole numbers, or `floor(x / w)`: cells `[m·w, (m+1)·w)`.
fn bucket<'a>(
    division: &'a BinaryExpr,
    relation: &Relation,
    wanted: Use,
    floored: bool,
) -> Option<Generalised<'a>> {
    if division.op != Operator::Divide {
        return None;
    }
    let column = bare_number(&division.left, relation)?;
    let width = number_width(column, relation, wanted)?;
    let given = constant::whole(&constant::fold(&division.right)?)?;
    let whole_column = Family::of(&relation.base_type(column)?) == Family::Whole;
    let bare = matches!(division.left.as_ref(), Expr::Column(_));
    let whole_divisor = constant::fold(&division.right).is_some_and(|v| v.data_type().is_integer());
    // Division of whole numbers goes towards zero, so that `x / w` would tell exactly -w from its cell. Of
    // personal rows the quotient that runs is rounded down (`split::rows`); as the analyst wrote it without
    // floor, or as it runs over other rows, it is the same only where nothing is negative.
    let whole_division = whole_column && bare && whole_divisor;
    let rounded_down = floored && (!whole_division || relation.stage() == Stage::Personal);
    let is_bucket = rounded_down || (whole_division && is_never_negative(column, relation));
    let nearest = bucket_sql(column, width, relation);
    let fits = is_bucket && given > 0 && i64::try_from(width).is_ok_and(|w| given % w == 0);
    Some(if fits {
        Generalised::Coarse(column)
    } else {
        Generalised::TooFine(column, nearest)
    })
}

/// The bucket of a column, as SQL that passes.
pub(crate) fn bucket_sql(column: &Column, width: u64, relation: &Relation) -> String {
    let name = &column.name;
    let whole = relation
        .base_type(column)
        .is_some_and(|t| Family::of(&t) == Family::Whole);
    if whole && relation.stage() != Stage::Personal && !is_never_negative(column, relation) {
        format!("floor(CAST({name} AS DOUBLE) / {width})")
    } else {
        format!("floor({name} / {width})")
    }
}

/// Whether the grant declares a lower bound of the column that is not negative.
fn is_never_negative(column: &Column, relation: &Relation) -> bool {
    match relation.label(column).range {
        Range::Within(bounds) => bounds.low >= 0,
        Range::Unbounded | Range::Empty => false,
    }
}

/// Whether `left / right` is a bucket of a whole column with a grain, which runs rounded down.
pub(crate) fn is_whole_bucket(division: &BinaryExpr, relation: &Relation) -> bool {
    let Expr::Column(column) = division.left.as_ref() else {
        return false;
    };
    let whole_column = relation
        .base_type(column)
        .is_some_and(|t| Family::of(&t) == Family::Whole);
    let divisor = constant::fold(&division.right);
    division.op == Operator::Divide
        && whole_column
        && divisor.is_some_and(|value| value.data_type().is_integer())
        && matches!(
            relation.label(column).exactness,
            Exactness::At(Grain::Number { .. })
        )
}

fn number_width(column: &Column, relation: &Relation, wanted: Use) -> Option<u64> {
    match relation.label(column).exactness {
        Exactness::At(Grain::Number { filter, group }) => {
            Some(if wanted == Use::Group { group } else { filter })
        }
        Exactness::At(Grain::Date(_) | Grain::Prefix(_)) | Exactness::Exact | Exactness::Nothing => None,
    }
}

/// Judges `column op constant` for a column that has a grain of numbers or dates; `None` otherwise.
/// Cells are closed below and open above, so `>= b` and `< b` need `b` on a boundary; for whole
/// numbers and days `<= b` and `> b` are read as `< b+1` and `>= b+1`. Points are too fine.
pub(crate) fn compared(
    column: &Column,
    op: Operator,
    value: &Expr,
    relation: &Relation,
    wanted: Use,
) -> Option<Compared> {
    let data_type = relation.base_type(column)?;
    let next = match op {
        Operator::Lt | Operator::GtEq => 0,
        Operator::LtEq | Operator::Gt => 1,
        _ => {
            number_width(column, relation, wanted)
                .map(|_| ())
                .or(date_grain(column, relation).map(|_| ()))?;
            return Some(Compared::TooFine(None));
        }
    };
    let sign = if matches!(op, Operator::Lt | Operator::LtEq) {
        "<"
    } else {
        ">="
    };
    if let Some(width) = number_width(column, relation, wanted) {
        let width = i64::try_from(width).ok().filter(|w| *w > 0)?;
        let whole = Family::of(&data_type) == Family::Whole;
        let bound = constant::fold(value).as_ref().and_then(constant::whole);
        let Some(bound) = bound else {
            return Some(Compared::TooFine(None));
        };
        let edge = if next == 0 || whole {
            bound.checked_add(next)
        } else {
            None
        };
        if edge.is_some_and(|edge| edge % width == 0) {
            return Some(Compared::Aligned);
        }
        let nearest = bound.div_euclid(width).saturating_mul(width);
        return Some(Compared::TooFine(Some(format!(
            "{} {sign} {nearest}",
            column.name
        ))));
    }
    let grain = date_grain(column, relation)?;
    let days = matches!(data_type, DataType::Date32);
    let Some(bound) = constant::fold(value).as_ref().and_then(constant::day) else {
        return Some(Compared::TooFine(None));
    };
    if (next == 0 || days) && begins(bound + next, grain) {
        return Some(Compared::Aligned);
    }
    let nearest = beginning(CivilDate::from_days(bound), grain);
    Some(Compared::TooFine(
        nearest.map(|date| format!("{} {sign} DATE '{date}'", column.name)),
    ))
}

fn begins(day: i64, grain: DateGrain) -> bool {
    let date = CivilDate::from_days(day);
    beginning(date, grain) == Some(date)
}

fn beginning(date: CivilDate, grain: DateGrain) -> Option<CivilDate> {
    let quarter = (date.month() - 1) / 3 * 3 + 1;
    match grain {
        DateGrain::Day => Some(date),
        DateGrain::Month => CivilDate::new(date.year(), date.month(), 1),
        DateGrain::Quarter => CivilDate::new(date.year(), quarter, 1),
        DateGrain::Year => CivilDate::new(date.year(), 1, 1),
        DateGrain::Decade => CivilDate::new(date.year().div_euclid(10) * 10, 1, 1),
    }
}
