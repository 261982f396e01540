//! Money in fen.

use proptest::prelude::*;
use shuyu_kernel::Money;

#[test]
fn reading_and_writing() {
    let table = [
        ("0", 0, "0.00"),
        ("12", 1200, "12.00"),
        ("12.3", 1230, "12.30"),
        ("12.34", 1234, "12.34"),
        ("0.05", 5, "0.05"),
        ("-0.05", -5, "-0.05"),
        ("-0", 0, "0.00"),
        ("92233720368547758.07", i64::MAX, "92233720368547758.07"),
        ("-92233720368547758.08", i64::MIN, "-92233720368547758.08"),
    ];
    for (text, fen, shown) in table {
        let money: Money = text.parse().unwrap();
        assert_eq!((money.fen(), money.to_string().as_str()), (fen, shown), "{text}");
    }
}

#[test]
fn malformed_amounts_are_refused() {
    let table = [
        "",
        "-",
        ".",
        ".5",
        "5.",
        "1.234",
        "1,000.00",
        "+1",
        "--1",
        "1.-1",
        "1.+1",
        " 1",
        "1 ",
        "1e3",
        "１",
        "¥1",
        "1.2.3",
        "92233720368547758.08",
        "-92233720368547758.09",
        "99999999999999999999999999999999999999999999",
    ];
    for text in table {
        assert!(text.parse::<Money>().is_err(), "{text:?}");
    }
}

#[test]
fn overflow_is_noticed() {
    let (most, least) = (Money::from_fen(i64::MAX), Money::from_fen(i64::MIN));
    assert_eq!(most.checked_add(Money::from_fen(1)), None);
    assert_eq!(least.checked_sub(Money::from_fen(1)), None);
    assert_eq!(most.checked_times(2), None);
    assert_eq!(
        Money::from_fen(250).checked_times(-3),
        Some(Money::from_fen(-750))
    );
    assert_eq!(
        Money::from_fen(1).checked_sub(Money::from_fen(1)),
        Some(Money::ZERO)
    );
}

proptest! {
    #[test]
    fn text_and_json_round_trip(fen in any::<i64>(), junk in "\\PC{0,12}") {
        let money = Money::from_fen(fen);
        prop_assert_eq!(money.to_string().parse::<Money>().unwrap(), money);
        prop_assert_eq!(serde_json::to_string(&money).unwrap(), fen.to_string());
        let _ = junk.parse::<Money>();
    }

    #[test]
    fn adding_and_taking_away_cancel(a in any::<i64>(), b in any::<i64>()) {
        let (a, b) = (Money::from_fen(a), Money::from_fen(b));
        if let Some(sum) = a.checked_add(b) {
            prop_assert_eq!(sum.checked_sub(b), Some(a));
        }
    }
}
