//! The procedure engine: state, command and context in; events or a refusal out.

mod clocks;
mod condition;
mod effects;
mod guards;
mod moving;
mod open;
mod permit;
mod route;
mod take;
mod view;
mod watch;

use shuyu_kernel::Refusal;
use shuyu_profile::Procedure;

use crate::{
    case::Case,
    command::{Command, Context},
    event::CaseEvent,
};

pub use clocks::{due_with, recount};
pub use condition::all_hold;
pub use guards::{Scene, check as check_guards};
pub use moving::{MoveOrder, moved, unfit};
pub use view::{Possible, acts_now, preview};
pub use watch::{WatchNow, watch_now};

/// Decides a command. `case` is `None` exactly for [`Command::Open`].
///
/// # Errors
/// A [`Refusal`] with a stable code; nothing has changed then.
pub fn decide(case: Option<&Case>, command: &Command, ctx: &Context<'_>) -> Result<Vec<CaseEvent>, Refusal> {
    match (case, command) {
        (None, Command::Open { procedure, set }) => open::open(procedure, set, ctx),
        (Some(case), Command::Act(act)) => take::act(case, procedure_of(case, ctx)?, act, ctx),
        (Some(case), Command::Advance { number }) => {
            route::advance(case, procedure_of(case, ctx)?, *number, ctx)
        }
        (Some(case), Command::Drop { number }) => {
            route::drop_waiting(case, procedure_of(case, ctx)?, *number, ctx)
        }
        (Some(case), Command::Expire { clock, lane }) => {
            watch::expire(case, procedure_of(case, ctx)?, clock, lane.as_deref(), ctx)
        }
        (Some(case), Command::EscalateLate { clock, lane }) => {
            watch::escalate_late(case, clock, lane.as_deref(), ctx)
        }
        (Some(case), Command::Watch(command)) => watch::watch(case, procedure_of(case, ctx)?, command, ctx),
        (Some(_), Command::Open { .. }) => Err(Refusal::conflict("case_already_open")),
        (None, _) => Err(Refusal::unknown("case_unknown")),
    }
}

/// The rules of a case: those of the profile it is pinned to.
pub fn procedure_of<'a>(case: &Case, ctx: &Context<'a>) -> Result<&'a Procedure, Refusal> {
    if case.profile != ctx.profile.digest {
        return Err(Refusal::conflict("profile_not_at_hand").fact("profile", case.profile.short()));
    }
    ctx.profile
        .procedure(&case.procedure)
        .ok_or_else(|| Refusal::unknown("procedure_unknown").fact("procedure", &case.procedure))
}
