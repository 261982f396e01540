//! The programming interface and the gateway as a client meets them: an installation with a real record on disk,
//! made-up engines, and requests through the whole router.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod cases;
mod data;
mod description;
mod engines;
mod gateway;
mod guards;
mod profile;
mod sessions;
mod shape;
mod world;
