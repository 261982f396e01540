//! Budgets that people see: what mode `dp` may cost, what a query will cost before it runs, and what remains.
//!
//! Everything told here is a function of a query's text, the permit, public sizes and what left already: never of an
//! answer that has not left (A-M2). ε is told only where no other mode may run (A-M1): beside exact thresholds it
//! would promise what does not hold.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Case, Event, Value,
    event::{Charge, PermitTable, ReleaseEvent},
    port::{DatasetRow, Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{DatasetId, Id, PermitId, Refusal, ReleaseId};
pub use shuyu_privacy::{Statistic, permit::PermitMode};
use shuyu_privacy::{
    dp::{DpTerms, MILLIONTHS, epsilon},
    permit::{Permit, TableGrant, TableKind},
};
use shuyu_profile::Profile;

use crate::{App, Session, Stop, dispatch::fingerprint, permit::Standing, port::DpEstimate};

/// Field of an application that says how answers leave: `stat`, `review` or `verify`. Mode `dp` is no matter of an
/// application: a dataset is locked to it, or a question asks for it (A-M1).
const ANSWERS: &str = "answers";

/// What remains of the budget of one dataset, for the body that asks.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetBudget {
    /// Table.
    pub table: String,
    /// Dataset.
    pub dataset: DatasetId,
    /// Millionths of ρ spent, over all permits of the body.
    pub spent: u64,
    /// Millionths of ρ in all.
    pub budget: u64,
    /// Queries that the rest pays for.
    pub queries_left: u64,
    /// ε of what was spent and of all, where it may be told.
    pub epsilon: Option<(f64, f64)>,
}

/// What remains under a permit.
#[derive(Debug, Clone, PartialEq)]
pub struct Remaining {
    /// The mode of the permit.
    pub mode: PermitMode,
    /// Queries may ask for mode `dp`.
    pub dp_offered: bool,
    /// By personal table, where mode `dp` is offered.
    pub budgets: Vec<DatasetBudget>,
    /// Sums that were answered to the body so far, and into how many further groups its smallest answered group can
    /// be split; in mode `stat`, if anything was answered.
    pub answered: Option<(u64, u64)>,
}

/// A query in mode `dp`, before it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Cost and errors.
    pub estimate: DpEstimate,
    /// ε of this query alone, where it may be told.
    pub epsilon: Option<f64>,
    /// The budgets it is charged to.
    pub budgets: Vec<DatasetBudget>,
    /// Queries like this one that remain.
    pub queries_left: u64,
}

/// The numbers of mode `dp` under a profile, with the public sizes of the tables. Without numbers nothing may be spent.
pub(crate) fn terms(
    profile: &Profile,
    tables: &BTreeMap<String, TableGrant>,
    datasets: &[DatasetRow],
) -> DpTerms {
    let mut terms = DpTerms::default();
    let rows = datasets.iter().filter(|row| {
        let grant = tables.get(&row.table);
        grant.is_some_and(|grant| grant.dataset == row.dataset)
    });
    terms.sizes = rows.map(|row| (row.table.clone(), row.rows)).collect();
    match &profile.thresholds.dp {
        None => terms.budget.value = 0,
        Some(numbers) => {
            terms.budget.value = numbers.budget;
            terms.query.value = numbers.query;
            terms.rows.value = numbers.rows;
            terms.cells.value = numbers.cells;
            terms.delta.value = numbers.delta;
            let all = [
                &mut terms.budget,
                &mut terms.query,
                &mut terms.rows,
                &mut terms.cells,
                &mut terms.delta,
            ];
            for limit in all {
                limit.basis = numbers.basis.clone();
            }
        }
    }
    terms
}

/// The mode of a permit: `dp` as soon as one of its tables is locked to it, else what was applied for.
pub(crate) fn mode(profile: &Profile, case: &Case, tables: &[PermitTable], loaded: &Loaded) -> PermitMode {
    let locked = |table: &PermitTable| {
        let Some(entry) = loaded.linked.get(&table.resource) else {
            return false;
        };
        profile.thresholds.dp_locks.iter().any(|lock| {
            let said = entry.fields.get(&lock.field).map(Value::text);
            let about = |column: &String| table.columns.contains_key(column);
            entry.procedure == lock.procedure
                && said.is_some_and(|said| lock.values.contains(&said))
                && (lock.columns.is_empty() || lock.columns.iter().any(about))
        })
    };
    if tables.iter().any(locked) {
        return PermitMode::Dp;
    }
    match case.fields.get(ANSWERS).map(Value::text).as_deref() {
        Some("review") => PermitMode::Review,
        Some("verify") => PermitMode::Verify,
        _ => PermitMode::Stat,
    }
}

/// Puts a permit into the mode that a query asks for: a stricter one, or its own.
pub(crate) fn stricter(permit: &mut Permit, asked: Option<PermitMode>) -> Result<(), Refusal> {
    match (permit.mode, asked) {
        (PermitMode::Stat, Some(asked @ (PermitMode::Dp | PermitMode::Review))) => permit.mode = asked,
        (_, None) => {}
        (own, Some(asked)) if own == asked => {}
        (_, Some(_)) => return Err(Refusal::unmet("mode_locked").citing(&permit.citations.scope)),
    }
    if permit.mode == PermitMode::Dp && permit.thresholds.dp.budget.value == 0 {
        return Err(Refusal::unmet("dp_not_offered").citing(&permit.citations.scope));
    }
    Ok(())
}

/// A budget does not pay for what is asked.
pub(crate) fn budget_short(permit: &Permit, budget: &DatasetBudget) -> Refusal {
    Refusal::conflict("dp_budget_spent")
        .citing(&permit.citations.scope)
        .fact("left", budget.budget.saturating_sub(budget.spent))
        .fact("table", &budget.table)
}

impl App {
    /// The permit in the mode that a query asks for, and whether ε may be told.
    pub(crate) async fn standing_in(
        &self,
        session: &Session,
        permit: PermitId,
        asked: Option<PermitMode>,
    ) -> Result<(Standing, bool), Stop> {
        let mut standing = self.standing(session, permit).await?;
        standing.permit.asks()?;
        let locked = standing.permit.mode == PermitMode::Dp;
        stricter(&mut standing.permit, asked)?;
        Ok((standing, locked))
    }

    /// What remains under a permit, for the body that asks.
    ///
    /// # Errors
    /// Everything the chain of the permit refuses.
    pub async fn remaining(&self, session: &Session, permit: PermitId) -> Result<Remaining, Stop> {
        let result = self.remaining_inner(session, permit).await;
        self.looked(session, "view", permit, result).await
    }

    async fn remaining_inner(&self, session: &Session, permit: PermitId) -> Result<Remaining, Stop> {
        let standing = self.standing(session, permit).await?;
        let permit = &standing.permit;
        let locked = permit.mode == PermitMode::Dp;
        let offered = permit.thresholds.dp.budget.value > 0;
        let budgets = if offered {
            self.budgets(session, permit, None, locked).await?
        } else {
            Vec::new()
        };
        let answered = if locked {
            None
        } else {
            let past = self.past(permit, session.actor.body).await?;
            let of_domains = past
                .books
                .values()
                .filter_map(|book| book.told(&past.party, &permit.thresholds));
            of_domains.reduce(|a, b| (a.0 + b.0, a.1.min(b.1)))
        };
        Ok(Remaining {
            mode: permit.mode,
            dp_offered: offered,
            budgets,
            answered,
        })
    }

    /// The budgets of the personal tables of a permit, or of some datasets.
    pub(crate) async fn budgets(
        &self,
        session: &Session,
        permit: &Permit,
        only: Option<&BTreeSet<DatasetId>>,
        locked: bool,
    ) -> Result<Vec<DatasetBudget>, Stop> {
        let spent = self.record.spent(session.actor.body).await?;
        let terms = &permit.thresholds.dp;
        let personal = permit.tables.iter().filter(|(_, grant)| {
            let charged = only.is_none_or(|only| only.contains(&grant.dataset));
            charged && matches!(grant.kind, TableKind::Personal { .. })
        });
        let of_one = |(table, grant): (&String, &TableGrant)| {
            let spent = spent.get(&grant.dataset).copied().unwrap_or(0);
            let budget = u64::from(terms.budget.value);
            // Half of δ is for thresholds, half for the conversion.
            let delta = terms.delta_of(terms.rows_of(table)) / 2.0;
            let of = |rho: u64| epsilon(rho as f64 / MILLIONTHS as f64, delta);
            DatasetBudget {
                table: table.clone(),
                dataset: grant.dataset,
                spent,
                budget,
                queries_left: terms.queries_left(spent),
                epsilon: locked.then(|| (of(spent), of(budget))),
            }
        };
        Ok(personal.map(of_one).collect())
    }

    /// What a query will cost, and how exact it will be, in mode `dp`; `None` where it costs nothing. No data is read. A
    /// refusal is noted before it is shown.
    ///
    /// # Errors
    /// Everything [`App::check_query`] refuses; `mode_locked`, `dp_not_offered`.
    pub async fn estimate(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        asked: Option<PermitMode>,
    ) -> Result<Option<Told>, Stop> {
        let result = match self.standing_in(session, permit, asked).await {
            Ok((standing, locked)) => self.told(session, &standing, sql, locked).await,
            Err(stop) => Err(stop),
        };
        if let Err(stop) = &result {
            let mut note = self.noting(Some(session), "query_check", &permit.to_string(), Some(stop));
            note.digest = Some(self.secrets.keyed_digest(sql.as_bytes()));
            self.record.note(&[note]).await?;
            session.noted.mark();
        }
        result
    }

    async fn told(
        &self,
        session: &Session,
        standing: &Standing,
        sql: &str,
        locked: bool,
    ) -> Result<Option<Told>, Stop> {
        let permit = &standing.permit;
        let Some(estimate) = self.engine.estimate(permit, sql).await? else {
            return Ok(None);
        };
        let budgets = self
            .budgets(session, permit, Some(&estimate.charged), locked)
            .await?;
        let terms = &permit.thresholds.dp;
        let largest = budgets.iter().map(|budget| terms.rows_of(&budget.table)).max();
        let delta = terms.delta_of(largest.unwrap_or(1)) / 2.0;
        let cost = estimate.rho as f64 / MILLIONTHS as f64;
        Ok(Some(Told {
            epsilon: locked.then(|| epsilon(cost, delta)),
            queries_left: budgets
                .iter()
                .map(|budget| budget.queries_left)
                .min()
                .unwrap_or(0),
            budgets,
            estimate,
        }))
    }

    /// What a query will be charged; refused, before it runs, if it is more than is left.
    ///
    /// # Errors
    /// What the engine refuses; `dp_budget_spent`.
    pub(crate) async fn affordable(
        &self,
        session: &Session,
        standing: &Standing,
        sql: &str,
    ) -> Result<Vec<Charge>, Stop> {
        if standing.permit.mode != PermitMode::Dp {
            return Ok(Vec::new());
        }
        let Some(told) = self.told(session, standing, sql, false).await? else {
            return Ok(Vec::new());
        };
        let rho = told.estimate.rho;
        let short = |budget: &&DatasetBudget| budget.spent.saturating_add(rho) > budget.budget;
        if let Some(budget) = told.budgets.iter().find(short) {
            return Err(budget_short(&standing.permit, budget).into());
        }
        let charge = |budget: &DatasetBudget| Charge {
            dataset: budget.dataset,
            rho,
            budget: budget.budget,
        };
        Ok(told.budgets.iter().map(charge).collect())
    }

    /// Charges a query that failed after noise was drawn: nothing left, but that it failed may tell something of it.
    pub(crate) async fn charge_failed(
        &self,
        session: &Session,
        standing: &Standing,
        charges: Vec<Charge>,
    ) -> Result<(), Stop> {
        let at = self.now();
        let release: ReleaseId = Id::new(at, self.ids.as_ref());
        let event = Event::Release(ReleaseEvent::Charged {
            release,
            permit: standing.permit.id,
            case: standing.case,
            by: session.actor.clone(),
            charges,
            answered: false,
        });
        let request = Request {
            name: "charge",
            stream: Stream::Release(release),
            key: None,
            fingerprint: fingerprint(&("charge", release)),
            expected_version: None,
            needs: BTreeSet::new(),
            seeks: Vec::new(),
            numbering: None,
            at,
        };
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![event],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }
}
