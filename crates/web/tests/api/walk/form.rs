//! The controls of a form as a browser sees them: names, present values, what can be chosen, and labels.

use std::collections::{BTreeMap, BTreeSet};

/// A control, or several of one name.
#[derive(Debug, Default)]
pub struct Control {
    /// Values it has now.
    pub values: Vec<String>,
    /// Values that can be chosen; empty = anything can be typed.
    pub options: BTreeSet<String>,
    /// A file can be brought.
    pub file: bool,
}

/// The controls of the questions of a page.
pub fn controls(page: &str) -> BTreeMap<String, Control> {
    let mut found: BTreeMap<String, Control> = BTreeMap::new();
    let main = page.split_once("<main").map_or(page, |(_, main)| main);
    for (tag, inside) in elements(main) {
        let name = attribute(tag, "name");
        if !["f.", "r.", "u.", "file."]
            .iter()
            .any(|start| name.starts_with(start))
        {
            continue;
        }
        let control = found.entry(name).or_default();
        let value = attribute(tag, "value");
        if tag.starts_with("textarea") {
            control
                .values
                .push(unescaped(inside.split("</textarea>").next().unwrap_or_default()));
        } else if tag.starts_with("select") {
            let list = inside.split("</select>").next().unwrap_or_default();
            for (option, _) in elements(list) {
                let value = attribute(option, "value");
                if option.contains(" selected") {
                    control.values.push(value.clone());
                }
                control.options.insert(value);
            }
        } else if tag.contains("type=\"checkbox\"") || tag.contains("type=\"radio\"") {
            if tag.contains(" checked") {
                control.values.push(value.clone());
            }
            control.options.insert(value);
        } else if tag.contains("type=\"file\"") {
            control.file = true;
        } else {
            control.values.push(value);
        }
    }
    found
}

/// Whether a question stands on the page with its label: one for its control, or a legend over several.
pub fn labelled(page: &str, question: &str) -> bool {
    let one = page.contains(&format!("<label for=\"q-{question}\">"))
        && page.contains(&format!(" id=\"q-{question}\""));
    let several = page.split_once(&format!("<fieldset id=\"q-{question}\""));
    let legend = several.is_some_and(|(_, rest)| {
        let (set, _) = rest.split_once("</fieldset>").unwrap_or_default();
        set.contains("<legend>")
    });
    one || legend
}

/// Start tags with what follows them.
fn elements(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('<')
        .filter_map(|piece| piece.split_once('>'))
        .filter(|(tag, _)| !tag.starts_with('/'))
        .map(move |(tag, _)| {
            // What follows is wanted up to an end tag, which is another piece: take it from the whole text.
            let at = tag.as_ptr() as usize - text.as_ptr() as usize + tag.len() + 1;
            (tag, &text[at..])
        })
}

fn attribute(tag: &str, name: &str) -> String {
    let start = format!(" {name}=\"");
    let value = tag
        .split_once(&start)
        .and_then(|(_, rest)| rest.split('"').next());
    unescaped(value.unwrap_or_default())
}

fn unescaped(text: &str) -> String {
    [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The value of the first hidden field of a name.
pub fn hidden(page: &str, name: &str) -> String {
    let start = format!("type=\"hidden\" name=\"{name}\" value=\"");
    let rest = page
        .split_once(&start)
        .and_then(|(_, rest)| rest.split('"').next());
    unescaped(rest.unwrap_or_default())
}

/// Groups of a form: the last part of every link below its address, without the check page.
pub fn groups(page: &str, base: &str) -> Vec<String> {
    let start = format!("href=\"{base}/");
    page.split(&start)
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|group| *group != "check")
        .map(str::to_owned)
        .collect()
}
