//! A group and a class tied together in other ways than by AND: what is true of all of a group is not told.

use crate::scored::{all_pass, however_put};

const CASES: &str = include_str!("sql-policy/classes.jsonl");

#[test]
fn a_class_of_a_group_is_withheld_however_both_are_tied() {
    all_pass(CASES, 14, 0);
}

#[test]
fn also_put_differently() {
    however_put(CASES);
}
