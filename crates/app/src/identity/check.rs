//! One question, one consent, one answer: 一致 or 不一致.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case,
    port::{Loaded, Meter, Proposal, Request},
};
use shuyu_kernel::{Digest, Refusal, RefusalKind};
use shuyu_privacy::identity::{can_exist, pattern, plain_attribute};

use super::{index_of, limits::Watched};
use crate::{
    App, Stop,
    product::{Call, ProductKey, content_clauses, in_use, may_call},
    right::grounded,
};

/// What is asked of a verification product, besides the call itself.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Token of the subject's consent.
    pub consent: String,
    /// What the answer is for, as the consent says.
    pub purpose: String,
    /// Identifier of the subject.
    pub identifier: String,
    /// Attributes, in the order of the product's columns.
    pub attributes: Vec<String>,
}

impl std::fmt::Debug for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Question(…)")
    }
}

/// The answer. That a subject is not in the register and that it is there otherwise are one and the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// 一致.
    pub same: bool,
}

impl App {
    /// Answers an identity check whose signature the gateway has checked. The consent is used up, the question is
    /// counted, quota and nonce move and the end is noted before the answer is shown; a refused one uses up nothing.
    ///
    /// # Errors
    /// As [`App::call_product`] without the content, and `product_without_index`, `attributes_wrong`,
    /// `consent_unknown`, `consent_of_another`, `consent_expired`, `consent_used`, `identity_locked`,
    /// `identity_pattern`, `identity_name`, `identity_mismatches`.
    pub async fn check_identity(
        &self,
        key: &ProductKey,
        call: Call,
        question: &Question,
    ) -> Result<Checked, Stop> {
        let result = self.answer_check(key, &call, question).await;
        let subject = format!("{}/{}", call.product, call.key_id);
        self.note_call(key, &subject, result.as_ref().err()).await?;
        result
    }

    async fn answer_check(
        &self,
        key: &ProductKey,
        call: &Call,
        question: &Question,
    ) -> Result<Checked, Stop> {
        let (_, product, profile) = self.called(key, call).await?;
        let answered = self.answer_of(key, call, question, &product).await;
        // What a check may cost is the platform's; that only what was delivered may be called is the law's.
        answered.map_err(|stop| grounded(stop, content_clauses(&profile)))
    }

    async fn answer_of(
        &self,
        key: &ProductKey,
        call: &Call,
        question: &Question,
        product: &Case,
    ) -> Result<Checked, Stop> {
        let index = index_of(product)?.clone();
        let wanted = index.columns.len().saturating_sub(1);
        if question.attributes.len() != wanted {
            return Err(Refusal::unmet("attributes_wrong").fact("number", wanted).into());
        }
        let subject = self.subject_token(&index.domain, &question.identifier);
        let consent = Digest::of(question.consent.trim().as_bytes());
        self.consented(key, question, consent, subject).await?;

        let tags = self.identity_key(product.id, (index.dataset, index.version), &index.columns);
        let tag = tags.tag(
            &question.identifier,
            question.attributes.iter().map(String::as_str),
        );
        // Looked up in any case: a number that cannot exist takes the same steps and counts the same.
        let held = self.identities.holds(index.index, tag).await?;
        let same = held && can_exist(&index.domain, &question.identifier);

        let keyed = |what: &str, text: String| {
            let text = format!("identity-{what}/{}/{text}", index.domain);
            self.secrets.keyed_digest(text.as_bytes())
        };
        let attributes: Vec<String> = question
            .attributes
            .iter()
            .map(|text| plain_attribute(text))
            .collect();
        let watched = Watched {
            customer: key.customer,
            today: self.today(),
            subject,
            pattern: keyed("pattern", pattern(&question.identifier)),
            attributes: keyed("name", attributes.join("\u{1f}")),
        };
        let mut meters = self.watched(&watched, same).await?;
        meters.push(Meter {
            counter: format!("consent_used/{consent}"),
            by: 1,
            at_most: Some((1, Refusal::forbidden("consent_used"))),
        });
        self.count_check(key, call, index.index, meters).await?;
        Ok(Checked { same })
    }

    /// Whether the subject agreed to this customer's asking for this purpose until now.
    async fn consented(
        &self,
        key: &ProductKey,
        question: &Question,
        consent: Digest,
        subject: Digest,
    ) -> Result<(), Stop> {
        let bound = self.bound(consent).await?;
        let fits = bound.product == key.product
            && bound.customer == key.customer
            && bound.purpose == question.purpose.trim()
            && bound.subject == subject;
        if !fits {
            return Err(Refusal::forbidden("consent_of_another").into());
        }
        if self.today() > bound.until {
            return Err(Refusal::forbidden("consent_expired")
                .fact("until", bound.until)
                .into());
        }
        if self.record.count(&format!("consent_used/{consent}"), 0).await? > 0 {
            return Err(Refusal::forbidden("consent_used").into());
        }
        Ok(())
    }

    /// Counts, and asks everything once more in the same transaction: what ended before the counting refuses the
    /// answer, and of two questions with one consent one is answered.
    async fn count_check(
        &self,
        key: &ProductKey,
        call: &Call,
        index: Digest,
        counted: Vec<Meter>,
    ) -> Result<(), Stop> {
        let today = self.today();
        self.tidy().await?;
        let nonce = self.nonce_of(call);
        let request = Request {
            needs: [key.agreement].into(),
            ..self.identity_request("check-identity", key.product, Digest::of(key.key_id.as_bytes()))
        };
        let (profiles, key) = (self.profiles.clone(), key.clone());
        let decide = Box::new(move |loaded: &Loaded| {
            let product = loaded.case.as_ref();
            let product = product.ok_or_else(|| Refusal::unknown("product_unknown"))?;
            let profile = profiles.get(product.profile)?;
            may_call(&profile, product, loaded, &key)?;
            if index_of(product)?.index != index {
                // Compiled anew meanwhile: what was looked up is no longer what the product says.
                return Err(Refusal::new(RefusalKind::Conflict, "index_changed"));
            }
            let mut meters = in_use(&profile, product, &key, today, nonce);
            meters.extend(counted);
            Ok(Proposal {
                meters,
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }
}
