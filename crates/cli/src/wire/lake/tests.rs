//! What people read of an ingest: problems, and changes of columns.

use shuyu_kernel::Refusal;
use shuyu_lake::{ColumnType, OrderProblem};
use shuyu_web::i18n::{Language, Texts};

use super::*;

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
