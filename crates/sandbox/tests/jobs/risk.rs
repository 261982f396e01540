//! The risk check of models: an overfitted one is found, a sound one passes, one that stores records never leaves.

use std::time::Duration;

use crate::bed::{Bed, SMALL, declaring, job};
use shuyu_sandbox::{Content, End, Job, Kind, Limits, REPORT, RiskReport, risk_job, risk_report};

/// Room for the numeric libraries, whose code alone is larger than the other tests allow.
const ROOM: Limits = Limits {
    memory_bytes: 3 << 30,
    wall: Duration::from_secs(120),
    cpu_seconds: 100,
    disk_bytes: 64 << 20,
    output_rows: 5000,
    ..SMALL
};

/// Fits by `fit` on 1,500 made-up people and hands out model, members and held-out rows.
fn fitted(bed: &Bed, fit: &str) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let source = format!(
        "import numpy as np, pandas as pd\nfrom shuyu_job import write_model, write_table\nr = np.random.default_rng(7)\n\
         f = ['age', 'visits', 'income']\nx = np.round(r.normal(size=(3000, 3)), 2)\n\
         y = (x[:, 0] + 0.5 * x[:, 1] + r.normal(size=3000) > 0).astype(int)\n\
         t = pd.DataFrame(x, columns=f)\nt['sick'] = y\na, b = t[:1500], t[1500:]\nX, Y = a[f].to_numpy(), a['sick'].to_numpy()\n\
         {fit}\nwrite_model('m.json', model, f, 'people')\nwrite_table('a.csv', a, index=False)\nwrite_table('b.csv', b, index=False)"
    );
    let files = [
        ("m.json", Kind::Model),
        ("a.csv", Kind::Table),
        ("b.csv", Kind::Table),
    ];
    let mut job = declaring(job(&source), &files);
    job.limits = ROOM;
    let head = Content::Bytes(b"age,visits,income,sick\n".to_vec().into());
    job.inputs.insert("people.csv".to_owned(), head);
    let ran = bed.run(&job);
    assert!(
        ran.outcome.end == End::Done && ran.left.refused.is_empty(),
        "{:?} {}",
        ran.left.refused,
        ran.log
    );
    let bytes = |name| bed.sandbox.output(&ran.prepared, name).unwrap();
    (bytes("m.json"), bytes("a.csv"), bytes("b.csv"))
}

fn checked(bed: &Bed, fit: &str, target: Option<&str>) -> RiskReport {
    let (model, members, held_out) = fitted(bed, fit);
    let run = job("").run;
    let job: Job = risk_job(
        &run,
        model.into(),
        ("csv", Content::Bytes(members.into())),
        ("csv", Content::Bytes(held_out.into())),
        target,
        ROOM,
    );
    let ran = bed.run(&job);
    assert!(
        ran.outcome.end == End::Done && ran.left.refused.is_empty(),
        "{}",
        ran.log
    );
    risk_report(&bed.sandbox.output(&ran.prepared, REPORT).unwrap()).unwrap()
}

fn rule<'a>(report: &'a RiskReport, name: &str) -> &'a shuyu_sandbox::RiskRule {
    report.rules.iter().find(|rule| rule.rule == name).unwrap()
}

#[test]
fn an_overfitted_tree_is_found_and_a_sound_one_passes() {
    let bed = Bed::new();
    let tree = "from sklearn.tree import DecisionTreeClassifier\n";
    let bad = checked(
        &bed,
        &format!("{tree}model = DecisionTreeClassifier(random_state=1).fit(X, Y)"),
        Some("sick"),
    );
    assert!(!bad.passes());
    let attack = rule(&bad, "membership_inference");
    assert!(
        attack.figure.unwrap() > 0.6 && attack.detail["low"] > 0.6 && !attack.passes,
        "{attack:?}"
    );
    assert!(rule(&bad, "unique_leaves").figure.unwrap() > 100.0);
    assert!(rule(&bad, "memorised_rows").figure.unwrap() > 50.0);
    let good = checked(
        &bed,
        &format!(
            "{tree}model = DecisionTreeClassifier(max_depth=3, min_samples_leaf=50, random_state=1).fit(X, Y)"
        ),
        Some("sick"),
    );
    assert!(good.passes(), "{good:?}");
    assert!((rule(&good, "membership_inference").figure.unwrap() - 0.5).abs() < 0.05);
    let mut cut = good.clone();
    cut.rules.pop();
    assert!(!cut.passes());
}

#[test]
fn regressions_and_clusters_are_checked_too() {
    let bed = Bed::new();
    let good = checked(
        &bed,
        "from sklearn.linear_model import LogisticRegression\nmodel = LogisticRegression().fit(X, Y)",
        Some("sick"),
    );
    assert!(good.passes(), "{good:?}");
    // As many clusters as people: every centre is a record.
    let bad = checked(
        &bed,
        "from sklearn.cluster import KMeans\nmodel = KMeans(1400, n_init=1, max_iter=5, random_state=1).fit(X)",
        None,
    );
    assert!(
        !bad.passes() && rule(&bad, "memorised_rows").figure.unwrap() > 100.0,
        "{bad:?}"
    );
    assert!(!rule(&bad, "parameter_share").passes);
}

#[test]
fn models_that_store_records_have_no_form() {
    let bed = Bed::new();
    for fit in [
        "from sklearn.neighbors import KNeighborsClassifier\nmodel = KNeighborsClassifier().fit(X, Y)",
        "from sklearn.svm import SVC\nmodel = SVC().fit(X, Y)",
    ] {
        let source = format!(
            "import numpy as np\nfrom shuyu_job import write_model\nX = np.arange(20).reshape(-1, 1); Y = np.arange(20) % 2\n{fit}\nwrite_model('m.json', model, ['a'], 'numbers')"
        );
        let mut job = declaring(job(&source), &[("m.json", Kind::Model)]);
        job.limits = ROOM;
        let ran = bed.run(&job);
        assert!(
            ran.outcome.end == End::Raised && ran.log.contains("ModelRefused"),
            "{}",
            ran.log
        );
    }
}

/// 2,000 people of two sizes with their wages, and a model whose coefficients are the wages of the first.
fn dump(features: &[String]) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
    let wage = |n: usize| 4000 + (n * 7919) % 3001;
    let people = |from: usize, to: usize| {
        let row = |n: usize| {
            format!(
                "{},{}\n",
                if n.is_multiple_of(3) { "small" } else { "large" },
                wage(n)
            )
        };
        let rows: String = (from..to).map(row).collect();
        format!("size,wage\n{rows}").into_bytes()
    };
    let wages: Vec<usize> = (0..features.len()).map(wage).collect();
    let fitted_on = serde_json::json!({ "table": "people", "target": "wage" });
    let model = serde_json::json!({ "kind": "linear", "features": features, "coefficients": wages,
        "intercept": 5500.0, "fitted_on": fitted_on });
    (
        model.to_string().into_bytes(),
        people(0, 1600),
        people(1600, 2000),
    )
}

#[test]
fn coefficients_that_are_records_over_features_of_nobody_are_refused() {
    let bed = Bed::new();
    let of_nobody: Vec<String> = (0..500).map(|n| format!("size={n}x")).collect();
    let repeated = vec!["size=small".to_owned(); 500];
    for (features, code) in [
        (of_nobody, "model_feature_of_few"),
        (repeated, "model_feature_repeated"),
    ] {
        let (model, members, held_out) = dump(&features);
        let parts = [members, held_out].map(|rows| ("csv", Content::Bytes(rows.into())));
        let [members, held_out] = parts;
        let job = risk_job(&job("").run, model.into(), members, held_out, Some("wage"), ROOM);
        let ran = bed.run(&job);
        assert_eq!(ran.outcome.end, End::Done, "{}", ran.log);
        let report = risk_report(&bed.sandbox.output(&ran.prepared, REPORT).unwrap());
        assert_eq!(report.unwrap_err().code, code);
    }
    // Of the same people a model that speaks of all of them is within every limit.
    let (_, members, held_out) = dump(&[]);
    let model = serde_json::json!({ "kind": "linear", "features": ["size=small"], "coefficients": [12.5],
        "intercept": 5500.0 });
    let parts = [members, held_out].map(|rows| ("csv", Content::Bytes(rows.into())));
    let [members, held_out] = parts;
    let model = model.to_string().into_bytes().into();
    let job = risk_job(&job("").run, model, members, held_out, Some("wage"), ROOM);
    let ran = bed.run(&job);
    let report = risk_report(&bed.sandbox.output(&ran.prepared, REPORT).unwrap()).unwrap();
    assert!(report.passes(), "{report:?}");
    let rule = rule(&report, "memorised_rows");
    assert_eq!(rule.figure, None, "a coefficient is no record: {rule:?}");
}
