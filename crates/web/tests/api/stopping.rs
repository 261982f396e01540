//! What runs under a permit stops when its person loses the post or its body passes into another: by an entry of the
//! registry, which is in no case.

use serde_json::{Value, json};
use shuyu_domain::port::Record;

use crate::{
    chain::Chain,
    runs::{ended, for_jobs, register, start},
    world::{Answered, PASSWORD, World, in_world},
};

async fn enter(world: &World, token: &str, what: &str, order: Value) -> Answered {
    let path = format!("/api/v1/registry/{what}");
    let post = world
        .post(&path)
        .token(token)
        .with("idempotency-key", &format!("stop-{what}"));
    post.json(order).await
}

/// Enrols a second clerk of the operator and prepares what hands the first one's post over.
async fn handover(world: &World) -> Value {
    let registry = world.store.load(&Default::default()).await.unwrap().registry;
    let mut bodies = registry.bodies.values();
    let operator = bodies.find(|body| body.roles.contains("operator")).unwrap().id;
    let admin = world.sign_in("admin").await;
    let post = json!({ "body": operator, "role": "operator", "post": "aide" });
    let second = json!({ "name": "庚", "login": "op.aide", "password": PASSWORD, "posts": [post] });
    enter(world, &admin, "people", second).await.ok();
    let clerk = world.sign_in("op.clerk").await;
    let paper = world.upload(&clerk, "a.pdf", "paper", b"handover").await;
    json!({ "from": "op.clerk", "to": "op.aide", "on": "2026-03-02", "paper": paper })
}

#[test]
fn a_post_handed_over_stops_the_queries_of_whoever_held_it() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let order = handover(&world).await;
        let act = async {
            world.oracle.started.notified().await;
            enter(&world, &chain.operator, "handovers", order).await.ok();
        };
        // Nothing lets the query go on: only the end of its chain can end it.
        let (asked, ()) = tokio::join!(chain.ask(&world, "SELECT wait"), act);
        assert_eq!(asked.problem(), (403, "post_handed_over".to_owned()));
        let switch = world.oracle.switch.lock().unwrap().take().unwrap();
        assert!(switch.is_cancelled(), "the engine was told");
    });
}

#[test]
fn a_post_handed_over_stops_the_jobs_of_whoever_held_it_and_another_entry_does_not() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let source = register(&world, &chain, "wait", &[("by_area.csv", "table")]).await;
        ended(&world, &chain, &source, "dummy").await;
        start(&world, &chain, &source, "real").await;
        world.bench.started.notified().await;
        // The clerk who is enrolled here is an entry of the registry too.
        let order = handover(&world).await;
        let switch = world.bench.switch.lock().unwrap().take().unwrap();
        assert!(!switch.is_cancelled(), "nobody lost anything yet");
        enter(&world, &chain.operator, "handovers", order).await.ok();
        assert!(switch.is_cancelled(), "told before the entry was answered");
    });
}
