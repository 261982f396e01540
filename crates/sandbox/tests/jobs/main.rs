//! Jobs against a real sandbox: its walls, its limits, what leaves it, what is found about models.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "without a sandbox these tests fail, loudly"
)]

mod bed;
mod limits;
mod outputs;
mod risk;
mod walls;
