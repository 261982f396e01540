//! Checks as they are shown: the last ones of each version, and the rules that the next one begins with.

use std::collections::BTreeSet;

use shuyu_domain::{
    event::{CheckSample, CheckTrack, Checked, DatasetEvent},
    port::DatasetRow,
};
use shuyu_kernel::{Digest, Timestamp};
use shuyu_privacy::governance::{
    discovery::Sensitive,
    quality::{Found, RuleText},
};

use super::{FOUND, RULES};
use crate::{
    App, Session, Stop,
    account::parse,
    governance::{EXAMINATION, Examination, key},
    port::VersionOrder,
};

/// Most checks that a page shows; the ledger has them all.
const SHOWN: usize = 20;
/// From this share of valid values on, in thousandths, a column is expected to hold a number of its kind.
const EXPECTED: u32 = 900;

/// A check.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckLine {
    /// Its name.
    pub check: String,
    /// The version.
    pub version: u64,
    /// Self-check or spot check.
    pub track: CheckTrack,
    /// Rows of the version.
    pub rows: u64,
    /// The sample, for a spot check.
    pub sample: Option<CheckSample>,
    /// Digest of the rules.
    pub rules: Digest,
    /// When it was ordered.
    pub at: Timestamp,
    /// Name of the body that ordered it.
    pub by: String,
    /// Ledger index of the order.
    pub ordered: u64,
    /// How it ended; `None` while it goes on, and if it was stopped or failed.
    pub ended: Option<Ended>,
}

/// How a check ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// Ledger index.
    pub entry: u64,
    /// What was found.
    pub checked: Checked,
    /// With row numbers, for the provider; empty for others.
    pub found: Vec<Found>,
}

/// The checks of a dataset.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Checks {
    /// Newest first.
    pub lines: Vec<CheckLine>,
    /// Tracks that are open to the session.
    pub tracks: BTreeSet<CheckTrack>,
    /// The rules that a new check begins with.
    pub rules: Vec<RuleText>,
}

impl App {
    /// The checks of a dataset, for parties of its catalogue entry and those who watch over all; nothing for others.
    ///
    /// # Errors
    /// `session_missing`, or a fault of the record.
    pub async fn checks(&self, session: &Session, row: &DatasetRow) -> Result<Checks, Stop> {
        let result = self.checks_inner(session, row).await;
        self.looked(session, "view", format!("checks/{}", row.dataset), result)
            .await
    }

    async fn checks_inner(&self, session: &Session, row: &DatasetRow) -> Result<Checks, Stop> {
        self.require_signed_in(session)?;
        let loaded = self.record.load(&[row.resource].into()).await?;
        let entry = loaded.linked.get(&row.resource);
        let party = entry.is_some_and(|case| case.has_party(session.actor.body));
        if !party && !self.oversees(session) {
            return Ok(Checks::default());
        }
        let tracks = self.tracks(session, row).await?;
        let all = self.check_lines(row).await?;
        let rules = match tracks.is_empty() {
            true => Vec::new(),
            false => self.next_rules(row, &all).await?,
        };
        let mut lines: Vec<CheckLine> = all.into_iter().take(SHOWN).collect();
        if tracks.contains(&CheckTrack::SelfCheck) {
            for line in &mut lines {
                let kept = self.record.document(FOUND, &line.check).await?;
                if let (Some(ended), Some(kept)) = (&mut line.ended, kept) {
                    ended.found = parse(&kept)?;
                }
            }
        }
        Ok(Checks { lines, tracks, rules })
    }

    /// All checks of a dataset, newest first.
    async fn check_lines(&self, row: &DatasetRow) -> Result<Vec<CheckLine>, Stop> {
        let registry = self.registry().await?;
        let mut lines: Vec<CheckLine> = Vec::new();
        for (entry, event) in self.dataset_events(row.dataset).await? {
            match event {
                DatasetEvent::CheckOrdered {
                    version,
                    check,
                    track,
                    rules,
                    rows,
                    sample,
                    by,
                    ..
                } => lines.push(CheckLine {
                    check,
                    version,
                    track,
                    rows,
                    sample,
                    rules,
                    at: entry.recorded_at,
                    by: registry.body_name(by.body),
                    ordered: entry.index,
                    ended: None,
                }),
                DatasetEvent::VersionChecked { check, checked, .. } => {
                    if let Some(line) = lines.iter_mut().find(|line| line.check == check) {
                        line.ended = Some(Ended {
                            entry: entry.index,
                            checked,
                            found: Vec::new(),
                        });
                    }
                }
                _ => {}
            }
        }
        lines.reverse();
        Ok(lines)
    }

    /// The rules of the last spot check, which are the standard of whoever oversees; else those of the last check; else
    /// what the latest version was taken in by and what its examination found.
    async fn next_rules(&self, row: &DatasetRow, lines: &[CheckLine]) -> Result<Vec<RuleText>, Stop> {
        let spot = lines.iter().find(|line| line.track == CheckTrack::SpotCheck);
        if let Some(line) = spot.or(lines.first())
            && let Some(kept) = self.record.document(RULES, &line.check).await?
        {
            return Ok(parse(&kept)?);
        }
        let order = VersionOrder {
            dataset: row.dataset,
            version: row.version,
        };
        let mut rules = self.lake.declared_rules(order).await?;
        let examined = self
            .record
            .document(EXAMINATION, &key(row.dataset, row.version))
            .await?;
        let examined: Option<Examination> = examined.as_ref().map(parse).transpose()?;
        for column in examined.into_iter().flat_map(|found| found.columns) {
            let numbers = column.findings.iter().filter(|own| own.valid_share >= EXPECTED);
            let rule = numbers.filter_map(|own| match own.kind {
                Sensitive::ResidentId => Some("resident_id"),
                Sensitive::CreditCode => Some("credit_code"),
                Sensitive::DivisionCode => Some("division_code"),
                _ => None,
            });
            rules.extend(rule.take(1).map(|rule| RuleText {
                column: column.column.clone(),
                rule: rule.to_owned(),
                ..RuleText::default()
            }));
        }
        Ok(rules)
    }
}
