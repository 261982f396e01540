//! Texts made to break the reader: too long, too deep, too wide.

use std::collections::BTreeSet;

use crate::fixture::{Outcome, WORLD};

#[test]
fn hostile_texts_are_refused_and_nothing_breaks() {
    let open = "(".repeat(20_000);
    let deep_calls = format!(
        "SELECT {}county{} FROM region",
        "upper(".repeat(3_000),
        ")".repeat(3_000)
    );
    let long_chain = format!(
        "SELECT count(*) FROM region WHERE gdp > 0{}",
        " AND gdp > 0".repeat(4_000)
    );
    let postfix = format!(
        "SELECT count(*) FROM region WHERE gdp {}",
        "IS NULL ".repeat(8_000)
    );
    let nots = format!("SELECT count(*) FROM region WHERE {} true", "NOT ".repeat(9_000));
    let selects = format!("SELECT 1{}", " UNION ALL SELECT 1".repeat(2_000));
    let tables = format!("SELECT count(*) FROM region{}", ", region".repeat(3_000));
    let doubling: String = (0..40).fold("SELECT gdp AS x FROM region".into(), |inner, _| {
        format!("SELECT x + x AS x FROM ({inner}) t")
    });
    let short_doubling: String = (0..14).fold("SELECT gdp AS x FROM region".into(), |inner, _| {
        format!("SELECT x + x AS x FROM ({inner}) t")
    });
    let nested = |table: &str, column: &str| {
        (0..14).fold(format!("SELECT {column} AS x FROM {table}"), |inner, _| {
            format!("SELECT x{} AS x FROM ({inner}) t", " + 1".repeat(50))
        })
    };
    let (deep_public, deep_personal) = (nested("region", "gdp"), nested("person", "income"));
    let huge = format!("SELECT '{}' FROM region", "x".repeat(70_000));
    let mut codes = BTreeSet::new();
    for sql in [
        open,
        deep_calls,
        long_chain,
        postfix,
        nots,
        selects,
        tables,
        doubling,
        short_doubling,
        deep_public,
        deep_personal,
        huge,
        "\u{0}".into(),
        "\u{202e}SELECT".into(),
    ] {
        let code = WORLD.refusal(&sql).code;
        assert!(
            [
                "query_too_large",
                "query_not_parsed",
                "query_statement_not_allowed"
            ]
            .contains(&code.as_str()),
            "{code}"
        );
        codes.insert(code);
    }
    assert!(codes.contains("query_too_large"));
}

#[test]
fn a_reasonably_long_condition_runs() {
    let sql = format!(
        "SELECT count(*) FROM person WHERE sex = 'M'{}",
        " AND county <> 'x'".repeat(50)
    );
    let outcome = WORLD.ask(&sql);
    assert!(matches!(outcome, Outcome::Answered), "{outcome:?}");
    let list: Vec<String> = (0..3_000).map(|n| format!("'{n}'")).collect();
    let sql = format!(
        "SELECT count(*) FROM person WHERE county NOT IN ({})",
        list.join(",")
    );
    assert!(matches!(WORLD.ask(&sql), Outcome::Answered));
}
