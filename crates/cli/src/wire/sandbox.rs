//! The sandbox behind [`RunJobs`]: run folders, Python in isolation, outputs written anew.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use shuyu_app::port::{
    Cancel, DataError,
    jobs::{
        Isolation, JobBeat, JobInput, JobOrder, JobOutcome, JobOutput, JobRun, OnBeat, OutputKind, RealTable,
        RunJobs,
    },
};
use shuyu_kernel::{Fault, PermitId, Refusal};
use shuyu_privacy::dummy::DummyTable;
use shuyu_sandbox::{
    Content, Declared, End, Finalised, Job, Kind, Limits, Outcome, Phase, Prepared, Sandbox, SandboxError,
};

/// Brings the columns of a real input, with subjects replaced by the project's pseudonyms, as one Parquet file.
#[async_trait]
pub trait JobTables: Send + Sync {
    /// The bytes of the file.
    ///
    /// # Errors
    /// A refusal of the lake for a version that is gone; a fault.
    async fn parquet(&self, project: PermitId, table: &RealTable) -> Result<Vec<u8>, DataError>;
}

/// The sandbox of this machine. `None` inside: a part is missing, and every run is refused with its name.
pub struct SandboxAdapter {
    sandbox: Result<Sandbox, Refusal>,
    tables: Arc<dyn JobTables>,
}

impl SandboxAdapter {
    /// The adapter over a sandbox that was found, or over the refusal that says what is missing.
    pub fn new(sandbox: Result<Sandbox, Refusal>, tables: Arc<dyn JobTables>) -> Self {
        Self { sandbox, tables }
    }

    async fn job(&self, order: JobOrder) -> Result<Job, DataError> {
        let mut inputs = BTreeMap::new();
        for (name, input) in &order.inputs {
            let (ending, bytes) = match input {
                JobInput::Dummy(table) => ("csv", csv_of(table)?),
                JobInput::Real(table) => ("parquet", self.tables.parquet(order.project, table).await?),
            };
            inputs.insert(format!("{name}.{ending}"), Content::Bytes(bytes));
        }
        let declared = order.manifest.iter().map(|file| {
            let kind = match file.kind {
                OutputKind::Table => Kind::Table,
                OutputKind::Plot => Kind::Picture,
                OutputKind::Text => Kind::Text,
                OutputKind::Model => Kind::Model,
            };
            let labels = Vec::new();
            (file.name.clone(), Declared { kind, labels })
        });
        Ok(Job {
            run: order.run.to_string(),
            source: order.source,
            inputs,
            declared: declared.collect(),
            limits: Limits {
                memory_bytes: order.limits.memory_bytes,
                cpu_seconds: order.limits.cpu_seconds,
                wall: Duration::from_secs(order.limits.wall_seconds),
                disk_bytes: order.limits.disk_bytes,
                processes: order.limits.processes,
                output_bytes: order.limits.output_bytes,
                log_bytes: order.limits.log_bytes,
                // The use case holds the slots that authors see; beats need one at least every ten seconds.
                slot: Duration::from_secs(1),
                ..Limits::default()
            },
        })
    }
}

#[async_trait]
impl RunJobs for SandboxAdapter {
    async fn able(&self) -> Result<Isolation, Refusal> {
        let sandbox = self.sandbox.clone()?;
        let missing = || Refusal::conflict("sandbox_missing").fact("missing", "isolation");
        let able = tokio::task::spawn_blocking(move || sandbox.able("able")).await;
        match able {
            Ok(Ok(able)) => Ok(Isolation {
                held_by: able.held_by,
                runtime: able.runtime.packages,
            }),
            Ok(Err(SandboxError::Refused(refusal))) => Err(refusal),
            Ok(Err(SandboxError::Fault(_))) | Err(_) => Err(missing()),
        }
    }

    async fn run(&self, order: JobOrder, on_beat: OnBeat, cancel: Cancel) -> Result<JobRun, DataError> {
        let sandbox = self.sandbox.clone()?;
        on_beat(JobBeat::Preparing);
        let job = self.job(order).await?;
        // Dropping the future ends the job too: the thread asks this token, not the future.
        let dropped = cancel.token().child_token();
        let guard = dropped.clone().drop_guard();
        let ran = tokio::task::spawn_blocking(move || {
            let prepared = sandbox.prepare(&job)?;
            let ran = once(&sandbox, &prepared, &on_beat, &|| dropped.is_cancelled());
            sandbox.discard(&prepared)?;
            ran
        });
        let ran = ran.await.map_err(|error| Fault::new("running a job", error))?;
        drop(guard);
        ran.map_err(|error| match error {
            SandboxError::Refused(refusal) => DataError::Refused(refusal),
            SandboxError::Fault(fault) => DataError::Fault(fault),
        })
    }
}

/// One run from its folder to its outputs.
fn once(
    sandbox: &Sandbox,
    prepared: &Prepared,
    on_beat: &OnBeat,
    cancel: &dyn Fn() -> bool,
) -> Result<JobRun, SandboxError> {
    let outcome = sandbox.execute(prepared, cancel, &|beat| {
        on_beat(match beat.phase {
            Phase::Starting => JobBeat::Preparing,
            Phase::Running => JobBeat::Running,
            Phase::Collecting => JobBeat::Collecting,
        });
    })?;
    let left = sandbox.finalise(prepared)?;
    let log = sandbox.log(prepared)?;
    let outputs = outputs(sandbox, prepared, &outcome, &left)?;
    Ok(JobRun {
        outcome: if outputs.is_some() {
            JobOutcome::Done
        } else {
            JobOutcome::Failed
        },
        line: outcome.line,
        outputs: outputs.unwrap_or_default(),
        log,
        held_by: outcome.held_by,
    })
}

/// The outputs, or `None` if the run failed or one of them does not hold. A model needs its risk report first; until
/// the caller brings held-out rows (`shuyu_sandbox::risk_job`), it does not leave.
fn outputs(
    sandbox: &Sandbox,
    prepared: &Prepared,
    outcome: &Outcome,
    left: &Finalised,
) -> Result<Option<Vec<JobOutput>>, Fault> {
    let model = left.outputs.values().any(|output| output.kind == Kind::Model);
    if outcome.end != End::Done || !left.refused.is_empty() || model {
        return Ok(None);
    }
    let one = |name: &String| {
        Ok(JobOutput {
            name: name.clone(),
            bytes: sandbox.output(prepared, name)?,
            risk: None,
        })
    };
    left.outputs
        .keys()
        .map(one)
        .collect::<Result<_, Fault>>()
        .map(Some)
}

/// A made-up table as the job reads it.
fn csv_of(table: &DummyTable) -> Result<Vec<u8>, Fault> {
    let broken = |error: csv::Error| Fault::new("writing a made-up table", error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer
        .write_record(table.columns.iter().map(|column| &column.name))
        .map_err(broken)?;
    for row in table.rows() {
        writer.write_record(&row).map_err(broken)?;
    }
    writer
        .into_inner()
        .map_err(|error| Fault::new("writing a made-up table", error.into_error()))
}

#[cfg(test)]
mod tests {
    use arrow::{
        array::{ArrayRef, Int64Array, RecordBatch, StringArray},
        datatypes::{DataType, Field, Schema},
    };
    use shuyu_app::port::jobs::{Declared as AppDeclared, JobLimits};
    use shuyu_kernel::{DatasetId, RunId};
    use shuyu_lake::ParquetBytes;

    use super::*;

    /// One table of two people, with pseudonyms.
    struct Two;

    #[async_trait]
    impl JobTables for Two {
        async fn parquet(&self, _: PermitId, _: &RealTable) -> Result<Vec<u8>, DataError> {
            let fields = vec![
                Field::new("who", DataType::Utf8, true),
                Field::new("age", DataType::Int64, true),
            ];
            let schema = Arc::new(Schema::new(fields));
            let who: ArrayRef = Arc::new(StringArray::from(vec!["a1", "b2"]));
            let age: ArrayRef = Arc::new(Int64Array::from(vec![30, 50]));
            let batch = RecordBatch::try_new(schema.clone(), vec![who, age])
                .map_err(|error| Fault::new("making a batch", error))?;
            let mut file = ParquetBytes::new(schema)?;
            file.write(&batch)?;
            Ok(file.finish()?)
        }
    }

    async fn ran(source: &str) -> JobRun {
        let sandbox = crate::isolation::sandbox("wire-test");
        let adapter = SandboxAdapter::new(sandbox, Arc::new(Two));
        let table = RealTable {
            dataset: DatasetId::from_bits(1),
            version: 1,
            columns: vec!["who".to_owned(), "age".to_owned()],
            pseudonyms: BTreeMap::from([("who".to_owned(), "person".to_owned())]),
        };
        let order = JobOrder {
            run: RunId::from_bits(u128::from(std::process::id())),
            project: PermitId::from_bits(1),
            source: source.as_bytes().to_vec(),
            inputs: BTreeMap::from([("people".to_owned(), JobInput::Real(table))]),
            manifest: vec![AppDeclared {
                name: "ages.csv".to_owned(),
                kind: OutputKind::Table,
            }],
            limits: JobLimits {
                memory_bytes: 512 << 20,
                cpu_seconds: 60,
                wall_seconds: 120,
                disk_bytes: 16 << 20,
                processes: 64,
                output_bytes: 1 << 20,
                log_bytes: 1 << 16,
            },
        };
        let beats: OnBeat = Arc::new(|_| {});
        adapter.run(order, beats, Cancel::default()).await.expect("a run")
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_job_reads_its_table_and_leaves_what_it_declared() {
        let run = ran(
            "import shuyu_job\np = shuyu_job.read('people')\nprint(p.who[0])\n\
             shuyu_job.write_table('ages.csv', p.agg({'age': 'mean'}).to_frame('mean'))\n",
        )
        .await;
        let log = String::from_utf8_lossy(&run.log).into_owned();
        assert_eq!(run.outcome, JobOutcome::Done, "{log}");
        assert!(log.contains("a1"), "what it printed is for the reviewer: {log}");
        let [output] = run.outputs.as_slice() else {
            panic!("one file");
        };
        let text = String::from_utf8_lossy(&output.bytes).into_owned();
        assert!(output.name == "ages.csv" && text.contains("40"), "{text}");
        let failed = ran("raise SystemExit(3)").await;
        assert_eq!((failed.outcome, failed.outputs), (JobOutcome::Failed, Vec::new()));
    }
}
