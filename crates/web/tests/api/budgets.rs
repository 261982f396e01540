//! Budgets of mode `dp` as a client meets them: told before, charged with the answer, exact, and never set back.

use std::sync::{Arc, atomic::Ordering};

use serde_json::{Value, json};

use crate::{
    chain::{self, Chain},
    world::{Answered, World, in_world},
};

/// Asks in mode `dp`; a query costs 400 of 1,000 in the rules of these tests.
async fn ask(world: &World, chain: &Chain, sql: &str) -> Answered {
    let queries = format!("/api/v1/permits/{}/queries", chain.permit());
    let question = json!({ "sql": sql, "mode": "dp" });
    world.post(&queries).token(&chain.operator).json(question).await
}

async fn budget(world: &World, chain: &Chain) -> Value {
    let path = format!("/api/v1/permits/{}/budget", chain.permit());
    world.get(&path).token(&chain.operator).empty().await.ok()
}

async fn spent(world: &World, chain: &Chain) -> Value {
    budget(world, chain).await["budgets"][0]["spent"].clone()
}

fn text(page: &Answered) -> String {
    String::from_utf8_lossy(&page.bytes).into_owned()
}

#[test]
fn a_query_is_estimated_charged_and_refused_before_it_runs() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let before = budget(&world, &chain).await;
        assert_eq!(
            (&before["mode"], &before["dp_offered"]),
            (&json!("stat"), &json!(true))
        );
        assert_eq!(before["budgets"].as_array().map(Vec::len), Some(1));
        assert_eq!(before["budgets"][0]["queries_left"], 2);
        // Where `stat` may run, no ε is told.
        assert!(!before.to_string().contains("epsilon"));
        let queries = format!("/api/v1/permits/{}/queries", chain.permit());
        let dry = json!({ "sql": "SELECT 1", "mode": "dp", "dry_run": true });
        let told = world.post(&queries).token(&chain.operator).json(dry).await.ok();
        assert_eq!(
            (&told["estimate"]["cost"], &told["estimate"]["queries_left"]),
            (&json!(400), &json!(2))
        );
        assert!(!told.to_string().contains("epsilon"));
        assert_eq!(spent(&world, &chain).await, 0);
        assert_eq!(ask(&world, &chain, "SELECT 1").await.status, 201);
        assert_eq!(spent(&world, &chain).await, 400);
        // Refused by the check, and ended without an answer before noise was drawn: nothing.
        assert_eq!(
            ask(&world, &chain, "SELECT bad").await.problem(),
            (422, "use_missing".to_owned())
        );
        assert_eq!(
            ask(&world, &chain, "SELECT lost").await.problem(),
            (422, "query_no_answer".to_owned())
        );
        assert_eq!(spent(&world, &chain).await, 400);
        // After noise was drawn it has cost what it costs, and says no more than before.
        assert_eq!(
            ask(&world, &chain, "SELECT drawn").await.problem(),
            (422, "query_no_answer".to_owned())
        );
        assert_eq!(spent(&world, &chain).await, 800);
        let asked = world.oracle.asked.load(Ordering::SeqCst);
        let refused = ask(&world, &chain, "SELECT 2").await;
        assert_eq!(refused.problem(), (409, "dp_budget_spent".to_owned()));
        assert_eq!(world.oracle.asked.load(Ordering::SeqCst), asked, "it ran");
        assert_eq!(chain::noted(&world, "dp_budget_spent").await.len(), 1);
        assert_eq!(spent(&world, &chain).await, 800);
        // The mode of the permit is as it was.
        assert_eq!(chain.ask(&world, "SELECT 1").await.status, 201);
        assert_eq!(spent(&world, &chain).await, 800);
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn a_repeated_request_is_charged_once() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let queries = format!("/api/v1/permits/{}/queries", chain.permit());
        let send = |mode: Option<&'static str>| {
            let question = json!({ "sql": "SELECT 1", "mode": mode });
            let request = world
                .post(&queries)
                .token(&chain.operator)
                .with("idempotency-key", "q-1");
            request.json(question)
        };
        let first = send(Some("dp")).await;
        assert_eq!(first.status, 201);
        assert_eq!(send(Some("dp")).await.json(), first.json());
        assert_eq!(spent(&world, &chain).await, 400);
        // The same key in another mode is another question.
        assert_eq!(
            send(None).await.problem(),
            (409, "idempotency_key_reused".to_owned())
        );
    });
}

#[test]
fn of_two_queries_side_by_side_one_gets_the_rest() {
    in_world(|world| async move {
        let chain = Arc::new(Chain::new(&world).await);
        assert_eq!(ask(&world, &chain, "SELECT 1").await.status, 201);
        let world = Arc::new(world);
        let asked = world.oracle.asked.load(Ordering::SeqCst);
        let running: Vec<_> = (0..2)
            .map(|_| {
                let (world, chain) = (world.clone(), chain.clone());
                tokio::spawn(async move { ask(&world, &chain, "SELECT wait").await })
            })
            .collect();
        // Both were told that 600 suffice, and run.
        while world.oracle.asked.load(Ordering::SeqCst) < asked + 2 {
            tokio::task::yield_now().await;
        }
        while !running.iter().all(tokio::task::JoinHandle::is_finished) {
            world.oracle.go.notify_one();
            tokio::task::yield_now().await;
        }
        let mut ends = Vec::new();
        for query in running {
            ends.push(query.await.unwrap().status.as_u16());
        }
        ends.sort_unstable();
        assert_eq!(ends, [201, 409]);
        assert_eq!(spent(&world, &chain).await, 800);
    });
}

#[test]
fn the_workbench_shows_what_remains_and_what_a_query_would_cost() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let path = format!("/permits/{}", chain.permit());
        let page = world
            .page(axum::http::Method::GET, &path, &chain.operator, &[])
            .await;
        assert!(text(&page).contains("<progress"), "{}", text(&page));
        let csrf = crate::forms::hidden(&page, "csrf");
        let fields = [
            ("csrf", csrf.as_str()),
            ("sql", "SELECT 1"),
            ("do", "check"),
            ("mode", "dp"),
        ];
        let told = world
            .page(axum::http::Method::POST, &path, &chain.operator, &fields)
            .await;
        assert!(text(&told).contains("0.0004"), "{}", text(&told));
        assert_eq!(spent(&world, &chain).await, 0);
        let fields = [
            ("csrf", csrf.as_str()),
            ("sql", "SELECT 1"),
            ("do", "run"),
            ("mode", "dp"),
        ];
        world
            .page(axum::http::Method::POST, &path, &chain.operator, &fields)
            .await;
        assert_eq!(spent(&world, &chain).await, 400);
    });
}
