//! Own lists: who may bring one, what it must be, who sees it, and how it ends.

use serde_json::{Value, json};
use shuyu_domain::port::{Log, Record};
use shuyu_kernel::{CaseId, CivilDate};
use shuyu_ledger::Entry;

use crate::{
    chain::{self, Chain},
    world::{Answered, World, in_world},
};

/// Sixty people in two groups.
pub fn cohort() -> String {
    let rows = (0..60).map(|n| {
        format!(
            "resident-{n},{}\n",
            if n < 30 { "first-arm" } else { "second-arm" }
        )
    });
    std::iter::once("id_no,grp\n".to_owned()).chain(rows).collect()
}

pub async fn fused(world: &World) -> Chain {
    Chain::fusing(world, "yes", true, Some("assessed")).await
}

pub fn lists(chain: &Chain) -> String {
    format!("/api/v1/permits/{}/own-lists", chain.permit())
}

async fn bring_as(world: &World, chain: &Chain, token: &str, query: &str, text: String) -> Answered {
    world
        .post(&format!("{}?{query}", lists(chain)))
        .token(token)
        .send(text)
        .await
}

pub async fn bring(world: &World, chain: &Chain, query: &str, text: String) -> Answered {
    bring_as(world, chain, &chain.operator, query, text).await
}

pub async fn shown(world: &World, chain: &Chain) -> Value {
    world.get(&lists(chain)).token(&chain.operator).empty().await.ok()
}

async fn permit(world: &World, chain: &Chain) -> Value {
    let path = format!("/api/v1/permits/{}", chain.permit());
    let shown = world.get(&path).token(&chain.operator).empty().await.ok();
    shown["permit"].clone()
}

pub const USUAL: &str = "name=cohort&subject=id_no";

#[test]
fn fusion_is_on_the_permit_when_the_application_asked_and_the_risk_is_assessed() {
    for (fusion, report, verdict, granted, code) in [
        ("no", true, Some("assessed"), false, Some("fusion_not_granted")),
        ("yes", false, None, true, Some("join_risk_not_assessed")),
        (
            "yes",
            true,
            Some("not_assessed"),
            true,
            Some("join_risk_not_assessed"),
        ),
        ("yes", true, Some("assessed"), true, None),
    ] {
        in_world(|world| async move {
            let chain = Chain::fusing(&world, fusion, report, verdict).await;
            assert_eq!(
                permit(&world, &chain).await["fusion"],
                granted,
                "{fusion} {verdict:?}"
            );
            let files = world.pond.holds();
            let answered = bring(&world, &chain, USUAL, cohort()).await;
            match code {
                None => assert_eq!(answered.status, 201),
                Some(code) => {
                    assert_eq!(answered.problem(), (403, code.to_owned()));
                    assert_eq!(world.pond.holds(), files, "nothing was even received");
                }
            }
            assert_eq!(shown(&world, &chain).await["open"], code.is_none());
        });
    }
    // Applications of before have no such answer.
    in_world(|world| async move {
        let chain = Chain::with(&world, true, Some("assessed")).await;
        assert_eq!(permit(&world, &chain).await["fusion"], false);
    });
}

#[test]
fn a_list_joins_the_tables_of_its_permit_alone_and_its_file_is_not_kept() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let other = fused(&world).await;
        let (files, _) = world.pond.holds();
        let made = bring(&world, &chain, USUAL, cohort()).await.ok();
        assert_eq!((&made["rows"], &made["subjects"]), (&json!(60), &json!(60)));
        assert_eq!(
            (&made["domain"], &made["labels"]),
            (&json!("person"), &json!(["grp"]))
        );
        assert_eq!(world.pond.holds(), (files, 1), "the file went");
        let table = permit(&world, &chain).await["tables"]["cohort"].clone();
        assert_eq!(
            (&table["kind"]["kind"], &table["version"]),
            (&json!("own"), &json!(0))
        );
        assert_eq!(table["dataset"], made["dataset"]);
        let columns = &table["columns"];
        assert_eq!(
            (
                &columns["id_no"]["unit"],
                &columns["id_no"]["uses"],
                &columns["id_no"]["domain"]
            ),
            (&json!(true), &json!(["link"]), &json!("person"))
        );
        assert_eq!(columns["grp"]["uses"], json!(["out", "group", "filter"]));
        assert!(permit(&world, &other).await["tables"]["cohort"].is_null());
        assert_eq!(shown(&world, &other).await["lists"], json!([]));
        // No value of the list stands in the record or the access log, nor in what is told of it.
        let notes = chain::noted(&world, "own-lists").await;
        assert_eq!(notes.last().unwrap()["outcome"], "ok", "{notes:?}");
        let mut told = vec![made.to_string(), shown(&world, &chain).await.to_string()];
        for log in [Log::Proceedings, Log::Access] {
            let entries = world.store.entries(log, 0, 10_000).await.unwrap();
            let parsed = entries.iter().map(|entry| Entry::parse(&entry.bytes).unwrap());
            told.extend(parsed.map(|entry| String::from_utf8_lossy(&entry.payload).into_owned()));
        }
        assert!(
            told.iter().any(|text| text.contains("\"cohort\"")),
            "the list itself does"
        );
        for value in ["resident-", "first-arm", "second-arm"] {
            let found = told.iter().find(|text| text.contains(value));
            assert!(found.is_none(), "{value}: {found:?}");
        }
    });
}

#[test]
fn strangers_neither_see_nor_bring_nor_take_back() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let made = bring(&world, &chain, USUAL, cohort()).await.ok();
        let stranger = world.sign_in("dev.clerk").await;
        let refused = bring_as(&world, &chain, &stranger, "name=mine&subject=id_no", cohort()).await;
        assert_eq!(refused.problem().1, "not_a_party");
        let seen = world.get(&lists(&chain)).token(&stranger).empty().await;
        assert_eq!(seen.problem().1, "not_a_party");
        let path = format!("{}/{}", lists(&chain), made["dataset"].as_str().unwrap());
        for token in [&stranger, &chain.authority] {
            let refused = world
                .ask(axum::http::Method::DELETE, &path)
                .token(token)
                .empty()
                .await;
            assert!(refused.status.is_client_error());
        }
        assert_eq!(shown(&world, &chain).await["lists"].as_array().unwrap().len(), 1);
    });
}

#[test]
fn a_list_that_points_at_few_or_names_people_twice_is_refused_and_nothing_stays() {
    let rows = |n: usize, label: fn(usize) -> &'static str| {
        let row = move |i: usize| format!("p{i},{}\n", label(i));
        std::iter::once("id_no,grp\n".to_owned())
            .chain((0..n).map(row))
            .collect::<String>()
    };
    let named_twice: String = (0..60).map(|i| format!("p{},a\n", i % 15)).collect();
    let cases = [
        ("name=cohort&subject=id_no", rows(19, |_| "a"), "own_too_few"),
        (
            "name=cohort&subject=id_no",
            format!("id_no,grp\n{named_twice}"),
            "own_too_few",
        ),
        (
            "name=cohort&subject=id_no",
            rows(60, |i| if i == 7 { "the one" } else { "a" }),
            "own_label_too_rare",
        ),
        (
            "name=cohort&subject=id_no",
            rows(60, |i| if i < 19 { "" } else { "a" }),
            "own_label_too_rare",
        ),
        (
            "name=cohort&subject=id_no",
            rows(60, |i| if i < 30 { "13800000000" } else { "a" }),
            "own_holds_identifier",
        ),
        (
            "name=cohort&subject=person",
            rows(60, |_| "a"),
            "own_subject_missing",
        ),
        (
            "name=Cohort&subject=id_no",
            rows(60, |_| "a"),
            "table_name_invalid",
        ),
        (
            "name=p13800000000&subject=id_no",
            rows(60, |_| "a"),
            "table_name_invalid",
        ),
        ("name=people&subject=id_no", rows(60, |_| "a"), "own_name_taken"),
        ("name=roads&subject=id_no", rows(60, |_| "a"), "own_name_taken"),
        (
            "name=cohort&subject=id_no&domain=enterprise",
            rows(60, |_| "a"),
            "own_domain_not_in_permit",
        ),
        (
            "name=cohort&subject=id_no",
            rows(60, |_| "a").replace("grp", "11010119870312001X"),
            "header_not_usable",
        ),
    ];
    in_world(|world| async move {
        let chain = fused(&world).await;
        let held = world.pond.holds();
        for (query, text, code) in cases {
            let refused = bring(&world, &chain, query, text).await;
            assert_eq!(refused.problem().1, code, "{query}");
            let body = refused.json().to_string();
            assert!(
                !body.contains("13800000000") && !body.contains("the one"),
                "{body}"
            );
            assert_eq!(world.pond.holds(), held, "{code}: nothing stays");
        }
        assert_eq!(shown(&world, &chain).await["lists"], json!([]));
    });
}

#[test]
fn lists_are_few_and_never_changed_and_the_same_key_brings_one() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let again = |key: &'static str| {
            let asking = world
                .post(&format!("{}?{USUAL}", lists(&chain)))
                .token(&chain.operator);
            asking.with("idempotency-key", key).send(cohort())
        };
        let (first, second) = (again("k").await.ok(), again("k").await.ok());
        assert_eq!(first["dataset"], second["dataset"]);
        assert_eq!(again("other").await.problem(), (409, "own_name_taken".to_owned()));
        for n in 1..shuyu_app::own::MOST_LISTS {
            let query = format!("name=cohort_{n}&subject=id_no");
            bring(&world, &chain, &query, cohort()).await.ok();
        }
        let refused = bring(&world, &chain, "name=one_more&subject=id_no", cohort()).await;
        assert_eq!(refused.problem().1, "own_lists_too_many");
        assert_eq!(world.pond.holds().1, shuyu_app::own::MOST_LISTS);
    });
}

#[test]
fn nobody_asks_by_one_list_after_the_other() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        for _ in 0..shuyu_app::own::MOST_EVER {
            let made = bring(&world, &chain, USUAL, cohort()).await.ok();
            let path = format!("{}/{}", lists(&chain), made["dataset"].as_str().unwrap());
            let taken = world.ask(axum::http::Method::DELETE, &path);
            taken.token(&chain.operator).empty().await.ok();
        }
        let refused = bring(&world, &chain, USUAL, cohort()).await;
        assert_eq!(refused.problem().1, "own_lists_used_up");
    });
}

#[test]
fn a_list_that_is_taken_back_is_read_by_nobody_and_destroyed() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let made = bring(&world, &chain, USUAL, cohort()).await.ok();
        let path = format!("{}/{}", lists(&chain), made["dataset"].as_str().unwrap());
        let take = || {
            world
                .ask(axum::http::Method::DELETE, &path)
                .token(&chain.operator)
                .empty()
        };
        let taken = take().await.ok();
        assert_eq!(taken["ended"], "taken_back");
        assert!(permit(&world, &chain).await["tables"]["cohort"].is_null());
        assert_eq!(world.pond.holds().1, 1, "destroyed a moment later");
        assert_eq!(world.app.finish_own_lists().await.unwrap(), 1);
        assert_eq!(world.pond.holds().1, 0);
        let list = shown(&world, &chain).await["lists"][0].clone();
        assert_eq!(
            (&list["ended"], &list["erased_on"]),
            (&json!("taken_back"), &json!("2026-03-02"))
        );
        take().await.ok();
        assert_eq!(world.app.finish_own_lists().await.unwrap(), 0, "once");
        // Its name is free again: another list is another upload.
        let second = bring(&world, &chain, USUAL, cohort()).await.ok();
        assert_ne!(second["dataset"], made["dataset"]);
    });
}

#[test]
fn an_answer_from_a_list_that_is_taken_back_meanwhile_does_not_leave() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let made = bring(&world, &chain, USUAL, cohort()).await.ok();
        let path = format!("{}/{}", lists(&chain), made["dataset"].as_str().unwrap());
        let world = &world;
        let act = async {
            world.oracle.started.notified().await;
            let taken = world
                .ask(axum::http::Method::DELETE, &path)
                .token(&chain.operator);
            taken.empty().await.ok();
            world.oracle.go.notify_one();
        };
        let (ended, ()) = tokio::join!(chain.ask(world, "SELECT cohort"), act);
        assert_eq!(ended.problem().1, "own_list_unknown");
    });
}

#[test]
fn lists_end_with_their_permit_by_revocation_expiry_and_the_end_of_its_chain() {
    for why in ["permit_ended", "permit_expired", "chain_ended"] {
        in_world(|world| async move {
            let chain = fused(&world).await;
            bring(&world, &chain, USUAL, cohort()).await.ok();
            world.app.finish_own_lists().await.unwrap();
            assert_eq!(world.pond.holds().1, 1, "it stands while the permit does");
            match why {
                "permit_ended" => chain.revoke(&world).await,
                "chain_ended" => chain::act(&world, &chain.authority, &chain.agreement, "end").await,
                _ => {
                    world.wall.set_day(CivilDate::new(2028, 1, 1).unwrap(), 9);
                    world.app.sweep().await.unwrap();
                }
            }
            assert_eq!(world.app.finish_own_lists().await.unwrap(), 1, "{why}");
            assert_eq!(world.pond.holds().1, 0, "{why}");
            let case: CaseId = chain.case.parse().unwrap();
            let mut loaded = world.store.load(&[case].into()).await.unwrap();
            let list = loaded.linked.remove(&case).unwrap().own.remove(0);
            assert_eq!(list.ended.map(|(_, why)| why.word()), Some(why));
            assert!(list.erased_on.is_some());
        });
    }
}

#[test]
fn a_permit_that_ends_while_a_list_comes_in_takes_it_not() {
    in_world(|world| async move {
        let chain = fused(&world).await;
        let (files, _) = world.pond.holds();
        let world = std::sync::Arc::new(world);
        let (elsewhere, case) = (world.clone(), chain.case.clone());
        let end = async move { chain::end_permit_elsewhere(&elsewhere, &case).await };
        world.between.before("bring-own-list", Box::pin(end));
        let refused = bring(&world, &chain, USUAL, cohort()).await;
        assert_eq!(refused.problem(), (403, "permit_ended".to_owned()));
        assert_eq!(world.pond.holds(), (files, 0), "nothing stays");
    });
}
