//! 提醒、催办、到期、督办: a clock runs out while people watch, from the first reminder to the closing of the
//! escalation, over HTTP and without scripts.

use std::{collections::BTreeMap, sync::Arc};

use shuyu_app::Swept;
use shuyu_domain::port::Log;

use super::{
    desk::{Desk, state},
    town::APPEAL,
};
use crate::{
    engines::Oracle,
    profile::profiles_and,
    world::{World, run},
};

/// The town with an appeal whose clock is flagged when it runs out.
async fn town() -> World {
    let appeal = APPEAL.replace("on_miss = \"remind\"", "on_miss = \"flag\"");
    World::with(profiles_and(&[("appeal", &appeal)]), Arc::new(Oracle::default())).await
}

/// An appeal sent on Monday, 2 March: to be answered by Monday, 9 March.
async fn sent(operator: &mut Desk<'_>) -> String {
    let case = operator.open("appeal", &[("name", "停水的补偿")]).await;
    operator.act(&case, "send").await;
    case
}

async fn wind(desk: &mut Desk<'_>, to: &str) {
    let wound = desk.post("/clock", &[("to", to), ("back", "/")]).await;
    wound.location_is("/");
}

/// How many entries of each kind the ledger holds.
async fn kinds(world: &World) -> BTreeMap<String, usize> {
    let entries = world
        .app
        .record()
        .entries(Log::Proceedings, 0, 10_000)
        .await
        .unwrap();
    let mut kinds = BTreeMap::new();
    for entry in entries {
        let entry = shuyu_ledger::Entry::parse(&entry.bytes).unwrap();
        *kinds.entry(entry.kind).or_default() += 1;
    }
    kinds
}

fn words(words: &str) -> [(&str, &str); 2] {
    [("words", words), ("lane", "")]
}

#[test]
fn a_clock_runs_out_while_people_watch() {
    run(async {
        let world = town().await;
        let mut operator = Desk::sign_in(&world, "op.clerk").await;
        let case = sent(&mut operator).await;
        let (page, urge) = (
            format!("/cases/{case}"),
            format!("/cases/{case}/clocks/answer/urge"),
        );
        let mut clerk = Desk::sign_in(&world, "au.clerk").await;
        let mut bureau = Desk::sign_in(&world, "bureau").await;

        // Five working days are left: nobody is reminded, nobody may urge yet.
        assert_eq!(world.app.sweep().await.unwrap(), Swept::default());
        clerk.get("/").await.drawn(200).lacks(&["已阅"]);
        operator.get(&page).await.drawn(200).lacks(&["催办"]);
        operator
            .post(&urge, &words("急"))
            .await
            .drawn(409)
            .holds(&["urge_not_yet"]);

        // Three are left: the holder is reminded, once, and marks it as read.
        wind(&mut operator, "2026-03-04").await;
        let desk = clerk.get("/").await.drawn(200);
        desk.holds(&["到期前 3 个工作日", "答复期", "已阅"]);
        let key = desk.hidden("reminder");
        operator
            .post("/reminders", &[("reminder", &key), ("back", "/")])
            .await
            .drawn(404);
        let read = clerk
            .post("/reminders", &[("reminder", &key), ("back", "/")])
            .await;
        read.location_is("/");
        clerk.get("/").await.drawn(200).lacks(&["已阅"]);
        clerk.get(&page).await.drawn(200).holds(&["到期前 3 个工作日"]);

        // The applicant urges; it stands at the top of the holder's desk until it is answered.
        let form = operator.get(&page).await.drawn(200);
        form.holds(&[urge.as_str(), "催什么"]);
        operator
            .post(&urge, &words(" "))
            .await
            .drawn(422)
            .holds(&["words_missing"]);
        let urged = operator.post(&urge, &words("等着开工")).await;
        operator.follow(&urged).await.drawn(200).holds(&["催办"]);
        bureau
            .post(&urge, &words("也急"))
            .await
            .drawn(409)
            .holds(&["urge_open"]);
        bureau
            .get("/supervision")
            .await
            .drawn(200)
            .holds(&["已催办、待答复（1）", "等着开工"]);
        let answer = format!("/cases/{case}/clocks/answer/answer-urge");
        clerk
            .get("/")
            .await
            .drawn(200)
            .holds(&["等你回话", "等着开工", &answer]);
        operator
            .post(&answer, &words("办了"))
            .await
            .drawn(403)
            .holds(&["not_the_holder"]);
        let answered = clerk.post(&answer, &words("周一办完")).await;
        clerk.follow(&answered).await.drawn(200);
        clerk.get("/").await.drawn(200).lacks(&["等着开工"]);
        operator
            .get(&page)
            .await
            .drawn(200)
            .holds(&["等着开工", "周一办完"]);

        // The same door for programs.
        let token = world.sign_in("op.clerk").await;
        let clock = format!("/api/v1/cases/{case}/clocks/answer");
        let order = |act: &str| serde_json::json!({ "act": act, "words": "再问一句" });
        let told = world.post(&clock).token(&token).json(order("urge")).await;
        assert!(told.ok()["next"].is_number());
        let again = world.post(&clock).token(&token).json(order("urge")).await;
        assert_eq!(again.problem(), (409, "urge_open".to_owned()));
        let authority = world.sign_in("au.clerk").await;
        world
            .post(&clock)
            .token(&authority)
            .json(order("answer_urge"))
            .await
            .ok();

        // The last day passes: recorded once, told to the holder, and nothing else changes.
        wind(&mut operator, "2026-03-10").await;
        assert_eq!(kinds(&world).await["case.clock_expired.v1"], 1);
        clerk
            .get("/")
            .await
            .drawn(200)
            .holds(&["2026-03-09 已到期", "已阅"]);
        let seen = world.get(&format!("/api/v1/cases/{case}")).token(&token);
        assert_eq!(seen.empty().await.ok()["clocks"][0]["expired_on"], "2026-03-10");
        let late = operator.get(&page).await.drawn(200);
        late.holds(&["只记超期，不代替办理", "待答复"]);
        bureau
            .get("/supervision")
            .await
            .drawn(200)
            .holds(&["已到期、未办结（1）"]);
        let before = state(&world).await;
        for _ in 0..3 {
            assert_eq!(world.app.sweep().await.unwrap(), Swept::default());
        }
        assert_eq!(world.app.sweep_new_day().await.unwrap(), None);
        assert_eq!(state(&world).await, before);

        escalation(&world, &case, &mut clerk, &mut bureau, &mut operator).await;
        let rebuilt = world.store.rebuild_check().await.unwrap();
        assert!(rebuilt.equal, "{rebuilt:?}");
        world.store.seal_all().await.unwrap();
        let mut folder = BTreeMap::<String, Vec<u8>>::new();
        world.store.export(Log::Proceedings, &mut folder).await.unwrap();
        shuyu_ledger::verify(&folder, Some(world.store.verifying_key())).unwrap();
    });
}

/// Left for more than five working days it goes to the superior body, which instructs and closes.
async fn escalation(
    world: &World,
    case: &str,
    clerk: &mut Desk<'_>,
    bureau: &mut Desk<'_>,
    operator: &mut Desk<'_>,
) {
    let page = format!("/cases/{case}");
    let address = |act: &str| format!("/cases/{case}/clocks/answer/{act}");
    wind(operator, "2026-03-16").await;
    assert!(
        !kinds(world).await.contains_key("case.escalated.v1"),
        "the fifth working day"
    );
    wind(operator, "2026-03-17").await;
    assert_eq!(kinds(world).await["case.escalated.v1"], 1);
    bureau
        .get("/")
        .await
        .drawn(200)
        .holds(&["提交你单位督办", "超期已久"]);
    let supervision = bureau.get("/supervision").await.drawn(200);
    supervision.holds(&["督办（1）", &address("instruct"), &address("close")]);
    // The superior body sees the case and may instruct, and takes no act in the holder's place.
    bureau
        .get(&page)
        .await
        .drawn(200)
        .holds(&["现在没有轮到你办的事", &address("instruct"), "ST-OP-002"]);

    let asked = |day: &'static str| [("words", "三日内答复"), ("lane", ""), ("report_by", day)];
    let instruct = address("instruct");
    operator
        .post(&instruct, &asked("2026-03-20"))
        .await
        .drawn(403)
        .holds(&["not_the_superior"]);
    bureau
        .post(&instruct, &asked("2026-03-16"))
        .await
        .drawn(422)
        .holds(&["report_day_invalid"]);
    let instructed = bureau.post(&instruct, &asked("2026-03-20")).await;
    bureau.follow(&instructed).await.drawn(200).holds(&["督办意见"]);

    clerk
        .get("/")
        .await
        .drawn(200)
        .holds(&["三日内答复", "2026-03-20", &address("report")]);
    clerk.act(case, "answer").await.holds(&["办结"]);
    // What was done stopped the clock; the matter stays with the superior body until that closes it.
    let reported = clerk.post(&address("report"), &words("已答复")).await;
    clerk.follow(&reported).await.drawn(200);
    let closed = bureau.post(&address("close"), &words("办结，引以为戒")).await;
    bureau.follow(&closed).await.drawn(200).holds(&["办结督办"]);
    bureau
        .get("/supervision")
        .await
        .drawn(200)
        .holds(&["督办（0）", "已到期、未办结（0）"]);
    let told = operator.get(&page).await.drawn(200);
    told.holds(&["三日内答复", "已答复", "办结督办"]);
}

#[test]
fn a_crash_between_sweep_and_delivery_neither_loses_nor_doubles_a_reminder() {
    run(async {
        let world = town().await;
        let mut operator = Desk::sign_in(&world, "op.clerk").await;
        let case = sent(&mut operator).await;
        // The day changes by itself; the process is gone after queueing, before delivering, and comes again.
        world.wall.advance_seconds(2 * 24 * 3600);
        assert_eq!(world.app.today().to_string(), "2026-03-04");
        let reminded = |n| Swept {
            reminded: n,
            ..Swept::default()
        };
        assert_eq!(world.app.sweep_new_day().await.unwrap(), Some(reminded(1)));
        assert_eq!(
            world.app.sweep().await.unwrap(),
            reminded(1),
            "queued under the same key"
        );
        while world.app.deliver_notices().await.unwrap() > 0 {}
        assert_eq!(world.app.sweep().await.unwrap(), Swept::default());
        while world.app.deliver_notices().await.unwrap() > 0 {}
        let sent = world.app.record().documents("reminder", None).await.unwrap();
        assert_eq!(sent.len(), 1, "{sent:?}");
        assert!(
            sent[0]
                .key
                .starts_with(&format!("remind/{case}/answer/-/2026-03-09/3/")),
            "{sent:?}"
        );

        // A day on nothing new is due; two days later the next lead is, and the one before is not repeated.
        world.wall.advance_seconds(24 * 3600);
        assert_eq!(world.app.sweep_new_day().await.unwrap(), Some(Swept::default()));
        world.wall.advance_seconds(24 * 3600);
        assert_eq!(world.app.sweep_new_day().await.unwrap(), Some(reminded(1)));
    });
}

#[test]
fn a_holder_who_acts_while_the_sweep_runs_is_not_expired() {
    run(async {
        let world = town().await;
        let mut operator = Desk::sign_in(&world, "op.clerk").await;
        let case = sent(&mut operator).await;
        let clerk = world.sign_in("au.clerk").await;
        world.wall.advance_seconds(8 * 24 * 3600);
        // Sessions are over by now; the act is planted right before the sweep's own transaction.
        let clerk_again = world.sign_in("au.clerk").await;
        assert_ne!(clerk, clerk_again);
        let state = world.state.clone();
        let path = format!("/api/v1/cases/{case}/acts");
        let act = Box::pin(async move {
            let router = shuyu_web::server::router(state);
            let request = axum::http::Request::post(path)
                .header("authorization", format!("Bearer {clerk_again}"))
                .header("content-type", "application/json")
                .body(axum::body::Body::from(r#"{"act":"answer"}"#))
                .unwrap();
            let answered = crate::world::answer(router, request).await;
            assert!(answered.status.is_success(), "{}", answered.status);
        });
        world.between.before("expire", act);
        assert_eq!(world.app.sweep().await.unwrap(), Swept::default());
        assert!(!kinds(&world).await.contains_key("case.clock_expired.v1"));
    });
}
