//! Refusals that depend on the permit.

use shuyu_privacy::{PermitKind, PermitMode};

use crate::fixture::{Outcome, WORLD, permit};

#[test]
fn permits_that_cannot_be_served_are_refused() {
    let sql = "SELECT count(*) FROM person";
    let refused = |change: &dyn Fn(&mut shuyu_privacy::Permit)| {
        let mut permit = permit();
        change(&mut permit);
        match WORLD.ask_under(&permit, sql) {
            Outcome::Refused(refusal) => (
                refusal.code,
                refusal.facts.get("what").cloned().unwrap_or_default(),
            ),
            other => panic!("{other:?}"),
        }
    };
    let not_yet = |what: &str| ("permit_not_supported".to_owned(), what.to_owned());
    let kind = |code: &str| (code.to_owned(), String::new());
    assert_eq!(refused(&|p| p.kind = PermitKind::B), kind("permit_products_only"));
    assert_eq!(refused(&|p| p.kind = PermitKind::C), kind("permit_sandbox_only"));
    assert_eq!(
        refused(&|p| p.mode = PermitMode::Verify),
        kind("permit_verify_only")
    );
    let by_an_identifier = |p: &mut shuyu_privacy::Permit| {
        p.tables.get_mut("person").unwrap().rows = "id_no: 1*".parse().ok();
    };
    assert_eq!(refused(&by_an_identifier), not_yet("rows"));
}

#[test]
fn joining_needs_an_assessment() {
    let mut permit = permit();
    permit.join_risk_assessed = false;
    let two = "SELECT count(*) FROM person p JOIN visit v ON p.id_no = v.id_no";
    let Outcome::Refused(refusal) = WORLD.ask_under(&permit, two) else {
        panic!()
    };
    assert_eq!(refusal.code, "join_risk_not_assessed");
    assert_eq!(refusal.clauses, ["TT-AA-005".parse().unwrap()]);
    // One personal table and public registers need none.
    let one = "SELECT r.city, count(*) FROM person p JOIN region r ON p.county = r.county GROUP BY r.city";
    assert!(matches!(WORLD.ask_under(&permit, one), Outcome::Answered));
}
