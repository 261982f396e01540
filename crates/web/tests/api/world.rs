//! An installation for one test, and a client that talks to its router.

use std::{future::Future, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use shuyu_app::{App, Parts, Profiles, founding::World as Town, port::Ask};
use shuyu_domain::port::{AccessNote, Log, Record, StoredEntry};
use shuyu_kernel::{CivilDate, Clock, kill::NoKill};
use shuyu_ledger::{Entry, FolderKind, SigningKey};
use shuyu_store::{AccessConfig, DatabaseConfig, Store, StoreConfig};
use shuyu_testkit::{MockClock, SeededSource};
use shuyu_web::{i18n::Texts, server, state::WebState};
use tower::ServiceExt;

use crate::{
    bench::Bench,
    between::Between,
    engines::{Counting, Oracle, Pond, Register, StoreKeeper},
};

/// Everybody's password in the town.
pub const PASSWORD: &str = "a long sample password";

const PEOPLE: &str = r#"
starts_on = "2026-03-02"
password = "a long sample password"
[[body]]
id = "authority"
name = "示例镇数据局"
roles = ["authority"]
[[body]]
id = "bureau"
name = "示例局"
roles = ["data_authority"]
[[body]]
id = "operator"
name = "示例运营公司"
roles = ["operator"]
[[body]]
id = "developer"
name = "示例开发公司"
roles = ["developer"]
[[body]]
id = "provider"
name = "示例统计站"
roles = ["provider"]
[[body]]
id = "office"
name = "示例机房"
roles = ["system_administrator"]
[[person]]
login = "op.clerk"
name = "甲"
body = "operator"
role = "operator"
post = "clerk"
[[person]]
login = "au.clerk"
name = "乙"
body = "authority"
role = "authority"
post = "clerk"
[[person]]
login = "au.chief"
name = "丙"
body = "authority"
role = "authority"
post = "chief"
[[person]]
login = "au.aide"
name = "壬"
body = "authority"
role = "authority"
post = "aide"
[[person]]
login = "bureau"
name = "癸"
body = "bureau"
role = "data_authority"
post = "clerk"
[[person]]
login = "dev.clerk"
name = "丁"
body = "developer"
role = "developer"
post = "clerk"
[[person]]
login = "prov.clerk"
name = "戊"
body = "provider"
role = "provider"
post = "clerk"
[[person]]
login = "admin"
name = "己"
body = "office"
role = "system_administrator"
post = "clerk"
"#;

/// An installation with its router, and the clock of its process.
pub struct World {
    pub app: Arc<App>,
    pub store: Arc<Store>,
    pub wall: Arc<MockClock>,
    pub oracle: Arc<Oracle>,
    /// The lake.
    pub pond: Arc<Pond>,
    pub bench: Arc<Bench>,
    pub between: Arc<Between>,
    pub state: WebState,
    router: Router,
    folder: Arc<tempfile::TempDir>,
}

/// An answer, read.
pub struct Answered {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub bytes: Bytes,
}

impl Answered {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| {
            panic!(
                "{error}: {} {}",
                self.status,
                String::from_utf8_lossy(&self.bytes)
            )
        })
    }
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
    /// Status and code of a problem.
    pub fn problem(&self) -> (u16, String) {
        let body = self.json();
        assert_eq!(self.header("content-type"), "application/problem+json", "{body}");
        (
            self.status.as_u16(),
            body["code"].as_str().unwrap_or_default().to_owned(),
        )
    }
    /// The body of a success.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert!(
            self.status.is_success(),
            "{} {}",
            self.status,
            String::from_utf8_lossy(&self.bytes)
        );
        if self.bytes.is_empty() {
            Value::Null
        } else {
            self.json()
        }
    }
}

/// A request being put together.
pub struct Asking<'a> {
    world: &'a World,
    builder: axum::http::request::Builder,
}

impl Asking<'_> {
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.builder = self.builder.header(name, value);
        self
    }
    pub fn token(self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }
    pub async fn send(self, body: impl Into<Body>) -> Answered {
        self.world.answer(self.builder.body(body.into()).unwrap()).await
    }
    pub async fn empty(self) -> Answered {
        self.send(Body::empty()).await
    }
    pub async fn json(self, body: Value) -> Answered {
        self.with("content-type", "application/json")
            .send(body.to_string())
            .await
    }
}

impl World {
    pub async fn new() -> Self {
        let oracle = Arc::new(Oracle::default());
        Self::built(crate::profile::profiles(), oracle.clone(), oracle).await
    }

    /// An installation under other rules or with another engine.
    pub async fn with(profiles: Profiles, engine: Arc<dyn Ask>) -> Self {
        Self::built(profiles, engine, Arc::new(Oracle::default())).await
    }

    async fn built(profiles: Profiles, engine: Arc<dyn Ask>, oracle: Arc<Oracle>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let random = Arc::new(Counting::default());
        let signer = SigningKey::from_bytes(&[7; 32]).unwrap();
        let config = StoreConfig {
            database: DatabaseConfig::Sqlite {
                path: folder.path().join("record.db"),
            },
            access: AccessConfig::Sqlite {
                path: folder.path().join("access.db"),
            },
            guard: folder.path().join("guard.json"),
            adopt_missing_guard: false,
            installation: "town-01".to_owned(),
            kind: FolderKind::Training,
            vault_key: [9; 32],
            signer: Arc::new(signer),
            kill: Arc::new(NoKill),
            random: random.clone(),
        };
        let store = Arc::new(Store::open(config).await.unwrap());
        let wall = Arc::new(MockClock::on(CivilDate::new(2026, 3, 2).unwrap()));
        let between = Arc::new(Between::new(store.clone()));
        let pond = Arc::new(Pond::default());
        let app = App::new(Parts {
            record: between.clone(),
            lake: pond.clone(),
            engine,
            identities: Arc::new(Register::default()),
            keeper: Arc::new(StoreKeeper(store.clone())),
            profiles,
            wall: wall.clone() as Arc<dyn Clock>,
            ids: Arc::new(SeededSource::new(1)),
            secrets: random,
            training: true,
            wound_to: None,
        });
        let bench = Arc::new(Bench::default());
        let app = Arc::new(app.with_jobs(bench.clone(), std::time::Duration::ZERO));
        let town: Town = toml::from_str(PEOPLE).unwrap();
        app.found(Some(&town)).await.unwrap();
        let state = WebState {
            app: app.clone(),
            texts: Arc::new(Texts::load().unwrap()),
            secure_cookies: true,
        };
        let open = server::guarded(state.clone(), shuyu_gateway::router(app.clone()));
        let router = server::router(state.clone()).merge(open);
        Self {
            app,
            store,
            wall,
            oracle,
            bench,
            pond,
            between,
            state,
            router,
            folder: Arc::new(folder),
        }
    }

    pub fn ask(&self, method: Method, path: &str) -> Asking<'_> {
        Asking {
            world: self,
            builder: Request::builder().method(method).uri(path),
        }
    }
    pub fn get(&self, path: &str) -> Asking<'_> {
        self.ask(Method::GET, path)
    }
    pub fn post(&self, path: &str) -> Asking<'_> {
        self.ask(Method::POST, path)
    }

    pub async fn answer(&self, request: Request<Body>) -> Answered {
        answer(self.router.clone(), request).await
    }

    /// Signs in and gives the token.
    pub async fn sign_in(&self, login: &str) -> String {
        let made = self
            .post("/api/v1/sessions")
            .json(json!({ "login": login, "password": PASSWORD }))
            .await
            .ok();
        made["token"].as_str().unwrap().to_owned()
    }

    /// Uploads bytes and gives their digest.
    pub async fn upload(&self, token: &str, name: &str, kind: &str, bytes: &[u8]) -> String {
        let name: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let made = self
            .post(&format!("/api/v1/uploads?name={name}&kind={kind}"))
            .token(token)
            .send(bytes.to_vec())
            .await
            .ok();
        made["digest"].as_str().unwrap().to_owned()
    }

    /// A page of the console, or a form of it, as the browser of a signed-in person sends it.
    pub async fn page(&self, method: Method, path: &str, token: &str, fields: &[(&str, &str)]) -> Answered {
        let ask = self
            .ask(method, path)
            .with("cookie", &format!("__Host-shuyu={token}"))
            .with("content-type", "application/x-www-form-urlencoded");
        let encoded = |text: &str| {
            text.bytes()
                .map(|byte| format!("%{byte:02X}"))
                .collect::<String>()
        };
        let body: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
            .collect();
        ask.send(body.join("&")).await
    }

    /// Notes of the access log, oldest first.
    pub async fn notes(&self) -> Vec<AccessNote> {
        let entries = self.store.entries(Log::Access, 0, 10_000).await.unwrap();
        let note = |entry: &StoredEntry| {
            let entry = Entry::parse(&entry.bytes).unwrap();
            let payload: Value = serde_json::from_slice(&entry.payload).unwrap();
            serde_json::from_value(payload["note"].clone()).unwrap()
        };
        entries.iter().map(note).collect()
    }

    /// Opens a case and gives its id.
    pub async fn open(&self, token: &str, procedure: &str, set: Value) -> String {
        let order = json!({ "procedure": procedure, "set": set });
        let made = self.post("/api/v1/cases").token(token).json(order).await.ok();
        made["case"].as_str().unwrap().to_owned()
    }
}

/// The answer of a router, with the headers no browser should be without.
pub async fn answer(router: Router, request: Request<Body>) -> Answered {
    let path = request.uri().path().to_owned();
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    for name in [
        header::CONTENT_SECURITY_POLICY.as_str(),
        "x-content-type-options",
        "referrer-policy",
        "cache-control",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "x-request-id",
    ] {
        assert!(parts.headers.contains_key(name), "{path} answers without {name}");
    }
    Answered {
        status: parts.status,
        headers: parts.headers,
        bytes,
    }
}

/// Runs a test in an installation of its own.
pub fn in_world<F: Future<Output = ()>>(test: impl FnOnce(World) -> F) {
    run(async {
        let world = World::new().await;
        // A test that takes some parts of its world lets go of the others before it begins.
        let folder = Arc::clone(&world.folder);
        test(world).await;
        drop(folder);
    });
}

/// Runs a test on threads as a server has them.
pub fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(test);
}

/// The notes of the access log whose line contains a text.
pub async fn noted(world: &World, text: &str) -> Vec<Value> {
    use shuyu_domain::port::{Log, Record};
    let entries = world.store.entries(Log::Access, 0, 10_000).await.unwrap();
    let lines = entries.iter().map(|entry| Entry::parse(&entry.bytes).unwrap());
    let notes = lines.map(|entry| serde_json::from_slice::<Value>(&entry.payload).unwrap()["note"].take());
    notes.filter(|note| note.to_string().contains(text)).collect()
}
