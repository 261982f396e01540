//! Figures of a disclosure, compiled from the record; each names the rows it was counted from.

use std::collections::BTreeMap;

use serde::Serialize;
use shuyu_domain::port::{CaseFilter, CaseRow};

use crate::{App, Session, Stop};

/// A figure with the rows behind it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Figure {
    /// Stable name; its words stand in `locales/` as `figure-<name>`.
    pub name: String,
    /// The number.
    pub value: i64,
    /// Numbers of the cases it was counted from.
    pub rows: Vec<String>,
}

impl App {
    /// What the record says today about the authorised operation (YN-OP-149, YN-OP-151).
    pub async fn disclosure_figures(&self, session: &Session) -> Result<Vec<Figure>, Stop> {
        let result = self.disclosure_figures_inner(session).await;
        self.looked(session, "view", "figures", result).await
    }

    async fn disclosure_figures_inner(&self, session: &Session) -> Result<Vec<Figure>, Stop> {
        self.require_signed_in(session)?;
        let mut figures = Vec::new();
        let counted: [(&str, &str, &[&str]); 5] = [
            ("plans", "plan", &["approved"]),
            ("agreements", "operator_agreement", &["signed", "active"]),
            ("permits", "data_use", &["permitted"]),
            ("developers", "development", &["signed", "active"]),
            ("products", "product", &["published"]),
        ];
        for (name, procedure, stages) in counted {
            let rows = self.all_cases(procedure, stages).await?;
            figures.push(Figure {
                name: name.to_owned(),
                value: i64::try_from(rows.len()).unwrap_or(i64::MAX),
                rows: rows.into_iter().map(|row| row.number).collect(),
            });
        }
        let datasets = self.record.datasets(None).await?;
        figures.push(Figure {
            name: "rows_aggregated".to_owned(),
            value: datasets
                .iter()
                .map(|row| i64::try_from(row.rows).unwrap_or(0))
                .sum(),
            rows: datasets.iter().map(|row| row.table.clone()).collect(),
        });
        figures.push(Figure {
            name: "calls".to_owned(),
            value: self.record.count("calls", 0).await?,
            rows: Vec::new(),
        });
        Ok(figures)
    }

    /// The figures as the text a `Figures` field takes.
    pub fn figures_text(figures: &[Figure]) -> String {
        let lines: BTreeMap<&str, i64> = figures
            .iter()
            .map(|figure| (figure.name.as_str(), figure.value))
            .collect();
        lines
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("\n")
    }

    async fn all_cases(&self, procedure: &str, stages: &[&str]) -> Result<Vec<CaseRow>, Stop> {
        let filter = CaseFilter {
            procedures: vec![procedure.to_owned()],
            stages: stages.iter().map(|stage| (*stage).to_owned()).collect(),
            limit: 10_000,
            ..CaseFilter::default()
        };
        Ok(self.record.cases(&filter).await?.0)
    }
}
