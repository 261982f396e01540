//! Real inputs of jobs: granted columns of a pinned version, with keyed pseudonyms where subjects are named.

use std::sync::Arc;

use arrow::{
    array::{Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch, StringArray},
    compute::{cast, filter_record_batch, not},
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef},
};
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use shuyu_app::port::{DataError, jobs::RealTable};
use shuyu_kernel::{Digest, Fault, PermitId, Refusal};
use shuyu_lake::{Lake, LakeError, ParquetBytes, Snapshot, UNIT_COLUMN};
use shuyu_query::{in_scope, with_scope_column};

use super::{model_risk::Parted, sandbox::JobTables};

/// Most bytes of one input; it is held in memory. Platform default.
const MOST_BYTES: usize = 512 << 20;
/// One subject in so many is held out from a job that fits a model. Platform default: enough to tell an attack from
/// guessing, without taking much from the model.
const HELD_OUT_ONE_IN: u64 = 5;

/// Tables of a lake as jobs read them.
pub struct LakeTables {
    lake: Arc<Lake>,
    key: [u8; 32],
}

impl LakeTables {
    /// Over an open lake, with the key that pseudonyms are derived from.
    pub fn new(lake: Arc<Lake>, key: [u8; 32]) -> Self {
        Self { lake, key }
    }

    /// One key per project and identifier domain: pseudonyms join within a project and nowhere else.
    fn project_key(&self, project: PermitId, domain: &str) -> [u8; 32] {
        Digest::keyed(&self.key, format!("pseudonym/{project}/{domain}").as_bytes()).0
    }

    /// The batch in the order asked for, with pseudonyms.
    fn masked(
        &self,
        project: PermitId,
        table: &RealTable,
        schema: &SchemaRef,
        batch: &RecordBatch,
    ) -> Result<RecordBatch, Fault> {
        let columns = table.columns.iter().map(|name| {
            let column = batch
                .column_by_name(name)
                .ok_or_else(|| Fault::new("reading an input", "a column is not there"))?;
            match table.pseudonyms.get(name) {
                None => plain(column),
                Some(domain) => pseudonyms(&self.project_key(project, domain), column),
            }
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, Fault>>()?;
        RecordBatch::try_new(schema.clone(), columns).map_err(|error| Fault::new("reading an input", error))
    }
}

impl LakeTables {
    /// Writes the rows of a table; those for which `held_out` says so into a second file.
    async fn written(
        &self,
        project: PermitId,
        table: &RealTable,
        key: Option<[u8; 32]>,
    ) -> Result<(Bytes, Bytes), DataError> {
        let snapshot = self.lake.snapshot(table.dataset, Some(table.version)).await;
        let snapshot = snapshot.map_err(data_error)?;
        let schema = schema_of(&snapshot, table)?;
        let mut wanted = table.columns.clone();
        let named = snapshot.schema().column_with_name(UNIT_COLUMN).is_some();
        if key.is_some() && named && !wanted.iter().any(|name| name == UNIT_COLUMN) {
            wanted.push(UNIT_COLUMN.to_owned());
        }
        let (scope, width) = (table.rows.as_ref(), wanted.len());
        let read = with_scope_column(&wanted, scope);
        let mut batches = snapshot.scan(Some(&read)).map_err(data_error)?;
        let mut files = (
            ParquetBytes::new(schema.clone())?,
            ParquetBytes::new(schema.clone())?,
        );
        while let Some(batch) = batches.next().await {
            let batch = in_scope(&batch?, scope, width);
            let batch = batch.map_err(|error| Fault::new("taking the rows of an input", error))?;
            let rows = self.masked(project, table, &schema, &batch)?;
            let mut size = 0;
            match key {
                None => size += files.0.write(&rows)?,
                Some(key) => {
                    let out = held_out(&key, &batch)?;
                    let kept = not(&out).and_then(|kept| filter_record_batch(&rows, &kept));
                    let kept = kept.map_err(|error| Fault::new("parting an input", error))?;
                    let out = filter_record_batch(&rows, &out);
                    let out = out.map_err(|error| Fault::new("parting an input", error))?;
                    size += files.0.write(&kept)? + files.1.write(&out)?;
                }
            }
            if size > MOST_BYTES {
                return Err(Refusal::unmet("job_input_too_large")
                    .fact("limit_bytes", MOST_BYTES)
                    .into());
            }
        }
        Ok((files.0.finish()?.into(), files.1.finish()?.into()))
    }
}

#[async_trait]
impl JobTables for LakeTables {
    async fn parquet(&self, project: PermitId, table: &RealTable) -> Result<Bytes, DataError> {
        Ok(self.written(project, table, None).await?.0)
    }

    async fn parted(&self, project: PermitId, table: &RealTable) -> Result<Parted, DataError> {
        if table.open {
            let members = self.parquet(project, table).await?;
            return Ok(Parted {
                members,
                held_out: None,
            });
        }
        let key = Digest::keyed(&self.key, format!("held-out/{project}").as_bytes()).0;
        let (members, held_out) = self.written(project, table, Some(key)).await?;
        Ok(Parted {
            members,
            held_out: Some(held_out),
        })
    }
}

/// The schema of the file: the columns asked for, pseudonyms as text.
fn schema_of(snapshot: &Snapshot, table: &RealTable) -> Result<SchemaRef, Fault> {
    let stored = snapshot.schema();
    let fields = table.columns.iter().map(|name| {
        let field = stored
            .field_with_name(name)
            .map_err(|error| Fault::new("reading an input", error))?;
        Ok(match (table.pseudonyms.contains_key(name), field.data_type()) {
            (true, _) => Field::new(name, DataType::Utf8, true),
            (false, kind) => Field::new(name, plain_type(kind), field.is_nullable()),
        })
    });
    let fields = fields.collect::<Result<Vec<Field>, Fault>>()?;
    Ok(Arc::new(Schema::new(fields)))
}

/// Programs count in floating point: a decimal would be an object to them, and a made-up table has none.
fn plain_type(kind: &DataType) -> DataType {
    if kind.is_decimal() {
        DataType::Float64
    } else {
        kind.clone()
    }
}

fn plain(column: &ArrayRef) -> Result<ArrayRef, Fault> {
    let wanted = plain_type(column.data_type());
    if &wanted == column.data_type() {
        return Ok(column.clone());
    }
    cast(column, &wanted).map_err(|error| Fault::new("reading an input", error))
}

/// Which rows of a batch are held out. All rows of a subject are, or none; where no subject is named, a row stands for
/// itself.
fn held_out(key: &[u8; 32], batch: &RecordBatch) -> Result<BooleanArray, Fault> {
    let one_in_five = |bytes: &[u8]| {
        let drawn = Digest::keyed(key, bytes).first_64();
        drawn.is_multiple_of(HELD_OUT_ONE_IN)
    };
    let unit = batch.column_by_name(UNIT_COLUMN);
    if let Some(unit) = unit.and_then(|unit| unit.as_primitive_opt::<Int64Type>()) {
        return Ok(unit
            .values()
            .iter()
            .map(|unit| Some(one_in_five(&unit.to_le_bytes())))
            .collect());
    }
    let texts = batch.columns().iter().map(|column| cast(column, &DataType::Utf8));
    let texts = texts.collect::<Result<Vec<ArrayRef>, _>>();
    let texts = texts.map_err(|error| Fault::new("reading an input", error))?;
    let row = |n: usize| {
        let mut bytes = Vec::new();
        for text in &texts {
            let text = text.as_string::<i32>();
            bytes.extend_from_slice(if text.is_null(n) {
                b""
            } else {
                text.value(n).as_bytes()
            });
            bytes.push(0x1f);
        }
        Some(one_in_five(&bytes))
    };
    Ok((0..batch.num_rows()).map(row).collect())
}

/// Pseudonyms of the values of a column; what is missing stays missing.
fn pseudonyms(key: &[u8; 32], column: &ArrayRef) -> Result<ArrayRef, Fault> {
    let text = cast(column, &DataType::Utf8).map_err(|error| Fault::new("reading an input", error))?;
    let text = text.as_string::<i32>();
    let of = |value: &str| {
        let digest = Digest::keyed(key, value.as_bytes());
        digest.to_string().chars().take(16).collect::<String>()
    };
    let made: StringArray = text.iter().map(|value| value.map(of)).collect();
    Ok(Arc::new(made))
}

fn data_error(error: LakeError) -> DataError {
    match error {
        LakeError::Refused(refusal) => DataError::Refused(refusal),
        LakeError::Fault(fault) => DataError::Fault(fault),
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Int64Array;

    use super::*;

    #[test]
    fn a_subject_is_held_out_with_all_its_rows_and_of_all_one_in_five_is() {
        let units: Vec<i64> = (0..4000).map(|n| n / 2).collect();
        let fields = vec![Field::new(UNIT_COLUMN, DataType::Int64, true)];
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(units))]).expect("rows");
        let out = held_out(&[1; 32], &batch).expect("parted");
        assert!((0..2000).all(|unit| out.value(2 * unit) == out.value(2 * unit + 1)));
        let count = out.true_count();
        assert!((600..1000).contains(&count), "{count} of 4000");
        assert_ne!(out, held_out(&[2; 32], &batch).expect("parted"), "by the key");
    }

    #[test]
    fn a_row_without_a_subject_stands_for_itself_and_decimals_become_numbers() {
        let rows: ArrayRef = Arc::new(Int64Array::from((0..2000).collect::<Vec<_>>()));
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let batch = RecordBatch::try_new(schema, vec![rows.clone()]).expect("rows");
        let count = held_out(&[1; 32], &batch).expect("parted").true_count();
        assert!((300..500).contains(&count), "{count} of 2000");
        let decimals = cast(&rows, &DataType::Decimal128(18, 2)).expect("decimals");
        assert_eq!(plain(&decimals).expect("plain").data_type(), &DataType::Float64);
        assert_eq!(&plain(&rows).expect("plain"), &rows);
    }

    #[test]
    fn a_pseudonym_joins_within_a_project_and_tells_nothing_elsewhere() {
        let column: ArrayRef = Arc::new(StringArray::from(vec![
            Some("110101198703120011"),
            None,
            Some("2"),
        ]));
        let one = pseudonyms(&[1; 32], &column).expect("made");
        let same = pseudonyms(&[1; 32], &column).expect("made");
        let other = pseudonyms(&[2; 32], &column).expect("made");
        assert_eq!(&one, &same);
        let (one, other) = (one.as_string::<i32>(), other.as_string::<i32>());
        assert!(one.is_null(1));
        assert_eq!(one.value(0).len(), 16);
        assert_ne!(one.value(0), other.value(0));
        assert!(!one.value(0).contains("1987"));
    }
}
