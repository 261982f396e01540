//! Data arriving, de-identified versions, queries.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::{Value as Json, json};

use super::{Done, Runner};
use crate::demo::{
    client::Reply,
    input::InputFile,
    story::{Derive, Ingest, Step},
};

/// A client asks for the state of a job this often.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(50);

impl Runner {
    /// Every file of the order; the first that is refused ends it.
    pub(super) async fn ingest(&mut self, step: &Step, order: &Ingest) -> anyhow::Result<Done> {
        let mut rows = 0;
        let mut below = Vec::new();
        for (number, file) in (1..).zip(self.input.files(&order.file)?) {
            let table = order.table.replace('#', &format!("{number:02}"));
            let reply = self.ingest_file(step, order, &file, &table).await?;
            if !reply.is_ok() {
                return Ok(self.done(reply, "demo-ingest"));
            }
            let made = reply.number("rows").context("rows of the ingest")?;
            rows += made;
            self.names
                .insert(format!("dataset:{table}"), reply.text("dataset"));
            let told = self
                .words
                .words("demo-ingest-rows", &[("rows", &made.to_string())]);
            below.push(format!("{} → {table}: {told}", file.name));
        }
        if let Some(expected) = order.rows.filter(|_| self.input.is_published()) {
            ensure!(rows == expected, "{rows} rows arrived, not {expected}");
        }
        self.report.rows_ingested += rows;
        self.add_rows(&step.case, rows);
        let reply = Reply {
            status: 200,
            body: Json::Null,
        };
        Ok(Done {
            below,
            ..self.done(reply, "demo-ingest")
        })
    }

    /// One file, from upload to the end of its job: what was made, or the refusal.
    async fn ingest_file(
        &mut self,
        step: &Step,
        order: &Ingest,
        file: &InputFile,
        table: &str,
    ) -> anyhow::Result<Reply> {
        let upload = self
            .client
            .upload(&step.login, &file.name, "data", file.body().await?)
            .await?;
        if !upload.is_ok() {
            return Ok(upload);
        }
        let body = json!({
            "resource": self.case_id(&step.case)?, "table": table, "upload": upload.text("digest"),
            "unit_columns": order.unit_columns, "domain": order.domain,
        });
        let started = self
            .client
            .post(&step.login, "/api/v1/datasets/ingests", &body)
            .await?;
        if !started.is_ok() {
            return Ok(started);
        }
        let job = started.number("job").context("number of the job")?;
        let ended = self.wait_for(&step.login, job).await?;
        let part = |name: &str| ended.get(name).cloned();
        match (part("made"), part("refusal")) {
            (Some(body), None) => Ok(Reply { status: 201, body }),
            (None, Some(body)) => Ok(Reply { status: 422, body }),
            _ => anyhow::bail!("ingest of {} ended as {ended}", file.name),
        }
    }

    fn add_rows(&mut self, case: &str, rows: u64) {
        let key = format!("rows:{case}");
        let before: u64 = self
            .names
            .get(&key)
            .and_then(|rows| rows.parse().ok())
            .unwrap_or(0);
        self.names.insert(key, (before + rows).to_string());
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

    pub(super) async fn derive(&mut self, step: &Step, order: &Derive) -> anyhow::Result<Done> {
        let from = self
            .names
            .get(&format!("dataset:{}", order.from))
            .cloned()
            .context("the table it is made from")?;
        let body = json!({
            "resource": self.case_id(&step.case)?, "from": from, "table": order.table,
            "drop": order.drop, "bands": order.bands,
        });
        let path = "/api/v1/datasets/derivations";
        let reply = self.client.post(&step.login, path, &body).await?;
        let mut below = Vec::new();
        if let Some(made) = reply.number("rows") {
            if let Some(expected) = order.rows.filter(|_| self.input.is_published()) {
                ensure!(made == expected, "{made} rows were derived, not {expected}");
            }
            self.report.rows_derived += made;
            self.add_rows(&step.case, made);
            self.names
                .insert(format!("report:{}", order.table), reply.text("report"));
            let told = self
                .words
                .words("demo-ingest-rows", &[("rows", &made.to_string())]);
            below.push(format!("{} → {}: {told}", order.from, order.table));
        }
        Ok(Done {
            below,
            ..self.done(reply, "demo-derive")
        })
    }

    pub(super) async fn query(&mut self, step: &Step, sql: &str) -> anyhow::Result<Done> {
        let case = self.case_id(&step.case)?;
        let sql = self.named(sql)?;
        let permit = case.replacen("case_", "permit_", 1);
        let path = format!("/api/v1/permits/{permit}/queries");
        let reply = self
            .client
            .post(&step.login, &path, &json!({ "sql": sql }))
            .await?;
        let mut below = vec![sql];
        if reply.is_ok() {
            self.report.queries += 1;
            let rows = answered(step, &reply)?;
            let key = if step.suppressed || step.most_rows.is_some() {
                "demo-query-withheld"
            } else {
                "demo-query-answered"
            };
            below.push(self.words.words(key, &[("rows", &rows.to_string())]));
            if let Some(name) = &step.release {
                self.names
                    .insert(format!("release:{name}"), reply.text("release"));
            }
        }
        let mut done = self.done(reply, "demo-query");
        if let Some(sql) = below.first().filter(|_| !done.reply.is_ok()) {
            done.verb = format!("{} {sql}", done.verb);
        }
        Ok(Done { below, ..done })
    }
}

/// The answer has as many rows as the step says; returns how many.
fn answered(step: &Step, reply: &Reply) -> anyhow::Result<usize> {
    let rows = reply.body.get("rows").and_then(Json::as_array);
    let rows = rows.context("rows of the answer")?;
    let count = rows.len();
    let least = step.rows.unwrap_or(0);
    ensure!(
        count >= least,
        "{count} rows came back, fewer than {least}: {}",
        reply.body
    );
    if let Some(most) = step.most_rows {
        ensure!(
            count <= most,
            "{count} rows came back, more than {most}: {}",
            reply.body
        );
    }
    let withheld = rows.iter().all(|row| {
        row.as_array()
            .is_some_and(|cells| cells.iter().all(Json::is_null))
    });
    ensure!(
        !step.suppressed || (count == 1 && withheld),
        "an answer that should be withheld came: {}",
        reply.body
    );
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(more: &str, rows: Json) -> anyhow::Result<usize> {
        let step = format!("on = \"2026-02-06\"\nas = \"staff\"\nquery = \"SELECT 1\"\n{more}");
        let reply = Reply {
            status: 201,
            body: json!({ "rows": rows }),
        };
        answered(&toml::from_str(&step).unwrap(), &reply)
    }

    #[test]
    fn too_few_too_many_and_unexpected_values_are_noticed() {
        assert_eq!(asked("", json!([])).unwrap(), 0);
        assert_eq!(asked("rows = 2\nmost_rows = 2", json!([[1], [2]])).unwrap(), 2);
        assert!(asked("rows = 3", json!([[1], [2]])).is_err());
        assert!(asked("most_rows = 1", json!([[1], [2]])).is_err());
        assert_eq!(asked("suppressed = true", json!([[null, null]])).unwrap(), 1);
        assert!(asked("suppressed = true", json!([[null, 3]])).is_err());
        assert!(asked("suppressed = true", json!([[null], [null]])).is_err());
        assert!(asked("suppressed = true", json!([])).is_err());
    }
}
