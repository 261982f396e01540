//! Models of a run on real data: rows that were held out from the job, and the check of what a model gives away.

use std::{collections::BTreeMap, time::Duration};

use shuyu_app::port::jobs::ModelRisk;
use shuyu_kernel::Refusal;
use shuyu_sandbox::{
    Content, End, FittedOn, Job, Limits, Model, Prepared, REPORT, Sandbox, SandboxError, risk_job,
    risk_report,
};

/// A table of which some subjects were held out: both parts as Parquet files.
pub struct Parted {
    /// Rows the job gets.
    pub members: Vec<u8>,
    /// Rows it never sees; `None` of a table that is open, of which nothing is held out.
    pub held_out: Option<Vec<u8>>,
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

/// What a model gives away of those it was fitted on. `Err` inside says, for reviewers, why it could not be checked:
/// such a model does not leave.
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
        Err(why) => return Ok(Err(why)),
    };
    let parts = tables.get(&fitted_on.table);
    let Some((members, held_out)) = parts.and_then(|parts| Some((&parts.members, parts.held_out.as_ref()?)))
    else {
        return Ok(Err(format!(
            "no rows of `{}` were held out: it is open, or no input of this job",
            fitted_on.table
        )));
    };
    let job = risk_job(
        &format!("{}-risk{number}", run.name()),
        bytes,
        ("parquet", Content::Bytes(members.clone())),
        ("parquet", Content::Bytes(held_out.clone())),
        fitted_on.target.as_deref(),
        limits,
    );
    checked(sandbox, &job, cancel)
}

fn fitted_on(bytes: &[u8]) -> Result<FittedOn, String> {
    let value = serde_json::from_slice(bytes).map_err(|_| "it is no JSON".to_owned())?;
    let model = Model::read(&value).map_err(str::to_owned)?;
    let fitted_on = model.fitted_on().cloned();
    fitted_on.ok_or_else(|| "it does not say what it was fitted on".to_owned())
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
        let said = String::from_utf8_lossy(&sandbox.log(prepared)?).into_owned();
        return Ok(Err(format!("the check did not end: {said}")));
    }
    let report = risk_report(&sandbox.output(prepared, REPORT)?);
    Ok(report
        .map(|report| ModelRisk {
            high: !report.passes(),
            report: report.flat().into(),
        })
        .map_err(|refusal: Refusal| refusal.code))
}
