//! Words on the screen: Chinese is the source language, English the second.
//!
//! The Fluent files stand in `locales/` and are embedded in the program. Rust code names keys only; no sentence
//! that a person reads stands in Rust. Legal titles (stages, acts, fields) come from the profile with their clause.

mod refusal;
mod resources;

use std::fmt;

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::{LanguageIdentifier, langid};

pub use refusal::RefusalText;

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Chinese, simplified: the source language.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// Both, source language first.
    pub const ALL: [Language; 2] = [Language::Zh, Language::En];

    /// The value of the `lang` attribute of a page.
    pub fn tag(self) -> &'static str {
        match self {
            Language::Zh => "zh-CN",
            Language::En => "en",
        }
    }

    /// The short code in cookie and query: `zh` or `en`.
    pub fn code(self) -> &'static str {
        match self {
            Language::Zh => "zh",
            Language::En => "en",
        }
    }

    /// The language of a code or tag such as `en`, `en-GB`, `zh-CN`; `None` for other languages.
    pub fn from_code(code: &str) -> Option<Self> {
        match code.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "zh" => Some(Language::Zh),
            "en" => Some(Language::En),
            _ => None,
        }
    }

    /// The first language of an `Accept-Language` header that we speak; Chinese if there is none.
    pub fn from_accept(header: &str) -> Self {
        header
            .split(',')
            .filter_map(|part| Self::from_code(part.split(';').next()?.trim()))
            .next()
            .unwrap_or_default()
    }

    /// The Chinese or the English of two texts; the other one where it is empty.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Language::En if !en.is_empty() => en,
            Language::Zh if zh.is_empty() => en,
            Language::Zh | Language::En => zh,
        }
    }

    fn identifier(self) -> LanguageIdentifier {
        match self {
            Language::Zh => langid!("zh-CN"),
            Language::En => langid!("en"),
        }
    }
}

/// The words of both languages.
pub struct Texts {
    zh: FluentBundle<FluentResource>,
    en: FluentBundle<FluentResource>,
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}

/// The embedded words could not be read: a mistake in `locales/`, found by the tests.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{language} {file}: {what}")]
pub struct TextsError {
    /// Language tag.
    pub language: &'static str,
    /// File name.
    pub file: &'static str,
    /// What is wrong.
    pub what: String,
}

impl Texts {
    /// Reads the embedded Fluent files.
    ///
    /// # Errors
    /// A file is no Fluent, or a key stands twice.
    pub fn load() -> Result<Self, TextsError> {
        Ok(Self {
            zh: bundle(Language::Zh)?,
            en: bundle(Language::En)?,
        })
    }

    /// The words of a key. A missing key shows as `⟦key⟧`, so that tests see it.
    pub fn t(&self, language: Language, key: &str) -> String {
        self.format(language, key, None)
    }

    /// The words of a key with arguments. Whole numbers choose plural forms.
    pub fn tr<N: AsRef<str>, V: ToString>(
        &self,
        language: Language,
        key: &str,
        arguments: &[(N, V)],
    ) -> String {
        let mut args = FluentArgs::new();
        for (name, value) in arguments {
            args.set(name.as_ref().to_owned(), argument(value.to_string()));
        }
        self.format(language, key, Some(&args))
    }

    /// Whether the language has this key.
    pub fn has(&self, language: Language, key: &str) -> bool {
        self.bundle(language).has_message(key)
    }

    fn format(&self, language: Language, key: &str, args: Option<&FluentArgs<'_>>) -> String {
        let bundle = self.bundle(language);
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return format!("\u{27e6}{key}\u{27e7}");
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, args, &mut errors);
        if errors.is_empty() {
            text.into_owned()
        } else {
            without_gaps(&text)
        }
    }

    fn bundle(&self, language: Language) -> &FluentBundle<FluentResource> {
        match language {
            Language::Zh => &self.zh,
            Language::En => &self.en,
        }
    }
}

fn bundle(language: Language) -> Result<FluentBundle<FluentResource>, TextsError> {
    let mut bundle = FluentBundle::new_concurrent(vec![language.identifier()]);
    // No invisible isolation marks: they would be copied with numbers and file names.
    bundle.set_use_isolating(false);
    for (file, text) in resources::of(language) {
        let wrong = |what: String| TextsError {
            language: language.tag(),
            file,
            what,
        };
        let resource = FluentResource::try_new((*text).to_owned())
            .map_err(|(_, errors)| wrong(format!("{errors:?}")))?;
        bundle
            .add_resource(resource)
            .map_err(|errors| wrong(format!("{errors:?}")))?;
    }
    Ok(bundle)
}

/// Whole numbers become numbers, so that plural forms work; everything else stays the text it is.
fn argument(text: String) -> FluentValue<'static> {
    match text.parse::<i64>() {
        Ok(n) if n.to_string() == text && n.abs() < 1_000_000_000_000 => FluentValue::from(n),
        _ => FluentValue::from(text),
    }
}

/// A fact that a refusal did not bring shows as a dash instead of `{$name}`.
fn without_gaps(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{$") {
        out.push_str(before);
        out.push('\u{2014}');
        rest = after.split_once('}').map_or("", |(_, tail)| tail);
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use shuyu_kernel::Refusal;

    use super::*;

    #[test]
    fn languages_are_read_from_codes_and_headers() {
        for (code, language) in [
            ("zh", Some(Language::Zh)),
            ("zh-CN", Some(Language::Zh)),
            ("EN_gb", Some(Language::En)),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(Language::from_code(code), language, "{code:?}");
        }
        assert_eq!(Language::from_accept("fr, en;q=0.5"), Language::En);
        assert_eq!(Language::from_accept("*"), Language::Zh);
        assert_eq!(Language::En.pick("a", ""), "a");
        assert_eq!(Language::Zh.pick("", "b"), "b");
    }

    #[test]
    fn numbers_choose_plural_forms_and_codes_stay_text() {
        let texts = Texts::load().expect("the words read");
        assert_eq!(texts.limit(Language::En, "1 working_day"), "1 working day");
        assert_eq!(texts.limit(Language::En, "20 working_day"), "20 working days");
        assert_eq!(texts.limit(Language::En, "soon"), "soon");
        assert_eq!(
            texts.tr(Language::En, "timeline-entry", &[("index", "007")]),
            "Ledger entry 007"
        );
        assert_eq!(
            texts.format(Language::En, "no-such-key", None),
            "\u{27e6}no-such-key\u{27e7}"
        );
    }

    #[test]
    fn a_refusal_has_words_whatever_it_brings() {
        let texts = Texts::load().expect("the words read");
        let bare = Refusal::unmet("term_too_long");
        let full = bare
            .clone()
            .fact("to", "2032-01-19")
            .fact("limit", "5 year")
            .fact("last", "2031-01-19");
        let words = texts.refusal(Language::En, &full);
        assert!(
            words.what.contains("5 years") && words.what.contains("2031-01-19"),
            "{}",
            words.what
        );
        // A fact that is missing shows as a dash, an unknown code says so.
        let bare = texts.refusal(Language::En, &bare);
        assert!(
            bare.what.contains('\u{2014}') && !bare.what.contains('$'),
            "{}",
            bare.what
        );
        let unknown = texts.refusal(Language::Zh, &Refusal::unmet("never_heard_of"));
        assert!(unknown.what.contains("never_heard_of") && !unknown.way_out.is_empty());
        let coded = Refusal::unmet("use_missing")
            .fact("column", "c")
            .fact("use", "measure");
        let coded = texts.refusal(Language::En, &coded);
        assert!(coded.what.ends_with("measure."), "{}", coded.what);
    }

    #[test]
    fn both_languages_have_the_same_keys() {
        let keys = |language| -> std::collections::BTreeSet<String> {
            let lines = resources::of(language).iter().flat_map(|(_, text)| text.lines());
            let starts = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
            starts
                .filter_map(|line| Some(line.split_once(" =")?.0.to_owned()))
                .collect()
        };
        assert_eq!(keys(Language::Zh), keys(Language::En));
    }
}
