//! Opening cases, taking acts, taking the further steps of a route.

use anyhow::{Context as _, bail};
use serde_json::{Value as Json, json};

use super::{Done, Runner};
use crate::demo::{client::Reply, story::Step};

impl Runner {
    pub(super) async fn open(&mut self, step: &Step, procedure: &str) -> anyhow::Result<Done> {
        let set = self.values(step, procedure, None).await?;
        let order = json!({ "procedure": procedure, "set": set });
        let reply = self.client.post(&step.login, "/api/v1/cases", &order).await?;
        if reply.is_ok() {
            let id = reply.text("case");
            self.names.insert(format!("case:{}", step.case), id);
            self.names
                .insert(format!("procedure:{}", step.case), procedure.to_owned());
        }
        let title = self.words.procedure(procedure).map_or("", |rules| &rules.title);
        let verb = self.words.words("demo-open", &[("procedure", title)]);
        Ok(Done {
            reply,
            verb,
            below: Vec::new(),
        })
    }

    pub(super) async fn act(&mut self, step: &Step, act: &str) -> anyhow::Result<Done> {
        let id = self.case_id(&step.case)?;
        let procedure = self.procedure_of(&step.case);
        let mut set = self.values(step, &procedure, Some(act)).await?;
        if step.figures {
            set.insert("figures".to_owned(), self.figures(&step.login, &id).await?);
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
        let path = format!("/api/v1/cases/{id}/acts");
        let reply = self.client.post(&step.login, &path, &body).await?;
        Ok(Done {
            reply,
            verb: self.words.act(&procedure, act),
            below: Vec::new(),
        })
    }

    /// Figures of the record as the text that a field of figures takes: those of the disclosure's year, if its
    /// period begins with one.
    async fn figures(&mut self, login: &str, case: &str) -> anyhow::Result<String> {
        let state = self.client.get(login, &format!("/api/v1/cases/{case}")).await?;
        let period = state.body.pointer("/fields/period").and_then(Json::as_str);
        let year = period.and_then(|period| period.get(..4)).unwrap_or_default();
        let path = if year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit()) {
            format!("/api/v1/disclosure/figures?from={year}-01-01&to={year}-12-31")
        } else {
            "/api/v1/disclosure/figures".to_owned()
        };
        let reply = self.client.get(login, &path).await?;
        let figures = reply.body.as_array().context("figures as a list")?;
        let line = |figure: &Json| {
            let name = figure.get("name").and_then(Json::as_str).unwrap_or_default();
            format!("{name}={}", figure.get("value").cloned().unwrap_or_default())
        };
        Ok(figures.iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    /// A further step of the act that waits in the body of this person.
    pub(super) async fn advance(&mut self, login: &str, case: &str) -> anyhow::Result<Reply> {
        let id = self.case_id(case)?;
        let state = self.client.get(login, &format!("/api/v1/cases/{id}")).await?;
        let me = self.client.get(login, "/api/v1/me").await?;
        let body = me
            .body
            .pointer("/actor/body")
            .and_then(Json::as_str)
            .unwrap_or_default();
        let waiting = state.body.get("pending").and_then(Json::as_array);
        let own = waiting
            .into_iter()
            .flatten()
            .find(|act| act.get("body").and_then(Json::as_str) == Some(body));
        let Some(number) = own.and_then(|act| act.get("number")).and_then(Json::as_u64) else {
            bail!("nothing waits for {login} in {case}: {}", state.body);
        };
        let path = format!("/api/v1/cases/{id}/pending/{number}/advance");
        self.client.post(login, &path, &json!({})).await
    }
}

fn set_key(body: &mut Json, key: &str, value: String) {
    if let Some(object) = body.as_object_mut() {
        object.insert(key.to_owned(), Json::String(value));
    }
}
