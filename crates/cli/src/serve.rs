//! Building an installation from a data folder and serving it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use shuyu_app::{App, Parts, Profiles, port::Secrets};
use shuyu_kernel::{
    Clock,
    kill::{KillSwitch, NoKill},
};
use shuyu_lake::{Lake, MasterKey};
use shuyu_ledger::{FolderKind, SigningKey};
use shuyu_privacy::GateKey;
use shuyu_query::{Engine, EngineLimits};
use shuyu_store::{AccessConfig, DatabaseConfig, Store, StoreConfig};
use tokio::{
    net::TcpListener,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use crate::{
    embedded, examining,
    folder::{DataFolder, Wanted},
    isolation,
    real::{KillAt, SystemClock, SystemRandom},
    wire::{IdentityAdapter, LakeAdapter, LakeTables, QueryAdapter, SandboxAdapter, StoreKeeper},
};

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// Data folder.
    pub data: PathBuf,
    /// Address.
    pub listen: String,
    /// What the folder is, or is to be.
    pub folder: Wanted,
    /// Training world to found with.
    pub world: Option<String>,
    /// Named point to be killed at.
    pub kill_at: Option<String>,
    /// Folder with a changed version of the rules, for new cases.
    pub rules: Option<PathBuf>,
    /// Seconds the wall clock runs ahead. Training only.
    pub wall_ahead: u32,
    /// Nothing in the lake is sealed. Training only.
    pub unsealed: bool,
}

impl ServeOptions {
    /// A training folder on an address.
    pub fn training(data: &Path, listen: &str, world: &str) -> Self {
        let folder = Wanted {
            kind: "training".to_owned(),
            ..Wanted::default()
        };
        Self {
            data: data.to_path_buf(),
            listen: listen.to_owned(),
            folder,
            world: Some(world.to_owned()),
            ..Self::default()
        }
    }
}

/// A running server.
pub struct Server {
    /// Its use cases.
    pub app: Arc<App>,
    address: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// An installation without HTTP: what `rebuild`, `export` and `bench` need.
pub struct Opened {
    /// Use cases.
    pub app: Arc<App>,
    /// The store itself.
    pub store: Arc<Store>,
    _folder: DataFolder,
}

/// Opens a data folder and wires the use cases.
pub async fn open(options: &ServeOptions) -> anyhow::Result<Opened> {
    let folder = DataFolder::open(&options.data, &options.folder)?;
    let training = folder.installation.kind == "training";
    if folder.guard_is_inside() && !training {
        tracing::warn!(
            "the guard lies in the data folder: an older backup of the whole folder would be served. \
             Move it out with --guard"
        );
    }
    let kill: Arc<dyn KillSwitch> = match &options.kill_at {
        Some(point) => Arc::new(KillAt::parse(point)?),
        None => Arc::new(NoKill),
    };
    let wall: Arc<dyn Clock> = Arc::new(SystemClock::ahead(options.wall_ahead));
    let random = Arc::new(SystemRandom::new(folder.keys.digest));
    let signer = Arc::new(SigningKey::from_bytes(&folder.keys.signer).context("the signing key")?);
    let database = database(&folder)?;
    let store = Store::open(StoreConfig {
        database,
        access: AccessConfig::Sqlite {
            path: folder.root.join("access.sqlite"),
        },
        guard: folder.guard(),
        adopt_missing_guard: false,
        installation: folder.installation.id.clone(),
        kind: if training {
            FolderKind::Training
        } else {
            FolderKind::Production
        },
        vault_key: folder.keys.vault,
        signer: signer.clone(),
        kill: kill.clone(),
        random: random.clone(),
    })
    .await
    .map_err(|error| anyhow::anyhow!("{}: {error}", error.code()))?;
    let store = Arc::new(store);
    let lake = lake_of(&folder, options, random.clone(), kill.clone())?;
    let lake = Arc::new(lake);
    let engine = Engine::new(GateKey::new(folder.keys.unit), EngineLimits::default());
    let engine = engine.drawing_from(random.clone());
    let profiles = rules(&folder.installation.profile, options.rules.as_deref())?;
    let wound_to = shuyu_app::founding::wound_to(store.as_ref()).await?;
    let tables = Arc::new(LakeTables::new(lake.clone(), folder.keys.unit));
    let jobs = SandboxAdapter::new(
        isolation::sandbox_of(&folder.installation.id, &folder.root),
        tables,
        kill,
    );
    let app = App::new(Parts {
        record: store.clone(),
        lake: Arc::new(LakeAdapter::new(lake.clone(), folder.keys.unit, wall.clone())),
        identities: Arc::new(IdentityAdapter::new(lake.clone())),
        engine: Arc::new(QueryAdapter::new(engine, lake)),
        keeper: Arc::new(StoreKeeper::new(store.clone(), signer)?),
        profiles,
        wall,
        ids: random.clone(),
        secrets: random as Arc<dyn Secrets>,
        training,
        wound_to,
    })
    .with_jobs(Arc::new(jobs), isolation::SLOT);
    Ok(Opened {
        app: Arc::new(app),
        store,
        _folder: folder,
    })
}

/// Where the record of a folder is kept.
fn database(folder: &DataFolder) -> anyhow::Result<DatabaseConfig> {
    Ok(match folder.postgres_url()? {
        Some(url) => DatabaseConfig::Postgres { url },
        None => DatabaseConfig::Sqlite {
            path: folder.root.join("proceedings.sqlite"),
        },
    })
}

/// The lake of a folder, sealed unless a training folder was asked for without.
fn lake_of(
    folder: &DataFolder,
    options: &ServeOptions,
    random: Arc<SystemRandom>,
    kill: Arc<dyn KillSwitch>,
) -> anyhow::Result<Lake> {
    let root = folder.root.join("lake");
    if options.unsealed {
        anyhow::ensure!(
            folder.installation.kind == "training",
            "only a training folder can be without seals"
        );
        return Lake::open_unsealed(root, random, kill).map_err(anyhow::Error::new);
    }
    let before = folder.keys.lake_before.map(MasterKey);
    Lake::open_between(root, &MasterKey(folder.keys.lake), before.as_ref(), random, kill)
        .map_err(anyhow::Error::new)
}

/// The rules that new cases are opened under: those built in, or a changed version of the same place.
fn rules(profile: &str, changed: Option<&Path>) -> anyhow::Result<Profiles> {
    let (base, own) = match changed {
        Some(folder) => embedded::folder_and_base(folder)?,
        None => (
            embedded::profile_source("cn-base")?,
            embedded::profile_source(profile)?,
        ),
    };
    let profiles = embedded::profiles(base, own)?;
    let id = &profiles.current().id;
    anyhow::ensure!(
        id == profile,
        "the rules are of {id}; this folder is of {profile}"
    );
    Ok(profiles)
}

/// Opens, founds and serves.
pub async fn start(options: ServeOptions) -> anyhow::Result<Server> {
    let opened = open(&options).await?;
    let world = options.world.as_deref().map(embedded::world).transpose()?;
    opened.app.restore_profiles().await?;
    opened.app.found(world.as_ref()).await?;
    let moved = opened.app.recount_clocks().await?;
    if moved > 0 {
        tracing::info!(moved, "cases have dates that moved with the new calendar");
    }
    opened.app.sweep().await?;
    let listener = TcpListener::bind(&options.listen)
        .await
        .with_context(|| format!("listening on {}", options.listen))?;
    let address = format!("http://{}", listener.local_addr()?);
    let texts =
        Arc::new(shuyu_web::i18n::Texts::load().map_err(|error| anyhow::anyhow!("locales: {error}"))?);
    let state = shuyu_web::state::WebState {
        app: opened.app.clone(),
        texts,
        secure_cookies: options.folder.kind == "production",
    };
    let gateway = shuyu_web::server::guarded(state.clone(), shuyu_gateway::router(opened.app.clone()));
    let router = shuyu_web::server::router(state).merge(gateway);
    let (stop, stopped) = watch::channel(false);
    let mut on_stop = stopped.clone();
    let http = tokio::spawn(async move {
        let shutdown = async move {
            let _ = on_stop.wait_for(|stop| *stop).await;
        };
        // The address of the sender limits how often it may guess a password.
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        if let Err(error) = axum::serve(listener, service)
            .with_graceful_shutdown(shutdown)
            .await
        {
            tracing::error!(%error, "the server ended");
        }
    });
    let app = opened.app.clone();
    let sweeping = tokio::spawn(sweep_regularly(app.clone(), stopped.clone()));
    let erasing = tokio::spawn(erase_regularly(app.clone(), stopped.clone()));
    let examining = tokio::spawn(examining::regularly(app.clone(), stopped.clone()));
    let watching = tokio::spawn(sweep_clocks_regularly(app.clone(), stopped.clone()));
    let sealing = tokio::spawn(seal_regularly(opened, stopped));
    Ok(Server {
        app,
        address,
        stop,
        tasks: vec![http, sweeping, erasing, examining, watching, sealing],
    })
}

/// Seconds between two seals, and between two looks at the outbox.
const SEAL_EVERY: Duration = Duration::from_secs(2);

/// Seals both logs, delivers what waits in the outbox, and once more at the end. Holds the folder's lock.
async fn seal_regularly(opened: Opened, mut stopped: watch::Receiver<bool>) {
    let mut beat = tokio::time::interval(SEAL_EVERY);
    loop {
        let last = tokio::select! {
            _ = beat.tick() => false,
            _ = stopped.wait_for(|stop| *stop) => true,
        };
        if let Err(fault) = opened.app.keeper().seal().await {
            tracing::error!(%fault, "sealing failed");
            if shuyu_store::is_fatal(&fault) {
                // The record contradicts itself: going on would make it worse. Recovery starts with `rebuild`.
                tracing::error!("the state of the ledger is unknown; stopping");
                std::process::exit(70);
            }
        }
        if let Err(error) = opened.app.deliver_notices().await {
            tracing::error!(%error, "delivering notices failed");
        }
        if last {
            return;
        }
    }
}

/// Time between two sweeps of the lake; the first is at start.
const SWEEP_EVERY: Duration = Duration::from_secs(3600);

/// Removes from the lake what earlier work left behind.
async fn sweep_regularly(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut beat = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        match app.sweep_lake().await {
            Ok(0) => {}
            Ok(objects) => tracing::info!(objects, "the lake was swept"),
            Err(error) => tracing::error!(%error, "sweeping the lake failed"),
        }
    }
}

/// Time between two looks for ordered erasures whose files are still to be rewritten.
const ERASE_EVERY: Duration = Duration::from_secs(2);

/// Carries out what was ordered to be erased; reads skip it already.
async fn erase_regularly(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut beat = tokio::time::interval(ERASE_EVERY);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = app.finish_erasures().await {
            tracing::error!(%error, "erasing failed");
        }
        if let Err(error) = app.finish_purges().await {
            tracing::error!(%error, "destroying what is over failed");
        }
        if let Err(error) = app.finish_own_lists().await {
            tracing::error!(%error, "ending own lists failed");
        }
    }
}

/// Time between two looks at the official day.
const NEW_DAY_EVERY: Duration = Duration::from_secs(30);

/// Sweeps the clocks when the official day has changed. The first sweep was at start.
async fn sweep_clocks_regularly(app: Arc<App>, mut stopped: watch::Receiver<bool>) {
    let mut beat = tokio::time::interval(NEW_DAY_EVERY);
    loop {
        tokio::select! {
            _ = beat.tick() => {}
            _ = stopped.wait_for(|stop| *stop) => return,
        }
        if let Err(error) = app.sweep_new_day().await {
            tracing::error!(%error, "sweeping the clocks failed");
        }
    }
}

impl Server {
    /// Address with the port that was really taken.
    pub fn address(&self) -> String {
        self.address.clone()
    }

    /// Stops gracefully: running requests end, the last seal is made.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await?;
        }
        Ok(())
    }

    /// Serves until the process is asked to stop.
    pub async fn until_stopped(self, mut asked: StopSignals) -> anyhow::Result<()> {
        asked.arrived().await;
        self.stop().await
    }
}

/// SIGINT and SIGTERM, caught from the moment this is made. Make it before the address is printed: whoever reads
/// the address may ask to stop at once, and an uncaught signal would end the process without the last seal.
pub struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    /// Starts catching both signals.
    pub fn catch() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn arrived(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
