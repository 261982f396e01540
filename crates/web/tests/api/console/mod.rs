//! The console as a browser without scripts meets it: forms, cookies, redirects and pages over an installation
//! with a real record on disk, made-up rules and a made-up engine.

mod archive;
pub mod desk;
mod exceptions;
mod forms;
mod own;
mod pages;
mod print;
mod sessions;
mod town;
mod watch;
mod workbench;
