//! Superior bodies and the days of reminders, urges and escalations: what a profile may say, and what not.

use shuyu_profile::{Profile, WatchTerms};

use crate::{
    sample::{planted, sample},
    support::load,
};

const SEPARATION: &str = "[[separation]]";

fn errors(file: &str, old: &str, new: &str) -> Vec<String> {
    let (base, own) = planted(file, old, new);
    let errors = Profile::load(&base, &own).err().unwrap_or_default();
    errors.into_iter().map(|error| error.message).collect()
}

fn superiors(rules: &str) -> Vec<String> {
    errors("roles.toml", SEPARATION, &format!("{rules}\n{SEPARATION}"))
}

fn rule(of: &str, is: &str) -> String {
    format!("[[superior]]\nof = {of}\nis = \"{is}\"\ncite = [\"XX-AA-001\"]\n")
}

#[test]
fn a_superior_is_a_role_that_oversees_and_never_above_itself() {
    let table = [
        (rule("[\"mayor\"]", "office"), "superior of unknown role `mayor`"),
        (
            rule("[\"citizen\"]", "mayor"),
            "superior `mayor` is no role that oversees",
        ),
        (
            rule("[\"citizen\"]", "office"),
            "superior `office` is no role that oversees",
        ),
        (rule("[\"office\"]", "office"), "role `office` is above itself"),
        (
            rule("[\"citizen\"]", "office") + &rule("[\"office\"]", "citizen"),
            "role `citizen` is above itself",
        ),
        (
            rule("[\"citizen\", \"citizen\"]", "office"),
            "role `citizen` has two superiors",
        ),
        (
            "[[superior]]\nof = [\"citizen\"]\nis = \"office\"\n".to_owned(),
            "superior: needs exactly one of cite, inferred, agreement_item, platform_default, rests_on",
        ),
    ];
    for (rules, message) in table {
        let found = superiors(&rules);
        assert!(found.iter().any(|error| error == message), "{rules}: {found:?}");
    }
}

#[test]
fn whoever_is_responsible_is_a_role_and_by_a_clause() {
    let rule = |role: &str, cite: &str| {
        format!("[[responsibility]]\nrole = \"{role}\"\ntitle = \"谁管理谁负责\"\ntitle_en = \"x\"\n{cite}")
    };
    let known = "cite = [\"XX-AA-001\"]\n";
    assert_eq!(superiors(&rule("office", known)), Vec::<String>::new());
    for (role, cite, message) in [
        ("mayor", known, "responsibility of unknown role `mayor`"),
        (
            "office",
            "cite = [\"XX-AA-999\"]\n",
            "clause `XX-AA-999` does not exist",
        ),
        (
            "office",
            "",
            "responsibility: needs exactly one of cite, inferred, agreement_item, platform_default, rests_on",
        ),
    ] {
        let found = superiors(&rule(role, cite));
        assert!(found.iter().any(|error| error == message), "{role}: {found:?}");
    }
}

#[test]
fn a_superior_that_oversees_is_found_by_role() {
    let (base, own) = planted(
        "roles.toml",
        "single = true\ncite",
        "single = true\noversees = true\ncite",
    );
    let text = own.file("roles.toml").expect("roles").to_owned() + &rule("[\"citizen\"]", "office");
    let profile = load(&base, &own.with("roles.toml", &text));
    let superior = profile.superior_of("citizen").expect("a superior");
    assert_eq!(
        (superior.is.as_str(), superior.basis.clauses().len()),
        ("office", 1)
    );
    assert_eq!(profile.superior_of("office"), None);
}

#[test]
fn days_are_platform_defaults_until_somebody_answers_them() {
    let (base, own) = sample();
    let setting = |id: &str, value: &str| {
        format!(
            "[[setting]]\nid = \"{id}\"\ntitle = \"天数\"\ntitle_en = \"Days\"\nvalue = {value}\nplatform_default = \"x\"\n"
        )
    };
    assert_eq!(load(&base, &own).watch, WatchTerms::default());
    let base = base.with(
        "settings.toml",
        &(setting("remind_before", "[5, 2]") + &setting("escalate_after", "10")),
    );
    let answered = own.clone().with("settings.toml", &setting("escalate_after", "7"));
    let watch = load(&base, &answered).watch;
    assert_eq!(
        (watch.remind, watch.escalate_after, watch.urge_answer),
        (vec![5, 2], 7, 2)
    );
    for wrong in ["0", "\"7\"", "[7, 8]", "true"] {
        let own = own
            .clone()
            .with("settings.toml", &setting("escalate_after", wrong));
        let errors = Profile::load(&base, &own).err().unwrap_or_default();
        assert!(
            errors
                .iter()
                .any(|error| error.message.contains("setting `escalate_after`")),
            "{wrong}: {errors:?}"
        );
    }
}

#[test]
fn a_clock_may_have_leads_of_its_own() {
    let (base, own) = planted(
        "procedures/plan.toml",
        "on_miss = \"flag\"",
        "on_miss = \"escalate\"\nremind = [10]",
    );
    let profile = load(&base, &own);
    let clock = profile.procedure("plan").and_then(|plan| plan.clock("reply"));
    assert_eq!(clock.and_then(|clock| clock.remind.clone()), Some(vec![10]));
    assert_eq!(profile.longest_lead(), 10);
}
