//! Sign-in, sessions and the actor behind a request.
//!
//! Passwords are argon2id hashes; five failures lock the name for a while; a session is a random token of which
//! only the digest is stored. Sessions live in process time, so that winding the training clock ends none.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Registry,
    port::{AccessNote, Document},
    registry::Membership,
};
use shuyu_kernel::{Actor, Digest, Fault, PersonId, Refusal, RefusalKind, Timestamp};

use crate::{App, Stop};

/// A session lasts this long without use (8 hours: a working day).
pub const SESSION_IDLE_SECONDS: i64 = 8 * 3600;
/// After so many failures in a row a name is locked.
pub const FAILURES_BEFORE_LOCK: u32 = 5;
/// For so long (15 minutes).
pub const LOCK_SECONDS: i64 = 15 * 60;

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
    /// Last use, process time.
    pub used_at: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Account {
    person: PersonId,
    hash: String,
    failures: u32,
    locked_until: Option<Timestamp>,
}

impl App {
    /// Signs a person in under the first post they hold.
    ///
    /// # Errors
    /// `sign_in_failed` (the same for unknown names and wrong passwords), `sign_in_locked`.
    pub async fn sign_in(&self, login: &str, password: &str) -> Result<SignIn, Stop> {
        let now = self.wall.now();
        let stored = self.record.document("account", login).await?;
        let account: Option<Account> = stored.as_ref().map(parse).transpose()?;
        if let Some(until) = account
            .as_ref()
            .and_then(|account| account.locked_until)
            .filter(|until| *until > now)
        {
            let minutes = (until.micros() - now.micros()) / 60_000_000 + 1;
            self.note_sign_in(None, "refused", Some("sign_in_locked")).await?;
            return Err(Refusal::new(RefusalKind::Limited, "sign_in_locked")
                .fact("minutes", minutes)
                .into());
        }
        let good = verify(account.as_ref().map(|account| account.hash.as_str()), password);
        let (Some(account), Some(stored), true) = (account.clone(), stored.clone(), good) else {
            if let (Some(account), Some(stored)) = (account, stored) {
                self.count_failure(login, account, &stored, now).await?;
            }
            self.note_sign_in(None, "refused", Some("sign_in_failed")).await?;
            return Err(Refusal::new(RefusalKind::Unauthenticated, "sign_in_failed").into());
        };
        if account.failures > 0 {
            let cleared = Account {
                failures: 0,
                locked_until: None,
                ..account.clone()
            };
            self.put_account(login, &cleared, stored.version + 1).await?;
        }
        let registry = self.registry().await?;
        let post = registry
            .people
            .get(&account.person)
            .and_then(|person| person.memberships.first())
            .cloned();
        let Some(post) = post else {
            return Err(Refusal::forbidden("post_not_held").into());
        };
        let actor = Actor {
            person: account.person,
            body: post.body,
            role: post.role,
            post: post.post,
            delegation: None,
        };
        self.note_sign_in(Some(&actor), "ok", None).await?;
        self.start_session(login, actor, now).await
    }

    async fn start_session(&self, login: &str, actor: Actor, now: Timestamp) -> Result<SignIn, Stop> {
        let token = hex::encode(self.random::<32>());
        let session = Session {
            key: Digest::of(token.as_bytes()).to_string(),
            actor,
            login: login.to_owned(),
            csrf: hex::encode(self.random::<16>()),
            used_at: now,
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
        if now.micros() - session.used_at.micros() > SESSION_IDLE_SECONDS * 1_000_000 {
            self.record.remove_document("session", &key).await?;
            return Err(Refusal::new(RefusalKind::Unauthenticated, "session_expired").into());
        }
        if now.micros() - session.used_at.micros() > 60_000_000 {
            session.used_at = now;
            self.put_session(&session, stored.version + 1).await?;
        }
        Ok(session)
    }

    /// Ends a session.
    pub async fn sign_out(&self, session: &Session) -> Result<(), Stop> {
        self.record.remove_document("session", &session.key).await?;
        Ok(())
    }

    /// Posts the person may switch to: held ones and, with the paper's number, delegated ones in their term.
    pub async fn posts(&self, session: &Session) -> Result<Vec<(Membership, Option<String>)>, Stop> {
        let registry = self.registry().await?;
        let today = self.today();
        let held = registry
            .people
            .get(&session.actor.person)
            .map(|p| p.memberships.clone())
            .unwrap_or_default();
        let delegated = registry
            .delegations
            .values()
            .filter(|d| d.to == session.actor.person && d.starts_on <= today && today <= d.ends_on)
            .map(|d| (d.membership.clone(), Some(d.number.clone())));
        Ok(held
            .into_iter()
            .map(|post| (post, None))
            .chain(delegated)
            .collect())
    }

    /// Acts from now on in another post. An expired delegation is refused here and again at every act.
    pub async fn switch_post(
        &self,
        session: &Session,
        post: &Membership,
        delegation: Option<String>,
    ) -> Result<Session, Stop> {
        let actor = Actor {
            person: session.actor.person,
            body: post.body,
            role: post.role.clone(),
            post: post.post.clone(),
            delegation,
        };
        self.registry().await?.admits(&actor, self.today())?;
        let stored = self.record.document("session", &session.key).await?;
        let version = stored.map_or(0, |document| document.version);
        let session = Session {
            actor,
            ..session.clone()
        };
        self.put_session(&session, version + 1).await?;
        Ok(session)
    }

    /// Gives an enrolled person an account. Only founding and administrators come here.
    pub(crate) async fn create_account(
        &self,
        login: &str,
        person: PersonId,
        password: &str,
    ) -> Result<(), Stop> {
        let hash = Argon2::default()
            .hash_password_with_salt(password.as_bytes(), &self.random::<16>())
            .map_err(|error| Fault::new("hashing a password", error.to_string()))?
            .to_string();
        let account = Account {
            person,
            hash,
            failures: 0,
            locked_until: None,
        };
        self.put_account(login, &account, 1).await
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

    async fn count_failure(
        &self,
        login: &str,
        account: Account,
        stored: &Document,
        now: Timestamp,
    ) -> Result<(), Stop> {
        let failures = account.failures + 1;
        let locked_until = (failures >= FAILURES_BEFORE_LOCK).then(|| now.plus_seconds(LOCK_SECONDS));
        let failures = if locked_until.is_some() { 0 } else { failures };
        self.put_account(
            login,
            &Account {
                failures,
                locked_until,
                ..account
            },
            stored.version + 1,
        )
        .await
    }

    async fn put_account(&self, login: &str, account: &Account, version: u64) -> Result<(), Stop> {
        self.put("account", login, &account.person.to_string(), account, version)
            .await
    }

    async fn put_session(&self, session: &Session, version: u64) -> Result<(), Stop> {
        self.put(
            "session",
            &session.key,
            &session.actor.person.to_string(),
            session,
            version,
        )
        .await
    }

    /// Writes a document; a concurrent writer of the same version wins silently only for sessions and counters.
    pub(crate) async fn put<T: Serialize>(
        &self,
        kind: &str,
        key: &str,
        owner: &str,
        value: &T,
        version: u64,
    ) -> Result<(), Stop> {
        let body =
            serde_json::to_string(value).map_err(|error| Fault::new(format!("encoding a {kind}"), error))?;
        let document = Document {
            kind: kind.to_owned(),
            key: key.to_owned(),
            body,
            owner: owner.to_owned(),
            version,
        };
        self.record.put_document(&document).await?;
        Ok(())
    }

    async fn note_sign_in(
        &self,
        actor: Option<&Actor>,
        outcome: &str,
        code: Option<&str>,
    ) -> Result<(), Stop> {
        let note = AccessNote {
            at: self.now(),
            person: actor.map(|actor| actor.person),
            body: actor.map(|actor| actor.body),
            what: "sign_in".to_owned(),
            subject: "session".to_owned(),
            outcome: outcome.to_owned(),
            code: code.map(str::to_owned),
            clauses: Vec::new(),
            digest: None,
        };
        self.record.note(&[note]).await?;
        Ok(())
    }
}

/// Reads a document's JSON.
pub(crate) fn parse<T: for<'de> Deserialize<'de>>(document: &Document) -> Result<T, Fault> {
    serde_json::from_str(&document.body)
        .map_err(|error| Fault::new(format!("reading a {}", document.kind), error))
}

/// Checks a password; an unknown name costs the same time as a wrong password.
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
