//! Consents: a subject agrees, on a paper, that one customer asks about it once. Never recorded by that customer
//! (amendment V1). The token stands in the vault; the record knows its digest.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case, Event,
    event::{CaseEvent, IdentityEvent},
    port::{Document, Loaded, Meter, Proposal, Request, VaultItem},
    value::Paper,
};
use shuyu_kernel::{BodyId, CaseId, CivilDate, Digest, Fault, Refusal};
use shuyu_privacy::identity::can_exist;

use super::{index_of, limits::Watched};
use crate::{App, Session, Stop, account::parse};

/// Kind of the documents that consents are kept as.
const KIND: &str = "consent";
/// Longest term of a consent in days. Platform default: it is for one question, which is asked soon.
pub const LONGEST_TERM: i64 = 366;
/// Longest purpose, in signs. Platform default.
const LONGEST_PURPOSE: usize = 200;

/// A consent to record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    /// Customer that may ask.
    pub customer: BodyId,
    /// The subject's identifier. It goes no further than a keyed digest.
    pub identifier: String,
    /// What the answer is for.
    pub purpose: String,
    /// Last day.
    pub until: CivilDate,
    /// Digest of the subject's paper.
    pub paper: String,
}

/// A subject that lets itself be asked about again.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUnlock {
    /// The subject's identifier.
    pub identifier: String,
    /// Digest of the subject's paper.
    pub paper: String,
}

/// A recorded consent, with the token to hand to the subject or, for it, to the customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    /// Digest of the token, by which the record knows it.
    pub consent: Digest,
    /// The token.
    pub token: String,
}

/// What a token stands for. The subject is a keyed digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Bound {
    pub product: CaseId,
    pub customer: BodyId,
    pub purpose: String,
    pub until: CivilDate,
    pub subject: Digest,
}

impl App {
    /// Records the consent of a subject. A party of the product may, and whoever watches over others; never the
    /// customer that is to ask.
    ///
    /// # Errors
    /// `product_unknown`, `product_without_index`, `consent_by_client`, `not_a_party`, `product_not_delivered`,
    /// `consent_incomplete`, `identifier_wrong`, `paper_unknown`.
    pub async fn record_consent(
        &self,
        session: &Session,
        product: CaseId,
        new: NewConsent,
        key: Option<String>,
    ) -> Result<Consent, Stop> {
        let result = self.record_consent_inner(session, product, new, key).await;
        self.noted(session, &format!("{product}/record_consent"), result)
            .await
    }

    async fn record_consent_inner(
        &self,
        session: &Session,
        product: CaseId,
        new: NewConsent,
        key: Option<String>,
    ) -> Result<Consent, Stop> {
        self.require_signed_in(session)?;
        let case = self.product(product).await?;
        if session.actor.body == new.customer {
            return Err(Refusal::forbidden("consent_by_client").into());
        }
        self.may_speak_for_subjects(session, &case)?;
        let index = index_of(&case)?;
        let today = self.today();
        let purpose = new.purpose.trim().to_owned();
        let term = today <= new.until && new.until.days() - today.days() <= LONGEST_TERM;
        if !term || purpose.is_empty() || purpose.chars().count() > LONGEST_PURPOSE {
            return Err(Refusal::unmet("consent_incomplete")
                .fact("days", LONGEST_TERM)
                .into());
        }
        if !can_exist(&index.domain, &new.identifier) {
            return Err(Refusal::unmet("identifier_wrong").into());
        }
        let paper = self.own_paper(session, new.paper.trim()).await?;
        let bound = Bound {
            product,
            customer: new.customer,
            purpose,
            until: new.until,
            subject: self.subject_token(&index.domain, &new.identifier),
        };
        // What was asked holds an identifier, of which a plain digest could be guessed.
        let asked = serde_json::to_vec(&("record-consent", product, &new)).unwrap_or_default();
        let request = Request {
            key: key.map(|key| (session.actor.person.to_string(), key)),
            ..self.identity_request("record-consent", product, self.secrets.keyed_digest(&asked))
        };
        self.keep_consent(session, request, bound, paper).await
    }

    async fn keep_consent(
        &self,
        session: &Session,
        request: Request,
        bound: Bound,
        paper: Paper,
    ) -> Result<Consent, Stop> {
        let token = format!("ct_{}", hex::encode(self.random::<16>()));
        let consent = Digest::of(token.as_bytes());
        let reference = |consent: Digest| format!("consent/{consent}");
        let item = VaultItem {
            reference: reference(consent),
            subject: reference(consent),
            clear: token,
            nonce: self.random::<32>(),
        };
        let body = serde_json::to_string(&bound).map_err(|error| Fault::new("encoding a consent", error))?;
        let kept = Document {
            kind: KIND.to_owned(),
            key: consent.to_string(),
            body,
            owner: bound.product.to_string(),
            version: 1,
        };
        let (actor, today) = (session.actor.clone(), self.today());
        let decide = Box::new(move |loaded: &Loaded| {
            loaded.registry.admits(&actor, today)?;
            let case = loaded.case.as_ref();
            let case = case.ok_or_else(|| Refusal::unknown("product_unknown"))?;
            let mut deliveries = case.deliveries.iter();
            if !deliveries.any(|delivery| delivery.customer == bound.customer) {
                return Err(Refusal::unmet("product_not_delivered"));
            }
            let event = IdentityEvent::ConsentRecorded {
                consent,
                customer: bound.customer,
                purpose: bound.purpose,
                until: bound.until,
                paper: Some(paper),
                by: actor,
                on: today,
            };
            Ok(Proposal {
                events: vec![Event::Case(CaseEvent::Identity(event))],
                reply: serde_json::json!({ "consent": consent }),
                vault: vec![item],
                documents: vec![kept],
                ..Proposal::default()
            })
        });
        let committed = self.record.transact(request, decide).await?;
        let made = committed
            .reply
            .get("consent")
            .and_then(|consent| consent.as_str());
        let consent: Digest = made
            .and_then(|made| made.parse().ok())
            .ok_or_else(|| Refusal::conflict("idempotency_key_reused"))?;
        let token = self.record.reveal(&reference(consent)).await?;
        let token = token.ok_or_else(|| Refusal::unknown("consent_unknown"))?;
        Ok(Consent { consent, token })
    }

    /// Lets a subject be asked about again, from its own paper. Whoever may record consents may record this.
    ///
    /// # Errors
    /// `product_unknown`, `product_without_index`, `not_a_party`, `identifier_wrong`, `paper_unknown`.
    pub async fn unlock_subject(
        &self,
        session: &Session,
        product: CaseId,
        new: NewUnlock,
    ) -> Result<(), Stop> {
        let result = self.unlock_inner(session, product, new).await;
        self.noted(session, &format!("{product}/unlock_subject"), result)
            .await
    }

    async fn unlock_inner(&self, session: &Session, product: CaseId, new: NewUnlock) -> Result<(), Stop> {
        self.require_signed_in(session)?;
        let case = self.product(product).await?;
        self.may_speak_for_subjects(session, &case)?;
        let index = index_of(&case)?;
        if !can_exist(&index.domain, &new.identifier) {
            return Err(Refusal::unmet("identifier_wrong").into());
        }
        let paper = self.own_paper(session, new.paper.trim()).await?;
        let subject = self.subject_token(&index.domain, &new.identifier);
        let counter = Watched::differing(subject);
        let so_far = self.record.count(&counter, 0).await?;
        let request = self.identity_request("unlock-subject", product, subject);
        let (actor, today) = (session.actor.clone(), self.today());
        let decide = Box::new(move |loaded: &Loaded| {
            loaded.registry.admits(&actor, today)?;
            let event = IdentityEvent::SubjectUnlocked {
                paper: Some(paper),
                by: actor,
                on: today,
            };
            Ok(Proposal {
                events: vec![Event::Case(CaseEvent::Identity(event))],
                meters: vec![Meter {
                    counter,
                    by: -so_far,
                    at_most: None,
                }],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// What a token stands for.
    ///
    /// # Errors
    /// `consent_unknown`.
    pub(super) async fn bound(&self, consent: Digest) -> Result<Bound, Stop> {
        let kept = self.record.document(KIND, &consent.to_string()).await?;
        let kept = kept.ok_or_else(|| Refusal::forbidden("consent_unknown"))?;
        Ok(parse(&kept)?)
    }

    /// A party of the product that is not one of its customers, or whoever watches over others.
    fn may_speak_for_subjects(&self, session: &Session, product: &Case) -> Result<(), Refusal> {
        let body = session.actor.body;
        let customer = product
            .deliveries
            .iter()
            .any(|delivery| delivery.customer == body);
        if (product.has_party(body) && !customer) || self.oversees(session) {
            return Ok(());
        }
        Err(Refusal::forbidden("not_a_party").fact("act", &product.title))
    }
}
