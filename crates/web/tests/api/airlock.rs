//! The airlock as authors and reviewers meet it: who may do what when, and that nothing leaves by halves.

use serde_json::{Value, json};
use shuyu_domain::port::{Log, Record};

use crate::{
    chain::Chain,
    runs::{ended, for_jobs, register},
    world::{Answered, World, in_world},
};

pub struct Lock {
    pub chain: Chain,
    /// Three people who may review.
    pub clerk: String,
    pub chief: String,
    pub aide: String,
}

impl Lock {
    pub async fn new(world: &World) -> Self {
        let chain = for_jobs(world).await;
        Self {
            clerk: chain.authority.clone(),
            chief: world.sign_in("au.chief").await,
            aide: world.sign_in("au.aide").await,
            chain,
        }
    }

    pub fn author(&self) -> &str {
        &self.chain.operator
    }

    /// Runs a source on real data and opens a request with what it left.
    pub async fn opened(
        &self,
        world: &World,
        text: &str,
        outputs: &[(&str, &str)],
    ) -> (String, String, String) {
        let source = register(world, &self.chain, text, outputs).await;
        ended(world, &self.chain, &source, "dummy").await;
        let (run, _) = ended(world, &self.chain, &source, "real").await;
        let path = format!("/api/v1/sources/{source}/runs/{run}/airlock");
        let made = world.post(&path).token(self.author()).empty().await.ok();
        (made["airlock"].as_str().unwrap().to_owned(), source, run)
    }

    /// A request that was handed over, with the log taken out.
    pub async fn submitted(&self, world: &World) -> String {
        let (id, ..) = self.opened(world, "x", &[("by_area.csv", "table")]).await;
        act(
            world,
            self.author(),
            &id,
            json!({ "act": "drop", "name": "log.txt" }),
        )
        .await
        .ok();
        act(world, self.author(), &id, submission(&["by_area.csv"]))
            .await
            .ok();
        id
    }
}

pub fn submission(files: &[&str]) -> Value {
    let notes: serde_json::Map<String, Value> = files
        .iter()
        .map(|name| ((*name).to_owned(), json!("人数按区县，已取整")))
        .collect();
    json!({ "act": "submit", "notes": notes })
}

pub fn vote(approve: bool, finish: bool) -> Value {
    let note = if approve { "" } else { "样本太小" };
    let votes = json!({ "by_area.csv": { "approve": approve, "note": note } });
    json!({ "act": "review", "votes": votes, "finish": finish })
}

pub async fn act(world: &World, token: &str, id: &str, act: Value) -> Answered {
    world
        .post(&format!("/api/v1/airlock/{id}/acts"))
        .token(token)
        .json(act)
        .await
}

pub async fn shown(world: &World, token: &str, id: &str) -> Value {
    world
        .get(&format!("/api/v1/airlock/{id}"))
        .token(token)
        .empty()
        .await
        .ok()
}

pub async fn file(world: &World, token: &str, id: &str) -> Answered {
    world
        .get(&format!("/api/v1/airlock/{id}/files/by_area.csv"))
        .token(token)
        .empty()
        .await
}

pub fn code(answered: Answered) -> String {
    answered.problem().1
}

#[test]
fn outputs_leave_after_two_people_looked_and_with_a_receipt() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let id = lock.submitted(&world).await;
        let before = shown(&world, lock.author(), &id).await;
        assert_eq!(
            (&before["state"], &before["reviewers"]),
            (&json!("submitted"), &json!(2))
        );
        assert!(
            before["files"][0].get("evidence").is_none(),
            "not even its size: {before}"
        );
        assert_eq!(
            code(file(&world, lock.author(), &id).await),
            "airlock_not_released"
        );
        let evidence = shown(&world, &lock.clerk, &id).await["files"][0]["evidence"].clone();
        assert_eq!(
            (&evidence["rows"], &evidence["columns"][1]["sum"]),
            (&json!(2), &json!("205"))
        );
        assert_eq!(evidence["identifiers"], json!({}));
        act(&world, &lock.clerk, &id, vote(true, true)).await.ok();
        assert_eq!(
            code(act(&world, &lock.clerk, &id, json!({ "act": "release" })).await),
            "airlock_not_approved"
        );
        act(&world, &lock.chief, &id, vote(true, true)).await.ok();
        let out = act(&world, &lock.chief, &id, json!({ "act": "release" }))
            .await
            .ok();
        assert_eq!(out["state"], "released");
        let bytes = file(&world, lock.author(), &id).await.bytes;
        assert_eq!(
            String::from_utf8_lossy(&bytes),
            "area,n,share\n530102,120,0.5854\n530103,85,0.4146\n",
            "rows sorted, four digits"
        );
        let receipt = format!("/api/v1/airlock/{id}/receipt");
        let unsealed = world.get(&receipt).token(lock.author()).empty().await;
        assert_eq!(code(unsealed), "receipt_not_sealed");
        world.app.keeper().seal().await.unwrap();
        let proof = world.get(&receipt).token(lock.author()).empty().await.ok();
        assert!(proof.to_string().contains("airlock.released.v1"), "{proof}");
        assert!(world.store.rebuild_check().await.unwrap().equal);
        let rows = world.store.rebuild().await.unwrap();
        assert!(rows > 0 && world.store.rebuild_check().await.unwrap().equal);
        assert_eq!(shown(&world, lock.author(), &id).await["state"], "released");
        let entries = world.store.entries(Log::Proceedings, 0, 10_000).await.unwrap();
        let all: String = entries
            .iter()
            .map(|entry| String::from_utf8_lossy(&entry.bytes).into_owned())
            .collect();
        assert!(!all.contains("人数按区县"));
        assert_eq!(
            code(act(&world, lock.author(), &id, json!({ "act": "withdraw" })).await),
            "airlock_under_review"
        );
    });
}

#[test]
fn reviewers_are_two_others_and_blind_until_both_have_voted() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let id = lock.submitted(&world).await;
        assert_eq!(
            code(act(&world, lock.author(), &id, vote(true, true)).await),
            "airlock_own_request"
        );
        let provider = world
            .get(&format!("/api/v1/airlock/{id}"))
            .token(&lock.chain.provider)
            .empty()
            .await;
        assert_eq!(provider.problem(), (404, "airlock_unknown".to_owned()));
        let unvoted = json!({ "act": "review", "votes": {}, "finish": true });
        assert_eq!(
            code(act(&world, &lock.clerk, &id, unvoted).await),
            "airlock_votes_missing"
        );
        let silent = json!({ "act": "review", "votes": { "by_area.csv": { "approve": false } } });
        assert_eq!(
            code(act(&world, &lock.clerk, &id, silent).await),
            "airlock_note_missing"
        );
        act(&world, &lock.clerk, &id, vote(false, true)).await.ok();
        let first = shown(&world, &lock.clerk, &id).await;
        assert_eq!(
            (&first["state"], &first["files"][0]["votes"][0]["own"]),
            (&json!("partially_reviewed"), &json!(true))
        );
        assert_eq!(
            code(act(&world, &lock.clerk, &id, vote(true, true)).await),
            "airlock_review_finished"
        );
        let blind = shown(&world, &lock.chief, &id).await;
        assert_eq!(
            blind["files"][0]["votes"],
            json!([]),
            "the second sees nothing of the first"
        );
        assert_eq!(
            shown(&world, lock.author(), &id).await["files"][0]["votes"],
            json!([])
        );
        // The log of proceedings does not tell, either: not even to those who oversee.
        let size = world.store.size(Log::Proceedings).await.unwrap();
        for token in [&lock.chief, &world.sign_in("bureau").await] {
            let path = format!("/api/v1/ledger/proceedings/entries?from={}&limit=2", size - 2);
            let lines = world.get(&path).token(token).empty().await.ok().to_string();
            assert!(
                lines.contains("airlock.voted.v1") && !lines.contains("approve"),
                "{lines}"
            );
        }
        act(&world, &lock.chief, &id, vote(true, true)).await.ok();
        let third = act(&world, &lock.aide, &id, vote(true, true)).await;
        assert_eq!(
            code(third),
            "airlock_not_under_review",
            "it is consolidated by those who voted"
        );
        let both = shown(&world, &lock.chief, &id).await;
        assert_eq!(
            (
                &both["state"],
                both["files"][0]["votes"].as_array().unwrap().len()
            ),
            (&json!("consolidating"), 2)
        );
        assert_eq!(
            shown(&world, lock.author(), &id).await["files"][0]["votes"],
            json!([])
        );
        assert_eq!(
            code(act(&world, &lock.chief, &id, json!({ "act": "release" })).await),
            "airlock_not_approved"
        );
        act(&world, &lock.clerk, &id, vote(true, false)).await.ok();
        assert_eq!(
            shown(&world, &lock.clerk, &id).await["state"],
            "reviewed",
            "they agree now"
        );
        let aide = act(&world, &lock.aide, &id, json!({ "act": "release" })).await;
        assert_eq!(code(aide), "airlock_not_reviewer");
    });
}

#[test]
fn a_third_reviewer_finds_no_place() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let id = lock.submitted(&world).await;
        for reviewer in [&lock.clerk, &lock.chief] {
            act(&world, reviewer, &id, vote(true, false)).await.ok();
        }
        let third = act(&world, &lock.aide, &id, vote(true, false)).await;
        assert_eq!(third.problem(), (409, "airlock_reviewers_full".to_owned()));
        let queue = world.get("/api/v1/airlock").token(&lock.aide).empty().await.ok();
        assert_eq!(queue[0]["to_review"], false);
        let queue = world.get("/api/v1/airlock").token(&lock.clerk).empty().await.ok();
        assert_eq!(queue[0]["to_review"], true);
    });
}

/// What a browser sends: a form with the token of the session, and where it is led.
pub async fn press(world: &World, token: &str, path: &str, fields: &[(&str, &str)]) -> String {
    let csrf = world.app.session(token).await.unwrap().csrf;
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend_from_slice(fields);
    let answered = world.page(axum::http::Method::POST, path, token, &all).await;
    assert_eq!(
        answered.status,
        303,
        "{path}: {}",
        String::from_utf8_lossy(&answered.bytes)
    );
    answered.header("location").to_owned()
}

async fn read(world: &World, token: &str, path: &str) -> String {
    let answered = world.page(axum::http::Method::GET, path, token, &[]).await;
    assert_eq!(answered.status, 200, "{path}");
    String::from_utf8(answered.bytes.to_vec()).unwrap()
}

#[test]
fn the_whole_way_is_walked_in_the_console() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let jobs = format!("/permits/{}/jobs", lock.chain.permit());
        let empty = read(&world, lock.author(), &jobs).await;
        assert!(
            empty.contains("还没有登记程序") && empty.contains("read(&#34;people&#34;)"),
            "{empty}"
        );
        let fields = [
            ("text", "print(1)"),
            ("name_1", "by_area.csv"),
            ("kind_1", "table"),
        ];
        let source = press(&world, lock.author(), &jobs, &fields).await;
        assert!(
            !read(&world, lock.author(), &source)
                .await
                .contains("在真实数据上跑</button>")
        );
        for data in ["dummy", "real"] {
            press(
                &world,
                lock.author(),
                &format!("{source}/runs"),
                &[("data", data)],
            )
            .await;
            while read(&world, lock.author(), &source)
                .await
                .contains("排队或运行中")
            {
                tokio::task::yield_now().await;
            }
        }
        let page = read(&world, lock.author(), &source).await;
        let open = page
            .split("action=\"")
            .find(|rest| rest.contains("/airlock\""))
            .unwrap();
        let open = open.split('"').next().unwrap();
        let request = press(&world, lock.author(), open, &[]).await;
        assert!(
            !read(&world, lock.author(), &request).await.contains("530102"),
            "not before it is out"
        );
        press(&world, lock.author(), &request, &[("do", "drop:log.txt")]).await;
        press(
            &world,
            lock.author(),
            &request,
            &[("do", "submit"), ("about:by_area.csv", "按区县")],
        )
        .await;
        assert!(read(&world, &lock.clerk, "/airlock").await.contains("等您审核"));
        for reviewer in [&lock.clerk, &lock.chief] {
            let page = read(&world, reviewer, &request).await;
            assert!(
                page.contains("530102") && page.contains("最小非零") && page.contains("按区县"),
                "{page}"
            );
            let vote = [
                ("do", "finish"),
                ("vote:by_area.csv", "approve"),
                ("why:by_area.csv", ""),
            ];
            press(&world, reviewer, &request, &vote).await;
        }
        press(&world, &lock.clerk, &request, &[("do", "release")]).await;
        let out = read(&world, lock.author(), &request).await;
        assert!(
            out.contains("已出域") && out.contains("530102") && out.contains("/receipt"),
            "{out}"
        );
        let file = format!("{request}/files/by_area.csv");
        assert!(read(&world, lock.author(), &file).await.contains("0.5854"));
        let picture = format!("{request}/plots/by_area.csv");
        let picture = world
            .page(axum::http::Method::GET, &picture, lock.author(), &[])
            .await;
        assert_eq!(picture.status, 404, "a table is no picture");
    });
}
