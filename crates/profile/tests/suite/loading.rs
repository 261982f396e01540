//! Loading: all errors at once, missing files, base and own folder, the digest.

use shuyu_profile::{Profile, check, scenario};

use crate::{
    sample::{PLAN_FILE, planted, sample},
    support::{found, lines, load},
};

#[test]
fn the_sample_itself_is_sound() {
    let (base, own) = sample();
    assert_eq!(lines(&check::life_cycles(&load(&base, &own))), "");
}

/// An installation keeps the profiles that its cases are pinned to: what was added later has a default.
#[test]
fn a_profile_from_before_the_limits_of_queries_is_read() {
    let lines = "query_seconds = 60\nquery_memory_mib = 1024\nqueries_at_once = 4\n";
    let (base, own) = planted("disclosure.toml", lines, "");
    let numbers = load(&base, &own).thresholds;
    let of_queries = (
        numbers.query_seconds,
        numbers.query_memory_mib,
        numbers.queries_at_once,
    );
    assert_eq!(of_queries, (60, 1024, 4));
}

#[test]
fn all_faults_show_at_once() {
    let (base, own) = planted(PLAN_FILE, "rule = \"complete\"", "rule = \"is_fine\"");
    let text = own
        .file(PLAN_FILE)
        .expect("plan")
        .replace("limit = \"5 working_day\"\n", "");
    let errors = Profile::load(&base, &own.with(PLAN_FILE, &text)).expect_err("two faults");
    assert_eq!(errors.len(), 2, "{}", lines(&errors));
}

#[test]
fn a_missing_file_is_an_error() {
    for file in ["profile.toml", "roles.toml", "disclosure.toml"] {
        let (base, mut own) = sample();
        own.files.remove(file);
        let errors = Profile::load(&base, &own).expect_err(file);
        found(&errors, &format!("own/{file}"), 0, "file is missing");
    }
}

#[test]
fn two_files_of_one_folder_cannot_define_one_procedure() {
    let (base, own) = sample();
    let again = own.file(PLAN_FILE).expect("plan").to_owned();
    let errors = Profile::load(&base, &own.with("procedures/plan2.toml", &again)).expect_err("twice");
    found(
        &errors,
        "own/procedures/plan2.toml",
        1,
        "procedure `plan` is defined twice",
    );
}

#[test]
fn a_profile_replaces_a_procedure_of_its_base_whole() {
    let (base, own) = sample();
    let in_base = own
        .file(PLAN_FILE)
        .expect("plan")
        .replace("title_en = \"Plan\"", "title_en = \"Base plan\"");
    let profile = load(&base.with(PLAN_FILE, &in_base), &own);
    assert_eq!(profile.procedures.len(), 1);
    assert_eq!(
        profile.procedure("plan").map(|plan| plan.title_en.as_str()),
        Some("Plan")
    );
}

#[test]
fn the_digest_names_every_byte_of_both_folders() {
    let (base, own) = sample();
    let before = load(&base, &own).digest;
    assert_eq!(load(&base, &own).digest, before);
    let roles = own.file("roles.toml").expect("roles").to_owned();
    assert_ne!(
        load(
            &base,
            &own.clone().with("roles.toml", &format!("{roles}\n# note"))
        )
        .digest,
        before
    );
    assert_ne!(load(&base.with("README.md", "x"), &own).digest, before);
}

#[test]
fn a_broken_scenario_is_named_with_its_line() {
    let (_, own) = sample();
    let text =
        "title = \"x\"\n[[step]]\non = \"2026-13-01\"\nas = \"citizen\"\ndo = \"open plan\"\ncase = \"p\"\n";
    let errors = scenario::scenarios(&own.with("scenarios/bad.toml", text)).expect_err("no such month");
    found(&errors, "own/scenarios/bad.toml", 3, "not a date");
}
