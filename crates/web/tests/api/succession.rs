//! Mergers, renames and handovers over HTTP: what waits goes on, and whoever is gone is refused.

use serde_json::{Value, json};
use shuyu_domain::port::Record;

use crate::{
    console::desk::Desk,
    world::{Answered, PASSWORD, World, in_world},
};

async fn enter(world: &World, token: &str, what: &str, mut order: Value) -> Answered {
    order["paper"] = json!(world.upload(token, "a.pdf", "paper", what.as_bytes()).await);
    world
        .post(&format!("/api/v1/registry/{what}"))
        .token(token)
        .with("idempotency-key", what)
        .json(order)
        .await
}

async fn body(world: &World, name: &str) -> String {
    let registry = world.store.load(&Default::default()).await.unwrap().registry;
    let found = registry.bodies.values().find(|body| body.name == name);
    found.unwrap().id.to_string()
}

/// A request on which the clerk of the authority has entered an approval that waits for the chief.
async fn waiting(world: &World) -> String {
    let operator = world.sign_in("op.clerk").await;
    let set = json!({ "name": "园区一期", "contact": "张三", "starts_on": "2026-04-01" });
    let case = world.open(&operator, "request", set).await;
    let acts = format!("/api/v1/cases/{case}/acts");
    let submit = world.post(&acts).token(&operator);
    submit.json(json!({ "act": "submit" })).await.ok();
    let clerk = world.sign_in("au.clerk").await;
    let approve = world.post(&acts).token(&clerk);
    approve.json(json!({ "act": "approve" })).await.ok();
    case
}

async fn advance(world: &World, token: &str, case: &str) -> Answered {
    let step = world.post(&format!("/api/v1/cases/{case}/pending/1/advance"));
    step.token(token).empty().await
}

async fn stage(world: &World, token: &str, case: &str) -> Value {
    let shown = world.get(&format!("/api/v1/cases/{case}"));
    shown.token(token).empty().await.ok()["stage"].clone()
}

#[test]
fn whoever_receives_a_post_signs_what_waits_for_it() {
    in_world(|world| async move {
        let case = waiting(&world).await;
        let (chief, aide) = (world.sign_in("au.chief").await, world.sign_in("au.aide").await);
        let order = json!({ "from": "au.chief", "to": "au.aide", "on": "2026-03-02" });
        let own = enter(&world, &aide, "handovers", order.clone()).await;
        assert_eq!(own.problem().1, "handover_not_entered_by_holder");
        let mut past = order.clone();
        past["on"] = json!("2026-03-01");
        assert_eq!(
            enter(&world, &chief, "handovers", past).await.problem().1,
            "registry_day_wrong"
        );
        enter(&world, &chief, "handovers", order).await.ok();
        assert_eq!(
            advance(&world, &chief, &case).await.problem().1,
            "post_handed_over"
        );

        let posts = world.get("/api/v1/me/posts").token(&aide).empty().await.ok();
        let chiefs = posts
            .as_array()
            .unwrap()
            .iter()
            .find(|post| post["post"] == "chief");
        let switch = world.post("/api/v1/me/post").token(&aide);
        switch.json(chiefs.unwrap().clone()).await.ok();
        advance(&world, &aide, &case).await.ok();
        assert_eq!(stage(&world, &aide, &case).await, "approved");
        let listed = world
            .get("/api/v1/registry/handovers")
            .token(&aide)
            .empty()
            .await
            .ok();
        assert_eq!(listed[0]["open_matters"][0]["kind"], "step");
        let mut desk = Desk::sign_in(&world, "au.aide").await;
        desk.get("/registry")
            .await
            .drawn(200)
            .holds(&["au.chief", "待本岗位办理"]);
    });
}

#[test]
fn a_successor_takes_the_next_step_and_the_old_name_stays() {
    in_world(|world| async move {
        let case = waiting(&world).await;
        let admin = world.sign_in("admin").await;
        let old = body(&world, "示例镇数据局").await;
        let made = json!({ "name": "示例镇政务局", "roles": ["provider"] });
        let post = |path: &str| {
            let asking = world.post(&format!("/api/v1/registry/{path}"));
            asking.token(&admin).with("idempotency-key", path)
        };
        let new = post("bodies").json(made).await.ok()["body"].clone();
        let merger = json!({ "from": old, "into": new, "on": "2026-03-02" });
        let operator = world.sign_in("op.clerk").await;
        let foreign = enter(&world, &operator, "mergers", merger.clone()).await;
        assert_eq!(foreign.problem().1, "tie_not_yours");
        enter(&world, &admin, "mergers", merger).await.ok();

        let gone = json!({ "login": "au.clerk", "password": PASSWORD });
        let gone = world.post("/api/v1/sessions").json(gone).await;
        assert_eq!(gone.problem().1, "body_merged");
        let person = json!({ "name": "某", "login": "new.chief", "password": PASSWORD,
                             "posts": [{ "body": new, "role": "authority", "post": "chief" }] });
        post("people").json(person).await.ok();
        let chief = world.sign_in("new.chief").await;
        let duties = world.get("/api/v1/duties").token(&chief).empty().await.ok();
        assert!(duties.to_string().contains(&case), "{duties}");
        advance(&world, &chief, &case).await.ok();
        assert_eq!(stage(&world, &chief, &case).await, "approved");

        let rename = json!({ "body": new, "name": "示例镇数字局", "on": "2026-03-02" });
        enter(&world, &admin, "renames", rename).await.ok();
        let mut desk = Desk::sign_in(&world, "new.chief").await;
        let page = desk.get("/registry").await.drawn(200);
        page.holds(&["示例镇数字局", "曾用名：示例镇政务局", "并入 示例镇数字局"]);
    });
}
