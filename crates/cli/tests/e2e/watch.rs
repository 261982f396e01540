//! A clock of the walked world runs out on a served folder: urged, answered, escalated, instructed, reported and
//! closed over HTTP; the server is started anew in between; the logs verify and the tables rebuild to the same rows.

use serde_json::{Value as Json, json};

use crate::{
    harness::{Client, Reply, Server, walked},
    recovery::verified,
};

/// Entries of the proceedings by kind, in order.
async fn kinds(client: &Client) -> Vec<String> {
    let mut kinds = Vec::new();
    loop {
        let path = format!("/api/v1/ledger/proceedings/entries?from={}", kinds.len());
        let page = client.get(&path).await.expect("entries").body;
        let page = page.as_array().expect("a list").clone();
        if page.is_empty() {
            return kinds;
        }
        kinds.extend(
            page.iter()
                .map(|entry| entry["kind"].as_str().expect("a kind").to_owned()),
        );
    }
}

fn times(kinds: &[String], kind: &str) -> usize {
    kinds.iter().filter(|other| other.as_str() == kind).count()
}

/// The duty of the operator that is due last: nothing about it has happened yet.
async fn last_duty(operator: &Client) -> Json {
    let duties = operator.get("/api/v1/duties").await.expect("duties").body;
    let duties = duties.as_array().expect("a list").clone();
    let limited = duties.into_iter().filter(|duty| duty["due"].is_string());
    let last = limited.max_by_key(|duty| duty["due"].as_str().unwrap_or_default().to_owned());
    last.expect("a duty of the operator with a limit")
}

struct Matter {
    path: String,
    lane: Json,
}

impl Matter {
    async fn done(&self, client: &Client, act: &str, report_by: Option<&str>) -> Reply {
        let order = json!({ "act": act, "lane": self.lane, "words": "说明", "report_by": report_by });
        client
            .post(&self.path, &order, Some(&format!("{act}-1")))
            .await
            .expect("an answer")
    }
}

#[test]
fn a_clock_runs_out_on_a_served_folder() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = Server::start(&data, None);
    let (case, clock, matter, before) = runtime.block_on(async {
        let operator = Client::sign_in(&server.base, "op_compliance")
            .await
            .expect("sign-in");
        let duty = last_duty(&operator).await;
        let (case, clock) = (
            duty["case"].as_str().expect("a case"),
            duty["clock"].as_str().expect("a clock"),
        );
        // More than the five working days after which a flagged matter goes up, and less than a year.
        let due: shuyu_kernel::CivilDate = duty["due"]
            .as_str()
            .and_then(|day| day.parse().ok())
            .expect("a day");
        let order = json!({ "to": due.plus_days(20).to_string() });
        let wound = operator
            .post("/api/v1/training/clock", &order, None)
            .await
            .expect("winding");
        assert!(wound.ok(), "{wound:?}");
        let matter = Matter {
            path: format!("/api/v1/cases/{case}/clocks/{clock}"),
            lane: duty["lane"].clone(),
        };
        let before = kinds(&operator).await;
        assert!(times(&before, "case.clock_expired.v1") > 0, "{before:?}");
        (case.to_owned(), clock.to_owned(), matter, before)
    });
    assert!(server.stop().success());

    // Started anew on the same day: everything of the day is done already.
    let server = Server::start(&data, None);
    runtime.block_on(async {
        let base = &server.base;
        let operator = Client::sign_in(base, "op_compliance").await.expect("sign-in");
        let province = Client::sign_in(base, "sjj_clerk").await.expect("sign-in");
        let authority = Client::sign_in(base, "zsjj_clerk").await.expect("sign-in");
        assert_eq!(kinds(&operator).await, before);
        let seen = province
            .get(&format!("/api/v1/cases/{case}"))
            .await
            .expect("the case")
            .body;
        let stage = seen["stage"].clone();
        let clocks = seen["clocks"].as_array().expect("clocks");
        let late = clocks
            .iter()
            .find(|run| run["clock"] == clock.as_str() && run["stopped_on"].is_null());
        let late = late.expect("the clock").clone();
        assert!(late["expired_on"].is_string(), "{late}");

        assert_eq!(
            matter.done(&operator, "urge", None).await.code(),
            "urge_own_clock"
        );
        assert!(matter.done(&province, "urge", None).await.ok());
        assert!(matter.done(&operator, "answer_urge", None).await.ok());
        if late["escalated"] == false {
            assert_eq!(
                matter.done(&operator, "escalate", None).await.code(),
                "supervision_not_for_role"
            );
            assert!(matter.done(&province, "escalate", None).await.ok());
        }
        let far = Some("2099-01-04");
        assert_eq!(
            matter.done(&province, "instruct", far).await.code(),
            "not_the_superior"
        );
        assert!(matter.done(&authority, "instruct", far).await.ok());
        assert!(matter.done(&operator, "report", None).await.ok());
        let closed = matter.done(&authority, "close", None).await;
        assert!(closed.ok(), "{closed:?}");
        // The same key again is the same closing.
        assert_eq!(matter.done(&authority, "close", None).await.body, closed.body);
        let after = province
            .get(&format!("/api/v1/cases/{case}"))
            .await
            .expect("the case")
            .body;
        assert_eq!(after["stage"], stage, "nobody decided in the holder's place");
        let kinds = kinds(&operator).await;
        for kind in [
            "case.urged.v1",
            "case.urge_answered.v1",
            "case.instructed.v1",
            "case.escalation_closed.v1",
        ] {
            assert_eq!(times(&kinds, kind), 1, "{kind}");
        }
    });
    assert!(server.stop().success());
    verified(&data, &temp.path().join("export"));
}
