//! Sign-in, sessions and the actor behind a request.
//!
//! Passwords are argon2id hashes; five failures lock the name for a while, and an address is limited too; a session
//! is a random token of which only the digest is stored. Sessions live in process time, so that winding the training
//! clock ends none.

mod post;
mod throttle;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use serde::{Deserialize, Serialize};
use shuyu_domain::{Registry, port::Document};
use shuyu_kernel::{Actor, Digest, Fault, PersonId, Refusal, RefusalKind, Timestamp};

use crate::{App, Stop};

use post::first_post;
pub(crate) use throttle::COUNTERS;
pub use throttle::{ADDRESS_FAILURES, FAILURES_BEFORE_LOCK, LOCK_SECONDS, Source};

/// A session lasts this long without use (8 hours: a working day).
pub const SESSION_IDLE_SECONDS: i64 = 8 * 3600;
/// A session lasts no longer than this, however much it is used (a day; platform default).
pub const SESSION_LONGEST_SECONDS: i64 = 24 * 3600;
/// So many passwords are hashed at once (platform default: 19 MiB and a core each).
pub(crate) const HASHES_AT_ONCE: usize = 4;
/// So often a document is written again after somebody was faster. Each round one writer gets through.
pub(crate) const TRIES: usize = 64;

/// What a sign-in gives: the token goes into a cookie or header, nowhere else.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Secret token.
    pub token: String,
    /// The session.
    pub session: Session,
}

/// A signed-in person acting in one post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Digest of the token: the key of the session.
    pub key: String,
    /// Who acts, for whom.
    pub actor: Actor,
    /// Sign-in name.
    pub login: String,
    /// Token that every form carries.
    pub csrf: String,
    /// Sign-in, process time. Sessions without one are over.
    #[serde(default = "long_ago")]
    pub started_at: Timestamp,
    /// Last use, process time.
    pub used_at: Timestamp,
    /// Whether a refusal was noted since the session was read: what nobody noted is noted at the edge.
    #[serde(skip)]
    pub noted: Noted,
}

/// A mark that all copies of a session share.
#[derive(Debug, Clone, Default)]
pub struct Noted(Arc<AtomicBool>);

impl Noted {
    pub(crate) fn mark(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
    /// Whether it was marked.
    pub fn is_marked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The mark is no part of who acts.
impl PartialEq for Noted {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl Eq for Noted {}

fn long_ago() -> Timestamp {
    Timestamp::from_micros(0)
}

impl Session {
    /// Whether it is over: too long without use, or too long altogether.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        let seconds = |since: Timestamp| (now.micros() - since.micros()) / 1_000_000;
        seconds(self.used_at) > SESSION_IDLE_SECONDS || seconds(self.started_at) > SESSION_LONGEST_SECONDS
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Account {
    person: PersonId,
    hash: String,
    /// Grows when failures stop counting: at a success after failures, and when the name is locked.
    #[serde(default)]
    generation: u64,
    locked_until: Option<Timestamp>,
}

impl App {
    /// Signs a person in under the first post they hold, from an address nobody knows.
    ///
    /// # Errors
    /// See [`App::sign_in_from`].
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<SignIn, Stop> {
        self.sign_in_from(login, password, None).await
    }

    /// Signs a person in under the first post they hold. The try is noted before its end is told.
    ///
    /// # Errors
    /// `sign_in_failed` (the same for unknown names and wrong passwords), `sign_in_locked`,
    /// `sign_in_address_limited`.
    pub async fn sign_in_from(&self, login: &str, password: &str, source: Source) -> Result<SignIn, Stop> {
        let result = self.sign_in_inner(login, password, source).await;
        let actor = result.as_ref().ok().map(|signed| &signed.session.actor);
        self.looked_by(actor, "sign_in", "session", result.as_ref().map(|_| ()))
            .await?;
        result
    }

    async fn sign_in_inner(&self, login: &str, password: &str, source: Source) -> Result<SignIn, Stop> {
        let now = self.wall.now();
        let door = self.knock(source, now).await?;
        // Hashing is what costs; whoever waits here has not been counted yet.
        let _one_of_few = self
            .hashing
            .acquire()
            .await
            .map_err(|error| Fault::new("waiting to check a password", error))?;
        let stored = self.record.document("account", login).await?;
        let account: Option<Account> = stored.as_ref().map(parse).transpose()?;
        let tries = match &account {
            Some(account) => self.count_try(login, account, now).await?,
            None => 0,
        };
        let generation = account.as_ref().map_or(0, |account| account.generation);
        let hash = account.as_ref().map(|account| account.hash.clone());
        let good = verified(hash, password.to_owned()).await?;
        let Some(account) = account.filter(|_| good) else {
            if tries >= FAILURES_BEFORE_LOCK {
                self.lock(login, generation, now).await?;
            }
            return Err(Refusal::new(RefusalKind::Unauthenticated, "sign_in_failed").into());
        };
        self.forget_try(login, &account, tries, now).await?;
        self.open_door(door).await?;
        let registry = self.registry().await?;
        let actor = first_post(&registry, account.person, self.today())?;
        self.start_session(login, actor, now).await
    }

    async fn start_session(&self, login: &str, actor: Actor, now: Timestamp) -> Result<SignIn, Stop> {
        let token = hex::encode(self.random::<32>());
        let session = Session {
            key: Digest::of(token.as_bytes()).to_string(),
            actor,
            login: login.to_owned(),
            csrf: hex::encode(self.random::<16>()),
            started_at: now,
            used_at: now,
            noted: Noted::default(),
        };
        self.put_session(&session, 1).await?;
        Ok(SignIn { token, session })
    }

    /// The session of a token.
    ///
    /// # Errors
    /// `session_missing`, `session_expired`.
    pub async fn session(&self, token: &str) -> Result<Session, Stop> {
        let key = Digest::of(token.as_bytes()).to_string();
        let Some(stored) = self.record.document("session", &key).await? else {
            return Err(Refusal::new(RefusalKind::Unauthenticated, "session_missing").into());
        };
        let mut session: Session = parse(&stored)?;
        let now = self.wall.now();
        if session.is_over(now) {
            self.record.remove_document("session", &key).await?;
            return Err(Refusal::new(RefusalKind::Unauthenticated, "session_expired").into());
        }
        if now.micros() - session.used_at.micros() > 60_000_000 {
            session.used_at = now;
            // Whoever was faster wrote a later use, or another post.
            self.put_session(&session, stored.version + 1).await?;
        }
        self.still_in_post(session).await
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: &Session) -> Result<(), Stop> {
        let result = self.record.remove_document("session", &session.key).await;
        self.looked(session, "sign_out", "session", result.map_err(Stop::from))
            .await
    }

    /// Gives an enrolled person an account, if they have none yet. Only founding and administrators come here.
    pub(crate) async fn create_account(
        &self,
        login: &str,
        person: PersonId,
        password: &str,
    ) -> Result<(), Stop> {
        let account = Account {
            person,
            hash: hashed(password.to_owned(), self.random::<16>()).await?,
            generation: 0,
            locked_until: None,
        };
        self.put_account(login, &account, 1).await?;
        Ok(())
    }

    pub(crate) async fn registry(&self) -> Result<Registry, Stop> {
        Ok(self.record.load(&Default::default()).await?.registry)
    }

    pub(crate) fn require_signed_in(&self, session: &Session) -> Result<(), Refusal> {
        if session.key.is_empty() {
            Err(Refusal::new(RefusalKind::Unauthenticated, "session_missing"))
        } else {
            Ok(())
        }
    }

    async fn put_account(&self, login: &str, account: &Account, version: u64) -> Result<bool, Stop> {
        self.put("account", login, &account.person.to_string(), account, version)
            .await
    }

    async fn put_session(&self, session: &Session, version: u64) -> Result<bool, Stop> {
        self.put(
            "session",
            &session.key,
            &session.actor.person.to_string(),
            session,
            version,
        )
        .await
    }

    /// Writes a document. `false`: somebody was faster and nothing was written; the caller says what then.
    pub(crate) async fn put<T: Serialize>(
        &self,
        kind: &str,
        key: &str,
        owner: &str,
        value: &T,
        version: u64,
    ) -> Result<bool, Stop> {
        let body =
            serde_json::to_string(value).map_err(|error| Fault::new(format!("encoding a {kind}"), error))?;
        let document = Document {
            kind: kind.to_owned(),
            key: key.to_owned(),
            body,
            owner: owner.to_owned(),
            version,
        };
        Ok(self.record.put_document(&document).await?)
    }
}

/// Reads a document's JSON.
pub(crate) fn parse<T: for<'de> Deserialize<'de>>(document: &Document) -> Result<T, Fault> {
    serde_json::from_str(&document.body)
        .map_err(|error| Fault::new(format!("reading a {}", document.kind), error))
}

/// Checks a password beside the workers; an unknown name costs the same time as a wrong password.
async fn verified(hash: Option<String>, password: String) -> Result<bool, Fault> {
    tokio::task::spawn_blocking(move || verify(hash.as_deref(), &password))
        .await
        .map_err(|error| Fault::new("checking a password", error))
}

async fn hashed(password: String, salt: [u8; 16]) -> Result<String, Fault> {
    let hash = tokio::task::spawn_blocking(move || {
        Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(|hash| hash.to_string())
            .map_err(|error| error.to_string())
    });
    let doing = "hashing a password";
    hash.await
        .map_err(|error| Fault::new(doing, error))?
        .map_err(|error| Fault::new(doing, error))
}

fn verify(hash: Option<&str>, password: &str) -> bool {
    const NOBODY: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let parsed = PasswordHash::new(hash.unwrap_or(NOBODY));
    let good = parsed.is_ok_and(|hash| {
        Argon2::default()
            .verify_password(password.as_bytes(), &hash)
            .is_ok()
    });
    good && hash.is_some()
}
