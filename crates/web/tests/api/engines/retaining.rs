//! What the lake is told to hold, and what it destroyed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{MutexGuard, PoisonError},
};

use async_trait::async_trait;
use shuyu_app::port::{DataError, Ingested, PurgeOrder, PurgeState, Purged, Retaining};
use shuyu_kernel::{DatasetId, Fault};

use super::Pond;

/// How the lake behaves.
#[derive(Default)]
pub struct Told {
    /// Datasets that somebody writes.
    pub written: BTreeSet<DatasetId>,
    /// Datasets of which nothing can be destroyed.
    pub failing: BTreeSet<DatasetId>,
    /// What was destroyed, in order.
    pub purged: Vec<PurgeOrder>,
    /// What every ingest makes; `None`: it finds no rows.
    pub ingested: Option<Ingested>,
    /// Column → the only values it may have, in every dataset.
    pub codes: BTreeMap<String, Vec<String>>,
    /// Datasets that can be examined.
    pub examines: BTreeSet<DatasetId>,
    /// Checks are stopped when they have begun.
    pub stops_checks: bool,
}

impl Pond {
    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// It holds no datasets, so that nothing is left of one.
#[async_trait]
impl Retaining for Pond {
    async fn purge_state(&self, dataset: DatasetId, purge: &str) -> Result<PurgeState, Fault> {
        let told = self.told();
        let begun = told.purged.iter().any(|order| order.purge == purge);
        Ok(match (begun, told.written.contains(&dataset)) {
            (true, _) => PurgeState::Begun,
            (false, true) => PurgeState::Held,
            (false, false) => PurgeState::New,
        })
    }
    async fn purge(&self, order: &PurgeOrder) -> Result<Option<Purged>, DataError> {
        let mut told = self.told();
        if told.failing.contains(&order.dataset) {
            return Err(Fault::new("destroying", "it was told to fail").into());
        }
        told.purged.push(order.clone());
        Ok(Some(Purged {
            files: Vec::new(),
            raw: order.raw.iter().copied().collect(),
        }))
    }
}
