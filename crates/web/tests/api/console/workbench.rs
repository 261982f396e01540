//! The workbench: a refused query with its fragment marked and the nearest form offered, and a permit that ends.

use super::{desk::Desk, town::town};
use crate::{
    chain::Chain,
    world::{World, in_world, run},
};

const MEDIAN: &str = "SELECT area,\nmedian(income) FROM people GROUP BY area";

/// A permit, and the operator in front of it.
async fn permitted(world: &World) -> (Desk<'_>, String, String) {
    let mut desk = Desk::sign_in(world, "op.clerk").await;
    let licence = desk
        .open("licence", &[("f.name", "执照"), ("f.term_to", "2026-06-30")])
        .await;
    let case = desk
        .open("asking", &[("f.purpose", "统计"), ("f.licence", &licence)])
        .await;
    let permit = case.replacen("case_", "permit_", 1);
    let page = format!("/permits/{permit}");
    let closed = desk.get(&page).await.drawn(403);
    closed.holds(&["<code>permit_not_issued</code>"]);
    closed.lacks(&["name=\"sql\""]);
    let mut authority = Desk::sign_in(world, "au.clerk").await;
    authority.act(&case, "grant").await;
    (desk, case, page)
}

#[test]
fn a_refused_query_has_its_fragment_marked_and_the_nearest_form_is_taken() {
    run(async {
        let world = town().await;
        let (mut desk, _, page) = permitted(&world).await;
        desk.get(&page)
            .await
            .drawn(200)
            .holds(&["name=\"sql\"", "统计", "2026-06-30"]);
        for what in ["run", "check"] {
            let refused = desk
                .post(&page, &[("sql", MEDIAN), ("do", what)])
                .await
                .drawn(422);
            refused.holds(&[
                "<code>function_not_allowed</code>",
                "<mark>median</mark>",
                "class=\"refusal-way-out\"",
                "aria-invalid=\"true\"",
                "avg(income) FROM people",
                "name=\"do\" value=\"edit\"",
            ]);
        }
        let refused = desk.post(&page, &[("sql", MEDIAN), ("do", "run")]).await;
        let nearest = refused.hidden("sql");
        assert_eq!(nearest, MEDIAN.replace("median(income)", "avg(income)"));
        let taken = desk
            .post(&page, &[("sql", &nearest), ("do", "edit")])
            .await
            .drawn(200);
        taken.holds(&["avg(income) FROM people"]);
        taken.lacks(&["<mark>", "aria-invalid"]);
        let checked = desk
            .post(&page, &[("sql", &nearest), ("do", "check")])
            .await
            .drawn(200);
        checked.holds(&["class=\"done\" role=\"status\""]);
    });
}

#[test]
fn what_cannot_be_read_and_what_has_no_answer_are_said() {
    run(async {
        let world = town().await;
        let (mut desk, _, page) = permitted(&world).await;
        let unread = desk
            .post(&page, &[("sql", "SELEC x"), ("do", "run")])
            .await
            .drawn(422);
        unread.holds(&["<code>query_not_parsed</code>"]);
        unread.lacks(&["<mark>"]);
        // After sealing there is one code for whatever happens.
        let opaque = desk
            .post(&page, &[("sql", "SELECT 1"), ("do", "run")])
            .await
            .drawn(422);
        opaque.holds(&["<code>query_no_answer</code>"]);
        // What has no nearest query has a word of advice.
        let struck = desk
            .post(&page, &[("sql", "SELECT earnings FROM people"), ("do", "run")])
            .await;
        let struck = struck.drawn(422);
        struck.holds(&[
            "<code>column_struck</code>",
            "<mark>earnings</mark>",
            "最近可行的做法",
        ]);
        struck.lacks(&["value=\"edit\""]);
        let wicked = "SELEC </textarea><script>alert(1)</script>";
        let escaped = desk
            .post(&page, &[("sql", wicked), ("do", "run")])
            .await
            .drawn(422);
        escaped.lacks(&["<script>alert"]);
    });
}

#[test]
fn a_revoked_or_expired_permit_closes_the_workbench() {
    run(async {
        let world = town().await;
        let (mut desk, case, page) = permitted(&world).await;
        let mut stranger = Desk::sign_in(&world, "dev.clerk").await;
        stranger.get(&page).await.drawn(404);
        let mut authority = Desk::sign_in(&world, "au.clerk").await;
        authority.act(&case, "revoke").await;
        let ended = desk
            .post(&page, &[("sql", "SELECT 1"), ("do", "run")])
            .await
            .drawn(403);
        ended.holds(&["<code>permit_ended</code>"]);

        let (mut desk, _, page) = permitted(&world).await;
        desk.post("/clock", &[("to", "2026-07-01"), ("back", "/")]).await;
        let expired = desk.get(&page).await.drawn(403);
        expired.holds(&["<code>permit_expired</code>"]);
    });
}

#[test]
fn what_grants_a_query_lacks_is_shown() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let page = format!("/permits/{}", chain.permit());
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        for what in ["explain", "run", "check"] {
            let asked = [("sql", "SELECT avg(age) FROM people"), ("do", what)];
            let code = if what == "explain" { 200 } else { 422 };
            let lacking = desk.post(&page, &asked).await.drawn(code);
            lacking.holds(&["id=\"missing-title\"", "<code>people.age</code>", "use-measure"]);
        }
        let enough = desk
            .post(&page, &[("sql", "SELECT 1"), ("do", "explain")])
            .await
            .drawn(200);
        enough.holds(&["id=\"missing-title\"", "class=\"done\" role=\"status\""]);
        let hopeless = desk
            .post(&page, &[("sql", "SELECT bad"), ("do", "explain")])
            .await
            .drawn(200);
        hopeless.holds(&["<code>use_missing</code>"]);
    });
}
