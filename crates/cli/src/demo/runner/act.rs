//! Opening cases, taking acts, taking the further steps of a route.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value as Json, json};

use super::Runner;
use crate::demo::{client::Reply, story::Step};

impl Runner {
    pub(super) async fn open(&mut self, step: &Step, procedure: &str) -> anyhow::Result<Reply> {
        let set = self.values(step, procedure, None).await?;
        let reply = self
            .client
            .post(
                &step.login,
                "/api/v1/cases",
                &json!({ "procedure": procedure, "set": set }),
            )
            .await?;
        if let Some(id) = reply
            .body
            .get("case")
            .or_else(|| reply.body.get("id"))
            .and_then(Json::as_str)
        {
            self.names.insert(format!("case:{}", step.case), id.to_owned());
            self.names
                .insert(format!("procedure:{}", step.case), procedure.to_owned());
        }
        Ok(reply)
    }

    pub(super) async fn act(&mut self, step: &Step, act: &str) -> anyhow::Result<Reply> {
        let id = self.case_id(&step.case)?;
        let procedure = self
            .names
            .get(&format!("procedure:{}", step.case))
            .cloned()
            .context("case of no procedure")?;
        let mut set = self.values(step, &procedure, Some(act)).await?;
        if step.figures {
            let state = self
                .client
                .get(&step.login, &format!("/api/v1/cases/{id}"))
                .await?;
            let period = state.body.pointer("/fields/period").and_then(Json::as_str);
            let year = period.filter(|text| text.len() == 4).unwrap_or_default();
            let path = if year.is_empty() {
                "/api/v1/disclosure/figures".to_owned()
            } else {
                format!("/api/v1/disclosure/figures?from={year}-01-01&to={year}-12-31")
            };
            let reply = self.client.get(&step.login, &path).await?;
            let figures = reply.body.as_array().context("figures as a list")?;
            let line = |figure: &Json| {
                let name = figure.get("name").and_then(Json::as_str).unwrap_or_default();
                format!("{name}={}", figure.get("value").cloned().unwrap_or_default())
            };
            set.insert(
                "figures".to_owned(),
                figures.iter().map(line).collect::<Vec<_>>().join("\n"),
            );
        }
        let mut body = json!({ "act": act, "set": set, "strike": step.strike });
        if let Some(lane) = &step.lane {
            set_key(&mut body, "lane", self.lane_key(lane)?);
        }
        if let Some(paper) = &step.paper {
            set_key(&mut body, "manner", "on_behalf".to_owned());
            set_key(&mut body, "paper", self.file(&step.login, paper).await?);
        }
        if let Some(day) = step.happened_on {
            set_key(&mut body, "happened_on", day.to_string());
        }
        self.client
            .post(&step.login, &format!("/api/v1/cases/{id}/acts"), &body)
            .await
    }

    /// A further step of a route, which must succeed.
    pub(super) async fn advance(&mut self, login: &str, case: &str) -> anyhow::Result<()> {
        let reply = self.advance_once(login, case).await?;
        ensure!(reply.is_ok(), "{login}: {} {}", reply.status, reply.body);
        self.report.acts += 1;
        Ok(())
    }

    pub(super) async fn advance_once(&mut self, login: &str, case: &str) -> anyhow::Result<Reply> {
        let id = self.case_id(case)?;
        let state = self.client.get(login, &format!("/api/v1/cases/{id}")).await?;
        let me = self.client.get(login, "/api/v1/me").await?;
        let body = me
            .body
            .pointer("/actor/body")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let waiting = state
            .body
            .get("pending")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let own = waiting
            .iter()
            .find(|act| act.get("body").and_then(Json::as_str) == Some(body));
        let Some(number) = own.and_then(|act| act.get("number")).and_then(Json::as_u64) else {
            bail!("nothing waits for {login} in {case}: {}", state.body);
        };
        self.client
            .post(
                login,
                &format!("/api/v1/cases/{id}/pending/{number}/advance"),
                &json!({}),
            )
            .await
    }

    /// The values of a step with names replaced, papers uploaded, and the rest filled if asked.
    async fn values(
        &mut self,
        step: &Step,
        procedure: &str,
        act: Option<&str>,
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let mut set = BTreeMap::new();
        let rules = self.procedure(&step.login, procedure).await?;
        let field_type = |id: &str| -> String {
            let fields = rules
                .get("fields")
                .and_then(Json::as_array)
                .cloned()
                .unwrap_or_default();
            let field = fields
                .iter()
                .find(|field| field.get("id").and_then(Json::as_str) == Some(id))
                .cloned();
            field
                .and_then(|field| field.get("type").and_then(Json::as_str).map(str::to_owned))
                .unwrap_or_default()
        };
        for (field, text) in &step.set {
            let text = if field_type(field) == "file" && !text.is_empty() {
                self.file(&step.login, text).await?
            } else {
                self.named(text)?
            };
            set.insert(field.clone(), text);
        }
        if step.fill {
            self.fill(step, &rules, act, &mut set).await?;
        }
        Ok(set)
    }

    /// Sample answers for every field the act records that the step does not set.
    async fn fill(
        &mut self,
        step: &Step,
        rules: &Json,
        act: Option<&str>,
        set: &mut BTreeMap<String, String>,
    ) -> anyhow::Result<()> {
        let acts = rules
            .get("acts")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        let records: Option<Vec<String>> = act.map(|id| {
            let rule = acts
                .iter()
                .find(|rule| rule.get("id").and_then(Json::as_str) == Some(id));
            let list = rule
                .and_then(|rule| rule.get("records"))
                .and_then(Json::as_array)
                .cloned()
                .unwrap_or_default();
            list.iter().filter_map(Json::as_str).map(str::to_owned).collect()
        });
        for field in rules
            .get("fields")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default()
        {
            let text = |name: &str| {
                field
                    .get(name)
                    .and_then(Json::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            let id = text("id");
            let wanted = records
                .as_ref()
                .map_or(!text("group").is_empty(), |records| records.contains(&id));
            // An exception is never a sample answer.
            if !wanted || id.starts_with("exception_") || set.contains_key(&id) || step.without.contains(&id)
            {
                continue;
            }
            let answer = match text("type").as_str() {
                "text" | "paragraph" => text("title"),
                "integer" => "1".to_owned(),
                "yes_no" => "yes".to_owned(),
                "file" => self.file(&step.login, &format!("{}-{id}.txt", step.case)).await?,
                "choice" => field
                    .pointer("/choices/0")
                    .and_then(Json::as_str)
                    .unwrap_or_default()
                    .to_owned(),
                _ => continue,
            };
            set.insert(id, answer);
        }
        Ok(())
    }

    pub(super) async fn procedure(&mut self, login: &str, id: &str) -> anyhow::Result<Json> {
        if let Some(rules) = self.procedures.get(id) {
            return Ok(rules.clone());
        }
        let reply = self
            .client
            .get(login, &format!("/api/v1/procedures/{id}"))
            .await?;
        ensure!(reply.is_ok(), "procedure {id}: {} {}", reply.status, reply.body);
        self.procedures.insert(id.to_owned(), reply.body.clone());
        Ok(reply.body)
    }

    /// Replaces `{kind:name}` by the id or digest of that name.
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

    /// Digest of a practice paper of that name, uploaded once per body.
    pub(super) async fn file(&mut self, login: &str, name: &str) -> anyhow::Result<String> {
        let place = format!("{login} {name}");
        if let Some(digest) = self.uploads.get(&place) {
            return Ok(digest.clone());
        }
        let bytes = format!("{name}\n").into_bytes();
        let reply = self.client.upload(login, name, "paper", bytes.into()).await?;
        let digest = reply
            .body
            .get("digest")
            .and_then(Json::as_str)
            .with_context(|| format!("upload of {name}: {} {}", reply.status, reply.body))?;
        self.uploads.insert(place, digest.to_owned());
        Ok(digest.to_owned())
    }
}

fn set_key(body: &mut Json, key: &str, value: String) {
    if let Some(object) = body.as_object_mut() {
        object.insert(key.to_owned(), Json::String(value));
    }
}
