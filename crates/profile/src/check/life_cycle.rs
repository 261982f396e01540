//! Life cycles: every stage reachable and left again, somebody responsible, every decision with its other outcome.

use std::collections::BTreeSet;

use shuyu_kernel::calendar::Bound;

use crate::{
    guard::Rule,
    load::{Profile, ProfileError},
    place::Place,
    procedure::{Act, ActKind, Consequence, Procedure},
};

/// Faults of the life cycles: unreachable stages, dead ends, stages without a responsible role, clocks nobody
/// starts, decisions with one outcome only. Run by `shuyu law check`.
pub fn life_cycles(profile: &Profile) -> Vec<ProfileError> {
    let mut errors = Vec::new();
    for procedure in &profile.procedures {
        let mut error = |at: &Place, message| {
            errors.push(ProfileError {
                file: at.file.to_string(),
                line: at.line,
                message,
            });
        };
        stages(procedure, &mut error);
        clocks(procedure, &mut error);
        acts(procedure, &mut error);
    }
    errors
}

fn stages(procedure: &Procedure, error: &mut impl FnMut(&Place, String)) {
    let reached = reachable(procedure);
    for stage in &procedure.stages {
        let id = &stage.id;
        if !reached.contains(id.as_str()) {
            error(&stage.at, format!("stage `{id}` cannot be reached"));
        }
        let leaves = procedure
            .acts
            .iter()
            .any(|act| act.from.contains(id) && act.to.as_ref().is_some_and(|to| to != id));
        if !stage.is_final && !leaves {
            error(&stage.at, format!("stage `{id}` is not final and has no way out"));
        }
        match (&stage.holder, stage.is_final || stage.rests) {
            (Some(_), true) => error(
                &stage.at,
                format!("stage `{id}` is final or rests and has a holder"),
            ),
            (None, false) => error(&stage.at, format!("stage `{id}` has no responsible role")),
            _ => {}
        }
    }
}

fn clocks(procedure: &Procedure, error: &mut impl FnMut(&Place, String)) {
    for clock in &procedure.clocks {
        let by_act = procedure.open.starts.contains(&clock.id)
            || procedure.acts.iter().any(|act| act.starts.contains(&clock.id));
        let by_lane = procedure.lanes.iter().any(|lane| lane.clock == clock.id);
        if !by_act && !by_lane {
            error(&clock.at, format!("clock `{}` is started by no act", clock.id));
        }
        let stopped = procedure.acts.iter().any(|act| act.stops.contains(&clock.id));
        if clock.bound == Bound::AtMost && !stopped && !by_lane {
            error(
                &clock.at,
                format!("clock `{}` can be kept by no act: none stops it", clock.id),
            );
        }
        if (clock.bound == Bound::AtLeast) != (clock.on_miss == Consequence::Opens) {
            let message = "an at-least clock only opens the way, an at-most clock has a consequence";
            error(&clock.at, format!("clock `{}`: {message}", clock.id));
        }
    }
}

fn acts(procedure: &Procedure, error: &mut impl FnMut(&Place, String)) {
    for act in &procedure.acts {
        let id = &act.id;
        if act.from.is_empty() {
            error(&act.at, format!("act `{id}` can be taken in no stage"));
        }
        let decides = matches!(
            act.kind,
            ActKind::Approve | ActKind::DecideCollectively | ActKind::Deliberate
        );
        if decides && act.to.is_some() {
            for from in act
                .from
                .iter()
                .filter(|from| !has_other_outcome(procedure, act, from))
            {
                error(
                    &act.at,
                    format!("act `{id}` is the only outcome of stage `{from}`"),
                );
            }
        }
        let is_separated = |role: &String| {
            act.guards
                .iter()
                .any(|guard| matches!(&guard.rule, Rule::NotSameBody { role: other } if other == role))
        };
        if !act.by.is_empty() && act.by.iter().all(is_separated) {
            error(
                &act.at,
                format!("act `{id}`: separated duties cannot be satisfied"),
            );
        }
    }
}

/// A decision that moves the case needs another way out of each stage it is taken in: the answer "no".
fn has_other_outcome(procedure: &Procedure, act: &Act, from: &str) -> bool {
    procedure.acts.iter().any(|other| {
        let leads_elsewhere = other
            .to
            .as_deref()
            .is_some_and(|to| to != from && Some(to) != act.to.as_deref());
        other.from.iter().any(|stage| stage == from) && leads_elsewhere
    })
}

fn reachable(procedure: &Procedure) -> BTreeSet<&str> {
    let mut reached: BTreeSet<&str> = procedure
        .stages
        .first()
        .map(|stage| stage.id.as_str())
        .into_iter()
        .collect();
    loop {
        let next: Vec<&str> = procedure
            .acts
            .iter()
            .filter(|act| act.from.iter().any(|from| reached.contains(from.as_str())))
            .filter_map(|act| act.to.as_deref())
            .filter(|to| !reached.contains(to))
            .collect();
        if next.is_empty() {
            return reached;
        }
        reached.extend(next);
    }
}
