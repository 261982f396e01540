//! `shuyu policy score` from the outside.

use std::path::Path;

use serde_json::Value as Json;

use crate::harness::shuyu;

/// The fixture and the permit of the query engine's own tests.
const POLICY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../query/tests/query/sql-policy");

const CASES: &str = r#"{"id":"1","kind":"attack","family":"raw","sql":"SELECT income FROM person","expect":"refuse","why":"rows"}
{"id":"2","kind":"attack","family":"noise","sql":["SELECT count(*) AS n FROM person WHERE county = '110101'","SELECT count(*) AS n FROM person WHERE '110101' = county"],"expect":"noise","why":"asked twice"}
{"id":"3","kind":"legit","family":"plain","sql":"SELECT sex, avg(income) AS a FROM person GROUP BY sex","expect":"allow","why":"means"}
"#;

fn score(cases: &Path) -> std::process::Output {
    shuyu()
        .args(["policy", "score", "--json", "--fixture"])
        .arg(format!("{POLICY}/fixture.sql"))
        .args(["--permit", &format!("{POLICY}/permit.json"), "--cases"])
        .arg(cases)
        .output()
        .expect("the score")
}

#[test]
fn the_gate_is_scored_on_a_file_and_a_failing_case_fails_the_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = folder.path().join("cases.jsonl");
    std::fs::write(&cases, CASES).expect("a file");
    let good = score(&cases);
    assert!(good.status.success(), "{}", String::from_utf8_lossy(&good.stderr));
    let report: Json = serde_json::from_slice(&good.stdout).expect("one JSON document");
    assert_eq!(report["attacks"], serde_json::json!({ "passed": 2, "of": 2 }));
    assert_eq!(report["legitimate"], serde_json::json!({ "passed": 1, "of": 1 }));

    // A legitimate query that is refused is a failure like an attack that is not.
    let wrong = CASES.replace("\"attack\",\"family\":\"raw\"", "\"legit\",\"family\":\"raw\"");
    std::fs::write(&cases, wrong.replace("\"refuse\"", "\"allow\"")).expect("a file");
    let bad = score(&cases);
    assert!(!bad.status.success());
    let report: Json = serde_json::from_slice(&bad.stdout).expect("one JSON document");
    assert_eq!(report["failed"][0]["id"], "1");
}

#[test]
fn what_grants_a_statement_lacks_is_told() {
    let explain = |sql: &str| {
        shuyu()
            .args(["policy", "explain", "--fixture"])
            .arg(format!("{POLICY}/fixture.sql"))
            .args(["--permit", &format!("{POLICY}/permit.json"), sql])
            .output()
            .expect("the explanation")
    };
    let told = |sql: &str| String::from_utf8_lossy(&explain(sql).stdout).trim().to_owned();
    assert_eq!(
        told("SELECT sex, avg(income) FROM person GROUP BY sex"),
        "legal: no grant is missing"
    );
    assert_eq!(
        told("SELECT birth, count(*) FROM person GROUP BY birth"),
        "person.birth: finer"
    );
    let hopeless = explain("SELECT income FROM person");
    assert!(!hopeless.status.success());
    assert!(String::from_utf8_lossy(&hopeless.stderr).contains("raw_rows"));
}
