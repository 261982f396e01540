//! Masking from outside: the lake streams, somebody else says what becomes of each batch.
//!
//! The lake knows no recipe language and no keys of pseudonyms; it takes what makes a batch of another and keeps
//! the recipe in the processing record, so that a version can be made again.

use std::fmt;

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, SchemaRef},
};
use serde_json::Value as Json;
use shuyu_kernel::{Fault, Refusal};

use crate::table::{ColumnSpec, ColumnType, TableSpec, UNIT_COLUMN};

/// Makes a masked batch of each batch of a table. The hidden unit must stay, and rows keep their number and order.
pub trait Masking: Send + Sync {
    /// Columns of the result, hidden ones included.
    fn schema(&self) -> SchemaRef;
    /// Whether a column of the result is the column of that name of the source, value by value.
    fn untouched(&self, column: &str) -> bool;
    /// Masks one batch.
    ///
    /// # Errors
    /// A batch that is not of the table's schema.
    fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, Fault>;
    /// The recipe, for the processing record.
    fn recipe(&self) -> Json;
}

impl fmt::Debug for dyn Masking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masking(..)")
    }
}

/// The table after masking: an untouched column keeps its rules, a changed one has only its new type.
pub(super) fn masked_table(source: &TableSpec, masking: &dyn Masking) -> Result<TableSpec, Refusal> {
    let schema = masking.schema();
    let visible = schema.fields().iter().filter(|field| field.name() != UNIT_COLUMN);
    let columns = visible.map(|field| {
        let before = source.columns.iter().find(|column| column.name == *field.name());
        match before {
            Some(column) if masking.untouched(field.name()) => Ok(column.clone()),
            _ => column_type(field.data_type())
                .map(|kind| ColumnSpec::new(field.name(), kind))
                .ok_or_else(|| super::generalise::not_usable(field.name(), "type")),
        }
    });
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let whole = source.key.iter().all(|name| masking.untouched(name));
    let key = if whole { source.key.clone() } else { Vec::new() };
    Ok(TableSpec { columns, key })
}

/// The type of a column of the lake that is stored as this Arrow type.
fn column_type(kind: &DataType) -> Option<ColumnType> {
    Some(match kind {
        DataType::Utf8 => ColumnType::Text,
        DataType::Int64 => ColumnType::Integer,
        DataType::Decimal128(_, scale) => ColumnType::Decimal {
            scale: u8::try_from(*scale).ok()?,
        },
        DataType::Float64 => ColumnType::Float,
        DataType::Date32 => ColumnType::Date,
        DataType::Boolean => ColumnType::Bool,
        _ => return None,
    })
}
