//! Data arriving: upload, ingest job with progress and cancel, quality report.

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    extract::{Path, Query, Request},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shuyu_app::{
    files::UploadKind,
    ingest::{NewCorrection, NewIngest},
    jobs::{JobStatus, JobView},
    port::JobPhase,
    read::CaseQuery,
};
use shuyu_domain::{event::CorrectionReason, port::CaseRow};
use shuyu_kernel::{CaseId, Refusal};
use shuyu_profile::RightTo;

use super::{
    arriving, batch,
    posted::Posted,
    report::{self, Finding},
    workbench::domain_label,
};
use crate::page::{
    ConsoleError, Frame, RefusalCard, Visit, ok,
    parts::{Choice, Status, size},
};

/// Identifier domains on offer.
const DOMAINS: [&str; 3] = ["person", "enterprise", "household"];
const REFRESH_SECONDS: u32 = 3; // between two looks at a running job
/// Shares of rows that may be set aside, in hundredths of a percent: one in a thousand, one and five in a hundred.
const SHARES: [u32; 3] = [10, 100, 500];

#[derive(Template)]
#[template(path = "datasets.html")]
pub(crate) struct DatasetsPage {
    pub frame: Frame,
    pub may_ingest: bool,
    pub key: String,
    pub uploads: Vec<Choice>,
    pub resources: Vec<Choice>,
    pub domains: Vec<Choice>,
    pub shares: Vec<Choice>,
    pub reasons: Vec<Choice>,
    pub modes: Vec<Choice>,
    pub jobs: Vec<JobLine>,
    pub rows: Vec<Row>,
}

pub(crate) struct JobLine {
    pub href: String,
    pub label: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
}

pub(crate) struct Row {
    pub href: String,
    pub table: String,
    pub case_href: String,
    pub case_title: String,
    pub version: u64,
    pub rows: u64,
    pub subjects: String,
}

#[derive(Template)]
#[template(path = "job.html")]
pub(crate) struct JobPage {
    pub frame: Frame,
    pub title: String,
    pub is_batch: bool,
    pub all: u64,
    pub done: u64,
    pub back_href: String,
    pub href: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
    pub progress: String,
    pub running: bool,
    pub findings: Vec<Finding>,
    pub changes: Vec<String>,
    pub card: Option<RefusalCard>,
    pub made: String,
    pub made_href: String,
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Chosen {
    #[serde(default)]
    upload: String,
}

/// `GET /datasets`
pub(crate) async fn page(visit: Visit, Query(chosen): Query<Chosen>) -> Result<Response, ConsoleError> {
    let frame = visit
        .frame_at("nav-catalogue")
        .crumb("/catalogue", &visit.frame.t("nav-catalogue"));
    let app = visit.app();
    let may_ingest = app
        .profile()
        .has_right(RightTo::BringData, &visit.session.actor.role);
    let entries = CaseQuery {
        procedures: app.procedures_in("catalogue"),
        size: 100,
        ..CaseQuery::default()
    };
    let entries = app.case_list(&visit.session, &entries).await?.rows;
    let titles: BTreeMap<_, _> = entries
        .iter()
        .map(|row| (row.id, format!("{} {}", row.number, row.title)))
        .collect();
    let rows = app.all_datasets(&visit.session).await?;
    let rows = rows.into_iter().map(|row| Row {
        href: format!("/datasets/{}", row.dataset),
        case_href: format!("/cases/{}", row.resource),
        case_title: titles
            .get(&row.resource)
            .cloned()
            .unwrap_or_else(|| row.resource.to_string()),
        version: row.version,
        rows: row.rows,
        subjects: row
            .domain
            .as_deref()
            .map_or_else(|| frame.t("domain-none"), |domain| domain_label(&frame, domain)),
        table: row.table,
    });
    let rows = rows.collect();
    let (mut uploads, mut resources) = (Vec::new(), Vec::new());
    if may_ingest {
        uploads = uploaded(&visit, &frame, &chosen.upload).await?;
        resources = own_entries(&visit, &entries, &titles).await?;
    }
    let page = DatasetsPage {
        may_ingest,
        key: app.form_key(),
        uploads,
        resources,
        domains: DOMAINS
            .iter()
            .map(|word| choice(word, domain_label(&frame, word)))
            .collect(),
        shares: SHARES
            .iter()
            .map(|share| choice(share, frame.tr("bad-rows-share", &[("share", percent(*share))])))
            .collect(),
        reasons: CorrectionReason::ALL
            .iter()
            .map(|reason| choice(reason.word(), reason_words(&frame, *reason)))
            .collect(),
        modes: arriving::modes(&frame),
        jobs: app
            .jobs(&visit.session)
            .await?
            .iter()
            .map(|job| job_line(&frame, &visit, job))
            .collect(),
        rows,
        frame,
    };
    Ok(ok(&page))
}

/// Files that the session has brought as data.
async fn uploaded(visit: &Visit, frame: &Frame, chosen: &str) -> Result<Vec<Choice>, ConsoleError> {
    let own = visit.app().uploads(&visit.session, UploadKind::Data).await?;
    let choices = own.iter().map(|upload| Choice {
        value: upload.digest.to_string(),
        label: format!("{} · {}", upload.name, size(frame, upload.size_bytes)),
        selected: upload.digest.to_string() == chosen,
    });
    Ok(choices.collect())
}

/// Entries of the catalogue that the session may bring data for.
async fn own_entries(
    visit: &Visit,
    entries: &[CaseRow],
    titles: &BTreeMap<CaseId, String>,
) -> Result<Vec<Choice>, ConsoleError> {
    let own = visit.app().own_entries(&visit.session, entries).await?;
    let label = |id| titles.get(id).cloned().unwrap_or_default();
    Ok(own.iter().map(|id| choice(id, label(id))).collect())
}

fn choice(value: impl ToString, label: String) -> Choice {
    Choice {
        value: value.to_string(),
        label,
        selected: false,
    }
}

/// `POST /uploads`: takes a file in and goes on to the order.
pub(crate) async fn upload(visit: Visit, request: Request) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read_as(&visit, request, UploadKind::Data).await?;
    let digest = posted
        .filled("file")
        .ok_or_else(|| Refusal::unmet("file_missing"))?;
    Ok(Redirect::to(&format!("/datasets?upload={digest}#upload")))
}

/// `POST /datasets`: starts a job.
pub(crate) async fn ingest(visit: Visit, request: Request) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let wrong = |field: &str| Refusal::unmet("field_wrong_type").fact("field", visit.frame.t(field));
    let new = NewIngest {
        resource: posted
            .one("resource")
            .parse()
            .map_err(|_| wrong("ingest-resource"))?,
        table: posted.one("table").trim().to_owned(),
        upload: posted.one("upload").parse().map_err(|_| wrong("ingest-upload"))?,
        unit_columns: arriving::names(posted.one("unit_columns")).collect(),
        arriving: arriving::read(&posted).map_err(wrong)?,
        domain: posted.filled("domain"),
        set_aside: posted
            .filled("set_aside")
            .map(|share| share.parse().map_err(|_| wrong("ingest-bad-rows")))
            .transpose()?,
        correction: correction(&posted).map_err(|()| wrong("ingest-correction"))?,
    };
    let key = posted.filled("key").unwrap_or_else(|| visit.app().form_key());
    let number = visit.app().start_ingest(&visit.session, new, key).await?;
    Ok(Redirect::to(&format!("/jobs/{number}")))
}

/// What the form says the file corrects; a case is named by its id or by the address of its page.
fn correction(posted: &Posted) -> Result<Option<NewCorrection>, ()> {
    let Some(word) = posted.filled("correction") else {
        return Ok(None);
    };
    let reason = CorrectionReason::ALL
        .into_iter()
        .find(|reason| reason.word() == word);
    let case = posted.filled("correction_case");
    let case = case.map(|text| text.trim().rsplit('/').next().unwrap_or_default().parse());
    Ok(Some(NewCorrection {
        reason: reason.ok_or(())?,
        case: case.transpose().map_err(|_| ())?,
    }))
}

/// A reason for a correction in words.
pub(crate) fn reason_words(frame: &Frame, reason: CorrectionReason) -> String {
    frame.t(&format!("correction-{}", reason.word().replace('_', "-")))
}

/// `GET /jobs/{number}`
pub(crate) async fn job(visit: Visit, Path(number): Path<u64>) -> Result<Response, ConsoleError> {
    let job = visit.app().job(&visit.session, number).await?;
    let running = job.status == JobStatus::Running;
    if let (Some(order), JobStatus::Opened(_)) = (&job.batch, &job.status) {
        // What it did stands row by row on the page of the batch.
        return Ok(Redirect::to(&batch::href(order)).into_response());
    }
    let of_batch = job.batch.as_ref().map(batch::href);
    let mut frame = match &job.batch {
        Some(_) => visit.frame_at("nav-desk"),
        None => visit
            .frame_at("nav-catalogue")
            .crumb("/datasets", &visit.frame.t("datasets-title")),
    };
    if running {
        frame.refresh_seconds = REFRESH_SECONDS;
    }
    let status = job_status(&frame, &job);
    let (mut card, mut made, mut made_href) = (None, String::new(), String::new());
    match &job.status {
        JobStatus::Refused(refusal) => card = Some(RefusalCard::of(&frame, &visit.profile, refusal)),
        JobStatus::Done(done) => {
            made = frame.tr("job-made", &[("version", done.version), ("rows", done.rows)]);
            made_href = format!("/datasets/{}", done.dataset);
        }
        JobStatus::Reported(report) => {
            made = frame.tr(
                "job-reported",
                &[("version", report.version), ("rows", report.rows)],
            );
            made_href = format!("/datasets/{}#governance", report.dataset);
        }
        JobStatus::Running | JobStatus::Failed | JobStatus::Opened(_) => {}
    }
    let page = JobPage {
        href: format!("/jobs/{number}"),
        class: status.class,
        shape: status.shape,
        status: status.label,
        progress: progress(&frame, &job),
        findings: job
            .report
            .as_ref()
            .map(|found| report::findings(&frame, found))
            .unwrap_or_default(),
        changes: (job.report.as_ref())
            .map(|found| arriving::changes(&frame, found))
            .unwrap_or_default(),
        title: job_title(&frame, &visit, &job),
        is_batch: of_batch.is_some(),
        all: job.all,
        done: job.progress.rows,
        back_href: of_batch.unwrap_or_else(|| "/datasets".to_owned()),
        running,
        card,
        made,
        made_href,
        frame,
    };
    Ok(ok(&page))
}

/// `POST /jobs/{number}/cancel`
pub(crate) async fn cancel(
    visit: Visit,
    Path(number): Path<u64>,
    request: Request,
) -> Result<Response, ConsoleError> {
    Posted::read(&visit, request).await?;
    visit.app().cancel_job(&visit.session, number).await?;
    Ok(Redirect::to(&format!("/jobs/{number}")).into_response())
}

/// A batch is named by its procedure, data work by its table.
pub(crate) fn job_title(frame: &Frame, visit: &Visit, job: &JobView) -> String {
    let Some(order) = &job.batch else {
        return frame.tr("job-title", &[("table", &job.table)]);
    };
    let procedure = visit.profile.procedure(&order.procedure);
    let title = procedure.map_or(order.procedure.as_str(), |procedure| {
        frame.pick(&procedure.title, &procedure.title_en)
    });
    frame.tr("batch-job-title", &[("title", title)])
}

fn job_line(frame: &Frame, visit: &Visit, job: &JobView) -> JobLine {
    let status = job_status(frame, job);
    JobLine {
        href: format!("/jobs/{}", job.job),
        label: job_title(frame, visit, job),
        class: status.class,
        shape: status.shape,
        status: status.label,
    }
}

fn job_status(frame: &Frame, job: &JobView) -> Status {
    match job.status {
        JobStatus::Running => Status::new("running", frame.t("job-running")),
        JobStatus::Done(_) | JobStatus::Opened(_) | JobStatus::Reported(_) => {
            Status::new("done", frame.t("job-done"))
        }
        JobStatus::Refused(_) => Status::new("refused", frame.t("job-refused")),
        JobStatus::Failed => Status::new("wrong", frame.t("job-failed")),
    }
}

/// How far a job has come, in words: bytes while the file is read through for the first time, then rows.
fn progress(frame: &Frame, job: &JobView) -> String {
    let done = job.progress;
    let bytes = [
        ("done", size(frame, done.bytes)),
        ("size", size(frame, job.size_bytes)),
    ];
    if job.batch.is_some() {
        return frame.tr("batch-job-rows", &[("done", done.rows), ("all", job.all)]);
    }
    match (&job.status, done.phase) {
        (JobStatus::Running, JobPhase::Waiting) => frame.t("job-waiting"),
        (JobStatus::Running, JobPhase::Inspecting) => frame.tr("job-inspecting", &bytes),
        _ => frame.tr("job-rows", &[("n", done.rows)]),
    }
}

/// Hundredths of a percent as a percentage.
fn percent(share: u32) -> String {
    let (whole, rest) = (share / 100, share % 100);
    match rest {
        0 => format!("{whole}%"),
        _ => format!("{whole}.{}%", format!("{rest:02}").trim_end_matches('0')),
    }
}
