//! Snapshots of the lake as tables, for the engine and for bare DataFusion alike.

use std::{collections::BTreeMap, sync::Arc};

use arrow::{
    array::{AsArray as _, RecordBatch, RecordBatchOptions},
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt64Type},
};
use futures::{StreamExt as _, stream, stream::BoxStream};
use shuyu_kernel::Fault;
use shuyu_lake::Snapshot;
use shuyu_privacy::TableGrant;
use shuyu_query::{Tables, UNIT_COLUMN};

/// Pinned snapshots by name of the table.
pub(super) struct Pinned(pub(super) BTreeMap<String, Snapshot>);

impl Pinned {
    fn snapshot(&self, table: &str) -> Result<&Snapshot, Fault> {
        self.0
            .get(table)
            .ok_or_else(|| Fault::new("opening a table", "it was not pinned"))
    }
}

impl Tables for Pinned {
    fn schema(&self, table: &str, _grant: &TableGrant) -> Result<SchemaRef, Fault> {
        Ok(unsigned(&self.snapshot(table)?.schema()))
    }

    fn scan(
        &self,
        table: &str,
        _grant: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>> {
        let wanted = projection.to_vec();
        let opened = self.snapshot(table).and_then(|snapshot| {
            snapshot
                .scan(Some(projection))
                .map_err(|error| Fault::new("reading a table", error))
        });
        match opened {
            Ok(batches) => batches
                .map(move |batch| batch.and_then(|batch| as_asked(&batch, &wanted)))
                .boxed(),
            Err(fault) => stream::once(async move { Err(fault) }).boxed(),
        }
    }
}

/// The columns in the order asked for, units unsigned.
fn as_asked(batch: &RecordBatch, wanted: &[String]) -> Result<RecordBatch, Fault> {
    let failed = |error| Fault::new("reading a table", error);
    let positions: Result<Vec<usize>, _> = wanted.iter().map(|name| batch.schema().index_of(name)).collect();
    let batch = batch.project(&positions.map_err(failed)?).map_err(failed)?;
    let schema = unsigned(&batch.schema());
    let mut columns = batch.columns().to_vec();
    for (field, column) in schema.fields().iter().zip(&mut columns) {
        if field.name() == UNIT_COLUMN
            && let Some(stored) = column.as_primitive_opt::<Int64Type>()
        {
            *column = Arc::new(stored.unary::<_, UInt64Type>(i64::cast_unsigned));
        }
    }
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, columns, &options).map_err(failed)
}

/// The lake stores the 64 bits of a unit as a signed number; the engine wants them unsigned.
fn unsigned(stored: &SchemaRef) -> SchemaRef {
    let fields = stored.fields().iter().map(|field| match field.name().as_str() {
        UNIT_COLUMN => Arc::new(Field::new(UNIT_COLUMN, DataType::UInt64, field.is_nullable())),
        _ => field.clone(),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
