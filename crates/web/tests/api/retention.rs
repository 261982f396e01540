//! What is over is destroyed in the background: what is pinned meanwhile stays, what is written waits, and what fails
//! leaves the rest. And an ingest whose rows are in is recorded, examined or not.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shuyu_app::port::{Cancel, Ingested};
use shuyu_domain::{
    Event,
    event::CaseEvent,
    port::{Record, Stream},
};
use shuyu_kernel::{CaseId, CivilDate, DatasetId, Digest};

use crate::{
    chain::{self, Chain},
    engines::Oracle,
    profile,
    world::{World, in_world, run},
};

/// The dataset of an entry in these tests.
fn of(entry: &str) -> DatasetId {
    let entry: CaseId = entry.parse().unwrap();
    DatasetId::from_bits(entry.bits())
}

/// The tables of a chain with a second version, on a day when the term of the first one is over: an order for each.
async fn ordered(world: &World) -> Chain {
    let chain = Chain::new(world).await;
    chain::recorded(world, &chain.people, ("people", 2), Some("person")).await;
    chain::recorded(world, &chain.roads, ("roads", 2), None).await;
    swept(world, (2027, 6, 1)).await;
    chain
}

async fn swept(world: &World, (year, month, day): (i16, i8, i8)) {
    let day = CivilDate::new(year, month, day).unwrap();
    world.wall.set_day(day, 9);
    world.app.sweep_new_day().await.unwrap();
}

/// How the first version of an entry's table is kept.
async fn kept(world: &World, entry: &str) -> Value {
    let provider = world.sign_in("prov.clerk").await;
    let path = format!("/api/v1/datasets/{}", of(entry));
    let shown = world.get(&path).token(&provider).empty().await.ok();
    shown["versions"][1]["kept"].clone()
}

fn destroyed(world: &World) -> BTreeSet<DatasetId> {
    let told = world.pond.told();
    told.purged.iter().map(|order| order.dataset).collect()
}

#[test]
fn what_is_pinned_between_the_order_and_the_purge_stays_until_nothing_pins_it() {
    in_world(|world| async move {
        let chain = ordered(&world).await;
        let people = of(&chain.people);
        chain::release_of(&world, &chain.case, vec![(people, 1)]).await;
        world.app.deliver_notices().await.unwrap();
        assert_eq!(world.app.finish_purges().await.unwrap(), 1, "the roads");
        assert!(!destroyed(&world).contains(&people));
        let pinned = kept(&world, &chain.people).await;
        assert!(pinned["ended"].is_u64() && pinned["purged"].is_null(), "{pinned}");
        assert_eq!(pinned["pinned_by"], json!(["permit"]));
        // Nothing changed, nothing is asked; the permit ends with its agreement, on the last day of 2027.
        assert_eq!(world.app.finish_purges().await.unwrap(), 0);
        swept(&world, (2028, 1, 3)).await;
        assert_eq!(world.app.finish_purges().await.unwrap(), 1);
        assert!(destroyed(&world).contains(&people));
        let gone = kept(&world, &chain.people).await;
        assert!(
            gone["purged"].is_u64() && gone["pinned_by"] == json!([]),
            "{gone}"
        );
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn a_dataset_that_is_written_waits_and_holds_up_neither_notices_nor_others() {
    in_world(|world| async move {
        let chain = ordered(&world).await;
        let people = of(&chain.people);
        world.pond.told().written.insert(people);
        world.app.deliver_notices().await.unwrap();
        assert!(
            world.store.outbox(10).await.unwrap().is_empty(),
            "nothing is held up"
        );
        assert_eq!(world.app.finish_purges().await.unwrap(), 1);
        assert_eq!(destroyed(&world), [of(&chain.roads)].into());
        assert_eq!(world.app.finish_purges().await.unwrap(), 0, "it is still written");
        world.pond.told().written.clear();
        assert_eq!(world.app.finish_purges().await.unwrap(), 1);
        assert_eq!(destroyed(&world), [of(&chain.roads), people].into());
    });
}

#[test]
fn a_purge_that_fails_leaves_the_others_and_is_tried_again() {
    in_world(|world| async move {
        let chain = ordered(&world).await;
        // The one that is looked at first.
        let first = of(&chain.people).min(of(&chain.roads));
        world.pond.told().failing.insert(first);
        assert_eq!(world.app.finish_purges().await.unwrap(), 1);
        assert!(!destroyed(&world).contains(&first));
        world.pond.told().failing.clear();
        assert_eq!(world.app.finish_purges().await.unwrap(), 1);
        assert_eq!(destroyed(&world).len(), 2);
        assert_eq!(world.app.finish_purges().await.unwrap(), 0, "once is enough");
    });
}

/// A catalogue entry that says how long its data is kept.
fn entry_with_term(means: &str) -> String {
    let field = format!(
        "[[field]]\nid = \"keep\"\ntitle = \"保存期限\"\ntitle_en = \"Keep\"\ntype = \"text\"\n{means}group = \"basics\"\n\
         cite = [\"ST-OP-001\"]\n[[act]]\n"
    );
    chain::ENTRY.replacen("[[act]]\n", &field, 1)
}

#[test]
fn what_an_entry_under_older_rules_says_of_keeping_counts() {
    run(async {
        let rules = |means: &str| profile::profiles_and(&[("entry", &entry_with_term(means))]);
        let world = World::with(
            rules("means = \"retention\"\n"),
            std::sync::Arc::new(Oracle::default()),
        )
        .await;
        let older = rules("").current();
        world.app.profiles().pin((*older).clone());
        let provider = world.sign_in("prov.clerk").await;
        let set = json!({ "name": "people", "openness": "closed", "keep": "长期" });
        let entry = world.open(&provider, "entry", set).await;
        let id: CaseId = entry.parse().unwrap();
        let moved = Event::Case(CaseEvent::Moved {
            from: world.app.profile().digest,
            to: older.digest,
            on: world.app.today(),
            reason: "旧办法的条目".to_owned(),
            by: crate::recording::actor(),
            paper: None,
        });
        chain::write(&world, Stream::Case(id), moved, Vec::new()).await;
        for version in [1, 2] {
            chain::recorded(&world, &entry, ("people", version), Some("person")).await;
        }
        swept(&world, (2027, 6, 1)).await;
        assert_eq!(world.app.finish_purges().await.unwrap(), 0);
        let kept = kept(&world, &entry).await;
        assert!(kept["ended"].is_null(), "{kept}");
        assert_eq!(kept["pinned_by"], json!(["entry"]));
    });
}

/// What an ingest made.
fn made() -> Ingested {
    Ingested {
        version: 1,
        rows: 1,
        files: vec![Digest::of(b"file")],
        raw: vec![Digest::of(b"raw")],
        report: json!({}),
        domain: None,
        rows_per_unit: 1,
        columns: vec!["e".to_owned()],
        arrival: None,
        recipe: None,
    }
}

#[test]
fn a_version_whose_rows_are_in_is_recorded_though_it_was_not_examined_and_is_examined_later() {
    in_world(|world| async move {
        let provider = world.sign_in("prov.clerk").await;
        let resource = world.open(&provider, "resource", json!({ "name": "目录" })).await;
        let upload = world.upload(&provider, "z.csv", "data", b"e\n5\n").await;
        world.pond.told().ingested = Some(made());
        let order = json!({ "resource": resource, "table": "numbers", "upload": upload });
        let started = world
            .post("/api/v1/datasets/ingests")
            .token(&provider)
            .with("idempotency-key", "i-1")
            .json(order)
            .await
            .ok();
        let ended = crate::files::ended(&world, &provider, &started["job"]).await;
        assert_eq!(ended["status"], "done", "cancelled too late: {ended}");
        let resource: CaseId = resource.parse().unwrap();
        let rows = world.store.datasets(Some(resource)).await.unwrap();
        assert_eq!((rows.len(), rows[0].examined.as_ref()), (1, None));
        let zone = async || {
            let path = format!("/api/v1/datasets/{}/governance", rows[0].dataset);
            world.get(&path).token(&provider).empty().await.ok()["zone"].clone()
        };
        assert_eq!(zone().await, "governed");
        let cancel = Cancel::default();
        let left = async || world.app.examine_left(&cancel).await.unwrap();
        assert_eq!(left().await, 0, "the lake fails again, and the platform goes on");
        world.pond.told().examines.insert(rows[0].dataset);
        assert_eq!(left().await, 1);
        assert_eq!(zone().await, "workbench");
        assert_eq!(left().await, 0, "once is enough");
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}
