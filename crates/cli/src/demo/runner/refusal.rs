//! A refusal is the expected one, and changes nothing.

use anyhow::{Context as _, ensure};
use serde_json::Value as Json;

use super::{Done, Runner};
use crate::demo::{
    story::{Refused, Step},
    tell::Told,
};

/// What a refused step must leave as it was.
#[derive(Debug, PartialEq)]
pub(super) struct State {
    /// Entries of the proceedings.
    proceedings: u64,
    /// Version of the case; `None` before it exists and for those who may not see it.
    version: Option<u64>,
    /// Datasets with their versions and rows, for steps that bring data.
    datasets: Json,
    /// Calls metered, for calls.
    usage: Json,
}

impl Runner {
    /// What a refused step must not change.
    pub(super) async fn state(&mut self, step: &Step) -> anyhow::Result<State> {
        let login = &step.login;
        let logs = self.client.get(login, "/api/v1/ledger").await?;
        let proceedings = logs
            .body
            .as_array()
            .and_then(|logs| {
                logs.iter()
                    .find(|log| log.get("log") == Some(&"proceedings".into()))
            })
            .and_then(|log| log.get("size")?.as_u64())
            .with_context(|| format!("no size of the proceedings: {}", logs.body))?;
        let version = match self.case_id(&step.case) {
            Ok(case) => {
                let reply = self.client.get(login, &format!("/api/v1/cases/{case}")).await?;
                reply.number("version")
            }
            Err(_) => None,
        };
        let datasets = if step.ingest.is_some() || step.derive.is_some() {
            self.client.get(login, "/api/v1/datasets").await?.body
        } else {
            Json::Null
        };
        let usage = match &step.call {
            Some(call) => self.usage(&call.key).await?,
            None => Json::Null,
        };
        Ok(State {
            proceedings,
            version,
            datasets,
            usage,
        })
    }

    /// The expected refusal with its clause and facts; anything else ends the walk.
    pub(super) fn refused(&mut self, step: &Step, expected: &Refused, done: &Done) -> anyhow::Result<()> {
        let reply = &done.reply;
        let code = &expected.code;
        ensure!(
            !reply.is_ok(),
            "expected the refusal {code}, but it succeeded: {}",
            reply.body
        );
        ensure!(
            reply.code() == code,
            "expected {code}, got {} {}",
            reply.status,
            reply.body
        );
        if let Some(clause) = &expected.clause {
            ensure!(
                reply.clauses().contains(clause),
                "refusal {code} does not cite {clause}: {}",
                reply.body
            );
        }
        for (name, value) in &expected.facts {
            let value = self.named(value)?;
            ensure!(
                reply.fact(name) == Some(&value),
                "refusal {code} has not the fact {name} = {value}: {}",
                reply.body
            );
        }
        ensure!(
            !reply.text("detail").is_empty() && !reply.text("way_out").is_empty(),
            "refusal {code} says no reason or no way out: {}",
            reply.body
        );
        match reply.fact("nearest") {
            Some(sql) => self.names.insert("nearest".to_owned(), sql.to_owned()),
            None => self.names.remove("nearest"),
        };
        *self.report.refusals.entry(code.clone()).or_default() += 1;
        let told = Told::refused(&self.words, step, &done.verb, reply);
        self.tell(&told, &step.note);
        Ok(())
    }
}
