//! Columns from version to version: what is taken, what must be ordered, and that old versions stay what they were.

use arrow::{
    array::{Array, AsArray},
    datatypes::{DataType, Float64Type, Int64Type},
};
use futures::TryStreamExt;
use shuyu_lake::{ColumnChange, ColumnType, IngestMode, IngestSpec, UnitKey, UnitSpec};

use crate::world::{World, dataset, fact, refusal_of, spec};

pub async fn request(world: &World, text: &str, key: &str, mode: IngestMode) -> IngestSpec {
    let mut spec = spec(dataset(1), vec![world.raw(text.as_bytes()).await], key);
    (spec.mode, spec.row_key) = (mode, vec!["id".to_owned()]);
    spec
}

async fn columns(world: &World, version: u64) -> Vec<(String, DataType)> {
    let snapshot = world
        .lake
        .snapshot(dataset(1), Some(version))
        .await
        .expect("snapshot");
    let fields = snapshot.schema();
    let batches: Vec<_> = snapshot
        .scan(None)
        .expect("scan")
        .try_collect()
        .await
        .expect("rows");
    for batch in &batches {
        assert_eq!(
            batch.schema().fields(),
            fields.fields(),
            "rows are under the schema of version {version}"
        );
    }
    let named = |field: &arrow::datatypes::FieldRef| (field.name().clone(), field.data_type().clone());
    fields.fields().iter().map(named).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_more_and_a_wider_type_are_taken_and_told_and_old_versions_keep_theirs() {
    let world = World::new();
    let first = request(&world, "id,v\n1,10\n2,20\n", "k0", IngestMode::Replace).await;
    world.ingest(first).await.expect("ingest");
    let more = request(&world, "id,v,note\n3,1.5,x\n", "k1", IngestMode::Append).await;
    let made = world.ingest(more).await.expect("append");
    let widened = ColumnChange::Widened {
        column: "v".to_owned(),
        from: ColumnType::Integer,
        to: ColumnType::Float,
    };
    let added = ColumnChange::Added {
        column: "note".to_owned(),
        to: ColumnType::Text,
    };
    assert_eq!(made.quality.changes, [widened, added]);
    let upsert = request(
        &world,
        "id,v,note,day\n2,21,y,2026-01-02\n",
        "k2",
        IngestMode::Upsert,
    )
    .await;
    let made = world.ingest(upsert).await.expect("upsert");
    assert_eq!((made.version.rows, made.quality.changes.len()), (3, 1));

    let whole = |name: &str, kind: DataType| (name.to_owned(), kind);
    let (id, v) = (whole("id", DataType::Int64), whole("v", DataType::Float64));
    assert_eq!(
        columns(&world, 0).await,
        [id.clone(), whole("v", DataType::Int64)]
    );
    let note = whole("note", DataType::Utf8);
    assert_eq!(columns(&world, 1).await, [id.clone(), v.clone(), note.clone()]);
    assert_eq!(
        columns(&world, 2).await,
        [id, v, note, whole("day", DataType::Date32)]
    );

    let mut rows = Vec::new();
    for batch in world.rows(dataset(1)).await {
        let (ids, v) = (
            batch.column(0).as_primitive::<Int64Type>(),
            batch.column(1).as_primitive::<Float64Type>(),
        );
        let (note, day) = (batch.column(2).as_string::<i32>(), batch.column(3));
        for row in 0..batch.num_rows() {
            let note = note.is_valid(row).then(|| note.value(row).to_owned());
            rows.push((ids.value(row), v.value(row), note, day.is_valid(row)));
        }
    }
    rows.sort_by_key(|row| row.0);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        rows,
        [
            (1, 10.0, None, false),
            (2, 21.0, text("y"), true),
            (3, 1.5, text("x"), false)
        ]
    );
    for version in [0, 1, 2] {
        let snapshot = world
            .lake
            .snapshot(dataset(1), Some(version))
            .await
            .expect("snapshot");
        world
            .lake
            .verify(&snapshot)
            .await
            .expect("every file is as it was recorded");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_columns_asked_for_come_also_from_files_that_are_older_than_one() {
    let world = World::new();
    let mut first = request(&world, "id,who\n1,a\n2,b\n", "k0", IngestMode::Replace).await;
    let person = UnitSpec {
        columns: vec!["who".to_owned()],
        domain: "person".to_owned(),
        key: UnitKey([3; 32]),
        at_most: None,
    };
    first.unit = Some(person.clone());
    world.ingest(first).await.expect("ingest");
    let mut more = request(&world, "id,who,note\n3,a,x\n", "k1", IngestMode::Append).await;
    more.unit = Some(person);
    let made = world.ingest(more).await.expect("append");
    let unit = made.version.record.unit.clone().expect("units");
    assert_eq!(
        (unit.units, unit.max_rows_per_unit),
        (2, 2),
        "units are counted over old and new rows"
    );
    let snapshot = world.lake.snapshot(dataset(1), None).await.expect("snapshot");
    for wanted in [vec!["note"], vec!["note", "__unit"], vec![]] {
        let names: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let batches: Vec<_> = snapshot
            .scan(Some(&names))
            .expect("scan")
            .try_collect()
            .await
            .expect("rows");
        assert_eq!(
            batches.iter().map(|batch| batch.num_rows()).sum::<usize>(),
            3,
            "{wanted:?}"
        );
        assert!(
            batches.iter().all(|batch| batch.num_columns() == wanted.len()),
            "{wanted:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_loses_something_is_refused_with_names_and_taken_when_ordered_for_the_whole_table() {
    let world = World::new();
    let first = request(
        &world,
        "id,v,word,gone\n1,10,a,x\n2,20,b,y\n",
        "k0",
        IngestMode::Replace,
    )
    .await;
    world.ingest(first).await.expect("ingest");
    let text = "id,v,wort\n1,a,c\n2,b,d\n";
    let lost = request(&world, text, "k1", IngestMode::Replace).await;
    let refusal = refusal_of(world.ingest(lost.clone()).await);
    assert_eq!(
        (
            refusal.code.as_str(),
            fact(&refusal, "missing"),
            fact(&refusal, "added")
        ),
        ("columns_dropped", "word, gone", "1")
    );
    let mut ordered = lost;
    ordered.changes.drop = ["gone".to_owned()].into();
    ordered.changes.rename = [("word".to_owned(), "wort".to_owned())].into();
    let refusal = refusal_of(world.ingest(ordered.clone()).await);
    assert_eq!(
        refusal.code, "quality_refused",
        "values that are no numbers break the type that stands"
    );
    ordered.changes.retype = ["v".to_owned()].into();
    let made = world.ingest(ordered).await.expect("as ordered");
    let kinds: Vec<&str> = (made.quality.changes.iter())
        .map(|change| match change {
            ColumnChange::Added { .. } => "added",
            ColumnChange::Widened { .. } => "widened",
            ColumnChange::Dropped { .. } => "dropped",
            ColumnChange::Renamed { .. } => "renamed",
            ColumnChange::Retyped { .. } => "retyped",
        })
        .collect();
    assert_eq!(kinds, ["retyped", "renamed", "dropped"]);
    assert_eq!(made.version.record.schema.key, ["id"], "a table keeps its key");
    assert_eq!(
        columns(&world, 0).await.len(),
        4,
        "the version before still has its columns"
    );
    assert_eq!(columns(&world, 1).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_do_not_hold_are_refused() {
    let world = World::new();
    let mut nothing = request(&world, "id,v\n1,10\n", "k", IngestMode::Replace).await;
    nothing.changes.drop = ["v".to_owned()].into();
    assert_eq!(
        refusal_of(world.ingest(nothing).await).code,
        "schema_order_of_nothing"
    );
    let first = request(&world, "id,v\n1,10\n", "k0", IngestMode::Replace).await;
    world.ingest(first).await.expect("ingest");
    for (drop, rename, problem) in [
        (Some("w"), None, "unknown"),
        (Some("v"), None, "still_there"),
        (Some("id"), None, "identifies"),
        (None, Some(("v", "w")), "new_name"),
    ] {
        let mut order = request(&world, "id,v\n1,10\n", "k1", IngestMode::Replace).await;
        order.changes.drop = drop.into_iter().map(str::to_owned).collect();
        order.changes.rename = rename
            .into_iter()
            .map(|(old, new)| (old.to_owned(), new.to_owned()))
            .collect();
        let refusal = refusal_of(world.ingest(order).await);
        assert_eq!(
            (refusal.code.as_str(), fact(&refusal, "problem")),
            ("schema_order_not_usable", problem)
        );
    }
    let mut append = request(&world, "id\n2\n", "k1", IngestMode::Append).await;
    append.changes.drop = ["v".to_owned()].into();
    assert_eq!(
        refusal_of(world.ingest(append).await).code,
        "schema_order_needs_replace"
    );
    let mut other = request(&world, "id,v\n2,3\n", "k1", IngestMode::Upsert).await;
    other.row_key = vec!["v".to_owned()];
    assert_eq!(refusal_of(world.ingest(other).await).code, "row_key_differs");
    // Beyond 2⁵³ a whole number is not exact as a measurement.
    let large = request(&world, "id,v\n2,9007199254740993\n", "k1", IngestMode::Append).await;
    world.ingest(large).await.expect("append");
    let wider = request(&world, "id,v\n3,0.5\n", "k2", IngestMode::Append).await;
    assert_eq!(refusal_of(world.ingest(wider).await).code, "widening_not_exact");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_number_may_end_in_x_later_and_subjects_keep_their_units() {
    let world = World::new();
    let person = UnitSpec {
        columns: vec!["id".to_owned()],
        domain: "person".to_owned(),
        key: UnitKey([3; 32]),
        at_most: None,
    };
    let mut first = request(&world, "id,v\n110101198703120011,1\n", "k0", IngestMode::Replace).await;
    first.unit = Some(person.clone());
    world.ingest(first).await.expect("ingest");
    let text = "id,v\n110101198703120011,2\n11010119870312002x,3\n";
    let mut more = request(&world, text, "k1", IngestMode::Upsert).await;
    more.unit = Some(person);
    let made = world.ingest(more).await.expect("upsert");
    let unit = made.version.record.unit.clone().expect("units");
    assert_eq!(
        (made.version.rows, unit.units, unit.max_rows_per_unit),
        (2, 2, 1),
        "{:?}",
        made.quality.changes
    );
}
