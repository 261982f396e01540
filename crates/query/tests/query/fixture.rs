//! The synthetic tables of `sql-policy/` in memory, their permit, and the unprotected answers.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch, UInt64Array},
    compute::concat_batches,
    datatypes::{DataType, Field, Schema, SchemaRef},
    util::display::{ArrayFormatter, FormatOptions},
};
use datafusion::prelude::SessionContext;
use futures::{StreamExt, stream::BoxStream};
use serde_json::Value;
use shuyu_kernel::{CivilDate, Fault, Id, Refusal};
use shuyu_privacy::{
    Bounds, Citations, ColumnGrant, DateGrain, GateKey, Grain, Permit, PermitKind, PermitMode, TableGrant,
    TableKind, Thresholds, Use, masking,
};
use shuyu_query::{CheckError, Engine, EngineLimits, Released, Tables, UNIT_COLUMN};
use tokio_util::sync::CancellationToken;

pub const CASES: &str = include_str!("sql-policy/cases.jsonl");
const PERMIT: &str = include_str!("sql-policy/permit.json");
const FIXTURE: &str = include_str!("sql-policy/fixture.sql");

/// Tables in memory.
pub struct Memory {
    pub tables: BTreeMap<String, RecordBatch>,
}

impl Tables for Memory {
    fn schema(&self, table: &str, _grant: &TableGrant) -> Result<SchemaRef, Fault> {
        match self.tables.get(table) {
            Some(batch) => Ok(batch.schema()),
            None => Err(Fault::new("opening a table", "no such table")),
        }
    }

    fn scan(
        &self,
        table: &str,
        _grant: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>> {
        let batch = &self.tables[table];
        let indices: Vec<usize> = projection
            .iter()
            .map(|name| batch.schema().index_of(name).unwrap())
            .collect();
        let batch = batch.project(&indices).unwrap();
        let parts: Vec<_> = (0..batch.num_rows())
            .step_by(8192)
            .map(|at| Ok(batch.slice(at, 8192.min(batch.num_rows() - at))))
            .collect();
        futures::stream::iter(parts).boxed()
    }
}

/// The fixture, built once: tables behind the port, and a stock engine over the same rows.
pub struct World {
    pub memory: Arc<Memory>,
    pub raw: SessionContext,
    runtime: tokio::runtime::Runtime,
}

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let raw = SessionContext::new();
    let tables = runtime.block_on(load(&raw));
    World {
        memory: Arc::new(Memory { tables }),
        raw,
        runtime,
    }
});

async fn load(raw: &SessionContext) -> BTreeMap<String, RecordBatch> {
    for statement in FIXTURE.split("\n;") {
        let text: Vec<&str> = statement.lines().filter(|line| !line.starts_with("--")).collect();
        if text.iter().any(|line| !line.trim().is_empty()) {
            raw.sql(&text.join("\n")).await.unwrap().collect().await.unwrap();
        }
    }
    let mut tables = BTreeMap::new();
    for name in ["person", "visit", "region", "employer"] {
        let frame = raw.table(name).await.unwrap();
        let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
        let batches = frame.collect().await.unwrap();
        tables.insert(
            name.to_owned(),
            with_unit(plain_text(concat_batches(&schema, &batches).unwrap())),
        );
    }
    tables
}

/// Text views become plain text, as the lake stores it.
fn plain_text(batch: RecordBatch) -> RecordBatch {
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let wanted = if *field.data_type() == DataType::Utf8View {
            DataType::Utf8
        } else {
            field.data_type().clone()
        };
        columns.push(arrow::compute::cast(column, &wanted).unwrap());
        fields.push(Field::new(field.name(), wanted, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn with_unit(batch: RecordBatch) -> RecordBatch {
    let Some(ids) = batch.column_by_name("id_no") else {
        return batch;
    };
    let key = GateKey::new([7; 32]);
    let ids = ids.as_string::<i32>();
    let units = UInt64Array::from_iter_values(
        ids.iter()
            .map(|id| masking::pseudonym(&key, "person", id.unwrap())),
    );
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(UNIT_COLUMN, DataType::UInt64, false)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(units));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// The permit of `permit.json`, without the own table, which this engine does not serve yet.
pub fn permit() -> Permit {
    let file: Value = serde_json::from_str(PERMIT).unwrap();
    let tables = file["tables"].as_object().unwrap();
    let granted = tables.iter().filter(|(_, t)| t["kind"] != "own").enumerate();
    Permit {
        id: Id::from_bits(1),
        kind: PermitKind::A,
        mode: PermitMode::Stat,
        people: vec![Id::from_bits(9)],
        purpose: "test".into(),
        expires_on: CivilDate::new(2027, 1, 1).unwrap(),
        thresholds: Thresholds::default(),
        tables: granted
            .map(|(i, (name, table))| (name.clone(), grant(i, name, table)))
            .collect(),
        max_rows: 5_000,
        max_bytes: 16 << 20,
        join_risk_assessed: true,
        citations: citations("TT"),
    }
}

/// The clauses of a jurisdiction that exists in tests only.
pub fn citations(instrument: &str) -> Citations {
    let one = |number: u32| vec![format!("{instrument}-AA-{number:03}").parse().unwrap()];
    Citations {
        scope: one(1),
        least_necessary: one(2),
        approvals: one(3),
        raw_stays: one(4),
        join_risk: one(5),
    }
}

fn grant(index: usize, name: &str, table: &Value) -> TableGrant {
    let kind = match table["kind"].as_str().unwrap() {
        "personal" => TableKind::Personal {
            domain: "person".into(),
            rows_per_unit: table["rows_per_unit"].as_u64().unwrap(),
        },
        _ => TableKind::Public,
    };
    let empty = serde_json::Map::new();
    let columns = table["columns"].as_object().unwrap_or(&empty);
    TableGrant {
        dataset: Id::from_bits(100 + index as u128),
        version: 3,
        kind,
        provider: None,
        columns: columns
            .iter()
            .map(|(column, c)| (column.clone(), column_grant(table, column, c)))
            .collect(),
        struck: if name == "person" {
            vec!["nationality".into()]
        } else {
            Vec::new()
        },
        row_predicate: None,
    }
}

fn column_grant(table: &Value, name: &str, column: &Value) -> ColumnGrant {
    let uses: BTreeSet<Use> = serde_json::from_value(column["uses"].clone()).unwrap();
    let grain = match &column["grain"] {
        Value::String(step) if step == "year" => Some(Grain::Date(DateGrain::Year)),
        Value::String(step) if step == "month" => Some(Grain::Date(DateGrain::Month)),
        Value::Number(width) => {
            let filter = width.as_u64().unwrap();
            Some(Grain::Number {
                filter,
                group: column["group_grain"].as_u64().unwrap_or(filter),
            })
        }
        _ => None,
    };
    let bounds = column["bounds"].as_array().map(|b| Bounds {
        low: b[0].as_i64().unwrap(),
        high: b[1].as_i64().unwrap(),
    });
    let unit = table["unit"] == name;
    let domain = if unit {
        Some("person".to_owned())
    } else {
        column["unit_domain"].as_str().map(str::to_owned)
    };
    ColumnGrant {
        uses,
        grain,
        bounds,
        sensitive: column["sensitive"].as_bool().unwrap_or(false),
        domain,
        unit,
        basis: Vec::new(),
    }
}

pub fn engine() -> Engine {
    Engine::new(GateKey::new([1; 32]), EngineLimits::default())
}

/// What became of a question.
#[derive(Debug)]
pub enum Outcome {
    Refused(Refusal),
    Opaque,
    Answered(Released),
}

impl World {
    pub fn ask_under(&self, permit: &Permit, sql: &str) -> Outcome {
        let engine = engine();
        let sealed = match engine.check(permit, sql, self.memory.as_ref()) {
            Ok(sealed) => sealed,
            Err(CheckError::Refused(refusal)) => return Outcome::Refused(refusal),
            Err(CheckError::Failed(fault)) => panic!("{fault}"),
        };
        let tables: Arc<dyn Tables> = Arc::clone(&self.memory) as Arc<dyn Tables>;
        match self
            .runtime
            .block_on(engine.run(&sealed, tables, &CancellationToken::new()))
        {
            Ok(released) => Outcome::Answered(released),
            Err(_) => Outcome::Opaque,
        }
    }

    pub fn ask(&self, sql: &str) -> Outcome {
        self.ask_under(&permit(), sql)
    }

    pub fn refusal(&self, sql: &str) -> Refusal {
        match self.ask(sql) {
            Outcome::Refused(refusal) => refusal,
            other => panic!("{sql}: {other:?}"),
        }
    }

    /// The unprotected answer of a stock engine.
    pub fn unprotected(&self, sql: &str) -> Vec<Vec<String>> {
        let batches = self
            .runtime
            .block_on(async { self.raw.sql(sql).await.unwrap().collect().await.unwrap() });
        table(&batches)
    }

    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

/// Rows as texts; fractions to nine significant digits, so that the order of addition does not show.
pub fn table(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    let format = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<ArrayFormatter<'_>> = batch
            .columns()
            .iter()
            .map(|c| ArrayFormatter::try_new(c.as_ref(), &format).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let texts =
                columns
                    .iter()
                    .zip(batch.columns())
                    .map(|(formatter, column)| match column.data_type() {
                        DataType::Float64 if column.is_valid(row) => {
                            let value = column.as_primitive::<arrow::datatypes::Float64Type>().value(row);
                            format!("{value:.8e}")
                        }
                        _ => formatter.value(row).to_string(),
                    });
            rows.push(texts.collect());
        }
    }
    rows
}
