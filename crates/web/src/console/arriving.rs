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
    Ok(Arriving {
        mode,
        row_key: names(posted.one("row_key")).collect(),
        drop: set("drop"),
        rename: rename.ok_or("ingest-rename")?,
        retype: set("retype"),
    })
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
