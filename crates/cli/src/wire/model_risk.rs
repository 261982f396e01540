//! Models of a run on real data: rows that were held out from the job, and the check of what a model gives away.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use shuyu_app::port::jobs::ModelRisk;
use shuyu_sandbox::{
    Content, End, FittedOn, Job, Limits, Model, Prepared, REPORT, Sandbox, SandboxError, risk_job,
    risk_report,
};

/// A table of which some subjects were held out: both parts as Parquet files.
pub struct Parted {
    /// Rows the job gets.
    pub members: Bytes,
    /// Rows it never sees; `None` of a table that is open, of which nothing is held out.
    pub held_out: Option<Bytes>,
}

/// Tables by name, as the job found them and without it.
pub type PartedTables = BTreeMap<String, Parted>;

/// A part of the time of a run is kept for the checks of what it fits.
const PART_OF_THE_TIME: u32 = 3;

/// Limits of the job itself and of each check, so that both together end in time.
pub fn shared(limits: Limits, models: u32) -> (Limits, Limits) {
    let kept = limits.wall / PART_OF_THE_TIME;
    let with = |wall: Duration| Limits {
        wall: wall.max(Duration::from_secs(1)),
        ..limits
    };
    (with(limits.wall - kept), with(kept / models.max(1)))
}

/// What a model gives away of those it was fitted on. Inside an `Err` stands the code of why it could not be checked:
/// such a model does not leave. A code and nothing more, since what a check says can hold values of rows.
pub fn model_risk(
    sandbox: &Sandbox,
    run: &Prepared,
    (number, name): (usize, &str),
    (tables, limits): (&PartedTables, Limits),
    cancel: &dyn Fn() -> bool,
) -> Result<Result<ModelRisk, String>, SandboxError> {
    let bytes = sandbox.output(run, name)?;
    let fitted_on = match fitted_on(&bytes) {
        Ok(fitted_on) => fitted_on,
        Err(code) => return Ok(Err(code.to_owned())),
    };
    let parts = tables.get(&fitted_on.table);
    let Some((members, held_out)) = parts.and_then(|parts| Some((&parts.members, parts.held_out.as_ref()?)))
    else {
        return Ok(Err("model_table_not_held_out".to_owned()));
    };
    let job = risk_job(
        &format!("{}-risk{number}", run.name()),
        bytes.into(),
        ("parquet", Content::Bytes(members.clone())),
        ("parquet", Content::Bytes(held_out.clone())),
        fitted_on.target.as_deref(),
        limits,
    );
    checked(sandbox, &job, cancel)
}

fn fitted_on(bytes: &[u8]) -> Result<FittedOn, &'static str> {
    let value = serde_json::from_slice(bytes).map_err(|_| "model_not_json")?;
    let model = Model::read(&value)?;
    model.fitted_on().cloned().ok_or("model_fitted_on_missing")
}

/// Runs the check and reads its report; its folder goes in any case.
fn checked(
    sandbox: &Sandbox,
    job: &Job,
    cancel: &dyn Fn() -> bool,
) -> Result<Result<ModelRisk, String>, SandboxError> {
    let prepared = sandbox.prepare(job)?;
    let reported = report(sandbox, &prepared, cancel);
    sandbox.discard(&prepared)?;
    reported
}

fn report(
    sandbox: &Sandbox,
    prepared: &Prepared,
    cancel: &dyn Fn() -> bool,
) -> Result<Result<ModelRisk, String>, SandboxError> {
    let outcome = sandbox.execute(prepared, cancel, &|_| {})?;
    let left = sandbox.finalise(prepared)?;
    if outcome.end != End::Done || !left.outputs.contains_key(REPORT) {
        return Ok(Err("model_check_failed".to_owned()));
    }
    let report = risk_report(&sandbox.output(prepared, REPORT)?);
    Ok(report
        .map(|report| ModelRisk {
            high: !report.passes(),
            report: report.flat().into(),
        })
        .map_err(|refusal| refusal.code))
}
