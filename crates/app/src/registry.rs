//! Bodies, people and delegations: the administrator's use cases. Every entry says who made it, when and how.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event, Paper, Value,
    event::{RegistryEvent, RegistryMeta},
    port::{Committed, Decide, Loaded, Proposal, Request, Stream, VaultItem},
    registry::{Body, Membership, separations_hold},
};
use shuyu_kernel::{BodyId, CivilDate, Digest, Id, Manner, PersonId, Refusal};
use shuyu_ledger::commitment;

use crate::{App, Session, Stop, noting::echo};

/// Role that keeps the registry.
pub const ADMINISTRATOR: &str = "system_administrator";

/// Scope of the idempotency keys of the registry.
const REGISTRY_KEYS: &str = "registry";

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
    /// Digest of the paper, uploaded by the body of whoever enters it.
    pub paper: String,
    /// The post delegated: role and post. May be left out by whom holds only one.
    pub post: Option<(String, String)>,
}

/// A delegation to take back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NewWithdrawal {
    /// Number of the delegation paper.
    pub number: String,
    /// Digest of the paper that takes it back; may be empty.
    #[serde(default)]
    pub paper: String,
}

impl App {
    /// Registers a body.
    pub async fn register_body(
        &self,
        session: &Session,
        new: NewBody,
        key: &str,
    ) -> Result<(BodyId, Committed), Stop> {
        let result = match self.administrators_meta(session) {
            Ok(by) => self.register_body_by(new, Some(key), Some(by)).await,
            Err(stop) => Err(stop),
        };
        self.noted(session, "registry/body", result).await
    }

    pub(crate) async fn register_body_as_system(
        &self,
        new: NewBody,
        key: Option<&str>,
    ) -> Result<(BodyId, Committed), Stop> {
        self.register_body_by(new, key, None).await
    }

    async fn register_body_by(
        &self,
        new: NewBody,
        key: Option<&str>,
        by: Option<RegistryMeta>,
    ) -> Result<(BodyId, Committed), Stop> {
        if !new.credit_code.is_empty() && new.credit_code.parse::<shuyu_kernel::cn::CreditCode>().is_err() {
            return Err(Refusal::unmet("credit_code_invalid").into());
        }
        let id: BodyId = Id::new(self.now(), self.ids.as_ref());
        let profile = self.profile();
        if let Some(role) = new.roles.iter().find(|role| profile.role(role).is_none()) {
            return Err(Refusal::unmet("role_unknown").fact("role", echo(role)).into());
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
            Ok(proposal(entered(event, by), serde_json::json!({ "body": id })))
        });
        let committed = self.enter_in_registry(request, decide).await?;
        let id = reply_id(&committed, "body").unwrap_or(id);
        Ok((id, committed))
    }

    /// Enrols a person and opens an account.
    pub async fn enrol(&self, session: &Session, new: NewPerson, key: &str) -> Result<PersonId, Stop> {
        let result = match self.administrators_meta(session) {
            Ok(by) => self.enrol_by(new, Some(key), Some(by)).await,
            Err(stop) => Err(stop),
        };
        self.noted(session, "registry/person", result).await
    }

    pub(crate) async fn enrol_as_system(&self, new: NewPerson, key: Option<&str>) -> Result<PersonId, Stop> {
        self.enrol_by(new, key, None).await
    }

    async fn enrol_by(
        &self,
        new: NewPerson,
        key: Option<&str>,
        by: Option<RegistryMeta>,
    ) -> Result<PersonId, Stop> {
        let roles = new.posts.iter().map(|post| post.role.clone()).collect();
        separations_hold(&self.profile(), "person", &roles)?;
        let person: PersonId = Id::new(self.now(), self.ids.as_ref());
        let (name, item) = self.seal_personal(&person.to_string(), "name", &new.name);
        let event = RegistryEvent::PersonEnrolled {
            person,
            name,
            login: new.login.clone(),
            memberships: new.posts.clone(),
            by,
        };
        // Name and password are part of what was asked, but a plain digest of them could be guessed.
        let asked = serde_json::to_vec(&new).unwrap_or_default();
        let request = Request {
            fingerprint: self.secrets.keyed_digest(&asked),
            ..self.registry_request("enrol", key, &())
        };
        let decide = Box::new(move |loaded: &Loaded| {
            let event = loaded.registry.enrol(event)?;
            let mut proposal = proposal(event, serde_json::json!({ "person": person }));
            proposal.vault.push(item);
            Ok(proposal)
        });
        let committed = self.enter_in_registry(request, decide).await?;
        let person = reply_id(&committed, "person").unwrap_or(person);
        // Killed between enrolment and account: the repeated request makes the account good. An account that is
        // there stays as it is.
        let missing = committed.replayed && self.record.document("account", &new.login).await?.is_none();
        if !committed.replayed || missing {
            self.create_account(&new.login, person, &new.password).await?;
        }
        Ok(person)
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

    /// Commits an entry of the registry. Whose post, delegation or body ended by it is in the chain of running
    /// queries and jobs: those stop at once.
    pub(crate) async fn enter_in_registry(
        &self,
        request: Request,
        decide: Decide,
    ) -> Result<Committed, Stop> {
        let committed = self.record.transact(request, decide).await?;
        self.stop_ended_queries(None).await;
        Ok(committed)
    }

    pub(crate) fn registry_request(
        &self,
        name: &'static str,
        key: Option<&str>,
        content: &impl Serialize,
    ) -> Request {
        let bytes = serde_json::to_vec(content).unwrap_or_default();
        Request {
            name,
            stream: Stream::Registry,
            key: key.map(|key| (REGISTRY_KEYS.to_owned(), key.to_owned())),
            // Ids and nonces are new at every try: they are no part of what was asked.
            fingerprint: Digest::of(&bytes),
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        }
    }

    /// Who enters something in the registry now, from which paper.
    ///
    /// # Errors
    /// `session_missing`.
    pub(crate) fn meta(
        &self,
        session: &Session,
        paper: Option<Paper>,
        on_behalf: Option<PersonId>,
    ) -> Result<RegistryMeta, Refusal> {
        self.require_signed_in(session)?;
        let manner = match (&session.actor.delegation, on_behalf) {
            (_, Some(person)) if person != session.actor.person => Manner::OnBehalf,
            (Some(_), _) => Manner::Delegate,
            (None, _) => Manner::InPerson,
        };
        Ok(RegistryMeta {
            actor: session.actor.clone(),
            manner,
            happened_on: self.today(),
            recorded_on: self.today(),
            paper,
        })
    }

    /// The same with a paper by its digest, if one is named.
    pub(crate) async fn meta_with_paper(
        &self,
        session: &Session,
        paper: Option<&str>,
    ) -> Result<RegistryMeta, Stop> {
        let paper = match paper {
            Some(digest) => Some(self.own_paper(session, digest).await?),
            None => None,
        };
        Ok(self.meta(session, paper, None)?)
    }

    /// What was answered in the registry under a key before.
    pub(crate) async fn replayed(&self, key: &str) -> Result<Option<Committed>, Stop> {
        Ok(self.record.earlier(REGISTRY_KEYS, key).await?)
    }

    fn administrators_meta(&self, session: &Session) -> Result<RegistryMeta, Stop> {
        self.require_administrator(session)?;
        Ok(self.meta(session, None, None)?)
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

/// The event with who entered it; what the installation does itself has nobody.
fn entered(event: RegistryEvent, by: Option<RegistryMeta>) -> RegistryEvent {
    match by {
        Some(by) => event.entered_by(by),
        None => event,
    }
}

pub(crate) fn proposal(event: RegistryEvent, reply: serde_json::Value) -> Proposal {
    Proposal {
        events: vec![Event::Registry(event)],
        reply,
        ..Proposal::default()
    }
}

fn reply_id<T: std::str::FromStr>(committed: &Committed, name: &str) -> Option<T> {
    committed.reply.get(name)?.as_str()?.parse().ok()
}
