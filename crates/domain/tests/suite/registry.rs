//! Who may act as whom: posts, delegations with a term, and what the registry refuses.

use std::collections::BTreeSet;

use shuyu_domain::{
    Registry, Value,
    event::{RegistryEvent, RegistryMeta},
    registry::{Body, Delegation, Membership, separations_hold},
};
use shuyu_kernel::{Actor, BodyId, CivilDate, Digest, Manner, PersonId};

use crate::support::shipped;

fn body(n: u128, code: &str) -> Body {
    Body {
        id: BodyId::from_bits(n),
        name: format!("body {n}"),
        credit_code: code.to_owned(),
        roles: BTreeSet::from(["implementing_agency".to_owned()]),
    }
}

fn membership() -> Membership {
    Membership {
        body: BodyId::from_bits(1),
        role: "implementing_agency".to_owned(),
        post: "clerk".to_owned(),
    }
}

fn deputy() -> Membership {
    Membership {
        post: "deputy".to_owned(),
        ..membership()
    }
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

fn day(n: i8) -> CivilDate {
    CivilDate::new(2026, 2, n).unwrap()
}

fn delegation() -> Delegation {
    Delegation {
        number: "授权书 3".to_owned(),
        from: PersonId::from_bits(1),
        to: PersonId::from_bits(2),
        membership: membership(),
        starts_on: day(9),
        ends_on: day(27),
        paper: None,
        withdrawn_on: None,
    }
}

/// A clerk who is away from 9 to 27 February and whose stand-in holds the paper.
fn registry() -> Registry {
    [
        RegistryEvent::BodyRegistered {
            body: body(1, "11530000000000001X"),
            by: None,
        },
        person(1, vec![membership()]),
        person(2, vec![deputy()]),
        RegistryEvent::Delegated {
            delegation: delegation(),
            by: None,
        },
    ]
    .iter()
    .fold(Registry::default(), Registry::evolve)
}

fn actor(n: u128, delegation: Option<&str>) -> Actor {
    Actor {
        person: PersonId::from_bits(n),
        body: BodyId::from_bits(1),
        role: "implementing_agency".to_owned(),
        post: "clerk".to_owned(),
        delegation: delegation.map(str::to_owned),
    }
}

fn code<T>(result: Result<T, shuyu_kernel::Refusal>) -> String {
    result.map_or_else(|refusal| refusal.code, |_| "ok".to_owned())
}

#[test]
fn a_stand_in_acts_within_the_term_of_the_paper_only() {
    let registry = registry();
    let paper = Some("授权书 3");
    for (who, on, answer) in [
        (actor(1, None), day(1), "ok"),
        (actor(2, None), day(10), "post_not_held"),
        (actor(2, paper), day(8), "delegation_expired"),
        (actor(2, paper), day(9), "ok"),
        (actor(2, paper), day(27), "ok"),
        (actor(2, paper), day(28), "delegation_expired"),
        (actor(1, paper), day(10), "delegation_unknown"),
        (actor(2, Some("授权书 4")), day(10), "delegation_unknown"),
        (
            Actor {
                post: "leader".to_owned(),
                ..actor(2, paper)
            },
            day(10),
            "delegation_unknown",
        ),
        (actor(3, None), day(10), "post_not_held"),
    ] {
        assert_eq!(code(registry.admits(&who, on)), answer, "{who:?} on {on}");
    }
}

#[test]
fn doubles_and_empty_papers_are_refused() {
    let registry = registry();
    assert_eq!(
        code(registry.register_body(body(2, "11530000000000001X"))),
        "body_already_registered"
    );
    assert_eq!(
        code(registry.register_body(body(1, ""))),
        "body_already_registered"
    );
    assert_eq!(code(registry.register_body(body(2, ""))), "ok");
    assert_eq!(code(registry.enrol(person(1, Vec::new()))), "login_already_taken");
    let stray = Membership {
        role: "operator".to_owned(),
        ..membership()
    };
    assert_eq!(code(registry.enrol(person(3, vec![stray]))), "body_lacks_role");
    assert_eq!(code(registry.enrol(person(3, vec![membership()]))), "ok");
    assert_eq!(code(registry.delegate(delegation())), "delegation_number_taken");
    let other = |number: &str| Delegation {
        number: number.to_owned(),
        ..delegation()
    };
    assert_eq!(code(registry.delegate(other("5"))), "ok");
    let unheld = Delegation {
        from: PersonId::from_bits(2),
        ..other("6")
    };
    assert_eq!(code(registry.delegate(unheld)), "delegation_without_post");
    let backwards = Delegation {
        ends_on: day(1),
        ..other("7")
    };
    assert_eq!(code(registry.delegate(backwards)), "delegation_ends_before_start");
}

#[test]
fn separated_roles_are_not_held_together() {
    let (profile, _) = shipped();
    let hold = |scope: &str, roles: &[&str]| {
        separations_hold(
            &profile,
            scope,
            &roles.iter().map(|role| (*role).to_owned()).collect(),
        )
    };
    assert_eq!(code(hold("body", &["operator", "customer"])), "ok");
    let refusal = hold("body", &["developer", "operator"]).unwrap_err();
    assert_eq!(refusal.code, "roles_must_be_separate");
    assert_eq!(
        refusal.clauses.first().map(|clause| clause.as_str()),
        Some("YN-OP-087")
    );
    assert_eq!(code(hold("person", &["developer", "operator"])), "ok");
    assert_eq!(
        code(hold("person", &["audit_administrator", "system_administrator"])),
        "roles_must_be_separate"
    );
    assert_eq!(
        code(hold("body", &["audit_administrator", "system_administrator"])),
        "ok"
    );
}

fn meta(n: u128, on: CivilDate) -> RegistryMeta {
    RegistryMeta {
        actor: actor(n, None),
        manner: Manner::InPerson,
        happened_on: on,
        recorded_on: on,
        paper: None,
    }
}

#[test]
fn a_post_goes_to_another_person_of_the_same_body_only() {
    let registry = [person(3, Vec::new()), person(4, vec![elsewhere()])]
        .iter()
        .fold(registry(), Registry::evolve);
    for (to, answer) in [
        (1, "delegation_to_oneself"),
        (2, "ok"),
        (3, "delegation_to_another_body"),
        (4, "delegation_to_another_body"),
        (9, "delegation_without_post"),
    ] {
        let new = Delegation {
            number: "8".to_owned(),
            to: PersonId::from_bits(to),
            ..delegation()
        };
        assert_eq!(code(registry.delegate(new)), answer, "to {to}");
    }
}

fn elsewhere() -> Membership {
    Membership {
        body: BodyId::from_bits(7),
        ..membership()
    }
}

#[test]
fn a_delegation_that_was_taken_back_admits_nobody() {
    let registry = registry();
    let paper = Some("授权书 3");
    assert_eq!(code(registry.admits(&actor(2, paper), day(10))), "ok");
    assert_eq!(
        code(registry.withdraw("none", meta(1, day(10)))),
        "delegation_unknown"
    );
    let event = registry.withdraw("授权书 3", meta(1, day(10))).unwrap();
    let after = registry.evolve(&event);
    for on in [day(10), day(11), day(28)] {
        assert_eq!(code(after.admits(&actor(2, paper), on)), "delegation_withdrawn");
    }
    assert_eq!(
        code(after.withdraw("授权书 3", meta(1, day(11)))),
        "delegation_withdrawn"
    );
    assert!(
        !after
            .roles_with(PersonId::from_bits(3), "x")
            .contains("implementing_agency")
    );
}

#[test]
fn the_roles_in_hand_count_delegated_ones() {
    let other = Delegation {
        number: "9".to_owned(),
        membership: Membership {
            role: "operator".to_owned(),
            ..membership()
        },
        ..delegation()
    };
    let event = RegistryEvent::Delegated {
        delegation: other,
        by: None,
    };
    let roles = registry()
        .evolve(&event)
        .roles_with(PersonId::from_bits(2), "auditor");
    let expected = ["auditor", "implementing_agency", "operator"].map(str::to_owned);
    assert_eq!(roles, expected.into_iter().collect());
}
