//! Data arriving: a job that turns a raw file into a dataset version, with progress and cancel.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use shuyu_domain::{
    Event,
    event::{Correction, DatasetEvent},
    port::{DatasetRow, Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{BodyId, CaseId, DatasetId, Digest, Id, Refusal};
use shuyu_privacy::governance::recipe::Recipe;
use shuyu_profile::RightTo;

use crate::{
    App, Session, Stop,
    arriving::Arriving,
    dispatch::fingerprint,
    files::UploadKind,
    jobs::{JobStatus, Running},
    port::{DataError, DeriveOrder, IngestOrder, Ingested, OnProgress, VersionOrder},
    subjects::{Table, provides},
};

pub use crate::correcting::NewCorrection;

/// All rows, in hundredths of a percent.
const WHOLE: u32 = 10_000;

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
    /// Rows that break a rule are set aside and counted, up to this share of all rows in hundredths of a percent.
    /// `None`: one of them refuses the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<u32>,
    /// What the new version corrects, if it is a correction (更正).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correction: Option<NewCorrection>,
    /// How its rows and columns meet those of the table.
    #[serde(default, skip_serializing_if = "Arriving::is_usual")]
    pub arriving: Arriving,
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
    /// The recipe that goes first, if there is one; its pseudonyms are those of the entry of the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<Recipe>,
    /// Whom the result is marked for, when the recipe marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<BodyId>,
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
    ///
    /// # Errors
    /// `session_missing`, `too_many_jobs`.
    pub async fn start_ingest(
        self: &Arc<Self>,
        session: &Session,
        new: NewIngest,
        key: String,
    ) -> Result<u64, Stop> {
        self.require_signed_in(session)?;
        let (table, actor) = (new.table.clone(), session.clone());
        let work = |app: Arc<Self>, job: Running| async move {
            let made = app.ingest(&actor, new, key, job).await;
            made.map(JobStatus::Done)
        };
        self.start_job(session, &table, work).await
    }

    async fn ingest(
        &self,
        session: &Session,
        new: NewIngest,
        key: String,
        job: Running,
    ) -> Result<DatasetMade, Stop> {
        let what = format!("ingest/{}", new.resource);
        let result = self.ingest_inner(session, new, key, &job).await;
        self.noted(session, &what, result).await
    }

    async fn ingest_inner(
        &self,
        session: &Session,
        new: NewIngest,
        key: String,
        job: &Running,
    ) -> Result<DatasetMade, Stop> {
        if new.set_aside.is_some_and(|share| share > WHOLE) {
            return Err(not_usable("set_aside").into());
        }
        if new.domain.is_none() && !new.unit_columns.is_empty() {
            return Err(Refusal::unmet("subjects_not_named")
                .fact("table", &new.table)
                .into());
        }
        let table = self
            .table(
                session,
                RightTo::BringData,
                new.resource,
                &new.table,
                new.domain.clone(),
            )
            .await?;
        let correction = self.correction(session, &table, new.correction.as_ref()).await?;
        let upload = self.checked_upload(session, new.upload, UploadKind::Data).await?;
        job.size(upload.size_bytes);
        let order = IngestOrder {
            dataset: table.dataset,
            table: new.table.clone(),
            raw: new.upload,
            name: upload.name,
            unit_columns: new.unit_columns.clone(),
            domain: new.domain.clone(),
            set_aside: new.set_aside,
            arriving: new.arriving.clone(),
            key: key.clone(),
        };
        let made = self
            .lake
            .ingest(&order, job.on_progress(), job.cancel.clone())
            .await;
        let made = made.inspect_err(|error| {
            if let DataError::Found { report, .. } = error {
                job.found(brief(report));
            }
        })?;
        job.found(brief(&made.report));
        let table = Table {
            unit_columns: new.unit_columns.clone(),
            ..table
        };
        self.record_version(
            session,
            (table, correction),
            (made, job.on_progress()),
            (key, fingerprint(&new)),
        )
        .await
    }

    /// Makes a de-identified version of a dataset. Whoever does must have the right to, in both entries.
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
        let known = self.record.datasets(None).await?;
        let from = known
            .iter()
            .find(|row| row.dataset == new.from)
            .ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", new.from))?;
        let loaded = self.record.load(&[from.resource].into()).await?;
        let to = RightTo::DeriveData;
        provides(&self.profiles, to, &loaded, from.resource, &session.actor)?;
        let table = self
            .table(session, to, new.resource, &new.table, from.domain.clone())
            .await?;
        let order = DeriveOrder {
            from: new.from,
            from_version: from.version,
            dataset: table.dataset,
            table: new.table.clone(),
            drop: new.drop.clone(),
            bands: new.bands.clone().into_iter().collect(),
            masking: self.masking_order(&new, from).await?,
            key: key.clone(),
        };
        let place = self.hold_place(session, &new.table).await?;
        let made = self
            .lake
            .derive(&order, place.0.on_progress(), place.0.cancel.clone())
            .await?;
        let mut unit_columns = from.unit_columns.clone();
        unit_columns.retain(|column| !new.drop.contains(column) && !new.changes(column));
        let table = Table {
            unit_columns,
            ..table
        };
        let made = (made, place.0.on_progress());
        self.record_version(session, (table, None), made, (key, fingerprint(&new)))
            .await
    }

    /// The table of that name under an entry, if it may get a version with these subjects. Its dataset is the
    /// known one, or a new id derived from entry and table, so that a repeated order after a crash means the same.
    async fn table(
        &self,
        session: &Session,
        to: RightTo,
        resource: CaseId,
        name: &str,
        domain: Option<String>,
    ) -> Result<Table, Stop> {
        let name_ok = !name.is_empty()
            && name.len() <= 60
            && name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && !name.starts_with(|c: char| c.is_ascii_digit() || c == '_');
        if !name_ok {
            return Err(Refusal::unmet("table_name_invalid")
                .fact("table", name.chars().take(60).collect::<String>())
                .into());
        }
        let known = self.record.datasets(None).await?;
        let own = known
            .iter()
            .find(|row| row.table == name && row.resource == resource);
        let table = Table {
            resource,
            to,
            name: name.to_owned(),
            dataset: own.map_or_else(|| dataset_of(resource, name), |row| row.dataset),
            domain,
            unit_columns: Vec::new(),
        };
        let loaded = self.record.load(&[resource].into()).await?;
        table.check(&self.profiles, &loaded, &known, (&session.actor, self.today()))?;
        Ok(table)
    }

    async fn record_version(
        &self,
        session: &Session,
        (table, correction): (Table, Option<Correction>),
        (made, on_progress): (Ingested, OnProgress),
        (key, fingerprint): (String, Digest),
    ) -> Result<DatasetMade, Stop> {
        let order = VersionOrder {
            dataset: table.dataset,
            version: made.version,
        };
        let about = (table.resource, made.domain.is_some());
        let examined = self.examine_made(order, about, on_progress).await;
        let report = self.keep_report(session, &made).await?;
        // What the lake made, not what was ordered: a repeated key gives the version of the first attempt.
        let table = Table {
            domain: made.domain.clone(),
            ..table
        };
        let event = DatasetEvent::VersionRecorded {
            dataset: table.dataset,
            table: table.name.clone(),
            resource: table.resource,
            version: made.version,
            rows: made.rows,
            files: made.files,
            raw: made.raw,
            report,
            domain: made.domain,
            rows_per_unit: made.rows_per_unit,
            columns: made.columns,
            unit_columns: table.unit_columns.clone(),
            correction,
            arrival: made.arrival,
            by: session.actor.clone(),
        };
        let result = DatasetMade {
            dataset: table.dataset,
            version: made.version,
            rows: made.rows,
            report,
        };
        let reply = serde_json::to_value(&result).unwrap_or_default();
        let request = Request {
            name: "record-version",
            stream: Stream::Dataset(table.dataset),
            key: Some((session.actor.person.to_string(), key)),
            fingerprint,
            expected_version: None,
            needs: [table.resource].into(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        };
        let (profiles, actor, today) = (self.profiles.clone(), session.actor.clone(), self.today());
        let decide = Box::new(move |loaded: &Loaded| {
            // Since the work began the entry, the registry and the names of tables may have changed.
            table.check(&profiles, loaded, &loaded.datasets, (&actor, today))?;
            Ok(Proposal {
                events: [event].into_iter().chain(examined).map(Event::Dataset).collect(),
                reply,
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(result)
    }

    /// Keeps the report and recipe of a version as a document under their digest.
    async fn keep_report(&self, session: &Session, made: &Ingested) -> Result<Digest, Stop> {
        let content = (&made.report, &made.recipe);
        let report = Digest::of(&serde_json::to_vec(&content).unwrap_or_default());
        let name = report.to_string();
        if self.record.document("report", &name).await?.is_none() {
            let body = session.actor.body.to_string();
            self.put("report", &name, &body, &content, 1).await?;
        }
        Ok(report)
    }

    /// Datasets of a catalogue entry, latest versions.
    pub async fn datasets_of(&self, resource: CaseId) -> Result<Vec<DatasetRow>, Stop> {
        Ok(self.record.datasets(Some(resource)).await?)
    }

    /// Rows that stand under a catalogue entry: the sum over the latest recorded versions of its tables.
    pub async fn rows_of(&self, resource: CaseId) -> Result<u64, Stop> {
        let rows = self.record.datasets(Some(resource)).await?;
        Ok(rows.iter().map(|row| row.rows).sum())
    }
}

fn dataset_of(resource: CaseId, table: &str) -> DatasetId {
    let digest = Digest::of(format!("{resource}/{table}").as_bytes());
    let bits = digest
        .0
        .iter()
        .take(16)
        .fold(0u128, |bits, byte| (bits << 8) | u128::from(*byte));
    Id::from_bits(bits)
}

fn not_usable(problem: &str) -> Refusal {
    Refusal::unmet("ingest_not_usable").fact("problem", problem)
}

/// Most stretches of rows in the report that a job shows; the count says the rest.
const SHOWN_STRETCHES: usize = 1_000;

/// A report short enough to show and keep with a job.
fn brief(report: &Json) -> Json {
    let mut report = report.clone();
    if let Some(stretches) = report.get_mut("quarantined").and_then(Json::as_array_mut) {
        stretches.truncate(SHOWN_STRETCHES);
    }
    report
}
