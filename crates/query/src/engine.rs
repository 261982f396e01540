//! The engine: `check` seals, `run` executes what was sealed.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::{
    common::{DataFusionError, Result as EngineResult},
    execution::SessionState,
    logical_expr::LogicalPlan,
};
use futures::StreamExt;
use shuyu_kernel::Fault;
use shuyu_privacy::{
    Book, Contribution, Draft, GateKey, Past, Permit, ReleasedCell, Rules, TableKind, gate,
    missing::{Missing, missing},
};
use tokio::{sync::Semaphore, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::{
    answers::{AnsweredSum, Asking},
    check::{self, Sealed, release::Release, stage::Step},
    dp::Randomness,
    functions,
    groupings::{self, Grouped},
    limits::EngineLimits,
    outcome::{CheckError, Opaque, Released},
    provider::Source,
    session,
    split::{
        cells, classes,
        gather::Gather,
        lower,
        order::Ranks,
        sums::{Places, Sums},
        upper,
    },
    tables::{Tables, UNIT_COLUMN},
};

/// Answers questions under permits. Clones share the limit on queries at the same time.
#[derive(Debug, Clone)]
pub struct Engine {
    key: GateKey,
    limits: EngineLimits,
    turns: Arc<Semaphore>,
    rules: Rules,
    pub(crate) random: Randomness,
}

impl Engine {
    /// An engine with the installation's gate key.
    pub fn new(key: GateKey, limits: EngineLimits) -> Self {
        Self {
            key,
            limits,
            turns: Arc::new(Semaphore::new(limits.concurrent.get())),
            rules: Rules::all(),
            random: Randomness::default(),
        }
    }

    /// The engine with these rules only, to show what the others are for.
    #[cfg(feature = "testing")]
    #[must_use]
    pub fn under(self, rules: Rules) -> Self {
        Self { rules, ..self }
    }

    /// Checks a query under a permit. Reads schemas, never rows. Whether the permit is valid now,
    /// and for this person, is the caller's question ([`Permit::covers`] and the chain of authority).
    ///
    /// # Errors
    /// A refusal that names column, node, missing use and clauses where they are known; a fault when
    /// a schema cannot be read.
    pub fn check(&self, permit: &Permit, sql: &str, tables: &dyn Tables) -> Result<Sealed, CheckError> {
        let mut stored = BTreeMap::new();
        for (name, grant) in &permit.tables {
            let schema = tables.schema(name, grant)?;
            let has_unit = schema.field_with_name(UNIT_COLUMN).is_ok();
            let of_subjects = match grant.kind {
                TableKind::Personal { .. } => true,
                TableKind::Own => grant.columns.values().any(|column| column.unit),
                TableKind::NonPersonal | TableKind::Public => false,
            };
            if of_subjects && !has_unit {
                return Err(Fault::new(
                    format!("opening {name}"),
                    "a table of subjects without its hidden unit",
                )
                .into());
            }
            stored.insert(name.clone(), schema);
        }
        Ok(check::check(permit, sql, &stored)?)
    }

    /// Which grants would make a query legal under a permit, and what no grant would change. Reads schemas, never rows.
    ///
    /// # Errors
    /// A fault when a schema cannot be read.
    pub fn missing_grants(&self, permit: &Permit, sql: &str, tables: &dyn Tables) -> Result<Missing, Fault> {
        missing(permit, |supposed| match self.check(supposed, sql, tables) {
            Ok(_) => Ok(Ok(())),
            Err(CheckError::Refused(refusal)) => Ok(Err(refusal)),
            Err(CheckError::Failed(fault)) => Err(fault),
        })
    }

    /// Runs a sealed plan: lower plan, gate, upper plan. Ends when `cancel` is cancelled or the deadline has
    /// passed; the work itself then ends at its next batch. Dropping the future does the same.
    ///
    /// # Errors
    /// [`Opaque`], whatever happens.
    pub async fn run(
        &self,
        sealed: &Sealed,
        tables: Arc<dyn Tables>,
        past: &Past,
        cancel: &CancellationToken,
    ) -> Result<Released, Opaque> {
        let stop = cancel.child_token();
        let _stops_when_left = stop.clone().drop_guard();
        let limits = self.limits.within(sealed.limits());
        let work = Work {
            key: self.key.clone(),
            limits,
            sealed: sealed.clone(),
            rules: self.rules.clone(),
            past: past.clone(),
            random: self.random.clone(),
            source: Source {
                tables,
                stop: stop.clone(),
                results: Vec::new(),
            },
        };
        let turns = Arc::clone(&self.turns);
        // A task of its own: a plan that computes without a pause must keep neither the caller nor the clock.
        // It holds its turn until it has really ended.
        let mut task = JoinSet::new();
        task.spawn(async move {
            let _turn = turns.acquire_owned().await;
            work.execute().await
        });
        let ended = tokio::select! {
            biased;
            () = stop.cancelled() => Err("cancelled"),
            () = tokio::time::sleep(limits.deadline) => Err("deadline"),
            ended = task.join_next() => match ended {
                Some(Ok(Ok(released))) => Ok(released),
                // The text of the error may hold values of rows; only its kind is written down.
                Some(Ok(Err(error))) => Err(session::kind(&error)),
                // A panic of the engine below is an error like any other.
                Some(Err(_)) | None => Err("panic"),
            },
        };
        ended.map_err(|kind| {
            tracing::warn!(permit = %sealed.permit(), kind, "query not completed");
            Opaque
        })
    }
}

/// One run of a sealed plan.
pub(crate) struct Work {
    pub(crate) key: GateKey,
    pub(crate) limits: EngineLimits,
    pub(crate) sealed: Sealed,
    pub(crate) rules: Rules,
    pub(crate) past: Past,
    pub(crate) random: Randomness,
    pub(crate) source: Source,
}

/// What came out of the gate and of the release ledger, of all releases of a statement.
#[derive(Default)]
pub(crate) struct Gated {
    recorded: Vec<ReleasedCell>,
    sums: Vec<AnsweredSum>,
    withheld: bool,
}

impl Work {
    /// Step by step in the order of the check, which follows the text alone and never the data.
    async fn execute(mut self) -> EngineResult<Released> {
        let (past, key, rules) = (self.past.clone(), self.key.clone(), self.rules.clone());
        let thresholds = self.sealed.thresholds().clone();
        let mut drafts: BTreeMap<String, Draft<'_>> = BTreeMap::new();
        let mut gated = Gated::default();
        for step in self.sealed.clone().steps() {
            let result = match step {
                Step::Release { release, schema } => {
                    let domain = &release.subject.domain;
                    let empty = Book::default();
                    let draft = drafts.entry(domain.clone()).or_insert_with(|| {
                        let book = past.books.get(domain).map_or(&empty, Arc::as_ref);
                        let draft = Draft::new(book, &past.party, &thresholds, &key, &rules);
                        if self.sealed.is_exact() {
                            draft.exactly()
                        } else {
                            draft
                        }
                    });
                    match self.sealed.private() {
                        Some(private) => self.privately(release, private, schema, draft).await?,
                        None => self.release(release, schema, draft, &mut gated).await?,
                    }
                }
                Step::Table(plan) => self.table(plan).await?,
            };
            self.source.results.push(result);
        }
        let remembered = drafts.iter().map(|(domain, draft)| draft.remembered(domain));
        let remembered = remembered
            .collect::<Result<Vec<_>, _>>()
            .map_err(|fault| DataFusionError::External(Box::new(fault)))?;
        let plan = upper::furnish(self.sealed.upper(), &self.sealed, &self.source)?;
        // One part, so that rows keep their order.
        let session = session::executor(self.limits.memory_bytes, NonZeroUsize::MIN)?;
        let (schema, batches, truncated) = self.answer(&session, &plan).await?;
        Ok(Released {
            schema,
            batches,
            truncated,
            cells: gated.recorded,
            sums: gated.sums,
            withheld: gated.withheld,
            remembered,
            datasets: self.sealed.datasets(),
        })
    }

    /// Rows that later releases read.
    async fn table(&self, plan: &LogicalPlan) -> EngineResult<RecordBatch> {
        let plan = upper::furnish(plan, &self.sealed, &self.source)?;
        let session = session::executor(self.limits.memory_bytes, NonZeroUsize::MIN)?;
        self.whole(&session, &plan).await
    }

    /// Runs the lower plans, the gate and the release ledger.
    async fn release(
        &self,
        release: &Release,
        schema: &SchemaRef,
        draft: &mut Draft<'_>,
        gated: &mut Gated,
    ) -> EngineResult<RecordBatch> {
        let session = session::executor(self.limits.memory_bytes, self.limits.partitions)?;
        let sums = Sums::of(release)?;
        // For all groupings together; the rest is for what the engine below reads ahead.
        let mut left = self.limits.memory_bytes / 4 * 3;
        let mut groupings = Vec::new();
        for (grouping, left_out) in groupings::of(release) {
            let (with, sums) = ((&session, &mut left), &sums);
            groupings.push(self.grouping(with, &grouping, sums, left_out).await?);
        }
        let thresholds = &release.thresholds(self.sealed.thresholds(), &self.rules);
        let withheld = groupings::protect(&mut groupings, release, thresholds, &self.key, &self.rules);
        let asking = Asking {
            thresholds,
            key: &self.key,
            rules: &self.rules,
            sums: &sums,
            one_row: !release.subject.many_rows,
            fused: release.is_fused(),
            hands: self.hands(),
        };
        let answered = asking.ask(draft, &groupings)?;
        let visible = groupings::visible(&groupings, release, &answered.figures, schema)?;
        let recorded = groupings.into_iter().flat_map(|one| one.outcome.released);
        gated.recorded.extend(recorded);
        gated.sums.extend(answered.sums);
        gated.withheld |= withheld;
        Ok(visible)
    }

    /// The cells of one grouping: what passes the gate, and what is to be asked about it. It may hold as many bytes as
    /// are left.
    async fn grouping(
        &self,
        (session, left): (&SessionState, &mut usize),
        release: &Release,
        sums: &Sums,
        left_out: u64,
    ) -> EngineResult<Grouped> {
        let thresholds = release.thresholds(self.sealed.thresholds(), &self.rules);
        let least = functions::least_subjects(&thresholds, &self.key);
        let lower = lower::build(release, &self.source, least)?;
        let schema = Arc::clone(lower.rows.schema().inner());
        let gather = Gather::all(&lower.wanted, &schema, *left)?;
        let gathered = self.gathered(session, &lower.rows, gather).await?;
        *left = left.saturating_sub(gathered.held());
        let k = thresholds.k.value;
        let totals = gathered.totals(&sums.given(), &release.parts, k, self.hands())?;
        let main = gathered.cells(&release.parts, &totals)?;
        drop(gathered);
        let mut further = Vec::new();
        for plan in &lower.further {
            further.push(self.whole(session, plan).await?);
        }
        let mut cells = cells::together(main, further, lower.keys)?;
        // The same for every class.
        let everybody = match lower.classes.first() {
            Some(class) => Some(self.whole(session, &class.everybody).await?),
            None => None,
        };
        for ((index, class), everybody) in lower.classes.iter().enumerate().zip(everybody.iter().cycle()) {
            let within = self.whole(session, &class.within).await?;
            let held = self.whole(session, &class.class).await?;
            let mut sides = Vec::new();
            for (_, plan) in &class.sides {
                sides.push(self.whole(session, plan).await?);
            }
            cells = classes::with_shares(&cells, index, class, ([&within, &held, everybody], sides))?;
        }
        let outcome = gate(&cells, &lower.layout, &thresholds, &self.key, &self.rules)?;
        let places = Places::new(lower.keys, &cells, &outcome.kept)?;
        let found = totals.of_sums(&sums.given(), &outcome.kept);
        let mut ranks = BTreeMap::new();
        if outcome.kept.contains(&true) {
            for (part, plan) in &lower.ranks {
                let mut values = Ranks::new(&places, cells.num_rows(), *left / size_of::<Contribution>());
                let mut stream = self.stream(session, plan).await?;
                while let Some(batch) = stream.next().await {
                    self.goes_on()?;
                    values.read(&batch?)?;
                }
                ranks.insert(*part, values.found);
            }
        }
        let mut grouped = Grouped::of(
            release,
            (&cells, &lower.layout),
            outcome,
            (found, ranks),
            left_out,
        )?;
        if grouped.outcome.kept.contains(&true) && !sums.sums.is_empty() {
            for group in &lower.groups {
                let kept = &grouped.outcome.kept;
                let collected = self.groups(session, group, (&cells, kept), (sums, *left, &thresholds));
                let groups = collected.await?;
                *left = left.saturating_sub(groups.held());
                grouped.asked.groups.push(groups);
            }
        }
        Ok(grouped)
    }
}
