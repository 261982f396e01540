//! The profile crate seen from outside: the shipped profile is sound, planted faults are found with file and line.

mod shipped;
mod support;
