//! A real browser: every page in both widths, axe, the keyboard alone, no JavaScript, nothing off-origin.
//! Screenshots land in the target folder, under `screenshots`.

mod driver;
mod keyboard;
mod plain;

use std::{collections::BTreeSet, path::Path};

use fantoccini::{Client, Locator, elements::Element, key::Key};
use serde_json::Value as Json;

use crate::harness::{PASSWORD, Server, scene, walked};
use driver::{Driver, tool};

/// Signs in with the keyboard alone.
async fn sign_in(browser: &Client, base: &str, login: &str) {
    browser
        .goto(&format!("{base}/sign-in"))
        .await
        .expect("the sign-in page");
    let name = browser
        .find(Locator::Css("input[name=login]"))
        .await
        .expect("the name");
    name.send_keys(login).await.expect("typing");
    let word = browser
        .find(Locator::Css("input[name=password]"))
        .await
        .expect("the password");
    word.send_keys(&format!("{PASSWORD}{}", char::from(Key::Enter)))
        .await
        .expect("typing");
    browser
        .wait()
        .for_element(Locator::Css("nav"))
        .await
        .expect("the frame of the console");
    let url = browser.current_url().await.expect("an address");
    assert!(!url.path().starts_with("/sign-in"), "{login} is not signed in");
}

/// The page in front, to be waited for until it is gone.
async fn this_page(browser: &Client) -> Element {
    browser.find(Locator::Css("html")).await.expect("a page")
}

/// Waits until another page has taken the place of this one.
async fn left(page: Element) {
    while page.tag_name().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

async fn hrefs(browser: &Client, css: &str) -> Vec<String> {
    let mut found = Vec::new();
    for link in browser.find_all(Locator::Css(css)).await.expect("links") {
        if let Ok(Some(href)) = link.attr("href").await {
            found.push(href);
        }
    }
    found
}

/// Serious and critical findings of axe on the page in front.
async fn axe(browser: &Client, source: &str) -> Vec<String> {
    browser.execute(source, vec![]).await.expect("axe loads");
    let script = "const done = arguments[0]; \
        axe.run(document, { resultTypes: ['violations'] }).then(r => done(r.violations));";
    let found = browser.execute_async(script, vec![]).await.expect("axe runs");
    let serious =
        |finding: &&Json| ["serious", "critical"].contains(&finding["impact"].as_str().unwrap_or_default());
    let list = found.as_array().cloned().unwrap_or_default();
    list.iter()
        .filter(serious)
        .map(|finding| {
            format!(
                "{} {} {}",
                finding["id"], finding["help"], finding["nodes"][0]["html"]
            )
        })
        .collect()
}

async fn off_origin(browser: &Client, base: &str) -> Vec<String> {
    let script = "return performance.getEntriesByType('resource').map(e => e.name)";
    let names = browser
        .execute(script, vec![])
        .await
        .expect("requests of the page");
    let list = names.as_array().cloned().unwrap_or_default();
    list.iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .filter(|name| !name.starts_with(base) && !name.starts_with("data:"))
        .collect()
}

/// Visits a page in both widths and notes what is wrong with it.
async fn look(browser: &Client, base: &str, path: &str, shots: &Path, source: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for width in [1280, 375] {
        browser.set_window_size(width, 900).await.expect("a width");
        browser.goto(&format!("{base}{path}")).await.expect("a page");
        let headings = browser.find_all(Locator::Css("h1")).await.expect("headings");
        if headings.len() != 1 {
            wrong.push(format!("{path} has {} first headings", headings.len()));
        }
        let wide = "return document.documentElement.scrollWidth > window.innerWidth + 1";
        if browser.execute(wide, vec![]).await.expect("a width") == true {
            wrong.push(format!("{path} is wider than the window at {width}"));
        }
        wrong.extend(
            off_origin(browser, base)
                .await
                .into_iter()
                .map(|name| format!("{path} asks {name}")),
        );
        let name: String = path
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .take(60)
            .collect();
        let picture = browser.screenshot().await.expect("a screenshot");
        std::fs::write(shots.join(format!("{name}-{width}.png")), picture).expect("keeping the screenshot");
    }
    wrong.extend(
        axe(browser, source)
            .await
            .into_iter()
            .map(|finding| format!("{path}: {finding}")),
    );
    wrong
}

/// The pages of the operator in the walked world.
async fn operators_pages(browser: &Client, base: &str) -> BTreeSet<String> {
    let mut paths: BTreeSet<String> = [
        "/",
        "/catalogue",
        "/cases?section=authorisation",
        "/permits",
        "/products",
        "/releases",
        "/ledger",
        "/ledger/verify",
        "/ledger/3",
        "/law",
        "/law/clauses",
        "/law/clauses/YN-OP-057",
        "/law/procedures/development",
        "/datasets",
        "/open",
        "/batches/demand",
        "/registry",
        "/supervision/report?month=2026-02",
        // Stops: a case that does not exist, a page for others.
        "/cases/case_01k0q4vh8m9x2t5e7w3r6y1ab2",
        "/supervision",
    ]
    .into_iter()
    .map(str::to_owned)
    .collect();
    let scene = scene(base).await;
    paths.insert(format!("/products/{}", scene.product));
    for (from, css, most) in [
        ("/", "main a[href^='/cases/']", 2),
        ("/cases?section=authorisation", "main a[href^='/cases/']", 4),
        ("/permits", "main a[href^='/permits/']", 1),
        ("/releases", "main a[href^='/releases/']", 1),
        ("/datasets", "main a[href^='/datasets/']", 1),
    ] {
        browser.goto(&format!("{base}{from}")).await.expect("a list");
        let found = hrefs(browser, css).await;
        assert!(!found.is_empty(), "{from} leads nowhere");
        paths.extend(found.into_iter().take(most));
    }
    // One case as a sheet to print, and under the present rules.
    let case = paths
        .iter()
        .find(|path| path.starts_with("/cases/case_01k") && !path.contains("01k0q4"));
    let case = case.expect("a case of the walked world").clone();
    paths.extend([
        format!("{case}/print"),
        format!("{case}/acts/1/print"),
        format!("{case}/version"),
    ]);
    // A group of questions and its check page: a form of one group goes straight to it.
    browser
        .goto(&format!("{base}/open/data_use"))
        .await
        .expect("a form");
    let group = browser.current_url().await.expect("an address");
    assert!(group.path().starts_with("/open/data_use/"), "{group}");
    paths.insert(group.path().to_owned());
    paths.insert("/open/data_use/check".to_owned());
    paths
}

#[test]
fn every_page_is_whole_in_a_real_browser() {
    let temp = tempfile::tempdir().expect("a folder");
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&shots).expect("a folder for screenshots");
    let data = temp.path().join("data");
    walked(&data);
    let server = Server::start(&data, None);
    let driver = Driver::start();
    let source = std::fs::read_to_string(tool("SHUYU_AXE")).expect("axe");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let browser = driver.client(&temp.path().join("with"), true).await;
        let mut wrong = look(&browser, &server.base, "/sign-in", &shots, &source).await;
        sign_in(&browser, &server.base, "op_manager").await;
        for path in operators_pages(&browser, &server.base).await {
            wrong.extend(look(&browser, &server.base, &path, &shots, &source).await);
        }
        browser.delete_all_cookies().await.expect("signed out");
        sign_in(&browser, &server.base, "zsjj_leader").await;
        for path in [
            "/",
            "/supervision",
            "/supervision/report?month=2026-02",
            "/supervision/report/rows?month=2026-02&figure=opened&procedure=development&set=month",
            "/ledger/access",
        ] {
            wrong.extend(look(&browser, &server.base, path, &shots, &source).await);
        }
        wrong.extend(driver.elsewhere(&browser, &server.base).await);
        browser.close().await.expect("closing");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
    assert!(server.stop().success());
}
