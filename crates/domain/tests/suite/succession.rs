//! Renames, mergers and handovers: who stands in whose place, from which day, and what is refused.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Case, Registry, Value,
    event::{CaseEvent, RegistryEvent, RegistryMeta},
    registry::{Body, Handover, Membership},
};
use shuyu_kernel::{Actor, BodyId, CaseId, CivilDate, Digest, PersonId, Refusal};
use shuyu_profile::Profile;

use crate::{additions::by, golden::meta, support::shipped};

fn id(n: u128) -> BodyId {
    BodyId::from_bits(n)
}

fn day(n: i8) -> CivilDate {
    CivilDate::new(2026, 2, n).unwrap()
}

/// Entered on the fourth.
fn entered() -> RegistryMeta {
    by()
}

fn post(body: u128, role: &str, post: &str) -> Membership {
    Membership {
        body: id(body),
        role: role.to_owned(),
        post: post.to_owned(),
    }
}

fn folded(registry: Registry, events: Vec<RegistryEvent>) -> Registry {
    events.iter().fold(registry, Registry::evolve)
}

/// 1 and 2 are providers, 3 an operator, 4 a developer, 5 the authority; person n works in body n, person 11 too in 1.
fn registry() -> Registry {
    let roles: [(u128, &[&str]); 5] = [
        (1, &["provider"]),
        (2, &["provider"]),
        (3, &["operator"]),
        (4, &["developer"]),
        (5, &["data_authority"]),
    ];
    let mut events = Vec::new();
    for (n, held) in roles {
        events.push(RegistryEvent::BodyRegistered {
            body: Body {
                id: id(n),
                name: format!("第{n}局"),
                credit_code: String::new(),
                roles: held.iter().map(|role| (*role).to_owned()).collect(),
            },
            by: None,
        });
        events.push(person(n, vec![post(n, held[0], "clerk")]));
    }
    events.push(person(11, vec![post(1, "provider", "leader")]));
    folded(Registry::default(), events)
}

fn person(n: u128, memberships: Vec<Membership>) -> RegistryEvent {
    RegistryEvent::PersonEnrolled {
        person: PersonId::from_bits(n),
        name: Value::Sealed {
            commitment: Digest::of(b"x"),
            vault: "x".to_owned(),
        },
        login: format!("person{n}"),
        memberships,
        by: None,
    }
}

fn actor(person: u128, membership: Membership) -> Actor {
    Actor {
        person: PersonId::from_bits(person),
        body: membership.body,
        role: membership.role,
        post: membership.post,
        delegation: None,
    }
}

fn code<T>(result: Result<T, Refusal>) -> String {
    result.map_or_else(|refusal| refusal.code, |_| "ok".to_owned())
}

fn merged(registry: &Registry, profile: &Profile, from: u128, into: u128) -> Registry {
    let event = registry
        .merge(profile, (id(from), id(into)), day(4), entered())
        .unwrap();
    registry.clone().evolve(&event)
}

#[test]
fn former_names_stay_with_their_days() {
    let registry = registry();
    let event = registry.rename(id(1), "大数据局", day(3), entered()).unwrap();
    let registry = registry.evolve(&event);
    for (n, name) in [(2, "第1局"), (3, "大数据局"), (9, "大数据局")] {
        assert_eq!(registry.body_name_on(id(1), day(n)), name, "day {n}");
    }
    for (name, on, answer) in [
        ("大数据局", day(4), "body_name_same"),
        (" ", day(4), "body_name_same"),
        ("数据局", day(2), "registry_day_wrong"),
        ("数据局", day(5), "registry_day_wrong"),
        ("数据局", day(4), "ok"),
    ] {
        assert_eq!(
            code(registry.rename(id(1), name, on, entered())),
            answer,
            "{name} {on}"
        );
    }
}

#[test]
fn public_bodies_pass_by_the_paper_and_authorisations_do_not() {
    let (profile, _) = shipped();
    let registry = merged(&registry(), &profile, 1, 2);
    assert_eq!(registry.successor(id(1), "provider"), id(2));
    assert_eq!(registry.predecessors(id(2), "provider"), vec![id(1), id(2)]);
    assert_eq!(registry.predecessors(id(1), "provider"), vec![]);
    assert_eq!(registry.bodies_with("provider"), vec![id(2)]);
    let old = registry.admits(&actor(1, post(1, "provider", "clerk")), day(5));
    assert_eq!(code(old), "body_merged");
    let late = person(12, vec![post(1, "provider", "clerk")]);
    assert_eq!(code(registry.enrol(late)), "body_merged");
    assert_eq!(
        code(registry.admits(&actor(2, post(2, "provider", "clerk")), day(5))),
        "ok"
    );

    // The developer's agreement stays where it is until another agreement names the successor.
    let events = vec![RegistryEvent::BodyRegistered {
        body: Body {
            id: id(6),
            name: "第六公司".to_owned(),
            credit_code: String::new(),
            roles: BTreeSet::from(["customer".to_owned()]),
        },
        by: None,
    }];
    let registry = merged(&folded(registry, events), &profile, 4, 6);
    assert_eq!(registry.successor(id(4), "developer"), id(4));
    let parties = BTreeSet::from([id(4)]);
    let passed = |registry: &Registry| code(registry.passed(Some(&parties), id(6), "developer"));
    assert_eq!(passed(&registry), "authorisation_not_passed");
    for (from, role, answer) in [
        (4, "provider", "succession_unknown"),
        (1, "provider", "succession_unknown"),
        (6, "developer", "succession_unknown"),
        (4, "developer", "ok"),
    ] {
        let result = registry.role_succeeds(&profile, id(from), role, entered());
        assert_eq!(code(result), answer, "{from} {role}");
    }
    let event = registry
        .role_succeeds(&profile, id(4), "developer", entered())
        .unwrap();
    let registry = registry.evolve(&event);
    assert_eq!(registry.successor(id(4), "developer"), id(6));
    assert_eq!(passed(&registry), "ok");
    assert!(registry.bodies[&id(6)].roles.contains("developer"));
}

#[test]
fn products_go_over_with_the_last_role() {
    let (profile, _) = shipped();
    let both = vec![RegistryEvent::BodyRegistered {
        body: Body {
            id: id(7),
            name: "第七中心".to_owned(),
            credit_code: String::new(),
            roles: ["provider", "developer"].map(str::to_owned).into(),
        },
        by: None,
    }];
    let registry = merged(&folded(registry(), both), &profile, 7, 2);
    assert_eq!(registry.successor(id(7), "provider"), id(2), "by the paper");
    assert_eq!(
        registry.successor_in_all(id(7)),
        id(7),
        "still a developer itself"
    );
    let event = registry
        .role_succeeds(&profile, id(7), "developer", entered())
        .unwrap();
    let registry = registry.evolve(&event);
    assert_eq!(registry.successor_in_all(id(7)), id(2));
    assert_eq!(registry.successor_in_all(id(4)), id(4), "never merged");
    // And on, along the chain.
    let registry = merged(&registry, &profile, 2, 1);
    assert_eq!(
        registry.successor_in_all(id(7)),
        id(2),
        "2 is a developer itself now"
    );
    let event = registry
        .role_succeeds(&profile, id(2), "developer", entered())
        .unwrap();
    assert_eq!(registry.evolve(&event).successor_in_all(id(7)), id(1));
}

#[test]
fn chains_of_mergers_end_and_what_cannot_be_is_refused() {
    let (profile, _) = shipped();
    let registry = registry();
    for (from, into, on, answer) in [
        (1, 1, 4, "merger_with_itself"),
        (1, 9, 4, "body_unknown"),
        (1, 2, 5, "registry_day_wrong"),
        // The operator would review its own applications.
        (1, 3, 4, "roles_must_be_separate"),
        (1, 2, 4, "ok"),
    ] {
        let result = registry.merge(&profile, (id(from), id(into)), day(on), entered());
        assert_eq!(code(result), answer, "{from} into {into} on {on}");
    }
    let registry = merged(&registry, &profile, 1, 2);
    let back = registry.merge(&profile, (id(2), id(1)), day(4), entered());
    assert_eq!(code(back), "body_merged");
    let registry = merged(&registry, &profile, 2, 5);
    assert_eq!(registry.successor(id(1), "provider"), id(5));
    assert_eq!(
        registry.predecessors(id(5), "provider"),
        vec![id(1), id(2), id(5)]
    );
}

#[test]
fn a_case_stands_for_the_successor_and_is_recorded_as_it_was() {
    let (profile, _) = shipped();
    let registry = merged(&registry(), &profile, 1, 2);
    let opened = CaseEvent::Opened {
        case: CaseId::from_bits(1),
        procedure: "data_use".to_owned(),
        profile: profile.digest,
        number: "1".to_owned(),
        stage: "review".to_owned(),
        parties: BTreeMap::from([
            ("provider".to_owned(), BTreeSet::from([id(1)])),
            ("operator".to_owned(), BTreeSet::from([id(3)])),
        ]),
        set: BTreeMap::new(),
        title: "x".to_owned(),
        holder: None,
        meta: meta(),
    };
    let lane = CaseEvent::LaneOpened {
        lane: "provider:1".to_owned(),
        rule: "provider".to_owned(),
        role: "provider".to_owned(),
        body: id(1),
    };
    let case = Case::replay([&opened, &lane]).unwrap();
    let seen = case.clone().succeeded(&registry);
    assert!(seen.is_party(&actor(2, post(2, "provider", "clerk"))));
    assert!(!seen.has_party(id(1)) && seen.has_party(id(3)));
    assert_eq!(seen.lanes["provider:1"].body, id(2));
    assert_eq!(case.lanes["provider:1"].body, id(1), "what was recorded stays");
}

fn handover(from: u128, to: u128, membership: Membership, on: i8) -> Handover {
    Handover {
        from: PersonId::from_bits(from),
        to: PersonId::from_bits(to),
        membership,
        on: day(on),
        open_matters: Vec::new(),
    }
}

#[test]
fn a_post_moves_on_its_day_with_what_hangs_on_it() {
    let clerk = || post(1, "provider", "clerk");
    let registry = registry();
    for (given, answer) in [
        (handover(1, 1, clerk(), 6), "handover_to_oneself"),
        (handover(11, 1, clerk(), 6), "handover_without_post"),
        (handover(1, 2, clerk(), 6), "handover_to_another_body"),
        (handover(1, 11, clerk(), 6), "ok"),
    ] {
        let shown = format!("{given:?}");
        assert_eq!(code(registry.hand_over(given, entered())), answer, "{shown}");
    }
    let event = registry
        .hand_over(handover(1, 11, clerk(), 6), entered())
        .unwrap();
    let registry = registry.evolve(&event);
    for (person, n, answer) in [
        (1, 5, "ok"),
        (1, 6, "post_handed_over"),
        (11, 5, "post_not_held"),
        (11, 6, "ok"),
    ] {
        let result = registry.admits(&actor(person, clerk()), day(n));
        assert_eq!(code(result), answer, "person {person} on day {n}");
    }
    let (old, new) = (PersonId::from_bits(1), PersonId::from_bits(11));
    assert!(!registry.stands_for(new, old, &clerk(), day(5)));
    assert!(registry.stands_for(new, old, &clerk(), day(6)));
    assert_eq!(registry.stood_before(new, &clerk(), day(6)), vec![old]);
    // And back again: the first holder is in place once more.
    let again = handover(11, 1, clerk(), 8);
    // Person 1 holds no other post of the body by then, so there is nobody to take it back.
    assert_eq!(
        code(registry.hand_over(again, entered())),
        "handover_to_another_body"
    );
    let early = handover(1, 11, clerk(), 5);
    assert_eq!(code(registry.hand_over(early, entered())), "handover_pending");
}
