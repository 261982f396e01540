//! The words of a refusal: what does not go, and what would make it go.

use shuyu_kernel::Refusal;

use super::{Language, Texts};

/// A refusal in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RefusalText {
    /// What was refused and why, one sentence.
    pub what: String,
    /// What would make it pass.
    pub way_out: String,
}

impl Texts {
    /// The words of a refusal. An unknown code (a profile may bring its own) falls back to `refusal-other`.
    pub fn refusal(&self, language: Language, refusal: &Refusal) -> RefusalText {
        let stem = refusal.code.replace('_', "-");
        let key = format!("refusal-{stem}");
        let known = self.has(language, &key);
        let key = if known { key } else { "refusal-other".to_owned() };
        let mut facts: Vec<(String, String)> = refusal
            .facts
            .iter()
            .map(|(name, value)| (name.clone(), self.fact(language, name, value)))
            .collect();
        facts.push(("code".to_owned(), refusal.code.clone()));
        RefusalText {
            what: self.tr(language, &key, &facts),
            way_out: self.tr(language, &format!("{key}-way-out"), &facts),
        }
    }

    /// Facts that are codes become words: uses of columns, limits, nodes of a query.
    fn fact(&self, language: Language, name: &str, value: &str) -> String {
        match name {
            "use" => self.coded(language, value, |word| format!("use-{word}")),
            "node" => self.coded(language, value, |word| format!("node-{word}")),
            "what" => self.coded(language, value, |word| format!("what-{word}")),
            // Statements of more than one word, such as SELECT INTO, stand as they are.
            "statement" if !value.contains(' ') => {
                self.coded(language, value, |word| format!("statement-{word}"))
            }
            "limit" => self.limit(language, value),
            _ if value.is_empty() => "\u{2014}".to_owned(),
            _ => value.to_owned(),
        }
    }

    fn coded(&self, language: Language, value: &str, key: impl Fn(&str) -> String) -> String {
        let words: Vec<String> = value
            .split(|c: char| c == ',' || c == ';' || c.is_whitespace())
            .filter(|word| !word.is_empty())
            .map(|word| {
                let key = key(&word.replace('_', "-"));
                if self.has(language, &key) {
                    self.t(language, &key)
                } else {
                    word.to_owned()
                }
            })
            .collect();
        words.join(&self.t(language, "list-joint"))
    }

    /// A limit such as `5 working_day` in words.
    pub fn limit(&self, language: Language, text: &str) -> String {
        let Some((n, unit)) = text.split_once(' ') else {
            return text.to_owned();
        };
        let key = match unit {
            "working_day" => "limit-working-day",
            "day" => "limit-day",
            "month" => "limit-month",
            "year" => "limit-year",
            _ => return text.to_owned(),
        };
        self.tr(language, key, &[("n", n)])
    }
}
