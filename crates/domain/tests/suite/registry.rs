//! Who may act as whom: posts, delegations with a term, and what the registry refuses.

use std::collections::BTreeSet;

use shuyu_domain::{
    Registry, Value,
    event::RegistryEvent,
    registry::{Body, Delegation, Membership, separations_hold},
};
use shuyu_kernel::{Actor, BodyId, CivilDate, Digest, PersonId};

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

fn person(n: u128, memberships: Vec<Membership>) -> RegistryEvent {
    RegistryEvent::PersonEnrolled {
        person: PersonId::from_bits(n),
        name: Value::Sealed {
            commitment: Digest::of(b"x"),
            vault: "x".to_owned(),
        },
        login: format!("person{n}"),
        memberships,
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
    }
}

/// A clerk who is away from 9 to 27 February and whose stand-in holds the paper.
fn registry() -> Registry {
    [
        RegistryEvent::BodyRegistered {
            body: body(1, "11530000000000001X"),
        },
        person(1, vec![membership()]),
        person(2, Vec::new()),
        RegistryEvent::Delegated {
            delegation: delegation(),
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
