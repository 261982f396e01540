//! 统一社会信用代码, GB 32100-2015: authority, category, six digits of area, nine of body, one check character.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The 31 characters in the order of their values: digits and capitals without I, O, S, V, Z.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// The code of a legal person or other organisation. Identifies bodies, so it is shown and stored in clear.
///
/// Formal validity only. The check digit inside the nine characters of the body (GB 11714) is not
/// required, because codes given before 2015 were carried over with their errors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CreditCode(String);

/// Why a text is not a unified social credit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CreditCodeError {
    /// Not eighteen characters.
    #[error("{found} characters instead of 18")]
    Length {
        /// How many characters were given.
        found: usize,
    },
    /// A character outside the alphabet (I, O, S, V, Z are left out because they look like digits).
    #[error("the character at place {place} is not one of 0-9 and A-Y without I, O, S, V")]
    Character {
        /// Place from 1.
        place: usize,
    },
    /// Places 3 to 8 are not six digits.
    #[error("places 3 to 8 are not a division code")]
    Division,
    /// The check character does not fit; usually one mistyped character or two swapped ones.
    #[error("the check character does not fit the first seventeen")]
    CheckCharacter,
}

impl CreditCode {
    /// Reads a code of eighteen characters; small letters are read as capitals.
    ///
    /// # Errors
    /// [`CreditCodeError`], the first of its reasons that applies.
    pub fn parse(text: &str) -> Result<Self, CreditCodeError> {
        let text = text.to_ascii_uppercase();
        let found = text.chars().count();
        if found != 18 {
            return Err(CreditCodeError::Length { found });
        }
        for (i, c) in text.chars().enumerate() {
            if !u8::try_from(c).is_ok_and(|b| ALPHABET.contains(&b)) {
                return Err(CreditCodeError::Character { place: i + 1 });
            }
        }
        if !text.bytes().skip(2).take(6).all(|b| b.is_ascii_digit()) {
            return Err(CreditCodeError::Division);
        }
        if check_character(text.as_bytes()) != text.bytes().last() {
            return Err(CreditCodeError::CheckCharacter);
        }
        Ok(Self(text))
    }

    /// Adds the check character to the first seventeen. For synthetic registers and tests.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn from_first_seventeen(first: &str) -> Result<Self, CreditCodeError> {
        let first = first.to_ascii_uppercase();
        let check = check_character(first.as_bytes());
        Self::parse(&format!("{first}{}", check.map_or('0', char::from)))
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Place 1: the registering authority (for example `9` market supervision, `1` staffing office, `5` civil affairs).
    pub fn authority(&self) -> char {
        self.0.chars().next().unwrap_or('0')
    }
    /// Place 2: the category within the authority.
    pub fn category(&self) -> char {
        self.0.chars().nth(1).unwrap_or('0')
    }
    /// Places 3 to 8: the division of the registering authority, as six digits.
    pub fn division(&self) -> &str {
        self.0.get(2..8).unwrap_or_default()
    }
    /// Places 9 to 17: the body's own code (主体标识码).
    pub fn body(&self) -> &str {
        self.0.get(8..17).unwrap_or_default()
    }
}

/// The check character for the first seventeen bytes; `None` if one is outside the alphabet.
fn check_character(text: &[u8]) -> Option<u8> {
    let (mut sum, mut weight) = (0, 1);
    for i in 0..17 {
        let value = ALPHABET.iter().position(|letter| Some(letter) == text.get(i))?;
        sum += value * weight;
        weight = weight * 3 % 31; // GB 32100-2015: powers of three modulo 31.
    }
    ALPHABET.get((31 - sum % 31) % 31).copied()
}

impl FromStr for CreditCode {
    type Err = CreditCodeError;
    fn from_str(text: &str) -> Result<Self, CreditCodeError> {
        Self::parse(text)
    }
}
impl TryFrom<String> for CreditCode {
    type Error = CreditCodeError;
    fn try_from(text: String) -> Result<Self, CreditCodeError> {
        Self::parse(&text)
    }
}
impl From<CreditCode> for String {
    fn from(code: CreditCode) -> String {
        code.0
    }
}
impl fmt::Display for CreditCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
