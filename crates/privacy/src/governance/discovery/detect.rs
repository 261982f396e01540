//! Whether one value looks like a kind, and whether it passes its check.

use std::net::IpAddr;

use shuyu_kernel::CivilDate;
use shuyu_kernel::cn::{CreditCode, DivisionCode, ResidentId};

use super::{
    Sensitive,
    form::{compact, digits, han},
    person, words,
};

/// One value, looked at as one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Something else altogether: says nothing about the rest of the column.
    Other,
    /// It has the form and fails the check: speaks against the kind.
    Alike,
    /// It passes.
    Valid,
}

fn look_at(alike: bool, valid: bool) -> Look {
    match (alike, valid) {
        (_, true) => Look::Valid,
        (true, false) => Look::Alike,
        (false, false) => Look::Other,
    }
}

/// Looks at a value in its normal form ([`super::form::normal`]).
pub(super) fn look(kind: Sensitive, value: &str) -> Look {
    match kind {
        Sensitive::ResidentId => resident(&compact(value)),
        Sensitive::CreditCode => credit(&compact(value)),
        Sensitive::MobilePhone => mobile(value),
        Sensitive::FixedPhone => fixed(value),
        Sensitive::BankCard => card(&compact(value)),
        Sensitive::Passport => passport(&compact(value)),
        Sensitive::VehiclePlate => plate(value),
        Sensitive::Email => look_at(value.contains('@'), email(value)),
        Sensitive::IpAddress => look_at(
            false,
            value.parse::<IpAddr>().is_ok_and(|ip| !ip.is_unspecified()),
        ),
        Sensitive::Address => look_at(
            value.chars().any(han) && value.chars().count() >= 6,
            address(value),
        ),
        Sensitive::DivisionCode => division(value),
        Sensitive::PersonName => look_at(person::looks_so(value), person::is_name(value)),
        Sensitive::BirthDate => date(value),
        Sensitive::Sex => look_at(
            true,
            words::list("sex_values").contains(&value) || matches!(value, "M" | "F" | "1" | "2" | "0" | "9"),
        ),
        Sensitive::MedicalCode => diagnosis(value),
        Sensitive::Coordinate => coordinate(value),
        Sensitive::Amount => amount(value),
    }
}

/// First-generation numbers of fifteen digits stand in old registers: their date is all that can be checked.
fn resident(value: &str) -> Look {
    let eighteen = value.len() == 18 && value.get(..17).is_some_and(|first| digits(first, 17..=17));
    if digits(value, 15..=15) {
        let old = value
            .get(6..12)
            .is_some_and(|six| civil(&format!("19{six}")).is_some());
        return look_at(true, old && !value.starts_with('0'));
    }
    let valid = ResidentId::parse(value).is_ok_and(|id| id.birth().year() < 2100);
    look_at(eighteen, valid)
}

fn credit(value: &str) -> Look {
    let alike = value.len() == 18 && value.bytes().all(|b| b.is_ascii_alphanumeric());
    // Numbers of residents have the same alphabet; what passes as one of them is not counted twice.
    look_at(
        alike,
        alike && !all_digits_but_last(value) && CreditCode::parse(value).is_ok()
            || alike
                && value.starts_with('9')
                && CreditCode::parse(value).is_ok()
                && ResidentId::parse(value).is_err(),
    )
}

fn all_digits_but_last(value: &str) -> bool {
    value.get(..17).is_some_and(|first| digits(first, 17..=17))
}

/// Second and third digits in use in the public mobile numbering plan (gaps left by the plan count as not in use).
fn mobile(value: &str) -> Look {
    let bare = compact(value);
    let bare = bare
        .strip_prefix("+86")
        .or_else(|| bare.strip_prefix("0086"))
        .unwrap_or(&bare);
    if !digits(bare, 11..=11) {
        return Look::Other;
    }
    let used = match bare.as_bytes() {
        [b'1', b'3' | b'8', ..] => true,
        [b'1', b'4', third, ..] => (b'5'..=b'9').contains(third),
        [b'1', b'5', third, ..] => *third != b'4',
        [b'1', b'6', third, ..] => matches!(third, b'2' | b'5' | b'6' | b'7'),
        [b'1', b'7', third, ..] => *third != b'9' && *third != b'4',
        [b'1', b'9', third, ..] => *third != b'4',
        _ => false,
    };
    look_at(true, used)
}

fn fixed(value: &str) -> Look {
    let main = value.trim_start_matches("+86").trim();
    let bare: String = main.chars().filter(|c| !matches!(c, '(' | ')' | ' ')).collect();
    let mut parts = bare.split('-');
    let (area, number) = match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(area), Some(number), extension, None) => {
            let ok = extension.is_none_or(|extension| digits(extension, 1..=6));
            if !ok {
                return Look::Other;
            }
            (area.to_owned(), number.to_owned())
        }
        (Some(whole), None, None, None) if digits(whole, 10..=12) && whole.starts_with('0') => {
            let cut = if matches!(whole.as_bytes(), [b'0', b'1' | b'2', ..]) {
                3
            } else {
                4
            };
            (
                whole.chars().take(cut).collect(),
                whole.chars().skip(cut).collect(),
            )
        }
        _ => return Look::Other,
    };
    let area_ok = match area.as_bytes() {
        [b'0', b'1', b'0'] => true,
        [b'0', b'2', third] => third.is_ascii_digit() && *third != b'6',
        [b'0', b'3'..=b'9', third, fourth] => third.is_ascii_digit() && fourth.is_ascii_digit(),
        _ => false,
    };
    let alike = digits(&area, 3..=4) && digits(&number, 7..=8);
    look_at(alike, alike && area_ok && !number.starts_with(['0', '1']))
}

/// Issuer ranges of ISO/IEC 7812 in use by cards in China: 62 (domestic), 3 to 6 and 9 of older and foreign ones.
fn card(value: &str) -> Look {
    if !digits(value, 16..=19) {
        return Look::Other;
    }
    let issuer = value.starts_with("62")
        || (value.len() == 16 && value.starts_with(['4', '5']))
        || ["35", "60", "63", "64", "65", "68", "69", "94", "95", "99"]
            .iter()
            .any(|bin| value.starts_with(bin));
    look_at(true, issuer && luhn(value) && ResidentId::parse(value).is_err())
}

fn luhn(digits: &str) -> bool {
    let doubled = |(place, byte): (usize, u8)| {
        let digit = u32::from(byte - b'0');
        let twice = digit * 2;
        match place % 2 {
            0 => digit,
            _ if twice > 9 => twice - 9,
            _ => twice,
        }
    };
    digits
        .bytes()
        .rev()
        .enumerate()
        .map(doubled)
        .sum::<u32>()
        .is_multiple_of(10)
}

fn passport(value: &str) -> Look {
    let alike = value.len() == 9 && value.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    let tail = value.get(1..).unwrap_or_default();
    let valid = match value.as_bytes() {
        [b'E' | b'G' | b'D' | b'S' | b'P' | b'H', rest @ ..] if rest.len() == 8 => {
            digits(tail, 8..=8)
                || (value.starts_with('E')
                    && rest
                        .first()
                        .is_some_and(|b| b.is_ascii_uppercase() && !matches!(b, b'I' | b'O'))
                    && digits(value.get(2..).unwrap_or_default(), 7..=7))
        }
        _ => false,
    };
    look_at(alike, valid)
}

fn plate(value: &str) -> Look {
    let plain: Vec<char> = value.chars().filter(|c| !matches!(c, ' ' | '·' | '-')).collect();
    let Some((first, rest)) = plain.split_first() else {
        return Look::Other;
    };
    if !han(*first) || !(6..=7).contains(&rest.len()) {
        return Look::Other;
    }
    let (last, middle) = rest
        .split_last()
        .map_or((' ', &[][..]), |(last, middle)| (*last, middle));
    let plain_char = |c: &char| c.is_ascii_digit() || (c.is_ascii_uppercase() && !matches!(c, 'I' | 'O'));
    let ending = plain_char(&last) || words::characters("plate_last").contains(last);
    let body = middle.iter().all(plain_char) && rest.first().is_some_and(char::is_ascii_uppercase);
    let digit_count = rest.iter().filter(|c| c.is_ascii_digit()).count();
    look_at(
        true,
        words::characters("plate_first").contains(*first) && ending && body && digit_count >= 3,
    )
}

fn email(value: &str) -> bool {
    let Some((local, domain)) = value.split_once('@') else {
        return false;
    };
    let part = |text: &str, also: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
    };
    let labels: Vec<&str> = domain.split('.').collect();
    let top = labels
        .last()
        .is_some_and(|top| top.len() >= 2 && top.bytes().all(|b| b.is_ascii_alphabetic()));
    part(local, "._%+-") && labels.len() >= 2 && top && labels.iter().all(|label| part(label, "-"))
}

/// An address has at least two words of places, from large to small; from the fifth group on a number before the
/// word, or the end after it, makes it exact.
fn address(value: &str) -> bool {
    let chars: Vec<char> = value.chars().collect();
    if !(6..=100).contains(&chars.len()) {
        return false;
    }
    let (mut words, mut level) = (0, 0);
    let mut exact = false;
    for (place, c) in chars.iter().enumerate().skip(1) {
        let found = words::list("places")
            .iter()
            .enumerate()
            .skip(level)
            .find(|(_, group)| group.contains(*c));
        let Some((at, _)) = found else { continue };
        (words, level) = (words + 1, at);
        let number = chars
            .get(place - 1)
            .is_some_and(|before| before.is_ascii_digit() || words::characters("numerals").contains(*before));
        exact |= at >= 4 && (number || place + 1 == chars.len());
    }
    words >= 2 && exact
}

fn division(value: &str) -> Look {
    let alike = digits(value, 6..=6) || digits(value, 9..=9) || digits(value, 12..=12);
    look_at(alike, alike && DivisionCode::parse(value).is_ok())
}

/// A day written as eight digits or with separators.
pub(super) fn civil(value: &str) -> Option<CivilDate> {
    let day = value.split(['T', ' ']).next()?;
    let plain = if digits(day, 8..=8) {
        day.to_owned()
    } else {
        let mut day = day.replace(['/', '.'], "-");
        for (word, instead) in words::list("date").iter().zip(["-", "-", ""]) {
            day = day.replace(word, instead);
        }
        let mut parts = day.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || !digits(year, 4..=4) || !digits(month, 1..=2) || !digits(day, 1..=2) {
            return None;
        }
        format!("{year}{month:0>2}{day:0>2}")
    };
    let part = |from: usize, to: usize| plain.get(from..to)?.parse::<i16>().ok();
    let small = |from, to| part(from, to).and_then(|n| i8::try_from(n).ok());
    let date = CivilDate::new(part(0, 4)?, small(4, 6)?, small(6, 8)?)?;
    (1850..2100).contains(&date.year()).then_some(date)
}

fn date(value: &str) -> Look {
    let alike = value.chars().take(4).all(|c| c.is_ascii_digit()) && value.len() >= 8;
    // With a time of day it is when something happened, not when somebody was born.
    let timed = value.contains(':') && !value.ends_with("00:00:00");
    look_at(alike, !timed && civil(value).is_some())
}

fn diagnosis(value: &str) -> Look {
    let mut chars = value.chars();
    let letter = chars.next().is_some_and(|c| c.is_ascii_uppercase());
    let rest: String = chars.collect();
    let (category, detail) = rest.split_once('.').unwrap_or((&rest, ""));
    let alike = letter && (2..=3).contains(&category.len()) && value.len() <= 12;
    let detail_ok = detail.len() <= 8
        && detail
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, 'x' | '+' | '*'))
        && detail.is_empty() != rest.contains('.');
    look_at(alike, alike && digits(category, 2..=2) && detail_ok)
}

fn coordinate(value: &str) -> Look {
    let one = |text: &str, low: f64, high: f64| {
        let places = text.split_once('.').map_or(0, |(_, places)| places.len());
        places >= 3
            && text
                .trim()
                .parse::<f64>()
                .is_ok_and(|number| (low..=high).contains(&number))
    };
    // The box around the territory: 73° to 136° east, 3° to 54° north.
    let east = |text: &str| one(text, 73.0, 136.0);
    let north = |text: &str| one(text, 3.0, 54.0);
    match value.split_once([',', ' ', ';']) {
        Some((a, b)) => look_at(true, (east(a) && north(b)) || (north(a) && east(b))),
        None => look_at(value.parse::<f64>().is_ok(), east(value) || north(value)),
    }
}

fn amount(value: &str) -> Look {
    let mut bare = value.replace(',', "");
    for word in words::list("money") {
        bare = bare.replace(word, "");
    }
    let places = bare.split_once('.').map_or(0, |(_, places)| places.len());
    let number = bare.parse::<f64>().is_ok_and(f64::is_finite);
    look_at(number, number && places <= 4 && bare.len() <= 18)
}
