//! Holdings, legal representatives and findings over HTTP: who enters them, what they do, and what nobody sees.

use serde_json::{Value, json};
use shuyu_domain::port::{Record, Stream};

use crate::{
    console::desk::Desk,
    world::{Answered, World, in_world},
};

async fn post(world: &World, token: &str, path: &str, key: &str, body: Value) -> Answered {
    world
        .post(&format!("/api/v1/registry/{path}"))
        .token(token)
        .with("idempotency-key", key)
        .json(body)
        .await
}

/// The id of a body of the town, by its name.
async fn body(world: &World, name: &str) -> String {
    let registry = world.store.load(&Default::default()).await.unwrap().registry;
    let found = registry.bodies.values().find(|body| body.name == name);
    found.unwrap().id.to_string()
}

async fn handed_in(world: &World, operator: &str) -> Answered {
    let set = json!({ "name": "园区一期", "contact": "张三", "starts_on": "2026-04-01" });
    let case = world.open(operator, "request", set).await;
    world
        .post(&format!("/api/v1/cases/{case}/acts"))
        .token(operator)
        .json(json!({ "act": "submit" }))
        .await
}

#[test]
fn a_holding_refuses_with_its_chain_until_its_end_is_entered() {
    in_world(|world| async move {
        let (admin, bureau) = (world.sign_in("admin").await, world.sign_in("bureau").await);
        let operator = world.sign_in("op.clerk").await;
        let (op, au) = (
            body(&world, "示例运营公司").await,
            body(&world, "示例镇数据局").await,
        );
        let scan = world.upload(&admin, "a.pdf", "paper", b"articles").await;
        let order = json!({ "owner": { "body": op }, "of": { "body": au }, "share_bp": 5000,
                            "from": "2026-01-01", "paper": scan });
        let developer = world.sign_in("dev.clerk").await;
        let foreign = post(&world, &developer, "holdings", "f", order.clone()).await;
        assert_eq!(foreign.problem(), (403, "tie_not_yours".to_owned()));
        assert_eq!(
            post(&world, &admin, "holdings", "k", order.clone()).await.status,
            201
        );
        assert_eq!(
            post(&world, &admin, "holdings", "k", order).await.status,
            201,
            "the same key"
        );

        let refused = handed_in(&world, &operator).await;
        let problem = refused.json();
        assert_eq!(problem["code"], "affiliate_may_not_redevelop");
        assert!(
            problem.to_string().contains("示例运营公司 —50%→ 示例镇数据局"),
            "{problem}"
        );

        let seen = world.get("/api/v1/registry/affiliations");
        let listed = seen.token(&bureau).empty().await.ok();
        assert_eq!(listed.as_array().unwrap().len(), 1, "{listed}");
        assert_eq!(
            (&listed[0]["weight"], &listed[0]["ground"]),
            (&json!("established"), &json!("control"))
        );
        let seen = world.get("/api/v1/registry/affiliations");
        assert_eq!(
            seen.token(&operator).empty().await.problem().1,
            "supervision_not_for_role"
        );

        // Nobody ends what holds against themselves.
        let own = world.upload(&operator, "b.pdf", "paper", b"transfer").await;
        let end = json!({ "number": 1, "on": "2026-03-01", "paper": own });
        assert_eq!(
            post(&world, &operator, "holdings/endings", "e", end)
                .await
                .problem()
                .1,
            "tie_not_yours"
        );
        let end = json!({ "number": 1, "on": "2026-03-01", "paper": scan });
        assert_eq!(
            post(&world, &admin, "holdings/endings", "e", end).await.status,
            201
        );
        handed_in(&world, &operator).await.ok();
    });
}

#[test]
fn the_same_representative_is_found_and_stands_nowhere_in_clear() {
    in_world(|world| async move {
        let (admin, bureau) = (world.sign_in("admin").await, world.sign_in("bureau").await);
        let operator = world.sign_in("op.clerk").await;
        let scan = world.upload(&admin, "a.pdf", "paper", b"licence").await;
        let order = |body: &str, identity: &str| json!({ "body": body, "name": "欧阳某某", "identity": identity, "from": "2026-01-01", "paper": scan });
        let (op, au) = (
            body(&world, "示例运营公司").await,
            body(&world, "示例镇数据局").await,
        );
        let slip = post(
            &world,
            &admin,
            "representatives",
            "x",
            order(&op, "530102199001011234"),
        )
        .await;
        assert_eq!(slip.problem().1, "representative_incomplete");
        for (key, body, identity) in [("a", &op, "e1234567"), ("b", &au, " E123 4567 ")] {
            let entered = post(&world, &admin, "representatives", key, order(body, identity)).await;
            assert_eq!(entered.status, 201);
        }
        let refused = handed_in(&world, &operator).await.json();
        assert!(refused.to_string().contains("法定代表人"), "{refused}");
        for entry in world.store.stream(Stream::Registry).await.unwrap() {
            let text = String::from_utf8_lossy(&entry.bytes).into_owned();
            assert!(
                !text.contains("欧阳某某") && !text.to_uppercase().contains("E1234567"),
                "{text}"
            );
        }
        let listed = world
            .get("/api/v1/registry/affiliations")
            .token(&bureau)
            .empty()
            .await
            .ok();
        assert_eq!(listed[0]["ground"], "representative");
    });
}

#[test]
fn the_pages_show_ties_to_whom_they_concern() {
    in_world(|world| async move {
        let admin = world.sign_in("admin").await;
        let scan = world.upload(&admin, "a.pdf", "paper", b"articles").await;
        let (op, au) = (
            body(&world, "示例运营公司").await,
            body(&world, "示例镇数据局").await,
        );
        let order = json!({ "owner": { "body": op }, "of": { "body": au }, "share_bp": 3000,
                            "from": "2026-01-01", "paper": scan });
        post(&world, &admin, "holdings", "k", order).await.ok();
        let operator = world.sign_in("op.clerk").await;
        handed_in(&world, &operator).await.ok();
        let line = "示例运营公司 持有 示例镇数据局 30%";
        let mut keeper = Desk::sign_in(&world, "admin").await;
        keeper
            .get("/registry")
            .await
            .drawn(200)
            .holds(&[line, "登记持股终止"]);
        let mut concerned = Desk::sign_in(&world, "op.clerk").await;
        let page = concerned.get("/registry").await.drawn(200);
        page.holds(&[line, "登记法定代表人"]);
        page.lacks(&["登记持股终止", "认定关联"]);
        let mut stranger = Desk::sign_in(&world, "prov.clerk").await;
        stranger.get("/registry").await.drawn(200).lacks(&[line]);
        let mut overseer = Desk::sign_in(&world, "bureau").await;
        overseer
            .get("/supervision")
            .await
            .drawn(200)
            .holds(&["疑似", "示例运营公司 —30%→ 示例镇数据局"]);
    });
}
