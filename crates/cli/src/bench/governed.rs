//! Governance and checks of identity in process: discovery, masking, k/l/t, look-ups; and the start of the sandbox.

use std::time::Duration;

use anyhow::Context as _;
use arrow::array::RecordBatch;
use shuyu_privacy::{
    governance::{
        assess::Assessment,
        discovery::Examination,
        recipe::{ColumnRecipe, Masker, PseudonymForm, PseudonymKey, Recipe, Step},
    },
    identity::{IdentityKey, IndexBuilder},
};
use shuyu_sandbox::{End, Limits};

use super::{
    people::{self, Person, scattered},
    report::{Figure, Report},
    stopwatch::{Stopwatch, median},
};
use crate::isolation;

/// Look-ups that are timed together.
const LOOKUPS: u64 = 1_000_000;
/// Starts of the sandbox.
const STARTS: usize = 10;

/// Measures all of it over so many persons.
pub(super) fn measure(report: &mut Report, persons: u64) -> anyhow::Result<()> {
    let read = reading(persons)?;
    let note = format!("{persons} rows, one core, in memory");
    let per_second = |seconds: f64| persons as f64 / seconds;
    let section = "governance";
    let making = "making the rows";
    report.add(Figure::new(section, making, per_second(read), "rows/s").note(note));
    for (what, seconds) in [
        ("discovery", discovery(persons)?),
        ("masking: pseudonym, bands, rounding", masking(persons)?),
        ("k, l, t and risk of records", assessing(persons)?),
    ] {
        // The rows are made on the way; their time is not that of the work.
        let work = seconds - read;
        if work <= 0.0 {
            report
                .not_measured
                .push(format!("{what}: quicker than making the rows"));
            continue;
        }
        report.add(Figure::new(section, what, per_second(work), "rows/s").against(per_second(read), making));
    }
    identity(report, persons);
    sandbox(report)
}

fn timed(persons: u64, mut take: impl FnMut(&RecordBatch) -> anyhow::Result<()>) -> anyhow::Result<f64> {
    let watch = Stopwatch::start();
    for batch in people::batches(persons) {
        take(&batch?)?;
    }
    Ok(watch.seconds())
}

/// Seconds to make the rows and to look at nothing.
fn reading(persons: u64) -> anyhow::Result<f64> {
    let mut rows = 0;
    timed(persons, |batch| {
        rows += batch.num_rows();
        Ok(())
    })
}

fn discovery(persons: u64) -> anyhow::Result<f64> {
    let columns = ["id", "county", "sex", "age", "income"];
    let mut examination = Examination::new(columns, 1);
    let watch = Stopwatch::start();
    timed(persons, |batch| {
        examination.take(batch);
        Ok(())
    })?;
    anyhow::ensure!(
        examination.finish().len() == columns.len(),
        "a column was passed over"
    );
    Ok(watch.seconds())
}

fn masking(persons: u64) -> anyhow::Result<f64> {
    let column = |name: &str, step: Step| ColumnRecipe {
        column: name.to_owned(),
        steps: vec![step],
    };
    let recipe = Recipe {
        columns: vec![
            column(
                "id",
                Step::Pseudonym {
                    domain: "person".to_owned(),
                    form: PseudonymForm::Code,
                },
            ),
            column(
                "age",
                Step::Bands {
                    edges: ["18", "35", "60"].map(str::to_owned).to_vec(),
                },
            ),
            column("income", Step::Round { to: "100".to_owned() }),
        ],
        mark: None,
    };
    let schema = people::batches(1).next().context("a batch")??.schema();
    let key = PseudonymKey::of(&[4; 32], "bench");
    let masker = Masker::new(&recipe, &schema, &key, None)?;
    timed(persons, |batch| {
        let masked = masker.apply(batch)?;
        anyhow::ensure!(masked.num_rows() == batch.num_rows(), "a row was lost");
        Ok(())
    })
}

fn assessing(persons: u64) -> anyhow::Result<f64> {
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut assessment = Assessment::new(&names(&["county", "sex", "age"]), &names(&["income"]))?;
    let watch = Stopwatch::start();
    timed(persons, |batch| Ok(assessment.take(batch)?))?;
    assessment.finish().context("figures")?;
    Ok(watch.seconds())
}

fn identity(report: &mut Report, persons: u64) {
    let key = IdentityKey::new([5; 32]);
    let tag = |number: u64| {
        let person = Person::new(number);
        key.tag(&person.id(), [person.sex])
    };
    let watch = Stopwatch::start();
    let mut builder = IndexBuilder::default();
    (0..persons).for_each(|number| builder.add(tag(number)));
    let index = builder.finish();
    let section = "checks of identity, in process";
    let compiled = persons as f64 / watch.seconds();
    report.add(
        Figure::new(section, "compiling the index", compiled, "rows/s").note(format!("{persons} pairs")),
    );
    let asked = |share: u64| {
        let watch = Stopwatch::start();
        // One in so many asks about somebody who is not there.
        let found = (0..LOOKUPS).filter(|number| index.holds(tag(scattered(*number) % (persons * share))));
        (found.count(), LOOKUPS as f64 / watch.seconds())
    };
    let (found, all) = asked(1);
    let (_, half) = asked(2);
    report.add(Figure::new(section, "look-ups, one core", all, "per s").note(format!("{found} found")));
    report.add(
        Figure::new(section, "the same, half of them not there", half, "per s").against(all, "look-ups"),
    );
}

fn sandbox(report: &mut Report) -> anyhow::Result<()> {
    let sandbox = match isolation::sandbox("bench") {
        Ok(sandbox) => sandbox,
        Err(refusal) => {
            report
                .not_measured
                .push(format!("start of the sandbox: {refusal}"));
            return Ok(());
        }
    };
    let mut readings = Vec::new();
    for start in 0..STARTS {
        let watch = Stopwatch::start();
        let limits = Limits {
            // What is measured is the start, not the wait for the end of a slot.
            slot: Duration::from_millis(1),
            ..Limits::default()
        };
        let end = sandbox.start_once(&format!("bench-{start}"), limits)?;
        anyhow::ensure!(end == End::Done, "a start ended otherwise");
        readings.push(watch.millis());
    }
    let what = "an empty source, from its folder to its end";
    report.add(Figure::new("sandbox", what, median(&readings), "ms").note(format!("median of {STARTS}")));
    Ok(())
}
