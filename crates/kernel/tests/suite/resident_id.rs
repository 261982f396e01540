//! Identity numbers: the standard's arithmetic, malformed input, and that they never show themselves.

use proptest::prelude::*;
use shuyu_kernel::cn::{ResidentId, ResidentIdError, Sex};

use crate::support::date;

/// The area does not exist: the number belongs to nobody.
fn synthetic(sequence: u16) -> ResidentId {
    ResidentId::from_parts("990101", date("1990-03-07"), sequence).unwrap()
}

#[test]
fn the_worked_example_of_the_standard() {
    // The example number of GB 11643-1999 and ISO 7064 MOD 11-2, published in the standard itself.
    assert!(ResidentId::parse("11010519491231002X").is_ok());
    assert!(ResidentId::parse("11010519491231002x").is_ok());
    assert!(ResidentId::parse("440524188001010014").is_ok());
}

#[test]
fn parts_are_read() {
    let (man, woman) = (synthetic(721), synthetic(2));
    assert_eq!((man.sex(), woman.sex()), (Sex::Male, Sex::Female));
    assert_eq!((man.birth(), man.area()), (date("1990-03-07"), "990101"));
    assert_eq!(ResidentId::parse(man.reveal()), Ok(man));
}

#[test]
fn every_single_wrong_character_is_caught() {
    let right = synthetic(721);
    for place in 0..18 {
        for other in "0123456789X".chars() {
            let mut wrong: Vec<char> = right.reveal().chars().collect();
            if wrong[place] == other {
                continue;
            }
            wrong[place] = other;
            let text: String = wrong.into_iter().collect();
            assert!(ResidentId::parse(&text).is_err(), "place {}", place + 1);
        }
    }
}

#[test]
fn every_swap_of_neighbours_is_caught() {
    let right = synthetic(721);
    for place in 0..17 {
        let mut wrong: Vec<char> = right.reveal().chars().collect();
        if wrong[place] == wrong[place + 1] {
            continue;
        }
        wrong.swap(place, place + 1);
        let text: String = wrong.into_iter().collect();
        assert!(
            ResidentId::parse(&text).is_err(),
            "places {} and {}",
            place + 1,
            place + 2
        );
    }
}

#[test]
fn malformed_input_gets_a_precise_reason() {
    use ResidentIdError as E;
    let table = [
        ("", E::Length { found: 0 }),
        ("99010119900307721", E::Length { found: 17 }),
        ("99010119900307721X0", E::Length { found: 19 }),
        (" 99010119900307721X", E::Length { found: 19 }),
        ("990101900307721", E::FirstGeneration),
        ("99010190030772X", E::Length { found: 15 }),
        ("9901011990030772１X", E::Character { place: 17 }),
        ("X90101199003077215", E::Character { place: 1 }),
        ("9901011990030772-X", E::Character { place: 17 }),
        ("99010119900307721Y", E::Character { place: 18 }),
        ("一九九零一零一一九九零零三零七七二一", E::Character { place: 1 }),
        ("09010119900307721X", E::Area),
        ("990101199002307211", E::BirthDate),
        ("990101199013017211", E::BirthDate),
        ("990101190002297211", E::BirthDate),
        ("990101184912317211", E::BirthDate),
        ("990101000001017211", E::BirthDate),
        ("990101199003077210", E::CheckCharacter),
    ];
    for (text, error) in table {
        assert_eq!(ResidentId::parse(text).unwrap_err(), error, "{text}");
        assert!(text.is_empty() || !error.to_string().contains(text));
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let birth = date("1990-03-07");
    assert!(ResidentId::from_parts("99010", birth, 1).is_err());
    assert!(ResidentId::from_parts("99010a", birth, 1).is_err());
    assert!(ResidentId::from_parts("990101", birth, 1000).is_err());
    assert!(ResidentId::from_parts("990101", date("1849-12-31"), 1).is_err());
}

#[test]
fn a_number_never_shows_itself() {
    let id = synthetic(721);
    assert_eq!(id.to_string(), format!("9****************{}", &id.reveal()[17..]));
    for shown in [
        format!("{id}"),
        format!("{id:?}"),
        format!("{:#?}", Some(&id)),
        format!("{:>40}", id.to_string()),
    ] {
        assert!(!shown.contains("0101"), "{shown}");
        assert!(!shown.contains("1990"), "{shown}");
    }
}

#[test]
fn age_changes_on_the_birthday() {
    let id = ResidentId::from_parts("990101", date("2000-02-29"), 2).unwrap();
    let table = [
        ("2018-02-28", 17),
        ("2018-03-01", 18),
        ("2020-02-29", 20),
        ("2000-02-29", 0),
        ("1999-12-31", -1),
    ];
    for (day, age) in table {
        assert_eq!(id.age_on(date(day)), age, "{day}");
    }
}

proptest! {
    #[test]
    fn built_numbers_parse_and_arbitrary_text_does_not_panic(
        area in 100_000u32..1_000_000, day in -40_000i64..30_000, sequence in 0u16..1000, junk in "\\PC{0,24}",
    ) {
        let birth = shuyu_kernel::CivilDate::from_days(day);
        let id = ResidentId::from_parts(&area.to_string(), birth, sequence).unwrap();
        prop_assert_eq!(ResidentId::parse(id.reveal()).unwrap().birth(), birth);
        let _ = ResidentId::parse(&junk);
    }
}
