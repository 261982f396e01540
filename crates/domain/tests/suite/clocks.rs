//! Clocks that change: extended in all, paused and resumed, and counted anew when a holiday notice arrives.

use std::collections::BTreeMap;

use shuyu_domain::{
    Case,
    case::Clock,
    decide::recount,
    event::CaseEvent,
    scenario::{Run, run},
};
use shuyu_kernel::calendar::{Limit, WorkCalendar};
use shuyu_profile::{Extension, Profile, scenario::Scenario};

use crate::support::{folder, shipped};

/// The shipped rules with three made-up acts over the clock of an update (15 working days).
fn with_acts() -> (Profile, BTreeMap<String, Scenario>) {
    let (mut profile, scenarios) = shipped();
    let resource = profile
        .procedures
        .iter_mut()
        .find(|p| p.id == "resource")
        .unwrap();
    let model = resource.act("report_change").unwrap().clone();
    let act = |id: &str| {
        let mut act = model.clone();
        act.id = id.to_owned();
        act.guards.clear();
        act.starts.clear();
        act.records.clear();
        act
    };
    let (mut hold, mut go_on, mut longer) = (act("hold"), act("go_on"), act("longer"));
    hold.pauses.push("update".to_owned());
    go_on.resumes.push("update".to_owned());
    longer.extends.push(Extension {
        clock: "update".to_owned(),
        limit: Limit::working_days(20),
    });
    resource.acts.extend([hold, go_on, longer]);
    (profile, scenarios)
}

fn story(steps: &[(&str, &str)]) -> (Profile, Run) {
    let (profile, mut scenarios) = with_acts();
    let mut text = "title = \"x\"\nafter = \"story-1-catalogue\"\n".to_owned();
    for (on, act) in steps {
        text.push_str(&format!(
            "[[step]]\non = \"{on}\"\nas = \"provider:州生态环境局\"\ndo = \"{act}\"\ncase = \"r4\"\nfill = true\n"
        ));
    }
    scenarios.insert("x".to_owned(), toml::from_str(&text).unwrap());
    let run = run(&profile, &scenarios, "x");
    assert!(run.failures.is_empty(), "{:?}", run.failures);
    (profile, run)
}

fn case(run: &Run) -> &Case {
    &run.world.cases[&run.world.names["r4"]]
}

fn clock(run: &Run) -> &Clock {
    case(run).latest_clock("update").unwrap()
}

#[test]
fn an_extension_counts_in_all_from_the_old_start() {
    let (_, run) = story(&[("2026-03-02", "report_change"), ("2026-03-10", "longer")]);
    assert_eq!(clock(&run).run.limit, Limit::working_days(20));
    assert_eq!(clock(&run).run.due.to_string(), "2026-03-30");
}

#[test]
fn a_clock_that_stood_still_goes_on_with_what_was_left() {
    // Of fifteen working days from 2 March six are used on the 10th; nine are left on the 20th.
    let (_, run) = story(&[
        ("2026-03-02", "report_change"),
        ("2026-03-10", "hold"),
        ("2026-03-20", "go_on"),
    ]);
    assert_eq!(clock(&run).run.due.to_string(), "2026-04-02");
    assert!(clock(&run).paused_on.is_none());
    // Extended afterwards, the days it stood still are added: 20 + 8 working days from 2 March.
    let (_, run) = story(&[
        ("2026-03-02", "report_change"),
        ("2026-03-10", "hold"),
        ("2026-03-20", "go_on"),
        ("2026-03-23", "longer"),
    ]);
    assert_eq!(clock(&run).run.due.to_string(), "2026-04-10");
}

#[test]
fn a_clock_that_stands_still_is_not_late() {
    let (_, run) = story(&[("2026-03-02", "report_change"), ("2026-03-10", "hold")]);
    assert_eq!(clock(&run).paused_on.unwrap().to_string(), "2026-03-10");
    assert_eq!(clock(&run).run.due.to_string(), "2026-03-23");
}

#[test]
fn a_new_holiday_notice_moves_a_provisional_date_by_an_event() {
    let (profile, run) = story(&[("2026-12-21", "report_change")]);
    let before = clock(&run).run.clone();
    assert!(before.provisional, "{before:?}");
    let mut files: Vec<(String, String)> = folder("cn-base")
        .under("calendar")
        .filter(|(path, _)| path.ends_with(".toml"))
        .map(|(path, text)| (path.to_owned(), text.to_owned()))
        .collect();
    let notice = "year = 2027\nnotices = [\"https://example.org/2027\"]\n[[day]]\ndate = \"2027-01-01\"\nname = \"元旦\"\n\
                  off = true\n[[day]]\ndate = \"2027-01-04\"\nname = \"元旦\"\noff = true\n";
    files.push(("calendar/2027.toml".to_owned(), notice.to_owned()));
    let borrowed: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let calendar = WorkCalendar::from_toml(&borrowed).unwrap();
    let today = "2026-12-30".parse().unwrap();
    assert_eq!(
        recount(case(&run), &profile.calendar, today),
        vec![],
        "nothing changed"
    );
    let events = recount(case(&run), &calendar, today);
    let [CaseEvent::ClockChanged { due, provisional, .. }] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert!(!provisional);
    assert_eq!(
        (due.to_string(), before.due.to_string()),
        ("2027-01-13".to_owned(), "2027-01-11".to_owned())
    );
    let after = events
        .iter()
        .fold(Some(case(&run).clone()), Case::evolve)
        .unwrap();
    assert_eq!(recount(&after, &calendar, today), vec![], "once is enough");
}
