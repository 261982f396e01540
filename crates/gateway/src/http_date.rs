//! Dates in HTTP headers (RFC 9110 §5.6.7), in the one form that is still sent.

use shuyu_kernel::{CivilDate, Timestamp};

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads `Mon, 05 Jan 2026 00:00:00 GMT`; `None` for everything else.
pub(crate) fn parse(text: &str) -> Option<Timestamp> {
    let (weekday, rest) = text.split_once(", ")?;
    let mut parts = rest.split(' ');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let (clock, zone) = (parts.next()?, parts.next()?);
    if parts.next().is_some() || zone != "GMT" || (day.len(), year.len()) != (2, 4) {
        return None;
    }
    let month = i8::try_from(MONTHS.iter().position(|name| *name == month)? + 1).ok()?;
    let date = CivilDate::new(
        i16::try_from(number(year)?).ok()?,
        month,
        i8::try_from(number(day)?).ok()?,
    )?;
    let named = usize::try_from(date.weekday() - 1)
        .ok()
        .and_then(|at| DAYS.get(at))?;
    if *named != weekday {
        return None;
    }
    let mut clock = clock.split(':');
    let (hour, minute, second) = (clock.next()?, clock.next()?, clock.next()?);
    if clock.next().is_some() || [hour, minute, second].iter().any(|part| part.len() != 2) {
        return None;
    }
    let (hour, minute, second) = (number(hour)?, number(minute)?, number(second)?);
    // A leap second reads as the second after it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = date.days() * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Timestamp::from_micros(seconds.checked_mul(1_000_000)?))
}

fn number(text: &str) -> Option<i64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn dates_of_the_one_form_are_read() {
        for (text, seconds) in [
            ("Mon, 05 Jan 2026 00:00:00 GMT", Some(1_767_571_200)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(784_111_777)),
            ("Thu, 29 Feb 2024 23:59:59 GMT", Some(1_709_251_199)),
            ("Tue, 05 Jan 2026 00:00:00 GMT", None),
            ("Mon, 5 Jan 2026 00:00:00 GMT", None),
            ("Mon, 05 Jan 2026 24:00:00 GMT", None),
            ("Mon, 05 Jan 2026 00:00:00 CST", None),
            ("Mon, 05 Jan 2026 00:00:00 GMT+8", None),
            ("Sat, 30 Feb 2024 00:00:00 GMT", None),
            ("Mon, +5 Jan 2026 00:00:00 GMT", None),
            ("", None),
            ("Mon, ", None),
        ] {
            assert_eq!(parse(text).map(|at| at.micros() / 1_000_000), seconds, "{text:?}");
        }
    }
}
