//! What the client of the recovery test asks for, and what it remembers.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::harness::{Client, Reply, Scene};

/// One request of the workload.
pub enum Ask {
    Open {
        procedure: &'static str,
        name: &'static str,
    },
    Submit,
    Upload,
    Ingest {
        table: &'static str,
    },
    SubmitExclusion,
    Paper,
    /// A decision entered from paper: the act waits for a checker.
    EnterOnBehalf,
    /// The checker's step: the act takes effect.
    Advance,
    Query,
    Key,
    Call,
}

/// Key, person, request.
pub const WORKLOAD: [(&str, &str, Ask); 15] = [
    (
        "k01",
        PROVIDER,
        Ask::Open {
            procedure: "resource",
            name: "first",
        },
    ),
    ("k02", PROVIDER, Ask::Submit),
    ("k03", PROVIDER, Ask::Upload),
    ("k04", PROVIDER, Ask::Ingest { table: "rows_a" }),
    ("k05", PROVIDER, Ask::Ingest { table: "rows_b" }),
    (
        "k06",
        CLERK,
        Ask::Open {
            procedure: "exclusion",
            name: "kept out",
        },
    ),
    ("k07", CLERK, Ask::SubmitExclusion),
    ("k08", CLERK, Ask::Paper),
    ("k09", CLERK, Ask::EnterOnBehalf),
    ("k10", "sjzx_chief", Ask::Advance),
    ("k11", "op_staff01", Ask::Query),
    ("k12", CUSTOMER, Ask::Key),
    ("k13", CUSTOMER, Ask::Call),
    (
        "k14",
        PROVIDER,
        Ask::Open {
            procedure: "resource",
            name: "second",
        },
    ),
    (
        "k15",
        PROVIDER,
        Ask::Open {
            procedure: "resource",
            name: "third",
        },
    ),
];

/// Provider of the data.
pub const PROVIDER: &str = "rsj_clerk";
/// Clerk of the agency.
pub const CLERK: &str = "sjzx_clerk";
/// Customer of the product.
pub const CUSTOMER: &str = "bing_clerk";
/// Rows of the file.
pub const ROWS: u64 = 20_000;

#[derive(Default)]
pub struct Journal {
    /// Acknowledged answers by position in the workload.
    pub acknowledged: Vec<Json>,
    pub case: String,
    pub exclusion: String,
    pub upload: String,
    pub paper: String,
    /// Public part and secret.
    pub key: Option<(String, String)>,
    /// Calls answered, and calls sent.
    pub calls: (i64, i64),
}

/// Everybody's client at one server.
pub struct Clients {
    base: String,
    signed_in: BTreeMap<&'static str, Client>,
}

impl Clients {
    pub fn new(base: &str) -> Self {
        Self {
            base: base.to_owned(),
            signed_in: BTreeMap::new(),
        }
    }

    pub async fn of(&mut self, login: &'static str) -> Result<&Client, reqwest::Error> {
        if !self.signed_in.contains_key(login) {
            self.signed_in
                .insert(login, Client::sign_in(&self.base, login).await?);
        }
        Ok(&self.signed_in[login])
    }
}

fn submission() -> Json {
    let mut set = json!({
        "name": "first", "f03_sharing_attribute": "conditional", "f06_opening_attribute": "conditional",
        "contains_personal": "no", "is_derived": "no", "state_secret": "no", "grade": "general",
    });
    for field in [
        "f01_form",
        "f02_shared_content",
        "f04_sharing_condition",
        "f05_sharing_range",
        "f07_update_frequency",
        "f08_collecting",
        "f09_approving",
        "f10_providing",
        "data_class",
        "sharing_reason",
    ] {
        set[field] = json!("x");
    }
    json!({ "act": "submit", "set": set })
}

pub async fn ask(
    client: &Client,
    journal: &mut Journal,
    scene: &Scene,
    key: &str,
    what: &Ask,
) -> Result<Reply, reqwest::Error> {
    let acts = |case: &str| format!("/api/v1/cases/{case}/acts");
    let (case, exclusion) = (journal.case.clone(), journal.exclusion.clone());
    match what {
        Ask::Open { procedure, name } => {
            let body = json!({ "procedure": procedure, "set": { "name": name } });
            client.post("/api/v1/cases", &body, Some(key)).await
        }
        Ask::Submit => client.post(&acts(&case), &submission(), Some(key)).await,
        Ask::Upload => {
            let mut text = String::from("code,amount\n");
            for row in 0..ROWS {
                text.push_str(&format!("{row},{}\n", row * 7 % 1000));
            }
            client.upload("data", "rows.csv", text.into_bytes()).await
        }
        Ask::Ingest { table } => {
            let order = json!({ "resource": case, "table": table, "upload": journal.upload });
            client.ingest(&order, key).await
        }
        Ask::SubmitExclusion => {
            let body = json!({ "act": "submit", "set": { "reason": "public safety" } });
            client.post(&acts(&exclusion), &body, Some(key)).await
        }
        Ask::Paper => client.upload("paper", "minutes.txt", b"minutes\n".to_vec()).await,
        Ask::EnterOnBehalf => {
            let set = json!({ "meeting_no": "1", "approval_no": "2", "extract": journal.paper });
            let body = json!({
                "act": "deliberate", "manner": "on_behalf", "happened_on": "2026-04-02",
                "paper": journal.paper, "set": set,
            });
            client.post(&acts(&exclusion), &body, Some(key)).await
        }
        Ask::Advance => {
            let path = format!("/api/v1/cases/{exclusion}/pending/1/advance");
            client.post(&path, &json!({}), Some(key)).await
        }
        Ask::Query => {
            let sql = "SELECT nace1, count(*) AS n FROM employment GROUP BY nace1 ORDER BY nace1";
            let path = format!("/api/v1/permits/{}/queries", scene.permit);
            client.post(&path, &json!({ "sql": sql }), None).await
        }
        // Making a key shows a secret once and takes no key of its own; asked again, the key made must open.
        Ask::Key if journal.key.is_none() => {
            let path = format!("/api/v1/products/{}/keys", scene.product);
            client.post(&path, &json!({ "delivery": 1 }), None).await
        }
        Ask::Key | Ask::Call => {
            let (id, secret) = journal.key.clone().expect("a key was made");
            journal.calls.1 += 1;
            let given = format!("Bearer {id}.{secret}");
            let path = format!("/open/v1/products/{}/data", scene.product);
            let reply = client.call(&path, &[("authorization", &given)]).await?;
            journal.calls.0 += i64::from(reply.ok());
            Ok(reply)
        }
    }
}

/// What of an answer must be the same for ever.
pub fn lasting(what: &Ask, reply: &Reply) -> Json {
    match what {
        Ask::Upload | Ask::Paper => json!([reply.body["digest"], reply.body["size_bytes"]]),
        Ask::Ingest { .. } => json!([reply.body["status"], reply.body["made"]]),
        Ask::Query | Ask::Call => json!([reply.body["columns"], reply.body["rows"]]),
        Ask::Key => Json::Bool(reply.ok()),
        _ => reply.body.clone(),
    }
}

/// Works through the list from where the journal stands; `Err` when the server is gone.
pub async fn work(clients: &mut Clients, journal: &mut Journal, scene: &Scene) -> Result<(), reqwest::Error> {
    for (key, login, what) in WORKLOAD.iter().skip(journal.acknowledged.len()) {
        let reply = ask(clients.of(login).await?, journal, scene, key, what).await?;
        assert!(reply.ok(), "{key}: {reply:?}");
        match what {
            Ask::Open { name: "first", .. } => journal.case = reply.text("case"),
            Ask::Open { name: "kept out", .. } => journal.exclusion = reply.text("case"),
            Ask::Upload => journal.upload = reply.text("digest"),
            Ask::Paper => journal.paper = reply.text("digest"),
            Ask::Ingest { .. } => assert_eq!(reply.body["status"], "done", "{reply:?}"),
            Ask::Key => journal.key = Some((reply.text("key_id"), reply.text("secret"))),
            _ => {}
        }
        journal.acknowledged.push(lasting(what, &reply));
    }
    Ok(())
}
