//! Product calls: forged, stale, repeated, closed, used up.

use serde_json::{Value, json};
use shuyu_domain::port::Record;
use shuyu_gateway::signing::{Credentials, Message, sign};
use shuyu_kernel::Timestamp;

use crate::{sold::Sold, world::in_world};

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

#[test]
fn an_end_right_before_the_metering_refuses_the_answer() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let world = std::sync::Arc::new(world);
        let (elsewhere, operator, agreement) = (world.clone(), sold.operator.clone(), sold.agreement.clone());
        let end = async move { crate::chain::act(&elsewhere, &operator, &agreement, "end").await };
        world.between.before("call-product", Box::pin(end));
        assert_eq!(
            sold.bearer(&world).await.problem(),
            (403, "access_closed".to_owned())
        );
        let usage = world
            .get(&format!("/api/v1/products/{}/usage", sold.product))
            .token(&sold.operator)
            .empty()
            .await
            .ok();
        assert_eq!(usage["by_key"][&sold.key_id], 0, "nothing was metered");
    });
}

#[test]
fn the_last_unit_of_a_quota_is_given_once() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "5").await;
        let calls = (0..8).map(|_| sold.bearer(&world));
        let answers = futures::future::join_all(calls).await;
        let passed = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(passed, 5);
        for refused in answers.iter().filter(|answer| answer.status != 200) {
            assert_eq!(refused.problem(), (429, "quota_used_up".to_owned()));
            assert_eq!(refused.json()["facts"]["basis"], "示例默认");
        }
        // What was refused is not counted.
        let usage = world
            .get(&format!("/api/v1/products/{}/usage", sold.product))
            .token(&sold.operator)
            .empty()
            .await
            .ok();
        assert_eq!(usage["by_key"][&sold.key_id], 5);
    });
}

#[test]
fn every_refused_call_is_noted_with_its_code() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let given = format!("Bearer {}.{}", sold.key_id, sold.secret);
        let header = [("authorization", given.as_str())];
        sold.send(&world, &header, "area=1&area=2").await;
        let bad = world.get("/open/v1/products/case_1/data");
        bad.with("authorization", &given).empty().await;
        crate::chain::act(&world, &sold.operator, &sold.product, "withdraw").await;
        sold.bearer(&world).await;
        for (code, clause) in [
            ("filter_twice", None),
            ("product_unknown", None),
            ("product_not_on_market", Some("ST-OP-002")),
        ] {
            let notes = crate::chain::noted(&world, code).await;
            assert_eq!(notes.len(), 1, "{code}");
            assert_eq!(notes[0]["outcome"], "refused");
            assert_eq!(notes[0]["clauses"][0].as_str(), clause);
            assert!(notes[0]["body"].is_string(), "the customer is known");
        }
    });
}

#[test]
fn calls_that_prove_nothing_do_not_fill_the_log() {
    use shuyu_app::product::UNPROVEN_NOTED_A_MINUTE;
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let many = UNPROVEN_NOTED_A_MINUTE + 5;
        let mut last = None;
        for _ in 0..many {
            last = Some(sold.send(&world, &[], "").await);
        }
        let too_many = (429, "calls_unproven_too_many".to_owned());
        assert_eq!(last.unwrap().problem(), too_many);
        let noted = crate::chain::noted(&world, "key_missing").await;
        assert_eq!(noted.len() as u64, UNPROVEN_NOTED_A_MINUTE);
        assert_eq!(
            crate::chain::noted(&world, "calls_unproven_too_many").await.len(),
            1
        );
        sold.bearer(&world).await.ok();
        // The next minute tells how many there were.
        world.wall.advance_seconds(60);
        assert_eq!(
            sold.send(&world, &[], "").await.problem(),
            unauthenticated("key_missing")
        );
        assert_eq!(crate::chain::noted(&world, "unproven/4").await.len(), 1);
    });
}

#[test]
fn counters_of_days_gone_by_are_forgotten() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let all = || world.app.record().counters("nonce/", "quotb");
        sold.signed(&world, world.app.now(), "nonce-0001", "").await.ok();
        assert_eq!(all().await.unwrap().len(), 2);
        world.wall.advance_seconds(3 * 86_400);
        sold.signed(&world, world.app.now(), "nonce-0002", "").await.ok();
        let kept = all().await.unwrap();
        assert_eq!(kept.len(), 2, "{kept:?}");
        assert!(
            kept.iter().all(|(name, _)| name.contains("2026-03-05")),
            "{kept:?}"
        );
    });
}

#[test]
fn content_without_an_entry_is_not_served() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        sold.bearer(&world).await.ok();
        // The kept answer is no longer the recorded one.
        let release = "rel_01k0q4vh8m9x2t5e7w3r6y1ab2";
        world.store.remove_document("release", release).await.unwrap();
        let mut other = crate::chain::unrecorded(&sold.case);
        other.body = other.body.replace("120", "121");
        assert!(world.store.put_document(&other).await.unwrap());
        assert_eq!(sold.bearer(&world).await.status, 503);
        assert_eq!(crate::chain::noted(&world, "\"fault\"").await.len(), 1);
    });
}
