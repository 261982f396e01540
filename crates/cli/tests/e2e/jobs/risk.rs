//! A scikit-learn model from its program to the votes: one that learnt by heart is marked and needs reasons, one of few
//! wide leaves is within every limit.

use serde_json::{Value as Json, json};

use super::bench::Bench;
use crate::harness::{Server, walked};

/// A tree over coded columns of the real table.
fn program(options: &str) -> String {
    format!(
        "import pandas\nfrom shuyu_job import read, write_model\nfrom sklearn.tree import DecisionTreeRegressor\n\
         rows = read('employment').dropna(subset=['earningsmonth'])\n\
         made = pandas.get_dummies(rows[['size', 'age', 'education']], prefix_sep='=')\n\
         model = DecisionTreeRegressor({options}, random_state=1).fit(made.to_numpy(), rows['earningsmonth'])\n\
         write_model('pay.json', model, list(made.columns), 'employment', 'earningsmonth')\n"
    )
}

/// The evidence beside the model of a request that was handed over.
async fn evidence(bench: &Bench, airlock: &str) -> Json {
    let submitted = bench.submit(airlock, &["pay.json", "log.txt"]).await;
    assert!(submitted.ok(), "{submitted:?}");
    let shown = bench.shown(&bench.clerk, airlock).await;
    let files = shown["files"].as_array().into_iter().flatten();
    let model = files.into_iter().find(|file| file["name"] == "pay.json");
    model.expect("the model")["evidence"].clone()
}

/// A check that cannot make a number of a text says the text: of it a code remains, and its words are the platform's.
async fn nothing_of_a_check_that_failed_is_told(bench: &Bench) {
    let program = "import json\nmodel = {'kind': 'linear', 'features': ['idunit'], 'coefficients': [1.0], \
                   'intercept': 0.0, 'fitted_on': {'table': 'employment', 'target': 'earningsmonth'}}\n\
                   json.dump(model, open('/out/pay.json', 'w'))\n";
    let source = bench.register(program, "pay.json", "model").await;
    assert_eq!(bench.ran(&source, "dummy").await.1["state"], "done");
    let (run, state) = bench.ran(&source, "real").await;
    assert_eq!(state["state"], "failed", "{state}");
    assert_eq!(state.as_object().map(serde_json::Map::len), Some(4), "{state}");
    let airlock = bench.open(&run).await;
    assert!(bench.submit(&airlock, &["log.txt"]).await.ok());
    let shown = bench.shown(&bench.clerk, &airlock).await;
    let told = json!([{ "file": "pay.json", "code": "model_check_failed" }]);
    assert_eq!(shown["files"][0]["evidence"]["refused"], told, "{shown}");
    let path = format!("/api/v1/airlock/{airlock}/files/log.txt");
    let log = bench.clerk.get(&path).await.expect("a file");
    assert_eq!(log.body, "pay.json model_check_failed\n", "{log:?}");
}

#[test]
fn a_model_is_checked_against_subjects_it_never_saw_before_people_look_at_it() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let told = temp.path().join("told");
    let server = Server::start_telling(&data, &[], &told);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let base = server.base.clone();
    runtime.block_on(async {
        let bench = Bench::new(&base).await;
        let mut runs = Vec::new();
        let programs = [
            program("min_samples_leaf=1"),
            program("max_depth=3, min_samples_leaf=100"),
        ];
        for program in programs {
            let source = bench.register(&program, "pay.json", "model").await;
            assert_eq!(bench.ran(&source, "dummy").await.1["state"], "done");
            runs.push(source);
        }
        let [(by_heart, one), (sound, other)] = bench.both_real(&runs[0], &runs[1]).await;
        assert_eq!((&one["state"], &other["state"]), (&json!("done"), &json!("done")));

        let within = evidence(&bench, &bench.open(&sound).await).await;
        assert_eq!(
            (&within["high_risk"], &within["risk"]["verdict"]),
            (&json!(false), &json!("within"))
        );
        let airlock = bench.open(&by_heart).await;
        let high = evidence(&bench, &airlock).await;
        assert_eq!(
            (&high["high_risk"], &high["risk"]["unique_leaves_holds"]),
            (&json!(true), &json!("false"))
        );
        let rows = |name: &str| {
            high["risk"][name]
                .as_str()
                .and_then(|text| text.parse::<u64>().ok())
        };
        let (members, held_out) = (rows("members").expect("rows"), rows("held_out").expect("rows"));
        assert!(
            (3..=6).contains(&(members / held_out)),
            "one subject in five: {high}"
        );

        let vote = json!({ "act": "review", "votes": { "pay.json": { "approve": true } } });
        let silent = bench.act(&bench.clerk, &airlock, vote).await;
        assert_eq!(
            (silent.status, silent.code()),
            (422, "model_risk_needs_reasons"),
            "{silent:?}"
        );
        assert_eq!(silent.body["clauses"][0]["id"], "YN-OP-002");
        nothing_of_a_check_that_failed_is_told(&bench).await;
    });
    assert!(server.stop().success());
    let told = std::fs::read_to_string(&told).expect("what it told");
    for word in ["could not convert", "Traceback"] {
        assert!(!told.contains(word), "of a check that failed: {told}");
    }
}
