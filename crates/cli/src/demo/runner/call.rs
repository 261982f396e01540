//! Keys and calls, and what the platform's meter says of them.

use anyhow::{Context as _, ensure};
use serde_json::{Value as Json, json};
use shuyu_gateway::signing::{Credentials, Message, sign};
use shuyu_kernel::Timestamp;

use super::{Done, Runner};
use crate::demo::{
    client::Reply,
    story::{Call, Step},
};

/// A customer's key and how often it was used.
#[derive(Clone)]
pub(super) struct Key {
    id: String,
    secret: String,
    product: String,
    /// Sign-in name of the customer.
    owner: String,
    /// Calls that were answered, as the client counts them.
    answered: u64,
}

impl Runner {
    pub(super) async fn make_key(&mut self, step: &Step, name: &str) -> anyhow::Result<Done> {
        let product = self.case_id(&step.case)?;
        let delivery: u64 = step.set.get("delivery").and_then(|n| n.parse().ok()).unwrap_or(1);
        let path = format!("/api/v1/products/{product}/keys");
        let order = json!({ "delivery": delivery });
        let reply = self.client.post(&step.login, &path, &order).await?;
        if reply.is_ok() {
            let key = Key {
                id: reply.text("key_id"),
                secret: reply.text("secret"),
                product,
                owner: step.login.clone(),
                answered: 0,
            };
            self.keys.insert(name.to_owned(), key);
        }
        Ok(self.done(reply, "demo-key"))
    }

    /// Signs and calls, as a customer would. Every call but the last must succeed; the last answer is judged. What
    /// the platform metered must be what the client counted.
    pub(super) async fn call(&mut self, call: &Call) -> anyhow::Result<Done> {
        let mut last = None;
        for number in 1..=call.times {
            let reply = self.call_once(call).await?;
            if let Some(key) = self.keys.get_mut(&call.key).filter(|_| reply.is_ok()) {
                key.answered += 1;
            }
            ensure!(
                reply.is_ok() || number == call.times,
                "call {number} of {}: {} {}",
                call.times,
                reply.status,
                reply.body
            );
            last = Some(reply);
        }
        let reply = last.context("a call must be made at least once")?;
        let metered = self.metered(&call.key).await?;
        let counted = self.key(&call.key)?.answered;
        ensure!(
            metered == counted,
            "the meter stands at {metered}, the client counted {counted}"
        );
        let (times, meter) = (call.times.to_string(), metered.to_string());
        let below = vec![
            self.words
                .words("demo-call-metered", &[("times", &times), ("meter", &meter)]),
        ];
        Ok(Done {
            below,
            ..self.done(reply, "demo-call")
        })
    }

    async fn call_once(&self, call: &Call) -> anyhow::Result<Reply> {
        let key = self.key(&call.key)?;
        let path = format!("/open/v1/products/{}/data", key.product);
        let query = call
            .filters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("&");
        let time = self.client.plain("GET", "/open/v1/time", None).await?;
        let millis = time
            .body
            .get("time_ms")
            .and_then(Json::as_i64)
            .context("time of the gateway")?;
        let mut nonce = [0u8; 16];
        crate::real::fill(&mut nonce);
        let credentials = Credentials {
            key_id: &key.id,
            secret: if call.forged { "forged" } else { &key.secret },
        };
        let message = Message {
            method: "GET",
            path: &path,
            query: &query,
            body: b"",
        };
        let at = Timestamp::from_micros(millis * 1000);
        let signed = sign(&credentials, &message, at, &hex::encode(nonce));
        let target = if query.is_empty() {
            path.clone()
        } else {
            format!("{path}?{query}")
        };
        self.client.call(&target, &signed.headers()).await
    }

    /// The meter of a key's product, as its owner sees it.
    pub(super) async fn usage(&mut self, name: &str) -> anyhow::Result<Json> {
        let Key { product, owner, .. } = self.key(name)?.clone();
        let path = format!("/api/v1/products/{product}/usage");
        let reply = self.client.get(&owner, &path).await?;
        ensure!(
            reply.is_ok(),
            "usage of {product}: {} {}",
            reply.status,
            reply.body
        );
        Ok(reply.body)
    }

    async fn metered(&mut self, name: &str) -> anyhow::Result<u64> {
        let id = self.key(name)?.id.clone();
        let usage = self.usage(name).await?;
        usage
            .get("by_key")
            .and_then(|keys| keys.get(&id)?.as_u64())
            .with_context(|| format!("the meter has no key {id}: {usage}"))
    }

    fn key(&self, name: &str) -> anyhow::Result<&Key> {
        self.keys.get(name).with_context(|| format!("no key {name}"))
    }

    /// Calls of all keys, as the platform's meter counts them.
    ///
    /// # Errors
    /// It differs from what the clients counted.
    pub async fn all_metered(&mut self) -> anyhow::Result<u64> {
        let names: Vec<String> = self.keys.keys().cloned().collect();
        let (mut metered, mut counted) = (0, 0);
        for name in names {
            metered += self.metered(&name).await?;
            counted += self.key(&name)?.answered;
        }
        ensure!(
            metered == counted,
            "the meters stand at {metered}, the clients counted {counted}"
        );
        Ok(metered)
    }
}
