//! The page of a dataset: columns, governance, lineage, quality.

use askama::Template;
use axum::{extract::Path, response::Response};
use shuyu_kernel::{DatasetId, Refusal};

use super::{governance::GovernancePart, lineage::LineagePart, report, workbench::domain_label};
use crate::page::{ConsoleError, Frame, Visit, ok, parts::Labelled};

#[derive(Template)]
#[template(path = "dataset.html")]
pub(crate) struct DatasetPage {
    pub frame: Frame,
    pub table: String,
    pub facts: Vec<Labelled>,
    pub case_href: String,
    pub case_title: String,
    pub entry_href: String,
    pub columns: Vec<String>,
    pub governance: GovernancePart,
    pub lineage: LineagePart,
    pub report: Vec<Labelled>,
}

/// `GET /datasets/{id}`
pub(crate) async fn page(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let unknown =
        || Refusal::unknown("dataset_unknown").fact("dataset", id.chars().take(40).collect::<String>());
    let wanted: DatasetId = id.parse().map_err(|_| unknown())?;
    let rows = visit.app().all_datasets(&visit.session).await?;
    let row = rows
        .into_iter()
        .find(|row| row.dataset == wanted)
        .ok_or_else(unknown)?;
    let frame = visit
        .frame_at("nav-catalogue")
        .crumb("/datasets", &visit.frame.t("datasets-title"));
    let case = visit.app().case_view(&visit.session, row.resource).await?.case;
    let found = visit.app().quality_report(&visit.session, &row).await?;
    let governance = visit.app().governance(&visit.session, &row).await?;
    let lineage = visit.app().lineage(&visit.session, wanted).await?;
    let fact = |key: &str, text: String| Labelled {
        label: frame.t(key),
        text,
        ..Labelled::default()
    };
    let subjects = row
        .domain
        .as_deref()
        .map_or_else(|| frame.t("domain-none"), |domain| domain_label(&frame, domain));
    let facts = vec![
        fact("head-version", row.version.to_string()),
        fact("head-rows", row.rows.to_string()),
        fact("head-subjects", subjects),
        fact("dataset-rows-per-unit", row.rows_per_unit.to_string()),
    ];
    let columns = row.columns;
    let page = DatasetPage {
        facts,
        table: row.table,
        case_href: format!("/cases/{}", row.resource),
        case_title: format!("{} {}", case.number, case.title),
        entry_href: format!("/ledger/{}", row.as_of),
        report: found.map(|found| report::lines(&found)).unwrap_or_default(),
        governance: GovernancePart::of(&frame, (&wanted.to_string(), &columns), governance),
        lineage: LineagePart::of(&frame, &lineage),
        columns,
        frame,
    };
    Ok(ok(&page))
}
