//! The main job on data that the project makes: every act, every refusal, verified and rebuilt.

use serde_json::Value as Json;

use crate::harness::shuyu;

#[test]
fn the_demo_walks_the_whole_story_verifies_and_rebuilds() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = shuyu()
        .args(["demo", "--json", "--data"])
        .arg(folder.path().join("data"))
        .output()
        .expect("the demo");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let report: Json = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert_eq!(report["verified"], true, "{report}");
    assert_eq!(report["rebuilt_equal"], true, "{report}");
    for (name, least) in [
        ("acts", 120),
        ("queries", 7),
        ("calls_metered", 40),
        ("ledger_size", 250),
        ("rows_ingested", 50_000),
    ] {
        assert!(report[name].as_u64().unwrap_or(0) >= least, "{name} in {report}");
    }
    let refusals = report["refusals"].as_object().expect("refusals by code");
    for code in [
        "catalogue_incomplete",
        "resource_not_open",
        "plan_incomplete",
        "plan_not_approved",
        "term_too_long",
        "confidentiality_missing",
        "applicant_affiliated",
        "publicity_not_over",
        "objection_open",
        "permit_not_issued",
        "column_struck",
        "use_missing",
        "join_risk_not_assessed",
        "own_product_self_review",
        "price_above_ceiling",
        "access_closed",
        "logs_must_be_kept",
    ] {
        assert!(refusals.contains_key(code), "{code} in {report}");
    }
    assert!(
        report["seconds"]
            .as_object()
            .is_some_and(|phases| phases.len() >= 8),
        "{report}"
    );
}
