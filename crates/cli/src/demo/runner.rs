//! Carries out one step after the other and checks what came of it.

mod act;
mod data;

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value as Json, json};
use shuyu_app::founding::World;
use shuyu_kernel::CivilDate;

use super::{
    client::{Client, Reply},
    input::Input,
    report::Report,
    story::Step,
};

/// The walk so far: names given to cases, files, keys.
pub struct Runner {
    client: Client,
    input: Input,
    world: World,
    json: bool,
    report: Report,
    today: Option<CivilDate>,
    names: BTreeMap<String, String>,
    uploads: BTreeMap<String, String>,
    keys: BTreeMap<String, (String, String, String)>,
    procedures: BTreeMap<String, Json>,
}

impl Runner {
    /// A walk with this client over this input.
    pub fn new(client: Client, input: Input, world: World, json: bool) -> Self {
        Self {
            client,
            input,
            world,
            json,
            report: Report::default(),
            today: None,
            names: BTreeMap::new(),
            uploads: BTreeMap::new(),
            keys: BTreeMap::new(),
            procedures: BTreeMap::new(),
        }
    }

    /// The summary.
    pub fn into_report(mut self) -> Report {
        self.report.end_phase();
        self.report
    }

    /// Winds the training clock forward to a day.
    pub async fn wind_to(&mut self, day: CivilDate) -> anyhow::Result<()> {
        if self.today.is_some_and(|today| today >= day) {
            return Ok(());
        }
        let reply = self
            .client
            .post("admin", "/api/v1/training/clock", &json!({ "to": day }))
            .await?;
        ensure!(
            reply.is_ok(),
            "winding the clock to {day}: {} {}",
            reply.status,
            reply.body
        );
        self.today = Some(day);
        Ok(())
    }

    /// One step.
    pub async fn step(&mut self, step: &Step) -> anyhow::Result<()> {
        if let Some(phase) = &step.phase {
            self.report.phase(phase);
        }
        self.load_world().await?;
        self.wind_to(step.on).await?;
        if let Some(order) = &step.ingest {
            return self.ingest(step, order).await;
        }
        let before = match (
            &step.refused,
            self.names.get(&format!("case:{}", step.case)).cloned(),
        ) {
            (Some(_), Some(case)) => Some((case.clone(), self.version(&step.login, &case).await?)),
            _ => None,
        };
        let reply = self.carry_out(step).await?;
        self.judge(step, &reply)?;
        if let (Some((case, version)), Some(refused)) = (before, &step.refused) {
            let after = self.version(&step.login, &case).await?;
            ensure!(version == after, "the refusal {} changed the case", refused.code);
        }
        if step.refused.is_none() {
            for login in &step.then {
                self.advance(login, &step.case).await?;
            }
            self.expectations(step).await?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, step: &Step) -> anyhow::Result<Reply> {
        if let Some(procedure) = &step.open {
            return self.open(step, procedure).await;
        }
        if let Some(act) = &step.act {
            return self.act(step, act).await;
        }
        if step.advance {
            return self.advance_once(&step.login, &step.case).await;
        }
        if let Some(order) = &step.derive {
            return self.derive(step, order).await;
        }
        if let Some(sql) = &step.query {
            return self.query(step, sql).await;
        }
        if let Some(name) = &step.key {
            return self.make_key(step, name).await;
        }
        if let Some(call) = &step.call {
            return self.call(call).await;
        }
        if let Some(delegation) = &step.delegate {
            let mut order = delegation.clone();
            let paper = self.file(&step.login, "delegation.pdf").await?;
            order.insert("paper".to_owned(), paper);
            return self
                .client
                .post(&step.login, "/api/v1/registry/delegations", &json!(order))
                .await;
        }
        bail!("a step without an action")
    }

    /// Success or the expected refusal; anything else ends the walk.
    fn judge(&mut self, step: &Step, reply: &Reply) -> anyhow::Result<()> {
        match &step.refused {
            None => {
                ensure!(reply.is_ok(), "{} {}", reply.status, reply.body);
                self.report.acts += 1;
                let clauses = self.clauses_of(step).join(" ");
                self.print(step, "+", &clauses);
            }
            Some(expected) => {
                ensure!(
                    !reply.is_ok(),
                    "expected the refusal {}, but it succeeded: {}",
                    expected.code,
                    reply.body
                );
                ensure!(
                    reply.code() == expected.code,
                    "expected {}, got {} {}",
                    expected.code,
                    reply.status,
                    reply.body
                );
                if let Some(clause) = &expected.clause {
                    ensure!(
                        reply.clauses().contains(clause),
                        "refusal {} does not cite {clause}: {}",
                        expected.code,
                        reply.body
                    );
                }
                *self.report.refusals.entry(expected.code.clone()).or_default() += 1;
                let clauses = reply.clauses().join(" ");
                self.print(
                    step,
                    "x",
                    &format!("{} {clauses} {}", expected.code, reply.detail()),
                );
            }
        }
        Ok(())
    }

    /// Clauses that the opened procedure or the act rests on.
    fn clauses_of(&self, step: &Step) -> Vec<String> {
        let named = self.names.get(&format!("procedure:{}", step.case));
        let rules = step
            .open
            .as_ref()
            .or(named)
            .and_then(|id| self.procedures.get(id));
        let of = match (&step.act, rules) {
            (Some(act), Some(rules)) => {
                let acts = rules.get("acts").and_then(Json::as_array);
                acts.and_then(|acts| {
                    acts.iter()
                        .find(|rule| rule.get("id").and_then(Json::as_str) == Some(act))
                })
            }
            (None, rules) => rules.filter(|_| step.open.is_some()),
            (Some(_), None) => None,
        };
        let list = of.and_then(|rule| rule.get("clauses")).and_then(Json::as_array);
        list.into_iter()
            .flatten()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect()
    }

    /// One line: day, role, sign-in name, manner, what, note, clauses or refusal.
    #[expect(clippy::print_stdout, reason = "the demo prints what happens")]
    fn print(&self, step: &Step, mark: &str, outcome: &str) {
        if self.json {
            return;
        }
        let what = [
            step.open.as_deref(),
            step.act.as_deref(),
            step.query.as_ref().map(|_| "query"),
        ]
        .into_iter()
        .flatten()
        .next()
        .unwrap_or(if step.advance { "advance" } else { "" });
        let manner = match (&step.paper, step.login.contains('/')) {
            (Some(_), _) => "on_behalf",
            (None, true) => "delegate",
            (None, false) => "in_person",
        };
        let happened = step
            .happened_on
            .map(|day| format!(" ({day})"))
            .unwrap_or_default();
        let login = step.login.split('/').next().unwrap_or_default();
        let role = self
            .world
            .person
            .iter()
            .find(|person| person.login == login)
            .map_or("", |person| &person.role);
        println!(
            "{} {mark} {role:<19} {:<21} {manner:<9} {:<7} {what:<19} {}{happened}  {outcome}",
            step.on, step.login, step.case, step.note
        );
    }

    async fn version(&mut self, login: &str, case: &str) -> anyhow::Result<i64> {
        let reply = self.client.get(login, &format!("/api/v1/cases/{case}")).await?;
        // Somebody who is no party sees nothing, before and after alike.
        Ok(reply.body.get("version").and_then(Json::as_i64).unwrap_or(-1))
    }

    async fn expectations(&mut self, step: &Step) -> anyhow::Result<()> {
        if step.due.is_empty() && step.stage.is_none() {
            return Ok(());
        }
        let id = self.case_id(&step.case)?;
        let reply = self
            .client
            .get(&step.login, &format!("/api/v1/cases/{id}"))
            .await?;
        if let Some(stage) = &step.stage {
            let now = reply.body.get("stage").and_then(Json::as_str).unwrap_or_default();
            ensure!(now == stage, "stage is {now}, not {stage}");
        }
        for (clock, due) in &step.due {
            let (name, lane) = match clock.split_once('@') {
                Some((name, lane)) => (name, Some(self.lane_key(lane)?)),
                None => (clock.as_str(), None),
            };
            let clocks = reply
                .body
                .get("clocks")
                .and_then(Json::as_array)
                .cloned()
                .unwrap_or_default();
            let run = clocks
                .iter()
                .rev()
                .find(|run| {
                    run.get("clock").and_then(Json::as_str) == Some(name)
                        && run.get("lane").and_then(Json::as_str) == lane.as_deref()
                })
                .with_context(|| format!("no clock {clock}"))?;
            let found = run.get("due").and_then(Json::as_str).unwrap_or_default();
            ensure!(
                found == due.to_string(),
                "clock {clock} is due {found}, not {due}"
            );
        }
        Ok(())
    }

    fn case_id(&self, name: &str) -> anyhow::Result<String> {
        self.names
            .get(&format!("case:{name}"))
            .cloned()
            .with_context(|| format!("no case named {name}"))
    }

    /// `rule:body` to the key of a lane.
    fn lane_key(&self, text: &str) -> anyhow::Result<String> {
        let (rule, body) = text
            .split_once(':')
            .with_context(|| format!("{text} is not rule:body"))?;
        let id = self
            .names
            .get(&format!("body:{body}"))
            .with_context(|| format!("no body named {body}"))?;
        Ok(format!("{rule}:{id}"))
    }

    /// Ids of bodies and people by their names in the world: everybody signs in once.
    async fn load_world(&mut self) -> anyhow::Result<()> {
        if !self.names.is_empty() {
            return Ok(());
        }
        for person in &self.world.person.clone() {
            let me = self.client.get(&person.login, "/api/v1/me").await?;
            let text = |pointer: &str| {
                me.body
                    .pointer(pointer)
                    .and_then(Json::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            self.names
                .insert(format!("person:{}", person.login), text("/actor/person"));
            self.names
                .insert(format!("body:{}", person.body), text("/actor/body"));
        }
        Ok(())
    }
}
