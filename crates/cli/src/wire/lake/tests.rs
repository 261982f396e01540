//! What people read of an ingest: problems, changes of columns, and what is declared of them.

use shuyu_app::port::LakeColumn;
use shuyu_kernel::{Refusal, Timestamp, kill::NoKill};
use shuyu_lake::{ColumnType, MasterKey, OrderProblem};
use shuyu_testkit::MockClock;
use shuyu_web::i18n::{Language, Texts};

use super::*;
use crate::real::SystemRandom;

/// Problems of the other refusals that name one, as the crates write them.
const PROBLEMS: [(&str, &[&str]); 4] = [
    (
        "schema_not_usable",
        &["number_of_columns", "name", "duplicate", "scale", "range", "key"],
    ),
    ("ingest_not_usable", &["sources", "key", "unit", "set_aside"]),
    (
        "recipe_not_usable",
        &[
            "named_twice",
            "no_steps",
            "nothing_left",
            "type",
            "edges",
            "mark",
            "mark_breaks_k",
            "same_dataset",
        ],
    ),
    ("assessment_not_usable", &["no_quasi", "named_twice", "no_rows"]),
];

#[test]
fn every_problem_has_its_sentence_in_both_languages() {
    let texts = Texts::load().expect("the words read");
    let order = OrderProblem::ALL.map(OrderProblem::word);
    let all = PROBLEMS
        .into_iter()
        .chain([("schema_order_not_usable", &order[..])]);
    for (code, words) in all {
        let mut told = std::collections::BTreeSet::new();
        for (language, word) in [Language::Zh, Language::En]
            .into_iter()
            .flat_map(|language| words.iter().map(move |word| (language, *word)))
        {
            let refusal = Refusal::unmet(code).fact("column", "c").fact("problem", word);
            let general = texts.refusal(language, &Refusal::unmet(code).fact("column", "c"));
            let text = texts.refusal(language, &refusal);
            assert_ne!(
                text.what, general.what,
                "{code} {word} has no sentence of its own"
            );
            assert!(!word.contains('_') || !text.what.contains(word), "{}", text.what);
            assert!(
                !text.way_out.is_empty() && !text.way_out.contains('_'),
                "{}",
                text.way_out
            );
            assert!(
                told.insert(text.what),
                "{code} {word} has the sentence of another"
            );
        }
    }
}

#[test]
fn a_change_of_columns_stands_in_the_report_as_in_the_record() {
    let quality = QualityReport {
        changes: vec![shuyu_lake::ColumnChange::Widened {
            column: "fee".to_owned(),
            from: ColumnType::Integer,
            to: ColumnType::Decimal { scale: 2 },
        }],
        ..QualityReport::default()
    };
    let report = told(&quality).expect("a report");
    let read: Vec<ColumnChange> =
        serde_json::from_value(report["changes"].clone()).expect("changes of the record");
    assert_eq!(read, [change(&quality.changes[0])]);
    assert_eq!(read[0].to, "decimal_2");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_lists_that_an_order_declares_are_told_with_the_columns() {
    let folder = tempfile::tempdir().expect("a folder");
    let random = Arc::new(SystemRandom::new([3; 32]));
    let lake = Lake::open(
        folder.path().to_owned(),
        &MasterKey([1; 32]),
        random,
        Arc::new(NoKill),
    );
    let clock = Arc::new(MockClock::at(Timestamp::from_micros(0)));
    let adapter = LakeAdapter::new(Arc::new(lake.expect("a lake")), [2; 32], clock);
    let file = futures::stream::iter([Ok("area,n\n530102,1\n530103,2\n".into())]).boxed();
    let raw = adapter
        .receive("rows.csv", file, u64::MAX)
        .await
        .expect("received");
    let codes = ["530103", "530102"].map(str::to_owned).into();
    let mut order = IngestOrder {
        dataset: DatasetId::from_bits(7),
        table: "t".to_owned(),
        raw: raw.digest,
        name: "rows.csv".to_owned(),
        unit_columns: Vec::new(),
        domain: None,
        set_aside: None,
        arriving: Default::default(),
        key: "k".to_owned(),
    };
    order.arriving.codes.insert("area".to_owned(), codes);
    let made = adapter.ingest(&order, Arc::new(|_| ()), Cancel::default()).await;
    assert_eq!(made.expect("a version").rows, 2);
    let column = |name: &str, codes: &[&str]| LakeColumn {
        name: name.to_owned(),
        kind: "Int64".to_owned(),
        codes: codes.iter().map(|code| (*code).to_owned()).collect(),
    };
    let told = adapter.columns(order.dataset).await.expect("columns");
    assert_eq!(told, [column("area", &["530102", "530103"]), column("n", &[])]);
}
