//! Own lists beside other work: files of the same bytes, the same key at once, an erasure, and a chain that is broken.

use std::sync::Arc;

use axum::http::Method;
use serde_json::{Value, json};
use shuyu_app::port::{DataLake as _, OpenErasure, OwnLists as _, OwnOrder};
use shuyu_domain::port::Record;
use shuyu_kernel::{CaseId, DatasetId};

use crate::{
    chain::{self, Chain},
    own::{USUAL, bring, cohort, fused, lists, shown},
    world::{World, in_world},
};

async fn bring_under(world: &World, chain: &Chain, key: &str) -> Value {
    let asking = world
        .post(&format!("{}?{USUAL}", lists(chain)))
        .token(&chain.operator);
    asking.with("idempotency-key", key).send(cohort()).await.ok()
}

#[test]
fn two_requests_under_one_key_at_once_leave_one_list() {
    in_world(|world| async move {
        let chain = Arc::new(fused(&world).await);
        let (files, _) = world.pond.holds();
        let world = Arc::new(world);
        let (elsewhere, same) = (world.clone(), chain.clone());
        let first = async move {
            bring_under(&elsewhere, &same, "k").await;
        };
        world.between.before("bring-own-list", Box::pin(first));
        let told = bring_under(&world, &chain, "k").await;
        let lists = shown(&world, &chain).await["lists"].clone();
        assert_eq!(lists.as_array().map(Vec::len), Some(1));
        assert_eq!(lists[0]["dataset"], told["dataset"], "that of whoever was first");
        assert_eq!(
            world.pond.holds(),
            (files, 1),
            "the other one was destroyed, and the file"
        );
    });
}

#[test]
fn a_file_goes_when_the_last_who_brings_its_bytes_is_done() {
    in_world(|world| async move {
        let chain = Arc::new(fused(&world).await);
        let (files, _) = world.pond.holds();
        let world = Arc::new(world);
        let (elsewhere, same) = (world.clone(), chain.clone());
        let second = async move {
            let query = "name=second&subject=id_no";
            bring(&elsewhere, &same, query, cohort()).await.ok();
            assert_eq!(elsewhere.pond.holds(), (files + 1, 2), "the first needs it still");
        };
        world.between.before("bring-own-list", Box::pin(second));
        bring(&world, &chain, USUAL, cohort()).await.ok();
        assert_eq!(world.pond.holds(), (files, 2));
    });
}

#[test]
fn a_paper_of_the_same_bytes_that_is_received_and_not_yet_recorded_stays() {
    in_world(|world| async move {
        let chain = Arc::new(fused(&world).await);
        let world = Arc::new(world);
        let (elsewhere, same) = (world.clone(), chain.clone());
        let list = async move {
            bring(&elsewhere, &same, USUAL, cohort()).await.ok();
        };
        world.pond.after_receiving(Box::pin(list));
        let token = &chain.provider;
        let digest = world
            .upload(token, "people.csv", "paper", cohort().as_bytes())
            .await;
        assert_eq!(world.pond.holds().1, 1, "the list came in meanwhile");
        world.app.finish_own_lists().await.unwrap();
        let path = format!("/api/v1/uploads/{digest}");
        let paper = world.get(&path).token(token).empty().await;
        assert_eq!(paper.status, 200);
        // One that was recorded before is left as well.
        bring(&world, &chain, "name=second&subject=id_no", cohort())
            .await
            .ok();
        assert_eq!(world.get(&path).token(token).empty().await.status, 200);
    });
}

#[test]
fn a_file_that_sticks_is_destroyed_by_the_next_look_and_the_list_stands() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let (files, _) = world.pond.holds();
        world.pond.stick();
        bring(&world, &chain, USUAL, cohort()).await.ok();
        assert_eq!(world.pond.holds(), (files + 1, 1));
        world.app.finish_own_lists().await.unwrap();
        assert_eq!(world.pond.holds(), (files, 1));
    });
}

#[test]
fn the_file_of_whoever_was_stopped_is_swept() {
    in_world(|world| async move {
        let (files, _) = world.pond.holds();
        let text = bytes::Bytes::from(cohort());
        let stream = futures::stream::iter([Ok(text)]);
        let raw = world
            .pond
            .receive("own-list.csv", Box::pin(stream), 1 << 20)
            .await
            .unwrap();
        let order = OwnOrder {
            dataset: DatasetId::from_bits(9),
            table: "cohort".to_owned(),
            raw: raw.digest,
            subject: "id_no".to_owned(),
            domain: "person".to_owned(),
            columns: Vec::new(),
        };
        world.pond.ingest_own(&order).await.unwrap();
        assert_eq!(world.pond.holds(), (files + 1, 1));
        world.app.sweep_lake().await.unwrap();
        assert_eq!(world.pond.holds().0, files);
    });
}

#[test]
fn lists_that_name_an_erased_subject_end_and_the_others_stand() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let made = bring(&world, &chain, USUAL, cohort()).await.ok();
        bring(&world, &chain, "name=second&subject=id_no", cohort())
            .await
            .ok();
        let order = OpenErasure {
            dataset: DatasetId::from_bits(1),
            erasure: "e1".to_owned(),
            domain: "person".to_owned(),
        };
        let naming: DatasetId = made["dataset"].as_str().unwrap().parse().unwrap();
        world.pond.order(order, naming);
        // The lake of these tests has no rows to rewrite: the order stays open, and is looked at again.
        for _ in 0..2 {
            assert_eq!(world.app.finish_erasures().await.unwrap(), 0);
            assert_eq!(world.pond.holds().1, 1);
        }
        let case: CaseId = chain.case.parse().unwrap();
        let mut loaded = world.store.load(&[case].into()).await.unwrap();
        let lists = loaded.linked.remove(&case).unwrap().own;
        let ends: Vec<_> = lists
            .iter()
            .map(|list| {
                (
                    list.ended.as_ref().map(|(_, why)| why.word()),
                    list.erased_on.is_some(),
                )
            })
            .collect();
        assert_eq!(ends, [(Some("subject_erased"), true), (None, false)]);
        let told = shown(&world, &chain).await["lists"][1].clone();
        assert_eq!(
            (&told["dataset"], &told["ended"]),
            (&made["dataset"], &json!("subject_erased"))
        );
    });
}

#[test]
fn lists_are_seen_and_taken_back_while_the_permit_does_not_hold() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let made = bring(&world, &chain, USUAL, cohort()).await.ok();
        let before = shown(&world, &chain).await;
        assert_eq!((&before["open"], &before["least"]), (&json!(true), &json!(20)));
        chain::act(&world, &chain.authority, &chain.agreement, "end").await;
        let refused = bring(&world, &chain, "name=second&subject=id_no", cohort()).await;
        assert_eq!(refused.status, 403);
        let after = shown(&world, &chain).await;
        assert_eq!(
            (&after["open"], &after["least"], &after["domains"]),
            (&json!(false), &Value::Null, &json!([]))
        );
        assert_eq!(after["lists"][0]["dataset"], made["dataset"]);
        let path = format!("{}/{}", lists(&chain), made["dataset"].as_str().unwrap());
        let taken = world
            .ask(Method::DELETE, &path)
            .token(&chain.operator)
            .empty()
            .await;
        assert_eq!(taken.ok()["ended"], "taken_back");
    });
}

#[test]
fn a_name_that_identifies_somebody_is_repeated_by_no_refusal() {
    in_world(|world| async move {
        let closed = Chain::new(&world).await;
        let open = fused(&world).await;
        let number = "110101198703120011";
        for (chain, query) in [
            (&closed, format!("name=p{number}&subject=id_no")),
            (&open, format!("name=p{number}&subject=id_no")),
            (&open, format!("name=cohort&subject={number}")),
        ] {
            let refused = bring(&world, chain, &query, cohort()).await;
            assert!(refused.status.is_client_error());
            let told = refused.json().to_string();
            assert!(!told.contains(number), "{told}");
        }
        // A name that can be nobody's is repeated, so that a refusal says of what it is.
        let refused = bring(&world, &closed, "name=cohort&subject=id_no", cohort()).await;
        assert_eq!(refused.problem().1, "fusion_not_granted");
        assert!(refused.json().to_string().contains("cohort"));
        let missing = bring(&world, &open, "name=cohort&subject=person", cohort()).await;
        assert!(missing.json().to_string().contains("person"));
    });
}
