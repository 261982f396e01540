//! Sources and runs: made-up data first, one permit behind everything, nothing to be seen but done or failed.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use axum::http::Method;
use serde_json::{Value, json};
use shuyu_app::{port::jobs::JobInput, runs::RUNS_A_DAY};
use shuyu_domain::port::Record;
use shuyu_privacy::dummy::DummyValues;

use crate::{
    bench::RESIDENT_ID,
    chain::{self, Chain},
    world::{Answered, World, in_world},
};

/// A permit whose columns jobs may read as well.
pub async fn for_jobs(world: &World) -> Chain {
    Chain::granting(world, false, None, " python").await
}

/// Registers a source with these output files and gives its id.
pub async fn register(world: &World, chain: &Chain, text: &str, outputs: &[(&str, &str)]) -> String {
    let made = try_register(world, chain, text, outputs).await.ok();
    made["source"].as_str().unwrap().to_owned()
}

async fn try_register(world: &World, chain: &Chain, text: &str, outputs: &[(&str, &str)]) -> Answered {
    let outputs: Vec<Value> = outputs
        .iter()
        .map(|(name, kind)| json!({ "name": name, "kind": kind }))
        .collect();
    world
        .post(&format!("/api/v1/permits/{}/sources", chain.permit()))
        .token(&chain.operator)
        .json(json!({ "text": text, "outputs": outputs }))
        .await
}

async fn try_start(world: &World, chain: &Chain, source: &str, data: &str) -> Answered {
    world
        .post(&format!("/api/v1/sources/{source}/runs"))
        .token(&chain.operator)
        .json(json!({ "data": data }))
        .await
}

/// Starts a run and gives its id.
pub async fn start(world: &World, chain: &Chain, source: &str, data: &str) -> String {
    let started = try_start(world, chain, source, data).await.ok();
    started["run"].as_str().unwrap().to_owned()
}

/// The state of a run.
pub async fn state(world: &World, chain: &Chain, source: &str, run: &str) -> Value {
    let path = format!("/api/v1/sources/{source}/runs/{run}");
    world.get(&path).token(&chain.operator).empty().await.ok()
}

/// Starts a run, waits for its end and gives the run with its state.
pub async fn ended(world: &World, chain: &Chain, source: &str, data: &str) -> (String, Value) {
    let run = start(world, chain, source, data).await;
    loop {
        let state = state(world, chain, source, &run).await;
        if state["state"] != "running" {
            return (run, state);
        }
        tokio::task::yield_now().await;
    }
}

const TABLE: [(&str, &str); 1] = [("by_area.csv", "table")];

#[test]
fn a_source_runs_on_real_data_after_it_ran_on_made_up_data() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let source = register(&world, &chain, "print(1)", &TABLE).await;
        assert_eq!(
            register(&world, &chain, "print(1)", &TABLE).await,
            source,
            "by its content"
        );
        assert_ne!(register(&world, &chain, "print(2)", &TABLE).await, source);
        let early = try_start(&world, &chain, &source, "real").await;
        assert_eq!(
            early.json()["clauses"][0]["id"],
            "ST-OP-001",
            "it rests on the right to run jobs"
        );
        assert_eq!(early.problem(), (409, "source_not_tried".to_owned()));
        let (_, failed) = {
            let broken = register(&world, &chain, "raise", &TABLE).await;
            let ended = ended(&world, &chain, &broken, "dummy").await;
            let refused = try_start(&world, &chain, &broken, "real").await;
            assert_eq!(refused.problem(), (409, "source_not_tried".to_owned()));
            ended
        };
        assert_eq!((&failed["state"], &failed["line"]), (&json!("failed"), &json!(3)));
        assert_eq!(ended(&world, &chain, &source, "dummy").await.1["state"], "done");
        let (run, real) = ended(&world, &chain, &source, "real").await;
        assert_eq!(
            real,
            json!({ "run": run, "data": "real", "on": "2026-03-02", "state": "done" })
        );
        let orders = std::mem::take(&mut *world.bench.orders.lock().unwrap());
        let JobInput::Dummy(dummy) = &orders[1].inputs["people"] else {
            panic!("made up")
        };
        let JobInput::Real(people) = &orders[2].inputs["people"] else {
            panic!("real")
        };
        let names: Vec<&str> = dummy.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["age", "id_no"], "the same columns");
        assert_eq!(people.columns, names);
        assert_eq!(people.pseudonyms["id_no"], "person", "a job sees a pseudonym");
        assert!(matches!(dummy.columns[0].values, DummyValues::Integer(_)));
        assert!(
            orders[2].inputs.contains_key("roads"),
            "open tables need no grant"
        );
        let listed = world
            .get(&format!("/api/v1/permits/{}/sources", chain.permit()))
            .token(&chain.operator)
            .empty()
            .await
            .ok();
        assert_eq!(listed.as_array().unwrap().len(), 3);
        let shown = world
            .get(&format!("/api/v1/sources/{source}"))
            .token(&chain.operator)
            .empty()
            .await
            .ok();
        assert_eq!(
            (&shown["text"], &shown["tried"]),
            (&json!("print(1)"), &json!(true))
        );
        assert!(world.store.rebuild_check().await.unwrap().equal);
        let lines = world
            .store
            .entries(shuyu_domain::port::Log::Proceedings, 0, 10_000)
            .await
            .unwrap();
        let all = lines
            .iter()
            .map(|entry| String::from_utf8_lossy(&entry.bytes).into_owned());
        assert!(
            !all.collect::<String>().contains("print(1)"),
            "a source is no text of the ledger"
        );
    });
}

#[test]
fn what_a_real_run_met_is_for_reviewers_only() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let source = register(&world, &chain, "unlucky", &TABLE).await;
        ended(&world, &chain, &source, "dummy").await;
        let (run, failed) = ended(&world, &chain, &source, "real").await;
        assert_eq!(
            failed,
            json!({ "run": run, "data": "real", "on": "2026-03-02", "state": "failed" })
        );
        // Digests of files could be compared with guesses: the author reads none in the log.
        let size = world
            .store
            .size(shuyu_domain::port::Log::Proceedings)
            .await
            .unwrap();
        let path = format!("/api/v1/ledger/proceedings/entries?from={}&limit=1", size - 1);
        let lines = world.get(&path).token(&chain.operator).empty().await.ok();
        assert!(lines.to_string().contains("source.run_ended.v1"), "{lines}");
        assert!(!lines.to_string().contains("log.txt"), "{lines}");
    });
}

#[test]
fn a_run_needs_sandbox_right_columns_and_a_harmless_text() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let refused = |answered: Answered| answered.problem().1;
        for (text, outputs, code) in [
            (" ", &TABLE[..], "source_empty"),
            (&format!("id == '{RESIDENT_ID}'"), &TABLE[..], "source_identifies"),
            ("x", &[][..], "output_none"),
            ("x", &[("a.pkl", "model")][..], "output_type_not_allowed"),
            ("x", &[("a.svg", "plot")][..], "output_type_not_allowed"),
            ("x", &[("张三.csv", "table")][..], "output_name_invalid"),
            ("x", &[("../a.csv", "table")][..], "output_name_invalid"),
            ("x", &[("log.txt", "text")][..], "output_name_invalid"),
            ("x", &[("a.csv", "table"), ("a.csv", "table")][..], "output_twice"),
        ] {
            assert_eq!(
                refused(try_register(&world, &chain, text, outputs).await),
                code,
                "{code}"
            );
        }
        let long = "#".repeat(shuyu_app::sources::LONGEST_SOURCE + 1);
        assert_eq!(
            refused(try_register(&world, &chain, &long, &TABLE).await),
            "source_too_long"
        );
        let source = register(&world, &chain, "x", &TABLE).await;
        world.bench.missing.store(true, Ordering::SeqCst);
        let missing = try_start(&world, &chain, &source, "dummy").await;
        assert_eq!(missing.problem(), (409, "sandbox_missing".to_owned()));
        world.bench.missing.store(false, Ordering::SeqCst);
        let path = format!("/api/v1/permits/{}/sources", chain.permit());
        let authority = world.get(&path).token(&chain.authority).empty().await;
        assert_eq!(authority.problem(), (403, "role_may_not_act".to_owned()));
        let path = format!("/api/v1/sources/{source}");
        for stranger in [&chain.authority, &chain.provider] {
            let shown = world.get(&path).token(stranger).empty().await;
            assert_eq!(shown.problem(), (404, "source_unknown".to_owned()));
        }
    });
}

#[test]
fn a_run_for_some_rows_needs_the_column_that_tells_them() {
    in_world(|world| async move {
        // The version has the columns `id_no`, `age` and `name`.
        for (rows, answered) in [("age: 3*", 202), ("county: 53*", 409)] {
            let chain = Chain::new(&world)
                .await
                .for_rows(&world, rows, "group python")
                .await;
            let source = register(&world, &chain, "x", &TABLE).await;
            let started = try_start(&world, &chain, &source, "dummy").await;
            assert_eq!(started.status, answered, "{rows}");
            if answered == 409 {
                assert_eq!(started.problem().1, "permit_not_supported");
            }
        }
    });
}

#[test]
fn made_up_tables_are_downloaded_as_what_they_are() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let path = |table: &str| format!("/api/v1/permits/{}/dummy/{table}", chain.permit());
        let csv = world.get(&path("people")).token(&chain.operator).empty().await;
        let text = String::from_utf8(csv.bytes.to_vec()).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("dummy_no_real_data,age,id_no"));
        assert!(lines.clone().count() > 100 && lines.all(|line| line.starts_with("dummy,")));
        let none = world.get(&path("nothing")).token(&chain.operator).empty().await;
        assert_eq!(none.problem(), (404, "dummy_table_unknown".to_owned()));
    });
}

#[test]
fn the_end_of_any_link_stops_a_run_and_a_cancel_does() {
    for how in ["permit", "agreement", "cancel", "elsewhere"] {
        in_world(|world| async move {
            let chain = for_jobs(&world).await;
            let source = register(&world, &chain, "wait", &TABLE).await;
            ended(&world, &chain, &source, "dummy").await;
            let run = start(&world, &chain, &source, "real").await;
            world.bench.started.notified().await;
            let path = format!("/api/v1/sources/{source}/runs/{run}");
            match how {
                "permit" => chain.revoke(&world).await,
                "agreement" => chain::act(&world, &chain.authority, &chain.agreement, "end").await,
                "cancel" => {
                    let cancel = world
                        .ask(Method::DELETE, &path)
                        .token(&chain.operator)
                        .empty()
                        .await;
                    assert_eq!(cancel.status, 204);
                }
                _ => {
                    chain::end_permit_elsewhere(&world, &chain.case).await;
                    world.bench.go.notify_one();
                }
            }
            loop {
                let shown = world.get(&path).token(&chain.operator).empty().await.ok();
                if shown["state"] != "running" {
                    assert_eq!(shown["state"], "stopped", "{how}");
                    break;
                }
                tokio::task::yield_now().await;
            }
            let id = source.parse().unwrap();
            let recorded = world.store.source(id).await.unwrap().unwrap();
            let files: BTreeSet<_> = recorded
                .runs
                .values()
                .filter_map(|run| run.ended.clone())
                .collect::<Vec<_>>()
                .into_iter()
                .flat_map(|end| end.files)
                .map(|file| file.name)
                .collect();
            assert!(files.is_empty(), "nothing of a stopped run is kept");
            if how != "elsewhere" {
                let switch = world.bench.switch.lock().unwrap().take().unwrap();
                assert!(switch.is_cancelled(), "the sandbox was told");
            }
            let open = format!("{path}/airlock");
            let open = world.post(&open).token(&chain.operator).empty().await;
            assert_eq!(open.problem(), (409, "run_without_outputs".to_owned()));
        });
    }
}

#[test]
fn a_permit_has_so_many_runs_a_day_and_at_once() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let source = register(&world, &chain, "x", &TABLE).await;
        ended(&world, &chain, &source, "dummy").await;
        for _ in 0..RUNS_A_DAY {
            ended(&world, &chain, &source, "real").await;
        }
        let full = try_start(&world, &chain, &source, "real").await;
        assert_eq!(full.problem(), (429, "runs_too_many".to_owned()));
        assert_eq!(ended(&world, &chain, &source, "dummy").await.1["state"], "done");
    });
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let source = register(&world, &chain, "wait", &TABLE).await;
        ended(&world, &chain, &source, "dummy").await;
        for _ in 0..shuyu_app::running::RUNS_AT_ONCE {
            start(&world, &chain, &source, "real").await;
            world.bench.started.notified().await;
        }
        let full = try_start(&world, &chain, &source, "real").await;
        assert_eq!(full.problem(), (429, "runs_at_once_too_many".to_owned()));
        let asked = chain.ask(&world, "SELECT 1").await;
        assert_eq!(asked.status, 201, "queries have places of their own");
    });
}
