//! The rows a permit gives of a table (row policy). They are taken where batches come from the port, below the engine
//! underneath: no plan, optimizer, statistic or error of it ever sees another row.

use arrow::{
    array::{Array, AsArray, BooleanArray, RecordBatch},
    compute::{cast, filter_record_batch},
    datatypes::{DataType, Schema},
    error::ArrowError,
};
use shuyu_kernel::RowScope;
use shuyu_privacy::{ColumnGrant, TableGrant};

/// Columns that are read for a scope, and dropped before anybody sees them.
pub fn with_scope_column(columns: &[String], scope: Option<&RowScope>) -> Vec<String> {
    let mut all = columns.to_vec();
    let scope = scope.filter(|scope| !columns.contains(&scope.column));
    all.extend(scope.map(|scope| scope.column.clone()));
    all
}

/// The rows of a batch that are in scope, with its first `width` columns only.
///
/// # Errors
/// When the batch lacks the column, or it cannot be written as text.
pub fn in_scope(
    batch: &RecordBatch,
    scope: Option<&RowScope>,
    width: usize,
) -> Result<RecordBatch, ArrowError> {
    let Some(scope) = scope else {
        return Ok(batch.clone());
    };
    let column = batch.column_by_name(&scope.column);
    let column = column.ok_or_else(|| ArrowError::SchemaError("no column for the rows".to_owned()))?;
    let texts = cast(column, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let held: BooleanArray = (0..texts.len())
        .map(|at| Some(texts.is_valid(at) && scope.holds(texts.value(at))))
        .collect();
    let columns: Vec<usize> = (0..width).collect();
    filter_record_batch(&batch.project(&columns)?, &held)
}

/// Whether rows can be told apart by this column as it is stored.
pub(crate) fn can_scope(stored: &Schema, grant: &TableGrant) -> bool {
    let Some(scope) = &grant.rows else {
        return true;
    };
    // Who somebody is tells no rows apart: a scope is of a group.
    let names = |column: &ColumnGrant| column.unit || column.domain.is_some();
    if grant.columns.get(&scope.column).is_some_and(names) {
        return false;
    }
    let kind = stored
        .field_with_name(&scope.column)
        .map(|field| field.data_type());
    kind.is_ok_and(|kind| kind.is_integer() || kind.is_string() || *kind == DataType::Date32)
}
