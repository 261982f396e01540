//! Chromedriver and the browsers it starts.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value as Json, json};

/// Path of a tool that `./dev test` names.
#[expect(
    clippy::disallowed_methods,
    reason = "a test reads where ./dev found the browser"
)]
pub fn tool(name: &str) -> PathBuf {
    let path =
        std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this through ./dev test"));
    PathBuf::from(path)
}

/// A running chromedriver.
pub struct Driver {
    child: Child,
    address: String,
}

impl Driver {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let mut child = Command::new(tool("SHUYU_CHROMEDRIVER"))
            .arg("--port=0")
            // A group of its own: a test that fails takes the browsers along too.
            .process_group(0)
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

    /// A new browser with a profile folder of its own, with or without scripts.
    pub async fn client(&self, profile: &Path, scripts: bool) -> Client {
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
        let capabilities = serde_json::from_value(json!({
            "goog:chromeOptions": options,
            // What the browser asked for, page scripts or not.
            "goog:loggingPrefs": { "performance": "ALL" },
        }))
        .expect("capabilities");
        ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&self.address)
            .await
            .expect("a browser")
    }

    /// Addresses outside `base` that the browser asked for since the last call, from its own network log: that
    /// works without scripts too.
    pub async fn elsewhere(&self, browser: &Client, base: &str) -> Vec<String> {
        let asked = self.requests(browser).await;
        assert!(asked.iter().any(|url| url.starts_with(base)), "the log is empty");
        let outside = asked
            .into_iter()
            .filter(|url| !url.starts_with(&format!("{base}/")) && !url.starts_with("data:"));
        outside.map(|url| format!("the browser asked {url}")).collect()
    }

    async fn requests(&self, browser: &Client) -> Vec<String> {
        let session = browser.session_id().await.expect("a session").expect("its id");
        let log = reqwest::Client::builder()
            .no_proxy()
            .build()
            .expect("a client")
            .post(format!("{}/session/{session}/se/log", self.address))
            .json(&json!({ "type": "performance" }))
            .send()
            .await
            .expect("the log of the browser");
        let log: Json = log.json().await.expect("a list");
        let lines = log["value"].as_array().expect("lines of the log").clone();
        lines
            .iter()
            .filter_map(|line| serde_json::from_str(line["message"].as_str()?).ok())
            .filter(|line: &Json| line["message"]["method"] == "Network.requestWillBeSent")
            .filter_map(|line| {
                line["message"]["params"]["request"]["url"]
                    .as_str()
                    .map(str::to_owned)
            })
            .filter(|url| !url.starts_with("chrome"))
            .collect()
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let group = format!("-{}", self.child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
