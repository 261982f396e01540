//! What the scenarios prove, and that nothing else counts as proof.

use shuyu_domain::{
    coverage::{Coverage, coverage},
    scenario::run,
};

use crate::support::shipped;

fn evidenced(found: &Coverage, id: &str) -> bool {
    found
        .clauses
        .iter()
        .any(|row| row.id.as_str() == id && row.evidenced)
}

#[test]
fn rows_of_the_path_are_evidenced() {
    let (profile, scenarios) = shipped();
    let found = coverage(&profile, &scenarios);
    assert_eq!(found.failed, Vec::<String>::new());
    for id in [
        "YN-DM-044",
        "YN-DM-046",
        "YN-DM-104",
        "YN-DM-129",
        "YN-OP-015",
        "YN-OP-024",
        "YN-OP-034",
        "YN-OP-035",
        "YN-OP-036",
        "YN-OP-039",
        "YN-OP-040",
        "YN-OP-041",
        "YN-OP-042",
        "YN-OP-045",
        "YN-OP-046",
        "YN-OP-047",
        "YN-OP-053",
        "YN-OP-054",
        "YN-OP-056",
        "YN-OP-057",
        "YN-OP-058",
        "YN-OP-059",
        "YN-OP-060",
        "YN-OP-063",
        "YN-OP-065",
        "YN-OP-075",
        "YN-OP-082",
        "YN-OP-083",
        "YN-OP-085",
        "YN-OP-087",
        "YN-OP-096",
        "YN-OP-097",
        "YN-OP-098",
        "YN-OP-100",
        "YN-OP-104",
        "YN-OP-107",
        "YN-OP-109",
        "YN-OP-111",
        "YN-OP-117",
        "YN-OP-128",
        "YN-OP-139",
        "YN-OP-143",
    ] {
        assert!(evidenced(&found, id), "{id}");
    }
    let rows: usize = [
        found.summary.enforce,
        found.summary.track,
        found.summary.support,
        found.summary.none,
    ]
    .iter()
    .map(|count| count.rows)
    .sum();
    let own = profile.clauses.values().filter(|clause| !clause.national);
    assert_eq!(rows, own.count());
    let documents = found
        .documents
        .values()
        .map(|document| document.enforce.evidenced)
        .sum::<usize>();
    assert_eq!(documents, found.summary.enforce.evidenced);
}

#[test]
fn each_cited_rule_is_named_with_file_and_line() {
    let (profile, scenarios) = shipped();
    let found = coverage(&profile, &scenarios);
    let row = found
        .clauses
        .iter()
        .find(|row| row.id.as_str() == "YN-OP-057")
        .unwrap();
    let guard = row.rules.iter().find(|rule| rule.what == "guard").unwrap();
    assert_eq!(
        (guard.id.as_str(), guard.file.as_str()),
        ("publicity_not_over", "cn-base/procedures/development.toml")
    );
    assert!(guard.line > 0);
    let pair = row
        .pairs
        .iter()
        .find(|pair| pair.scenario == "publicity-not-over")
        .unwrap();
    assert_eq!(pair.difference, "day 2026-02-25 instead of 2026-02-24");
}

#[test]
fn a_refusal_alone_is_no_pair() {
    let (profile, mut scenarios) = shipped();
    let lonely = scenarios.get_mut("publicity-not-over").unwrap();
    lonely.steps.pop();
    let others = ["objection-upheld"];
    scenarios.retain(|name, _| !others.contains(&name.as_str()));
    assert!(!evidenced(&coverage(&profile, &scenarios), "YN-OP-057"));
}

#[test]
fn two_differences_are_no_pair() {
    let (profile, mut scenarios) = shipped();
    scenarios.remove("objection-upheld");
    let steps = &mut scenarios.get_mut("publicity-not-over").unwrap().steps;
    steps
        .last_mut()
        .unwrap()
        .set
        .insert("d01".to_owned(), "另拟".to_owned());
    assert!(
        run(&profile, &scenarios, "publicity-not-over")
            .failures
            .is_empty()
    );
    assert!(!evidenced(&coverage(&profile, &scenarios), "YN-OP-057"));
}

#[test]
fn a_failed_run_proves_nothing() {
    let (profile, mut scenarios) = shipped();
    let broken = scenarios.get_mut("scope-not-open").unwrap();
    broken.steps.last_mut().unwrap().then.stage = Some("approved".to_owned());
    let found = coverage(&profile, &scenarios);
    assert_eq!(found.failed, ["scope-not-open"]);
    let row = found
        .clauses
        .iter()
        .find(|row| row.id.as_str() == "YN-DM-129")
        .unwrap();
    assert!(row.pairs.iter().all(|pair| pair.scenario != "scope-not-open"));
}

#[test]
fn the_report_is_plain_json() {
    let (profile, scenarios) = shipped();
    let found = serde_json::to_value(coverage(&profile, &scenarios)).unwrap();
    for kind in ["enforce", "track", "support", "none"] {
        assert!(
            found["summary"][kind]["rows"].is_u64() && found["summary"][kind]["evidenced"].is_u64(),
            "{kind}"
        );
    }
    assert!(found["documents"]["YN-OP"]["enforce"]["rows"].is_u64());
}
