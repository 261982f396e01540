//! The clock panel: until when, and day by day why.

use std::collections::BTreeMap;

use shuyu_app::read::{CaseView, Urgency, desk::remaining_days};
use shuyu_domain::{case::Clock, command::WatchAct, event::ClockRun};
use shuyu_kernel::{
    CivilDate,
    calendar::{Bound, DayKind, DayStep, StepNote},
};
use shuyu_profile::Procedure;

use super::acts::lane_name;
use crate::{
    console::{
        desk::urgency_label,
        watch::{self, WatchForm, WatchNote},
    },
    page::{Frame, Grounds, Visit, frame::role_title, parts::shape},
};

/// Calendars longer than this many months are shown as a list only.
const MONTHS_SHOWN: usize = 6;

pub(crate) struct ClockCard {
    pub title: String,
    pub lane: String,
    pub word: &'static str,
    pub shape: &'static str,
    pub status: String,
    pub running: bool,
    pub due: String,
    pub weekday: String,
    pub provisional: bool,
    pub explained: String,
    pub grounds: Grounds,
    pub months: Vec<Month>,
    pub lines: Vec<Line>,
    pub calendar: String,
    pub notes: Vec<WatchNote>,
    pub forms: Vec<WatchForm>,
}

pub(crate) struct Month {
    pub title: String,
    pub weekdays: Vec<String>,
    pub weeks: Vec<Vec<DayCell>>,
}

#[derive(Clone, Default)]
pub(crate) struct DayCell {
    pub number: i8,
    pub class: &'static str,
    pub mark: String,
    pub title: String,
}

pub(crate) struct Line {
    pub date: String,
    pub weekday: String,
    pub text: String,
}

/// Running clocks first, then the stopped ones, newest first.
pub(super) fn cards(frame: &Frame, visit: &Visit, view: &CaseView, procedure: &Procedure) -> Vec<ClockCard> {
    let mut clocks: Vec<(usize, &Clock)> = view.case.clocks.iter().enumerate().rev().collect();
    clocks.sort_by_key(|(_, clock)| clock.stopped_on.is_some());
    clocks
        .into_iter()
        .map(|(ordinal, clock)| {
            let open: Vec<WatchAct> = view
                .watch
                .iter()
                .filter(|now| now.ordinal == ordinal)
                .map(|now| now.act)
                .collect();
            let place = format!("clock-{ordinal}");
            ClockCard {
                forms: watch::forms(visit, &place, &view.case.id.to_string(), clock, &open),
                ..card(frame, view, procedure, clock)
            }
        })
        .collect()
}

fn card(frame: &Frame, view: &CaseView, procedure: &Procedure, clock: &Clock) -> ClockCard {
    let run = &clock.run;
    let rule = procedure.clock(&run.clock);
    let (word, status) = status(frame, view, clock);
    ClockCard {
        title: rule
            .map_or(run.clock.as_str(), |rule| frame.pick(&rule.title, &rule.title_en))
            .to_owned(),
        lane: lane_name(view, run.lane.as_deref()),
        word,
        shape: shape(word),
        status,
        running: clock.stopped_on.is_none(),
        due: run.due.to_string(),
        weekday: frame.weekday(&run.due),
        provisional: run.provisional,
        explained: match run.bound_by {
            Some(_) => format!(
                "{} {}",
                explained(frame, view, run),
                frame.t("clock-bound-by-other")
            ),
            None => explained(frame, view, run),
        },
        grounds: rule
            .map(|rule| Grounds::of(frame, &view.profile, &rule.basis))
            .unwrap_or_default(),
        months: months(frame, run),
        lines: run.derivation.iter().map(|step| line(frame, step)).collect(),
        calendar: run.calendar.short(),
        notes: watch::notes(frame, clock, &view.reminders, |body| {
            view.registry.body_name(body)
        }),
        forms: Vec::new(),
    }
}

fn status(frame: &Frame, view: &CaseView, clock: &Clock) -> (&'static str, String) {
    if let Some(on) = clock.stopped_on {
        let key = match (clock.run.bound, clock.in_time) {
            (Bound::AtLeast, _) => "clock-over",
            (Bound::AtMost, Some(false)) => "clock-stopped-late",
            (Bound::AtMost, _) => "clock-stopped-in-time",
        };
        let class = if key == "clock-stopped-late" {
            "overdue"
        } else {
            "done"
        };
        return (class, frame.tr(key, &[("date", on)]));
    }
    if let Some(on) = clock.paused_on {
        return ("running", frame.tr("clock-paused", &[("date", on)]));
    }
    let remaining = remaining_days(&view.profile, view.today, clock.run.due);
    if clock.run.bound == Bound::AtLeast {
        let over = view.today > clock.run.due;
        let key = if over {
            "clock-least-over"
        } else {
            "clock-least-running"
        };
        return (if over { "done" } else { "running" }, frame.t(key));
    }
    let urgency = Urgency::of(Some(remaining));
    let words = format!(
        "{} · {}",
        urgency_label(frame, urgency),
        frame.remaining(Some(remaining))
    );
    (urgency.word(), words)
}

fn explained(frame: &Frame, view: &CaseView, run: &ClockRun) -> String {
    let bodies: Vec<String> = run
        .holder
        .bodies
        .iter()
        .map(|body| view.registry.body_name(*body))
        .collect();
    let role = role_title(frame.lang, &view.profile, &run.holder.role);
    let who = if bodies.is_empty() {
        role
    } else {
        bodies.join(" · ")
    };
    let key = if run.bound == Bound::AtMost {
        "clock-at-most"
    } else {
        "clock-at-least"
    };
    frame.tr(
        key,
        &[
            ("who", who),
            ("start", run.started_on.to_string()),
            ("limit", frame.limit(run.limit)),
        ],
    )
}

fn line(frame: &Frame, step: &DayStep) -> Line {
    let mut parts = Vec::new();
    match step.note {
        Some(StepNote::Start) => parts.push(frame.t("day-start")),
        Some(StepNote::Rolled) => parts.push(frame.t("day-rolled")),
        Some(StepNote::Due) => parts.push(frame.t("day-due")),
        None => {}
    }
    if let Some(n) = step.counted {
        parts.push(frame.tr("day-counted", &[("n", n)]));
    } else if step.note != Some(StepNote::Start) {
        parts.push(frame.t("day-not-counted"));
    }
    parts.push(kind_words(frame, &step.kind));
    if !step.gazetted {
        parts.push(frame.t("day-not-gazetted"));
    }
    Line {
        date: step.date.to_string(),
        weekday: frame.weekday(&step.date),
        text: parts.join(" · "),
    }
}

fn kind_words(frame: &Frame, kind: &DayKind) -> String {
    match kind {
        DayKind::Workday => frame.t("day-workday"),
        DayKind::Weekend => frame.t("day-weekend"),
        DayKind::Holiday(name) => frame.tr("day-holiday", &[("name", name)]),
        DayKind::SwappedWorkday(name) => frame.tr("day-swapped", &[("name", name)]),
    }
}

fn months(frame: &Frame, run: &ClockRun) -> Vec<Month> {
    let steps: BTreeMap<CivilDate, &DayStep> = run.derivation.iter().map(|step| (step.date, step)).collect();
    let (Some(first), Some(last)) = (steps.keys().next(), steps.keys().next_back()) else {
        return Vec::new();
    };
    let mut months = Vec::new();
    let mut month = CivilDate::new(first.year(), first.month(), 1);
    while let Some(start) = month.filter(|start| start <= last) {
        if months.len() == MONTHS_SHOWN {
            return Vec::new();
        }
        months.push(one_month(frame, start, &steps));
        month = Some(start.plus_months(1));
    }
    months
}

fn one_month(frame: &Frame, start: CivilDate, steps: &BTreeMap<CivilDate, &DayStep>) -> Month {
    let next = start.plus_months(1);
    let mut weeks = vec![vec![
        DayCell::default();
        usize::try_from(start.weekday() - 1).unwrap_or(0)
    ]];
    let mut day = start;
    while day < next {
        if weeks.last().is_none_or(|week| week.len() == 7) {
            weeks.push(Vec::new());
        }
        let cell = cell(frame, day, steps.get(&day).copied());
        if let Some(week) = weeks.last_mut() {
            week.push(cell);
        }
        day = day.plus_days(1);
    }
    if let Some(week) = weeks.last_mut() {
        week.resize(7, DayCell::default());
    }
    Month {
        title: frame.tr(
            "month-title",
            &[
                ("year", i64::from(start.year())),
                ("month", i64::from(start.month())),
            ],
        ),
        weekdays: (1..=7).map(|n| frame.t(&format!("weekday-{n}"))).collect(),
        weeks,
    }
}

fn cell(frame: &Frame, day: CivilDate, step: Option<&DayStep>) -> DayCell {
    let Some(step) = step else {
        return DayCell {
            number: day.day(),
            ..DayCell::default()
        };
    };
    let class = match (step.note, &step.kind, step.counted) {
        (Some(StepNote::Start), ..) => "day-start",
        (Some(StepNote::Due), ..) => "day-due",
        (_, DayKind::Holiday(_), _) => "day-holiday",
        (_, _, Some(_)) => "day-counted",
        (_, DayKind::SwappedWorkday(_), None) => "day-swapped",
        _ => "day-rest",
    };
    let mark = match (step.note, step.counted) {
        (Some(StepNote::Start), _) => frame.t("day-mark-start"),
        (_, Some(n)) => n.to_string(),
        (Some(StepNote::Due), None) => frame.t("day-mark-due"),
        _ => String::new(),
    };
    DayCell {
        number: day.day(),
        class,
        mark,
        title: line(frame, step).text,
    }
}
