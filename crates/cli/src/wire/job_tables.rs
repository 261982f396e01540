//! Real inputs of jobs: granted columns of a pinned version, with keyed pseudonyms where subjects are named.

use std::sync::Arc;

use arrow::{
    array::{ArrayRef, AsArray as _, RecordBatch, StringArray},
    compute::cast,
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use async_trait::async_trait;
use futures::StreamExt as _;
use shuyu_app::port::{DataError, jobs::RealTable};
use shuyu_kernel::{Digest, Fault, PermitId, Refusal};
use shuyu_lake::{Lake, LakeError, ParquetBytes, Snapshot};

use super::sandbox::JobTables;

/// Most bytes of one input; it is held in memory. Platform default.
const MOST_BYTES: usize = 512 << 20;

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
                None => Ok(column.clone()),
                Some(domain) => pseudonyms(&self.project_key(project, domain), column),
            }
        });
        let columns = columns.collect::<Result<Vec<ArrayRef>, Fault>>()?;
        RecordBatch::try_new(schema.clone(), columns).map_err(|error| Fault::new("reading an input", error))
    }
}

#[async_trait]
impl JobTables for LakeTables {
    async fn parquet(&self, project: PermitId, table: &RealTable) -> Result<Vec<u8>, DataError> {
        let snapshot = self.lake.snapshot(table.dataset, Some(table.version)).await;
        let snapshot = snapshot.map_err(data_error)?;
        let schema = schema_of(&snapshot, table)?;
        let mut batches = snapshot.scan(Some(&table.columns)).map_err(data_error)?;
        let mut file = ParquetBytes::new(schema.clone())?;
        while let Some(batch) = batches.next().await {
            let written = file.write(&self.masked(project, table, &schema, &batch?)?)?;
            if written > MOST_BYTES {
                return Err(Refusal::unmet("job_input_too_large")
                    .fact("limit_bytes", MOST_BYTES)
                    .into());
            }
        }
        Ok(file.finish()?)
    }
}

/// The schema of the file: the columns asked for, pseudonyms as text.
fn schema_of(snapshot: &Snapshot, table: &RealTable) -> Result<SchemaRef, Fault> {
    let stored = snapshot.schema();
    let fields = table.columns.iter().map(|name| {
        let field = stored
            .field_with_name(name)
            .map_err(|error| Fault::new("reading an input", error))?;
        Ok(match table.pseudonyms.contains_key(name) {
            true => Field::new(name, DataType::Utf8, true),
            false => field.clone(),
        })
    });
    let fields = fields.collect::<Result<Vec<Field>, Fault>>()?;
    Ok(Arc::new(Schema::new(fields)))
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
    use arrow::array::Array as _;

    use super::*;

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
