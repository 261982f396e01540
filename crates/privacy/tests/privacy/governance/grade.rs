//! Grades follow the strictest column and what columns say together.

use shuyu_privacy::governance::{
    discovery::{ColumnFindings, Finding, Sensitive},
    grade::{MAYBE_IMPORTANT_PERSONS, Reason, propose, quasi_identifying},
};

fn column(name: &str, kinds: &[Sensitive]) -> ColumnFindings {
    let finding = |kind: &Sensitive| Finding {
        kind: *kind,
        confidence: 900,
        valid_share: 1000,
        by_name: true,
    };
    ColumnFindings {
        column: name.to_owned(),
        nulls: 0,
        sampled: 100,
        findings: kinds.iter().map(finding).collect(),
    }
}

#[test]
fn the_strictest_column_decides() {
    let nothing = propose(&[column("pm25", &[])], None);
    assert_eq!(
        (nothing.level, nothing.columns[0].reason),
        (1, Reason::NothingFound)
    );
    let mixed = propose(
        &[
            column("who", &[Sensitive::PersonName, Sensitive::ResidentId]),
            column("n", &[]),
        ],
        None,
    );
    assert_eq!(mixed.level, 4, "of two kinds in one column the stricter");
    assert_eq!(mixed.columns[0].kind, Some(Sensitive::ResidentId));
    assert_eq!(
        propose(&[column("n", &[])], Some(10)).level,
        2,
        "rows about persons are personal without a name"
    );
}

#[test]
fn columns_together_say_more_than_each() {
    let three = [
        column("sex", &[Sensitive::Sex]),
        column("born", &[Sensitive::BirthDate]),
        column("area", &[Sensitive::DivisionCode]),
    ];
    let two = propose(&three[..2], None);
    assert_eq!((two.level, two.together.len()), (2, 0));
    let all = propose(&three, None);
    assert_eq!(all.level, 3);
    assert_eq!(
        all.together,
        [(
            Reason::Combination,
            vec!["sex".to_owned(), "born".to_owned(), "area".to_owned()]
        )]
    );
    assert_eq!(quasi_identifying(&all), ["sex", "born", "area"]);
    let pay = propose(
        &[
            column("name", &[Sensitive::PersonName]),
            column("pay", &[Sensitive::Amount]),
        ],
        None,
    );
    assert_eq!((pay.level, pay.together[0].0), (4, Reason::NamedAndSensitive));
}

#[test]
fn a_great_many_persons_is_a_question_and_not_a_grade() {
    let many = propose(&[column("sex", &[Sensitive::Sex])], Some(MAYBE_IMPORTANT_PERSONS));
    assert_eq!(many.level, 2);
    assert_eq!(many.together, [(Reason::MaybeImportant, Vec::new())]);
}
