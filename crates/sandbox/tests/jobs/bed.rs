//! A sandbox to try things in. Every test needs the runtime that `./dev setup` builds, and says so if it is not there:
//! a test of walls that passes without walls would be worse than none.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use shuyu_sandbox::{Content, Declared, Finalised, Job, Kind, Limits, Outcome, Prepared, Sandbox, Settings};

/// A sandbox with run folders of its own.
pub struct Bed {
    pub sandbox: Sandbox,
    _runs: tempfile::TempDir,
}

/// A run and what it left.
pub struct Ran {
    pub prepared: Prepared,
    pub outcome: Outcome,
    pub left: Finalised,
    pub log: String,
}

/// Small limits: tests wait for none of them longer than a moment.
pub const SMALL: Limits = Limits {
    memory_bytes: 1 << 30,
    cpu_seconds: 30,
    wall: Duration::from_secs(30),
    disk_bytes: 8 << 20,
    processes: 24,
    output_bytes: 1 << 20,
    output_rows: 100,
    log_bytes: 4096,
    slot: Duration::from_millis(50),
};

#[expect(
    clippy::disallowed_methods,
    reason = "where the runtime stands is told to tests by the environment"
)]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub fn settings(runs: PathBuf) -> Settings {
    let cache =
        environment("XDG_CACHE_HOME").or_else(|| environment("HOME").map(|home| format!("{home}/.cache")));
    let default = || PathBuf::from(cache.unwrap_or_default()).join("shuyu/runtime");
    let path = environment("PATH").unwrap_or_default();
    Settings {
        bubblewrap: shuyu_sandbox::find_bubblewrap(path.as_ref()).expect("bubblewrap: run ./dev setup"),
        runtime: environment("SHUYU_RUNTIME").map_or_else(default, PathBuf::from),
        runs,
    }
}

impl Bed {
    pub fn new() -> Self {
        let runs = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::new(settings(runs.path().to_owned())).expect("a runtime: run ./dev setup");
        Self { sandbox, _runs: runs }
    }

    pub fn run(&self, job: &Job) -> Ran {
        let prepared = self.sandbox.prepare(job).unwrap();
        let outcome = self.sandbox.execute(&prepared, &|| false, &|_| {}).unwrap();
        let left = self.sandbox.finalise(&prepared).unwrap();
        let log = String::from_utf8_lossy(&self.sandbox.log(&prepared).unwrap()).into_owned();
        Ran {
            prepared,
            outcome,
            left,
            log,
        }
    }

    pub fn source(&self, source: &str) -> Ran {
        self.run(&job(source))
    }
}

/// A job of this source that declares one table, one picture and one text, unless it is told otherwise.
pub fn job(source: &str) -> Job {
    static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    Job {
        run: format!("t{}-{number}", std::process::id()),
        source: source.as_bytes().to_vec(),
        inputs: [(
            "numbers.csv".to_owned(),
            Content::Bytes(b"a,b\n1,2\n3,4\n".to_vec().into()),
        )]
        .into(),
        declared: BTreeMap::new(),
        limits: SMALL,
    }
}

pub fn declaring(mut job: Job, files: &[(&str, Kind)]) -> Job {
    job.declared = files
        .iter()
        .map(|(name, kind)| {
            let declared = Declared {
                kind: *kind,
                labels: Vec::new(),
            };
            ((*name).to_owned(), declared)
        })
        .collect();
    job
}
