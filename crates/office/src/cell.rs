//! Cells and their addresses.

use shuyu_kernel::CivilDate;

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub enum CellValue {
    /// Words.
    Text(String),
    /// A number; whole ones have no fraction.
    Number(f64),
    /// A day, shown as one by the format of the cell.
    Date(CivilDate),
    /// A day with a time of day, or a duration: as text.
    Moment(String),
    /// True or false.
    Flag(bool),
    /// `#N/A` and its kin.
    Error(String),
}

impl CellValue {
    /// The text that a person would type for it.
    pub fn text(&self) -> String {
        match self {
            Self::Text(text) | Self::Moment(text) | Self::Error(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Date(date) => date.to_string(),
            Self::Flag(true) => "true".to_owned(),
            Self::Flag(false) => "false".to_owned(),
        }
    }
}

/// A cell with a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What stands in it; of a formula what was last computed.
    pub value: CellValue,
    /// It is computed by a formula.
    pub formula: bool,
}

/// A rectangle of cells that are merged into one. Rows from 1, columns from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// First row.
    pub first_row: u32,
    /// Last row.
    pub last_row: u32,
    /// First column.
    pub first_column: u32,
    /// Last column.
    pub last_column: u32,
}

/// The letters of a column, from 0: `A`, `Z`, `AA`.
pub fn column_letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut rest = column;
    loop {
        letters.push(char::from(b'A' + (rest % 26) as u8));
        match rest / 26 {
            0 => break,
            more => rest = more - 1,
        }
    }
    letters.iter().rev().collect()
}

/// The address of a cell as people write it: `B7`. Row from 1, column from 0.
pub fn address(row: u32, column: u32) -> String {
    format!("{}{row}", column_letters(column))
}
