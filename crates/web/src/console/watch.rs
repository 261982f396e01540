//! 催办 and 督办 on the pages: what was done about a clock that is nearly due or late, and the forms for what may be
//! done now. The same lines and forms stand on the desk, on the page of a case and on the supervision page.

use axum::{
    extract::{Path, Request},
    response::Redirect,
};
use shuyu_app::{read::WatchedRow, reminder::Reminder};
use shuyu_domain::{
    case::{Clock, Escalation, Urge},
    command::{WatchAct, WatchClock},
    event::EscalationReason,
};
use shuyu_kernel::{BodyId, CivilDate, Refusal};
use shuyu_profile::{Consequence, Profile};

use super::{
    case::{case_id, guards_of, result_href},
    posted::Posted,
};
use crate::{
    page::{ConsoleError, Frame, Visit},
    session::way_back,
};

/// Something that was done about a clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WatchNote {
    /// When, who and what.
    pub text: String,
    /// What was said.
    pub words: String,
}

/// A form for something that may be done about a clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WatchForm {
    /// Id of its first field, unique on the page.
    pub id: String,
    /// Where it is sent.
    pub action: String,
    /// Lane key, or an empty text.
    pub lane: String,
    /// Idempotency key.
    pub key: String,
    /// What it does.
    pub title: String,
    /// What is to be written.
    pub label: String,
    /// First day that may be named; empty where no day is asked for.
    pub first_day: String,
}

/// `POST /cases/{id}/clocks/{clock}/{act}`
pub(crate) async fn act(
    visit: Visit,
    Path((id, clock, act)): Path<(String, String, String)>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let id = case_id(&id)?;
    let act = WatchAct::from_word(&act).ok_or_else(|| Refusal::unknown("route_unknown"))?;
    let report_by = match posted.filled("report_by") {
        None => None,
        Some(text) => Some(
            text.parse::<CivilDate>()
                .map_err(|_| Refusal::unmet("date_malformed"))?,
        ),
    };
    let command = WatchClock {
        clock,
        lane: posted.filled("lane"),
        act,
        words: posted.one("words").to_owned(),
        report_by,
    };
    let guarded = guards_of(&posted);
    let done = visit.app().watch(&visit.session, id, command, guarded).await?;
    Ok(Redirect::to(&result_href(id, &done)))
}

/// `POST /reminders`: marks a reminder as read.
pub(crate) async fn read(visit: Visit, request: Request) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    visit
        .app()
        .read_reminder(&visit.session, posted.one("reminder"))
        .await?;
    Ok(Redirect::to(way_back(posted.one("back"))))
}

/// The title of a clock in the language of the page.
pub(crate) fn clock_title(frame: &Frame, profile: &Profile, procedure: &str, clock: &str) -> String {
    let rule = profile
        .procedure(procedure)
        .and_then(|procedure| procedure.clock(clock));
    rule.map_or(clock, |rule| frame.pick(&rule.title, &rule.title_en))
        .to_owned()
}

/// The forms for what may be done about a clock. `place` makes their ids unique on the page.
pub(crate) fn forms(
    visit: &Visit,
    place: &str,
    case: &str,
    clock: &Clock,
    open: &[WatchAct],
) -> Vec<WatchForm> {
    let run = &clock.run;
    open.iter()
        .map(|act| form(visit, place, case, &run.clock, run.lane.as_deref(), *act))
        .collect()
}

/// One form.
pub(crate) fn form(
    visit: &Visit,
    place: &str,
    case: &str,
    clock: &str,
    lane: Option<&str>,
    act: WatchAct,
) -> WatchForm {
    let (frame, word) = (&visit.frame, act.word());
    WatchForm {
        id: format!("{place}-{word}"),
        action: format!("/cases/{case}/clocks/{clock}/{word}"),
        lane: lane.unwrap_or_default().to_owned(),
        key: visit.app().form_key(),
        title: frame.t(&format!("watch-{word}")),
        label: frame.t(&format!("watch-{word}-words")),
        first_day: match act {
            WatchAct::Instruct => frame.today.to_string(),
            _ => String::new(),
        },
    }
}

/// The forms of a row of the supervision page or the desk.
pub(crate) fn row_forms(visit: &Visit, place: &str, row: &WatchedRow) -> Vec<WatchForm> {
    forms(visit, place, &row.case.to_string(), &row.clock, &row.open)
}

/// Everything that was done about a clock, in order. `name` gives the name of a body.
pub(crate) fn notes(
    frame: &Frame,
    clock: &Clock,
    reminders: &[Reminder],
    name: impl Fn(BodyId) -> String,
) -> Vec<WatchNote> {
    let run = &clock.run;
    let mut notes: Vec<(CivilDate, WatchNote)> = Vec::new();
    let own = reminders
        .iter()
        .filter(|sent| sent.clock == run.clock && sent.lane == run.lane && sent.due == run.due);
    for sent in own.filter(|sent| sent.lead.is_some()) {
        notes.push((sent.on, said(reminder_words(frame, sent), "")));
    }
    if let Some(expiry) = &clock.watch.expiry {
        let what = frame.t(match expiry.consequence {
            Consequence::Flag | Consequence::Opens => "expiry-flag",
            Consequence::Remind => "expiry-remind",
            Consequence::Escalate => "expiry-escalate",
        });
        let facts = [
            ("on", expiry.on.to_string()),
            ("due", expiry.due.to_string()),
            ("what", what),
        ];
        notes.push((expiry.on, said(frame.tr("watch-note-expired", &facts), "")));
    }
    for urge in &clock.watch.urges {
        urge_notes(frame, urge, &name(urge.by), &mut notes);
    }
    for escalation in &clock.watch.escalations {
        let superior = escalation.to.bodies.iter().map(|body| name(*body));
        let superior = superior.collect::<Vec<_>>().join(" · ");
        escalation_notes(frame, escalation, &superior, &mut notes);
    }
    notes.sort_by_key(|(on, _)| *on);
    notes.into_iter().map(|(_, note)| note).collect()
}

fn said(text: String, words: &str) -> WatchNote {
    WatchNote {
        text,
        words: words.to_owned(),
    }
}

/// The words of a reminder: when, and how many working days before the last day.
pub(crate) fn reminder_words(frame: &Frame, reminder: &Reminder) -> String {
    let facts = [("on", reminder.on.to_string()), ("due", reminder.due.to_string())];
    match reminder.lead {
        Some(lead) => {
            let lead = [("lead", lead.to_string())];
            frame.tr("watch-note-reminded", &[&facts[..], &lead[..]].concat())
        }
        None => frame.tr("watch-note-told-expired", &facts),
    }
}

fn urge_notes(frame: &Frame, urge: &Urge, who: &str, notes: &mut Vec<(CivilDate, WatchNote)>) {
    let facts = [
        ("on", urge.on.to_string()),
        ("who", who.to_owned()),
        ("by", urge.answer_by.to_string()),
    ];
    notes.push((urge.on, said(frame.tr("watch-note-urged", &facts), &urge.words)));
    if let Some((on, words)) = &urge.answer {
        notes.push((*on, said(frame.tr("watch-note-answered", &[("on", on)]), words)));
    }
}

fn escalation_notes(
    frame: &Frame,
    escalation: &Escalation,
    superior: &str,
    notes: &mut Vec<(CivilDate, WatchNote)>,
) {
    let facts = [
        ("on", escalation.on.to_string()),
        ("who", superior.to_owned()),
        ("why", reason_words(frame, escalation.why)),
    ];
    notes.push((escalation.on, said(frame.tr("watch-note-escalated", &facts), "")));
    for asked in &escalation.instructions {
        let facts = [
            ("on", asked.on.to_string()),
            ("who", superior.to_owned()),
            ("by", asked.report_by.to_string()),
        ];
        notes.push((
            asked.on,
            said(frame.tr("watch-note-instructed", &facts), &asked.words),
        ));
        if let Some((on, words)) = &asked.report {
            notes.push((*on, said(frame.tr("watch-note-reported", &[("on", on)]), words)));
        }
    }
    if let Some(on) = escalation.closed_on {
        let facts = [("on", on.to_string()), ("who", superior.to_owned())];
        notes.push((on, said(frame.tr("watch-note-closed", &facts), "")));
    }
}

/// Why a matter went to the superior body.
pub(crate) fn reason_words(frame: &Frame, why: EscalationReason) -> String {
    frame.t(match why {
        EscalationReason::AtExpiry => "escalation-at-expiry",
        EscalationReason::LeftLate => "escalation-left-late",
        EscalationReason::ByOverseer => "escalation-by-overseer",
    })
}
