//! Looking for identifiers in what wants to leave: resident ids and credit codes by their check digits, mobile
//! numbers by their form, names of sealed columns. Finds are kinds and line numbers, never values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use shuyu_kernel::{CreditCode, ResidentId};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identifier {
    /// A resident id whose check digit is right (GB 11643).
    ResidentId,
    /// A unified social credit code whose check digit is right (GB 32100).
    CreditCode,
    /// Eleven digits of a mobile number.
    Phone,
    /// The name of a column that the permit does not grant.
    SealedColumn,
}

impl Identifier {
    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::CreditCode => "credit_code",
            Self::Phone => "phone",
            Self::SealedColumn => "sealed_column",
        }
    }
}

/// Lines on which each kind of identifier stands, from 1; at most [`LINES_KEPT`] of each.
pub type Finds = BTreeMap<Identifier, Vec<u64>>;

/// Line numbers kept for one kind. Platform choice: enough to find the place.
pub const LINES_KEPT: usize = 10;

/// Length of resident ids and credit codes.
const LONG: usize = 18;

/// Looks through a text. `sealed` are names of columns that must not occur.
pub fn scan(text: &str, sealed: &[String]) -> Finds {
    let mut finds = Finds::new();
    let words: Vec<String> = sealed.iter().map(|name| name.to_lowercase()).collect();
    for (number, line) in (1..).zip(text.lines()) {
        let plain: String = line.chars().map(narrow).collect();
        for token in tokens(&plain).into_iter().chain(joined(&plain)) {
            if let Some(kind) = identifier(&token) {
                note(&mut finds, kind, number);
            }
        }
        let lower = plain.to_lowercase();
        if words.iter().any(|word| has_word(&lower, word)) {
            note(&mut finds, Identifier::SealedColumn, number);
        }
    }
    finds
}

fn note(finds: &mut Finds, kind: Identifier, line: u64) {
    let lines = finds.entry(kind).or_default();
    if lines.len() < LINES_KEPT && lines.last() != Some(&line) {
        lines.push(line);
    }
}

/// Full-width digits and letters count as what they look like.
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// Runs of letters and digits.
fn tokens(line: &str) -> Vec<String> {
    line.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|token| !token.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Runs of digits written in groups, as `138 0000 0000`; only where grouping joined something.
fn joined(line: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut run, mut groups) = (String::new(), 0);
    let letters: Vec<char> = line.chars().chain(['\n']).collect();
    for (at, c) in letters.iter().enumerate() {
        let digit = c.is_ascii_digit() || (matches!(c, 'x' | 'X') && run.len() == LONG - 1);
        let before = at > 0 && letters[at - 1].is_ascii_digit();
        let after = letters.get(at + 1).is_some_and(char::is_ascii_digit);
        if digit {
            run.push(*c);
        } else if matches!(c, ' ' | '-') && before && after {
            groups += 1;
        } else {
            if groups > 0 {
                found.push(std::mem::take(&mut run));
            }
            run.clear();
            groups = 0;
        }
    }
    found
}

fn identifier(token: &str) -> Option<Identifier> {
    if is_phone(token) {
        return Some(Identifier::Phone);
    }
    // A resident id may stand inside a longer word: birth date and check digit keep chance finds rare. A credit
    // code has a check digit alone and counts as a whole word only.
    let bytes = token.as_bytes();
    let mut windows = bytes
        .windows(LONG)
        .filter_map(|window| std::str::from_utf8(window).ok());
    if windows.any(|window| ResidentId::parse(window).is_ok()) {
        return Some(Identifier::ResidentId);
    }
    CreditCode::parse(token).is_ok().then_some(Identifier::CreditCode)
}

fn is_phone(token: &str) -> bool {
    let number = token.strip_prefix("86").filter(|rest| rest.len() == 11);
    let number = number.unwrap_or(token).as_bytes();
    number.len() == 11
        && number.iter().all(u8::is_ascii_digit)
        && number[0] == b'1'
        && (b'3'..=b'9').contains(&number[1])
}

fn has_word(line: &str, word: &str) -> bool {
    if word.is_empty() {
        return false;
    }
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let ascii = word.is_ascii();
    line.match_indices(word).any(|(at, found)| {
        let before = line[..at].chars().next_back().is_none_or(|c| !part(c));
        let after = line[at + found.len()..].chars().next().is_none_or(|c| !part(c));
        // Chinese writes words without blanks between them.
        !ascii || (before && after)
    })
}
