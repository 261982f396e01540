//! Lists of cases by section: search, filter, sort, page.

use askama::Template;
use axum::{extract::Query, response::Response};
use serde::Deserialize;
use shuyu_app::read::{CaseQuery, Sort, desk::remaining_days};
use shuyu_domain::port::CaseRow;
use shuyu_profile::Procedure;

use crate::page::{
    ConsoleError, Frame, Visit,
    frame::role_title,
    ok,
    parts::{Choice, Openable, openable, query_escape, stage_status},
};

/// Page sizes on offer.
const SIZES: [u64; 3] = [20, 50, 100];

#[derive(Template)]
#[template(path = "case_list.html")]
pub(crate) struct ListPage {
    pub frame: Frame,
    pub title: String,
    pub action: String,
    pub section: String,
    pub text: String,
    pub open_only: bool,
    pub openable: Vec<Openable>,
    pub procedures: Vec<Choice>,
    pub stages: Vec<Choice>,
    pub sizes: Vec<Choice>,
    pub heads: Vec<Head>,
    pub rows: Vec<Row>,
    pub total: u64,
    pub page: u64,
    pub pages: u64,
    pub previous: String,
    pub next: String,
    pub empty: String,
}

pub(crate) struct Head {
    pub label: String,
    pub href: String,
    pub sorted: bool,
}

pub(crate) struct Row {
    pub href: String,
    pub number: String,
    pub title: String,
    pub procedure: String,
    pub stage: String,
    pub stage_class: &'static str,
    pub stage_shape: &'static str,
    pub due: String,
    pub remaining: String,
    pub turn: String,
}

/// The query string of a list.
#[derive(Debug, Clone, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    section: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    procedure: String,
    #[serde(default)]
    stage: String,
    #[serde(default)]
    open: String,
    #[serde(default)]
    sort: String,
    #[serde(default)]
    page: Option<u64>,
    #[serde(default)]
    size: Option<u64>,
}

/// Where a list stands: its address, its entry of the rail, where its rows lead.
struct Place {
    action: &'static str,
    current: &'static str,
    rows: &'static str,
    title: String,
    section: String,
}

/// `GET /catalogue`
pub(crate) async fn catalogue(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    let title = visit.frame.t("nav-catalogue");
    let place = Place {
        action: "/catalogue",
        current: "nav-catalogue",
        rows: "/cases",
        title,
        section: "catalogue".to_owned(),
    };
    list(visit, asked, place).await
}

/// Cases of a section under another address, for the products.
pub(crate) async fn products(visit: Visit, asked: Asked) -> Result<Response, ConsoleError> {
    let title = visit.frame.t("nav-products");
    let place = Place {
        action: "/products",
        current: "nav-products",
        rows: "/products",
        title,
        section: "product".to_owned(),
    };
    list(visit, asked, place).await
}

/// `GET /cases?section=…`; without a section, all that the session may see: the search of the top bar.
pub(crate) async fn cases(visit: Visit, Query(asked): Query<Asked>) -> Result<Response, ConsoleError> {
    let (current, title) = match asked.section.as_str() {
        "authorisation" => ("nav-authorisation", visit.frame.t("nav-authorisation")),
        "release" => ("nav-release", visit.frame.t("nav-release")),
        "data_use" => ("nav-permits", visit.frame.t("nav-permits")),
        "supervision" => ("nav-supervision", visit.frame.t("nav-supervision")),
        "" => ("", visit.frame.t("search-title")),
        _ => ("", visit.frame.t("cases-title")),
    };
    let section = asked.section.clone();
    list(
        visit,
        asked,
        Place {
            action: "/cases",
            current,
            rows: "/cases",
            title,
            section,
        },
    )
    .await
}

async fn list(visit: Visit, asked: Asked, place: Place) -> Result<Response, ConsoleError> {
    let frame = visit.frame_at(place.current);
    let profile = &visit.profile;
    let within: Vec<_> = profile
        .procedures
        .iter()
        .filter(|procedure| place.section.is_empty() || procedure.section == place.section)
        .collect();
    let chosen = within.iter().find(|procedure| procedure.id == asked.procedure);
    let query = query(&asked, &within, chosen.copied());
    let found = visit.app().case_list(&visit.session, &query).await?;
    let pages = found.total.div_ceil(query.size).max(1);
    let at = |there: bool, page: u64| {
        let address = there.then(|| address(&place, &asked, &query, page, query.sort));
        address.unwrap_or_default()
    };
    let section = Some(place.section.as_str()).filter(|section| !section.is_empty());
    let page = ListPage {
        title: place.title.clone(),
        action: place.action.to_owned(),
        section: if place.action == "/cases" {
            place.section.clone()
        } else {
            String::new()
        },
        text: query.text.clone(),
        open_only: query.open_only,
        openable: if section.is_some() {
            openable(&frame, profile, &visit.session.actor.role, section)
        } else {
            Vec::new()
        },
        procedures: within
            .iter()
            .map(|p| choice(&p.id, frame.pick(&p.title, &p.title_en), p.id == asked.procedure))
            .collect(),
        stages: chosen.map_or_else(Vec::new, |p| {
            p.stages
                .iter()
                .map(|s| choice(&s.id, frame.pick(&s.title, &s.title_en), s.id == query.stage))
                .collect()
        }),
        sizes: SIZES
            .iter()
            .map(|n| choice(&n.to_string(), &n.to_string(), *n == query.size))
            .collect(),
        heads: heads(&frame, &place, &asked, &query),
        rows: found
            .rows
            .iter()
            .map(|row| self::row(&frame, &visit, &place, row))
            .collect(),
        total: found.total,
        page: query.page,
        pages,
        previous: at(query.page > 1, query.page.saturating_sub(1)),
        next: at(query.page < pages, query.page + 1),
        empty: frame.t(if query.text.is_empty() {
            "list-empty"
        } else {
            "list-empty-search"
        }),
        frame,
    };
    Ok(ok(&page))
}

fn choice(value: &str, label: &str, selected: bool) -> Choice {
    Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        selected,
    }
}

/// What is asked for, within the procedures of a section and the one that was chosen among them.
fn query(asked: &Asked, within: &[&Procedure], chosen: Option<&Procedure>) -> CaseQuery {
    CaseQuery {
        procedures: match chosen {
            Some(procedure) => vec![procedure.id.clone()],
            None => within.iter().map(|procedure| procedure.id.clone()).collect(),
        },
        text: asked.text.chars().take(100).collect(),
        stage: if chosen.is_some() {
            asked.stage.clone()
        } else {
            String::new()
        },
        open_only: asked.open == "yes",
        sort: Sort::from_word(&asked.sort),
        page: asked.page.unwrap_or(1).clamp(1, 100_000),
        size: asked.size.filter(|size| SIZES.contains(size)).unwrap_or(20),
    }
}

fn heads(frame: &Frame, place: &Place, asked: &Asked, query: &CaseQuery) -> Vec<Head> {
    let all = [
        (Sort::Number, frame.t("head-number")),
        (Sort::Title, frame.t("head-title")),
        (Sort::Stage, frame.t("head-stage")),
        (Sort::Due, frame.t("head-due")),
    ];
    all.into_iter()
        .map(|(sort, label)| {
            let sorted = query.sort == sort;
            let next = if sorted { Sort::Newest } else { sort };
            Head {
                label,
                href: address(place, asked, query, 1, next),
                sorted,
            }
        })
        .collect()
}

fn address(place: &Place, asked: &Asked, query: &CaseQuery, page: u64, sort: Sort) -> String {
    let mut parts: Vec<(&str, String)> = Vec::new();
    if place.action == "/cases" && !place.section.is_empty() {
        parts.push(("section", place.section.clone()));
    }
    for (name, value) in [
        ("text", &query.text),
        ("procedure", &asked.procedure),
        ("stage", &query.stage),
    ] {
        if !value.is_empty() {
            parts.push((name, value.clone()));
        }
    }
    if query.open_only {
        parts.push(("open", "yes".to_owned()));
    }
    if sort != Sort::Newest {
        parts.push(("sort", sort.word().to_owned()));
    }
    if query.size != 20 {
        parts.push(("size", query.size.to_string()));
    }
    if page > 1 {
        parts.push(("page", page.to_string()));
    }
    let joined: Vec<String> = parts
        .iter()
        .map(|(name, value)| format!("{name}={}", query_escape(value)))
        .collect();
    if joined.is_empty() {
        place.action.to_owned()
    } else {
        format!("{}?{}", place.action, joined.join("&"))
    }
}

fn row(frame: &Frame, visit: &Visit, place: &Place, row: &CaseRow) -> Row {
    let profile = &visit.profile;
    let procedure = profile.procedure(&row.procedure);
    let stage = stage_status(frame, procedure, &row.stage);
    let remaining = row.next_due.map(|due| remaining_days(profile, frame.today, due));
    Row {
        href: format!("{}/{}", place.rows, row.id),
        number: row.number.clone(),
        title: row.title.clone(),
        procedure: procedure.map_or_else(
            || row.procedure.clone(),
            |p| frame.pick(&p.title, &p.title_en).to_owned(),
        ),
        stage: stage.label,
        stage_class: stage.class,
        stage_shape: stage.shape,
        due: row.next_due.map(|due| due.to_string()).unwrap_or_default(),
        remaining: if remaining.is_some() {
            frame.remaining(remaining)
        } else {
            String::new()
        },
        turn: row
            .holder_role
            .as_deref()
            .map(|role| role_title(frame.lang, profile, role))
            .unwrap_or_default(),
    }
}
