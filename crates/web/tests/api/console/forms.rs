//! From a group of questions to check-your-answers to the result, and what stands in the way.

use shuyu_ledger::Receipt;

use super::{
    desk::{Desk, case_of, state},
    town::town,
};
use crate::world::{World, in_world, run};

const NAME: [(&str, &str); 3] = [
    ("f.name", "园区一期"),
    ("f.contact", "张三"),
    ("f.starts_on", "2026-04-01"),
];

async fn submitted(world: &World) -> String {
    let mut desk = Desk::sign_in(world, "op.clerk").await;
    let case = desk.open("request", &NAME).await;
    let form = format!("/cases/{case}/acts/submit/-");
    let check = desk.fill(&form, "form", &[("f.name", "园区一期")]).await;
    let done = desk.submit(&form, &check).await;
    assert_eq!(case_of(done.location()), case);
    case
}

#[test]
fn a_group_leads_to_check_your_answers_and_on_to_a_result_with_its_receipt() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let tasks = desk.get("/open/request").await;
        assert_eq!(
            tasks.location(),
            "/open/request/form",
            "a form of one page goes to it"
        );
        let group = desk.follow(&tasks).await.drawn(200);
        group.holds(&[
            "name=\"f.name\"",
            "name=\"f.starts_on\"",
            "enctype=\"multipart/form-data\"",
        ]);
        let check = desk.fill("/open/request", "form", &NAME).await;
        check.holds(&["园区一期", "2026-04-01", "ST-OP-001"]);
        let done = desk.submit("/open/request", &check).await;
        let case = case_of(done.location());
        let result = desk.follow(&done).await.drawn(200);
        result.holds(&[
            "<section class=\"done\"",
            "申〔2026〕1号",
            "园区一期",
            &format!("href=\"/cases/{case}\""),
        ]);
        let link = result.link("/ledger/");
        let receipt = format!("{link}/receipt");
        result.holds(&[&receipt]);

        let early = desk.get(&receipt).await.drawn(409);
        early.holds(&["receipt_not_sealed"]);
        world.app.keeper().seal().await.unwrap();
        let file = desk.get(&receipt).await;
        assert_eq!(file.status(), 200);
        let disposition = file.answered.header("content-disposition");
        let index = link.trim_start_matches("/ledger/");
        assert_eq!(
            disposition,
            format!("attachment; filename=\"receipt-{index}.json\"")
        );
        let receipt = Receipt::parse(&file.answered.bytes).unwrap();
        let verified = receipt.verify(world.store.verifying_key()).unwrap();
        assert_eq!(verified.entry.index.to_string(), index);
        assert!(
            verified.entry.stream.ends_with(&case),
            "{}",
            verified.entry.stream
        );
        desk.get(&link).await.drawn(200).holds(&[&case]);
    });
}

#[test]
fn the_button_pressed_twice_opens_one_case() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let check = desk.fill("/open/request", "form", &NAME).await;
        let first = desk.submit("/open/request", &check).await;
        let before = state(&world).await;
        let second = desk.submit("/open/request", &check).await;
        assert_eq!(state(&world).await, before, "{}", second.text);
        desk.get(&format!("/cases/{}", case_of(first.location())))
            .await
            .drawn(200);
        let list = desk.get("/cases?text=%E5%9B%AD%E5%8C%BA").await.drawn(200);
        list.holds(&["申〔2026〕1号"]);
        list.lacks(&["申〔2026〕2号"]);
    });
}

#[test]
fn a_value_that_cannot_be_is_said_at_its_field_and_kept() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let typed = [
            ("f.name", "园区"),
            ("f.starts_on", "2026-02-30"),
            ("then", "next"),
        ];
        let group = desk.parts("/open/request/form", &typed, &[]).await.drawn(422);
        group.holds(&[
            "href=\"#q-starts_on\"",
            "value=\"园区\"",
            "value=\"2026-02-30\"",
            "role=\"alert\"",
        ]);
        let tasks = desk.get("/open/request/form").await.drawn(200);
        tasks.holds(&["value=\"园区\""]);
    });
}

#[test]
fn a_refusal_stands_on_the_check_page_with_its_way_out_and_the_way_out_works() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let case = desk.open("request", &[("f.contact", "张三")]).await;
        let form = format!("/cases/{case}/acts/submit/-");
        let check = desk.fill(&form, "form", &[("f.contact", "张三")]).await;
        check.holds(&["aria-labelledby=\"missing\"", &format!("{form}/form#q-name")]);
        let before = state(&world).await;
        let refused = desk.submit(&form, &check).await.drawn(422);
        refused.holds(&[
            "role=\"alert\"",
            "<code>request_incomplete</code>",
            "class=\"refusal-way-out\"",
            "/law/clauses/ST-OP-001",
            "class=\"fixes\"",
        ]);
        assert_eq!(state(&world).await, before, "a refusal changes nothing");
        let fix = refused.link(&format!("{form}/form#"));
        assert_eq!(fix, format!("{form}/form#q-name"));
        let check = desk.fill(&form, "form", &[("f.name", "补上了")]).await;
        check.lacks(&["aria-labelledby=\"missing\""]);
        let done = desk.submit(&form, &check).await;
        let result = desk.follow(&done).await.drawn(200);
        result.holds(&["<section class=\"done\"", "审核"]);
    });
}

#[test]
fn a_page_drawn_from_an_older_version_is_refused() {
    in_world(|world| async move {
        let case = submitted(&world).await;
        let mut chief = Desk::sign_in(&world, "au.clerk").await;
        let form = format!("/cases/{case}/acts/approve/-");
        let check = chief.get(&format!("{form}/check")).await.drawn(200);
        let key = check.hidden("key");
        let stale = chief
            .post(&format!("{form}/check"), &[("key", &key), ("version", "1")])
            .await
            .drawn(409);
        stale.holds(&["<code>stale_version</code>", "class=\"refusal-way-out\""]);
    });
}

#[test]
fn a_step_of_a_route_is_passed_on_sent_back_and_confirmed_by_the_right_hands() {
    in_world(|world| async move {
        let case = submitted(&world).await;
        let page = format!("/cases/{case}");
        let (advance, back) = (
            format!("{page}/waiting/1/advance"),
            format!("{page}/waiting/1/return"),
        );
        let mut clerk = Desk::sign_in(&world, "au.clerk").await;
        let mut chief = Desk::sign_in(&world, "au.chief").await;
        let tasks = clerk.get(&format!("{page}/acts/approve/-")).await;
        assert_eq!(
            tasks.location(),
            format!("{page}/acts/approve/-/check"),
            "nothing is asked"
        );
        let entered = clerk.act(&case, "approve").await;
        entered.holds(&["<section class=\"done\""]);

        // The same hand cannot take the next step, and the page says so before anybody tries.
        let waiting = clerk.get(&page).await.drawn(200);
        waiting.holds(&["class=\"waiting\"", "class=\"why-not\""]);
        waiting.lacks(&[&format!("action=\"{advance}\"")]);
        let tried = clerk.post(&advance, &[]).await;
        assert!((400..500).contains(&tried.status()), "{}", tried.status());
        tried.drawn(403).holds(&["class=\"refusal-way-out\""]);

        let waiting = chief.get(&page).await.drawn(200);
        waiting.holds(&[&format!("action=\"{advance}\""), &format!("action=\"{back}\"")]);
        let (key, version) = (waiting.hidden("key"), waiting.hidden("version"));
        let fields = [("key", key.as_str()), ("version", version.as_str())];
        let returned = chief.post(&back, &fields).await;
        chief.follow(&returned).await.drawn(200);
        let after = chief.get(&page).await.drawn(200);
        after.lacks(&["class=\"waiting\""]);

        clerk.act(&case, "approve").await;
        let waiting = chief.get(&page).await.drawn(200);
        let action = format!("{}advance", waiting.link_of_form(&format!("{page}/waiting/")));
        let (key, version) = (waiting.hidden("key"), waiting.hidden("version"));
        let fields = [("key", key.as_str()), ("version", version.as_str())];
        let done = chief.post(&action, &fields).await;
        let result = chief.follow(&done).await.drawn(200);
        result.holds(&["<section class=\"done\"", "同意"]);
        assert_eq!(case_of(done.location()), case);
    });
}

#[test]
fn a_party_is_shown_with_what_it_is_responsible_for_and_the_clause() {
    run(async {
        let world = town().await;
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let case = desk.open("appeal", &[("f.name", "申诉")]).await;
        let page = desk.get(&format!("/cases/{case}")).await.drawn(200);
        let (_, parties) = page.text.split_once("<dl class=\"parties\">").expect("parties");
        let (parties, _) = parties.split_once("</dl>").expect("their end");
        let operator = |party: &&str| party.contains("<dt>运营机构</dt>");
        let party = parties.split("</dd>").find(operator).expect("the operator");
        for piece in ["谁运营谁负责", "ST-OP-001"] {
            assert!(party.contains(piece), "{piece}: {party}");
        }
    });
}

#[test]
fn a_paper_is_taken_in_with_its_group_and_comes_back_from_the_case() {
    run(async {
        let world = town().await;
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let typed = [("f.name", "申诉"), ("then", "next")];
        let paper = ("file.proof", "证据.html", b"<script>alert(1)</script>".as_slice());
        let saved = desk.parts("/open/appeal/form", &typed, &[paper]).await;
        let check = desk.follow(&saved).await.drawn(200);
        check.holds(&["证据.html"]);
        let done = desk.submit("/open/appeal", &check).await;
        let case = case_of(done.location());
        let page = desk.get(&format!("/cases/{case}")).await.drawn(200);
        let link = page.link(&format!("/cases/{case}/papers/"));
        let back = desk.get(&link).await;
        assert_eq!((back.status(), back.text.as_bytes()), (200, paper.2));
        // Saved, never shown: a paper of others must not run in our origin.
        assert_eq!(back.answered.header("content-type"), "application/octet-stream");
        assert!(
            back.answered
                .header("content-disposition")
                .starts_with("attachment;")
        );
        Desk::sign_in(&world, "dev.clerk")
            .await
            .get(&link)
            .await
            .drawn(404);
    });
}

#[test]
fn what_was_typed_is_kept_for_later_and_only_for_its_writer() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let typed = [("f.name", "先记下"), ("then", "leave")];
        let left = desk.parts("/open/request/form", &typed, &[]).await;
        assert_eq!(left.location(), "/");
        desk.get("/open/request/form")
            .await
            .drawn(200)
            .holds(&["value=\"先记下\""]);
        let mut again = Desk::sign_in(&world, "op.clerk").await;
        again
            .get("/open/request/check")
            .await
            .drawn(200)
            .holds(&["先记下"]);
    });
}
