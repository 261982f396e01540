//! The monthly report: figures of a month compiled from the record, each the number of the rows behind it, compared
//! with the month before row by row.
//!
//! Overseers report on all cases, any other body on its own. A figure never stands alone: it is computed from its rows
//! ([`Figure::value`]), and what came and went since last month are rows, too. Rows name cases, acts and clocks, never
//! people.

mod kind;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{Case, port::CaseFilter};
use shuyu_kernel::{CaseId, CivilDate, ClauseId, Refusal};

use crate::{App, Session, Stop};

pub use kind::{FigureKind, Month};
pub use rows::Span;

/// Cases read at once; platform choice.
const BATCH: u64 = 500;

/// A row behind a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// What the row is, the same in every month.
    pub key: String,
    /// Procedure of the case; empty for days.
    pub procedure: String,
    /// The case; `None` for days.
    pub case: Option<CaseId>,
    /// 案号, or the day.
    pub number: String,
    /// Title of the case.
    pub title: String,
    /// Act or clock it is about; empty for the case as a whole.
    pub what: String,
    /// Day it happened or began.
    pub on: CivilDate,
    /// Last day of a clock.
    pub due: Option<CivilDate>,
    /// Working days a clock is or was late.
    pub late: i64,
    /// How much it counts: 1, or the queries or calls of a day.
    pub count: i64,
    /// Clauses of the clock or of the rule.
    pub clauses: Vec<ClauseId>,
}

/// A figure of one procedure with the rows behind it, this month and last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it counts.
    pub kind: FigureKind,
    /// Procedure; empty for queries and calls.
    pub procedure: String,
    /// Rows of the month.
    pub rows: Vec<Row>,
    /// Rows of the month before.
    pub before: Vec<Row>,
}

impl Figure {
    /// The figure: what its rows count.
    pub fn value(&self) -> i64 {
        sum(&self.rows)
    }

    /// The figure of the month before.
    pub fn last(&self) -> i64 {
        sum(&self.before)
    }

    /// Rows that were not there last month.
    pub fn came(&self) -> Vec<&Row> {
        without(&self.rows, &self.before)
    }

    /// Rows of last month that are there no more.
    pub fn went(&self) -> Vec<&Row> {
        without(&self.before, &self.rows)
    }
}

/// What rows count together.
pub fn sum<'a>(rows: impl IntoIterator<Item = &'a Row>) -> i64 {
    rows.into_iter().fold(0, |sum, row| sum.saturating_add(row.count))
}

fn without<'a>(rows: &'a [Row], others: &[Row]) -> Vec<&'a Row> {
    let known: BTreeSet<&str> = others.iter().map(|row| row.key.as_str()).collect();
    rows.iter()
        .filter(|row| !known.contains(row.key.as_str()))
        .collect()
}

/// The report of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The month.
    pub month: Month,
    /// The day it looks from: the last of the month, or today while it lasts.
    pub until: CivilDate,
    /// On all cases, not only on those of the body.
    pub all: bool,
    /// Figures with rows in this month or the last, by kind, then in the order of procedures.
    pub figures: Vec<Figure>,
}

impl Report {
    /// The figure of a kind and procedure.
    pub fn figure(&self, kind: FigureKind, procedure: &str) -> Option<&Figure> {
        self.figures
            .iter()
            .find(|figure| figure.kind == kind && figure.procedure == procedure)
    }

    /// Clocks that run beyond their day, the longest overdue first.
    pub fn overdue(&self) -> Vec<&Row> {
        let overdue = self.figures.iter().filter(|f| f.kind == FigureKind::Overdue);
        let mut rows: Vec<&Row> = overdue.flat_map(|figure| &figure.rows).collect();
        rows.sort_by(|a, b| (b.late, &a.number).cmp(&(a.late, &b.number)));
        rows
    }
}

/// Figures of cases, by kind and procedure: this month and last.
pub(crate) type Compiled = BTreeMap<(FigureKind, String), (Vec<Row>, Vec<Row>)>;

impl App {
    /// The report of a month. Overseers see all cases, others those of their body. The look is noted.
    ///
    /// # Errors
    /// `month_to_come` for a month that has not begun; faults.
    pub async fn report(&self, session: &Session, month: Month) -> Result<Report, Stop> {
        let result = self.report_inner(session, month).await;
        self.looked(session, "view", format!("report/{month}"), result)
            .await
    }

    async fn report_inner(&self, session: &Session, month: Month) -> Result<Report, Stop> {
        self.require_signed_in(session)?;
        let today = self.today();
        if month.first() > today {
            return Err(Refusal::unmet("month_to_come").fact("month", month).into());
        }
        let all = self.oversees(session);
        let body = (!all).then_some(session.actor.body);
        let (now, last) = (Span::of(month, today), Span::of(month.before(), today));
        let mut compiled = Compiled::new();
        let mut seen = BTreeSet::new();
        let mut filter = CaseFilter {
            body,
            limit: BATCH,
            ..CaseFilter::default()
        };
        loop {
            let (found, _) = self.record.cases(&filter).await?;
            if found.is_empty() {
                break;
            }
            let loaded = self
                .record
                .load(&found.iter().map(|row| row.id).collect())
                .await?;
            // A case opened meanwhile moves the pages on by one: nothing is counted twice.
            let fresh = found.iter().filter(|row| seen.insert(row.id));
            for case in fresh.filter_map(|row| loaded.linked.get(&row.id)) {
                self.compile(case, (&now, &last), &mut compiled)?;
            }
            filter.offset += BATCH;
        }
        if all {
            self.by_day(FigureKind::Queries, "queries_on", (&now, &last), &mut compiled)
                .await?;
            self.by_day(FigureKind::Calls, "calls_on", (&now, &last), &mut compiled)
                .await?;
        }
        Ok(Report {
            month,
            until: now.to,
            all,
            figures: self.in_order(compiled),
        })
    }

    fn compile(&self, case: &Case, (now, last): (&Span, &Span), compiled: &mut Compiled) -> Result<(), Stop> {
        let profile = self.profiles.get(case.profile)?;
        let Some(rules) = profile.procedure(&case.procedure) else {
            return Ok(());
        };
        for (span, this) in [(now, true), (last, false)] {
            for (kind, row) in rows::of_case(case, rules, span, &profile.calendar) {
                let both = compiled.entry((kind, case.procedure.clone())).or_default();
                if this { both.0.push(row) } else { both.1.push(row) }
            }
        }
        Ok(())
    }

    /// Counters of a family by day.
    async fn by_day(
        &self,
        kind: FigureKind,
        family: &str,
        (now, last): (&Span, &Span),
        compiled: &mut Compiled,
    ) -> Result<(), Stop> {
        let mut both = (Vec::new(), Vec::new());
        for (span, rows) in [(now, &mut both.0), (last, &mut both.1)] {
            let (from, before) = (
                format!("{family}/{}", span.from),
                format!("{family}/{}", span.to.plus_days(1)),
            );
            for (name, count) in self.record.counters(&from, &before).await? {
                rows.extend(rows::of_day(&name, count));
            }
        }
        if !both.0.is_empty() || !both.1.is_empty() {
            compiled.insert((kind, String::new()), both);
        }
        Ok(())
    }

    fn in_order(&self, compiled: Compiled) -> Vec<Figure> {
        let profile = self.profile();
        let place = |id: &str| {
            let known = profile.procedures.iter().position(|procedure| procedure.id == id);
            known.unwrap_or(usize::MAX)
        };
        let figures = compiled
            .into_iter()
            .map(|((kind, procedure), (mut rows, mut before))| {
                for rows in [&mut rows, &mut before] {
                    rows.sort_by(|a, b| (a.on, &a.number, &a.key).cmp(&(b.on, &b.number, &b.key)));
                }
                Figure {
                    kind,
                    procedure,
                    rows,
                    before,
                }
            });
        let mut figures: Vec<Figure> = figures.collect();
        figures.sort_by_key(|figure| (figure.kind, place(&figure.procedure), figure.procedure.clone()));
        figures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, count: i64) -> Row {
        Row {
            key: key.to_owned(),
            procedure: "plan".to_owned(),
            case: None,
            number: key.to_owned(),
            title: String::new(),
            what: String::new(),
            on: CivilDate::new(2026, 2, 3).expect("a day"),
            due: None,
            late: 0,
            count,
            clauses: Vec::new(),
        }
    }

    #[test]
    fn last_month_with_what_came_and_without_what_went_is_this_month() {
        for (now, last, wanted) in [
            (vec!["a", "b"], vec!["b", "c"], (2, 2, 1, 1)),
            (vec![], vec!["b"], (0, 1, 0, 1)),
            (vec!["a"], vec![], (1, 0, 1, 0)),
            (vec!["a"], vec!["a"], (1, 1, 0, 0)),
        ] {
            let rows = |keys: &[&str]| keys.iter().map(|key| row(key, 1)).collect();
            let figure = Figure {
                kind: FigureKind::Open,
                procedure: "plan".to_owned(),
                rows: rows(&now),
                before: rows(&last),
            };
            let (came, went) = (sum(figure.came()), sum(figure.went()));
            assert_eq!((figure.value(), figure.last(), came, went), wanted);
            assert_eq!(figure.last() + came - went, figure.value());
        }
        assert_eq!(sum(&[row("2026-02-01", 5), row("2026-02-02", 7)]), 12);
    }
}
