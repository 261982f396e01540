//! The SQL workbench under one permit: what may be used for what, the answer, or why not and the nearest form.

use askama::Template;
use axum::{
    extract::{Path, Request},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use shuyu_app::{
    Stop,
    budget::PermitMode,
    explaining::heals,
    read::{Sensitivity, Workbench, WorkbenchTable},
};
use shuyu_kernel::{CaseId, PermitId, Refusal, Use};

use super::{
    budget::{BudgetView, ToldView, budget, check},
    explaining::{MissingView, missing_view},
    marginals::{self, MarginalsView},
    nearest::{locate, rewrite, split},
    own::{self, OwnView},
    permits::{AnswerView, answer_view},
    posted::Posted,
    running::{LimitsView, RunningView, limits, running},
    trying::tried,
};
use crate::{
    page::{ConsoleError, Frame, RefusalCard, Visit, html},
    problem::status,
};

/// With more tables than this, those about persons or with struck columns stand open, the others closed.
const TABLES_OPEN: usize = 4;
/// Longest query text the editor takes; the engine has its own limits.
const LONGEST_SQL: usize = 20_000;

#[derive(Template)]
#[template(path = "workbench.html")]
pub(crate) struct WorkbenchPage {
    pub frame: Frame,
    pub number: String,
    pub purpose: String,
    pub expires_on: String,
    pub case_href: String,
    pub closed: Option<RefusalCard>,
    pub legend: Vec<UseView>,
    pub tables: Vec<TableView>,
    pub action: String,
    pub form_key: String,
    pub sql: String,
    pub checked: bool,
    pub card: Option<RefusalCard>,
    pub before: String,
    pub fragment: String,
    pub after: String,
    pub nearest: String,
    pub rewritten: String,
    pub answer: Option<AnswerView>,
    pub budget: BudgetView,
    /// Jobs run under the permit, whether or not questions are answered.
    pub jobs: bool,
    /// An exact answer can be sent to the airlock.
    pub reviewable: bool,
    /// Answers leave that way only.
    pub only_reviewed: bool,
    pub told: Option<ToldView>,
    pub missing: Option<MissingView>,
    pub running: Vec<RunningView>,
    pub limits: LimitsView,
    pub own: OwnView,
    pub marginals: MarginalsView,
}

pub(crate) struct UseView {
    pub word: &'static str,
    pub icon: &'static str,
    pub label: String,
}

pub(crate) struct TableView {
    pub name: String,
    pub class: &'static str,
    pub kind: String,
    pub open: bool,
    pub provider: String,
    pub version: String,
    pub rows: String,
    pub columns: Vec<ColumnView>,
}

pub(crate) struct ColumnView {
    pub name: String,
    pub struck: bool,
    pub uses: Vec<UseView>,
}

pub(crate) fn permit_id(text: &str) -> Result<PermitId, Refusal> {
    text.parse().map_err(|_| Refusal::unknown("permit_unknown"))
}

/// The text of a question. Forms end lines with CR LF, scripts with LF.
pub(crate) fn text_of(posted: &Posted) -> String {
    let text = posted.one("sql").replace("\r\n", "\n");
    text.chars().take(LONGEST_SQL).collect()
}

/// The address of a workbench.
pub(crate) fn permit_href(permit: PermitId) -> String {
    format!("/permits/{permit}")
}

/// `GET /permits/{id}`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let page = bench(&visit, permit_id(&id)?).await?;
    let code = page
        .closed
        .as_ref()
        .map_or(StatusCode::OK, |_| StatusCode::FORBIDDEN);
    Ok(html(code, &page))
}

/// `POST /permits/{id}`: tries on made-up tables, runs, checks, or takes the nearest form into the editor.
pub(crate) async fn ask(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let permit = permit_id(&id)?;
    let sql = text_of(&posted);
    let mut page = bench(&visit, permit).await?;
    page.sql.clone_from(&sql);
    if page.closed.is_some() {
        return Ok(html(StatusCode::FORBIDDEN, &page));
    }
    let mode = (posted.one("mode") == "dp").then_some(PermitMode::Dp);
    page.budget.chosen = mode.is_some();
    // A page sent again after a lost answer makes no second release.
    let key = posted
        .filled("key")
        .map(|key| visit.app().question_key(&key, &sql));
    let stopped = match posted.one("do") {
        "edit" => None,
        "check" => check(&mut page, &visit, permit, mode).await,
        "explain" => {
            let found = visit.app().explain_permit(&visit.session, permit, &sql, mode);
            page.missing = Some(missing_view(&page.frame, &visit, found.await?));
            None
        }
        "try" => tried(&mut page, &visit, permit, key, mode).await,
        "review" => match visit
            .app()
            .ask_for_review(&visit.session, permit, &sql, key)
            .await
        {
            Ok(request) => return Ok(Redirect::to(&format!("/airlock/{request}")).into_response()),
            Err(stop) => Some(stop),
        },
        _ => match visit.app().ask_in(&visit.session, permit, &sql, key, mode).await {
            Ok(released) => {
                page.answer = Some(answer_view(&page.frame, &released));
                page.budget = budget(&visit, &page.frame, permit, mode).await?;
                None
            }
            Err(stop) => Some(stop),
        },
    };
    match stopped {
        None => Ok(html(StatusCode::OK, &page)),
        Some(Stop::Refused(refusal)) => {
            explain(&mut page, &visit, &refusal);
            if heals(&refusal) {
                let found = visit.app().missing_grants(&visit.session, permit, &sql, mode);
                let found = missing_view(&page.frame, &visit, found.await?);
                page.missing = found.grants().then_some(found);
            }
            Ok(html(status(&Stop::Refused(refusal)), &page))
        }
        Some(fault) => Err(fault.into()),
    }
}

async fn bench(visit: &Visit, permit: PermitId) -> Result<WorkbenchPage, ConsoleError> {
    let case = CaseId::from_bits(permit.bits());
    let view = visit.app().case_view(&visit.session, case).await?;
    let frame = visit
        .frame_at("nav-permits")
        .crumb("/permits", &visit.frame.t("nav-permits"));
    let card = |refusal: &Refusal| RefusalCard::of(&frame, &view.profile, refusal);
    let (bench, closed) = match visit.app().workbench(&visit.session, permit).await {
        Ok(bench) => {
            let closed = bench.closed.as_ref().map(card);
            (Some(bench), closed)
        }
        Err(Stop::Refused(refusal)) => (None, Some(card(&refusal))),
        Err(fault) => return Err(fault.into()),
    };
    let jobs = visit.app().may_run_jobs(&visit.session, permit).await;
    let mode = bench.as_ref().map(|bench| bench.mode);
    let tables = bench
        .as_ref()
        .map(|bench| tables(&frame, bench))
        .unwrap_or_default();
    let (budget, marginals) = match closed {
        None => (
            budget(visit, &frame, permit, None).await?,
            marginals::section(visit, &frame, permit).await?,
        ),
        Some(_) => (BudgetView::default(), MarginalsView::default()),
    };
    let limits = bench.as_ref().map(|bench| limits(visit, &frame, bench));
    let own = own::section(visit, &frame, permit).await?;
    Ok(WorkbenchPage {
        jobs,
        reviewable: matches!(mode, Some(PermitMode::Stat | PermitMode::Review)),
        only_reviewed: mode == Some(PermitMode::Review),
        running: running(visit, permit)?,
        limits: limits.unwrap_or_default(),
        budget,
        own,
        marginals,
        told: None,
        missing: None,
        number: view.case.number.clone(),
        purpose: bench
            .as_ref()
            .map(|bench| bench.purpose.clone())
            .unwrap_or_default(),
        expires_on: bench
            .as_ref()
            .map(|bench| bench.expires_on.to_string())
            .unwrap_or_default(),
        case_href: format!("/cases/{case}"),
        closed,
        legend: Use::ALL.iter().map(|each| use_view(&frame, *each)).collect(),
        tables,
        action: permit_href(permit),
        form_key: visit.app().form_key(),
        sql: String::new(),
        checked: false,
        card: None,
        before: String::new(),
        fragment: String::new(),
        after: String::new(),
        nearest: String::new(),
        rewritten: String::new(),
        answer: None,
        frame,
    })
}

fn tables(frame: &Frame, bench: &Workbench) -> Vec<TableView> {
    let few = bench.tables.len() <= TABLES_OPEN;
    let views = bench.tables.iter().map(|table| table_view(frame, table, few));
    let mut views: Vec<TableView> = views.collect();
    views.sort_by_key(|view| !view.open);
    views
}

fn table_view(frame: &Frame, table: &WorkbenchTable, few: bool) -> TableView {
    let (class, kind) = match &table.sensitivity {
        Sensitivity::Personal(domain) => (
            "personal",
            frame.tr("table-personal", &[("domain", domain_label(frame, domain))]),
        ),
        Sensitivity::NonPersonal => ("open", frame.t("table-non-personal")),
        Sensitivity::Public => ("done", frame.t("table-public")),
        Sensitivity::Own => ("open", frame.t("table-own")),
    };
    let granted = table.columns.iter().map(|(name, uses)| ColumnView {
        name: name.clone(),
        struck: false,
        uses: uses.iter().map(|each| use_view(frame, *each)).collect(),
    });
    let struck = table.struck.iter().map(|name| ColumnView {
        name: name.clone(),
        struck: true,
        uses: Vec::new(),
    });
    TableView {
        name: table.name.clone(),
        class,
        kind,
        open: few || class == "personal" || !table.struck.is_empty(),
        provider: table.provider.clone(),
        version: frame.tr("table-version", &[("version", table.version)]),
        rows: match &table.rows {
            Some(rows) => {
                let facts = [("column", rows.column.clone()), ("words", rows.words())];
                frame.tr("table-rows-only", &facts)
            }
            None => String::new(),
        },
        columns: granted.chain(struck).collect(),
    }
}

/// Words for an identifier domain; domains of later profiles show as they are.
pub(crate) fn domain_label(frame: &Frame, domain: &str) -> String {
    let key = format!("domain-{}", domain.replace('_', "-"));
    if frame.texts.has(frame.lang, &key) {
        frame.t(&key)
    } else {
        domain.to_owned()
    }
}

pub(crate) fn use_view(frame: &Frame, each: Use) -> UseView {
    let icon = match each {
        Use::Out => "\u{25e7}",
        Use::Group => "\u{25a6}",
        Use::Filter => "\u{25bd}",
        Use::Measure => "\u{2211}",
        Use::Link => "\u{22c8}",
        Use::Python => "\u{25b7}",
    };
    UseView {
        word: each.name(),
        icon,
        label: frame.t(&format!("use-{}", each.name())),
    }
}

/// Fills in the refusal: the offending fragment marked, the reason, the nearest lawful form.
fn explain(page: &mut WorkbenchPage, visit: &Visit, refusal: &Refusal) {
    let fact = |name: &str| refusal.facts.get(name).map_or("", String::as_str);
    let place = fact("line").parse().ok().zip(fact("position").parse().ok());
    let found = locate(&page.sql, fact("fragment"), place);
    let (before, fragment, after) = split(&page.sql, found);
    (page.before, page.fragment, page.after) = (before, fragment, after);
    let nearest = fact("nearest");
    if fact("nearest_kind") == "sql" {
        page.rewritten = rewrite(&page.sql, found, fact("function"), nearest).unwrap_or_default();
        if page.rewritten.is_empty() {
            page.nearest = nearest.to_owned();
        }
    } else if !nearest.is_empty() {
        let key = format!("nearest-{}", nearest.replace('_', "-"));
        let known = page.frame.texts.has(page.frame.lang, &key);
        page.nearest = if known {
            page.frame.t(&key)
        } else {
            nearest.to_owned()
        };
    }
    page.card = Some(RefusalCard::of(&page.frame, &visit.profile, refusal));
}
