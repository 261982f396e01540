//! Small rules of the house that no compiler checks.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Finding;
use crate::ratchet::{Ratchet, Rule};
use crate::rust_source::RustSource;
use crate::tree::Tree;

/// Lines of a Rust file.
pub const LINES: Rule = Rule {
    name: "lines",
    unit: "lines",
    limit: 400,
    hard_limit: 800,
};

/// String literals with Chinese letters: sentences belong into `locales/`, words of the law into `profiles/`.
pub const CHINESE: Rule = Rule {
    name: "chinese",
    unit: "string literals with Chinese letters",
    limit: 0,
    hard_limit: 400,
};

/// Where Chinese literals are the matter itself: invented people, registers and stories.
const CHINESE_IS_FREE: &[&str] = &["crates/testkit/", "xtask/"];

/// Marks of unfinished work. Written in two parts, so that this file does not find itself.
const UNFINISHED: &[&str] = &[concat!("FIX", "ME"), concat!("XX", "X")];

/// Names of kinds; a folder or module is a concept.
const KINDS: &[&str] = &[
    "common", "helper", "helpers", "manager", "managers", "misc", "models", "util", "utils",
];

/// Where people's own folders begin.
const HOMES: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/ro", "ot/"),
];

/// Addresses that are names of vocabularies and are never fetched.
const VOCABULARIES: &[&str] = &[
    "http://www.w3.org/",
    "http://purl.org/",
    "http://xmlns.com/",
    "http://schemas.openxmlformats.org/",
];

/// Files that hold text of others or their addresses.
const NOT_READ: &[&str] = &["Cargo.lock", "LICENSE"];

/// What the checks need besides the tree.
pub struct Context<'a> {
    /// The Rust files, tokenised.
    pub sources: &'a BTreeMap<String, RustSource>,
    /// Those that hold only tests.
    pub tests: &'a BTreeSet<String>,
    /// Folders of this very machine that no file may name: the clone, the home, the build folder.
    pub machine_paths: &'a [String],
}

/// All findings, the ratchet included.
pub fn check(tree: &Tree, context: &Context<'_>, ratchet: &Ratchet) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        if NOT_READ.contains(&path) {
            continue;
        }
        findings.extend(check_name(path));
        findings.extend(check_lines(path, text, context.machine_paths));
        if is_page_part(path) {
            findings.extend(check_origins(path, text));
        }
    }
    for (path, source) in context.sources {
        findings.extend(check_source(path, source));
    }
    for (rule, counts) in counts(tree, context) {
        findings.extend(ratchet.judge(rule, &counts));
    }
    findings
}

/// What the ratchet counts, per rule and file.
pub fn counts(tree: &Tree, context: &Context<'_>) -> Vec<(Rule, BTreeMap<String, usize>)> {
    let lines = tree
        .under("", ".rs")
        .map(|(path, text)| (path.to_owned(), text.lines().count()));
    let free = |path: &str| {
        context.tests.contains(path) || CHINESE_IS_FREE.iter().any(|folder| path.starts_with(folder))
    };
    let written = context.sources.iter().filter(|(path, _)| !free(path));
    let chinese = written.map(|(path, source)| (path.clone(), chinese_lines(source).len()));
    vec![
        (LINES, lines.collect()),
        (CHINESE, chinese.filter(|(_, count)| *count > 0).collect()),
    ]
}

/// Lines of the string literals with Chinese letters, outside tests.
pub fn chinese_lines(source: &RustSource) -> Vec<usize> {
    let texts = source
        .texts
        .iter()
        .filter(|text| !text.in_test && has_chinese(&text.inner));
    texts.map(|text| text.line).collect()
}

/// A letter or punctuation mark of Chinese writing, as itself or as `\u{…}`.
fn has_chinese(inner: &str) -> bool {
    let escaped = inner
        .split("\\u{")
        .skip(1)
        .filter_map(|rest| rest.split('}').next());
    let escaped = escaped.filter_map(|digits| u32::from_str_radix(&digits.replace('_', ""), 16).ok());
    inner.chars().map(u32::from).chain(escaped).any(|code| {
        // CJK radicals to ideographs with their punctuation; compatibility; full width; further planes
        matches!(code, 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0xFF00..=0xFFEF | 0x2_0000..=0x3_FFFF)
    })
}

fn check_name(path: &str) -> Option<Finding> {
    let mut parts = path.trim_end_matches(".rs").split('/');
    let kind = parts
        .find(|part| KINDS.contains(part))
        .filter(|_| path.ends_with(".rs"))?;
    // `tests/common/` is cargo's own way to share code between test files.
    let shared_by_tests = kind == "common" && path.contains("/tests/");
    (!shared_by_tests).then(|| {
        Finding::at(
            path,
            format!("`{kind}` names a kind; name the concept that the code is about"),
        )
    })
}

fn check_lines(path: &str, text: &str, machine_paths: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        for mark in UNFINISHED.iter().filter(|mark| has_word(line, mark)) {
            findings.push(Finding::on_line(
                path,
                at + 1,
                format!("`{mark}`: finish it or file an issue"),
            ));
        }
        for home in HOMES.iter().filter(|home| starts_a_path(line, home)) {
            findings.push(Finding::on_line(
                path,
                at + 1,
                format!("`{home}` is a path of one machine"),
            ));
        }
        for own in machine_paths.iter().filter(|own| line.contains(own.as_str())) {
            findings.push(Finding::on_line(
                path,
                at + 1,
                format!("`{own}` is a path of this machine"),
            ));
        }
    }
    findings
}

/// The mark with no letter, digit or underscore beside it.
fn has_word(line: &str, word: &str) -> bool {
    let joins = |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    line.match_indices(word).any(|(at, _)| {
        !joins(line[..at].chars().next_back()) && !joins(line[at + word.len()..].chars().next())
    })
}

/// At the start of a path and with something after it; not `$PREFIX/…` and not the folder alone.
fn starts_a_path(line: &str, home: &str) -> bool {
    line.match_indices(home).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + home.len()..].chars().next();
        !before.is_some_and(|letter| letter.is_alphanumeric() || matches!(letter, '.' | '}' | '-' | '_'))
            && after.is_some_and(|letter| letter.is_alphanumeric() || letter == '.')
    })
}

/// Templates and assets, but not other people's minified scripts.
fn is_page_part(path: &str) -> bool {
    let inside = path
        .split('/')
        .any(|part| part == "templates" || part == "assets");
    inside && path.starts_with("crates/") && !path.ends_with(".min.js")
}

/// A page loads and links nothing from another origin.
fn check_origins(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let addresses = ["http://", "https://"]
            .into_iter()
            .flat_map(|start| line.match_indices(start));
        let outside = |at: usize| !VOCABULARIES.iter().any(|name| line[at..].starts_with(name));
        let relative = ["\"//", "'//", "(//"];
        if addresses.into_iter().any(|(at, _)| outside(at)) || relative.iter().any(|it| line.contains(it)) {
            findings.push(Finding::on_line(
                path,
                at + 1,
                "names an address outside our origin",
            ));
        }
    }
    findings
}

fn check_source(path: &str, source: &RustSource) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, name) in &source.macros {
        if matches!(name.as_str(), "todo" | "unimplemented" | "dbg") {
            findings.push(Finding::on_line(
                path,
                *line,
                format!("`{name}!` has no place in finished code"),
            ));
        }
    }
    for (line, _) in source.attributes.iter().filter(|(_, name)| name == "allow") {
        let what = "`allow`: use `#[expect(…, reason = \"…\")]`, which tells when it is not needed any more";
        findings.push(Finding::on_line(path, *line, what));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rust_source::test_files;

    fn run(files: &[(&str, &str)], ratchet: &str) -> Vec<Finding> {
        let tree = Tree::of(files);
        let rust = tree.under("", ".rs");
        let sources = rust
            .map(|(path, text)| (path.to_owned(), RustSource::parse(text).unwrap()))
            .collect::<BTreeMap<_, _>>();
        let tests = test_files(&tree, &sources);
        let machine_paths = ["/srv/clone".to_owned()];
        let context = Context {
            sources: &sources,
            tests: &tests,
            machine_paths: &machine_paths,
        };
        check(&tree, &context, &Ratchet::parse(ratchet).unwrap())
    }

    #[test]
    fn tables_of_offences_and_of_what_is_fine() {
        let bad = [
            ("crates/a/src/a.rs", "fn f() { todo!() }".to_owned()),
            ("crates/a/src/a.rs", "fn f() { unimplemented!(\"x\") }".to_owned()),
            ("crates/a/src/a.rs", "fn f() { dbg!(1); }".to_owned()),
            ("crates/a/src/a.rs", "#[allow(dead_code)] fn f() {}".to_owned()),
            ("crates/a/src/a.rs", "#![allow(dead_code)]".to_owned()),
            ("crates/a/src/a.rs", format!("// {} later", UNFINISHED[0])),
            ("README.md", format!("{}: later", UNFINISHED[1])),
            ("README.md", format!("see {}me/x", HOMES[0])),
            ("README.md", "see /srv/clone/x".to_owned()),
            ("crates/a/src/a.rs", "const A: &str = \"数域\";".to_owned()),
            ("crates/a/src/a.rs", "const A: &str = \"\\u{6570}\";".to_owned()),
            ("crates/a/src/a.rs", "const A: &str = \"a，b\";".to_owned()),
            ("crates/a/src/utils/a.rs", String::new()),
            ("crates/a/src/helpers.rs", String::new()),
            (
                "crates/web/templates/a.html",
                "<script src=\"https://x.test/a.js\">".to_owned(),
            ),
            (
                "crates/web/assets/a.css",
                "@import url(//x.test/a.css)".to_owned(),
            ),
        ];
        for (path, text) in &bad {
            assert_eq!(run(&[(path, text)], "").len(), 1, "{path}: {text}");
        }
        let fine = [
            (
                "crates/a/src/a.rs",
                "//! 数域\n/// 数域\nfn f() { // 数域\n g('数', todo(1)) }",
            ),
            (
                "crates/a/src/a.rs",
                "#[expect(dead_code, reason = \"r\")] fn f() {}",
            ),
            (
                "crates/a/src/a.rs",
                "#[cfg(test)] mod tests { const A: &str = \"数域\"; }",
            ),
            ("crates/a/tests/story.rs", "const A: &str = \"数域\";"),
            ("crates/testkit/src/a.rs", "const A: &str = \"数域\";"),
            ("tools/a.sh", "mktemp /tmp/a.XXXXXX; ls $D/home/x"),
            (
                "crates/web/templates/a.html",
                "<svg xmlns=\"http://www.w3.org/2000/svg\"><a href=\"/x\">",
            ),
            ("crates/web/assets/a.min.js", "\"https://x.test\""),
            ("crates/a/tests/common/a.rs", ""),
            ("crates/web/assets/utils.css", ""),
        ];
        for (path, text) in fine {
            assert_eq!(run(&[(path, text)], ""), [], "{path}: {text}");
        }
    }

    #[test]
    fn long_files_need_an_entry_and_have_a_hard_limit() {
        let file = |lines: usize| "\n".repeat(lines);
        assert_eq!(run(&[("a.rs", &file(400))], ""), []);
        assert_eq!(run(&[("a.rs", &file(401))], "").len(), 1);
        assert_eq!(run(&[("a.rs", &file(401))], "lines a.rs 401"), []);
        assert_eq!(run(&[("a.rs", &file(801))], "lines a.rs 801").len(), 1);
    }
}
