//! The procedure engine under the shipped profile.

mod scenarios;
mod support;
