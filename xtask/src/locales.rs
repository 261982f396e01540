//! Words on the screen: both languages complete, every key known, every refusal explained.

mod codes;
mod language;

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::rust_source::{Argument, RustSource};
use crate::tree::Tree;
use language::Language;

/// Folder of the Fluent files, one folder per language.
const FOLDER: &str = "crates/web/locales/";
/// The source language.
const SOURCE: &str = "zh-CN";
/// The second language.
const SECOND: &str = "en";
/// Folder of the pages.
const TEMPLATES: &str = "crates/web/templates/";
/// Functions that turn a key into words.
const TRANSLATE: &[&str] = &["t", "tr"];

/// Families of keys that are put together at run time from a code of the profile or the domain.
/// A literal like `"act-{}"` in the code makes its family known without standing here.
const COMPUTED_FAMILIES: &[&str] = &[
    "refusal-", "act-", "stage-", "role-", "form-", "field-", "grade-", "state-", "guard-", "event-",
];

/// All findings. `tests` are the Rust files that hold only tests.
pub fn check(tree: &Tree, sources: &BTreeMap<String, RustSource>, tests: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let source = Language::read(tree, &format!("{FOLDER}{SOURCE}/"), &mut findings);
    let second = Language::read(tree, &format!("{FOLDER}{SECOND}/"), &mut findings);
    findings.extend(compare(&source, &second));

    let ours: BTreeMap<&String, &RustSource> = sources
        .iter()
        .filter(|(path, _)| path.starts_with("crates/") && !tests.contains(*path))
        .collect();
    let known = &source.messages;
    for (place, key) in asked_keys(tree, &ours) {
        if !known.contains_key(&key) {
            findings.push(Finding::at(
                place,
                format!("asks for the message `{key}`, which does not exist"),
            ));
        }
    }
    for code in codes::all(tree, &ours, &mut findings) {
        let stem = code.code.replace('_', "-");
        if !code.certain && known.contains_key(&stem) {
            continue; // a code of something else, with words of its own
        }
        let wanted = [format!("refusal-{stem}"), format!("refusal-{stem}-way-out")];
        let missing: Vec<String> = wanted
            .into_iter()
            .filter(|key| !known.contains_key(key))
            .map(|key| format!("`{key}`"))
            .collect();
        if !missing.is_empty() {
            let what = format!("refuses with `{}`: no message {}", code.code, missing.join(", "));
            findings.push(Finding::at(code.place, what));
        }
    }
    let texts = all_texts(tree, sources);
    findings.extend(unused(&source, &texts));
    findings
}

/// Same keys, same arguments, and nothing referred to that is not there.
fn compare(source: &Language, second: &Language) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (one, other, name) in [(source, second, SECOND), (second, source, SOURCE)] {
        for (key, message) in &one.messages {
            if !other.messages.contains_key(key) {
                findings.push(Finding::at(
                    &message.place,
                    format!("`{key}` is missing in {name}"),
                ));
            }
        }
        for key in one.referred.iter().filter(|key| !one.messages.contains_key(*key)) {
            findings.push(Finding::at(
                FOLDER,
                format!("a message refers to `{key}`, which does not exist"),
            ));
        }
    }
    for (key, message) in &source.messages {
        if let Some(other) = second.messages.get(key)
            && other.arguments != message.arguments
        {
            let list = |of: &BTreeSet<String>| of.iter().cloned().collect::<Vec<_>>().join(", ");
            let what = format!(
                "`{key}` takes ({}) in {SECOND} and ({}) in {SOURCE}",
                list(&other.arguments),
                list(&message.arguments)
            );
            findings.push(Finding::at(&other.place, what));
        }
    }
    findings
}

/// Where which key is asked for by name, in pages and in Rust.
fn asked_keys(tree: &Tree, sources: &BTreeMap<&String, &RustSource>) -> Vec<(String, String)> {
    let mut asked = Vec::new();
    for (path, text) in tree.under(TEMPLATES, "") {
        for (at, line) in text.lines().enumerate() {
            asked.extend(
                page_keys(line)
                    .into_iter()
                    .map(|key| (format!("{path}:{}", at + 1), key)),
            );
        }
    }
    for (path, source) in sources {
        let calls = source
            .calls
            .iter()
            .filter(|call| !call.in_test && TRANSLATE.contains(&call.name.as_str()));
        for call in calls {
            if let Argument::Literal(key) = &call.argument {
                asked.push((format!("{path}:{}", call.line), key.clone()));
            }
        }
    }
    asked
}

/// `t("key")`, `tr("key", …)`, `"key"|t` in a line of a page.
fn page_keys(line: &str) -> Vec<String> {
    let mut keys = Vec::new();
    for (start, key) in quoted(line) {
        let before = line[..start].trim_end();
        let called = before.strip_suffix('(').is_some_and(|rest| {
            let name: String = rest
                .chars()
                .rev()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            TRANSLATE
                .iter()
                .any(|function| function.chars().rev().eq(name.chars()))
        });
        let after = line[start + key.len() + 2..].trim_start();
        let filtered = after.strip_prefix('|').is_some_and(|rest| {
            let name = rest
                .trim_start()
                .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .next();
            name.is_some_and(|name| TRANSLATE.contains(&name))
        });
        if called || filtered {
            keys.push(key.to_owned());
        }
    }
    keys
}

/// Byte position of the opening quote, and the text, of each `"…"` in a line.
/// In a page an attribute may hold another pair (`title="{{ t("key") }}"`), so every quote may open.
fn quoted(line: &str) -> Vec<(usize, &str)> {
    let quotes: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    quotes
        .windows(2)
        .map(|pair| (pair[0], &line[pair[0] + 1..pair[1]]))
        .collect()
}

/// Every quoted text of Rust, pages, scripts and profiles: what a key or code may be used as.
fn all_texts(tree: &Tree, sources: &BTreeMap<String, RustSource>) -> BTreeSet<String> {
    let mut texts: BTreeSet<String> = BTreeSet::new();
    for source in sources.values() {
        texts.extend(source.texts.iter().map(|text| text.inner.clone()));
    }
    for (_, text) in [
        (TEMPLATES, ""),
        ("crates/web/assets/", ".js"),
        ("profiles/", ".toml"),
    ]
    .into_iter()
    .flat_map(|(folder, ending)| tree.under(folder, ending))
    {
        texts.extend(text.lines().flat_map(quoted).map(|(_, key)| key.to_owned()));
    }
    texts
}

/// Messages that nothing asks for.
fn unused(source: &Language, texts: &BTreeSet<String>) -> Vec<Finding> {
    // `"act-{}"` and `"act-{name}"` are the beginning of a family.
    let families: BTreeSet<&str> = texts
        .iter()
        .filter_map(|text| Some(text.split_once('{')?.0))
        .filter(|start| start.len() > 1 && start.ends_with('-') && !start.contains(' '))
        .collect();
    let mut findings = Vec::new();
    for (key, message) in &source.messages {
        let used = texts.contains(key)
            || source.referred.contains(key)
            || families.iter().any(|family| key.starts_with(family))
            || COMPUTED_FAMILIES.iter().any(|family| key.starts_with(family));
        let code = key
            .strip_prefix("refusal-")
            .map(|code| code.strip_suffix("-way-out").unwrap_or(code));
        let stale = code.is_some_and(|code| !texts.contains(&code.replace('-', "_")) && !texts.contains(key));
        if !used {
            findings.push(Finding::at(&message.place, format!("nothing asks for `{key}`")));
        } else if stale {
            findings.push(Finding::at(
                &message.place,
                format!("no refusal has the code of `{key}`"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
