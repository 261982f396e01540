//! De-identified versions by a recorded recipe.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use shuyu_kernel::Timestamp;
use shuyu_lake::{
    CancellationToken, ColumnType, DataZone, DatasetVersion, DeriveSpec, Generalisation, Generalise,
    IngestKey, LakeError, NoProgress, UNIT_COLUMN, UnitKey, UnitSpec,
};

use crate::world::{NOW, World, dataset, lake_refusal, spec};

const TEXT: &str = "rb030,db040,age,born,income,bonus\n\
    101,Tyrol,34,1990-05-06,16090.69,100\n\
    102,Vienna,17,2007-01-01,NA,5000\n\
    101,Vienna,80,1944-01-01,20000,-50\n";

pub(crate) fn rule(column: &str, how: Generalisation) -> Generalise {
    Generalise {
        column: column.to_owned(),
        how,
    }
}

pub(crate) fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|v| (*v).to_owned()).collect()
}

pub(crate) fn request() -> DeriveSpec {
    DeriveSpec {
        from: dataset(1),
        from_version: 0,
        to: dataset(2),
        table: "r2".to_owned(),
        zone: DataZone::Workbench,
        masking: None,
        drop: texts(&["rb030"]),
        generalise: vec![
            rule(
                "age",
                Generalisation::Bands {
                    edges: texts(&["18", "40", "65"]),
                },
            ),
            rule(
                "income",
                Generalisation::Bands {
                    edges: texts(&["10000", "20000"]),
                },
            ),
            rule("db040", Generalisation::Prefix { characters: 2 }),
            rule("born", Generalisation::Year),
            rule(
                "bonus",
                Generalisation::TopCode {
                    at: "1000".to_owned(),
                },
            ),
        ],
        key: IngestKey("recipe".to_owned()),
        now: Timestamp::from_micros(NOW),
    }
}

pub(crate) async fn filled() -> World {
    let world = World::new();
    let mut spec = spec(dataset(1), vec![world.raw(TEXT.as_bytes()).await], "k");
    spec.unit = Some(UnitSpec {
        columns: texts(&["rb030"]),
        domain: "person".to_owned(),
        key: UnitKey([5; 32]),
        at_most: None,
    });
    world.ingest(spec).await.expect("source");
    world
}

pub(crate) async fn derive(world: &World, spec: DeriveSpec) -> Result<DatasetVersion, LakeError> {
    world
        .lake
        .derive(spec, Arc::new(NoProgress), &CancellationToken::new())
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_go_values_get_coarser_and_units_stay() {
    let world = filled().await;
    let version = derive(&world, request()).await.expect("derive");
    let schema = &version.record.schema;
    let columns: Vec<_> = schema.columns.iter().map(|c| (c.name.as_str(), c.kind)).collect();
    use ColumnType::{Integer, Text};
    let expected = [
        ("db040", Text),
        ("age", Text),
        ("born", Integer),
        ("income", Text),
        ("bonus", Integer),
    ];
    assert_eq!(columns, expected);
    let rows = world.rows(dataset(2)).await;
    let text = |column: usize| -> Vec<Option<String>> {
        rows[0]
            .column(column)
            .as_string::<i32>()
            .iter()
            .map(|v| v.map(str::to_owned))
            .collect()
    };
    let some = |values: [Option<&str>; 3]| values.map(|v| v.map(str::to_owned)).to_vec();
    assert_eq!(text(0), some([Some("Ty"), Some("Vi"), Some("Vi")]));
    assert_eq!(text(1), some([Some("[18,40)"), Some("<18"), Some(">=65")]));
    assert_eq!(text(3), some([Some("[10000,20000)"), None, Some(">=20000")]));
    assert_eq!(
        rows[0].column(2).as_primitive::<Int64Type>().values(),
        &[1990, 2007, 1944]
    );
    assert_eq!(
        rows[0].column(4).as_primitive::<Int64Type>().values(),
        &[100, 1000, -50]
    );
    let source = world.rows(dataset(1)).await;
    let unit = |batch: &RecordBatch| batch.column_by_name(UNIT_COLUMN).expect("unit").clone();
    assert_eq!(
        unit(&rows[0]).as_ref(),
        unit(&source[0]).as_ref(),
        "the unit survives"
    );
    let proof = version.record.unit.clone().expect("proof");
    assert_eq!((proof.units, proof.max_rows_per_unit), (2, 2));
    assert_eq!(
        source[0].column(4).as_primitive::<Float64Type>().value(0),
        16090.69,
        "the source is untouched"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recipe_is_recorded_and_repeating_it_changes_nothing() {
    let world = filled().await;
    let version = derive(&world, request()).await.expect("derive");
    let digest = version.record.processing.expect("processing record");
    let record = world.lake.processing_record(digest).await.expect("record");
    assert_eq!(
        (record.from, record.from_version, record.to),
        (dataset(1), 0, dataset(2))
    );
    assert_eq!(
        (record.dropped, record.generalised),
        (request().drop, request().generalise)
    );
    assert_eq!(record.from_files.len(), 1);
    assert_eq!(derive(&world, request()).await.expect("again"), version);
    assert_eq!(world.lake.versions(dataset(2)).await.expect("versions").len(), 1);
    let other = DeriveSpec {
        drop: vec![],
        ..request()
    };
    assert_eq!(
        lake_refusal(derive(&world, other).await).code,
        "ingest_key_reused"
    );
    let swept = world
        .lake
        .sweep(Timestamp::from_micros(NOW * 2))
        .await
        .expect("sweep");
    assert_eq!(swept.objects, 1, "only the record of the refused recipe goes");
    assert!(world.lake.processing_record(digest).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn recipes_that_cannot_be_are_refused() {
    let world = filled().await;
    let bands = |edges: &[&str]| Generalisation::Bands { edges: texts(edges) };
    for (drop, generalise, code) in [
        (texts(&["nobody"]), vec![], "column_unknown"),
        (texts(&["__unit"]), vec![], "column_unknown"),
        (vec![], vec![rule("age", bands(&[]))], "recipe_not_usable"),
        (
            vec![],
            vec![rule("age", bands(&["40", "18"]))],
            "recipe_not_usable",
        ),
        (vec![], vec![rule("age", bands(&["18.5"]))], "recipe_not_usable"),
        (vec![], vec![rule("db040", bands(&["1"]))], "recipe_not_usable"),
        (
            vec![],
            vec![rule("db040", Generalisation::Prefix { characters: 0 })],
            "recipe_not_usable",
        ),
        (
            vec![],
            vec![rule("age", Generalisation::Year)],
            "recipe_not_usable",
        ),
        (
            texts(&["age"]),
            vec![rule("age", bands(&["1"]))],
            "recipe_not_usable",
        ),
        (
            texts(&["rb030", "db040", "age", "born", "income", "bonus"]),
            vec![],
            "recipe_not_usable",
        ),
    ] {
        let spec = DeriveSpec {
            drop,
            generalise,
            ..request()
        };
        assert_eq!(
            lake_refusal(derive(&world, spec.clone()).await).code,
            code,
            "{spec:?}"
        );
    }
    let missing = DeriveSpec {
        from_version: 9,
        ..request()
    };
    assert_eq!(
        lake_refusal(derive(&world, missing).await).code,
        "dataset_version_unknown"
    );
}

/// Parquet files in the folder of a dataset.
fn files_of(world: &World, number: u128) -> usize {
    let folder = dataset(number).to_string();
    let files = world.files();
    let own = files
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "parquet"));
    own.filter(|path| path.components().any(|part| part.as_os_str() == folder.as_str()))
        .count()
}

fn copy_of(from: u128, key: &str) -> DeriveSpec {
    DeriveSpec {
        from: dataset(from),
        drop: Vec::new(),
        generalise: Vec::new(),
        key: IngestKey(key.to_owned()),
        ..request()
    }
}

async fn derived(world: &World, spec: DeriveSpec) -> Result<DatasetVersion, LakeError> {
    let cancel = CancellationToken::new();
    world.lake.derive(spec, Arc::new(NoProgress), &cancel).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_derivation_that_fails_leaves_no_file() {
    let mut world = World::new();
    // Two files, the second of them damaged: the first derived file is written before that is found.
    let text: String = (0..300_000).fold("id\n".to_owned(), |text, id| text + &format!("{id}\n"));
    let raw = world.raw(text.as_bytes()).await;
    world
        .ingest(spec(dataset(1), vec![raw], "k"))
        .await
        .expect("source");
    let second = world
        .files()
        .into_iter()
        .find(|path| path.to_string_lossy().contains("part-00001"));
    let second = second.expect("a second file");
    let whole = std::fs::read(&second).expect("bytes");
    std::fs::write(&second, &whole[..whole.len() - 1]).expect("damage");
    assert!(matches!(
        derived(&world, copy_of(1, "d0")).await,
        Err(LakeError::Fault(_))
    ));
    assert_eq!(files_of(&world, 2), 0, "after a fault while reading");

    std::fs::write(&second, &whole).expect("mended");
    derived(&world, copy_of(1, "d0")).await.expect("first version");
    let stood = files_of(&world, 2);
    let log = world
        .folder
        .path()
        .join("tables")
        .join(dataset(2).to_string())
        .join("_delta_log");
    world.reopen(Arc::new(crate::crash::Intruder(log)));
    assert_eq!(
        lake_refusal(derived(&world, copy_of(1, "d1")).await).code,
        "dataset_changed_meanwhile"
    );
    assert_eq!(files_of(&world, 2), stood, "after a refused commit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_derived_table_does_not_lose_its_unit_either() {
    let world = World::new();
    let raw = world.raw(b"id,v\na,1\n").await;
    let mut personal = spec(dataset(1), vec![raw], "k");
    personal.unit = Some(UnitSpec {
        columns: texts(&["id"]),
        domain: "person".to_owned(),
        key: UnitKey([1; 32]),
        at_most: None,
    });
    world.ingest(personal).await.expect("personal");
    world
        .ingest(spec(dataset(3), vec![raw], "k"))
        .await
        .expect("the same rows without a unit");
    derived(&world, copy_of(1, "d0")).await.expect("with its unit");
    assert_eq!(
        lake_refusal(derived(&world, copy_of(3, "d1")).await).code,
        "unit_differs"
    );
    let unit = world.lake.snapshot(dataset(2), None).await.expect("snapshot");
    assert_eq!(
        unit.version()
            .record
            .unit
            .as_ref()
            .map(|unit| unit.domain.as_str()),
        Some("person")
    );
}
