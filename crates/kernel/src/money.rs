//! Money in fen. Checked arithmetic, no floating point anywhere.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// An amount of renminbi in fen (1/100 yuan). May be negative in ledgers of accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money {
    fen: i64,
}

/// A text that is not an amount like `12.34`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an amount of yuan with at most two decimals")]
pub struct MoneyError(pub String);

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money { fen: 0 };
    /// From fen.
    pub fn from_fen(fen: i64) -> Self {
        Self { fen }
    }
    /// In fen.
    pub fn fen(self) -> i64 {
        self.fen
    }
    /// Sum, or `None` on overflow.
    pub fn checked_add(self, other: Money) -> Option<Money> {
        self.fen.checked_add(other.fen).map(Self::from_fen)
    }
    /// Difference, or `None` on overflow.
    pub fn checked_sub(self, other: Money) -> Option<Money> {
        self.fen.checked_sub(other.fen).map(Self::from_fen)
    }
    /// `n` times this amount, or `None` on overflow.
    pub fn checked_times(self, n: i64) -> Option<Money> {
        self.fen.checked_mul(n).map(Self::from_fen)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.fen < 0 { "-" } else { "" };
        let fen = self.fen.unsigned_abs();
        write!(f, "{sign}{}.{:02}", fen / 100, fen % 100)
    }
}

impl FromStr for Money {
    type Err = MoneyError;
    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let wrong = || MoneyError(text.to_owned());
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (yuan, cents) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if cents.len() > 2 || !plain(yuan) || !plain(cents) {
            return Err(wrong());
        }
        // Wider than the result, so that the smallest amount reads back too.
        let yuan: i128 = yuan.parse().map_err(|_| wrong())?;
        let cents: i128 = format!("{cents:0<2}").parse().map_err(|_| wrong())?;
        let fen = yuan
            .checked_mul(100)
            .and_then(|fen| fen.checked_add(cents))
            .ok_or_else(wrong)?;
        let fen = i64::try_from(if negative { -fen } else { fen }).map_err(|_| wrong())?;
        Ok(Self { fen })
    }
}
