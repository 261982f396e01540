//! Marginals of made-up data: from a release under differential privacy to the tables a program is written with.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use serde_json::{Value, json};
use shuyu_domain::port::Record;
use shuyu_privacy::dummy::DummyValues;

use crate::{
    chain::{self, Chain},
    console::desk::Desk,
    engines::Oracle,
    profile::profiles_without_dp,
    runs::for_jobs,
    world::{Answered, World, in_world, run},
};

/// The question that the marginal of a column is the answer to.
const QUESTION: &str = "SELECT \"age\", count(*) AS \"rows of a value\" FROM \"people\" GROUP BY \"age\"";

fn path(chain: &Chain) -> String {
    format!("/api/v1/permits/{}/marginals", chain.permit())
}

async fn known(world: &World, chain: &Chain) -> Value {
    world.get(&path(chain)).token(&chain.operator).empty().await.ok()
}

/// Releases the marginals of some columns of `people`; a query costs 400 of 1,000 in the rules of these tests.
async fn release(world: &World, chain: &Chain, columns: &[&str], key: &str) -> Answered {
    let columns = columns
        .iter()
        .map(|column| json!({ "table": "people", "column": column }));
    let order = json!({ "columns": columns.collect::<Vec<_>>() });
    let request = world.post(&path(chain)).token(&chain.operator);
    request.with("idempotency-key", key).json(order).await
}

async fn spent(world: &World, chain: &Chain) -> Value {
    let path = format!("/api/v1/permits/{}/budget", chain.permit());
    let budget = world.get(&path).token(&chain.operator).empty().await.ok();
    budget["budgets"][0]["spent"].clone()
}

async fn ask(world: &World, chain: &Chain, sql: &str, mode: Option<&str>) -> Answered {
    let queries = format!("/api/v1/permits/{}/queries", chain.permit());
    let question = json!({ "sql": sql, "mode": mode });
    world.post(&queries).token(&chain.operator).json(question).await
}

async fn dummy(world: &World, chain: &Chain) -> Answered {
    let path = format!("/api/v1/permits/{}/dummy/people", chain.permit());
    world.get(&path).token(&chain.operator).empty().await
}

/// How often each age stands in the made-up table that a program is written with.
async fn ages(world: &World, chain: &Chain) -> BTreeMap<String, usize> {
    let csv = dummy(world, chain).await;
    assert_eq!(csv.status, 200);
    let text = String::from_utf8(csv.bytes.to_vec()).unwrap();
    let mut lines = text.lines();
    let at = lines.next().unwrap().split(',').position(|name| name == "age");
    let mut ages = BTreeMap::new();
    for line in lines {
        let age = line.split(',').nth(at.unwrap()).unwrap();
        *ages.entry(age.to_owned()).or_default() += 1;
    }
    // One in forty is missing.
    ages.remove("");
    ages
}

#[test]
fn a_made_up_table_follows_what_left_under_differential_privacy() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let before = known(&world, &chain).await;
        let unknown = json!([{ "table": "people", "column": "age" }]);
        assert_eq!(
            before,
            json!({ "open": true, "cost": 400, "least_subjects": 50, "columns": unknown }),
            "what names subjects has none"
        );
        assert!(ages(&world, &chain).await.len() > 20, "nothing is known of them");
        let made = release(&world, &chain, &["age"], "m-1").await;
        assert_eq!(made.status, 201);
        let made = made.json();
        assert_eq!(
            made["columns"][0]["values"], 2,
            "what is suppressed is not among them"
        );
        let left = made["columns"][0]["release"].as_str().unwrap().to_owned();
        let shown = format!("/api/v1/releases/{left}");
        assert_eq!(world.get(&shown).token(&chain.operator).empty().await.status, 200);
        assert_eq!(spent(&world, &chain).await, 400);
        // 120 and 85 left: seven in twelve.
        let first = ages(&world, &chain).await;
        assert_eq!(first.keys().collect::<Vec<_>>(), ["530102", "530103"]);
        let share = first["530102"] as f64 / (first["530102"] + first["530103"]) as f64;
        assert!((0.45..0.72).contains(&share), "{first:?}");
        assert_eq!(
            ages(&world, &chain).await,
            first,
            "the same marginals, the same tables"
        );
        // A statement is tried on the same.
        let trials = format!("/api/v1/permits/{}/trials", chain.permit());
        let trial = json!({ "sql": "SELECT 1" });
        world.post(&trials).token(&chain.operator).json(trial).await.ok();
        let tried = world.oracle.tried.lock().unwrap()["people"].table.clone();
        let column = tried.columns.into_iter().find(|column| column.name == "age");
        let DummyValues::Integer(tried) = column.unwrap().values else {
            panic!("whole numbers")
        };
        assert!(tried.iter().flatten().all(|age| [530_102, 530_103].contains(age)));
        // The same order again is the same release; another one is charged.
        let again = release(&world, &chain, &["age"], "m-1").await.ok();
        assert_eq!(again["columns"][0]["release"], left);
        assert_eq!(spent(&world, &chain).await, 400);
        let anew = release(&world, &chain, &["age"], "m-2").await.ok();
        assert_ne!(anew["columns"][0]["release"], left);
        assert_eq!(spent(&world, &chain).await, 800);
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn nothing_but_what_the_record_says_was_charged_becomes_a_marginal() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let before = ages(&world, &chain).await;
        // The very question, answered without differential privacy, and one that failed after noise was drawn.
        assert_eq!(ask(&world, &chain, QUESTION, None).await.status, 201);
        ask(&world, &chain, "SELECT drawn", Some("dp")).await;
        assert!(known(&world, &chain).await["columns"][0].get("release").is_none());
        assert_eq!(ages(&world, &chain).await, before);
        // Asked by hand in mode `dp` it is one: it has left, and costs nothing further.
        let asked = ask(&world, &chain, QUESTION, Some("dp")).await;
        assert_eq!(asked.status, 201);
        let release = asked.json()["release"].as_str().unwrap().to_owned();
        assert_eq!(
            known(&world, &chain).await["columns"][0]["release"],
            release.as_str()
        );
        assert_eq!(ages(&world, &chain).await.len(), 2);
        assert_eq!(spent(&world, &chain).await, 800);
        // Another text under `dp` is none, and a newer answer without differential privacy takes nobody's place.
        assert_eq!(ask(&world, &chain, QUESTION, None).await.status, 201);
        assert_eq!(
            known(&world, &chain).await["columns"][0]["release"],
            release.as_str()
        );
        // Figures that are not those that left are no marginal: nothing is made up from them.
        let mut kept = world.store.document("release", &release).await.unwrap().unwrap();
        kept.body = kept.body.replace("120", "121");
        kept.version += 1;
        assert!(world.store.put_document(&kept).await.unwrap());
        assert_eq!(dummy(&world, &chain).await.status, 503);
    });
}

#[test]
fn all_of_them_are_paid_for_or_none_is_asked() {
    in_world(|world| async move {
        let mut chain = Chain::new(&world).await;
        let tables = format!(
            "{} people | counting\nage: group python\nname: group\n",
            chain.people
        );
        let set = json!({ "agreement": chain.agreement, "tables": tables });
        chain.case = world.open(&chain.operator, "use", set).await;
        chain::act(&world, &chain.authority, &chain.case, "permit").await;
        let refused = |answered: Answered| answered.problem();
        assert_eq!(
            refused(release(&world, &chain, &[], "a").await),
            (422, "marginals_none_chosen".to_owned())
        );
        assert_eq!(
            refused(release(&world, &chain, &["age", "id_no"], "b").await),
            (422, "marginal_not_possible".to_owned())
        );
        assert_eq!(ask(&world, &chain, "SELECT 1", Some("dp")).await.status, 201);
        let asked = world.oracle.asked.load(Ordering::SeqCst);
        // 600 are left: they would pay for one of the two.
        let short = release(&world, &chain, &["age", "name"], "c").await;
        assert_eq!(short.json()["facts"]["left"], "600");
        assert_eq!(short.problem(), (409, "dp_budget_spent".to_owned()));
        assert_eq!(world.oracle.asked.load(Ordering::SeqCst), asked, "one was asked");
        assert_eq!(spent(&world, &chain).await, 400);
        assert_eq!(chain::noted(&world, "dp_budget_spent").await.len(), 1);
        assert_eq!(release(&world, &chain, &["name"], "d").await.status, 201);
        assert_eq!(spent(&world, &chain).await, 800);
        let authority = world.get(&path(&chain)).token(&chain.authority).empty().await;
        assert_eq!(authority.problem(), (403, "role_may_not_act".to_owned()));
        chain.revoke(&world).await;
        assert_eq!(
            refused(release(&world, &chain, &["age"], "e").await),
            (403, "permit_ended".to_owned())
        );
    });
}

#[test]
fn where_differential_privacy_is_not_offered_there_are_none_and_it_is_said() {
    run(async {
        let world = World::with(profiles_without_dp(), Arc::new(Oracle::default())).await;
        let chain = for_jobs(&world).await;
        let known = known(&world, &chain).await;
        assert_eq!(
            (&known["open"], &known["closed"]),
            (&json!(false), &json!("dp_not_offered"))
        );
        let refused = release(&world, &chain, &["age"], "a").await;
        assert_eq!(refused.problem(), (422, "dp_not_offered".to_owned()));
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let page = desk.get(&format!("/permits/{}", chain.permit())).await.drawn(200);
        page.holds(&[
            "id=\"marginals\"",
            "<code>dp_not_offered</code>",
            "<code>people.age</code>",
        ]);
        page.lacks(&["name=\"column\""]);
    });
}

#[test]
fn they_are_released_from_the_workbench() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        let page = format!("/permits/{}", chain.permit());
        let mut desk = Desk::sign_in(&world, "op.clerk").await;
        let before = desk.get(&page).await.drawn(200);
        before.holds(&[
            "name=\"column\" value=\"people.age\"",
            "每列花费 ρ 0.0004",
            "大约不到 50 ",
            "people 还能放出 2 列",
        ]);
        let form = format!("{page}/marginals");
        let key = before.hidden("key");
        let fields = [("key", key.as_str()), ("column", "people.age")];
        for _ in 0..2 {
            let sent = desk.post(&form, &fields).await;
            sent.location_is(&format!("{page}#marginals"));
        }
        assert_eq!(spent(&world, &chain).await, 400, "sent twice, released once");
        let after = desk.get(&page).await.drawn(200);
        after.holds(&[
            "已放出，有 2 个值",
            "people 还能放出 1 列",
            "href=\"/releases/rel_",
        ]);
        desk.get(&format!("{page}/jobs"))
            .await
            .drawn(200)
            .holds(&["#marginals"]);
        let none = desk.post(&form, &[("key", "k")]).await;
        assert_eq!(none.status(), 422);
    });
}

#[test]
fn declared_codes_and_granted_rows_reach_made_up_tables() {
    in_world(|world| async move {
        let chain = for_jobs(&world).await;
        world
            .pond
            .told()
            .codes
            .insert("age".to_owned(), vec!["7".to_owned(), "35".to_owned()]);
        world
            .pond
            .told()
            .codes
            .insert("id_no".to_owned(), vec!["110101198703120011".to_owned()]);
        assert_eq!(ages(&world, &chain).await.keys().collect::<Vec<_>>(), ["35", "7"]);
        let text = String::from_utf8(dummy(&world, &chain).await.bytes.to_vec()).unwrap();
        assert!(
            !text.contains("110101198703120011"),
            "who is named is made up by number"
        );
        let some = chain.for_rows(&world, "age: 3* 90", "group python").await;
        assert_eq!(
            ages(&world, &some).await.keys().collect::<Vec<_>>(),
            ["35"],
            "those of the rows"
        );
        world.pond.told().codes.clear();
        assert_eq!(ages(&world, &some).await.keys().collect::<Vec<_>>(), ["3", "90"]);
    });
}
