//! What refusals say: clauses, columns, nearest forms; and what they never repeat.

use crate::{fixture::WORLD, refusals::TABLE};

/// Columns that the statements of the table name.
const COLUMNS: [&str; 10] = [
    "birth",
    "cost",
    "county",
    "diagnosis",
    "employer_code",
    "id_no",
    "income",
    "name",
    "nationality",
    "sex",
];

#[test]
fn clauses_stand_behind_every_refusal_and_a_column_where_one_is_named() {
    for (_, sql, _) in TABLE {
        let refusal = WORLD.refusal(sql);
        assert!(!refusal.clauses.is_empty(), "{sql}: {refusal:?}");
        let mut words = sql.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let names_one = words.any(|word| COLUMNS.contains(&word));
        // These speak of the statement or of a table, whatever columns stand in it.
        let of_statement = refusal.code.starts_with("query_") || refusal.code == "table_not_granted";
        assert!(
            !names_one || of_statement || refusal.facts.contains_key("column"),
            "{sql}: {refusal:?}"
        );
    }
    assert_eq!(
        WORLD.refusal("SELECT * FROM person").clauses,
        ["TT-AA-004".parse().unwrap()]
    );
    assert_eq!(
        WORLD.refusal("COPY person TO 'x.csv'").clauses,
        ["TT-AA-004".parse().unwrap()]
    );
}

#[test]
fn refusals_of_forms_name_column_use_node_and_nearest_form() {
    for (sql, node, used, nearest) in [
        (
            "SELECT count(upper(sex)) FROM person",
            "count_argument",
            "measure",
            "count(sex)",
        ),
        (
            "SELECT count(DISTINCT CASE WHEN sex = 'M' THEN 1 ELSE 0 END) FROM person",
            "distinct_argument",
            "measure",
            "count(DISTINCT sex)",
        ),
        (
            "SELECT avg(income * income) FROM person",
            "aggregate_argument",
            "measure",
            "avg(income)",
        ),
    ] {
        let refusal = WORLD.refusal(sql);
        let fact = |name: &str| refusal.facts.get(name).cloned().unwrap_or_default();
        assert_eq!(refusal.code, "node_not_allowed", "{sql}: {refusal:?}");
        assert_eq!(
            (fact("node"), fact("use"), fact("nearest")),
            (node.to_owned(), used.to_owned(), nearest.to_owned()),
            "{sql}"
        );
        assert!(
            ["sex", "income"].contains(&fact("column").as_str()),
            "{refusal:?}"
        );
        assert_eq!(fact("table"), "person");
    }
    let refusal = WORLD.refusal("SELECT count(*) FROM person WHERE county = 110101");
    let fact = |name: &str| refusal.facts.get(name).cloned().unwrap_or_default();
    assert_eq!(
        (fact("column"), fact("table"), fact("use"), fact("node")),
        ("county".into(), "person".into(), "filter".into(), "filter".into())
    );
}

#[test]
fn names_that_may_be_a_persons_are_not_repeated() {
    for sql in [
        "SELECT count(*) FROM person WHERE county = \"张三\"",
        "SELECT count(*) FROM person WHERE county = \"Zhang San\"",
        "SELECT count(*) FROM person WHERE county = \"110101198703120011\"",
        "SELECT count(*) FROM \"张三\"",
        "SELECT \"张三\"(county) FROM person",
        "SELECT md5(\"张三\") FROM person",
    ] {
        let refusal = WORLD.refusal(sql);
        for (name, value) in &refusal.facts {
            let told = ["张三", "Zhang", "110101198703120011"]
                .iter()
                .any(|text| value.contains(text));
            assert!(!told, "{sql}: {name} repeats {value}");
        }
    }
}
