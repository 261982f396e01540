//! `docs/tour.md` names places as file, line and the text of that line. All three must agree.

use crate::finding::Finding;

/// The page.
pub const PAGE: &str = "docs/tour.md";

/// A place named in a document: `[path:line](…) `text``.
#[derive(Debug, PartialEq, Eq)]
struct Place<'a> {
    path: &'a str,
    line: usize,
    text: &'a str,
}

/// Compares every place of the document with the file it names. `read` gives the content of a file.
pub fn check(document: &str, read: impl Fn(&str) -> Option<String>) -> Vec<Finding> {
    let places = places(document);
    let mut findings: Vec<Finding> = places.iter().filter_map(|place| wrong(place, &read)).collect();
    if places.is_empty() {
        findings.push(Finding::at(PAGE, "names no place"));
    }
    findings
}

fn wrong(place: &Place<'_>, read: impl Fn(&str) -> Option<String>) -> Option<Finding> {
    let Some(content) = read(place.path) else {
        return Some(Finding::at(PAGE, format!("`{}` does not exist", place.path)));
    };
    let there = content
        .lines()
        .nth(place.line.saturating_sub(1))
        .unwrap_or_default();
    if there.contains(place.text) {
        return None;
    }
    let found = content.lines().position(|line| line.contains(place.text));
    let hint = found.map_or_else(String::new, |line| format!("; it stands in line {}", line + 1));
    Some(Finding::at(
        PAGE,
        format!(
            "{}:{} does not hold `{}`{hint}",
            place.path, place.line, place.text
        ),
    ))
}

fn places(document: &str) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    let mut rest = document;
    while let Some(start) = rest.find('[') {
        rest = &rest[start + 1..];
        if let Some(place) = place(rest) {
            found.push(place);
        }
    }
    found
}

fn place(text: &str) -> Option<Place<'_>> {
    let (name, after) = text.split_once("](../")?;
    let (path, line) = name
        .rsplit_once(':')
        .filter(|_| !name.contains(char::is_whitespace))?;
    let (_, after) = after.split_once(") `")?;
    let (text, _) = after.split_once('`')?;
    Some(Place {
        path,
        line: line.parse().ok()?,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "See [a.rs:2](../a.rs#L2) `fn second` and [gone](x).";

    #[test]
    fn a_place_that_holds_is_no_finding() {
        let read = |path: &str| (path == "a.rs").then(|| "fn first\nfn second() {}\n".to_owned());
        assert!(check(DOCUMENT, read).is_empty());
    }

    #[test]
    fn a_moved_line_a_missing_file_and_an_empty_tour_are_findings() {
        let moved = |_: &str| Some("fn second() {}\n".to_owned());
        assert_eq!(check(DOCUMENT, moved).len(), 1);
        assert_eq!(check(DOCUMENT, |_| None).len(), 1);
        assert_eq!(check("nothing", |_| None).len(), 1);
    }
}
