//! Marginals (边际分布): how often the values of a column occur, as it left under differential privacy, for made-up
//! tables.
//!
//! A marginal is the answer in mode `dp` to one question about one column, and nothing else. The question is written
//! here, by the platform; the proceedings name its keyed digest and what it was charged. So no number reaches a made-up
//! table that did not leave in mode `dp`, whoever asked may have it anyway, and to use it costs nothing further. A count
//! that noise took to nothing is dropped, and so is a value that too few subjects have: it did not leave.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Event,
    event::ReleaseEvent,
    port::{Document, Stream},
};
use shuyu_kernel::{DatasetId, Digest, PermitId, Refusal, ReleaseId};
use shuyu_privacy::{
    dummy::marginal,
    permit::{Permit, PermitMode, TableKind, Use},
};

use crate::{
    App, Session, Stop,
    budget::{DatasetBudget, budget_short, stricter},
    permit::Standing,
    port::{Answer, Cell},
    workbench::as_recorded,
};

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ColumnOf {
    /// Table.
    pub table: String,
    /// Column.
    pub column: String,
}

/// Value → weight, by value.
pub(crate) type Weights = Vec<(String, u64)>;

/// A marginal that left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marginal {
    /// The release it is made of.
    pub release: ReleaseId,
    /// Value → weight, by value.
    pub(crate) weights: Weights,
}

impl Marginal {
    /// Values that it has.
    pub fn values(&self) -> usize {
        self.weights.len()
    }
}

/// Marginals by column.
pub(crate) type Known = BTreeMap<ColumnOf, Marginal>;

/// The marginals of a permit.
#[derive(Debug, Clone, PartialEq)]
pub struct Marginals {
    /// Columns that can have one: those for grouping, of tables about subjects. With what left, if it did.
    pub columns: Vec<(ColumnOf, Option<Marginal>)>,
    /// Millionths of ρ that each costs.
    pub cost: u64,
    /// Values with fewer subjects, counted with noise, do not leave; as the engine says of the first of the columns.
    pub least_subjects: Option<u64>,
    /// What the budgets of the body that asks still pay for.
    pub budgets: Vec<DatasetBudget>,
    /// Why none can be released.
    pub closed: Option<Refusal>,
}

/// The one question that a marginal is the answer to. No column of the lake has a space in its name.
fn question(of: &ColumnOf) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let (table, column) = (quoted(&of.table), quoted(&of.column));
    format!("SELECT {column}, count(*) AS \"rows of a value\" FROM {table} GROUP BY {column}")
}

/// Columns that may be grouped by, of tables about subjects. Never one that names subjects.
fn askable(permit: &Permit) -> Vec<ColumnOf> {
    let personal = permit
        .tables
        .iter()
        .filter(|(_, grant)| matches!(grant.kind, TableKind::Personal { .. }));
    let columns = personal.flat_map(|(table, grant)| {
        let grouping = grant.columns.iter().filter(|(_, column)| {
            column.uses.contains(&Use::Group) && !column.unit && column.domain.is_none()
        });
        grouping.map(|(column, _)| ColumnOf {
            table: table.clone(),
            column: column.clone(),
        })
    });
    columns.collect()
}

/// Values and counts of an answer. A missing value, one of no kind that columns are grouped by, and a missing count
/// have no weight.
fn weights(answer: &Answer) -> Weights {
    let row = |row: &Vec<Cell>| match row.as_slice() {
        [value, Cell::Integer(count)] => Some((
            match value {
                Cell::Missing => return None,
                Cell::Bool(value) => value.to_string(),
                Cell::Integer(value) => value.to_string(),
                Cell::Number(value) => value.to_string(),
                Cell::Text(value) => value.clone(),
            },
            *count,
        )),
        _ => None,
    };
    marginal(answer.rows.iter().filter_map(row))
}

impl App {
    /// The marginals of a permit, with what further ones cost and why there can be none.
    ///
    /// # Errors
    /// Everything the chain of the permit refuses.
    pub async fn marginals(&self, session: &Session, permit: PermitId) -> Result<Marginals, Stop> {
        let result = match self.standing(session, permit).await {
            Ok(standing) => self.marginals_inner(session, &standing).await,
            Err(stop) => Err(stop),
        };
        self.looked(session, "view", format!("{permit}/marginals"), result)
            .await
    }

    async fn marginals_inner(&self, session: &Session, standing: &Standing) -> Result<Marginals, Stop> {
        let permit = &standing.permit;
        let mut known = self.marginals_of(permit).await?;
        let columns = askable(permit).into_iter().map(|of| {
            let marginal = known.remove(&of);
            (of, marginal)
        });
        let columns: Vec<_> = columns.collect();
        // Marginals leave in mode `dp`: where a question may not ask for it, they cannot.
        let mut strict = permit.clone();
        let closed = match stricter(&mut strict, Some(PermitMode::Dp)) {
            Err(refusal) => Some(refusal),
            Ok(()) => columns.is_empty().then(|| none_askable(permit)),
        };
        let locked = permit.mode == PermitMode::Dp;
        let first = columns.first().filter(|_| closed.is_none());
        let least_subjects = match first {
            Some((of, _)) => self.least_subjects(&strict, of).await,
            None => None,
        };
        Ok(Marginals {
            columns,
            least_subjects,
            cost: u64::from(permit.thresholds.dp.query.value),
            budgets: match closed {
                None => self.budgets(session, permit, None, locked).await?,
                Some(_) => Vec::new(),
            },
            closed,
        })
    }

    /// Fewest subjects of a value that leaves under a permit in mode `dp`, as an estimate says; no data is read.
    async fn least_subjects(&self, permit: &Permit, of: &ColumnOf) -> Option<u64> {
        let told = self.engine.estimate(permit, &question(of)).await.ok()?;
        told?.least_subjects
    }

    /// Releases the marginals of some columns: a question in mode `dp` each, charged and entered like every other. Made-up
    /// tables of the permit follow them from then on. All of them are within the budgets, or none is asked. The same key
    /// releases them once.
    ///
    /// # Errors
    /// Everything [`App::ask_in`] refuses in mode `dp`, `marginals_none_chosen`, `marginal_not_possible`.
    pub async fn release_marginals(
        &self,
        session: &Session,
        permit: PermitId,
        chosen: &BTreeSet<ColumnOf>,
        key: Option<&str>,
    ) -> Result<(), Stop> {
        let able = self.may_release(session, permit, chosen, key).await;
        if let Err(stop) = able {
            return self
                .looked(session, "query_check", format!("{permit}/marginals"), Err(stop))
                .await;
        }
        // One after the other: each is a query, with its place among those that run at once.
        for of in chosen {
            let key = key.map(|key| self.question_key(key, &question(of)));
            self.ask_in(session, permit, &question(of), key, Some(PermitMode::Dp))
                .await?;
        }
        Ok(())
    }

    /// Whether all of them can be asked and paid for. No data is read.
    async fn may_release(
        &self,
        session: &Session,
        permit: PermitId,
        chosen: &BTreeSet<ColumnOf>,
        key: Option<&str>,
    ) -> Result<(), Stop> {
        let (standing, _) = self.standing_in(session, permit, Some(PermitMode::Dp)).await?;
        let permit = &standing.permit;
        let askable = askable(permit);
        if askable.is_empty() {
            return Err(none_askable(permit).into());
        }
        if chosen.is_empty() {
            return Err(Refusal::unmet("marginals_none_chosen").into());
        }
        if let Some(other) = chosen.iter().find(|of| !askable.contains(*of)) {
            return Err(Refusal::unmet("marginal_not_possible")
                .citing(&permit.citations.least_necessary)
                .fact("table", &other.table)
                .fact("column", &other.column)
                .into());
        }
        let mut costs: BTreeMap<DatasetId, u64> = BTreeMap::new();
        for of in chosen {
            if self.was_released(session, of, key).await? {
                continue;
            }
            let Some(told) = self.engine.estimate(permit, &question(of)).await? else {
                continue;
            };
            for dataset in told.charged {
                *costs.entry(dataset).or_default() += told.rho;
            }
        }
        let charged: BTreeSet<DatasetId> = costs.keys().copied().collect();
        let budgets = self.budgets(session, permit, Some(&charged), false).await?;
        let short = |budget: &&DatasetBudget| {
            let cost = costs.get(&budget.dataset).copied().unwrap_or(0);
            budget.spent.saturating_add(cost) > budget.budget
        };
        match budgets.iter().find(short) {
            Some(budget) => Err(budget_short(permit, budget).into()),
            None => Ok(()),
        }
    }

    /// Whether a question was answered under this key before: asked again it costs nothing.
    async fn was_released(&self, session: &Session, of: &ColumnOf, key: Option<&str>) -> Result<bool, Stop> {
        let Some(key) = key else {
            return Ok(false);
        };
        let key = self.question_key(key, &question(of));
        let earlier = self
            .record
            .earlier(&session.actor.person.to_string(), &key)
            .await?;
        Ok(earlier.is_some())
    }

    /// The marginals that left under a permit.
    pub(crate) async fn marginals_of(&self, permit: &Permit) -> Result<Known, Stop> {
        let mut questions: BTreeMap<Digest, ColumnOf> = BTreeMap::new();
        for of in askable(permit) {
            questions.insert(self.secrets.keyed_digest(question(&of).as_bytes()), of);
        }
        if questions.is_empty() {
            return Ok(Known::new());
        }
        let asked: Vec<Digest> = questions.keys().copied().collect();
        let mut known = Known::new();
        for (query, release) in self.record.releases_charged(permit.id, &asked).await? {
            let Some(of) = questions.remove(&query) else {
                continue;
            };
            let dataset = permit.tables.get(&of.table).map(|grant| grant.dataset);
            let Some(dataset) = dataset else { continue };
            if let Some(answer) = self.charged_answer(permit.id, query, release, dataset).await? {
                let weights = weights(&answer);
                known.insert(of, Marginal { release, weights });
            }
        }
        Ok(known)
    }

    /// A kept answer, if the proceedings say that it left under this permit in mode `dp` for this question and was charged
    /// to this dataset. The tables only say where to look.
    async fn charged_answer(
        &self,
        permit: PermitId,
        query: Digest,
        release: ReleaseId,
        dataset: DatasetId,
    ) -> Result<Option<Answer>, Stop> {
        let stored: Option<Document> = self.record.document("release", &release.to_string()).await?;
        let entries = self.record.stream(Stream::Release(release)).await?;
        let (mut left, mut charged) = (None, false);
        for entry in entries.iter().filter_map(crate::read::LogEntry::read) {
            match entry.event {
                Some(Event::Release(ReleaseEvent::Answered(answered)))
                    if (answered.permit, answered.query) == (permit, query) =>
                {
                    left = Some(answered.result);
                }
                Some(Event::Release(ReleaseEvent::Charged {
                    charges,
                    answered: true,
                    ..
                })) => charged = charges.iter().any(|charge| charge.dataset == dataset),
                _ => {}
            }
        }
        match (left.filter(|_| charged), stored) {
            (Some(result), Some(stored)) => Ok(Some(as_recorded(&stored, result)?.answer)),
            _ => Ok(None),
        }
    }
}

/// The permit has no column that a marginal could be of.
fn none_askable(permit: &Permit) -> Refusal {
    Refusal::unmet("marginals_without_columns").citing(&permit.citations.least_necessary)
}

/// The weights of the columns of one table, for its made-up rows.
pub(crate) fn of_table(known: &Known, table: &str) -> BTreeMap<String, Weights> {
    let of = known.iter().filter(|(of, _)| of.table == table);
    of.map(|(of, marginal)| (of.column.clone(), marginal.weights.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{ColumnOf, question, weights};
    use crate::port::{Answer, Cell};

    #[test]
    fn a_name_cannot_end_the_question() {
        let of = ColumnOf {
            table: "people".to_owned(),
            column: "a\" FROM x --".to_owned(),
        };
        assert_eq!(
            question(&of),
            "SELECT \"a\"\" FROM x --\", count(*) AS \"rows of a value\" FROM \"people\" GROUP BY \"a\"\" FROM x --\""
        );
    }

    #[test]
    fn only_values_with_rows_have_weight() {
        let row = |value: Cell, count: Cell| vec![value, count];
        let answer = Answer {
            columns: vec!["a".to_owned(), "n".to_owned()],
            rows: vec![
                row(Cell::Text("b".to_owned()), Cell::Integer(30)),
                row(Cell::Integer(7), Cell::Integer(12)),
                row(Cell::Bool(true), Cell::Integer(5)),
                row(Cell::Text("none".to_owned()), Cell::Integer(0)),
                row(Cell::Text("below".to_owned()), Cell::Integer(-4)),
                row(Cell::Text("suppressed".to_owned()), Cell::Missing),
                row(Cell::Missing, Cell::Integer(90)),
                vec![Cell::Text("of another shape".to_owned())],
            ],
            read: Vec::new(),
        };
        let expected = [("7", 12), ("b", 30), ("true", 5)].map(|(value, n)| (value.to_owned(), n));
        assert_eq!(weights(&answer), expected);
    }
}
