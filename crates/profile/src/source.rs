//! The bytes of a profile, before anything is understood.

use std::collections::BTreeMap;

use shuyu_kernel::Digest;

/// The files of one profile folder: path relative to the folder (with `/`) to UTF-8 text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProfileSource {
    /// Name of the folder, for example `yunnan`; stands before each path in errors.
    pub name: String,
    /// Relative path to content.
    pub files: BTreeMap<String, String>,
}

impl ProfileSource {
    /// An empty folder with a name.
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            files: BTreeMap::new(),
        }
    }

    /// Adds a file; a later one of the same path replaces the earlier.
    #[must_use]
    pub fn with(mut self, path: &str, text: &str) -> Self {
        self.files.insert(path.to_owned(), text.to_owned());
        self
    }

    /// The content of a file.
    pub fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// All files directly or deeper under `folder/`, in order of path.
    pub fn under<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.files
            .iter()
            .filter(move |(path, _)| {
                path.strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'))
            })
            .map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The SM3 digest over all paths and contents, length-prefixed, in order of path.
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::new();
        for (path, text) in &self.files {
            for part in [path.as_bytes(), text.as_bytes()] {
                bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
                bytes.extend_from_slice(part);
            }
        }
        Digest::of(&bytes)
    }
}
