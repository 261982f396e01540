//! What runs under a permit stops when its chain of authority ends: by an act, by an entry of the registry (which is in
//! no case), by a new day and by a wound clock. `asking` has the acts in the other cases of the chain.

use std::future::Future;

use serde_json::{Value, json};
use shuyu_domain::port::Record;
use shuyu_kernel::CivilDate;

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

/// Enrols a second clerk of the operator, and uploads a paper of the first one.
async fn aide(world: &World) -> String {
    let registry = world.store.load(&Default::default()).await.unwrap().registry;
    let mut bodies = registry.bodies.values();
    let operator = bodies.find(|body| body.roles.contains("operator")).unwrap().id;
    let admin = world.sign_in("admin").await;
    let post = json!({ "body": operator, "role": "operator", "post": "aide" });
    let second = json!({ "name": "庚", "login": "op.aide", "password": PASSWORD, "posts": [post] });
    enter(world, &admin, "people", second).await.ok();
    let clerk = world.sign_in("op.clerk").await;
    world.upload(&clerk, "a.pdf", "paper", b"handover").await
}

/// Prepares what hands the first clerk's post over.
async fn handover(world: &World) -> Value {
    let paper = aide(world).await;
    json!({ "from": "op.clerk", "to": "op.aide", "on": "2026-03-02", "paper": paper })
}

/// The first clerk delegates its post until the sixth; answers the other, who acts in it.
async fn delegated(world: &World, clerk: &str) -> String {
    let paper = aide(world).await;
    let order = json!({ "number": "授 1", "from": "op.clerk", "to": "op.aide", "paper": paper,
                        "starts_on": "2026-03-02", "ends_on": "2026-03-06" });
    enter(world, clerk, "delegations", order).await.ok();
    let aide = world.sign_in("op.aide").await;
    let posts = world.get("/api/v1/me/posts").token(&aide).empty().await.ok();
    let posts = posts.as_array().unwrap();
    let post = posts.iter().find(|post| !post["delegation"].is_null()).unwrap();
    world
        .post("/api/v1/me/post")
        .token(&aide)
        .json(post.clone())
        .await
        .ok();
    aide
}

/// Days of the chain: the last one of its agreement, and the one after.
fn last_day() -> (CivilDate, CivilDate) {
    let last = CivilDate::new(2027, 12, 31).unwrap();
    (last, last.plus_days(1))
}

async fn new_day(world: &World, day: CivilDate) {
    world.wall.set_day(day, 9);
    assert!(world.app.sweep_new_day().await.unwrap().is_some(), "a new day");
}

fn told(world: &World) -> bool {
    let switch = world.oracle.switch.lock().unwrap();
    switch.as_ref().is_some_and(|switch| switch.is_cancelled())
}

/// Asks what waits until it is stopped: nothing lets it go on, only the end of its chain can end it. `end` has to end
/// it, told to the engine by the time `end` returns; answers the code it ended with.
async fn ends<F: Future<Output = ()>>(world: &World, chain: &Chain, end: impl FnOnce() -> F) -> String {
    let act = async {
        world.oracle.started.notified().await;
        assert!(!told(world), "nobody lost anything yet");
        end().await;
        assert!(told(world), "the engine was told before the answer");
    };
    let (asked, ()) = tokio::join!(chain.ask(world, "SELECT wait"), act);
    let (status, code) = asked.problem();
    assert_eq!(status, 403, "{code}");
    let documents = world.store.documents("release", None).await.unwrap();
    assert!(documents.is_empty(), "{documents:?}");
    code
}

#[test]
fn an_act_has_stopped_a_query_before_it_is_answered() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let code = ends(&world, &chain, || chain.revoke(&world)).await;
        assert_eq!(code, "permit_ended");
    });
}

#[test]
fn the_day_after_the_last_one_of_a_permit_stops_its_queries_and_the_last_one_does_not() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let (last, after) = last_day();
        let code = ends(&world, &chain, || async {
            new_day(&world, last).await;
            assert!(!told(&world), "the last day counts");
            new_day(&world, after).await;
        });
        assert_eq!(code.await, "permit_expired");
    });
}

/// A chain under which a job runs on real data until it is stopped.
async fn with_a_job(world: &World) -> Chain {
    let chain = for_jobs(world).await;
    let source = register(world, &chain, "wait", &[("by_area.csv", "table")]).await;
    ended(world, &chain, &source, "dummy").await;
    start(world, &chain, &source, "real").await;
    world.bench.started.notified().await;
    chain
}

#[test]
fn the_day_after_the_last_one_of_a_permit_stops_its_jobs() {
    in_world(|world| async move {
        with_a_job(&world).await;
        let (last, after) = last_day();
        new_day(&world, last).await;
        let switch = world.bench.switch.lock().unwrap().take().unwrap();
        assert!(!switch.is_cancelled(), "the last day counts");
        new_day(&world, after).await;
        assert!(switch.is_cancelled(), "told by the time the day was swept");
    });
}

#[test]
fn a_clock_wound_beyond_the_last_day_stops_queries_before_it_is_answered() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let admin = world.sign_in("admin").await;
        let wind = async |to: CivilDate| {
            let post = world.post("/api/v1/training/clock").token(&admin);
            post.json(json!({ "to": to.to_string() })).await.ok();
        };
        let (last, after) = last_day();
        let code = ends(&world, &chain, || async {
            wind(last).await;
            assert!(!told(&world), "the last day counts");
            wind(after).await;
        });
        assert_eq!(code.await, "permit_expired");
    });
}

#[test]
fn whoever_acts_under_a_delegation_is_stopped_when_it_is_taken_back_or_over() {
    for way in ["taken back", "over"] {
        in_world(|world| async move {
            let mut chain = Chain::new(&world).await;
            let clerk = chain.operator.clone();
            chain.operator = delegated(&world, &clerk).await;
            let code = ends(&world, &chain, || async {
                if way == "over" {
                    new_day(&world, CivilDate::new(2026, 3, 6).unwrap()).await;
                    assert!(!told(&world), "the last day counts");
                    new_day(&world, CivilDate::new(2026, 3, 7).unwrap()).await;
                } else {
                    let back = json!({ "number": "授 1" });
                    enter(&world, &clerk, "delegations/withdrawals", back).await.ok();
                }
            });
            let expected = if way == "over" {
                "delegation_expired"
            } else {
                "delegation_withdrawn"
            };
            assert_eq!(code.await, expected, "{way}");
        });
    }
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
        let chain = with_a_job(&world).await;
        // The clerk who is enrolled here is an entry of the registry too.
        let order = handover(&world).await;
        let switch = world.bench.switch.lock().unwrap().take().unwrap();
        assert!(!switch.is_cancelled(), "nobody lost anything yet");
        enter(&world, &chain.operator, "handovers", order).await.ok();
        assert!(switch.is_cancelled(), "told before the entry was answered");
    });
}
