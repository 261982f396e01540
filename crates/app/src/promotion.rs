//! Zones (分域): a file is raw (原始域), a version of a dataset is governed (治理域), and one for which the rules of
//! promotion hold is in the workbench (开发域): permits and jobs read it.
//!
//! Nothing is set by hand: the examination that every version gets when it comes stands in the record, the grade in
//! the catalogue entry, and what follows is asked at every use. A version that does not hold is refused to permits
//! and jobs and may still be made a de-identified version of, which is judged by itself.

use std::sync::Arc;

use shuyu_domain::{
    Case, Event, Value,
    event::{DatasetEvent, Examined},
    port::{DatasetRow, Loaded, Proposal},
};
use shuyu_kernel::{CaseId, DatasetId, Refusal};
use shuyu_privacy::governance::{
    discovery::{ColumnFindings, Sensitive},
    grade::{GradeProposal, Reason, propose},
};
use shuyu_profile::{Field, Meaning, Profile, PromotionRule};

use crate::{
    App, Session, Stop,
    dispatch::fingerprint,
    port::{Cancel, OnProgress, VersionOrder},
};

/// From this confidence on, in thousandths, a column that holds numbers of persons keeps a table without subjects in
/// the governed zone. Platform default: almost every value has a right check digit, or the name says so as well.
const SURE: u32 = 900;

/// Where a version stands, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    /// Permits and jobs may read it.
    pub promoted: bool,
    /// The rules that are asked, each with whether it holds.
    pub rules: Vec<(PromotionRule, bool)>,
    /// Columns that name persons in a table without subjects.
    pub naming: Vec<String>,
    /// The level that the examination proposes to whoever grades the entry, if there was one.
    pub level: Option<u8>,
}

/// What an examination found, as the record keeps it: no kinds, no shares, no values.
pub(crate) fn examined(columns: &[ColumnFindings], proposal: &GradeProposal, personal: bool) -> Examined {
    let numbers = [
        Sensitive::ResidentId,
        Sensitive::Passport,
        Sensitive::BankCard,
        Sensitive::MobilePhone,
    ];
    let names = |column: &&ColumnFindings| {
        let mut found = column.findings.iter();
        found.any(|finding| numbers.contains(&finding.kind) && finding.confidence >= SURE)
    };
    let naming = columns.iter().filter(names).filter(|_| !personal);
    let important = proposal
        .together
        .iter()
        .any(|(reason, _)| *reason == Reason::MaybeImportant);
    Examined {
        level: proposal.level,
        maybe_important: important,
        naming: naming.map(|column| column.column.clone()).collect(),
    }
}

/// Where the version of a row stands under the rules of a profile. `entry` is its catalogue entry.
pub(crate) fn zone(profile: &Profile, entry: Option<&Case>, row: &DatasetRow) -> Zone {
    let rules = &profile.promotion.rules;
    let found = row.examined.as_ref();
    let holds = |rule: PromotionRule| match rule {
        PromotionRule::Examined => found.is_some(),
        PromotionRule::Subjects => found.is_none_or(|found| found.naming.is_empty()),
        PromotionRule::Graded => graded(profile, entry, found),
    };
    let rules: Vec<(PromotionRule, bool)> = rules.iter().map(|rule| (*rule, holds(*rule))).collect();
    Zone {
        promoted: rules.iter().all(|(_, holds)| *holds),
        rules,
        naming: found.map(|found| found.naming.clone()).unwrap_or_default(),
        level: found.map(|found| found.level),
    }
}

/// Whether the entry has a grade, and not the lowest where the examination asks whether the data is important. Where
/// the procedure has no such field nothing is asked.
fn graded(profile: &Profile, entry: Option<&Case>, found: Option<&Examined>) -> bool {
    let asks = |field: &Field| field.means == Some(Meaning::Grade);
    let Some(entry) = entry else {
        // An entry that is not at hand is graded only where no entry ever is.
        return !profile.procedures.iter().flat_map(|own| &own.fields).any(asks);
    };
    let procedure = profile.procedure(&entry.procedure);
    let Some(field) = procedure.and_then(|own| own.fields.iter().find(|field| asks(field))) else {
        return true;
    };
    let said = entry.fields.get(&field.id).map(Value::text).unwrap_or_default();
    let lowest = field.choices.first().is_some_and(|choice| choice.id == said);
    let too_low = lowest && found.is_some_and(|found| found.maybe_important);
    !said.is_empty() && !too_low
}

/// Refuses a version that is not promoted.
///
/// # Errors
/// `version_not_promoted`, with the first rule that does not hold.
pub(crate) fn check(profile: &Profile, loaded: &Loaded, row: &DatasetRow) -> Result<(), Refusal> {
    let zone = zone(profile, loaded.linked.get(&row.resource), row);
    match zone.rules.iter().find(|(_, holds)| !holds) {
        None => Ok(()),
        Some((rule, _)) => Err(Refusal::conflict("version_not_promoted")
            .citing(profile.promotion.basis.clauses())
            .fact("table", &row.table)
            .fact("version", row.version)
            .fact("rule", rule.word())),
    }
}

impl App {
    /// What an examination of a version that was just made found, for its record. `about` is its catalogue entry, and
    /// whether it names subjects. Its rows are in the lake already, so nobody stops this, and if it fails the version
    /// is recorded as one that nobody examined.
    pub(crate) async fn examine_made(
        &self,
        order: VersionOrder,
        (resource, personal): (CaseId, bool),
        on_progress: OnProgress,
    ) -> Option<DatasetEvent> {
        let (dataset, version) = (order.dataset, order.version);
        let found = self.examination(order, personal, (on_progress, Cancel::default()));
        let found = found.await.inspect_err(|error| {
            tracing::error!(%dataset, version, %error, "a new version could not be examined");
        });
        Some(DatasetEvent::VersionExamined {
            dataset,
            resource,
            version,
            examined: found.ok()?,
        })
    }

    async fn examination(
        &self,
        order: VersionOrder,
        personal: bool,
        (on_progress, cancel): (OnProgress, Cancel),
    ) -> Result<Examined, Stop> {
        let found = self.lake.examine(order, on_progress, cancel).await?;
        let proposal = propose(&found.columns, found.units);
        Ok(examined(&found.columns, &proposal, personal))
    }

    /// Examines the latest version of every dataset that was never examined: it came before examinations were recorded,
    /// or its examination failed. Run at start and regularly; one that fails leaves the others to go on.
    ///
    /// # Errors
    /// When the datasets cannot be listed.
    pub async fn examine_left(&self, cancel: &Cancel) -> Result<u64, Stop> {
        let rows = self.record.datasets(None).await?.into_iter();
        let mut done = 0;
        for row in rows.filter(|row| row.examined.is_none()) {
            match self.examine_row(&row, cancel).await {
                Ok(()) => done += 1,
                Err(_) if cancel.is_cancelled() => break,
                Err(error) => {
                    tracing::error!(dataset = %row.dataset, %error, "a version could not be examined");
                }
            }
        }
        Ok(done)
    }

    async fn examine_row(&self, row: &DatasetRow, cancel: &Cancel) -> Result<(), Stop> {
        let order = VersionOrder {
            dataset: row.dataset,
            version: row.version,
        };
        let nobody_watches: OnProgress = Arc::new(|_| {});
        let watch = (nobody_watches, cancel.clone());
        let found = self.examination(order, row.domain.is_some(), watch).await?;
        self.record_examined(row, found).await
    }

    /// Records what an examination found of a version that was made before examinations were recorded.
    pub(crate) async fn record_examined(&self, row: &DatasetRow, examined: Examined) -> Result<(), Stop> {
        let event = DatasetEvent::VersionExamined {
            dataset: row.dataset,
            resource: row.resource,
            version: row.version,
            examined,
        };
        let key = (
            "system".to_owned(),
            format!("examined/{}/{}", row.dataset, row.version),
        );
        let request = self.dataset_request("record-examined", row.dataset, key, fingerprint(&event));
        let (dataset, version) = (row.dataset, row.version);
        let decide = Box::new(move |loaded: &Loaded| {
            let mut known = loaded.datasets.iter();
            let open = known.any(|row| is_open(row, dataset, version));
            Ok(Proposal {
                events: open.then_some(Event::Dataset(event)).into_iter().collect(),
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// Where the latest version of a dataset stands, under the present rules.
    ///
    /// # Errors
    /// `session_missing`, or a fault of the record.
    pub async fn zone(&self, session: &Session, row: &DatasetRow) -> Result<Zone, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[row.resource].into()).await?;
        Ok(zone(&self.profile(), loaded.linked.get(&row.resource), row))
    }
}

fn is_open(row: &DatasetRow, dataset: DatasetId, version: u64) -> bool {
    row.dataset == dataset && row.version == version && row.examined.is_none()
}
