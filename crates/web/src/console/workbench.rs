//! The SQL workbench under one permit: what may be used for what, the answer, or why not and the nearest form.

use askama::Template;
use axum::{
    extract::{Path, Request},
    http::StatusCode,
    response::Response,
};
use shuyu_app::{
    Stop,
    budget::PermitMode,
    read::{Sensitivity, Workbench, WorkbenchTable},
};
use shuyu_kernel::{CaseId, PermitId, Refusal, Use};

use super::{
    budget::{BudgetView, ToldView, budget, check},
    permits::{AnswerView, answer_view},
    posted::Posted,
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
    pub told: Option<ToldView>,
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
    pub columns: Vec<ColumnView>,
}

pub(crate) struct ColumnView {
    pub name: String,
    pub struck: bool,
    pub uses: Vec<UseView>,
}

fn permit_id(text: &str) -> Result<PermitId, Refusal> {
    text.parse().map_err(|_| Refusal::unknown("permit_unknown"))
}

/// `GET /permits/{id}`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let page = bench(&visit, permit_id(&id)?).await?;
    let code = if page.closed.is_some() {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::OK
    };
    Ok(html(code, &page))
}

/// `POST /permits/{id}`: runs, checks, or takes the nearest form into the editor.
pub(crate) async fn ask(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let permit = permit_id(&id)?;
    let sql: String = posted.one("sql").chars().take(LONGEST_SQL).collect();
    let mut page = bench(&visit, permit).await?;
    page.sql.clone_from(&sql);
    if page.closed.is_some() {
        return Ok(html(StatusCode::FORBIDDEN, &page));
    }
    let mode = (posted.one("mode") == "dp").then_some(PermitMode::Dp);
    page.budget.chosen = mode.is_some();
    let stopped = match posted.one("do") {
        "edit" => None,
        "check" => check(&mut page, &visit, permit, mode).await,
        _ => {
            // A page sent again after a lost answer makes no second release.
            let key = posted
                .filled("key")
                .map(|key| visit.app().question_key(&key, &sql));
            match visit.app().ask_in(&visit.session, permit, &sql, key, mode).await {
                Ok(released) => {
                    page.answer = Some(answer_view(&page.frame, &released));
                    page.budget = budget(&visit, &page.frame, permit, mode).await?;
                    None
                }
                Err(stop) => Some(stop),
            }
        }
    };
    match stopped {
        None => Ok(html(StatusCode::OK, &page)),
        Some(Stop::Refused(refusal)) => {
            explain(&mut page, &visit, &refusal);
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
    let (bench, closed) = match visit.app().workbench(&visit.session, permit).await {
        Ok(bench) => (Some(bench), None),
        Err(Stop::Refused(refusal)) => (None, Some(RefusalCard::of(&frame, &view.profile, &refusal))),
        Err(fault) => return Err(fault.into()),
    };
    let tables = bench
        .as_ref()
        .map(|bench| tables(&frame, bench))
        .unwrap_or_default();
    let budget = match closed {
        None => budget(visit, &frame, permit, None).await?,
        Some(_) => BudgetView::default(),
    };
    Ok(WorkbenchPage {
        budget,
        told: None,
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
        action: format!("/permits/{permit}"),
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

fn use_view(frame: &Frame, each: Use) -> UseView {
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

/// Byte range of the fragment: at its place if the text stands there, else its first occurrence as a word.
fn locate(sql: &str, fragment: &str, place: Option<(usize, usize)>) -> Option<(usize, usize)> {
    if fragment.is_empty() {
        return None;
    }
    let placed = place.and_then(|(line, column)| {
        let start: usize = sql
            .split_inclusive('\n')
            .take(line.checked_sub(1)?)
            .map(str::len)
            .sum();
        let row = sql.get(start..)?;
        let at = start + row.char_indices().nth(column.checked_sub(1)?)?.0;
        Some((at, at + fragment.len()))
    });
    let matches = |(from, to): (usize, usize)| {
        sql.get(from..to)
            .is_some_and(|text| text.eq_ignore_ascii_case(fragment))
    };
    placed
        .filter(|range| matches(*range))
        .or_else(|| find_word(sql, fragment))
}

fn find_word(sql: &str, word: &str) -> Option<(usize, usize)> {
    let letter = |c: char| c.is_alphanumeric() || c == '_';
    let starts: Vec<usize> = sql.char_indices().map(|(at, _)| at).collect();
    starts
        .into_iter()
        .map(|at| (at, at + word.len()))
        .find(|(from, to)| {
            let same = sql
                .get(*from..*to)
                .is_some_and(|text| text.eq_ignore_ascii_case(word));
            let before = sql[..*from].chars().next_back().is_none_or(|c| !letter(c));
            same && before && sql[*to..].chars().next().is_none_or(|c| !letter(c))
        })
}

fn split(sql: &str, range: Option<(usize, usize)>) -> (String, String, String) {
    match range {
        Some((from, to)) => (
            sql[..from].to_owned(),
            sql[from..to].to_owned(),
            sql[to..].to_owned(),
        ),
        None => (sql.to_owned(), String::new(), String::new()),
    }
}

/// The query with the nearest form in place: a whole statement, else in place of the refused call, else of the
/// refused fragment.
fn rewrite(sql: &str, found: Option<(usize, usize)>, function: &str, nearest: &str) -> Option<String> {
    let first = nearest.split_whitespace().next().unwrap_or_default();
    if first.eq_ignore_ascii_case("select") || first.eq_ignore_ascii_case("with") {
        return Some(nearest.to_owned());
    }
    let name = function.split('(').next().unwrap_or_default();
    let call = if name.is_empty() {
        None
    } else {
        find_word(sql, name).and_then(|range| call_of(sql, range))
    };
    let (from, to) = call.or(found)?;
    Some(format!("{}{nearest}{}", &sql[..from], &sql[to..]))
}

/// The range of a call: the name with its balanced parentheses.
fn call_of(sql: &str, (from, to): (usize, usize)) -> Option<(usize, usize)> {
    let mut depth = 0usize;
    for (at, letter) in sql[to..].char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some((from, to + at + 1));
                }
            }
            _ if depth == 0 && !letter.is_whitespace() => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{locate, rewrite};

    #[test]
    fn the_fragment_is_found_at_its_place_or_as_a_word() {
        let sql = "select region, name\nfrom t where name = 'x'";
        assert_eq!(locate(sql, "name", Some((2, 14))), Some((33, 37)));
        assert_eq!(locate(sql, "NAME", Some((9, 9))), Some((15, 19)));
        assert_eq!(locate("select username from t", "name", None), None);
        assert_eq!(locate(sql, "", Some((1, 1))), None);
        assert_eq!(
            locate("select \u{6743}, x from t", "x", Some((1, 11))),
            Some((12, 13))
        );
    }

    #[test]
    fn the_nearest_form_stands_in_place_of_what_was_refused() {
        let sql = "select region, median(income) from t group by region";
        let avg = rewrite(sql, None, "median", "avg(income)");
        assert_eq!(
            avg.as_deref(),
            Some("select region, avg(income) from t group by region")
        );
        let found = locate(sql, "income", None);
        let rounded = rewrite(sql, found, "", "floor(income / 100)");
        assert_eq!(
            rounded.as_deref(),
            Some("select region, median(floor(income / 100)) from t group by region")
        );
        assert_eq!(rewrite(sql, None, "", "select 1").as_deref(), Some("select 1"));
        assert_eq!(rewrite(sql, None, "", "avg(x)"), None);
    }
}
