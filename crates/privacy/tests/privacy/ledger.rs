//! Perturbation, the release ledger and the relations between released sums.

use std::collections::BTreeMap;

use proptest::prelude::*;
use shuyu_privacy::{
    Book, Contribution, Contributions, Draft, GateKey, Kind, Remembered, Rule, Rules, Sought, Tally,
    Thresholds, Verdict,
    masking::pseudonym,
    members::{Marks, Members},
};

pub fn key(byte: u8) -> GateKey {
    GateKey::new([byte; 32])
}

fn unit(number: u64) -> u64 {
    pseudonym(&key(9), "person", &number.to_string())
}

/// Each of these people contributes what they have.
pub fn people(numbers: impl IntoIterator<Item = u64>, amount: impl Fn(u64) -> f64) -> Contributions {
    let one = |number| Contribution {
        unit: unit(number),
        amount: amount(number),
    };
    numbers.into_iter().map(one).collect()
}

pub fn ones(numbers: impl IntoIterator<Item = u64>) -> Contributions {
    people(numbers, |_| 1.0)
}

fn perturbed(contributions: &Contributions, kind: Kind, byte: u8) -> f64 {
    Tally::of(contributions, 10).perturbed(kind, &Thresholds::default(), &key(byte), &Rules::all())
}

/// Asks one after the other, as one statement under one key.
pub struct Desk {
    pub book: Book,
    pub rules: Rules,
    party: &'static str,
    /// Answers are exact, as in mode `review`.
    pub exact: bool,
    /// An own list has a say in what is asked.
    fused: bool,
}

impl Desk {
    pub fn new() -> Self {
        Self {
            book: Book::default(),
            rules: Rules::all(),
            party: "a",
            exact: false,
            fused: false,
        }
    }

    /// Each question is a statement of its own.
    pub fn ask(&mut self, contributions: &Contributions) -> Verdict {
        let (verdicts, remembered) = self.judge(std::slice::from_ref(contributions));
        remembered
            .rows
            .iter()
            .for_each(|row| self.book.read(row).unwrap());
        verdicts[0]
    }

    fn judge(&self, all: &[Contributions]) -> (Vec<Verdict>, Remembered) {
        let (thresholds, key) = (Thresholds::default(), key(1));
        let mut draft = Draft::new(&self.book, self.party, &thresholds, &key, &self.rules);
        if self.exact {
            draft = draft.exactly();
        }
        let verdicts = all
            .iter()
            .map(|contributions| {
                let tally = Tally::of(contributions, 10);
                draft.answer(&Sought {
                    family: "count",
                    kind: Kind::Count,
                    contributions,
                    tally: &tally,
                    one_row: true,
                    fused: self.fused,
                    groups: &[],
                })
            })
            .collect();
        (verdicts, draft.remembered("person").unwrap())
    }
}

#[test]
fn the_same_set_with_the_same_contributions_has_one_value_and_no_other_has() {
    let hundred = ones(0..100);
    let mut turned = hundred.clone();
    let mut each: Vec<Contribution> = turned.iter().collect();
    each.reverse();
    turned = each.into_iter().collect();
    assert_eq!(
        perturbed(&hundred, Kind::Count, 1),
        perturbed(&turned, Kind::Count, 1)
    );
    let by_key: Vec<f64> = (0..40)
        .map(|byte| perturbed(&hundred, Kind::Count, byte))
        .collect();
    assert!(by_key.iter().any(|value| *value != by_key[0]), "{by_key:?}");
    assert!(
        by_key
            .iter()
            .all(|value| (value - 100.0).abs() < 12.0 && value.fract() == 0.0)
    );
    let income = |number: u64| 1000.0 + number as f64;
    let sum = |numbers: std::ops::Range<u64>| perturbed(&people(numbers, income), Kind::Sum, 1);
    assert_ne!(sum(0..100), sum(0..101));
    assert_eq!(sum(0..100), sum(0..100));
}

#[test]
fn a_whole_person_is_lost_in_the_noise_of_a_sum() {
    // Deviations over many sets are as wide as a usual great contribution.
    let amount = |number: u64| 1000.0 + (number % 7) as f64;
    let deviations: Vec<f64> = (0..400u64)
        .map(|set| {
            let all = people(set * 1000..set * 1000 + 50, amount);
            perturbed(&all, Kind::Sum, 1) - Tally::of(&all, 10).flattened
        })
        .collect();
    let variance = deviations.iter().map(|d| d * d).sum::<f64>() / 400.0;
    assert!((800.0..1200.0).contains(&variance.sqrt()), "{}", variance.sqrt());
    let mean = deviations.iter().sum::<f64>() / 400.0;
    assert!(mean.abs() < 200.0, "{mean}");
}

#[test]
fn the_two_greatest_contributions_are_lowered() {
    let amount = |number: u64| if number < 2 { 1e9 } else { 100.0 };
    let tally = Tally::of(&people(0..40, amount), 10);
    assert_eq!((tally.top, tally.flattened), (100.0, 4000.0));
    let negative = Tally::of(&people(0..40, |number| -amount(number)), 10);
    assert_eq!((negative.top, negative.flattened), (100.0, -4000.0));
}

#[test]
fn a_count_is_never_below_the_threshold() {
    let all = (0..255).map(|byte| perturbed(&ones(0..10), Kind::Count, byte));
    assert!(all.into_iter().all(|value| value >= 10.0));
}

#[test]
fn the_same_question_has_the_same_answer_and_costs_nothing() {
    let mut desk = Desk::new();
    let Verdict::Fresh(first) = desk.ask(&ones(0..50)) else {
        panic!("fresh")
    };
    assert_eq!(desk.ask(&ones(0..50)), Verdict::Again(first));
    assert_eq!(desk.judge(&[ones(0..50)]).1.rows.len(), 0);
}

#[test]
fn a_set_that_differs_by_a_few_is_answered_as_the_first_one_was_and_does_not_drift() {
    let mut desk = Desk::new();
    let Verdict::Fresh(first) = desk.ask(&ones(0..50)) else {
        panic!("fresh")
    };
    for more in [51, 55, 59] {
        assert_eq!(desk.ask(&ones(0..more)), Verdict::Snapped(first), "{more}");
    }
    assert!(
        matches!(desk.ask(&ones(0..75)), Verdict::Fresh(_)),
        "25 subjects apart"
    );
    // What a few contribute counts as well, not only who they are.
    let mut desk = Desk::new();
    let rows = |few: u64| people(0..50, move |number| if number < few { 3.0 } else { 2.0 });
    let Verdict::Fresh(first) = desk.ask(&rows(0)) else {
        panic!("fresh")
    };
    assert_eq!(desk.ask(&rows(5)), Verdict::Snapped(first));
    assert!(matches!(desk.ask(&rows(25)), Verdict::Fresh(_)));
}

#[test]
fn two_cells_of_one_statement_are_compared_too() {
    let (verdicts, _) = Desk::new().judge(&[ones(0..50), ones(0..51)]);
    assert!(matches!(verdicts[1], Verdict::Snapped(value) if Some(value) == verdicts[0].value()));
}

#[test]
fn what_is_left_of_a_total_after_its_parts_is_somebody() {
    // 0..100 in three parts that leave out one person.
    let mut desk = Desk::new();
    for part in [0..100, 0..30, 30..60] {
        assert!(matches!(desk.ask(&ones(part)), Verdict::Fresh(_)));
    }
    assert_eq!(desk.ask(&ones(61..100)), Verdict::Suppressed);
    desk.rules = Rules::all().without(Rule::Relations);
    assert!(matches!(desk.ask(&ones(61..100)), Verdict::Fresh(_)));
    // Parts that leave out enough people are honest drill-down.
    let mut desk = Desk::new();
    for part in [0..100, 0..30, 30..60, 60..80] {
        assert!(matches!(desk.ask(&ones(part)), Verdict::Fresh(_)));
    }
}

#[test]
fn a_tracker_of_overlapping_sets_is_found() {
    // (A or T) + (B or T) - A - B is T, and every two of the sets are far apart.
    let mut desk = Desk::new();
    for set in [
        (0..80).collect::<Vec<u64>>(),
        (100..180).collect(),
        (0..180).collect(),
    ] {
        assert!(matches!(desk.ask(&ones(set)), Verdict::Fresh(_)));
    }
    // What lies between: 80..100 are twenty, which may be known; all but one of them may not.
    assert_eq!(desk.ask(&ones(80..99)), Verdict::Suppressed);
}

/// Found by random plans (seeds 54 and 186 of `query/neighbours`): asked again, a set was answered as a nearer neighbour
/// that had been answered since, and the two answers told how near both are.
#[test]
fn a_set_that_was_answered_as_another_stays_so() {
    for one_statement in [true, false] {
        let mut desk = Desk::new();
        let turns = [ones(0..100), ones(0..92), ones(0..87), ones(0..92)];
        let verdicts = if one_statement {
            desk.judge(&turns).0
        } else {
            turns.iter().map(|turn| desk.ask(turn)).collect()
        };
        let [
            Verdict::Fresh(all),
            Verdict::Snapped(first),
            Verdict::Fresh(nearer),
            Verdict::Snapped(second),
        ] = verdicts[..]
        else {
            panic!("{verdicts:?}")
        };
        assert_eq!((first, second), (all, all));
        assert_ne!(
            nearer, all,
            "another answer, so that it could have been told apart"
        );
    }
}

#[test]
fn a_cell_is_split_a_quarter_of_its_number_of_times_by_each_party() {
    let mut desk = Desk::new();
    desk.ask(&ones(0..48));
    let thresholds = Thresholds::default();
    assert_eq!(desk.book.remaining("a", &thresholds), Some((12, 0)));
    let half = |bit: u64| {
        ones((0..48).filter(move |n| pseudonym(&key(3), &bit.to_string(), &n.to_string()).is_multiple_of(2)))
    };
    let fresh = (0..30)
        .filter(|bit| matches!(desk.ask(&half(*bit)), Verdict::Fresh(_)))
        .count();
    assert!((1..=12).contains(&fresh), "{fresh}");
    desk.rules = Rules::all().without(Rule::Splits).without(Rule::Relations);
    let more = (30..60)
        .filter(|bit| matches!(desk.ask(&half(*bit)), Verdict::Fresh(_)))
        .count();
    assert!(fresh + more > 12, "the number is what stopped them");
}

#[test]
fn a_refresh_that_changes_a_few_changes_no_answer() {
    let mut desk = Desk::new();
    let Verdict::Fresh(first) = desk.ask(&ones(0..24)) else {
        panic!("fresh")
    };
    assert_eq!(desk.ask(&ones(1..24)), Verdict::Snapped(first));
    assert!(matches!(desk.ask(&ones(14..40)), Verdict::Fresh(_)));
}

#[test]
fn a_book_read_again_is_the_same_book() {
    let (verdicts, remembered) = Desk::new().judge(&[ones(0..40), ones(20..90)]);
    let mut book = Book::default();
    remembered.rows.iter().for_each(|row| book.read(row).unwrap());
    assert_eq!(book.rows(), remembered.rows.len() as u64);
    let values: Vec<f64> = book.entries().map(|entry| entry.value).collect();
    assert_eq!(
        values,
        verdicts.iter().filter_map(|v| v.value()).collect::<Vec<_>>()
    );
    for row in &remembered.rows {
        for cut in [0, 3, row.len() / 2] {
            assert!(Book::default().read(&row[..cut]).is_err());
        }
    }
}

proptest! {
    #[test]
    fn distances_are_those_of_sets(
        a in proptest::collection::btree_map(0u32..60, 0u32..3, 0..40),
        b in proptest::collection::btree_map(0u32..60, 0u32..3, 0..40),
    ) {
        let members = |of: &BTreeMap<u32, u32>| {
            let (ordinals, marks): (Vec<u32>, Vec<u32>) = of.iter().rev().unzip();
            Members::new(&ordinals, Marks::Each(marks))
        };
        let (x, y) = (members(&a), members(&b));
        let differs = (0..60).filter(|subject| a.get(subject) != b.get(subject)).count();
        prop_assert_eq!(x.distance(&y), differs as u64);
        prop_assert_eq!(y.distance(&x), differs as u64);
        prop_assert_eq!(Members::decode(&x.encode().unwrap()).unwrap(), x);
    }

    /// Whatever is asked of a few people's neighbourhood, no two answers differ in fewer than k subjects.
    #[test]
    fn no_two_answers_are_close(sets in proptest::collection::vec((0u64..30, 40u64..70), 1..12)) {
        let mut desk = Desk::new();
        let mut fresh: Vec<(u64, u64)> = Vec::new();
        for (from, to) in sets {
            if let Verdict::Fresh(_) = desk.ask(&ones(from..to)) {
                for (a, b) in &fresh {
                    prop_assert!(a.abs_diff(from) + b.abs_diff(to) >= 10);
                }
                fresh.push((from, to));
            }
        }
    }
}

#[test]
fn sets_that_somebody_chose_are_close_by_k_fused() {
    let fresh = |first: bool, second: bool| {
        let mut desk = Desk::new();
        desk.fused = first;
        desk.ask(&ones(0..100));
        desk.fused = second;
        matches!(desk.ask(&ones(0..85)), Verdict::Fresh(_))
    };
    assert!(fresh(false, false));
    assert!(!fresh(true, false) && !fresh(false, true) && !fresh(true, true));
}

#[test]
fn what_a_party_that_chose_could_put_together_is_weighed_by_k_fused() {
    // The three come to fifteen people.
    let last = |fused: bool, party: &'static str| {
        let mut desk = Desk::new();
        desk.ask(&ones(0..100));
        desk.fused = fused;
        desk.ask(&ones(0..50));
        desk.fused = false;
        desk.party = party;
        desk.ask(&ones(35..100))
    };
    assert!(matches!(last(false, "a"), Verdict::Fresh(_)));
    assert_eq!(last(true, "a"), Verdict::Suppressed);
    // Another party chose nothing.
    assert!(matches!(last(true, "b"), Verdict::Fresh(_)));
}

/// A cell of a dozen people was answered by the rules of its time: it is no reason to refuse all that is weighed by more,
/// but what comes of it and a further sum is.
#[test]
fn what_could_be_computed_before_is_no_reason_to_refuse() {
    // The jitter of some dozen lets it pass.
    let mut dozens = (0..20).map(|at| 1000 + at * 50..1012 + at * 50);
    let dozen = dozens
        .find(|dozen| matches!(Desk::new().ask(&ones(dozen.clone())), Verdict::Fresh(_)))
        .unwrap();
    let desk = |known: bool| {
        let mut desk = Desk::new();
        if known {
            desk.ask(&ones(dozen.clone()));
        }
        desk.fused = true;
        desk
    };
    let mut chosen = desk(true);
    assert!(matches!(chosen.ask(&ones(0..100)), Verdict::Fresh(_)));
    assert!(matches!(chosen.ask(&ones(200..300)), Verdict::Fresh(_)));
    // Forty, and forty with the dozen and fifteen more: the fifteen could be told, if the dozen is known.
    let with = || ones((0..40).chain(dozen.clone()).chain(500..515));
    for known in [true, false] {
        let mut desk = desk(known);
        assert!(matches!(desk.ask(&ones(0..40)), Verdict::Fresh(_)));
        let told = desk.ask(&with());
        assert_eq!(told == Verdict::Suppressed, known, "{told:?}");
    }
}
