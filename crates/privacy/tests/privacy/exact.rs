//! Mode `review`: what leaves is exact, and what is remembered is what everybody else is answered.

use shuyu_privacy::Verdict;

use crate::ledger::{Desk, ones};

#[test]
fn an_exact_answer_is_the_sum_and_leaves_the_perturbed_one_behind() {
    let (mut plain, mut desk) = (Desk::new(), Desk::new());
    let Verdict::Fresh(usual) = plain.ask(&ones(0..1000)) else {
        panic!("not answered")
    };
    assert!((usual - 1000.0).abs() > 0.1, "perturbed: {usual}");
    desk.exact = true;
    assert_eq!(desk.ask(&ones(0..1000)), Verdict::Fresh(1000.0));
    assert_eq!(desk.ask(&ones(0..1000)), Verdict::Again(1000.0));
    desk.exact = false;
    assert_eq!(desk.ask(&ones(0..1000)), Verdict::Again(usual));
}

#[test]
fn what_could_only_be_answered_as_another_sum_is_not_answered_exactly() {
    let mut desk = Desk::new();
    assert!(matches!(desk.ask(&ones(0..1000)), Verdict::Fresh(_)));
    desk.exact = true;
    assert_eq!(desk.ask(&ones(0..999)), Verdict::Suppressed);
    assert_eq!(desk.ask(&ones(0..999)), Verdict::Suppressed, "nor the next time");
    assert_eq!(desk.ask(&ones(0..1000)), Verdict::Again(1000.0));
    // And the other way round: an exact answer is a neighbour like any other.
    let mut desk = Desk::new();
    desk.exact = true;
    assert_eq!(desk.ask(&ones(0..1000)), Verdict::Fresh(1000.0));
    desk.exact = false;
    assert!(matches!(desk.ask(&ones(0..999)), Verdict::Snapped(_)));
}
