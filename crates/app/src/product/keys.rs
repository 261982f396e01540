//! Keys of customers to products. Making and revoking one are events of the product's case; the secret stands in the
//! vault and is shown to whoever made the key.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case, Event,
    event::CaseEvent,
    port::{Document, Loaded, Proposal, Request, Stream, VaultItem},
};
use shuyu_kernel::{Actor, BodyId, CaseId, CivilDate, ClauseId, Refusal, RefusalKind};
use shuyu_profile::{Effect, Profile};

use super::{access_open, daily_quota, owners};
use crate::{App, Session, Stop, account::parse, dispatch::fingerprint};

/// Keys of one delivery that may be in use at the same time. Platform default: the law names no number. More keys
/// give no more calls: the quota counts over all of them.
pub const KEYS_AT_ONCE: usize = 5;

/// A customer's key to a product. The secret is in the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductKey {
    /// Public part.
    pub key_id: String,
    /// Product case.
    pub product: CaseId,
    /// Delivery it rests on.
    pub delivery: u32,
    /// Agreement of the customer.
    pub agreement: CaseId,
    /// Customer.
    pub customer: BodyId,
    /// Calls allowed a day when it was made, over all keys of the delivery.
    pub daily_quota: i64,
    /// Where the vault keeps the secret.
    pub secret_ref: String,
}

/// A new key; the secret is shown once.
#[derive(Debug, Clone, Serialize)]
pub struct NewKey {
    /// The key.
    pub key: ProductKey,
    /// The secret.
    pub secret: String,
}

/// What a key is made of, before it is known whether it may be.
struct Draft {
    key_id: String,
    secret: String,
    nonce: [u8; 32],
}

impl App {
    /// Makes a key for a delivery of a product. Only the customer may, in the role of its agreement. The same
    /// `key` of the client gives the same product key again.
    ///
    /// # Errors
    /// `product_unknown`, `product_not_delivered`, `not_a_party`, `keys_too_many`, `idempotency_key_reused`, and
    /// every eligibility rule for calls. Refusals are noted before they are shown.
    pub async fn make_key(
        &self,
        session: &Session,
        product: CaseId,
        delivery: u32,
        key: Option<String>,
    ) -> Result<NewKey, Stop> {
        let result = self.make_key_inner(session, product, delivery, key).await;
        self.noted(session, &format!("{product}/make_key"), result).await
    }

    async fn make_key_inner(
        &self,
        session: &Session,
        product: CaseId,
        delivery: u32,
        key: Option<String>,
    ) -> Result<NewKey, Stop> {
        self.require_signed_in(session)?;
        let draft = Draft {
            key_id: format!("pk_{}", hex::encode(self.random::<8>())),
            secret: hex::encode(self.random::<32>()),
            nonce: self.random::<32>(),
        };
        let mut request = self.key_request("make-key", product);
        request.needs = self.agreements(product).await?;
        request.key = key.map(|key| (session.actor.person.to_string(), key));
        request.fingerprint = fingerprint(&("make-key", product, delivery));
        let (profiles, actor, today) = (self.profiles.clone(), session.actor.clone(), self.today());
        let decide = Box::new(move |loaded: &Loaded| {
            let case = product_of(loaded)?;
            let profile = profiles.get(case.profile)?;
            let key = may_make(&profile, loaded, case, delivery, (&actor, today), &draft.key_id)?;
            let event = CaseEvent::KeyIssued {
                key: draft.key_id.clone(),
                delivery,
                by: actor,
                on: today,
            };
            Ok(Proposal {
                events: vec![Event::Case(event)],
                // The secret stands in no plain table.
                reply: serde_json::json!({ "key": draft.key_id }),
                vault: vec![VaultItem {
                    reference: key.secret_ref.clone(),
                    subject: format!("product_key/{}", draft.key_id),
                    clear: draft.secret,
                    nonce: draft.nonce,
                }],
                documents: vec![kept(&key)],
                ..Proposal::default()
            })
        });
        let committed = self.record.transact(request, decide).await?;
        let made = committed.reply.get("key").and_then(|key| key.as_str());
        let (key, secret) = self.key_secret(made.unwrap_or_default()).await?;
        Ok(NewKey { key, secret })
    }

    /// Revokes a key at once. The customer may, and the body whose product it is. Doing it again changes nothing.
    ///
    /// # Errors
    /// `product_unknown`, `key_unknown`, also for keys of others. Refusals are noted before they are shown.
    pub async fn revoke_key(&self, session: &Session, product: CaseId, key_id: &str) -> Result<(), Stop> {
        let result = self.revoke_inner(session, product, key_id).await;
        self.noted(session, &format!("{product}/revoke_key"), result)
            .await
    }

    async fn revoke_inner(&self, session: &Session, product: CaseId, key_id: &str) -> Result<(), Stop> {
        self.require_signed_in(session)?;
        let mut request = self.key_request("revoke-key", product);
        request.fingerprint = fingerprint(&("revoke-key", product, key_id));
        let (profiles, actor, today) = (self.profiles.clone(), session.actor.clone(), self.today());
        let key_id = key_id.to_owned();
        let decide = Box::new(move |loaded: &Loaded| {
            let case = product_of(loaded)?;
            let profile = profiles.get(case.profile)?;
            loaded.registry.admits(&actor, today)?;
            let issued = case.keys.iter().find(|issued| issued.key == key_id);
            let issued = issued
                .filter(|issued| issued.customer == actor.body || owns(&profile, case, &actor))
                .ok_or_else(|| Refusal::unknown("key_unknown"))?;
            let event = CaseEvent::KeyRevoked {
                key: key_id.clone(),
                by: actor.clone(),
                on: today,
            };
            let event = issued.revoked_on.is_none().then_some(Event::Case(event));
            Ok(Proposal {
                events: event.into_iter().collect(),
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    fn key_request(&self, name: &'static str, product: CaseId) -> Request {
        Request {
            name,
            stream: Stream::Case(product),
            key: None,
            fingerprint: shuyu_kernel::Digest([0; 32]),
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        }
    }

    /// Agreements under which a product was delivered.
    async fn agreements(&self, product: CaseId) -> Result<std::collections::BTreeSet<CaseId>, Stop> {
        let loaded = self.record.load(&[product].into()).await?;
        let case = loaded.linked.get(&product);
        let deliveries = case.into_iter().flat_map(|case| &case.deliveries);
        Ok(deliveries.map(|delivery| delivery.agreement).collect())
    }

    /// Keys in use of a product, for its owner and, of their own, for customers.
    pub async fn product_keys(&self, session: &Session, product: CaseId) -> Result<Vec<ProductKey>, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[product].into()).await?;
        let Some(case) = loaded.linked.get(&product) else {
            return Err(Refusal::unknown("product_unknown").into());
        };
        let profile = self.profiles.get(case.profile)?;
        let owner = owns(&profile, case, &session.actor);
        let documents = self
            .record
            .documents("product_key", Some(&product.to_string()))
            .await?;
        let keys: Result<Vec<ProductKey>, _> = documents.iter().map(parse).collect();
        let in_use = |key: &ProductKey| {
            let mut issued = case.keys.iter();
            issued.any(|issued| issued.key == key.key_id && issued.revoked_on.is_none())
        };
        Ok(keys?
            .into_iter()
            .filter(|key| owner || key.customer == session.actor.body)
            .filter(in_use)
            .collect())
    }

    /// The key and its secret, for the gateway to check a signature with.
    pub async fn key_secret(&self, key_id: &str) -> Result<(ProductKey, String), Stop> {
        let unknown = || Refusal::new(RefusalKind::Unauthenticated, "key_unknown");
        let stored = self
            .record
            .document("product_key", key_id)
            .await?
            .ok_or_else(unknown)?;
        let key: ProductKey = parse(&stored)?;
        let secret = self.record.reveal(&key.secret_ref).await?.ok_or_else(unknown)?;
        Ok((key, secret))
    }
}

fn product_of(loaded: &Loaded) -> Result<&Case, Refusal> {
    let case = loaded.case.as_ref();
    case.ok_or_else(|| Refusal::unknown("product_unknown"))
}

/// Whether the actor acts for the body whose product it is, in the role of its owner.
pub(crate) fn owns(profile: &Profile, product: &Case, actor: &Actor) -> bool {
    let procedure = profile.procedure(&product.procedure);
    procedure.is_some_and(|procedure| {
        procedure.open.by.contains(&actor.role) && owners(procedure, product).contains(&actor.body)
    })
}

/// The clauses of the acts that hand the product over.
fn delivering<'a>(profile: &'a Profile, product: &Case) -> impl Iterator<Item = &'a ClauseId> {
    let procedure = profile.procedure(&product.procedure);
    let acts = procedure.into_iter().flat_map(|procedure| &procedure.acts);
    acts.filter(|act| act.effects.contains(&Effect::DeliverProduct))
        .flat_map(|act| act.basis.clauses())
}

/// The key that may be made, asked inside the transaction that makes it.
fn may_make(
    profile: &Profile,
    loaded: &Loaded,
    product: &Case,
    delivery: u32,
    (actor, today): (&Actor, CivilDate),
    key_id: &str,
) -> Result<ProductKey, Refusal> {
    loaded.registry.admits(actor, today)?;
    let mut deliveries = product.deliveries.iter();
    let handed = deliveries
        .find(|handed| handed.number == delivery && handed.customer == actor.body)
        .ok_or_else(|| Refusal::forbidden("product_not_delivered").citing(delivering(profile, product)))?;
    let agreement = loaded.linked.get(&handed.agreement);
    if !agreement.is_some_and(|agreement| agreement.is_party(actor)) {
        return Err(Refusal::forbidden("not_a_party").fact("act", &product.title));
    }
    access_open(profile, product, agreement)?;
    let in_use = product
        .keys
        .iter()
        .filter(|key| key.delivery == delivery && key.revoked_on.is_none());
    if in_use.count() >= KEYS_AT_ONCE {
        return Err(Refusal::new(RefusalKind::Limited, "keys_too_many").fact("limit", KEYS_AT_ONCE));
    }
    Ok(ProductKey {
        key_id: key_id.to_owned(),
        product: product.id,
        delivery,
        agreement: handed.agreement,
        customer: handed.customer,
        daily_quota: daily_quota(product),
        secret_ref: format!("product_key/{key_id}"),
    })
}

/// The key as a document; plain data, whose encoding cannot fail.
fn kept(key: &ProductKey) -> Document {
    Document {
        kind: "product_key".to_owned(),
        key: key.key_id.clone(),
        body: serde_json::to_string(key).unwrap_or_default(),
        owner: key.product.to_string(),
        version: 1,
    }
}
