//! Data arriving over real HTTP into the real lake: who must be named, what is told of bad rows, and stopping.

use std::{future::Future, path::Path};

use serde_json::{Value as Json, json};

use crate::harness::{Client, PASSWORD, Reply, Server};

/// A provider with catalogue entries.
struct Scene {
    base: String,
    client: Client,
    http: reqwest::Client,
    token: String,
}

impl Scene {
    async fn new(base: &str) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let signed_in = http
            .post(format!("{base}/api/v1/sessions"))
            .json(&json!({ "login": "rsj_clerk", "password": PASSWORD }))
            .send()
            .await
            .expect("sign-in");
        let body: Json = signed_in.json().await.expect("a token");
        Self {
            base: base.to_owned(),
            client: Client::sign_in(base, "rsj_clerk").await.expect("sign-in"),
            http,
            token: body["token"].as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Opens a catalogue entry.
    async fn entry(&self, set: Json) -> String {
        let body = json!({ "procedure": "resource", "set": set });
        let key = body.to_string();
        let reply = self
            .client
            .post("/api/v1/cases", &body, Some(&key))
            .await
            .expect("open");
        assert!(reply.ok(), "{reply:?}");
        reply.text("case")
    }

    /// Uploads text and makes a table of it; `more` is merged into the order.
    async fn ingest(&self, entry: &str, table: &str, text: &str, more: Json) -> Json {
        let order = self.order(entry, table, text, more).await;
        let reply = self
            .client
            .ingest(&order, &order.to_string())
            .await
            .expect("a job");
        reply.body
    }

    async fn order(&self, entry: &str, table: &str, text: &str, more: Json) -> Json {
        let upload = self
            .client
            .upload("data", "rows.csv", text.as_bytes().to_vec())
            .await
            .expect("upload");
        let mut order = json!({ "resource": entry, "table": table, "upload": upload.text("digest") });
        for (name, value) in more.as_object().into_iter().flatten() {
            order[name] = value.clone();
        }
        order
    }

    async fn job(&self, number: &Json) -> Reply {
        self.client
            .get(&format!("/api/v1/jobs/{number}"))
            .await
            .expect("a job")
    }

    async fn page(&self, path: &str) -> String {
        let cookie = format!("{}={}", shuyu_web::session::cookie_name(false), self.token);
        let page = self
            .http
            .get(format!("{}{path}", self.base))
            .header("cookie", cookie);
        page.send().await.expect("a page").text().await.expect("text")
    }
}

fn served<F: Future<Output = ()>>(data: &Path, test: impl FnOnce(Scene) -> F) {
    let server = Server::start(data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let base = server.base.clone();
    runtime.block_on(async { test(Scene::new(&base).await).await });
    assert!(server.stop().success());
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

const PERSON: &str = "id,amount\n110101,5\n110102,7\n";

#[test]
fn a_personal_table_names_its_subjects_in_every_version() {
    let folder = folder();
    served(&folder.path().join("data"), |scene| async move {
        let personal = scene
            .entry(json!({ "name": "p", "contains_personal": "yes" }))
            .await;
        let silent = scene.entry(json!({ "name": "s" })).await;
        let made_from = scene
            .entry(json!({ "name": "d", "contains_personal": "no", "derived_from": personal }))
            .await;
        let open = scene
            .entry(json!({ "name": "o", "contains_personal": "no" }))
            .await;
        let named = json!({ "unit_columns": ["id"], "domain": "person" });
        for (number, entry) in [&personal, &silent, &made_from].into_iter().enumerate() {
            let table = format!("refused_{number}");
            let job = scene.ingest(entry, &table, PERSON, json!({})).await;
            assert_eq!(job["refusal"]["code"], "subjects_not_named", "{job}");
        }
        let job = scene
            .ingest(&open, "plain", PERSON, json!({ "unit_columns": ["id"] }))
            .await;
        assert_eq!(
            job["refusal"]["code"], "subjects_not_named",
            "columns without a domain: {job}"
        );
        let job = scene.ingest(&open, "areas", "code,name\n1,a\n", json!({})).await;
        assert_eq!(job["status"], "done", "{job}");

        let job = scene.ingest(&personal, "people", PERSON, named.clone()).await;
        assert_eq!(job["status"], "done", "{job}");
        let later = format!("{PERSON}110103,9\n");
        let job = scene.ingest(&personal, "people", &later, json!({})).await;
        assert_eq!(job["status"], "refused", "{job}");
        // The entry that declares nothing personal is held to the versions before.
        let job = scene
            .ingest(
                &open,
                "firms",
                PERSON,
                json!({ "unit_columns": ["id"], "domain": "enterprise" }),
            )
            .await;
        assert_eq!(job["status"], "done", "{job}");
        for more in [json!({}), named.clone()] {
            let job = scene.ingest(&open, "firms", &later, more).await;
            assert_eq!(job["refusal"]["code"], "unit_differs", "{job}");
        }
        let job = scene.ingest(&personal, "people", &later, named).await;
        assert_eq!(
            (&job["made"]["version"], &job["made"]["rows"]),
            (&json!(1), &json!(3)),
            "{job}"
        );
        let datasets = scene.client.get("/api/v1/datasets").await.expect("datasets").body;
        let domains: Vec<_> = datasets
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| (&row["table"], &row["domain"]))
            .collect();
        for (table, domain) in [("people", "person"), ("firms", "enterprise")] {
            assert!(domains.contains(&(&json!(table), &json!(domain))), "{domains:?}");
        }
    });
}

#[test]
fn a_refused_file_says_which_rows_to_mend_and_a_shared_few_may_be_set_aside() {
    let folder = folder();
    let data = folder.path().join("data");
    let (sender, numbers) = std::sync::mpsc::channel();
    served(&data, |scene| async move {
        let entry = scene
            .entry(json!({ "name": "p", "contains_personal": "yes" }))
            .await;
        let named = json!({ "unit_columns": ["id"], "domain": "person" });
        let text = "id,amount\n110101,5\n,6543217\n110102,7\n";
        let job = scene.ingest(&entry, "people", text, named).await;
        assert_eq!(job["refusal"]["code"], "quality_refused", "{job}");
        let found = &job["report"]["findings"][0];
        assert_eq!(
            (&found["column"], &found["rule"], &found["count"]),
            (&json!("id"), &json!("unit_missing"), &json!(1))
        );
        assert_eq!(found["first"][0]["line"], 3);
        assert!(!job.to_string().contains("6543217"), "no value: {job}");
        let page = scene.page(&format!("/jobs/{}", job["job"])).await;
        assert!(
            page.contains("<code>id</code>") && page.contains("缺标识主体的值"),
            "{page}"
        );
        assert!(page.contains("<td class=\"text\">3</td>"), "{page}");

        let most = json!({ "unit_columns": ["id"], "domain": "person", "set_aside": 3333 });
        let job = scene.ingest(&entry, "people", text, most).await;
        assert_eq!(
            job["refusal"]["code"], "quality_refused",
            "one in three is more: {job}"
        );
        let most = json!({ "unit_columns": ["id"], "domain": "person", "set_aside": 3334 });
        let job = scene.ingest(&entry, "people", text, most).await;
        assert_eq!(
            (&job["status"], &job["made"]["rows"]),
            (&json!("done"), &json!(2)),
            "{job}"
        );
        assert_eq!(job["report"]["rows_quarantined"], 1);
        sender.send(job["job"].clone()).expect("received");
    });
    // A finished job is kept for those who ask later.
    let number = numbers.recv().expect("the number of the job");
    served(&data, |scene| async move {
        let job = scene.job(&number).await.body;
        assert_eq!(
            (&job["status"], &job["report"]["rows_quarantined"]),
            (&json!("done"), &json!(1)),
            "{job}"
        );
    });
}

#[test]
fn a_running_job_is_cancelled_while_its_file_is_looked_at() {
    let folder = folder();
    served(&folder.path().join("data"), |scene| async move {
        let entry = scene
            .entry(json!({ "name": "o", "contains_personal": "no" }))
            .await;
        // Short lines are the slowest to look at: this keeps the lake busy far longer than one request takes.
        let text = "a\n".repeat(24 << 20);
        let order = scene.order(&entry, "long", &text, json!({})).await;
        let started = scene
            .client
            .post("/api/v1/datasets/ingests", &order, Some("k"))
            .await
            .expect("a job");
        let number = started.body["job"].clone();
        let page = scene.page(&format!("/jobs/{number}")).await;
        assert!(
            page.contains("http-equiv=\"refresh\"") && page.contains(&format!("/jobs/{number}/cancel")),
            "{page}"
        );
        let cancelled = scene
            .http
            .delete(format!("{}/api/v1/jobs/{number}", scene.base))
            .bearer_auth(&scene.token)
            .send()
            .await
            .expect("an answer");
        assert_eq!(cancelled.status(), 202);
        let mut job = scene.job(&number).await.body;
        while job["status"] == "running" {
            tokio::task::yield_now().await;
            job = scene.job(&number).await.body;
        }
        assert_eq!(job["refusal"]["code"], "ingest_cancelled", "{job}");
        assert_eq!(job["rows"], 0, "no row was believed yet: {job}");
        assert_eq!(job["size_bytes"], 2 * (24 << 20), "{job}");
        let datasets = scene.client.get("/api/v1/datasets").await.expect("datasets");
        assert_eq!(datasets.body, json!([]));
    });
}
