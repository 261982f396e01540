//! Reading the rows of a version.

use std::{collections::BTreeSet, ops::Range, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use parquet::{
    arrow::{
        ParquetRecordBatchStreamBuilder, ProjectionMask, arrow_reader::ArrowReaderOptions,
        async_reader::AsyncFileReader,
    },
    errors::{ParquetError, Result as ParquetResult},
    file::metadata::{ParquetMetaData, ParquetMetaDataReader},
};
use shuyu_kernel::{Fault, Refusal};

use super::{DatasetVersion, keep_others};
use crate::{
    error::{LakeError, fault},
    limits::BATCH_ROWS,
    table::{UNIT_COLUMN, arrow_schema, filled},
};

/// A pinned version with everything needed to read it. Later versions do not change what it reads.
#[derive(Debug, Clone)]
pub struct Snapshot {
    version: DatasetVersion,
    schema: SchemaRef,
    store: Arc<dyn ObjectStore>,
    /// Units of subjects that are being erased: their rows are skipped.
    hidden: Arc<BTreeSet<i64>>,
}

impl Snapshot {
    pub(crate) fn new(version: DatasetVersion, store: Arc<dyn ObjectStore>) -> Self {
        let schema = arrow_schema(&version.record.schema, version.record.unit.is_some());
        Self {
            version,
            schema,
            store,
            hidden: Arc::default(),
        }
    }
    /// The same without the rows of these units.
    pub(crate) fn hiding(mut self, units: BTreeSet<i64>) -> Self {
        self.hidden = Arc::new(units);
        self
    }
    /// The version.
    pub fn version(&self) -> &DatasetVersion {
        &self.version
    }
    /// The Arrow schema, with the hidden unit column last when the table has units.
    pub fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }
    /// Rows in this version.
    pub fn row_count(&self) -> u64 {
        self.version.rows
    }
    /// The store that opens the files; paths come from [`Snapshot::paths`].
    pub fn store(&self) -> Arc<dyn ObjectStore> {
        self.store.clone()
    }
    /// Paths of the version's files in the store, with their clear sizes in bytes.
    pub fn paths(&self) -> Vec<(Path, u64)> {
        let path = |name: &str| Path::from(format!("{}/{name}", self.version.dataset));
        self.version
            .files
            .iter()
            .map(|file| (path(&file.path), file.size_bytes))
            .collect()
    }

    /// The rows, file by file in order of path, in batches of at most 8,192 rows. `projection` names the
    /// columns wanted, in the table's order whatever order they are named in; all when `None`.
    ///
    /// # Errors
    /// Refuses `column_unknown`. A file that does not open ends the stream with a fault.
    pub fn scan(
        &self,
        projection: Option<&[String]>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, Fault>>, LakeError> {
        let columns = match projection {
            None => None,
            Some(names) => Some(
                names
                    .iter()
                    .map(|name| self.position(name))
                    .collect::<Result<Vec<_>, _>>()?,
            ),
        };
        if !self.hidden.is_empty() && self.version.record.unit.is_some() {
            return self.scan_hiding(columns);
        }
        let (store, wanted) = (self.store.clone(), self.wanted(columns)?);
        let files = stream::iter(self.paths())
            .then(move |(path, size)| file_batches(store.clone(), path, size, wanted.clone()));
        Ok(files.try_flatten().boxed())
    }

    /// Reads the unit as well, leaves out what is hidden, and gives what was asked for.
    fn scan_hiding(
        &self,
        columns: Option<Vec<usize>>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, Fault>>, LakeError> {
        let unit = self.position(UNIT_COLUMN)?;
        let (store, hidden) = (self.store.clone(), self.hidden.clone());
        let mut wider = columns.clone();
        if let Some(wider) = &mut wider {
            wider.push(unit);
        }
        // The unit is the last column of every table, so leaving it out leaves the others in their places.
        let asked_for_unit = columns.is_none_or(|columns| columns.contains(&unit));
        let wanted = self.wanted(wider)?;
        let files = stream::iter(self.paths())
            .then(move |(path, size)| file_batches(store.clone(), path, size, wanted.clone()));
        let batches = files.try_flatten().map(move |batch| {
            let batch = keep_others(&batch?, &hidden)?;
            if asked_for_unit {
                return Ok(batch);
            }
            let others: Vec<usize> = (0..batch.num_columns().saturating_sub(1)).collect();
            batch
                .project(&others)
                .map_err(|error| Fault::new("reading a data file", error))
        });
        Ok(batches.boxed())
    }

    /// The columns at these positions, once each and in the table's order; all when `None`.
    fn wanted(&self, columns: Option<Vec<usize>>) -> Result<SchemaRef, Fault> {
        let Some(columns) = columns else {
            return Ok(self.schema.clone());
        };
        let columns: Vec<usize> = columns.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
        let wanted = self
            .schema
            .project(&columns)
            .map_err(fault("reading a data file"))?;
        Ok(Arc::new(wanted))
    }

    fn position(&self, name: &str) -> Result<usize, Refusal> {
        self.schema
            .index_of(name)
            .map_err(|_| Refusal::unmet("column_unknown").fact("column", name))
    }
}

async fn file_batches(
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
    wanted: SchemaRef,
) -> Result<BoxStream<'static, Result<RecordBatch, Fault>>, Fault> {
    let reader = FileReader { store, path, size };
    let builder = ParquetRecordBatchStreamBuilder::new(reader)
        .await
        .map_err(fault("opening a data file"))?;
    // A file that is older than a column does not have it.
    let stored = builder.schema().fields().iter().enumerate();
    let read = stored.filter(|(_, field)| wanted.column_with_name(field.name()).is_some());
    let mask = ProjectionMask::roots(builder.parquet_schema(), read.map(|(position, _)| position));
    let batches = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    let batches = batches.map_err(fault("opening a data file"))?;
    Ok(batches
        .map(move |batch| {
            let batch = batch.map_err(fault("reading a data file"))?;
            if batch.num_columns() == wanted.fields().len() {
                return Ok(batch);
            }
            filled(&batch, &wanted)
        })
        .boxed())
}

/// A data file as the Parquet reader wants it.
struct FileReader {
    store: Arc<dyn ObjectStore>,
    path: Path,
    size: u64,
}

impl AsyncFileReader for FileReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, ParquetResult<Bytes>> {
        self.store
            .get_range(&self.path, range)
            .map(|read| read.map_err(external))
            .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, ParquetResult<Vec<Bytes>>> {
        async move { self.store.get_ranges(&self.path, &ranges).await.map_err(external) }.boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, ParquetResult<Arc<ParquetMetaData>>> {
        async move {
            let options = options.map(|options| options.metadata_options().clone());
            let reader = ParquetMetaDataReader::new().with_metadata_options(options);
            let size = self.size;
            Ok(Arc::new(reader.load_and_finish(self, size).await?))
        }
        .boxed()
    }
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}
