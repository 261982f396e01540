//! How the real files write numbers.

use std::fmt;

/// Hundredths, written as a shortest decimal with at least one place: `9756.25`, `0.0`.
pub(super) struct Cents(pub(super) i64);

/// Hundredths that the real files write negated: nothing is `-0.0` there.
pub(super) struct Negated(pub(super) i64);

/// Tenths, written without a place when whole: `-0.7`, `1023`.
pub(super) struct Tenths(pub(super) i64);

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        if part % 10 == 0 {
            write!(f, "{sign}{whole}.{}", part / 10)
        } else {
            write!(f, "{sign}{whole}.{part:02}")
        }
    }
}

impl fmt::Display for Negated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == 0 {
            f.write_str("-0.0")
        } else {
            Cents(-self.0).fmt(f)
        }
    }
}

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, part) = (self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10);
        if part == 0 {
            write!(f, "{sign}{whole}")
        } else {
            write!(f, "{sign}{whole}.{part}")
        }
    }
}

/// `a / b` as the shortest decimal that reads back the same; nothing for a division by nothing.
pub(super) fn ratio(a: i64, b: i64) -> String {
    // Both are far below 2^53, so the one rounding is that of the division, the same everywhere.
    if b == 0 {
        String::new()
    } else {
        format!("{:?}", a as f64 / b as f64)
    }
}
