//! From values to Arrow columns to encoded Parquet files, and back to values.

use std::{borrow::Cow, sync::Arc};

use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder,
        Int64Builder, RecordBatch, StringBuilder,
    },
    datatypes::{DataType, Date32Type, Decimal128Type, Field, Float64Type, Int64Type, Schema, SchemaRef},
    error::ArrowError,
};
use parquet::{
    arrow::ArrowWriter, basic::Compression, errors::ParquetError, file::properties::WriterProperties,
};
use shuyu_kernel::Digest;

use super::{
    cell::Cell,
    spec::{ColumnType, DECIMAL_PRECISION, TableSpec, UNIT_COLUMN},
};
use crate::limits::{BATCH_BYTES, BATCH_ROWS, FILE_BYTES, FILE_ROWS, GROUP_BYTES};

/// A Parquet file, encoded and not yet written.
pub(crate) struct EncodedFile {
    /// The clear bytes.
    pub(crate) bytes: Vec<u8>,
    /// Rows within.
    pub(crate) rows: u64,
    /// SM3 of the clear bytes.
    pub(crate) digest: Digest,
}

/// Gathers rows into Arrow batches.
pub(crate) struct Builders {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    unit: Option<Int64Builder>,
    rows: usize,
    bytes: usize,
}

enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Decimal128Builder, u8),
    Float(Float64Builder),
    Date(Date32Builder),
    Bool(BooleanBuilder),
}

/// The Arrow type of a column.
pub(crate) fn arrow_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal { scale } => DataType::Decimal128(DECIMAL_PRECISION, scale.cast_signed()),
        ColumnType::Float => DataType::Float64,
        ColumnType::Date => DataType::Date32,
        ColumnType::Bool => DataType::Boolean,
    }
}

/// The Arrow schema of a table; `with_unit` adds the hidden unit column at the end. All columns may be null in
/// the files: that a value is required is enforced at ingest, and derived tables may differ.
pub(crate) fn arrow_schema(spec: &TableSpec, with_unit: bool) -> SchemaRef {
    let columns = spec
        .columns
        .iter()
        .map(|column| Field::new(&column.name, arrow_type(column.kind), true));
    let unit = with_unit.then(|| Field::new(UNIT_COLUMN, DataType::Int64, true));
    Arc::new(Schema::new(columns.chain(unit).collect::<Vec<_>>()))
}

impl Builders {
    /// Builders for a table.
    pub(crate) fn new(spec: &TableSpec, with_unit: bool) -> Self {
        let columns = spec
            .columns
            .iter()
            .map(|column| ColumnBuilder::new(column.kind))
            .collect();
        let unit = with_unit.then(Int64Builder::new);
        Self {
            schema: arrow_schema(spec, with_unit),
            columns,
            unit,
            rows: 0,
            bytes: 0,
        }
    }
    /// The Arrow schema of the batches.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
    /// Rows gathered since the last batch.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }
    /// Whether a batch is full, by rows or by bytes of values.
    pub(crate) fn full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }
    /// Whether the batch is full of bytes before it is full of rows.
    pub(crate) fn wide(&self) -> bool {
        self.bytes >= BATCH_BYTES
    }
    /// Adds a row. A cell of another type than its column is stored as missing; callers parse by type.
    pub(crate) fn append(&mut self, cells: &[Cell<'_>], unit: Option<i64>) {
        for (builder, cell) in self.columns.iter_mut().zip(cells) {
            builder.append(cell);
            self.bytes += match cell {
                Cell::Text(text) => text.len() + size_of::<i32>(),
                _ => size_of::<i128>(),
            };
        }
        if let Some(builder) = &mut self.unit {
            builder.append_option(unit);
        }
        self.rows += 1;
    }
    /// The gathered rows as a batch; starts anew.
    pub(crate) fn finish(&mut self) -> Result<RecordBatch, ArrowError> {
        let mut arrays = Vec::with_capacity(self.columns.len() + 1);
        for builder in &mut self.columns {
            arrays.push(builder.finish()?);
        }
        if let Some(builder) = &mut self.unit {
            arrays.push(Arc::new(builder.finish()));
        }
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new(self.schema.clone(), arrays)
    }
}

impl ColumnBuilder {
    fn new(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Text => Self::Text(StringBuilder::new()),
            ColumnType::Integer => Self::Integer(Int64Builder::new()),
            ColumnType::Decimal { scale } => Self::Decimal(Decimal128Builder::new(), scale),
            ColumnType::Float => Self::Float(Float64Builder::new()),
            ColumnType::Date => Self::Date(Date32Builder::new()),
            ColumnType::Bool => Self::Bool(BooleanBuilder::new()),
        }
    }

    fn append(&mut self, cell: &Cell<'_>) {
        match (self, cell) {
            (Self::Text(builder), Cell::Text(text)) => builder.append_value(text),
            (Self::Text(builder), _) => builder.append_null(),
            (Self::Integer(builder), Cell::Integer(number)) => builder.append_value(*number),
            (Self::Integer(builder), _) => builder.append_null(),
            (Self::Decimal(builder, _), Cell::Decimal(number)) => builder.append_value(*number),
            (Self::Decimal(builder, _), _) => builder.append_null(),
            (Self::Float(builder), Cell::Float(number)) => builder.append_value(*number),
            (Self::Float(builder), _) => builder.append_null(),
            (Self::Date(builder), Cell::Date(days)) => builder.append_value(*days),
            (Self::Date(builder), _) => builder.append_null(),
            (Self::Bool(builder), Cell::Bool(value)) => builder.append_value(*value),
            (Self::Bool(builder), _) => builder.append_null(),
        }
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        Ok(match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder, scale) => {
                let array = builder.finish();
                Arc::new(array.with_precision_and_scale(DECIMAL_PRECISION, scale.cast_signed())?)
            }
            Self::Float(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Bool(builder) => Arc::new(builder.finish()),
        })
    }
}

/// The value at `row` of an array that this crate wrote for a column of type `kind`.
pub(crate) fn cell_at(array: &dyn Array, row: usize, kind: ColumnType) -> Cell<'_> {
    if row >= array.len() || array.is_null(row) {
        return Cell::Null;
    }
    let cell = match kind {
        ColumnType::Text => array
            .as_string_opt::<i32>()
            .map(|values| Cell::Text(Cow::Borrowed(values.value(row)))),
        ColumnType::Integer => array
            .as_primitive_opt::<Int64Type>()
            .map(|values| Cell::Integer(values.value(row))),
        ColumnType::Decimal { .. } => array
            .as_primitive_opt::<Decimal128Type>()
            .map(|values| Cell::Decimal(values.value(row))),
        ColumnType::Float => array
            .as_primitive_opt::<Float64Type>()
            .map(|values| Cell::Float(values.value(row))),
        ColumnType::Date => array
            .as_primitive_opt::<Date32Type>()
            .map(|values| Cell::Date(values.value(row))),
        ColumnType::Bool => array.as_boolean_opt().map(|values| Cell::Bool(values.value(row))),
    };
    cell.unwrap_or(Cell::Null)
}

/// Cuts a stream of batches into Parquet files of about [`FILE_ROWS`] rows or [`FILE_BYTES`] bytes.
pub(crate) struct FileCutter {
    schema: SchemaRef,
    open: Option<(ArrowWriter<Vec<u8>>, u64)>,
    uncut: bool,
}

impl FileCutter {
    /// A cutter for batches of this schema.
    pub(crate) fn new(schema: SchemaRef) -> Self {
        Self {
            schema,
            open: None,
            uncut: false,
        }
    }

    /// The same that gives one file at the end: for what was one file before.
    pub(crate) fn uncut(schema: SchemaRef) -> Self {
        Self {
            uncut: true,
            ..Self::new(schema)
        }
    }

    /// Takes a batch; gives a file when one is full. A `wide` batch ends its row group, so that no reader's batch
    /// of [`BATCH_ROWS`] rows holds more than three of ours; so do [`GROUP_BYTES`], since a row group is in memory
    /// twice when it ends, and as a whole when it is read.
    pub(crate) fn write(
        &mut self,
        batch: &RecordBatch,
        wide: bool,
    ) -> Result<Option<EncodedFile>, ParquetError> {
        let (writer, rows) = match &mut self.open {
            Some(open) => open,
            None => {
                let writer = ArrowWriter::try_new(Vec::new(), self.schema.clone(), Some(properties()))?;
                self.open.insert((writer, 0))
            }
        };
        writer.write(batch)?;
        if wide || writer.in_progress_size() >= GROUP_BYTES {
            writer.flush()?;
        }
        *rows += batch.num_rows() as u64;
        let size = writer.bytes_written() + writer.in_progress_size();
        if !self.uncut && (*rows >= FILE_ROWS as u64 || size >= FILE_BYTES) {
            self.finish()
        } else {
            Ok(None)
        }
    }

    /// The file that is open, if any.
    pub(crate) fn finish(&mut self) -> Result<Option<EncodedFile>, ParquetError> {
        let Some((writer, rows)) = self.open.take() else {
            return Ok(None);
        };
        let bytes = writer.into_inner()?;
        let digest = Digest::of(&bytes);
        Ok(Some(EncodedFile { bytes, rows, digest }))
    }
}

fn properties() -> WriterProperties {
    WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_created_by("shuyu-lake".to_owned())
        .build()
}
