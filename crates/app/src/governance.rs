//! Governance of a version: examined for sensitive fields with a grade proposed, assessed as a de-identified set.
//!
//! Both read a pinned version in a job and keep a report without values as a document under dataset and version.
//! Neither changes anything: a grade takes effect when somebody enters it in the catalogue entry.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shuyu_domain::port::DatasetRow;
use shuyu_kernel::{DatasetId, Digest, Refusal, Timestamp};
use shuyu_privacy::governance::{
    assess::Figures,
    discovery::ColumnFindings,
    fingerprint::Traced,
    grade::{GradeProposal, propose, quasi_identifying},
    recipe::Step,
};
use shuyu_profile::RightTo;

pub use shuyu_privacy::governance::recipe::Recipe;

use crate::{
    App, Session, Stop,
    account::parse,
    files::UploadKind,
    ingest::NewDerive,
    jobs::{JobStatus, Running},
    port::{MaskingOrder, TraceOrder, VersionOrder},
    promotion,
    subjects::provides,
};

/// Kinds of the documents that reports are kept as.
pub(crate) const EXAMINATION: &str = "examination";
const ASSESSMENT: &str = "assessment";

/// A job that left a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// Dataset.
    pub dataset: DatasetId,
    /// Version that was read.
    pub version: u64,
    /// Its rows.
    pub rows: u64,
}

/// What a version holds, and the grade proposed from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// Version that was read.
    pub version: u64,
    /// Its rows.
    pub rows: u64,
    /// What was found, column by column.
    pub columns: Vec<ColumnFindings>,
    /// The grade proposed; a person decides.
    pub proposal: GradeProposal,
    /// When.
    pub at: Timestamp,
}

/// How safe a version is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessed {
    /// Version that was read.
    pub version: u64,
    /// Columns that point at persons together.
    pub quasi: Vec<String>,
    /// Columns that say something about them.
    pub sensitive: Vec<String>,
    /// The figures.
    pub figures: Figures,
    /// When.
    pub at: Timestamp,
}

/// An order to assess a dataset's latest version.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAssessment {
    /// Columns that point at persons together.
    pub quasi: Vec<String>,
    /// Columns that say something about them.
    #[serde(default)]
    pub sensitive: Vec<String>,
}

/// The reports of a dataset's latest version.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Governance {
    /// Of what it holds.
    pub examination: Option<Examination>,
    /// Of how safe it is.
    pub assessed: Option<Assessed>,
    /// Whether the session may have it examined and assessed.
    pub may_order: bool,
}

/// Version numbers that sort as numbers do.
pub(crate) fn key(dataset: DatasetId, version: u64) -> String {
    format!("{dataset}/{version:020}")
}

impl App {
    /// Starts looking for sensitive fields in the latest version of a dataset; returns the number of the job.
    ///
    /// # Errors
    /// `session_missing`, `dataset_unknown`, `not_a_party`, `role_may_not_act`, `too_many_jobs`.
    pub async fn start_examination(
        self: &Arc<Self>,
        session: &Session,
        dataset: DatasetId,
    ) -> Result<u64, Stop> {
        let row = self.governed(session, dataset).await;
        let row = self.noted(session, &format!("examine/{dataset}"), row).await?;
        let (table, actor) = (row.table.clone(), session.clone());
        let work = |app: Arc<Self>, job: Running| async move {
            let what = format!("examine/{}", row.dataset);
            let result = app.examine(&actor, &row, &job).await;
            app.looked(&actor, "examine", what, result)
                .await
                .map(JobStatus::Reported)
        };
        self.start_job(session, &table, work).await
    }

    async fn examine(&self, session: &Session, row: &DatasetRow, job: &Running) -> Result<Reported, Stop> {
        let order = VersionOrder {
            dataset: row.dataset,
            version: row.version,
        };
        let found = self
            .lake
            .examine(order, job.on_progress(), job.cancel.clone())
            .await?;
        if row.examined.is_none() {
            let proposal = propose(&found.columns, found.units);
            let found = promotion::examined(&found.columns, &proposal, row.domain.is_some());
            self.record_examined(row, found).await?;
        }
        let examination = Examination {
            version: row.version,
            rows: found.rows,
            proposal: propose(&found.columns, found.units),
            columns: found.columns,
            at: self.now(),
        };
        self.keep_governance(session, EXAMINATION, row, &examination)
            .await?;
        Ok(reported(row))
    }

    /// Starts assessing the latest version of a dataset; returns the number of the job.
    ///
    /// # Errors
    /// As [`App::start_examination`].
    pub async fn start_assessment(
        self: &Arc<Self>,
        session: &Session,
        dataset: DatasetId,
        new: NewAssessment,
    ) -> Result<u64, Stop> {
        let row = self.governed(session, dataset).await;
        let row = self.noted(session, &format!("assess/{dataset}"), row).await?;
        let (table, actor) = (row.table.clone(), session.clone());
        let work = |app: Arc<Self>, job: Running| async move {
            let what = format!("assess/{}", row.dataset);
            let result = app.assess(&actor, &row, new, &job).await;
            app.looked(&actor, "assess", what, result)
                .await
                .map(JobStatus::Reported)
        };
        self.start_job(session, &table, work).await
    }

    async fn assess(
        &self,
        session: &Session,
        row: &DatasetRow,
        new: NewAssessment,
        job: &Running,
    ) -> Result<Reported, Stop> {
        let order = VersionOrder {
            dataset: row.dataset,
            version: row.version,
        };
        let columns = (new.quasi.as_slice(), new.sensitive.as_slice());
        let figures = self
            .lake
            .assess(order, columns, job.on_progress(), job.cancel.clone())
            .await?;
        let figures = figures.ok_or_else(|| {
            Refusal::unmet("assessment_not_usable")
                .fact("column", "")
                .fact("problem", "no_rows")
        })?;
        let assessed = Assessed {
            version: row.version,
            quasi: new.quasi,
            sensitive: new.sensitive,
            figures,
            at: self.now(),
        };
        self.keep_governance(session, ASSESSMENT, row, &assessed).await?;
        Ok(reported(row))
    }

    /// The dataset, if the session may have it examined: whoever brings its data or makes versions of it.
    async fn governed(&self, session: &Session, dataset: DatasetId) -> Result<DatasetRow, Stop> {
        self.require_signed_in(session)?;
        let known = self.record.datasets(None).await?;
        let row = known.into_iter().find(|row| row.dataset == dataset);
        let row = row.ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", dataset))?;
        self.may_govern(session, &row).await??;
        Ok(row)
    }

    async fn may_govern(&self, session: &Session, row: &DatasetRow) -> Result<Result<(), Refusal>, Stop> {
        let loaded = self.record.load(&[row.resource].into()).await?;
        let may = |to| provides(&self.profiles, to, &loaded, row.resource, &session.actor);
        Ok(may(RightTo::BringData).or_else(|_| may(RightTo::DeriveData)))
    }

    /// Keeps a report; a later one of the same version takes its place.
    async fn keep_governance<T: Serialize>(
        &self,
        session: &Session,
        kind: &str,
        row: &DatasetRow,
        report: &T,
    ) -> Result<(), Stop> {
        let key = key(row.dataset, row.version);
        let earlier = self.record.document(kind, &key).await?;
        let version = earlier.map_or(1, |document| document.version + 1);
        let body = session.actor.body.to_string();
        // Whoever was faster kept a report of the same version: either may stand.
        self.put(kind, &key, &body, report, version).await?;
        Ok(())
    }

    /// The reports of a dataset's latest version, for parties of its catalogue entry and those who watch over all;
    /// nothing for everybody else.
    pub async fn governance(&self, session: &Session, row: &DatasetRow) -> Result<Governance, Stop> {
        let result = self.governance_inner(session, row).await;
        self.looked(session, "view", format!("governance/{}", row.dataset), result)
            .await
    }

    async fn governance_inner(&self, session: &Session, row: &DatasetRow) -> Result<Governance, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[row.resource].into()).await?;
        let entry = loaded.linked.get(&row.resource);
        let party = entry.is_some_and(|case| case.has_party(session.actor.body));
        if !party && !self.oversees(session) {
            return Ok(Governance::default());
        }
        let key = key(row.dataset, row.version);
        let examination = self.record.document(EXAMINATION, &key).await?;
        let assessed = self.record.document(ASSESSMENT, &key).await?;
        Ok(Governance {
            examination: examination.as_ref().map(parse).transpose()?,
            assessed: assessed.as_ref().map(parse).transpose()?,
            may_order: self.may_govern(session, row).await?.is_ok(),
        })
    }

    /// Whose set a leaked piece is of, among all that were marked for a recipient and made from a dataset. The piece
    /// is an uploaded data file of the session's body.
    ///
    /// # Errors
    /// As [`App::start_examination`]; `nothing_marked`, `row_key_missing`, and what the file is refused for.
    pub async fn trace(&self, session: &Session, dataset: DatasetId, piece: Digest) -> Result<Traced, Stop> {
        let result = self.trace_inner(session, dataset, piece).await;
        self.looked(session, "trace", format!("trace/{dataset}"), result)
            .await
    }

    async fn trace_inner(
        &self,
        session: &Session,
        dataset: DatasetId,
        piece: Digest,
    ) -> Result<Traced, Stop> {
        let row = self.governed(session, dataset).await?;
        self.checked_upload(session, piece, UploadKind::Data).await?;
        let mut orders: Vec<TraceOrder> = Vec::new();
        for ((made, version), order) in self.marked_sets(dataset).await? {
            let (Some(rule), Some(recipient)) = (order.recipe.mark, order.recipient) else {
                continue;
            };
            // Sets that were marked in the same way are told apart in one trace.
            match orders.iter_mut().find(|known| known.rule == rule) {
                Some(known) => known.recipients.push(recipient),
                None => orders.push(TraceOrder {
                    from: dataset,
                    like: VersionOrder {
                        dataset: made,
                        version,
                    },
                    rule,
                    recipients: vec![recipient],
                    piece,
                }),
            }
        }
        let _place = self.hold_place(session, &row.table).await?;
        let mut surest: Option<Traced> = None;
        for mut order in orders {
            order.recipients.sort();
            order.recipients.dedup();
            let traced = self.lake.trace(&order).await?;
            if surest.as_ref().is_none_or(|known| traced.chance < known.chance) {
                surest = Some(traced);
            }
        }
        Ok(surest.ok_or_else(|| Refusal::unmet("nothing_marked").fact("table", &row.table))?)
    }

    /// What the lake is told of a recipe: the project is the entry of the result, the recipient a known body. A mark
    /// on a column that the source's examination found quasi-identifying is refused, since it would change k.
    ///
    /// # Errors
    /// `recipe_not_usable`, `body_unknown`.
    pub(crate) async fn masking_order(
        &self,
        new: &NewDerive,
        from: &DatasetRow,
    ) -> Result<Option<MaskingOrder>, Stop> {
        let Some(recipe) = &new.recipe else {
            return Ok(None);
        };
        if let Some(mark) = &recipe.mark {
            let key = key(from.dataset, from.version);
            let found = self.record.document(EXAMINATION, &key).await?;
            let found: Option<Examination> = found.as_ref().map(parse).transpose()?;
            if let Some(found) = found {
                mark.check_against(&quasi_identifying(&found.proposal))?;
            }
        }
        if let Some(body) = new.recipient {
            let registry = self.registry().await?;
            if !registry.bodies.contains_key(&body) {
                return Err(Refusal::unknown("body_unknown").fact("body", body).into());
            }
        }
        Ok(Some(MaskingOrder {
            recipe: recipe.clone(),
            project: new.resource.to_string(),
            recipient: new.recipient.map(|body| body.to_string()),
        }))
    }
}

fn reported(row: &DatasetRow) -> Reported {
    Reported {
        dataset: row.dataset,
        version: row.version,
        rows: row.rows,
    }
}

impl NewDerive {
    /// Whether the recipe has steps for a column: then it no longer names the subject.
    pub(crate) fn changes(&self, column: &str) -> bool {
        let steps = self.recipe.iter().flat_map(|recipe| &recipe.columns);
        steps
            .filter(|own| own.column == column)
            .any(|own| own.steps.iter().any(|step| *step != Step::Keep))
    }
}
