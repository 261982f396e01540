//! Starting the binary on a data folder, talking to it, stopping or losing it.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
};

use serde_json::{Value as Json, json};

/// Password of every training account.
pub const PASSWORD: &str = "shuyu-training";

/// A running `shuyu serve`.
pub struct Server {
    child: Child,
    /// `http://127.0.0.1:port`
    pub base: String,
}

/// The binary under test.
pub fn shuyu() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shuyu"));
    command.env("RUST_LOG", "error");
    command
}

impl Server {
    /// Serves a training folder; `kill_at` names the point at which the process kills itself.
    pub fn start(data: &Path, kill_at: Option<&str>) -> Self {
        let mut command = shuyu();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data);
        if let Some(point) = kill_at {
            command.args(["--kill-at", point]);
        }
        Self::spawn(command)
    }

    /// The training world of `./dev run`, walked up to its day and served.
    pub fn world(data: &Path) -> Self {
        let mut command = shuyu();
        command
            .args(["world", "--listen", "127.0.0.1:0", "--data"])
            .arg(data);
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output"))
            .lines()
            .map_while(Result::ok);
        let base = lines.find_map(|line| line.trim().starts_with("http://").then(|| line.trim().to_owned()));
        // Whatever else it prints must not block it.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            child,
            base: base.unwrap_or_default(),
        }
    }

    /// Asks it to stop and waits.
    pub fn stop(mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().expect("kill");
        assert!(asked.success());
        self.child.wait().expect("the process ends")
    }

    /// Waits until it has died by itself.
    pub fn wait(mut self) -> ExitStatus {
        self.child.wait().expect("the process ends")
    }
}

/// A client of one person.
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Body as JSON, or text as a JSON string.
    pub body: Json,
}

impl Reply {
    /// Whether it succeeded.
    pub fn ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
    /// Refusal code.
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Json::as_str).unwrap_or_default()
    }
    /// A text in the body.
    pub fn text(&self, name: &str) -> String {
        self.body
            .get(name)
            .and_then(Json::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

impl Client {
    /// Signs in.
    pub async fn sign_in(base: &str, login: &str) -> Result<Self, reqwest::Error> {
        let mut client = Self {
            http: reqwest::Client::builder().no_proxy().build()?,
            base: base.to_owned(),
            token: String::new(),
        };
        let reply = client
            .post(
                "/api/v1/sessions",
                &json!({ "login": login, "password": PASSWORD }),
                None,
            )
            .await?;
        assert!(reply.ok(), "sign-in of {login}: {reply:?}");
        client.token = reply.text("token");
        Ok(client)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Reply, reqwest::Error> {
        self.send(self.http.get(format!("{}{path}", self.base))).await
    }

    /// POST JSON, with an idempotency key if given.
    pub async fn post(&self, path: &str, body: &Json, key: Option<&str>) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.post(format!("{}{path}", self.base)).json(body);
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        self.send(request).await
    }

    /// POST with any header.
    pub async fn post_with(
        &self,
        path: &str,
        body: String,
        headers: &[(&str, &str)],
    ) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.post(format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// Uploads bytes to be ingested.
    pub async fn upload(&self, name: &str, bytes: Vec<u8>) -> Result<Reply, reqwest::Error> {
        let request = self
            .http
            .post(format!("{}/api/v1/uploads", self.base))
            .query(&[("name", name), ("kind", "data")])
            .body(bytes);
        self.send(request).await
    }

    /// Ingests an upload and waits for the end of the job.
    pub async fn ingest(&self, order: &Json, key: &str) -> Result<Reply, reqwest::Error> {
        let started = self.post("/api/v1/datasets/ingests", order, Some(key)).await?;
        if !started.ok() {
            return Ok(started);
        }
        let job = started.body["job"].as_u64().expect("number of the job");
        loop {
            let reply = self.get(&format!("/api/v1/jobs/{job}")).await?;
            if reply.body["status"] != "running" {
                return Ok(reply);
            }
            tokio::task::yield_now().await;
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        let request = if self.token.is_empty() {
            request
        } else {
            request.bearer_auth(&self.token)
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        let bytes = response.bytes().await?;
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(&bytes).into_owned()));
        Ok(Reply { status, body })
    }
}

/// Copies a data folder.
pub fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .expect("cp");
    assert!(done.success());
}

/// A founded training folder.
pub fn founded(data: &Path) {
    let server = Server::start(data, None);
    assert!(!server.base.is_empty(), "the server starts");
    assert!(server.stop().success());
}
