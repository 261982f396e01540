//! The timeline: who did what, in which manner, when it happened and when it was entered, with its proof.

use shuyu_app::read::{CaseView, TimelineItem};
use shuyu_domain::{
    Event,
    event::{ActMeta, CaseEvent, IdentityEvent, OwnEvent, StepTaken, WatchEvent},
};
use shuyu_kernel::Manner;
use shuyu_profile::Procedure;

use super::acts::lane_name;
use crate::{
    console::watch::reason_words,
    page::{
        Chip, Frame,
        frame::{post_title, role_title},
    },
};

pub(crate) struct TimelineRow {
    pub index: u64,
    /// Address of the sheet of an act; empty for what has none.
    pub print: String,
    pub minor: bool,
    pub what: String,
    pub detail: String,
    pub who: String,
    pub days: String,
    pub chips: Vec<Chip>,
}

/// Newest first: what happened last is what a visitor asks for.
pub(super) fn rows(frame: &Frame, view: &CaseView, procedure: &Procedure) -> Vec<TimelineRow> {
    let mut acts = 0;
    let mut rows: Vec<TimelineRow> = view
        .timeline
        .iter()
        .map(|item| {
            let mut row = row(frame, view, procedure, item);
            if item.is_act() {
                acts += 1;
                row.print = format!("/cases/{}/acts/{acts}/print", view.case.id);
            }
            row
        })
        .collect();
    rows.reverse();
    rows
}

/// One event in words.
pub(super) fn row(frame: &Frame, view: &CaseView, procedure: &Procedure, item: &TimelineItem) -> TimelineRow {
    let mut row = TimelineRow {
        index: item.index,
        print: String::new(),
        minor: true,
        what: event_words(frame, &Event::Case(item.event.clone())),
        detail: detail(frame, view, procedure, &item.event),
        who: String::new(),
        days: String::new(),
        chips: Vec::new(),
    };
    match &item.event {
        CaseEvent::Opened { meta, .. } => {
            row.minor = false;
            about(frame, view, meta, &mut row);
        }
        CaseEvent::Taken { meta, .. } => {
            row.minor = false;
            row.what = act_title(frame, procedure, &meta.act);
            about(frame, view, meta, &mut row);
        }
        CaseEvent::Entered { pending, by } => {
            row.minor = false;
            let act = act_title(frame, procedure, &pending.act);
            row.what = frame.tr("event-entered-act", &[("act", act)]);
            row.who = person(frame, view, by.person, &by.post, by.delegation.as_deref());
        }
        CaseEvent::Advanced { step, .. } | CaseEvent::Dropped { step, .. } => {
            row.who = step_words(frame, view, step)
        }
        CaseEvent::KeyIssued { by, .. } | CaseEvent::KeyRevoked { by, .. } | CaseEvent::Moved { by, .. } => {
            let body = view.registry.body_name(by.body);
            let who = person(frame, view, by.person, &by.post, by.delegation.as_deref());
            row.who = format!("{body} · {who}");
        }
        CaseEvent::Identity(event) => {
            let by = event.by();
            let who = person(frame, view, by.person, &by.post, by.delegation.as_deref());
            row.who = format!("{} · {who}", view.registry.body_name(by.body));
        }
        CaseEvent::Own(event) => {
            row.who = match event.by() {
                Some(by) => {
                    let who = person(frame, view, by.person, &by.post, by.delegation.as_deref());
                    format!("{} · {who}", view.registry.body_name(by.body))
                }
                None => frame.t("manner-system"),
            };
        }
        CaseEvent::ClockStarted(run) => row.chips = Chip::all(frame, &view.profile, &run.clauses),
        CaseEvent::Watched(event) => watched(frame, view, event, &mut row),
        _ => {}
    }
    row
}

/// Expiry, urging and escalation stand out: somebody has to do something.
fn watched(frame: &Frame, view: &CaseView, event: &WatchEvent, row: &mut TimelineRow) {
    row.minor = false;
    row.who = match event.by() {
        Some(by) => {
            let body = view.registry.body_name(by.body);
            let who = person(frame, view, by.person, &by.post, by.delegation.as_deref());
            format!("{body} · {who}")
        }
        None => frame.t("manner-system"),
    };
    if let WatchEvent::ClockExpired { clauses, .. } | WatchEvent::Escalated { clauses, .. } = event {
        row.chips = Chip::all(frame, &view.profile, clauses);
    }
}

fn watched_detail(frame: &Frame, view: &CaseView, clock: String, event: &WatchEvent) -> String {
    let mut parts = vec![clock];
    match event {
        WatchEvent::ClockExpired { due, .. } => parts.push(frame.tr("timeline-due", &[("date", due)])),
        WatchEvent::Urged { answer_by: by, .. } => {
            parts.push(frame.tr("timeline-answer-by", &[("date", by)]))
        }
        WatchEvent::Instructed { report_by: by, .. } => {
            parts.push(frame.tr("timeline-report-by", &[("date", by)]));
        }
        WatchEvent::Escalated { to, why, .. } => {
            parts.extend(to.bodies.iter().map(|body| view.registry.body_name(*body)));
            parts.push(reason_words(frame, *why));
        }
        WatchEvent::UrgeAnswered { .. }
        | WatchEvent::InstructionReported { .. }
        | WatchEvent::EscalationClosed { .. } => {}
    }
    if !event.words().is_empty() {
        parts.push(event.words().to_owned());
    }
    parts.join(" · ")
}

pub(super) fn act_title(frame: &Frame, procedure: &Procedure, act: &str) -> String {
    procedure
        .act(act)
        .map_or(act, |rule| frame.pick(&rule.title, &rule.title_en))
        .to_owned()
}

fn about(frame: &Frame, view: &CaseView, meta: &ActMeta, row: &mut TimelineRow) {
    let mut who: Vec<String> = meta
        .steps
        .iter()
        .map(|step| step_words(frame, view, step))
        .collect();
    let actor = &meta.actor;
    // What was done then bears the name of then.
    let body = view.registry.body_name_on(actor.body, meta.recorded_on);
    let role = role_title(frame.lang, &view.profile, &actor.role);
    who.push(format!(
        "{body} · {role} · {}",
        person(
            frame,
            view,
            actor.person,
            &actor.post,
            actor.delegation.as_deref()
        )
    ));
    who.push(manner(frame, meta.manner));
    if let Some(role) = &meta.decided_by {
        who.push(frame.tr(
            "act-decided-by",
            &[("who", role_title(frame.lang, &view.profile, role))],
        ));
    }
    row.who = who.join(" → ");
    row.days = frame.tr(
        "timeline-days",
        &[("happened", meta.happened_on), ("recorded", meta.recorded_on)],
    );
    row.chips = Chip::all(frame, &view.profile, &meta.clauses);
}

pub(super) fn manner(frame: &Frame, manner: Manner) -> String {
    frame.t(match manner {
        Manner::InPerson => "manner-in-person",
        Manner::Delegate => "manner-delegate",
        Manner::OnBehalf => "manner-on-behalf",
        Manner::System => "manner-system",
    })
}

pub(super) fn step_words(frame: &Frame, view: &CaseView, step: &StepTaken) -> String {
    person(frame, view, step.person, &step.post, step.delegation.as_deref())
}

pub(super) fn person(
    frame: &Frame,
    view: &CaseView,
    person: shuyu_kernel::PersonId,
    post: &str,
    delegation: Option<&str>,
) -> String {
    let login = view
        .registry
        .people
        .get(&person)
        .map_or_else(|| person.to_string(), |p| p.login.clone());
    let post = if post == "checker" {
        frame.t("post-checker")
    } else {
        post_title(frame.lang, &view.profile, post)
    };
    match delegation {
        Some(paper) => format!(
            "{login} ({post}, {})",
            frame.tr("acting-by-delegation", &[("paper", paper)])
        ),
        None => format!("{login} ({post})"),
    }
}

fn detail(frame: &Frame, view: &CaseView, procedure: &Procedure, event: &CaseEvent) -> String {
    let stage = |id: &str| {
        procedure
            .stage(id)
            .map_or(id, |s| frame.pick(&s.title, &s.title_en))
            .to_owned()
    };
    let clock = |id: &str| {
        procedure
            .clock(id)
            .map_or(id, |c| frame.pick(&c.title, &c.title_en))
            .to_owned()
    };
    match event {
        CaseEvent::Opened { number, .. } => number.clone(),
        CaseEvent::Taken { to, lane, .. } => {
            let mut parts = vec![lane_name(view, lane.as_deref())];
            if let Some(to) = to {
                parts.push(frame.tr("timeline-to-stage", &[("stage", stage(to))]));
            }
            parts.retain(|part| !part.is_empty());
            parts.join(" · ")
        }
        CaseEvent::ClockStarted(run) => {
            let due = frame.tr("timeline-due", &[("date", run.due)]);
            format!("{} · {due}", clock(&run.clock))
        }
        CaseEvent::ClockStopped {
            clock: id, in_time, ..
        } => {
            let key = if *in_time {
                "timeline-in-time"
            } else {
                "timeline-late"
            };
            format!("{} · {}", clock(id), frame.t(key))
        }
        CaseEvent::ClockPaused { clock: id, .. } => clock(id),
        CaseEvent::ClockChanged { clock: id, due, .. } => {
            let due = frame.tr("timeline-due", &[("date", due)]);
            format!("{} · {due}", clock(id))
        }
        CaseEvent::LaneOpened { lane, .. }
        | CaseEvent::LaneReturned { lane }
        | CaseEvent::LaneReopened { lane } => lane_name(view, Some(lane)),
        CaseEvent::LaneDecided {
            lane,
            approved,
            struck,
        } => decided(frame, lane_name(view, Some(lane)), *approved, struck),
        CaseEvent::ObjectionRaised { number } | CaseEvent::ObjectionAnswered { number, .. } => {
            frame.tr("objection-number", &[("n", number)])
        }
        CaseEvent::PermitIssued { expires_on, .. } => frame.tr("case-permit-until", &[("date", expires_on)]),
        CaseEvent::KeyIssued { key, .. } | CaseEvent::KeyRevoked { key, .. } => key.clone(),
        CaseEvent::Moved { reason, to, .. } => frame.tr(
            "timeline-moved",
            &[("version", to.short()), ("reason", reason.clone())],
        ),
        CaseEvent::Identity(event) => identity_detail(frame, view, event),
        CaseEvent::Own(event) => own_detail(frame, event),
        CaseEvent::ProductDelivered { customer, .. } => view.registry.body_name(*customer),
        CaseEvent::Entered { pending, .. } => lane_name(view, pending.lane.as_deref()),
        CaseEvent::Watched(event) => watched_detail(frame, view, clock(event.clock().0), event),
        CaseEvent::Advanced { .. }
        | CaseEvent::Dropped { .. }
        | CaseEvent::PermitEnded { .. }
        | CaseEvent::AccessClosed { .. } => String::new(),
    }
}

fn decided(frame: &Frame, lane: String, approved: bool, struck: &[String]) -> String {
    let key = if approved { "lane-approved" } else { "lane-refused" };
    let mut parts = vec![lane, frame.t(key)];
    if !struck.is_empty() {
        parts.push(frame.tr("timeline-struck", &[("columns", struck.join(", "))]));
    }
    parts.join(" · ")
}

fn identity_detail(frame: &Frame, view: &CaseView, event: &IdentityEvent) -> String {
    match event {
        IdentityEvent::IndexCompiled { pairs, .. } => {
            frame.tr("timeline-index-compiled", &[("pairs", pairs)])
        }
        IdentityEvent::ConsentRecorded {
            customer, purpose, ..
        } => format!("{} · {purpose}", view.registry.body_name(*customer)),
        IdentityEvent::SubjectUnlocked { .. } => String::new(),
    }
}

fn own_detail(frame: &Frame, event: &OwnEvent) -> String {
    match event {
        OwnEvent::Brought { table, rows, .. } => frame.tr(
            "timeline-own-brought",
            &[("table", table.clone()), ("rows", rows.to_string())],
        ),
        OwnEvent::Ended { why, .. } => frame.t(&format!("own-ended-{}", why.word().replace('_', "-"))),
        OwnEvent::Erased { objects, .. } => frame.tr("timeline-own-erased", &[("objects", objects)]),
    }
}

/// The words of an event: `event-` and its kind without the version.
pub(crate) fn event_words(frame: &Frame, event: &Event) -> String {
    kind_words(frame, event.kind())
}

/// The words of a kind as it stands in the ledger; kinds of later versions show as they are.
pub(crate) fn kind_words(frame: &Frame, kind: &str) -> String {
    let stem = kind.rsplit_once(".v").map_or(kind, |(stem, _)| stem);
    let key = format!("event-{}", stem.replace(['.', '_'], "-"));
    if frame.texts.has(frame.lang, &key) {
        frame.t(&key)
    } else {
        kind.to_owned()
    }
}
