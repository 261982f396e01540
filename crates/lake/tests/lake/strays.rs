//! Uploads that never became a version, and own lists, in an erasure.

use std::collections::BTreeSet;

use rust_xlsxwriter::Workbook;
use shuyu_kernel::{DatasetId, Digest};
use shuyu_lake::{ColumnSpec, ColumnType, DataZone, ErasureProof, IngestSpec, TableSpec, UnitSpec};

use crate::{
    erase::{KEY, PEOPLE, VICTIM, carried_out, filled, ordered, unit},
    world::{World, dataset, lake_refusal, spec},
};

/// The proof of an order for which these uploads were searched.
async fn searched(world: &World, uploads: BTreeSet<Digest>) -> ErasureProof {
    let people = dataset(PEOPLE);
    let done = world.lake.search_uploads(people, "o1", &KEY, uploads).await;
    done.expect("searched");
    carried_out(world, "o1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_never_became_a_version_are_searched_and_destroyed_as_well() {
    let world = World::new();
    filled(&world).await;
    let named = world
        .raw(format!("x,who\n1,q\n2, {}\n", VICTIM.to_lowercase()).as_bytes())
        .await;
    let headless = world.raw(format!("{VICTIM},5\nq,6\n").as_bytes()).await;
    let lines = world.raw(format!("{{\"who\":\"{VICTIM}\"}}\n").as_bytes()).await;
    let broken = world.raw(b"x,who\n1,\"q\n").await;
    let other = world.raw(b"x,who\n1,q\n").await;
    let sheets = world.raw(&workbook(VICTIM)).await;
    let quiet = world.raw(&workbook("q")).await;
    let strays = [named, headless, lines, broken, other, sheets, quiet];
    // Of another table: its rows are not this order's, so neither is its file.
    let elsewhere = world.raw(format!("nr,note\n7,{VICTIM}\n").as_bytes()).await;
    world
        .ingest(spec(dataset(77), vec![elsewhere], "k"))
        .await
        .expect("ingest");
    ordered(&world, "o1").await;
    let uploads = strays.iter().copied().chain([elsewhere]).collect();
    let proof = searched(&world, uploads).await;
    for gone in [named, headless, lines, broken, sheets] {
        assert!(proof.raw_destroyed.contains(&gone));
        assert_eq!(
            lake_refusal(world.lake.open_raw(gone).map(|_| ())).code,
            "raw_file_unknown"
        );
    }
    for kept in [other, quiet, elsewhere] {
        assert!(!proof.raw_destroyed.contains(&kept) && world.lake.open_raw(kept).is_ok());
    }
}

/// A table of nobody on the first sheet, and a wider sheet beside it that holds a value below a narrow title.
fn workbook(value: &str) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let first = workbook.add_worksheet();
    first.write(0, 0, "id").expect("title");
    first.write(1, 0, "z").expect("cell");
    let second = workbook.add_worksheet();
    second.write(0, 0, "a note").expect("title");
    second.write(2, 3, value).expect("cell");
    workbook.save_to_buffer().expect("workbook")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_is_searched_on_sheets_that_no_version_is_made_of() {
    let world = World::new();
    for (number, value) in [VICTIM, "q"].into_iter().enumerate() {
        let raw = world.raw(&workbook(value)).await;
        let mut spec = spec(dataset(PEOPLE), vec![raw], &format!("k{number}"));
        spec.unit = Some(unit());
        world.ingest(spec).await.expect("ingest");
    }
    ordered(&world, "o1").await;
    let proof = carried_out(&world, "o1").await;
    assert!(proof.versions.is_empty(), "no row was about the subject");
    assert_eq!(proof.raw_destroyed.len(), 1);
}

/// An own list of these subjects in a domain; answers its file.
async fn brought(world: &World, id: DatasetId, domain: &str, subjects: &[&str]) -> Digest {
    let rows: String = subjects.iter().map(|subject| format!("{subject},a\n")).collect();
    let raw = world.raw(format!("id,tag\n{rows}").as_bytes()).await;
    let column = |name: &str| ColumnSpec::new(name, ColumnType::Text);
    let list = IngestSpec {
        zone: DataZone::Workbench,
        schema: Some(TableSpec {
            columns: vec![column("id"), column("tag")],
            key: Vec::new(),
        }),
        unit: Some(UnitSpec {
            domain: domain.to_owned(),
            ..unit()
        }),
        ..spec(id, vec![raw], "own")
    };
    world.ingest(list).await.expect("ingest");
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_finds_the_lists_that_name_its_subject_and_the_files_they_left() {
    let world = World::new();
    filled(&world).await;
    let lower = VICTIM.to_lowercase();
    let [naming, other, elsewhere] = [dataset(51), dataset(52), dataset(53)];
    let raw = brought(&world, naming, "person", &["q", &lower]).await;
    let kept = brought(&world, other, "person", &["q", "r"]).await;
    // The same text in another domain is another subject, whatever the key says.
    let theirs = brought(&world, elsewhere, "enterprise", &["s", &lower]).await;
    let ask = |list| world.lake.names_subject(list, (dataset(PEOPLE), "o1"));
    assert_eq!(lake_refusal(ask(naming).await).code, "erasure_unknown");
    ordered(&world, "o1").await;
    for (list, names) in [(naming, true), (other, false), (elsewhere, false)] {
        assert_eq!(ask(list).await.expect("asked"), names, "{list}");
    }
    let uploads = BTreeSet::from([raw, kept]);
    let proof = searched(&world, uploads).await;
    assert!(proof.raw_destroyed.contains(&raw) && world.lake.open_raw(raw).is_err());
    for file in [kept, theirs] {
        assert!(!proof.raw_destroyed.contains(&file) && world.lake.open_raw(file).is_ok());
    }
    world.lake.destroy(naming).await.expect("destroyed");
    assert!(
        !ask(naming).await.expect("asked"),
        "one that is gone names nobody"
    );
}
