//! Steps made ready for the type of their column.

use arrow::{
    array::{ArrayRef, RecordBatch},
    datatypes::{Field, FieldRef},
    error::ArrowError,
};
use shuyu_kernel::{CivilDate, Refusal, cn::DivisionCode};

use super::{
    DivisionStep, PseudonymForm, PseudonymKey, Step,
    pseudonym::pseudonym,
    unusable,
    value::{Kind, Value, exact, read, write},
};

/// Longest border of a band: 64 characters. It becomes part of every value of its column.
const MAX_EDGE_CHARACTERS: usize = 64;

/// A column of the result.
#[derive(Debug)]
pub(super) struct Planned {
    source: usize,
    field: FieldRef,
    /// Types before and after the steps; `None` where there are none to carry out.
    work: Option<Work>,
}

/// What is carried out on a column: its type, the type that comes out, and the steps with the type each begins from.
type Work = (Kind, Kind, Vec<(Kind, Ready)>);

/// A step with its numbers read.
#[derive(Debug)]
enum Ready {
    Mask(usize, usize),
    Bands(Vec<Value>, Vec<String>),
    Prefix(usize),
    Division(usize),
    Month,
    Year,
    Top(Value),
    Bottom(Value),
    RoundExact(i128),
    RoundFloat(f64),
    Pseudonym([u8; 32], PseudonymForm),
}

impl Planned {
    /// The column of the result, `None` if it is dropped.
    pub(super) fn new(
        source: usize,
        field: &FieldRef,
        steps: &[Step],
        key: &PseudonymKey,
    ) -> Result<Option<Self>, Refusal> {
        let name = field.name();
        let real = steps.iter().filter(|step| **step != Step::Keep);
        if steps.contains(&Step::Drop) {
            return Ok(None);
        }
        let mut kind = None;
        let (mut first, mut ready) = (None, Vec::new());
        for step in real {
            let before = match kind {
                Some(kind) => kind,
                None => Kind::of(field.data_type()).ok_or_else(|| unusable(name, "type"))?,
            };
            first.get_or_insert(before);
            let (step, after) = make_ready(name, step, before, key)?;
            ready.push((before, step));
            kind = Some(after);
        }
        let work = first.zip(kind).map(|(first, last)| (first, last, ready));
        let field = match &work {
            Some((_, last, _)) => Field::new(name, last.arrow(), true).into(),
            None => field.clone(),
        };
        Ok(Some(Self { source, field, work }))
    }

    pub(super) fn field(&self) -> &FieldRef {
        &self.field
    }

    /// Whether values pass unchanged.
    pub(super) fn same(&self) -> bool {
        self.work.is_none()
    }

    pub(super) fn apply(&self, batch: &RecordBatch) -> Result<ArrayRef, ArrowError> {
        let missing = || ArrowError::SchemaError("a batch lacks a column of its table".to_owned());
        let array = batch.columns().get(self.source).ok_or_else(missing)?;
        let Some((first, last, steps)) = &self.work else {
            return Ok(array.clone());
        };
        if Kind::of(array.data_type()) != Some(*first) {
            return Err(missing());
        }
        let masked = read(array, *first).into_iter().map(|value| {
            steps.iter().fold(value, |value, (kind, step)| match value {
                Value::Missing => Value::Missing,
                value => step.apply(value, *kind),
            })
        });
        write(masked.collect(), *last)
    }
}

fn make_ready(column: &str, step: &Step, kind: Kind, key: &PseudonymKey) -> Result<(Ready, Kind), Refusal> {
    let unfit = || unusable(column, "type");
    let number = |text: &String| number(text, kind).ok_or_else(unfit);
    let text = kind == Kind::Text;
    Ok(match step {
        Step::Mask { first, last } if text => (Ready::Mask(*first, *last), kind),
        Step::Prefix { characters } if text && *characters > 0 => (Ready::Prefix(*characters), kind),
        Step::Bands { edges } if kind.numeric() => (bands(column, edges, kind)?, Kind::Text),
        Step::Division { level } if text || kind == Kind::Integer => {
            (Ready::Division(level.digits()), Kind::Text)
        }
        Step::Month if kind == Kind::Date => (Ready::Month, Kind::Text),
        Step::Year if kind == Kind::Date => (Ready::Year, Kind::Integer),
        Step::TopCode { at } => (Ready::Top(number(at)?), kind),
        Step::BottomCode { at } => (Ready::Bottom(number(at)?), kind),
        Step::Round { to } => match number(to)? {
            Value::Exact(to) if to > 0 => (Ready::RoundExact(to), kind),
            Value::Float(to) if to > 0.0 => (Ready::RoundFloat(to), kind),
            _ => return Err(unusable(column, "edges")),
        },
        Step::Pseudonym { domain, form } if !domain.is_empty() && (text || kind == Kind::Integer) => {
            (Ready::Pseudonym(key.domain(domain), *form), Kind::Text)
        }
        Step::Hash { algorithm } => {
            return Err(Refusal::unmet("unkeyed_hash")
                .fact("column", column)
                .fact("algorithm", algorithm));
        }
        _ => return Err(unfit()),
    })
}

/// The number a text writes in a column of this kind.
fn number(text: &str, kind: Kind) -> Option<Value> {
    match kind {
        Kind::Integer => exact(text, 0).map(Value::Exact),
        Kind::Decimal { scale, .. } => exact(text, scale).map(Value::Exact),
        Kind::Float => text
            .trim()
            .parse()
            .ok()
            .filter(|n: &f64| n.is_finite())
            .map(Value::Float),
        Kind::Text | Kind::Date | Kind::Bool => None,
    }
}

fn less(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Exact(a), Value::Exact(b)) => a < b,
        (Value::Float(a), Value::Float(b)) => a < b,
        _ => false,
    }
}

fn bands(column: &str, texts: &[String], kind: Kind) -> Result<Ready, Refusal> {
    let wrong = || unusable(column, "edges");
    let short = texts.iter().all(|text| text.len() <= MAX_EDGE_CHARACTERS);
    let edges: Option<Vec<Value>> = texts.iter().map(|text| number(text, kind)).collect();
    let edges = edges.filter(|_| short).ok_or_else(wrong)?;
    let growing = edges.iter().zip(edges.iter().skip(1)).all(|(a, b)| less(a, b));
    let (Some(first), Some(last), true) = (texts.first(), texts.last(), growing) else {
        return Err(wrong());
    };
    let between = texts
        .iter()
        .zip(texts.iter().skip(1))
        .map(|(low, high)| format!("[{low},{high})"));
    let labels = [format!("<{first}")]
        .into_iter()
        .chain(between)
        .chain([format!(">={last}")]);
    Ok(Ready::Bands(edges, labels.collect()))
}

impl DivisionStep {
    fn digits(self) -> usize {
        match self {
            Self::Province => 2,
            Self::Prefecture => 4,
            Self::County => 6,
            Self::Township => 9,
        }
    }
}

impl Ready {
    fn apply(&self, value: Value, kind: Kind) -> Value {
        match (self, value) {
            (Self::Mask(first, last), Value::Text(text)) => Value::Text(mask(&text, *first, *last)),
            (Self::Prefix(characters), Value::Text(text)) => {
                Value::Text(text.chars().take(*characters).collect())
            }
            (Self::Bands(edges, labels), value) => {
                let band = edges.iter().take_while(|edge| !less(&value, edge)).count();
                labels
                    .get(band)
                    .map_or(Value::Missing, |label| Value::Text(label.clone()))
            }
            (Self::Division(digits), value) => {
                let code = value
                    .written(kind)
                    .and_then(|text| DivisionCode::parse(text.trim()).ok());
                let cut = code.and_then(|code| Some(code.twelve().get(..*digits)?.to_owned()));
                cut.map_or(Value::Missing, Value::Text)
            }
            (Self::Month, Value::Date(days)) => {
                let date = CivilDate::from_days(i64::from(days));
                Value::Text(format!("{:04}-{:02}", date.year(), date.month()))
            }
            (Self::Year, Value::Date(days)) => {
                Value::Exact(i128::from(CivilDate::from_days(i64::from(days)).year()))
            }
            (Self::Top(at), value) => {
                if less(at, &value) {
                    at.clone()
                } else {
                    value
                }
            }
            (Self::Bottom(at), value) => {
                if less(&value, at) {
                    at.clone()
                } else {
                    value
                }
            }
            (Self::RoundExact(to), Value::Exact(number)) => {
                let half = number
                    .unsigned_abs()
                    .saturating_add(to.unsigned_abs() / 2 + to.unsigned_abs() % 2);
                // An odd multiple has no exact half; its upper middle stays below.
                let half = if to % 2 == 0 { half } else { half - 1 };
                let whole = i128::try_from(half / to.unsigned_abs() * to.unsigned_abs()).unwrap_or(0);
                Value::Exact(if number < 0 { -whole } else { whole })
            }
            (Self::RoundFloat(to), Value::Float(number)) => Value::Float((number / to).round() * to),
            (Self::Pseudonym(key, form), value) => {
                let text = value.written(kind).and_then(|text| pseudonym(key, *form, &text));
                text.map_or(Value::Missing, Value::Text)
            }
            (_, _) => Value::Missing,
        }
    }
}

fn mask(text: &str, first: usize, last: usize) -> String {
    let length = text.chars().count();
    let shown = first.saturating_add(last) < length;
    let keep = |place: usize| shown && (place < first || place >= length - last);
    text.chars()
        .enumerate()
        .map(|(place, c)| if keep(place) { c } else { '*' })
        .collect()
}
