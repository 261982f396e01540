//! A delivered set leaks: the piece goes back through the lake and names its recipient.

use std::{fmt::Write as _, sync::Arc};

use arrow::{
    array::{AsArray as _, RecordBatch},
    datatypes::Int64Type,
};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use shuyu_app::port::{
    Cancel, DataError, DataLake, DeriveOrder, IngestOrder, MaskingOrder, OnProgress, RawFile, TraceOrder,
    VersionOrder,
};
use shuyu_kernel::{DatasetId, Digest, Timestamp, kill::NoKill};
use shuyu_lake::{Lake, MasterKey};
use shuyu_privacy::governance::{
    fingerprint::{MarkColumn, MarkRule},
    recipe::{ColumnRecipe, PseudonymForm, Recipe, Step},
};
use shuyu_testkit::MockClock;

use crate::{real::SystemRandom, wire::LakeAdapter};

const ROWS: usize = 2_000;

async fn received(adapter: &LakeAdapter, text: String) -> RawFile {
    let bytes = stream::iter([Ok(text.into())]).boxed();
    adapter
        .receive("rows.csv", bytes, u64::MAX)
        .await
        .expect("received")
}

fn quiet() -> OnProgress {
    Arc::new(|_| ())
}

/// A set for a recipient: pseudonyms, and the amount marked.
fn order(from: DatasetId, recipient: &str) -> DeriveOrder {
    let pseudonym = Step::Pseudonym {
        domain: "person".to_owned(),
        form: PseudonymForm::Code,
    };
    let mark = MarkRule {
        row_key: vec!["id".to_owned()],
        columns: vec![MarkColumn {
            column: "amount".to_owned(),
            unit: "1".to_owned(),
        }],
    };
    let recipe = Recipe {
        columns: vec![ColumnRecipe {
            column: "id".to_owned(),
            steps: vec![pseudonym],
        }],
        mark: Some(mark),
    };
    DeriveOrder {
        from,
        from_version: 0,
        dataset: dataset(recipient),
        table: "delivered".to_owned(),
        drop: Vec::new(),
        bands: Vec::new(),
        masking: Some(MaskingOrder {
            recipe,
            project: "project".to_owned(),
            recipient: Some(recipient.to_owned()),
        }),
        key: format!("derive for {recipient}"),
    }
}

fn dataset(name: &str) -> DatasetId {
    let first = Digest::of(name.as_bytes()).0.into_iter().take(16);
    DatasetId::from_bits(first.fold(0, |bits, byte| (bits << 8) | u128::from(byte)))
}

/// Every twentieth row of a delivered set as a file, with the amounts of every fifth row altered.
async fn piece(lake: &Lake, set: DatasetId) -> String {
    let snapshot = lake.snapshot(set, None).await.expect("a set");
    let batches: Vec<RecordBatch> = snapshot
        .scan(None)
        .expect("a scan")
        .try_collect()
        .await
        .expect("rows");
    let mut text = "amount,id\n".to_owned();
    for batch in &batches {
        let id = batch.column_by_name("id").expect("id").as_string::<i32>();
        let amount = batch
            .column_by_name("amount")
            .expect("amount")
            .as_primitive::<Int64Type>();
        for row in (0..batch.num_rows()).step_by(20) {
            let altered = if row % 100 == 0 { 7 } else { 0 };
            writeln!(text, "{},{}", amount.value(row) + altered, id.value(row)).expect("text");
        }
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::too_many_lines, reason = "a test tells a whole story")]
async fn a_piece_of_a_delivered_set_names_its_recipient() {
    let folder = tempfile::tempdir().expect("a folder");
    let random = Arc::new(SystemRandom::new([3; 32]));
    let lake = Lake::open(
        folder.path().to_owned(),
        &MasterKey([1; 32]),
        random,
        Arc::new(NoKill),
    );
    let lake = Arc::new(lake.expect("a lake"));
    let clock = Arc::new(MockClock::at(Timestamp::from_micros(1_790_000_000_000_000)));
    let adapter = LakeAdapter::new(lake.clone(), [2; 32], clock);
    let mut text = "id,amount\n".to_owned();
    for row in 0..ROWS {
        writeln!(text, "P{row:05},{}", 1_000 + row * 37 % 5_000).expect("text");
    }
    let raw = received(&adapter, text).await;
    let from = dataset("source");
    let ingest = IngestOrder {
        dataset: from,
        table: "source".to_owned(),
        raw: raw.digest,
        name: raw.name,
        unit_columns: Vec::new(),
        domain: None,
        set_aside: None,
        arriving: Default::default(),
        key: "ingest".to_owned(),
    };
    adapter
        .ingest(&ingest, quiet(), Cancel::default())
        .await
        .expect("ingested");
    let recipients: Vec<String> = (0..6).map(|i| format!("body {i}")).collect();
    for recipient in recipients.iter().take(3) {
        let order = order(from, recipient);
        adapter
            .derive(&order, quiet(), Cancel::default())
            .await
            .expect("derived");
    }
    let leaked = received(&adapter, piece(&lake, dataset("body 1")).await).await;
    let trace = TraceOrder {
        from,
        like: VersionOrder {
            dataset: dataset("body 0"),
            version: 0,
        },
        rule: order(from, "")
            .masking
            .and_then(|own| own.recipe.mark)
            .expect("a rule"),
        recipients,
        piece: leaked.digest,
    };
    let traced = adapter.trace(&trace).await.expect("traced");
    assert_eq!(
        (traced.cells, traced.accused.as_deref()),
        (100, Some("body 1")),
        "{traced:?}"
    );
    let others = TraceOrder {
        recipients: vec!["body 0".to_owned(), "body 2".to_owned()],
        ..trace.clone()
    };
    assert_eq!(adapter.trace(&others).await.expect("traced").accused, None);
    let without_key = received(&adapter, "amount\n5\n".to_owned()).await;
    let keyless = TraceOrder {
        piece: without_key.digest,
        ..trace
    };
    let refused = adapter.trace(&keyless).await.expect_err("no row key");
    assert!(matches!(refused, DataError::Refused(refusal) if refusal.code == "row_key_missing"));
}
