//! Clock and derivation on a case page, keys on a product page, stops and faults.

use serde_json::json;

use super::{desk::Desk, town::town};
use crate::{
    chain::{self, Chain},
    world::{in_world, run},
};

#[test]
fn a_clock_says_when_it_ends_and_why_on_that_day() {
    run(async {
        let world = town().await;
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let case = desk.open("appeal", &[("f.name", "申诉")]).await;
        desk.act(&case, "send").await;
        let page = desk.get(&format!("/cases/{case}")).await.drawn(200);
        // Sent on Monday the 2nd: five working days later it is Monday the 9th, the first day not counted.
        page.holds(&[
            "答复期",
            "class=\"clock-due\"",
            "datetime=\"2026-03-09\"",
            "class=\"derivation\"",
            "datetime=\"2026-03-03\"",
            "datetime=\"2026-03-07\"",
            "为什么是这一天",
            "ST-OP-001",
        ]);
        let mut clerk = Desk::sign_in(&world, "au.clerk").await;
        clerk
            .get("/")
            .await
            .drawn(200)
            .holds(&["申诉", "2026-03-09", &format!("/cases/{case}")]);
        clerk.post("/clock", &[("to", "2026-03-10"), ("back", "/")]).await;
        let late = clerk.get("/").await.drawn(200);
        late.holds(&["queue-overdue"]);
        clerk.act(&case, "answer").await;
        let page = desk.get(&format!("/cases/{case}")).await.drawn(200);
        page.holds(&["办结", "答复期"]);
        page.lacks(&["class=\"why\""]);
    });
}

#[test]
fn a_key_is_made_on_the_product_page_shown_once_and_opens() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let operator = chain.operator.clone();
        let developer = world.sign_in("dev.clerk").await;
        let agreement = world.open(&developer, "development", json!({})).await;
        let release = chain::release(&world, &chain.case).await;
        let set = json!({ "name": "企业分布", "content_release": release, "daily_quota": "7",
            "data_use": chain.case });
        let product = world.open(&operator, "product", set).await;
        let page = format!("/products/{product}");

        let mut customer = Desk::sign_in(&world, "dev.clerk").await;
        let before = customer.get(&page).await.drawn(200);
        before.lacks(&["name=\"delivery\""]);
        let early = customer.post(&page, &[("delivery", "1")]).await.drawn(403);
        early.holds(&["<code>product_not_delivered</code>"]);
        let deliver = json!({ "act": "deliver", "set": { "customer_agreement": agreement } });
        world
            .post(&format!("/api/v1/cases/{product}/acts"))
            .token(&operator)
            .json(deliver)
            .await
            .ok();

        let delivered = customer.get(&page).await.drawn(200);
        assert_eq!(delivered.hidden("delivery"), "1");
        let made = customer.post(&page, &[("delivery", "1")]).await.drawn(200);
        made.holds(&["class=\"key-once\"", "Authorization: Bearer"]);
        let (_, rest) = made.text.split_once("Authorization: Bearer ").unwrap();
        let bearer: String = rest
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '_' || *c == '.')
            .collect();
        let (key, secret) = bearer.split_once('.').unwrap();
        let again = customer.get(&page).await.drawn(200);
        again.holds(&[key, "<td class=\"figure\">7</td>"]);
        again.lacks(&[secret]);
        let called = world
            .get(&format!("/open/v1/products/{product}/data"))
            .token(&bearer)
            .empty()
            .await;
        called.ok();
        customer
            .get(&page)
            .await
            .drawn(200)
            .holds(&["<td class=\"figure\">1</td>"]);

        // A delivery belongs to its customer.
        let mut other = Desk::sign_in(&world, "op.clerk").await;
        let refused = other.post(&page, &[("delivery", "1")]).await.drawn(403);
        refused.lacks(&["key-once"]);
    });
}

#[test]
fn what_does_not_exist_and_what_is_not_yours_stop_alike() {
    in_world(|world| async move {
        let mut owner = Desk::sign_in(&world, "op.clerk").await;
        let case = owner.open("request", &[("f.name", "秘密项目")]).await;
        let mut other = Desk::sign_in(&world, "dev.clerk").await;
        let unknown = "case_01k0q4vh8m9x2t5e7w3r6y1ab2";
        for (path, code) in [
            (format!("/cases/{case}"), "case_unknown"),
            (format!("/cases/{unknown}"), "case_unknown"),
            ("/cases/rubbish".to_owned(), "case_unknown"),
            ("/no-such-page".to_owned(), "route_unknown"),
            ("/open/nothing".to_owned(), "procedure_unknown"),
            ("/ledger/999999".to_owned(), "entry_unknown"),
        ] {
            let stop = other.get(&path).await.drawn(404);
            stop.holds(&[
                &format!("<code>{code}</code>"),
                "class=\"refusal-way-out\"",
                "<a class=\"button\" href=\"",
            ]);
            stop.lacks(&["秘密项目"]);
        }
        let forbidden = other.get("/supervision").await.drawn(403);
        forbidden.holds(&["<code>supervision_not_for_role</code>"]);
        let not_theirs = other.get("/open/request").await.drawn(403);
        not_theirs.holds(&["<code>role_may_not_act</code>", "ST-OP-001"]);
    });
}

#[test]
fn a_fault_is_a_page_with_a_number_and_nothing_else() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        world.store.close().await;
        let page = desk.get("/").await.drawn(503);
        let number = page.answered.header("x-request-id").to_owned();
        page.holds(&[&number, "class=\"fault\""]);
        page.lacks(&["sqlite", "sqlx", "pool", ".db", "crates/"]);
    });
}
