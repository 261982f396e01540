//! Which rows of a table somebody may use, where it is not all of them.

use std::{collections::BTreeSet, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::cn::holds_identifier;

/// Most words of a scope.
const MOST_WORDS: usize = 200;
/// Longest word of a scope, in bytes.
const LONGEST_WORD: usize = 64;

/// Rows whose value of one column is one of these words, or begins with one of these: divisions by their code, years,
/// branches. A row without a value is in no scope. Values are compared as the texts they are written as.
///
/// Written as `county: 110101 5301*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RowScope {
    /// The column, which need not be granted for anything else.
    pub column: String,
    /// Whole values.
    pub is: BTreeSet<String>,
    /// Beginnings of values.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub begins: BTreeSet<String>,
}

/// A text that is no scope: no column or no word, too many words, or one that is too long or names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARowScope;

impl RowScope {
    /// Its words as they are written; those that begin a value have a star.
    pub fn words(&self) -> String {
        let begins = self.begins.iter().map(|word| format!("{word}*"));
        let words: Vec<String> = self.is.iter().cloned().chain(begins).collect();
        words.join(" ")
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
            // Words stand in the record for good.
            let fits = word.len() <= LONGEST_WORD && word != "*" && !holds_identifier(word);
            match word.strip_suffix('*') {
                _ if !fits => return Err(NotARowScope),
                Some(begin) => scope.begins.insert(begin.to_owned()),
                None => scope.is.insert(word.to_owned()),
            };
        }
        let words = scope.is.len() + scope.begins.len();
        if scope.column.is_empty() || words == 0 || words > MOST_WORDS {
            return Err(NotARowScope);
        }
        Ok(scope)
    }
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
            &many,
            &long,
        ] {
            assert_eq!(text.parse::<RowScope>(), Err(NotARowScope), "{text}");
        }
    }
}
