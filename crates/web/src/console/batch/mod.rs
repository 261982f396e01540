//! Many cases from one workbook: template, check by row, opening, failed rows.

mod workbook;

use askama::Template;
use axum::{
    extract::{Path, Query, Request},
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;
use shuyu_app::batch::{BatchCheck, BatchForm, BatchOrder, CheckedRow, ROWS, RowFault, RowState, Shape};
use shuyu_kernel::{Digest, Refusal};
use shuyu_office::address;
use shuyu_profile::{Field, Procedure};

use super::{
    form::{plan::Input, question},
    posted::Posted,
};
use crate::{
    page::{Chip, ConsoleError, Frame, Grounds, RefusalCard, Visit, ok, parts::Link},
    session::escaped,
};

/// Media type of a workbook.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
/// Faults and rows shown on a page; the workbook of failed rows has them all. Platform choice.
const SHOWN: usize = 300;

#[derive(Template)]
#[template(path = "batch.html")]
pub(crate) struct BatchPage {
    pub frame: Frame,
    pub title: String,
    pub lead: String,
    pub grounds: Grounds,
    pub action: String,
    pub template_href: String,
    pub columns: Vec<String>,
    pub left_out: Vec<String>,
    pub then: String,
    pub back: String,
}

#[derive(Template)]
#[template(path = "batch_check.html")]
pub(crate) struct CheckPage {
    pub frame: Frame,
    pub title: String,
    pub file: String,
    pub counted: String,
    pub right: usize,
    pub opened: Vec<OpenedRow>,
    pub opened_count: usize,
    pub wrong: usize,
    pub faults: Vec<FaultRow>,
    pub faults_more: usize,
    pub refused: Vec<RefusedRow>,
    pub action: String,
    pub then: bool,
    pub then_words: String,
    pub failed_href: String,
    pub back: String,
}

pub(crate) struct OpenedRow {
    pub row: u32,
    pub link: Link,
}

pub(crate) struct FaultRow {
    pub row: u32,
    pub cell: String,
    pub label: String,
    pub shape: String,
    pub sentence: String,
    pub way_out: String,
    pub chips: Vec<Chip>,
}

pub(crate) struct RefusedRow {
    pub row: u32,
    pub link: Option<Link>,
    pub sentence: String,
    pub chips: Vec<Chip>,
}

/// Whether the act after the opening is wanted.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Wanted {
    #[serde(default)]
    then: String,
}

/// The page of a batch.
pub(crate) fn href(order: &BatchOrder) -> String {
    let then = if order.then { "?then=yes" } else { "" };
    format!("/batches/{}/{}{then}", order.procedure, order.upload)
}

/// What the pages of a batch share.
struct Desk<'a> {
    visit: &'a Visit,
    frame: Frame,
    form: BatchForm,
    title: String,
}

impl<'a> Desk<'a> {
    fn of(visit: &'a Visit, procedure: &str) -> Result<Self, ConsoleError> {
        let form = visit.app().batch_form(&visit.session, procedure)?;
        let rules = visit.profile.procedure(&form.procedure);
        let name = rules.map_or(form.procedure.as_str(), |rules| {
            visit.frame.pick(&rules.title, &rules.title_en)
        });
        let title = visit.frame.tr("batch-title", &[("title", name)]);
        let frame = visit
            .frame_at("nav-desk")
            .crumb("/open", &visit.frame.t("openable-title"));
        Ok(Self {
            title,
            frame,
            form,
            visit,
        })
    }

    fn rules(&self) -> Result<&'a Procedure, Refusal> {
        let id = &self.form.procedure;
        let unknown = || Refusal::unknown("procedure_unknown").fact("procedure", id);
        self.visit.profile.procedure(id).ok_or_else(unknown)
    }

    /// Title of the act that may follow each opening; empty without one.
    fn then(&self) -> Result<String, Refusal> {
        let act = self.form.then.as_ref();
        let act = act.and_then(|id| self.rules().ok()?.act(id));
        Ok(act.map_or_else(String::new, |act| {
            self.frame.pick(&act.title, &act.title_en).to_owned()
        }))
    }

    fn label(&self, field: &Field) -> String {
        self.frame.pick(&field.title, &field.title_en).to_owned()
    }

    /// The sentence of a fault: the form's own about a wrong value, else the refusal's, with its way out.
    fn words(&self, fault: &RowFault, row: &CheckedRow) -> (String, String) {
        let card = RefusalCard::of(&self.frame, &self.visit.profile, &fault.refusal);
        let field = fault.field.as_ref();
        let field = field.and_then(|id| self.form.columns.iter().find(|field| field.id == *id));
        let typed = field.and_then(|field| row.set.get(&field.id));
        if let (Some(field), Some(typed)) = (field, typed)
            && fault.refusal.code == "field_wrong_type"
        {
            let input = Input::Field {
                field: Box::new(field.clone()),
                required: false,
            };
            if let Some(key) = question::wrong(&input, typed) {
                return (self.frame.tr(key, &[("field", self.label(field))]), String::new());
            }
        }
        (card.what, card.way_out)
    }

    fn fault(&self, fault: &RowFault, row: &CheckedRow) -> FaultRow {
        let (sentence, way_out) = self.words(fault, row);
        let field = fault.field.as_ref();
        let field = field.and_then(|id| self.form.columns.iter().find(|field| field.id == *id));
        FaultRow {
            row: fault.row,
            cell: fault
                .column
                .map(|column| address(fault.row, column))
                .unwrap_or_default(),
            label: field.map(|field| self.label(field)).unwrap_or_default(),
            shape: shape_words(&self.frame, fault),
            sentence,
            way_out,
            chips: Chip::all(&self.frame, &self.visit.profile, &fault.refusal.clauses),
        }
    }
}

fn shape_words(frame: &Frame, fault: &RowFault) -> String {
    match fault.shape {
        _ if fault.column.is_none() => String::new(),
        Shape::Text(characters) => frame.tr("batch-shape-text", &[("n", characters)]),
        other => frame.t(&format!("batch-shape-{}", crate::api::shape_word(other))),
    }
}

fn order(procedure: &str, digest: &str, then: bool) -> Result<BatchOrder, Refusal> {
    let unknown = || {
        let short: String = digest.chars().take(8).collect();
        Refusal::unknown("paper_unknown").fact("digest", short)
    };
    let upload: Digest = digest.parse().map_err(|_| unknown())?;
    Ok(BatchOrder {
        procedure: procedure.to_owned(),
        upload,
        then,
    })
}

/// `GET /batches/{procedure}`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let desk = Desk::of(&visit, &id)?;
    let rules = desk.rules()?;
    let batch = rules.open.batch.as_ref();
    let base = format!("/batches/{}", rules.id);
    let page = BatchPage {
        lead: desk.frame.tr("batch-lead", &[("most", ROWS)]),
        grounds: batch
            .map(|batch| Grounds::of(&desk.frame, &visit.profile, &batch.basis))
            .unwrap_or_default(),
        template_href: format!("{base}/template.xlsx"),
        columns: desk.form.columns.iter().map(|field| desk.label(field)).collect(),
        left_out: desk.form.left_out.iter().map(|field| desk.label(field)).collect(),
        then: desk.then()?,
        back: format!("/open/{}", rules.id),
        action: base,
        title: desk.title.clone(),
        frame: desk.frame.clone(),
    };
    Ok(ok(&page))
}

/// `GET /batches/{procedure}/template.xlsx`
pub(crate) async fn template(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let desk = Desk::of(&visit, &id)?;
    visit.app().look(&visit.session, "batch/template").await?;
    let bytes = workbook::template(&desk, desk.rules()?)?;
    Ok(file(&format!("{}.xlsx", desk.title), XLSX, bytes))
}

/// `POST /batches/{procedure}`: takes a workbook in and goes on to its check.
pub(crate) async fn upload(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let desk = Desk::of(&visit, &id)?;
    let posted = Posted::read(&visit, request).await?;
    let digest = posted
        .filled("file")
        .ok_or_else(|| Refusal::unmet("file_missing"))?;
    let order = order(&desk.form.procedure, &digest, posted.one("then") == "yes")?;
    Ok(Redirect::to(&href(&order)))
}

/// `GET /batches/{procedure}/{digest}`
pub(crate) async fn check(
    visit: Visit,
    Path((id, digest)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ConsoleError> {
    let desk = Desk::of(&visit, &id)?;
    let order = order(&id, &digest, wanted.then == "yes")?;
    let check = visit.app().check_batch(&visit.session, &order).await?;
    let faults = check.rows.iter().flat_map(|row| {
        let faults = match &row.state {
            RowState::Wrong(faults) => faults.as_slice(),
            RowState::Right | RowState::Opened(_) => &[],
        };
        faults.iter().map(move |fault| (row, fault))
    });
    let all = check.faults().count();
    let counts = [
        ("rows", check.rows.len()),
        ("right", check.right()),
        ("wrong", check.wrong()),
        ("opened", check.opened()),
    ];
    let page = CheckPage {
        title: desk.title.clone(),
        file: desk
            .frame
            .tr("batch-file", &[("name", &check.name), ("sheet", &check.sheet)]),
        counted: desk.frame.tr("batch-counted", &counts),
        right: check.right(),
        opened: opened(&check),
        opened_count: check.opened(),
        wrong: check.wrong(),
        faults: faults
            .take(SHOWN)
            .map(|(row, fault)| desk.fault(fault, row))
            .collect(),
        faults_more: all.saturating_sub(SHOWN),
        refused: refused(&desk, &check),
        action: format!("/batches/{id}/{digest}"),
        then: order.then,
        then_words: desk.then()?,
        failed_href: format!("/batches/{id}/{digest}/failed.xlsx"),
        back: format!("/batches/{id}"),
        frame: desk.frame.clone(),
    };
    Ok(ok(&page))
}

/// Rows that were opened, with their cases.
fn opened(check: &BatchCheck) -> Vec<OpenedRow> {
    let rows = check.rows.iter().filter_map(|row| match row.state {
        RowState::Opened(case) => Some((row.row, case)),
        RowState::Right | RowState::Wrong(_) => None,
    });
    rows.take(SHOWN)
        .map(|(row, case)| {
            let done = check.done.iter().find(|done| done.row == row);
            let number = done
                .map(|done| done.number.clone())
                .filter(|text| !text.is_empty());
            let label = number.unwrap_or_else(|| case.to_string());
            let link = Link {
                href: format!("/cases/{case}"),
                label,
            };
            OpenedRow { row, link }
        })
        .collect()
}

/// Rows that were right and refused when they were opened, or whose act after the opening was refused.
fn refused(desk: &Desk<'_>, check: &BatchCheck) -> Vec<RefusedRow> {
    let rows = check.done.iter().filter_map(|done| {
        let refusal = done.refusal.as_ref()?;
        Some(RefusedRow {
            row: done.row,
            link: done.case.map(|case| Link {
                href: format!("/cases/{case}"),
                label: done.number.clone(),
            }),
            sentence: RefusalCard::of(&desk.frame, &desk.visit.profile, refusal).what,
            chips: Chip::all(&desk.frame, &desk.visit.profile, &refusal.clauses),
        })
    });
    rows.take(SHOWN).collect()
}

/// `POST /batches/{procedure}/{digest}`: opens the right rows in the background.
pub(crate) async fn start(
    visit: Visit,
    Path((id, digest)): Path<(String, String)>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let order = order(&id, &digest, posted.one("then") == "yes")?;
    let job = visit.app().start_batch(&visit.session, order).await?;
    Ok(Redirect::to(&format!("/jobs/{job}")))
}

/// `GET /batches/{procedure}/{digest}/failed.xlsx`
pub(crate) async fn failed(
    visit: Visit,
    Path((id, digest)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, ConsoleError> {
    let desk = Desk::of(&visit, &id)?;
    let order = order(&id, &digest, wanted.then == "yes")?;
    let check = visit.app().check_batch(&visit.session, &order).await?;
    let bytes = workbook::failed(&desk, desk.rules()?, &check)?;
    let name = desk.frame.tr("batch-failed-name", &[("name", &desk.title)]);
    Ok(file(&format!("{name}.xlsx"), XLSX, bytes))
}

/// A file to be saved.
pub(crate) fn file(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let disposition = format!("attachment; filename*=UTF-8''{}", escaped(name));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    (headers, bytes).into_response()
}
