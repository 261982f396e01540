//! The file format: versions that depend on content only, and errors that say where.

use shuyu_kernel::calendar::{CalendarError, CalendarProblem, DayKind, WorkCalendar};

use crate::support::{CALENDAR, FILES, build, date};

const YEAR: &str = "year = 2030\nnotices = [\"https://example.invalid/2030\"]\n";

fn year(number: i16, days: &[(&str, &str, bool)]) -> String {
    let mut text = format!("year = {number}\nnotices = [\"https://example.invalid/{number}\"]\n");
    for (date, name, off) in days {
        text += &format!("\n[[day]]\ndate = \"{date}\"\nname = \"{name}\"\noff = {off}\n");
    }
    text
}

fn error_of(files: &[(&str, &str)]) -> (String, usize, CalendarProblem) {
    match WorkCalendar::from_toml(files) {
        Err(CalendarError::Invalid { file, line, problem }) => (file, line, problem),
        other => panic!("expected an error with a place, got {other:?}"),
    }
}

#[test]
fn the_version_depends_on_content_not_on_layout() {
    let mut shuffled = FILES.clone();
    shuffled.reverse();
    for (_, text) in &mut shuffled {
        *text = format!("# remark\n\n{}\n", text.replace("off =", "off   ="));
    }
    assert_eq!(build(&shuffled).version(), CALENDAR.version());

    for (from, to) in [
        ("春节", "春節"),
        ("\noff = true", "\noff = false"),
        ("content_7047091", "content_1"),
    ] {
        let mut changed = FILES.clone();
        let last = changed.last_mut().unwrap();
        assert!(last.1.contains(from));
        last.1 = last.1.replacen(from, to, 1);
        assert_ne!(build(&changed).version(), CALENDAR.version(), "{from}");
    }
    assert_ne!(build(&FILES[1..]).version(), CALENDAR.version());
}

#[test]
fn the_later_notice_wins_whatever_the_order_of_files() {
    let old = year(2030, &[("2030-12-31", "元旦", false)]);
    let new = year(
        2031,
        &[("2030-12-31", "元旦", true), ("2031-01-04", "元旦", false)],
    );
    for files in [[("a", old.as_str()), ("b", &new)], [("b", &new), ("a", &old)]] {
        let calendar = WorkCalendar::from_toml(&files).unwrap();
        assert_eq!(
            calendar.day(date("2030-12-31")),
            DayKind::Holiday("元旦".to_owned())
        );
        assert_eq!(
            calendar.day(date("2031-01-04")),
            DayKind::SwappedWorkday("元旦".to_owned())
        );
    }
    // Without the later notice the earlier one stands: a worked weekday is a plain working day.
    let calendar = WorkCalendar::from_toml(&[("a", &old)]).unwrap();
    assert_eq!(calendar.day(date("2030-12-31")), DayKind::Workday);
}

#[test]
fn the_december_before_the_first_year_counts_too() {
    let text = year(
        2030,
        &[("2029-12-31", "元旦", true), ("2029-12-29", "元旦", false)],
    );
    let calendar = WorkCalendar::from_toml(&[("a", &text)]).unwrap();
    assert_eq!(
        calendar.working_days_between(date("2029-12-28"), date("2030-01-01")),
        2
    );
    assert_eq!(calendar.on_or_after(date("2029-12-30")), date("2030-01-01"));
    assert!(!calendar.is_gazetted(date("2029-12-31")));
}

#[test]
fn no_file_is_no_calendar() {
    assert_eq!(WorkCalendar::from_toml(&[]).unwrap_err(), CalendarError::NoFiles);
}

#[test]
fn malformed_files_are_refused_with_their_line() {
    let dup = CalendarProblem::DuplicateDate(date("2030-05-01"));
    let outside = |day: &str| CalendarProblem::DateOutsideYear {
        date: date(day),
        year: 2030,
    };
    let table = [
        (
            year(
                2030,
                &[("2030-05-01", "劳动节", true), ("2030-05-01", "劳动节", true)],
            ),
            10,
            dup,
        ),
        (
            year(2030, &[("2031-01-01", "元旦", true)]),
            5,
            outside("2031-01-01"),
        ),
        (
            year(2030, &[("2029-11-30", "元旦", true)]),
            5,
            outside("2029-11-30"),
        ),
        (
            year(2030, &[("2030-05-01", " ", true)]),
            6,
            CalendarProblem::EmptyName,
        ),
        (
            "year = 2030\nnotices = []\n".to_owned(),
            2,
            CalendarProblem::NoNotice,
        ),
        (
            "notices = [\"x\"]\nyear = 0\n".to_owned(),
            2,
            CalendarProblem::YearOutOfRange(0),
        ),
        (
            "notices = [\"x\"]\nyear = 9999\n".to_owned(),
            2,
            CalendarProblem::YearOutOfRange(9999),
        ),
        (
            "notices = [\"x\"]\nyear = 99999999\n".to_owned(),
            2,
            CalendarProblem::YearOutOfRange(99_999_999),
        ),
    ];
    for (text, line, problem) in table {
        assert_eq!(
            error_of(&[("2030.toml", &text)]),
            ("2030.toml".to_owned(), line, problem),
            "{text}"
        );
    }
}

#[test]
fn syntax_errors_name_the_line() {
    let table = [
        (format!("{YEAR}[[day]\n"), 3),
        (
            format!("{YEAR}\n[[day]]\ndate = \"2030-05-01\"\nname = \"x\"\noff = 1\n"),
            7,
        ),
        (
            format!("{YEAR}\n[[day]]\ndate = \"2030-02-30\"\nname = \"x\"\noff = true\n"),
            5,
        ),
        (
            format!("{YEAR}\n[[day]]\ndate = \"2030-05-01\"\nname = \"x\"\noff = true\nextra = 1\n"),
            8,
        ),
        (format!("{YEAR}surprise = 1\n"), 3),
        ("year = 2030\nyear = 2030\n".to_owned(), 2),
    ];
    for (text, expected) in table {
        let (_, line, problem) = error_of(&[("2030.toml", &text)]);
        assert!(matches!(problem, CalendarProblem::Syntax(_)), "{problem:?}");
        assert_eq!(line, expected, "{text}{problem}");
    }
}

#[test]
fn years_must_be_consecutive_and_single() {
    let (a, b) = (year(2030, &[]), year(2032, &[]));
    assert_eq!(
        error_of(&[("a", &a), ("b", &b)]),
        ("b".to_owned(), 1, CalendarProblem::MissingYear(2031))
    );
    assert_eq!(
        error_of(&[("a", &a), ("c", &a)]),
        ("c".to_owned(), 1, CalendarProblem::DuplicateYear(2030))
    );
    let error = WorkCalendar::from_toml(&[("a", &a), ("b", &b)]).unwrap_err();
    assert_eq!(error.to_string(), "b:1: there is no file for 2031");
}
