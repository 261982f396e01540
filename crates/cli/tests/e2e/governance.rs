//! Governance over real HTTP and the real lake: examined, graded, de-identified by a recipe, assessed, traced back.

use std::path::Path;

use serde_json::{Value as Json, json};
use shuyu_kernel::Digest;
use shuyu_testkit::registers;

use crate::harness::{Client, Reply, Server};

/// Persons with an amount: two hundred rows, ages and areas in few values.
fn people() -> String {
    let mut text = "sfzh,xm,age,area,pay\n".to_owned();
    for index in 0..200u64 {
        let id = registers::person_id(1, index).expect("a person");
        let name = ["王芳", "李秀英", "张伟", "欧阳明", "陈建国"][usize::try_from(index % 5).unwrap_or(0)];
        text += &format!(
            "{},{name},{},99010{},{}.50\n",
            id.reveal(),
            20 + index % 40,
            1 + index % 2,
            3_000 + index * 7
        );
    }
    text
}

struct Scene(Client);

impl Scene {
    async fn entry(&self, set: Json) -> String {
        let body = json!({ "procedure": "resource", "set": set });
        let reply = self.0.post("/api/v1/cases", &body, Some(&body.to_string())).await;
        reply.expect("open").text("case")
    }

    /// Orders something that is a job, and waits for it.
    async fn done(&self, path: &str, order: &Json) -> Json {
        let started = self
            .0
            .post(path, order, Some(&order.to_string()))
            .await
            .expect("an order");
        assert!(started.ok(), "{started:?}");
        let job = started.body["job"].clone();
        loop {
            let reply = self.get(&format!("/api/v1/jobs/{job}")).await;
            if reply.body["status"] != "running" {
                return reply.body;
            }
            tokio::task::yield_now().await;
        }
    }

    async fn get(&self, path: &str) -> Reply {
        self.0.get(path).await.expect("an answer")
    }

    async fn derive(&self, order: &Json) -> Reply {
        let key = Digest::of(order.to_string().as_bytes()).to_string();
        let reply = self.0.post("/api/v1/datasets/derivations", order, Some(&key));
        reply.await.expect("an answer")
    }
}

fn recipe(id_steps: Json) -> Json {
    json!({
        "columns": [
            { "column": "sfzh", "steps": id_steps },
            { "column": "xm", "steps": [{ "step": "drop" }] },
            { "column": "age", "steps": [{ "step": "bands", "edges": ["30", "45"] }] },
        ],
    })
}

#[test]
fn a_register_is_examined_masked_assessed_and_traced() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(&folder.path().join("data"), None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let base = server.base.clone();
    runtime.block_on(governed(&base, folder.path()));
    assert!(server.stop().success());
}

async fn governed(base: &str, _folder: &Path) {
    let scene = Scene(Client::sign_in(base, "rsj_clerk").await.expect("sign-in"));
    let entry = scene
        .entry(json!({ "name": "p", "contains_personal": "yes" }))
        .await;
    let file = people();
    let upload = scene
        .0
        .upload("data", "people.csv", file.clone().into_bytes())
        .await;
    let order = json!({
        "resource": entry, "table": "people", "upload": upload.expect("upload").text("digest"),
        "unit_columns": ["sfzh"], "domain": "person",
    });
    let ingested = scene
        .0
        .ingest(&order, &order.to_string())
        .await
        .expect("a job")
        .body;
    let people = ingested["made"]["dataset"]
        .as_str()
        .expect("a dataset")
        .to_owned();

    // Examined: what is in it, and a grade that is only proposed.
    let job = scene
        .done(&format!("/api/v1/datasets/{people}/examinations"), &json!({}))
        .await;
    assert_eq!(job["status"], "done", "{job}");
    let report = scene
        .get(&format!("/api/v1/datasets/{people}/governance"))
        .await
        .body;
    let kinds: Vec<&Json> = (report["examination"]["columns"].as_array().into_iter().flatten())
        .map(|column| &column["findings"][0]["kind"])
        .collect();
    assert_eq!(
        kinds[..2],
        [&json!("resident_id"), &json!("person_name")],
        "{report}"
    );
    assert_eq!(report["examination"]["proposal"]["level"], 4, "{report}");
    let text = report.to_string();
    let values = file.lines().skip(1).flat_map(|line| line.split(',').take(2));
    assert!(
        values.into_iter().all(|value| !text.contains(value)),
        "a value stands in the report"
    );

    // Masked: never by an unkeyed hash; with a keyed pseudonym the units stay.
    let masked = |steps: Json| {
        json!({
            "resource": entry, "from": people, "table": "people_masked", "recipe": recipe(steps),
        })
    };
    let refused = scene
        .derive(&masked(json!([{ "step": "hash", "algorithm": "sha256" }])))
        .await;
    assert_eq!(refused.body["code"], "unkeyed_hash", "{refused:?}");
    let made = scene
        .derive(&masked(json!([{ "step": "pseudonym", "domain": "person" }])))
        .await;
    assert!(made.ok(), "{made:?}");
    let derived = made.text("dataset");

    // Assessed: six classes of twenty and more.
    let order = json!({ "quasi": ["age", "area"], "sensitive": ["pay"] });
    let job = scene
        .done(&format!("/api/v1/datasets/{derived}/assessments"), &order)
        .await;
    assert_eq!(job["status"], "done", "{job}");
    let report = scene
        .get(&format!("/api/v1/datasets/{derived}/governance"))
        .await
        .body;
    let figures = &report["assessment"]["figures"];
    assert_eq!(
        (&figures["rows"], &figures["classes"]),
        (&json!(200), &json!(6)),
        "{report}"
    );
    // Of 40 ages ten are below 30, fifteen below 45: five years of each parity, 5 times each.
    assert_eq!(figures["k"], 25, "{report}");

    // Traced back, column by column.
    let lineage = scene
        .get(&format!("/api/v1/datasets/{derived}/lineage"))
        .await
        .body;
    assert_eq!(lineage["made"][0]["from"], json!([people, 0]), "{lineage}");
    let field = &lineage["made"][0]["facet"]["fields"]["sfzh"]["inputFields"][0];
    assert_eq!(
        (&field["field"], &field["transformations"][0]["masking"]),
        (&json!("sfzh"), &json!(true))
    );
    assert_eq!(field["transformations"][0]["description"], "pseudonym");
    assert_eq!(lineage["made"][1]["raw_files"], 1, "{lineage}");
    let source = scene
        .get(&format!("/api/v1/datasets/{people}/lineage"))
        .await
        .body;
    assert_eq!(source["derived"][0][0], derived.as_str(), "{source}");

    zones(&scene, &people, file).await;

    // Others may neither order nor read it.
    let other = Scene(Client::sign_in(base, "nyj_clerk").await.expect("sign-in"));
    let body = json!({});
    let path = format!("/api/v1/datasets/{people}/examinations");
    let refused = other
        .0
        .post(&path, &body, Some("other"))
        .await
        .expect("an answer");
    assert_eq!(refused.body["code"], "not_a_party", "{refused:?}");
    let report = other
        .get(&format!("/api/v1/datasets/{people}/governance"))
        .await
        .body;
    assert_eq!(report["examination"], Json::Null, "{report}");
}

/// A register that is said to hold nobody's data stays in the governed zone, since its contents say otherwise.
async fn zones(scene: &Scene, people: &str, file: String) {
    let claimed = scene
        .entry(json!({ "name": "c", "contains_personal": "no" }))
        .await;
    let upload = scene.0.upload("data", "claimed.csv", file.into_bytes()).await;
    let order =
        json!({ "resource": claimed, "table": "claimed", "upload": upload.expect("upload").text("digest") });
    let job = scene.0.ingest(&order, "claimed").await.expect("a job").body;
    assert_eq!(job["status"], "done", "{job}");
    let claimed = job["made"]["dataset"].as_str().expect("a dataset").to_owned();
    for (dataset, subjects) in [(people, true), (claimed.as_str(), false)] {
        let report = scene
            .get(&format!("/api/v1/datasets/{dataset}/governance"))
            .await
            .body;
        // Neither entry is graded yet.
        let rules = json!({ "examined": true, "subjects": subjects, "graded": false });
        assert_eq!(
            (&report["zone"], &report["promotion"]),
            (&json!("governed"), &rules),
            "{report}"
        );
    }
}
