//! Further words of the grammar: memberships, own lists and spreads, as SQL and as what they mean.

use super::{
    data::{Person, TAGS, tags},
    figure::{Figure, What},
    words::{Predicate, Row, Source},
};
use crate::dice::Dice;

/// Filters that stand by themselves, tied to others by AND only.
pub fn filters(dice: &mut Dice, source: Source) -> Vec<Predicate> {
    let mut all = Vec::new();
    if source.has_person() && dice.happens(30) {
        all.push(membership(dice));
    }
    if source == Source::Listed && dice.happens(40) {
        let tag = dice.of(&TAGS);
        all.push(Predicate::new(format!("u.tag = '{tag}'"), &[], move |row| {
            row.tag.map(|own| own == tag)
        }));
    }
    all
}

/// Whether a person has a visit of some kind, or has none.
fn membership(dice: &mut Dice) -> Predicate {
    let visit = Predicate::of_visit(dice, Source::Visit);
    let visit = if dice.happens(15) { visit.negated() } else { visit };
    let none = dice.happens(50);
    let not = if none { "NOT " } else { "" };
    let (sql, telling) = (&visit.sql, visit.telling.clone());
    let sql = match dice.below(3) {
        0 => format!("p.id_no {not}IN (SELECT v.id_no FROM visit v WHERE {sql})"),
        _ => format!("{not}EXISTS (SELECT 1 FROM visit v WHERE v.id_no = p.id_no AND {sql})"),
    };
    let of = |person: &Person, holds: &dyn Fn(&Row<'_>) -> bool| {
        person.visits.iter().any(|visit| {
            holds(&Row {
                person,
                visit: Some(visit),
                number: 0,
                inner: None,
                tag: None,
            })
        })
    };
    let has = move |row: &Row<'_>| Some(of(row.person, &|row| visit.holds(row) == Some(true)) != none);
    // Without the condition there is a visit of any kind; to have none of no kind says nothing.
    let weaker = move |row: &Row<'_>| Some(none || !row.person.visits.is_empty());
    Predicate::new(sql, &telling, has).weakened(weaker)
}

/// Makes a spread of a plain figure of a measure, now and then.
pub fn spread(dice: &mut Dice, figures: &mut [Figure]) {
    let (wanted, root, sample) = (dice.happens(20), dice.happens(50), dice.happens(50));
    let plain = |figure: &&mut Figure| figure.measure.is_some() && figure.branch.is_none();
    if wanted && let Some(figure) = figures.iter_mut().rev().find(plain) {
        figure.what = What::Spread { root, sample };
    }
}

/// The rows of a person on the own list.
pub fn listed<'a>(bare: Row<'a>) -> impl Iterator<Item = Row<'a>> {
    tags(bare.person).map(move |tag| Row {
        tag: Some(tag),
        ..bare
    })
}
