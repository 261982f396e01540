//! The query engine behind [`Ask`], reading pinned snapshots of the lake.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use arrow::{
    array::{Array, AsArray as _, RecordBatch, RecordBatchOptions},
    datatypes::{DataType, Field, Float64Type, Int64Type, Schema, SchemaRef, UInt64Type},
};
use async_trait::async_trait;
use futures::{StreamExt as _, stream, stream::BoxStream};
use shuyu_app::port::{
    Answer, Ask, AskError, Cancel, Cell, DpEstimate, ExpectedFigure, Gated, TrialTable, TryOut,
};
use shuyu_kernel::{Fault, Refusal};
use shuyu_lake::{CancellationToken, Lake, LakeError, Snapshot};
use shuyu_privacy::{Past, Permit, TableGrant, missing::Missing};
use shuyu_query::{CheckError, Engine, Estimate, Opaque, Sealed, Tables, UNIT_COLUMN};

use super::dummy::DummyTables;

/// The engine over the lake.
pub struct QueryAdapter {
    engine: Engine,
    lake: Arc<Lake>,
}

/// The snapshots of a permit, opened once so that check and run see the same version.
struct Pinned(BTreeMap<String, Snapshot>);

impl QueryAdapter {
    /// An engine over a lake.
    pub fn new(engine: Engine, lake: Arc<Lake>) -> Self {
        Self { engine, lake }
    }

    async fn pin(&self, permit: &Permit) -> Result<Arc<Pinned>, LakeError> {
        let mut pinned = BTreeMap::new();
        for (name, grant) in &permit.tables {
            let snapshot = self.lake.snapshot(grant.dataset, Some(grant.version)).await?;
            pinned.insert(name.clone(), snapshot);
        }
        Ok(Arc::new(Pinned(pinned)))
    }

    /// A checked query, without touching data.
    async fn sealed(&self, permit: &Permit, sql: &str) -> Result<Sealed, Refusal> {
        let opaque = || Refusal::unmet("query_no_answer");
        let pinned = self.pin(permit).await.map_err(|error| {
            tracing::error!(%error, "a permit's tables could not be opened");
            opaque()
        })?;
        match self.engine.check(permit, sql, pinned.as_ref()) {
            Ok(sealed) => Ok(sealed),
            Err(CheckError::Refused(refusal)) => Err(refusal),
            Err(CheckError::Failed(fault)) => {
                tracing::error!(doing = %fault.doing, "a schema could not be read");
                Err(opaque())
            }
        }
    }
}

/// The estimate in the words of the port.
fn estimate(estimate: Estimate) -> DpEstimate {
    let expected = estimate.expected.into_iter().map(|figure| ExpectedFigure {
        statistic: figure.statistic,
        column: figure.column,
        error: figure.error,
    });
    DpEstimate {
        expected: expected.collect(),
        rho: estimate.rho,
        least_subjects: estimate.least_subjects,
        charged: estimate.charged,
    }
}

impl Tables for Pinned {
    fn schema(&self, table: &str, _grant: &TableGrant) -> Result<SchemaRef, Fault> {
        let snapshot = self.0.get(table);
        let stored = snapshot
            .map(Snapshot::schema)
            .ok_or_else(|| Fault::new("opening a table", "it was not pinned"))?;
        Ok(asked_schema(&stored))
    }

    fn scan(
        &self,
        table: &str,
        _grant: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>> {
        let failed = |fault: Fault| stream::once(async move { Err(fault) }).boxed();
        let Some(snapshot) = self.0.get(table) else {
            return failed(Fault::new("opening a table", "it was not pinned"));
        };
        let wanted = projection.to_vec();
        match snapshot.scan(Some(projection)) {
            // The lake answers in the table's order; the engine asked for its own.
            Ok(batches) => batches
                .map(move |batch| batch.and_then(|batch| in_order(&batch, &wanted)))
                .boxed(),
            Err(LakeError::Fault(fault)) => failed(fault),
            Err(LakeError::Refused(refusal)) => failed(Fault::new("reading a table", refusal)),
        }
    }
}

fn in_order(batch: &RecordBatch, wanted: &[String]) -> Result<RecordBatch, Fault> {
    let positions: Result<Vec<usize>, _> = wanted.iter().map(|name| batch.schema().index_of(name)).collect();
    let positions = positions.map_err(|error| Fault::new("reading a table", error))?;
    let batch = batch
        .project(&positions)
        .map_err(|error| Fault::new("reading a table", error))?;
    let columns = batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, column)| match column.as_primitive_opt::<Int64Type>() {
            Some(stored) if field.name() == UNIT_COLUMN => {
                Arc::new(stored.unary::<_, UInt64Type>(i64::cast_unsigned))
            }
            _ => column.clone(),
        })
        .collect();
    // A count of rows asks for no column at all; the number of rows still counts.
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(asked_schema(&batch.schema()), columns, &options)
        .map_err(|error| Fault::new("reading a table", error))
}

/// Delta knows no unsigned numbers, so the lake stores the 64 bits of a unit as a signed one; the engine wants
/// them unsigned. The bits are the same.
fn asked_schema(stored: &SchemaRef) -> SchemaRef {
    let field = |field: &Arc<Field>| {
        if field.name() == UNIT_COLUMN {
            Arc::new(Field::new(UNIT_COLUMN, DataType::UInt64, field.is_nullable()))
        } else {
            field.clone()
        }
    };
    Arc::new(Schema::new(stored.fields().iter().map(field).collect::<Vec<_>>()))
}

#[async_trait]
impl Ask for QueryAdapter {
    async fn check(&self, permit: &Permit, sql: &str) -> Result<(), Refusal> {
        self.sealed(permit, sql).await.map(|_| ())
    }

    async fn missing_grants(&self, permit: &Permit, sql: &str) -> Result<Missing, Fault> {
        // The versions are the same whatever would be granted, so they are opened once.
        let pinned = self.pin(permit).await.map_err(|error| match error {
            LakeError::Fault(fault) => fault,
            LakeError::Refused(refusal) => Fault::new("opening a permit's tables", refusal),
        })?;
        self.engine.missing_grants(permit, sql, pinned.as_ref())
    }

    async fn estimate(&self, permit: &Permit, sql: &str) -> Result<Option<DpEstimate>, Refusal> {
        Ok(self.sealed(permit, sql).await?.estimate().map(estimate))
    }

    async fn ask(&self, permit: &Permit, sql: &str, past: &Past, cancel: Cancel) -> Result<Gated, AskError> {
        let pinned = self.pin(permit).await.map_err(|error| {
            tracing::error!(%error, "a permit's tables could not be opened");
            AskError::Opaque
        })?;
        self.answered(permit, sql, (pinned, past), cancel).await
    }
}

impl QueryAdapter {
    /// Checks, runs and gates a statement over these tables.
    async fn answered(
        &self,
        permit: &Permit,
        sql: &str,
        (tables, past): (Arc<dyn Tables>, &Past),
        cancel: Cancel,
    ) -> Result<Gated, AskError> {
        let sealed = self
            .engine
            .check(permit, sql, tables.as_ref())
            .map_err(|error| match error {
                CheckError::Refused(refusal) => AskError::Refused(refusal),
                CheckError::Failed(fault) => {
                    tracing::error!(doing = %fault.doing, "a schema could not be read");
                    AskError::Opaque
                }
            })?;
        let token = CancellationToken::new();
        let released = tokio::select! {
            released = self.engine.run(&sealed, tables, past, &token) => released,
            // Dropping the run stops it at its next batch.
            () = cancelled(&cancel) => Err(Opaque),
        };
        // Whatever goes wrong from here on: if noise was drawn, it is paid for.
        let opaque = || {
            if sealed.has_drawn() {
                AskError::Drawn
            } else {
                AskError::Opaque
            }
        };
        let released = released.map_err(|_| opaque())?;
        let columns = released
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let mut rows = Vec::new();
        for batch in &released.batches {
            rows.extend(rows_of(batch).ok_or_else(opaque)?);
        }
        Ok(Gated {
            answer: Answer {
                columns,
                rows,
                read: released.datasets.into_iter().collect(),
            },
            remembered: released.remembered,
        })
    }
}

#[async_trait]
impl TryOut for QueryAdapter {
    async fn try_out(
        &self,
        permit: &Permit,
        sql: &str,
        tables: &BTreeMap<String, TrialTable>,
        cancel: Cancel,
    ) -> Result<Answer, AskError> {
        let opaque = |fault: &dyn std::fmt::Display| {
            tracing::error!(%fault, "made-up tables could not be laid out");
            AskError::Opaque
        };
        let pinned = self.pin(permit).await.map_err(|error| opaque(&error))?;
        let schemas = pinned
            .0
            .iter()
            .map(|(name, table)| (name.clone(), asked_schema(&table.schema())));
        let made = DummyTables::of(&schemas.collect(), tables).map_err(|fault| opaque(&fault.source))?;
        let past = Past::default();
        let gated = self
            .answered(permit, sql, (Arc::new(made), &past), cancel)
            .await?;
        Ok(gated.answer)
    }
}

/// How often a running query looks whether its caller wants it stopped.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Ends when the switch is set, at any time while the query runs.
async fn cancelled(cancel: &Cancel) {
    let mut beat = tokio::time::interval(LOOK_EVERY);
    while !cancel.is_cancelled() {
        beat.tick().await;
    }
}

/// Rows of a batch in the plain types of an answer.
fn rows_of(batch: &RecordBatch) -> Option<Vec<Vec<Cell>>> {
    let columns: Option<Vec<Vec<Cell>>> = batch
        .columns()
        .iter()
        .map(|column| cells(column.as_ref()))
        .collect();
    let columns = columns?;
    let row = |n: usize| {
        columns
            .iter()
            .map(|column| column.get(n).cloned().unwrap_or(Cell::Missing))
            .collect()
    };
    Some((0..batch.num_rows()).map(row).collect())
}

fn cells(column: &dyn Array) -> Option<Vec<Cell>> {
    let target = match column.data_type() {
        DataType::Boolean => DataType::Boolean,
        kind if kind.is_integer() => DataType::Int64,
        kind if kind.is_floating() || kind.is_decimal() => DataType::Float64,
        _ => DataType::Utf8,
    };
    let column = arrow::compute::cast(column, &target).ok()?;
    let value = |n: usize| {
        if column.is_null(n) {
            return Cell::Missing;
        }
        match target {
            DataType::Boolean => Cell::Bool(column.as_boolean().value(n)),
            DataType::Int64 => Cell::Integer(column.as_primitive::<Int64Type>().value(n)),
            DataType::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(n)),
            _ => Cell::Text(column.as_string::<i32>().value(n).to_owned()),
        }
    };
    Some((0..column.len()).map(value).collect())
}
