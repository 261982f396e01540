//! Versions of datasets as the record tells them: how each came, what it corrects, what was erased from it, and who
//! used one that turned out to be wrong.

use std::collections::BTreeMap;

use shuyu_domain::{
    Case, Event,
    event::{Arrival, Correction, DatasetEvent, ErasedFile, ErasedVersion, ErasureReason},
    port::{CaseFilter, CaseRow, DatasetRow, ReleaseRead, Stream},
};
use shuyu_kernel::{CaseId, DatasetId, Digest, ReleaseId, Timestamp};

use shuyu_profile::RetentionTerms;

use super::LogEntry;
use crate::{
    App, Session, Stop,
    account::parse,
    product::content_release,
    retention::{Kept, Pin, Pinning},
};

/// Products read in one go.
const PAGE: u64 = 500;

/// A version of a dataset.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionLine {
    /// Number.
    pub version: u64,
    /// Rows when it came.
    pub rows: u64,
    /// Rows erased from it since.
    pub erased: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Name of the body that brought it.
    pub by: String,
    /// What it corrects.
    pub correction: Option<Correction>,
    /// How it came, unless as usual.
    pub arrival: Option<Arrival>,
    /// Its columns, which older versions keep when later ones have others.
    pub columns: Vec<String>,
    /// Digest of its quality report.
    pub report: Digest,
    /// Digests of its files as they are now.
    pub files: Vec<Digest>,
    /// Ledger index of its entry.
    pub entry: u64,
    /// Its term of keeping is recorded as over: it is destroyed, or will be when nothing needs it.
    pub ended: bool,
}

/// An erasure that concerns a dataset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureLine {
    /// Ledger index of the order, if it was given for this dataset.
    pub ordered: Option<u64>,
    /// Why.
    pub reason: Option<ErasureReason>,
    /// Ledger index of the proof; `None` while the files are being rewritten.
    pub proved: Option<u64>,
    /// Keyed commitment to the subject.
    pub subject: Digest,
    /// Versions that held it.
    pub versions: Vec<ErasedVersion>,
    /// Files that were rewritten.
    pub files: usize,
    /// Raw files that were destroyed.
    pub raw: usize,
}

/// What a dataset has been through.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Versions, newest first.
    pub versions: Vec<VersionLine>,
    /// Erasures, newest first.
    pub erasures: Vec<ErasureLine>,
    /// Until when each version is kept, and why.
    pub kept: BTreeMap<u64, Kept>,
    /// The terms this is counted by.
    pub terms: RetentionTerms,
}

/// Who used a version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Impact {
    /// Answers that left the domain.
    pub releases: Vec<ReleaseRead>,
    /// Products whose content is one of these answers.
    pub products: Vec<CaseRow>,
    /// Tables derived from it: those of the entry's datasets whose recipe names it.
    pub derived: Vec<DatasetRow>,
}

impl VersionLine {
    /// After a subject was erased from versions and files.
    fn without(&mut self, versions: &[ErasedVersion], files: &[ErasedFile]) {
        let gone = versions.iter().filter(|held| held.version == self.version);
        self.erased += gone.map(|held| held.rows).sum::<u64>();
        for digest in &mut self.files {
            let after = files.iter().find(|file| file.before == *digest);
            *digest = after.map_or(*digest, |file| file.after);
        }
    }
}

impl App {
    /// Versions and erasures of a dataset.
    ///
    /// # Errors
    /// `session_missing`, or a fault of the record.
    pub async fn dataset_history(&self, session: &Session, dataset: DatasetId) -> Result<History, Stop> {
        self.require_signed_in(session)?;
        let found = self.history_kept(session, dataset).await;
        self.looked(session, "view", dataset, found).await
    }

    async fn history_kept(&self, session: &Session, dataset: DatasetId) -> Result<History, Stop> {
        let events = self.dataset_events(dataset).await?;
        let (mut kept, terms) = self.kept(dataset, &events, &Pinning::default()).await?;
        let entry = events.first().map(|(_, event)| event.resource());
        if !self.sees_uses(session, entry).await? {
            for own in kept.values_mut() {
                own.pins = std::mem::take(&mut own.pins)
                    .into_iter()
                    .map(Pin::untold)
                    .collect();
            }
        }
        let history = self.history(dataset).await?;
        Ok(History {
            kept,
            terms,
            ..history
        })
    }

    /// Whether the session learns who used versions of a catalogue entry: its parties and those who watch over all.
    async fn sees_uses(&self, session: &Session, entry: Option<CaseId>) -> Result<bool, Stop> {
        let loaded = self.record.load(&entry.into_iter().collect()).await?;
        let entry = entry.and_then(|entry| loaded.linked.get(&entry));
        let party = entry.is_some_and(|case| case.has_party(session.actor.body));
        Ok(party || self.oversees(session))
    }

    async fn history(&self, dataset: DatasetId) -> Result<History, Stop> {
        let registry = self.registry().await?;
        let mut history = History::default();
        let mut erasures: BTreeMap<String, ErasureLine> = BTreeMap::new();
        for (entry, event) in self.dataset_events(dataset).await? {
            match event {
                DatasetEvent::VersionRecorded {
                    version,
                    rows,
                    files,
                    report,
                    correction,
                    arrival,
                    columns,
                    by,
                    ..
                } => history.versions.push(VersionLine {
                    version,
                    rows,
                    erased: 0,
                    at: entry.recorded_at,
                    by: registry.body_name(by.body),
                    correction,
                    arrival,
                    columns,
                    report,
                    files,
                    entry: entry.index,
                    ended: false,
                }),
                DatasetEvent::ErasureOrdered {
                    erasure,
                    subject,
                    reason,
                    ..
                } => {
                    let line = erasures.entry(erasure).or_insert_with(|| open_line(subject));
                    (line.ordered, line.reason) = (Some(entry.index), Some(reason));
                }
                DatasetEvent::SubjectErased {
                    erasure,
                    subject,
                    versions,
                    files,
                    raw,
                    ..
                } => {
                    for line in &mut history.versions {
                        line.without(&versions, &files);
                    }
                    let line = erasures.entry(erasure).or_insert_with(|| open_line(subject));
                    line.proved = Some(entry.index);
                    (line.files, line.raw, line.versions) = (files.len(), raw.len(), versions);
                }
                DatasetEvent::RetentionEnded { versions, .. } => {
                    for line in &mut history.versions {
                        line.ended |= versions.iter().any(|term| term.version == line.version);
                    }
                }
                // Purges, examinations and checks change neither versions nor erasures.
                _ => {}
            }
        }
        history.versions.reverse();
        history.erasures = erasures.into_values().collect();
        history
            .erasures
            .sort_by_key(|line| std::cmp::Reverse(line.ordered.or(line.proved)));
        Ok(history)
    }

    /// Who used a version, for parties of the catalogue entry and those who watch over all; nobody for others.
    ///
    /// # Errors
    /// `session_missing`, or a fault of the record.
    pub async fn impact(&self, session: &Session, dataset: DatasetId, version: u64) -> Result<Impact, Stop> {
        self.require_signed_in(session)?;
        let row = self.dataset_row(dataset).await?;
        if !self.sees_uses(session, Some(row.resource)).await? {
            return Ok(Impact::default());
        }
        let found = self.impact_of(dataset, version).await;
        self.looked(session, "view", format!("impact/{dataset}/{version}"), found)
            .await
    }

    async fn impact_of(&self, dataset: DatasetId, version: u64) -> Result<Impact, Stop> {
        let mut releases = self.record.releases_reading(dataset).await?;
        releases.retain(|release| release.version == version);
        let named: Vec<ReleaseId> = releases.iter().map(|release| release.release).collect();
        Ok(Impact {
            products: self.products_of(&named).await?,
            derived: self.derived_of(dataset, version).await?,
            releases,
        })
    }

    /// Products whose content is one of these releases.
    async fn products_of(&self, releases: &[ReleaseId]) -> Result<Vec<CaseRow>, Stop> {
        if releases.is_empty() {
            return Ok(Vec::new());
        }
        let delivers = |case: &Case| content_release(case).is_some_and(|id| releases.contains(&id));
        let products = self.product_cases().await?.into_iter();
        let own = products.filter(|(_, case)| delivers(case));
        Ok(own.map(|(row, _)| row).collect())
    }

    /// Every product, newest first: cases of procedures by which answers are delivered.
    pub(crate) async fn product_cases(&self) -> Result<Vec<(CaseRow, Case)>, Stop> {
        let profile = self.profile();
        let procedures = (profile.procedures.iter()).filter(|procedure| procedure.field(CONTENT).is_some());
        let mut filter = CaseFilter {
            procedures: procedures.map(|procedure| procedure.id.clone()).collect(),
            limit: PAGE,
            ..CaseFilter::default()
        };
        let mut products: Vec<(CaseRow, Case)> = Vec::new();
        if filter.procedures.is_empty() {
            return Ok(products);
        }
        loop {
            // One that is opened meanwhile moves the others on: some come twice, none is passed over.
            let (rows, total) = self.record.cases(&filter).await?;
            let mut loaded = self.record.load(&rows.iter().map(|row| row.id).collect()).await?;
            let known = |row: CaseRow| loaded.linked.remove(&row.id).map(|case| (row, case));
            let fresh = rows.into_iter().filter_map(known);
            let fresh: Vec<(CaseRow, Case)> = fresh
                .filter(|(row, _)| products.iter().all(|(known, _)| known.id != row.id))
                .collect();
            products.extend(fresh);
            filter.offset += PAGE;
            if filter.offset >= total {
                return Ok(products);
            }
        }
    }

    /// Latest versions of tables whose recipe names this version.
    async fn derived_of(&self, dataset: DatasetId, version: u64) -> Result<Vec<DatasetRow>, Stop> {
        let mut derived = Vec::new();
        for row in self.record.datasets(None).await? {
            for (_, event) in self.dataset_events(row.dataset).await? {
                let DatasetEvent::VersionRecorded { report, .. } = event else {
                    continue;
                };
                let stored = self.record.document("report", &report.to_string()).await?;
                let stored: Option<serde_json::Value> = stored.as_ref().map(parse).transpose()?;
                let recipe = stored.and_then(|stored| stored.get(1).cloned());
                let names = recipe.is_some_and(|recipe| {
                    recipe.get("from").and_then(|from| from.as_str()) == Some(dataset.to_string().as_str())
                        && recipe.get("from_version").and_then(serde_json::Value::as_u64) == Some(version)
                });
                if names {
                    derived.push(row.clone());
                    break;
                }
            }
        }
        Ok(derived)
    }

    /// The events of a dataset with their entries, in order.
    pub(crate) async fn dataset_events(
        &self,
        dataset: DatasetId,
    ) -> Result<Vec<(LogEntry, DatasetEvent)>, Stop> {
        let entries = self.record.stream(Stream::Dataset(dataset)).await?;
        Ok(entries
            .iter()
            .filter_map(LogEntry::read)
            .filter_map(|mut entry| match entry.event.take() {
                Some(Event::Dataset(event)) => Some((entry, event)),
                _ => None,
            })
            .collect())
    }

    /// Compares every file of every recorded version with the digests in the ledger; names what differs, as
    /// `table/version`. Versions whose term of keeping is over are left out: they are destroyed. Those of a dataset with an open erasure are left out: their files are changing.
    ///
    /// # Errors
    /// A fault of the record or the lake.
    pub async fn check_lake(&self) -> Result<Vec<String>, Stop> {
        let open = self.lake.open_erasures().await?;
        let mut different = Vec::new();
        for row in self.record.datasets(None).await? {
            if open.iter().any(|order| order.dataset == row.dataset) {
                continue;
            }
            let versions = self.history(row.dataset).await?.versions;
            for line in versions.into_iter().filter(|line| !line.ended) {
                if !self
                    .lake
                    .has_files(row.dataset, line.version, &line.files)
                    .await?
                {
                    different.push(format!("{}/{}", row.table, line.version));
                }
            }
        }
        Ok(different)
    }
}

/// Field of a product that names the release it delivers.
const CONTENT: &str = "content_release";

fn open_line(subject: Digest) -> ErasureLine {
    ErasureLine {
        ordered: None,
        reason: None,
        proved: None,
        subject,
        versions: Vec::new(),
        files: 0,
        raw: 0,
    }
}
