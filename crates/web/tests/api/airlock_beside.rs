//! What the record says beside a request: what left before it, what its run refused, and who is told that it waits.

use axum::http::Method;
use serde_json::{Value, json};
use shuyu_domain::{
    Event,
    event::AirlockEvent,
    port::{AirlockFilter, Record, Stream},
};
use shuyu_kernel::AirlockId;

use crate::{
    airlock::{Lock, act, shown, submission, vote},
    chain,
    runs::{ended, register},
    world::{World, in_world},
};

/// Two look at a request of one table and let it out.
async fn let_out(world: &World, lock: &Lock, id: &str) {
    for reviewer in [&lock.clerk, &lock.chief] {
        act(world, reviewer, id, vote(true, true)).await.ok();
    }
    act(world, &lock.clerk, id, json!({ "act": "release" }))
        .await
        .ok();
}

async fn left_before(world: &World, lock: &Lock, id: &str) -> Value {
    shown(world, &lock.clerk, id).await["files"][0]["evidence"]["left_outside_ledger"].clone()
}

/// A request as it was opened before files named what they read.
async fn opened_before(world: &World, lock: &Lock) -> String {
    let (id, ..) = lock.opened(world, "old", &[("by_area.csv", "table")]).await;
    let id: AirlockId = id.parse().unwrap();
    let airlock = world.store.airlock(id).await.unwrap().unwrap();
    let files = airlock.files.into_values().map(|each| each.file);
    let mut files: Vec<_> = files.filter(|file| file.name == "by_area.csv").collect();
    assert!(!files[0].reads.is_empty());
    files[0].reads = Vec::new();
    let old = AirlockId::from_bits(id.bits() ^ 1);
    let event = Event::Airlock(AirlockEvent::Opened {
        airlock: old,
        permit: airlock.permit,
        case: airlock.case,
        files,
        by: airlock.author,
        on: airlock.on,
    });
    chain::write(world, Stream::Airlock(old), event, Vec::new()).await;
    act(
        world,
        lock.author(),
        &old.to_string(),
        submission(&["by_area.csv"]),
    )
    .await
    .ok();
    old.to_string()
}

#[test]
fn a_request_from_before_leaves_as_outside_the_ledger_and_is_counted_only_later() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let old = opened_before(&world, &lock).await;
        let next = lock.submitted(&world).await;
        assert_eq!(left_before(&world, &lock, &next).await, 0);
        let_out(&world, &lock, &old).await;
        let entries = world.store.stream(Stream::Airlock(old.parse().unwrap())).await;
        let last = String::from_utf8_lossy(&entries.unwrap().last().unwrap().bytes).into_owned();
        let datasets = world.store.datasets(None).await.unwrap();
        assert!(!datasets.is_empty());
        for row in datasets {
            assert!(last.contains(&row.dataset.to_string()), "by its run: {last}");
        }
        assert_eq!(left_before(&world, &lock, &next).await, 1);
        let_out(&world, &lock, &next).await;
        // What left afterwards was not there when the first was looked at.
        assert_eq!(left_before(&world, &lock, &old).await, 0);
        assert_eq!(left_before(&world, &lock, &next).await, 1);
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn a_desk_reads_open_requests_for_those_who_review_and_notes_what_it_shows() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let id = lock.submitted(&world).await;
        let open = async || {
            let open = world.store.airlocks(AirlockFilter::Open).await.unwrap();
            let ids: Vec<String> = open.iter().map(|airlock| airlock.id.to_string()).collect();
            ids
        };
        let looks = async || chain::noted(&world, "\"airlock\"").await.len();
        let desk = async |token: &str| {
            let page = world.page(Method::GET, "/", token, &[]).await;
            String::from_utf8_lossy(&page.bytes).contains(&format!("/airlock/{id}"))
        };
        let before = looks().await;
        assert!(!desk(lock.author()).await && !desk(&lock.chain.provider).await);
        assert_eq!(
            looks().await,
            before,
            "they may review nothing: nothing is read for them"
        );
        assert!(desk(&lock.clerk).await);
        assert_eq!(looks().await, before + 1, "a look at number and title is one");
        assert_eq!(open().await, [id.as_str()]);
        let_out(&world, &lock, &id).await;
        assert!(open().await.is_empty(), "what two let out is no longer asked for");
        assert!(!desk(&lock.clerk).await);
        assert_eq!(looks().await, before + 1, "nothing was shown");

        let asked = lock.chain.ask(&world, "SELECT 1").await.ok();
        let path = format!("/api/v1/releases/{}/airlock", asked["release"].as_str().unwrap());
        let made = world.post(&path).token(lock.author()).empty().await.ok();
        let gated = made["airlock"].as_str().unwrap();
        act(&world, lock.author(), gated, submission(&["answer.csv"]))
            .await
            .ok();
        let votes =
            json!({ "act": "review", "finish": true, "votes": { "answer.csv": { "approve": true } } });
        act(&world, &lock.clerk, gated, votes).await.ok();
        act(&world, &lock.clerk, gated, json!({ "act": "release" }))
            .await
            .ok();
        assert_eq!(open().await, [gated], "it waits for a second look");
        let check = json!({ "act": "spot_check", "sound": true, "note": "已核对" });
        act(&world, &lock.chief, gated, check).await.ok();
        assert!(open().await.is_empty());
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn what_a_run_refused_is_told_of_dummy_data_to_its_author_and_of_real_data_to_reviewers() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let files = [("a.json", "text")];
        let source = register(&world, &lock.chain, "astext", &files).await;
        let (_, state) = ended(&world, &lock.chain, &source, "dummy").await;
        let told = json!([{ "file": "a.json", "code": "output_is_a_model" }]);
        assert_eq!((&state["state"], &state["refused"]), (&json!("failed"), &told));
        let page = async |path: &str, token: &str| {
            let page = world.page(Method::GET, path, token, &[]).await;
            String::from_utf8_lossy(&page.bytes).into_owned()
        };
        let words = "a.json 写明是文字，内容却是模型";
        let shown_page = page(&format!("/sources/{source}"), lock.author()).await;
        assert!(
            shown_page.contains(words) && shown_page.contains("ST-OP-001"),
            "{shown_page}"
        );

        let (id, source, run) = lock.opened(&world, "astext later", &files).await;
        let state = crate::runs::state(&world, &lock.chain, &source, &run).await;
        assert_eq!(
            state.as_object().unwrap().len(),
            4,
            "failed and nothing else: {state}"
        );
        let shown_page = page(&format!("/sources/{source}"), lock.author()).await;
        assert!(!shown_page.contains(words), "{shown_page}");
        act(&world, lock.author(), &id, submission(&["log.txt"]))
            .await
            .ok();
        let evidence = shown(&world, &lock.clerk, &id).await["files"][0]["evidence"].clone();
        assert_eq!(evidence["refused"], told, "{evidence}");
        assert!(page(&format!("/airlock/{id}"), &lock.clerk).await.contains(words));
        assert!(
            !page(&format!("/airlock/{id}"), lock.author())
                .await
                .contains(words)
        );
    });
}
