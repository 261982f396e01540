//! Every role of the walked world signs in at the console, and every place of their rail is there.

use std::collections::BTreeMap;

use crate::harness::{PASSWORD, Server, walked};

/// The value of every attribute that begins like this.
fn all<'a>(page: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    page.split(start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
}

/// Sign-in name of one person for each role and post, from the table of the sign-in page.
fn one_of_each(page: &str) -> BTreeMap<String, String> {
    let (_, table) = page
        .split_once("training-people")
        .expect("the people of the world");
    let cell = |row: &str, n: usize| {
        let cell = row.split("<td>").nth(n).unwrap_or_default();
        cell.split('<').next().unwrap_or_default().to_owned()
    };
    table
        .split("<tr>")
        .filter_map(|row| {
            let login = row.split("<code>").nth(1)?.split('<').next()?.to_owned();
            Some((format!("{} {}", cell(row, 1), cell(row, 3)), login))
        })
        .collect()
}

#[test]
fn every_role_signs_in_and_finds_every_place_of_its_rail() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    every_role_looks_around(Server::start(&data, None));
}

/// The other jurisdictions: the same program, other rules, people of their own.
#[test]
fn every_jurisdiction_is_served_with_people_of_its_own() {
    for profile in ["jilin", "qiqihar", "lanzhou"] {
        let temp = tempfile::tempdir().expect("a folder");
        let data = temp.path().join("data");
        every_role_looks_around(Server::start_with(&data, &["--profile", profile]));
    }
}

/// Signs in somebody of each role and opens every place of the rail and every form they may begin.
fn every_role_looks_around(server: Server) {
    let base = &server.base;
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let browser = || {
            let builder = reqwest::Client::builder().no_proxy().cookie_store(true);
            builder.build().expect("a client")
        };
        let people = one_of_each(&page(&browser(), base, "/sign-in").await.1);
        assert!(people.len() >= 12, "{people:?}");
        let (mut watching, mut forms) = (0, 0);
        for (role, login) in people {
            let http = browser();
            let home = signed_in(&http, base, &login).await;
            let (_, rail) = home.split_once("<nav class=\"rail\"").expect("the rail");
            let (rail, _) = rail.split_once("</nav>").expect("its end");
            let (_, begin) = page(&http, base, "/open").await;
            let begin: Vec<&str> = all(&begin, "href=\"")
                .filter(|place| place.starts_with("/open/"))
                .collect();
            forms += begin.len();
            let mut places = 0;
            for place in all(rail, "href=\"")
                .chain(["/open", "/ledger/access", "/law/clauses"])
                .chain(begin)
            {
                let (status, text) = page(&http, base, place).await;
                // One place is for those who watch over the others, and says so.
                let for_others = place == "/supervision" && text.contains("supervision_not_for_role");
                watching += usize::from(place == "/supervision" && status == 200);
                let expected = if for_others { 403 } else { 200 };
                assert_eq!(status, expected, "{role} at {place}: {text}");
                assert_eq!(text.matches("<h1").count(), 1, "{role} at {place}");
                places += 1;
            }
            assert!(places > 8, "{role} has {places} places");
        }
        assert!(watching > 0, "nobody watches");
        assert!(forms > 8, "only {forms} forms can be begun");
    });
    assert!(server.stop().success());
}

pub async fn page(http: &reqwest::Client, base: &str, path: &str) -> (u16, String) {
    let answer = http.get(format!("{base}{path}")).send().await.expect("a page");
    (answer.status().as_u16(), answer.text().await.expect("its text"))
}

/// The desk of somebody who has just signed in.
pub async fn signed_in(http: &reqwest::Client, base: &str, login: &str) -> String {
    let answer = http
        .post(format!("{base}/sign-in"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .body(format!("login={login}&password={PASSWORD}&next=/"))
        .send()
        .await
        .expect("signing in");
    assert_eq!(answer.status(), 200, "{login}");
    answer.text().await.expect("the desk")
}
