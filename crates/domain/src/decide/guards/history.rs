//! Guards over what happened in the case: acts, people, clocks, lanes, objections.

use shuyu_kernel::calendar::Limit;
use shuyu_profile::ActKind;

use super::{Facts, Scene, act_title, facts};
use crate::case::LaneStatus;

/// 原则上: an exception needs an act of its own, by which whoever approves the object itself approved it, with a
/// written reason and the paper.
pub(super) fn has_exception(act: &str, scene: &Scene<'_>) -> bool {
    let approved = scene
        .case
        .and_then(|case| case.last(act))
        .is_some_and(|taken| taken.happened_on <= scene.happened_on);
    approved
        && ["exception_reason", "exception_paper"]
            .iter()
            .all(|field| scene.fields.get(*field).is_some_and(|value| !value.is_empty()))
}

/// Whether the act was taken, not later than this one, and after the last `since`.
pub(super) fn done(act: &str, since: Option<&str>, scene: &Scene<'_>) -> Result<(), Facts> {
    let done = scene.case.is_some_and(|case| {
        let position = |id: &str| case.acts.iter().rposition(|taken| taken.act == id);
        let reset = since.and_then(position);
        position(act).is_some_and(|at| reset.is_none_or(|reset| at > reset))
            && case
                .last(act)
                .is_some_and(|taken| taken.happened_on <= scene.happened_on)
    });
    if done {
        Ok(())
    } else {
        Err(facts([("act", act_title(scene, act))]))
    }
}

pub(super) fn not_same_person(acts: &[String], scene: &Scene<'_>) -> Result<(), Facts> {
    let person = scene.ctx.actor.person;
    let took = scene.case.and_then(|case| {
        let mut taken = case.acts.iter();
        taken.find(|t| acts.contains(&t.act) && t.people.contains(&person))
    });
    match took {
        Some(taken) => Err(facts([("act", act_title(scene, &taken.act))])),
        None => Ok(()),
    }
}

pub(super) fn not_same_body(role: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let own = scene.ctx.actor.body;
    let same = scene
        .case
        .is_some_and(|case| case.parties.get(role).is_some_and(|bodies| bodies.contains(&own)));
    if same {
        Err(facts([("body", scene.ctx.registry.body_name(own))]))
    } else {
        Ok(())
    }
}

pub(super) fn no_open_objection(scene: &Scene<'_>) -> Result<(), Facts> {
    let objections = scene
        .case
        .map(|case| case.objections.as_slice())
        .unwrap_or_default();
    match objections.iter().filter(|o| o.upheld.is_none()).count() {
        0 => Ok(()),
        open => Err(facts([("open", open.to_string())])),
    }
}

/// Answers come in the order of the objections, one act each; an upheld one is mended by a later public notice.
pub(super) fn objections_mended(scene: &Scene<'_>) -> Result<(), Facts> {
    let Some(case) = scene.case else { return Ok(()) };
    let of_kind = |kind: ActKind| {
        case.acts
            .iter()
            .enumerate()
            .filter(move |(_, taken)| {
                scene
                    .procedure
                    .act(&taken.act)
                    .is_some_and(|act| act.kind == kind)
            })
            .map(|(at, _)| at)
    };
    let renewed = of_kind(ActKind::Publicise).next_back();
    let answered = case.objections.iter().filter_map(|o| Some((o.number, o.upheld?)));
    let open: Vec<String> = answered
        .zip(of_kind(ActKind::AnswerObjection))
        .filter(|((_, upheld), at)| *upheld && renewed.is_none_or(|renewed| renewed < *at))
        .map(|((number, _), _)| number.to_string())
        .collect();
    if open.is_empty() {
        return Ok(());
    }
    Err(facts([("upheld", open.join("; "))]))
}

pub(super) fn whole_days(clock: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    let Some(started) = scene.case.and_then(|case| case.latest_clock(clock)) else {
        return Err(facts([
            ("started", String::new()),
            ("until", String::new()),
            ("from", String::new()),
        ]));
    };
    let next = scene
        .ctx
        .profile
        .calendar
        .on_or_after(started.run.due.plus_days(1));
    if scene.happened_on >= next {
        return Ok(());
    }
    Err(facts([
        ("started", started.run.started_on.to_string()),
        ("until", started.run.due.to_string()),
        ("from", next.to_string()),
    ]))
}

/// A clock that never ran has no due day to keep, so nothing was in time.
pub(super) fn before_due(clock: &str, scene: &Scene<'_>) -> Result<(), Facts> {
    match scene.case.and_then(|case| case.latest_clock(clock)) {
        Some(clock) if scene.happened_on <= clock.run.due => Ok(()),
        latest => {
            let due = latest.map(|clock| clock.run.due.to_string()).unwrap_or_default();
            Err(facts([("due", due)]))
        }
    }
}

pub(super) fn lanes_approved(scene: &Scene<'_>) -> Result<(), Facts> {
    let lanes = scene.case.map(|case| &case.lanes);
    let open: Vec<String> = lanes
        .into_iter()
        .flatten()
        .filter(|(_, lane)| lane.status != LaneStatus::Approved)
        .map(|(_, lane)| scene.ctx.registry.body_name(lane.body))
        .collect();
    if open.is_empty() && lanes.is_some_and(|lanes| !lanes.is_empty()) {
        return Ok(());
    }
    Err(facts([
        ("open", open.join("; ")),
        ("count", open.len().to_string()),
    ]))
}

pub(super) fn retained(act: &str, limit: Limit, scene: &Scene<'_>) -> Result<(), Facts> {
    let since = scene
        .case
        .and_then(|case| case.last(act))
        .map_or(scene.happened_on, |taken| taken.happened_on);
    // What must be kept so long is kept to that very day: only limits for acting roll over rest days.
    let until = limit
        .last_day(since)
        .unwrap_or_else(|| scene.ctx.profile.calendar.due_on(since, limit));
    if scene.happened_on >= until {
        return Ok(());
    }
    Err(facts([
        ("since", since.to_string()),
        ("until", until.to_string()),
    ]))
}
