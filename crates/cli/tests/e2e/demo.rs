//! The main job: every act, every refusal, verified and rebuilt; on data that the project makes, and on files in the
//! layout that departments send. And folders in which it cannot be walked.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Output, Stdio},
};

use serde_json::Value as Json;

use crate::{harness::shuyu, sent};

/// Every refusal of the story, by code: how often.
const REFUSALS: &[(&str, u64)] = &[
    ("access_closed", 1),
    ("agreement_incomplete", 1),
    ("applicant_affiliated", 1),
    ("author_reviews_own", 1),
    ("catalogue_incomplete", 1),
    ("collective_decision_missing", 1),
    ("column_sealed", 1),
    ("column_struck", 1),
    ("column_unknown", 1),
    ("confidentiality_missing", 1),
    ("desensitisation_unproven", 1),
    ("emergency_plan_missing", 2),
    ("encoding_unreadable", 1),
    ("exclusion_reason_missing", 1),
    ("function_not_allowed", 1),
    ("gzip_truncated", 1),
    ("join_risk_not_assessed", 1),
    ("logs_must_be_kept", 1),
    ("materials_incomplete", 1),
    ("not_least_necessary", 1),
    ("objection_handler_decided", 3),
    ("objection_open", 1),
    ("opinions_not_recorded", 1),
    ("own_product_self_review", 1),
    ("permit_ended", 1),
    ("permit_not_issued", 1),
    ("person_not_cleared", 1),
    ("plan_incomplete", 1),
    ("plan_not_approved", 1),
    ("price_above_ceiling", 1),
    ("price_must_be_zero", 1),
    ("pricing_basis_missing", 1),
    ("product_not_delivered", 1),
    ("publicity_not_over", 1),
    ("query_not_parsed", 1),
    ("query_statement_not_allowed", 1),
    ("quota_used_up", 1),
    ("raw_access_not_assessed", 1),
    ("raw_rows", 1),
    ("record_too_long", 1),
    ("resource_not_open", 1),
    ("review_points_missing", 1),
    ("role_may_not_act", 2),
    ("rows_missing", 1),
    ("same_person_in_route", 1),
    ("select_star", 1),
    ("signature_wrong", 1),
    ("small_group_key", 1),
    ("sources_missing", 1),
    ("table_not_granted", 1),
    ("term_too_long", 2),
    ("use_missing", 1),
];

fn demo(data: &Path, more: &[&str]) -> Output {
    shuyu()
        .args(["demo", "--json", "--data"])
        .arg(data)
        .args(more)
        .output()
        .expect("the demo")
}

/// The report of a demo that went well.
fn report(output: &Output) -> Json {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

/// What does not depend on the input.
fn same_story(report: &Json) {
    assert_eq!(report["verified"], true, "{report}");
    assert_eq!(report["rebuilt_equal"], true, "{report}");
    let refusals: BTreeMap<&str, u64> = report["refusals"]
        .as_object()
        .expect("refusals by code")
        .iter()
        .map(|(code, times)| (code.as_str(), times.as_u64().expect("a number")))
        .collect();
    let expected: BTreeMap<&str, u64> = REFUSALS.iter().copied().collect();
    assert_eq!(refusals, expected);
    for (name, number) in [("acts", 162), ("queries", 12), ("calls_metered", 51)] {
        assert_eq!(report[name], number, "{name} in {report}");
    }
    let phases = report["seconds"].as_object().expect("seconds of each phase");
    for phase in [
        "start_server",
        "make_input",
        "sign_in",
        "catalogue",
        "ingest",
        "queries",
        "calls",
        "verify",
        "rebuild",
    ] {
        assert!(phases.contains_key(phase), "{phase} in {report}");
    }
}

#[test]
fn the_demo_walks_the_whole_story_verifies_and_rebuilds() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let report = report(&demo(&data, &[]));
    same_story(&report);
    // 12 stations × 2,000, 20,000 villages, 400 areas, 12,000 employees, 12,000 persons.
    assert_eq!(report["rows_ingested"], 68_400, "{report}");
    assert_eq!(report["rows_derived"], 12_000, "{report}");

    // The folder is used now: the story is not walked over what is there.
    let again = demo(&data, &[]);
    assert!(!again.status.success());
    let said = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(said.contains("needs a new folder"), "{said}");
}

#[test]
fn the_demo_walks_on_files_as_departments_send_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("input");
    let rows = sent::write(&input);
    let input = input.to_str().expect("a path in UTF-8");
    let data = folder.path().join("data");
    let report = report(&demo(&data, &["--input", input, "--other-rows"]));
    same_story(&report);
    assert_eq!(report["rows_ingested"], rows.ingested, "{report}");
    assert_eq!(report["rows_derived"], rows.derived, "{report}");
    assert!(
        !data.join("made-input").exists(),
        "nothing is made when input is given"
    );
}

#[test]
fn files_that_are_not_the_published_ones_are_noticed_by_their_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("input");
    sent::write(&input);
    let input = input.to_str().expect("a path in UTF-8");
    let output = demo(&folder.path().join("data"), &["--input", input]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("rows arrived, not 14827"), "{said}");
}

#[test]
fn a_story_interrupted_before_its_end_says_what_to_do() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let world = || {
        let mut command = shuyu();
        command
            .args(["world", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data);
        command
    };
    let mut child = world().stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let first = lines.next().expect("a line").expect("of text");
    assert!(first.starts_with("2025-10-13"), "{first}");
    child.kill().expect("SIGKILL");
    child.wait().expect("the process ends");

    let output = world().output().expect("the binary");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.contains("interrupted before its end") && said.contains("delete the folder"),
        "{said}"
    );
}
