//! From the looks of single values to what a column holds.

use std::collections::BTreeSet;

use super::{
    FOUND, Finding, Sensitive,
    detect::{Look, civil, look},
    form, names, person, words,
};

/// What a kind's form proves, in thousandths of confidence when every value that looks so is valid.
///
/// Ours, set on the labelled registers of the test `discovery`; a check digit with a date proves most, a number
/// of money nothing without a name.
struct Proof {
    /// Without a word in the column's name.
    alone: u32,
    /// With one.
    named: u32,
    /// Least share of valid values among those that look so.
    purity: u64,
}

fn proof(kind: Sensitive) -> Proof {
    let (alone, named, purity) = match kind {
        Sensitive::ResidentId | Sensitive::CreditCode => (950, 1000, 500),
        Sensitive::Email => (950, 990, 600),
        Sensitive::VehiclePlate => (900, 990, 600),
        Sensitive::BankCard => (850, 980, 600),
        Sensitive::Address => (850, 980, 400),
        Sensitive::MobilePhone => (780, 980, 750),
        Sensitive::FixedPhone => (740, 950, 700),
        Sensitive::IpAddress => (740, 980, 800),
        Sensitive::Passport => (550, 950, 800),
        Sensitive::PersonName => (550, 950, 500),
        Sensitive::Coordinate => (450, 950, 800),
        Sensitive::MedicalCode => (400, 900, 800),
        Sensitive::DivisionCode => (350, 900, 900),
        Sensitive::BirthDate => (300, 950, 800),
        Sensitive::Sex => (0, 900, 950),
        Sensitive::Amount => (100, 850, 950),
    };
    Proof { alone, named, purity }
}

/// A kind counts from this share of valid values on, in thousandths: one in twenty.
const LEAST_SHARE: u64 = 50;

/// What a column of this name with these sampled values holds, surest first.
pub(super) fn judge(column: &str, values: &[String]) -> Vec<Finding> {
    let values = values.iter().map(|value| form::normal(value));
    let values: Vec<String> = values
        .filter(|value| !value.is_empty() && !words::list("placeholders").contains(&value.as_str()))
        .collect();
    let hints = names::Hints::of(column);
    let mut found: Vec<Finding> = Sensitive::ALL
        .into_iter()
        .filter_map(|kind| finding(kind, &hints, &values))
        .collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.confidence));
    found
}

fn finding(kind: Sensitive, hints: &names::Hints, values: &[String]) -> Option<Finding> {
    let (mut valid, mut alike) = (0u64, 0u64);
    let mut passing = Vec::new();
    for value in values {
        match look(kind, value) {
            Look::Valid => {
                (valid, alike) = (valid + 1, alike + 1);
                passing.push(value.as_str());
            }
            Look::Alike => alike += 1,
            Look::Other => {}
        }
    }
    let all = values.len() as u64;
    let share = (valid * 1000).checked_div(all)?;
    let purity = (valid * 1000).checked_div(alike)?;
    let by_name = hints.says(kind);
    let proof = proof(kind);
    let few = valid < 3 && valid < all;
    if share < LEAST_SHARE || purity < proof.purity || few || vetoed(kind, by_name, &passing) {
        return None;
    }
    let alone = shaped(kind, &passing).unwrap_or(proof.alone);
    let alone = if hints.contrary() && !checked(kind) {
        alone.saturating_sub(200)
    } else {
        alone
    };
    let strength = u64::from(if by_name { proof.named.max(alone) } else { alone });
    // A column in which few values are of the kind is less surely one of it: from 0.85 at one in twenty to 1.
    let mixed = 800 + share.min(200);
    let confidence = u32::try_from(strength * purity * mixed / 1_000_000).unwrap_or(0);
    (confidence >= FOUND).then(|| Finding {
        kind,
        confidence,
        valid_share: u32::try_from(share).unwrap_or(1000),
        by_name,
    })
}

/// Kinds whose values prove themselves whatever the column is called.
fn checked(kind: Sensitive) -> bool {
    matches!(
        kind,
        Sensitive::ResidentId
            | Sensitive::CreditCode
            | Sensitive::BankCard
            | Sensitive::Email
            | Sensitive::VehiclePlate
    )
}

/// What the values as a whole speak for beyond the form of each; `None` where they say nothing more.
fn shaped(kind: Sensitive, passing: &[&str]) -> Option<u32> {
    match kind {
        Sensitive::PersonName => person_shape(passing),
        Sensitive::BirthDate => {
            // Births of a population spread over decades; dates of business do not.
            let years: BTreeSet<i16> = passing
                .iter()
                .filter_map(|value| Some(civil(value)?.year()))
                .collect();
            let spread = years.last()?.checked_sub(*years.first()?)?;
            (spread >= 40 && years.len() >= 25).then_some(720)
        }
        Sensitive::Sex => {
            let mut sexes = words::list("sex_values").iter().take(2);
            let both = sexes.all(|sex| passing.contains(sex));
            both.then_some(900)
        }
        Sensitive::MedicalCode => {
            let dotted = passing.iter().filter(|value| value.contains('.')).count();
            let chapters: BTreeSet<char> = passing.iter().filter_map(|value| value.chars().next()).collect();
            (dotted * 10 >= passing.len() * 3 && chapters.len() >= 4).then_some(720)
        }
        Sensitive::Coordinate => {
            let pairs = passing
                .iter()
                .filter(|value| value.contains([',', ' ', ';']))
                .count();
            (pairs * 2 >= passing.len()).then_some(900)
        }
        Sensitive::Passport => {
            let newer = passing
                .iter()
                .filter(|value| value.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase));
            let newer = newer.count();
            (newer * 20 >= passing.len() && newer < passing.len()).then_some(760)
        }
        Sensitive::IpAddress => {
            // Numbers of versions look the same and stay small.
            let large = |value: &&&str| {
                value
                    .split('.')
                    .any(|part| part.parse::<u32>().is_ok_and(|n| n >= 32))
            };
            let large =
                passing.iter().filter(large).count() + passing.iter().filter(|v| v.contains(':')).count();
            (large * 2 < passing.len()).then_some(300)
        }
        _ => None,
    }
}

/// Names differ from row to row, and their later characters are those that parents choose.
fn person_shape(passing: &[&str]) -> Option<u32> {
    let different: BTreeSet<&str> = passing.iter().copied().collect();
    let (usual, all) = passing
        .iter()
        .map(|name| person::given(name))
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let varied = different.len() >= 20.min(passing.len()) && different.len() * 20 >= passing.len();
    (varied && all > 0 && usual * 100 >= all * 35).then_some(880)
}

/// What cannot be, whatever the name says.
fn vetoed(kind: Sensitive, by_name: bool, passing: &[&str]) -> bool {
    match kind {
        // A column of one value tells nobody's sex, and 0/1 flags are not one without the name.
        Sensitive::Sex => {
            !by_name
                && !passing
                    .iter()
                    .any(|value| words::list("sex_values").contains(value))
        }
        _ => false,
    }
}
