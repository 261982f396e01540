//! Python jobs of a permit: registering a source, trying it on made-up data, running it on real data.

use askama::Template;
use axum::{
    extract::{Path, Request},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use shuyu_app::{
    runs::{Beats, JobExample, RUNS_A_DAY, RunState},
    sources::NewSource,
};
use shuyu_domain::{
    Source,
    event::{Declared, OutputKind, RunData, RunOutcome},
    source::Run,
};
use shuyu_kernel::{PermitId, Refusal, RunId, SourceId};

use super::posted::Posted;
use crate::page::{
    ConsoleError, Frame, RefusalCard, Visit, ok,
    parts::{Choice, Status},
};

/// Seconds between two looks at a run.
const REFRESH_SECONDS: u32 = 3;
/// Rows for output files on the form; more are declared through the API.
const OUTPUT_ROWS: usize = 5;

#[derive(Template)]
#[template(path = "sources.html")]
pub(crate) struct SourcesPage {
    pub frame: Frame,
    pub permit_href: String,
    pub action: String,
    pub closed: Option<RefusalCard>,
    pub tables: Vec<TableLine>,
    pub example: Option<JobExample>,
    pub outputs: Vec<usize>,
    pub kinds: Vec<Choice>,
    pub rows: Vec<SourceLine>,
}

/// A table as a job finds it.
pub(crate) struct TableLine {
    pub name: String,
    pub columns: String,
    pub dummy_href: String,
}

pub(crate) struct SourceLine {
    pub href: String,
    pub digest: String,
    pub outputs: String,
    pub status: Status,
}

#[derive(Template)]
#[template(path = "source.html")]
pub(crate) struct SourcePage {
    pub frame: Frame,
    pub href: String,
    pub jobs_href: String,
    pub digest: String,
    pub outputs: Vec<String>,
    pub text: String,
    pub tried: bool,
    pub limit: i64,
    pub runs: Vec<RunLine>,
}

pub(crate) struct RunLine {
    pub id: String,
    pub data: String,
    pub on: String,
    pub status: Status,
    pub line: String,
    /// Files that a run on dummy data refused.
    pub refused: Vec<RefusalCard>,
    pub cancel_href: String,
    pub airlock_href: String,
}

fn permit_id(text: &str) -> Result<PermitId, Refusal> {
    text.parse().map_err(|_| Refusal::unknown("permit_unknown"))
}

fn source_id(text: &str) -> Result<SourceId, Refusal> {
    text.parse().map_err(|_| Refusal::unknown("source_unknown"))
}

fn run_id(text: &str) -> Result<RunId, Refusal> {
    text.parse().map_err(|_| Refusal::unknown("run_unknown"))
}

/// `GET /permits/{id}/jobs`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let permit = permit_id(&id)?;
    let sources = visit.app().sources_of(&visit.session, permit).await?;
    let frame = visit
        .frame_at("nav-permits")
        .crumb("/permits", &visit.frame.t("nav-permits"))
        .crumb(&format!("/permits/{permit}"), &visit.frame.t("jobs-workbench"));
    let able = visit.app().jobs_able().await;
    let closed = able
        .err()
        .map(|refusal| RefusalCard::of(&frame, &visit.profile, &refusal));
    let tables = visit.app().job_tables(&visit.session, permit).await?;
    let example = tables.example;
    let tables = tables.columns.into_iter().map(|(name, columns)| TableLine {
        dummy_href: format!("/permits/{permit}/dummy/{name}"),
        columns: columns.join(", "),
        name,
    });
    let kinds = OutputKind::ALL.iter().map(|kind| Choice {
        value: kind.name().to_owned(),
        label: format!(
            "{} (.{})",
            frame.t(&format!("output-{}", kind.name())),
            kind.declared_endings().join(", .")
        ),
        selected: false,
    });
    let page = SourcesPage {
        permit_href: format!("/permits/{permit}"),
        action: format!("/permits/{permit}/jobs"),
        closed,
        tables: tables.collect(),
        example,
        outputs: (1..=OUTPUT_ROWS).collect(),
        kinds: kinds.collect(),
        rows: sources.iter().map(|source| source_line(&frame, source)).collect(),
        frame,
    };
    Ok(ok(&page))
}

fn source_line(frame: &Frame, source: &Source) -> SourceLine {
    let status = if source.tried() {
        Status::new("done", frame.t("source-tried"))
    } else {
        Status::new("open", frame.t("source-untried"))
    };
    SourceLine {
        href: format!("/sources/{}", source.id),
        digest: source.digest.short(),
        outputs: names(source).join(", "),
        status,
    }
}

fn names(source: &Source) -> Vec<String> {
    source
        .manifest
        .iter()
        .map(|declared| declared.name.clone())
        .collect()
}

/// `POST /permits/{id}/jobs`: registers a source.
pub(crate) async fn register(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let declared = (1..=OUTPUT_ROWS).filter_map(|row| {
        let name = posted.filled(&format!("name_{row}"))?;
        let kind = posted.one(&format!("kind_{row}"));
        let kind = OutputKind::ALL.into_iter().find(|each| each.name() == kind)?;
        Some(Declared { name, kind })
    });
    let new = NewSource {
        text: posted.one("text").to_owned(),
        manifest: declared.collect(),
    };
    let source = visit
        .app()
        .register_source(&visit.session, permit_id(&id)?, new)
        .await?;
    Ok(Redirect::to(&format!("/sources/{}", source.id)))
}

/// `GET /permits/{id}/dummy/{table}`: a made-up table as a file.
pub(crate) async fn dummy(
    visit: Visit,
    Path((id, table)): Path<(String, String)>,
) -> Result<Response, ConsoleError> {
    let bytes = visit
        .app()
        .dummy_csv(&visit.session, permit_id(&id)?, &table)
        .await?;
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
    let name: String = table.chars().filter(plain).collect();
    let disposition = format!("attachment; filename=\"dummy-{name}.csv\"");
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, bytes).into_response())
}

/// `GET /sources/{id}`
pub(crate) async fn source(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let beats = visit.app().beats();
    let (source, text) = visit.app().source(&visit.session, source_id(&id)?).await?;
    let jobs_href = format!("/permits/{}/jobs", source.permit);
    let mut frame = visit
        .frame_at("nav-permits")
        .crumb("/permits", &visit.frame.t("nav-permits"))
        .crumb(&jobs_href, &visit.frame.t("jobs-page-title"));
    let refused = visit.app().refused_of(&source).await;
    let runs: Vec<RunLine> = source
        .runs
        .iter()
        .rev()
        .map(|(id, run)| {
            let refused = refused.get(id).into_iter().flatten();
            RunLine {
                refused: refused
                    .map(|refusal| RefusalCard::of(&frame, &visit.profile, refusal))
                    .collect(),
                ..run_line(&frame, &source, *id, run, &beats)
            }
        })
        .collect();
    if runs.iter().any(|run| !run.cancel_href.is_empty()) {
        frame.refresh_seconds = REFRESH_SECONDS;
    }
    let outputs = source.manifest.iter().map(|declared| {
        format!(
            "{} ({})",
            declared.name,
            frame.t(&format!("output-{}", declared.kind.name()))
        )
    });
    let page = SourcePage {
        href: format!("/sources/{}", source.id),
        jobs_href,
        digest: source.digest.to_string(),
        outputs: outputs.collect(),
        text,
        tried: source.tried(),
        limit: RUNS_A_DAY,
        runs,
        frame,
    };
    Ok(ok(&page))
}

fn run_line(frame: &Frame, source: &Source, id: RunId, run: &Run, beats: &Beats) -> RunLine {
    let state = beats.state(id, run);
    let word = crate::api::run_word(state);
    let class = match state {
        RunState::Running(_) => "running",
        RunState::Ended(RunOutcome::Done) => "done",
        RunState::Ended(RunOutcome::Failed) => "wrong",
        RunState::Ended(RunOutcome::Stopped) | RunState::Lost => "returned",
    };
    let href = format!("/sources/{}/runs/{id}", source.id);
    let left = run.ended.as_ref().is_some_and(|end| !end.files.is_empty());
    let line = run.ended.as_ref().and_then(|end| end.line);
    RunLine {
        id: id.to_string(),
        data: match run.data {
            RunData::Dummy => frame.t("run-dummy"),
            RunData::Real => frame.t("run-real"),
        },
        on: run.on.to_string(),
        status: Status::new(class, frame.t(&format!("run-{word}"))),
        line: line
            .map(|line| frame.tr("run-line", &[("line", line)]))
            .unwrap_or_default(),
        refused: Vec::new(),
        cancel_href: match state {
            RunState::Running(_) => format!("{href}/cancel"),
            _ => String::new(),
        },
        airlock_href: if left {
            format!("{href}/airlock")
        } else {
            String::new()
        },
    }
}

/// `POST /sources/{id}/runs`: starts a run.
pub(crate) async fn start(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let data = match posted.one("data") {
        "real" => RunData::Real,
        _ => RunData::Dummy,
    };
    let source = source_id(&id)?;
    visit.app().start_run(&visit.session, source, data).await?;
    Ok(Redirect::to(&format!("/sources/{source}")))
}

/// `POST /sources/{id}/runs/{run}/cancel`
pub(crate) async fn cancel(
    visit: Visit,
    Path((id, run)): Path<(String, String)>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    Posted::read(&visit, request).await?;
    let source = source_id(&id)?;
    visit
        .app()
        .cancel_run(&visit.session, source, run_id(&run)?)
        .await?;
    Ok(Redirect::to(&format!("/sources/{source}")))
}

/// `POST /sources/{id}/runs/{run}/airlock`: opens a request with what a run left.
pub(crate) async fn open_airlock(
    visit: Visit,
    Path((id, run)): Path<(String, String)>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    Posted::read(&visit, request).await?;
    let airlock = visit
        .app()
        .open_airlock(&visit.session, source_id(&id)?, run_id(&run)?)
        .await?;
    Ok(Redirect::to(&format!("/airlock/{airlock}")))
}

#[cfg(test)]
pub(super) fn samples(frame: impl Fn() -> Frame, text: &str) -> (SourcesPage, SourcePage) {
    let status = || Status::new("running", text.to_owned());
    let sources = SourcesPage {
        frame: frame(),
        permit_href: "/permits/x".to_owned(),
        action: "/permits/x/jobs".to_owned(),
        closed: None,
        tables: vec![TableLine {
            name: text.to_owned(),
            columns: text.to_owned(),
            dummy_href: "/permits/x/dummy/t".to_owned(),
        }],
        example: Some(JobExample {
            text: text.to_owned(),
            output: "counts.csv".to_owned(),
        }),
        outputs: vec![1, 2],
        kinds: vec![Choice {
            value: "table".to_owned(),
            label: text.to_owned(),
            selected: false,
        }],
        rows: vec![SourceLine {
            href: "/sources/x".to_owned(),
            digest: text.to_owned(),
            outputs: text.to_owned(),
            status: status(),
        }],
    };
    let run = |line: &str| RunLine {
        id: format!("run_{line}"),
        data: text.to_owned(),
        on: "2026-03-02".to_owned(),
        status: status(),
        line: line.to_owned(),
        refused: vec![RefusalCard {
            code: text.to_owned(),
            what: text.to_owned(),
            way_out: text.to_owned(),
            chips: Vec::new(),
        }],
        cancel_href: "/sources/x/runs/r/cancel".to_owned(),
        airlock_href: "/sources/x/runs/r/airlock".to_owned(),
    };
    let source = SourcePage {
        frame: frame(),
        href: "/sources/x".to_owned(),
        jobs_href: "/permits/x/jobs".to_owned(),
        digest: text.to_owned(),
        outputs: vec![text.to_owned()],
        text: text.to_owned(),
        tried: true,
        limit: 20,
        runs: vec![run("a"), run("b")],
    };
    (sources, source)
}
