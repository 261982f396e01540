//! How much memory this process held, from `/proc` (proc(5)).

use anyhow::Context as _;

/// Begins to watch: what was held before does not count. Whether the kernel lets it begin.
pub(super) fn begin() -> bool {
    // 5 sets the peak of resident memory back to what is held now.
    std::fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The most memory this process held since it began to watch, or ever, in MiB: `VmHWM`, given in kB.
///
/// # Errors
/// When the system does not tell.
pub(super) fn peak_mib() -> anyhow::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .context("VmHWM in /proc/self/status")?;
    Ok(kib.parse::<f64>()? / 1024.0)
}
