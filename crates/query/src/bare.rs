//! DataFusion without permit, check and gate: the yardstick of `shuyu bench`. Only under feature `bench`; no
//! server is ever built with it.

use std::{collections::BTreeMap, num::NonZeroUsize, path::Path, sync::Arc};

use arrow::{array::AsArray, array::RecordBatch, datatypes::UInt64Type};
use datafusion::{
    common::{DataFusionError, config::TableParquetOptions},
    dataframe::DataFrameWriteOptions,
    prelude::{CsvReadOptions, SessionConfig, SessionContext},
};
use shuyu_kernel::Fault;
use shuyu_privacy::TableGrant;
use tokio_util::sync::CancellationToken;

use crate::{
    Tables,
    provider::{GovernedTable, Source},
};

/// Rows that DataFusion reads before it decides on types: as many as the lake reads.
const SAMPLE_ROWS: usize = 50_000;

/// A session as it comes, with this many parallel parts.
fn session(partitions: NonZeroUsize) -> SessionContext {
    SessionContext::new_with_config(SessionConfig::new().with_target_partitions(partitions.get()))
}

/// Answers a query over the same scan of the same tables that the engine reads, without anything of ours in
/// between. Planning is included, as it is in [`crate::Engine::check`].
///
/// # Errors
/// When DataFusion or the tables fail.
pub async fn ask(
    sql: &str,
    tables: &Arc<dyn Tables>,
    grants: &BTreeMap<String, TableGrant>,
    partitions: NonZeroUsize,
) -> Result<Vec<RecordBatch>, Fault> {
    let failed = |error: DataFusionError| Fault::new("asking without a gate", error);
    let session = session(partitions);
    for (name, grant) in grants {
        let table = GovernedTable {
            name: name.clone(),
            grant: grant.clone(),
            schema: tables.schema(name, grant)?,
            source: Source {
                tables: Arc::clone(tables),
                stop: CancellationToken::new(),
                results: Vec::new(),
            },
        };
        session
            .register_table(name.as_str(), Arc::new(table))
            .map_err(failed)?;
    }
    session
        .sql(sql)
        .await
        .map_err(failed)?
        .collect()
        .await
        .map_err(failed)
}

/// Reads a CSV file with a header and writes it as Parquet (Snappy, like the lake) into a folder; one file per
/// parallel part. Answers the rows written.
///
/// # Errors
/// When DataFusion or the disk fail.
pub async fn csv_to_parquet(csv: &Path, folder: &Path, partitions: NonZeroUsize) -> Result<u64, Fault> {
    let failed = |error: DataFusionError| Fault::new("writing Parquet without a lake", error);
    let mut read = CsvReadOptions::new();
    read.schema_infer_max_records = SAMPLE_ROWS;
    // The same texts stand for a missing value as in the lake.
    read.null_regex = Some("^(NA)?$".to_owned());
    let mut written = TableParquetOptions::default();
    written.global.compression = Some("snappy".to_owned());
    let session = session(partitions);
    let frame = session
        .read_csv(csv.to_string_lossy().as_ref(), read)
        .await
        .map_err(failed)?;
    // A folder is told from a file by the slash.
    let target = format!("{}/", folder.to_string_lossy());
    let counts = frame
        .write_parquet(&target, DataFrameWriteOptions::new(), Some(written))
        .await
        .map_err(failed)?;
    let rows = counts
        .iter()
        .filter_map(|batch| batch.column(0).as_primitive_opt::<UInt64Type>());
    Ok(rows.flat_map(|column| column.values().iter()).sum())
}
