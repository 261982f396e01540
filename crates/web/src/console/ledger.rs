//! 存证: the logs, an entry with its bytes, the receipt, and how a stranger checks it all.

use askama::Template;
use axum::{
    extract::{Path, Query},
    http::header,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use shuyu_app::api_read::LogLine;
use shuyu_domain::port::Log;

use super::case::kind_words;
use crate::page::{ConsoleError, Frame, Visit, ok, parts::instant};

/// Entries a page.
const PAGE: u64 = 50;

#[derive(Template)]
#[template(path = "ledger.html")]
pub(crate) struct LedgerPage {
    pub frame: Frame,
    pub title: String,
    pub lead: String,
    pub size: u64,
    pub sealed: String,
    pub root: String,
    pub note: String,
    pub public_key: String,
    pub rows: Vec<Row>,
    pub newer: String,
    pub older: String,
}

pub(crate) struct Row {
    pub index: u64,
    pub href: String,
    pub at: String,
    pub what: String,
    pub stream: String,
    pub stream_href: String,
    pub leaf: String,
}

#[derive(Template)]
#[template(path = "entry.html")]
pub(crate) struct EntryPage {
    pub frame: Frame,
    pub index: u64,
    pub what: String,
    pub kind: String,
    pub at: String,
    pub stream: String,
    pub stream_href: String,
    pub prev_hash: String,
    pub leaf: String,
    pub receipt_href: String,
    pub pretty: String,
    pub line: String,
}

#[derive(Template)]
#[template(path = "verify.html")]
pub(crate) struct VerifyPage {
    pub frame: Frame,
    pub public_key: String,
    pub command: String,
    pub command_whole: String,
    pub checks: Vec<String>,
}

/// What `shuyu verify` reports, in its order.
const CHECKS: [&str; 8] = [
    "key-trusted",
    "key-not-compared",
    "signature-valid",
    "cosignatures-not-checked",
    "leaves-give-root",
    "entries-match-leaves",
    "chain-unbroken",
    "readme-unchanged",
];

#[derive(Debug, Default, Deserialize)]
pub(crate) struct From {
    /// First index of the page; absent = the newest entries.
    from: Option<u64>,
}

/// `GET /ledger`
pub(crate) async fn proceedings(visit: Visit, Query(from): Query<From>) -> Result<Response, ConsoleError> {
    list(visit, Log::Proceedings, from).await
}

/// `GET /ledger/access`
pub(crate) async fn access(visit: Visit, Query(from): Query<From>) -> Result<Response, ConsoleError> {
    list(visit, Log::Access, from).await
}

fn base(log: Log) -> &'static str {
    match log {
        Log::Proceedings => "/ledger",
        Log::Access => "/ledger/access",
    }
}

async fn list(visit: Visit, log: Log, From { from }: From) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at("nav-ledger");
    let state = visit.app().log_state(&visit.session, log).await?;
    let from = from
        .unwrap_or_else(|| state.size.saturating_sub(PAGE))
        .min(state.size);
    let lines = visit.app().log_lines(&visit.session, log, from, PAGE).await?;
    let (title, lead) = match log {
        Log::Proceedings => (frame.t("log-proceedings"), frame.t("log-proceedings-lead")),
        Log::Access => (frame.t("log-access"), frame.t("log-access-lead")),
    };
    let sealed = match &state.checkpoint {
        Some(checkpoint) => {
            let waiting = state.size.saturating_sub(checkpoint.size);
            frame.tr(
                "ledger-sealed-to",
                &[("size", checkpoint.size), ("waiting", waiting)],
            )
        }
        None => frame.t("ledger-not-sealed"),
    };
    let page = LedgerPage {
        title,
        lead,
        size: state.size,
        sealed,
        root: state
            .checkpoint
            .as_ref()
            .map(|checkpoint| checkpoint.root.to_string())
            .unwrap_or_default(),
        note: state
            .checkpoint
            .map(|checkpoint| checkpoint.note)
            .unwrap_or_default(),
        public_key: state.public_key,
        rows: lines
            .iter()
            .rev()
            .map(|line| row(&frame, &visit, log, line))
            .collect(),
        newer: if from + PAGE < state.size {
            format!("{}?from={}", base(log), from + PAGE)
        } else {
            String::new()
        },
        older: if from > 0 {
            format!("{}?from={}", base(log), from.saturating_sub(PAGE))
        } else {
            String::new()
        },
        frame,
    };
    Ok(ok(&page))
}

fn row(frame: &Frame, visit: &Visit, log: Log, line: &LogLine) -> Row {
    Row {
        index: line.index,
        href: line
            .line
            .as_ref()
            .map(|_| format!("{}/{}", base(log), line.index))
            .unwrap_or_default(),
        at: instant(&visit.profile, line.recorded_at),
        what: kind_words(frame, &line.kind),
        stream_href: line
            .line
            .as_ref()
            .map(|_| stream_href(&line.stream))
            .unwrap_or_default(),
        stream: line.stream.clone(),
        leaf: line.leaf.short(),
    }
}

/// Where the subject of a stream has its page.
fn stream_href(stream: &str) -> String {
    match stream.split_once('/') {
        Some(("case", id)) => format!("/cases/{id}"),
        Some(("dataset", id)) => format!("/datasets/{id}"),
        Some(("release", id)) => format!("/releases/{id}"),
        _ => String::new(),
    }
}

/// `GET /ledger/{index}`
pub(crate) async fn entry(visit: Visit, Path(index): Path<u64>) -> Result<Response, ConsoleError> {
    one(visit, Log::Proceedings, index).await
}

/// `GET /ledger/access/{index}`
pub(crate) async fn access_entry(visit: Visit, Path(index): Path<u64>) -> Result<Response, ConsoleError> {
    one(visit, Log::Access, index).await
}

async fn one(visit: Visit, log: Log, index: u64) -> Result<Response, ConsoleError> {
    let entry = visit.app().ledger_entry(&visit.session, log, index).await?;
    let frame = visit
        .frame_at("nav-ledger")
        .crumb(base(log), &visit.frame.t("nav-ledger"));
    let receipt_href = match log {
        Log::Proceedings => format!("/ledger/{index}/receipt"),
        Log::Access => String::new(),
    };
    let page = EntryPage {
        index,
        what: kind_words(&frame, &entry.kind),
        at: instant(&visit.profile, entry.recorded_at),
        stream_href: stream_href(&entry.stream),
        stream: entry.stream,
        kind: entry.kind,
        prev_hash: entry.prev_hash.to_string(),
        leaf: entry.leaf.to_string(),
        receipt_href,
        pretty: pretty(&entry.line),
        line: entry.line,
        frame,
    };
    Ok(ok(&page))
}

fn pretty(line: &str) -> String {
    let value: Result<serde_json::Value, _> = serde_json::from_str(line);
    value
        .ok()
        .and_then(|value| serde_json::to_string_pretty(&value).ok())
        .unwrap_or_else(|| line.to_owned())
}

/// `GET /ledger/{index}/receipt`: the receipt (履职凭证) as a file.
pub(crate) async fn receipt(visit: Visit, Path(index): Path<u64>) -> Result<Response, ConsoleError> {
    let receipt = visit
        .app()
        .log_receipt(&visit.session, Log::Proceedings, index)
        .await?;
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"receipt-{index}.json\""),
        ),
    ];
    Ok((headers, receipt).into_response())
}

/// `GET /ledger/verify`
pub(crate) async fn verify(visit: Visit) -> Result<Response, ConsoleError> {
    let state = visit.app().log_state(&visit.session, Log::Proceedings).await?;
    let frame = visit
        .frame_at("nav-ledger")
        .crumb("/ledger", &visit.frame.t("nav-ledger"));
    let page = VerifyPage {
        checks: CHECKS
            .iter()
            .map(|check| frame.t(&format!("check-{check}")))
            .collect(),
        frame,
        public_key: state.public_key,
        command: "shuyu verify --key log-key.pem receipt-7.json".to_owned(),
        command_whole: "shuyu verify --key log-key.pem export/".to_owned(),
    };
    Ok(ok(&page))
}
