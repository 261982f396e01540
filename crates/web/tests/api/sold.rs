//! A delivered product with a key to it.

use serde_json::json;
use shuyu_gateway::signing::{Credentials, Message, sign};
use shuyu_kernel::Timestamp;

use crate::{
    chain::{self, Chain},
    world::{Answered, World},
};

/// A delivered product with a key to it.
pub struct Sold {
    pub operator: String,
    pub developer: String,
    pub case: String,
    pub product: String,
    pub agreement: String,
    pub key_id: String,
    pub secret: String,
}

impl Sold {
    pub async fn new(world: &World, quota: &str) -> Self {
        Self::of(world, Chain::new(world).await, quota).await
    }

    /// A product of this permit.
    pub async fn of(world: &World, chain: Chain, quota: &str) -> Self {
        let operator = chain.operator.clone();
        let developer = world.sign_in("dev.clerk").await;
        let agreement = world.open(&developer, "development", json!({})).await;
        let release = chain::release(world, &chain.case).await;
        let set = json!({ "name": "企业分布", "content_release": release, "daily_quota": quota,
            "data_use": chain.case });
        let product = world.open(&operator, "product", set).await;
        let keys = format!("/api/v1/products/{product}/keys");
        let early = world
            .post(&keys)
            .token(&developer)
            .json(json!({ "delivery": 1 }))
            .await;
        assert_eq!(early.problem(), (403, "product_not_delivered".to_owned()));
        let acts = format!("/api/v1/cases/{product}/acts");
        let deliver = json!({ "act": "deliver", "set": { "customer_agreement": agreement } });
        world.post(&acts).token(&operator).json(deliver).await.ok();
        let made = world
            .post(&keys)
            .token(&developer)
            .json(json!({ "delivery": 1 }))
            .await
            .ok();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        Self {
            key_id: text("key_id"),
            secret: text("secret"),
            operator,
            developer,
            case: chain.case,
            product,
            agreement,
        }
    }

    pub fn path(&self) -> String {
        format!("/open/v1/products/{}/data", self.product)
    }

    /// A call signed at an instant, with a query.
    pub async fn signed(&self, world: &World, at: Timestamp, nonce: &str, query: &str) -> Answered {
        let path = self.path();
        let credentials = Credentials {
            key_id: &self.key_id,
            secret: &self.secret,
        };
        let signed = sign(
            &credentials,
            &Message {
                method: "GET",
                path: &path,
                query,
                body: b"",
            },
            at,
            nonce,
        );
        self.send(world, &signed.headers(), query).await
    }

    pub async fn send(&self, world: &World, headers: &[(&str, &str)], query: &str) -> Answered {
        let target = if query.is_empty() {
            self.path()
        } else {
            format!("{}?{query}", self.path())
        };
        let ask = world.get(&target);
        headers
            .iter()
            .fold(ask, |ask, (name, value)| ask.with(name, value))
            .empty()
            .await
    }

    /// Another key for the same delivery.
    pub async fn another_key(&self, world: &World) -> Answered {
        world
            .post(&format!("/api/v1/products/{}/keys", self.product))
            .token(&self.developer)
            .json(json!({ "delivery": 1 }))
            .await
    }

    pub async fn bearer(&self, world: &World) -> Answered {
        let given = format!("Bearer {}.{}", self.key_id, self.secret);
        self.send(world, &[("authorization", &given)], "").await
    }
}
