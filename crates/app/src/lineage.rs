//! Lineage (血缘): which columns of which version a version was made from, and what was made of it.
//!
//! Compiled from the ledger, which says which version was recorded with which report and which release read what;
//! the recipe in the report says what became of each column. The graph follows the log when it is asked: every
//! entry is read once. It holds names of tables and columns, as the catalogue does, and no value.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use shuyu_domain::{
    Case, Event,
    event::{AnsweredQuery, DatasetEvent, ReleaseEvent},
    port::Log,
};
use shuyu_kernel::{CaseId, DatasetId, Refusal, ReleaseId};
use tokio::sync::Mutex;

use crate::{
    App, Session, Stop, account::parse, port::MaskingOrder, product::content_release, read::ledger::LogEntry,
};

/// Entries read at a time while the graph catches up.
const AT_A_TIME: u64 = 1_000;
/// Steps upwards at most; a recipe chain as long is a mistake, and the page ends somewhere.
const MAX_STEPS: usize = 100;

/// A version of a dataset: a node.
pub type Version = (DatasetId, u64);

/// What the ledger says of a version.
#[derive(Debug, Clone)]
struct Node {
    table: String,
    resource: CaseId,
    columns: Vec<String>,
    raw: usize,
    /// How it was derived, if it was.
    recipe: Option<Recipe>,
}

/// The graph as far as the log was read.
#[derive(Debug, Default)]
struct Compiled {
    next: u64,
    versions: BTreeMap<Version, Node>,
    releases: BTreeMap<ReleaseId, (CaseId, Vec<Version>)>,
    readers: BTreeMap<Version, Vec<ReleaseId>>,
    children: BTreeMap<Version, Vec<Version>>,
}

/// The graph of an installation.
#[derive(Debug, Default)]
pub(crate) struct Graph(Mutex<Compiled>);

/// Where one column comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnSource {
    /// The column.
    pub column: String,
    /// The column of the source; they have the same name.
    pub source: String,
    /// Stable words of the steps in between, in order; empty: as it is.
    pub steps: Vec<String>,
}

/// A version with what it was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Made {
    /// Dataset.
    pub dataset: DatasetId,
    /// Version.
    pub version: u64,
    /// Table.
    pub table: String,
    /// Catalogue entry.
    pub resource: CaseId,
    /// How many raw files it was made from; 0 for derived ones.
    pub raw: usize,
    /// The version it was derived from, if it was.
    pub from: Option<Version>,
    /// Its columns with their sources; columns of an ingested version have none.
    pub columns: Vec<ColumnSource>,
}

/// The lineage of a version: itself and everything it was made from, nearest first, and what was made of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Lineage {
    /// Upwards.
    pub made: Vec<Made>,
    /// Versions derived from it: dataset, version, table.
    pub derived: Vec<(DatasetId, u64, String)>,
    /// Releases that read it, with the case of their permit: of cases that the session may look at.
    pub releases: Vec<(ReleaseId, CaseId)>,
}

/// What of a processing record matters here.
#[derive(Debug, Clone, Deserialize)]
struct Recipe {
    from: DatasetId,
    from_version: u64,
    #[serde(default)]
    generalised: Vec<Json>,
    #[serde(default)]
    recipe: Option<Json>,
}

impl App {
    /// Reads the entries of the log that the graph does not know yet.
    async fn caught_up(&self) -> Result<tokio::sync::MutexGuard<'_, Compiled>, Stop> {
        let mut graph = self.lineage.0.lock().await;
        loop {
            let entries = self
                .record
                .entries(Log::Proceedings, graph.next, AT_A_TIME)
                .await?;
            for entry in &entries {
                graph.next = graph.next.max(entry.index + 1);
                match LogEntry::read(entry).and_then(|read| read.event) {
                    Some(Event::Dataset(event)) => {
                        let recipe = self.recipe(&event).await?;
                        graph.version(event, recipe);
                    }
                    Some(Event::Release(event)) => graph.release(event),
                    _ => {}
                }
            }
            if (entries.len() as u64) < AT_A_TIME {
                return Ok(graph);
            }
        }
    }

    /// The lineage of the latest version of a dataset.
    ///
    /// # Errors
    /// `dataset_unknown`.
    pub async fn lineage(&self, session: &Session, dataset: DatasetId) -> Result<Lineage, Stop> {
        let result = self.lineage_inner(session, dataset).await;
        self.looked(session, "view", format!("lineage/{dataset}"), result)
            .await
    }

    async fn lineage_inner(&self, session: &Session, dataset: DatasetId) -> Result<Lineage, Stop> {
        self.require_signed_in(session)?;
        let known = self.record.datasets(None).await?;
        let row = known.iter().find(|row| row.dataset == dataset);
        let row = row.ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", dataset))?;
        let version = (dataset, row.version);
        let mut found = {
            let graph = self.caught_up().await?;
            let releases = graph.readers.get(&version).into_iter().flatten();
            let releases = releases.filter_map(|id| Some((*id, graph.releases.get(id)?.0)));
            let derived = graph.children.get(&version).into_iter().flatten();
            let derived =
                derived.filter_map(|own| Some((own.0, own.1, graph.versions.get(own)?.table.clone())));
            Lineage {
                made: graph.upwards([version].into()),
                derived: derived.collect(),
                releases: releases.collect(),
            }
        };
        // The catalogue is open to all who sign in; that somebody was answered is not.
        let cases = found.releases.iter().map(|(_, case)| *case).collect();
        let loaded = self.record.load(&cases).await?;
        let sees = |case: &CaseId| {
            loaded
                .linked
                .get(case)
                .is_some_and(|case| self.sees(session, case))
        };
        found.releases.retain(|(_, case)| sees(case));
        Ok(found)
    }

    /// What a release rests on: the versions it read, and everything they were made from. Empty for a release that
    /// the ledger does not know.
    ///
    /// # Errors
    /// Faults of the record.
    pub async fn lineage_of_release(&self, session: &Session, release: ReleaseId) -> Result<Vec<Made>, Stop> {
        let result = self.lineage_of_release_inner(session, release).await;
        self.looked(session, "view", format!("lineage/{release}"), result)
            .await
    }

    async fn lineage_of_release_inner(
        &self,
        session: &Session,
        release: ReleaseId,
    ) -> Result<Vec<Made>, Stop> {
        self.require_signed_in(session)?;
        let graph = self.caught_up().await?;
        let read = graph.releases.get(&release).map(|(_, read)| read.clone());
        Ok(graph.upwards(read.unwrap_or_default().into_iter().collect()))
    }

    /// What the content of a product rests on; empty while it has none.
    ///
    /// # Errors
    /// Faults of the record.
    pub async fn lineage_of_product(&self, session: &Session, product: &Case) -> Result<Vec<Made>, Stop> {
        match content_release(product) {
            Some(release) => self.lineage_of_release(session, release).await,
            None => Ok(Vec::new()),
        }
    }

    /// Versions made from any version of a dataset that are marked for a recipient, with their recipes.
    pub(crate) async fn marked_sets(&self, dataset: DatasetId) -> Result<Vec<(Version, MaskingOrder)>, Stop> {
        let graph = self.caught_up().await?;
        let own = graph.versions.iter().filter_map(|(version, node)| {
            let recipe = node.recipe.as_ref().filter(|recipe| recipe.from == dataset)?;
            let order: MaskingOrder = serde_json::from_value(recipe.recipe.clone()?).ok()?;
            order.recipe.mark.is_some().then_some((*version, order))
        });
        Ok(own.collect())
    }

    /// What was derived from the versions of a dataset, as version and what was made of it, and which of its own
    /// versions are marked for a recipient.
    pub(crate) async fn made_from(
        &self,
        dataset: DatasetId,
    ) -> Result<(Vec<(u64, Version)>, BTreeSet<u64>), Stop> {
        let graph = self.caught_up().await?;
        let all = (dataset, 0)..=(dataset, u64::MAX);
        let derived = (graph.children.range(all.clone()))
            .flat_map(|((_, version), made)| made.iter().map(|own| (*version, *own)));
        let marked = graph.versions.range(all).filter(|(_, node)| {
            let order = node.recipe.as_ref().and_then(|recipe| recipe.recipe.as_ref());
            order.is_some_and(|order| !order["recipe"]["mark"].is_null())
        });
        Ok((
            derived.collect(),
            marked.map(|((_, version), _)| *version).collect(),
        ))
    }

    /// The recipe of a version from its report; `None` for an ingested one.
    async fn recipe(&self, event: &DatasetEvent) -> Result<Option<Recipe>, Stop> {
        let DatasetEvent::VersionRecorded { raw, report, .. } = event else {
            return Ok(None);
        };
        if !raw.is_empty() {
            return Ok(None);
        }
        let stored = self.record.document("report", &report.to_string()).await?;
        let Some(stored) = stored else { return Ok(None) };
        let (_, recipe): (Json, Option<Json>) = parse(&stored)?;
        Ok(recipe.and_then(|recipe| serde_json::from_value(recipe).ok()))
    }
}

impl Compiled {
    fn version(&mut self, event: DatasetEvent, recipe: Option<Recipe>) {
        let DatasetEvent::VersionRecorded {
            dataset,
            table,
            resource,
            version,
            raw,
            columns,
            ..
        } = event
        else {
            return;
        };
        if let Some(recipe) = &recipe {
            let from = (recipe.from, recipe.from_version);
            self.children.entry(from).or_default().push((dataset, version));
        }
        let node = Node {
            table,
            resource,
            columns,
            raw: raw.len(),
            recipe,
        };
        self.versions.insert((dataset, version), node);
    }

    fn release(&mut self, event: ReleaseEvent) {
        let ReleaseEvent::Answered(AnsweredQuery {
            release, case, read, ..
        }) = event
        else {
            return;
        };
        for version in &read {
            self.readers.entry(*version).or_default().push(release);
        }
        self.releases.insert(release, (case, read));
    }

    /// These versions and everything they were made from, nearest first.
    fn upwards(&self, from: BTreeSet<Version>) -> Vec<Made> {
        let (mut made, mut next, mut seen) = (Vec::new(), VecDeque::from_iter(from), BTreeSet::new());
        while let Some(version) = next.pop_front() {
            let Some(node) = self.versions.get(&version) else {
                continue;
            };
            if made.len() >= MAX_STEPS || !seen.insert(version) {
                continue;
            }
            let recipe = node.recipe.as_ref();
            let from = recipe.map(|recipe| (recipe.from, recipe.from_version));
            next.extend(from);
            let columns = recipe.into_iter().flat_map(|recipe| {
                node.columns.iter().map(|column| ColumnSource {
                    column: column.clone(),
                    source: column.clone(),
                    steps: recipe.steps(column),
                })
            });
            made.push(Made {
                dataset: version.0,
                version: version.1,
                table: node.table.clone(),
                resource: node.resource,
                raw: node.raw,
                from,
                columns: columns.collect(),
            });
        }
        made
    }
}

impl Recipe {
    /// Words of what becomes of a column: the steps of the recipe that goes first, then how it is made coarser.
    fn steps(&self, column: &str) -> Vec<String> {
        let named = |rule: &&Json| rule["column"] == column;
        let ordered = self.recipe.iter().flat_map(|order| {
            let columns = order["recipe"]["columns"].as_array().into_iter().flatten();
            columns
                .filter(named)
                .flat_map(|own| own["steps"].as_array().into_iter().flatten())
        });
        let ordered = ordered
            .filter_map(|step| step["step"].as_str())
            .filter(|step| *step != "keep");
        let marked = self.recipe.iter().flat_map(|order| {
            let marks = order["recipe"]["mark"]["columns"]
                .as_array()
                .into_iter()
                .flatten();
            marks.filter(named).map(|_| "mark")
        });
        let coarser = self
            .generalised
            .iter()
            .filter(named)
            .filter_map(|rule| match &rule["how"] {
                Json::Object(how) => how.keys().next().map(String::as_str),
                how => how.as_str(),
            });
        ordered.chain(marked).chain(coarser).map(str::to_owned).collect()
    }
}

impl Made {
    /// The column lineage facet of OpenLineage (1.2): each column with the fields it was made from. A step other
    /// than none is a transformation; all of ours hide something, so they are masking.
    pub fn facet(&self) -> Json {
        let fields = self.columns.iter().map(|own| {
            let subtype = if own.steps.is_empty() {
                "IDENTITY"
            } else {
                "TRANSFORMATION"
            };
            let name = self.from.map(|(dataset, version)| format!("{dataset}/{version}"));
            let input = json!({
                "namespace": "shuyu",
                "name": name,
                "field": own.source,
                "transformations": [{
                    "type": "DIRECT",
                    "subtype": subtype,
                    "description": own.steps.join(", "),
                    "masking": !own.steps.is_empty(),
                }],
            });
            (own.column.clone(), json!({ "inputFields": [input] }))
        });
        json!({ "fields": fields.collect::<serde_json::Map<_, _>>() })
    }
}
