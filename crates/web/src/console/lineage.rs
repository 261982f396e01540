//! Lineage on the pages of datasets and products: what was made of what, column by column.

use shuyu_app::lineage::{Lineage, Made};

use crate::page::{Frame, parts::Link};

/// The part of a page.
#[derive(Default)]
pub(crate) struct LineagePart {
    /// Versions, nearest first.
    pub made: Vec<MadeRow>,
    /// What was derived from the first of them.
    pub derived: Vec<Link>,
    /// Releases that read it.
    pub releases: Vec<Link>,
}

pub(crate) struct MadeRow {
    pub href: String,
    pub label: String,
    pub origin: String,
    pub columns: Vec<ColumnRow>,
}

pub(crate) struct ColumnRow {
    pub column: String,
    pub source: String,
    pub steps: String,
}

impl LineagePart {
    /// For a dataset.
    pub(crate) fn of(frame: &Frame, found: &Lineage) -> Self {
        let derived = found.derived.iter().map(|(dataset, version, table)| Link {
            href: format!("/datasets/{dataset}"),
            label: label(frame, table, *version),
        });
        let releases = found.releases.iter().map(|(release, _)| Link {
            href: format!("/releases/{release}"),
            label: release.to_string(),
        });
        Self {
            made: rows(frame, &found.made),
            derived: derived.collect(),
            releases: releases.collect(),
        }
    }

    /// For a product.
    pub(crate) fn made(frame: &Frame, made: &[Made]) -> Self {
        Self {
            made: rows(frame, made),
            ..Self::default()
        }
    }
}

fn label(frame: &Frame, table: &str, version: u64) -> String {
    frame.tr(
        "lineage-version",
        &[("table", table.to_owned()), ("version", version.to_string())],
    )
}

fn rows(frame: &Frame, made: &[Made]) -> Vec<MadeRow> {
    let row = |own: &Made| {
        let columns = own.columns.iter().map(|column| ColumnRow {
            column: column.column.clone(),
            source: column.source.clone(),
            steps: steps(frame, &column.steps),
        });
        MadeRow {
            href: format!("/datasets/{}", own.dataset),
            label: label(frame, &own.table, own.version),
            origin: match own.from {
                Some((from, version)) => {
                    let table = made
                        .iter()
                        .find(|other| (other.dataset, other.version) == (from, version));
                    let table = table.map_or_else(|| from.to_string(), |other| other.table.clone());
                    frame.tr("lineage-derived", &[("from", label(frame, &table, version))])
                }
                None => frame.tr("lineage-files", &[("files", own.raw)]),
            },
            columns: columns.collect(),
        }
    };
    made.iter().map(row).collect()
}

fn steps(frame: &Frame, steps: &[String]) -> String {
    if steps.is_empty() {
        return frame.t("lineage-as-is");
    }
    let word = |step: &String| frame.t(&format!("step-{}", step.replace('_', "-")));
    steps.iter().map(word).collect::<Vec<_>>().join(" → ")
}
