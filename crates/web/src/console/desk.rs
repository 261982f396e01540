//! 工作台: the work queue by urgency.

use askama::Template;
use axum::response::Response;
use shuyu_app::read::{QueueRow, Urgency};
use shuyu_profile::Profile;

use super::datasets::job_title;
use crate::page::{
    Chip, ConsoleError, Frame, Grounds, Visit, ok,
    parts::{Link, Openable, openable, shape},
};

#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage {
    pub frame: Frame,
    pub total: usize,
    pub groups: Vec<Group>,
    pub openable: Vec<Openable>,
    pub jobs: Vec<Link>,
}

pub(crate) struct Group {
    pub word: &'static str,
    pub shape: &'static str,
    pub label: String,
    /// How many wait; not all of them are listed.
    pub count: usize,
    pub rows: Vec<Row>,
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
    Ok(ok(&HomePage {
        frame,
        total,
        groups,
        openable,
        jobs,
    }))
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
