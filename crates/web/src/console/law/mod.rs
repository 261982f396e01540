//! 法规: the documents, their clauses in our words, and the rules and scenarios that use them.

mod procedure;

pub(crate) use procedure::procedure;
#[cfg(test)]
pub(crate) use procedure::{ActRow, ClockRow, GuardRow, ProcedurePage, StageRow, Way};

use askama::Template;
use axum::{
    extract::{Path, Query},
    response::Response,
};
use serde::Deserialize;
use shuyu_app::read::law::rules_by_clause;
use shuyu_kernel::{ClauseId, Refusal};
use shuyu_profile::{Clause, Instrument, InstrumentStatus, Platform};

use crate::page::{
    ConsoleError, Frame, Grounds, Visit, ok,
    parts::{Choice, Labelled, Openable, Status, query_escape},
};

/// Clauses a page.
const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "law.html")]
pub(crate) struct LawPage {
    pub frame: Frame,
    pub instruments: Vec<InstrumentRow>,
    pub procedures: Vec<Openable>,
    pub digest: String,
}

pub(crate) struct InstrumentRow {
    pub title: String,
    pub number: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
    pub since: String,
    pub href: String,
    pub count: String,
}

#[derive(Template)]
#[template(path = "clauses.html")]
pub(crate) struct ClausesPage {
    pub frame: Frame,
    pub text: String,
    pub instruments: Vec<Choice>,
    pub total: usize,
    pub rows: Vec<ClauseRow>,
    pub previous: String,
    pub next: String,
}

pub(crate) struct ClauseRow {
    pub href: String,
    pub id: String,
    pub article: String,
    pub text: String,
    pub platform: &'static str,
    pub platform_label: String,
}

#[derive(Template)]
#[template(path = "clause.html")]
pub(crate) struct ClausePage {
    pub frame: Frame,
    pub id: String,
    pub instrument: String,
    pub article: String,
    pub class: &'static str,
    pub shape: &'static str,
    pub status: String,
    pub platform: &'static str,
    pub platform_label: String,
    pub text: String,
    pub detail: String,
    pub rules: Vec<RuleRow>,
    pub scenarios: Vec<Labelled>,
}

pub(crate) struct RuleRow {
    pub kind: String,
    pub title: String,
    pub href: String,
    pub procedure: String,
}

/// `GET /law`
pub(crate) async fn page(visit: Visit) -> Response {
    let frame = visit.frame_at("nav-law");
    let profile = &visit.profile;
    let page = LawPage {
        instruments: profile
            .instruments
            .iter()
            .map(|item| instrument(&frame, &visit, item))
            .collect(),
        procedures: profile
            .procedures
            .iter()
            .map(|procedure| Openable {
                href: format!("/law/procedures/{}", procedure.id),
                title: frame.pick(&procedure.title, &procedure.title_en).to_owned(),
                batch_href: String::new(),
                grounds: Grounds::of(&frame, profile, &procedure.basis),
            })
            .collect(),
        digest: profile.digest.to_string(),
        frame,
    };
    ok(&page)
}

fn instrument(frame: &Frame, visit: &Visit, item: &Instrument) -> InstrumentRow {
    let count = visit
        .profile
        .clauses
        .keys()
        .filter(|id| id.instrument() == item.id)
        .count();
    let status = instrument_status(frame, item);
    InstrumentRow {
        title: item.title.clone(),
        number: item.number.clone(),
        class: status.class,
        shape: status.shape,
        status: status.label,
        since: instrument_days(frame, item),
        href: format!("/law/clauses?instrument={}", item.id),
        count: frame.tr("law-clause-count", &[("n", count)]),
    }
}

/// From when, until when, and whether the text was held against an official one.
fn instrument_days(frame: &Frame, item: &Instrument) -> String {
    let since = item
        .in_force_from
        .map(|day| frame.tr("law-since", &[("date", day)]));
    let until = match (item.last_day(), item.trial_years) {
        (Some(day), _) => Some(frame.tr("law-until", &[("date", day)])),
        (None, Some(years)) => Some(frame.tr("law-trial", &[("n", years)])),
        (None, None) => None,
    };
    let unverified = item.unverified.then(|| frame.t("law-unverified"));
    let parts: Vec<String> = since.into_iter().chain(until).chain(unverified).collect();
    parts.join(" · ")
}

fn instrument_status(frame: &Frame, item: &Instrument) -> Status {
    match item.status {
        InstrumentStatus::Draft if item.preview => Status::new("draft", frame.t("law-draft-preview")),
        InstrumentStatus::Draft => Status::new("draft", frame.t("law-draft")),
        InstrumentStatus::InForce => Status::new("done", frame.t("law-in-force")),
        InstrumentStatus::Expired => Status::new("expired", frame.t("law-expired")),
    }
}

fn platform_words(frame: &Frame, platform: Platform) -> (&'static str, String) {
    match platform {
        Platform::Enforce => ("enforce", frame.t("platform-enforce")),
        Platform::Track => ("track", frame.t("platform-track")),
        Platform::Support => ("support", frame.t("platform-support")),
        Platform::None => ("none", frame.t("platform-none")),
    }
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    text: String,
    #[serde(default)]
    instrument: String,
    #[serde(default)]
    page: Option<usize>,
}

/// `GET /law/clauses`
pub(crate) async fn clauses(visit: Visit, Query(asked): Query<Asked>) -> Response {
    let frame = visit.frame_at("nav-law").crumb("/law", &visit.frame.t("nav-law"));
    let profile = &visit.profile;
    let text: String = asked.text.trim().chars().take(100).collect();
    let wanted = text.to_lowercase();
    let matches = |clause: &&Clause| {
        let fields = [
            clause.id.as_str(),
            &clause.article,
            &clause.topic,
            &clause.text_zh,
            &clause.text_en,
        ];
        (asked.instrument.is_empty() || clause.id.instrument() == asked.instrument)
            && (wanted.is_empty() || fields.iter().any(|field| field.to_lowercase().contains(&wanted)))
    };
    let found: Vec<&Clause> = profile.clauses.values().filter(matches).collect();
    let page = asked
        .page
        .unwrap_or(1)
        .clamp(1, found.len().div_ceil(PAGE).max(1));
    let at = |n: usize| {
        format!(
            "/law/clauses?text={}&instrument={}&page={n}",
            query_escape(&text),
            query_escape(&asked.instrument)
        )
    };
    let rows = found.iter().skip((page - 1) * PAGE).take(PAGE).map(|clause| {
        let (platform, platform_label) = platform_words(&frame, clause.platform);
        ClauseRow {
            href: format!("/law/clauses/{}", clause.id),
            id: clause.id.to_string(),
            article: clause.article.clone(),
            text: frame.pick(&clause.text_zh, &clause.text_en).to_owned(),
            platform,
            platform_label,
        }
    });
    let instruments = profile.instruments.iter().map(|item| Choice {
        value: item.id.clone(),
        label: item.short.clone(),
        selected: item.id == asked.instrument,
    });
    ok(&ClausesPage {
        instruments: instruments.collect(),
        total: found.len(),
        rows: rows.collect(),
        previous: if page > 1 { at(page - 1) } else { String::new() },
        next: if page * PAGE < found.len() {
            at(page + 1)
        } else {
            String::new()
        },
        text,
        frame,
    })
}

/// `GET /law/clauses/{id}`
pub(crate) async fn clause(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let unknown =
        || Refusal::unknown("clause_unknown").fact("clause", id.chars().take(40).collect::<String>());
    let id: ClauseId = id.parse().map_err(|_| unknown())?;
    let profile = &visit.profile;
    let clause = profile.clauses.get(&id).ok_or_else(unknown)?;
    let frame = visit
        .frame_at("nav-law")
        .crumb("/law", &visit.frame.t("nav-law"))
        .crumb("/law/clauses", &visit.frame.t("clauses-title"));
    let instrument = profile.instrument_of(&id);
    let status = instrument
        .map(|item| instrument_status(&frame, item))
        .unwrap_or_default();
    let (platform, platform_label) = platform_words(&frame, clause.platform);
    let rules = rules_by_clause(profile).remove(&id).unwrap_or_default();
    let rules = rules.into_iter().map(|rule| {
        let procedure = profile.procedure(&rule.procedure);
        RuleRow {
            kind: frame.t(&format!("rule-{}", rule.kind)),
            title: frame.pick(&rule.title, &rule.title_en).to_owned(),
            href: procedure
                .map(|p| format!("/law/procedures/{}", p.id))
                .unwrap_or_default(),
            procedure: procedure
                .map(|p| frame.pick(&p.title, &p.title_en).to_owned())
                .unwrap_or_default(),
        }
    });
    let scenarios = visit.app().scenarios_of(&id);
    let page = ClausePage {
        instrument: instrument.map(|item| item.title.clone()).unwrap_or_default(),
        article: clause.article.clone(),
        class: status.class,
        shape: status.shape,
        status: status.label,
        platform,
        platform_label,
        text: frame.pick(&clause.text_zh, &clause.text_en).to_owned(),
        detail: clause.detail.clone(),
        rules: rules.collect(),
        scenarios: scenarios
            .into_iter()
            .map(|(name, title)| Labelled {
                label: title,
                text: name,
                ..Labelled::default()
            })
            .collect(),
        id: id.to_string(),
        frame,
    };
    Ok(ok(&page))
}
