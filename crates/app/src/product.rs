//! Products: content from a release, keys of customers, calls through the gateway, metering.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case, Value,
    port::{AccessNote, Proposal, Request, Stream, VaultItem},
};
use shuyu_kernel::{BodyId, CaseId, ClauseId, Digest, Refusal, RefusalKind, ReleaseId, Timestamp};
use shuyu_profile::UseOf;

use crate::{
    App, Session, Stop,
    account::parse,
    noting::outcome,
    port::{Answer, Cell},
    tidying::NONCES,
};

/// Requests may be this far from the official time (5 minutes, ecosystem §2.3).
pub const CLOCK_SKEW_SECONDS: i64 = 300;

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
    /// Calls allowed a day.
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

/// A call as the gateway understood it; whether the signature is right is asked here.
#[derive(Debug, Clone)]
pub struct Call {
    /// Product.
    pub product: CaseId,
    /// Public part of the key.
    pub key_id: String,
    /// Filters: column → value.
    pub filters: BTreeMap<String, String>,
    /// Instant the client signed, if the dialect has one.
    pub signed_at: Option<Timestamp>,
    /// Nonce the client signed, if the dialect has one.
    pub nonce: Option<String>,
}

/// Figures of a product's use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Calls answered, by key.
    pub by_key: BTreeMap<String, i64>,
}

impl App {
    /// Makes a key for a delivery of a product. Only the customer may.
    pub async fn make_key(&self, session: &Session, product: CaseId, delivery: u32) -> Result<NewKey, Stop> {
        let result = self.make_key_inner(session, product, delivery).await;
        self.looked(session, "key", product, result).await
    }

    async fn make_key_inner(
        &self,
        session: &Session,
        product: CaseId,
        delivery: u32,
    ) -> Result<NewKey, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[product].into()).await?;
        let case = loaded
            .linked
            .get(&product)
            .ok_or_else(|| Refusal::unknown("product_unknown"))?;
        let handed = case
            .deliveries
            .iter()
            .find(|d| d.number == delivery && d.customer == session.actor.body)
            .ok_or_else(|| Refusal::forbidden("product_not_delivered"))?
            .clone();
        self.access_open(case, handed.agreement).await?;
        let key_id = format!("pk_{}", hex::encode(self.random::<8>()));
        let secret = hex::encode(self.random::<32>());
        let secret_ref = format!("product_key/{key_id}");
        let daily_quota = match case.fields.get("daily_quota") {
            Some(Value::Integer(n)) => *n,
            _ => 1000,
        };
        self.keep_secret(&secret_ref, &key_id, &secret).await?;
        let key = ProductKey {
            key_id: key_id.clone(),
            product,
            delivery,
            agreement: handed.agreement,
            customer: handed.customer,
            daily_quota,
            secret_ref,
        };
        self.put("product_key", &key_id, &product.to_string(), &key, 1)
            .await?;
        Ok(NewKey { key, secret })
    }

    async fn keep_secret(&self, reference: &str, key_id: &str, secret: &str) -> Result<(), Stop> {
        let item = VaultItem {
            reference: reference.to_owned(),
            subject: format!("product_key/{key_id}"),
            clear: secret.to_owned(),
            nonce: self.random::<32>(),
        };
        let request = Request {
            name: "keep-secret",
            stream: Stream::Installation,
            key: None,
            fingerprint: Digest::of(key_id.as_bytes()),
            expected_version: None,
            needs: Default::default(),
            numbering: None,
            at: self.now(),
        };
        let decide = Box::new(move |_: &_| {
            Ok(Proposal {
                vault: vec![item],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// Keys of a product, for its owner and, of their own, for customers.
    pub async fn product_keys(&self, session: &Session, product: CaseId) -> Result<Vec<ProductKey>, Stop> {
        let documents = self
            .record
            .documents("product_key", Some(&product.to_string()))
            .await?;
        let keys: Result<Vec<ProductKey>, _> = documents.iter().map(parse).collect();
        let owner = session.actor.role == "operator";
        Ok(keys?
            .into_iter()
            .filter(|key| owner || key.customer == session.actor.body)
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

    /// Answers a call whose signature the gateway has checked: freshness, access, quota, metering, data.
    pub async fn call_product(&self, call: Call) -> Result<Answer, Stop> {
        let result = self.call_inner(&call).await;
        let refusal = result.as_ref().err().and_then(Stop::refusal);
        let note = AccessNote {
            at: self.now(),
            person: None,
            body: result.as_ref().ok().map(|(key, _)| key.customer),
            what: "call".to_owned(),
            subject: format!(
                "{}/{}",
                call.product,
                call.key_id.chars().take(40).collect::<String>()
            ),
            outcome: outcome(&result).to_owned(),
            code: refusal.map(|refusal| refusal.code.clone()),
            clauses: refusal.map(|refusal| refusal.clauses.clone()).unwrap_or_default(),
            digest: None,
        };
        self.record.note(&[note]).await?;
        result.map(|(_, answer)| answer)
    }

    async fn call_inner(&self, call: &Call) -> Result<(ProductKey, Answer), Stop> {
        let stored = self.record.document("product_key", &call.key_id).await?;
        let stored = stored.ok_or_else(|| Refusal::new(RefusalKind::Unauthenticated, "key_unknown"))?;
        let key: ProductKey = parse(&stored)?;
        if key.product != call.product {
            return Err(Refusal::forbidden("key_of_another_product").into());
        }
        self.fresh(call).await?;
        let loaded = self.record.load(&[key.product, key.agreement].into()).await?;
        let case = loaded
            .linked
            .get(&key.product)
            .ok_or_else(|| Refusal::unknown("product_unknown"))?;
        self.access_open(case, key.agreement).await?;
        let today = self.today();
        let used = self
            .record
            .count(&format!("quota/{}/{today}", key.key_id), 1)
            .await?;
        if used > key.daily_quota {
            return Err(Refusal::new(RefusalKind::Limited, "quota_used_up")
                .fact("quota", key.daily_quota)
                .into());
        }
        let answer = self.content(case, &call.filters).await?;
        self.record.count(&format!("calls/{}", key.key_id), 1).await?;
        self.record.count("calls", 1).await?;
        Ok((key, answer))
    }

    /// The day comes first, so that nonces of days gone by can be removed.
    fn nonce_counter(&self, call: &Call, nonce: &str) -> String {
        let day = self
            .profile()
            .zone
            .date(call.signed_at.unwrap_or_else(|| self.now()));
        format!("{NONCES}{day}/{}/{nonce}", call.key_id)
    }

    /// A signed request is good once and for five minutes.
    async fn fresh(&self, call: &Call) -> Result<(), Stop> {
        if let Some(at) = call.signed_at {
            let apart = (self.now().micros() - at.micros()).abs() / 1_000_000;
            if apart > CLOCK_SKEW_SECONDS {
                return Err(Refusal::new(RefusalKind::Unauthenticated, "signature_stale")
                    .fact("seconds", apart)
                    .into());
            }
        }
        if let Some(nonce) = &call.nonce {
            let seen = self.record.count(&self.nonce_counter(call, nonce), 1).await?;
            if seen > 1 {
                return Err(Refusal::new(RefusalKind::Unauthenticated, "nonce_used").into());
            }
        }
        Ok(())
    }

    /// The product must be on the market and every eligibility rule for calls must hold (YN-OP-110: at once).
    async fn access_open(&self, product: &Case, agreement: CaseId) -> Result<(), Stop> {
        let profile = self.profiles.get(product.profile)?;
        let loaded = self.record.load(&[agreement].into()).await?;
        let agreement = loaded.linked.get(&agreement);
        for rule in profile.eligibility_for(UseOf::Gateway) {
            let asked = if rule.procedure == product.procedure {
                Some(product)
            } else {
                agreement
            };
            let good = asked.is_some_and(|case| {
                case.procedure == rule.procedure
                    && rule.stages.contains(&case.stage)
                    && case.access_closed_on.is_none()
            });
            if !good {
                let number = asked.map(|case| case.number.clone()).unwrap_or_default();
                return Err(Refusal::forbidden(&rule.code)
                    .citing(rule.basis.clauses())
                    .fact("case", number)
                    .into());
            }
        }
        Ok(())
    }

    /// Rows of the product's released content that match the filters.
    async fn content(&self, product: &Case, filters: &BTreeMap<String, String>) -> Result<Answer, Stop> {
        let release: ReleaseId = product
            .fields
            .get("content_release")
            .map(Value::text)
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Refusal::unmet("product_without_content"))?;
        let released = self.released_by_system(release).await?;
        let mut answer = released.answer;
        for (column, wanted) in filters {
            let at = answer
                .columns
                .iter()
                .position(|name| name == column)
                .ok_or_else(|| {
                    Refusal::unmet("column_unknown")
                        .fact("column", column.chars().take(60).collect::<String>())
                })?;
            answer
                .rows
                .retain(|row| row.get(at).is_some_and(|cell| cell_text(cell) == *wanted));
        }
        Ok(answer)
    }

    /// Calls answered, by key.
    pub async fn usage(&self, session: &Session, product: CaseId) -> Result<Usage, Stop> {
        let result = self.usage_inner(session, product).await;
        self.looked(session, "view", product, result).await
    }

    async fn usage_inner(&self, session: &Session, product: CaseId) -> Result<Usage, Stop> {
        let mut usage = Usage::default();
        for key in self.product_keys(session, product).await? {
            let calls = self.record.count(&format!("calls/{}", key.key_id), 0).await?;
            usage.by_key.insert(key.key_id, calls);
        }
        Ok(usage)
    }

    /// The clauses behind the gateway's eligibility rules, for the product page.
    pub fn gateway_clauses(&self) -> Vec<ClauseId> {
        let profile = self.profile();
        profile
            .eligibility_for(UseOf::Gateway)
            .flat_map(|rule| rule.basis.clauses().to_vec())
            .collect()
    }
}

/// A cell as the text a filter compares with.
pub fn cell_text(cell: &Cell) -> String {
    match cell {
        Cell::Missing => String::new(),
        Cell::Bool(value) => value.to_string(),
        Cell::Integer(value) => value.to_string(),
        Cell::Number(value) => value.to_string(),
        Cell::Text(value) => value.clone(),
    }
}
