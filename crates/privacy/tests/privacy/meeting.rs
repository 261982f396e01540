//! Subjects that are looked up together are who they are, in whatever order sums name them.

use shuyu_privacy::{Book, Contributions, Draft, Kind, Rules, Sought, Tally, Thresholds, Verdict};

use crate::ledger::{key, people};

fn ask(draft: &mut Draft<'_>, contributions: &Contributions) -> Verdict {
    let tally = Tally::of(contributions, 10);
    draft.answer(&Sought {
        family: "sum income",
        kind: Kind::Sum,
        contributions,
        tally: &tally,
        one_row: true,
        fused: false,
        groups: &[],
    })
}

#[test]
fn contributions_stay_with_their_subjects_when_these_were_looked_up_together() {
    let (thresholds, key, rules) = (Thresholds::default(), key(1), Rules::all());
    let income = |number: u64| (1000 + number) as f64;
    let (one, other) = (people(0..300, income), people(300..700, income));
    // The first sum may name the subjects in another order than the sets were said in.
    for turned in [false, true] {
        let book = Book::default();
        let mut draft = Draft::new(&book, "a", &thresholds, &key, &rules);
        draft.expect([&other, &one].into_iter());
        let mut first = one.clone();
        if turned {
            let mut each: Vec<_> = one.iter().collect();
            each.reverse();
            first = each.into_iter().collect();
        }
        assert!(matches!(ask(&mut draft, &first), Verdict::Fresh(_)));
        assert!(matches!(ask(&mut draft, &one), Verdict::Again(_)));
        // One of three hundred has another income: too close to be answered by itself.
        let close = people(0..300, |number| income(number) + f64::from(u8::from(number == 7)));
        assert!(matches!(ask(&mut draft, &close), Verdict::Snapped(_)), "{turned}");
        assert!(matches!(ask(&mut draft, &other), Verdict::Fresh(_)));
    }
}

#[test]
fn nobody_is_looked_up_for_what_was_answered_before() {
    let (thresholds, key, rules) = (Thresholds::default(), key(1), Rules::all());
    let (met, stranger) = (people(0..300, |_| 1.0), people(300..600, |_| 1.0));
    let mut book = Book::default();
    let mut draft = Draft::new(&book, "a", &thresholds, &key, &rules);
    assert!(matches!(ask(&mut draft, &met), Verdict::Fresh(_)));
    let remembered = draft.remembered("person").unwrap();
    assert!(!remembered.rows.is_empty());
    for row in &remembered.rows {
        book.read(row).unwrap();
    }
    let mut draft = Draft::new(&book, "a", &thresholds, &key, &rules);
    draft.expect([&met, &stranger].into_iter());
    assert!(matches!(ask(&mut draft, &met), Verdict::Again(_)));
    assert!(draft.remembered("person").unwrap().rows.is_empty());
    // At the first sum that is new, all are, in the order in which they were said.
    assert!(matches!(ask(&mut draft, &stranger), Verdict::Fresh(_)));
    assert_eq!(
        draft.remembered("person").unwrap().rows.len(),
        2,
        "who was met, and the sum"
    );
}
