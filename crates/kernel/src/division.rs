//! The tree of administrative divisions, built from rows of code and name.

use std::collections::{BTreeMap, btree_map::Entry};

use crate::cn::DivisionCode;

/// Divisions with their names. Every division but a province has its parent in the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DivisionTree {
    names: BTreeMap<DivisionCode, String>,
    /// Under `None` stand the provinces.
    children: BTreeMap<Option<DivisionCode>, Vec<DivisionCode>>,
}

/// Why rows do not make a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DivisionTreeError {
    /// One code with two names. (The same row twice is harmless: official files repeat a prefecture
    /// without counties at the county level.)
    #[error("{code} has two names, `{first}` and `{second}`")]
    Duplicate {
        /// The code.
        code: DivisionCode,
        /// Its name in the earlier row.
        first: String,
        /// Its name in the later row.
        second: String,
    },
    /// The division directly above is missing.
    #[error("{code} has no parent: {parent} is missing")]
    Orphan {
        /// The lonely division.
        code: DivisionCode,
        /// What should be above it.
        parent: DivisionCode,
    },
    /// A division needs a name.
    #[error("{0} has no name")]
    EmptyName(DivisionCode),
}

impl DivisionTree {
    /// Builds the tree. Rows may come in any order.
    ///
    /// # Errors
    /// [`DivisionTreeError`]: two names for one code, a missing parent, an empty name.
    pub fn from_rows<N: Into<String>>(
        rows: impl IntoIterator<Item = (DivisionCode, N)>,
    ) -> Result<Self, DivisionTreeError> {
        let mut names = BTreeMap::new();
        for (code, name) in rows {
            let name: String = name.into();
            if name.trim().is_empty() {
                return Err(DivisionTreeError::EmptyName(code));
            }
            match names.entry(code) {
                Entry::Vacant(free) => {
                    free.insert(name);
                }
                Entry::Occupied(known) if *known.get() == name => {}
                Entry::Occupied(known) => {
                    let first = known.get().clone();
                    return Err(DivisionTreeError::Duplicate {
                        code,
                        first,
                        second: name,
                    });
                }
            }
        }
        let mut children: BTreeMap<_, Vec<DivisionCode>> = BTreeMap::new();
        for code in names.keys().copied() {
            let above = code.parent();
            if let Some(parent) = above.filter(|parent| !names.contains_key(parent)) {
                return Err(DivisionTreeError::Orphan { code, parent });
            }
            children.entry(above).or_default().push(code);
        }
        Ok(Self { names, children })
    }

    /// How many divisions there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
    /// Whether the division is in the tree.
    pub fn has(&self, code: DivisionCode) -> bool {
        self.names.contains_key(&code)
    }
    /// Its own name, for example 大理市.
    pub fn name(&self, code: DivisionCode) -> Option<&str> {
        self.names.get(&code).map(String::as_str)
    }
    /// Names from the province down, joined: 云南省大理白族自治州大理市.
    pub fn full_name(&self, code: DivisionCode) -> Option<String> {
        let own = self.name(code)?;
        let above = self
            .ancestors(code)
            .into_iter()
            .rev()
            .filter_map(|code| self.name(code));
        Some(above.chain([own]).collect())
    }

    /// The divisions above, nearest first. Empty for a province and for an unknown code.
    pub fn ancestors(&self, code: DivisionCode) -> Vec<DivisionCode> {
        let start = if self.has(code) { code.parent() } else { None };
        std::iter::successors(start, |code| code.parent()).collect()
    }
    /// The divisions directly below, ascending.
    pub fn children(&self, code: DivisionCode) -> &[DivisionCode] {
        self.children.get(&Some(code)).map_or(&[], Vec::as_slice)
    }
    /// The division itself and everything inside it, ascending, with names. Empty for an unknown code.
    pub fn within(&self, code: DivisionCode) -> impl Iterator<Item = (DivisionCode, &str)> {
        let inside = self
            .has(code)
            .then(|| self.names.range(code..=code.last_inside()));
        inside
            .into_iter()
            .flatten()
            .map(|(code, name)| (*code, name.as_str()))
    }
    /// The provinces, ascending.
    pub fn roots(&self) -> &[DivisionCode] {
        self.children.get(&None).map_or(&[], Vec::as_slice)
    }
}
