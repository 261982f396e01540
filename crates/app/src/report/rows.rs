//! The rows that a case gives to the figures of a month. Pure: case, rules and calendar in, rows out.
//!
//! Days are those on which acts happened. A clock that was given a longer limit later counts by its present last day.

use shuyu_domain::{
    Case,
    case::{Clock, Taken},
};
use shuyu_kernel::{
    CivilDate,
    calendar::{Bound, WorkCalendar},
};
use shuyu_profile::{ActKind, FieldType, Procedure};

use super::{FigureKind, Month, Row};
use crate::read::exceptions::excepted;

/// The days a report looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First day.
    pub from: CivilDate,
    /// Last day: the last of the month, or today while it lasts.
    pub to: CivilDate,
    /// Last day of the month.
    pub end: CivilDate,
}

impl Span {
    /// The days of a month as seen today.
    pub fn of(month: Month, today: CivilDate) -> Self {
        Self {
            from: month.first(),
            to: month.last().min(today),
            end: month.last(),
        }
    }

    fn holds(&self, day: CivilDate) -> bool {
        (self.from..=self.to).contains(&day)
    }
}

/// The rows of a case.
pub(super) fn of_case(
    case: &Case,
    rules: &Procedure,
    span: &Span,
    calendar: &WorkCalendar,
) -> Vec<(FigureKind, Row)> {
    let mut rows = Vec::new();
    if case.opened_on > span.to {
        return rows;
    }
    if span.holds(case.opened_on) {
        rows.push((FigureKind::Opened, of_whole(case, case.opened_on)));
    }
    let finished = finished_on(case, rules);
    match finished {
        Some(day) if span.holds(day) => rows.push((FigureKind::Finished, of_whole(case, day))),
        Some(day) if day <= span.to => {}
        _ => rows.push((FigureKind::Open, of_whole(case, case.opened_on))),
    }
    let exceptions = excepted(rules);
    for (number, taken) in case
        .acts
        .iter()
        .enumerate()
        .filter(|(_, t)| span.holds(t.happened_on))
    {
        let row = of_act(case, number, taken);
        rows.push((FigureKind::of_manner(taken.manner), row.clone()));
        match rules.act(&taken.act).map(|act| act.kind) {
            Some(ActKind::Refuse) => rows.push((FigureKind::Refused, row.clone())),
            Some(ActKind::Object) => rows.push((FigureKind::Objections, row.clone())),
            _ => {}
        }
        if let Some(clauses) = exceptions.get(taken.act.as_str()) {
            let clauses = clauses.clone();
            rows.push((FigureKind::Exceptions, Row { clauses, ..row }));
        }
    }
    let discloses = rules.fields.iter().any(|field| field.ty == FieldType::Figures);
    for (number, clock) in case.clocks.iter().enumerate() {
        if clock.run.bound != Bound::AtMost || clock.run.started_on > span.to {
            continue;
        }
        let row = of_clock(case, number, clock, span, calendar);
        if discloses && (span.from..=span.end).contains(&clock.run.due) {
            rows.push((FigureKind::Disclosures, row.clone()));
        }
        if let Some(kind) = clock_kind(clock, span) {
            rows.push((kind, row));
        }
    }
    rows
}

/// What a clock is to a month: stopped in it, or running beyond its day at the end of it.
fn clock_kind(clock: &Clock, span: &Span) -> Option<FigureKind> {
    match clock.stopped_on {
        Some(day) if day < span.from => None,
        Some(day) if day <= span.to => match clock.in_time {
            Some(false) => Some(FigureKind::Late),
            Some(true) | None => Some(FigureKind::InTime),
        },
        // A clock that stands still is not late.
        _ if clock.paused_on.is_some_and(|day| day <= span.to) => None,
        _ => (clock.run.due < span.to).then_some(FigureKind::Overdue),
    }
}

/// The day of the act that led to a final stage.
fn finished_on(case: &Case, rules: &Procedure) -> Option<CivilDate> {
    let last = case.acts.iter().rev().find(|taken| {
        let to = rules.act(&taken.act).and_then(|act| act.to.as_ref());
        let stage = to.and_then(|to| rules.stage(to));
        stage.is_some_and(|stage| stage.is_final)
    });
    last.filter(|_| case.closed).map(|taken| taken.happened_on)
}

fn of_whole(case: &Case, on: CivilDate) -> Row {
    Row {
        key: case.id.to_string(),
        procedure: case.procedure.clone(),
        case: Some(case.id),
        number: case.number.clone(),
        title: case.title.clone(),
        what: String::new(),
        on,
        due: None,
        late: 0,
        count: 1,
        clauses: Vec::new(),
    }
}

fn of_act(case: &Case, number: usize, taken: &Taken) -> Row {
    Row {
        key: format!("{}/act/{number}", case.id),
        what: taken.act.clone(),
        ..of_whole(case, taken.happened_on)
    }
}

fn of_clock(case: &Case, number: usize, clock: &Clock, span: &Span, calendar: &WorkCalendar) -> Row {
    let until = clock.stopped_on.map_or(span.to, |day| day.min(span.to));
    let late = if until > clock.run.due {
        // A due date that passed over a weekend is late all the same.
        calendar.working_days_between(clock.run.due, until).max(1)
    } else {
        0
    };
    Row {
        key: format!("{}/clock/{number}", case.id),
        what: clock.run.clock.clone(),
        due: Some(clock.run.due),
        late,
        clauses: clock.run.clauses.clone(),
        ..of_whole(case, clock.run.started_on)
    }
}

/// The row of a counter that is named by a day.
pub(super) fn of_day(name: &str, count: i64) -> Option<Row> {
    let (_, day) = name.split_once('/')?;
    let on: CivilDate = day.parse().ok()?;
    Some(Row {
        key: day.to_owned(),
        procedure: String::new(),
        case: None,
        number: day.to_owned(),
        title: String::new(),
        what: String::new(),
        on,
        due: None,
        late: 0,
        count,
        clauses: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use shuyu_domain::event::{ClockRun, Holder};
    use shuyu_kernel::{Digest, calendar::Limit};

    use super::*;

    fn day(text: &str) -> CivilDate {
        text.parse().expect("a day")
    }

    fn clock(due: &str, stopped: Option<(&str, bool)>, paused: Option<&str>) -> Clock {
        Clock {
            run: ClockRun {
                clock: "review".to_owned(),
                lane: None,
                started_on: day("2026-01-05"),
                limit: Limit::working_days(5),
                bound: Bound::AtMost,
                due: day(due),
                provisional: false,
                calendar: Digest::of(b""),
                derivation: Vec::new(),
                holder: Holder {
                    role: "authority".to_owned(),
                    bodies: Vec::new(),
                },
                clauses: Vec::new(),
                bound_by: None,
            },
            stopped_on: stopped.map(|(on, _)| day(on)),
            in_time: stopped.map(|(_, in_time)| in_time),
            paused_on: paused.map(day),
            pauses: Vec::new(),
            watch: Default::default(),
        }
    }

    #[test]
    fn a_clock_counts_where_it_was_stopped_or_where_it_runs_beyond_its_day() {
        let month = |text: &str| Span::of(text.parse().expect("a month"), day("2026-03-10"));
        let (january, february, march) = (month("2026-01"), month("2026-02"), month("2026-03"));
        let late = Some(FigureKind::Late);
        let in_time = Some(FigureKind::InTime);
        let overdue = Some(FigureKind::Overdue);
        for (clock, wanted) in [
            (
                clock("2026-02-12", Some(("2026-02-12", true)), None),
                [None, in_time, None],
            ),
            (
                clock("2026-01-12", Some(("2026-02-02", false)), None),
                [overdue, late, None],
            ),
            (clock("2026-01-12", None, None), [overdue, overdue, overdue]),
            // On its last day a clock is not beyond it; the month that lasts is seen as of today.
            (clock("2026-02-28", None, None), [None, None, overdue]),
            (clock("2026-03-10", None, None), [None, None, None]),
            (
                clock("2026-01-12", None, Some("2026-02-03")),
                [overdue, None, None],
            ),
        ] {
            let found = [&january, &february, &march].map(|span| clock_kind(&clock, span));
            assert_eq!(found, wanted, "{clock:?}");
        }
    }

    #[test]
    fn a_counter_of_a_day_is_a_row_and_nothing_else_is() {
        let row = of_day("calls_on/2026-02-03", 7).expect("a row");
        assert_eq!((row.on, row.count, row.case), (day("2026-02-03"), 7, None));
        assert_eq!(of_day("calls_on/key", 7), None);
        assert_eq!(of_day("calls", 7), None);
    }
}
