//! Opening cases and acting in them: versions, keys, roles, routes, who sees what.

use serde_json::{Value, json};

use crate::world::{World, in_world};

async fn version(world: &World, token: &str, case: &str) -> u64 {
    let shown = world
        .get(&format!("/api/v1/cases/{case}"))
        .token(token)
        .empty()
        .await;
    let body = shown.ok();
    assert_eq!(shown.header("etag"), format!("\"{}\"", body["version"]));
    body["version"].as_u64().unwrap()
}

fn submit() -> Value {
    json!({ "act": "submit" })
}

#[test]
fn a_case_goes_from_hand_to_hand() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let opened = world
            .post("/api/v1/cases")
            .token(&operator)
            .json(json!({ "procedure": "request", "set": { "name": "园区一期", "contact": "张三", "starts_on": "2026-04-01" } }))
            .await;
        assert_eq!(opened.status, 201);
        let case = opened.json()["case"].as_str().unwrap().to_owned();
        assert_eq!(opened.header("location"), format!("/api/v1/cases/{case}"));
        assert_eq!(opened.header("etag"), "\"1\"");

        let acts = format!("/api/v1/cases/{case}/acts");
        let possible = world.get(&acts).token(&operator).empty().await.ok();
        assert_eq!(
            (possible[0]["act"].as_str(), possible[0]["open"].as_bool()),
            (Some("submit"), Some(true))
        );
        world
            .post(&acts)
            .token(&operator)
            .with("if-match", "\"1\"")
            .json(submit())
            .await
            .ok();

        let clerk = world.sign_in("au.clerk").await;
        let chief = world.sign_in("au.chief").await;
        world
            .post(&acts)
            .token(&clerk)
            .json(json!({ "act": "approve" }))
            .await
            .ok();
        let shown = world
            .get(&format!("/api/v1/cases/{case}"))
            .token(&clerk)
            .empty()
            .await
            .ok();
        assert_eq!(
            (shown["stage"].as_str(), shown["pending"][0]["number"].as_u64()),
            (Some("review"), Some(1))
        );
        let advance = format!("/api/v1/cases/{case}/pending/1/advance");
        world.post(&advance).token(&chief).empty().await.ok();

        let shown = world
            .get(&format!("/api/v1/cases/{case}"))
            .token(&operator)
            .empty()
            .await
            .ok();
        assert_eq!(
            (shown["stage"].as_str(), shown["closed"].as_bool()),
            (Some("approved"), Some(true))
        );
        assert_eq!(
            shown["fields"],
            json!({ "name": "园区一期", "starts_on": "2026-04-01" })
        );
        assert_eq!(
            shown["sealed"]["contact"].as_str().map(str::len),
            Some(64),
            "personal fields are commitments"
        );
        let timeline = world
            .get(&format!("/api/v1/cases/{case}/timeline"))
            .token(&operator)
            .empty()
            .await;
        assert!(!String::from_utf8_lossy(&timeline.bytes).contains("张三"));
        let events = timeline.ok();
        assert_eq!(
            events.as_array().map(|events| events.len() as u64),
            shown["version"].as_u64()
        );
        assert_eq!(events[0]["kind"], "case.opened.v1");
    });
}

#[test]
fn a_stale_version_is_refused_and_changes_nothing() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        for tag in ["\"0\"", "\"2\"", "W/\"99\""] {
            let answered = world
                .post(&acts)
                .token(&operator)
                .with("if-match", tag)
                .json(submit())
                .await;
            assert_eq!(answered.problem(), (409, "stale_version".to_owned()), "{tag}");
        }
        let answered = world
            .post(&acts)
            .token(&operator)
            .with("if-match", "1")
            .json(submit())
            .await;
        assert_eq!(answered.problem(), (422, "if_match_invalid".to_owned()));
        assert_eq!(version(&world, &operator, &case).await, 1);
        world
            .post(&acts)
            .token(&operator)
            .with("if-match", "\"1\"")
            .json(submit())
            .await
            .ok();
    });
}

#[test]
fn a_repeated_key_gives_the_first_answer_and_a_reused_one_is_refused() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let order = |name: &str| json!({ "procedure": "request", "set": { "name": name } });
        let open = || {
            world
                .post("/api/v1/cases")
                .token(&operator)
                .with("idempotency-key", "k-1")
        };
        let first = open().json(order("一")).await.ok();
        let second = open().json(order("一")).await;
        assert_eq!(second.status, 201);
        assert_eq!(second.json(), first);
        assert_eq!(
            open().json(order("二")).await.problem(),
            (409, "idempotency_key_reused".to_owned())
        );

        let acts = format!("/api/v1/cases/{}/acts", first["case"].as_str().unwrap());
        let act = || {
            world
                .post(&acts)
                .token(&operator)
                .with("idempotency-key", "k-2")
                .with("if-match", "\"1\"")
        };
        let taken = act().json(submit()).await.ok();
        // The client did not hear the answer and sends the very same request again: the old version is no reason.
        let again = act().json(submit()).await.ok();
        assert_eq!(again, taken);
        let list = world.get("/api/v1/cases").token(&operator).empty().await.ok();
        assert_eq!(list["total"], 1);
    });
}

#[test]
fn the_wrong_role_is_refused_with_the_clause() {
    in_world(|world| async move {
        let developer = world.sign_in("dev.clerk").await;
        let answered = world
            .post("/api/v1/cases")
            .token(&developer)
            .json(json!({ "procedure": "request" }))
            .await;
        assert_eq!(answered.problem(), (403, "role_may_not_act".to_owned()));
        let body = answered.json();
        assert_eq!(
            body["clauses"],
            json!([{ "id": "ST-OP-001", "title": "示例办法 §1" }])
        );
        assert_eq!(body["facts"]["roles"], "运营机构");

        let operator = world.sign_in("op.clerk").await;
        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        let authority = world.sign_in("au.clerk").await;
        let taken = world.post(&acts).token(&authority).json(submit()).await;
        assert_eq!(taken.problem().0, 403);
        // What the API refuses, the access log knows.
        let log = world
            .get("/api/v1/ledger/access/entries")
            .token(&authority)
            .empty()
            .await
            .ok();
        let lines: Vec<String> = log
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|e| e["line"].as_str().map(str::to_owned))
            .collect();
        assert!(
            lines.iter().any(|line| line.contains("role_may_not_act")),
            "{lines:?}"
        );
    });
}

#[test]
fn a_case_of_others_does_not_exist() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let developer = world.sign_in("dev.clerk").await;
        let case = world
            .open(&operator, "request", json!({ "name": "秘密项目" }))
            .await;
        for path in ["", "/acts", "/timeline"] {
            let answered = world
                .get(&format!("/api/v1/cases/{case}{path}"))
                .token(&developer)
                .empty()
                .await;
            assert_eq!(answered.problem(), (404, "case_unknown".to_owned()), "{path}");
        }
        let list = world.get("/api/v1/cases").token(&developer).empty().await.ok();
        assert_eq!(list["total"], 0);
        let entries = world
            .get("/api/v1/ledger/proceedings/entries")
            .token(&developer)
            .empty()
            .await;
        assert!(
            !String::from_utf8_lossy(&entries.bytes).contains("秘密项目"),
            "the log shows it in outline only"
        );
        let own = world
            .get("/api/v1/ledger/proceedings/entries")
            .token(&operator)
            .empty()
            .await;
        assert!(String::from_utf8_lossy(&own.bytes).contains("秘密项目"));
    });
}

#[test]
fn missing_and_wrong_values_are_named() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let open = |set: Value| {
            world
                .post("/api/v1/cases")
                .token(&operator)
                .json(json!({ "procedure": "request", "set": set }))
        };
        assert_eq!(
            open(json!({ "colour": "red" })).await.problem(),
            (422, "field_unknown".to_owned())
        );
        let wrong = open(json!({ "starts_on": "2026-02-30" })).await;
        assert_eq!(wrong.problem(), (422, "field_wrong_type".to_owned()));
        assert_eq!(wrong.json()["facts"]["field"], "开始日");
        let case = world.open(&operator, "request", json!({})).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        let taken = world.post(&acts).token(&operator).json(submit()).await;
        assert_eq!(taken.problem(), (422, "request_incomplete".to_owned()));
        let unknown = world
            .post(&acts)
            .token(&operator)
            .json(json!({ "act": "explode" }))
            .await;
        assert!(unknown.status.is_client_error());
        let waiting = world
            .post(&format!("/api/v1/cases/{case}/pending/7/drop"))
            .token(&operator)
            .empty()
            .await;
        assert!(waiting.status.is_client_error(), "{}", waiting.status);
        let nothing = world
            .post("/api/v1/cases")
            .token(&operator)
            .json(json!({ "procedure": "none" }))
            .await;
        assert_eq!(nothing.problem(), (404, "procedure_unknown".to_owned()));
    });
}

#[test]
fn pages_follow_one_another_although_new_cases_come() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let mut made = Vec::new();
        for n in 0..5 {
            made.push(
                world
                    .open(&operator, "request", json!({ "name": format!("项目 {n}") }))
                    .await,
            );
        }
        let first = world
            .get("/api/v1/cases?limit=2&open=true")
            .token(&operator)
            .empty()
            .await;
        let link = first.header("link").to_owned();
        let next = link
            .strip_prefix('<')
            .and_then(|link| link.split_once(">; rel=\"next\""))
            .unwrap()
            .0
            .to_owned();
        made.push(
            world
                .open(&operator, "request", json!({ "name": "后来的" }))
                .await,
        );
        let mut seen: Vec<String> = ids(&first.ok());
        let mut address = Some(next);
        while let Some(next) = address {
            let page = world.get(&next).token(&operator).empty().await;
            seen.extend(ids(&page.ok()));
            address = page
                .header("link")
                .strip_prefix('<')
                .and_then(|link| link.split_once('>'))
                .map(|l| l.0.to_owned());
        }
        let expected: Vec<String> = made[..5].iter().rev().cloned().collect();
        assert_eq!(seen, expected, "every case once");
        let found = world
            .get("/api/v1/cases?text=%E5%90%8E%E6%9D%A5")
            .token(&operator)
            .empty()
            .await
            .ok();
        assert_eq!(found["total"], 1);
        for bad in ["limit=0", "limit=101", "cursor=%21", "colour=red", "limit=many"] {
            let answered = world
                .get(&format!("/api/v1/cases?{bad}"))
                .token(&operator)
                .empty()
                .await;
            assert_eq!(answered.problem().0, 422, "{bad}");
        }
    });
}

#[test]
fn a_waiting_act_is_dropped_by_those_who_have_a_hand_in_it_only() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        world.post(&acts).token(&operator).json(submit()).await.ok();
        for (n, login, status) in [
            (1, "au.aide", 403),
            (1, "op.clerk", 403),
            (1, "au.clerk", 200),
            (2, "au.chief", 200),
        ] {
            if login != "op.clerk" && login != "au.clerk" {
                let clerk = world.sign_in("au.clerk").await;
                let entered = world.post(&acts).token(&clerk).json(json!({ "act": "approve" }));
                entered.await.ok();
            }
            let token = world.sign_in(login).await;
            let drop = format!("/api/v1/cases/{case}/pending/{n}/drop");
            let dropped = world.post(&drop).token(&token).empty().await;
            assert_eq!(dropped.status.as_u16(), status, "{login}");
        }
    });
}

fn ids(page: &Value) -> Vec<String> {
    page["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect()
}
