//! Made-up tables as the engines read them: of the types that real ones have.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{
        ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, RecordBatchOptions,
        StringArray, UInt64Array, new_null_array,
    },
    compute::cast,
    datatypes::{Field, Schema, SchemaRef},
};
use futures::{StreamExt as _, stream, stream::BoxStream};
use shuyu_app::port::TrialTable;
use shuyu_kernel::{Digest, Fault};
use shuyu_lake::ParquetBytes;
use shuyu_privacy::{
    TableGrant,
    dummy::{DummyTable, DummyValues},
};
use shuyu_query::{Tables, UNIT_COLUMN};

/// The values of a column.
pub fn array_of(values: &DummyValues) -> ArrayRef {
    match values {
        DummyValues::Bool(values) => Arc::new(BooleanArray::from(values.clone())),
        DummyValues::Integer(values) => Arc::new(Int64Array::from(values.clone())),
        DummyValues::Number(values) => Arc::new(Float64Array::from(values.clone())),
        DummyValues::Text(values) => Arc::new(StringArray::from(values.clone())),
        DummyValues::Date(values) => {
            let days = values
                .iter()
                .map(|day| day.and_then(|day| i32::try_from(day.days()).ok()));
            Arc::new(days.collect::<Date32Array>())
        }
    }
}

/// A made-up table as one Parquet file: a job reads it as it will read the real one.
pub fn parquet_of(table: &DummyTable) -> Result<Vec<u8>, Fault> {
    let columns: Vec<ArrayRef> = table
        .columns
        .iter()
        .map(|column| array_of(&column.values))
        .collect();
    let fields = table.columns.iter().zip(&columns);
    let fields = fields.map(|(column, array)| Field::new(&column.name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(schema.clone(), columns);
    let batch = batch.map_err(|error| Fault::new("writing a made-up table", error))?;
    let mut file = ParquetBytes::new(schema)?;
    file.write(&batch)?;
    file.finish()
}

/// Made-up tables as the query engine reads them: of the very schemas that the real ones have, so that a check says the
/// same about both.
pub struct DummyTables(BTreeMap<String, RecordBatch>);

impl DummyTables {
    /// Lays out the made-up rows by the schemas of the real tables. A column that nothing was made for is empty: the
    /// check lets nobody name it.
    ///
    /// # Errors
    /// A fault if a made-up value does not fit a real type.
    pub fn of(
        schemas: &BTreeMap<String, SchemaRef>,
        tables: &BTreeMap<String, TrialTable>,
    ) -> Result<Self, Fault> {
        let batch = |(name, schema): (&String, &SchemaRef)| {
            let made = tables.get(name);
            Ok((name.clone(), laid_out(schema, made)?))
        };
        let batches = schemas.iter().map(batch);
        batches.collect::<Result<_, Fault>>().map(Self)
    }
}

fn laid_out(schema: &SchemaRef, made: Option<&TrialTable>) -> Result<RecordBatch, Fault> {
    let failed = |error| Fault::new("laying out a made-up table", error);
    let rows = made.map_or(0, |made| made.table.len());
    let column = |field: &Arc<Field>| -> Result<ArrayRef, Fault> {
        let Some(made) = made else {
            return Ok(new_null_array(field.data_type(), 0));
        };
        if field.name() == UNIT_COLUMN {
            return Ok(Arc::new(units(made)));
        }
        let mut columns = made.table.columns.iter();
        match columns.find(|column| &column.name == field.name()) {
            Some(column) => cast(&array_of(&column.values), field.data_type()).map_err(failed),
            None => Ok(new_null_array(field.data_type(), rows)),
        }
    };
    let fields = schema.fields().iter();
    // What is never named may be missing here, whatever the real table says of it.
    let loose = fields.clone().map(|field| {
        let field = field.as_ref().clone();
        let sure = field.name() == UNIT_COLUMN && !field.is_nullable();
        field.with_nullable(!sure)
    });
    let loose = Arc::new(Schema::new(loose.collect::<Vec<_>>()));
    let columns = fields.map(column).collect::<Result<Vec<ArrayRef>, Fault>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(loose, columns, &options).map_err(failed)
}

/// Whom each row is about: rows with the same words in the columns that name a subject are about the same one.
fn units(made: &TrialTable) -> UInt64Array {
    let rows = made.table.rows();
    let named: Vec<usize> = made
        .unit
        .iter()
        .filter_map(|name| made.table.columns.iter().position(|column| &column.name == name))
        .collect();
    let unit = |row: &Vec<String>| {
        let words: Vec<&str> = named
            .iter()
            .filter_map(|at| row.get(*at))
            .map(String::as_str)
            .collect();
        Digest::of(words.join("\u{1f}").as_bytes()).first_64()
    };
    rows.iter().map(|row| Some(unit(row))).collect()
}

impl Tables for DummyTables {
    fn schema(&self, table: &str, _grant: &TableGrant) -> Result<SchemaRef, Fault> {
        let found = self.0.get(table).map(RecordBatch::schema);
        found.ok_or_else(|| Fault::new("opening a table", "it was not made up"))
    }

    fn scan(
        &self,
        table: &str,
        _grant: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>> {
        let failed = |error: String| Fault::new("reading a made-up table", error);
        let batch = self
            .0
            .get(table)
            .ok_or_else(|| failed("it was not made up".to_owned()));
        let projected = batch.and_then(|batch| {
            let position = |name: &String| batch.schema().index_of(name);
            let positions: Result<Vec<usize>, _> = projection.iter().map(position).collect();
            let positions = positions.map_err(|error| failed(error.to_string()))?;
            batch
                .project(&positions)
                .map_err(|error| failed(error.to_string()))
        });
        stream::once(async move { projected }).boxed()
    }
}
