//! Own lists on the workbench, as a browser without script brings and takes them back.

use crate::{
    chain::Chain,
    console::desk::Desk,
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
fn without_fusion_the_page_says_how_to_ask_for_it_and_offers_no_form() {
    in_world(|world| async move {
        let chain = Chain::new(&world).await;
        let (mut desk, page) = bench(&world, &chain).await;
        let closed = desk.get(&page).await.drawn(200);
        closed.holds(&["id=\"own-lists\""]);
        closed.lacks(&["type=\"file\""]);
    });
}
