//! Rows of an older version under the columns of a newer one.

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, new_null_array},
    compute::{CastOptions, cast_with_options},
    datatypes::{DataType, Field, Int64Type, SchemaRef},
};
use shuyu_kernel::{Fault, Refusal};

use crate::error::{LakeError, fault};

/// Whole numbers up to this size are exact as a double (IEEE 754: 53 bits).
const EXACT_AS_FLOAT: u64 = 1 << 53;

/// The batch with exactly these columns: one that it does not have is missing in every row.
///
/// # Errors
/// A fault when the arrays do not fit the schema.
pub(crate) fn filled(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, Fault> {
    let column = |field: &Field| {
        let own = batch.column_by_name(field.name());
        own.cloned()
            .unwrap_or_else(|| new_null_array(field.data_type(), batch.num_rows()))
    };
    let columns = schema.fields().iter().map(|field| column(field)).collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema.clone(), columns, &options).map_err(fault("reading a data file"))
}

/// The same, with types widened.
///
/// # Errors
/// Refuses `widening_not_exact` when a value has no exact form in the wider type.
pub(crate) fn recast(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, LakeError> {
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        columns.push(match batch.column_by_name(field.name()) {
            None => new_null_array(field.data_type(), batch.num_rows()),
            Some(own) if own.data_type() == field.data_type() => own.clone(),
            Some(own) => widened(own, field)?,
        });
    }
    let made = RecordBatch::try_new(schema.clone(), columns);
    Ok(made.map_err(fault("widening a column"))?)
}

fn widened(own: &ArrayRef, field: &Field) -> Result<ArrayRef, LakeError> {
    let not_exact = || Refusal::unmet("widening_not_exact").fact("column", field.name());
    let to = field.data_type();
    if let (Some(numbers), DataType::Float64) = (own.as_primitive_opt::<Int64Type>(), to)
        && numbers
            .iter()
            .flatten()
            .any(|n| n.unsigned_abs() > EXACT_AS_FLOAT)
    {
        return Err(not_exact().into());
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    Ok(cast_with_options(own, to, &options).map_err(|_| not_exact())?)
}
