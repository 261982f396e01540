//! Values and rows, the same for both databases.

use std::cmp::Ordering;

use super::DbError;

/// Type of a column. There are no others, so that one SQL text serves both databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CellType {
    /// 64-bit integer.
    Int,
    /// UTF-8 text, compared byte by byte.
    Text,
    /// Bytes.
    Blob,
}

/// A value of a column or of a placeholder.
#[derive(Debug, Clone)]
pub(crate) enum Cell {
    /// Nothing; PostgreSQL still wants to know of which type.
    Null(CellType),
    /// 64-bit integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes.
    Blob(Vec<u8>),
}

impl Cell {
    /// Text, or null.
    pub fn maybe_text(text: Option<&str>) -> Self {
        text.map_or(Cell::Null(CellType::Text), |text| Cell::Text(text.to_owned()))
    }

    /// The printed form of an id, a date or a digest.
    pub fn shown(value: impl std::fmt::Display) -> Self {
        Cell::Text(value.to_string())
    }

    /// 0 or 1.
    pub fn flag(yes: bool) -> Self {
        Cell::Int(i64::from(yes))
    }

    fn order(&self) -> (u8, i64, &[u8]) {
        match self {
            Cell::Null(_) => (0, 0, &[]),
            Cell::Int(number) => (1, *number, &[]),
            Cell::Text(text) => (2, 0, text.as_bytes()),
            Cell::Blob(bytes) => (3, 0, bytes),
        }
    }
}

impl From<u64> for Cell {
    /// Saturates: no count of ours comes near 2^63.
    fn from(number: u64) -> Self {
        Cell::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Cell::Int(number)
    }
}
impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Cell::Text(text.to_owned())
    }
}
impl From<String> for Cell {
    fn from(text: String) -> Self {
        Cell::Text(text)
    }
}
impl From<&[u8]> for Cell {
    fn from(bytes: &[u8]) -> Self {
        Cell::Blob(bytes.to_vec())
    }
}
impl From<shuyu_kernel::Digest> for Cell {
    fn from(digest: shuyu_kernel::Digest) -> Self {
        Cell::Blob(digest.0.to_vec())
    }
}

// Two nulls are the same value, whatever type the database reports for them.
impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}
impl Eq for Cell {}
impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order().cmp(&other.order())
    }
}

/// A row that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row(pub Vec<Cell>);

impl Row {
    fn cell(&self, column: usize) -> Result<&Cell, DbError> {
        self.0.get(column).ok_or(DbError::Shape { column })
    }

    /// The integer in this column, from 0.
    pub fn int(&self, column: usize) -> Result<i64, DbError> {
        match self.cell(column)? {
            Cell::Int(number) => Ok(*number),
            _ => Err(DbError::Shape { column }),
        }
    }

    /// The integer in this column, which is never negative.
    pub fn count(&self, column: usize) -> Result<u64, DbError> {
        u64::try_from(self.int(column)?).map_err(|_| DbError::Shape { column })
    }

    /// The integer in this column, or nothing; never negative.
    pub fn maybe_count(&self, column: usize) -> Result<Option<u64>, DbError> {
        if matches!(self.cell(column)?, Cell::Null(_)) {
            Ok(None)
        } else {
            self.count(column).map(Some)
        }
    }

    /// The text in this column.
    pub fn text(&self, column: usize) -> Result<&str, DbError> {
        match self.cell(column)? {
            Cell::Text(text) => Ok(text),
            _ => Err(DbError::Shape { column }),
        }
    }

    /// The text in this column, or nothing.
    pub fn maybe_text(&self, column: usize) -> Result<Option<&str>, DbError> {
        if matches!(self.cell(column)?, Cell::Null(_)) {
            Ok(None)
        } else {
            self.text(column).map(Some)
        }
    }

    /// The text in this column as an id, a date or a digest.
    pub fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T, DbError> {
        self.text(column)?.parse().map_err(|_| DbError::Shape { column })
    }

    /// The same, or nothing.
    pub fn maybe_parsed<T: std::str::FromStr>(&self, column: usize) -> Result<Option<T>, DbError> {
        match self.maybe_text(column)? {
            Some(text) => text.parse().map(Some).map_err(|_| DbError::Shape { column }),
            None => Ok(None),
        }
    }

    /// The text in this column as JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self, column: usize) -> Result<T, DbError> {
        serde_json::from_str(self.text(column)?).map_err(|_| DbError::Shape { column })
    }

    /// The bytes in this column.
    pub fn blob(&self, column: usize) -> Result<&[u8], DbError> {
        match self.cell(column)? {
            Cell::Blob(bytes) => Ok(bytes),
            _ => Err(DbError::Shape { column }),
        }
    }

    /// The digest in this column.
    pub fn digest(&self, column: usize) -> Result<shuyu_kernel::Digest, DbError> {
        let bytes = self
            .blob(column)?
            .try_into()
            .map_err(|_| DbError::Shape { column })?;
        Ok(shuyu_kernel::Digest(bytes))
    }
}
