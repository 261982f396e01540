//! Data arriving: a job that turns a raw file into a dataset version, with progress and cancel.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event,
    event::DatasetEvent,
    port::{DatasetRow, Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{CaseId, DatasetId, Digest, Id, Refusal};

use crate::{
    App, Session, Stop,
    dispatch::fingerprint,
    files::UploadKind,
    jobs::status_of,
    port::{Cancel, DeriveOrder, IngestOrder, Ingested},
};

/// An order to make a dataset of an uploaded file.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewIngest {
    /// Catalogue entry the data belongs to.
    pub resource: CaseId,
    /// Table name.
    pub table: String,
    /// Digest of the uploaded file.
    pub upload: Digest,
    /// Columns that name the subject.
    #[serde(default)]
    pub unit_columns: Vec<String>,
    /// Identifier domain.
    #[serde(default)]
    pub domain: Option<String>,
}

/// An order to make a de-identified version (YN-DM-104).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewDerive {
    /// Catalogue entry the result belongs to.
    pub resource: CaseId,
    /// Dataset to read.
    pub from: DatasetId,
    /// Table name of the result.
    pub table: String,
    /// Columns to leave out.
    #[serde(default)]
    pub drop: Vec<String>,
    /// Column → borders of its bands, growing.
    #[serde(default)]
    pub bands: BTreeMap<String, Vec<String>>,
}

/// Where a version belongs.
struct Place<'a> {
    resource: CaseId,
    table: &'a str,
    dataset: DatasetId,
}

/// Result of a data job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DatasetMade {
    /// Dataset.
    pub dataset: DatasetId,
    /// Version.
    pub version: u64,
    /// Rows.
    pub rows: u64,
    /// Digest of the quality report or recipe, stored as a document.
    pub report: Digest,
}

impl App {
    /// Starts ingesting in the background and returns the number of the job.
    pub fn start_ingest(
        self: &Arc<Self>,
        session: &Session,
        new: NewIngest,
        key: String,
    ) -> Result<u64, Stop> {
        self.require_signed_in(session)?;
        let (number, rows, cancel) = self.jobs.start(&new.table, &session.actor.body.to_string());
        let (app, session) = (self.clone(), session.clone());
        tokio::spawn(async move {
            let result = app.ingest(&session, new, key, rows, cancel).await;
            app.jobs.finish(number, status_of(result));
        });
        Ok(number)
    }

    async fn ingest(
        &self,
        session: &Session,
        new: NewIngest,
        key: String,
        rows: Arc<AtomicU64>,
        cancel: Cancel,
    ) -> Result<DatasetMade, Stop> {
        let what = format!("ingest/{}", new.resource);
        let result = self.ingest_inner(session, new, key, rows, cancel).await;
        self.noted(session, &what, result).await
    }

    async fn ingest_inner(
        &self,
        session: &Session,
        new: NewIngest,
        key: String,
        rows: Arc<AtomicU64>,
        cancel: Cancel,
    ) -> Result<DatasetMade, Stop> {
        self.own_resource(session, new.resource, &new.table).await?;
        let upload = self.checked_upload(session, new.upload, UploadKind::Data).await?;
        let dataset = self.dataset_for(new.resource, &new.table).await?;
        let order = IngestOrder {
            dataset,
            table: new.table.clone(),
            raw: new.upload,
            name: upload.name,
            unit_columns: new.unit_columns.clone(),
            domain: new.domain.clone(),
            key: key.clone(),
        };
        let counter = rows.clone();
        let made = self
            .lake
            .ingest(
                &order,
                Arc::new(move |n| counter.store(n, Ordering::Relaxed)),
                cancel,
            )
            .await?;
        rows.store(made.rows, Ordering::Relaxed);
        let place = Place {
            resource: new.resource,
            table: &new.table,
            dataset,
        };
        self.record_version(session, &place, made, (key, fingerprint(&new)))
            .await
    }

    /// Makes a de-identified version of a dataset of the same provider.
    pub async fn derive(&self, session: &Session, new: NewDerive, key: String) -> Result<DatasetMade, Stop> {
        let what = format!("derive/{}", new.resource);
        let result = self.derive_inner(session, new, key).await;
        self.noted(session, &what, result).await
    }

    async fn derive_inner(
        &self,
        session: &Session,
        new: NewDerive,
        key: String,
    ) -> Result<DatasetMade, Stop> {
        self.require_signed_in(session)?;
        self.own_resource(session, new.resource, &new.table).await?;
        let known = self.record.datasets(None).await?;
        let from = known
            .iter()
            .find(|row| row.dataset == new.from)
            .ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", new.from))?;
        self.own_resource(session, from.resource, &from.table).await?;
        let dataset = self.dataset_for(new.resource, &new.table).await?;
        let order = DeriveOrder {
            from: new.from,
            dataset,
            table: new.table.clone(),
            drop: new.drop.clone(),
            bands: new.bands.clone().into_iter().collect(),
            key: key.clone(),
        };
        let made = self
            .lake
            .derive(&order, Arc::new(|_| {}), Cancel::default())
            .await?;
        let place = Place {
            resource: new.resource,
            table: &new.table,
            dataset,
        };
        self.record_version(session, &place, made, (key, fingerprint(&new)))
            .await
    }

    /// The catalogue entry must be the session's own, as its provider.
    async fn own_resource(&self, session: &Session, resource: CaseId, table: &str) -> Result<(), Stop> {
        let name_ok = !table.is_empty()
            && table.len() <= 60
            && table
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && !table.starts_with(|c: char| c.is_ascii_digit() || c == '_');
        if !name_ok {
            return Err(Refusal::unmet("table_name_invalid")
                .fact("table", table.chars().take(60).collect::<String>())
                .into());
        }
        let loaded = self.record.load(&[resource].into()).await?;
        let case = loaded
            .linked
            .get(&resource)
            .ok_or_else(|| Refusal::unknown("case_unknown"))?;
        if !case.is_party(&session.actor) || session.actor.role != "provider" {
            return Err(Refusal::forbidden("not_a_party").fact("act", &case.title).into());
        }
        Ok(())
    }

    /// The dataset of a table: the known one, or a new id derived from entry and table, so that a repeated
    /// order after a crash means the same dataset.
    async fn dataset_for(&self, resource: CaseId, table: &str) -> Result<DatasetId, Stop> {
        let known = self.record.datasets(None).await?;
        if let Some(row) = known.iter().find(|row| row.table == table) {
            if row.resource == resource {
                return Ok(row.dataset);
            }
            return Err(Refusal::conflict("table_name_taken").fact("table", table).into());
        }
        let digest = Digest::of(format!("{resource}/{table}").as_bytes());
        let bits = digest
            .0
            .iter()
            .take(16)
            .fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
        Ok(Id::from_bits(bits))
    }

    async fn record_version(
        &self,
        session: &Session,
        place: &Place<'_>,
        made: Ingested,
        (key, fingerprint): (String, Digest),
    ) -> Result<DatasetMade, Stop> {
        let Place {
            resource,
            table,
            dataset,
        } = *place;
        let report_bytes = serde_json::to_vec(&(&made.report, &made.recipe)).unwrap_or_default();
        let report = Digest::of(&report_bytes);
        if self
            .record
            .document("report", &report.to_string())
            .await?
            .is_none()
        {
            let body = session.actor.body.to_string();
            self.put(
                "report",
                &report.to_string(),
                &body,
                &(&made.report, &made.recipe),
                1,
            )
            .await?;
        }
        let event = DatasetEvent::VersionRecorded {
            dataset,
            table: table.to_owned(),
            resource,
            version: made.version,
            rows: made.rows,
            files: made.files,
            raw: made.raw,
            report,
            domain: made.domain,
            rows_per_unit: made.rows_per_unit,
            columns: made.columns,
            by: session.actor.clone(),
        };
        let result = DatasetMade {
            dataset,
            version: made.version,
            rows: made.rows,
            report,
        };
        let reply = serde_json::to_value(&result).unwrap_or_default();
        let request = Request {
            name: "record-version",
            stream: Stream::Dataset(dataset),
            key: Some((session.actor.person.to_string(), key)),
            fingerprint,
            expected_version: None,
            needs: Default::default(),
            numbering: None,
            at: self.now(),
        };
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                reply,
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(result)
    }

    /// Datasets of a catalogue entry, latest versions.
    pub async fn datasets_of(&self, resource: CaseId) -> Result<Vec<DatasetRow>, Stop> {
        Ok(self.record.datasets(Some(resource)).await?)
    }
}
