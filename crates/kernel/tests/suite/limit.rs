//! Written forms of limits.

use serde::Deserialize;
use shuyu_kernel::calendar::{Bound, Limit, LimitUnit};

#[test]
fn text_round_trip() {
    for unit in LimitUnit::ALL {
        for n in [1, 5, 30, Limit::MAX] {
            let limit = Limit { n, unit };
            assert_eq!(limit.to_string().parse(), Ok(limit));
        }
        assert_eq!(unit.to_string().parse(), Ok(unit));
    }
    assert_eq!("20 working_day".parse(), Ok(Limit::working_days(20)));
}

#[test]
fn malformed_text_is_refused() {
    let table = [
        "",
        "20",
        "working_day",
        "20 working_days",
        "20  working_day",
        " 20 working_day",
        "20 working_day ",
        "0 day",
        "-5 day",
        "+5 day",
        "05 day",
        "5.5 day",
        "36501 day",
        "99999999999999999999 day",
        "５ day",
        "5 week",
        "5 DAY",
        " day",
    ];
    for text in table {
        assert!(text.parse::<Limit>().is_err(), "{text:?}");
    }
}

#[derive(Debug, Deserialize)]
struct Rule {
    limit: Limit,
}

#[test]
fn both_forms_read_from_toml() {
    for text in [
        "limit = \"3 month\"",
        "limit = { n = 3, unit = \"month\" }",
        "limit = { unit = \"month\", n = 3 }",
    ] {
        assert_eq!(
            toml::from_str::<Rule>(text).unwrap().limit,
            Limit::months(3),
            "{text}"
        );
    }
}

#[test]
fn wrong_tables_are_refused_with_a_reason() {
    let table = [
        ("limit = { n = 0, unit = \"day\" }", "0 day"),
        ("limit = { n = 36501, unit = \"day\" }", "36501 day"),
        ("limit = { n = -1, unit = \"day\" }", "-1"),
        ("limit = { n = 3 }", "unit"),
        ("limit = { unit = \"day\" }", "`n`"),
        ("limit = { n = 3, unit = \"week\" }", "week"),
        ("limit = { n = 3, unit = \"day\", about = 1 }", "about"),
        ("limit = 3", "20 working_day"),
        ("limit = \"3 weeks\"", "3 weeks"),
    ];
    for (text, part) in table {
        let error = toml::from_str::<Rule>(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn json_round_trip() {
    let json = serde_json::to_string(&Limit::working_days(20)).unwrap();
    assert_eq!(json, r#"{"n":20,"unit":"working_day"}"#);
    assert_eq!(
        serde_json::from_str::<Limit>(&json).unwrap(),
        Limit::working_days(20)
    );
    assert_eq!(serde_json::to_string(&Bound::AtLeast).unwrap(), r#""at_least""#);
    assert!(serde_json::from_str::<Limit>(r#"{"n":1,"n":1,"unit":"day"}"#).is_err());
}
