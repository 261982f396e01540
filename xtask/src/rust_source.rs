//! Rust files as tokens: the strings, macros, attributes and calls that the checks look at.
//!
//! Tokens and not regular expressions, so that comments, raw strings and line breaks cannot mislead.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use proc_macro2::{Delimiter, Group, LexError, TokenStream, TokenTree};

use crate::tree::Tree;

/// A string literal outside doc comments.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// Line of its first character, from 1.
    pub line: usize,
    /// What stands between the quotes, escapes as written.
    pub inner: String,
    /// Inside `#[cfg(test)]` or `#[test]`.
    pub in_test: bool,
}

/// What stands where a call expects a string.
#[derive(Debug, PartialEq, Eq)]
pub enum Argument {
    /// A literal.
    Literal(String),
    /// A constant, by its last name.
    Constant(String),
    /// Something computed.
    Computed,
}

/// A call `name(…)` or `Owner::name(…)`.
#[derive(Debug, PartialEq, Eq)]
pub struct Call {
    /// Line of the name, from 1.
    pub line: usize,
    /// The type or module right before `::`, if any.
    pub owner: Option<String>,
    /// The function.
    pub name: String,
    /// The first string among the arguments, else a constant, else something computed.
    pub argument: Argument,
    /// Inside `#[cfg(test)]` or `#[test]`.
    pub in_test: bool,
}

/// What the checks need to know of one file.
#[derive(Debug, Default)]
pub struct RustSource {
    /// String literals.
    pub texts: Vec<Text>,
    /// Calls of functions and tuple constructors.
    pub calls: Vec<Call>,
    /// Macro calls: line and name.
    pub macros: Vec<(usize, String)>,
    /// Attributes: line and first name (`allow`, `cfg`, …).
    pub attributes: Vec<(usize, String)>,
    /// `const NAME: &str = "…"`.
    pub constants: BTreeMap<String, String>,
    /// Strings in the bodies of `fn code`, with their lines: by convention codes, never words.
    pub codes: Vec<(usize, String)>,
    /// `mod name;` under `#[cfg(test)]`: test code in a file of its own.
    pub test_modules: Vec<String>,
}

impl RustSource {
    /// Reads a file's tokens.
    pub fn parse(text: &str) -> Result<Self, LexError> {
        let mut source = Self::default();
        source.walk(TokenStream::from_str(text)?, false);
        Ok(source)
    }

    fn walk(&mut self, stream: TokenStream, outer_test: bool) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut whole_rest = outer_test;
        // Set by a test attribute, until the end of the item that it stands on.
        let mut item_is_test = false;
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            let in_test = whole_rest || item_is_test;
            if let Some((group, inner, used)) = attribute(&tokens[at..]) {
                let words = words(group);
                if let Some(first) = words.first() {
                    self.attributes.push((line(token), first.clone()));
                }
                if is_test(&words) {
                    whole_rest |= inner;
                    item_is_test |= !inner;
                }
                if words.first().is_none_or(|word| word != "doc") {
                    self.walk(group.stream(), in_test);
                }
                at += used;
                continue;
            }
            match token {
                TokenTree::Literal(literal) => {
                    if let Some(inner) = string_inner(&literal.to_string()) {
                        self.texts.push(Text {
                            line: line(token),
                            inner,
                            in_test,
                        });
                    }
                }
                TokenTree::Ident(name) => self.name(&name.to_string(), &tokens, at, in_test),
                TokenTree::Group(group) => {
                    self.walk(group.stream(), in_test);
                    item_is_test &= group.delimiter() != Delimiter::Brace;
                }
                TokenTree::Punct(punct) => item_is_test &= punct.as_char() != ';',
            }
            at += 1;
        }
    }

    /// Looks at what follows a name.
    fn name(&mut self, name: &str, tokens: &[TokenTree], at: usize, in_test: bool) {
        let place = line(&tokens[at]);
        match (tokens.get(at + 1), tokens.get(at + 2)) {
            (Some(TokenTree::Group(group)), _) if group.delimiter() == Delimiter::Parenthesis => {
                let owner = owner(&tokens[..at]);
                let argument = argument(group);
                self.calls.push(Call {
                    line: place,
                    owner,
                    name: name.to_owned(),
                    argument,
                    in_test,
                });
            }
            (Some(TokenTree::Punct(bang)), Some(TokenTree::Group(_))) if bang.as_char() == '!' => {
                self.macros.push((place, name.to_owned()));
            }
            (Some(TokenTree::Ident(module)), Some(TokenTree::Punct(end)))
                if name == "mod" && end.as_char() == ';' && in_test =>
            {
                self.test_modules.push(module.to_string());
            }
            (Some(TokenTree::Ident(function)), _) if name == "fn" && function == "code" && !in_test => {
                let body = tokens[at..].iter().find_map(|token| match token {
                    TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Some(group),
                    _ => None,
                });
                self.codes.extend(body.into_iter().flat_map(strings));
            }
            (Some(TokenTree::Ident(constant)), _) if name == "const" => {
                let value = tokens[at..].iter().take_while(|token| !is_punct(token, ';'));
                if let Some(inner) = value.filter_map(literal_inner).next() {
                    self.constants.insert(constant.to_string(), inner);
                }
            }
            _ => {}
        }
    }
}

/// The files of a tree that hold only tests: by folder, and by `#[cfg(test)] mod name;`.
pub fn test_files(tree: &Tree, sources: &BTreeMap<String, RustSource>) -> BTreeSet<String> {
    let mut roots: Vec<String> = Vec::new();
    for (path, source) in sources {
        let stem = path.trim_end_matches(".rs");
        let folder = match stem.rsplit_once('/') {
            Some((folder, "lib" | "main" | "mod")) => folder,
            _ => stem,
        };
        roots.extend(
            source
                .test_modules
                .iter()
                .map(|module| format!("{folder}/{module}")),
        );
    }
    let by_folder = |path: &str| {
        let mut folders: Vec<&str> = path.split('/').collect();
        folders.pop();
        folders
            .iter()
            .any(|folder| matches!(*folder, "tests" | "benches" | "examples"))
    };
    let by_module = |path: &str| {
        roots.iter().any(|root| {
            path.strip_prefix(root.as_str())
                .is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        })
    };
    let rust = tree.under("", ".rs").map(|(path, _)| path);
    rust.filter(|path| by_folder(path) || by_module(path))
        .map(str::to_owned)
        .collect()
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

fn is_punct(token: &TokenTree, wanted: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// `#[…]` or `#![…]` at the head of the tokens: its group, whether it is an inner one, tokens used.
fn attribute(tokens: &[TokenTree]) -> Option<(&Group, bool, usize)> {
    let (first, rest) = tokens.split_first()?;
    if !is_punct(first, '#') {
        return None;
    }
    let inner = rest.first().is_some_and(|token| is_punct(token, '!'));
    match rest.get(usize::from(inner)) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Bracket => {
            Some((group, inner, 2 + usize::from(inner)))
        }
        _ => None,
    }
}

/// The names inside an attribute, in order, groups opened.
fn words(group: &Group) -> Vec<String> {
    let mut found = Vec::new();
    for token in group.stream() {
        match token {
            TokenTree::Ident(name) => found.push(name.to_string()),
            TokenTree::Group(inner) => found.extend(words(&inner)),
            _ => {}
        }
    }
    found
}

/// The strings inside a group, groups opened, with their lines.
fn strings(group: &Group) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for token in group.stream() {
        match &token {
            TokenTree::Group(inner) => found.extend(strings(inner)),
            _ => found.extend(literal_inner(&token).map(|text| (line(&token), text))),
        }
    }
    found
}

/// `test`, `tokio::test`, `cfg(test)`, `cfg(all(test, …))`; not `cfg(not(test))`.
fn is_test(words: &[String]) -> bool {
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    match words.first().map(String::as_str) {
        Some("cfg") => has("test") && !has("not"),
        Some("test") => true,
        Some("tokio") => words.get(1).is_some_and(|word| word == "test"),
        _ => false,
    }
}

/// The name before `::` at the end of these tokens.
fn owner(before: &[TokenTree]) -> Option<String> {
    match before {
        [.., TokenTree::Ident(owner), first, second] if is_punct(first, ':') && is_punct(second, ':') => {
            Some(owner.to_string())
        }
        _ => None,
    }
}

fn argument(group: &Group) -> Argument {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    if let Some(inner) = tokens.iter().filter_map(literal_inner).next() {
        return Argument::Literal(inner);
    }
    let is_constant = |name: &str| name.len() > 1 && !name.contains(|c: char| c.is_ascii_lowercase());
    let mut names = tokens.iter().filter_map(|token| match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    });
    names
        .rfind(|name| is_constant(name))
        .map_or(Argument::Computed, Argument::Constant)
}

fn literal_inner(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Literal(literal) => string_inner(&literal.to_string()),
        _ => None,
    }
}

/// Between the quotes of `"…"`, `r#"…"#`, `c"…"`; none for numbers, bytes and characters.
fn string_inner(written: &str) -> Option<String> {
    let rest = written.strip_prefix('c').unwrap_or(written);
    let rest = rest.strip_prefix('r').unwrap_or(rest);
    let rest = rest.trim_matches('#');
    Some(rest.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_and_comments_are_not() {
        let source = RustSource::parse(
            "//! \"doc\"\n/// \"doc\"\n// \"no\"\nfn f() {\n  g(r#\"a \"b\" c\"#, 'x', b\"y\", \"\\\"q\");\n}\n#[cfg(test)]\nmod t { const A: &str = \"in\"; }\nconst B: &str = \"out\";\n",
        )
        .unwrap();
        let seen: Vec<(usize, &str, bool)> = source
            .texts
            .iter()
            .map(|t| (t.line, t.inner.as_str(), t.in_test))
            .collect();
        assert_eq!(
            seen,
            [
                (5, "a \"b\" c", false),
                (5, "\\\"q", false),
                (8, "in", true),
                (9, "out", false)
            ]
        );
        assert_eq!(source.constants["B"], "out");
    }

    #[test]
    fn a_test_attribute_ends_with_its_item() {
        let source = RustSource::parse(
            "#[cfg(test)] use a::b; fn f() { \"1\" } #[test] #[ignore] fn g() -> X { \"2\" } fn h() { \"3\" }
             #[cfg(not(test))] fn i() { \"4\" } #[cfg(test)] mod deep;",
        )
        .unwrap();
        let seen: Vec<(&str, bool)> = source
            .texts
            .iter()
            .map(|t| (t.inner.as_str(), t.in_test))
            .collect();
        assert_eq!(seen, [("1", false), ("2", true), ("3", false), ("4", false)]);
        assert_eq!(source.test_modules, ["deep"]);
    }

    #[test]
    fn an_inner_test_attribute_covers_the_rest() {
        let source = RustSource::parse("#![cfg(test)]\nfn f() { \"1\" }\nfn g() { \"2\" }").unwrap();
        assert!(source.texts.iter().all(|text| text.in_test));
    }

    #[test]
    fn calls_know_their_owner_and_argument() {
        let source = RustSource::parse(
            "fn f() { Refusal::unmet(\"a_b\"); Refusal::new(RefusalKind::Limited, code::TOO_MUCH);
             w.t(\n\"key\"); Refusal::conflict(&code); assert!(t(\"k2\")); }",
        )
        .unwrap();
        let call = |name: &str| source.calls.iter().find(|call| call.name == name).unwrap();
        assert_eq!(call("unmet").owner.as_deref(), Some("Refusal"));
        assert_eq!(call("unmet").argument, Argument::Literal("a_b".into()));
        assert_eq!(call("new").argument, Argument::Constant("TOO_MUCH".into()));
        assert_eq!(call("conflict").argument, Argument::Computed);
        assert_eq!(call("t").argument, Argument::Literal("key".into()));
        assert_eq!(call("t").line, 2);
        assert_eq!(source.calls.iter().filter(|call| call.name == "t").count(), 2);
    }

    #[test]
    fn test_files_are_known_by_folder_and_by_module() {
        let files = [
            ("crates/a/src/lib.rs", "#[cfg(test)] mod cases; mod b;"),
            ("crates/a/src/cases.rs", ""),
            ("crates/a/src/cases/more.rs", ""),
            ("crates/a/src/b.rs", "#[cfg(test)]\nmod tests;"),
            ("crates/a/src/b/tests.rs", ""),
            ("crates/a/src/b/cases.rs", ""),
            ("crates/a/tests/story.rs", ""),
        ];
        let tree = Tree::of(&files);
        let sources = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), RustSource::parse(text).unwrap()))
            .collect();
        let tests = test_files(&tree, &sources);
        let tests: Vec<&str> = tests.iter().map(String::as_str).collect();
        assert_eq!(
            tests,
            [
                "crates/a/src/b/tests.rs",
                "crates/a/src/cases.rs",
                "crates/a/src/cases/more.rs",
                "crates/a/tests/story.rs"
            ]
        );
    }
}
