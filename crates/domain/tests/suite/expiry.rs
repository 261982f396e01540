//! Expiry never decides: whatever clock runs out wherever, the case stays what it was, and only the clock says that
//! its last day passed. So no clock can ever lead to a stage that an approving act leads to.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use shuyu_domain::{
    Case, Command, Context, Registry,
    case::Watch,
    command::platform,
    decide::decide,
    event::{CaseEvent, ClockRun, Holder},
    scenario::{World, run_all},
};
use shuyu_kernel::{
    BodyId, CaseId, CivilDate, Digest, Manner,
    calendar::{Bound, Limit},
};
use shuyu_profile::{ActKind, Consequence, Procedure, Profile};

use crate::{
    golden,
    random::{SHIPPED, STARTS, player},
    support::named,
};

const PROFILES: [&str; 4] = ["yunnan", "jilin", "lanzhou", "qiqihar"];

/// The case without what expiry, urging and escalation may change.
fn bare(case: &Case) -> Case {
    let mut bare = case.clone();
    bare.version = 0;
    for clock in &mut bare.clocks {
        clock.watch = Watch::default();
    }
    bare
}

fn after(case: &Case, events: &[CaseEvent]) -> Case {
    events.iter().fold(Some(case.clone()), Case::evolve).unwrap()
}

/// Lets every clock of a case run out, and be left late for a year; answers how many did.
fn run_out(profile: &Profile, registry: &Registry, case: &Case, today: CivilDate) -> usize {
    let actor = platform();
    let linked = BTreeMap::new();
    let mut expired = 0;
    for clock in case.clocks.clone() {
        let mut state = case.clone();
        let (id, lane) = (clock.run.clock.clone(), clock.run.lane.clone());
        for (later, command) in [
            (
                1,
                Command::Expire {
                    clock: id.clone(),
                    lane: lane.clone(),
                },
            ),
            (
                365,
                Command::EscalateLate {
                    clock: id.clone(),
                    lane: lane.clone(),
                },
            ),
        ] {
            let ctx = Context {
                profile,
                actor: &actor,
                today: clock.run.due.max(today).plus_days(later),
                registry,
                linked: &linked,
                new_case: case.id,
                next_number: 0,
            };
            let Ok(events) = decide(Some(&state), &command, &ctx) else {
                continue;
            };
            expired += usize::from(later == 1);
            assert!(events.iter().all(|event| matches!(event, CaseEvent::Watched(_))));
            let next = after(&state, &events);
            assert_eq!(bare(&next), bare(&state), "{} of {}", id, case.procedure);
            assert!(decide(Some(&next), &command, &ctx).is_err(), "{id} runs out once");
            state = next;
        }
    }
    expired
}

fn approving(kind: ActKind) -> bool {
    use ActKind::{Accept, Activate, Approve, Deliberate, Deliver, Extend, Publish, Resume, Sign};
    matches!(
        kind,
        Accept | Activate | Approve | Deliberate | Deliver | Extend | Publish | Resume | Sign
    )
}

/// A case of the procedure in that stage with that clock running.
fn standing(profile: &Profile, procedure: &Procedure, stage: &str, clock: &str) -> Case {
    let body = BodyId::from_bits(1);
    let rule = procedure.clock(clock).unwrap();
    let due = golden::day(10);
    let holder = Holder {
        role: rule.holder.clone(),
        bodies: vec![body],
    };
    let events = [
        CaseEvent::Opened {
            case: CaseId::from_bits(1),
            procedure: procedure.id.clone(),
            profile: profile.digest,
            number: "1".to_owned(),
            stage: stage.to_owned(),
            parties: BTreeMap::from([(rule.holder.clone(), BTreeSet::from([body]))]),
            set: BTreeMap::new(),
            title: String::new(),
            holder: None,
            meta: shuyu_domain::event::ActMeta {
                manner: Manner::InPerson,
                ..golden::meta()
            },
        },
        CaseEvent::ClockStarted(ClockRun {
            clock: clock.to_owned(),
            lane: None,
            started_on: golden::day(3),
            limit: Limit::working_days(5),
            bound: rule.bound,
            due,
            provisional: false,
            calendar: Digest::of(b"calendar"),
            derivation: Vec::new(),
            holder,
            clauses: rule.basis.clauses().to_vec(),
            bound_by: None,
        }),
    ];
    Case::replay(&events).unwrap()
}

#[test]
fn no_clock_of_any_profile_leads_anywhere_by_running_out() {
    let (mut clocks, mut pairs) = (0, 0);
    for name in PROFILES {
        let (profile, _) = named(name);
        let registry = World::new(&profile).registry;
        for procedure in &profile.procedures {
            let acts = procedure.acts.iter().filter(|act| approving(act.kind));
            let approved: BTreeSet<&str> = acts.filter_map(|act| act.to.as_deref()).collect();
            for rule in &procedure.clocks {
                clocks += 1;
                for stage in &procedure.stages {
                    let case = standing(&profile, procedure, &stage.id, &rule.id);
                    let expired = run_out(&profile, &registry, &case, golden::day(11));
                    // An at-least clock opens a way; nothing is late when it is over.
                    assert_eq!(expired, usize::from(rule.bound == Bound::AtMost), "{}", rule.id);
                    pairs += usize::from(!approved.contains(stage.id.as_str()));
                }
            }
        }
    }
    assert!(clocks > 150 && pairs > 700, "{clocks} clocks, {pairs} pairs");
}

#[test]
fn every_case_that_the_scenarios_leave_behind_stays_what_it_is() {
    let mut expired = 0;
    for name in PROFILES {
        let (profile, scenarios) = named(name);
        for run in run_all(&profile, &scenarios) {
            for case in run.world.cases.values() {
                expired += run_out(&profile, &run.world.registry, case, case.opened_on);
            }
        }
    }
    assert!(expired > 1000, "{expired}");
}

#[test]
fn each_consequence_is_used_and_at_least_clocks_only_open() {
    let mut used = BTreeSet::new();
    for name in PROFILES {
        let (profile, _) = named(name);
        for rule in profile.procedures.iter().flat_map(|procedure| &procedure.clocks) {
            used.insert(format!("{:?}", rule.on_miss));
            let opens = rule.on_miss == Consequence::Opens;
            assert_eq!(opens, rule.bound == Bound::AtLeast, "{name}: {}", rule.id);
        }
    }
    assert_eq!(
        used.into_iter().collect::<Vec<_>>(),
        ["Escalate", "Flag", "Opens", "Remind"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_random_play_expiry_never_approves(
        start in prop::sample::select(STARTS.as_slice()),
        seeds in prop::collection::vec(any::<u64>(), 1..150),
    ) {
        let mut player = player(&SHIPPED.0, &SHIPPED.1, start);
        for seed in seeds {
            player.play(seed);
            if seed % 8 == 0 {
                // What ran out so far stands in the record, and play goes on from there.
                let actor = platform();
                let cases: Vec<Case> = player.world.cases.values().cloned().collect();
                for case in cases {
                    let ids: Vec<_> = case.clocks.iter().map(|c| (c.run.clock.clone(), c.run.lane.clone())).collect();
                    for (clock, lane) in ids {
                        let before = player.world.cases[&case.id].clone();
                        let ctx = Context {
                            profile: player.profile,
                            actor: &actor,
                            today: player.today,
                            registry: &player.world.registry,
                            linked: &player.world.cases,
                            new_case: case.id,
                            next_number: 0,
                        };
                        let Ok(events) = decide(Some(&before), &Command::Expire { clock, lane }, &ctx) else { continue };
                        player.world.apply("", case.id, events);
                        prop_assert_eq!(bare(&player.world.cases[&case.id]), bare(&before));
                    }
                }
            }
        }
        player.check();
        for case in player.world.cases.values() {
            run_out(player.profile, &player.world.registry, case, player.today);
        }
    }
}
