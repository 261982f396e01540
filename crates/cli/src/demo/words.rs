//! The names that people use: titles of the profile, words of the locales, people and bodies of the world.

use std::collections::BTreeMap;

use anyhow::Context as _;
use shuyu_app::founding::World;
use shuyu_kernel::{Basis, Manner};
use shuyu_profile::{Act, Procedure, Profile};
use shuyu_web::i18n::{Language, Texts};

use crate::embedded;

/// The language of the printed story.
const LANGUAGE: Language = Language::Zh;

/// Everything that turns ids into words.
pub struct Words {
    profile: Profile,
    texts: Texts,
    /// Name and body's name of each sign-in name, with role and post.
    people: BTreeMap<String, Person>,
    /// Sign-in name of each person id, learnt at sign-in.
    logins: BTreeMap<String, String>,
    /// Name of each body id, learnt at sign-in.
    bodies: BTreeMap<String, String>,
}

#[derive(Clone)]
struct Person {
    name: String,
    body: String,
    post: String,
}

impl Words {
    /// The words of a world under its profile.
    pub fn new(world: &World, profile: &str) -> anyhow::Result<Self> {
        let base = embedded::profile_source("cn-base")?;
        let own = embedded::profile_source(profile)?;
        let profile = Profile::load(&base, &own).map_err(|errors| embedded::listed(&errors))?;
        let texts = Texts::load().map_err(|error| anyhow::anyhow!("locales: {error}"))?;
        let mut people = BTreeMap::new();
        for person in &world.person {
            let body = world
                .body
                .iter()
                .find(|body| body.id == person.body)
                .with_context(|| format!("no body {}", person.body))?;
            let post = profile.posts.iter().find(|post| post.id == person.post);
            people.insert(
                person.login.clone(),
                Person {
                    name: person.name.clone(),
                    body: body.name.clone(),
                    post: post.map_or_else(|| person.post.clone(), |post| post.title.clone()),
                },
            );
        }
        Ok(Self {
            profile,
            texts,
            people,
            logins: BTreeMap::new(),
            bodies: BTreeMap::new(),
        })
    }

    /// Learns whose ids these are.
    pub fn learn(&mut self, login: &str, person: &str, body: &str) {
        self.logins.insert(person.to_owned(), login.to_owned());
        if let Some(known) = self.people.get(login) {
            self.bodies.insert(body.to_owned(), known.body.clone());
        }
    }

    /// Words of a key.
    pub fn word(&self, key: &str) -> String {
        self.texts.t(LANGUAGE, key)
    }

    /// Words of a key with arguments.
    pub fn words(&self, key: &str, arguments: &[(&str, &str)]) -> String {
        self.texts.tr(LANGUAGE, key, arguments)
    }

    /// The word of a manner.
    pub fn manner(&self, manner: Manner) -> String {
        self.word(match manner {
            Manner::InPerson => "manner-in-person",
            Manner::Delegate => "manner-delegate",
            Manner::OnBehalf => "manner-on-behalf",
            Manner::System => "manner-system",
        })
    }

    /// Body, post and name of a sign-in name; `login/paper` acts under a delegation.
    pub fn login(&self, login: &str) -> String {
        let (name, paper) = match login.split_once('/') {
            Some((name, paper)) => (name, Some(paper)),
            None => (login, None),
        };
        let Some(person) = self.people.get(name) else {
            return login.to_owned();
        };
        let mut arguments = vec![
            ("body", person.body.as_str()),
            ("post", person.post.as_str()),
            ("name", person.name.as_str()),
        ];
        match paper {
            None => self.words("demo-person", &arguments),
            Some(paper) => {
                arguments.push(("paper", paper));
                self.words("demo-person-delegated", &arguments)
            }
        }
    }

    /// Name of a sign-in name's body.
    pub fn body_of(&self, login: &str) -> String {
        let name = login.split('/').next().unwrap_or_default();
        self.people
            .get(name)
            .map_or_else(String::new, |person| person.body.clone())
    }

    /// Body, post and name of a person by id.
    pub fn person(&self, id: &str, delegation: Option<&str>) -> String {
        match (self.logins.get(id), delegation) {
            (Some(login), None) => self.login(login),
            (Some(login), Some(paper)) => self.login(&format!("{login}/{paper}")),
            (None, _) => id.to_owned(),
        }
    }

    /// Name alone of a person by id.
    pub fn name(&self, id: &str) -> String {
        self.logins
            .get(id)
            .and_then(|login| self.people.get(login))
            .map_or_else(|| id.to_owned(), |person| person.name.clone())
    }

    /// Name of a body by id.
    pub fn body(&self, id: &str) -> String {
        self.bodies.get(id).cloned().unwrap_or_else(|| id.to_owned())
    }

    /// Title of a role.
    pub fn role(&self, id: &str) -> String {
        self.profile
            .role(id)
            .map_or_else(|| id.to_owned(), |role| role.title.clone())
    }

    /// A procedure.
    pub fn procedure(&self, id: &str) -> Option<&Procedure> {
        self.profile.procedure(id)
    }

    /// Title of an act.
    pub fn act(&self, procedure: &str, id: &str) -> String {
        self.rule(procedure, id)
            .map_or_else(|| id.to_owned(), |act| act.title.clone())
    }

    /// Title of a clock.
    pub fn clock(&self, procedure: &str, id: &str) -> String {
        self.procedure(procedure)
            .and_then(|procedure| procedure.clocks.iter().find(|clock| clock.id == id))
            .map_or_else(|| id.to_owned(), |clock| clock.title.clone())
    }

    /// Title of the step of a route, counted from 0.
    pub fn step(&self, procedure: &str, act: &str, number: usize) -> String {
        let route = self.rule(procedure, act).map(|act| act.route.as_slice());
        match route.and_then(|route| route.get(number)) {
            Some(step) => step.title.clone(),
            None if number == 0 => self.word("demo-entered-by"),
            None => self.word("demo-checker"),
        }
    }

    /// What an act or the opening of a case rests on: clauses, else in whose words.
    pub fn basis(&self, procedure: &str, act: &str) -> String {
        let of_act = self.rule(procedure, act).map(|act| &act.basis);
        let basis = of_act.or_else(|| self.procedure(procedure).map(|procedure| &procedure.basis));
        match basis {
            None => self.word("demo-no-clause"),
            Some(Basis::Cite(clauses)) => {
                let ids: Vec<&str> = clauses.iter().map(|clause| clause.as_str()).collect();
                ids.join(" ")
            }
            Some(Basis::Inferred(why)) => self.words("basis-inferred", &[("why", why)]),
            Some(Basis::AgreementItem(item)) => self.words("basis-agreement-item", &[("item", item)]),
            Some(Basis::PlatformDefault(why)) => self.words("basis-platform-default", &[("why", why)]),
        }
    }

    fn rule(&self, procedure: &str, act: &str) -> Option<&Act> {
        self.procedure(procedure)?.act(act)
    }
}
