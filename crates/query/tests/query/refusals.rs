//! Every refusal at least once, with what it must say.

use shuyu_kernel::Refusal;

use crate::fixture::{Outcome, WORLD};

/// Code, statement, facts that must be there.
pub type Expected = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
);

pub const TABLE: &[Expected] = &[
    (
        "query_not_parsed",
        "SELECT county,, FROM person",
        &[("line", "1"), ("position", "15")],
    ),
    ("query_not_parsed", "SELECT 'abc FROM person", &[]),
    ("query_statement_not_allowed", "", &[("statement", "none")]),
    (
        "query_statement_not_allowed",
        "SELECT 1; SELECT 2",
        &[("statement", "several")],
    ),
    (
        "query_statement_not_allowed",
        "DROP TABLE person",
        &[("statement", "DROP")],
    ),
    (
        "query_statement_not_allowed",
        "EXPLAIN SELECT count(*) FROM person",
        &[("statement", "EXPLAIN")],
    ),
    (
        "query_statement_not_allowed",
        "SET x = 1",
        &[("statement", "SET")],
    ),
    (
        "query_statement_not_allowed",
        "SHOW TABLES",
        &[("statement", "SHOW")],
    ),
    (
        "query_statement_not_allowed",
        "DESCRIBE person",
        &[("statement", "DESCRIBE")],
    ),
    (
        "query_statement_not_allowed",
        "COPY person TO 'x.csv'",
        &[("statement", "COPY")],
    ),
    (
        "query_statement_not_allowed",
        "INSERT INTO region VALUES (1)",
        &[("statement", "INSERT")],
    ),
    (
        "table_not_granted",
        "SELECT count(*) FROM salary",
        &[("table", "salary"), ("line", "1"), ("position", "22")],
    ),
    (
        "column_struck",
        "SELECT nationality, count(*) FROM person GROUP BY nationality",
        &[("column", "nationality")],
    ),
    (
        "column_struck",
        "SELECT count(*) FROM person p WHERE p.nationality = 'x'",
        &[
            ("table", "person"),
            ("position", "39"),
            ("nearest", "use_other_column"),
        ],
    ),
    (
        "column_sealed",
        "SELECT name, count(*) FROM person GROUP BY name",
        &[("column", "name"), ("table", "person")],
    ),
    (
        "column_sealed",
        "SELECT count(*) FROM person WHERE phone = '1'",
        &[("nearest", "apply_for_use")],
    ),
    (
        "column_unknown",
        "SELECT __unit FROM person",
        &[("column", "__unit")],
    ),
    (
        "column_unknown",
        "SELECT nothing FROM person",
        &[("column", "nothing")],
    ),
    (
        "column_ambiguous",
        "SELECT county FROM person p JOIN region r ON p.county = r.county",
        &[("column", "county")],
    ),
    (
        "use_missing",
        "SELECT avg(income) FROM person WHERE id_no = '1'",
        &[
            ("column", "id_no"),
            ("use", "filter"),
            ("node", "filter"),
            ("position", "38"),
            ("fragment", "id_no"),
        ],
    ),
    (
        "use_missing",
        "SELECT sum(character_length(diagnosis)) FROM person",
        &[("use", "measure")],
    ),
    (
        "use_missing",
        "WITH a AS (SELECT id_no AS county FROM person) SELECT count(*) FROM (SELECT county AS x FROM a) b WHERE x = '1'",
        &[("column", "id_no"), ("use", "filter")],
    ),
    (
        "use_missing",
        "SELECT cost, count(*) FROM visit GROUP BY cost",
        &[("use", "group")],
    ),
    (
        "use_missing",
        "SELECT count(*) FROM person p JOIN employer e ON p.employer_code = e.employer_code \
         WHERE e.employer_code = '9'",
        &[("use", "filter"), ("table", "employer")],
    ),
    (
        "small_group_key",
        "SELECT id_no, count(*) FROM person GROUP BY id_no",
        &[("nearest", "SELECT count(DISTINCT id_no) AS n FROM person")],
    ),
    (
        "raw_rows",
        "SELECT county, sex FROM person",
        &[("table", "person"), ("nearest_kind", "sql")],
    ),
    ("raw_rows", "SELECT 1 FROM person", &[]),
    (
        "select_star",
        "SELECT * FROM person",
        &[("table", "person"), ("nearest_kind", "sql")],
    ),
    (
        "node_not_allowed",
        "SELECT DISTINCT county FROM person",
        &[("node", "distinct")],
    ),
    (
        "node_not_allowed",
        "SELECT county FROM person LIMIT 5",
        &[("node", "limit")],
    ),
    (
        "node_not_allowed",
        "SELECT county FROM person ORDER BY income",
        &[("node", "sort")],
    ),
    (
        "node_not_allowed",
        "SELECT county FROM region WHERE county IN (SELECT county FROM person)",
        &[("node", "subquery")],
    ),
    (
        "node_not_allowed",
        "SELECT count(DISTINCT county) FILTER (WHERE sex = 'M') FROM person",
        &[("node", "aggregate_filter")],
    ),
    (
        "node_not_allowed",
        "SELECT avg(income * income) FROM person",
        &[("node", "aggregate_argument"), ("nearest", "avg(income)")],
    ),
    (
        "node_not_allowed",
        "SELECT median(income + 1) FROM person",
        &[("node", "quantile_argument"), ("nearest", "median(income)")],
    ),
    (
        "node_not_allowed",
        "SELECT approx_percentile_cont(income, 1.5) FROM person",
        &[
            ("node", "quantile_fraction"),
            ("nearest", "percentile_cont(0.5) WITHIN GROUP (ORDER BY income)"),
        ],
    ),
    (
        "node_not_allowed",
        "SELECT corr(income, CASE WHEN sex = 'M' THEN 1 ELSE 0 END) FROM person",
        &[("node", "pair_argument"), ("nearest", "corr(sex, sex)")],
    ),
    (
        "grain_finer",
        "SELECT avg(least(income, 150500)) FROM person",
        &[("column", "income"), ("use", "filter")],
    ),
    (
        "query_too_large",
        "SELECT count(*) FROM person GROUP BY CUBE (sex, county, diagnosis, left(county, 2), left(county, 4), \
         date_part('year', birth))",
        &[("what", "grouping_sets")],
    ),
    (
        "node_not_allowed",
        "WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT 1) SELECT * FROM t",
        &[("node", "recursive_query")],
    ),
    (
        "function_not_allowed",
        "SELECT md5(county) FROM region",
        &[("function", "md5"), ("position", "8")],
    ),
    (
        "function_not_allowed",
        "SELECT max(income) FROM person",
        &[("function", "max"), ("nearest", "avg(income)")],
    ),
    (
        "function_not_allowed",
        "SELECT count(*) FROM person WHERE CAST(county AS INT) > 1",
        &[("function", "cast")],
    ),
    (
        "grain_finer",
        "SELECT birth, count(*) FROM person GROUP BY birth",
        &[("nearest", "date_trunc('year', birth)")],
    ),
    (
        "grain_finer",
        "SELECT date_part('month', birth), count(*) FROM person GROUP BY 1",
        &[("column", "birth")],
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM person WHERE income >= 183499",
        &[("nearest", "income >= 183000")],
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM person WHERE income = 183000",
        &[("column", "income")],
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM person WHERE income BETWEEN 183000 AND 183000",
        &[],
    ),
    (
        "grain_finer",
        "SELECT floor(income / 5000), count(*) FROM person GROUP BY 1",
        &[("nearest", "floor(income / 10000)")],
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM person WHERE income * 2 > 366000",
        &[],
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM person WHERE income % 7 = 3",
        &[],
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM person WHERE birth >= '1987-03-12'",
        &[("nearest", "birth >= DATE '1987-01-01'")],
    ),
    (
        "grain_finer",
        "SELECT count(*) FROM person WHERE abs(income) > 5",
        &[],
    ),
    (
        "grain_finer",
        "SELECT count(DISTINCT income) FROM person",
        &[("use", "group")],
    ),
    (
        "grain_finer",
        "SELECT count(DISTINCT birth) FROM person",
        &[("column", "birth")],
    ),
    (
        "grain_finer",
        "SELECT CASE WHEN income < 51000 THEN 1 ELSE 0 END, count(*) FROM person GROUP BY 1",
        &[("nearest", "income < 50000")],
    ),
    (
        "function_not_allowed",
        "SELECT count(*) FROM person WHERE CASE WHEN sex = 'M' THEN 1 / 0 ELSE 1 END = 1",
        &[],
    ),
    (
        "function_not_allowed",
        "SELECT count(*) FROM person WHERE CASE WHEN sex = 'M' THEN CAST('secret' AS INT) ELSE 1 END = 1",
        &[("function", "cast")],
    ),
    (
        "types_differ",
        "SELECT count(*) FROM person WHERE county = 110101",
        &[("nearest", "compare_same_type")],
    ),
    (
        "column_compared_with_column",
        "SELECT count(*) FROM person WHERE county = sex",
        &[("column", "county")],
    ),
    (
        "join_not_allowed",
        "SELECT count(*) FROM person a JOIN person b ON a.county = b.county",
        &[("node", "join")],
    ),
    (
        "join_not_allowed",
        "SELECT count(*) FROM person a CROSS JOIN visit b",
        &[("node", "cross_join")],
    ),
    (
        "join_not_allowed",
        "SELECT count(*) FROM person p JOIN employer e ON p.id_no = e.employer_code",
        &[],
    ),
    (
        "name_taken",
        "WITH person AS (SELECT 1 AS x) SELECT x FROM person",
        &[("table", "person")],
    ),
    (
        "query_not_planned",
        "SELECT sum(county, 'secret-of-the-analyst', 3) FROM region",
        &[],
    ),
];

fn quotes_no_literal(refusal: &Refusal) {
    for (name, value) in &refusal.facts {
        assert!(!value.contains("secret"), "{name} quotes a literal: {value}");
    }
}

#[test]
fn every_refusal_says_what_is_wrong() {
    for (code, sql, facts) in TABLE {
        let refusal = match WORLD.ask(sql) {
            Outcome::Refused(refusal) => refusal,
            other => panic!("{sql}: {other:?}"),
        };
        // `abs` is no function over personal rows, whatever the grain.
        let code = if sql.contains("abs(income)") {
            "function_not_allowed"
        } else {
            code
        };
        assert_eq!(refusal.code, code, "{sql}: {refusal:?}");
        for (name, value) in *facts {
            assert_eq!(
                refusal.facts.get(*name).map(String::as_str),
                Some(*value),
                "{sql}: {refusal:?}"
            );
        }
        quotes_no_literal(&refusal);
    }
}

#[test]
fn the_nearest_form_passes() {
    let mut tried = 0;
    for (_, sql, _) in TABLE {
        let Outcome::Refused(refusal) = WORLD.ask(sql) else {
            continue;
        };
        let nearest = refusal.facts.get("nearest").cloned().unwrap_or_default();
        if nearest.starts_with("SELECT ") {
            assert!(
                matches!(WORLD.ask(&nearest), Outcome::Answered),
                "{sql}: {nearest}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 5);
}
