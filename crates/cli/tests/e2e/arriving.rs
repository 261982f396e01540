//! How files meet their tables over real HTTP: appended, upserted by key, with columns that change; and a correction
//! that is killed anywhere stands once or not at all.

use serde_json::{Value as Json, json};

use crate::harness::{Client, PASSWORD, Reply, Server, rebuilt};

struct Table {
    base: String,
    client: Client,
    entry: String,
}

impl Table {
    async fn new(base: &str) -> Self {
        let client = Client::sign_in(base, "rsj_clerk").await.expect("sign-in");
        let body = json!({ "procedure": "resource", "set": { "name": "p", "contains_personal": "yes" } });
        let entry = client
            .post("/api/v1/cases", &body, Some("entry"))
            .await
            .expect("open");
        Self {
            base: base.to_owned(),
            entry: entry.text("case"),
            client,
        }
    }

    async fn order(&self, text: &str, more: &Json) -> Json {
        let upload = self
            .client
            .upload("data", "rows.csv", text.into())
            .await
            .expect("upload");
        let mut order = json!({ "resource": self.entry, "table": "people", "upload": upload.text("digest"),
            "unit_columns": ["id"], "domain": "person" });
        for (name, value) in more.as_object().into_iter().flatten() {
            order[name] = value.clone();
        }
        order
    }

    async fn ingest(&self, key: &str, text: &str, more: Json) -> Json {
        let order = self.order(text, &more).await;
        self.client.ingest(&order, key).await.expect("a job").body
    }

    async fn page(&self, path: &str) -> String {
        let http = reqwest::Client::builder().no_proxy().build().expect("a client");
        let signed_in = http
            .post(format!("{}/api/v1/sessions", self.base))
            .json(&json!({ "login": "rsj_clerk", "password": PASSWORD }));
        let body: Json = signed_in
            .send()
            .await
            .expect("sign-in")
            .json()
            .await
            .expect("a token");
        let token = body["token"].as_str().unwrap_or_default();
        let cookie = format!("{}={token}", shuyu_web::session::cookie_name(false));
        let page = http.get(format!("{}{path}", self.base)).header("cookie", cookie);
        page.send().await.expect("a page").text().await.expect("text")
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().expect("a runtime").block_on(work)
}

async fn versions(client: &Client, dataset: &str) -> Vec<Json> {
    let history = client.get(&format!("/api/v1/datasets/{dataset}")).await;
    let mut versions = history.expect("a history").body["versions"]
        .as_array()
        .expect("versions")
        .clone();
    versions.reverse();
    versions
}

#[test]
fn rows_are_appended_and_upserted_and_changes_of_columns_stand_in_the_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::start(&data, None);
    block_on(async {
        let table = Table::new(&server.base).await;
        let first = table
            .ingest("v0", "id,v\nP1,1\nP2,2\n", json!({ "row_key": ["id"] }))
            .await;
        assert_eq!(first["status"], "done", "{first}");
        let dataset = first["made"]["dataset"].as_str().unwrap_or_default().to_owned();
        let more = table
            .ingest("v1", "id,v,note\nP3,1.5,x\n", json!({ "mode": "append" }))
            .await;
        assert_eq!(more["made"]["rows"], 3, "{more}");
        let upsert = "id,v,note\nP1,9,y\nP4,4,z\n";
        let upsert = table.ingest("v2", upsert, json!({ "mode": "upsert" })).await;
        assert_eq!(upsert["made"]["rows"], 4, "{upsert}");

        let lost = table.ingest("v3", "id,v\nP1,1\n", json!({})).await;
        assert_eq!(
            (&lost["refusal"]["code"], &lost["refusal"]["facts"]["missing"]),
            (&json!("columns_dropped"), &json!("note")),
            "{lost}"
        );
        let order = json!({ "changes": { "drop": ["note"] } });
        let lost = table.ingest("v4", "id,v\nP1,1\n", order).await;
        assert_eq!(lost["made"]["rows"], 1, "{lost}");

        let versions = versions(&table.client, &dataset).await;
        let modes: Vec<&Json> = versions.iter().map(|version| &version["mode"]).collect();
        assert_eq!(modes, ["replace", "append", "upsert", "replace"]);
        let widths: Vec<_> = (versions.iter())
            .map(|version| version["columns"].as_array().map(Vec::len))
            .collect();
        assert_eq!(
            widths,
            [Some(2), Some(3), Some(3), Some(2)],
            "old versions keep their columns"
        );
        assert!(versions.iter().all(|version| version["key"] == json!(["id"])));
        assert_eq!(
            versions[1]["changes"],
            json!([{ "change": "widened", "column": "v", "from": "integer", "to": "float" },
                { "change": "added", "column": "note", "from": "", "to": "text" }])
        );
        assert_eq!(versions[3]["changes"][0]["change"], "dropped");
        let page = table.page(&format!("/datasets/{dataset}")).await;
        for told in [
            "按主键更新",
            "新增列 note",
            "v 由整数放宽为测量值",
            "去掉列 note",
            "主键：id",
        ] {
            assert!(page.contains(told), "{told}");
        }
        let form = table.page("/datasets").await;
        for name in ["mode", "row_key", "codes", "rename"].map(|name| format!("name=\"{name}\"")) {
            assert!(form.contains(&name), "{name}");
        }
    });
    assert!(server.stop().success());
    rebuilt(&data);
}

#[test]
fn a_correction_killed_anywhere_stands_once_or_not_at_all() {
    let correction = json!({ "mode": "upsert", "correction": { "reason": "subject_asked" } });
    for point in [
        "lake.mid_file",
        "lake.before_delta_commit",
        "lake.mid_delta_commit",
        "lake.after_delta_commit",
        "store.before_commit:1",
        "store.after_commit:1",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        let server = Server::start(&data, None);
        let (dataset, order) = block_on(async {
            let table = Table::new(&server.base).await;
            let made = table
                .ingest("v0", "id,v\nP1,1\nP2,2\n", json!({ "row_key": ["id"] }))
                .await;
            let dataset = made["made"]["dataset"].as_str().expect("a dataset").to_owned();
            (dataset, table.order("id,v\nP1,7\n", &correction).await)
        });
        assert!(server.stop().success());
        let ordered = async |base: &str| -> Result<Reply, reqwest::Error> {
            let client = Client::sign_in(base, "rsj_clerk").await?;
            client.ingest(&order, "correction").await
        };
        let server = Server::start(&data, Some(point));
        if server.listened() {
            let _ = block_on(ordered(&server.base));
        }
        assert!(server.killed(), "{point}");
        rebuilt(&data);

        let server = Server::start(&data, None);
        assert!(server.listened(), "{point}");
        block_on(async {
            let again = ordered(&server.base).await.expect("a job");
            assert_eq!(again.body["status"], "done", "{point}: {again:?}");
            let client = Client::sign_in(&server.base, "rsj_clerk").await.expect("sign-in");
            let versions = versions(&client, &dataset).await;
            assert_eq!(versions.len(), 2, "{point}: once");
            assert_eq!(versions[1]["correction"]["corrects"], 0, "{point}");
            assert_eq!(
                (&versions[1]["rows"], &versions[1]["mode"]),
                (&json!(2), &json!("upsert")),
                "{point}"
            );
        });
        assert!(server.stop().success(), "{point}");
        rebuilt(&data);
    }
}
