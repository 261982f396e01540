//! Making a column coarser: bands, prefixes, top and bottom codes, years.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CivilDate, Refusal};

use crate::table::{Cell, ColumnSpec, ColumnType, TableSpec};

/// Longest border of a band: 64 characters. It becomes part of every value of its column.
const MAX_EDGE_CHARACTERS: usize = 64;

/// One column made coarser.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generalise {
    /// Name of the column.
    pub column: String,
    /// How.
    pub how: Generalisation,
}

/// How a column is made coarser. Missing values stay missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generalisation {
    /// Numbers become the text of their band: `<10`, `[10,20)`, `>=20`.
    Bands {
        /// The borders as decimal text, growing; each belongs to the band above it.
        edges: Vec<String>,
    },
    /// Text keeps its first characters only.
    Prefix {
        /// How many characters, at least one.
        characters: usize,
    },
    /// Numbers above this become it.
    TopCode {
        /// The highest number that stays, as decimal text.
        at: String,
    },
    /// Numbers below this become it.
    BottomCode {
        /// The lowest number that stays, as decimal text.
        at: String,
    },
    /// Dates become their year.
    Year,
}

/// A column of the result.
pub(super) struct OutputColumn {
    /// Its position in the source.
    pub(super) source: usize,
    how: Coarser,
}

/// A generalisation with its numbers read in the column's type.
enum Coarser {
    Same,
    Bands {
        edges: Vec<Cell<'static>>,
        labels: Vec<String>,
    },
    Prefix(usize),
    Top(Cell<'static>),
    Bottom(Cell<'static>),
    Year,
}

/// The columns of the result and its schema.
pub(super) fn plan(
    source: &TableSpec,
    drop: &[String],
    generalise: &[Generalise],
) -> Result<(Vec<OutputColumn>, TableSpec), Refusal> {
    let named = drop.iter().chain(generalise.iter().map(|rule| &rule.column));
    for (index, name) in named.clone().enumerate() {
        if source.position(name).is_none() {
            return Err(Refusal::unmet("column_unknown").fact("column", name));
        }
        if named.clone().take(index).any(|other| other == name) {
            return Err(not_usable(name, "named_twice"));
        }
    }
    let (mut columns, mut specs) = (Vec::new(), Vec::new());
    for (position, column) in source.columns.iter().enumerate() {
        if drop.contains(&column.name) {
            continue;
        }
        let rule = generalise.iter().find(|rule| rule.column == column.name);
        let (how, kind) = match rule {
            None => (Coarser::Same, column.kind),
            Some(rule) => coarser(column, &rule.how)?,
        };
        let changed = rule.is_some();
        columns.push(OutputColumn {
            source: position,
            how,
        });
        specs.push(ColumnSpec {
            header: None,
            kind,
            allowed: if changed {
                Default::default()
            } else {
                column.allowed.clone()
            },
            min: if changed { None } else { column.min.clone() },
            max: if changed { None } else { column.max.clone() },
            ..column.clone()
        });
    }
    if specs.is_empty() {
        return Err(not_usable("", "nothing_left"));
    }
    // A key that lost a column, or was made coarser, no longer tells rows apart.
    let whole = source
        .key
        .iter()
        .all(|name| named.clone().all(|changed| changed != name));
    let key = if whole { source.key.clone() } else { Vec::new() };
    Ok((columns, TableSpec { columns: specs, key }))
}

fn coarser(column: &ColumnSpec, how: &Generalisation) -> Result<(Coarser, ColumnType), Refusal> {
    let unfit = || not_usable(&column.name, "type");
    let number = |text: &String| -> Result<Cell<'static>, Refusal> {
        if text.len() > MAX_EDGE_CHARACTERS {
            return Err(not_usable(&column.name, "edges"));
        }
        match Cell::number(text, column.kind) {
            Some(Cell::Integer(number)) => Ok(Cell::Integer(number)),
            Some(Cell::Decimal(number)) => Ok(Cell::Decimal(number)),
            Some(Cell::Float(number)) => Ok(Cell::Float(number)),
            _ => Err(unfit()),
        }
    };
    match how {
        Generalisation::Bands { edges: texts } => {
            let edges = texts.iter().map(number).collect::<Result<Vec<_>, _>>()?;
            let growing = edges
                .iter()
                .zip(edges.iter().skip(1))
                .all(|(a, b)| a.less_than(b));
            let (Some(first), Some(last), true) = (texts.first(), texts.last(), growing) else {
                return Err(not_usable(&column.name, "edges"));
            };
            let between = texts
                .iter()
                .zip(texts.iter().skip(1))
                .map(|(low, high)| format!("[{low},{high})"));
            let labels = [format!("<{first}")]
                .into_iter()
                .chain(between)
                .chain([format!(">={last}")]);
            Ok((
                Coarser::Bands {
                    edges,
                    labels: labels.collect(),
                },
                ColumnType::Text,
            ))
        }
        Generalisation::Prefix { characters } if column.kind == ColumnType::Text && *characters > 0 => {
            Ok((Coarser::Prefix(*characters), ColumnType::Text))
        }
        Generalisation::TopCode { at } => Ok((Coarser::Top(number(at)?), column.kind)),
        Generalisation::BottomCode { at } => Ok((Coarser::Bottom(number(at)?), column.kind)),
        Generalisation::Year if column.kind == ColumnType::Date => Ok((Coarser::Year, ColumnType::Integer)),
        Generalisation::Prefix { .. } | Generalisation::Year => Err(unfit()),
    }
}

impl OutputColumn {
    /// The coarser value.
    pub(super) fn apply<'a>(&'a self, cell: Cell<'a>, kind: ColumnType) -> Cell<'a> {
        debug_assert!(
            matches!(cell, Cell::Null) || fits(&cell, kind),
            "cells are read by their column's type"
        );
        match (&self.how, cell) {
            (_, Cell::Null) => Cell::Null,
            (Coarser::Same, cell) => cell,
            (Coarser::Bands { edges, labels }, cell) => {
                let band = edges.iter().take_while(|edge| !cell.less_than(edge)).count();
                labels
                    .get(band)
                    .map_or(Cell::Null, |label| Cell::Text(Cow::Borrowed(label)))
            }
            (Coarser::Prefix(characters), Cell::Text(text)) => {
                Cell::Text(Cow::Owned(text.chars().take(*characters).collect()))
            }
            (Coarser::Top(at), cell) => {
                if at.less_than(&cell) {
                    at.clone()
                } else {
                    cell
                }
            }
            (Coarser::Bottom(at), cell) => {
                if cell.less_than(at) {
                    at.clone()
                } else {
                    cell
                }
            }
            (Coarser::Year, Cell::Date(days)) => {
                Cell::Integer(i64::from(CivilDate::from_days(i64::from(days)).year()))
            }
            (Coarser::Prefix(_) | Coarser::Year, _) => Cell::Null,
        }
    }
}

fn fits(cell: &Cell<'_>, kind: ColumnType) -> bool {
    matches!(
        (cell, kind),
        (Cell::Text(_), ColumnType::Text)
            | (Cell::Integer(_), ColumnType::Integer)
            | (Cell::Decimal(_), ColumnType::Decimal { .. })
            | (Cell::Float(_), ColumnType::Float)
            | (Cell::Date(_), ColumnType::Date)
            | (Cell::Bool(_), ColumnType::Bool)
    )
}

pub(super) fn not_usable(column: &str, problem: &str) -> Refusal {
    Refusal::unmet("recipe_not_usable")
        .fact("column", column)
        .fact("problem", problem)
}
