//! The console as a browser without scripts meets it: forms, cookies, redirects and pages over an installation
//! with a real record on disk, made-up rules and a made-up engine.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod desk;
#[path = "../api/engines.rs"]
mod engines;
mod forms;
mod pages;
#[path = "../api/profile.rs"]
mod profile;
mod sessions;
mod town;
mod workbench;
#[path = "../api/world.rs"]
#[expect(
    dead_code,
    reason = "shared with the tests of the programming interface, which use the rest"
)]
mod world;
