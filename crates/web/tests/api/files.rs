//! Who owns an uploaded file, and what it may be used for.

use axum::http::Method;
use serde_json::{Value, json};
use shuyu_domain::{
    Event,
    event::DatasetEvent,
    port::{Proposal, Record, Request, Stream},
};
use shuyu_kernel::{Actor, CaseId, Digest, Id, Timestamp};

use crate::world::{World, in_world};

const RAW: &[u8] = b"person,wage\n530102,100\n";

async fn open(world: &World, token: &str, procedure: &str, set: Value) -> (u16, String) {
    let order = json!({ "procedure": procedure, "set": set });
    let answered = world.post("/api/v1/cases").token(token).json(order).await;
    if answered.status.is_success() {
        (201, answered.json()["case"].as_str().unwrap().to_owned())
    } else {
        answered.problem()
    }
}

/// The digest of a raw file is no secret; knowing it must not give the file.
#[test]
fn a_raw_file_cannot_be_had_by_citing_its_digest() {
    in_world(|world| async move {
        let provider = world.sign_in("prov.clerk").await;
        let operator = world.sign_in("op.clerk").await;
        let raw = world.upload(&provider, "raw.csv", "data", RAW).await;
        let cited = open(
            &world,
            &operator,
            "request",
            json!({ "name": "一", "annex": raw }),
        )
        .await;
        assert_eq!(cited, (422, "paper_unknown".to_owned()), "of another body");
        // A case of the own body is no way round either, in a field or as the paper of an act.
        let case = world.open(&operator, "request", json!({ "name": "一" })).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        for order in [
            json!({ "act": "submit", "set": { "annex": raw } }),
            json!({ "act": "submit", "paper": raw }),
        ] {
            let taken = world.post(&acts).token(&operator).json(order).await;
            assert_eq!(taken.problem(), (422, "paper_unknown".to_owned()));
        }
        let page = format!("/cases/{case}/papers/{raw}");
        assert_eq!(world.page(Method::GET, &page, &operator, &[]).await.status, 404);
        // Whoever brought it as data does not get it back as a paper.
        let back = world
            .get(&format!("/api/v1/uploads/{raw}"))
            .token(&provider)
            .empty()
            .await;
        assert_eq!(back.problem(), (403, "paper_is_data".to_owned()));
    });
}

#[test]
fn data_is_no_paper_and_a_paper_is_no_data() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let data = world.upload(&operator, "a.csv", "data", b"a,b\n1,2\n").await;
        let cited = open(&world, &operator, "request", json!({ "annex": data })).await;
        assert_eq!(cited, (422, "upload_of_other_kind".to_owned()));
        // Bringing the same bytes as a paper does not make data readable again.
        world.upload(&operator, "a.csv", "paper", b"a,b\n1,2\n").await;
        let cited = open(&world, &operator, "request", json!({ "annex": data })).await;
        assert_eq!(cited, (422, "upload_of_other_kind".to_owned()));
    });
}

#[test]
fn an_ingest_takes_the_own_data_file_only() {
    in_world(|world| async move {
        let provider = world.sign_in("prov.clerk").await;
        let operator = world.sign_in("op.clerk").await;
        let resource = world.open(&provider, "resource", json!({ "name": "目录" })).await;
        let foreign = world.upload(&operator, "x.csv", "data", RAW).await;
        let paper = world.upload(&provider, "y.csv", "paper", b"c,d\n3,4\n").await;
        let own = world.upload(&provider, "z.csv", "data", b"e,f\n5,6\n").await;
        for (n, digest, code) in [
            (1, foreign, "paper_unknown"),
            (2, paper, "upload_of_other_kind"),
            // The pond finds no rows: it was asked.
            (3, own, "file_without_rows"),
        ] {
            let order = json!({ "resource": resource, "table": "people", "upload": digest });
            let started = world
                .post("/api/v1/datasets/ingests")
                .token(&provider)
                .with("idempotency-key", &format!("i-{n}"))
                .json(order)
                .await
                .ok();
            assert_eq!(refusal_of(&world, &provider, &started["job"]).await, code);
        }
    });
}

async fn refusal_of(world: &World, token: &str, job: &Value) -> String {
    let state = ended(world, token, job).await;
    state["refusal"]["code"].as_str().unwrap_or_default().to_owned()
}

/// A job when it is over.
pub async fn ended(world: &World, token: &str, job: &Value) -> Value {
    loop {
        let path = format!("/api/v1/jobs/{job}");
        let state = world.get(&path).token(token).empty().await.ok();
        if state["status"] != "running" {
            return state;
        }
        tokio::task::yield_now().await;
    }
}

#[test]
fn the_same_bytes_belong_to_everybody_who_brought_them_and_names_stay_at_home() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let developer = world.sign_in("dev.clerk").await;
        let bytes = b"the same scan";
        let digest = world.upload(&operator, "张三的合同.pdf", "paper", bytes).await;
        let path = format!("/api/v1/uploads/{digest}");
        let foreign = world.get(&path).token(&developer).empty().await;
        assert_eq!(foreign.problem(), (404, "paper_unknown".to_owned()));
        assert!(!String::from_utf8_lossy(&foreign.bytes).contains("张三"));
        assert_eq!(world.upload(&developer, "own.pdf", "paper", bytes).await, digest);
        for (token, name) in [(&operator, "%E5%BC%A0"), (&developer, "own.pdf")] {
            let back = world.get(&path).token(token).empty().await;
            assert_eq!(back.bytes.as_ref(), bytes);
            assert!(back.header("content-disposition").contains(name), "{name}");
        }
        // A party reads the paper of the other one under a neutral name.
        let case = world
            .open(&operator, "request", json!({ "name": "一", "annex": digest }))
            .await;
        let authority = world.sign_in("au.clerk").await;
        let page = format!("/cases/{case}/papers/{digest}");
        let read = world.page(Method::GET, &page, &authority, &[]).await;
        assert_eq!(read.bytes.as_ref(), bytes);
        let neutral = format!("{}.pdf", &digest[..8]);
        assert!(
            read.header("content-disposition").contains(&neutral),
            "{}",
            read.header("content-disposition")
        );
        // What stands in the case may be sent again by whoever reads it there.
        let acts = format!("/api/v1/cases/{case}/acts");
        let again = json!({ "act": "submit", "set": { "annex": digest } });
        world.post(&acts).token(&operator).json(again).await.ok();
    });
}

#[test]
fn raw_digests_are_for_the_parties_of_the_catalogue_entry() {
    in_world(|world| async move {
        let provider = world.sign_in("prov.clerk").await;
        let resource = world.open(&provider, "resource", json!({ "name": "目录" })).await;
        let raw = Digest::of(RAW);
        let dataset = Id::from_bits(77);
        let case: CaseId = resource.parse().unwrap();
        let by = Actor {
            person: Id::from_bits(1),
            body: Id::from_bits(2),
            role: "provider".to_owned(),
            post: "clerk".to_owned(),
            delegation: None,
        };
        let event = DatasetEvent::VersionRecorded {
            dataset,
            table: "people".to_owned(),
            resource: case,
            version: 1,
            rows: 1,
            files: Vec::new(),
            raw: vec![raw],
            report: raw,
            domain: None,
            rows_per_unit: 1,
            columns: vec!["a".to_owned()],
            unit_columns: Vec::new(),
            correction: None,
            arrival: None,
            by,
        };
        let request = Request {
            name: "test",
            stream: Stream::Dataset(dataset),
            key: None,
            fingerprint: raw,
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at: later(world.app.now()),
        };
        let decide = Box::new(move |_: &_| {
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                ..Proposal::default()
            })
        });
        world.store.transact(request, decide).await.unwrap();
        let developer = world.sign_in("dev.clerk").await;
        for (token, shown) in [(&provider, true), (&developer, false)] {
            let entries = world
                .get("/api/v1/ledger/proceedings/entries")
                .token(token)
                .empty()
                .await;
            let said = String::from_utf8_lossy(&entries.bytes).contains(&raw.to_string());
            assert_eq!(said, shown);
            // The catalogue itself is for everybody.
            let case = world.get(&format!("/api/v1/cases/{resource}")).token(token);
            assert_eq!(case.empty().await.status, 200);
        }
    });
}

fn later(now: Timestamp) -> Timestamp {
    now.plus_seconds(1)
}
