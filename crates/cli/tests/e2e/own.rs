//! Own lists over real HTTP: from the application that asks for fusion to a fused answer, and to the erased file.

use std::{collections::BTreeSet, path::Path};

use serde_json::{Value as Json, json};
use shuyu_testkit::registers;

use crate::harness::{Client, Reply, Server, rebuilt, scene, walked};

async fn signed_in(base: &str, login: &str) -> Client {
    Client::sign_in(base, login).await.expect("sign-in")
}

async fn case(client: &Client, case: &str) -> Json {
    client
        .get(&format!("/api/v1/cases/{case}"))
        .await
        .expect("a case")
        .body
}

/// Takes an act and the further steps of its route.
async fn act(base: &str, case_id: &str, order: Json, logins: &[&str]) {
    for (step, login) in logins.iter().enumerate() {
        let client = signed_in(base, login).await;
        let reply = if step == 0 {
            let path = format!("/api/v1/cases/{case_id}/acts");
            client.post(&path, &order, None).await
        } else {
            let number = case(&client, case_id).await["pending"][0]["number"].clone();
            let path = format!("/api/v1/cases/{case_id}/pending/{number}/advance");
            client.post(&path, &json!({}), None).await
        };
        let reply = reply.expect("an answer");
        assert!(reply.ok(), "{login}: {reply:?}");
    }
}

/// The lane of a rule.
async fn lane(client: &Client, case_id: &str, rule: &str) -> String {
    let shown = case(client, case_id).await;
    let lanes = shown["lanes"].as_object().expect("lanes").clone();
    let found = lanes.into_iter().find(|(_, lane)| lane["rule"] == rule);
    found.expect("a lane").0
}

/// Walks an application that asks for fusion to its permit; answers the case.
pub async fn fused(base: &str) -> String {
    let operator = signed_in(base, "op_manager").await;
    let other = scene(base).await.permit.replacen("permit_", "case_", 1);
    let agreement = case(&operator, &other).await["fields"]["agreement"].clone();
    let datasets = operator.get("/api/v1/datasets").await.expect("datasets").body;
    let mut rows = datasets.as_array().into_iter().flatten();
    let entry = rows.find(|row| row["table"] == "employment").expect("the table")["resource"].clone();
    let set = json!({ "agreement": agreement, "purpose": "名单内企业的用工统计" });
    let body = json!({ "procedure": "data_use", "set": set });
    let opened = operator
        .post("/api/v1/cases", &body, Some("fused"))
        .await
        .expect("open");
    assert!(opened.ok(), "{opened:?}");
    let id = opened.text("case");
    let report = operator
        .upload("paper", "report.txt", "风险评估\n".into())
        .await
        .expect("upload");
    let entry = entry.as_str().unwrap_or_default();
    let tables = format!(
        "{entry} employment | 名单内企业的用工\nidunit: link\nsize: group filter\nearningsmonth: measure\n"
    );
    let set = json!({ "agreement": agreement, "tables": tables, "fusion": "yes",
        "join_risk_report": report.text("digest") });
    act(base, &id, json!({ "act": "submit", "set": set }), &["op_manager"]).await;
    let lane_of = |rule: &'static str| lane(&operator, &id, rule);
    let provider =
        json!({ "act": "provider_approve", "lane": lane_of("provider").await, "set": { "opinion": "同意" } });
    act(base, &id, provider, &["rsj_clerk", "rsj_chief", "rsj_leader"]).await;
    let authority = json!({ "act": "authority_approve", "lane": lane_of("authority").await,
        "set": { "opinion": "同意", "join_risk": "assessed" } });
    act(base, &id, authority, &["zsjj_clerk", "zsjj_leader"]).await;
    assert_eq!(case(&operator, &id).await["stage"], "permitted");
    id
}

pub fn lists(case: &str) -> String {
    format!(
        "/api/v1/permits/{}/own-lists",
        case.replacen("case_", "permit_", 1)
    )
}

pub async fn bring(client: &Client, case: &str, query: &str, text: Vec<u8>) -> Reply {
    let path = format!("{}?{query}", lists(case));
    client.post_with(&path, text, &[]).await.expect("an answer")
}

/// Enterprises of the made register, each once.
fn enterprises() -> Vec<String> {
    let mut csv = Vec::new();
    registers::write_employees_csv(&mut csv, 5, 12_000).expect("rows");
    let text = String::from_utf8(csv).expect("text");
    let at = registers::EMPLOYEES_HEADER
        .split(',')
        .position(|name| name == "IDunit");
    let at = at.expect("the column");
    let codes: BTreeSet<String> = (text.lines().skip(1))
        .filter_map(|line| line.split(',').nth(at))
        .map(|code| code.trim_matches('"').to_owned())
        .collect();
    codes.into_iter().collect()
}

/// Every second enterprise.
fn cohort_codes() -> Vec<String> {
    enterprises().into_iter().step_by(2).collect()
}

/// The enterprises that the cohort does not name.
fn others() -> Vec<u8> {
    let rows = enterprises().into_iter().skip(1).step_by(2);
    let rows = rows.map(|code| format!("{code}\n"));
    let text: String = std::iter::once("信用代码\n".to_owned()).chain(rows).collect();
    text.into_bytes()
}

/// Orders the erasure of an enterprise from the table of employment.
async fn erase(base: &str, code: &str) {
    let authority = signed_in(base, "zsjj_leader").await;
    let datasets = authority.get("/api/v1/datasets").await.expect("datasets").body;
    let mut rows = datasets.as_array().into_iter().flatten();
    let row = rows.find(|row| row["table"] == "employment").expect("the table");
    let path = format!(
        "/api/v1/datasets/{}/erasures",
        row["dataset"].as_str().unwrap_or_default()
    );
    let order = json!({ "subject": { "idunit": code }, "reason": "consent_withdrawn" });
    let ordered = authority.post(&path, &order, Some("e1")).await.expect("an order");
    assert_eq!(ordered.status, 201, "{ordered:?}");
}

/// Half of the enterprises in two groups, as GB18030 text with a Chinese header.
fn cohort() -> Vec<u8> {
    let rows = cohort_codes().into_iter().enumerate();
    let rows = rows.map(|(n, code)| format!("{code},{}\n", if n % 2 == 0 { "试点" } else { "对照" }));
    let text: String = std::iter::once("信用代码,组别\n".to_owned())
        .chain(rows)
        .collect();
    encoding_rs::GB18030.encode(&text).0.into_owned()
}

const QUERY: &str = "name=cohort&subject=%E4%BF%A1%E7%94%A8%E4%BB%A3%E7%A0%81";

async fn ask(client: &Client, case: &str, sql: &str) -> Reply {
    let permit = case.replacen("case_", "permit_", 1);
    let path = format!("/api/v1/permits/{permit}/queries");
    client
        .post(&path, &json!({ "sql": sql }), None)
        .await
        .expect("an answer")
}

/// Files below a folder whose path holds a text.
fn holding(folder: &Path, text: &str) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    entries
        .map(|entry| {
            if entry.path().is_dir() {
                holding(&entry.path(), text)
            } else {
                usize::from(entry.path().to_string_lossy().contains(text))
            }
        })
        .sum()
}

/// Waits until it is recorded that a list is erased.
async fn erased(client: &Client, case: &str, dataset: &str) -> Json {
    loop {
        let path = format!("/api/v1/cases/{case}/timeline");
        let told = client.get(&path).await.expect("a timeline").body;
        let events = told.as_array().or_else(|| told["events"].as_array()).cloned();
        let found = events
            .into_iter()
            .flatten()
            .find(|event| event["kind"] == "case.own_list_erased.v1" && event.to_string().contains(dataset));
        if let Some(found) = found {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

/// Answers over a list are about whom it names; what would tell of one is refused; alone it is free.
async fn answered(client: &Client, case: &str) {
    const JOINED: &str =
        "FROM cohort u JOIN employment e ON u.信用代码 = e.idunit GROUP BY u.组别 ORDER BY 1";
    let exact = format!("SELECT u.组别, count(DISTINCT e.size) AS n {JOINED}");
    let refused = ask(client, case, &exact).await;
    assert_eq!(refused.code(), "node_not_allowed", "{refused:?}");
    let sql = format!(
        "SELECT u.组别, count(*) AS n, count(DISTINCT e.idunit) AS units, avg(e.earningsmonth) AS mean {JOINED}"
    );
    let fused = ask(client, case, &sql).await;
    assert!(fused.ok(), "{fused:?}");
    let rows = fused.body["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 2, "{fused:?}");
    let listed = cohort_codes().len() as f64 / 2.0;
    for row in rows {
        let number = |at: usize| row[at].as_f64().expect("a number");
        assert!((number(2) - listed).abs() < 30.0, "{listed} of each: {fused:?}");
        assert!((1_000.0..6_000.0).contains(&number(1)), "{fused:?}");
        assert!((500.0..10_000.0).contains(&number(3)), "{fused:?}");
    }
    let alone = ask(
        client,
        case,
        "SELECT 信用代码, 组别 FROM cohort ORDER BY 2 LIMIT 5",
    )
    .await;
    assert!(alone.ok(), "{alone:?}");
    let first = alone.body["rows"][0][0].as_str().expect("a number");
    assert!(
        first.parse::<u32>().is_ok(),
        "a number in the place of the identifier: {alone:?}"
    );
}

#[test]
fn a_list_is_fused_until_its_permit_ends_and_then_nothing_of_it_is_left() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let server = Server::start(&data, None);
    let base = server.base.clone();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let other = scene(&base).await.permit;
        let id = fused(&base).await;
        let client = signed_in(&base, "op_staff01").await;
        let few: String = enterprises()
            .iter()
            .take(19)
            .map(|code| format!("{code}\n"))
            .collect();
        let refused = bring(
            &client,
            &id,
            "name=few&subject=code",
            format!("code\n{few}").into(),
        )
        .await;
        assert_eq!(refused.code(), "own_too_few", "{refused:?}");
        assert_eq!(refused.body["clauses"][0]["id"], "YN-OP-129", "{refused:?}");
        let first = bring(&client, &id, QUERY, cohort()).await;
        assert_eq!(first.status, 201, "{first:?}");
        let query = QUERY.replacen("cohort", "second", 1);
        let second = bring(&client, &id, &query, cohort()).await;
        assert_eq!(second.status, 201, "{second:?}");
        let third = bring(&client, &id, &QUERY.replacen("cohort", "third", 1), others()).await;
        assert_eq!(third.status, 201, "{third:?}");
        let (first, second, third) = (
            first.text("dataset"),
            second.text("dataset"),
            third.text("dataset"),
        );
        for list in [&first, &second, &third] {
            assert!(holding(&data, list) > 0);
        }

        answered(&client, &id).await;
        // Another permit of the same body knows no such table.
        let unknown = ask(&client, &other, "SELECT count(*) AS n FROM cohort").await;
        assert!(!unknown.ok(), "{unknown:?}");

        let taken = client
            .delete(&format!("{}/{second}", lists(&id)))
            .await
            .expect("an answer");
        assert!(taken.ok(), "{taken:?}");
        let gone = ask(&client, &id, "SELECT count(*) AS n FROM second").await;
        assert!(!gone.ok(), "{gone:?}");
        erased(&client, &id, &second).await;
        assert_eq!(holding(&data, &second), 0);
        assert!(holding(&data, &first) > 0);

        // A subject that is to be erased takes the lists that name it along, and no other.
        let victim = cohort_codes().swap_remove(0);
        erase(&base, &victim).await;
        erased(&client, &id, &first).await;
        assert_eq!(holding(&data, &first), 0);
        assert!(holding(&data, &third) > 0);
        let told = client.get(&lists(&id)).await.expect("lists").body;
        let mut told_of = told["lists"].as_array().into_iter().flatten();
        let list = told_of
            .find(|list| list["dataset"] == first.as_str())
            .expect("the list");
        assert_eq!(list["ended"], "subject_erased", "{told}");
        assert!(!told.to_string().contains(&victim));

        let order = json!({ "act": "revoke", "set": { "revoke_reason": "不再需要" } });
        act(&base, &id, order, &["zsjj_clerk"]).await;
        let ended = ask(&client, &id, "SELECT count(*) AS n FROM third").await;
        assert_eq!(ended.code(), "permit_ended", "{ended:?}");
        erased(&client, &id, &third).await;
        assert_eq!(holding(&data, &third), 0);
    });
    assert!(server.stop().success());
    rebuilt(&data);
}
