//! A question that is not wanted any more: whoever asked it sees that it runs and cancels it, and nobody else does.

use serde_json::json;
use shuyu_domain::port::Record as _;

use crate::{
    chain::{self, Chain},
    world::in_world,
};

#[test]
fn whoever_asked_cancels_a_query_and_nobody_else_does() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let path = format!("/api/v1/permits/{}", chain.permit());
        let (queries, cancellations) = (format!("{path}/queries"), format!("{path}/cancellations"));
        let listed = |token: &str| world.get(&queries).token(token);
        let cancel = |token: &str, name: &str| {
            let body = json!({ "name": name });
            world.post(&cancellations).token(token).json(body)
        };
        let act = async {
            world.oracle.started.notified().await;
            let running = listed(&chain.operator).empty().await.ok();
            assert_eq!(running[0]["name"], "q-1", "{running}");
            assert_eq!(running[0]["most_seconds"], 60);
            assert_eq!(listed(&chain.authority).empty().await.ok(), json!([]));
            let unknown = (404, "query_not_running".to_owned());
            assert_eq!(cancel(&chain.authority, "q-1").await.problem(), unknown);
            assert_eq!(cancel(&chain.operator, "q-2").await.problem(), unknown);
            cancel(&chain.operator, "q-1").await.ok();
        };
        let ask = world
            .post(&queries)
            .token(&chain.operator)
            .with("idempotency-key", "q-1")
            .json(json!({ "sql": "SELECT wait" }));
        // Nothing lets the query go on: only its asker can end it.
        let (asked, ()) = tokio::join!(ask, act);
        assert_eq!(asked.problem(), (422, "query_cancelled".to_owned()));
        let switch = world.oracle.switch.lock().unwrap().take().unwrap();
        assert!(switch.is_cancelled(), "the engine was told");
        assert!(world.store.documents("release", None).await.unwrap().is_empty());
        assert_eq!(listed(&chain.operator).empty().await.ok(), json!([]));
        assert_eq!(chain::noted(&world, "query_cancelled").await.len(), 1);
        assert_eq!(chain::noted(&world, "query_not_running").await.len(), 2);
        // The permit stands, and the key was not used up.
        let again = world
            .post(&queries)
            .token(&chain.operator)
            .with("idempotency-key", "q-1")
            .json(json!({ "sql": "SELECT 1" }));
        again.await.ok();
    });
}

#[test]
fn until_an_answer_may_leave_a_cancel_says_nothing_of_whether_it_is_there() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let path = format!("/api/v1/permits/{}", chain.permit());
        let act = async {
            // The engine is done: its answer waits for the line of the grid.
            world.oracle.started.notified().await;
            let body = json!({ "name": "q-1" });
            let cancel = world
                .post(&format!("{path}/cancellations"))
                .token(&chain.operator);
            cancel.json(body).await.ok();
        };
        let ask = world
            .post(&format!("{path}/queries"))
            .token(&chain.operator)
            .with("idempotency-key", "q-1")
            .json(json!({ "sql": "SELECT done" }));
        let (asked, ()) = tokio::join!(ask, act);
        assert_eq!(asked.problem(), (422, "query_cancelled".to_owned()));
        assert!(world.store.documents("release", None).await.unwrap().is_empty());
    });
}
