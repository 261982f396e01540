//! Signing in as each role, the language, the clock of the training, and what is sent without the token.

use axum::http::Method;

use super::{
    desk::{Desk, state},
    town::town,
};
use crate::world::{in_world, run};

const EVERYBODY: [&str; 6] = [
    "op.clerk",
    "au.clerk",
    "au.chief",
    "dev.clerk",
    "prov.clerk",
    "admin",
];

#[test]
fn everybody_signs_in_and_every_place_of_their_rail_is_there() {
    run(async {
        let world = town().await;
        let people = Desk::nobody(&world).get("/sign-in").await.drawn(200);
        for login in EVERYBODY {
            people.holds(&[login]);
            let mut desk = Desk::sign_in(&world, login).await;
            let home = desk.get("/").await.drawn(200);
            home.holds(&[login, "class=\"identity\""]);
            let rail = home.rail();
            assert!(rail.len() >= 5, "{login}: {rail:?}");
            for place in rail
                .iter()
                .map(String::as_str)
                .chain(["/open", "/ledger/access", "/ledger/verify"])
            {
                // Nobody in this town watches over the others.
                let expected = if place == "/supervision" { 403 } else { 200 };
                desk.get(place).await.drawn(expected);
            }
            let out = desk.post("/sign-out", &[]).await;
            assert_eq!(out.location(), "/sign-in");
            assert_eq!(desk.get("/").await.location(), "/sign-in");
        }
    });
}

#[test]
fn a_wrong_password_is_refused_on_the_page_and_gives_no_cookie() {
    in_world(|world| async move {
        let mut desk = Desk::nobody(&world);
        let page = desk.try_sign_in("op.clerk", "wrong").await.drawn(401);
        page.holds(&[
            "<code>sign_in_failed</code>",
            "class=\"refusal-way-out\"",
            "value=\"op.clerk\"",
        ]);
        page.lacks(&["wrong\""]);
        // The form brings a cookie of its own; a session has none.
        let cookies = page.answered.headers.get_all("set-cookie");
        assert!(
            cookies
                .iter()
                .all(|cookie| cookie.as_bytes().starts_with(b"__Host-shuyu-form="))
        );
        assert_eq!(desk.get("/").await.status(), 303);
        // Another site cannot sign somebody in.
        let forged = world
            .ask(Method::POST, "/sign-in")
            .with("sec-fetch-site", "cross-site")
            .with("content-type", "application/x-www-form-urlencoded")
            .send("login=op.clerk&password=a+long+sample+password")
            .await;
        assert_eq!(forged.status, 403);
        assert!(!forged.headers.contains_key("set-cookie"));
    });
}

#[test]
fn the_language_is_chosen_kept_and_changed_back() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let chinese = desk.get("/").await.drawn(200);
        chinese.holds(&["<html lang=\"zh-CN\">", "工作台", "href=\"/language/en?back="]);
        let switched = desk.get("/language/en?back=/cases%3Ftext%3Dx").await;
        assert_eq!(switched.location(), "/cases?text=x");
        let english = desk.get("/").await.drawn(200);
        english.holds(&["<html lang=\"en\">", "Desk", "href=\"/language/zh"]);
        english.lacks(&["工作台"]);
        let stop = desk.get("/no-such-page").await.drawn(404);
        stop.holds(&["There is no such address.", "Use the navigation."]);
        desk.get("/language/zh?back=//elsewhere.example/")
            .await
            .location_is("/");
        desk.get("/").await.drawn(200).holds(&["<html lang=\"zh-CN\">"]);
    });
}

#[test]
fn the_clock_is_wound_forward_and_never_back() {
    in_world(|world| async move {
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        desk.get("/").await.drawn(200).holds(&["datetime=\"2026-03-02\""]);
        let wound = desk
            .post("/clock", &[("to", "2026-05-04"), ("back", "/cases")])
            .await;
        assert_eq!(wound.location(), "/cases");
        desk.follow(&wound)
            .await
            .drawn(200)
            .holds(&["datetime=\"2026-05-04\""]);
        let back = desk
            .post("/clock", &[("to", "2026-03-01"), ("back", "/")])
            .await
            .drawn(409);
        back.holds(&["<code>clock_not_backwards</code>", "2026-05-04"]);
        let never = desk
            .post("/clock", &[("to", "2026-02-30"), ("back", "/")])
            .await
            .drawn(422);
        never.holds(&["<code>date_malformed</code>"]);
        desk.get("/").await.drawn(200).holds(&["datetime=\"2026-05-04\""]);
    });
}

#[test]
fn nothing_is_done_for_a_form_without_the_token() {
    run(async {
        let world = town().await;
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let case = desk.open("request", &[("f.name", "一")]).await;
        let permit = case.replacen("case_", "permit_", 1);
        let before = state(&world).await;
        let other = Desk::sign_in(&world, "dev.clerk").await.csrf().to_owned();
        for path in [
            "/sign-out",
            "/post",
            "/clock",
            "/open/request/form",
            "/open/request/check",
            &format!("/cases/{case}/acts/submit/-/form"),
            &format!("/cases/{case}/acts/submit/-/check"),
            &format!("/cases/{case}/waiting/1/advance"),
            &format!("/cases/{case}/waiting/1/return"),
            &format!("/cases/{case}/reveal/contact"),
            &format!("/permits/{permit}"),
            &format!("/products/{case}"),
            "/datasets",
            "/uploads",
            "/jobs/1/cancel",
        ] {
            for csrf in [None, Some(""), Some(other.as_str())] {
                let mut fields = vec![
                    ("to", "2026-05-04"),
                    ("then", "next"),
                    ("f.name", "二"),
                    ("key", "k"),
                ];
                fields.extend(csrf.map(|csrf| ("csrf", csrf)));
                let page = desk.send(path, &fields).await.drawn(403);
                page.holds(&["<code>csrf_wrong</code>"]);
            }
        }
        assert_eq!(state(&world).await, before);
        // Still signed in, and no draft was kept.
        desk.get("/open/request/form").await.drawn(200).lacks(&["二"]);
    });
}
