//! Templates, settings and overlays: what a jurisdiction replaces, drops, rests elsewhere, and what it is told.

use shuyu_kernel::Basis;
use shuyu_profile::{Profile, ProfileSource};

use crate::{
    sample::{PLAN_FILE, sample},
    support::{found, load},
};

/// The sample's plan as a template of the base, and an overlay over it.
fn overlaid(overlay: &str, settings: &str) -> (ProfileSource, ProfileSource) {
    let (base, own) = sample();
    let plan = own.file(PLAN_FILE).expect("plan");
    let template = format!(
        "template = true\n{}",
        plan.replacen("limit = \"5 working_day\"", "limit = \"$reply_limit\"", 1)
            .replacen(
                "rule = \"complete\"\n",
                "rule = \"complete\"\nsetting = \"items_asked\"\n",
                1
            )
    );
    let head = "extends = \"plan\"\nnumber_prefix = \"乙〔{year}〕{seq}号\"\n";
    (
        base.with(PLAN_FILE, &template),
        own.with(PLAN_FILE, &format!("{head}{overlay}"))
            .with("settings.toml", settings),
    )
}

/// Lines of the sample's plan up to the limit of its clock.
const PLAN_LINES: usize = 81;

const SETTINGS: &str = r#"
[[setting]]
id = "reply_limit"
title = "答复期限"
title_en = "Limit for the reply"
value = "7 working_day"
cite = ["XX-AA-001"]

[[setting]]
id = "items_asked"
title = "是否要求齐全"
title_en = "Whether all items are asked"
value = true
platform_default = "默认要求"
"#;

fn errors(overlay: &str, settings: &str) -> Vec<shuyu_profile::ProfileError> {
    let (base, own) = overlaid(overlay, settings);
    Profile::load(&base, &own).expect_err("a fault")
}

#[test]
fn an_overlay_takes_the_template_and_the_settings() {
    let (base, own) = overlaid("", SETTINGS);
    let profile = load(&base, &own);
    let plan = profile.procedure("plan").expect("plan");
    assert_eq!(plan.number_prefix, "乙〔{year}〕{seq}号");
    let limit = plan
        .clock("reply")
        .and_then(|clock| clock.limit)
        .expect("a limit");
    assert_eq!(limit.n, 7);
    assert!(plan.acts[0].at.file.starts_with("base/"), "{}", plan.acts[0].at);
    assert!(plan.at.file.starts_with("own/"), "{}", plan.at);
    let complete = &plan.act("submit").expect("submit").guards[0];
    assert_eq!(complete.basis, Basis::PlatformDefault("默认要求".to_owned()));
    assert_eq!(profile.settings.len(), 2);
}

#[test]
fn a_setting_that_is_off_takes_its_rules_away() {
    let (base, own) = overlaid("", &SETTINGS.replace("value = true", "value = false"));
    let profile = load(&base, &own);
    let submit = profile
        .procedure("plan")
        .and_then(|plan| plan.act("submit"))
        .expect("submit");
    assert!(submit.guards.is_empty(), "{:?}", submit.guards);
}

#[test]
fn rules_are_replaced_renamed_dropped_and_rested_elsewhere() {
    let overlay = r#"
[[rename]]
of = "act:submit"
title = "报请"
title_en = "Hand in"

[[basis]]
of = ["act:submit", "stage:submitted"]
inferred = "本地做法"
"#;
    let (base, own) = overlaid(overlay, SETTINGS);
    let profile = load(&base, &own);
    let plan = profile.procedure("plan").expect("plan");
    let submit = plan.act("submit").expect("submit");
    assert_eq!(
        (submit.title.as_str(), submit.title_en.as_str()),
        ("报请", "Hand in")
    );
    assert_eq!(submit.basis, Basis::Inferred("本地做法".to_owned()));
    let stage = plan.stage("submitted").expect("submitted");
    assert_eq!(stage.basis, Basis::Inferred("本地做法".to_owned()));

    let (base, own) = overlaid("drop = [\"guard:submit/plan_incomplete\"]\n", SETTINGS);
    let profile = load(&base, &own);
    let submit = profile
        .procedure("plan")
        .and_then(|plan| plan.act("submit"))
        .expect("submit");
    assert!(submit.guards.is_empty(), "{:?}", submit.guards);
}

#[test]
fn faults_of_an_overlay_are_named_with_its_own_line() {
    let file = format!("own/{PLAN_FILE}");
    found(
        &errors("drop = [\"act:dance\"]\n", SETTINGS),
        &file,
        3,
        "`act:dance`",
    );
    let basis = "[[basis]]\nof = [\"act:submit\"]\ncite = [\"XX-AA-999\"]\n";
    found(
        &errors(basis, SETTINGS),
        &file,
        5,
        "clause `XX-AA-999` does not exist",
    );
    let local = "[[basis]]\nof = [\"act:submit\"]\nrests_on = \"local\"\n";
    assert!(
        errors(local, SETTINGS)
            .iter()
            .any(|error| error.message.contains("left to the jurisdiction"))
    );
    let guard = "[[guard]]\nrule = \"complete\"\ncode = \"x\"\nfields = [\"name\"]\ncite = [\"XX-AA-001\"]\n";
    found(&errors(guard, SETTINGS), &file, 4, "names its act in `of`");
    let stage = "[[stage]]\nid = \"draft\"\ntitle = \"稿\"\ntitle_en = \"Draft\"\ninferred = \"x\"\n";
    found(
        &errors(&format!("{stage}\n{stage}"), SETTINGS),
        &file,
        10,
        "`draft` stands twice",
    );
    let line = 1 + PLAN_LINES;
    found(
        &errors("", ""),
        &format!("base/{PLAN_FILE}"),
        line,
        "there is no setting `reply_limit`",
    );
}

#[test]
fn a_template_alone_is_no_procedure_and_an_unknown_one_is_a_fault() {
    let (base, own) = overlaid("", SETTINGS);
    let mut without = own.clone();
    without.files.remove(PLAN_FILE);
    without.files.remove("gates.toml");
    assert!(load(&base, &without).procedures.is_empty());
    let (_, plain) = sample();
    let errors =
        Profile::load(&sample().0, &plain.with(PLAN_FILE, "extends = \"plan\"\n")).expect_err("no template");
    found(&errors, &format!("own/{PLAN_FILE}"), 1, "no template `plan`");
}

const DUTY: &str = r#"
[[duty]]
id = "drill"
title = "演练"
title_en = "Drill"
of = "plan"
starts_on = ["submit"]
stages = ["submitted"]
holder = "office"
every = "1 month"
every_is = "条文只写定期"
cite = ["XX-AA-001"]
"#;

#[test]
fn a_duty_becomes_an_act_a_clock_and_two_fields() {
    let (base, own) = sample();
    let profile = load(&base, &own.clone().with("duties.toml", DUTY));
    let plan = profile.procedure("plan").expect("plan");
    let act = plan.act("drill").expect("the act");
    assert_eq!(
        (act.starts.as_slice(), act.stops.as_slice()),
        (["drill".to_owned()].as_slice(), ["drill".to_owned()].as_slice())
    );
    assert_eq!(act.records, ["drill_note", "drill_evidence"]);
    assert!(
        plan.act("submit")
            .expect("submit")
            .starts
            .contains(&"drill".to_owned())
    );
    let clock = plan.clock("drill").expect("the clock");
    assert_eq!(clock.basis, Basis::PlatformDefault("条文只写定期".to_owned()));
    assert_eq!(clock.at.to_string(), "own/duties.toml:3");
    let lost = DUTY.replace("of = \"plan\"", "of = \"plans\"");
    let errors = Profile::load(&base, &own.with("duties.toml", &lost)).expect_err("no such procedure");
    found(&errors, "own/duties.toml", 6, "unknown procedure `plans`");
}
