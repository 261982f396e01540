//! The check: SQL and a permit in, a sealed plan or a refusal out. No data is read.
//!
//! [`text`] and [`survey`] read the statement, [`plan`] walks the logical plan, [`relation`] writes everything out
//! over base columns, [`exact`], [`total`] and [`grain`] judge expressions over rows, [`proof`] proves that they
//! cannot fail, [`join`] judges joins, [`release`] judges aggregates and [`figures`] reads them into parts ([`figure`]):
//! [`argument`] those of sums, [`pair`] those of two arguments, [`order`] quantiles, [`sets`] grouping sets.
//! [`fusion`] is about own lists, [`per_subject`] and [`window`] judge those that stay with the subject, [`stage`] and
//! [`scalar`] what later releases read, and [`union`] branches of UNION ALL. [`selection`] walks filters and joins that
//! keep rows by their subject ([`membership`], [`matches`], [`missing`]). [`size`] bounds how much comes of it, and
//! [`blame`] says what is wrong. [`private`] and [`noisy`] are for mode
//! `dp`.

use std::{
    collections::{BTreeMap, BTreeSet},
    panic::{AssertUnwindSafe, catch_unwind},
};

use arrow::datatypes::SchemaRef;
use datafusion::{
    common::{Column, DataFusionError, SchemaError, tree_node::TreeNodeRecursion},
    logical_expr::LogicalPlan,
};
use shuyu_kernel::{DatasetId, PermitId, Refusal};
use shuyu_privacy::{
    Citations, Permit, PermitKind, PermitMode, TableGrant, TableKind, Thresholds, permit::QueryLimits,
};

use self::{plan::Walk, private::Private, stage::Step, text::Asked};
use crate::{
    estimate::Estimate,
    provider::{analyst_schema, is_hidden},
    refusal::{Explain, Place, echoed, masked},
    rows::can_scope,
    session::Planner,
};

mod argument;
mod blame;
mod branch;
mod constant;
mod core;
mod exact;
mod expression;
pub(crate) mod figure;
mod figures;
pub(crate) mod fusion;
pub(crate) mod grain;
mod join;
mod maker;
mod matches;
pub(crate) mod membership;
mod missing;
pub(crate) mod mixed;
mod nearest;
mod noisy;
mod order;
pub(crate) mod origin;
mod own_limits;
mod pair;
mod per_subject;
mod piece;
mod plain;
pub(crate) mod plan;
pub(crate) mod private;
mod proof;
pub(crate) mod relation;
pub(crate) mod release;
pub(crate) mod scalar;
mod selection;
pub(crate) mod sets;
mod settle;
mod size;
pub(crate) mod stage;
mod survey;
pub(crate) mod text;
mod total;
mod union;
mod weaker;
mod window;

/// A checked plan. Only [`crate::Engine::check`] makes one; [`crate::Engine::run`] takes nothing else.
#[derive(Debug, Clone)]
pub struct Sealed {
    permit: PermitId,
    thresholds: Thresholds,
    max_rows: u64,
    max_bytes: u64,
    limits: QueryLimits,
    tables: BTreeMap<String, TableGrant>,
    upper: LogicalPlan,
    steps: Vec<Step>,
    private: Option<Private>,
    exact: bool,
}

impl Sealed {
    /// What may be told before it runs; `None` outside of mode `dp` and for queries that read no personal rows.
    pub fn estimate(&self) -> Option<Estimate> {
        let private = self.private.as_ref()?;
        let release = self.steps.iter().find_map(Step::release)?;
        Some(private.estimate(release))
    }
    /// Whether noise was drawn for it: then it is charged, even if it ended without an answer.
    pub fn has_drawn(&self) -> bool {
        self.private.as_ref().is_some_and(Private::has_drawn)
    }
    pub(crate) fn private(&self) -> Option<&Private> {
        self.private.as_ref()
    }
    /// The permit under which it was checked. Its validity is asked again at the moment of use.
    pub fn permit(&self) -> PermitId {
        self.permit
    }
    /// The datasets it reads, at which versions.
    pub fn datasets(&self) -> BTreeMap<DatasetId, u64> {
        self.tables
            .values()
            .map(|grant| (grant.dataset, grant.version))
            .collect()
    }
    /// Whether it reads personal rows, so that its answer consists of gated cells.
    pub fn is_gated(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Release { .. }))
    }
    /// Whether its answer is not perturbed, and leaves through the airlock only (mode `review`).
    pub fn is_exact(&self) -> bool {
        self.exact
    }
    pub(crate) fn thresholds(&self) -> &Thresholds {
        &self.thresholds
    }
    pub(crate) fn answer_limits(&self) -> (u64, u64) {
        (self.max_rows, self.max_bytes)
    }
    /// What the permit gives a run.
    pub(crate) fn limits(&self) -> &QueryLimits {
        &self.limits
    }
    pub(crate) fn upper(&self) -> &LogicalPlan {
        &self.upper
    }
    /// What is done before the upper plan, in this order: every step reads earlier ones only.
    pub(crate) fn steps(&self) -> &[Step] {
        &self.steps
    }
    pub(crate) fn grants(&self) -> &BTreeMap<String, TableGrant> {
        &self.tables
    }
}

/// Every table the statement reads, in subqueries too.
fn tables_read(plan: &LogicalPlan) -> BTreeSet<String> {
    let mut read = BTreeSet::new();
    let _ = plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            read.insert(scan.table_name.table().to_owned());
        }
        Ok(TreeNodeRecursion::Continue)
    });
    read
}

/// Checks a statement under a permit, given the stored schemas of the permit's tables.
///
/// # Errors
/// Every refusal of this crate, each with clauses and a way out: what has no ground of its own rests on that of raw
/// data staying where it is, since nothing is run that was not proved harmless.
pub(crate) fn check(
    permit: &Permit,
    sql: &str,
    stored: &BTreeMap<String, SchemaRef>,
) -> Result<Sealed, Refusal> {
    let citations = &permit.citations;
    check_under(permit, sql, stored, citations).map_err(|mut refusal| {
        if refusal.clauses.is_empty() {
            refusal = refusal.under(&citations.raw_stays);
        }
        // What was not understood is asked for in other words.
        if !refusal.facts.contains_key("nearest") {
            refusal = refusal.instruct("write_plainly");
        }
        refusal
    })
}

fn check_under(
    permit: &Permit,
    sql: &str,
    stored: &BTreeMap<String, SchemaRef>,
    citations: &Citations,
) -> Result<Sealed, Refusal> {
    usable(permit, stored, citations)?;
    let asked = text::read(sql, permit, citations)?;
    let schemas: BTreeMap<String, SchemaRef> = permit
        .tables
        .iter()
        .filter_map(|(name, grant)| Some((name.clone(), analyst_schema(stored.get(name)?, grant))))
        .collect();
    let Asked {
        statement,
        wildcard,
        names,
        places,
    } = asked;
    // A panic of the planner is a statement that was not planned.
    let planned = catch_unwind(AssertUnwindSafe(|| Planner::new(&schemas).plan(statement)))
        .map_err(|_| Refusal::unmet("query_not_planned"))?;
    let unplanned = Unplanned {
        permit,
        stored,
        names: &names,
        places: &places,
        citations,
    };
    let plan = planned.map_err(|error| unplanned.refusal(&error))?;
    // Asked before the form of a join: without an assessment no form will do.
    let read = tables_read(&plan);
    fusion::risk(&read, permit, citations)?;
    join::risk(&read, permit, citations)?;
    let mut walk = Walk::new(permit, citations, &schemas, wildcard);
    let upper = walk.root(&plan)?;
    size::check(&plan, citations)?;
    let tables = walk
        .tables
        .iter()
        .filter_map(|name| Some((name.clone(), permit.tables.get(name)?.clone())));
    let private = match permit.mode {
        PermitMode::Dp => private::of_steps(&walk.steps, permit)?,
        PermitMode::Stat | PermitMode::Review | PermitMode::Verify => None,
    };
    Ok(Sealed {
        permit: permit.id,
        thresholds: permit.thresholds.clone(),
        max_rows: permit.max_rows,
        max_bytes: permit.max_bytes,
        limits: permit.limits.clone(),
        tables: tables.collect(),
        upper,
        steps: walk.steps,
        private,
        exact: permit.mode == PermitMode::Review,
    })
}

/// What this engine can serve at all, for now.
fn usable(
    permit: &Permit,
    stored: &BTreeMap<String, SchemaRef>,
    citations: &Citations,
) -> Result<(), Refusal> {
    let not_yet = |what: &str| {
        Refusal::conflict("permit_not_supported")
            .under(&citations.scope)
            .fact("permit", permit.id)
            .fact("what", what)
            .instruct("apply_anew")
    };
    permit.asks().map_err(|refusal| {
        let sandbox = permit.kind == PermitKind::C;
        refusal.instruct(if sandbox { "run_job" } else { "call_product" })
    })?;
    for (name, grant) in &permit.tables {
        if stored.get(name).is_some_and(|stored| !can_scope(stored, grant)) {
            return Err(not_yet("rows"));
        }
        if is_hidden(name) || grant.columns.keys().any(|column| is_hidden(column)) {
            return Err(not_yet("hidden_name"));
        }
    }
    Ok(())
}

/// Turns errors of planning into refusals. They speak of the query and of schemas.
struct Unplanned<'a> {
    permit: &'a Permit,
    stored: &'a BTreeMap<String, SchemaRef>,
    names: &'a BTreeMap<String, String>,
    places: &'a BTreeMap<String, Place>,
    citations: &'a Citations,
}

impl Unplanned<'_> {
    fn refusal(&self, error: &DataFusionError) -> Refusal {
        match error.find_root() {
            DataFusionError::SchemaError(schema, _) => match schema.as_ref() {
                SchemaError::FieldNotFound { field, .. } => self.column(field),
                SchemaError::AmbiguousReference { field } => self
                    .about(Refusal::unmet("column_ambiguous"), field)
                    .instruct("name_the_table"),
                SchemaError::DuplicateQualifiedField { name, .. }
                | SchemaError::DuplicateUnqualifiedField { name } => {
                    let column = Column::from_name(name.as_str());
                    self.about(Refusal::unmet("column_ambiguous"), &column)
                        .instruct("name_the_table")
                }
            },
            other => Refusal::unmet("query_not_planned").fact("detail", masked(&other.strip_backtrace())),
        }
    }

    fn about(&self, refusal: Refusal, field: &Column) -> Refusal {
        let known = |schema: &SchemaRef| schema.field_with_name(&field.name).is_ok();
        let name = if self.stored.values().any(known) && !is_hidden(&field.name) {
            &field.name
        } else {
            echoed(&field.name)
        };
        refusal
            .fact("column", name)
            .at(self.places.get(&field.name).copied(), name)
    }

    /// A column that cannot be named: struck, sealed, or not there.
    fn column(&self, field: &Column) -> Refusal {
        let named = field.relation.as_ref().map(|relation| relation.table());
        let behind = named.map(|name| self.names.get(name).map_or(name, String::as_str));
        let tables = self
            .names
            .values()
            .filter(|table| behind.is_none_or(|behind| behind == table.as_str()));
        let mut sealed = None;
        for table in tables {
            let Some(grant) = self.permit.tables.get(table) else {
                continue;
            };
            if grant.struck.contains(&field.name) {
                let refusal = Refusal::unmet("column_struck").under(&self.citations.approvals);
                return self
                    .about(refusal, field)
                    .fact("table", table)
                    .instruct("use_other_column");
            }
            let stored = self
                .stored
                .get(table)
                .is_some_and(|schema| schema.field_with_name(&field.name).is_ok());
            let known = stored && !is_hidden(&field.name) && grant.kind != TableKind::Public;
            if known || grant.columns.contains_key(&field.name) {
                sealed = sealed.or(Some(table));
            }
        }
        match sealed {
            Some(table) => {
                let refusal = Refusal::unmet("column_sealed")
                    .under(&self.citations.scope)
                    .under(&self.citations.least_necessary);
                self.about(refusal, field)
                    .fact("table", table)
                    .instruct("apply_for_use")
            }
            None => {
                let refusal = Refusal::unmet("column_unknown").under(&self.citations.scope);
                self.about(refusal, field).instruct("see_dictionary")
            }
        }
    }
}
