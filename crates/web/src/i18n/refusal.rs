//! The words of a refusal: what does not go, and what would make it go.

use std::collections::BTreeMap;

use shuyu_kernel::Refusal;
use shuyu_profile::Profile;

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
    /// The words of a refusal, where it names a problem those of the problem. An unknown code (a profile may bring its
    /// own) falls back to `refusal-other`.
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
        let problem = refusal.facts.get("problem");
        let own = problem.map(|word| format!("problem-{stem}-{}", word.replace('_', "-")));
        let told = |ending: &str| {
            let own = own.as_ref().map(|own| format!("{own}{ending}"));
            let own = own.filter(|own| self.has(language, own));
            self.tr(language, &own.unwrap_or_else(|| format!("{key}{ending}")), &facts)
        };
        RefusalText {
            what: told(""),
            way_out: told("-way-out"),
        }
    }

    /// Facts name acts, stages, fields and roles by their Chinese titles; English sentences have the English ones.
    pub fn localised(&self, language: Language, profile: &Profile, refusal: &Refusal) -> Refusal {
        let mut refusal = refusal.clone();
        let titles = if language == Language::En {
            titles(profile)
        } else {
            BTreeMap::new()
        };
        let joint = self.t(language, "list-joint");
        for value in refusal.facts.values_mut().filter(|value| !value.contains('\n')) {
            let parts: Vec<&str> = value
                .split("; ")
                .map(|part| titles.get(part).copied().unwrap_or(part))
                .collect();
            *value = parts.join(&joint);
        }
        refusal
    }

    /// Facts that are codes become words: uses of columns, limits, nodes of a query.
    fn fact(&self, language: Language, name: &str, value: &str) -> String {
        match name {
            "use" => self.coded(language, value, |word| format!("use-{word}")),
            "node" => self.coded(language, value, |word| format!("node-{word}")),
            "what" => self.coded(language, value, |word| format!("what-{word}")),
            "standing" => self.coded(language, value, |word| format!("airlock-{word}")),
            "identifier" => self.coded(language, value, |word| format!("identifier-{word}")),
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

fn titles(profile: &Profile) -> BTreeMap<&str, &str> {
    let mut titles: BTreeMap<&str, &str> = BTreeMap::new();
    let mut add = |zh, en| {
        titles.entry(zh).or_insert(en);
    };
    profile
        .roles
        .iter()
        .for_each(|role| add(&role.title, &role.title_en));
    profile
        .posts
        .iter()
        .for_each(|post| add(&post.title, &post.title_en));
    for procedure in &profile.procedures {
        add(&procedure.title, &procedure.title_en);
        procedure
            .stages
            .iter()
            .for_each(|stage| add(&stage.title, &stage.title_en));
        procedure
            .acts
            .iter()
            .for_each(|act| add(&act.title, &act.title_en));
        procedure
            .clocks
            .iter()
            .for_each(|clock| add(&clock.title, &clock.title_en));
        procedure
            .lanes
            .iter()
            .for_each(|lane| add(&lane.title, &lane.title_en));
        for field in &procedure.fields {
            add(&field.title, &field.title_en);
            field
                .choices
                .iter()
                .for_each(|choice| add(&choice.title, &choice.title_en));
        }
    }
    titles
}
