//! Quality of stored versions, on two tracks (LZ-PL-019): the provider checks all rows of its own data (自查), somebody
//! with the right to checks a sample of data that is not its own (抽检).
//!
//! An order is recorded before a row is looked at: version, rules by digest, seed and size of the sample. So nobody draws
//! until a sample pleases, and anybody who has the version draws the same rows again. What was found is recorded as
//! counts, scores and a bound; the numbers of bad rows stand in a document that only the provider sees.

mod narrow;
mod shown;

use std::{collections::BTreeSet, sync::Arc};

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event,
    event::{CheckFound, CheckSample, CheckTrack, Checked, DatasetEvent},
    port::{DatasetRow, Document, Loaded, Proposal, Request},
};
use shuyu_kernel::{Actor, CivilDate, ClauseId, DatasetId, Digest, Fault, Refusal};
use shuyu_privacy::governance::quality::{MAX_SAMPLE, Outcome, bad_at_most, scores};
use shuyu_profile::{Right, RightTo};

pub use narrow::most_rows;
pub use shown::{CheckLine, Checks, Ended};
pub use shuyu_privacy::governance::quality::{Dimension, Found, MAX_RULES, Rule, RuleText, holds, score};

use crate::{
    App, Profiles, Session, Stop,
    dispatch::fingerprint,
    governance::Reported,
    jobs::{JobStatus, Running},
    port::{CheckOrder, VersionOrder},
    right::right_of,
};

/// Kind of the documents that hold the rules of a check, under its name.
const RULES: &str = "quality_rules";
/// Kind of the documents that hold what it found with row numbers, under its name.
const FOUND: &str = "quality_check";

/// An order to check the quality of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCheck {
    /// The version; the latest one when not said.
    #[serde(default)]
    pub version: Option<u64>,
    /// The rules.
    pub rules: Vec<RuleText>,
    /// Rows of the sample, for a spot check; a self-check looks at all rows.
    #[serde(default)]
    pub sample: Option<u64>,
}

impl NewCheck {
    /// Which of the two tracks it is on.
    pub fn track(&self) -> CheckTrack {
        match self.sample {
            None => CheckTrack::SelfCheck,
            Some(_) => CheckTrack::SpotCheck,
        }
    }
}

/// An order that was looked through, with what it will say in the record.
struct Ordered {
    row: DatasetRow,
    new: NewCheck,
    version: VersionOrder,
    recorded_on: CivilDate,
    check: String,
    seed: Digest,
    /// What the right to check rests on.
    clauses: Vec<ClauseId>,
}

impl Ordered {
    fn sample(&self, rows: u64) -> Option<CheckSample> {
        self.new.sample.map(|size| CheckSample {
            seed: self.seed,
            size: size.min(rows),
        })
    }
}

/// What the actor's right rests on to check data under a catalogue entry on this track: the provider itself; or whoever
/// has the right to spot-check, unless the data is its own body's.
///
/// # Errors
/// `case_unknown`, `not_a_party`, `role_may_not_act`, `own_data_not_spot_checked`.
fn may_check(
    profiles: &Profiles,
    loaded: &Loaded,
    (row, track): (&DatasetRow, CheckTrack),
    actor: &Actor,
) -> Result<Vec<ClauseId>, Refusal> {
    let case = loaded
        .linked
        .get(&row.resource)
        .ok_or_else(|| Refusal::unknown("case_unknown"))?;
    let profile = profiles.get(case.profile)?;
    let to = match track {
        CheckTrack::SelfCheck => RightTo::BringData,
        CheckTrack::SpotCheck => RightTo::SpotCheck,
    };
    let clauses = right_of(&profile, to, case, actor)?.basis.clauses().to_vec();
    let mut providers = profile.rights(RightTo::BringData, &case.procedure);
    let own = |right: &Right| {
        let bodies = case.parties.get(&right.party);
        bodies.is_some_and(|bodies| bodies.contains(&actor.body))
    };
    if track == CheckTrack::SpotCheck && providers.any(own) {
        return Err(Refusal::forbidden("own_data_not_spot_checked")
            .citing(&clauses)
            .fact("table", &row.table));
    }
    Ok(clauses)
}

impl App {
    /// Starts a check of quality; returns the number of the job.
    ///
    /// # Errors
    /// `session_missing`, `dataset_unknown`, `dataset_version_unknown`, `not_a_party`, `role_may_not_act`,
    /// `own_data_not_spot_checked`, `quality_rule_not_usable`, `sample_not_usable`, `sample_too_large`, `too_many_jobs`.
    pub async fn start_check(
        self: &Arc<Self>,
        session: &Session,
        dataset: DatasetId,
        new: NewCheck,
    ) -> Result<u64, Stop> {
        let ordered = self.looked_through(session, dataset, new).await;
        let ordered = self.noted(session, &format!("check/{dataset}"), ordered).await?;
        let (table, actor) = (ordered.row.table.clone(), session.clone());
        let work = |app: Arc<Self>, job: Running| async move {
            let what = format!("check/{}", ordered.row.dataset);
            let result = app.check(&actor, &ordered, &job).await;
            app.looked(&actor, "check", what, result)
                .await
                .map(JobStatus::Reported)
        };
        self.start_job(session, &table, work).await
    }

    /// What can be refused before anything is recorded.
    async fn looked_through(
        &self,
        session: &Session,
        dataset: DatasetId,
        new: NewCheck,
    ) -> Result<Ordered, Stop> {
        self.require_signed_in(session)?;
        let row = self.dataset_row(dataset).await?;
        let loaded = self.record.load(&[row.resource].into()).await?;
        let clauses = may_check(&self.profiles, &loaded, (&row, new.track()), &session.actor)?;
        if new.sample.is_some_and(|size| size == 0 || size > MAX_SAMPLE) {
            return Err(Refusal::unmet("sample_not_usable")
                .citing(&clauses)
                .fact("limit", MAX_SAMPLE)
                .into());
        }
        let version = new.version.unwrap_or(row.version);
        let events = self.dataset_events(dataset).await?;
        let (mut recorded, mut over) = (None, false);
        for (entry, event) in &events {
            match event {
                DatasetEvent::VersionRecorded { version: own, .. } if *own == version => {
                    recorded = Some(entry.recorded_at);
                }
                DatasetEvent::RetentionEnded { versions, .. } => {
                    over |= versions.iter().any(|term| term.version == version);
                }
                _ => {}
            }
        }
        let recorded = recorded.filter(|_| !over).ok_or_else(|| {
            Refusal::unknown("dataset_version_unknown")
                .fact("dataset", dataset)
                .fact("version", version)
        })?;
        let version = VersionOrder { dataset, version };
        let rows = self.lake.checkable(version, &new.rules).await?;
        if let Some(size) = new.sample {
            narrow::order(&row, &new.rules, (size, rows)).map_err(|refusal| refusal.citing(&clauses))?;
        }
        Ok(Ordered {
            recorded_on: self.profile().zone.date(recorded),
            check: Digest(self.random()).to_string().chars().take(32).collect(),
            seed: Digest(self.random()),
            row,
            new,
            version,
            clauses,
        })
    }

    /// Orders, looks, records what was found.
    async fn check(&self, session: &Session, ordered: &Ordered, job: &Running) -> Result<Reported, Stop> {
        let rows = self.lake.checkable(ordered.version, &ordered.new.rules).await?;
        self.record_order(session, ordered, rows).await?;
        let sample = ordered.sample(rows);
        let order = CheckOrder {
            version: ordered.version,
            rules: ordered.new.rules.clone(),
            rows,
            sample: sample.map(|sample| (sample.seed, sample.size)),
            age: self.today().days() - ordered.recorded_on.days(),
        };
        let found = self
            .lake
            .check(order, job.on_progress(), job.cancel.clone())
            .await?;
        if sample.is_some() {
            let standard = narrow::outcome(&ordered.row, &ordered.new.rules, &found);
            standard.map_err(|refusal| refusal.citing(&ordered.clauses))?;
        }
        self.record_found(session, ordered, (found, rows)).await?;
        Ok(Reported {
            dataset: ordered.row.dataset,
            version: ordered.version.version,
            rows,
        })
    }

    async fn record_order(&self, session: &Session, ordered: &Ordered, rows: u64) -> Result<(), Stop> {
        let (row, new) = (&ordered.row, &ordered.new);
        let rules = document(RULES, session, &ordered.check, &new.rules)?;
        let event = DatasetEvent::CheckOrdered {
            dataset: row.dataset,
            resource: row.resource,
            version: ordered.version.version,
            check: ordered.check.clone(),
            track: new.track(),
            rules: Digest::of(rules.body.as_bytes()),
            rows,
            sample: ordered.sample(rows),
            by: session.actor.clone(),
        };
        let key = (
            session.actor.person.to_string(),
            format!("check/{}", ordered.check),
        );
        let request = Request {
            needs: [row.resource].into(),
            ..self.dataset_request("order-check", row.dataset, key, fingerprint(&event))
        };
        let (profiles, actor, today) = (self.profiles.clone(), session.actor.clone(), self.today());
        let (row, track) = (row.clone(), new.track());
        let decide = Box::new(move |loaded: &Loaded| {
            // Since it was looked through the entry and the registry may have changed.
            loaded.registry.admits(&actor, today)?;
            may_check(&profiles, loaded, (&row, track), &actor)?;
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                documents: vec![rules],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    async fn record_found(
        &self,
        session: &Session,
        ordered: &Ordered,
        (outcome, rows): (Outcome, u64),
    ) -> Result<(), Stop> {
        let row = &ordered.row;
        let found = document(FOUND, session, &ordered.check, &outcome.found)?;
        let event = DatasetEvent::VersionChecked {
            dataset: row.dataset,
            resource: row.resource,
            version: ordered.version.version,
            check: ordered.check.clone(),
            checked: checked(&outcome, ordered.new.sample.map(|_| rows)),
        };
        let key = (
            session.actor.person.to_string(),
            format!("checked/{}", ordered.check),
        );
        let request = self.dataset_request("record-check", row.dataset, key, fingerprint(&event));
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                documents: vec![found],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(())
    }

    /// Which tracks are open to the session for a dataset.
    async fn tracks(&self, session: &Session, row: &DatasetRow) -> Result<BTreeSet<CheckTrack>, Stop> {
        let loaded = self.record.load(&[row.resource].into()).await?;
        let open =
            |track: &CheckTrack| may_check(&self.profiles, &loaded, (row, *track), &session.actor).is_ok();
        let both = [CheckTrack::SelfCheck, CheckTrack::SpotCheck];
        Ok(both.into_iter().filter(open).collect())
    }
}

/// What stands in the record of an outcome; with a bound where a sample of so many rows was drawn.
fn checked(outcome: &Outcome, sampled: Option<u64>) -> Checked {
    let found = outcome.found.iter().map(|own| CheckFound {
        column: own.column.clone(),
        rule: own.rule.clone(),
        dimension: own.dimension.word().to_owned(),
        checked: own.checked,
        bad: own.bad,
        at_most: own.at_most,
    });
    let scores = scores(&outcome.found).into_iter();
    Checked {
        rows: outcome.rows,
        bad_rows: outcome.bad_rows,
        found: found.collect(),
        scores: scores
            .map(|(own, score)| (own.word().to_owned(), score))
            .collect(),
        bad_at_most: sampled.and_then(|rows| bad_at_most(outcome.bad_rows, outcome.rows, rows)),
    }
}

/// A document of a check, written once under its name.
fn document(kind: &str, session: &Session, check: &str, body: &impl Serialize) -> Result<Document, Fault> {
    let body =
        serde_json::to_string(body).map_err(|error| Fault::new(format!("encoding a {kind}"), error))?;
    Ok(Document {
        kind: kind.to_owned(),
        key: check.to_owned(),
        body,
        owner: session.actor.body.to_string(),
        version: 1,
    })
}
