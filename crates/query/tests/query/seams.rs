//! Own lists, memberships, branches of UNION ALL and grouping sets in one statement: where two of them meet, the rules of
//! both hold.

use crate::scored::{all_pass, however_put};

const CASES: &str = include_str!("sql-policy/seams.jsonl");

#[test]
fn attacks_through_two_features_at_once_are_stopped() {
    all_pass(CASES, 23, 6);
}

#[test]
fn seams_however_they_are_put() {
    however_put(CASES);
}
