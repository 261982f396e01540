//! What every page must be, checked on the text a browser gets.

use std::collections::{BTreeMap, BTreeSet};

/// Elements without an end tag.
const VOID: [&str; 8] = ["meta", "link", "input", "br", "img", "hr", "wbr", "col"];

/// A start tag with its attributes, and the names of the elements around it.
struct Tag {
    name: String,
    attributes: BTreeMap<String, String>,
    around: Vec<String>,
}

/// Checks a page; panics with what is wrong.
pub(super) fn check(page: &str, html: &str) {
    for forbidden in [
        "\u{27e6}",
        "{$",
        "{{",
        "{%",
        "http://",
        "https://",
        "javascript:",
        "<style",
        "<no>",
    ] {
        assert!(
            !html.contains(forbidden),
            "{page}: holds {forbidden:?} near {:?}",
            near(html, forbidden)
        );
    }
    let tags = tags(page, html);
    assert_eq!(
        tags.iter().filter(|tag| tag.name == "h1").count(),
        1,
        "{page}: one h1"
    );
    assert!(
        tags.iter()
            .any(|tag| tag.name == "html" && tag.attributes.contains_key("lang")),
        "{page}: language"
    );
    ids(page, &tags);
    controls(page, &tags);
    forms(page, html);
    for tag in &tags {
        for (name, value) in &tag.attributes {
            assert!(
                name != "style" && !name.starts_with("on"),
                "{page}: {name}={value:?} is inline"
            );
        }
        assert!(
            tag.name != "script" || tag.attributes.contains_key("src"),
            "{page}: inline script"
        );
        let scope = tag.name != "th" || tag.attributes.contains_key("scope");
        assert!(scope, "{page}: a table head without scope");
    }
    let tables = tags.iter().filter(|tag| tag.name == "table").count();
    let captions = tags.iter().filter(|tag| tag.name == "caption").count();
    assert_eq!(tables, captions, "{page}: every table has a caption");
}

fn near<'a>(html: &'a str, what: &str) -> &'a str {
    let at = html.find(what).unwrap_or(0);
    let from = html[..at].char_indices().rev().nth(40).map_or(0, |(at, _)| at);
    let to = html[at..]
        .char_indices()
        .nth(60)
        .map_or(html.len(), |(more, _)| at + more);
    &html[from..to]
}

fn tags(page: &str, html: &str) -> Vec<Tag> {
    let (mut open, mut tags): (Vec<String>, Vec<Tag>) = (Vec::new(), Vec::new());
    let mut rest = html;
    while let Some((_, after)) = rest.split_once('<') {
        let (inside, tail) = after
            .split_once('>')
            .unwrap_or_else(|| panic!("{page}: an open bracket at {after:.40}"));
        rest = tail;
        if inside.starts_with('!') {
            continue;
        }
        if let Some(name) = inside.strip_prefix('/') {
            assert_eq!(
                open.pop().as_deref(),
                Some(name.trim()),
                "{page}: </{name}> closes another element"
            );
            continue;
        }
        let name: String = inside.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(!name.is_empty(), "{page}: <{inside:.40}");
        tags.push(Tag {
            attributes: attributes(page, &inside[name.len()..]),
            name: name.clone(),
            around: open.clone(),
        });
        if !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{page}: left open: {open:?}");
    tags
}

fn attributes(page: &str, text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let name: String = rest
            .chars()
            .take_while(|c| !c.is_whitespace() && *c != '=')
            .collect();
        rest = rest[name.len()..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix("=\"") {
            let (text, tail) = after
                .split_once('"')
                .unwrap_or_else(|| panic!("{page}: {name} has no end quote"));
            value = text.to_owned();
            rest = tail;
            assert!(
                rest.is_empty() || rest.starts_with(char::is_whitespace),
                "{page}: {name}={value:?} runs on"
            );
            rest = rest.trim_start();
        }
        assert!(
            found.insert(name.clone(), value).is_none(),
            "{page}: {name} twice in {text:.80}"
        );
    }
    found
}

fn ids(page: &str, tags: &[Tag]) {
    let mut known = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.attributes.get("id")) {
        assert!(known.insert(id.as_str()), "{page}: id {id} twice");
    }
    for tag in tags {
        for name in ["for", "aria-labelledby", "aria-describedby"] {
            for id in tag
                .attributes
                .get(name)
                .into_iter()
                .flat_map(|ids| ids.split_whitespace())
            {
                assert!(known.contains(id), "{page}: {name}={id} names nothing");
            }
        }
    }
}

fn controls(page: &str, tags: &[Tag]) {
    let labelled: BTreeSet<&str> = tags
        .iter()
        .filter(|tag| tag.name == "label")
        .filter_map(|tag| tag.attributes.get("for"))
        .map(String::as_str)
        .collect();
    for tag in tags
        .iter()
        .filter(|tag| ["input", "select", "textarea"].contains(&tag.name.as_str()))
    {
        let hidden = tag.attributes.get("type").is_some_and(|ty| ty == "hidden");
        let named = tag
            .attributes
            .get("id")
            .is_some_and(|id| labelled.contains(id.as_str()));
        let inside = tag.around.iter().any(|name| name == "label");
        assert!(
            hidden || named || inside,
            "{page}: a control without a label: {:?}",
            tag.attributes
        );
    }
}

fn forms(page: &str, html: &str) {
    for form in html.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap_or_default();
        // Signing in has no session yet; the browser's word on where the form comes from is asked there.
        let exempt = !form.contains("method=\"post\"") || form.contains("action=\"/sign-in\"");
        assert!(
            exempt || form.contains("name=\"csrf\" value=\"token\""),
            "{page}: a form without token: {form:.120}"
        );
    }
}

#[test]
fn what_is_wrong_with_a_page_is_found() {
    let page = |main: &str| format!("<!doctype html><html lang=\"en\"><body><h1>t</h1>{main}</body></html>");
    check(
        "good",
        &page(
            "<p>fine</p><form method=\"post\"><input type=\"hidden\" name=\"csrf\" value=\"token\"></form>",
        ),
    );
    for wrong in [
        "<h1>second</h1>",
        "<p><b>crossed</p></b>",
        "<p>left open",
        "<p style=\"color:red\">inline</p>",
        "<p onclick=\"x()\">inline</p>",
        "<script>alert(1)</script>",
        "<form method=\"post\"></form>",
        "<input name=\"x\">",
        "<label for=\"nothing\">x</label>",
        "<p id=\"a\"></p><p id=\"a\"></p>",
        "<table><tr><td>x</td></tr></table>",
        "{$missing}",
        "<no>",
    ] {
        let found = std::panic::catch_unwind(|| check("bad", &page(wrong)));
        assert!(found.is_err(), "nothing was said about {wrong}");
    }
}
