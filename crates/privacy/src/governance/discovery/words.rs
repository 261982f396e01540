//! The lists of `words.txt`.

use std::{collections::BTreeMap, sync::LazyLock};

static LISTS: LazyLock<BTreeMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let lines = include_str!("words.txt").lines();
    let lists = lines.filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?, words.collect()))
    });
    lists.collect()
});

/// The words of a list; none for a list that does not exist.
pub(super) fn list(name: &str) -> &'static [&'static str] {
    LISTS.get(name).map_or(&[], Vec::as_slice)
}

/// The characters of a list that is one word.
pub(super) fn characters(name: &str) -> &'static str {
    list(name).first().copied().unwrap_or_default()
}
