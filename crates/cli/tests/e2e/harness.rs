//! Starting the binary on a data folder, talking to it, stopping or losing it; a walked folder made once.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::process::ExitStatusExt as _,
    path::{Path, PathBuf},
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
        match kill_at {
            Some(point) => Self::start_with(data, &["--kill-at", point]),
            None => Self::start_with(data, &[]),
        }
    }

    /// Serves a training folder with further options.
    pub fn start_with(data: &Path, options: &[&str]) -> Self {
        let mut command = shuyu();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options);
        Self::spawn(command)
    }

    /// The same, telling everything it ever tells; what it tells goes to a file.
    pub fn start_telling(data: &Path, options: &[&str], told: &Path) -> Self {
        let log = std::fs::File::create(told).expect("a file for what it tells");
        let mut command = shuyu();
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options)
            .env("RUST_LOG", "info,shuyu=trace,shuyu_app=trace,shuyu_lake=trace,shuyu_store=trace,shuyu_web=trace,shuyu_query=trace,datafusion=debug")
            .stderr(log);
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

    /// Whether it came so far as to tell its address.
    pub fn listened(&self) -> bool {
        !self.base.is_empty()
    }

    /// Waits until it has died by itself, and says whether of SIGKILL.
    pub fn killed(mut self) -> bool {
        self.child.wait().expect("the process ends").signal() == Some(9)
    }
}

/// A test that fails leaves no server behind.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
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

    /// The same session at another address: the server was started anew.
    pub fn at(&self, base: &str) -> Self {
        Self {
            http: self.http.clone(),
            base: base.to_owned(),
            token: self.token.clone(),
        }
    }

    /// GET with headers instead of the session: a call of the gateway.
    pub async fn call(&self, path: &str, headers: &[(&str, &str)]) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await?).await
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
        body: impl Into<reqwest::Body>,
        headers: &[(&str, &str)],
    ) -> Result<Reply, reqwest::Error> {
        let mut request = self.http.post(format!("{}{path}", self.base)).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Result<Reply, reqwest::Error> {
        self.send(self.http.delete(format!("{}{path}", self.base))).await
    }

    /// Uploads bytes: `data` to be ingested, `paper` to be cited.
    pub async fn upload(&self, kind: &str, name: &str, bytes: Vec<u8>) -> Result<Reply, reqwest::Error> {
        let request = self
            .http
            .post(format!("{}/api/v1/uploads", self.base))
            .query(&[("name", name), ("kind", kind)])
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
        read(request.send().await?).await
    }
}

async fn read(response: reqwest::Response) -> Result<Reply, reqwest::Error> {
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(&bytes).into_owned()));
    Ok(Reply { status, body })
}

/// The tables of a folder that nobody serves, made again from its ledger, are the same.
pub fn rebuilt(data: &Path) {
    let output = shuyu().args(["rebuild", "--check", "--data"]).arg(data).output();
    let output = output.expect("rebuild");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
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
    assert!(server.listened(), "the server starts");
    assert!(server.stop().success());
}

/// Last day of the walked world: a product is published, delivered and called, and the next day has a new quota.
const WALKED_UNTIL: &str = "2026-04-02";

/// A copy of the training world of `shuyu world`, walked up to [`WALKED_UNTIL`]. Walking takes minutes, so the
/// folder is made once for all tests and kept as long as program, rules and story stay the same.
pub fn walked(data: &Path) {
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walked");
    std::fs::create_dir_all(&kept).expect("a folder for walked worlds");
    let lock = std::fs::File::create(kept.join("lock")).expect("a lock");
    lock.lock().expect("one test walks, the others wait");
    let folder = kept.join(fingerprint());
    if !folder.exists() {
        for older in std::fs::read_dir(&kept).expect("what is kept").flatten() {
            if older.path().is_dir() {
                std::fs::remove_dir_all(older.path()).expect("an older one goes");
            }
        }
        let unfinished = kept.join("unfinished");
        let mut command = shuyu();
        command
            .args([
                "world",
                "--until",
                WALKED_UNTIL,
                "--listen",
                "127.0.0.1:0",
                "--data",
            ])
            .arg(&unfinished);
        let server = Server::spawn(command);
        assert!(server.listened(), "the world is walked and served");
        assert!(server.stop().success());
        std::fs::rename(&unfinished, &folder).expect("the walked folder gets its name");
    }
    copy(&folder, data);
}

/// Changes with the program and with everything built into it.
fn fingerprint() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = Vec::new();
    for folder in ["profiles", "worlds"] {
        files_below(&root.join(folder), &mut files);
    }
    files.sort();
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_shuyu")).expect("the program");
    let made = program.modified().expect("when the program was made");
    let mut text = format!("{} {made:?} {WALKED_UNTIL}\n", program.len());
    for file in files {
        let digest = shuyu_kernel::Digest::of(&std::fs::read(&file).expect("a file of rules or story"));
        text.push_str(&format!("{} {digest}\n", file.display()));
    }
    shuyu_kernel::Digest::of(text.as_bytes()).to_string()
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, files);
        } else {
            files.push(path);
        }
    }
}

/// What the tests need of the walked world.
pub struct Scene {
    /// The product on the market.
    pub product: String,
    /// The permit in force.
    pub permit: String,
}

/// Looks up product and permit of the walked world.
pub async fn scene(base: &str) -> Scene {
    let customer = Client::sign_in(base, "bing_clerk").await.expect("sign-in");
    let products = customer
        .get("/api/v1/cases?procedure=product&limit=100")
        .await
        .expect("products");
    // Several products are on the market; the one sold to 丙 is meant.
    let listed = |reply: &Reply, stage: &str, title: Option<&str>| {
        let cases = reply.body["cases"].as_array().expect("a list").clone();
        let found = cases
            .iter()
            .find(|case| case["stage"] == stage && title.is_none_or(|title| case["title"] == title));
        found.and_then(|case| case["id"].as_str()).map(str::to_owned)
    };
    let asker = Client::sign_in(base, "op_staff01").await.expect("sign-in");
    let uses = asker
        .get("/api/v1/cases?procedure=data_use&limit=100")
        .await
        .expect("applications");
    Scene {
        product: listed(&products, "published", Some("经营稳定性分档接口")).expect("a product on the market"),
        permit: listed(&uses, "permitted", None)
            .expect("a permit")
            .replacen("case_", "permit_", 1),
    }
}
