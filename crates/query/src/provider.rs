//! Tables as the engine below sees them: one for planning that shows what the analyst may name, one
//! for execution that reads columns through the port, and one for gated cells.

use std::sync::Arc;

use arrow::{
    array::RecordBatch,
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    common::{DataFusionError, Result, exec_err, plan_err},
    execution::{SendableRecordBatchStream, TaskContext},
    logical_expr::{Expr, TableType},
    physical_plan::{
        ExecutionPlan,
        stream::RecordBatchStreamAdapter,
        streaming::{PartitionStream, StreamingTableExec},
    },
};
use futures::StreamExt;
use shuyu_privacy::{TableGrant, TableKind};
use tokio_util::sync::CancellationToken;

use crate::{
    rows::{in_scope, with_scope_column},
    tables::Tables,
};

/// The schema an analyst may name: granted columns with at least one use, none struck, none hidden.
/// A column that names the subject is shown even if the stored version no longer holds it, because
/// its values are never read. Everything may be NULL.
pub(crate) fn analyst_schema(source: &Schema, grant: &TableGrant) -> SchemaRef {
    let struck = |name: &str| grant.struck.iter().any(|s| s == name);
    let visible = |name: &str| {
        let granted = match &grant.kind {
            TableKind::Public => true,
            TableKind::Personal { .. } | TableKind::NonPersonal | TableKind::Own => grant
                .columns
                .get(name)
                .is_some_and(|column| !column.uses.is_empty()),
        };
        granted && !struck(name) && !is_hidden(name)
    };
    let stored = source.fields().iter().filter(|field| visible(field.name()));
    let mut fields: Vec<Field> = stored
        .map(|field| Field::new(field.name(), field.data_type().clone(), true))
        .collect();
    let units = grant
        .columns
        .iter()
        .filter(|(name, column)| column.unit && visible(name));
    for (name, _) in units {
        if source.field_with_name(name).is_err() {
            fields.push(Field::new(name, DataType::Utf8, true));
        }
    }
    Arc::new(Schema::new(fields))
}

/// Names that begin with two underscores belong to the engine.
pub(crate) fn is_hidden(name: &str) -> bool {
    name.starts_with("__")
}

/// A table that can be planned and never run.
#[derive(Debug)]
pub(crate) struct PlannedTable {
    pub schema: SchemaRef,
}

#[async_trait]
impl TableProvider for PlannedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan_err!("this table is for planning only")
    }
}

/// The port together with the sign to stop: batches are handed on until it is given. And what came of earlier steps
/// of the statement, by their number.
#[derive(Clone)]
pub(crate) struct Source {
    pub tables: Arc<dyn Tables>,
    pub stop: CancellationToken,
    pub results: Vec<RecordBatch>,
}

/// A granted table read through the port. Filters are never handed down, so that no statistics or
/// errors of the storage depend on them.
pub(crate) struct GovernedTable {
    pub name: String,
    pub grant: TableGrant,
    pub schema: SchemaRef,
    pub source: Source,
}

impl std::fmt::Debug for GovernedTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GovernedTable({})", self.name)
    }
}

#[async_trait]
impl TableProvider for GovernedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
    fn table_type(&self) -> TableType {
        TableType::Base
    }
    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = match projection {
            Some(columns) => Arc::new(self.schema.project(columns)?),
            None => Arc::clone(&self.schema),
        };
        let part = GovernedPart {
            name: self.name.clone(),
            grant: self.grant.clone(),
            schema: Arc::clone(&schema),
            source: self.source.clone(),
        };
        Ok(Arc::new(StreamingTableExec::try_new(
            schema,
            vec![Arc::new(part)],
            None,
            [],
            false,
            limit,
        )?))
    }
}

struct GovernedPart {
    name: String,
    grant: TableGrant,
    schema: SchemaRef,
    source: Source,
}

impl std::fmt::Debug for GovernedPart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GovernedPart({})", self.name)
    }
}

impl PartitionStream for GovernedPart {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }
    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let columns: Vec<String> = self
            .schema
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect();
        let schema = Arc::clone(&self.schema);
        let Source { tables, stop, .. } = self.source.clone();
        let (scope, width) = (self.grant.rows.clone(), columns.len());
        let read = with_scope_column(&columns, scope.as_ref());
        let rows = tables.scan(&self.name, &self.grant, &read).map(move |batch| {
            // An error, not an end: part of the rows would be a wrong answer.
            if stop.is_cancelled() {
                return exec_err!("stopped");
            }
            let batch = batch.map_err(|fault| DataFusionError::External(Box::new(fault)))?;
            conform(&in_scope(&batch, scope.as_ref(), width)?, &schema)
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows))
    }
}

/// The batch under our schema: same columns in the same order, or an error.
fn conform(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let same_names = batch
        .schema()
        .fields()
        .iter()
        .map(|f| f.name())
        .eq(schema.fields().iter().map(|f| f.name()));
    if !same_names {
        return plan_err!("the port returned other columns than were asked for");
    }
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(
        Arc::clone(schema),
        batch.columns().to_vec(),
        &options,
    )?)
}
