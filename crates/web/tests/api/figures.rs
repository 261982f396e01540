//! Figures of a disclosure: of a period, cut by the day on which acts happened, with the rows behind them.

use serde_json::Value;

use crate::{
    chain,
    sold::Sold,
    world::{World, in_world},
};

async fn figures(world: &World, token: &str, query: &str) -> Value {
    let path = format!("/api/v1/disclosure/figures{query}");
    world.get(&path).token(token).empty().await.ok()
}

fn of<'a>(figures: &'a Value, name: &str) -> &'a Value {
    let all = figures.as_array().unwrap();
    all.iter().find(|figure| figure["name"] == name).unwrap()
}

fn value(figures: &Value, name: &str) -> i64 {
    of(figures, name)["value"].as_i64().unwrap()
}

#[test]
fn a_period_counts_what_happened_in_it() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        sold.bearer(&world).await.ok();
        world.wall.advance_seconds(86_400);
        sold.bearer(&world).await.ok();
        sold.bearer(&world).await.ok();
        // A session does not last into the next day.
        let operator = world.sign_in("op.clerk").await;
        let token = operator.as_str();
        chain::act(&world, token, &sold.agreement, "end").await;

        let before = figures(&world, token, "?from=2025-01-01&to=2025-12-31").await;
        for name in ["products", "agreements", "quota", "calls"] {
            assert_eq!(value(&before, name), 0, "{name}");
            assert_eq!(of(&before, name)["rows"], serde_json::json!([]), "{name}");
        }
        // On the first day, seen from a later one.
        let first = figures(&world, token, "?from=2026-03-02&to=2026-03-02").await;
        assert_eq!((value(&first, "agreements"), value(&first, "calls")), (1, 1));
        assert_eq!(of(&first, "calls")["rows"][0], "2026-03-02=1");
        let whole = figures(&world, token, "?from=2026-01-01&to=2026-12-31").await;
        assert_eq!((value(&whole, "agreements"), value(&whole, "calls")), (1, 3));
        // It ended on the third; it did not stand on the fourth.
        let after = figures(&world, token, "?from=2026-03-04&to=2026-03-31").await;
        assert_eq!((value(&after, "agreements"), value(&after, "products")), (0, 1));
        let today = figures(&world, token, "").await;
        assert_eq!((value(&today, "agreements"), value(&today, "products")), (0, 1));
        assert_eq!(value(&today, "quota"), 100);
    });
}

#[test]
fn a_figure_shows_the_cases_behind_it() {
    in_world(|world| async move {
        let sold = Sold::new(&world, "100").await;
        let all = figures(&world, &sold.operator, "?from=2026-01-01&to=2026-12-31").await;
        let products = of(&all, "products");
        assert_eq!(products["clauses"][0], "ST-OP-002");
        let item = &products["items"][0];
        assert_eq!(item["case"], sold.product);
        assert_eq!(item["number"], products["rows"][0]);
        assert_eq!(item["values"]["name"], "企业分布");
        let agreement = item["values"]["customer_agreement"].as_str().unwrap();
        assert!(!agreement.starts_with("case_"), "{agreement}");
    });
}

#[test]
fn a_period_has_two_ends() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        for query in [
            "?from=2026-01-02&to=2026-01-01",
            "?from=2026-01-02",
            "?to=2026-01-02",
        ] {
            let path = format!("/api/v1/disclosure/figures{query}");
            let refused = world.get(&path).token(&operator).empty().await;
            assert_eq!(refused.problem(), (422, "period_invalid".to_owned()), "{query}");
        }
    });
}
