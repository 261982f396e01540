//! Masking that comes from outside the lake.

use std::sync::Arc;

use arrow::{
    array::{AsArray, RecordBatch, StringArray},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use shuyu_kernel::Fault;
use shuyu_lake::{ColumnType, DeriveSpec, Generalisation, IngestKey, Masking};

use crate::{
    derive::{derive, filled, request, rule, texts},
    world::{dataset, lake_refusal},
};

/// Leaves `rb030` out and writes in `age` whether it is missing.
struct Hide(SchemaRef);

impl Masking for Hide {
    fn schema(&self) -> SchemaRef {
        let fields = self.0.fields().iter().filter(|field| field.name() != "rb030");
        let fields = fields.map(|field| match field.name().as_str() {
            "age" => Arc::new(Field::new("age", DataType::Utf8, true)),
            _ => field.clone(),
        });
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
    fn untouched(&self, column: &str) -> bool {
        !["rb030", "age"].contains(&column)
    }
    fn apply(&self, batch: &RecordBatch) -> Result<RecordBatch, Fault> {
        let hidden: StringArray = vec![Some("*"); batch.num_rows()].into_iter().collect();
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let kept = columns.filter(|(field, _)| field.name() != "rb030");
        let masked = kept.map(|(field, column)| match field.name().as_str() {
            "age" => Arc::new(hidden.clone()),
            _ => column.clone(),
        });
        RecordBatch::try_new(self.schema(), masked.collect()).map_err(|error| Fault::new("masking", error))
    }
    fn recipe(&self) -> serde_json::Value {
        serde_json::json!({ "hide": "age" })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn masking_from_outside_goes_first_and_stands_in_the_record() {
    let world = filled().await;
    let stored = world
        .lake
        .snapshot(dataset(1), None)
        .await
        .expect("source")
        .schema();
    let masked = |key: &str| DeriveSpec {
        masking: Some(Arc::new(Hide(stored.clone()))),
        drop: texts(&["bonus"]),
        generalise: vec![rule("born", Generalisation::Year)],
        key: IngestKey(key.to_owned()),
        ..request()
    };
    let version = derive(&world, masked("m")).await.expect("derive");
    let columns: Vec<_> = (version.record.schema.columns.iter())
        .map(|column| (column.name.as_str(), column.kind))
        .collect();
    use ColumnType::{Float, Integer, Text};
    assert_eq!(
        columns,
        [
            ("db040", Text),
            ("age", Text),
            ("born", Integer),
            ("income", Float)
        ]
    );
    let rows = world.rows(dataset(2)).await;
    let ages = rows[0].column_by_name("age").expect("age").as_string::<i32>();
    assert!(ages.iter().all(|age| age == Some("*")));
    assert_eq!(version.record.unit.clone().expect("units stay").units, 2);
    let digest = version.record.processing.expect("processing record");
    let record = world.lake.processing_record(digest).await.expect("record");
    assert_eq!(record.recipe, Some(serde_json::json!({ "hide": "age" })));
    assert_eq!(derive(&world, masked("m")).await.expect("again"), version);
    let other = DeriveSpec {
        masking: None,
        drop: texts(&["rb030", "bonus"]),
        ..masked("m")
    };
    assert_eq!(
        lake_refusal(derive(&world, other).await).code,
        "ingest_key_reused",
        "another recipe under the same key"
    );
}
