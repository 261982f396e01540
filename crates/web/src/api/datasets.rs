//! What a dataset has been through: versions, corrections with who is concerned, erasures of a subject.

#![expect(
    unused_qualifications,
    reason = "the generated description names the query by its whole path"
)]

use std::collections::{BTreeMap, BTreeSet};

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use shuyu_app::{
    arriving::ColumnChange,
    erasing::NewRowErasure,
    read::{ErasureLine, History, Impact, VersionLine},
    retention::{Kept, Pin},
};
use shuyu_domain::event::ErasureReason;
use shuyu_kernel::{DatasetId, Zone};
use utoipa::{IntoParams, ToSchema};

use super::{
    input::{Asked, Body, Key, Named},
    output::{Written, instant},
};
use crate::{problem::Failure, session::SignedIn, state::WebState};

/// What a version corrects.
#[derive(Serialize, ToSchema)]
pub struct CorrectionView {
    /// `subject_asked`, `authority_asked`, `user_found` or `provider_found`.
    reason: &'static str,
    /// The version that was wrong.
    corrects: u64,
    /// The case that ordered it.
    case: Option<String>,
}

/// A version of a dataset.
#[derive(Serialize, ToSchema)]
pub struct VersionView {
    /// Number: what permits and releases name it by.
    version: u64,
    /// Rows when it came.
    rows: u64,
    /// Rows erased from it since.
    erased: u64,
    /// When it was recorded.
    #[schema(example = "2026-03-02T09:00:00+08:00")]
    at: String,
    /// The body that brought it.
    by: String,
    /// What it corrects.
    correction: Option<CorrectionView>,
    /// How its rows met the older ones: `replace`, `append` or `upsert`.
    mode: &'static str,
    /// Columns that together differ in every row.
    key: Vec<String>,
    /// How its columns differ from those before.
    changes: Vec<ColumnChangeView>,
    /// Its columns.
    columns: Vec<String>,
    /// Digest of its quality report.
    report: String,
    /// Digests of its files as they are now.
    files: Vec<String>,
    /// Index of its entry in the proceedings.
    entry: u64,
    /// Until when it is kept, and why.
    kept: KeptView,
}

/// Until when a version is kept.
#[derive(Serialize, ToSchema)]
pub struct KeptView {
    /// The day another version took its place; absent for the latest one, which has no term.
    #[schema(example = "2026-03-02")]
    replaced_on: Option<String>,
    /// Last day of its term.
    until: Option<String>,
    /// Last day of the term of its raw files.
    raw_until: Option<String>,
    /// What keeps it longer: `permit`, `product`, `agreement`, `derived`, `marked`, or `entry` where the
    /// catalogue entry names no clear term.
    pinned_by: BTreeSet<&'static str>,
    /// Index of the entry that says that its term is over: no read gives it any more.
    ended: Option<u64>,
    /// Index of the entry that says what was destroyed.
    purged: Option<u64>,
    /// Index of the entry that says that the term of its raw files is over.
    raw_ended: Option<u64>,
}

/// What happened to a column between two versions.
#[derive(Serialize, ToSchema)]
pub struct ColumnChangeView {
    /// `added`, `widened`, `dropped`, `renamed` or `retyped`.
    change: String,
    /// Column.
    column: String,
    /// Type or name before.
    from: String,
    /// Type or name now.
    to: String,
}

/// An erasure of one subject.
#[derive(Serialize, ToSchema)]
pub struct ErasureView {
    /// Index of the order, if it was given for this dataset.
    ordered: Option<u64>,
    /// Index of the proof; absent while files are being rewritten.
    proved: Option<u64>,
    /// Keyed commitment to the subject.
    subject: String,
    /// Version → rows that are gone from it.
    versions: BTreeMap<u64, u64>,
    /// Files that were rewritten.
    files: usize,
    /// Raw files that were destroyed.
    raw: usize,
}

/// What a dataset has been through, newest first.
#[derive(Serialize, ToSchema)]
pub struct HistoryView {
    /// Versions.
    versions: Vec<VersionView>,
    /// Erasures.
    erasures: Vec<ErasureView>,
}

/// An answer that read a version.
#[derive(Serialize, ToSchema)]
pub struct ReleaseReadView {
    /// Release.
    release: String,
    /// Case of its permit.
    case: String,
    /// Index of its entry in the proceedings.
    entry: u64,
}

/// Who used a version.
#[derive(Serialize, ToSchema)]
pub struct ImpactView {
    /// Answers that left the domain.
    releases: Vec<ReleaseReadView>,
    /// Products whose content is one of them: numbers of cases by id.
    products: BTreeMap<String, String>,
    /// Tables derived from it: names by dataset.
    derived: BTreeMap<String, String>,
}

/// Which version.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VersionAsked {
    /// Number of the version.
    version: u64,
}

/// Whom to erase, and why.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RowErasureOrder {
    /// Column → value, for exactly the columns that name the subject.
    subject: BTreeMap<String, String>,
    /// `purpose_ended`, `term_over`, `consent_withdrawn` or `unlawful`.
    #[schema(value_type = String, example = "consent_withdrawn")]
    reason: ErasureReason,
    /// Digest of the decision, uploaded by the caller's body; may be left out.
    #[serde(default)]
    paper: String,
}

/// Versions and erasures of a dataset.
#[utoipa::path(get, path = "/datasets/{id}", tag = "data",
    params(("id" = String, Path, description = "The dataset.")),
    responses((status = 200, body = HistoryView)))]
pub async fn history(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
) -> Result<Json<HistoryView>, Failure> {
    let History {
        versions,
        erasures,
        mut kept,
        ..
    } = state.app.dataset_history(&session, dataset).await?;
    let zone = state.app.profile().zone;
    Ok(Json(HistoryView {
        versions: versions
            .into_iter()
            .map(|line| {
                let kept = kept.remove(&line.version).unwrap_or_default();
                version_view(zone, line, kept)
            })
            .collect(),
        erasures: erasures.into_iter().map(erasure_view).collect(),
    }))
}

/// Answers, products and tables that used a version: what has to be looked at again after a correction.
#[utoipa::path(get, path = "/datasets/{id}/impact", tag = "data",
    params(("id" = String, Path, description = "The dataset."), VersionAsked),
    responses((status = 200, body = ImpactView)))]
pub async fn impact(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
    Asked(asked): Asked<VersionAsked>,
) -> Result<Json<ImpactView>, Failure> {
    let Impact {
        releases,
        products,
        derived,
    } = state.app.impact(&session, dataset, asked.version).await?;
    let release = |read: shuyu_domain::port::ReleaseRead| ReleaseReadView {
        release: read.release.to_string(),
        case: read.case.to_string(),
        entry: read.as_of,
    };
    Ok(Json(ImpactView {
        releases: releases.into_iter().map(release).collect(),
        products: products
            .into_iter()
            .map(|row| (row.id.to_string(), row.number))
            .collect(),
        derived: derived
            .into_iter()
            .map(|row| (row.dataset.to_string(), row.table))
            .collect(),
    }))
}

/// Orders that a subject be erased from every version of a dataset and of what was derived from it. Once answered, no
/// read gives its rows; the proof follows in the proceedings.
#[utoipa::path(post, path = "/datasets/{id}/erasures", tag = "data", request_body = RowErasureOrder,
    params(("id" = String, Path, description = "The dataset."),
        ("Idempotency-Key" = String, Header, description = "The same key erases once.")),
    responses((status = 201, body = Written)))]
pub async fn erase_rows(
    State(state): State<WebState>,
    SignedIn(session): SignedIn,
    Named(dataset): Named<DatasetId>,
    Key(key): Key,
    Body(order): Body<RowErasureOrder>,
) -> Result<(StatusCode, Json<Written>), Failure> {
    let new = NewRowErasure {
        dataset,
        subject: order.subject,
        reason: order.reason,
        paper: order.paper,
    };
    let committed = state.app.erase_rows(&session, new, &key).await?;
    Ok((StatusCode::CREATED, Json(Written::from(&committed))))
}

fn version_view(zone: Zone, line: VersionLine, kept: Kept) -> VersionView {
    let arrival = line.arrival.unwrap_or_default();
    let change = |change: ColumnChange| ColumnChangeView {
        change: change.change,
        column: change.column,
        from: change.from,
        to: change.to,
    };
    VersionView {
        version: line.version,
        rows: line.rows,
        erased: line.erased,
        at: instant(zone, line.at),
        by: line.by,
        correction: line.correction.map(|correction| CorrectionView {
            reason: correction.reason.word(),
            corrects: correction.corrects,
            case: correction.case.map(|case| case.to_string()),
        }),
        mode: arrival.mode.word(),
        key: arrival.key,
        changes: arrival.changes.into_iter().map(change).collect(),
        columns: line.columns,
        report: line.report.to_string(),
        files: line.files.iter().map(ToString::to_string).collect(),
        entry: line.entry,
        kept: KeptView {
            replaced_on: kept.replaced_on.map(|day| day.to_string()),
            until: kept.until.map(|day| day.to_string()),
            raw_until: kept.raw_until.map(|day| day.to_string()),
            pinned_by: kept.pins.iter().map(Pin::word).collect(),
            ended: kept.ended,
            purged: kept.purged,
            raw_ended: kept.raw_ended,
        },
    }
}

fn erasure_view(line: ErasureLine) -> ErasureView {
    ErasureView {
        ordered: line.ordered,
        proved: line.proved,
        subject: line.subject.to_string(),
        versions: line
            .versions
            .iter()
            .map(|held| (held.version, held.rows))
            .collect(),
        files: line.files,
        raw: line.raw,
    }
}
