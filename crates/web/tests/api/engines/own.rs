//! Own lists in the lake that keeps what was poured in.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use async_trait::async_trait;
use shuyu_app::port::{DataError, DataLake as _, Ingested, OwnFind, OwnLabel, OwnLists, OwnOrder, OwnSurvey};
use shuyu_kernel::{DatasetId, Digest, Fault};
use shuyu_privacy::scan::Identifier;

use super::Pond;

/// Lists are read as commas say; what became of their files can be asked.
#[async_trait]
impl OwnLists for Pond {
    async fn survey_own(&self, raw: Digest, subject: &str, _: u64) -> Result<OwnSurvey, DataError> {
        let bytes = self.raw_bytes(raw).await?;
        let text = String::from_utf8(bytes).map_err(|error| Fault::new("reading", error))?;
        let mut rows = text.lines().map(|line| line.split(',').collect::<Vec<_>>());
        let titles = rows.next().unwrap_or_default();
        let rows: Vec<_> = rows.collect();
        let who = titles.iter().position(|title| *title == subject);
        let subjects_of = |value: Option<(usize, &str)>| {
            let rows = rows
                .iter()
                .filter(|row| value.is_none_or(|(at, value)| row[at] == value));
            let who: BTreeSet<_> = rows.filter_map(|row| Some(row[who?])).collect();
            who.len() as u64
        };
        let labels = titles.iter().enumerate().filter(|(at, _)| Some(*at) != who);
        let label = |(at, title): (usize, &&str)| {
            let values: BTreeSet<&str> = rows.iter().map(|row| row[at]).collect();
            let fewest = values.iter().map(|value| subjects_of(Some((at, *value)))).min();
            let label = OwnLabel {
                values: values.len() as u64,
                fewest: fewest.unwrap_or(0),
            };
            ((*title).to_owned(), label)
        };
        let find = rows.iter().zip(2..).find(|(row, _)| row.contains(&"13800000000"));
        Ok(OwnSurvey {
            titles: titles.iter().map(|title| (*title).to_owned()).collect(),
            rows: rows.len() as u64,
            subjects: subjects_of(None),
            labels: labels.map(label).collect(),
            found: find.map(|(_, line)| OwnFind {
                position: 2,
                line,
                kind: Identifier::Phone,
            }),
        })
    }
    async fn ingest_own(&self, order: &OwnOrder) -> Result<Ingested, DataError> {
        let bytes = self.raw_bytes(order.raw).await?;
        self.lists.lock().unwrap().insert(order.dataset, order.raw);
        Ok(Ingested {
            version: 0,
            rows: bytes.iter().filter(|byte| **byte == b'\n').count() as u64 - 1,
            files: vec![Digest::of(b"file")],
            raw: vec![order.raw],
            report: serde_json::Value::Null,
            domain: Some(order.domain.clone()),
            rows_per_unit: 1,
            columns: order.columns.iter().map(|(name, _)| name.clone()).collect(),
            arrival: None,
            recipe: None,
        })
    }
    async fn own_raw(&self) -> Result<BTreeSet<Digest>, Fault> {
        let files = self.files.lock().unwrap();
        let lists = self.lists.lock().unwrap();
        Ok(lists
            .values()
            .copied()
            .filter(|raw| files.contains_key(raw))
            .collect())
    }
    async fn forget_raw(&self, raw: Digest, kept: &BTreeSet<Digest>) -> Result<(), Fault> {
        if self.sticks.swap(false, Ordering::SeqCst) {
            return Err(Fault::new("destroying a raw file", "stuck"));
        }
        if !kept.contains(&raw) {
            self.files.lock().unwrap().remove(&raw);
        }
        Ok(())
    }
    async fn destroy_own(&self, dataset: DatasetId) -> Result<u64, Fault> {
        Ok(u64::from(self.lists.lock().unwrap().remove(&dataset).is_some()) * 2)
    }
}
