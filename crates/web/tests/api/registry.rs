//! Delegations, enrolment after a crash, erasing, and who is named as the one who did it.

use serde_json::{Value, json};
use shuyu_app::founding::{entry_event, wound_to};
use shuyu_domain::{
    Event,
    event::{InstallationEvent, RegistryEvent},
    port::{Record, Stream},
};
use shuyu_kernel::{Clock, Digest, Manner, Refusal, Timestamp};

use crate::world::{Answered, PASSWORD, World, in_world};

async fn post(world: &World, token: &str, path: &str, key: &str, body: Value) -> Answered {
    world
        .post(&format!("/api/v1/registry/{path}"))
        .token(token)
        .with("idempotency-key", key)
        .json(body)
        .await
}

async fn registered(world: &World) -> Vec<RegistryEvent> {
    let entries = world.store.stream(Stream::Registry).await.unwrap();
    let event = |bytes: &[u8]| match entry_event(bytes).unwrap() {
        Event::Registry(event) => event,
        other => panic!("{other:?}"),
    };
    entries.iter().map(|entry| event(&entry.bytes)).collect()
}

fn paper(number: &str, from: &str, to: &str, scan: &str) -> Value {
    json!({ "number": number, "from": from, "to": to, "paper": scan,
            "starts_on": "2026-03-02", "ends_on": "2026-03-06" })
}

#[test]
fn nobody_gets_a_post_by_a_delegation_that_breaks_the_rules() {
    in_world(|world| async move {
        let admin = world.sign_in("admin").await;
        let chief = world.sign_in("au.chief").await;
        let scan = world.upload(&admin, "a.pdf", "paper", b"scan").await;
        let own = world.upload(&chief, "b.pdf", "paper", b"other scan").await;
        for (token, from, to, paper_digest, code) in [
            (
                &admin,
                "au.chief",
                "admin",
                &scan,
                "delegation_not_entered_by_holder",
            ),
            (
                &admin,
                "au.chief",
                "op.clerk",
                &scan,
                "delegation_to_another_body",
            ),
            (&admin, "au.chief", "au.chief", &scan, "delegation_to_oneself"),
            (&chief, "au.chief", "au.aide", &String::new(), "paper_unknown"),
            (&chief, "au.chief", "au.aide", &scan, "paper_unknown"),
            (
                &chief,
                "au.clerk",
                "au.aide",
                &own,
                "delegation_not_entered_by_holder",
            ),
        ] {
            let answered = post(
                &world,
                token,
                "delegations",
                code,
                paper("1", from, to, paper_digest),
            )
            .await;
            assert_eq!(answered.problem().1, code, "{from} to {to}");
        }
        let entered = post(
            &world,
            &admin,
            "delegations",
            "good",
            paper("1", "au.chief", "au.aide", &scan),
        )
        .await;
        assert_eq!(entered.status, 201);
        let last = registered(&world).await.pop().unwrap();
        let RegistryEvent::Delegated {
            delegation,
            by: Some(by),
        } = last
        else {
            panic!("{last:?}")
        };
        assert_eq!(delegation.paper.unwrap().digest.to_string(), scan);
        assert_eq!(
            (by.actor.role.as_str(), by.manner),
            ("system_administrator", Manner::OnBehalf)
        );
    });
}

#[test]
fn separated_roles_do_not_meet_in_a_stand_in() {
    in_world(|world| async move {
        let admin = world.sign_in("admin").await;
        let body = json!({ "name": "双角单位", "roles": ["operator", "developer", "provider"] });
        let body = post(&world, &admin, "bodies", "b", body).await.ok()["body"].clone();
        for (login, roles) in [
            ("two.a", vec!["provider", "developer"]),
            ("two.b", vec!["operator", "developer"]),
        ] {
            let posts: Vec<Value> = roles
                .iter()
                .map(|role| json!({ "body": body, "role": role, "post": "clerk" }))
                .collect();
            let person = json!({ "name": "某", "login": login, "password": PASSWORD, "posts": posts });
            let answered = post(&world, &admin, "people", login, person).await;
            assert_eq!(answered.status == 201, login == "two.a", "{login}");
        }
        let person = json!({ "name": "某", "login": "two.c", "password": PASSWORD,
                             "posts": [{ "body": body, "role": "operator", "post": "aide" }] });
        post(&world, &admin, "people", "c", person).await.ok();
        let giver = world.sign_in("two.a").await;
        let scan = world.upload(&giver, "a.pdf", "paper", b"scan").await;
        let mut order = paper("2", "two.a", "two.c", &scan);
        // Of several posts one must be named, and any of them may be.
        let which = post(&world, &giver, "delegations", "k1", order.clone()).await;
        assert_eq!(which.problem(), (422, "delegation_post_missing".to_owned()));
        order["role"] = json!("developer");
        order["post"] = json!("clerk");
        let apart = post(&world, &giver, "delegations", "k2", order.clone()).await;
        assert_eq!(apart.problem(), (422, "roles_must_be_separate".to_owned()));
        order["role"] = json!("provider");
        assert_eq!(post(&world, &giver, "delegations", "k3", order).await.status, 201);
    });
}

#[test]
fn a_delegation_taken_back_ends_at_once() {
    in_world(|world| async move {
        let chief = world.sign_in("au.chief").await;
        let aide = world.sign_in("au.aide").await;
        let scan = world.upload(&chief, "a.pdf", "paper", b"scan").await;
        post(
            &world,
            &chief,
            "delegations",
            "d",
            paper("授 1", "au.chief", "au.aide", &scan),
        )
        .await
        .ok();
        let session = world.app.session(&aide).await.unwrap();
        let posts = world.app.posts(&session).await.unwrap();
        let (held, delegation) = posts.iter().find(|(_, paper)| paper.is_some()).unwrap().clone();
        world
            .app
            .switch_post(&session, &held, delegation.clone())
            .await
            .unwrap();
        let back = json!({ "number": "授 1" });
        let other = post(&world, &aide, "delegations/withdrawals", "w1", back.clone()).await;
        assert_eq!(other.problem().1, "delegation_not_entered_by_holder");
        post(&world, &chief, "delegations/withdrawals", "w2", back.clone())
            .await
            .ok();
        let again = post(&world, &chief, "delegations/withdrawals", "w3", back).await;
        assert_eq!(again.problem(), (409, "delegation_withdrawn".to_owned()));
        let session = world.app.session(&aide).await.unwrap();
        assert_eq!(
            session.actor.post, "chief",
            "still in the post, but every act asks again"
        );
        let late = world
            .app
            .switch_post(&session, &held, delegation)
            .await
            .unwrap_err();
        assert_eq!(
            late.refusal().map(|r| r.code.as_str()),
            Some("delegation_withdrawn")
        );
        assert_eq!(world.app.posts(&session).await.unwrap().len(), 1);
    });
}

#[test]
fn registry_entries_say_who_made_them() {
    in_world(|world| async move {
        let admin = world.sign_in("admin").await;
        let before = registered(&world).await.len();
        let body = post(
            &world,
            &admin,
            "bodies",
            "b",
            json!({ "name": "新", "roles": ["developer"] }),
        )
        .await;
        let person = json!({ "name": "庚", "login": "new.clerk", "password": PASSWORD,
            "posts": [{ "body": body.ok()["body"], "role": "developer", "post": "clerk" }] });
        post(&world, &admin, "people", "p", person).await.ok();
        let events = registered(&world).await;
        let session = world.app.session(&admin).await.unwrap();
        for event in &events[before..] {
            let (RegistryEvent::BodyRegistered { by, .. } | RegistryEvent::PersonEnrolled { by, .. }) = event
            else {
                panic!("{event:?}")
            };
            let by = by.as_ref().unwrap();
            assert_eq!(by.actor, session.actor);
            assert_eq!((by.manner, by.happened_on), (Manner::InPerson, world.app.today()));
        }
        let wound = world.post("/api/v1/training/clock").token(&admin);
        wound.json(json!({ "to": "2026-03-09" })).await.ok();
        let last = world
            .store
            .stream(Stream::Installation)
            .await
            .unwrap()
            .pop()
            .unwrap();
        let Event::Installation(InstallationEvent::ClockWound { by: Some(by), .. }) =
            entry_event(&last.bytes).unwrap()
        else {
            panic!("nobody wound the clock")
        };
        assert_eq!(by.actor, session.actor);
    });
}

#[test]
fn an_enrolment_that_was_cut_off_is_made_good_by_asking_again() {
    in_world(|world| async move {
        let admin = world.sign_in("admin").await;
        let body = post(
            &world,
            &admin,
            "bodies",
            "b",
            json!({ "name": "新", "roles": ["developer"] }),
        )
        .await;
        let person = |name: &str, password: &str| {
            json!({ "name": name, "login": "new.clerk", "password": password,
                "posts": [{ "body": body.json()["body"], "role": "developer", "post": "clerk" }] })
        };
        let made = post(&world, &admin, "people", "p", person("庚", PASSWORD))
            .await
            .ok();
        // As if the process had died between the commit and the account.
        world.store.remove_document("account", "new.clerk").await.unwrap();
        let again = post(&world, &admin, "people", "p", person("庚", PASSWORD))
            .await
            .ok();
        assert_eq!(made, again);
        world.sign_in("new.clerk").await;
        for other in [person("辛", PASSWORD), person("庚", "another long password")] {
            let reused = post(&world, &admin, "people", "p", other).await;
            assert_eq!(reused.problem(), (409, "idempotency_key_reused".to_owned()));
        }
    });
}

#[test]
fn one_persons_field_is_erased_and_no_other() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let bureau = world.sign_in("bureau").await;
        let set = |name: &str| json!({ "name": "一", "contact": name });
        let one = world.open(&operator, "request", set("张三")).await;
        let two = world.open(&operator, "request", set("李四")).await;
        let session = world.app.session(&operator).await.unwrap();
        let read = |case: &str| world.app.reveal_field(&session, case.parse().unwrap(), "contact");
        assert_eq!(read(&one).await.unwrap().as_deref(), Some("张三"));
        let order = json!({ "case": one, "field": "contact", "reason": "term_over" });
        let forbidden = post(&world, &operator, "erasures", "e0", order.clone()).await;
        assert_eq!(forbidden.problem(), (403, "erasure_not_for_role".to_owned()));
        let nobody = json!({ "case": one, "field": "other", "reason": "term_over" });
        let nobody = post(&world, &bureau, "erasures", "e1", nobody).await;
        assert_eq!(nobody.problem(), (404, "subject_unknown".to_owned()));
        let done = post(&world, &bureau, "erasures", "e2", order.clone()).await.ok();
        assert_eq!(post(&world, &bureau, "erasures", "e2", order).await.ok(), done);
        assert_eq!(read(&one).await.unwrap(), None);
        assert_eq!(read(&two).await.unwrap().as_deref(), Some("李四"));
        let last = registered(&world).await.pop().unwrap();
        let RegistryEvent::SubjectErased { subject, by, .. } = last else {
            panic!("{last:?}")
        };
        assert_eq!(subject, format!("{one}/contact"));
        assert_eq!(by.actor.role, "data_authority");
        let person = world.app.session(&operator).await.unwrap().actor.person;
        let name = json!({ "person": person, "reason": "purpose_ended" });
        post(&world, &bureau, "erasures", "e3", name).await.ok();
    });
}

#[test]
fn official_time_does_not_go_back_after_a_restart_and_not_inside_a_transaction() {
    in_world(|world| async move {
        let operator = world.sign_in("op.clerk").await;
        let wound = world.post("/api/v1/training/clock").token(&operator);
        wound.json(json!({ "to": "2026-05-04" })).await.ok();
        world.wall.advance_seconds(3 * 24 * 3600);
        let token = world.sign_in("op.clerk").await;
        world.open(&token, "request", json!({ "name": "一" })).await;
        let now = world.app.now();
        let again = wound_to(world.store.as_ref()).await.unwrap().unwrap();
        assert_eq!(
            again, now,
            "the clock goes on where it stood, not where it was last wound to"
        );
        let request = |at: Timestamp| shuyu_domain::port::Request {
            name: "test",
            stream: Stream::Installation,
            key: None,
            fingerprint: Digest::of(b"x"),
            expected_version: None,
            needs: Default::default(),
            numbering: None,
            at,
        };
        let nothing = || Box::new(|_: &_| Ok(shuyu_domain::port::Proposal::default()));
        let late = world.store.transact(request(world.wall.now()), nothing()).await;
        let shuyu_domain::port::RecordError::Refused(Refusal { code, .. }) = late.unwrap_err() else {
            panic!("a fault")
        };
        assert_eq!(code, "clock_behind_record");
        world.store.transact(request(now), nothing()).await.unwrap();
    });
}
