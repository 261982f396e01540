//! How a file meets its table, in the form of an order and on the pages of what came of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value as Json;
use shuyu_app::arriving::{Arrival, ArrivalMode, Arriving, ColumnChange};

use super::posted::Posted;
use crate::page::{Frame, parts::Choice};

/// Marks between names that people type.
const BETWEEN: [char; 4] = [',', ' ', '\u{ff0c}', '\u{3001}'];

/// Ways to meet the rows of a table, to choose from.
pub(crate) fn modes(frame: &Frame) -> Vec<Choice> {
    let choice = |mode: ArrivalMode| Choice {
        value: mode.word().to_owned(),
        label: mode_words(frame, mode),
        selected: mode.is_usual(),
    };
    ArrivalMode::ALL.into_iter().map(choice).collect()
}

/// Names as typed into one field.
pub(crate) fn names(text: &str) -> impl Iterator<Item = String> {
    let parts = text.split(BETWEEN).filter(|name| !name.is_empty());
    parts.map(str::to_owned)
}

/// What the form says of the table that stands; `Err` names the question whose answer is not understood.
pub(crate) fn read(posted: &Posted) -> Result<Arriving, &'static str> {
    let mode = match posted.filled("mode") {
        None => ArrivalMode::default(),
        Some(word) => (ArrivalMode::ALL.into_iter())
            .find(|mode| mode.word() == word)
            .ok_or("ingest-mode")?,
    };
    let pair = |text: String| {
        let (before, now) = text.split_once('=')?;
        Some((before.to_owned(), now.to_owned()))
    };
    let rename: Option<BTreeMap<_, _>> = names(posted.one("rename")).map(pair).collect();
    let set = |name: &str| names(posted.one(name)).collect::<BTreeSet<_>>();
    let codes: Option<BTreeMap<_, _>> = posted.one("codes").lines().filter_map(listed).collect();
    Ok(Arriving {
        mode,
        row_key: names(posted.one("row_key")).collect(),
        drop: set("drop"),
        rename: rename.ok_or("ingest-rename")?,
        retype: set("retype"),
        codes: codes.ok_or("ingest-codes")?,
    })
}

/// A line of code lists, `column: one two`: nothing for an empty one, `Some(None)` if it is no such line.
fn listed(line: &str) -> Option<Option<(String, BTreeSet<String>)>> {
    let line = line.trim();
    let pair = || {
        let (column, codes) = line.split_once([':', '\u{ff1a}'])?;
        Some((column.trim().to_owned(), names(codes).collect()))
    };
    (!line.is_empty()).then(pair)
}

/// How a version came, sentence by sentence; nothing if as usual.
pub(crate) fn told(frame: &Frame, arrival: Option<&Arrival>) -> Vec<String> {
    let Some(arrival) = arrival else { return Vec::new() };
    let mut told = Vec::new();
    if !arrival.mode.is_usual() {
        told.push(mode_words(frame, arrival.mode));
    }
    if !arrival.key.is_empty() {
        told.push(frame.tr("version-key", &[("key", arrival.key.join(", "))]));
    }
    told.extend(arrival.changes.iter().map(|change| words(frame, change)));
    told
}

/// The changes of columns that stand in a quality report.
pub(crate) fn changes(frame: &Frame, report: &Json) -> Vec<String> {
    let list = report.get("changes").and_then(Json::as_array);
    let read = |change: &Json| ColumnChange::deserialize(change).ok();
    list.into_iter()
        .flatten()
        .filter_map(read)
        .map(|change| words(frame, &change))
        .collect()
}

fn mode_words(frame: &Frame, mode: ArrivalMode) -> String {
    frame.t(&format!("mode-{}", mode.word()))
}

fn words(frame: &Frame, change: &ColumnChange) -> String {
    let named = change.change == "renamed";
    let kind = |word: &String| {
        if named {
            word.clone()
        } else {
            kind_words(frame, word)
        }
    };
    frame.tr(
        &format!("column-{}", change.change),
        &[
            ("column", change.column.clone()),
            ("from", kind(&change.from)),
            ("to", kind(&change.to)),
        ],
    )
}

/// The type of a column in words.
fn kind_words(frame: &Frame, word: &str) -> String {
    match word.split_once('_') {
        Some((_, scale)) => frame.tr("kind-decimal", &[("scale", scale)]),
        None if word.is_empty() => String::new(),
        None => frame.t(&format!("kind-{word}")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn a_line_of_code_lists_is_a_column_and_its_values() {
        let read = |line: &str| {
            let (column, codes) = listed(line).flatten()?;
            Some((column, codes.into_iter().collect::<Vec<_>>().join("/")))
        };
        let pair = |column: &str, codes: &str| Some((column.to_owned(), codes.to_owned()));
        assert_eq!(read(" sex : m, f "), pair("sex", "f/m"));
        assert_eq!(read("性别：男、女"), pair("性别", "女/男"));
        assert_eq!(read("sex:"), pair("sex", ""), "a list is lifted");
        assert!(listed("  ").is_none(), "an empty line says nothing");
        assert_eq!(listed("sex m f"), Some(None), "and this is none");
    }
}
