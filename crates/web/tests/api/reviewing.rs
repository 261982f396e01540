//! Mode `review`: an exact answer leaves by two people, and until then nobody who asked has it.

use axum::http::Method;
use serde_json::{Value, json};
use shuyu_domain::{
    Event,
    event::ReleaseEvent,
    port::{Log, Record},
};

use crate::{
    airlock::{Lock, act, code, press, shown, submission},
    chain::{Chain, end_permit_elsewhere},
    world::{Answered, World, in_world},
};

const SQL: &str = "SELECT area, count(*) FROM people GROUP BY area";

async fn review(world: &World, chain: &Chain, key: &str) -> Answered {
    world
        .post(&format!("/api/v1/permits/{}/reviews", chain.permit()))
        .token(&chain.operator)
        .with("idempotency-key", key)
        .json(json!({ "sql": SQL }))
        .await
}

fn approve() -> Value {
    json!({ "act": "review", "finish": true, "votes": { "answer.csv": { "approve": true } } })
}

async fn held(world: &World) -> usize {
    let entries = world.store.entries(Log::Proceedings, 0, 10_000).await.unwrap();
    let held = entries.iter().filter(|entry| {
        let read = shuyu_app::read::LogEntry::read(entry);
        let event = read.and_then(|entry| entry.event);
        matches!(event, Some(Event::Release(ReleaseEvent::Held(_))))
    });
    held.count()
}

#[test]
fn an_exact_answer_leaves_by_two_people() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let made = review(&world, &lock.chain, "k1").await;
        assert!(
            !String::from_utf8_lossy(&made.bytes).contains("rows"),
            "no cell is told"
        );
        let id = made.ok()["airlock"].as_str().unwrap().to_owned();
        let again = review(&world, &lock.chain, "k1").await.ok();
        assert_eq!(again["airlock"], *id, "the same key, the same request");
        assert_eq!(held(&world).await, 1);
        // It is no release: neither listed nor opened as one, and no product is made of it.
        assert!(world.store.documents("release", None).await.unwrap().is_empty());
        let (_, name) = id.split_once('_').unwrap();
        let path = format!("/api/v1/releases/rel_{name}");
        let opened = world.get(&path).token(lock.author()).empty().await;
        assert_eq!(code(opened), "release_unknown");
        let path = format!("/api/v1/airlock/{id}/files/answer.csv");
        let get = async |token: &str| world.get(&path).token(token).empty().await;
        assert_eq!(code(get(lock.author()).await), "airlock_not_released");
        act(&world, lock.author(), &id, submission(&["answer.csv"]))
            .await
            .ok();
        let seen = shown(&world, &lock.clerk, &id).await;
        let file = &seen["files"][0];
        assert_eq!((&file["gated"], &file["exact"]), (&json!(false), &json!(true)));
        assert!(file["evidence"]["left_outside_ledger"].is_null(), "{file}");
        act(&world, &lock.clerk, &id, approve()).await.ok();
        let early = act(&world, &lock.clerk, &id, json!({ "act": "release" })).await;
        assert_eq!(code(early), "airlock_not_approved");
        assert_eq!(code(get(lock.author()).await), "airlock_not_released");
        act(&world, &lock.chief, &id, approve()).await.ok();
        let out = act(&world, &lock.chief, &id, json!({ "act": "release" }))
            .await
            .ok();
        assert_eq!(
            (&out["state"], &out["awaits_spot_check"]),
            (&json!("released"), &json!(false))
        );
        let csv = get(lock.author()).await;
        assert_eq!(csv.status, 200);
        assert!(csv.bytes.len() > 10);
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn under_a_permit_of_mode_review_nothing_is_answered_at_once() {
    in_world(|world| async move {
        let chain = Chain::answering(&world, "review").await;
        let refused = chain.ask(&world, SQL).await.problem();
        assert_eq!(refused, (409, "answers_reviewed".to_owned()));
        let path = format!("/api/v1/permits/{}/queries", chain.permit());
        let dp = json!({ "sql": SQL, "mode": "dp" });
        let refused = world.post(&path).token(&chain.operator).json(dp).await;
        assert_eq!(code(refused), "mode_locked");
        let page = format!("/permits/{}", chain.permit());
        let shown = world.page(Method::GET, &page, &chain.operator, &[]).await;
        let text = String::from_utf8_lossy(&shown.bytes).into_owned();
        assert!(
            text.contains("value=\"review\"") && !text.contains("value=\"run\""),
            "{text}"
        );
        let form = [("do", "review"), ("sql", SQL), ("key", "f1")];
        let to = press(&world, &chain.operator, &page, &form).await;
        assert!(to.starts_with("/airlock/"), "{to}");
        assert_eq!(held(&world).await, 1);
    });
}

#[test]
fn an_ended_permit_and_a_private_dataset_send_nothing_to_review() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        end_permit_elsewhere(&world, &chain.case).await;
        assert_eq!(code(review(&world, &chain, "k").await), "permit_ended");
        assert_eq!(held(&world).await, 0);
    });
}
