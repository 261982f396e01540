//! The keyboard alone: Tab, Enter and letters, from the sign-in page to the result of an act. The focus must be
//! seen at every stop.

use fantoccini::{
    Client, Locator,
    actions::{Actions, InputSource as _, KeyAction, KeyActions},
    key::Key,
};
use serde_json::Value as Json;

use super::{driver::Driver, left, this_page};
use crate::harness::{PASSWORD, Server};

/// No page has more stops than this.
const MOST_STOPS: usize = 200;

/// What has the focus, and whether one can see that.
const FOCUSED: &str = "const e = document.activeElement, s = getComputedStyle(e); \
    const ring = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0; \
    return { body: e === document.body, fits: e.matches(arguments[0]), \
             seen: ring || s.boxShadow !== 'none', \
             what: e.outerHTML.slice(0, 160) };";

async fn press(browser: &Client, key: char) {
    let stroke = KeyActions::new("keyboard".to_owned())
        .then(KeyAction::Down { value: key })
        .then(KeyAction::Up { value: key });
    browser
        .perform_actions(Actions::from(stroke))
        .await
        .expect("a key");
}

async fn write(browser: &Client, text: &str) {
    for letter in text.chars() {
        press(browser, letter).await;
    }
}

/// Presses Tab until an element that fits has the focus; every stop on the way must show it.
async fn tab_to(browser: &Client, css: &str) {
    let mut passed = Vec::new();
    for _ in 0..MOST_STOPS {
        press(browser, char::from(Key::Tab)).await;
        let focused = browser
            .execute(FOCUSED, vec![Json::from(css)])
            .await
            .expect("what has the focus");
        if focused["body"] == true {
            continue;
        }
        assert_eq!(
            focused["seen"], true,
            "nobody sees that {} has the focus",
            focused["what"]
        );
        if focused["fits"] == true {
            return;
        }
        passed.push(focused["what"].to_string());
    }
    panic!("Tab never came to {css}:\n{}", passed.join("\n"));
}

/// Presses Enter and waits until the page before is gone.
async fn enter(browser: &Client) {
    let before = this_page(browser).await;
    press(browser, char::from(Key::Enter)).await;
    left(before).await;
}

async fn path(browser: &Client) -> String {
    browser.current_url().await.expect("an address").path().to_owned()
}

async fn open_an_entry(browser: &Client, base: &str) {
    browser
        .goto(&format!("{base}/sign-in"))
        .await
        .expect("the sign-in page");
    tab_to(browser, "main input[name=login]").await;
    write(browser, "rsj_clerk").await;
    tab_to(browser, "main input[name=password]").await;
    write(browser, PASSWORD).await;
    tab_to(browser, "main form button").await;
    enter(browser).await;
    assert_eq!(path(browser).await, "/");

    tab_to(browser, "main a[href='/open/resource']").await;
    enter(browser).await;
    if path(browser).await == "/open/resource" {
        tab_to(browser, "main ol.tasks a").await;
        enter(browser).await;
    }
    tab_to(browser, "main [name='f.name']").await;
    write(browser, "opened by Tab").await;
    for _ in 0..MOST_STOPS {
        tab_to(browser, "main button[name=then][value=next]").await;
        enter(browser).await;
        if path(browser).await == "/open/resource/check" {
            break;
        }
    }
    tab_to(browser, "main form button.primary").await;
    enter(browser).await;
    let done = browser.find(Locator::Css("main section.done")).await;
    let done = done.expect("the result page").text().await.expect("its words");
    assert!(done.contains("opened by Tab"), "{done}");
    assert!(path(browser).await.ends_with("/result"));
    tab_to(browser, "main a[href$='/receipt']").await;
}

#[test]
fn an_entry_is_opened_from_sign_in_to_result_by_the_keyboard_alone() {
    let temp = tempfile::tempdir().expect("a folder");
    let server = Server::start(&temp.path().join("data"), None);
    let driver = Driver::start();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let browser = driver.client(&temp.path().join("profile"), true).await;
        browser.set_window_size(1280, 900).await.expect("a width");
        open_an_entry(&browser, &server.base).await;
        browser.close().await.expect("closing");
    });
    assert!(server.stop().success());
}
