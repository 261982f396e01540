//! Checks of quality: who may order which, what the record says and when, and the page of the dataset.

use serde_json::{Value, json};
use shuyu_domain::{
    Event,
    event::{ActMeta, CaseEvent, DatasetEvent},
    port::{Record, Stream},
};
use shuyu_kernel::{CaseId, CivilDate, DatasetId, Manner};

use crate::{
    chain,
    console::desk::Desk,
    recording,
    world::{Answered, World, in_world},
};

struct Scene {
    provider: String,
    authority: String,
    entry: String,
    dataset: DatasetId,
}

impl Scene {
    async fn new(world: &World) -> Self {
        Self::about(world, None).await
    }

    /// With a table about these subjects, named by `id_no`.
    async fn about(world: &World, domain: Option<&str>) -> Self {
        let provider = world.sign_in("prov.clerk").await;
        let entry = world.open(&provider, "resource", json!({ "name": "目录" })).await;
        chain::recorded(world, &entry, ("people", 1), domain).await;
        let id: CaseId = entry.parse().unwrap();
        Self {
            provider,
            authority: world.sign_in("au.clerk").await,
            dataset: DatasetId::from_bits(id.bits()),
            entry,
        }
    }

    fn path(&self) -> String {
        format!("/api/v1/datasets/{}/checks", self.dataset)
    }

    async fn order(&self, world: &World, token: &str, order: Value) -> Answered {
        world.post(&self.path()).token(token).json(order).await
    }

    /// Orders and waits; how the job ended.
    async fn ended(&self, world: &World, token: &str, order: Value) -> Value {
        let started = self.order(world, token, order).await;
        assert_eq!(started.status, 202, "{}", started.json());
        crate::files::ended(world, token, &started.json()["job"]).await
    }

    async fn checks(&self, world: &World, token: &str) -> Value {
        world.get(&self.path()).token(token).empty().await.ok()
    }

    async fn events(&self, world: &World) -> Vec<DatasetEvent> {
        let entries = world.store.stream(Stream::Dataset(self.dataset)).await.unwrap();
        let read = entries.iter().filter_map(shuyu_app::read::LogEntry::read);
        read.filter_map(|entry| match entry.event {
            Some(Event::Dataset(event)) => Some(event),
            _ => None,
        })
        .collect()
    }
}

fn rules() -> Value {
    json!([
        { "column": "id_no", "rule": "present", "at_most": 100 },
        { "column": "age", "rule": "between", "value": "0..150" },
    ])
}

#[test]
fn the_provider_checks_all_rows_and_the_authority_a_sample_that_was_fixed_before() {
    in_world(|world| async move {
        let scene = Scene::new(&world).await;
        let before = scene.checks(&world, &scene.provider).await;
        assert_eq!(before["checks"], json!([]));
        assert_eq!(before["may"], json!(["self_check"]));
        let declared = json!([{ "column": "id_no", "rule": "present", "value": "", "at_most": 0 }]);
        assert_eq!(before["rules"], declared, "what the version was taken in by");

        let job = scene
            .ended(&world, &scene.provider, json!({ "rules": rules() }))
            .await;
        assert_eq!(job["status"], "done", "{job}");
        let order = json!({ "rules": rules(), "sample": 50, "version": 1 });
        let job = scene.ended(&world, &scene.authority, order).await;
        assert_eq!(job["status"], "done", "{job}");

        let events = scene.events(&world).await;
        let kinds: Vec<&str> = events.iter().map(DatasetEvent::kind).collect();
        let pair = ["dataset.check_ordered.v1", "dataset.version_checked.v1"];
        assert_eq!(
            kinds[1..],
            [pair, pair].concat(),
            "the order stands before what was found"
        );
        let DatasetEvent::CheckOrdered {
            sample: Some(sample),
            rows,
            ..
        } = &events[3]
        else {
            panic!("{:?}", events[3]);
        };
        assert_eq!((sample.size, *rows), (50, 100));
        let DatasetEvent::VersionChecked { checked, .. } = &events[4] else {
            panic!("{:?}", events[4]);
        };
        // 3 of 50: Clopper and Pearson, one-sided 95 %.
        assert_eq!(
            (checked.rows, checked.bad_rows, checked.bad_at_most),
            (50, 3, Some(1_479))
        );
        assert_eq!(checked.scores["completeness"], 9_400);

        let seen = scene.checks(&world, &scene.authority).await;
        assert_eq!(seen["may"], json!(["spot_check"]));
        assert_eq!(seen["rules"][1]["value"], "0..150", "the last standard");
        let (spot, own) = (&seen["checks"][0], &seen["checks"][1]);
        assert_eq!(
            (&spot["track"], &own["track"]),
            (&json!("spot_check"), &json!("self_check"))
        );
        assert_eq!(spot["sample"]["seed"], json!(sample.seed));
        assert_eq!(
            own["checked"]["bad_at_most"],
            Value::Null,
            "all rows were looked at"
        );
        assert_eq!(spot["bad_rows"], json!([]), "row numbers are for the provider");
        let seen = scene.checks(&world, &scene.provider).await;
        assert_eq!(seen["checks"][0]["bad_rows"][0]["first"], json!([7, 8, 9]));
        let others = world.sign_in("dev.clerk").await;
        let seen = scene.checks(&world, &others).await;
        assert_eq!((&seen["checks"], &seen["may"]), (&json!([]), &json!([])));
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn each_track_has_its_people_and_nobody_spot_checks_its_own_data() {
    in_world(|world| async move {
        let scene = Scene::new(&world).await;
        let all = json!({ "rules": rules() });
        let some = json!({ "rules": rules(), "sample": 50 });
        let developer = world.sign_in("dev.clerk").await;
        let table = [
            (&scene.provider, &some, (403, "role_may_not_act")),
            (&scene.authority, &all, (403, "role_may_not_act")),
            (&developer, &all, (403, "not_a_party")),
            (&developer, &some, (403, "not_a_party")),
        ];
        for (token, order, (status, code)) in table {
            let refused = scene.order(&world, token, order.clone()).await;
            assert_eq!(refused.problem(), (status, code.to_owned()));
        }
        let wrong = [
            (
                json!({ "rules": rules(), "sample": 0 }),
                (422, "sample_not_usable"),
            ),
            (
                json!({ "rules": rules(), "sample": 100_001 }),
                (422, "sample_not_usable"),
            ),
            (
                json!({ "rules": rules(), "sample": 5, "version": 9 }),
                (404, "dataset_version_unknown"),
            ),
            (
                json!({ "rules": [{ "column": "age", "rule": "regex", "value": ".*" }], "sample": 5 }),
                (422, "quality_rule_not_usable"),
            ),
        ];
        for (order, (status, code)) in wrong {
            let refused = scene.order(&world, &scene.authority, order).await;
            assert_eq!(refused.problem(), (status, code.to_owned()));
        }
        // The authority provides data of this entry too.
        let id: CaseId = scene.entry.parse().unwrap();
        let registry = world.store.load(&[id].into()).await.unwrap().registry;
        let body = registry
            .bodies
            .iter()
            .find(|(_, body)| body.roles.contains("authority"));
        let joined = CaseEvent::Taken {
            meta: ActMeta {
                act: "join".to_owned(),
                actor: recording::actor(),
                manner: Manner::InPerson,
                happened_on: CivilDate::new(2026, 3, 2).unwrap(),
                recorded_on: CivilDate::new(2026, 3, 2).unwrap(),
                decided_by: None,
                paper: None,
                steps: Vec::new(),
                clauses: Vec::new(),
            },
            finishes: None,
            lane: None,
            set: Default::default(),
            parties: vec![("provider".to_owned(), *body.unwrap().0)],
            to: None,
            holder: None,
            closed: false,
        };
        chain::write(&world, Stream::Case(id), Event::Case(joined), Vec::new()).await;
        let refused = scene.order(&world, &scene.authority, some).await;
        assert_eq!(refused.problem(), (403, "own_data_not_spot_checked".to_owned()));
        assert_eq!(refused.json()["clauses"][0]["id"], "ST-OP-002");
        assert_eq!(scene.events(&world).await.len(), 1, "nothing was ordered");
    });
}

#[test]
fn a_check_that_is_stopped_leaves_its_order_in_the_record() {
    in_world(|world| async move {
        let scene = Scene::new(&world).await;
        world.pond.told().stops_checks = true;
        let order = json!({ "rules": rules(), "sample": 50 });
        let job = scene.ended(&world, &scene.authority, order).await;
        assert_eq!(job["refusal"]["code"], "ingest_cancelled", "{job}");
        let seen = scene.checks(&world, &scene.provider).await;
        assert_eq!(seen["checks"][0]["track"], "spot_check");
        assert_eq!(seen["checks"][0]["checked"], Value::Null);
        assert!(world.store.rebuild_check().await.unwrap().equal);
    });
}

#[test]
fn the_page_has_the_form_filled_in_and_shows_what_was_found() {
    in_world(|world| async move {
        let scene = Scene::new(&world).await;
        let page = format!("/datasets/{}", scene.dataset);
        let mut desk = Desk::sign_in(&world, "au.clerk").await;
        let drawn = desk.get(&page).await.drawn(200);
        drawn.holds(&[
            "id=\"checks\"",
            "name=\"rule.1\"",
            "<option value=\"present\" selected>",
            "name=\"sample\"",
        ]);
        drawn.lacks(&["value=\"self_check\""]);
        let fields = [
            ("version", "1"),
            ("column.1", "id_no"),
            ("rule.1", "present"),
            ("at_most.1", "100"),
            ("column.2", "age"),
            ("rule.2", ""),
            ("sample", "50"),
            ("track", "spot_check"),
        ];
        let started = desk.post(&format!("{page}/checks"), &fields).await;
        let job = started.location().rsplit('/').next().unwrap().to_owned();
        crate::files::ended(&world, &scene.authority, &json!(job.parse::<u64>().unwrap())).await;
        let shown = desk.get(&page).await.drawn(200);
        shown.holds(&[
            "抽检",
            "查了多少行",
            "14.79%",
            "<meter min=\"0\" max=\"10000\" value=\"9400\" aria-label=\"完整\">",
            "Clopper-Pearson",
        ]);
        shown.lacks(&["7, 8, 9"]);
        let wrong = [
            ("rule.1", "length"),
            ("column.1", "id_no"),
            ("value.1", "x"),
            ("sample", "5"),
            ("track", "spot_check"),
        ];
        desk.post(&format!("{page}/checks"), &wrong)
            .await
            .drawn(422)
            .holds(&["取值写得不对", "class=\"refusal-way-out\""]);
        let mut own = Desk::sign_in(&world, "prov.clerk").await;
        let drawn = own.get(&page).await.drawn(200);
        drawn.holds(&["7, 8, 9", "value=\"self_check\""]);
        drawn.lacks(&["name=\"sample\""]);
    });
}

#[test]
fn a_spot_check_is_no_way_to_ask_after_somebody() {
    in_world(|world| async move {
        let scene = Scene::about(&world, Some("person")).await;
        let ask = |column: &str, rule: &str, value: &str, size: u64| json!({ "rules": [{ "column": column, "rule": rule, "value": value }], "sample": size });
        let table = [
            (ask("age", "present", "", 11), "sample_too_large"),
            (
                ask("id_no", "one_of", "110101198703120011", 10),
                "quality_rule_not_usable",
            ),
        ];
        for (order, code) in table {
            let refused = scene.order(&world, &scene.authority, order).await;
            assert_eq!(refused.problem(), (422, code.to_owned()));
        }
        assert_eq!(scene.events(&world).await.len(), 1);
        // Seven of ten keep it: too few for values that somebody chose, enough for a check digit.
        let job = scene
            .ended(&world, &scene.authority, ask("age", "between", "30..30", 10))
            .await;
        assert_eq!(job["refusal"]["code"], "rule_no_standard", "{job}");
        let seen = scene.checks(&world, &scene.authority).await;
        assert_eq!(
            seen["checks"][0]["checked"],
            Value::Null,
            "its order stands, and nothing is told"
        );
        let job = scene
            .ended(&world, &scene.authority, ask("id_no", "resident_id", "", 10))
            .await;
        assert_eq!(job["status"], "done", "{job}");
        // The provider asks what it likes of its own rows.
        let order = json!({ "rules": [{ "column": "id_no", "rule": "one_of", "value": "1" }] });
        let job = scene.ended(&world, &scene.provider, order).await;
        assert_eq!(job["status"], "done", "{job}");
    });
}
