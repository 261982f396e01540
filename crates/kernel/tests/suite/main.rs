//! Tests of the shared words: one binary, one module for each concept.

#![expect(clippy::unwrap_used, reason = "tests may unwrap, also in their own functions")]

mod calendar_data;
mod calendar_format;
mod calendar_judge;
mod calendar_vectors;
mod cite;
mod credit_code;
mod division;
mod identifier;
mod limit;
mod money;
mod refusal;
mod resident_id;
mod support;
mod time;
