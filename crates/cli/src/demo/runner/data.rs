//! Data arriving, queries, keys and calls.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value as Json, json};

use shuyu_gateway::signing::{Credentials, Message, sign};
use shuyu_kernel::Timestamp;

use super::Runner;
use crate::demo::{
    client::Reply,
    story::{Call, Derive, Ingest, Step},
};

/// A client asks for the state of a job this often.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);

impl Runner {
    pub(super) async fn ingest(&mut self, step: &Step, order: &Ingest) -> anyhow::Result<()> {
        let mut rows = 0;
        for (number, file) in (1..).zip(self.input.files(&order.file)?) {
            let table = order.table.replace('#', &format!("{number:02}"));
            let reply = self
                .client
                .upload(&step.login, &file.name, "data", file.body().await?)
                .await?;
            ensure!(
                reply.is_ok(),
                "upload of {}: {} {}",
                file.name,
                reply.status,
                reply.body
            );
            let digest = reply
                .body
                .get("digest")
                .and_then(Json::as_str)
                .context("digest of the upload")?
                .to_owned();
            let body = json!({
                "resource": self.case_id(&step.case)?, "table": table, "upload": digest,
                "unit_columns": order.unit_columns, "domain": order.domain,
            });
            let reply = self
                .client
                .post(&step.login, "/api/v1/datasets/ingests", &body)
                .await?;
            ensure!(
                reply.is_ok(),
                "ingest of {}: {} {}",
                file.name,
                reply.status,
                reply.body
            );
            let job = reply
                .body
                .get("job")
                .and_then(Json::as_u64)
                .context("number of the job")?;
            let status = self.wait_for(&step.login, job).await?;
            match (&step.refused, status.get("made"), status.get("refusal")) {
                (None, Some(made), _) => {
                    rows += made.get("rows").and_then(Json::as_u64).unwrap_or(0);
                    let id = made.get("dataset").and_then(Json::as_str).unwrap_or_default();
                    self.names.insert(format!("dataset:{table}"), id.to_owned());
                }
                (Some(_), None, Some(refusal)) => {
                    let reply = Reply {
                        status: 422,
                        body: refusal.clone(),
                    };
                    self.judge(step, &reply)?;
                }
                _ => anyhow::bail!("ingest of {} ended as {status}", file.name),
            }
        }
        if step.refused.is_some() {
            return Ok(());
        }
        if let Some(expected) = order.rows.filter(|_| self.input.is_real()) {
            ensure!(rows == expected, "{rows} rows arrived, not {expected}");
        }
        self.report.rows_ingested += rows;
        self.names.insert(
            format!("rows:{}", step.case),
            (rows + self.rows_of(&step.case)).to_string(),
        );
        self.judge(
            step,
            &Reply {
                status: 200,
                body: Json::Null,
            },
        )
    }

    fn rows_of(&self, case: &str) -> u64 {
        self.names
            .get(&format!("rows:{case}"))
            .and_then(|rows| rows.parse().ok())
            .unwrap_or(0)
    }

    /// Asks for the state of a job until it has ended.
    async fn wait_for(&mut self, login: &str, job: u64) -> anyhow::Result<Json> {
        loop {
            let reply = self.client.get(login, &format!("/api/v1/jobs/{job}")).await?;
            ensure!(reply.is_ok(), "job {job}: {} {}", reply.status, reply.body);
            match reply.body.get("status").and_then(Json::as_str) {
                Some("running") => tokio::time::sleep(ASK_AGAIN_AFTER).await,
                Some("failed") => anyhow::bail!("job {job} failed"),
                _ => return Ok(reply.body),
            }
        }
    }

    pub(super) async fn derive(&mut self, step: &Step, order: &Derive) -> anyhow::Result<Reply> {
        let from = self
            .names
            .get(&format!("dataset:{}", order.from))
            .cloned()
            .context("the table it is made from")?;
        let body = json!({
            "resource": self.case_id(&step.case)?, "from": from, "table": order.table,
            "drop": order.drop, "bands": order.bands,
        });
        let reply = self
            .client
            .post(&step.login, "/api/v1/datasets/derivations", &body)
            .await?;
        if let Some(made) = reply.body.get("rows").and_then(Json::as_u64) {
            self.report.rows_ingested += made;
            self.names.insert(
                format!("rows:{}", step.case),
                (made + self.rows_of(&step.case)).to_string(),
            );
        }
        Ok(reply)
    }

    pub(super) async fn query(&mut self, step: &Step, sql: &str) -> anyhow::Result<Reply> {
        let case = self.case_id(&step.case)?;
        let permit = case.replacen("case_", "permit_", 1);
        let reply = self
            .client
            .post(
                &step.login,
                &format!("/api/v1/permits/{permit}/queries"),
                &json!({ "sql": sql }),
            )
            .await?;
        if reply.is_ok() {
            self.report.queries += 1;
            let rows = reply
                .body
                .pointer("/rows")
                .and_then(Json::as_array)
                .map_or(0, Vec::len);
            if let Some(least) = step.rows {
                ensure!(
                    rows >= least,
                    "{rows} rows came back, fewer than {least}: {}",
                    reply.body
                );
            }
            if let (Some(name), Some(id)) = (&step.release, reply.body.get("release").and_then(Json::as_str))
            {
                self.names.insert(format!("release:{name}"), id.to_owned());
            }
        }
        Ok(reply)
    }

    pub(super) async fn make_key(&mut self, step: &Step, name: &str) -> anyhow::Result<Reply> {
        let product = self.case_id(&step.case)?;
        let delivery: u64 = step.set.get("delivery").and_then(|n| n.parse().ok()).unwrap_or(1);
        let path = format!("/api/v1/products/{product}/keys");
        let reply = self
            .client
            .post(&step.login, &path, &json!({ "delivery": delivery }))
            .await?;
        let text = |pointer: &str| {
            reply
                .body
                .pointer(pointer)
                .and_then(Json::as_str)
                .map(str::to_owned)
        };
        if let (Some(id), Some(secret)) = (text("/key_id"), text("/secret")) {
            self.keys.insert(name.to_owned(), (id, secret, product));
        }
        Ok(reply)
    }

    /// Signs and calls, as a customer would; the last answer is judged.
    pub(super) async fn call(&mut self, call: &Call) -> anyhow::Result<Reply> {
        let (key_id, secret, product) = self
            .keys
            .get(&call.key)
            .cloned()
            .with_context(|| format!("no key {}", call.key))?;
        let path = format!("/open/v1/products/{product}/data");
        let query = call
            .filters
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("&");
        let mut last = None;
        for _ in 0..call.times {
            let time = self.client.plain("GET", "/open/v1/time", None).await?;
            let millis = time
                .body
                .get("time_ms")
                .and_then(Json::as_i64)
                .context("time of the gateway")?;
            let mut nonce = [0u8; 16];
            crate::real::fill(&mut nonce);
            let credentials = Credentials {
                key_id: &key_id,
                secret: if call.forged { "forged" } else { &secret },
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
            let reply = self.client.call(&target, &signed.headers()).await?;
            if reply.is_ok() {
                self.report.calls_metered += 1;
            }
            last = Some(reply);
        }
        last.context("a call must be made at least once")
    }
}
