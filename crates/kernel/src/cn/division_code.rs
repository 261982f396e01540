//! 行政区划代码: six digits (GB/T 2260) down to the county, twelve (统计用区划代码) down to the village.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How many trailing digits each level leaves zero, from the top.
const BELOW: [(DivisionLevel, u64); 5] = [
    (DivisionLevel::Province, 10_000_000_000),
    (DivisionLevel::Prefecture, 100_000_000),
    (DivisionLevel::County, 1_000_000),
    (DivisionLevel::Township, 1_000),
    (DivisionLevel::Village, 1),
];

/// A division's code. Ordered so that a division stands directly before everything inside it.
///
/// Read from 2, 4, 6, 9 or 12 digits; `53`, `5300…` and `530000` are the same province. Written with
/// six digits down to the county and twelve below. Four prefectures have no counties (for example
/// 东莞市 441900): their townships hang directly under the prefecture.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DivisionCode {
    /// All twelve digits as a number.
    digits: u64,
}

/// The level of a division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DivisionLevel {
    /// 省级
    Province,
    /// 地级: prefecture-level city, autonomous prefecture 州.
    Prefecture,
    /// 县级
    County,
    /// 乡级: town, township, street.
    Township,
    /// 村级: village, residents' committee.
    Village,
}

/// Why a text is not a division code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DivisionCodeError {
    /// Not 2, 4, 6, 9 or 12 characters.
    #[error("{found} characters instead of 2, 4, 6, 9 or 12")]
    Length {
        /// How many characters were given.
        found: usize,
    },
    /// Not a digit.
    #[error("the character at place {place} is not a digit")]
    Character {
        /// Place from 1.
        place: usize,
    },
    /// Provinces begin with 1 to 9.
    #[error("the province does not begin with 1 to 9")]
    Province,
    /// A county without a prefecture, or a village without a township.
    #[error("a level above the last one is zero")]
    Gap,
}

impl DivisionCode {
    /// Reads a code of 2, 4, 6, 9 or 12 digits.
    ///
    /// # Errors
    /// [`DivisionCodeError`], the first of its reasons that applies.
    pub fn parse(text: &str) -> Result<Self, DivisionCodeError> {
        let found = text.chars().count();
        if ![2, 4, 6, 9, 12].contains(&found) {
            return Err(DivisionCodeError::Length { found });
        }
        let mut digits = 0;
        for (i, c) in text.chars().enumerate() {
            let digit = c
                .to_digit(10)
                .ok_or(DivisionCodeError::Character { place: i + 1 })?;
            digits = digits * 10 + u64::from(digit);
        }
        for _ in found..12 {
            digits *= 10;
        }
        if digits < 100_000_000_000 {
            return Err(DivisionCodeError::Province);
        }
        let code = Self { digits };
        let [_, prefecture, county, township, village] = code.parts();
        let gap =
            (prefecture == 0 && (county, township, village) != (0, 0, 0)) || (township == 0 && village != 0);
        if gap {
            Err(DivisionCodeError::Gap)
        } else {
            Ok(code)
        }
    }

    /// The level, told by the trailing zeros.
    pub fn level(self) -> DivisionLevel {
        self.level_and_unit().0
    }

    /// The division directly above; `None` for a province.
    pub fn parent(self) -> Option<Self> {
        let level = self.level();
        let above = BELOW.iter().rev().skip_while(|(l, _)| *l >= level);
        // Where the county digits are zero, cutting them changes nothing: go on to the prefecture.
        above
            .map(|(_, unit)| Self {
                digits: self.digits - self.digits % unit,
            })
            .find(|code| *code != self)
    }

    /// Whether `other` is this division or lies inside it.
    pub fn contains(self, other: Self) -> bool {
        (self..=self.last_inside()).contains(&other)
    }

    /// All twelve digits.
    pub fn twelve(self) -> String {
        format!("{:012}", self.digits)
    }
    /// Only the digits that its level uses: 2, 4, 6, 9 or 12.
    pub fn short(self) -> String {
        let len = match self.level() {
            DivisionLevel::Province => 2,
            DivisionLevel::Prefecture => 4,
            DivisionLevel::County => 6,
            DivisionLevel::Township => 9,
            DivisionLevel::Village => 12,
        };
        self.twelve().chars().take(len).collect()
    }

    /// The largest code inside this division.
    pub(crate) fn last_inside(self) -> Self {
        Self {
            digits: self.digits + self.level_and_unit().1 - 1,
        }
    }

    fn level_and_unit(self) -> (DivisionLevel, u64) {
        let fits = BELOW
            .into_iter()
            .find(|(_, unit)| self.digits.is_multiple_of(*unit));
        fits.unwrap_or((DivisionLevel::Village, 1))
    }

    fn parts(self) -> [u64; 5] {
        let d = self.digits;
        [
            d / 10_000_000_000,
            d / 100_000_000 % 100,
            d / 1_000_000 % 100,
            d / 1_000 % 1_000,
            d % 1_000,
        ]
    }
}

impl FromStr for DivisionCode {
    type Err = DivisionCodeError;
    fn from_str(text: &str) -> Result<Self, DivisionCodeError> {
        Self::parse(text)
    }
}
impl TryFrom<String> for DivisionCode {
    type Error = DivisionCodeError;
    fn try_from(text: String) -> Result<Self, DivisionCodeError> {
        Self::parse(&text)
    }
}
impl From<DivisionCode> for String {
    fn from(code: DivisionCode) -> String {
        code.to_string()
    }
}
impl fmt::Display for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.level() <= DivisionLevel::County {
            write!(f, "{}", self.digits / 1_000_000)
        } else {
            write!(f, "{}", self.digits)
        }
    }
}
impl fmt::Debug for DivisionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
