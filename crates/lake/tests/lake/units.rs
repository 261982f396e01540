//! The hidden unit column and the proof of rows per unit.

use arrow::{array::AsArray, datatypes::Int64Type};
use shuyu_kernel::DatasetId;
use shuyu_lake::{IngestKey, IngestMode, IngestSpec, OnBadRow, Rule, UNIT_COLUMN, UnitKey, UnitSpec};

use crate::world::{World, dataset, refusal_of, spec};

fn person(key: u8, at_most: Option<u32>) -> UnitSpec {
    UnitSpec {
        columns: vec!["id".to_owned()],
        domain: "person".to_owned(),
        key: UnitKey([key; 32]),
        at_most,
    }
}

async fn request(world: &World, id: DatasetId, text: &str, key: &str, unit: UnitSpec) -> IngestSpec {
    let mut spec = spec(id, vec![world.raw(text.as_bytes()).await], key);
    spec.unit = Some(unit);
    spec
}

async fn units(world: &World, id: DatasetId) -> Vec<i64> {
    let rows = world.rows(id).await;
    rows.iter()
        .flat_map(|batch| {
            let column = batch.column_by_name(UNIT_COLUMN).expect("unit column");
            column.as_primitive::<Int64Type>().values().to_vec()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_per_unit_are_counted_over_the_whole_table() {
    let world = World::new();
    let id = dataset(1);
    let first = request(
        &world,
        id,
        "id,v\n11010119900101123x,1\nb,2\n",
        "k0",
        person(1, None),
    )
    .await;
    let proof = world
        .ingest(first)
        .await
        .expect("ingest")
        .quality
        .unit
        .expect("proof");
    assert_eq!(
        (proof.units, proof.max_rows_per_unit, proof.domain.as_str()),
        (2, 1, "person")
    );
    // The same person in other spelling, in a later version.
    let mut more = request(
        &world,
        id,
        "id,v\n 11010119900101123X ,3\nc,4\n",
        "k1",
        person(1, None),
    )
    .await;
    more.mode = IngestMode::Append;
    let proof = world
        .ingest(more)
        .await
        .expect("append")
        .version
        .record
        .unit
        .expect("proof");
    assert_eq!((proof.units, proof.max_rows_per_unit), (3, 2));
    // A promise that does not hold refuses the append and changes nothing.
    let mut third = request(&world, id, "id,v\nb,5\n", "k2", person(1, Some(1))).await;
    third.mode = IngestMode::Append;
    let refusal = refusal_of(world.ingest(third).await);
    assert_eq!(
        (refusal.code.as_str(), refusal.facts["found"].as_str()),
        ("unit_rows_exceeded", "2")
    );
    assert_eq!(world.lake.versions(id).await.expect("versions").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn units_compare_within_a_domain_and_not_across() {
    let world = World::new();
    let mut all = Vec::new();
    for (number, key) in [(1, 1), (2, 1), (3, 2)] {
        let text = if number == 2 {
            "v,id\n9,a\n9,b\n"
        } else {
            "id,v\na,1\nb,2\n"
        };
        let spec = request(&world, dataset(number), text, "k", person(key, Some(1))).await;
        world.ingest(spec).await.expect("ingest");
        all.push(units(&world, dataset(number)).await);
    }
    assert_eq!(all[0], all[1], "the same persons in two tables");
    assert!(
        all[0].iter().all(|unit| !all[2].contains(unit)),
        "another domain has another key"
    );
    assert_ne!(all[0][0], all[0][1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_without_its_unit_is_bad_and_tables_cannot_lose_their_unit() {
    let world = World::new();
    let id = dataset(1);
    let mut spec = request(&world, id, "id,v\na,1\nNA,2\n", "k", person(1, None)).await;
    spec.on_bad_row = OnBadRow::Quarantine {
        max_share_basis_points: 5_000,
    };
    let report = world
        .ingest(spec.clone())
        .await
        .expect("half of the rows")
        .quality;
    assert_eq!(
        (report.findings[0].rule, report.rows_accepted),
        (Rule::UnitMissing, 1)
    );
    spec.mode = IngestMode::Append;
    spec.key.0 = "k1".to_owned();
    let without = IngestSpec {
        unit: None,
        ..spec.clone()
    };
    assert_eq!(refusal_of(world.ingest(without).await).code, "unit_differs");
    let other = UnitSpec {
        domain: "household".to_owned(),
        ..person(1, None)
    };
    let other = IngestSpec {
        unit: Some(other),
        ..spec.clone()
    };
    assert_eq!(refusal_of(world.ingest(other).await).code, "unit_differs");
    let unknown = UnitSpec {
        columns: vec!["nobody".to_owned()],
        ..person(1, None)
    };
    let unknown = IngestSpec {
        dataset: dataset(2),
        unit: Some(unknown),
        mode: IngestMode::Replace,
        ..spec
    };
    assert_eq!(refusal_of(world.ingest(unknown).await).code, "column_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_keeps_the_unit_or_gains_one_and_never_loses_it() {
    let world = World::new();
    let id = dataset(1);
    let plain = spec(id, vec![world.raw(b"id,v\na,1\nb,2\n").await], "k0");
    world.ingest(plain.clone()).await.expect("a table without a unit");
    let mut personal = IngestSpec {
        unit: Some(person(1, None)),
        key: IngestKey("k1".to_owned()),
        ..plain.clone()
    };
    let gained = world
        .ingest(personal.clone())
        .await
        .expect("the table gains a unit");
    assert_eq!(gained.version.version, 1);

    let with = |unit: Option<UnitSpec>, key: &str| IngestSpec {
        unit,
        key: IngestKey(key.to_owned()),
        ..plain.clone()
    };
    let household = UnitSpec {
        domain: "household".to_owned(),
        ..person(1, None)
    };
    let finer = UnitSpec {
        columns: vec!["v".to_owned()],
        ..person(1, None)
    };
    for unit in [None, Some(household), Some(finer)] {
        let refusal = refusal_of(world.ingest(with(unit, "k2")).await);
        assert_eq!(refusal.code, "unit_differs");
    }
    let reused = refusal_of(world.ingest(with(None, "k1")).await);
    assert_eq!(
        reused.code, "ingest_key_reused",
        "a key answers for its own unit only"
    );
    assert_eq!(world.lake.versions(id).await.expect("versions").len(), 2);
    personal.key.0 = "k2".to_owned();
    let kept = world.ingest(personal).await.expect("the same unit");
    assert_eq!(kept.version.record.unit.map(|unit| unit.units), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_a_personal_table_holds_nobodys_value() {
    let world = World::new();
    let text = "id,income,born\na,6543217,1931-05-06\nb,10,1990-01-01\n";
    let spec = request(&world, dataset(1), text, "k", person(1, None)).await;
    let report = world.ingest(spec).await.expect("ingest").quality;
    let ranges: Vec<_> = report
        .columns
        .iter()
        .map(|column| (&column.min, &column.max))
        .collect();
    assert_eq!(ranges, [(&None, &None); 3]);
    let json = serde_json::to_string(&report).expect("json");
    assert!(!json.contains("6543217") && !json.contains("1931"), "{json}");
}
