//! Bodies, people and delegations: the administrator's use cases.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event, Value,
    event::RegistryEvent,
    port::{Committed, Loaded, Proposal, Request, Stream, VaultItem},
    registry::{Body, Delegation, Membership, separations_hold},
};
use shuyu_kernel::{BodyId, CivilDate, Digest, Id, PersonId, Refusal};
use shuyu_ledger::commitment;

use crate::{App, Session, Stop};

/// Role that keeps the registry.
pub const ADMINISTRATOR: &str = "system_administrator";

/// A body to register.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewBody {
    /// Name.
    pub name: String,
    /// 统一社会信用代码, or empty.
    #[serde(default)]
    pub credit_code: String,
    /// Roles.
    pub roles: Vec<String>,
}

/// A person to enrol.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewPerson {
    /// Name: goes to the person vault.
    pub name: String,
    /// Sign-in name.
    pub login: String,
    /// First password.
    pub password: String,
    /// Posts.
    pub posts: Vec<Membership>,
}

/// A delegation to enter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewDelegation {
    /// Number of the paper.
    pub number: String,
    /// Sign-in name of the person who delegates.
    pub from: String,
    /// Sign-in name of the other.
    pub to: String,
    /// First day.
    pub starts_on: CivilDate,
    /// Last day.
    pub ends_on: CivilDate,
}

impl App {
    /// Registers a body.
    pub async fn register_body(
        &self,
        session: &Session,
        new: NewBody,
        key: &str,
    ) -> Result<(BodyId, Committed), Stop> {
        self.require_administrator(session)?;
        self.register_body_as_system(new, Some(key)).await
    }

    pub(crate) async fn register_body_as_system(
        &self,
        new: NewBody,
        key: Option<&str>,
    ) -> Result<(BodyId, Committed), Stop> {
        if !new.credit_code.is_empty() && new.credit_code.parse::<shuyu_kernel::cn::CreditCode>().is_err() {
            return Err(Refusal::unmet("credit_code_invalid").into());
        }
        let id: BodyId = Id::new(self.now(), self.ids.as_ref());
        let profile = self.profile();
        if let Some(role) = new.roles.iter().find(|role| profile.role(role).is_none()) {
            return Err(Refusal::unmet("role_unknown").fact("role", role).into());
        }
        separations_hold(&profile, "body", &new.roles.iter().cloned().collect())?;
        let content = (new.name.clone(), new.credit_code.clone(), new.roles.clone());
        let body = Body {
            id,
            name: new.name,
            credit_code: new.credit_code,
            roles: new.roles.into_iter().collect(),
        };
        let request = self.registry_request("register-body", key, &content);
        let decide = Box::new(move |loaded: &Loaded| {
            let event = loaded.registry.register_body(body)?;
            Ok(proposal(event, serde_json::json!({ "body": id })))
        });
        let committed = self.record.transact(request, decide).await?;
        let id = reply_id(&committed, "body").unwrap_or(id);
        Ok((id, committed))
    }

    /// Enrols a person and opens an account.
    pub async fn enrol(&self, session: &Session, new: NewPerson, key: &str) -> Result<PersonId, Stop> {
        self.require_administrator(session)?;
        self.enrol_as_system(new, Some(key)).await
    }

    pub(crate) async fn enrol_as_system(&self, new: NewPerson, key: Option<&str>) -> Result<PersonId, Stop> {
        let roles = new.posts.iter().map(|post| post.role.clone()).collect();
        separations_hold(&self.profile(), "person", &roles)?;
        let person: PersonId = Id::new(self.now(), self.ids.as_ref());
        let (name, item) = self.seal_personal(&person.to_string(), "name", &new.name);
        let event = RegistryEvent::PersonEnrolled {
            person,
            name,
            login: new.login.clone(),
            memberships: new.posts.clone(),
        };
        let request = self.registry_request("enrol", key, &(&new.login, &new.posts));
        let decide = Box::new(move |loaded: &Loaded| {
            let event = loaded.registry.enrol(event)?;
            let mut proposal = proposal(event, serde_json::json!({ "person": person }));
            proposal.vault.push(item);
            Ok(proposal)
        });
        let committed = self.record.transact(request, decide).await?;
        let person = reply_id(&committed, "person").unwrap_or(person);
        if !committed.replayed {
            self.create_account(&new.login, person, &new.password).await?;
        }
        Ok(person)
    }

    /// Enters a delegation paper: the first post of `from` may be exercised by `to` within the term.
    pub async fn delegate(
        &self,
        session: &Session,
        new: NewDelegation,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        let registry = self.registry().await?;
        let find = |login: &str| {
            registry
                .people
                .values()
                .find(|person| person.login == login)
                .cloned()
                .ok_or_else(|| Refusal::unmet("person_unknown").fact("login", login))
        };
        let (from, to) = (find(&new.from)?, find(&new.to)?);
        if from.id != session.actor.person && session.actor.role != ADMINISTRATOR {
            return Err(Refusal::forbidden("delegation_without_post")
                .fact("paper", &new.number)
                .into());
        }
        let membership = from
            .memberships
            .first()
            .cloned()
            .ok_or_else(|| Refusal::unmet("delegation_without_post").fact("paper", &new.number))?;
        let delegation = Delegation {
            number: new.number,
            from: from.id,
            to: to.id,
            membership,
            starts_on: new.starts_on,
            ends_on: new.ends_on,
        };
        let request = self.registry_request("delegate", Some(key), &delegation);
        let decide = Box::new(move |loaded: &Loaded| {
            let number = delegation.number.clone();
            Ok(proposal(
                loaded.registry.delegate(delegation)?,
                serde_json::json!({ "delegation": number }),
            ))
        });
        Ok(self.record.transact(request, decide).await?)
    }

    /// Replaces a personal value by a hiding commitment; the clear text goes to the vault of its subject.
    pub(crate) fn seal_personal(&self, subject: &str, field: &str, clear: &str) -> (Value, VaultItem) {
        let nonce = self.random::<32>();
        let commitment = commitment::commit(&nonce, field, clear.as_bytes());
        let reference = format!("{subject}/{field}/{}", commitment.short());
        let item = VaultItem {
            reference: reference.clone(),
            subject: subject.to_owned(),
            clear: clear.to_owned(),
            nonce,
        };
        (
            Value::Sealed {
                commitment,
                vault: reference,
            },
            item,
        )
    }

    fn registry_request(&self, name: &'static str, key: Option<&str>, content: &impl Serialize) -> Request {
        let bytes = serde_json::to_vec(content).unwrap_or_default();
        Request {
            name,
            stream: Stream::Registry,
            key: key.map(|key| ("registry".to_owned(), key.to_owned())),
            // Ids and nonces are new at every try: they are no part of what was asked.
            fingerprint: Digest::of(&bytes),
            expected_version: None,
            needs: Default::default(),
            numbering: None,
            at: self.now(),
        }
    }

    fn require_administrator(&self, session: &Session) -> Result<(), Refusal> {
        self.require_signed_in(session)?;
        if session.actor.role == ADMINISTRATOR {
            return Ok(());
        }
        let profile = self.profile();
        let title = profile
            .role(ADMINISTRATOR)
            .map_or(ADMINISTRATOR, |role| role.title.as_str());
        Err(Refusal::forbidden("role_may_not_act")
            .fact("act", "registry")
            .fact("roles", title))
    }
}

fn proposal(event: RegistryEvent, reply: serde_json::Value) -> Proposal {
    Proposal {
        events: vec![Event::Registry(event)],
        reply,
        ..Proposal::default()
    }
}

fn reply_id<T: std::str::FromStr>(committed: &Committed, name: &str) -> Option<T> {
    committed.reply.get(name)?.as_str()?.parse().ok()
}
