//! Time is part of the law: texts that begin and end, dated rules, cases that stay under the version they were opened
//! with, and what a changed version would move.

use shuyu_domain::{
    Case, Context,
    decide::{MoveOrder, moved},
    event::CaseEvent,
    rehearsal::{self, Rehearsal},
    scenario::{Run, run},
};
use shuyu_kernel::{CaseId, CivilDate, Refusal};
use shuyu_profile::{Profile, ProfileSource};

use crate::support::{Law, fixture, folder, loaded};

const LOAN: &str = "procedures/loan.toml";
const KEEPER: &str = "keeper:北岬灯塔";
const LOG: &str = "procedures/lamp_log.toml";

/// The made-up place with something in its files replaced.
fn changed(changes: &[(&str, &str, &str)]) -> ProfileSource {
    changes
        .iter()
        .fold(fixture("fictional"), |source, (path, old, new)| {
            let text = source.file(path).expect("file").to_owned();
            assert!(text.contains(old), "{path} has no {old}");
            source.with(path, &text.replacen(old, new, 1))
        })
}

fn law(source: &ProfileSource) -> Law {
    loaded(&fixture("fictional-base"), source)
}

/// The failures of one scenario.
fn failures(law: &Law, name: &str) -> Vec<String> {
    let run = run(&law.0, &law.1, name);
    run.failures.iter().map(ToString::to_string).collect()
}

fn day(text: &str) -> CivilDate {
    text.parse().expect("a day")
}

/// A short story: a log is opened on that day, and the opening is refused or not.
fn opening(on: &str, refused: Option<(&str, &str)>) -> String {
    let refused = refused.map_or_else(String::new, |(code, clause)| {
        format!("refused = \"{code}\"\nclause = \"{clause}\"\n")
    });
    format!(
        "title = \"开卷\"\n\n[[step]]\non = \"{on}\"\nas = \"keeper:北岬灯塔\"\ndo = \"open lamp_log\"\n\
         case = \"log\"\n{refused}set = {{ tower = \"北岬\" }}\n"
    )
}

#[test]
fn a_trial_ends_after_its_years_and_nothing_new_is_opened() {
    let trial = "in_force_from = \"2024-03-02\"\ntrial_years = 2\nends_by = \"XZ-FP-001\"";
    let source = changed(&[("instruments.toml", "in_force_from = \"2020-01-01\"", trial)])
        .with("scenarios/last_day.toml", &opening("2026-03-02", None))
        .with(
            "scenarios/day_after.toml",
            &opening("2026-03-03", Some(("instrument_ended", "XZ-FP-001"))),
        );
    let law = law(&source);
    assert_eq!(law.0.instruments[0].last_day(), Some(day("2026-03-02")));
    assert_eq!(failures(&law, "last_day"), Vec::<String>::new());
    assert_eq!(failures(&law, "day_after"), Vec::<String>::new());
    // What was opened on the last day goes on: the log is brought and looked through.
    let story = run(&law.0, &law.1, "story");
    assert_eq!(story.failures.len(), 1);
    assert_eq!(story.failures[0].step, 4, "{}", story.failures[0]);
    assert!(story.failures[0].message.contains("instrument_ended"));
}

#[test]
fn a_draft_is_a_rehearsal_or_nothing() {
    for (status, refused) in [
        ("status = \"draft\"\npreview = true", None),
        (
            "status = \"draft\"",
            Some(("instrument_not_in_force", "XZ-FP-001")),
        ),
    ] {
        let source = changed(&[("instruments.toml", "status = \"in_force\"", status)])
            .with("scenarios/opened.toml", &opening("2026-03-02", refused));
        assert_eq!(
            failures(&law(&source), "opened"),
            Vec::<String>::new(),
            "{status}"
        );
    }
    let later = changed(&[("instruments.toml", "2020-01-01", "2026-03-03")])
        .with(
            "scenarios/before.toml",
            &opening("2026-03-02", Some(("instrument_not_in_force", "XZ-FP-001"))),
        )
        .with("scenarios/first.toml", &opening("2026-03-03", None));
    let later = law(&later);
    assert_eq!(failures(&later, "before"), Vec::<String>::new());
    assert_eq!(failures(&later, "first"), Vec::<String>::new());
}

/// Jilin's measures are a trial of two years from a day that is not known yet. With a day they end.
#[test]
fn the_trial_of_the_second_place_ends_once_it_has_begun() {
    let text = folder("jilin").file("instruments.toml").expect("file").to_owned();
    let dated = text.replace("preview = true", "in_force_from = \"2026-01-05\"");
    let dated = dated.replace("status = \"draft\"", "status = \"in_force\"");
    let opened = |on: &str, refused: &str| {
        format!(
            "title = \"试行期\"\n\n[[step]]\non = \"{on}\"\nas = \"operator\"\ndo = \"open staff\"\n\
             case = \"staff\"\n{refused}set = {{ person = \"person:加工员二\" }}\n"
        )
    };
    let refused = "refused = \"instrument_ended\"\nclause = \"JL-OP-107\"\n";
    let source = folder("jilin")
        .with("instruments.toml", &dated)
        .with("scenarios/trial_last.toml", &opened("2028-01-05", ""))
        .with("scenarios/trial_over.toml", &opened("2028-01-06", refused));
    let law = loaded(&folder("cn-base"), &source);
    assert_eq!(failures(&law, "trial_last"), Vec::<String>::new());
    assert_eq!(failures(&law, "trial_over"), Vec::<String>::new());
}

#[test]
fn a_rule_binds_the_cases_of_its_days() {
    let guard = "code = \"loan_too_long\"";
    // The loan is opened on 2026-03-09; eleven days are one too many.
    for (dates, bound) in [
        ("in_force_from = \"2026-03-09\"", true),
        ("in_force_from = \"2026-03-10\"", false),
        ("in_force_to = \"2026-03-09\"", true),
        ("in_force_to = \"2026-03-08\"", false),
    ] {
        let source = changed(&[(LOAN, guard, &format!("{guard}\n{dates}"))]);
        let passed = failures(&law(&source), "loan-eleven-days").is_empty();
        assert_eq!(passed, bound, "{dates}");
    }
    let (limit, later) = (
        "limit = \"3 working_day\"",
        "limit = \"3 working_day\"\nlater = [{ from = \"2026-03-02\", limit = \"4 working_day\" }]",
    );
    let longer = law(&changed(&[(LOG, limit, later)]));
    let story = failures(&longer, "story");
    assert_eq!(story.len(), 1, "{story:?}");
    assert!(story[0].contains("ends on 2026-03-07"), "{story:?}");
    let not_yet = later.replace("2026-03-02\", limit", "2026-03-03\", limit");
    assert_eq!(
        failures(&law(&changed(&[(LOG, limit, &not_yet)])), "story"),
        Vec::<String>::new()
    );
}

#[test]
fn dates_that_contradict_each_other_do_not_load() {
    for (path, old, new, message) in [
        (
            LOAN,
            "code = \"loan_too_long\"",
            "code = \"loan_too_long\"\nin_force_from = \"2026-03-09\"\nin_force_to = \"2026-03-08\"",
            "ends before it begins",
        ),
        (
            LOG,
            "limit = \"3 working_day\"",
            "limit = \"3 working_day\"\nlater = [{ from = \"2026-03-02\", limit = \"4 working_day\" }, { from = \"2026-03-02\", limit = \"5 working_day\" }]",
            "days that go up",
        ),
        (
            "instruments.toml",
            "in_force_from",
            "trial_years = 2\nin_force_from",
            "`ends_by` is missing",
        ),
        (
            "instruments.toml",
            "in_force_from",
            "trial_years = 2\nends_by = \"XZ-FP-099\"\nin_force_from",
            "does not exist",
        ),
        (
            "instruments.toml",
            "in_force_from",
            "in_force_to = \"2019-12-31\"\nends_by = \"XZ-FP-001\"\nin_force_from",
            "ends before it begins",
        ),
    ] {
        let errors =
            Profile::load(&fixture("fictional-base"), &changed(&[(path, old, new)])).expect_err(message);
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        assert!(texts.iter().any(|text| text.contains(message)), "{texts:?}");
    }
}

/// The story up to a step, under the rules as they are.
fn story_until(step: usize) -> (Law, Run) {
    let source = fixture("fictional");
    let text = source.file("scenarios/story.toml").expect("file").to_owned();
    let cut: Vec<&str> = text.split("[[step]]").take(step + 1).collect();
    let source = source.with("scenarios/part.toml", &cut.join("[[step]]"));
    let law = law(&source);
    let run = run(&law.0, &law.1, "part");
    assert_eq!(run.failures, Vec::new());
    (law, run)
}

fn named(run: &Run, name: &str) -> (CaseId, Vec<CaseEvent>) {
    let id = run.world.names[name];
    (id, run.world.events[&id].clone())
}

/// Moves the log of the story, which waits to be looked through until 2026-03-06.
fn move_log(new: &Profile, reason: &str, who: &str) -> Result<Case, Refusal> {
    let ((old, _), run) = story_until(2);
    let (id, mut events) = named(&run, "log");
    let case = &run.world.cases[&id];
    let mut world = run.world.clone();
    let actor = world.actor(who, "clerk");
    let ctx = Context {
        profile: new,
        actor: &actor,
        today: day("2026-03-04"),
        registry: &world.registry,
        linked: &run.world.cases,
        new_case: id,
        next_number: 0,
    };
    let order = MoveOrder {
        reason: reason.to_owned(),
        paper: None,
    };
    events.extend(moved(case, &old, &order, &ctx)?);
    Ok(Case::replay(&events).expect("a case"))
}

fn mover(changes: &[(&str, &str, &str)]) -> Profile {
    let right = (
        "roles.toml",
        "title = \"守灯人\"",
        "moves_cases = true\ntitle = \"守灯人\"",
    );
    law(&changed(&[&[right], changes].concat())).0
}

#[test]
fn a_case_stays_under_its_version_until_an_event_moves_it() {
    let longer = mover(&[(LOG, "limit = \"3 working_day\"", "limit = \"4 working_day\"")]);
    let case = move_log(&longer, "规则改了", KEEPER).unwrap();
    assert_eq!(case.profile, longer.digest);
    assert_eq!(case.bound_on(), day("2026-03-04"));
    let look = case.latest_clock("look").unwrap();
    assert_eq!(
        look.run.due,
        day("2026-03-07"),
        "counted from the old start, swapped Saturday included"
    );
    assert_eq!(look.run.started_on, day("2026-03-02"));
    // The same limit moves nothing but the version.
    let same = mover(&[]);
    let case = move_log(&same, "规则改了", KEEPER).unwrap();
    assert_eq!(case.latest_clock("look").unwrap().run.due, day("2026-03-06"));
}

#[test]
fn a_move_needs_a_reason_a_right_and_rules_that_fit() {
    let code = |result: Result<Case, Refusal>| result.expect_err("refused").code;
    let longer = mover(&[(LOG, "limit = \"3 working_day\"", "limit = \"4 working_day\"")]);
    assert_eq!(code(move_log(&longer, " ", KEEPER)), "move_reason_missing");
    assert_eq!(
        code(move_log(&longer, "规则改了", "harbour_master")),
        "move_not_for_role"
    );
    let unchanged = law(&fixture("fictional")).0;
    assert_eq!(
        code(move_log(&unchanged, "规则改了", KEEPER)),
        "move_not_for_role"
    );
    let text = fixture("fictional")
        .file(LOG)
        .expect("file")
        .replace("\"on_desk\"", "\"on_table\"");
    let renamed = changed(&[(
        "roles.toml",
        "title = \"守灯人\"",
        "moves_cases = true\ntitle = \"守灯人\"",
    )])
    .with(LOG, &text);
    let renamed = loaded(&fixture("fictional-base"), &without_scenarios(&renamed)).0;
    let refusal = move_log(&renamed, "规则改了", KEEPER).expect_err("refused");
    assert_eq!(refusal.code, "rules_do_not_fit");
    assert_eq!(refusal.facts["rules"], "stage:on_desk");
}

fn without_scenarios(source: &ProfileSource) -> ProfileSource {
    let mut bare = ProfileSource::new(&source.name);
    bare.files = source
        .files
        .iter()
        .filter(|(path, _)| !path.starts_with("scenarios/"))
        .map(|(path, text)| (path.clone(), text.clone()))
        .collect();
    bare
}

fn rehearsed(changes: &[(&str, &str, &str)], case: &str) -> Option<Rehearsal> {
    let ((old, _), run) = story_until(6);
    let new = law(&changed(changes)).0;
    let (_, events) = named(&run, case);
    rehearsal::rehearse(
        &events,
        rehearsal::Stage {
            old: &old,
            new: &new,
            registry: &run.world.registry,
            linked: &run.world.cases,
            today: day("2026-03-11"),
        },
    )
}

#[test]
fn a_rehearsal_tells_what_would_move_and_nothing_else() {
    assert_eq!(
        rehearsed(&[("profile.toml", "title", "# 改了注释\ntitle")], "log"),
        None
    );
    // Looked through on the fourth; with one day it would have been late.
    let log = rehearsed(
        &[(LOG, "limit = \"3 working_day\"", "limit = \"1 working_day\"")],
        "log",
    )
    .unwrap();
    assert_eq!((log.dates.len(), log.dates[0].running), (1, false));
    assert_eq!(log.dates[0].after, Some(day("2026-03-04")));
    assert!(
        log.outcomes.is_empty(),
        "the fourth is the last day in time: {:?}",
        log.outcomes
    );
    let calendar = fixture("fictional-base")
        .file("calendar/2026.toml")
        .expect("file")
        .to_owned();
    assert!(
        calendar.contains("2026-03-03"),
        "the first working day after the second is the fourth"
    );
    // The loan of ten days under a rule of nine, and a guard that is new.
    let shorter = rehearsed(&[("settings.toml", "\"10 day\"", "\"9 day\"")], "loan").unwrap();
    let ask: Vec<_> = shorter
        .outcomes
        .iter()
        .filter(|moved| moved.what == "ask")
        .collect();
    assert_eq!(ask.len(), 1);
    assert_eq!(
        (ask[0].before.as_deref(), ask[0].after.as_deref()),
        (None, Some("loan_too_long"))
    );
    assert_eq!(ask[0].on, Some(day("2026-03-09")));
    assert_eq!(ask[0].clauses[0].as_str(), "XZ-FP-007");
    // An act that goes away can no longer be taken today.
    let without = rehearsed(&[(LOAN, "id = \"bring_back\"", "id = \"send_back\"")], "loan").unwrap();
    let named: Vec<&str> = without.outcomes.iter().map(|moved| moved.what.as_str()).collect();
    assert_eq!(named, ["bring_back", "send_back"]);
}
