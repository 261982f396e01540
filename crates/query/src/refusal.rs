//! How refusals of queries are built: stable code, clauses, and facts that speak of the query only.
//!
//! Facts: `column`, `table`, `use`, `node`, `function`, `statement`; `fragment` with `line` and
//! `position` (both from 1) where the text is known; `nearest` with `nearest_kind` = `sql` or
//! `instruction`. Literals of the query may be personal data, so fragments never hold any.

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
        self.fact("nearest_kind", "sql").fact("nearest", sql)
    }
    fn instruct(self, code: &str) -> Self {
        self.fact("nearest_kind", "instruction").fact("nearest", code)
    }
    fn under(self, clauses: &[ClauseId]) -> Self {
        self.citing(clauses)
    }
}

/// Text of the engine below, with everything between quotes taken out and cut to 300 characters.
pub(crate) fn masked(text: &str) -> String {
    let mut quoted = false;
    let mut masked = String::new();
    for letter in text.chars().take(2_000) {
        if letter == '\'' {
            masked.push(letter);
            if !quoted {
                masked.push('…');
            }
            quoted = !quoted;
        } else if !quoted {
            masked.push(if letter.is_ascii_digit() { '#' } else { letter });
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
