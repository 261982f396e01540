//! The gazetted calendar of the project, and shorthands.

use std::{fs, path::Path, sync::LazyLock};

use shuyu_kernel::{CivilDate, WorkCalendar};

/// The yearly files of `profiles/cn-base/calendar`, name and text, ascending.
pub(crate) static FILES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/cn-base/calendar");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "toml"))
        .map(|path| {
            (
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                fs::read_to_string(path).unwrap(),
            )
        })
        .collect();
    files.sort();
    files
});

pub(crate) static CALENDAR: LazyLock<WorkCalendar> = LazyLock::new(|| build(&FILES));

pub(crate) fn build(files: &[(String, String)]) -> WorkCalendar {
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    WorkCalendar::from_toml(&files).unwrap()
}

pub(crate) fn date(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// One entry of a file, read line by line without the code under test.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) date: CivilDate,
    pub(crate) off: bool,
}

/// Entries in the order of the files.
pub(crate) fn entries() -> Vec<Entry> {
    let mut found = Vec::new();
    for (_, text) in FILES.iter() {
        let mut current = None;
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("date = ") {
                current = Some(date(rest.trim_matches('"')));
            }
            if let Some(rest) = line.strip_prefix("off = ") {
                found.push(Entry {
                    date: current.take().unwrap(),
                    off: rest == "true",
                });
            }
        }
    }
    found
}
