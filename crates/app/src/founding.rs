//! Founding an installation: the first event, and in training a world of fictional bodies and people.

use std::collections::BTreeMap;

use serde::Deserialize;
use shuyu_domain::{
    Event,
    event::InstallationEvent,
    port::{Log, Proposal, Record, Request, Stream},
    registry::Membership,
};
use shuyu_kernel::{BodyId, CivilDate, Digest, Fault, Refusal, Timestamp};
use shuyu_ledger::Entry;
use shuyu_profile::{Profile, ProfileSource};

use crate::{
    App, Stop,
    account::parse,
    erasing, erasure,
    registry::{NewBody, NewPerson},
    reminder, retention,
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
                self.record_wind(start, None).await?;
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
            seeks: Vec::new(),
            numbering: None,
            at,
        };
        let decide = Box::new(move |_: &_| {
            Ok(Proposal {
                events: vec![event],
                ..Proposal::default()
            })
        });
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
                    let new = NewBody {
                        name: body.name.clone(),
                        credit_code: String::new(),
                        roles: body.roles.clone(),
                    };
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
                    self.create_account(&person.login, enrolled.id, &world.password)
                        .await?;
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
                posts: vec![Membership {
                    body,
                    role: person.role.clone(),
                    post: person.post.clone(),
                }],
            };
            self.enrol_as_system(new, Some(&format!("world/person/{}", person.login)))
                .await?;
        }
        Ok(())
    }
}

/// Where the official clock of a wound installation goes on: where it was last wound to, or the last instant that
/// was recorded after that. Official time that has passed never comes back. `None` if it was never wound.
pub async fn wound_to(record: &dyn Record) -> Result<Option<Timestamp>, Fault> {
    let mut latest = None;
    for entry in record.stream(Stream::Installation).await? {
        let event = entry_event(&entry.bytes)?;
        if let Event::Installation(InstallationEvent::ClockWound { to, .. }) = event {
            latest = latest.max(Some(to));
        }
    }
    let Some(mut latest) = latest else { return Ok(None) };
    for log in [Log::Proceedings, Log::Access] {
        let size = record.size(log).await?;
        for stored in record.entries(log, size.saturating_sub(1), 1).await? {
            latest = latest.max(entry_of(&stored.bytes)?.recorded_at);
        }
    }
    Ok(Some(latest))
}

/// The event in the bytes of an entry of the proceedings.
pub fn entry_event(bytes: &[u8]) -> Result<Event, Fault> {
    let entry = entry_of(bytes)?;
    let payload: ActPayload = serde_json::from_slice(&entry.payload)
        .map_err(|error| Fault::new("reading a ledger entry", error))?;
    Ok(payload.event)
}

fn entry_of(bytes: &[u8]) -> Result<Entry, Fault> {
    Entry::parse(bytes).map_err(|error| Fault::new("reading a ledger entry", error.to_string()))
}

/// Payload of an entry of the proceedings.
#[derive(Deserialize)]
struct ActPayload {
    event: Event,
}

impl App {
    /// Makes every profile version at hand that some case is pinned to, and keeps the present one.
    ///
    /// # Errors
    /// A fault if a kept version no longer loads.
    pub async fn restore_profiles(&self) -> Result<(), Stop> {
        self.pin_kept_profiles().await?;
        let profile = self.profile();
        let digest = profile.digest.to_string();
        if self.record.document("profile", &digest).await?.is_none() {
            let (base, own) = self.profiles.source();
            self.put("profile", &digest, &profile.id, &(&base.files, &own.files), 1)
                .await?;
        }
        Ok(())
    }

    /// Makes every kept version at hand; writes nothing.
    ///
    /// # Errors
    /// A fault if one no longer loads.
    pub async fn pin_kept_profiles(&self) -> Result<(), Stop> {
        for document in self.record.documents("profile", None).await? {
            let (base, own): (BTreeMap<String, String>, BTreeMap<String, String>) = parse(&document)?;
            let named = |name: &str, files| ProfileSource {
                name: name.to_owned(),
                files,
            };
            let loaded = Profile::load(&named("cn-base", base), &named(&document.owner, own));
            let profile = loaded.map_err(|errors| {
                let first = errors.first().map(ToString::to_string).unwrap_or_default();
                Fault::new(format!("loading the kept profile {}", document.key), first)
            })?;
            self.profiles.pin(profile);
        }
        Ok(())
    }

    /// Delivers what waits in the outbox into the notices of this installation; each at least once, by key.
    pub async fn deliver_notices(&self) -> Result<u64, Stop> {
        let mut delivered = 0;
        for effect in self.record.outbox(200).await? {
            if effect.kind == erasure::EFFECT {
                self.carry_out_erasure(&effect).await?;
            } else if effect.kind == erasing::EFFECT {
                self.hide_erased(&effect).await?;
            } else if effect.kind == retention::EFFECT {
                self.purging.wake();
            } else if effect.kind == reminder::EFFECT {
                self.deliver_reminder(&effect).await?;
            } else if self.record.document("notice", &effect.key).await?.is_none() {
                self.put("notice", &effect.key, &effect.kind, &effect.payload, 1)
                    .await?;
            }
            self.record.outbox_done(&effect.key).await?;
            delivered += 1;
        }
        self.tidy().await?;
        Ok(delivered)
    }
}
