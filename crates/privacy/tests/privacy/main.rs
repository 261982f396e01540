//! Tests of permits, labels, the gate and masking.
#![expect(clippy::too_many_lines, reason = "a test tells a whole story")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod airlock;
mod dp;
mod exact;
mod gate;
mod governance;
mod groups;
mod identity;
mod label;
mod ledger;
mod masking;
mod meeting;
mod permit;
