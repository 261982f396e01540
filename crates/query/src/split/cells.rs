//! Puts the results of the lower plans together: one batch of cells, sorted by key.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{Array, ArrayRef, BooleanArray, Float64Array, RecordBatch, RecordBatchOptions, UInt32Array},
    compute,
    datatypes::{DataType, Field, Schema},
    row::{RowConverter, SortField},
};
use datafusion::common::Result;
use shuyu_privacy::GateOutcome;

/// Most cells of one release, before the gate.
pub(crate) const MAX_CELLS: usize = 200_000;

/// The main batch with the columns of the further batches for the same keys.
///
/// # Errors
/// When batches do not fit each other.
pub(crate) fn together(main: RecordBatch, further: Vec<RecordBatch>, keys: usize) -> Result<RecordBatch> {
    let order = places(&main, keys)?;
    let sorted = UInt32Array::from_iter_values(order.values().copied());
    let mut fields = main.schema().fields().to_vec();
    let mut columns: Vec<ArrayRef> = Vec::new();
    for column in main.columns() {
        columns.push(compute::take(column, &sorted, None)?);
    }
    for batch in further {
        let theirs = places(&batch, keys)?;
        let rows: UInt32Array = order.keys().map(|key| theirs.get(key).copied()).collect();
        for (index, column) in batch.columns().iter().enumerate().skip(keys) {
            let field = batch.schema().field(index).clone().with_nullable(true);
            fields.push(Arc::new(field));
            columns.push(compute::take(column, &rows, None)?);
        }
    }
    Ok(RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?)
}

/// The rows, each with its key, in the order of the rows.
pub(crate) fn rows_by_key(columns: &[ArrayRef]) -> Result<Vec<(u32, Vec<u8>)>> {
    let fields = columns
        .iter()
        .map(|column| SortField::new(column.data_type().clone()));
    let rows = RowConverter::new(fields.collect())?.convert_columns(columns)?;
    Ok((0u32..)
        .zip(rows.iter())
        .map(|(row, key)| (row, key.as_ref().to_vec()))
        .collect())
}

fn places(batch: &RecordBatch, keys: usize) -> Result<BTreeMap<Vec<u8>, u32>> {
    if keys == 0 {
        return Ok((0..batch.num_rows() as u32)
            .map(|row| (row.to_be_bytes().to_vec(), row))
            .collect());
    }
    let rows = rows_by_key(&batch.columns()[..keys])?;
    Ok(rows.into_iter().map(|(row, key)| (key, row)).collect())
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
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        columns,
        &options,
    )?)
}

/// The cells of one grouping that left, with the answers to their figures in place of the exact values. `answers` holds,
/// by figure and by cell that went in, what leaves, `stays` whether it was to leave, `figures` their types
/// and whether they say something of the rows. A cell of which nothing leaves that was there is gone, and with `only_told`
/// one of which nothing leaves. Only keys and figures are left.
///
/// # Errors
/// When a column does not take a number.
pub(crate) fn answered(
    outcome: &GateOutcome,
    keys: usize,
    stays: &[Vec<bool>],
    answers: &[Vec<Option<f64>>],
    figures: &[(&DataType, bool)],
    only_told: bool,
) -> Result<RecordBatch> {
    let visible = &outcome.visible;
    let places: Vec<usize> = (0..outcome.kept.len())
        .filter(|place| outcome.kept.get(*place) == Some(&true))
        .collect();
    let mut fields: Vec<Field> = visible.schema().fields()[..keys]
        .iter()
        .map(|field| field.as_ref().clone())
        .collect();
    let mut columns = visible.columns()[..keys].to_vec();
    for (index, (answers, (wanted, _))) in answers.iter().zip(figures).enumerate() {
        let leaves = |place: &usize| {
            let value = answers.get(*place).copied().flatten();
            if wanted.is_integer() {
                value.map(f64::round)
            } else {
                value
            }
        };
        let numbers: Float64Array = if places.is_empty() && keys == 0 {
            // Without keys there is one row, whatever there is.
            Float64Array::from(vec![None])
        } else {
            places.iter().map(leaves).collect()
        };
        fields.push(Field::new(format!("figure{index}"), (*wanted).clone(), true));
        columns.push(compute::cast(&numbers, wanted)?);
    }
    let there = |place: &usize| {
        let told = answers.iter().zip(stays).zip(figures);
        let told = told.filter(|(_, (_, of_rows))| *of_rows);
        let told = told.map(|((answers, stays), _)| {
            let stays = stays.get(*place) == Some(&true);
            (stays, answers.get(*place).copied().flatten().is_some())
        });
        let told: Vec<(bool, bool)> = told.collect();
        let lost = told.iter().any(|(stays, answered)| *stays && !answered);
        told.iter().any(|(_, answered)| *answered) || !lost && !only_told
    };
    let rows = if keys == 0 { 1 } else { places.len() };
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), columns, &options)?;
    if keys == 0 {
        return Ok(batch);
    }
    let mask: BooleanArray = places.iter().map(|place| Some(there(place))).collect();
    Ok(compute::filter_record_batch(&batch, &mask)?)
}
