//! Who is affiliated with whom: thresholds, days, chains, sums, grounds, and what the registry refuses.

use std::collections::BTreeSet;

use shuyu_domain::{
    Registry, Value,
    event::{RegistryEvent, RegistryMeta},
    registry::{Body, Ground, Holding, Owner, Representative, Weight, affiliates, affiliation, percent},
};
use shuyu_kernel::{BodyId, CivilDate, Digest, Refusal};
use shuyu_profile::AffiliationShares;

use crate::additions::by;

const OPERATOR: u128 = 1;
const OTHER: u128 = 2;

fn id(n: u128) -> BodyId {
    BodyId::from_bits(n)
}

fn day(n: i8) -> CivilDate {
    CivilDate::new(2026, 2, n).unwrap()
}

/// Bodies 1 to 5, called by their number; body 5 has a credit code.
fn bodies() -> Registry {
    let one = |n: u128| RegistryEvent::BodyRegistered {
        body: Body {
            id: id(n),
            name: n.to_string(),
            credit_code: if n == 5 { "CODE5".to_owned() } else { String::new() },
            roles: BTreeSet::from(["operator".to_owned()]),
        },
        by: None,
    };
    (1..=5)
        .map(one)
        .fold(Registry::default(), |registry, event| registry.evolve(&event))
}

fn holding(owner: u128, of: u128, share_bp: u32) -> Holding {
    Holding {
        number: 0,
        owner: Owner::Body(id(owner)),
        of: Owner::Body(id(of)),
        share_bp,
        control: share_bp == 0,
        state: false,
        from: day(1),
        until: None,
        paper: None,
    }
}

fn outside(code: &str) -> Owner {
    Owner::Outside {
        credit_code: code.to_owned(),
        name: format!("外 {code}"),
    }
}

fn entered(registry: Registry, holding: Holding) -> Registry {
    let event = registry.enter_holding(holding, by()).unwrap();
    registry.evolve(&event)
}

fn with(holdings: Vec<Holding>) -> Registry {
    holdings.into_iter().fold(bodies(), entered)
}

fn found(registry: &Registry, on: CivilDate) -> Option<(Weight, Ground, String)> {
    let tie = affiliation(
        registry,
        id(OPERATOR),
        id(OTHER),
        on,
        AffiliationShares::default(),
    );
    let back = affiliation(
        registry,
        id(OTHER),
        id(OPERATOR),
        on,
        AffiliationShares::default(),
    );
    assert_eq!(
        tie.as_ref().map(|tie| (tie.weight, tie.chain.len())),
        back.as_ref().map(|tie| (tie.weight, tie.chain.len())),
        "being affiliated has no direction"
    );
    tie.map(|tie| (tie.weight, tie.ground, tie.shown()))
}

#[test]
fn shares_count_from_the_thresholds_on_and_chains_by_control() {
    use Ground::{CommonControl, Control};
    use Weight::{Established, Suspected};
    let mut through = holding(OPERATOR, OTHER, 3_000);
    through.of = outside("X");
    let mut from = holding(OPERATOR, OTHER, 0);
    from.owner = outside("X");
    let mut state = [holding(3, OPERATOR, 10_000), holding(3, OTHER, 10_000)];
    state.iter_mut().for_each(|holding| holding.state = true);
    let mut registered = holding(OPERATOR, OTHER, 6_000);
    registered.of = outside("CODE5");
    type Row = (&'static str, Vec<Holding>, Option<(Weight, Ground, &'static str)>);
    let table: Vec<Row> = vec![
        ("nothing", vec![], None),
        ("24.99 %", vec![holding(1, 2, 2_499)], None),
        (
            "25 %",
            vec![holding(1, 2, 2_500)],
            Some((Suspected, Control, "1 —25%→ 2")),
        ),
        (
            "49.99 %",
            vec![holding(1, 2, 4_999)],
            Some((Suspected, Control, "1 —49.99%→ 2")),
        ),
        (
            "50 %",
            vec![holding(1, 2, 5_000)],
            Some((Established, Control, "1 —50%→ 2")),
        ),
        (
            "held by it",
            vec![holding(2, 1, 5_000)],
            Some((Established, Control, "2 —50%→ 1")),
        ),
        (
            "control",
            vec![holding(1, 2, 0)],
            Some((Established, Control, "1 ⇒ 2")),
        ),
        (
            "60 % of 60 %",
            vec![holding(1, 3, 6_000), holding(3, 2, 6_000)],
            Some((Established, Control, "1 —60%→ 3 —60%→ 2")),
        ),
        (
            "a weak link in the chain",
            vec![holding(1, 3, 3_000), holding(3, 2, 10_000)],
            Some((Suspected, Control, "1 —30%→ 3 —100%→ 2")),
        ),
        (
            "30 % and 20 % in one hand",
            vec![holding(1, 3, 6_000), holding(1, 2, 3_000), holding(3, 2, 2_000)],
            Some((Established, Control, "1 —60%→ 3; 1 —30%→ 2; 3 —20%→ 2")),
        ),
        (
            "30 % and 20 % in two hands",
            vec![holding(4, 2, 3_000), holding(3, 2, 2_000), holding(4, 1, 6_000)],
            Some((Suspected, CommonControl, "4 —60%→ 1; 4 —30%→ 2")),
        ),
        (
            "the same parent",
            vec![holding(3, 1, 5_100), holding(3, 2, 5_100)],
            Some((Established, CommonControl, "3 —51%→ 1; 3 —51%→ 2")),
        ),
        ("the state above both", state.to_vec(), None),
        (
            "through an organisation outside",
            vec![through, from],
            Some((Suspected, Control, "1 —30%→ 外 X ⇒ 2")),
        ),
        (
            "an outside one that is registered by now",
            vec![registered, holding(5, 2, 6_000)],
            Some((Established, Control, "1 —60%→ 外 CODE5; 5 —60%→ 2")),
        ),
        (
            "the shorter of two chains",
            vec![holding(1, 3, 6_000), holding(3, 2, 6_000), holding(1, 2, 5_500)],
            Some((Established, Control, "1 —55%→ 2")),
        ),
        (
            "a ring ends",
            vec![holding(1, 3, 6_000), holding(3, 1, 6_000)],
            None,
        ),
    ];
    for (name, holdings, answer) in table {
        let answer = answer.map(|(weight, ground, shown)| (weight, ground, shown.to_owned()));
        assert_eq!(found(&with(holdings), day(9)), answer, "{name}");
    }
}

#[test]
fn first_and_last_day_belong_to_a_holding() {
    let mut term = holding(OPERATOR, OTHER, 5_000);
    (term.from, term.until) = (day(5), Some(day(9)));
    let registry = with(vec![term, holding(3, 4, 5_000)]);
    for (n, tied) in [(4, false), (5, true), (9, true), (10, false)] {
        assert_eq!(found(&registry, day(n)).is_some(), tied, "day {n}");
    }
    // Ended later by an entry: the day named is the last one.
    let registry = with(vec![holding(OPERATOR, OTHER, 5_000)]);
    let event = registry.end_holding(1, day(9), by()).unwrap();
    let registry = registry.evolve(&event);
    for (n, tied) in [(9, true), (10, false)] {
        assert_eq!(found(&registry, day(n)).is_some(), tied, "ended, day {n}");
    }
}

fn represented(registry: Registry, body: u128, who: &str, from: CivilDate) -> Registry {
    let representative = Representative {
        body: id(body),
        name: Value::Sealed {
            commitment: Digest::of(who.as_bytes()),
            vault: "x".to_owned(),
        },
        token: Digest::of(who.as_bytes()),
        from,
    };
    let event = registry.enter_representative(representative, by()).unwrap();
    registry.evolve(&event)
}

#[test]
fn representatives_and_findings_tie_from_their_day_until_the_next() {
    let registry = represented(bodies(), OPERATOR, "甲", day(1));
    let registry = represented(registry, OTHER, "甲", day(5));
    let registry = represented(registry, OTHER, "乙", day(9));
    for (n, ground) in [
        (4, None),
        (5, Some(Ground::Representative)),
        (8, Some(Ground::Representative)),
        (9, None),
    ] {
        assert_eq!(found(&registry, day(n)).map(|tie| tie.1), ground, "day {n}");
    }
    let event = registry
        .find_affiliated((id(OTHER), id(OPERATOR)), day(10), by())
        .unwrap();
    let registry = registry.evolve(&event);
    let again = registry.find_affiliated((id(OPERATOR), id(OTHER)), day(11), by());
    assert_eq!(code(again), "finding_entered");
    let event = registry.lift_finding(1, day(20), by()).unwrap();
    let registry = registry.evolve(&event);
    for (n, ground) in [
        (9, None),
        (10, Some(Ground::Finding)),
        (20, Some(Ground::Finding)),
        (21, None),
    ] {
        assert_eq!(found(&registry, day(n)).map(|tie| tie.1), ground, "day {n}");
    }
    assert_eq!(code(registry.lift_finding(1, day(22), by())), "finding_unknown");
    assert!(affiliates(&registry, id(4), day(10), AffiliationShares::default()).is_empty());
    let itself = affiliation(&registry, id(4), id(4), day(10), AffiliationShares::default());
    assert_eq!(itself.map(|tie| tie.ground), Some(Ground::Itself));
}

fn code(result: Result<RegistryEvent, Refusal>) -> String {
    result.map_or_else(|refusal| refusal.code, |_| "ok".to_owned())
}

#[test]
fn what_cannot_be_is_refused() {
    let mut nothing = holding(1, 2, 0);
    nothing.control = false;
    let mut backwards = holding(1, 2, 5_000);
    backwards.until = CivilDate::new(2026, 1, 31);
    let mut itself = holding(1, 2, 5_000);
    (itself.owner, itself.of) = (outside("CODE5"), Owner::Body(id(5)));
    for (entered, answer) in [
        (holding(1, 2, 10_000), "ok"),
        (holding(1, 2, 10_001), "holding_share_invalid"),
        (nothing, "holding_share_invalid"),
        (holding(1, 9, 5_000), "body_unknown"),
        (holding(1, 1, 5_000), "holding_of_oneself"),
        (itself, "holding_of_oneself"),
        (backwards, "holding_ends_before_start"),
    ] {
        let shown = format!("{entered:?}");
        assert_eq!(code(bodies().enter_holding(entered, by())), answer, "{shown}");
    }
    let registry = with(vec![holding(1, 2, 5_000)]);
    assert_eq!(code(registry.end_holding(2, day(9), by())), "holding_unknown");
    let event = registry.end_holding(1, day(9), by()).unwrap();
    let registry = registry.evolve(&event);
    assert_eq!(code(registry.end_holding(1, day(9), by())), "holding_ended");
    assert_eq!(code(registry.end_holding(1, day(8), by())), "ok");
}

#[test]
fn basis_points_are_shown_as_short_as_they_are() {
    for (bp, shown) in [
        (5_000, "50%"),
        (4_999, "49.99%"),
        (3_350, "33.5%"),
        (5, "0.05%"),
        (10_000, "100%"),
    ] {
        assert_eq!(percent(bp), shown);
    }
}

/// Entered by an administrator; only the days of the ties themselves count.
#[test]
fn a_registry_without_ties_is_written_as_before() {
    let text = serde_json::to_string(&bodies()).unwrap();
    assert!(!text.contains("ties"), "{text}");
    let meta: RegistryMeta = by();
    assert_eq!(meta.happened_on, day(3));
}
