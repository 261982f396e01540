//! What a column's name says: Chinese words, initials and syllables of pinyin, English.

use super::{Sensitive, words};

/// A column's name, taken apart.
pub(super) struct Hints {
    chinese: String,
    words: Vec<String>,
    joined: String,
}

impl Hints {
    pub(super) fn of(column: &str) -> Self {
        let words = split(column);
        Self {
            chinese: column.to_owned(),
            joined: words.concat(),
            words,
        }
    }

    /// Whether the name has a word of the kind.
    pub(super) fn says(&self, kind: Sensitive) -> bool {
        self.has(words::list(kind.code()))
    }

    /// Whether it speaks against personal contents.
    pub(super) fn contrary(&self) -> bool {
        self.has(words::list("contrary"))
    }

    fn has(&self, words: &[&str]) -> bool {
        let pairs = || self.words.iter().zip(self.words.iter().skip(1));
        words.iter().any(|word| {
            (!word.is_ascii() && self.chinese.contains(word))
                || self.joined == *word
                || self.words.iter().any(|own| own == word)
                || pairs().any(|(a, b)| word.strip_prefix(a.as_str()) == Some(b.as_str()))
        })
    }
}

/// The Latin words of a name: cut at separators, digits' ends and capitals, in small letters.
fn split(column: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut small_before = false;
    for c in column.chars() {
        let cut = !c.is_ascii_alphanumeric() || (c.is_ascii_uppercase() && small_before);
        if cut {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(c.to_ascii_lowercase());
        }
        small_before = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}
