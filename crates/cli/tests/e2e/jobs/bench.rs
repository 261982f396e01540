//! Those who write programs and look at what they leave, over HTTP.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::harness::{Client, Reply, scene};

/// Who writes programs, and two who look at what they leave.
pub struct Bench {
    pub author: Client,
    pub clerk: Client,
    pub leader: Client,
    pub permit: String,
}

impl Bench {
    pub async fn new(base: &str) -> Self {
        let sign_in = async |login| Client::sign_in(base, login).await.expect("sign-in");
        Self {
            author: sign_in("op_staff01").await,
            clerk: sign_in("zsjj_clerk").await,
            leader: sign_in("zsjj_leader").await,
            permit: scene(base).await.permit,
        }
    }

    /// The same people at another address: the server was started anew.
    pub fn at(&self, base: &str) -> Self {
        Self {
            author: self.author.at(base),
            clerk: self.clerk.at(base),
            leader: self.leader.at(base),
            permit: self.permit.clone(),
        }
    }

    pub async fn register(&self, text: &str, name: &str, kind: &str) -> String {
        let path = format!("/api/v1/permits/{}/sources", self.permit);
        let order = json!({ "text": text, "outputs": [{ "name": name, "kind": kind }] });
        let made = self.author.post(&path, &order, None).await.expect("a source");
        assert!(made.ok(), "{made:?}");
        made.text("source")
    }

    pub async fn start(&self, source: &str, data: &str) -> Reply {
        let path = format!("/api/v1/sources/{source}/runs");
        let started = self.author.post(&path, &json!({ "data": data }), None).await;
        let started = started.expect("an answer");
        assert_ne!(
            started.code(),
            "sandbox_missing",
            "these tests need bubblewrap and the runtime: run ./dev setup. {}",
            started.body
        );
        started
    }

    /// Follows a run to its end; gives its path and every state it was seen in.
    pub async fn followed(&self, source: &str, started: &Reply) -> (String, Vec<Json>) {
        assert!(started.ok(), "{started:?}");
        let path = format!("/api/v1/sources/{source}/runs/{}", started.text("run"));
        let mut seen = Vec::new();
        loop {
            let state = self.author.get(&path).await.expect("a run").body;
            if seen.last() != Some(&state) {
                seen.push(state.clone());
            }
            if state["state"] != "running" {
                return (path, seen);
            }
            tokio::task::yield_now().await;
        }
    }

    pub async fn ran(&self, source: &str, data: &str) -> (String, Json) {
        let started = self.start(source, data).await;
        let (path, mut seen) = self.followed(source, &started).await;
        (path, seen.pop().expect("a state"))
    }

    /// Two runs on real data side by side.
    pub async fn both_real(&self, first: &str, second: &str) -> [(String, Json); 2] {
        let started = [self.start(first, "real").await, self.start(second, "real").await];
        let mut ended = Vec::new();
        for (source, started) in [first, second].into_iter().zip(&started) {
            let (path, mut seen) = self.followed(source, started).await;
            ended.push((path, seen.pop().expect("a state")));
        }
        ended.try_into().expect("two")
    }

    pub async fn open(&self, run: &str) -> String {
        let opened = self
            .author
            .post(&format!("{run}/airlock"), &json!({}), None)
            .await;
        let opened = opened.expect("an answer");
        assert!(opened.ok(), "{opened:?}");
        opened.text("airlock")
    }

    pub async fn act(&self, who: &Client, airlock: &str, act: Json) -> Reply {
        let path = format!("/api/v1/airlock/{airlock}/acts");
        who.post(&path, &act, None).await.expect("an answer")
    }

    pub async fn submit(&self, airlock: &str, files: &[&str]) -> Reply {
        let notes: BTreeMap<&str, &str> = files
            .iter()
            .map(|name| (*name, "按规模计数，小格已去掉"))
            .collect();
        let act = json!({ "act": "submit", "notes": notes });
        self.act(&self.author, airlock, act).await
    }

    pub async fn vote(&self, who: &Client, airlock: &str, approve: bool, finish: bool) -> Reply {
        let note = if approve {
            ""
        } else {
            "请说明为什么没有小格"
        };
        let votes = json!({ "by_size.csv": { "approve": approve, "note": note } });
        let act = json!({ "act": "review", "votes": votes, "finish": finish });
        self.act(who, airlock, act).await
    }

    pub async fn shown(&self, who: &Client, airlock: &str) -> Json {
        let shown = who.get(&format!("/api/v1/airlock/{airlock}")).await;
        shown.expect("a request").body
    }
}
