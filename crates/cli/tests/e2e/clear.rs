//! Personal values stand in clear nowhere at rest: victims are planted, the platform is worked with, and everything it
//! wrote is searched for them in every form a value might take. With sealing off the same search finds them.

mod erased;
mod search;

use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value as Json, json};
use shuyu_kernel::{CivilDate, cn::ResidentId};

use crate::{
    harness::{Client, Server, scene, walked},
    own,
};
use search::{Needles, search};

/// Somebody made up: area 990101 does not exist, the check character is right.
struct Victim {
    name: &'static str,
    id: String,
    phone: String,
}

fn victims() -> Vec<Victim> {
    let names = ["欧阳骁骦", "司徒翀翯", "夏侯瓛珅"];
    names
        .into_iter()
        .enumerate()
        .map(|(n, name)| {
            let number = u16::try_from(n).expect("a small number");
            let born = CivilDate::new(1987, 6, 5).expect("a day");
            let id = ResidentId::from_parts("990101", born, 613 + number).expect("a number");
            Victim {
                name,
                id: id.reveal().to_owned(),
                phone: format!("1990731{:04}", 8264 + n * 97),
            }
        })
        .collect()
}

fn needles() -> Needles {
    let mut needles = Needles::default();
    for victim in victims() {
        for value in [victim.name, &victim.id, &victim.phone] {
            needles.add(value);
        }
    }
    needles
}

/// The victims among others, as text.
fn register(amount: usize) -> String {
    let mut text = String::from("name,id,phone,amount\n");
    for (n, victim) in victims().iter().enumerate() {
        text.push_str(&format!(
            "{},{},{},{}\n",
            victim.name,
            victim.id,
            victim.phone,
            amount + n
        ));
    }
    for n in 0..200 {
        text.push_str(&format!("甲{n},99010119700101{n:04},1380000{n:04},{n}\n"));
    }
    text
}

fn gzipped(text: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut packed = GzEncoder::new(Vec::new(), Compression::default());
    packed.write_all(text.as_bytes()).expect("packed");
    packed.finish().expect("packed")
}

/// A catalogue entry that holds personal data.
async fn personal_entry(client: &Client) -> String {
    let body = json!({ "procedure": "resource", "set": { "name": "p", "contains_personal": "yes" } });
    let opened = client.post("/api/v1/cases", &body, Some("entry")).await;
    opened.expect("open").text("case")
}

/// Brings the register three times: as text, packed with a correction, and in GB18030 with a row that is refused.
/// Answers the dataset.
async fn bring(client: &Client) -> String {
    let entry = personal_entry(client).await;
    let order = |upload: &str, more: Json| {
        let mut order = json!({ "resource": entry, "table": "victims", "upload": upload,
            "unit_columns": ["id"], "domain": "person" });
        for (name, value) in more.as_object().into_iter().flatten() {
            order[name] = value.clone();
        }
        order
    };
    let first = client
        .upload("data", "a.csv", register(1).into_bytes())
        .await
        .expect("upload");
    let job = client
        .ingest(&order(&first.text("digest"), json!({})), "v0")
        .await
        .expect("a job")
        .body;
    assert_eq!(job["status"], "done", "{job}");
    let second = client
        .upload("data", "b.csv.gz", gzipped(&register(2)))
        .await
        .expect("upload");
    let correction = json!({ "correction": { "reason": "provider_found" } });
    let job = client
        .ingest(&order(&second.text("digest"), correction), "v1")
        .await
        .expect("a job")
        .body;
    assert_eq!(
        (&job["status"], &job["made"]["version"]),
        (&json!("done"), &json!(1)),
        "{job}"
    );
    let bad = format!("{}{},,{},7\n", register(3), victims()[0].name, victims()[0].phone);
    let (bad, _, _) = encoding_rs::GB18030.encode(&bad);
    let third = client
        .upload("data", "c.csv", bad.into_owned())
        .await
        .expect("upload");
    let job = client
        .ingest(&order(&third.text("digest"), json!({})), "v2")
        .await
        .expect("a job")
        .body;
    assert_eq!(job["refusal"]["code"], "quality_refused", "{job}");
    job_dataset(client).await
}

async fn job_dataset(client: &Client) -> String {
    let datasets = client.get("/api/v1/datasets").await.expect("datasets").body;
    let found = datasets
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["table"] == "victims");
    found
        .and_then(|row| row["dataset"].as_str())
        .unwrap_or_default()
        .to_owned()
}

/// Everything an outsider's or a clerk's hand may put a victim's values into: refused queries, unknown cases, a name
/// that is enrolled and erased, an erasure of rows.
async fn work(base: &str, dataset: &str) {
    let [first, second, third] = &victims()[..] else {
        panic!("three victims")
    };
    let asker = Client::sign_in(base, "op_staff01").await.expect("sign-in");
    let permit = scene(base).await.permit;
    for sql in [
        format!("SELECT count(*) FROM employment WHERE nace1 = '{}'", first.name),
        format!("SELECT {} FROM employment", first.id),
        format!(
            "SELECT nace1, sum('{}') FROM employment GROUP BY nace1",
            second.phone
        ),
        format!(
            "-- {}\nSELECT nace1, count(*) AS n FROM employment GROUP BY nace1",
            third.name
        ),
        format!("SELECT CAST('{}' AS INT) FROM employment", second.name),
    ] {
        let path = format!("/api/v1/permits/{permit}/queries");
        asker
            .post(&path, &json!({ "sql": sql }), None)
            .await
            .expect("an answer");
    }
    asker
        .get(&format!("/api/v1/cases/{}", first.id))
        .await
        .expect("a refusal");
    asker
        .get(&format!("/api/v1/cases?procedure=data_use&text={}", first.phone))
        .await
        .expect("a list");
    let authority = Client::sign_in(base, "zsjj_leader").await.expect("sign-in");
    let path = format!("/api/v1/datasets/{dataset}/erasures");
    let wrong = json!({ "subject": { "name": first.name }, "reason": "unlawful" });
    let refused = authority
        .post(&path, &wrong, Some("e0"))
        .await
        .expect("a refusal");
    assert_eq!(refused.code(), "subject_columns_differ", "{refused:?}");
    let order = json!({ "subject": { "id": first.id }, "reason": "consent_withdrawn" });
    let erased = authority.post(&path, &order, Some("e1")).await.expect("an order");
    assert_eq!(erased.status, 201, "{erased:?}");
    let refused = asker.post(&path, &order, Some("e2")).await.expect("a refusal");
    assert_eq!(refused.code(), "erasure_not_for_role", "{refused:?}");
}

/// Own lists that name the victims: refused ones, one whose columns are rows, and one that stands.
async fn list(base: &str) {
    let case = own::fused(base).await;
    let client = Client::sign_in(base, "op_staff01").await.expect("sign-in");
    let others: String = (0..60).map(|n| format!("99010119700101{n:04},x\n")).collect();
    let rows = |label: fn(&Victim) -> String| -> String {
        victims()
            .iter()
            .map(|victim| format!("{},{}\n", victim.id, label(victim)))
            .collect()
    };
    for (text, code) in [
        (
            format!("id,tag\n{}{others}", rows(|v| v.name.to_owned())),
            "own_label_too_rare",
        ),
        (
            format!("id,tag\n{}{others}", rows(|v| v.phone.clone())),
            "own_holds_identifier",
        ),
        (
            format!("{}{others}", rows(|v| v.name.to_owned())),
            "header_not_usable",
        ),
        (
            format!("id,tag\n{}\"unclosed", rows(|v| v.name.to_owned())),
            "csv_unclosed_quote",
        ),
    ] {
        let refused = own::bring(&client, &case, "name=cohort&subject=id", text.into()).await;
        assert_eq!(refused.code(), code, "{refused:?}");
    }
    let text = format!("id,tag\n{}{others}", rows(|_| "x".to_owned()));
    let brought = own::bring(&client, &case, "name=cohort&subject=id", text.into()).await;
    assert_eq!(brought.status, 201, "{brought:?}");
}

fn nothing_found(what: &Path) {
    let found = search(what, &needles());
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn no_victim_stands_in_clear_in_the_data_folder_or_in_what_the_server_tells() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, told) = (temp.path().join("data"), temp.path().join("told"));
    walked(&data);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = Server::start_telling(&data, &[], &told);
    assert!(server.listened());
    let base = server.base.clone();
    runtime.block_on(async {
        let provider = Client::sign_in(&base, "rsj_clerk").await.expect("sign-in");
        let dataset = bring(&provider).await;
        work(&base, &dataset).await;
        list(&base).await;
    });
    // While it runs: journals and pending files are searched as well.
    nothing_found(temp.path());
    assert!(server.stop().success());
    nothing_found(temp.path());
    // What it tells may be nothing at all; what it must not tell was searched for.
    assert!(told.exists());
}

#[test]
fn with_sealing_off_the_same_search_finds_every_victim() {
    let temp = tempfile::tempdir().expect("a folder");
    let (data, told) = (temp.path().join("data"), temp.path().join("told"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = Server::start_telling(&data, &["--unsealed"], &told);
    assert!(server.listened());
    let base = server.base.clone();
    runtime.block_on(async {
        let provider = Client::sign_in(&base, "rsj_clerk").await.expect("sign-in");
        bring(&provider).await;
    });
    assert!(server.stop().success());
    let found = search(temp.path(), &needles());
    for victim in victims() {
        for value in [victim.name, &victim.id, &victim.phone] {
            let ways: Vec<&str> = found
                .iter()
                .filter(|find| find.value == value)
                .map(|find| find.within.as_str())
                .collect();
            for way in ["bytes", "gzip", "parquet"] {
                assert!(ways.contains(&way), "{value} as {way}: {found:#?}");
            }
        }
    }
    let forms: Vec<&str> = found.iter().map(|find| find.form).collect();
    assert!(forms.contains(&"gb18030"), "{forms:?}");
}
