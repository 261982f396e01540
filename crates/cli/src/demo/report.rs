//! What the demo prints at the end.

use std::{collections::BTreeMap, time::Instant};

use serde::Serialize;
use shuyu_domain::port::Log;

use crate::serve::Server;

/// The summary of a walk.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Acts that took effect (opened, taken, advanced).
    pub acts: u64,
    /// Refusals by code; each happened as expected and changed nothing.
    pub refusals: BTreeMap<String, u64>,
    /// Rows that arrived in the lake from files.
    pub rows_ingested: u64,
    /// Rows of de-identified versions made of them.
    pub rows_derived: u64,
    /// Queries answered.
    pub queries: u64,
    /// Product calls answered, as the platform's meter counts them.
    pub calls_metered: u64,
    /// Entries of the proceedings.
    pub ledger_size: u64,
    /// Entries of the access log.
    pub access_size: u64,
    /// Both logs verify against their signed checkpoints.
    pub verified: bool,
    /// Every core table recreated from the ledger is equal.
    pub rebuilt_equal: bool,
    /// Seconds of each phase.
    pub seconds: BTreeMap<String, f64>,
    #[serde(skip)]
    running: Option<(String, Instant)>,
}

impl Report {
    /// Starts a phase and ends the one before.
    #[expect(
        clippy::disallowed_methods,
        reason = "durations for the report, no rule looks at them"
    )]
    pub fn phase(&mut self, name: &str) {
        self.end_phase();
        self.running = Some((name.to_owned(), Instant::now()));
    }

    /// Ends the running phase.
    pub fn end_phase(&mut self) {
        if let Some((name, since)) = self.running.take() {
            let seconds = self.seconds.entry(name).or_default();
            *seconds = ((*seconds + since.elapsed().as_secs_f64()) * 1000.0).round() / 1000.0;
        }
    }

    /// Seals, verifies both logs, rebuilds every core table and compares.
    pub async fn close(&mut self, server: &Server) -> anyhow::Result<()> {
        let keeper = server.app.keeper();
        self.phase("verify");
        keeper.seal().await?;
        let proceedings = keeper.verify(Log::Proceedings).await?;
        let access = keeper.verify(Log::Access).await?;
        self.ledger_size = proceedings.size;
        self.access_size = access.size;
        self.verified = true;
        self.phase("rebuild");
        let different = keeper.rebuild_check().await?;
        self.rebuilt_equal = different.is_empty();
        self.end_phase();
        anyhow::ensure!(
            different.is_empty(),
            "tables that differ from the ledger: {}",
            different.join(", ")
        );
        Ok(())
    }
}
