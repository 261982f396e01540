//! How the columns of a new version meet those of the version before.
//!
//! A column more, which older rows do not have, and a type that holds every value of the old one are taken and told.
//! What loses something (a column gone, renamed, or of another type) is taken only when it is ordered by name, and
//! only by a file that replaces the table: rows that stay could not follow.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::Refusal;

use super::spec::{ColumnSpec, ColumnType, TableSpec};

/// Most column names put into one fact of a refusal.
const NAMED_COLUMNS: usize = 50;

/// Digits after the point up to which every whole number of 64 bits (19 digits) fits into a decimal of 28.
const WHOLE_FITS_SCALE: u8 = 9;

/// One difference between the columns of a version and those of the version before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "change")]
pub enum ColumnChange {
    /// A column more; missing in the rows that were there before.
    Added {
        /// Name.
        column: String,
        /// Its type.
        to: ColumnType,
    },
    /// A type that holds every value of the old one.
    Widened {
        /// Name.
        column: String,
        /// Type before.
        from: ColumnType,
        /// Type now.
        to: ColumnType,
    },
    /// A column less, as ordered.
    Dropped {
        /// Name.
        column: String,
    },
    /// A column under another name, as ordered.
    Renamed {
        /// Name before.
        column: String,
        /// Name now.
        name: String,
    },
    /// Another type that does not hold every value of the old one, as ordered.
    Retyped {
        /// Name.
        column: String,
        /// Type before.
        from: ColumnType,
        /// Type now.
        to: ColumnType,
    },
}

/// Changes that lose something, each ordered by name. Only a replacement may have any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SchemaOrder {
    /// Columns that are no longer there.
    #[serde(default)]
    pub drop: BTreeSet<String>,
    /// Name before → name in the new file.
    #[serde(default)]
    pub rename: BTreeMap<String, String>,
    /// Columns that take the type their values have now.
    #[serde(default)]
    pub retype: BTreeSet<String>,
}

impl SchemaOrder {
    /// Whether nothing is ordered.
    pub fn is_empty(&self) -> bool {
        self.drop.is_empty() && self.rename.is_empty() && self.retype.is_empty()
    }
}

/// Why an ordered change of a column does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderProblem {
    /// The table has no such column.
    Unknown,
    /// It names the subject or the row.
    Identifies,
    /// The file still has the column that is to go.
    StillThere,
    /// The file lacks the new name, or another column has it.
    NewName,
}

impl OrderProblem {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::Identifies, Self::StillThere, Self::NewName];

    /// The stable word, the fact `problem` of `schema_order_not_usable`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Identifies => "identifies",
            Self::StillThere => "still_there",
            Self::NewName => "new_name",
        }
    }
}

/// The columns before, and what may become of them.
pub(crate) struct Standing {
    pub(crate) spec: TableSpec,
    /// Columns that name the unit; those of the key are in `spec`.
    pub(crate) unit: Vec<String>,
    pub(crate) order: SchemaOrder,
}

impl Standing {
    /// The columns of the new version, with what differs. `found` are the columns of the file as inferred, `fits`
    /// tells whether every value seen of the column at this position has a type.
    ///
    /// # Errors
    /// `header_missing` when no column is known, `columns_dropped`, `schema_order_not_usable`.
    pub(crate) fn evolve(
        &self,
        found: &TableSpec,
        fits: impl Fn(usize, ColumnType) -> bool,
    ) -> Result<(TableSpec, Vec<ColumnChange>), Refusal> {
        self.check_order(found)?;
        let (mut columns, mut changes, mut missing) = (Vec::new(), Vec::new(), Vec::new());
        let mut taken = BTreeSet::new();
        for old in &self.spec.columns {
            let renamed = self.order.rename.get(&old.name);
            let Some(at) = self.position(found, old, renamed) else {
                if self.order.drop.contains(&old.name) {
                    changes.push(ColumnChange::Dropped {
                        column: old.name.clone(),
                    });
                } else {
                    missing.push(old.name.as_str());
                }
                continue;
            };
            let Some(new) = found.columns.get(at) else {
                continue;
            };
            taken.insert(at);
            let mut column = old.clone();
            if let Some(name) = renamed {
                (column.name, column.header) = (new.name.clone(), new.header.clone());
                changes.push(ColumnChange::Renamed {
                    column: old.name.clone(),
                    name: name.clone(),
                });
            } else if title(old) != title(new) {
                // Found by its name: the rows that follow stand under the title of this file.
                column.header.clone_from(&new.header);
            }
            changes.extend(self.retyped(old, new.kind, fits(at, old.kind), &mut column));
            columns.push(column);
        }
        if taken.is_empty() {
            // Perhaps the first row of somebody's data: its contents stay out of the refusal.
            return Err(Refusal::unmet("header_missing")
                .fact("found", found.columns.len())
                .fact("expected", self.spec.columns.len()));
        }
        let more = (found.columns.iter().enumerate()).filter(|(at, _)| !taken.contains(at));
        let added: Vec<&ColumnSpec> = more.map(|(_, column)| column).collect();
        if !missing.is_empty() {
            missing.truncate(NAMED_COLUMNS);
            let missing = missing.join(", ");
            // What is more may be somebody's data; what lacks is known from the version before.
            return Err(Refusal::unmet("columns_dropped")
                .fact("missing", missing)
                .fact("added", added.len()));
        }
        for column in added {
            changes.push(ColumnChange::Added {
                column: column.name.clone(),
                to: column.kind,
            });
            columns.push(column.clone());
        }
        let now = |name: &String| self.order.rename.get(name).unwrap_or(name).clone();
        let key = self.spec.key.iter().map(now).collect();
        Ok((TableSpec { columns, key }, changes))
    }

    /// The type of a column from now on: its own as long as every value has it, a wider one of itself, another one
    /// when ordered. Else it stays, and rows that do not have it break its rule.
    fn retyped(
        &self,
        old: &ColumnSpec,
        kind: ColumnType,
        fits: bool,
        column: &mut ColumnSpec,
    ) -> Option<ColumnChange> {
        let (name, from, to) = (column.name.clone(), old.kind, kind);
        let ordered = self.order.retype.contains(&old.name);
        if from == to || (fits && !ordered) {
            return None;
        }
        let change = if self.widens(&old.name, from, to) {
            ColumnChange::Widened {
                column: name,
                from,
                to,
            }
        } else if ordered {
            ColumnChange::Retyped {
                column: name,
                from,
                to,
            }
        } else {
            return None;
        };
        column.kind = to;
        if !is_number(to) {
            (column.min, column.max) = (None, None);
        }
        Some(change)
    }

    /// Columns that name the unit or the row widen to text only, whose canonical form is that of a whole number: a
    /// subject keeps its unit. Identity numbers are whole numbers until the first one ends in X.
    fn widens(&self, column: &str, from: ColumnType, to: ColumnType) -> bool {
        use ColumnType::{Decimal, Float, Integer, Text};
        if self.identifies(column) {
            return (from, to) == (Integer, Text);
        }
        match (from, to) {
            (Integer, Float) => true,
            (Integer, Decimal { scale }) => scale <= WHOLE_FITS_SCALE,
            (Decimal { scale: before }, Decimal { scale: after }) => after > before,
            _ => false,
        }
    }

    fn identifies(&self, column: &str) -> bool {
        self.unit.iter().chain(&self.spec.key).any(|name| name == column)
    }

    /// Where a column stands in the file: under the name it is renamed to, its title, or else its name, unless that
    /// is the title of another column.
    fn position(&self, found: &TableSpec, old: &ColumnSpec, renamed: Option<&String>) -> Option<usize> {
        let of = |fits: &dyn Fn(&ColumnSpec) -> bool| found.columns.iter().position(fits);
        if let Some(name) = renamed {
            return of(&|new| new.name == *name);
        }
        let others = || self.spec.columns.iter().filter(|other| other.name != old.name);
        let free = |new: &ColumnSpec| others().all(|other| title(other) != title(new));
        of(&|new| title(new) == title(old)).or_else(|| of(&|new| new.name == old.name && free(new)))
    }

    fn check_order(&self, found: &TableSpec) -> Result<(), Refusal> {
        let order = &self.order;
        let wrong = |column: &str, problem: OrderProblem| {
            Refusal::unmet("schema_order_not_usable")
                .fact("column", column)
                .fact("problem", problem.word())
        };
        let named = (order.drop.iter())
            .chain(order.rename.keys())
            .chain(&order.retype);
        for column in named.clone() {
            let Some(old) = self.spec.columns.iter().find(|old| old.name == *column) else {
                return Err(wrong(column, OrderProblem::Unknown));
            };
            let unit = self.unit.contains(column);
            if unit || (self.identifies(column) && !order.rename.contains_key(column)) {
                return Err(wrong(column, OrderProblem::Identifies));
            }
            if order.drop.contains(column) && self.position(found, old, None).is_some() {
                return Err(wrong(column, OrderProblem::StillThere));
            }
            if let Some(name) = order.rename.get(column)
                && (self.position(found, old, Some(name)).is_none() || self.spec.position(name).is_some())
            {
                return Err(wrong(column, OrderProblem::NewName));
            }
        }
        Ok(())
    }
}

/// What a file's header calls a column.
fn title(column: &ColumnSpec) -> &str {
    column.header().trim()
}

fn is_number(kind: ColumnType) -> bool {
    matches!(
        kind,
        ColumnType::Integer | ColumnType::Decimal { .. } | ColumnType::Float
    )
}

impl ColumnType {
    /// The type as one word, for records and pages: `text`, `integer`, `decimal_2`, `float`, `date`, `bool`.
    pub fn word(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Decimal { scale } => format!("decimal_{scale}"),
            Self::Float => "float".to_owned(),
            Self::Date => "date".to_owned(),
            Self::Bool => "bool".to_owned(),
        }
    }
}
