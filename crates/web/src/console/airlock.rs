//! The airlock (出域审核): what waits for review, and one request with each file beside its evidence.

mod beside;

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Request},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use shuyu_app::airlock::{AirlockInput, AirlockLine, AirlockView};
use shuyu_domain::{
    airlock::{AirlockOwner, AirlockState},
    event::OutputKind,
};
use shuyu_kernel::{AirlockId, Refusal, ReleaseId};

use self::beside::{FileBox, file_box};
use super::posted::Posted;
use crate::page::{ConsoleError, Frame, Visit, ok, parts::Status};

#[derive(Template)]
#[template(path = "airlock.html")]
pub(crate) struct QueuePage {
    pub frame: Frame,
    pub rows: Vec<QueueLine>,
}

pub(crate) struct QueueLine {
    pub href: String,
    pub number: String,
    pub title: String,
    pub files: String,
    pub status: Status,
    pub on: String,
    pub waits: String,
}

#[derive(Template)]
#[template(path = "airlock_request.html")]
pub(crate) struct RequestPage {
    pub frame: Frame,
    pub title: String,
    pub action: String,
    pub case_href: String,
    pub status: Status,
    pub progress: String,
    pub returned: String,
    pub author_turn: bool,
    pub may_withdraw: bool,
    pub may_vote: bool,
    pub may_finish: bool,
    pub may_release: bool,
    pub may_return: bool,
    pub may_check: bool,
    pub receipt_href: String,
    pub checked: String,
    pub files: Vec<FileBox>,
}

fn airlock_id(text: &str) -> Result<AirlockId, Refusal> {
    text.parse().map_err(|_| Refusal::unknown("airlock_unknown"))
}

fn state(frame: &Frame, state: AirlockState) -> Status {
    let class = match state {
        AirlockState::Released => "done",
        AirlockState::Pending | AirlockState::Returned => "returned",
        AirlockState::Withdrawn => "later",
        AirlockState::Submitted
        | AirlockState::PartiallyReviewed
        | AirlockState::Reviewed
        | AirlockState::Consolidating => "open",
    };
    Status::new(
        class,
        frame.t(&format!("airlock-{}", state.name().replace('_', "-"))),
    )
}

/// What it waits for from the session's person; empty if for nothing.
pub(super) fn waiting_word(frame: &Frame, line: &AirlockLine) -> String {
    match (line.to_review, line.to_check) {
        (false, _) => String::new(),
        (true, false) => frame.t("airlock-to-review"),
        (true, true) => frame.t("airlock-to-check"),
    }
}

/// `GET /airlock`
pub(crate) async fn queue(visit: Visit) -> Result<Response, ConsoleError> {
    let lines = visit.app().airlocks(&visit.session).await?;
    let frame = visit
        .frame_at("nav-release")
        .crumb("/releases", &visit.frame.t("nav-release"));
    let row = |line: AirlockLine| QueueLine {
        waits: waiting_word(&frame, &line),
        href: format!("/airlock/{}", line.airlock.id),
        number: line.number,
        title: line.title,
        files: line.airlock.files.keys().cloned().collect::<Vec<_>>().join(", "),
        status: state(&frame, line.airlock.state),
        on: line.airlock.on.to_string(),
    };
    Ok(ok(&QueuePage {
        rows: lines.into_iter().map(row).collect(),
        frame,
    }))
}

/// `GET /airlock/{id}`
pub(crate) async fn request(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let id = airlock_id(&id)?;
    let view = visit.app().airlock_view(&visit.session, id).await?;
    let frame = visit
        .frame_at("nav-release")
        .crumb("/releases", &visit.frame.t("nav-release"))
        .crumb("/airlock", &visit.frame.t("airlock-title"));
    Ok(ok(&request_page(&visit, frame, view)))
}

fn request_page(visit: &Visit, frame: Frame, view: AirlockView) -> RequestPage {
    let airlock = &view.airlock;
    let own = airlock.seats.get(&visit.session.actor.person);
    let finished = own.is_some_and(|seat| seat.finished);
    let free = airlock.seats.len() < airlock.reviewers();
    let consolidating = airlock.state == AirlockState::Consolidating;
    let first = airlock.state.is_blind() && !finished && (own.is_some() || free);
    let voting = view.reviewer && (first || (consolidating && own.is_some()));
    let ending = view.reviewer && own.is_some();
    let checked = view.spot_check.as_ref().map(|(check, note)| {
        let word = if check.sound {
            "spot-check-sound"
        } else {
            "spot-check-unsound"
        };
        format!("{} {} {note}", check.on, frame.t(word))
    });
    let files = view
        .files
        .iter()
        .map(|file| file_box(&frame, &visit.profile, airlock.id, file));
    RequestPage {
        title: frame.tr("airlock-request", &[("number", &view.number)]),
        action: format!("/airlock/{}", airlock.id),
        case_href: format!("/cases/{}", airlock.case),
        status: state(&frame, airlock.state),
        progress: frame.tr(
            "airlock-progress",
            &[("finished", view.finished), ("needed", airlock.reviewers())],
        ),
        returned: view.returned.clone(),
        author_turn: view.author && airlock.state.owner() == AirlockOwner::Author,
        may_withdraw: view.author && airlock.state.owner() != AirlockOwner::Nobody,
        may_vote: voting,
        may_finish: voting && !consolidating,
        may_release: ending && airlock.state == AirlockState::Reviewed && airlock.approved(),
        may_return: ending
            && matches!(
                airlock.state,
                AirlockState::Reviewed | AirlockState::Consolidating
            ),
        may_check: view.reviewer && own.is_none() && airlock.awaits_spot_check(),
        receipt_href: if airlock.state == AirlockState::Released {
            format!("/airlock/{}/receipt", airlock.id)
        } else {
            String::new()
        },
        checked: checked.unwrap_or_default(),
        files: files.collect(),
        frame,
    }
}

/// `POST /airlock/{id}`: what the pressed button says.
pub(crate) async fn act(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let id = airlock_id(&id)?;
    let input = input(&posted);
    visit.app().airlock_act(&visit.session, id, input).await?;
    Ok(Redirect::to(&format!("/airlock/{id}")))
}

fn input(posted: &Posted) -> AirlockInput {
    let named = |prefix: &str| -> BTreeMap<String, String> {
        posted
            .values
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?.to_owned(), value.clone())))
            .collect()
    };
    let pressed = posted.one("do");
    if let Some(file) = pressed.strip_prefix("drop:") {
        return AirlockInput::Drop(file.to_owned());
    }
    let note = posted.one("note").to_owned();
    match pressed {
        "submit" => AirlockInput::Submit(named("about:")),
        "release" => AirlockInput::Release,
        "return" => AirlockInput::Return(note),
        "withdraw" => AirlockInput::Withdraw,
        "sound" | "unsound" => AirlockInput::SpotCheck {
            sound: pressed == "sound",
            note,
        },
        _ => {
            let mut reasons = named("why:");
            let votes = named("vote:").into_iter().map(|(file, vote)| {
                let why = reasons.remove(&file).unwrap_or_default();
                (file, (vote == "approve", why))
            });
            AirlockInput::Review {
                votes: votes.collect(),
                finish: pressed == "finish",
            }
        }
    }
}

/// `POST /releases/{id}/airlock`: opens a request with a gated answer.
pub(crate) async fn open_of_release(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    Posted::read(&visit, request).await?;
    let release: ReleaseId = id.parse().map_err(|_| Refusal::unknown("release_unknown"))?;
    let airlock = visit
        .app()
        .open_airlock_of_release(&visit.session, release)
        .await?;
    Ok(Redirect::to(&format!("/airlock/{airlock}")))
}

/// `GET /airlock/{id}/files/{name}`: always saved, never shown.
pub(crate) async fn file(
    visit: Visit,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, ConsoleError> {
    let (file, bytes) = visit
        .app()
        .airlock_file(&visit.session, airlock_id(&id)?, &name)
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", file.name),
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /airlock/{id}/plots/{name}`: a picture, shown on the page of its request.
pub(crate) async fn plot(
    visit: Visit,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, ConsoleError> {
    let (file, bytes) = visit
        .app()
        .airlock_file(&visit.session, airlock_id(&id)?, &name)
        .await?;
    if file.kind != OutputKind::Plot {
        return Err(Refusal::unknown("airlock_file_unknown").into());
    }
    Ok(([(header::CONTENT_TYPE, "image/png")], bytes).into_response())
}

/// `GET /airlock/{id}/receipt`
pub(crate) async fn receipt(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let id = airlock_id(&id)?;
    let receipt = visit.app().airlock_receipt(&visit.session, id).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"receipt-{id}.json\""),
        ),
    ];
    Ok((headers, receipt).into_response())
}

#[cfg(test)]
pub(super) fn samples(frame: impl Fn() -> Frame, text: &str) -> (QueuePage, RequestPage) {
    let some = || text.to_owned();
    let status = || Status::new("open", some());
    let file = |name: &str| FileBox {
        name: name.to_owned(),
        kind: some(),
        version: some(),
        note: some(),
        href: "/airlock/x/files/a.csv".to_owned(),
        plot_href: "/airlock/x/plots/a.png".to_owned(),
        header: vec![some()],
        rows: vec![vec![some()]],
        more: some(),
        text: some(),
        facts: vec![crate::page::parts::Labelled {
            label: some(),
            text: some(),
            ..Default::default()
        }],
        finds: vec![some()],
        columns: vec![(0..10).map(|_| some()).collect()],
        risk: vec![(some(), some())],
        high: true,
        refused: vec![crate::page::RefusalCard {
            code: some(),
            what: some(),
            way_out: some(),
            chips: Vec::new(),
        }],
        votes: vec![some()],
    };
    let queue = QueuePage {
        frame: frame(),
        rows: vec![QueueLine {
            href: "/airlock/x".to_owned(),
            number: some(),
            title: some(),
            files: some(),
            status: status(),
            on: "2026-03-02".to_owned(),
            waits: some(),
        }],
    };
    let request = RequestPage {
        frame: frame(),
        title: some(),
        action: "/airlock/x".to_owned(),
        case_href: "/cases/x".to_owned(),
        status: status(),
        progress: some(),
        returned: some(),
        author_turn: true,
        may_withdraw: true,
        may_vote: true,
        may_finish: true,
        may_release: true,
        may_return: true,
        may_check: true,
        receipt_href: "/airlock/x/receipt".to_owned(),
        checked: some(),
        files: vec![file("a.csv"), file("b.png")],
    };
    (queue, request)
}
