//! How refusals of queries are built: stable code, clauses, and facts that speak of the query only.
//!
//! Facts: `column`, `table`, `use`, `node`, `function`, `statement`; `fragment` with `line` and
//! `position` (both from 1) where the text is known; `nearest` with `nearest_kind` = `sql` or
//! `instruction`. Literals of the query may be personal data, so fragments never hold any,
//! and so may names that the analyst gave: a fact holds a name that the platform knows, or one that passed [`echoed`].

use shuyu_kernel::{ClauseId, Refusal};

/// A place in the SQL text, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub line: u64,
    pub column: u64,
}

/// Adds of facts that many refusals share.
pub(crate) trait Explain: Sized {
    /// Where in the SQL, and what stands there.
    fn at(self, place: Option<Place>, fragment: &str) -> Self;
    /// The nearest lawful form, as SQL.
    fn nearest_sql(self, sql: impl ToString) -> Self;
    /// The nearest lawful way, as the code of an instruction.
    fn instruct(self, code: &str) -> Self;
    /// Adds clauses from a profile's citations.
    fn under(self, clauses: &[ClauseId]) -> Self;
}

impl Explain for Refusal {
    fn at(self, place: Option<Place>, fragment: &str) -> Self {
        let with = match place {
            Some(place) => self.fact("line", place.line).fact("position", place.column),
            None => self,
        };
        if fragment.is_empty() {
            with
        } else {
            with.fact("fragment", fragment)
        }
    }
    fn nearest_sql(self, sql: impl ToString) -> Self {
        let sql = sql.to_string();
        // With a name that is not repeated it would be no SQL.
        if sql.contains(UNTOLD) {
            return self.instruct("name_plainly");
        }
        self.fact("nearest_kind", "sql").fact("nearest", sql)
    }
    fn instruct(self, code: &str) -> Self {
        self.fact("nearest_kind", "instruction").fact("nearest", code)
    }
    fn under(self, clauses: &[ClauseId]) -> Self {
        self.citing(clauses)
    }
}

/// Longest name that is repeated to the analyst although nobody gave it to us.
const MOST_NAME: usize = 40;

/// Stands for a name that is not repeated, and begins every name that is made in place of one.
pub(crate) const UNTOLD: &str = "…";

/// A name that an analyst wrote and that names nothing of ours. In SQL a text in double quotes is a
/// name, so it may be a person's: only what looks like an ASCII identifier is repeated.
pub(crate) fn echoed(name: &str) -> &str {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let identifier = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'.';
    if starts && name.len() <= MOST_NAME && name.bytes().all(identifier) {
        name
    } else {
        UNTOLD
    }
}

/// Text of the engine below, with everything between quotes of either kind and every letter that is not
/// ASCII taken out, cut to 300 characters.
pub(crate) fn masked(text: &str) -> String {
    let mut quoted = None;
    let mut masked = String::new();
    for letter in text.chars().take(2_000) {
        match (quoted, letter) {
            (None, '\'' | '"') => {
                quoted = Some(letter);
                masked.push(letter);
                masked.push('…');
            }
            (Some(quote), letter) if letter == quote => {
                quoted = None;
                masked.push(letter);
            }
            (Some(_), _) => {}
            (None, '0'..='9') => masked.push('#'),
            (None, letter) => masked.push(if letter.is_ascii() { letter } else { '…' }),
        }
    }
    masked
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(300)
        .collect()
}
