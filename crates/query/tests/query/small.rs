//! Small worlds of a few rows, made for one question each.

use std::{collections::BTreeMap, sync::Arc};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, UInt64Array};
use shuyu_kernel::{Id, Refusal};
use shuyu_privacy::{ColumnGrant, Permit, TableGrant, TableKind, Use};
use shuyu_query::{CheckError, Engine, Past, Released, UNIT_COLUMN};
use tokio_util::sync::CancellationToken;

use crate::fixture::{Memory, Outcome, block_on, engine, permit, table};

/// A small world: tables with their grants.
#[derive(Default, Clone)]
pub struct Small {
    pub tables: BTreeMap<String, RecordBatch>,
    pub grants: BTreeMap<String, TableGrant>,
}

pub fn uses(list: &[Use]) -> ColumnGrant {
    ColumnGrant {
        uses: list.iter().copied().collect(),
        ..ColumnGrant::default()
    }
}

pub fn free() -> ColumnGrant {
    uses(&[Use::Group, Use::Filter, Use::Measure])
}

impl Small {
    /// A personal table `t` of units and the given columns.
    pub fn personal(
        rows_per_unit: u64,
        units: Vec<u64>,
        columns: Vec<(&str, ArrayRef, ColumnGrant)>,
    ) -> Self {
        let kind = TableKind::Personal {
            domain: "person".into(),
            rows_per_unit,
        };
        let units: ArrayRef = Arc::new(UInt64Array::from(units));
        let mut small = Self::default();
        let id = ColumnGrant {
            unit: true,
            domain: Some("person".into()),
            ..uses(&[Use::Link])
        };
        small.add("t", kind, columns, &[(UNIT_COLUMN, units)]);
        small
            .grants
            .get_mut("t")
            .unwrap()
            .columns
            .insert("id_no".into(), id);
        small
    }

    pub fn add(
        &mut self,
        name: &str,
        kind: TableKind,
        columns: Vec<(&str, ArrayRef, ColumnGrant)>,
        hidden: &[(&str, ArrayRef)],
    ) {
        let arrays = columns
            .iter()
            .map(|(n, a, _)| (*n, Arc::clone(a)))
            .chain(hidden.iter().map(|(n, a)| (*n, Arc::clone(a))));
        self.tables
            .insert(name.to_owned(), RecordBatch::try_from_iter(arrays).unwrap());
        let grant = TableGrant {
            dataset: Id::from_bits(500 + self.grants.len() as u128),
            version: 1,
            kind,
            provider: None,
            columns: columns
                .into_iter()
                .map(|(n, _, grant)| (n.to_owned(), grant))
                .collect(),
            struck: Vec::new(),
            rows: None,
        };
        self.grants.insert(name.to_owned(), grant);
    }

    pub fn permit(&self) -> Permit {
        Permit {
            tables: self.grants.clone(),
            ..permit()
        }
    }

    pub fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        table(&self.released(sql).batches)
    }

    pub fn released(&self, sql: &str) -> Released {
        self.released_by(&engine(), sql)
    }

    pub fn released_by(&self, engine: &Engine, sql: &str) -> Released {
        let memory = Arc::new(Memory {
            tables: self.tables.clone(),
        });
        let sealed = engine.check(&self.permit(), sql, memory.as_ref()).unwrap();
        block_on(engine.run(&sealed, memory, &Past::default(), &CancellationToken::new())).unwrap()
    }

    pub fn refused(&self, sql: &str) -> String {
        self.refusal(sql).code
    }

    pub fn refusal(&self, sql: &str) -> Refusal {
        match self.outcome(&engine(), sql) {
            Outcome::Refused(refusal) => refusal,
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// What becomes of a question under another permit: the code of the refusal, or `answered`.
    pub fn outcome_under(&self, permit: &Permit, sql: &str) -> String {
        let memory = Memory {
            tables: self.tables.clone(),
        };
        match engine().check(permit, sql, &memory) {
            Ok(_) => "answered".to_owned(),
            Err(CheckError::Refused(refusal)) => refusal.code,
            Err(CheckError::Failed(fault)) => panic!("{fault}"),
        }
    }

    /// What becomes of a question.
    pub fn outcome(&self, engine: &Engine, sql: &str) -> Outcome {
        let memory = Arc::new(Memory {
            tables: self.tables.clone(),
        });
        let sealed = match engine.check(&self.permit(), sql, memory.as_ref()) {
            Ok(sealed) => sealed,
            Err(CheckError::Refused(refusal)) => return Outcome::Refused(refusal),
            Err(CheckError::Failed(fault)) => panic!("{fault}"),
        };
        match block_on(engine.run(&sealed, memory, &Past::default(), &CancellationToken::new())) {
            Ok(_) => Outcome::Answered,
            Err(_) => Outcome::Opaque,
        }
    }
}

pub fn text(values: impl IntoIterator<Item = &'static str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}
pub fn whole(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}
/// Units that look like keyed ones.
pub fn units(count: u64) -> Vec<u64> {
    (1..=count)
        .map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
        .collect()
}

/// Forty subjects in group a, five in group b.
pub fn groups() -> Small {
    let g = text((0..45).map(|i| if i < 40 { "a" } else { "b" }));
    Small::personal(
        1,
        units(45),
        vec![("g", g, free()), ("x", whole((0..45).map(|i| 100 + i)), free())],
    )
}
