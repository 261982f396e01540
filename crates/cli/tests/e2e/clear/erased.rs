//! After an erasure the subject is gone from everything that was ever brought: with sealing off, so that a search sees
//! what there is. Somebody who was not erased is still found by the same search.

use serde_json::{Value as Json, json};

use super::{
    gzipped, job_dataset, personal_entry, register,
    search::{Needles, search},
    victims,
};
use crate::harness::{Client, Server};

/// The register without the first victim.
fn others() -> String {
    let first = victims()[0].id.clone();
    let rows = register(9);
    let kept = rows.lines().filter(|line| !line.contains(&first));
    kept.map(|line| format!("{line}\n")).collect()
}

async fn brought(client: &Client, name: &str, bytes: Vec<u8>) -> String {
    client
        .upload("data", name, bytes)
        .await
        .expect("upload")
        .text("digest")
}

/// A version with the victim, replaced by one without, and files beside them that nobody ever ingested.
async fn bring(client: &Client) -> String {
    let entry = personal_entry(client).await;
    for (key, text) in [("v0", register(1)), ("v1", others())] {
        let upload = brought(client, "people.csv", text.into_bytes()).await;
        let order = json!({ "resource": entry, "table": "victims", "upload": upload,
            "unit_columns": ["id"], "domain": "person" });
        let job = client.ingest(&order, key).await.expect("a job").body;
        assert_eq!(job["status"], "done", "{job}");
    }
    let victim = &victims()[0];
    let other = format!("电话,证件,姓名\n{},{},{}\n", victim.phone, victim.id, victim.name);
    brought(client, "other.csv.gz", gzipped(&other)).await;
    let (broken, _, _) = encoding_rs::GB18030.encode(&other);
    let broken = [broken.as_ref(), b"1,2,\"3\n"].concat();
    brought(client, "broken.csv", broken).await;
    let lines = format!("{{\"who\":\"{}\",\"name\":\"{}\"}}\n", victim.id, victim.name);
    brought(client, "lines.jsonl", lines.into_bytes()).await;
    job_dataset(client).await
}

async fn proof(client: &Client, dataset: &str) -> Json {
    loop {
        let history = client
            .get(&format!("/api/v1/datasets/{dataset}"))
            .await
            .expect("a history")
            .body;
        if history["erasures"][0]["proved"].is_u64() {
            return history["erasures"][0].clone();
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn an_erased_victim_is_gone_from_uploads_and_replaced_sources_as_well() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, told) = (temp.path().join("data"), temp.path().join("told"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = Server::start_telling(&data, &["--unsealed"], &told);
    assert!(server.listened());
    let (victims, base) = (victims(), server.base.clone());
    let needles = |values: [&str; 3]| {
        let mut needles = Needles::default();
        values.into_iter().for_each(|value| needles.add(value));
        needles
    };
    let gone = needles([victims[0].name, &victims[0].id, &victims[0].phone]);
    runtime.block_on(async {
        let provider = Client::sign_in(&base, "rsj_clerk").await.expect("sign-in");
        let dataset = bring(&provider).await;
        let before = search(temp.path(), &gone);
        for way in ["bytes", "gzip", "parquet"] {
            assert!(before.iter().any(|find| find.within == way), "{way}: {before:#?}");
        }
        let authority = Client::sign_in(&base, "zsjj_leader").await.expect("sign-in");
        let order = json!({ "subject": { "id": victims[0].id }, "reason": "consent_withdrawn" });
        let path = format!("/api/v1/datasets/{dataset}/erasures");
        let ordered = authority.post(&path, &order, Some("e1")).await.expect("an order");
        assert_eq!(ordered.status, 201, "{ordered:?}");
        let proof = proof(&provider, &dataset).await;
        assert_eq!(
            (&proof["versions"], &proof["raw"]),
            (&json!({ "0": 1 }), &json!(4)),
            "{proof}"
        );
    });
    assert!(server.stop().success());
    let found = search(temp.path(), &gone);
    assert!(found.is_empty(), "{found:#?}");
    let stays = needles([victims[1].name, &victims[1].id, &victims[1].phone]);
    assert!(
        !search(temp.path(), &stays).is_empty(),
        "the search would find one who stays"
    );
}
