//! What holds of every case, whatever was tried.

use std::collections::BTreeSet;

use shuyu_domain::{Case, case::LaneStatus};
use shuyu_profile::{ActKind, Procedure, Rule};

/// Nobody takes two steps of one act, judges their own act or body, or decides in somebody else's lane; and a
/// permit rests on lanes that all approved.
pub fn nobody_decides_twice_or_for_themselves(case: &Case, procedure: &Procedure) {
    let opener = case.acts.first().map(|taken| taken.body);
    for (index, taken) in case.acts.iter().enumerate() {
        let people: BTreeSet<_> = taken.people.iter().collect();
        assert_eq!(
            people.len(),
            taken.people.len(),
            "one person took two steps of {}",
            taken.act
        );
        let Some(act) = procedure.act(&taken.act) else {
            continue;
        };
        for guard in &act.guards {
            match &guard.rule {
                Rule::NotSamePerson { acts } => {
                    let before = case
                        .acts
                        .iter()
                        .take(index)
                        .filter(|other| acts.contains(&other.act));
                    let earlier: BTreeSet<_> = before.flat_map(|other| &other.people).collect();
                    assert!(
                        people.is_disjoint(&earlier),
                        "{} judged by who took one of {acts:?}",
                        taken.act
                    );
                }
                Rule::NotSameBody { role } => {
                    assert!(
                        !case.parties[role].contains(&taken.body),
                        "{} by the {role} itself",
                        taken.act
                    );
                }
                _ => {}
            }
        }
        let decides = matches!(act.kind, ActKind::Approve | ActKind::Refuse);
        if let Some(lane) = taken.lane.as_ref().filter(|_| decides) {
            let lane = &case.lanes[lane];
            assert_eq!(
                (lane.body, &lane.role),
                (taken.body, &taken.role),
                "a lane decided by somebody else"
            );
            assert_ne!(
                Some(taken.body),
                opener,
                "the applicant decided on its own application"
            );
        }
    }
    if case.permit.is_some() {
        let open = case
            .lanes
            .values()
            .any(|lane| lane.status != LaneStatus::Approved);
        assert!(!open, "a permit with an open lane");
    }
}
