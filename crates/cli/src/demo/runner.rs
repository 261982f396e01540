//! Carries out one step after the other and checks what came of it.

mod act;
mod call;
mod data;
mod fill;
mod record;
mod refusal;

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value as Json, json};
use shuyu_app::founding::World;
use shuyu_kernel::CivilDate;

use super::{
    answers::Answers,
    client::{Client, Reply},
    input::Input,
    report::Report,
    story::Step,
    tell::Told,
    words::Words,
};

use call::Key;

/// Role of whoever winds the training clock and reads the record before the walk.
const KEEPER: &str = "system_administrator";

/// What a walk is made of.
pub struct Parts {
    /// Client of the running server.
    pub client: Client,
    /// What departments send.
    pub input: Input,
    /// Words for what is printed.
    pub words: Words,
    /// What people write into fields.
    pub answers: Answers,
    /// People and bodies.
    pub world: World,
    /// Print nothing.
    pub json: bool,
    /// The summary so far.
    pub report: Report,
}

/// The walk so far: names given to cases, files, keys.
pub struct Runner {
    client: Client,
    input: Input,
    words: Words,
    answers: Answers,
    world: World,
    keeper: String,
    json: bool,
    report: Report,
    today: Option<CivilDate>,
    names: BTreeMap<String, String>,
    uploads: BTreeMap<String, String>,
    keys: BTreeMap<String, Key>,
    procedures: BTreeMap<String, Json>,
}

/// What came of a step that is no act of a procedure.
struct Done {
    reply: Reply,
    /// Key of its verb in the locales, or the title of an act.
    verb: String,
    /// What is told below its line.
    below: Vec<String>,
}

impl Runner {
    /// A walk of these parts.
    ///
    /// # Errors
    /// Nobody of the world keeps the system: nobody could wind the clock.
    pub fn new(parts: Parts) -> anyhow::Result<Self> {
        let keeper = parts.world.person.iter().find(|person| person.role == KEEPER);
        let keeper = keeper.context("the world has no system administrator")?;
        Ok(Self {
            keeper: keeper.login.clone(),
            client: parts.client,
            input: parts.input,
            words: parts.words,
            answers: parts.answers,
            world: parts.world,
            json: parts.json,
            report: parts.report,
            today: None,
            names: BTreeMap::new(),
            uploads: BTreeMap::new(),
            keys: BTreeMap::new(),
            procedures: BTreeMap::new(),
        })
    }

    /// The summary, with the calls that the platform metered.
    ///
    /// # Errors
    /// The meter differs from what the clients counted.
    pub async fn into_report(mut self) -> anyhow::Result<Report> {
        self.report.calls_metered = self.all_metered().await?;
        self.report.end_phase();
        Ok(self.report)
    }

    /// Winds the training clock forward to a day.
    ///
    /// # Errors
    /// The story has passed that day: steps stand in order of date.
    pub async fn wind_to(&mut self, day: CivilDate) -> anyhow::Result<()> {
        if let Some(today) = self.today {
            ensure!(
                day >= today,
                "the story stands at {today} and cannot go back to {day}"
            );
            if today == day {
                return Ok(());
            }
        }
        let reply = self
            .client
            .post(&self.keeper, "/api/v1/training/clock", &json!({ "to": day }))
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
        self.wind_to(step.on).await?;
        let before = match &step.refused {
            Some(_) => Some(self.state(step).await?),
            None => None,
        };
        let done = self.carry_out(step).await?;
        if let (Some(before), Some(expected)) = (before, &step.refused) {
            self.refused(step, expected, &done)?;
            let after = self.state(step).await?;
            ensure!(
                before == after,
                "the refusal {} changed something: {before:?} became {after:?}",
                expected.code
            );
            return Ok(());
        }
        let reply = &done.reply;
        ensure!(reply.is_ok(), "{} {}", reply.status, reply.body);
        if step.open.is_none() && step.act.is_none() && !step.advance {
            let told = Told::plain(&self.words, step, &done.verb, done.below);
            self.tell(&told, &step.note);
            return Ok(());
        }
        self.recorded(step, &step.login, reply, &step.note).await?;
        for login in &step.then {
            let reply = self.advance(login, &step.case).await?;
            ensure!(reply.is_ok(), "{login}: {} {}", reply.status, reply.body);
            self.recorded(step, login, &reply, "").await?;
        }
        self.expectations(step).await
    }

    async fn carry_out(&mut self, step: &Step) -> anyhow::Result<Done> {
        if let Some(procedure) = &step.open {
            return self.open(step, procedure).await;
        }
        if let Some(act) = &step.act {
            return self.act(step, act).await;
        }
        if step.advance {
            let reply = self.advance(&step.login, &step.case).await?;
            return Ok(self.done(reply, "demo-checker"));
        }
        if let Some(order) = &step.ingest {
            return self.ingest(step, order).await;
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
        if let Some(order) = &step.delegate {
            return self.delegate(step, order).await;
        }
        bail!("a step without an action")
    }

    /// A step whose verb stands in the locales.
    fn done(&self, reply: Reply, verb: &str) -> Done {
        Done {
            reply,
            verb: self.words.word(verb),
            below: Vec::new(),
        }
    }

    fn tell(&self, told: &Told, note: &str) {
        if !self.json {
            told.print(note);
        }
    }

    async fn delegate(&mut self, step: &Step, order: &BTreeMap<String, String>) -> anyhow::Result<Done> {
        let mut body = order.clone();
        let paper = self.file(&step.login, "delegation.pdf").await?;
        body.insert("paper".to_owned(), paper);
        let reply = self
            .client
            .post(&step.login, "/api/v1/registry/delegations", &json!(body))
            .await?;
        let text = |name: &str| order.get(name).map_or("", String::as_str);
        let term = [
            ("paper", text("number")),
            ("from", text("starts_on")),
            ("until", text("ends_on")),
        ];
        let below = vec![
            self.words.words("demo-delegate-term", &term),
            format!(
                "{} → {}",
                self.words.login(text("from")),
                self.words.login(text("to"))
            ),
        ];
        Ok(Done {
            below,
            ..self.done(reply, "demo-delegate")
        })
    }

    fn case_id(&self, name: &str) -> anyhow::Result<String> {
        self.names
            .get(&format!("case:{name}"))
            .cloned()
            .with_context(|| format!("no case named {name}"))
    }

    fn procedure_of(&self, case: &str) -> String {
        self.names
            .get(&format!("procedure:{case}"))
            .cloned()
            .unwrap_or_default()
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

    /// Everybody signs in once; their ids get the names of the world.
    pub async fn sign_in(&mut self) -> anyhow::Result<()> {
        for person in &self.world.person.clone() {
            let me = self.client.get(&person.login, "/api/v1/me").await?;
            let text = |pointer: &str| {
                me.body
                    .pointer(pointer)
                    .and_then(Json::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let (id, body) = (text("/actor/person"), text("/actor/body"));
            ensure!(!id.is_empty(), "{} is not signed in: {}", person.login, me.body);
            self.words.learn(&person.login, &id, &body);
            self.names.insert(format!("person:{}", person.login), id);
            self.names.insert(format!("body:{}", person.body), body);
        }
        Ok(())
    }

    /// The record holds the founding and nothing else.
    ///
    /// # Errors
    /// Somebody acted or wound the clock before: the story would stumble over it.
    pub async fn must_be_untouched(&mut self) -> anyhow::Result<()> {
        let mut winds = 0;
        let mut from = 0;
        loop {
            let path = format!("/api/v1/ledger/proceedings/entries?from={from}");
            let page = self.client.get(&self.keeper, &path).await?;
            let entries = page.body.as_array().context("entries as a list")?;
            if entries.is_empty() {
                return Ok(());
            }
            for entry in entries {
                let kind = entry.get("kind").and_then(Json::as_str).unwrap_or_default();
                winds += usize::from(kind.starts_with("installation.clock_wound"));
                let of_founding = kind.starts_with("installation.") || kind.starts_with("registry.");
                ensure!(
                    of_founding && winds <= 1,
                    "somebody worked in this folder before ({kind}); the story needs one in which nothing was \
                     done: name a new folder with --data"
                );
            }
            from += entries.len();
        }
    }
}
