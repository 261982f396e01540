//! Use cases: who may do what, one door for every act, read models for the pages, jobs, data use, products.
//!
//! `app` knows ports, not engines: the record is [`shuyu_domain::port::Record`]; lake, query engine and keeper
//! of the logs are the traits in [`port`]. `cli` wires them. Nothing here knows HTTP, SQL or files.
//!
//! Start reading at [`App::act`](dispatch): a command's way from the edge to the ledger.

pub mod account;
pub mod airlock;
pub mod api_read;
pub mod arriving;
pub mod batch;
mod books;
pub mod budget;
mod correcting;
pub mod delegation;
pub mod disclosure;
pub mod dispatch;
pub mod draft;
mod dummy;
pub mod erasing;
pub mod erasure;
pub mod explaining;
pub mod files;
pub mod founding;
pub mod governance;
pub mod handover;
pub mod identity;
pub mod ingest;
pub mod input;
pub mod jobs;
pub mod lineage;
pub mod marginals;
mod noting;
pub mod outcome;
pub mod own;
pub mod permit;
pub mod port;
pub mod product;
pub mod profiles;
pub mod promotion;
pub mod quality;
pub mod read;
mod recount;
pub mod registry;
pub mod reminder;
pub mod report;
pub mod retention;
mod right;
mod rows;
pub mod running;
pub mod runs;
pub mod sources;
mod subjects;
pub mod succession;
mod sweep;
mod tidying;
pub mod ties;
pub mod training;
mod trying;
pub mod versions;
pub mod workbench;

use std::sync::Arc;

use shuyu_domain::port::Record;
use shuyu_kernel::{CivilDate, Clock, IdSource, Timestamp};
use shuyu_profile::Profile;
use tokio::sync::Semaphore;

pub use account::{Noted, Session, SignIn};
pub use outcome::Stop;
pub use profiles::Profiles;
pub use sweep::Swept;

use crate::{
    identity::Identities,
    jobs::Jobs,
    port::{Ask, DataLake, Keeper, Secrets},
    product::Unproven,
    running::Running,
    training::TrainingClock,
};

/// The parts an installation is wired from.
pub struct Parts {
    /// The record.
    pub record: Arc<dyn Record>,
    /// The lake.
    pub lake: Arc<dyn DataLake>,
    /// The query engine.
    pub engine: Arc<dyn Ask>,
    /// Indexes for identity checks.
    pub identities: Arc<dyn Identities>,
    /// Sealing, verification, receipts.
    pub keeper: Arc<dyn Keeper>,
    /// Rules.
    pub profiles: Profiles,
    /// Process time for sessions and throttling; never wound.
    pub wall: Arc<dyn Clock>,
    /// Random bits for ids.
    pub ids: Arc<dyn IdSource>,
    /// Random bytes for tokens and nonces.
    pub secrets: Arc<dyn Secrets>,
    /// Training installations have a clock that can be wound forward.
    pub training: bool,
    /// The official time at start: what the ledger says the clock was last wound to, if it was.
    pub wound_to: Option<Timestamp>,
}

/// The platform's use cases over one installation.
pub struct App {
    record: Arc<dyn Record>,
    lake: Arc<dyn DataLake>,
    engine: Arc<dyn Ask>,
    identities: Arc<dyn Identities>,
    keeper: Arc<dyn Keeper>,
    profiles: Arc<Profiles>,
    clock: TrainingClock,
    wall: Arc<dyn Clock>,
    ids: Arc<dyn IdSource>,
    secrets: Arc<dyn Secrets>,
    training: bool,
    jobs: Jobs,
    running: Running,
    books: books::Books,
    unproven: Unproven,
    erasing: erasing::Waiting,
    purging: retention::Purging,
    ending: own::Ending,
    received: own::Received,
    lineage: lineage::Graph,
    /// The sandbox, where one is wired, and the runs in it.
    sandbox: runs::Sandbox,
    /// Passwords being hashed: each takes a core and 19 MiB.
    hashing: Arc<Semaphore>,
    tidied: tidying::Tidied,
    swept: sweep::SweptOn,
}

impl App {
    /// Wires the use cases. Nothing is read or written yet.
    pub fn new(parts: Parts) -> Self {
        Self {
            record: parts.record,
            lake: parts.lake,
            engine: parts.engine,
            identities: parts.identities,
            keeper: parts.keeper,
            profiles: Arc::new(parts.profiles),
            clock: TrainingClock::new(parts.wall.clone(), parts.wound_to),
            wall: parts.wall,
            ids: parts.ids,
            secrets: parts.secrets,
            training: parts.training,
            jobs: Jobs::default(),
            running: Running::default(),
            books: books::Books::default(),
            unproven: Unproven::default(),
            erasing: erasing::Waiting::default(),
            purging: retention::Purging::default(),
            ending: own::Ending::default(),
            received: own::Received::default(),
            lineage: lineage::Graph::default(),
            sandbox: runs::Sandbox::default(),
            hashing: Arc::new(Semaphore::new(account::HASHES_AT_ONCE)),
            tidied: tidying::Tidied::default(),
            swept: sweep::SweptOn::default(),
        }
    }

    /// Wires the sandbox. Runs on real data end on a grid of `slot`, so that their length says little; nothing runs
    /// without a sandbox.
    #[must_use]
    pub fn with_jobs(mut self, jobs: Arc<dyn port::jobs::RunJobs>, slot: std::time::Duration) -> Self {
        self.sandbox = runs::Sandbox::of(jobs, slot);
        self
    }

    /// The rules new cases are opened under.
    pub fn profile(&self) -> Arc<Profile> {
        self.profiles.current()
    }

    /// Every version of the rules at hand.
    pub fn profiles(&self) -> &Profiles {
        self.profiles.as_ref()
    }

    /// The official instant.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Today in the profile's zone: 登记日 of what is entered now.
    pub fn today(&self) -> CivilDate {
        self.profile().zone.date(self.now())
    }

    /// Whether this is a training installation.
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// Sealing, verification, receipts.
    pub fn keeper(&self) -> &dyn Keeper {
        self.keeper.as_ref()
    }

    /// The record, for read-only pages that list raw rows.
    pub fn record(&self) -> &dyn Record {
        self.record.as_ref()
    }

    fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0u8; N];
        self.secrets.fill(&mut bytes);
        bytes
    }
}
