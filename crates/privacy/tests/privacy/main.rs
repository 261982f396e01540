//! Tests of permits, labels, the gate and masking.

mod gate;
mod label;
mod masking;
mod permit;
