//! Founding an installation: the first event, and in training a world of fictional bodies and people.

use std::collections::BTreeMap;

use serde::Deserialize;
use shuyu_domain::{
    Event,
    event::InstallationEvent,
    port::{Proposal, Request, Stream},
    registry::Membership,
};
use shuyu_kernel::{BodyId, CivilDate, Digest, Refusal};

use crate::{
    App, Stop,
    registry::{NewBody, NewPerson},
};

/// A world to found a training installation with: fictional bodies and people.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// First day of the training clock.
    pub starts_on: CivilDate,
    /// Password of everybody. Training only.
    pub password: String,
    /// Bodies.
    pub body: Vec<WorldBody>,
    /// People.
    pub person: Vec<WorldPerson>,
}

/// A fictional body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldBody {
    /// Name in this file.
    pub id: String,
    /// Name.
    pub name: String,
    /// Roles.
    pub roles: Vec<String>,
}

/// A fictional person.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldPerson {
    /// Sign-in name.
    pub login: String,
    /// Name.
    pub name: String,
    /// Body, by its name in this file.
    pub body: String,
    /// Role.
    pub role: String,
    /// Post.
    pub post: String,
}

impl App {
    /// Founds the installation if it is new. A training world is founded with it; a founding that was
    /// interrupted is taken up where it stopped.
    ///
    /// # Errors
    /// Faults of the record; a refusal if the world contradicts itself.
    pub async fn found(&self, world: Option<&World>) -> Result<(), Stop> {
        let events = self.record.stream(Stream::Installation).await?;
        let fresh = events.is_empty();
        if fresh {
            let start = world.map(|world| self.profile().zone.at_hour(world.starts_on, 9));
            if let Some(start) = start {
                self.set_clock(start);
            }
            self.record_founding().await?;
            if let Some(start) = start {
                self.record_wind(start).await?;
            }
        }
        if let Some(world) = world {
            self.populate(world).await?;
        }
        Ok(())
    }

    async fn record_founding(&self) -> Result<(), Stop> {
        let profile = self.profile();
        let at = self.now();
        let (base, own) = self.profiles.source();
        self.put("profile", &profile.digest.to_string(), &profile.id, &(&base.files, &own.files), 1).await?;
        let event = Event::Installation(InstallationEvent::Founded {
            profile: profile.digest,
            profile_id: profile.id.clone(),
            kind: if self.training { "training" } else { "production" }.to_owned(),
            at,
        });
        let request = Request {
            name: "found",
            stream: Stream::Installation,
            key: Some(("system".to_owned(), "found".to_owned())),
            fingerprint: Digest::of(b"found"),
            expected_version: None,
            needs: Default::default(),
            numbering: None,
            at,
        };
        let decide = Box::new(move |_: &_| Ok(Proposal { events: vec![event], ..Proposal::default() }));
        self.record.transact(request, decide).await?;
        Ok(())
    }

    async fn populate(&self, world: &World) -> Result<(), Stop> {
        let known = self.registry().await?;
        let mut bodies: BTreeMap<&str, BodyId> = BTreeMap::new();
        for body in &world.body {
            let id = match known.bodies.values().find(|other| other.name == body.name) {
                Some(other) => other.id,
                None => {
                    let new = NewBody { name: body.name.clone(), credit_code: String::new(), roles: body.roles.clone() };
                    let key = format!("world/body/{}", body.id);
                    self.register_body_as_system(new, Some(&key)).await?.0
                }
            };
            bodies.insert(&body.id, id);
        }
        for person in &world.person {
            let enrolled = known.people.values().find(|other| other.login == person.login);
            if let Some(enrolled) = enrolled {
                // Killed between enrolment and account: the account is made good here.
                if self.record.document("account", &person.login).await?.is_none() {
                    self.create_account(&person.login, enrolled.id, &world.password).await?;
                }
                continue;
            }
            let body = bodies
                .get(person.body.as_str())
                .copied()
                .ok_or_else(|| Refusal::unmet("link_unknown").fact("field", &person.body))?;
            let new = NewPerson {
                name: person.name.clone(),
                login: person.login.clone(),
                password: world.password.clone(),
                posts: vec![Membership { body, role: person.role.clone(), post: person.post.clone() }],
            };
            self.enrol_as_system(new, Some(&format!("world/person/{}", person.login))).await?;
        }
        Ok(())
    }
}
