//! Keys to products: on record, limited, revocable, the same for the same request; content of the own chain only.

use axum::http::Method;
use serde_json::json;
use shuyu_app::product::KEYS_AT_ONCE;

use crate::{
    chain::{self, Chain},
    sold::Sold,
    world::in_world,
};

#[test]
fn more_keys_give_no_more_calls() {
    in_world(|world| async move {
        let mut sold = Sold::new(&world, "2").await;
        sold.bearer(&world).await.ok();
        let second = sold.another_key(&world).await.ok();
        sold.key_id = second["key_id"].as_str().unwrap().to_owned();
        sold.secret = second["secret"].as_str().unwrap().to_owned();
        sold.bearer(&world).await.ok();
        assert_eq!(
            sold.bearer(&world).await.problem(),
            (429, "quota_used_up".to_owned())
        );
    });
}

#[test]
fn a_delivery_has_so_many_keys_and_each_is_on_record() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        for _ in 1..KEYS_AT_ONCE {
            sold.another_key(&world).await.ok();
        }
        let refused = sold.another_key(&world).await;
        assert_eq!(refused.problem(), (429, "keys_too_many".to_owned()));
        assert_eq!(chain::noted(&world, "keys_too_many").await.len(), 1);
        let path = format!("/api/v1/cases/{}/timeline", sold.product);
        let timeline = world.get(&path).token(&sold.operator).empty().await.ok();
        let issued = timeline.to_string().matches("key_issued").count();
        assert!(issued >= KEYS_AT_ONCE, "{timeline}");
        assert!(!timeline.to_string().contains(&sold.secret));
        // Others get none.
        let stranger = world
            .post(&format!("/api/v1/products/{}/keys", sold.product))
            .token(&sold.operator)
            .json(json!({ "delivery": 1 }))
            .await;
        assert_eq!(stranger.problem(), (403, "product_not_delivered".to_owned()));
        assert_eq!(stranger.json()["clauses"][0]["id"], "ST-OP-002");
    });
}

#[test]
fn the_same_request_makes_one_key() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let ask = |delivery: u32| {
            world
                .post(&format!("/api/v1/products/{}/keys", sold.product))
                .token(&sold.developer)
                .with("idempotency-key", "k-1")
                .json(json!({ "delivery": delivery }))
        };
        let first = ask(1).await.ok();
        assert_eq!(ask(1).await.ok(), first, "a lost reply is told again");
        assert_eq!(ask(2).await.problem(), (409, "idempotency_key_reused".to_owned()));
        let usage = world
            .get(&format!("/api/v1/products/{}/usage", sold.product))
            .token(&sold.operator)
            .empty()
            .await
            .ok();
        assert_eq!(usage["by_key"].as_object().unwrap().len(), 2);
    });
}

#[test]
fn a_revoked_key_is_refused_at_once() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let path = format!("/api/v1/products/{}/keys/{}", sold.product, sold.key_id);
        let revoke = |token: &str| world.ask(Method::DELETE, &path).token(token).empty();
        let provider = world.sign_in("prov.clerk").await;
        assert_eq!(revoke(&provider).await.problem(), (404, "key_unknown".to_owned()));
        sold.bearer(&world).await.ok();
        for _ in 0..2 {
            assert_eq!(revoke(&sold.developer).await.status, 204);
        }
        assert_eq!(
            sold.bearer(&world).await.problem(),
            (401, "key_revoked".to_owned())
        );
        let report = world.store.rebuild_check().await.unwrap();
        assert!(report.equal, "{report:?}");
    });
}

#[test]
fn content_comes_from_the_own_permit_only() {
    in_world(|world| async move {
        let own = Chain::new(&world).await;
        let release = chain::release(&world, &own.case).await;
        let tables = format!("{} people | counting\nage: group\n", own.people);
        let set = json!({ "agreement": own.agreement, "tables": tables });
        let other = world.open(&own.operator, "use", set).await;
        let refused = |set: serde_json::Value| {
            world
                .post("/api/v1/cases")
                .token(&own.operator)
                .json(json!({ "procedure": "product", "set": set }))
        };
        let foreign = (422, "content_not_of_chain".to_owned());
        for set in [
            json!({ "name": "a", "content_release": release, "data_use": other }),
            json!({ "name": "a", "content_release": release }),
            json!({ "name": "a", "content_release": "rel_x", "data_use": own.case }),
            json!({ "name": "a", "content_release": "rel_01k0q4vh8m9x2t5e7w3r6y1ab9", "data_use": own.case }),
        ] {
            assert_eq!(refused(set.clone()).await.problem(), foreign, "{set}");
        }
        let good = json!({ "name": "a", "content_release": release, "data_use": own.case });
        refused(good).await.ok();
    });
}
