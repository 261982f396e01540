//! One scenario walked: new acts through the pages, the rest as the engine decided it.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_domain::{
    Case, Value,
    event::CaseEvent,
    registry::{Delegation, Membership},
    scenario::{StepRun, World, Written, steps_of, take},
    value::columns_from_text,
};
use shuyu_kernel::{Actor, CaseId, Manner, PersonId};
use shuyu_profile::{Act, Field, FieldType, Procedure};

use super::{
    Law,
    cover::{Goal, MadeUp, ours},
    filling::filled,
    form::hidden,
    hall::Hall,
    visitor::{Page, Sent, Visitor},
};

/// Walks a scenario; `taken` grows by the acts taken through the pages, `wrong` by what went otherwise.
pub async fn scenario(law: &Law, name: &str, taken: &mut BTreeSet<Goal>, wrong: &mut Vec<String>) {
    let steps = steps_of(&law.scenarios, name).unwrap();
    if let Err(told) = walked(law, &steps, taken).await {
        wrong.push(format!("{name}, {told}"));
    }
}

/// Walks up to steps of our own, and takes those through the pages that nobody has taken.
pub async fn made_up(law: &Law, made_up: &MadeUp, taken: &mut BTreeSet<Goal>, wrong: &mut Vec<String>) {
    let mut steps = steps_of(&law.scenarios, &made_up.scenario).unwrap();
    steps.truncate(made_up.after);
    steps.extend(made_up.steps.iter().map(ours));
    if let Err(told) = walked(law, &steps, taken).await {
        wrong.push(format!("made up after {}, {told}", made_up.scenario));
    }
}

async fn walked(law: &Law, steps: &[Written<'_>], taken: &mut BTreeSet<Goal>) -> Told<()> {
    let profile = &law.profile;
    let mut hall = Hall::new(law).await;
    let mut world = World::new(profile);
    let mut by_delegate = true;
    for written in steps {
        let before = world.clone();
        let run = take(&mut world, profile, written).unwrap();
        if run.refusal.is_some() {
            continue;
        }
        let step = written.step;
        let day = step.entered_on.unwrap_or(step.on);
        let case = world.names[&step.case];
        let goal = (run.procedure.clone(), run.act.clone());
        let already = before.events.get(&case).map_or(0, Vec::len);
        // Some scenarios go back in time; a record does not, so such an act is left to another round.
        if !taken.contains(&goal) && hall.goes_on_to(day) {
            let mut walk = Walk {
                actor: world.acting(profile, step).unwrap(),
                hall: &mut hall,
                world: &mut world,
                procedure: profile.procedure(&run.procedure).unwrap(),
                run: &run,
                written,
                case,
            };
            // After a failure the record may have half of it: the rest of the scenario means nothing any more.
            walk.through_the_pages(&mut by_delegate).await.map_err(|told| {
                let place = format!("step {} of {}", written.number, written.scenario);
                format!("{place}: {}/{} as {}: {told}", goal.0, goal.1, step.actor)
            })?;
            taken.insert(goal);
            continue;
        }
        hall.registers(&world.registry).await;
        let events = world.events[&case][already..].to_vec();
        if let Some(content) = events.iter().find_map(content_of) {
            let actor = world.acting(profile, step).unwrap();
            released(&mut hall, &world, case, &content, &actor).await;
        }
        hall.happened(case, &events).await;
    }
    Ok(())
}

/// What a product delivers, as the scenario calls it.
fn content_of(event: &CaseEvent) -> Option<String> {
    let (CaseEvent::Opened { set, .. } | CaseEvent::Taken { set, .. }) = event else {
        return None;
    };
    set.get("content_release").map(Value::text)
}

/// What a product delivers is an answer that left the domain; scenarios only say that there is one.
async fn released(hall: &mut Hall, world: &World, case: CaseId, content: &str, by: &Actor) {
    if hall.ours(content) != content {
        return;
    }
    let links = world.cases[&case].links();
    let permitted = links.iter().find_map(|id| {
        let permit = world.cases.get(id)?.permit.as_ref()?;
        Some((*id, permit.id))
    });
    if let Some((source, permit)) = permitted {
        let source = hall.ours(&source.to_string()).parse().unwrap();
        let release = hall.has_release(source, permit, by).await;
        hall.is_called(content, &release.to_string());
    }
}

pub(super) struct Walk<'a> {
    hall: &'a mut Hall,
    world: &'a mut World,
    pub(super) procedure: &'a Procedure,
    pub(super) run: &'a StepRun,
    pub(super) written: &'a Written<'a>,
    case: CaseId,
    actor: Actor,
}

pub(super) type Told<T> = Result<T, String>;

pub(super) fn holds(what: bool, told: impl FnOnce() -> String) -> Told<()> {
    if what { Ok(()) } else { Err(told()) }
}

impl Walk<'_> {
    pub(super) fn act(&self) -> Option<&Act> {
        self.procedure.act(&self.run.act)
    }

    async fn through_the_pages(&mut self, by_delegate: &mut bool) -> Told<()> {
        // Names the step uses may be made up now, before the record learns who there is.
        let mut values = self.values()?;
        let delegate = self.delegate().filter(|_| std::mem::take(by_delegate));
        let registry = self.world.registry.clone();
        self.hall.registers(&registry).await;
        self.data().await;
        if let Some(content) = values.get_mut("content_release") {
            released(self.hall, self.world, self.case, content, &self.actor).await;
            *content = self.hall.ours(content);
        }
        let base = self.base();
        let visitor = match delegate {
            Some((other, number)) => self.switched(&other, &number).await?,
            None => self.hall.sits_down(&self.actor).await,
        };
        let form = filled(self, &visitor, &base, &values).await?;
        let (key, version) = (hidden(&form.text, "key"), hidden(&form.text, "version"));
        let sent = [
            Sent::Text("key".to_owned(), key),
            Sent::Text("version".to_owned(), version),
        ];
        let done = visitor.post(&format!("{base}/check"), &sent).await;
        holds(done.status == 303, || {
            format!("submitting is answered {} {}", done.status, refusal(&done))
        })?;
        let ours = done.location.split('/').nth(2).unwrap_or_default().to_owned();
        if self.act().is_none() {
            self.hall.is_called(&self.case.to_string(), &ours);
        }
        self.further_hands(&ours).await?;
        self.same(&self.hall.case(&ours).await)
    }

    /// Address of the form.
    fn base(&self) -> String {
        if self.act().is_none() {
            return format!("/open/{}", self.procedure.id);
        }
        let case = self.hall.ours(&self.case.to_string());
        format!(
            "/cases/{case}/acts/{}/{}",
            self.run.act,
            self.lane().unwrap_or("-".to_owned())
        )
    }

    fn lane(&self) -> Option<String> {
        let (lane, body) = self.written.step.lane.as_deref()?.split_once(':')?;
        Some(format!("{lane}:{}", self.world.known_body(body)?))
    }

    /// Another person of the body, with a paper that lets them open the case.
    fn delegate(&mut self) -> Option<(Actor, String)> {
        let in_person = self
            .act()
            .is_none_or(|act| act.manners.contains(&Manner::InPerson));
        if !in_person || self.run.manner != Manner::InPerson {
            return None;
        }
        let own = Membership {
            body: self.actor.body,
            role: self.actor.role.clone(),
            post: "colleague".to_owned(),
        };
        let other = self.world.person(own.body, &own.role, &own.post, "proxy");
        let number = format!("walk-{}", self.written.number);
        let delegation = Delegation {
            number: number.clone(),
            from: self.actor.person,
            to: other,
            membership: Membership {
                post: self.actor.post.clone(),
                ..own.clone()
            },
            starts_on: self.written.step.on,
            ends_on: self.written.step.on.plus_days(400),
            paper: None,
            withdrawn_on: None,
        };
        self.world.registry.delegations.insert(number.clone(), delegation);
        let actor = Actor {
            person: other,
            post: own.post,
            ..self.actor.clone()
        };
        Some((actor, number))
    }

    /// The other person chooses the delegated post in the frame of the page.
    async fn switched(&self, other: &Actor, number: &str) -> Told<Visitor> {
        let visitor = self.hall.sits_down(other).await;
        let own = &self.actor;
        let post = format!("{}|{}|{}|{number}", own.body, own.role, own.post);
        let desk = visitor.get("/").await;
        holds(desk.text.contains(&format!("<option value=\"{post}\"")), || {
            format!("the delegated post {post} is not offered: {}", desk.status)
        })?;
        let switched = visitor
            .post("/post", &[Sent::Text("post".to_owned(), post)])
            .await;
        holds(switched.status == 303, || {
            format!("switching: {} {}", switched.status, refusal(&switched))
        })?;
        Ok(visitor)
    }

    /// Values of the step as a form takes them, by field.
    fn values(&mut self) -> Told<BTreeMap<String, String>> {
        let mut values = BTreeMap::new();
        for (id, text) in &self.run.set {
            let field = self.procedure.field(id).ok_or(format!("no field {id}"))?;
            let value = value(self.world, self.hall, &self.actor, field, text)?;
            values.insert(id.clone(), value);
        }
        Ok(values)
    }

    /// The tables that the step names, and as many rows as it says have arrived.
    async fn data(&mut self) {
        for (id, text) in &self.run.set {
            let Some(field) = self.procedure.field(id) else {
                continue;
            };
            if field.ty == FieldType::Columns
                && let Ok(text) = value(self.world, self.hall, &self.actor, field, text)
            {
                let tables = columns_from_text(&text).unwrap_or_default();
                self.hall.has_tables(&tables, &self.actor).await;
            }
            if field.measured.is_some()
                && let Ok(rows) = text.parse()
            {
                let case = self.hall.ours(&self.case.to_string()).parse().unwrap();
                let table = format!("arrived_{}", self.written.number);
                self.hall
                    .has_rows(case, &table, vec!["n".to_owned()], rows, &self.actor)
                    .await;
            }
        }
    }

    /// The remaining steps of the route, each by another person, from the page of the case.
    async fn further_hands(&mut self, ours: &str) -> Told<()> {
        while self.written.step.route {
            let case = self.hall.case(ours).await;
            let waiting = case.pending.iter().find(|waiting| waiting.act == self.run.act);
            let Some(waiting) = waiting.cloned() else { break };
            let took: Vec<PersonId> = waiting.steps.iter().map(|step| step.person).collect();
            let post = waiting.next.first().map_or("checker", String::as_str);
            let next = self.world.colleague(&self.actor, post, &took);
            let registry = self.world.registry.clone();
            self.hall.registers(&registry).await;
            let visitor = self.hall.sits_down(&next).await;
            let page = visitor.get(&format!("/cases/{ours}")).await;
            let address = format!("/cases/{ours}/waiting/{}/advance", waiting.number);
            let offered = page.text.split_once(&format!("action=\"{address}\""));
            let (_, button) = offered.ok_or(format!("{post} finds no next step: {}", page.status))?;
            let fields = ["key", "version"].map(|name| Sent::Text(name.to_owned(), hidden(button, name)));
            let done = visitor.post(&address, &fields).await;
            holds(done.status == 303, || {
                format!("{post}: {} {}", done.status, refusal(&done))
            })?;
        }
        Ok(())
    }

    /// That the record has the case as the engine has it.
    fn same(&self, case: &Case) -> Told<()> {
        let engine = self.outcome(&self.world.cases[&self.case]);
        let record = self.outcome(case);
        holds(engine == record, || {
            format!("the engine says {engine}, the record {record}")
        })
    }

    fn outcome(&self, case: &Case) -> String {
        let clocks: Vec<String> = case
            .clocks
            .iter()
            .map(|clock| format!("{}:{} {:?}", clock.run.clock, clock.run.due, clock.stopped_on))
            .collect();
        let lanes: Vec<String> = case
            .lanes
            .iter()
            .map(|(key, lane)| format!("{key} {:?} {:?}", lane.status, lane.struck))
            .collect();
        let acts: Vec<&str> = case.acts.iter().map(|taken| taken.act.as_str()).collect();
        let fields: Vec<&String> = case.fields.keys().collect();
        format!(
            "{} {:?} {} {acts:?} {fields:?} {clocks:?} {lanes:?} {:?} {} waiting, permit {:?}, parties {:?}",
            case.stage,
            case.holder,
            case.closed,
            case.objections,
            case.pending.len(),
            case.permit
                .as_ref()
                .map(|permit| (permit.expires_on, permit.ended)),
            case.parties
        )
    }
}

/// A value as a form sends it: names become ids.
fn value(world: &mut World, hall: &Hall, actor: &Actor, field: &Field, text: &str) -> Told<String> {
    let name = |prefix: &str| text.strip_prefix(prefix).unwrap_or_default().to_owned();
    if field.personal {
        return Ok(text.to_owned());
    }
    Ok(match field.ty {
        FieldType::File => name("file:"),
        FieldType::Body => world
            .known_body(&name("body:"))
            .map(|id| id.to_string())
            .unwrap_or_default(),
        FieldType::Person => world
            .person(actor.body, &actor.role, "clerk", &name("person:"))
            .to_string(),
        FieldType::Case | FieldType::Cases | FieldType::Columns => {
            let with_id = |word: &str| match word.strip_prefix("case:") {
                Some(name) => world.names[name].to_string(),
                None => word.to_owned(),
            };
            let line = |line: &str| line.split(' ').map(with_id).collect::<Vec<_>>().join(" ");
            hall.ours(&text.lines().map(line).collect::<Vec<_>>().join("\n"))
        }
        _ => text.to_owned(),
    })
}

pub(super) fn refusal(page: &Page) -> String {
    match page.code() {
        "" => page.text.chars().take(2000).collect(),
        code => code.to_owned(),
    }
}
