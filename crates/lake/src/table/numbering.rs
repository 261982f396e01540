//! Subjects by number: what stands in the place of identifiers where those are not kept.

use std::{borrow::Cow, collections::HashMap};

use super::{
    cell::Cell,
    spec::{ColumnType, TableSpec},
};

/// Numbers of subjects, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Numbers(HashMap<i64, usize>);

impl Numbers {
    /// Puts the number of a row's subject in the place of what names it; of columns that are no text nothing is kept.
    pub(super) fn put(&mut self, unit: i64, cells: &mut [Cell<'_>], (spec, places): (&TableSpec, &[usize])) {
        let next = self.0.len() + 1;
        let number = *self.0.entry(unit).or_insert(next);
        for place in places {
            let text = spec.columns.get(*place).map(|column| column.kind) == Some(ColumnType::Text);
            if let Some(cell) = cells.get_mut(*place) {
                *cell = if text {
                    Cell::Text(Cow::Owned(number.to_string()))
                } else {
                    Cell::Null
                };
            }
        }
    }
}
