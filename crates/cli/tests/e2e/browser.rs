//! A real browser on the training world: every page in both widths, axe, keyboard, no JavaScript, nothing
//! off-origin. Screenshots land in the target folder, under `screenshots`.

use std::{
    collections::BTreeSet,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder, Locator, key::Key};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value as Json, json};

use crate::harness::{PASSWORD, Server};

/// Path of a tool that `./dev test` names.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads where ./dev found the browser"
)]
fn tool(name: &str) -> PathBuf {
    let path =
        std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through ./dev test"));
    PathBuf::from(path)
}

struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    fn start() -> Self {
        let mut child = Command::new(tool("SHUYU_CHROMEDRIVER"))
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let port: Option<u16> = lines.map_while(Result::ok).find_map(|line| {
            line.split("started successfully on port ")
                .nth(1)
                .and_then(|rest| rest.trim_end_matches('.').parse().ok())
        });
        Self {
            child,
            address: format!("http://127.0.0.1:{}", port.expect("the port of chromedriver")),
        }
    }

    async fn client(&self, profile: &Path, scripts: bool) -> Client {
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=zh-CN",
        ];
        let mut arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let allowed = if scripts { 1 } else { 2 };
        let options = json!({
            "binary": tool("SHUYU_CHROMIUM"), "args": arguments,
            "prefs": { "intl.accept_languages": "zh-CN", "profile.managed_default_content_settings.javascript": allowed },
        });
        let capabilities =
            serde_json::from_value(json!({ "goog:chromeOptions": options })).expect("capabilities");
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .expect("a browser")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

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

/// Fills a form of several groups without JavaScript and comes to its result page.
async fn open_an_entry(browser: &Client, base: &str) {
    browser
        .goto(&format!("{base}/open/resource"))
        .await
        .expect("the task list");
    let group = hrefs(browser, "main a[href*='/open/resource/']")
        .await
        .into_iter()
        .next()
        .expect("a group of questions");
    browser.goto(&format!("{base}{group}")).await.expect("the group");
    let name = browser
        .find(Locator::Css(
            "main [name='name'], main [name='f.name'], main input[type=text]",
        ))
        .await;
    name.expect("the name of the entry")
        .send_keys("无脚本")
        .await
        .expect("typing");
    browser
        .find(Locator::Css("main form button[type=submit], main form button"))
        .await
        .expect("save")
        .click()
        .await
        .expect("saving");
    let body = browser.source().await.expect("a page");
    assert!(!body.contains("id=\"stop\""), "{body}");
}

#[test]
fn every_page_is_whole_in_a_real_browser() {
    let temp = tempfile::tempdir().expect("a folder");
    let shots = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
    std::fs::create_dir_all(&shots).expect("a folder for screenshots");
    let server = Server::world(&temp.path().join("data"));
    let driver = Driver::start();
    let source = std::fs::read_to_string(tool("SHUYU_AXE")).expect("axe");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let browser = driver.client(&temp.path().join("with"), true).await;
        let mut wrong = look(&browser, &server.base, "/sign-in", &shots, &source).await;
        sign_in(&browser, &server.base, "op_manager").await;
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
            "/open/data_use",
        ]
        .into_iter()
        .map(str::to_owned)
        .collect();
        browser
            .goto(&format!("{}/", server.base))
            .await
            .expect("the queue");
        paths.extend(
            hrefs(&browser, "main a[href^='/cases/']")
                .await
                .into_iter()
                .rev()
                .take(3),
        );
        browser
            .goto(&format!("{}/permits", server.base))
            .await
            .expect("permits");
        paths.extend(
            hrefs(&browser, "main a[href^='/permits/']")
                .await
                .into_iter()
                .take(1),
        );
        for path in &paths {
            wrong.extend(look(&browser, &server.base, path, &shots, &source).await);
        }
        assert!(
            paths.iter().any(|path| path.starts_with("/cases/")),
            "no case in the queue"
        );
        assert!(
            paths.iter().any(|path| path.starts_with("/permits/")),
            "no permit"
        );
        browser.close().await.expect("closing");
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));

        let plain = driver.client(&temp.path().join("without"), false).await;
        sign_in(&plain, &server.base, "rsj_clerk").await;
        open_an_entry(&plain, &server.base).await;
        plain.close().await.expect("closing");
    });
    assert!(server.stop().success());
}
