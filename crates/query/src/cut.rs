//! The analyst's answer, cut at the limits of the permit.

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use datafusion::{
    common::Result as EngineResult, execution::SessionState, logical_expr::LogicalPlan,
    physical_plan::execute_stream,
};
use futures::StreamExt;

use crate::engine::Work;

impl Work {
    /// The analyst's answer, cut at the limits of the permit.
    pub(crate) async fn answer(
        &self,
        session: &SessionState,
        plan: &LogicalPlan,
    ) -> EngineResult<(SchemaRef, Vec<RecordBatch>, bool)> {
        let (max_rows, max_bytes) = self.sealed.answer_limits();
        let physical = session.create_physical_plan(plan).await?;
        let schema = physical.schema();
        let mut stream = execute_stream(physical, session.task_ctx())?;
        let (mut rows, mut bytes, mut truncated) = (0u64, 0u64, false);
        let mut batches = Vec::new();
        while let Some(batch) = stream.next().await {
            self.goes_on()?;
            let batch = batch?;
            let left = usize::try_from(max_rows.saturating_sub(rows)).unwrap_or(usize::MAX);
            truncated |= batch.num_rows() > left;
            let batch = batch.slice(0, batch.num_rows().min(left));
            bytes = bytes.saturating_add(batch.get_array_memory_size() as u64);
            rows += batch.num_rows() as u64;
            if bytes > max_bytes {
                truncated = true;
            } else if batch.num_rows() > 0 {
                batches.push(batch);
            }
            if truncated {
                break;
            }
        }
        Ok((schema, batches, truncated))
    }
}
