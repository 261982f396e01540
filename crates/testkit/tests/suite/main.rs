//! Tests of the stand-ins: one binary, one module for each concept.

#![expect(clippy::unwrap_used, reason = "tests may unwrap, also in their own functions")]

mod clock;
mod microdata;
mod people;
mod places;
mod random;
mod registers;
mod support;
