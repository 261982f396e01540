//! Masking, examination and assessment: the pure algorithms of `privacy` over the batches of the lake.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, RecordBatch, StringArray},
    datatypes::SchemaRef,
};
use futures::TryStreamExt as _;
use shuyu_app::port::{
    Cancel, DataError, Examined, JobPhase, MaskingOrder, OnProgress, Progress, TraceOrder, VersionOrder,
};
use shuyu_kernel::{DatasetId, Fault, Refusal};
use shuyu_lake::{Lake, LakeError, Masking, Snapshot, UNIT_COLUMN, source::Record};
use shuyu_privacy::governance::{
    assess::{Assessment, Figures},
    discovery::Examination,
    fingerprint::{MarkKey, Marker, Trace, Traced},
    recipe::{Masker, PseudonymKey, Recipe, unusable},
};

use super::lake::data_error;

/// A recipe made ready, as the lake wants it.
struct Masked {
    masker: Masker,
    recipe: serde_json::Value,
}

impl Masking for Masked {
    fn schema(&self) -> SchemaRef {
        self.masker.schema()
    }
    fn untouched(&self, column: &str) -> bool {
        self.masker.untouched().any(|own| own == column)
    }
    fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, Fault> {
        self.masker
            .apply(batch)
            .map_err(|error| Fault::new("masking a batch", error))
    }
    fn recipe(&self) -> serde_json::Value {
        self.recipe.clone()
    }
}

/// Makes the recipe of an order ready for a version. Pseudonyms are of the order's project, marks of the source.
///
/// # Errors
/// As [`Masker::new`]; `recipe_not_usable` with problem `mark` for a mark without a recipient.
pub(super) async fn masking(
    lake: &Lake,
    key: &[u8; 32],
    (from, version): (DatasetId, u64),
    order: &MaskingOrder,
) -> Result<Arc<dyn Masking>, DataError> {
    let source = lake.snapshot(from, Some(version)).await.map_err(data_error)?;
    let marker = marker(key, from, order)?;
    let pseudonyms = PseudonymKey::of(key, &order.project);
    let masker = Masker::new(&order.recipe, &source.schema(), &pseudonyms, marker)?;
    let recipe = serde_json::to_value(order).map_err(|error| Fault::new("encoding a recipe", error))?;
    Ok(Arc::new(Masked { masker, recipe }))
}

fn marker(key: &[u8; 32], from: DatasetId, order: &MaskingOrder) -> Result<Option<Marker>, Refusal> {
    let Recipe { mark, .. } = &order.recipe;
    match (mark, &order.recipient) {
        (Some(rule), Some(recipient)) => {
            let key = MarkKey::of(key, &from.to_string());
            Ok(Some(Marker::new(rule.clone(), &key, recipient)))
        }
        (None, None) => Ok(None),
        _ => Err(unusable("", "mark")),
    }
}

/// Looks for sensitive fields in every visible column.
pub(super) async fn examine(
    lake: &Lake,
    order: VersionOrder,
    on_progress: OnProgress,
    cancel: Cancel,
) -> Result<Examined, DataError> {
    let source = lake
        .snapshot(order.dataset, Some(order.version))
        .await
        .map_err(data_error)?;
    let schema = source.schema();
    let names = schema.fields().iter().map(|field| field.name().as_str());
    let visible = names.filter(|name| *name != UNIT_COLUMN);
    // The same version gives the same sample; nothing secret hangs on which rows are looked at.
    let work = Examination::new(visible, order.version);
    let take = |mut work: Examination, batch: RecordBatch| {
        work.take(&batch);
        Ok(work)
    };
    let work = read(&source, None, (work, take), (on_progress, cancel)).await?;
    let unit = source.version().record.unit.as_ref();
    Ok(Examined {
        rows: work.rows(),
        units: unit.map(|unit| unit.units),
        columns: work.finish(),
    })
}

/// Assesses a version by some of its columns; only these are read.
pub(super) async fn assess(
    lake: &Lake,
    order: VersionOrder,
    (quasi, sensitive): (&[String], &[String]),
    on_progress: OnProgress,
    cancel: Cancel,
) -> Result<Option<Figures>, DataError> {
    let work = Assessment::new(quasi, sensitive)?;
    let named = [quasi, sensitive].concat();
    if let Some(hidden) = named.iter().find(|name| *name == UNIT_COLUMN) {
        return Err(Refusal::unmet("column_unknown").fact("column", hidden).into());
    }
    let source = lake
        .snapshot(order.dataset, Some(order.version))
        .await
        .map_err(data_error)?;
    let take = |mut work: Assessment, batch: RecordBatch| {
        work.take(&batch)?;
        Ok(work)
    };
    let work = read(&source, Some(&named), (work, take), (on_progress, cancel)).await?;
    tokio::task::spawn_blocking(|| work.finish())
        .await
        .map_err(|error| Fault::new("assessing a version", error).into())
}

/// Rows of a piece that are traced at a time.
const PIECE_ROWS: usize = 8_192;

/// Compares a leaked piece with what each recipient's cells should be. The piece is text as it comes; columns are
/// found by the names of its header.
pub(super) async fn trace(
    lake: &Lake,
    key: &[u8; 32],
    order: &TraceOrder,
    piece: Vec<u8>,
) -> Result<Traced, DataError> {
    let like = order.like;
    let set = lake
        .snapshot(like.dataset, Some(like.version))
        .await
        .map_err(data_error)?;
    let mark = MarkKey::of(key, &order.from.to_string());
    let recipients = order.recipients.iter().map(String::as_str);
    let mut trace = Trace::new(&order.rule, &set.schema(), &mark, recipients)?;
    let work = move || {
        let mut rows = Rows::default();
        shuyu_lake::source::read_rows(&piece, &mut |record: &Record| {
            if rows.take(record) < PIECE_ROWS {
                return Ok(());
            }
            Ok(trace.take(&rows.batch()?)?)
        })?;
        trace.take(&rows.batch()?)?;
        Ok(trace.finish())
    };
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Fault::new("tracing a piece", error))?
        .map_err(data_error)
}

/// Rows of a file as text, under the names of its header.
#[derive(Default)]
struct Rows {
    names: Vec<String>,
    cells: Vec<Vec<Option<String>>>,
    rows: usize,
}

impl Rows {
    /// Takes one more record; how many are held.
    fn take(&mut self, record: &Record) -> usize {
        if self.names.is_empty() {
            self.names = record.cells().map(|name| name.trim().to_owned()).collect();
            self.cells.resize_with(self.names.len(), Vec::new);
            return 0;
        }
        for (index, column) in self.cells.iter_mut().enumerate() {
            let cell = record.cell(index);
            column.push((!cell.is_empty()).then(|| cell.to_owned()));
        }
        self.rows += 1;
        self.rows
    }

    /// What is held, as a batch; nothing is held afterwards.
    fn batch(&mut self) -> Result<RecordBatch, Fault> {
        self.rows = 0;
        let columns = self.names.iter().zip(&mut self.cells).map(|(name, cells)| {
            let array: ArrayRef = Arc::new(StringArray::from_iter(std::mem::take(cells)));
            (name.clone(), array, true)
        });
        RecordBatch::try_from_iter_with_nullable(columns)
            .map_err(|error| Fault::new("reading a piece", error))
    }
}

/// What one batch makes of the work so far.
pub(super) type Take<W> = fn(W, RecordBatch) -> Result<W, Refusal>;

/// Reads a version from end to end; each batch is worked on off the tasks that serve people.
pub(super) async fn read<W: Send + 'static>(
    source: &Snapshot,
    columns: Option<&[String]>,
    (mut work, take): (W, Take<W>),
    (on_progress, cancel): (OnProgress, Cancel),
) -> Result<W, DataError> {
    let mut batches = source.scan(columns).map_err(data_error)?;
    let mut rows = 0;
    while let Some(batch) = batches
        .try_next()
        .await
        .map_err(LakeError::Fault)
        .map_err(data_error)?
    {
        if cancel.is_cancelled() {
            return Err(Refusal::conflict("ingest_cancelled").into());
        }
        rows += batch.num_rows() as u64;
        work = tokio::task::spawn_blocking(move || take(work, batch))
            .await
            .map_err(|error| Fault::new("reading a version", error))??;
        on_progress(Progress {
            phase: JobPhase::Reading,
            bytes: 0,
            rows,
        });
    }
    Ok(work)
}
