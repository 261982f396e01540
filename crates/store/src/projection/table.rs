//! The core tables by name, and the one way rows get into them.

use crate::database::{Cell, DbError, Tx};

/// Which entries make the rows of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The rows with this column belong to the stream `<prefix><column>`.
    Stream {
        /// What stands before the id in the name of the stream, for example `case/`.
        prefix: &'static str,
        /// Column with the id.
        column: &'static str,
    },
    /// All rows belong to this one stream.
    Single(&'static str),
    /// The rows count over many streams.
    Count,
}

/// A core table.
#[derive(Debug)]
pub(crate) struct Table {
    /// Name.
    pub name: &'static str,
    /// Columns; the first ones are the key, the last one is `as_of`.
    pub columns: &'static [&'static str],
    /// How many columns the key has.
    pub keys: usize,
    /// Where its rows come from.
    pub source: Source,
}

const CASE: &str = "case/";

/// One row for each case.
pub(crate) static CASE_FILE: Table = Table {
    name: "case_file",
    columns: &[
        "id",
        "procedure",
        "number",
        "title",
        "stage",
        "holder_role",
        "closed",
        "opened_on",
        "opened_idx",
        "next_due",
        "version",
        "step_roles",
        "state",
        "as_of",
    ],
    keys: 1,
    source: Source::Stream {
        prefix: CASE,
        column: "id",
    },
};
/// Parties of cases.
pub(crate) static CASE_PARTY: Table = Table {
    name: "case_party",
    columns: &["case_id", "role", "body", "as_of"],
    keys: 3,
    source: Source::Stream {
        prefix: CASE,
        column: "case_id",
    },
};
/// Cases that cases point at.
pub(crate) static CASE_LINK: Table = Table {
    name: "case_link",
    columns: &["case_id", "target", "as_of"],
    keys: 2,
    source: Source::Stream {
        prefix: CASE,
        column: "case_id",
    },
};
/// Open duties.
pub(crate) static DUTY: Table = Table {
    name: "duty",
    columns: &[
        "case_id",
        "slot",
        "role",
        "body",
        "clock",
        "lane",
        "started_on",
        "due",
        "provisional",
        "clauses",
        "as_of",
    ],
    keys: 4,
    source: Source::Stream {
        prefix: CASE,
        column: "case_id",
    },
};
/// Clocks that somebody watches.
pub(crate) static CLOCK_WATCH: Table = Table {
    name: "clock_watch",
    columns: &[
        "case_id",
        "ordinal",
        "clock",
        "lane",
        "role",
        "due",
        "binds",
        "expired",
        "escalates",
        "urged",
        "superior",
        "as_of",
    ],
    keys: 2,
    source: Source::Stream {
        prefix: CASE,
        column: "case_id",
    },
};
/// Permits.
pub(crate) static PERMIT: Table = Table {
    name: "permit",
    columns: &["permit", "case_id", "expires_on", "ended", "as_of"],
    keys: 1,
    source: Source::Stream {
        prefix: CASE,
        column: "case_id",
    },
};
/// Own lists that the lake holds.
pub(crate) static OWN_LIST: Table = Table {
    name: "own_list",
    columns: &["case_id", "dataset", "ended", "as_of"],
    keys: 2,
    source: Source::Stream {
        prefix: CASE,
        column: "case_id",
    },
};
/// The registry, one row.
pub(crate) static REGISTRY_STATE: Table = Table {
    name: "registry_state",
    columns: &["id", "version", "state", "as_of"],
    keys: 1,
    source: Source::Single("registry"),
};
/// Versions of datasets.
pub(crate) static DATASET_VERSION: Table = Table {
    name: "dataset_version",
    columns: &[
        "dataset",
        "version",
        "table_name",
        "resource",
        "row_count",
        "domain",
        "rows_per_unit",
        "columns",
        "unit_columns",
        "as_of",
    ],
    keys: 2,
    source: Source::Stream {
        prefix: "dataset/",
        column: "dataset",
    },
};
/// What examinations of versions found.
pub(crate) static VERSION_EXAMINED: Table = Table {
    name: "version_examined",
    columns: &["dataset", "version", "examined", "as_of"],
    keys: 2,
    source: Source::Stream {
        prefix: "dataset/",
        column: "dataset",
    },
};
/// Releases.
pub(crate) static RELEASE_ROW: Table = Table {
    name: "release_row",
    columns: &[
        "id",
        "permit",
        "case_id",
        "person",
        "body",
        "query",
        "datasets",
        "row_count",
        "result",
        "as_of",
    ],
    keys: 1,
    source: Source::Stream {
        prefix: "release/",
        column: "id",
    },
};
/// Differential privacy spent on datasets.
pub(crate) static BUDGET_CHARGE: Table = Table {
    name: "budget_charge",
    columns: &["release", "dataset", "party", "rho", "as_of"],
    keys: 2,
    source: Source::Stream {
        prefix: "release/",
        column: "release",
    },
};
/// Sources of jobs.
pub(crate) static JOB_SOURCE: Table = Table {
    name: "job_source",
    columns: &["id", "permit", "case_id", "version", "state", "as_of"],
    keys: 1,
    source: Source::Stream {
        prefix: "source/",
        column: "id",
    },
};
/// Requests in the airlock.
pub(crate) static AIRLOCK_REQUEST: Table = Table {
    name: "airlock_request",
    columns: &[
        "id", "permit", "case_id", "standing", "version", "state", "as_of", "to_check",
    ],
    keys: 1,
    source: Source::Stream {
        prefix: "airlock/",
        column: "id",
    },
};
/// Running numbers.
pub(crate) static NUMBER_COUNTER: Table = Table {
    name: "number_counter",
    columns: &["procedure", "year", "last", "as_of"],
    keys: 2,
    source: Source::Count,
};

/// All core tables.
pub(crate) static TABLES: [&Table; 15] = [
    &CASE_FILE,
    &CASE_PARTY,
    &CASE_LINK,
    &DUTY,
    &CLOCK_WATCH,
    &PERMIT,
    &OWN_LIST,
    &REGISTRY_STATE,
    &DATASET_VERSION,
    &VERSION_EXAMINED,
    &RELEASE_ROW,
    &BUDGET_CHARGE,
    &JOB_SOURCE,
    &AIRLOCK_REQUEST,
    &NUMBER_COUNTER,
];

/// A change of one row.
#[derive(Debug, Clone)]
pub(crate) enum Change {
    /// A new row. One with the same key already there is a violation, and refuses the act.
    Insert(&'static Table, Vec<Cell>),
    /// New values for a row.
    Update(&'static Table, Vec<Cell>),
    /// The row with this key is gone.
    Delete(&'static Table, Vec<Cell>),
}

impl Table {
    fn placeholders(&self) -> String {
        let marks: Vec<String> = (1..=self.columns.len()).map(|n| format!("${n}")).collect();
        marks.join(", ")
    }

    fn insert(&self) -> String {
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.name,
            self.columns.join(", "),
            self.placeholders()
        )
    }

    fn update(&self) -> String {
        let set = |(n, column): (usize, &&str)| format!("{column} = ${}", n + 1);
        let all: Vec<String> = self.columns.iter().enumerate().map(set).collect();
        let (key, values) = all.split_at(self.keys);
        format!(
            "UPDATE {} SET {} WHERE {}",
            self.name,
            values.join(", "),
            key.join(" AND ")
        )
    }

    fn delete(&self) -> String {
        let set = |(n, column): (usize, &&str)| format!("{column} = ${}", n + 1);
        let key: Vec<String> = self.columns.iter().take(self.keys).enumerate().map(set).collect();
        format!("DELETE FROM {} WHERE {}", self.name, key.join(" AND "))
    }

    /// Inserts a row.
    pub async fn put(&self, tx: &mut Tx, row: &[Cell]) -> Result<(), DbError> {
        tx.execute(self.insert(), row).await.map(|_| ())
    }
}

impl Change {
    /// Writes the change.
    pub async fn write(&self, tx: &mut Tx) -> Result<(), DbError> {
        match self {
            Change::Insert(table, row) => table.put(tx, row).await,
            Change::Update(table, row) => tx.execute(table.update(), row).await.map(|_| ()),
            Change::Delete(table, key) => tx.execute(table.delete(), key).await.map(|_| ()),
        }
    }
}
