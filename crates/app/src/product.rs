//! Products: content from a release, calls through the gateway, metering. Keys stand in [`keys`].

pub mod keys;
mod unproven;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shuyu_domain::{
    Case, Value,
    port::{Loaded, Meter, Proposal, Request, Stream},
};
use shuyu_kernel::{
    Basis, BodyId, CaseId, CivilDate, ClauseId, Digest, Refusal, RefusalKind, ReleaseId, Timestamp,
};
use shuyu_profile::{Effect, Procedure, Profile, UseOf};

pub use keys::{KEYS_AT_ONCE, NewKey, ProductKey};
pub use unproven::UNPROVEN_NOTED_A_MINUTE;
pub(crate) use unproven::Unproven;

use crate::{
    App, Session, Stop,
    port::{Answer, Cell},
};

/// Requests may be this far from the official time (5 minutes, ecosystem §2.3).
pub const CLOCK_SKEW_SECONDS: i64 = 300;
/// Where the counters of nonces begin; the day of the signature follows.
pub(crate) const NONCES: &str = "nonce/";
/// Where the counters of quotas begin; the day of the calls follows.
pub(crate) const QUOTAS: &str = "quota/";
/// Calls a day where the product names no number. Platform default: the law names none.
pub const DAILY_QUOTA: i64 = 1000;

/// A call as the gateway understood it; whether the signature is right was asked before.
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
    /// Answers a call whose signature the gateway has checked: freshness, access, data, quota, metering. The end
    /// is noted before it is shown.
    pub async fn call_product(&self, key: &ProductKey, call: Call) -> Result<Answer, Stop> {
        let result = self.call_inner(key, &call).await;
        let subject = format!("{}/{}", call.product, call.key_id);
        self.note_call(key, &subject, result.as_ref().err()).await?;
        result
    }

    /// Notes how a call ended that proved its key.
    pub async fn note_call(&self, key: &ProductKey, subject: &str, stop: Option<&Stop>) -> Result<(), Stop> {
        let mut note = self.noting(None, "call", subject, stop);
        note.body = Some(key.customer);
        self.record.note(&[note]).await?;
        Ok(())
    }

    async fn call_inner(&self, key: &ProductKey, call: &Call) -> Result<Answer, Stop> {
        if key.product != call.product {
            return Err(Refusal::forbidden("key_of_another_product").into());
        }
        self.in_time(call)?;
        let loaded = self.record.load(&[key.product, key.agreement].into()).await?;
        let unknown = || Refusal::unknown("product_unknown");
        let product = loaded.linked.get(&key.product).ok_or_else(unknown)?;
        let profile = self.profiles.get(product.profile)?;
        may_call(&profile, product, &loaded, key)?;
        let (release, answer) = self.content(&profile, product, &loaded, &call.filters).await?;
        self.meter(key, call, release).await?;
        Ok(answer)
    }

    /// Counts the call and asks everything once more in the same transaction: an act that ended the access before
    /// the counting refuses the answer, and the last unit of a quota is given once.
    async fn meter(&self, key: &ProductKey, call: &Call, release: ReleaseId) -> Result<(), Stop> {
        let at = self.now();
        let today = self.today();
        self.tidy().await?;
        let nonce = self.nonce_of(call);
        let request = Request {
            name: "call-product",
            stream: Stream::Case(key.product),
            key: None,
            fingerprint: Digest::of(key.key_id.as_bytes()),
            expected_version: None,
            needs: [key.agreement].into(),
            seeks: Vec::new(),
            numbering: None,
            at,
        };
        let (profiles, key) = (self.profiles.clone(), key.clone());
        let decide = Box::new(move |loaded: &Loaded| {
            let product = loaded.case.as_ref();
            let product = product.ok_or_else(|| Refusal::unknown("product_unknown"))?;
            let profile = profiles.get(product.profile)?;
            may_call(&profile, product, loaded, &key)?;
            if content_release(product) != Some(release) {
                return Err(Refusal::unmet("product_without_content"));
            }
            Ok(Proposal {
                meters: in_use(&profile, product, &key, today, nonce),
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// The counter of the call's nonce, if its dialect has one.
    pub(crate) fn nonce_of(&self, call: &Call) -> Option<String> {
        let signed_at = call.signed_at.unwrap_or_else(|| self.now());
        let nonce = call.nonce.as_ref();
        nonce.map(|nonce| nonce_counter(signed_at, &call.key_id, nonce))
    }

    /// A signed request is good for five minutes to both sides.
    pub(crate) fn in_time(&self, call: &Call) -> Result<(), Refusal> {
        let Some(at) = call.signed_at else {
            return Ok(());
        };
        let apart = (self.now().micros() - at.micros()).abs() / 1_000_000;
        if apart > CLOCK_SKEW_SECONDS {
            return Err(Refusal::new(RefusalKind::Unauthenticated, "signature_stale").fact("seconds", apart));
        }
        Ok(())
    }

    /// Rows of the product's released content that match the filters, and the release they are from.
    async fn content(
        &self,
        profile: &Profile,
        product: &Case,
        loaded: &Loaded,
        filters: &BTreeMap<String, String>,
    ) -> Result<(ReleaseId, Answer), Stop> {
        let release = content_release(product).ok_or_else(|| Refusal::unmet("product_without_content"))?;
        let released = self.released_by_system(release).await?;
        own_content(profile, product, &product.fields, released.case, loaded)?;
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
        Ok((release, answer))
    }

    /// At an act: content that the case of a product names must have been released under the product's own chain.
    pub(crate) async fn content_is_own(
        &self,
        profile: &Profile,
        procedure: &Procedure,
        owner: BodyId,
        case: Option<&Case>,
        set: &BTreeMap<String, Value>,
    ) -> Result<(), Stop> {
        let mut fields = case.map(|case| case.fields.clone()).unwrap_or_default();
        fields.extend(set.clone());
        let named = fields.get("content_release").filter(|value| !value.is_empty());
        let (Some(named), true) = (named, !set.is_empty() && delivers(procedure)) else {
            return Ok(());
        };
        let foreign = || not_of_chain(profile, &procedure.id);
        let release: ReleaseId = named.text().parse().map_err(|_| foreign())?;
        let released = match self.released_by_system(release).await {
            Err(Stop::Refused(_)) => return Err(foreign().into()),
            other => other?,
        };
        let loaded = self.record.load(&[released.case].into()).await?;
        let links = fields.values().flat_map(Value::cases);
        let source = loaded.linked.get(&released.case);
        let owners = case.map_or_else(|| vec![owner], |case| owners(procedure, case));
        let own = source.is_some_and(|source| owners.iter().any(|body| source.has_party(*body)));
        if own && links.into_iter().any(|link| link == released.case) {
            Ok(())
        } else {
            Err(foreign().into())
        }
    }

    /// Calls answered, by key.
    pub async fn usage(&self, session: &Session, product: CaseId) -> Result<Usage, Stop> {
        let mut usage = Usage::default();
        for key in self.product_keys(session, product).await? {
            let calls = self.record.count(&format!("calls/{}", key.key_id), 0).await?;
            usage.by_key.insert(key.key_id, calls);
        }
        Ok(usage)
    }

    /// The clauses behind the gateway's eligibility rules, for the product page.
    pub fn gateway_clauses(&self) -> Vec<ClauseId> {
        content_clauses(&self.profile())
    }
}

/// The clauses behind the eligibility rules for calls.
pub(crate) fn content_clauses(profile: &Profile) -> Vec<ClauseId> {
    let rules = profile.eligibility_for(UseOf::Gateway);
    let clauses: BTreeSet<ClauseId> = rules.flat_map(|rule| rule.basis.clauses().to_vec()).collect();
    clauses.into_iter().collect()
}

/// The key must be on record and not revoked, the product on the market, the agreement in force (YN-OP-110 and its
/// like: at once).
pub(crate) fn may_call(
    profile: &Profile,
    product: &Case,
    loaded: &Loaded,
    key: &ProductKey,
) -> Result<(), Refusal> {
    let issued = product.keys.iter().find(|issued| issued.key == key.key_id);
    let unauthenticated = |code| Refusal::new(RefusalKind::Unauthenticated, code);
    let issued = issued.ok_or_else(|| unauthenticated("key_unknown"))?;
    if let Some(on) = issued.revoked_on {
        return Err(unauthenticated("key_revoked").fact("on", on));
    }
    // A customer that went into another has its agreement pass by an agreement, not by itself.
    loaded
        .registry
        .still_there(loaded.registry.successor_in_all(key.customer))?;
    access_open(profile, product, loaded.linked.get(&key.agreement))
}

/// The product must be on the market and every eligibility rule for calls must hold.
fn access_open(profile: &Profile, product: &Case, agreement: Option<&Case>) -> Result<(), Refusal> {
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
                .fact("case", number));
        }
    }
    Ok(())
}

/// Content must come from a permit that the product's own case points at, and that its owner is a party of.
fn own_content(
    profile: &Profile,
    product: &Case,
    fields: &BTreeMap<String, Value>,
    source: CaseId,
    loaded: &Loaded,
) -> Result<(), Refusal> {
    let procedure = profile.procedure(&product.procedure);
    let owners = procedure
        .map(|procedure| owners(procedure, product))
        .unwrap_or_default();
    let linked = fields.values().flat_map(Value::cases).any(|link| link == source);
    let case = loaded.linked.get(&source);
    let own = case.is_some_and(|case| owners.iter().any(|body| case.has_party(*body)));
    if linked && own {
        Ok(())
    } else {
        Err(not_of_chain(profile, &product.procedure))
    }
}

fn not_of_chain(profile: &Profile, procedure: &str) -> Refusal {
    let field = profile
        .procedure(procedure)
        .and_then(|procedure| procedure.field("content_release"));
    let clauses = field.map(|field| field.basis.clauses()).unwrap_or_default();
    Refusal::unmet("content_not_of_chain").citing(clauses)
}

/// Bodies whose product it is: those of the roles that may open such a case.
fn owners(procedure: &Procedure, product: &Case) -> Vec<BodyId> {
    let of_role = |role| product.parties.get(role).into_iter().flatten().copied();
    procedure.open.by.iter().flat_map(of_role).collect()
}

/// Whether cases of the procedure are products.
fn delivers(procedure: &Procedure) -> bool {
    let effects = procedure.acts.iter().flat_map(|act| &act.effects);
    effects
        .into_iter()
        .any(|effect| *effect == Effect::DeliverProduct)
}

pub(crate) fn content_release(product: &Case) -> Option<ReleaseId> {
    product.fields.get("content_release")?.text().parse().ok()
}

/// Calls a day that one customer has of one delivery, over all its keys.
fn daily_quota(product: &Case) -> i64 {
    match product.fields.get("daily_quota") {
        Some(Value::Integer(n)) => *n,
        _ => DAILY_QUOTA,
    }
}

fn nonce_counter(signed_at: Timestamp, key: &str, nonce: &str) -> String {
    let day = shuyu_kernel::Zone { offset_minutes: 0 }.date(signed_at);
    format!("{NONCES}{day}/{key}/{nonce}")
}

pub(crate) fn in_use(
    profile: &Profile,
    product: &Case,
    key: &ProductKey,
    today: CivilDate,
    nonce: Option<String>,
) -> Vec<Meter> {
    let quota = daily_quota(product);
    let field = profile
        .procedure(&product.procedure)
        .and_then(|procedure| procedure.field("daily_quota"));
    let basis = field.map(|field| &field.basis);
    let used_up = Refusal::new(RefusalKind::Limited, "quota_used_up")
        .citing(basis.map(Basis::clauses).unwrap_or_default())
        .fact("basis", said(basis))
        .fact("quota", quota);
    let one = |counter: String, at_most| Meter {
        counter,
        by: 1,
        at_most,
    };
    let nonce_used = Refusal::new(RefusalKind::Unauthenticated, "nonce_used");
    let nonce = nonce.map(|counter| one(counter, Some((1, nonce_used))));
    let (delivery, customer) = (key.delivery, key.customer);
    let quota_counter = format!("{QUOTAS}{today}/{}/{delivery}/{customer}", product.id);
    nonce
        .into_iter()
        .chain([
            one(quota_counter, Some((quota, used_up))),
            one(format!("calls/{}", key.key_id), None),
            one(format!("calls_on/{today}"), None),
        ])
        .collect()
}

/// What a number outside the law rests on, in the words of the profile.
fn said(basis: Option<&Basis>) -> &str {
    match basis {
        Some(Basis::Inferred(text) | Basis::AgreementItem(text) | Basis::PlatformDefault(text)) => text,
        Some(Basis::Cite(_)) | None => "",
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
