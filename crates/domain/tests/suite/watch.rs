//! Expiry, urging and escalation: who may do what, when, and what follows.

use std::{collections::BTreeMap, sync::LazyLock};

use shuyu_domain::{
    Case, Command, Context,
    command::{WatchAct, WatchClock, platform},
    decide::{decide, watch_now},
    event::{CaseEvent, EscalationReason, WatchEvent},
    scenario::{Run, World, run},
};
use shuyu_kernel::{Actor, CaseId, CivilDate, ClauseId, Refusal};
use shuyu_profile::{Consequence, Profile};

use crate::support::shipped;

static LATE_LANE: LazyLock<(Profile, Run)> = LazyLock::new(|| {
    let (profile, scenarios) = shipped();
    let run = run(&profile, &scenarios, "late-lane");
    assert!(run.failures.is_empty(), "{:?}", run.failures);
    (profile, run)
});

/// A lane of the double review that a provider leaves undecided; its last day is Tuesday, 3 February 2026.
struct Late {
    profile: Profile,
    world: World,
    case: CaseId,
    clock: String,
    lane: Option<String>,
}

fn day(n: i8) -> CivilDate {
    CivilDate::new(2026, 2, n).unwrap()
}

impl Late {
    /// With a clock that its rule flags.
    fn new() -> Self {
        Self::with(Consequence::Flag)
    }

    fn with(consequence: Consequence) -> Self {
        let (mut profile, run) = LATE_LANE.clone();
        let procedure = profile
            .procedures
            .iter_mut()
            .find(|p| p.id == "data_use")
            .unwrap();
        procedure
            .clocks
            .iter_mut()
            .for_each(|clock| clock.on_miss = consequence);
        let case = run.world.names["u"];
        let clocks = &run.world.cases[&case].clocks;
        let open = clocks
            .iter()
            .find(|clock| clock.binds() && clock.run.holder.role == "provider");
        let run_of = &open.expect("the lane of the provider").run;
        assert_eq!(run_of.due, day(3));
        Self {
            case,
            clock: run_of.clock.clone(),
            lane: run_of.lane.clone(),
            profile,
            world: run.world,
        }
    }

    fn case(&self) -> &Case {
        &self.world.cases[&self.case]
    }

    fn clauses(&self) -> Vec<ClauseId> {
        let clock = self.case().running_clock(&self.clock, self.lane.as_deref());
        clock.unwrap().run.clauses.clone()
    }

    fn actor(&mut self, name: &str) -> Actor {
        self.world.actor(name, "clerk")
    }

    /// Decides, applies, and answers the events.
    fn decide(&mut self, actor: &Actor, on: CivilDate, command: &Command) -> Result<Vec<CaseEvent>, Refusal> {
        let linked = BTreeMap::new();
        let ctx = Context {
            profile: &self.profile,
            actor,
            today: on,
            registry: &self.world.registry,
            linked: &linked,
            new_case: self.case,
            next_number: 0,
        };
        let ahead = watch_now(self.case(), &ctx);
        let events = decide(Some(self.case()), command, &ctx);
        if let Command::Watch(command) = command {
            // What is offered ahead is what is then allowed, words and days apart.
            let of_form = ["words_missing", "words_too_long", "report_day_invalid"];
            let offered = ahead.iter().any(|now| now.act == command.act);
            match &events {
                Err(refusal) if of_form.contains(&refusal.code.as_str()) => {}
                events => assert_eq!(offered, events.is_ok(), "{:?}: {events:?}", command.act),
            }
        }
        let events = events?;
        self.world.apply("u", self.case, events.clone());
        Ok(events)
    }

    fn expire(&mut self, on: CivilDate) -> Result<Vec<CaseEvent>, Refusal> {
        let command = Command::Expire {
            clock: self.clock.clone(),
            lane: self.lane.clone(),
        };
        self.decide(&platform(), on, &command)
    }

    fn left_late(&mut self, on: CivilDate) -> Result<Vec<CaseEvent>, Refusal> {
        let command = Command::EscalateLate {
            clock: self.clock.clone(),
            lane: self.lane.clone(),
        };
        self.decide(&platform(), on, &command)
    }

    /// What somebody does on a day: `ok`, or the code of the refusal.
    fn does(&mut self, who: &str, act: WatchAct, on: i8) -> String {
        self.says(who, act, on, "说明", Some(day(on)))
    }

    fn says(
        &mut self,
        who: &str,
        act: WatchAct,
        on: i8,
        words: &str,
        report_by: Option<CivilDate>,
    ) -> String {
        let actor = self.actor(who);
        let command = Command::Watch(WatchClock {
            clock: self.clock.clone(),
            lane: self.lane.clone(),
            act,
            words: words.to_owned(),
            report_by,
        });
        match self.decide(&actor, day(on), &command) {
            Ok(events) => {
                assert_eq!(events.len(), 1);
                "ok".to_owned()
            }
            Err(refusal) => refusal.code,
        }
    }
}

fn code(result: Result<Vec<CaseEvent>, Refusal>) -> String {
    result.map_or_else(|refusal| refusal.code, |_| "ok".to_owned())
}

#[test]
fn a_clock_expires_on_the_day_after_its_last_day_and_once() {
    let mut late = Late::new();
    let stage = late.case().stage.clone();
    assert_eq!(code(late.expire(day(3))), "clock_not_expired");
    let events = late.expire(day(4)).unwrap();
    let [
        CaseEvent::Watched(WatchEvent::ClockExpired {
            due,
            on,
            consequence,
            clauses,
            ..
        }),
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!((*due, *on, *consequence), (day(3), day(4), Consequence::Flag));
    assert_eq!(clauses, &late.clauses());
    assert_eq!(code(late.expire(day(5))), "clock_not_expired");
    assert_eq!(late.case().stage, stage);
    // A clock that somebody else kept does not run out.
    late.lane = Some("authority:x".to_owned());
    assert_eq!(code(late.expire(day(5))), "clock_not_running");
}

#[test]
fn whoever_waits_or_watches_may_urge_when_it_is_near_and_nobody_urges_himself() {
    // Three working days before 3 February begin on Thursday, 29 January: all days here are near or late.
    let table = [
        ("operator", "ok"),
        ("data_authority", "ok"),
        ("province_bureau", "ok"),
        ("auditor", "ok"),
        ("provider:州人社局", "urge_own_clock"),
        ("provider:州统计局", "not_a_party"),
        ("developer:甲公司", "not_a_party"),
    ];
    for (who, expected) in table {
        let mut late = Late::new();
        assert_eq!(late.does(who, WatchAct::Urge, 2), expected, "{who}");
    }
    let mut late = Late::new();
    late.profile.watch.urge_within = 1;
    let friday = CivilDate::new(2026, 1, 30).unwrap();
    let actor = late.actor("operator");
    let urge = Command::Watch(WatchClock {
        clock: late.clock.clone(),
        lane: late.lane.clone(),
        act: WatchAct::Urge,
        words: "等着用".to_owned(),
        report_by: None,
    });
    assert_eq!(code(late.decide(&actor, friday, &urge)), "urge_not_yet");
    assert_eq!(
        late.says("operator", WatchAct::Urge, 2, "  ", None),
        "words_missing"
    );
    let long = "长".repeat(501);
    assert_eq!(
        late.says("operator", WatchAct::Urge, 2, &long, None),
        "words_too_long"
    );
    assert_eq!(late.does("operator", WatchAct::Urge, 2), "ok");
    let urge = late
        .case()
        .clocks
        .iter()
        .find_map(|clock| clock.open_urge())
        .unwrap();
    assert_eq!(urge.answer_by, day(4), "two working days to answer");
}

#[test]
fn the_way_from_urge_to_closing() {
    use WatchAct::{AnswerUrge, Close, Escalate, Instruct, Report, Urge};
    let provider = "provider:州人社局";
    let mut late = Late::new();
    late.expire(day(4)).unwrap();
    let steps = [
        ("operator", AnswerUrge, 4, "not_the_holder"),
        (provider, AnswerUrge, 4, "urge_not_open"),
        ("operator", Urge, 4, "ok"),
        ("data_authority", Urge, 4, "urge_open"),
        ("operator", AnswerUrge, 4, "not_the_holder"),
        (provider, AnswerUrge, 5, "ok"),
        (provider, AnswerUrge, 5, "urge_not_open"),
        ("operator", Escalate, 5, "supervision_not_for_role"),
        (provider, Report, 5, "instruction_not_open"),
        ("data_authority", Close, 5, "escalation_not_open"),
        ("province_bureau", Escalate, 5, "ok"),
        ("auditor", Escalate, 5, "escalation_open"),
        ("province_bureau", Instruct, 5, "not_the_superior"),
        (provider, Report, 5, "instruction_not_open"),
        ("data_authority", Instruct, 6, "ok"),
        ("operator", Report, 6, "not_the_holder"),
        (provider, Report, 9, "ok"),
        (provider, Report, 9, "instruction_not_open"),
        ("province_bureau", Close, 9, "not_the_superior"),
        ("data_authority", Close, 9, "ok"),
        ("data_authority", Instruct, 9, "escalation_not_open"),
    ];
    let stage = late.case().stage.clone();
    for (number, (who, act, on, expected)) in steps.into_iter().enumerate() {
        assert_eq!(late.does(who, act, on), expected, "step {number}: {who} {act:?}");
    }
    assert_eq!(late.case().stage, stage);
    let events = &late.world.events[&late.case];
    assert_eq!(Case::replay(events).as_ref(), Some(late.case()));
}

#[test]
fn a_superior_names_a_day_from_today_on() {
    let mut late = Late::new();
    assert_eq!(late.does("province_bureau", WatchAct::Escalate, 4), "ok");
    for report_by in [None, Some(day(4))] {
        let code = late.says("data_authority", WatchAct::Instruct, 5, "尽快", report_by);
        assert_eq!(code, "report_day_invalid");
    }
    let code = late.says("data_authority", WatchAct::Instruct, 5, "尽快", Some(day(5)));
    assert_eq!(code, "ok");
}

#[test]
fn a_matter_left_late_for_five_working_days_goes_up_once() {
    let mut late = Late::new();
    assert_eq!(
        code(late.left_late(day(11))),
        "escalation_not_yet",
        "expiry comes first"
    );
    late.expire(day(4)).unwrap();
    assert_eq!(
        code(late.left_late(day(10))),
        "escalation_not_yet",
        "the fifth day"
    );
    let events = late.left_late(day(11)).unwrap();
    let [
        CaseEvent::Watched(WatchEvent::Escalated {
            to, why, by, clauses, ..
        }),
    ] = events.as_slice()
    else {
        panic!("{events:?}");
    };
    assert_eq!(
        (to.role.as_str(), *why),
        ("data_authority", EscalationReason::LeftLate)
    );
    assert_eq!(by, &None, "nobody decided it");
    assert!(!clauses.is_empty());
    assert_eq!(code(late.left_late(day(12))), "escalation_not_yet");
    assert_eq!(late.does("data_authority", WatchAct::Close, 12), "ok");
    assert_eq!(
        code(late.left_late(day(24))),
        "escalation_not_yet",
        "heard once for this last day"
    );
    // An overseer may bring it up again.
    assert_eq!(late.does("auditor", WatchAct::Escalate, 24), "ok");
}

#[test]
fn the_rule_of_the_clock_says_whether_it_goes_up() {
    let mut remind = Late::with(Consequence::Remind);
    assert_eq!(remind.expire(day(4)).unwrap().len(), 1);
    assert_eq!(code(remind.left_late(day(27))), "escalation_not_yet");
    assert_eq!(
        remind.does("auditor", WatchAct::Escalate, 27),
        "ok",
        "an overseer may all the same"
    );

    let mut at_once = Late::with(Consequence::Escalate);
    let events = at_once.expire(day(4)).unwrap();
    assert!(
        matches!(
            events.as_slice(),
            [
                CaseEvent::Watched(WatchEvent::ClockExpired { .. }),
                CaseEvent::Watched(WatchEvent::Escalated {
                    why: EscalationReason::AtExpiry,
                    by: None,
                    ..
                })
            ]
        ),
        "{events:?}"
    );
    assert_eq!(code(at_once.left_late(day(27))), "escalation_not_yet");
}

#[test]
fn without_a_superior_nothing_goes_up_and_the_refusal_says_so() {
    let mut late = Late::new();
    late.profile.superiors.retain(|rule| rule.of != "provider");
    late.expire(day(4)).unwrap();
    assert_eq!(code(late.left_late(day(11))), "superior_missing");
    assert_eq!(late.does("auditor", WatchAct::Escalate, 11), "superior_missing");
}

#[test]
fn what_the_holder_does_ends_the_urging_but_not_the_escalation() {
    let mut late = Late::new();
    assert_eq!(late.does("operator", WatchAct::Urge, 4), "ok");
    assert_eq!(late.does("auditor", WatchAct::Escalate, 4), "ok");
    let stopped = CaseEvent::ClockStopped {
        clock: late.clock.clone(),
        lane: late.lane.clone(),
        on: day(5),
        in_time: false,
    };
    late.world.apply("u", late.case, vec![stopped]);
    let provider = "provider:州人社局";
    assert_eq!(late.does(provider, WatchAct::AnswerUrge, 5), "clock_not_running");
    assert_eq!(late.does("operator", WatchAct::Urge, 5), "clock_not_running");
    assert_eq!(late.does("data_authority", WatchAct::Close, 5), "ok");
    assert_eq!(
        late.does("data_authority", WatchAct::Close, 5),
        "clock_not_running"
    );
}
