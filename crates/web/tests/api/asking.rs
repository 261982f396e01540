//! Asking under a permit: no answer without its entry, none after the end of a link, one for one request.

use std::sync::{Arc, atomic::Ordering};

use axum::http::Method;
use serde_json::json;
use shuyu_app::running::ANSWER_GRID;
use shuyu_domain::port::Record;

use crate::{
    chain::{self, Chain},
    world::{Answered, World, in_world},
};

/// Begins a query that waits, lets something happen while it runs, and gives how the query ended.
async fn meanwhile<F: Future<Output = ()>>(
    world: &World,
    chain: &Chain,
    sql: &str,
    act: impl FnOnce() -> F,
) -> Answered {
    let act = async {
        world.oracle.started.notified().await;
        act().await;
    };
    tokio::join!(chain.ask(world, sql), act).0
}

async fn nothing_left(world: &World, chain: &Chain) {
    let documents = world.store.documents("release", None).await.unwrap();
    assert!(documents.is_empty(), "{documents:?}");
    let session = world.app.session(&chain.operator).await.unwrap();
    assert!(world.app.releases(&session).await.unwrap().is_empty());
}

#[test]
fn an_answer_leaves_with_its_entry() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let asked = chain.ask(&world, "SELECT 1").await;
        assert_eq!(asked.status, 201);
        let shown = world
            .get(asked.header("location"))
            .token(&chain.operator)
            .empty()
            .await
            .ok();
        assert_eq!(shown, asked.json());
        assert_eq!(chain::noted(&world, "\"query\"").await[0]["outcome"], "ok");
        let report = world.store.rebuild_check().await.unwrap();
        assert!(report.equal);
    });
}

#[test]
fn an_answer_without_an_entry_is_shown_nowhere() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let document = chain::unrecorded(&chain.case);
        assert!(world.store.put_document(&document).await.unwrap());
        let path = format!("/api/v1/releases/{}", document.key);
        let shown = world.get(&path).token(&chain.operator).empty().await;
        assert_eq!(shown.problem(), (404, "release_unknown".to_owned()));
        let session = world.app.session(&chain.operator).await.unwrap();
        assert!(world.app.releases(&session).await.unwrap().is_empty());
    });
}

#[test]
fn the_end_of_any_link_stops_a_running_query() {
    for link in ["permit", "agreement", "entry"] {
        in_world(|world| async move {
            let chain = Chain::new(&world).await;
            // Nothing lets the query go on: only the end of its chain can end it.
            let ended = meanwhile(&world, &chain, "SELECT wait", || async {
                match link {
                    "permit" => chain.revoke(&world).await,
                    "agreement" => {
                        chain::act(&world, &chain.authority, &chain.agreement, "end").await;
                    }
                    _ => chain::act(&world, &chain.provider, &chain.people, "retire").await,
                }
            });
            let code = match link {
                "permit" => "permit_ended",
                "agreement" => "operator_agreement_not_active",
                _ => "resource_not_in_catalogue",
            };
            assert_eq!(ended.await.problem(), (403, code.to_owned()));
            nothing_left(&world, &chain).await;
            let switch = world.oracle.switch.lock().unwrap().take().unwrap();
            assert!(switch.is_cancelled(), "the engine was told");
            assert_eq!(chain::noted(&world, code).await[0]["outcome"], "refused");
        });
    }
}

#[test]
fn an_act_that_ends_nothing_stops_nothing() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let ended = meanwhile(&world, &chain, "SELECT wait", || async {
            // In the plan's scope or not: the open table's entry is no link of the permit's own tables.
            let set = json!({ "name": "b", "openness": "closed" });
            let other = world.open(&chain.provider, "entry", set).await;
            chain::act(&world, &chain.provider, &other, "retire").await;
            world.oracle.go.notify_one();
        });
        assert_eq!(ended.await.status, 201);
    });
}

#[test]
fn an_end_that_this_process_did_not_see_refuses_the_release() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let ended = meanwhile(&world, &chain, "SELECT wait", || async {
            chain::end_permit_elsewhere(&world, &chain.case).await;
            world.oracle.go.notify_one();
        });
        assert_eq!(ended.await.problem(), (403, "permit_ended".to_owned()));
        nothing_left(&world, &chain).await;
    });
}

#[test]
fn the_same_request_makes_one_release() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let ask = |sql: &str| {
            world
                .post(&format!("/api/v1/permits/{}/queries", chain.permit()))
                .token(&chain.operator)
                .with("idempotency-key", "q-1")
                .json(json!({ "sql": sql }))
        };
        let first = ask("SELECT 1").await.ok();
        assert_eq!(ask("SELECT 1").await.ok(), first);
        assert_eq!(world.oracle.asked.load(Ordering::SeqCst), 1);
        let other = ask("SELECT 2").await;
        assert_eq!(other.problem(), (409, "idempotency_key_reused".to_owned()));
        assert_eq!(world.store.documents("release", None).await.unwrap().len(), 1);
    });
}

#[test]
fn a_permit_has_so_many_queries_at_once() {
    in_world(|world| async move {
        let chain = Arc::new(Chain::new(&world).await);
        // As the profile of the tests says.
        let at_once = 4;
        let world = Arc::new(world);
        let running: Vec<_> = (0..at_once)
            .map(|_| {
                let (world, chain) = (world.clone(), chain.clone());
                tokio::spawn(async move { chain.ask(&world, "SELECT wait").await.status })
            })
            .collect();
        while world.oracle.asked.load(Ordering::SeqCst) < at_once {
            tokio::task::yield_now().await;
        }
        let refused = chain.ask(&world, "SELECT 1").await;
        assert_eq!(refused.problem(), (429, "queries_too_many".to_owned()));
        for _ in 0..at_once {
            world.oracle.go.notify_one();
            tokio::task::yield_now().await;
        }
        while !running.iter().all(tokio::task::JoinHandle::is_finished) {
            world.oracle.go.notify_one();
            tokio::task::yield_now().await;
        }
        for query in running {
            assert_eq!(query.await.unwrap(), 201);
        }
        assert_eq!(chain.ask(&world, "SELECT 1").await.status, 201);
    });
}

#[test]
fn what_grants_a_query_lacks_is_told_and_noted() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let path = format!("/api/v1/permits/{}/missing-grants", chain.permit());
        let asked = |sql: &'static str| {
            world
                .post(&path)
                .token(&chain.operator)
                .json(json!({ "sql": sql }))
        };
        let legal = asked("SELECT 1").await.ok();
        assert_eq!(
            legal,
            json!({ "legal": true, "grants": [], "join_risk": false, "fusion": false })
        );
        assert!(chain::noted(&world, "query_check").await.is_empty());
        let lacking = asked("SELECT avg(age) FROM people").await.ok();
        let grant = json!({ "table": "people", "column": "age", "uses": ["measure"], "finer": false });
        let told = json!({ "legal": false, "grants": [grant], "join_risk": false, "fusion": false });
        assert_eq!(lacking, told);
        let notes = chain::noted(&world, "query_check").await;
        assert_eq!(notes.len(), 1);
        assert_eq!(
            (&notes[0]["code"], &notes[0]["clauses"][0]),
            (&json!("use_missing"), &json!("ST-OP-001"))
        );
        // It was asked only: the permit gives nothing more than before.
        let refused = chain.ask(&world, "SELECT avg(age) FROM people").await;
        assert_eq!(refused.problem(), (422, "use_missing".to_owned()));
        let hopeless = asked("SELECT bad").await.ok();
        assert_eq!(hopeless["refusal"]["code"], "use_missing");
        // The mode is part of the question.
        let extreme = "SELECT max(age) FROM people";
        assert_eq!(asked(extreme).await.ok()["legal"], true);
        let stricter = json!({ "sql": extreme, "mode": "dp" });
        let in_dp = world.post(&path).token(&chain.operator).json(stricter).await;
        assert_eq!(in_dp.ok()["refusal"]["code"], "dp_statistic_refused");
        chain.revoke(&world).await;
        assert_eq!(
            asked("SELECT 1").await.problem(),
            (403, "permit_ended".to_owned())
        );
    });
}

#[test]
fn an_answer_and_none_leave_on_the_grid() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        for sql in ["SELECT 1", "SELECT lost"] {
            let began = tokio::time::Instant::now();
            chain.ask(&world, sql).await;
            assert!(began.elapsed() >= ANSWER_GRID, "{sql}");
        }
    });
}

#[test]
fn every_no_is_noted_before_it_is_shown() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let queries = format!("/api/v1/permits/{}/queries", chain.permit());
        let check = json!({ "sql": "SELECT bad", "dry_run": true });
        let shown = world.post(&queries).token(&chain.operator).json(check).await;
        assert_eq!(shown.problem(), (422, "use_missing".to_owned()));
        let notes = chain::noted(&world, "use_missing").await;
        assert_eq!(
            (&notes[0]["what"], &notes[0]["clauses"][0]),
            (&json!("query_check"), &json!("ST-OP-001"))
        );
        let lost = chain.ask(&world, "SELECT lost").await;
        assert_eq!(lost.problem(), (422, "query_no_answer".to_owned()));
        assert_eq!(chain::noted(&world, "query_no_answer").await.len(), 1);
        let derive =
            json!({ "resource": chain.people, "from": "data_01k0q4vh8m9x2t5e7w3r6y1ab2", "table": "x" });
        let refused = world
            .ask(Method::POST, "/api/v1/datasets/derivations")
            .token(&chain.provider)
            .with("idempotency-key", "d-1")
            .json(derive)
            .await;
        assert_eq!(refused.problem(), (404, "dataset_unknown".to_owned()));
        assert_eq!(chain::noted(&world, "dataset_unknown").await.len(), 1);
        chain.revoke(&world).await;
        let page = format!("/api/v1/permits/{}", chain.permit());
        world.get(&page).token(&chain.operator).empty().await;
        assert_eq!(chain::noted(&world, "permit_ended").await[0]["what"], "view");
        // One look is one entry, by the console's workbench too.
        let session = world.app.session(&chain.operator).await.unwrap();
        let permit = chain.permit().parse().unwrap();
        world.app.workbench(&session, permit).await.unwrap_err();
        assert_eq!(chain::noted(&world, "permit_ended").await.len(), 2);
    });
}

#[test]
fn a_party_without_the_right_gets_no_answer() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let path = format!("/api/v1/permits/{}/queries", chain.permit());
        let order = || json!({ "sql": "SELECT 1" });
        let authority = world.post(&path).token(&chain.authority).json(order()).await;
        assert_eq!(authority.problem(), (403, "role_may_not_act".to_owned()));
        let refused = authority.json();
        assert_eq!(refused["facts"]["roles"], "运营机构", "{refused}");
        let provider = world.post(&path).token(&chain.provider).json(order()).await;
        assert_eq!(provider.problem(), (403, "not_a_party".to_owned()));
        nothing_left(&world, &chain).await;
    });
}

#[test]
fn a_statement_is_tried_on_made_up_tables_and_nothing_of_it_leaves() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let path = format!("/api/v1/permits/{}/trials", chain.permit());
        let post = |sql: &str| {
            world
                .post(&path)
                .token(&chain.operator)
                .json(json!({ "sql": sql }))
        };
        let tried = post("SELECT 1").await.ok();
        assert_eq!(tried["dummy"], true);
        let rows = tried["rows"].to_string();
        assert!(
            rows.contains("people: id_no age name by id_no") && rows.contains("roads: "),
            "every column that may be named, and who the subject is: {rows}"
        );
        nothing_left(&world, &chain).await;
        assert_eq!(
            world.oracle.asked.load(Ordering::SeqCst),
            0,
            "no real table was read"
        );
        assert_eq!(
            post("SELECT bad").await.problem(),
            (422, "use_missing".to_owned())
        );
        assert_eq!(chain::noted(&world, "query_trial").await.len(), 1);
        let permit = format!("/permits/{}", chain.permit());
        let csrf = world.app.session(&chain.operator).await.unwrap().csrf;
        let fields = [("csrf", csrf.as_str()), ("do", "try"), ("sql", "SELECT 1")];
        let page = world.page(Method::POST, &permit, &chain.operator, &fields).await;
        let page = String::from_utf8(page.bytes.to_vec()).unwrap();
        assert!(
            page.contains("people: id_no age") && page.contains("没有一行是真的"),
            "{page}"
        );
        assert!(!page.contains("rel_"), "it has no name");
        chain.revoke(&world).await;
        assert_eq!(post("SELECT 1").await.problem(), (403, "permit_ended".to_owned()));
    });
}
