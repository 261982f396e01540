//! What a file calls its columns: names and titles that stand for a column, and names that are somebody's data.

use arrow::{array::AsArray, datatypes::Int64Type};
use shuyu_kernel::{CivilDate, CreditCode, ResidentId};
use shuyu_lake::{ColumnSpec, ColumnType, IngestMode, TableSpec};

use crate::{
    evolve::request,
    world::{World, dataset, fact, refusal_of},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_column_found_by_its_name_takes_the_title_of_the_file_and_rows_follow() {
    let world = World::new();
    let first = request(&world, "ID,V\n1,10\n", "k0", IngestMode::Replace).await;
    world.ingest(first).await.expect("ingest");
    for (number, text) in ["id,v\n2,20\n", "V,Id\n30,3\n", "id,V\n4,40\n"]
        .into_iter()
        .enumerate()
    {
        let more = request(&world, text, &format!("a{number}"), IngestMode::Append).await;
        let made = world.ingest(more).await.expect("the same columns");
        assert_eq!(made.quality.changes, [], "{text}");
        let columns = &made.version.record.schema.columns;
        let names: Vec<_> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "v"], "{text}");
        let header = text.lines().next().expect("a header");
        assert!(
            columns
                .iter()
                .all(|column| header.split(',').any(|title| title == column.header())),
            "{text}"
        );
    }
    let mut rows = Vec::new();
    for batch in world.rows(dataset(1)).await {
        let (ids, v) = (
            batch.column(0).as_primitive::<Int64Type>(),
            batch.column(1).as_primitive::<Int64Type>(),
        );
        rows.extend((0..batch.num_rows()).map(|row| (ids.value(row), v.value(row))));
    }
    rows.sort_unstable();
    assert_eq!(rows, [(1, 10), (2, 20), (3, 30), (4, 40)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_of_one_column_is_never_taken_for_the_name_of_another() {
    let world = World::new();
    let mut first = request(&world, "no,id\n1,10\n", "k0", IngestMode::Replace).await;
    let mut named = ColumnSpec::new("id", ColumnType::Integer);
    named.header = Some("no".to_owned());
    let mut other = ColumnSpec::new("v", ColumnType::Integer);
    other.header = Some("id".to_owned());
    (first.schema, first.row_key) = (
        Some(TableSpec {
            columns: vec![named, other],
            key: Vec::new(),
        }),
        Vec::new(),
    );
    world.ingest(first).await.expect("ingest");
    let mut more = request(&world, "id\n20\n", "k1", IngestMode::Append).await;
    more.row_key.clear();
    let refusal = refusal_of(world.ingest(more).await);
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "missing")),
        ("columns_dropped", "id"),
        "the title stands for `v`"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_holds_an_identifier_is_refused_by_position_and_never_repeated() {
    let world = World::new();
    let first = request(&world, "id,v\n1,10\n", "k0", IngestMode::Replace).await;
    world.ingest(first).await.expect("ingest");
    let birth = CivilDate::new(1987, 3, 12).expect("a day");
    let person = ResidentId::from_parts("530102", birth, 17).expect("a number");
    let person = person.reveal().to_owned();
    let company = CreditCode::from_first_seventeen("91530100MA6K0000X").expect("a code");
    let company = company.as_str().to_owned();
    let files = [
        (format!("{{\"id\":2,\"{person}\":\"x\"}}"), 2),
        (
            format!("{{\"id\":2,\"v\":1}}\n{{\"id\":3,\"{company}\":\"x\"}}"),
            3,
        ),
        (format!("id,v,no {}\n2,20,x\n", person.to_lowercase()), 3),
        (format!("{person},2,3\n{person},4,5\n"), 1),
    ];
    for (text, position) in files {
        for (key, mode) in [("k1", IngestMode::Append), ("k2", IngestMode::Replace)] {
            let refusal = refusal_of(world.ingest(request(&world, &text, key, mode).await).await);
            assert_eq!(
                (refusal.code.as_str(), fact(&refusal, "position")),
                ("header_not_usable", position.to_string().as_str()),
                "{text}"
            );
            let told = format!("{refusal:?}").to_lowercase();
            for value in [&person, &company] {
                assert!(!told.contains(&value.to_lowercase()), "{text}");
            }
        }
    }
    let versions = world.lake.versions(dataset(1)).await.expect("versions");
    assert_eq!(versions.len(), 1, "nothing stands in the record");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_more_in_a_file_that_lacks_columns_is_counted_and_not_named() {
    let world = World::new();
    let first = request(&world, "id,v,w\n1,10,x\n", "k0", IngestMode::Replace).await;
    world.ingest(first).await.expect("ingest");
    let row = request(&world, "id,张三,昆明市\n2,20,y\n", "k1", IngestMode::Append).await;
    let refusal = refusal_of(world.ingest(row).await);
    assert_eq!(
        (fact(&refusal, "missing"), fact(&refusal, "added")),
        ("v, w", "2")
    );
    assert!(!format!("{refusal:?}").contains("张三"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_named_to_a_table_without_one_is_refused_as_long_as_rows_stay() {
    let world = World::new();
    let mut first = request(&world, "id,v\n1,10\n1,20\n", "k0", IngestMode::Replace).await;
    first.row_key.clear();
    world.ingest(first).await.expect("ingest");
    let rows = "id,v\n1,30\n1,40\n";
    let append = request(&world, rows, "k1", IngestMode::Append).await;
    let refusal = refusal_of(world.ingest(append.clone()).await);
    assert_eq!(
        (refusal.code.as_str(), fact(&refusal, "key")),
        ("row_key_differs", "")
    );
    let upsert = request(&world, rows, "k1", IngestMode::Upsert).await;
    assert_eq!(refusal_of(world.ingest(upsert).await).code, "upsert_without_key");
    let mut keyless = append;
    keyless.row_key.clear();
    let made = world.ingest(keyless).await.expect("nothing is promised");
    assert_eq!(made.version.rows, 4);
    // The whole table may get one.
    let whole = request(&world, "id,v\n1,30\n2,40\n", "k2", IngestMode::Replace).await;
    let made = world.ingest(whole).await.expect("ingest");
    assert_eq!(made.version.record.schema.key, ["id"]);
}
