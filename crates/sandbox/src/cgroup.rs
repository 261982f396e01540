//! Limits on all processes of a run together, where the kernel lets us make a control group: version 2, or version 1.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::mpsc,
    time::Duration,
};

use crate::spec::Limits;

/// Where control groups are mounted on Linux.
const MOUNT: &str = "/sys/fs/cgroup";

/// A control group of one run. Removed with the value.
#[derive(Debug, Default)]
pub(crate) struct Cgroup {
    /// Files that the first process writes its number to.
    pub join: Vec<PathBuf>,
    /// What holds memory, if it is held here.
    pub memory: Option<&'static str>,
    /// What holds the number of processes, if it is held here.
    pub processes: Option<&'static str>,
    folders: Vec<PathBuf>,
}

impl Cgroup {
    /// Makes what can be made; a limit that cannot be set here is left to others.
    pub(crate) fn make(run: &str, limits: &Limits) -> Self {
        let mut made = Self::default();
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        for line in own.lines() {
            let mut parts = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else {
                continue;
            };
            let path = path.trim_start_matches('/');
            if controllers.is_empty() {
                made.version_2(&Path::new(MOUNT).join(path), run, limits);
            } else {
                for controller in controllers.split(',') {
                    made.version_1(controller, path, run, limits);
                }
            }
        }
        made
    }

    fn version_2(&mut self, own: &Path, run: &str, limits: &Limits) {
        if !own.join("cgroup.controllers").is_file() {
            return;
        }
        let offered = fs::read_to_string(own.join("cgroup.subtree_control")).unwrap_or_default();
        if !offered.contains("memory") || !offered.contains("pids") {
            // Refused where the group itself holds processes; then these limits are others' work.
            let _ = fs::write(own.join("cgroup.subtree_control"), "+memory +pids");
        }
        let folder = own.join(folder_name(run));
        if make(&folder).is_err() {
            return;
        }
        if set(&folder, "memory.max", limits.memory_bytes).is_ok() {
            let _ = set(&folder, "memory.swap.max", 0);
            let _ = set(&folder, "memory.oom.group", 0);
            self.memory = Some("cgroup2");
        }
        if set(&folder, "pids.max", limits.processes).is_ok() {
            self.processes = Some("cgroup2");
        }
        self.keep_or_drop(folder, self.memory.is_some() || self.processes.is_some());
    }

    fn version_1(&mut self, controller: &str, path: &str, run: &str, limits: &Limits) {
        let (file, value) = match controller {
            "memory" => ("memory.limit_in_bytes", limits.memory_bytes),
            "pids" => ("pids.max", limits.processes),
            _ => return,
        };
        let folder = Path::new(MOUNT)
            .join(controller)
            .join(path)
            .join(folder_name(run));
        if make(&folder).is_err() {
            return;
        }
        let held = set(&folder, file, value).is_ok();
        if held && controller == "memory" {
            // Where the kernel counts swap; elsewhere there is no such file.
            let _ = set(&folder, "memory.memsw.limit_in_bytes", value);
            self.memory = Some("cgroup1");
        } else if held {
            self.processes = Some("cgroup1");
        }
        self.keep_or_drop(folder, held);
    }

    fn keep_or_drop(&mut self, folder: PathBuf, keep: bool) {
        if keep {
            self.join.push(folder.join("cgroup.procs"));
            self.folders.push(folder);
        } else {
            let _ = fs::remove_dir(&folder);
        }
    }

    /// Waits until no process is left in any of its groups, for at most two seconds; `false` if some still are.
    pub(crate) fn empty(&self) -> bool {
        // Nothing is ever sent: the channel is a clock that this thread may wait on.
        let (_keep, never) = mpsc::channel::<()>();
        for _ in 0..200 {
            let busy = |file: &PathBuf| fs::read_to_string(file).is_ok_and(|text| !text.trim().is_empty());
            if !self.join.iter().any(busy) {
                return true;
            }
            let _ = never.recv_timeout(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        self.empty();
        for folder in &self.folders {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn folder_name(run: &str) -> String {
    format!("shuyu-job-{run}")
}

/// A new folder; one that a killed process left empty is taken over.
fn make(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_dir(folder)?;
            fs::create_dir(folder)
        }
        other => other,
    }
}

fn set(folder: &Path, file: &str, value: u64) -> io::Result<()> {
    let path = folder.join(file);
    if !path.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    fs::write(path, value.to_string())
}
