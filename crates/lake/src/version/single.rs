//! Rows as one Parquet file in memory, for whoever may see them outside the lake: the sandbox.

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use parquet::arrow::ArrowWriter;
use shuyu_kernel::Fault;

/// A Parquet file that grows in memory. What it holds is in the clear.
pub struct ParquetBytes(ArrowWriter<Vec<u8>>);

impl ParquetBytes {
    /// An empty file of this schema.
    ///
    /// # Errors
    /// A fault if the schema has no Parquet form.
    pub fn new(schema: SchemaRef) -> Result<Self, Fault> {
        let writer = ArrowWriter::try_new(Vec::new(), schema, None);
        writer.map(Self).map_err(failed)
    }

    /// Adds rows, and tells how many bytes the file has or will have at least.
    ///
    /// # Errors
    /// A fault if the batch has another schema.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<usize, Fault> {
        self.0.write(batch).map_err(failed)?;
        Ok(self.0.bytes_written() + self.0.in_progress_size())
    }

    /// The whole file.
    ///
    /// # Errors
    /// A fault if it cannot be ended.
    pub fn finish(self) -> Result<Vec<u8>, Fault> {
        self.0.into_inner().map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> Fault {
    Fault::new("writing an input", error.to_string())
}
