//! Named points at which a training installation may be killed, so that recovery is tested and not believed.

/// Asked at named points of writing code. The real one does nothing; a test's one ends the process there.
pub trait KillSwitch: Send + Sync {
    /// Called when execution reaches `point`, for example `store.after_commit`.
    fn reached(&self, point: &'static str);
}

/// Never kills.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoKill;

impl KillSwitch for NoKill {
    fn reached(&self, _point: &'static str) {}
}
