//! Own lists on the workbench, as a browser without script brings and takes them back.

use serde_json::json;

use crate::{
    chain::{self, Chain},
    console::desk::Desk,
    own,
    world::{World, in_world},
};

async fn bench<'a>(world: &'a World, chain: &Chain) -> (Desk<'a>, String) {
    let desk = Desk::sign_in(world, "op.clerk").await;
    (desk, format!("/permits/{}", chain.permit()))
}

#[test]
fn a_list_is_brought_shown_and_taken_back_on_the_page() {
    in_world(|world| async move {
        let chain = Chain::fusing(&world, "yes", true, Some("assessed")).await;
        let (mut desk, page) = bench(&world, &chain).await;
        let empty = desk.get(&page).await.drawn(200);
        empty.holds(&[
            "id=\"own-lists\"",
            "class=\"empty\"",
            "type=\"file\"",
            "name=\"subject\"",
            "先后最多带入 50 份",
            "已带入 0 份",
        ]);
        let lists = format!("{page}/own-lists");
        let rows = (0..30).map(|n| format!("p{n},a\n"));
        let text: String = std::iter::once("id_no,grp\n".to_owned()).chain(rows).collect();
        let fields = [("name", "cohort"), ("subject", "id_no"), ("domain", "person")];
        let few = desk
            .parts(&lists, &fields, &[("file", "few.csv", b"id_no,grp\np1,a\n")])
            .await
            .drawn(422);
        few.holds(&["<code>own_too_few</code>", "class=\"refusal-way-out\""]);
        let brought = desk
            .parts(&lists, &fields, &[("file", "cohort.csv", text.as_bytes())])
            .await;
        brought.location_is(&format!("{page}#own-lists"));
        let shown = desk.get(&page).await.drawn(200);
        shown.holds(&["<code>cohort</code>", "id_no · grp", "2026-03-02", "/take-back"]);
        let take_back = shown.link_of_form(&format!("{lists}/"));
        desk.post(&format!("{take_back}take-back"), &[])
            .await
            .location_is(&format!("{page}#own-lists"));
        world.app.finish_own_lists().await.unwrap();
        let gone = desk.get(&page).await.drawn(200);
        gone.holds(&["2026-03-02"]);
        gone.lacks(&["/take-back"]);
        let case = desk.get(&format!("/cases/{}", chain.case)).await.drawn(200);
        case.holds(&["cohort", "30"]);
    });
}

#[test]
fn below_a_refusal_the_lists_are_shown_and_taken_back() {
    in_world(|world| async move {
        let chain = Chain::fusing(&world, "yes", true, Some("assessed")).await;
        let query = "name=cohort&subject=id_no";
        own::bring(&world, &chain, query, own::cohort()).await.ok();
        chain::act(&world, &chain.authority, &chain.agreement, "end").await;
        let (mut desk, page) = bench(&world, &chain).await;
        let broken = desk.get(&page).await.drawn(403);
        broken.holds(&["class=\"refusal-way-out\"", "<code>cohort</code>", "/take-back"]);
        broken.lacks(&["type=\"file\""]);
        let lists = format!("{page}/own-lists/");
        let take_back = broken.link_of_form(&lists);
        desk.post(&format!("{take_back}take-back"), &[])
            .await
            .location_is(&format!("{page}#own-lists"));
        world.app.finish_own_lists().await.unwrap();
        assert_eq!(world.pond.holds().1, 0);
        desk.get(&page).await.drawn(403).lacks(&["/take-back"]);
    });
}

#[test]
fn a_permit_without_personal_tables_says_that_a_list_joins_nothing() {
    in_world(|world| async move {
        let chain = Chain::fusing(&world, "yes", true, Some("assessed")).await;
        let report = world
            .upload(&chain.operator, "report.pdf", "paper", b"report")
            .await;
        let set = json!({ "agreement": chain.agreement, "fusion": "yes", "join_risk_report": report,
            "tables": format!("{} roads | counting\nid_no: group\n", chain.roads) });
        let case = world.open(&chain.operator, "use", set).await;
        let permit = json!({ "act": "permit", "set": { "join_risk": "assessed" } });
        let acts = world.post(&format!("/api/v1/cases/{case}/acts"));
        acts.token(&chain.authority).json(permit).await.ok();
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let page = format!("/permits/{}", case.replace("case_", "permit_"));
        let shown = desk.get(&page).await.drawn(200);
        shown.holds(&["id=\"own-lists\"", "名单无从融合"]);
        shown.lacks(&["type=\"file\"", "本许可没有融合"]);
    });
}

#[test]
fn without_fusion_the_page_says_how_to_ask_for_it_and_offers_no_form() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let (mut desk, page) = bench(&world, &chain).await;
        let closed = desk.get(&page).await.drawn(200);
        closed.holds(&["id=\"own-lists\""]);
        closed.lacks(&["type=\"file\""]);
    });
}
