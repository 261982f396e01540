//! The command line of bubblewrap: what is in the sandbox, and that nothing else is.

use std::{path::Path, process::Command};

use serde_json::json;
use shuyu_kernel::Fault;

use crate::{Sandbox, cgroup::Cgroup, spec::Limits};

/// Number of the pipe of frames inside the sandbox.
pub(crate) const CHANNEL: i32 = 3;
/// Number of the pipe that bubblewrap reads the filter from; closed before the job starts.
pub(crate) const FILTER: i32 = 4;
/// The user `nobody` of Debian; inside the sandbox only.
const NOBODY: &str = "65534";
/// Joins the control groups and becomes bubblewrap, so that no process of the job was ever outside of them. Before,
/// it moves what our code can hand to a child (0, 1 and 2) to where it belongs: filter, frames, and one log.
const JOIN: &str = r#"exec 3>&1 4<&0 1>&2 0</dev/null
while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done
shift; exec "$@""#;

/// Walls that every sandbox has.
const WALLS: &[&str] = &[
    "--unshare-user",
    "--unshare-all",
    "--new-session",
    "--die-with-parent",
    "--cap-drop",
    "ALL",
    "--uid",
    NOBODY,
    "--gid",
    NOBODY,
    "--hostname",
    "job",
    "--clearenv",
];

/// The environment of a job. One thread per numeric library: the limit on processes counts threads, and two runs give
/// the same sums. Arrow takes memory from the allocator that the limit on memory knows.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("LANG", "C.UTF-8"),
    ("HOME", "/tmp"),
    ("PYTHONHASHSEED", "0"),
    ("OPENBLAS_NUM_THREADS", "1"),
    ("OMP_NUM_THREADS", "1"),
    ("ARROW_NUM_THREADS", "1"),
    ("JOBLIB_MULTIPROCESSING", "0"),
    ("ARROW_DEFAULT_MEMORY_POOL", "system"),
    ("TZ", "UTC"),
];

/// The command that runs a prepared folder.
pub(crate) fn command(
    sandbox: &Sandbox,
    folder: &Path,
    limits: &Limits,
    cgroup: &Cgroup,
    config: &serde_json::Value,
) -> Command {
    let mut command = Command::new("/bin/sh");
    command.env_clear().current_dir("/").arg("-c").arg(JOIN).arg("sh");
    command
        .args(&cgroup.join)
        .arg("--")
        .arg(&sandbox.settings.bubblewrap);
    command.args(WALLS);
    if sandbox.closes_namespaces {
        command.arg("--disable-userns");
    }
    command
        .arg("--ro-bind")
        .arg(sandbox.settings.runtime.join("usr"))
        .arg("/usr");
    command.args(["--symlink", "usr/lib64", "/lib64", "--symlink", "usr/lib", "/lib"]);
    command.arg("--ro-bind").arg(folder.join("in")).arg("/in");
    // Nothing else can be written: devices and the root itself become read-only. There is no /proc at all.
    command.args(["--dev", "/dev", "--remount-ro", "/dev"]);
    let half = (limits.disk_bytes / 2).max(4096).to_string();
    for folder in ["/out", "/tmp"] {
        command.args(["--perms", "0700", "--size", half.as_str(), "--tmpfs", folder]);
    }
    command.args(["--remount-ro", "/", "--chdir", "/out"]);
    for (name, value) in ENVIRONMENT {
        command.args(["--setenv", name, value]);
    }
    command.args(["--seccomp", &FILTER.to_string(), "--"]);
    command.args([
        "/usr/bin/python3",
        "-I",
        "-B",
        "-X",
        "utf8",
        "-m",
        "shuyu_job.runner",
    ]);
    command.arg(config.to_string());
    command
}

/// What the first process inside is told.
pub(crate) fn config(limits: &Limits, declared: &[&String]) -> serde_json::Value {
    let files: serde_json::Map<_, _> = declared
        .iter()
        .map(|name| ((*name).clone(), json!(limits.output_bytes)))
        .collect();
    json!({
        "channel": CHANNEL,
        "declared": files,
        "limits": {
            "memory": limits.memory_bytes,
            "cpu": limits.cpu_seconds,
            "processes": limits.processes,
            "file": limits.disk_bytes / 2,
            "open": 256,
            "core": 0,
        },
    })
}

/// Whether this bubblewrap can close user namespaces inside; older ones cannot, and the filter alone does it.
pub(crate) fn closes_namespaces(bubblewrap: &Path) -> Result<bool, Fault> {
    let help = Command::new(bubblewrap).env_clear().arg("--help").output();
    let help = help.map_err(|error| Fault::new("asking bubblewrap what it can do", error))?;
    Ok(String::from_utf8_lossy(&help.stdout).contains("--disable-userns"))
}
