//! Product calls: forged, stale, repeated, closed, used up.

use serde_json::{Value, json};
use shuyu_gateway::signing::{Credentials, Message, sign};
use shuyu_kernel::Timestamp;

use crate::world::{Answered, World, in_world};

/// A delivered product with a key to it.
struct Sold {
    operator: String,
    product: String,
    agreement: String,
    key_id: String,
    secret: String,
}

impl Sold {
    async fn new(world: &World, quota: &str) -> Self {
        let operator = world.sign_in("op.clerk").await;
        let developer = world.sign_in("dev.clerk").await;
        let agreement = world.open(&developer, "development", json!({})).await;
        let release = world.release(&agreement).await;
        let set = json!({ "name": "企业分布", "content_release": release, "daily_quota": quota });
        let product = world.open(&operator, "product", set).await;
        let keys = format!("/api/v1/products/{product}/keys");
        let early = world
            .post(&keys)
            .token(&developer)
            .json(json!({ "delivery": 1 }))
            .await;
        assert_eq!(early.problem(), (403, "product_not_delivered".to_owned()));
        let acts = format!("/api/v1/cases/{product}/acts");
        let deliver = json!({ "act": "deliver", "set": { "customer_agreement": agreement } });
        world.post(&acts).token(&operator).json(deliver).await.ok();
        let made = world
            .post(&keys)
            .token(&developer)
            .json(json!({ "delivery": 1 }))
            .await
            .ok();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            key_id: text("key_id"),
            secret: text("secret"),
            operator,
            product,
            agreement,
        }
    }

    fn path(&self) -> String {
        format!("/open/v1/products/{}/data", self.product)
    }

    /// A call signed at an instant, with a query.
    async fn signed(&self, world: &World, at: Timestamp, nonce: &str, query: &str) -> Answered {
        let path = self.path();
        let credentials = Credentials {
            key_id: &self.key_id,
            secret: &self.secret,
        };
        let signed = sign(
            &credentials,
            &Message {
                method: "GET",
                path: &path,
                query,
                body: b"",
            },
            at,
            nonce,
        );
        self.send(world, &signed.headers(), query).await
    }

    async fn send(&self, world: &World, headers: &[(&str, &str)], query: &str) -> Answered {
        let target = if query.is_empty() {
            self.path()
        } else {
            format!("{}?{query}", self.path())
        };
        let ask = world.get(&target);
        headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.with(name, value))
            .empty()
            .await
    }

    async fn bearer(&self, world: &World) -> Answered {
        let given = format!("Bearer {}.{}", self.key_id, self.secret);
        self.send(world, &[("authorization", &given)], "").await
    }
}

fn unauthenticated(code: &str) -> (u16, String) {
    (401, code.to_owned())
}

#[test]
fn a_signed_call_gets_the_rows_that_match() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let time = world.get("/open/v1/time").empty().await.ok();
        let now = Timestamp::from_micros(time["time_ms"].as_i64().unwrap() * 1000);
        assert_eq!(now, world.app.now());
        let all = sold.signed(&world, now, "nonce-0001", "").await.ok();
        assert_eq!(
            all["rows"],
            json!([["530102", 120], ["530103", 85], ["530111", null]])
        );
        let one = sold.signed(&world, now, "nonce-0002", "area=530103").await.ok();
        assert_eq!(
            (one["columns"].clone(), one["rows"].clone()),
            (json!(["area", "count"]), json!([["530103", 85]]))
        );
        let none = sold.signed(&world, now, "nonce-0003", "owner=x").await;
        assert_eq!(none.problem(), (422, "column_unknown".to_owned()));
        assert_eq!(sold.bearer(&world).await.ok(), all);
        let usage = world
            .get(&format!("/api/v1/products/{}/usage", sold.product))
            .token(&sold.operator)
            .empty()
            .await
            .ok();
        assert_eq!(usage["by_key"], json!({ sold.key_id.clone(): 3 }));
    });
}

#[test]
fn a_forged_signature_is_refused_and_noted() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let path = sold.path();
        let message = Message {
            method: "GET",
            path: &path,
            query: "area=530102",
            body: b"",
        };
        let forger = Credentials {
            key_id: &sold.key_id,
            secret: "not the secret",
        };
        let forged = sign(&forger, &message, world.app.now(), "nonce-0001");
        let answered = sold.send(&world, &forged.headers(), "area=530102").await;
        assert_eq!(answered.problem(), unauthenticated("signature_wrong"));
        // Signed for one filter, sent with another.
        let honest = Credentials {
            key_id: &sold.key_id,
            secret: &sold.secret,
        };
        let signed = sign(&honest, &message, world.app.now(), "nonce-0002");
        let answered = sold.send(&world, &signed.headers(), "area=530103").await;
        assert_eq!(answered.problem(), unauthenticated("signature_wrong"));
        // A refused signature burns no nonce.
        assert_eq!(
            sold.send(&world, &signed.headers(), "area=530102").await.status,
            200
        );
        let wrong = format!("Bearer {}.{}", sold.key_id, "0".repeat(64));
        let answered = sold.send(&world, &[("authorization", &wrong)], "").await;
        assert_eq!(answered.problem(), unauthenticated("signature_wrong"));
        let size = world
            .app
            .record()
            .size(shuyu_domain::port::Log::Access)
            .await
            .unwrap();
        let entries = world
            .app
            .record()
            .entries(shuyu_domain::port::Log::Access, size.saturating_sub(20), 20)
            .await
            .unwrap();
        let noted = entries
            .iter()
            .filter(|entry| String::from_utf8_lossy(&entry.bytes).contains("signature_wrong"))
            .count();
        assert_eq!(noted, 3);
    });
}

#[test]
fn a_signature_is_good_once_and_for_five_minutes() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let now = world.app.now();
        for (seconds, good) in [
            (-300, true),
            (-301, false),
            (300, true),
            (301, false),
            (-86_400, false),
        ] {
            let nonce = format!("nonce-{}", seconds + 100_000);
            let answered = sold.signed(&world, now.plus_seconds(seconds), &nonce, "").await;
            if good {
                answered.ok();
            } else {
                assert_eq!(
                    answered.problem(),
                    unauthenticated("signature_stale"),
                    "{seconds}"
                );
            }
        }
        sold.signed(&world, now, "nonce-again", "").await.ok();
        let again = sold.signed(&world, now, "nonce-again", "").await;
        assert_eq!(again.problem(), unauthenticated("nonce_used"));
    });
}

#[test]
fn strangers_and_strange_products_are_refused() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        assert_eq!(
            sold.send(&world, &[], "").await.problem(),
            unauthenticated("key_missing")
        );
        let stranger = [("authorization", "Bearer pk_0000000000000000.00")];
        assert_eq!(
            sold.send(&world, &stranger, "").await.problem(),
            unauthenticated("key_unknown")
        );
        let given = format!("Bearer {}.{}", sold.key_id, sold.secret);
        for (product, expected) in [
            (sold.agreement.as_str(), (403, "key_of_another_product")),
            ("case_1", (404, "product_unknown")),
            ("%2e%2e", (404, "product_unknown")),
            ("%ff", (404, "product_unknown")),
        ] {
            let path = format!("/open/v1/products/{product}/data");
            let answered = world.get(&path).with("authorization", &given).empty().await;
            assert_eq!(
                answered.problem(),
                (expected.0, expected.1.to_owned()),
                "{product}"
            );
        }
        let twice = sold
            .send(&world, &[("authorization", &given)], "area=1&area=2")
            .await;
        assert_eq!(twice.problem(), (422, "filter_twice".to_owned()));
        assert_eq!(
            world.get("/open/v1/nothing").empty().await.problem(),
            (404, "route_unknown".to_owned())
        );
        assert_eq!(
            world.post("/open/v1/time").empty().await.problem(),
            (405, "method_not_allowed".to_owned())
        );
    });
}

#[test]
fn a_quota_is_used_up_and_comes_back_the_next_day() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "2").await;
        sold.bearer(&world).await.ok();
        sold.bearer(&world).await.ok();
        assert_eq!(
            sold.bearer(&world).await.problem(),
            (429, "quota_used_up".to_owned())
        );
        world.wall.advance_seconds(86_400);
        sold.bearer(&world).await.ok();
    });
}

#[test]
fn closing_the_agreement_closes_the_access_at_once() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        sold.bearer(&world).await.ok();
        let acts = format!("/api/v1/cases/{}/acts", sold.agreement);
        world
            .post(&acts)
            .token(&sold.operator)
            .json(json!({ "act": "end" }))
            .await
            .ok();
        let answered = sold.bearer(&world).await;
        assert_eq!(answered.problem(), (403, "access_closed".to_owned()));
        let body: Value = answered.json();
        assert_eq!(
            body["clauses"][0]["id"], "ST-OP-002",
            "the words come from the same layer as those of the API"
        );
        assert!(body["detail"].as_str().is_some_and(|text| !text.is_empty()));
    });
}

#[test]
fn withdrawing_the_product_takes_it_off_the_market() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let acts = format!("/api/v1/cases/{}/acts", sold.product);
        world
            .post(&acts)
            .token(&sold.operator)
            .json(json!({ "act": "withdraw" }))
            .await
            .ok();
        assert_eq!(
            sold.bearer(&world).await.problem(),
            (403, "product_not_on_market".to_owned())
        );
    });
}
