//! 工作台: the work queue by urgency.

use askama::Template;
use axum::response::Response;
use shuyu_app::{
    read::{QueueRow, Urgency, WatchedRow},
    reminder::Reminder,
};
use shuyu_domain::command::WatchAct;
use shuyu_profile::Profile;

use super::airlock::waiting_word;
use super::datasets::job_title;
use super::watch::{self, WatchForm, clock_title, reason_words, reminder_words, row_forms};

use crate::page::{
    Chip, ConsoleError, Frame, Grounds, Visit, ok,
    parts::{Link, Openable, openable, shape},
};

#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage {
    pub frame: Frame,
    pub total: usize,
    pub calls: Vec<Call>,
    pub reminders: Vec<Told>,
    pub groups: Vec<Group>,
    pub openable: Vec<Openable>,
    pub jobs: Vec<Link>,
    /// Requests for release that wait for this person.
    pub outputs: Vec<Link>,
}

pub(crate) struct Group {
    pub word: &'static str,
    pub shape: &'static str,
    pub label: String,
    /// How many wait; not all of them are listed.
    pub count: usize,
    pub rows: Vec<Row>,
}

/// Somebody waits for a word of this desk: an urge, an instruction, or a matter escalated to it.
pub(crate) struct Call {
    pub href: String,
    pub title: String,
    pub number: String,
    pub what: String,
    pub text: String,
    pub words: String,
    pub forms: Vec<WatchForm>,
}

/// A reminder that nobody has read.
pub(crate) struct Told {
    pub key: String,
    pub href: String,
    pub title: String,
    pub number: String,
    pub what: String,
    pub text: String,
}

/// So many of each degree of urgency are listed, the most urgent first; the rest comes up as these are done.
const LISTED: usize = 100;

pub(crate) struct Row {
    pub href: String,
    pub title: String,
    pub number: String,
    pub what: String,
    pub from: String,
    pub due: String,
    pub provisional: bool,
    pub remaining: String,
    pub grounds: Grounds,
}

/// `GET /`
pub(crate) async fn page(visit: Visit) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at("nav-desk");
    let queue = visit.app().work_queue(&visit.session).await?;
    let total = queue.len();
    let told = visit.app().reminders(&visit.session).await?;
    let reminders = reminders(&frame, &visit.profile, told, &queue);
    let escalated = visit.app().escalated_here(&visit.session).await?;
    let calls = calls(&frame, &visit, &queue, &escalated);
    let groups = groups(&frame, &visit.profile, queue);
    let openable = openable(&frame, &visit.profile, &visit.session.actor.role, None);
    let jobs = visit
        .app()
        .jobs(&visit.session)
        .await?
        .into_iter()
        .take(5)
        .map(|job| Link {
            href: format!("/jobs/{}", job.job),
            label: job_title(&frame, &visit, &job),
        });
    let jobs = jobs.collect();
    let waiting = visit.app().airlocks_waiting(&visit.session).await?;
    let outputs = waiting.iter().map(|line| Link {
        href: format!("/airlock/{}", line.airlock.id),
        label: format!("{} {} · {}", line.number, line.title, waiting_word(&frame, line)),
    });
    let outputs = outputs.collect();
    Ok(ok(&HomePage {
        frame,
        total,
        calls,
        reminders,
        groups,
        openable,
        jobs,
        outputs,
    }))
}

/// What somebody waits for: matters escalated to this body first, then instructions, then urges.
fn calls(frame: &Frame, visit: &Visit, queue: &[QueueRow], escalated: &[WatchedRow]) -> Vec<Call> {
    let mut calls = Vec::new();
    for (n, row) in escalated.iter().enumerate() {
        let Some(escalation) = row.clock.watch.open_escalation() else {
            continue;
        };
        let facts = [
            ("who", row.holders.join(" · ")),
            ("due", row.clock.run.due.to_string()),
            ("why", reason_words(frame, escalation.why)),
        ];
        calls.push(Call {
            href: format!("/cases/{}", row.case),
            title: row.title.clone(),
            number: row.number.clone(),
            what: clock_title(frame, &visit.profile, &row.procedure, &row.clock.run.clock),
            text: frame.tr("desk-escalated", &facts),
            words: String::new(),
            forms: row_forms(visit, &format!("escalated-{n}"), row),
        });
    }
    for (n, item) in queue.iter().enumerate() {
        let duty = &item.duty;
        let Some(clock) = &duty.clock else { continue };
        let call = |act: WatchAct, text: String, words: &str| Call {
            href: format!("/cases/{}", duty.case),
            title: duty.title.clone(),
            number: duty.number.clone(),
            what: duty_words(frame, &visit.profile, duty),
            text,
            words: words.to_owned(),
            forms: vec![watch::form(
                visit,
                &format!("call-{n}"),
                &duty.case.to_string(),
                clock,
                duty.lane.as_deref(),
                act,
            )],
        };
        if let Some((asked, who)) = &item.instruction {
            let facts = [
                ("on", asked.on.to_string()),
                ("who", who.clone()),
                ("by", asked.report_by.to_string()),
            ];
            calls.push(call(
                WatchAct::Report,
                frame.tr("watch-note-instructed", &facts),
                &asked.words,
            ));
        }
        if let Some((urge, who)) = &item.urge {
            let facts = [
                ("on", urge.on.to_string()),
                ("who", who.clone()),
                ("by", urge.answer_by.to_string()),
            ];
            calls.push(call(
                WatchAct::AnswerUrge,
                frame.tr("watch-note-urged", &facts),
                &urge.words,
            ));
        }
    }
    calls
}

/// Reminders nobody has read, of duties that are still open under the same last day.
fn reminders(frame: &Frame, profile: &Profile, told: Vec<Reminder>, queue: &[QueueRow]) -> Vec<Told> {
    let open = |told: &Reminder| {
        queue.iter().any(|item| {
            let duty = &item.duty;
            duty.case == told.case
                && duty.clock.as_ref() == Some(&told.clock)
                && duty.lane == told.lane
                && duty.due == Some(told.due)
        })
    };
    told.into_iter()
        .filter(open)
        .take(LISTED)
        .map(|told| Told {
            href: format!("/cases/{}", told.case),
            what: clock_title(frame, profile, &told.procedure, &told.clock),
            text: reminder_words(frame, &told),
            key: told.key,
            title: told.title,
            number: told.number,
        })
        .collect()
}

fn groups(frame: &Frame, profile: &Profile, queue: Vec<QueueRow>) -> Vec<Group> {
    let mut groups: Vec<Group> = Urgency::ALL
        .iter()
        .map(|urgency| Group {
            word: urgency.word(),
            shape: shape(urgency.word()),
            label: urgency_label(frame, *urgency),
            count: 0,
            rows: Vec::new(),
        })
        .collect();
    for item in queue {
        if let Some(group) = groups.iter_mut().find(|group| group.word == item.urgency.word()) {
            group.count += 1;
            if group.rows.len() < LISTED {
                group.rows.push(row(frame, profile, &item));
            }
        }
    }
    groups.retain(|group| !group.rows.is_empty());
    groups
}

/// The words of a degree of urgency.
pub(crate) fn urgency_label(frame: &Frame, urgency: Urgency) -> String {
    frame.t(&format!("urgency-{}", urgency.word()))
}

fn row(frame: &Frame, profile: &Profile, item: &QueueRow) -> Row {
    let duty = &item.duty;
    Row {
        href: format!("/cases/{}", duty.case),
        title: duty.title.clone(),
        number: duty.number.clone(),
        what: duty_words(frame, profile, duty),
        from: item.from.clone(),
        due: duty.due.map(|due| due.to_string()).unwrap_or_default(),
        provisional: duty.provisional,
        remaining: frame.remaining(item.remaining),
        grounds: duty_grounds(frame, profile, duty),
    }
}

/// What a duty asks: the clock's title, else the stage.
pub(crate) fn duty_words(frame: &Frame, profile: &Profile, duty: &shuyu_domain::port::Duty) -> String {
    let procedure = profile.procedure(&duty.procedure);
    let clock = procedure
        .zip(duty.clock.as_deref())
        .and_then(|(procedure, id)| procedure.clock(id));
    if let Some(clock) = clock {
        return frame.pick(&clock.title, &clock.title_en).to_owned();
    }
    let stage = procedure.and_then(|procedure| procedure.stage(&duty.stage));
    stage.map_or_else(
        || duty.stage.clone(),
        |stage| frame.pick(&stage.title, &stage.title_en).to_owned(),
    )
}

/// What the date of a duty rests on: the clauses the clock was started with, else what the profile says instead of one.
pub(crate) fn duty_grounds(frame: &Frame, profile: &Profile, duty: &shuyu_domain::port::Duty) -> Grounds {
    let procedure = profile.procedure(&duty.procedure);
    let clock = procedure
        .zip(duty.clock.as_deref())
        .and_then(|(procedure, id)| procedure.clock(id));
    match clock {
        Some(clock) if duty.clauses.is_empty() => Grounds::of(frame, profile, &clock.basis),
        _ => Grounds {
            chips: Chip::all(frame, profile, &duty.clauses),
            note: String::new(),
        },
    }
}
