//! Own lists (自带名单) on the workbench: what was brought, bringing one, taking one back.

use axum::{
    extract::{FromRequest, Multipart, Path, Request},
    response::Redirect,
};
use shuyu_app::{
    Stop,
    own::{LIMIT_BYTES, MOST_EVER, MOST_LABELS, MOST_LISTS, MOST_ROWS, NewOwnList, OwnLists},
};
use shuyu_domain::case::OwnList;
use shuyu_kernel::{DatasetId, PermitId, Refusal};

use super::{
    posted::{Posted, malformed, piped},
    workbench::{domain_label, permit_id},
};
use crate::page::{ConsoleError, Frame, Visit};

const MIB: u64 = 1024 * 1024;

/// The section of the workbench.
#[derive(Default)]
pub(crate) struct OwnView {
    pub open: bool,
    /// Why none can be brought, in words; empty where one can.
    pub closed: String,
    pub action: String,
    pub form_key: String,
    /// What a list must be, in words with the numbers of the permit.
    pub must: Vec<String>,
    /// Identifier domains with their words.
    pub domains: Vec<(String, String)>,
    pub rows: Vec<OwnRow>,
}

pub(crate) struct OwnRow {
    pub name: String,
    pub columns: String,
    pub size: String,
    pub version: u64,
    pub on: String,
    pub state: String,
    /// Where it is taken back; empty for one that ended.
    pub take_back: String,
}

/// Lists are seen and taken back also while the permit does not hold; who may do neither is shown nothing.
pub(crate) async fn section(visit: &Visit, frame: &Frame, permit: PermitId) -> Result<OwnView, ConsoleError> {
    let found = match visit.app().own_lists(&visit.session, permit).await {
        Ok(found) => found,
        Err(Stop::Refused(_)) => return Ok(OwnView::default()),
        Err(fault) => return Err(fault.into()),
    };
    let joins = !found.domains.is_empty();
    let action = format!("/permits/{permit}/own-lists");
    let rows = found.lists.iter().map(|list| row(frame, list, &action)).collect();
    Ok(OwnView {
        open: found.open && joins,
        closed: match (found.open, joins) {
            (true, true) => String::new(),
            (true, false) => frame.t("own-no-subjects"),
            (false, _) => frame.t("own-closed"),
        },
        form_key: visit.app().form_key(),
        must: must(frame, &found),
        domains: found
            .domains
            .iter()
            .map(|domain| (domain.clone(), domain_label(frame, domain)))
            .collect(),
        rows,
        action,
    })
}

fn must(frame: &Frame, found: &OwnLists) -> Vec<String> {
    let least = [("n", found.least.unwrap_or_default())];
    let ever = [("most", MOST_EVER), ("brought", found.lists.len())];
    vec![
        frame.tr("own-must-be-subjects", &least),
        frame.tr("own-must-be-labels", &least),
        frame.t("own-must-be-clean"),
        frame.tr(
            "own-must-be-small",
            &[
                ("rows", MOST_ROWS),
                ("mib", LIMIT_BYTES / MIB),
                ("labels", MOST_LABELS as u64),
                ("lists", MOST_LISTS as u64),
            ],
        ),
        frame.tr("own-must-be-counted", &ever),
    ]
}

fn row(frame: &Frame, list: &OwnList, action: &str) -> OwnRow {
    let state = match (list.erased_on, list.ended) {
        (Some(on), Some((_, why))) => {
            let why = frame.t(&format!("own-ended-{}", why.word().replace('_', "-")));
            frame.tr("own-erased-on", &[("date", on.to_string()), ("why", why)])
        }
        (None, Some((_, why))) => frame.t(&format!("own-ended-{}", why.word().replace('_', "-"))),
        (_, None) => frame.t("own-stands"),
    };
    let sizes = [("rows", list.rows), ("subjects", list.subjects)];
    OwnRow {
        name: list.table.clone(),
        columns: format!("{} · {}", list.subject, list.labels.join(" · ")),
        size: frame.tr("own-size", &sizes),
        version: list.version,
        on: list.brought_on.to_string(),
        state,
        take_back: if list.stands() {
            format!("{action}/{}/take-back", list.dataset)
        } else {
            String::new()
        },
    }
}

/// `POST /permits/{id}/own-lists`: the fields come before the file, which is handed on while it arrives.
pub(crate) async fn bring(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let permit = permit_id(&id)?;
    let form = Multipart::from_request(request, &()).await;
    let mut form = form.map_err(|_| malformed())?;
    let mut posted = Posted::default();
    while let Some(field) = form.next_field().await.map_err(|_| malformed())? {
        let name = field.name().unwrap_or_default().to_owned();
        if field.file_name().is_none() {
            posted.keep(&visit, name, field).await?;
            continue;
        }
        posted.is_ours(&visit)?;
        let new = NewOwnList {
            name: posted.one("name").trim().to_owned(),
            subject: posted.one("subject").trim().to_owned(),
            domain: posted.filled("domain"),
        };
        let (bytes, pump) = piped(field);
        let brought = visit
            .app()
            .bring_own_list(&visit.session, permit, new, bytes, posted.filled("key"));
        let (brought, ()) = tokio::join!(brought, pump);
        brought?;
        return Ok(Redirect::to(&format!("/permits/{permit}#own-lists")));
    }
    posted.is_ours(&visit)?;
    Err(Refusal::unmet("file_empty").into())
}

/// `POST /permits/{id}/own-lists/{dataset}/take-back`
pub(crate) async fn take_back(
    visit: Visit,
    Path((id, dataset)): Path<(String, String)>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    Posted::read(&visit, request).await?;
    let permit = permit_id(&id)?;
    let dataset: Result<DatasetId, _> = dataset.parse();
    let dataset = dataset.map_err(|_| Refusal::unknown("own_list_unknown"))?;
    visit
        .app()
        .take_back_own_list(&visit.session, permit, dataset)
        .await?;
    Ok(Redirect::to(&format!("/permits/{permit}#own-lists")))
}
