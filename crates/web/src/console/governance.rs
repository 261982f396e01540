//! Governance on the page of a dataset: sensitive fields with the grade proposed, and how safe the version is.

use axum::{
    extract::{Path, Request},
    response::Redirect,
};
use serde::Serialize;
use shuyu_app::governance::{Assessed, Examination, Governance, NewAssessment};
use shuyu_kernel::{DatasetId, Refusal};

use super::posted::Posted;
use crate::page::{ConsoleError, Frame, Visit, parts::Labelled};

/// The part of the page.
#[derive(Default)]
pub(crate) struct GovernancePart {
    /// Whether the session may order an examination or assessment.
    pub may_order: bool,
    /// Whether there is anything to show or to order.
    pub shown: bool,
    /// Address the orders go under.
    pub href: String,
    /// Columns that may be chosen.
    pub columns: Vec<String>,
    /// The grade proposed and why, in words; empty before an examination.
    pub grade: Vec<Labelled>,
    /// Columns with what they hold.
    pub fields: Vec<FieldRow>,
    /// The figures of an assessment; empty before one.
    pub figures: Vec<Labelled>,
    /// Rows by the size of their class.
    pub sizes: Vec<SizeRow>,
    /// Sensitive columns of an assessment.
    pub diversity: Vec<DiversityRow>,
}

pub(crate) struct FieldRow {
    pub column: String,
    pub kind: String,
    pub confidence: String,
    pub valid: String,
    pub level: u8,
    pub reason: String,
}

pub(crate) struct SizeRow {
    pub label: String,
    pub classes: u64,
    pub rows: u64,
    /// Share of all rows in hundredths, for the bar.
    pub percent: u64,
}

pub(crate) struct DiversityRow {
    pub column: String,
    pub distinct: u64,
    pub entropy: String,
    pub recursive: String,
    pub closeness: String,
    pub distance: String,
}

impl GovernancePart {
    /// What stands on the page of a dataset with these columns.
    pub(crate) fn of(frame: &Frame, (dataset, columns): (&str, &[String]), found: Governance) -> Self {
        let mut part = Self {
            may_order: found.may_order,
            shown: found.may_order || found.examination.is_some() || found.assessed.is_some(),
            href: format!("/datasets/{dataset}"),
            columns: columns.to_vec(),
            ..Self::default()
        };
        if let Some(examination) = found.examination {
            part.examined(frame, &examination);
        }
        if let Some(assessed) = found.assessed {
            part.assessed(frame, &assessed);
        }
        part
    }

    fn examined(&mut self, frame: &Frame, found: &Examination) {
        let grade = frame.tr("governance-level", &[("level", found.proposal.level)]);
        self.grade.push(line(frame.t("governance-grade"), grade));
        for (reason, columns) in &found.proposal.together {
            let mut text = frame.t(&format!("grade-reason-{}", word(reason)));
            if !columns.is_empty() {
                text = frame.tr(
                    "governance-columns",
                    &[("reason", text), ("columns", columns.join(", "))],
                );
            }
            self.grade.push(line(frame.t("governance-together"), text));
        }
        let graded = found.columns.iter().zip(&found.proposal.columns);
        let rows = graded.map(|(column, grade)| {
            let surest = column.findings.first();
            FieldRow {
                column: column.column.clone(),
                kind: surest.map_or_else(
                    || frame.t("governance-nothing"),
                    |finding| frame.t(&format!("sensitive-{}", word(&finding.kind))),
                ),
                confidence: surest.map_or_else(String::new, |finding| percent(finding.confidence)),
                valid: surest.map_or_else(String::new, |finding| percent(finding.valid_share)),
                level: grade.level,
                reason: frame.t(&format!("grade-reason-{}", word(&grade.reason))),
            }
        });
        self.fields = rows.collect();
    }

    fn assessed(&mut self, frame: &Frame, found: &Assessed) {
        let figures = &found.figures;
        let share = |value: f64| format!("{:.2}%", value * 100.0);
        let whole = |key: &str, value: u64| line(frame.t(key), value.to_string());
        self.figures = vec![
            line(frame.t("assess-quasi"), found.quasi.join(", ")),
            whole("assess-rows", figures.rows),
            whole("assess-classes", figures.classes),
            whole("assess-k", figures.k),
            whole("assess-k-fifth", figures.k_fifth_percentile),
            whole("assess-k-median", figures.k_median),
            whole("assess-unique", figures.unique_rows),
            line(frame.t("assess-prosecutor"), share(figures.risk.prosecutor)),
            line(frame.t("assess-journalist"), share(figures.risk.journalist)),
            line(frame.t("assess-marketer"), share(figures.risk.marketer)),
        ];
        let bands = figures.sizes.iter().filter(|band| band.classes > 0);
        let sizes = bands.map(|band| SizeRow {
            label: match band.to {
                Some(to) if to == band.from => to.to_string(),
                Some(to) => format!("{}–{to}", band.from),
                None => format!("≥ {}", band.from),
            },
            classes: band.classes,
            rows: band.rows,
            percent: (band.rows * 100).checked_div(figures.rows).unwrap_or(0),
        });
        self.sizes = sizes.collect();
        let rows = figures.sensitive.iter().map(|own| DiversityRow {
            column: own.column.clone(),
            distinct: own.distinct,
            entropy: format!("{:.2}", own.entropy),
            recursive: own
                .recursive_c
                .map_or_else(|| "∞".to_owned(), |c| format!("{c:.2}")),
            closeness: format!("{:.3}", own.closeness),
            distance: frame.t(if own.ordered {
                "assess-ordered"
            } else {
                "assess-equal"
            }),
        });
        self.diversity = rows.collect();
    }
}

fn line(label: String, text: String) -> Labelled {
    Labelled {
        label,
        text,
        ..Labelled::default()
    }
}

/// Thousandths as a percentage.
fn percent(thousandths: u32) -> String {
    format!("{}.{}%", thousandths / 10, thousandths % 10)
}

/// A word of a closed list as keys of messages have it.
fn word(value: &impl Serialize) -> String {
    let name = serde_json::to_value(value).ok();
    let name = name.as_ref().and_then(|name| name.as_str()).unwrap_or_default();
    name.replace('_', "-")
}

fn dataset_of(id: &str) -> Result<DatasetId, Refusal> {
    let unknown =
        || Refusal::unknown("dataset_unknown").fact("dataset", id.chars().take(40).collect::<String>());
    id.parse().map_err(|_| unknown())
}

/// `POST /datasets/{id}/examine`: starts a job.
pub(crate) async fn examine(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    Posted::read(&visit, request).await?;
    let number = visit
        .app()
        .start_examination(&visit.session, dataset_of(&id)?)
        .await?;
    Ok(Redirect::to(&format!("/jobs/{number}")))
}

/// `POST /datasets/{id}/assess`: starts a job.
pub(crate) async fn assess(
    visit: Visit,
    Path(id): Path<String>,
    request: Request,
) -> Result<Redirect, ConsoleError> {
    let posted = Posted::read(&visit, request).await?;
    let chosen = |name: &str| posted.all(name).map(str::to_owned).collect();
    let new = NewAssessment {
        quasi: chosen("quasi"),
        sensitive: chosen("sensitive"),
    };
    let number = visit
        .app()
        .start_assessment(&visit.session, dataset_of(&id)?, new)
        .await?;
    Ok(Redirect::to(&format!("/jobs/{number}")))
}
