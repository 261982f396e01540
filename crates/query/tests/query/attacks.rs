//! The catalogue of attacks and legitimate queries in `sql-policy/`, as `shuyu policy score` scores it: every attack is
//! stopped and every legitimate query answered, also put differently.

use shuyu_query::score::Rewrite;

use crate::{
    fixture::CASES,
    scored::{all_pass, put_as},
};

#[test]
fn every_attack_is_stopped_and_every_legitimate_query_answered() {
    all_pass(CASES, 145, 48);
}

fn put_differently(rewrite: Rewrite) {
    let (attacks, legitimate) = put_as(CASES, rewrite);
    // A text that is no SQL cannot be put differently.
    assert!(attacks >= 142 && legitimate == 48, "{attacks}, {legitimate}");
}

// One test each: together they take minutes on a busy machine.
#[test]
fn protection_does_not_depend_on_how_a_question_is_wrapped() {
    put_differently(Rewrite::Wrapped);
}

#[test]
fn protection_does_not_depend_on_how_a_question_is_nested() {
    put_differently(Rewrite::Nested);
}

#[test]
fn protection_does_not_depend_on_the_order_of_operands() {
    put_differently(Rewrite::Commuted);
}

#[test]
fn protection_does_not_depend_on_names() {
    put_differently(Rewrite::Renamed);
}

#[test]
fn every_rewrite_is_tried() {
    let tried = [
        Rewrite::Wrapped,
        Rewrite::Nested,
        Rewrite::Commuted,
        Rewrite::Renamed,
    ];
    assert_eq!(tried, Rewrite::ALL);
}
