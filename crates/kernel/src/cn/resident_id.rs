//! 公民身份号码, GB 11643-1999: six digits of area, eight of birth date, three of sequence, one check character.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::time::CivilDate;

/// Weights of the first seventeen digits: powers of two modulo 11 (ISO 7064 MOD 11-2; GB 11643-1999).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check character by remainder of the weighted sum.
const CHECK: &[u8; 11] = b"10X98765432";
/// Birth years before this one are slips of the pen; nobody with such a number was born earlier.
const FIRST_BIRTH_YEAR: i16 = 1850;

/// A resident's identity number. Personal data: it never shows or serialises itself.
///
/// Formal validity only: whether the area exists or the number was issued is not known here.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResidentId {
    text: String,
    birth: CivilDate,
}

/// Sex as the number tells it (odd sequence number: male).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    /// 男
    Male,
    /// 女
    Female,
}

/// Why a text is not a resident's identity number. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResidentIdError {
    /// Fifteen digits: the first generation, out of use since 2013-01-01.
    #[error("fifteen digits are a number of the first generation, which is out of use")]
    FirstGeneration,
    /// Not eighteen characters.
    #[error("{found} characters instead of 18")]
    Length {
        /// How many characters were given.
        found: usize,
    },
    /// A character that is not a digit (at the last place also not X).
    #[error("the character at place {place} is not allowed there")]
    Character {
        /// Place from 1.
        place: usize,
    },
    /// The area begins with zero.
    #[error("the area code does not begin with 1 to 9")]
    Area,
    /// Places 7 to 14 are not a date since 1850.
    #[error("places 7 to 14 are not a birth date")]
    BirthDate,
    /// The check character does not fit; usually one mistyped digit or two swapped ones.
    #[error("the check character does not fit the first seventeen digits")]
    CheckCharacter,
}

impl ResidentId {
    /// Reads a number of eighteen characters; a small x is read as X.
    ///
    /// # Errors
    /// [`ResidentIdError`], the first of its reasons that applies.
    pub fn parse(text: &str) -> Result<Self, ResidentIdError> {
        let text = text.to_ascii_uppercase();
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        match text.chars().count() {
            18 => {}
            15 if digits => return Err(ResidentIdError::FirstGeneration),
            found => return Err(ResidentIdError::Length { found }),
        }
        for (i, c) in text.chars().enumerate() {
            if !(c.is_ascii_digit() || (i == 17 && c == 'X')) {
                return Err(ResidentIdError::Character { place: i + 1 });
            }
        }
        if text.starts_with('0') {
            return Err(ResidentIdError::Area);
        }
        // From here all characters are single bytes.
        let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse().ok());
        let small = |from, to| number(from, to).and_then(|n: i16| i8::try_from(n).ok());
        let birth = number(6, 10)
            .filter(|year| *year >= FIRST_BIRTH_YEAR)
            .zip(small(10, 12))
            .zip(small(12, 14))
            .and_then(|((year, month), day)| CivilDate::new(year, month, day))
            .ok_or(ResidentIdError::BirthDate)?;
        if check_character(text.as_bytes()) != text.bytes().last() {
            return Err(ResidentIdError::CheckCharacter);
        }
        Ok(Self { text, birth })
    }

    /// Puts a number together and adds the check character. For synthetic registers and tests.
    ///
    /// # Errors
    /// As [`parse`](Self::parse): an area that is not six digits, a sequence above 999, a year before 1850.
    pub fn from_parts(area: &str, birth: CivilDate, sequence: u16) -> Result<Self, ResidentIdError> {
        let (year, month, day) = (birth.year(), birth.month(), birth.day());
        let mut text = format!("{area}{year:04}{month:02}{day:02}{sequence:03}");
        let check = check_character(text.as_bytes());
        text.push(check.map_or('?', char::from));
        Self::parse(&text)
    }

    /// The number in clear. Call it only where the number itself must leave this type:
    /// sealing it, computing its keyed digest, or writing it to a register.
    pub fn reveal(&self) -> &str {
        &self.text
    }
    /// Date of birth. Personal data.
    pub fn birth(&self) -> CivilDate {
        self.birth
    }
    /// Sex. Personal data.
    pub fn sex(&self) -> Sex {
        let odd = self
            .text
            .as_bytes()
            .get(16)
            .is_some_and(|digit| (digit - b'0') % 2 == 1);
        if odd { Sex::Male } else { Sex::Female }
    }
    /// The six digits of the area of first registration. Personal data; the area may no longer exist.
    pub fn area(&self) -> &str {
        self.text.get(..6).unwrap_or_default()
    }
    /// Full years of age on a day; negative before birth. Somebody born on 29 February turns on 1 March.
    pub fn age_on(&self, day: CivilDate) -> i32 {
        let before_birthday = (day.month(), day.day()) < (self.birth.month(), self.birth.day());
        i32::from(day.year()) - i32::from(self.birth.year()) - i32::from(before_birthday)
    }
}

/// The check character for the first seventeen bytes; `None` if one of them is not a digit.
fn check_character(text: &[u8]) -> Option<u8> {
    let mut sum = 0;
    for (i, weight) in WEIGHTS.iter().enumerate() {
        let digit = text.get(i).filter(|b| b.is_ascii_digit())?;
        sum += u32::from(digit - b'0') * weight;
    }
    usize::try_from(sum % 11)
        .ok()
        .and_then(|rest| CHECK.get(rest))
        .copied()
}

impl FromStr for ResidentId {
    type Err = ResidentIdError;
    fn from_str(text: &str) -> Result<Self, ResidentIdError> {
        Self::parse(text)
    }
}

/// Masked: first and last character only.
impl fmt::Display for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ends = (
            self.text.get(..1).unwrap_or_default(),
            self.text.get(17..).unwrap_or_default(),
        );
        write!(f, "{}****************{}", ends.0, ends.1)
    }
}

/// Masked like `Display`, so that no log line or panic message can leak a number.
impl fmt::Debug for ResidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResidentId({self})")
    }
}
