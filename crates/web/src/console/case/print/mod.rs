//! A case and its acts as sheets of A4: what may be signed, sealed and filed.
//!
//! The page shows the sheet as it will print, and prints without script. What a visitor sees on the page of the case
//! is what stands on the sheet; personal fields only where they may be opened, each opening noted.

mod act;
mod case;
mod kinds;
#[cfg(test)]
mod sample;
mod ways;

use askama::Template;
use axum::{
    extract::{Path, Request},
    response::Response,
};
use shuyu_app::read::{CaseView, Sheet, TimelineItem, Wanted};
use shuyu_domain::Value;
use shuyu_kernel::{CivilDate, Refusal};
use shuyu_ledger::verification_code;

use super::{
    super::posted::Posted,
    case_id,
    clock::ClockCard,
    facts::{FactGroup, PaperRow},
};
use crate::{
    i18n::Language,
    page::{Chip, ConsoleError, Frame, Visit, ok, parts::instant},
};

pub(crate) use act::act_sheet;
pub(crate) use case::case_sheet;
#[cfg(test)]
pub(crate) use sample::{sample_act, sample_case};

/// The style sheet of the sheets; complete in itself, so that a saved sheet reads the same beside it.
pub(crate) const STYLE: &str = "print.css";

/// What stands around a sheet.
pub(crate) struct Around {
    /// Address of the style sheet.
    pub style: String,
    /// Address of the case; empty for a sheet that is saved, which has nothing around it.
    pub back: String,
    /// Where the form that opens personal fields goes; empty if there are none to open.
    pub personal: String,
}

/// How a sheet is proved.
#[derive(Default)]
pub(crate) struct Proof {
    pub index: u64,
    pub code: String,
    pub leaf: String,
    pub recorded_at: String,
}

#[derive(Template)]
#[template(path = "print_case.html")]
pub(crate) struct CaseSheetPage {
    pub frame: Frame,
    pub around: Around,
    pub procedure: String,
    pub number: String,
    pub title: String,
    pub basics: Vec<Row>,
    pub groups: Vec<FactGroup>,
    pub lanes: Vec<LaneOpinion>,
    pub clocks: Vec<ClockCard>,
    pub decisions: Vec<Decision>,
    pub papers: Vec<PaperRow>,
    pub clauses: Vec<Chip>,
    pub proof: Proof,
}

/// A label with what stands beside it.
pub(crate) struct Row {
    pub label: String,
    pub text: String,
}

/// A lane and what was said in it.
pub(crate) struct LaneOpinion {
    pub title: String,
    pub body: String,
    pub status: String,
    pub said: Vec<String>,
}

/// An act that took effect.
pub(crate) struct Decision {
    pub number: usize,
    pub what: String,
    pub detail: String,
    pub days: String,
    pub who: String,
    pub clauses: String,
    pub index: u64,
    pub code: String,
}

#[derive(Template)]
#[template(path = "print_act.html")]
pub(crate) struct ActSheetPage {
    pub frame: Frame,
    pub around: Around,
    pub issuer: String,
    pub number: String,
    pub title: String,
    pub addressee: String,
    pub body: String,
    pub results: Vec<String>,
    pub groups: Vec<FactGroup>,
    pub ways: Vec<String>,
    pub clauses: Vec<Chip>,
    pub note: String,
    pub closing: String,
    pub seals: Vec<Seal>,
    pub hands: Vec<String>,
    pub proof: Proof,
}

/// A place for a signature and a seal.
pub(crate) struct Seal {
    pub label: String,
    pub body: String,
    pub on: String,
}

/// `GET /cases/{id}/print`
pub(crate) async fn print_case(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    one_case(&visit, &id, false).await
}

/// `POST /cases/{id}/print`: with personal fields in the clear; each look is noted before it is shown.
pub(crate) async fn print_case_in_clear(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, ConsoleError> {
    Posted::read(&visit, request).await?;
    one_case(&visit, &id, true).await
}

/// `GET /cases/{id}/acts/{n}/print`
pub(crate) async fn print_act(
    visit: Visit,
    Path((id, number)): Path<(String, String)>,
) -> Result<Response, ConsoleError> {
    one_act(&visit, &id, &number, false).await
}

/// `POST /cases/{id}/acts/{n}/print`: with personal fields in the clear.
pub(crate) async fn print_act_in_clear(
    visit: Visit,
    Path((id, number)): Path<(String, String)>,
    request: Request,
) -> Result<Response, ConsoleError> {
    Posted::read(&visit, request).await?;
    one_act(&visit, &id, &number, true).await
}

async fn one_case(visit: &Visit, id: &str, personal: bool) -> Result<Response, ConsoleError> {
    let wanted = Wanted { act: None, personal };
    let printed = visit
        .app()
        .case_to_print(&visit.session, case_id(id)?, wanted)
        .await?;
    let around = around(visit, &printed.view, "print", personal);
    Ok(ok(&case_sheet(visit, &printed, around)?))
}

async fn one_act(visit: &Visit, id: &str, number: &str, personal: bool) -> Result<Response, ConsoleError> {
    let number: usize = number.parse().unwrap_or(0);
    let wanted = Wanted {
        act: Some(number),
        personal,
    };
    let printed = visit
        .app()
        .case_to_print(&visit.session, case_id(id)?, wanted)
        .await?;
    let around = around(visit, &printed.view, &format!("acts/{number}/print"), personal);
    Ok(ok(&act_sheet(visit, &printed, number, around)?))
}

fn around(visit: &Visit, view: &CaseView, below: &str, opened: bool) -> Around {
    let back = format!("/cases/{}", view.case.id);
    let sealed = view
        .case
        .fields
        .values()
        .any(|value| matches!(value, Value::Sealed { .. }));
    let may = !opened && sealed && view.case.has_party(visit.session.actor.body);
    Around {
        style: visit.frame.asset(STYLE),
        personal: if may {
            format!("{back}/{below}")
        } else {
            String::new()
        },
        back,
    }
}

/// The words of opened personal fields, by field.
fn clear_words(frame: &Frame, sheet: &Sheet) -> std::collections::BTreeMap<String, String> {
    let words = |text: &Option<String>| text.clone().unwrap_or_else(|| frame.t("fact-erased"));
    let opened = sheet.clear.iter();
    opened.map(|(field, text)| (field.clone(), words(text))).collect()
}

fn proof(view: &CaseView, item: &TimelineItem) -> Proof {
    Proof {
        index: item.index,
        code: verification_code(&item.leaf),
        leaf: item.leaf.to_string(),
        recorded_at: instant(&view.profile, item.recorded_at),
    }
}

/// A day as sheets write it: in Chinese in the form of GB/T 9704, else ISO 8601.
fn day(frame: &Frame, date: CivilDate) -> String {
    if frame.lang != Language::Zh {
        return date.to_string();
    }
    let parts = [
        ("year", i64::from(date.year())),
        ("month", i64::from(date.month())),
        ("day", i64::from(date.day())),
    ];
    frame.tr("print-day", &parts)
}

/// The name of a case on its sheets: its title, or its number while it has none.
fn case_name(view: &CaseView) -> &str {
    let case = &view.case;
    if case.title.is_empty() {
        &case.number
    } else {
        &case.title
    }
}

fn no_such_act(number: usize) -> Refusal {
    Refusal::unknown("printed_act_unknown")
        .fact("number", number)
        .fact("last", 0)
}
