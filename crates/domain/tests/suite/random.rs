//! Random sequences of commands under the shipped profile: whatever is tried, the engine answers with events or a
//! refusal, a refusal changes nothing, the events are the state, and nobody decides twice or on their own behalf.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use proptest::prelude::*;
use shuyu_domain::{
    Case, Command, Context, TableUse, Value,
    case::LaneStatus,
    command::TakeAct,
    decide::{acts_now, decide},
    event::CaseEvent,
    scenario::{World, run},
    value::Paper,
};
use shuyu_kernel::{Actor, BodyId, CaseId, CivilDate, Digest, Manner, Money, Use};
use shuyu_profile::{Act, Field, FieldType, Procedure, Profile, scenario::Scenario};

use crate::{promises::nobody_decides_twice_or_for_themselves, support::shipped};

/// Numbers drawn from a seed one after another.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: usize) -> usize {
        // A 64-bit linear congruential step (Knuth's MMIX constants); quality hardly matters here.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % (n.max(1) as u64)).unwrap_or_default()
    }
    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
    fn pick<'a, T>(&mut self, list: &'a [T]) -> Option<&'a T> {
        list.get(self.below(list.len()))
    }
}

pub(crate) struct Player<'a> {
    pub(crate) profile: &'a Profile,
    pub(crate) world: World,
    pub(crate) today: CivilDate,
    succeeded: usize,
}

impl Player<'_> {
    pub(crate) fn play(&mut self, seed: u64) {
        let mut draw = Draw(seed);
        self.today = self.today.plus_days(draw.below(4) as i64);
        let cases: Vec<CaseId> = self.world.cases.keys().copied().collect();
        match draw.below(8) {
            0 | 1 => self.open(&mut draw),
            2 => {
                if let Some(case) = draw.pick(&cases) {
                    self.step_on(*case, &mut draw);
                }
            }
            _ => {
                if let Some(case) = draw.pick(&cases) {
                    self.act(*case, &mut draw);
                }
            }
        }
    }

    fn actor(&mut self, roles: &[String], draw: &mut Draw) -> Actor {
        let every: Vec<String> = self.profile.roles.iter().map(|role| role.id.clone()).collect();
        let role = if draw.one_in(8) {
            draw.pick(&every)
        } else {
            draw.pick(roles).or_else(|| every.first())
        };
        let role = role.cloned().unwrap_or_default();
        let known = self.world.registry.bodies_with(&role);
        let body = match draw.pick(&known) {
            Some(body) if !draw.one_in(10) => self.world.registry.body_name(*body),
            _ => format!("{role}-2"),
        };
        let post = ["clerk", "chief", "leader"][if draw.one_in(3) { draw.below(3) } else { 0 }];
        self.world.actor(&format!("{role}:{body}"), post)
    }

    fn open(&mut self, draw: &mut Draw) {
        let Some(procedure) = draw.pick(&self.profile.procedures) else {
            return;
        };
        self.world.fill_offices(procedure);
        let actor = self.actor(&procedure.open.by, draw);
        let asked = procedure.fields.iter().filter(|field| !field.group.is_empty());
        let set = asked
            .filter_map(|field| Some((field.id.clone(), self.value(field, &actor, draw)?)))
            .collect();
        let (case, number) = self.world.next_case();
        self.decide(
            None,
            case,
            number,
            &Command::Open {
                procedure: procedure.id.clone(),
                set,
            },
            &actor,
        );
    }

    fn act(&mut self, id: CaseId, draw: &mut Draw) {
        let case = self.world.cases[&id].clone();
        let Some(procedure) = self.profile.procedure(&case.procedure) else {
            return;
        };
        let here: Vec<&Act> = procedure
            .acts
            .iter()
            .filter(|act| act.from.contains(&case.stage))
            .collect();
        let every: Vec<&Act> = procedure.acts.iter().collect();
        // Lanes are decided by their own bodies; drawn among all acts and bodies, hardly ever.
        let open: Vec<(String, BodyId)> = case
            .lanes
            .iter()
            .filter(|(_, lane)| lane.status == LaneStatus::Open)
            .map(|(key, lane)| (key.clone(), lane.body))
            .collect();
        let review: Vec<&Act> = here.iter().copied().filter(|act| act.in_lane).collect();
        let mut of_lane = draw.pick(&open).cloned().filter(|_| draw.one_in(2));
        let Some(act) = (if of_lane.is_some() && !review.is_empty() {
            draw.pick(&review)
        } else if draw.one_in(8) {
            draw.pick(&every)
        } else {
            draw.pick(&here)
        }) else {
            return;
        };
        of_lane = of_lane.filter(|_| act.in_lane);
        let ends = act
            .to
            .as_ref()
            .and_then(|to| procedure.stage(to))
            .is_some_and(|stage| stage.is_final);
        if ends && !draw.one_in(5) {
            return; // Cases that end at once would never get deep.
        }
        let mut actor = self.actor(&act.by, draw);
        if let Some((_, body)) = &of_lane {
            actor.body = *body;
            actor = (self.world).colleague(&actor, act.route.first().map_or("clerk", |s| &s.post), &[]);
        }
        let lanes: Vec<&String> = case.lanes.keys().collect();
        let lane = if let Some((lane, _)) = of_lane {
            Some(lane)
        } else if act.in_lane || draw.one_in(20) {
            draw.pick(&lanes).map(|lane| (*lane).clone())
        } else {
            None
        };
        let manner = draw
            .pick(&act.manners)
            .copied()
            .filter(|manner| *manner != Manner::Delegate);
        let manner = manner.unwrap_or(Manner::InPerson);
        let on_behalf = manner == Manner::OnBehalf;
        let command = TakeAct {
            act: act.id.clone(),
            lane,
            set: self.records(procedure, act, &actor, draw),
            strike: Vec::new(),
            manner,
            happened_on: on_behalf.then(|| self.today.plus_days(-(draw.below(3) as i64))),
            paper: (on_behalf && !draw.one_in(10)).then(|| paper("scan.pdf")),
        };
        self.decide(Some(&case), id, 0, &Command::Act(command), &actor);
    }

    fn records(
        &mut self,
        procedure: &Procedure,
        act: &Act,
        actor: &Actor,
        draw: &mut Draw,
    ) -> BTreeMap<String, Value> {
        let fields = act.records.iter().filter_map(|id| procedure.field(id));
        fields
            .filter_map(|field| Some((field.id.clone(), self.value(field, actor, draw)?)))
            .collect()
    }

    /// The next step of a waiting act, by whoever comes along, or its end.
    fn step_on(&mut self, id: CaseId, draw: &mut Draw) {
        let case = self.world.cases[&id].clone();
        let Some(waiting) = draw.pick(&case.pending).cloned() else {
            return;
        };
        let Some(act) = self
            .profile
            .procedure(&case.procedure)
            .and_then(|p| p.act(&waiting.act))
        else {
            return;
        };
        let mut actor = self.actor(&act.by, draw);
        if !draw.one_in(4) {
            let taken: Vec<_> = waiting.steps.iter().map(|step| step.person).collect();
            actor.body = waiting.body;
            actor = self.world.colleague(
                &actor,
                waiting.next.first().map_or("checker", |post| post),
                &taken,
            );
        }
        let number = waiting.number;
        let command = if draw.one_in(10) {
            Command::Drop { number }
        } else {
            Command::Advance { number }
        };
        self.decide(Some(&case), id, 0, &command, &actor);
    }

    fn decide(&mut self, case: Option<&Case>, id: CaseId, number: u64, command: &Command, actor: &Actor) {
        let ctx = Context {
            profile: self.profile,
            actor,
            today: self.today,
            registry: &self.world.registry,
            linked: &self.world.cases,
            new_case: id,
            next_number: number,
        };
        if let Some(case) = case {
            // Asking ahead must not fail either.
            let _ = acts_now(case, &ctx);
        }
        match decide(case, command, &ctx) {
            Ok(events) => {
                assert!(!events.is_empty(), "an act without an event");
                self.succeeded += 1;
                self.world.apply(&id.to_string(), id, events);
            }
            Err(refusal) => assert!(!refusal.code.is_empty()),
        }
    }

    fn value(&mut self, field: &Field, actor: &Actor, draw: &mut Draw) -> Option<Value> {
        if draw.one_in(25) {
            return None;
        }
        let linked: Vec<CaseId> = self
            .world
            .cases
            .values()
            .filter(|case| {
                field
                    .procedure
                    .as_ref()
                    .is_none_or(|procedure| *procedure == case.procedure)
            })
            .map(|case| case.id)
            .collect();
        let case = draw.pick(&linked).copied();
        Some(match field.ty {
            FieldType::Text | FieldType::Paragraph => Value::Text("x".to_owned()),
            FieldType::Date => Value::Date(self.today.plus_days(draw.below(2400) as i64)),
            FieldType::Money => Value::Money(Money::from_fen(draw.below(400) as i64 - 5)),
            FieldType::Integer => Value::Integer(draw.below(8) as i64 - 1),
            FieldType::YesNo => Value::YesNo(draw.one_in(2)),
            FieldType::Choice => Value::Choice(draw.pick(&field.choices)?.id.clone()),
            FieldType::File => Value::File(paper("a.pdf")),
            FieldType::Body => Value::Body(
                self.world
                    .body("operator", field.party.as_deref().unwrap_or("customer")),
            ),
            FieldType::Person => Value::Person(actor.person),
            FieldType::Case => Value::Case(case?),
            FieldType::Cases => Value::Cases(vec![case?]),
            FieldType::Columns => Value::Columns(vec![TableUse {
                resource: case?,
                table: "t".to_owned(),
                reason: "x".to_owned(),
                columns: BTreeMap::from([("c".to_owned(), BTreeSet::from([Use::Measure]))]),
                rows: None,
            }]),
            FieldType::Figures => Value::Figures(BTreeMap::from([("n".to_owned(), "1".to_owned())])),
        })
    }

    pub(crate) fn check(&self) {
        for (id, case) in &self.world.cases {
            let events = &self.world.events[id];
            assert_eq!(
                Case::replay(events).as_ref(),
                Some(case),
                "the events are the state"
            );
            assert_eq!(case.version, events.len() as u64);
            for event in events {
                let text = serde_json::to_string(event).unwrap();
                assert_eq!(&serde_json::from_str::<CaseEvent>(&text).unwrap(), event);
            }
            let Some(procedure) = self.profile.procedure(&case.procedure) else {
                continue;
            };
            nobody_decides_twice_or_for_themselves(case, procedure);
        }
    }
}

fn paper(name: &str) -> Paper {
    Paper {
        digest: Digest::of(name.as_bytes()),
        name: name.to_owned(),
        size_bytes: 1,
    }
}

/// Where play begins: scenarios that leave cases in the middle of their lives.
pub(crate) const STARTS: [&str; 6] = [
    "story-1-catalogue",
    "story-4-activation",
    "late-lane",
    "data-use-columns-fixed",
    "objection-open",
    "story-7-products",
];

pub(crate) fn player<'a>(
    profile: &'a Profile,
    scenarios: &BTreeMap<String, Scenario>,
    start: &str,
) -> Player<'a> {
    let run = run(profile, scenarios, start);
    assert!(run.failures.is_empty(), "{:?}", run.failures);
    let today = CivilDate::new(2026, 3, 5).unwrap();
    Player {
        profile,
        world: run.world,
        today,
        succeeded: 0,
    }
}

pub(crate) static SHIPPED: LazyLock<(Profile, BTreeMap<String, Scenario>)> = LazyLock::new(shipped);

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_commands_keeps_the_promises(
        start in prop::sample::select(STARTS.as_slice()),
        seeds in prop::collection::vec(any::<u64>(), 1..250),
    ) {
        let mut player = player(&SHIPPED.0, &SHIPPED.1, start);
        for seed in seeds {
            player.play(seed);
        }
        player.check();
    }
}

/// The property above would be empty if nearly everything were refused.
#[test]
fn random_play_gets_somewhere() {
    let mut reached: BTreeSet<(String, String)> = BTreeSet::new();
    let (mut succeeded, mut decided, mut decided_before) = (0, 0, 0);
    // Whoever plays long opens more cases than it comes back to: many short plays get further.
    for (start, play) in (0..180u64).map(|number| (STARTS[number as usize % STARTS.len()], number / 6)) {
        let mut player = player(&SHIPPED.0, &SHIPPED.1, start);
        decided_before += lanes_decided(&player);
        let seeds = play * 500..(play + 1) * 500;
        seeds.for_each(|seed| player.play(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        player.check();
        succeeded += player.succeeded;
        reached.extend(
            player
                .world
                .cases
                .values()
                .map(|case| (case.procedure.clone(), case.stage.clone())),
        );
        decided += lanes_decided(&player);
    }
    assert!(succeeded > 1500, "{succeeded}");
    assert!(
        decided >= decided_before + 3,
        "{decided_before} lanes, then {decided}"
    );
    assert!(reached.len() > 45, "{} {reached:?}", reached.len());
}

fn lanes_decided(player: &Player<'_>) -> usize {
    let lanes = player.world.cases.values().flat_map(|case| case.lanes.values());
    lanes
        .filter(|lane| matches!(lane.status, LaneStatus::Approved | LaneStatus::Refused))
        .count()
}
