//! Runs through the port, in the real sandbox: what is kept, what is refused, and what of it is said.

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

fn people(who: Vec<String>, age: Vec<i64>, sick: Vec<i64>) -> Result<Bytes, DataError> {
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
    let batch =
        RecordBatch::try_new(schema.clone(), columns).map_err(|error| Fault::new("making a batch", error))?;
    let mut file = ParquetBytes::new(schema)?;
    file.write(&batch)?;
    Ok(file.finish()?.into())
}

/// People of whom nothing tells who is sick.
fn many(from: i64, to: i64) -> Result<Bytes, DataError> {
    let mixed = |n: i64, by: i64| {
        let drawn = (n * 1009 + by)
            .cast_unsigned()
            .wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let drawn = (drawn ^ (drawn >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        i64::try_from(drawn >> 48).unwrap_or_default() % 1009
    };
    people(
        (from..to).map(|n| format!("张三{n}")).collect(),
        (from..to).map(|n| mixed(n, 577)).collect(),
        (from..to).map(|n| mixed(n, 313) % 2).collect(),
    )
}

#[async_trait]
impl JobTables for Two {
    async fn parquet(&self, _: PermitId, _: &RealTable) -> Result<Bytes, DataError> {
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
    let adapter = SandboxAdapter::new(sandbox, Arc::new(Two), Arc::new(shuyu_kernel::kill::NoKill));
    let table = RealTable {
        dataset: DatasetId::from_bits(1),
        version: 1,
        columns: vec!["who".to_owned(), "age".to_owned(), "sick".to_owned()],
        pseudonyms: BTreeMap::from([("who".to_owned(), "person".to_owned())]),
        open: false,
        rows: None,
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

/// Everything of a run that somebody may come to read.
fn codes(run: &JobRun) -> Vec<&str> {
    let everything = format!("{run:?} {}", String::from_utf8_lossy(&run.log));
    assert!(!everything.contains("张三"), "no value of a cell: {everything}");
    assert_eq!(
        (run.outcome, run.outputs.len()),
        (JobOutcome::Failed, 0),
        "{everything}"
    );
    run.refused.iter().map(|refused| refused.code.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_names_a_text_as_a_feature_leaves_no_value_of_a_cell_anywhere() {
    // The check cannot make a number of a name, and its traceback holds the name.
    let source = "open('/out/m.json', 'w').write('{\"kind\": \"linear\", \"features\": [\"who\"], \
                  \"coefficients\": [1.0], \"intercept\": 0.0, \"fitted_on\": {\"table\": \"people\", \
                  \"target\": \"sick\"}}')\n";
    let run = ran_for(source, "m.json", OutputKind::Model).await;
    assert_eq!(codes(&run), ["model_check_failed"]);
    assert!(run.log.is_empty(), "the program said nothing, so nothing is said");
    // Nor does the name of a table, which is a word of the program's.
    let named = source.replace("people", "张三");
    let run = ran_for(&named, "m.json", OutputKind::Model).await;
    assert_eq!(codes(&run), ["model_table_not_held_out"]);
    let few = source.replace("who", "age=-1");
    let run = ran_for(&few, "m.json", OutputKind::Model).await;
    assert_eq!(codes(&run), ["model_feature_of_few"]);
    let as_text = source.replace("who", "age");
    let run = ran_for(&as_text, "m.json", OutputKind::Text).await;
    assert_eq!(codes(&run), ["output_is_a_model"]);
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
    let refused = [RefusedFile {
        name: Some("m.json".to_owned()),
        code: "model_check_failed".to_owned(),
    }];
    assert_eq!(run.refused, refused);
    let nameless = source.replace("people", "others");
    let run = ran_for(&nameless, "m.json", OutputKind::Model).await;
    assert_eq!(run.outcome, JobOutcome::Failed);
}
