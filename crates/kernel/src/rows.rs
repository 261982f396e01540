//! Which rows of a table somebody may use, where it is not all of them.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::cn::holds_identifier;

/// Most words of a scope.
const MOST_WORDS: usize = 200;
/// Longest word of a scope, in bytes.
const LONGEST_WORD: usize = 64;
/// Most digits of a word: a division has twelve, and more of them narrow rows down to somebody.
const MOST_DIGITS: usize = 12;
/// Digits of a mobile number, which begins with a 1.
const MOBILE: usize = 11;

/// Rows whose value of one column is one of these words, or begins with one of these: divisions by their code, years,
/// branches. A row without a value is in no scope. Values are compared as the texts they are written as.
///
/// Written as `county: 110101 5301*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Read")]
pub struct RowScope {
    /// The column, which need not be granted for anything else.
    pub column: String,
    /// Whole values.
    pub is: BTreeSet<String>,
    /// Beginnings of values.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub begins: BTreeSet<String>,
}

/// A scope as it is read back, before it is one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    column: String,
    is: BTreeSet<String>,
    #[serde(default)]
    begins: BTreeSet<String>,
}

impl TryFrom<Read> for RowScope {
    type Error = NotARowScope;

    fn try_from(Read { column, is, begins }: Read) -> Result<Self, NotARowScope> {
        let scope = Self { column, is, begins };
        scope.fits().then_some(scope).ok_or(NotARowScope)
    }
}

/// A text that is no scope: no column or no word, too many words, or one that is too long or names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARowScope;

impl fmt::Display for NotARowScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no column with words that tell rows apart")
    }
}

impl RowScope {
    /// Its words as they are written; those that begin a value have a star.
    pub fn words(&self) -> String {
        let begins = self.begins.iter().map(|word| format!("{word}*"));
        let words: Vec<String> = self.is.iter().cloned().chain(begins).collect();
        words.join(" ")
    }

    fn fits(&self) -> bool {
        let mut words = self.is.iter().chain(&self.begins);
        let count = self.is.len() + self.begins.len();
        !self.column.is_empty() && (1..=MOST_WORDS).contains(&count) && words.all(|word| may_stand(word))
    }

    /// Whether a row with this value is in it.
    pub fn holds(&self, value: &str) -> bool {
        self.is.contains(value) || self.begins.iter().any(|begin| value.starts_with(begin.as_str()))
    }
}

impl fmt::Display for RowScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.column, self.words())
    }
}

impl FromStr for RowScope {
    type Err = NotARowScope;

    fn from_str(text: &str) -> Result<Self, NotARowScope> {
        let (column, words) = text.rsplit_once(':').ok_or(NotARowScope)?;
        let mut scope = Self {
            column: column.trim().to_owned(),
            is: BTreeSet::new(),
            begins: BTreeSet::new(),
        };
        for word in words.split_whitespace() {
            match word.strip_suffix('*') {
                Some(begin) => scope.begins.insert(begin.to_owned()),
                None => scope.is.insert(word.to_owned()),
            };
        }
        scope.fits().then_some(scope).ok_or(NotARowScope)
    }
}

/// Whether a word, without its star, may stand in the record for good: it names nobody.
fn may_stand(word: &str) -> bool {
    let digits = word.chars().filter(|c| c.is_numeric()).count();
    let mobile = digits == MOBILE && word.chars().find(|c| c.is_numeric()) == Some('1');
    let fits = !word.is_empty() && word.len() <= LONGEST_WORD && digits <= MOST_DIGITS;
    fits && !mobile && !holds_identifier(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_holds_what_it_says() {
        let scope: RowScope = "county : 5301* 110101  110102".parse().unwrap();
        assert_eq!(scope.to_string(), "county: 110101 110102 5301*");
        assert_eq!(scope.to_string().parse(), Ok(scope.clone()));
        for (value, held) in [
            ("110101", true),
            ("1101011", false),
            ("530102", true),
            ("5302", false),
            ("", false),
        ] {
            assert_eq!(scope.holds(value), held, "{value}");
        }
    }

    #[test]
    fn what_is_kept_is_read_as_strictly_as_what_is_written() {
        let scope: RowScope = "village: 530102001001 5301*".parse().unwrap();
        let kept = serde_json::to_string(&scope).unwrap();
        assert_eq!(serde_json::from_str::<RowScope>(&kept).unwrap(), scope);
        for wrong in [
            r#"{"column":"c","is":[]}"#,
            r#"{"column":"","is":["a"]}"#,
            r#"{"column":"c","is":["110101199003072017"]}"#,
            r#"{"column":"c","is":["a"],"begins":[""]}"#,
        ] {
            assert!(serde_json::from_str::<RowScope>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_scope_is_not_read() {
        let many = format!(
            "c: {}",
            "x ".repeat(3) + &(0..300).map(|n| format!("{n} ")).collect::<String>()
        );
        let long = format!("c: {}", "x".repeat(65));
        for text in [
            "",
            "c",
            "c:",
            ": a",
            "c: *",
            "c: a *",
            "c: 110101199003072017 x",
            "c: 110101199003072017*",
            "c: 1101011990030*",
            "c: 13812345678",
            "c: 138-1234-5678*",
            &many,
            &long,
        ] {
            assert_eq!(text.parse::<RowScope>(), Err(NotARowScope), "{text}");
        }
    }
}
