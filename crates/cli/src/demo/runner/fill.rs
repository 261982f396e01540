//! The values of a step: names replaced, papers uploaded, the rest answered from `answers.toml`.

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use serde_json::Value as Json;

use super::Runner;
use crate::demo::story::Step;

/// Types of fields that only a step itself can set: they point at something of the walk.
const SET_BY_STEPS: [&str; 6] = ["case", "cases", "body", "person", "columns", "figures"];

impl Runner {
    /// The values of a step, and the answers to the rest if asked.
    pub(super) async fn values(
        &mut self,
        step: &Step,
        procedure: &str,
        act: Option<&str>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let rules = self.procedure(&step.login, procedure).await?;
        let fields = list(&rules, "fields");
        let mut set = BTreeMap::new();
        for (id, value) in &step.set {
            let is_file = fields
                .iter()
                .any(|field| text(field, "id") == *id && text(field, "type") == "file");
            let value = if is_file && !value.is_empty() {
                self.file(&step.login, value).await?
            } else {
                self.named(value)?
            };
            set.insert(id.clone(), value);
        }
        if step.fill {
            let wanted = wanted(&rules, act, step);
            for (id, ty) in wanted {
                if !set.contains_key(&id)
                    && let Some(answer) = self.answer(step, procedure, &id, &ty).await?
                {
                    set.insert(id, answer);
                }
            }
        }
        Ok(set)
    }

    /// The answer to one field; `None` if it is left empty on purpose.
    async fn answer(
        &mut self,
        step: &Step,
        procedure: &str,
        id: &str,
        ty: &str,
    ) -> anyhow::Result<Option<String>> {
        let found = self.answers.to(procedure, &step.case, step.lane.as_deref(), id);
        let Some(found) = found.map(str::to_owned) else {
            ensure!(
                SET_BY_STEPS.contains(&ty),
                "answers.toml has no answer to {procedure}.{id}, which case {} fills",
                step.case
            );
            return Ok(None);
        };
        if found.is_empty() {
            return Ok(None);
        }
        if ty == "file" {
            return Ok(Some(self.file(&step.login, &found).await?));
        }
        Ok(Some(self.named(&found)?))
    }

    /// The rules of a procedure, as the programming interface gives them. Every answer must be to a field of them.
    async fn procedure(&mut self, login: &str, id: &str) -> anyhow::Result<Json> {
        if let Some(rules) = self.procedures.get(id) {
            return Ok(rules.clone());
        }
        let path = format!("/api/v1/procedures/{id}");
        let reply = self.client.get(login, &path).await?;
        ensure!(reply.is_ok(), "procedure {id}: {} {}", reply.status, reply.body);
        let fields = list(&reply.body, "fields");
        for answered in self.answers.fields(id) {
            ensure!(
                fields.iter().any(|field| text(field, "id") == answered),
                "answers.toml answers {id}.{answered}, which is no field"
            );
        }
        self.procedures.insert(id.to_owned(), reply.body.clone());
        Ok(reply.body)
    }

    /// Replaces `{kind:name}` by the id, digest or number of that name.
    pub(super) fn named(&self, text: &str) -> anyhow::Result<String> {
        let mut out = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('{') {
            let end = rest
                .get(start..)
                .and_then(|tail| tail.find('}'))
                .context("a brace without end")?
                + start;
            let name = rest.get(start + 1..end).unwrap_or_default();
            out.push_str(rest.get(..start).unwrap_or_default());
            out.push_str(
                self.names
                    .get(name)
                    .with_context(|| format!("nothing is named {name}"))?,
            );
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        out.push_str(rest);
        Ok(out)
    }

    /// Digest of a practice paper of that name, uploaded once per person.
    pub(super) async fn file(&mut self, login: &str, name: &str) -> anyhow::Result<String> {
        let place = format!("{login} {name}");
        if let Some(digest) = self.uploads.get(&place) {
            return Ok(digest.clone());
        }
        let content = self
            .answers
            .paper(name)
            .replace("{paper}", name)
            .replace("{from}", &self.words.body_of(login));
        let content = self.named(&content)?;
        let reply = self
            .client
            .upload(login, name, "paper", content.into_bytes().into())
            .await?;
        let digest = reply.text("digest");
        ensure!(
            !digest.is_empty(),
            "upload of {name}: {} {}",
            reply.status,
            reply.body
        );
        self.uploads.insert(place, digest.clone());
        Ok(digest)
    }
}

/// Ids and types of the fields that the act records, or that are asked when a case is opened. Exceptions are
/// never filled in.
fn wanted(rules: &Json, act: Option<&str>, step: &Step) -> Vec<(String, String)> {
    let records: Option<Vec<String>> = act.map(|id| {
        let acts = list(rules, "acts");
        let rule = acts.iter().find(|rule| text(rule, "id") == id);
        let records = rule.map(|rule| list(rule, "records")).unwrap_or_default();
        records
            .iter()
            .filter_map(Json::as_str)
            .map(str::to_owned)
            .collect()
    });
    let fields = list(rules, "fields");
    let asked = fields.iter().filter(|field| {
        let id = text(field, "id");
        let asked = match &records {
            Some(records) => records.contains(&id),
            None => !text(field, "group").is_empty(),
        };
        let counted = field.get("measured").and_then(Json::as_bool).unwrap_or(false);
        asked && !counted && !id.starts_with("exception_") && !step.without.contains(&id)
    });
    asked
        .map(|field| (text(field, "id"), text(field, "type")))
        .collect()
}

fn list(of: &Json, name: &str) -> Vec<Json> {
    of.get(name).and_then(Json::as_array).cloned().unwrap_or_default()
}

fn text(of: &Json, name: &str) -> String {
    of.get(name).and_then(Json::as_str).unwrap_or_default().to_owned()
}
