//! What changes in a request and what ends it: new versions, checks by machine, a permit that ended, gated answers.

use serde_json::json;
use shuyu_domain::port::{AirlockFilter, Record};

use crate::{
    airlock::{Lock, act, code, file, shown, submission, vote},
    chain,
    runs::{ended, register},
    world::in_world,
};

#[test]
fn nothing_under_review_changes_and_a_change_is_a_new_version() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let (id, source, _) = lock.opened(&world, "x", &[("by_area.csv", "table")]).await;
        let early = world
            .get(&format!("/api/v1/airlock/{id}"))
            .token(&lock.clerk)
            .empty()
            .await;
        assert_eq!(
            code(early),
            "airlock_unknown",
            "nothing is shown before it is handed over"
        );
        let bare = json!({ "act": "submit", "notes": { "by_area.csv": "x" } });
        assert_eq!(
            code(act(&world, lock.author(), &id, bare).await),
            "airlock_note_missing"
        );
        act(
            &world,
            lock.author(),
            &id,
            submission(&["by_area.csv", "log.txt"]),
        )
        .await
        .ok();
        let (run, _) = ended(&world, &lock.chain, &source, "real").await;
        let replace = json!({ "act": "replace", "source": source, "run": run, "name": "by_area.csv" });
        let drop = json!({ "act": "drop", "name": "log.txt" });
        for change in [&replace, &drop, &submission(&["by_area.csv"])] {
            assert_eq!(
                code(act(&world, lock.author(), &id, change.clone()).await),
                "airlock_under_review"
            );
        }
        let votes = |a: bool| {
            json!({ "act": "review", "finish": true, "votes": {
            "by_area.csv": { "approve": a, "note": "x" }, "log.txt": { "approve": true } } })
        };
        for reviewer in [&lock.clerk, &lock.chief] {
            act(&world, reviewer, &id, votes(false)).await.ok();
        }
        let back = json!({ "act": "return", "note": "请合并小区县" });
        act(&world, &lock.clerk, &id, back).await.ok();
        let told = shown(&world, lock.author(), &id).await;
        assert_eq!(
            (&told["state"], &told["returned"]),
            (&json!("returned"), &json!("请合并小区县"))
        );
        assert_eq!(
            told["files"][0]["votes"].as_array().unwrap().len(),
            2,
            "with the reasons"
        );
        act(&world, lock.author(), &id, replace).await.ok();
        let changed = shown(&world, lock.author(), &id).await;
        assert_eq!(
            (&changed["files"][0]["version"], &changed["files"][0]["votes"]),
            (&json!(2), &json!([]))
        );
        assert_eq!(
            changed["files"][1]["votes"].as_array().unwrap().len(),
            2,
            "the other file keeps its votes"
        );
        act(&world, lock.author(), &id, submission(&["by_area.csv"]))
            .await
            .ok();
        let again = json!({ "act": "review", "finish": true, "votes": {} });
        assert_eq!(
            code(act(&world, &lock.clerk, &id, again).await),
            "airlock_votes_missing"
        );
        for reviewer in [&lock.clerk, &lock.chief] {
            act(&world, reviewer, &id, vote(true, true)).await.ok();
        }
        assert_eq!(
            act(&world, &lock.clerk, &id, json!({ "act": "release" }))
                .await
                .ok()["state"],
            "released"
        );
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn machines_look_before_people_do() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        for (text, output, refused) in [
            ("leak", ("a.csv", "table"), "output_identifies"),
            ("long", ("a.csv", "table"), "output_too_many_rows"),
            ("norisk", ("a.json", "model"), "model_risk_missing"),
            ("plot", ("a.png", "plot"), "output_type_not_allowed"),
        ] {
            let (id, ..) = lock.opened(&world, text, &[output]).await;
            let answered = act(&world, lock.author(), &id, submission(&[output.0, "log.txt"])).await;
            assert!(!String::from_utf8_lossy(&answered.bytes).contains(crate::bench::RESIDENT_ID));
            assert_eq!(code(answered), refused);
        }
        let (id, ..) = lock.opened(&world, "fit", &[("a.json", "model")]).await;
        act(&world, lock.author(), &id, submission(&["a.json", "log.txt"]))
            .await
            .ok();
        let shown = shown(&world, &lock.clerk, &id).await;
        assert_eq!(
            shown["files"][0]["evidence"]["risk"]["membership_inference"], "0.51",
            "{shown}"
        );
    });
}

#[test]
fn a_model_of_high_risk_is_shown_as_such_and_leaves_with_reasons_only() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let (id, ..) = lock.opened(&world, "overfits", &[("a.json", "model")]).await;
        let drop = json!({ "act": "drop", "name": "log.txt" });
        act(&world, lock.author(), &id, drop).await.ok();
        act(&world, lock.author(), &id, submission(&["a.json"]))
            .await
            .ok();
        let evidence = shown(&world, &lock.clerk, &id).await["files"][0]["evidence"].clone();
        assert_eq!(
            (&evidence["high_risk"], &evidence["risk"]["verdict"]),
            (&json!(true), &json!("high"))
        );
        let path = format!("/airlock/{id}");
        let page = world.page(axum::http::Method::GET, &path, &lock.clerk, &[]).await;
        let page = String::from_utf8_lossy(&page.bytes).into_owned();
        assert!(
            page.contains("风险高") && page.contains("0.97，上界 0.99（限度 0.6）：超限"),
            "{page}"
        );
        let vote = |note: &str| {
            json!({ "act": "review", "finish": true,
                "votes": { "a.json": { "approve": true, "note": note } } })
        };
        let silent = act(&world, &lock.clerk, &id, vote("")).await;
        assert!(
            !silent.json()["clauses"].as_array().unwrap().is_empty(),
            "it rests on the law"
        );
        assert_eq!(code(silent), "model_risk_needs_reasons");
        for reviewer in [&lock.clerk, &lock.chief] {
            act(&world, reviewer, &id, vote("只在域内试用，另行评估"))
                .await
                .ok();
        }
        let out = act(&world, &lock.clerk, &id, json!({ "act": "release" }))
            .await
            .ok();
        assert_eq!(out["state"], "released");
        // A program's figures are in no ledger: whoever reviews the next ones is told.
        let (next, ..) = lock.opened(&world, "x", &[("by_area.csv", "table")]).await;
        let files = submission(&["by_area.csv", "log.txt"]);
        act(&world, lock.author(), &next, files).await.ok();
        let evidence = shown(&world, &lock.chief, &next).await["files"][0]["evidence"].clone();
        assert_eq!(evidence["left_outside_ledger"], 1, "{evidence}");
        let datasets = world.store.datasets(None).await.unwrap();
        let stream = shuyu_domain::port::Stream::Airlock(id.parse().unwrap());
        let entries = world.store.stream(stream).await.unwrap();
        let last = String::from_utf8_lossy(&entries.last().unwrap().bytes).into_owned();
        for row in datasets {
            assert!(
                last.contains(&row.dataset.to_string()),
                "recorded by dataset: {last}"
            );
        }
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn a_permit_that_ended_lets_nothing_out() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let id = lock.submitted(&world).await;
        let (pending, ..) = lock.opened(&world, "y", &[("by_area.csv", "table")]).await;
        for reviewer in [&lock.clerk, &lock.chief] {
            act(&world, reviewer, &id, vote(true, true)).await.ok();
        }
        lock.chain.revoke(&world).await;
        let out = act(&world, &lock.clerk, &id, json!({ "act": "release" })).await;
        assert_eq!(out.problem(), (403, "permit_ended".to_owned()));
        assert_eq!(chain::noted(&world, "permit_ended").await.len(), 1, "and noted");
        assert_eq!(shown(&world, &lock.clerk, &id).await["state"], "reviewed");
        assert_eq!(
            code(file(&world, lock.author(), &id).await),
            "airlock_not_released"
        );
        let late = act(
            &world,
            lock.author(),
            &pending,
            submission(&["by_area.csv", "log.txt"]),
        )
        .await;
        assert_eq!(code(late), "permit_ended");
    });
}

#[test]
fn a_gated_answer_needs_one_reviewer_and_a_second_look() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let asked = lock.chain.ask(&world, "SELECT 1").await.ok();
        let path = format!("/api/v1/releases/{}/airlock", asked["release"].as_str().unwrap());
        let made = world.post(&path).token(lock.author()).empty().await.ok();
        let id = made["airlock"].as_str().unwrap();
        act(&world, lock.author(), id, submission(&["answer.csv"]))
            .await
            .ok();
        let votes =
            json!({ "act": "review", "finish": true, "votes": { "answer.csv": { "approve": true } } });
        act(&world, &lock.clerk, id, votes).await.ok();
        let out = act(&world, &lock.clerk, id, json!({ "act": "release" }))
            .await
            .ok();
        assert_eq!(
            (&out["state"], &out["awaits_spot_check"]),
            (&json!("released"), &json!(true))
        );
        for path in ["/", "/airlock"] {
            let seen = async |token: &str| {
                let page = world.page(axum::http::Method::GET, path, token, &[]).await;
                let page = String::from_utf8_lossy(&page.bytes).into_owned();
                page.contains("等您抽查")
            };
            assert!(seen(&lock.chief).await, "it is listed for those who may: {path}");
            assert!(!seen(&lock.clerk).await && !seen(lock.author()).await, "{path}");
        }
        let check = json!({ "act": "spot_check", "sound": true, "note": "已核对" });
        assert_eq!(
            code(act(&world, &lock.clerk, id, check.clone()).await),
            "spot_check_not_due",
            "not by the same"
        );
        assert_eq!(
            code(act(&world, lock.author(), id, check.clone()).await),
            "airlock_own_request"
        );
        let checked = act(&world, &lock.chief, id, check).await.ok();
        assert_eq!(checked["awaits_spot_check"], false);
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn a_run_whose_end_was_not_recorded_left_nothing() {
    in_world(|world| async move {
        let lock = Lock::new(&world).await;
        let source = register(&world, &lock.chain, "x", &[("by_area.csv", "table")]).await;
        ended(&world, &lock.chain, &source, "dummy").await;
        // Between the files and the entry the process dies: the task never comes back.
        world
            .between
            .before("end-run", Box::pin(async { panic!("killed") }));
        let (run, state) = ended(&world, &lock.chain, &source, "real").await;
        assert_eq!(state["state"], "lost");
        let open = format!("/api/v1/sources/{source}/runs/{run}/airlock");
        let open = world.post(&open).token(lock.author()).empty().await;
        assert_eq!(open.problem(), (409, "run_without_outputs".to_owned()));
        assert!(world.store.airlocks(AirlockFilter::All).await.unwrap().is_empty());
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}
