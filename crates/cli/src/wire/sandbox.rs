//! The sandbox behind [`RunJobs`]: run folders, Python in isolation, outputs written anew.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use shuyu_app::port::{
    Cancel, DataError,
    jobs::{
        Isolation, JobBeat, JobInput, JobOrder, JobOutcome, JobOutput, JobRun, OnBeat, OutputKind, RealTable,
        RefusedFile, RunJobs,
    },
};
use shuyu_kernel::{Fault, PermitId, Refusal, kill::KillSwitch};
use shuyu_sandbox::{
    Content, Declared, End, Job, Kind, Limits, Phase, Prepared, RefusedOutput, Sandbox, SandboxError,
};

use super::{
    dummy::parquet_of,
    model_risk::{Parted, PartedTables, model_risk, shared},
};

/// Brings the columns of a real input, with subjects replaced by the project's pseudonyms, as one Parquet file.
#[async_trait]
pub trait JobTables: Send + Sync {
    /// The bytes of the file.
    ///
    /// # Errors
    /// A refusal of the lake for a version that is gone; a fault.
    async fn parquet(&self, project: PermitId, table: &RealTable) -> Result<Bytes, DataError>;

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
    kill: Arc<dyn KillSwitch>,
}

impl SandboxAdapter {
    /// The adapter over a sandbox that was found, or over the refusal that says what is missing.
    pub fn new(
        sandbox: Result<Sandbox, Refusal>,
        tables: Arc<dyn JobTables>,
        kill: Arc<dyn KillSwitch>,
    ) -> Self {
        Self {
            sandbox,
            tables,
            kill,
        }
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
                JobInput::Dummy(table) => parquet_of(table)?.into(),
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
        let kill = self.kill.clone();
        let ran = tokio::task::spawn_blocking(move || {
            let prepared = sandbox.prepare(&job)?;
            kill.reached("job.prepared");
            let ran = once(&sandbox, &prepared, (&parted, check), &on_beat, &|| {
                dropped.is_cancelled()
            });
            kill.reached("job.ended");
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
    let held = outcome.end == End::Done && left.refused.is_empty();
    // Of a program that did not come to its end every file is missing; that says nothing.
    let mut refused: Vec<RefusedFile> = match outcome.end {
        End::Done => left.refused.into_iter().map(refused_file).collect(),
        _ => Vec::new(),
    };
    let mut outputs = Vec::new();
    let mut done = held;
    for (number, (name, output)) in left.outputs.iter().enumerate().filter(|_| held) {
        let mut risk = None;
        // Of a run on made-up tables nothing is kept, so there is nobody to protect.
        if output.kind == Kind::Model && !parted.is_empty() {
            match model_risk(sandbox, prepared, (number, name), (parted, check), cancel)? {
                Ok(found) => risk = Some(found),
                Err(code) => {
                    let name = Some(name.clone());
                    refused.push(RefusedFile { name, code });
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
        refused,
        log: sandbox.log(prepared)?,
        held_by: outcome.held_by,
    })
}

fn refused_file(refused: RefusedOutput) -> RefusedFile {
    RefusedFile {
        name: refused.name,
        code: refused.code,
    }
}

#[cfg(test)]
mod tests;
