//! Without scripts a whole act goes through to its result, and that scripts are off is shown, not believed.

use fantoccini::{Client, Locator};

use super::{driver::Driver, left, sign_in, this_page};
use crate::harness::Server;

async fn click(browser: &Client, css: &str) {
    let element = browser.find(Locator::Css(css)).await;
    let element = element.unwrap_or_else(|error| panic!("{css}: {error}"));
    element.click().await.expect("a click");
}

/// Clicks on what leads to another page, and waits for that.
async fn go(browser: &Client, css: &str) {
    let before = this_page(browser).await;
    click(browser, css).await;
    left(before).await;
}

async fn path(browser: &Client) -> String {
    browser.current_url().await.expect("an address").path().to_owned()
}

/// The first clause of the desk: with scripts it opens beside the page, without them it is a link like any other.
const CLAUSE: &str = "main a.chip";

/// Fills the groups of a form one after the other and submits.
async fn open_an_entry(browser: &Client, base: &str) {
    browser.goto(&format!("{base}/")).await.expect("the desk");
    go(browser, "main a[href='/open/resource']").await;
    if path(browser).await == "/open/resource" {
        go(browser, "main ol.tasks a").await;
    }
    let name = browser.find(Locator::Css("main [name='f.name']")).await;
    name.expect("the name of the entry")
        .send_keys("opened without scripts")
        .await
        .expect("typing");
    while path(browser).await != "/open/resource/check" {
        go(browser, "main button[name=then][value=next]").await;
    }
    let body = browser.source().await.expect("a page");
    assert!(body.contains("opened without scripts"), "{body}");
    go(browser, "main form button.primary").await;
    let done = browser.find(Locator::Css("main section.done")).await;
    let done = done.expect("the result page").text().await.expect("its words");
    assert!(done.contains("opened without scripts"), "{done}");
    assert!(path(browser).await.ends_with("/result"));
    go(browser, "main p.actions a.primary").await;
    assert!(path(browser).await.starts_with("/cases/case_"));
}

#[test]
fn without_scripts_an_act_goes_through_to_its_result_and_nothing_leaves_the_origin() {
    let temp = tempfile::tempdir().expect("a folder");
    let server = Server::start(&temp.path().join("data"), None);
    let driver = Driver::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let scripted = driver.client(&temp.path().join("with"), true).await;
        sign_in(&scripted, &server.base, "rsj_clerk").await;
        click(&scripted, CLAUSE).await;
        let sheet = scripted.wait().for_element(Locator::Css("dialog.sheet")).await;
        sheet.expect("with scripts the clause opens beside the page");
        assert_eq!(path(&scripted).await, "/");
        scripted.close().await.expect("closing");

        let plain = driver.client(&temp.path().join("without"), false).await;
        sign_in(&plain, &server.base, "rsj_clerk").await;
        go(&plain, CLAUSE).await;
        assert!(
            path(&plain).await.starts_with("/law/clauses/"),
            "scripts run in this browser"
        );
        assert!(plain.find(Locator::Css("dialog")).await.is_err());
        open_an_entry(&plain, &server.base).await;
        let elsewhere = driver.elsewhere(&plain, &server.base).await;
        assert!(elsewhere.is_empty(), "{}", elsewhere.join("\n"));
        plain.close().await.expect("closing");
    });
    assert!(server.stop().success());
}
