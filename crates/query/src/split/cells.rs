//! Puts the results of the lower plans together: one batch of cells, sorted by key.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, RecordBatch, UInt32Array},
    compute,
    datatypes::{DataType, Schema},
    row::{RowConverter, SortField},
};
use datafusion::common::Result;

/// Most cells of one release, before the gate.
pub(crate) const MAX_CELLS: usize = 200_000;

/// The main batch with the columns of the further batches for the same keys.
///
/// # Errors
/// When batches do not fit each other.
pub(crate) fn together(main: RecordBatch, further: Vec<RecordBatch>, keys: usize) -> Result<RecordBatch> {
    let order = rows_by_key(&main, keys)?;
    let sorted = UInt32Array::from_iter_values(order.values().copied());
    let mut fields = main.schema().fields().to_vec();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for column in main.columns() {
        columns.push(compute::take(column, &sorted, None)?);
    }
    for batch in further {
        let theirs = rows_by_key(&batch, keys)?;
        let rows: UInt32Array = order.keys().map(|key| theirs.get(key).copied()).collect();
        for (index, column) in batch.columns().iter().enumerate().skip(keys) {
            let field = batch.schema().field(index).clone().with_nullable(true);
            fields.push(Arc::new(field));
            columns.push(compute::take(column, &rows, None)?);
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

fn rows_by_key(batch: &RecordBatch, keys: usize) -> Result<BTreeMap<Vec<u8>, u32>> {
    if keys == 0 {
        return Ok((0..batch.num_rows() as u32)
            .map(|row| (row.to_be_bytes().to_vec(), row))
            .collect());
    }
    let columns = &batch.columns()[..keys];
    let fields = columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()));
    let rows = RowConverter::new(fields.collect())?.convert_columns(columns)?;
    Ok(rows
        .iter()
        .zip(0u32..)
        .map(|(key, row)| (key.as_ref().to_vec(), row))
        .collect())
}

/// The batch with its columns in the types the upper plan was planned with.
///
/// # Errors
/// When a column has another type that does not cast.
pub(crate) fn in_types(batch: &RecordBatch, schema: &Arc<Schema>) -> Result<RecordBatch> {
    let cast = |(column, wanted): (&ArrayRef, &DataType)| -> Result<ArrayRef> {
        if column.data_type() == wanted {
            Ok(Arc::clone(column))
        } else {
            Ok(compute::cast(column, wanted)?)
        }
    };
    let wanted = schema.fields().iter().map(|field| field.data_type());
    let columns = batch
        .columns()
        .iter()
        .zip(wanted)
        .map(cast)
        .collect::<Result<Vec<_>>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}
