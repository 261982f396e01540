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
use shuyu_sandbox::{Content, Declared, End, Job, Kind, Limits, Phase, Prepared, Sandbox, SandboxError};

use super::{
    made_up::parquet_of,
    model_risk::{Parted, PartedTables, model_risk, shared},
};

/// Brings the columns of a real input, with subjects replaced by the project's pseudonyms, as one Parquet file.
#[async_trait]
pub trait JobTables: Send + Sync {
    /// The bytes of the file.
    ///
    /// # Errors
    /// A refusal of the lake for a version that is gone; a fault.
    async fn parquet(&self, project: PermitId, table: &RealTable) -> Result<Vec<u8>, DataError>;

    /// The same in two files, with one subject in five in the second; which, depends on project and subject alone.
    /// Of an open table nothing is held out.
    ///
    /// # Errors
    /// As [`JobTables::parquet`].
    async fn parted(&self, project: PermitId, table: &RealTable) -> Result<Parted, DataError>;
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

    /// The job, and what it does not get of the tables that a model is fitted on.
    async fn job(&self, order: JobOrder) -> Result<(Job, PartedTables), DataError> {
        let fits = order
            .manifest
            .iter()
            .filter(|file| file.kind == OutputKind::Model);
        let models = u32::try_from(fits.count()).unwrap_or(u32::MAX);
        let (mut inputs, mut parted) = (BTreeMap::new(), PartedTables::new());
        for (name, input) in &order.inputs {
            let bytes = match input {
                JobInput::Dummy(table) => parquet_of(table)?,
                JobInput::Real(table) if models == 0 => self.tables.parquet(order.project, table).await?,
                JobInput::Real(table) => {
                    let parts = self.tables.parted(order.project, table).await?;
                    let members = parts.members.clone();
                    parted.insert(name.clone(), parts);
                    members
                }
            };
            inputs.insert(format!("{name}.parquet"), Content::Bytes(bytes));
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
        let job = Job {
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
        };
        Ok((job, parted))
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
        let (mut job, parted) = self.job(order).await?;
        let models = job
            .declared
            .values()
            .filter(|file| file.kind == Kind::Model)
            .count();
        let mut check = job.limits;
        if !parted.is_empty() {
            (job.limits, check) = shared(job.limits, u32::try_from(models).unwrap_or(u32::MAX));
        }
        // Dropping the future ends the job too: the thread asks this token, not the future.
        let dropped = cancel.token().child_token();
        let guard = dropped.clone().drop_guard();
        let ran = tokio::task::spawn_blocking(move || {
            let prepared = sandbox.prepare(&job)?;
            let ran = once(&sandbox, &prepared, (&parted, check), &on_beat, &|| {
                dropped.is_cancelled()
            });
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

/// One run from its folder to its outputs, with the check of its models.
fn once(
    sandbox: &Sandbox,
    prepared: &Prepared,
    (parted, check): (&PartedTables, Limits),
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
    let mut log = sandbox.log(prepared)?;
    let held = outcome.end == End::Done && left.refused.is_empty();
    let mut outputs = Vec::new();
    let mut done = held;
    for (number, (name, output)) in left.outputs.iter().enumerate().filter(|_| held) {
        let mut risk = None;
        // Of a run on made-up tables nothing is kept, so there is nobody to protect.
        if output.kind == Kind::Model && !parted.is_empty() {
            match model_risk(sandbox, prepared, (number, name), (parted, check), cancel)? {
                Ok(found) => risk = Some(found),
                Err(why) => {
                    log.extend_from_slice(format!("\n{name} could not be checked: {why}\n").as_bytes());
                    done = false;
                }
            }
        }
        outputs.push(JobOutput {
            name: name.clone(),
            bytes: sandbox.output(prepared, name)?,
            risk,
        });
    }
    if !done {
        outputs.clear();
    }
    Ok(JobRun {
        outcome: if done {
            JobOutcome::Done
        } else {
            JobOutcome::Failed
        },
        line: outcome.line,
        outputs,
        log,
        held_by: outcome.held_by,
    })
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

    /// One table of two people, with pseudonyms; in two parts, one of many.
    struct Two;

    fn people(who: Vec<String>, age: Vec<i64>, sick: Vec<i64>) -> Result<Vec<u8>, DataError> {
        let fields = vec![
            Field::new("who", DataType::Utf8, true),
            Field::new("age", DataType::Int64, true),
            Field::new("sick", DataType::Int64, true),
        ];
        let schema = Arc::new(Schema::new(fields));
        let columns: Vec<ArrayRef> = vec![
            Arc::new(StringArray::from(who)),
            Arc::new(Int64Array::from(age)),
            Arc::new(Int64Array::from(sick)),
        ];
        let batch = RecordBatch::try_new(schema.clone(), columns)
            .map_err(|error| Fault::new("making a batch", error))?;
        let mut file = ParquetBytes::new(schema)?;
        file.write(&batch)?;
        Ok(file.finish()?)
    }

    /// People of whom nothing tells who is sick.
    fn many(from: i64, to: i64) -> Result<Vec<u8>, DataError> {
        let mixed = |n: i64, by: i64| {
            let drawn = (n * 1009 + by)
                .cast_unsigned()
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let drawn = (drawn ^ (drawn >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            i64::try_from(drawn >> 48).unwrap_or_default() % 1009
        };
        people(
            (from..to).map(|n| format!("p{n}")).collect(),
            (from..to).map(|n| mixed(n, 577)).collect(),
            (from..to).map(|n| mixed(n, 313) % 2).collect(),
        )
    }

    #[async_trait]
    impl JobTables for Two {
        async fn parquet(&self, _: PermitId, _: &RealTable) -> Result<Vec<u8>, DataError> {
            people(vec!["a1".to_owned(), "b2".to_owned()], vec![30, 50], vec![0, 1])
        }

        async fn parted(&self, _: PermitId, _: &RealTable) -> Result<Parted, DataError> {
            Ok(Parted {
                members: many(0, 800)?,
                held_out: Some(many(800, 1000)?),
            })
        }
    }

    async fn ran(source: &str) -> JobRun {
        ran_for(source, "ages.csv", OutputKind::Table).await
    }

    async fn ran_for(source: &str, output: &str, kind: OutputKind) -> JobRun {
        let sandbox = crate::isolation::sandbox("wire-test");
        let adapter = SandboxAdapter::new(sandbox, Arc::new(Two));
        let table = RealTable {
            dataset: DatasetId::from_bits(1),
            version: 1,
            columns: vec!["who".to_owned(), "age".to_owned(), "sick".to_owned()],
            pseudonyms: BTreeMap::from([("who".to_owned(), "person".to_owned())]),
            open: false,
        };
        let order = JobOrder {
            run: RunId::from_bits(u128::from(std::process::id()) << 32 | u128::from(kind as u8)),
            project: PermitId::from_bits(1),
            source: source.as_bytes().to_vec(),
            inputs: BTreeMap::from([("people".to_owned(), JobInput::Real(table))]),
            manifest: vec![AppDeclared {
                name: output.to_owned(),
                kind,
            }],
            limits: JobLimits {
                // Code of the numeric libraries alone is larger than what small jobs need.
                memory_bytes: 3 << 30,
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

    /// A tree over the people, of this depth and size of leaves.
    async fn tree(options: &str) -> JobRun {
        let source = format!(
            "import shuyu_job\nfrom sklearn.tree import DecisionTreeClassifier\n\
             p = shuyu_job.read('people')\nprint(len(p))\n\
             m = DecisionTreeClassifier({options}, random_state=1).fit(p[['age']].to_numpy(), p['sick'])\n\
             shuyu_job.write_model('m.json', m, ['age'], 'people', 'sick')\n"
        );
        ran_for(&source, "m.json", OutputKind::Model).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_model_comes_with_what_it_gives_away_of_those_it_was_fitted_on() {
        let found = |run: &JobRun| {
            let log = String::from_utf8_lossy(&run.log).into_owned();
            assert_eq!(run.outcome, JobOutcome::Done, "{log}");
            assert!(
                log.lines().any(|line| line == "800"),
                "four fifths, and not the others: {log}"
            );
            run.outputs[0].risk.clone().expect("checked")
        };
        let learnt_by_heart = found(&tree("min_samples_leaf=1").await);
        assert!(learnt_by_heart.high, "{}", learnt_by_heart.report);
        let report = &learnt_by_heart.report;
        assert_eq!(
            (&report["members"], &report["held_out"]),
            (&800.into(), &200.into())
        );
        assert_eq!(report["verdict"], "high");
        assert_eq!(report["membership_inference_holds"], false);
        assert!(report["memorised_rows"].as_f64() > Some(50.0), "{report}");
        let sound = found(&tree("max_depth=2, min_samples_leaf=100").await);
        assert!(
            !sound.high && sound.report["verdict"] == "within",
            "{}",
            sound.report
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_model_that_cannot_be_checked_does_not_leave() {
        // Written past the module that jobs write with, and of features that are no columns.
        let source = "open('/out/m.json', 'w').write('{\"kind\": \"linear\", \"features\": [\"gone\"], \
                      \"coefficients\": [1.0], \"intercept\": 0.0, \"fitted_on\": {\"table\": \"people\", \
                      \"target\": \"sick\"}}')\n";
        let run = ran_for(source, "m.json", OutputKind::Model).await;
        let log = String::from_utf8_lossy(&run.log).into_owned();
        assert_eq!((run.outcome, run.outputs.len()), (JobOutcome::Failed, 0), "{log}");
        assert!(log.contains("m.json could not be checked"), "{log}");
        let nameless = source.replace("people", "others");
        let run = ran_for(&nameless, "m.json", OutputKind::Model).await;
        assert_eq!(run.outcome, JobOutcome::Failed);
    }
}
