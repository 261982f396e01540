//! The Delta log of one dataset: loading a version, committing the next one.
//!
//! The protocol (JSON commits under `_delta_log`, optimistic concurrency by exclusive creation, checkpoints) is
//! delta-rs's; this file decides what stands in a commit. The log is never cleaned: versions are evidence.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use deltalake_core::{
    DeltaTable, DeltaTableBuilder, DeltaTableError, ensure_table_uri,
    kernel::{
        Action, Add, DataType, MetadataExt, PrimitiveType, StructField, StructType, Transaction,
        new_metadata,
        transaction::{CommitBuilder, CommitProperties, TableReference, TransactionError},
    },
    logstore::{LogStoreRef, get_actions},
    operations::create::CreateBuilder,
    protocol::{DeltaOperation, SaveMode},
    table::state::DeltaTableState,
};
use futures::TryStreamExt;
use object_store::ObjectStore;
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal, kill::KillSwitch};

use super::{DataFile, DatasetVersion, IngestKey, IngestMode, VersionRecord};
use crate::{
    error::{LakeError, fault},
    table::{ColumnType, DECIMAL_PRECISION, TableSpec, UNIT_COLUMN},
};

/// Under this name our record stands in a commit's `commitInfo`.
pub(super) const RECORD: &str = "shuyu";

/// The log of one dataset.
pub(crate) struct DeltaLog {
    dataset: DatasetId,
    store: LogStoreRef,
}

/// The version a change is based on.
pub(crate) struct Standing {
    table: DeltaTable,
    /// The version itself.
    pub(crate) version: DatasetVersion,
}

/// The next version.
pub(crate) struct Change {
    /// Files to add.
    pub(crate) files: Vec<DataFile>,
    /// Paths of files of the version before that are not in the new one; a replacement takes all away.
    pub(crate) removed: Vec<String>,
    /// What to keep with the version.
    pub(crate) record: VersionRecord,
}

impl DeltaLog {
    /// The log of `dataset` in `store`. Nothing is read yet.
    pub(crate) fn new(store: Arc<dyn ObjectStore>, dataset: DatasetId) -> Result<Self, Fault> {
        // The scheme only tells delta-rs to use the store it is given.
        let opened = ensure_table_uri(format!("memory:///{dataset}")).and_then(|location| {
            let builder = DeltaTableBuilder::from_url(location.clone())?;
            builder.with_storage_backend(store, location).build_storage()
        });
        Ok(Self {
            dataset,
            store: opened.map_err(fault("opening a dataset"))?,
        })
    }

    /// The dataset.
    pub(crate) fn dataset(&self) -> DatasetId {
        self.dataset
    }

    /// A version, the latest when `None`. `Ok(None)` when the dataset has no version at all.
    pub(crate) async fn load(&self, version: Option<u64>) -> Result<Option<Standing>, LakeError> {
        let mut table = DeltaTable::new(self.store.clone());
        let doing = "loading a version";
        if !table.verify_deltatable_existence().await.map_err(fault(doing))? {
            return Ok(None);
        }
        table.load().await.map_err(fault(doing))?;
        let latest = table.version().unwrap_or(0);
        let wanted = version.unwrap_or(latest);
        if wanted > latest {
            return Err(self.unknown(wanted).into());
        }
        if wanted < latest {
            table.load_version(wanted).await.map_err(fault(doing))?;
        }
        let record = self.record(wanted).await?;
        let state = table.snapshot().map_err(fault(doing))?;
        let views = state.snapshot().file_views(self.store.as_ref(), None);
        let views: Vec<_> = views.try_collect().await.map_err(fault(doing))?;
        let files = views.iter().map(|view| {
            let rows = view.num_records().map(|rows| rows as u64);
            data_file(&view.path(), view.size(), rows)
        });
        let mut files = files.collect::<Result<Vec<_>, _>>()?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        let version = self.assemble(wanted, files, record);
        Ok(Some(Standing { table, version }))
    }

    /// All versions, oldest first, by replaying the commits.
    pub(crate) async fn versions(&self) -> Result<Vec<DatasetVersion>, LakeError> {
        let mut files = BTreeMap::new();
        let mut versions = Vec::new();
        for version in 0.. {
            let Some(actions) = self.actions(version).await? else {
                break;
            };
            for action in &actions {
                match action {
                    Action::Add(add) => {
                        let file = data_file(&add.path, add.size, rows_in(add))?;
                        files.insert(file.path.clone(), file);
                    }
                    Action::Remove(remove) => {
                        files.remove(&remove.path);
                    }
                    _ => {}
                }
            }
            let record = record_in(&actions, version)?;
            versions.push(self.assemble(version, files.values().cloned().collect(), record));
        }
        Ok(versions)
    }

    /// The version that an attempt made earlier, if it did.
    pub(crate) async fn made_by(
        &self,
        standing: &Standing,
        key: &IngestKey,
    ) -> Result<Option<DatasetVersion>, LakeError> {
        let state = standing.table.snapshot().map_err(fault("loading a version"))?;
        let made = state
            .transaction_version(self.store.as_ref(), application(key))
            .await;
        let Some(made) = made.map_err(fault("looking for an earlier attempt"))? else {
            return Ok(None);
        };
        let loaded = self.load(u64::try_from(made).ok()).await?;
        Ok(loaded.map(|standing| standing.version))
    }

    /// Commits the next version after `standing`, all or nothing, and returns its number.
    pub(crate) async fn commit(
        &self,
        standing: Option<&Standing>,
        change: Change,
        kill: &dyn KillSwitch,
    ) -> Result<DatasetVersion, LakeError> {
        let next = standing.map_or(0, |standing| standing.version.version + 1);
        let record = serde_json::to_value(&change.record).map_err(fault("writing a version record"))?;
        let attempt = Transaction::new(application(&change.record.ingest_key), next.cast_signed());
        let properties = CommitProperties::default()
            .with_metadata([(RECORD.to_owned(), record)])
            .with_application_transaction(attempt)
            .with_max_retries(0)
            .with_cleanup_expired_logs(Some(false));
        let adds: Vec<Action> = change
            .files
            .iter()
            .map(|file| Action::Add(add_of(file, &change.record)))
            .collect();
        kill.reached("lake.before_delta_commit");
        match standing {
            None => self.create(&change, adds, properties).await,
            Some(standing) => self.extend(standing, &change, adds, properties).await,
        }
        .map_err(committed)?;
        kill.reached("lake.after_delta_commit");
        let loaded = self.load(Some(next)).await?;
        let missing = || {
            Fault::new(
                "committing a version",
                "the version is not there after its commit",
            )
        };
        Ok(loaded.ok_or_else(missing)?.version)
    }

    async fn create(
        &self,
        change: &Change,
        adds: Vec<Action>,
        properties: CommitProperties,
    ) -> Result<(), DeltaTableError> {
        let create = CreateBuilder::new()
            .with_log_store(self.store.clone())
            .with_table_name(&change.record.table)
            .with_columns(fields(&change.record.schema, change.record.unit.is_some()))
            .with_actions(adds)
            .with_commit_properties(properties);
        create.await.map(|_| ())
    }

    async fn extend(
        &self,
        standing: &Standing,
        change: &Change,
        adds: Vec<Action>,
        properties: CommitProperties,
    ) -> Result<(), DeltaTableError> {
        let state = standing.table.snapshot()?;
        let mut actions = Vec::new();
        let mode = match change.record.mode {
            IngestMode::Append | IngestMode::Upsert => {
                let columns = (
                    &change.record.schema.columns,
                    &standing.version.record.schema.columns,
                );
                if columns.0 != columns.1 {
                    actions.push(metadata(state, &change.record)?);
                }
                let gone = self.removals(standing, |path| change.removed.iter().any(|gone| gone == path));
                actions.extend(gone.await?);
                SaveMode::Append
            }
            IngestMode::Replace => {
                actions.push(metadata(state, &change.record)?);
                actions.extend(self.removals(standing, |_| true).await?);
                SaveMode::Overwrite
            }
        };
        actions.extend(adds);
        let operation = DeltaOperation::Write {
            mode,
            partition_by: None,
            predicate: None,
        };
        let commit = CommitBuilder::from(properties).with_actions(actions);
        commit
            .build(Some(state as &dyn TableReference), self.store.clone(), operation)
            .await
            .map(|_| ())
    }

    async fn removals(
        &self,
        standing: &Standing,
        gone: impl Fn(&str) -> bool,
    ) -> Result<Vec<Action>, DeltaTableError> {
        let state = standing.table.snapshot()?;
        let views = state.snapshot().file_views(self.store.as_ref(), None);
        let views: Vec<_> = views.try_collect().await?;
        Ok(views
            .iter()
            .filter(|view| gone(&view.path()))
            .map(|view| Action::Remove(view.remove_action(true)))
            .collect())
    }

    async fn record(&self, version: u64) -> Result<VersionRecord, LakeError> {
        let actions = self
            .actions(version)
            .await?
            .ok_or_else(|| self.unknown(version))?;
        Ok(record_in(&actions, version)?)
    }

    async fn actions(&self, version: u64) -> Result<Option<Vec<Action>>, Fault> {
        let doing = "reading the log of a dataset";
        let entry = self
            .store
            .read_commit_entry(version)
            .await
            .map_err(fault(doing))?;
        entry
            .map(|bytes| get_actions(version, &bytes).map_err(fault(doing)))
            .transpose()
    }

    fn unknown(&self, version: u64) -> Refusal {
        Refusal::unknown("dataset_version_unknown")
            .fact("dataset", self.dataset)
            .fact("version", version)
    }

    fn assemble(&self, version: u64, files: Vec<DataFile>, record: VersionRecord) -> DatasetVersion {
        let rows = files.iter().map(|file| file.rows).sum();
        DatasetVersion {
            dataset: self.dataset,
            version,
            rows,
            files,
            record,
        }
    }
}

/// What a version says about its columns.
fn metadata(state: &DeltaTableState, record: &VersionRecord) -> Result<Action, DeltaTableError> {
    let schema = StructType::try_new(fields(&record.schema, record.unit.is_some()))?;
    let none: HashMap<String, String> = HashMap::new();
    let metadata = new_metadata(&schema, Vec::<String>::new(), none)?
        .with_name(record.table.clone())?
        .with_table_id(state.metadata().id().to_owned())?;
    Ok(Action::Metadata(metadata))
}

fn application(key: &IngestKey) -> String {
    format!("shuyu.ingest:{}", key.0)
}

/// Somebody else's commit in between is an answer; everything else is the world failing.
fn committed(error: DeltaTableError) -> LakeError {
    use TransactionError::{CommitConflict, MaxCommitAttempts, VersionAlreadyExists};
    match error {
        DeltaTableError::Transaction {
            source: CommitConflict(_) | MaxCommitAttempts(_) | VersionAlreadyExists(_),
        } => Refusal::conflict("dataset_changed_meanwhile").into(),
        other => Fault::new("committing a version", other).into(),
    }
}

fn record_in(actions: &[Action], version: u64) -> Result<VersionRecord, Fault> {
    let found = actions.iter().find_map(|action| match action {
        Action::CommitInfo(info) => info.info.get(RECORD).cloned(),
        _ => None,
    });
    let missing = || Fault::new("reading a version record", format!("version {version} has none"));
    serde_json::from_value(found.ok_or_else(missing)?).map_err(fault("reading a version record"))
}

fn add_of(file: &DataFile, record: &VersionRecord) -> Add {
    Add {
        path: file.path.clone(),
        size: file.size_bytes.cast_signed(),
        modification_time: record.created_at.millis(),
        data_change: true,
        stats: Some(serde_json::json!({ "numRecords": file.rows }).to_string()),
        ..Add::default()
    }
}

/// A file's digest is the last part of its name, so it survives checkpoints and travels with the file.
fn data_file(path: &str, size: i64, rows: Option<u64>) -> Result<DataFile, Fault> {
    let doing = "reading the log of a dataset";
    let name = path
        .strip_suffix(".parquet")
        .and_then(|name| name.rsplit('-').next());
    let digest: Digest = name.unwrap_or_default().parse().map_err(fault(doing))?;
    let rows = rows.ok_or_else(|| Fault::new(doing, "a file without its number of rows"))?;
    Ok(DataFile {
        path: path.to_owned(),
        rows,
        size_bytes: size.cast_unsigned(),
        digest,
    })
}

fn rows_in(add: &Add) -> Option<u64> {
    let stats: serde_json::Value = serde_json::from_str(add.stats.as_deref()?).ok()?;
    stats.get("numRecords")?.as_u64()
}

fn fields(spec: &TableSpec, with_unit: bool) -> Vec<StructField> {
    let columns = spec
        .columns
        .iter()
        .map(|column| StructField::new(&column.name, delta_type(column.kind), true));
    let unit = with_unit.then(|| StructField::new(UNIT_COLUMN, DataType::LONG, true));
    columns.chain(unit).collect()
}

fn delta_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Text => DataType::STRING,
        ColumnType::Integer => DataType::LONG,
        ColumnType::Decimal { scale } => {
            PrimitiveType::decimal(DECIMAL_PRECISION, scale).map_or(DataType::STRING, DataType::Primitive)
        }
        ColumnType::Float => DataType::DOUBLE,
        ColumnType::Date => DataType::DATE,
        ColumnType::Bool => DataType::BOOLEAN,
    }
}
