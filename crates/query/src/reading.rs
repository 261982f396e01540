//! Plans are run: their rows come batch by batch, and between two of them the query may be stopped.

use arrow::{array::RecordBatch, compute::concat_batches};
use datafusion::{
    common::{Result, exec_err},
    execution::{SendableRecordBatchStream, SessionState},
    logical_expr::LogicalPlan,
    physical_plan::execute_stream,
};
use futures::StreamExt;
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    engine::Work,
    parallel::Hands,
    split::{cells::MAX_CELLS, gather::Gather, gathered::Gathered},
};

/// Batches that are read before they are asked for.
const AHEAD: usize = 4;

impl Work {
    /// What is gathered of the rows of a plan. They are read while others are laid into their cells.
    pub(crate) async fn gathered(
        &self,
        session: &SessionState,
        plan: &LogicalPlan,
        mut gather: Gather<'_>,
    ) -> Result<Gathered> {
        let mut rows = self.stream(session, plan).await?;
        let (sender, mut batches) = mpsc::channel(AHEAD);
        let mut reader = JoinSet::new();
        reader.spawn(async move {
            while let Some(batch) = rows.next().await {
                if sender.send(batch).await.is_err() {
                    break;
                }
            }
        });
        while let Some(batch) = batches.recv().await {
            self.goes_on()?;
            gather.read(&batch?)?;
        }
        // A reader that broke off has not read all.
        match reader.join_next().await {
            Some(Ok(())) => gather.finish(self.hands()),
            Some(Err(_)) | None => exec_err!("rows were not read to their end"),
        }
    }

    pub(crate) fn hands(&self) -> Hands<'_> {
        Hands {
            threads: self.limits.threads,
            stop: &self.source.stop,
        }
    }

    /// Between two batches: whether to go on.
    pub(crate) fn goes_on(&self) -> Result<()> {
        self.hands().go_on()
    }

    pub(crate) async fn stream(
        &self,
        session: &SessionState,
        plan: &LogicalPlan,
    ) -> Result<SendableRecordBatchStream> {
        let physical = session.create_physical_plan(plan).await?;
        execute_stream(physical, session.task_ctx())
    }

    /// All cells of a lower plan.
    pub(crate) async fn whole(&self, session: &SessionState, plan: &LogicalPlan) -> Result<RecordBatch> {
        let mut stream = self.stream(session, plan).await?;
        let schema = stream.schema();
        let (mut batches, mut rows) = (Vec::new(), 0);
        while let Some(batch) = stream.next().await {
            self.goes_on()?;
            let batch = batch?;
            rows += batch.num_rows();
            if rows > MAX_CELLS {
                return exec_err!("too many cells");
            }
            batches.push(batch);
        }
        Ok(concat_batches(&schema, &batches)?)
    }
}
