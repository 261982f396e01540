//! The changes themselves: where in a procedure, and what.

use shuyu_kernel::calendar::Limit;
use shuyu_profile::{Guard, Procedure, Profile, Rule};

use super::Mutant;

/// Where in a procedure a change is made.
#[derive(Debug, Clone, Copy)]
enum Spot {
    /// A guard at opening.
    OpenGuard(usize),
    /// A guard of an act.
    Guard(usize, usize),
    /// An act.
    Act(usize),
    /// A clock.
    Clock(usize),
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Drop,
    Negate,
    Longer,
    Shorter,
    OtherRole,
}

/// One change at one place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edit {
    /// Which procedure of the profile, from 0.
    pub(super) procedure: usize,
    spot: Spot,
    change: Change,
}

impl Edit {
    /// Whether a clock is changed, which any act of the procedure may start or stop.
    pub(super) fn of_clock(self) -> bool {
        matches!(self.spot, Spot::Clock(_))
    }
}

/// Every change of a profile, always in the same order.
pub(super) fn all(profile: &Profile) -> Vec<Edit> {
    let mut edits = Vec::new();
    for (index, procedure) in profile.procedures.iter().enumerate() {
        let opening = (0..procedure.open.guards.len()).map(Spot::OpenGuard);
        let acting = procedure
            .acts
            .iter()
            .enumerate()
            .flat_map(|(act, rule)| (0..rule.guards.len()).map(move |guard| Spot::Guard(act, guard)));
        let mut push = |spot, change| {
            edits.push(Edit {
                procedure: index,
                spot,
                change,
            });
        };
        for spot in opening.chain(acting) {
            push(spot, Change::Drop);
            push(spot, Change::Negate);
            if limit_of(procedure, spot).is_some() {
                push(spot, Change::Longer);
                push(spot, Change::Shorter);
            }
        }
        for act in 0..procedure.acts.len() {
            push(Spot::Act(act), Change::Drop);
            push(Spot::Act(act), Change::OtherRole);
        }
        for clock in 0..procedure.clocks.len() {
            push(Spot::Clock(clock), Change::Drop);
            if limit_of(procedure, Spot::Clock(clock)).is_some() {
                push(Spot::Clock(clock), Change::Longer);
                push(Spot::Clock(clock), Change::Shorter);
            }
        }
    }
    edits
}

fn limit_of(procedure: &Procedure, spot: Spot) -> Option<Limit> {
    let rule = match spot {
        Spot::OpenGuard(guard) => &procedure.open.guards.get(guard)?.rule,
        Spot::Guard(act, guard) => &procedure.acts.get(act)?.guards.get(guard)?.rule,
        Spot::Clock(clock) => return procedure.clocks.get(clock)?.limit,
        Spot::Act(_) => return None,
    };
    match rule {
        Rule::TermAtMost { limit, .. } | Rule::Retained { limit, .. } => Some(*limit),
        Rule::InOrder { gap, .. } => *gap,
        _ => None,
    }
}

fn moved(limit: Limit, change: Change) -> Option<Limit> {
    let n = match change {
        Change::Longer => limit.n.checked_add(1)?,
        Change::Shorter => limit.n.checked_sub(1)?,
        Change::Drop | Change::Negate | Change::OtherRole => return None,
    };
    Some(Limit { n, unit: limit.unit })
}

/// The procedure with the change made, and what was done; none where there is nothing to change.
pub(super) fn changed(procedure: &Procedure, edit: Edit, roles: &[String]) -> Option<(Mutant, Procedure)> {
    let mut changed = procedure.clone();
    let change = edit.change;
    let (of, what, at) = match edit.spot {
        Spot::OpenGuard(guard) => {
            let said = guard_changed(&mut changed.open.guards, guard, change)?;
            ("open".to_owned(), said.0, said.1)
        }
        Spot::Guard(act, guard) => {
            let act = changed.acts.get_mut(act)?;
            let said = guard_changed(&mut act.guards, guard, change)?;
            (act.id.clone(), said.0, said.1)
        }
        Spot::Act(act) => act_changed(&mut changed, act, change, roles)?,
        Spot::Clock(clock) => clock_changed(&mut changed, clock, change)?,
    };
    let mutant = Mutant {
        procedure: changed.id.clone(),
        of,
        change: what,
        at,
    };
    Some((mutant, changed))
}

fn guard_changed(guards: &mut Vec<Guard>, index: usize, change: Change) -> Option<(String, String)> {
    let guard = guards.get_mut(index)?;
    let (code, at) = (guard.code.clone(), guard.at.to_string());
    let what = match change {
        Change::Drop => {
            guards.remove(index);
            format!("drop guard {code}")
        }
        Change::Negate => {
            guard.negated = true;
            format!("negate guard {code}")
        }
        Change::Longer | Change::Shorter => {
            let limit = match &mut guard.rule {
                Rule::TermAtMost { limit, .. } | Rule::Retained { limit, .. } => limit,
                Rule::InOrder { gap: Some(gap), .. } => gap,
                _ => return None,
            };
            *limit = moved(*limit, change)?;
            format!("move the limit of guard {code} to {limit}")
        }
        Change::OtherRole => return None,
    };
    Some((what, at))
}

fn act_changed(
    procedure: &mut Procedure,
    index: usize,
    change: Change,
    roles: &[String],
) -> Option<(String, String, String)> {
    let act = procedure.acts.get_mut(index)?;
    let (id, at) = (act.id.clone(), act.at.to_string());
    match change {
        Change::Drop => {
            procedure.acts.remove(index);
            Some((id.clone(), format!("drop act {id}"), at))
        }
        Change::OtherRole => {
            let other = roles.iter().find(|role| !act.by.contains(role))?;
            act.by = vec![other.clone()];
            Some((id.clone(), format!("give act {id} to {other}"), at))
        }
        Change::Negate | Change::Longer | Change::Shorter => None,
    }
}

fn clock_changed(
    procedure: &mut Procedure,
    index: usize,
    change: Change,
) -> Option<(String, String, String)> {
    let clock = procedure.clocks.get_mut(index)?;
    let (id, at) = (clock.id.clone(), clock.at.to_string());
    let what = match change {
        Change::Drop => {
            procedure.open.starts.retain(|other| *other != id);
            for act in &mut procedure.acts {
                act.starts.retain(|other| *other != id);
                act.stops.retain(|other| *other != id);
                act.pauses.retain(|other| *other != id);
                act.resumes.retain(|other| *other != id);
                act.extends.retain(|other| other.clock != id);
            }
            procedure.clocks.remove(index);
            format!("drop clock {id}")
        }
        Change::Longer | Change::Shorter => {
            let limit = moved(clock.limit?, change)?;
            clock.limit = Some(limit);
            format!("move the limit of clock {id} to {limit}")
        }
        Change::Negate | Change::OtherRole => return None,
    };
    Some((id.clone(), what, at))
}
