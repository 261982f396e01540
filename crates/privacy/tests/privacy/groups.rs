//! Classes beside the groups they are classes of (ADR 0187).

use shuyu_privacy::{Contributions, Draft, Group, Kind, Rule, Rules, Sought, Tally, Thresholds, Verdict};

use crate::ledger::{Desk, key, ones};

/// What is asked about: a class, the group it is a class of, and whether both are tied by more than AND.
struct Class {
    kind: Kind,
    class: Contributions,
    group: Contributions,
    tied: bool,
}

/// Those of whom something is true, among numbers.
fn class(group: impl Iterator<Item = u64> + Clone, holds: impl Fn(u64) -> bool) -> Class {
    Class {
        kind: Kind::Count,
        class: ones(group.clone().filter(|number| holds(*number))),
        group: ones(group),
        tied: false,
    }
}

/// Asks several classes in one statement, and remembers them if told to.
fn ask(desk: &mut Desk, classes: &[Class], remember: bool) -> Vec<Verdict> {
    let (thresholds, key) = (Thresholds::default(), key(1));
    let mut draft = Draft::new(&desk.book, "a", &thresholds, &key, &desk.rules);
    let verdicts = classes
        .iter()
        .map(|one| {
            let (tally, whole) = (Tally::of(&one.class, 10), Tally::of(&one.group, 10));
            draft.answer(&Sought {
                family: "count",
                kind: one.kind,
                contributions: &one.class,
                tally: &tally,
                one_row: true,
                fused: false,
                groups: &[Group {
                    contributions: &one.group,
                    tally: &whole,
                    tied: one.tied,
                }],
            })
        })
        .collect();
    let remembered = draft.remembered("person").unwrap();
    if remember {
        remembered
            .rows
            .iter()
            .for_each(|row| desk.book.read(row).unwrap());
    }
    verdicts
}

fn one(desk: &mut Desk, class: Class) -> Verdict {
    ask(desk, &[class], true)[0]
}

fn without(rule: Rule) -> Desk {
    let mut desk = Desk::new();
    desk.rules = Rules::all().without(rule);
    desk
}

fn has(number: u64) -> bool {
    number.is_multiple_of(3)
}

/// Those of all who have it, and those of all but one who have it not.
fn pair(left_out: u64) -> [Class; 2] {
    let all_but_one = (0..200).filter(move |number| *number != left_out);
    [class(0..200, has), class(all_but_one, |number| !has(number))]
}

#[test]
fn a_class_and_the_others_of_all_but_one_are_never_both_told() {
    // Whether the one has it or not.
    for left_out in [6, 7] {
        let mut desk = Desk::new();
        let [those, others] = pair(left_out);
        assert!(matches!(one(&mut desk, those), Verdict::Fresh(_)));
        assert_eq!(one(&mut desk, others), Verdict::Suppressed, "{left_out}");
        // Nor in one statement, nor the other way about.
        let mut desk = Desk::new();
        assert_eq!(ask(&mut desk, &pair(left_out), true)[1], Verdict::Suppressed);
        let [those, others] = pair(left_out);
        let mut desk = Desk::new();
        assert!(matches!(one(&mut desk, others), Verdict::Fresh(_)));
        assert_eq!(one(&mut desk, those), Verdict::Suppressed, "{left_out}");
        // Nothing else is in the way.
        let mut desk = without(Rule::Groups);
        let [those, others] = pair(left_out);
        one(&mut desk, those);
        assert!(matches!(one(&mut desk, others), Verdict::Fresh(_)));
    }
}

#[test]
fn an_honest_breakdown_is_told_whole() {
    let mut desk = Desk::new();
    let all = ones(0..200);
    let parts: Vec<Class> = (0..3).map(|rest| class(0..200, move |n| n % 3 == rest)).collect();
    let verdicts = ask(&mut desk, &parts, true);
    assert!(
        verdicts
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Fresh(_))),
        "{verdicts:?}"
    );
    assert!(matches!(desk.ask(&all), Verdict::Fresh(_) | Verdict::Again(_)));
}

#[test]
fn what_makes_a_group_near_may_come_later() {
    let mut desk = Desk::new();
    assert!(matches!(one(&mut desk, class(0..200, has)), Verdict::Fresh(_)));
    // Another class of a group that is one person away: by itself it completes nothing.
    let another = class(0..199, |number| number % 10 == 1);
    assert!(matches!(one(&mut desk, another), Verdict::Fresh(_)));
    // The first group was not near when it was remembered, and is now.
    let others = class(0..200, |number| !has(number));
    assert_eq!(one(&mut desk, others), Verdict::Suppressed);
}

#[test]
fn a_tied_class_of_all_but_a_few_is_answered_as_all_for_ever() {
    let tied = |left_out: u64| Class {
        tied: true,
        ..class(0..200, move |number| number != left_out)
    };
    let mut desk = Desk::new();
    let Verdict::Snapped(value) = one(&mut desk, tied(7)) else {
        panic!("as its group")
    };
    assert_eq!(desk.ask(&ones(0..200)), Verdict::Again(value));
    // The book that was written down says so too, and so it is of whoever else is left out.
    for left_out in [7, 8] {
        let again = one(&mut desk, tied(left_out));
        assert!(
            matches!(again, Verdict::Again(same) | Verdict::Snapped(same) if same == value),
            "{again:?}"
        );
    }
    // What is not added up is not told at all.
    for kind in [Kind::Distinct, Kind::Quantile] {
        let odd = Class { kind, ..tied(7) };
        assert_eq!(one(&mut Desk::new(), odd), Verdict::Suppressed);
    }
    // One that is tied to its group by AND alone is judged as any set.
    let by_and = Class {
        tied: false,
        ..tied(7)
    };
    assert!(matches!(one(&mut Desk::new(), by_and), Verdict::Fresh(_)));
}

#[test]
fn a_book_read_again_compares_the_same_groups() {
    let mut desk = Desk::new();
    let [those, others] = pair(7);
    let verdicts = ask(&mut desk, &[those], true);
    assert!(matches!(verdicts[0], Verdict::Fresh(_)));
    // Judged against the book alone, without what a statement still has in hand.
    assert_eq!(ask(&mut desk, &[others], false), [Verdict::Suppressed]);
    let [those, _] = pair(7);
    assert!(matches!(ask(&mut desk, &[those], false)[0], Verdict::Again(_)));
}
