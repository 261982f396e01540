//! The tables of the cases, in memory and beside them in an engine without permit and gate; and their permit.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use arrow::{
    array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt64Array},
    compute::{self, concat_batches},
    datatypes::{DataType, Field, Schema, SchemaRef},
};
use datafusion::{common::DataFusionError, prelude::SessionContext};
use futures::{StreamExt, stream::BoxStream};
use serde_json::Value;
use shuyu_kernel::{CivilDate, Fault, Id};
use shuyu_privacy::{
    Bounds, Citations, ColumnGrant, DateGrain, GateKey, Grain, Permit, PermitKind, PermitMode, TableGrant,
    TableKind, Thresholds, Use, masking, permit::QueryLimits,
};

use super::{cases::Refresh, rewrite::renamed};
use crate::{Tables, UNIT_COLUMN};

/// Key of the units. The people of the cases are made up.
const UNIT_KEY: [u8; 32] = [7; 32];
/// Rows of one batch of a table in memory.
const BATCH_ROWS: usize = 8192;

/// Tables in memory.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// By name.
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
        let failed = |what: String| Fault::new("reading a table", what);
        let projected = || {
            let batch = self
                .tables
                .get(table)
                .ok_or_else(|| failed("no such table".to_owned()))?;
            let places: Result<Vec<usize>, _> =
                projection.iter().map(|n| batch.schema().index_of(n)).collect();
            let batch = places.and_then(|places| batch.project(&places));
            batch.map_err(|error| failed(error.to_string()))
        };
        let parts: Vec<_> = match projected() {
            Err(fault) => vec![Err(fault)],
            Ok(batch) => (0..batch.num_rows())
                .step_by(BATCH_ROWS)
                .map(|at| Ok(batch.slice(at, BATCH_ROWS.min(batch.num_rows() - at))))
                .collect(),
        };
        futures::stream::iter(parts).boxed()
    }
}

/// What the cases are asked about.
pub struct Fixture {
    /// The tables behind the port.
    pub memory: Arc<Memory>,
    /// The same rows in a stock engine.
    pub bare: SessionContext,
    /// The permit under which the expectations hold.
    pub permit: Permit,
}

fn failed(doing: &'static str) -> impl Fn(DataFusionError) -> Fault {
    move |error| Fault::new(doing, error)
}

impl Fixture {
    /// Runs the SQL that makes the tables: statements, each ended by a line with a semicolon alone.
    ///
    /// # Errors
    /// When a statement fails, or a table of the permit is not made.
    pub async fn load(sql: &str, permit_json: &str) -> Result<Self, Fault> {
        let permit = permit(permit_json)?;
        let bare = SessionContext::new();
        for statement in sql.split("\n;") {
            let text: Vec<&str> = statement.lines().filter(|line| !line.starts_with("--")).collect();
            if text.iter().any(|line| !line.trim().is_empty()) {
                let made = bare
                    .sql(&text.join("\n"))
                    .await
                    .map_err(failed("making a table"))?;
                made.collect().await.map_err(failed("making a table"))?;
            }
        }
        let mut memory = Memory::default();
        for (name, grant) in &permit.tables {
            let frame = bare
                .table(name.as_str())
                .await
                .map_err(failed("reading a table"))?;
            let schema: SchemaRef = Arc::new(frame.schema().as_arrow().clone());
            let batches = frame.collect().await.map_err(failed("reading a table"))?;
            let rows =
                concat_batches(&schema, &batches).map_err(|error| Fault::new("reading a table", error))?;
            let rows = with_unit(&plain_text(&rows)?, grant)?;
            memory.tables.insert(name.clone(), rows);
        }
        Ok(Self {
            memory: Arc::new(memory),
            bare,
            permit,
        })
    }

    /// The same under other names of tables and columns.
    ///
    /// # Errors
    /// When the stock engine does not take a table.
    pub fn renamed(&self) -> Result<Self, Fault> {
        let rename = |name: &str| {
            if name == UNIT_COLUMN {
                name.to_owned()
            } else {
                renamed(name)
            }
        };
        let bare = SessionContext::new();
        let (mut memory, mut permit) = (Memory::default(), self.permit.clone());
        for (name, rows) in &self.memory.tables {
            let schema = rows.schema();
            let fields = schema
                .fields()
                .iter()
                .map(|field| field.as_ref().clone().with_name(rename(field.name())));
            let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
            let rows = RecordBatch::try_new(schema, rows.columns().to_vec())
                .map_err(|error| Fault::new("renaming a table", error))?;
            bare.register_batch(renamed(name), rows.clone())
                .map_err(failed("renaming a table"))?;
            memory.tables.insert(renamed(name), rows);
        }
        permit.tables = std::mem::take(&mut permit.tables)
            .into_iter()
            .map(|(name, mut grant)| {
                let columns = std::mem::take(&mut grant.columns).into_iter();
                grant.columns = columns.map(|(column, of)| (rename(&column), of)).collect();
                grant.struck = grant.struck.iter().map(|column| rename(column)).collect();
                (renamed(&name), grant)
            })
            .collect();
        Ok(Self {
            memory: Arc::new(memory),
            bare,
            permit,
        })
    }

    /// The tables after a refresh, at the next version.
    ///
    /// # Errors
    /// When its predicate does not run.
    pub async fn refreshed(&self, refresh: &Refresh) -> Result<Self, Fault> {
        let Refresh { table, drop_one } = refresh;
        let rows = self.memory.tables.get(table);
        let rows = rows.ok_or_else(|| Fault::new("refreshing a table", "no such table"))?;
        let session = SessionContext::new();
        session
            .register_batch(table, rows.clone())
            .map_err(failed("refreshing a table"))?;
        let sql = format!("SELECT coalesce({drop_one}, false) FROM {table}");
        let fits = session.sql(&sql).await.map_err(failed("refreshing a table"))?;
        let fits = fits.collect().await.map_err(failed("refreshing a table"))?;
        let fits = fits
            .iter()
            .flat_map(|batch| batch.column(0).as_boolean().iter().collect::<Vec<_>>());
        let mut gone = false;
        let stays: BooleanArray = fits
            .map(|fits| {
                let goes = fits == Some(true) && !gone;
                gone |= goes;
                Some(!goes)
            })
            .collect();
        let rows = compute::filter_record_batch(rows, &stays)
            .map_err(|error| Fault::new("refreshing a table", error))?;
        let mut memory = self.memory.as_ref().clone();
        memory.tables.insert(table.clone(), rows);
        let (bare, mut permit) = (SessionContext::new(), self.permit.clone());
        for (name, rows) in &memory.tables {
            bare.register_batch(name, rows.clone())
                .map_err(failed("refreshing a table"))?;
        }
        if let Some(grant) = permit.tables.get_mut(table) {
            grant.version += 1;
        }
        Ok(Self {
            memory: Arc::new(memory),
            bare,
            permit,
        })
    }
}

/// Text views become plain text, as the lake stores it.
fn plain_text(batch: &RecordBatch) -> Result<RecordBatch, Fault> {
    let failed = |error| Fault::new("reading a table", error);
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (field, column) in batch.schema().fields().iter().zip(batch.columns()) {
        let wanted = match field.data_type() {
            DataType::Utf8View => DataType::Utf8,
            other => other.clone(),
        };
        columns.push(compute::cast(column, &wanted).map_err(failed)?);
        fields.push(Field::new(field.name(), wanted, true));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).map_err(failed)
}

fn with_unit(batch: &RecordBatch, grant: &TableGrant) -> Result<RecordBatch, Fault> {
    let Some((unit, column)) = grant.columns.iter().find(|(_, column)| column.unit) else {
        return Ok(batch.clone());
    };
    let domain = column.domain.clone().unwrap_or_default();
    let key = GateKey::new(UNIT_KEY);
    let ids = batch
        .column_by_name(unit)
        .and_then(|ids| ids.as_string_opt::<i32>());
    let ids = ids.ok_or_else(|| Fault::new("reading a table", "subjects are not named by a text"))?;
    let unit = |id: Option<&str>| masking::pseudonym(&key, &domain, id.unwrap_or_default());
    let units = UInt64Array::from_iter_values(ids.iter().map(unit));
    let mut fields = batch.schema().fields().to_vec();
    fields.push(Arc::new(Field::new(UNIT_COLUMN, DataType::UInt64, false)));
    let mut columns = batch.columns().to_vec();
    columns.push(Arc::new(units));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
        .map_err(|error| Fault::new("reading a table", error))
}

/// Reads a permit file. Of an own table, columns that are not declared as labels are there to be seen only.
///
/// # Errors
/// When it is not one.
pub fn permit(json: &str) -> Result<Permit, Fault> {
    let doing = "reading a permit";
    let file: Value = serde_json::from_str(json).map_err(|error| Fault::new(doing, error))?;
    let tables = file["tables"]
        .as_object()
        .ok_or_else(|| Fault::new(doing, "no tables"))?;
    let mut granted = BTreeMap::new();
    for (index, (name, table)) in tables.iter().enumerate() {
        granted.insert(name.clone(), grant(index, table)?);
    }
    let mut thresholds = Thresholds::default();
    let number = |name: &str| file["permit"][name].as_u64().and_then(|n| u32::try_from(n).ok());
    if let Some(k) = number("k") {
        thresholds.k.value = k;
    }
    if let Some(jitter) = number("k_jitter") {
        thresholds.k_jitter.value = jitter;
    }
    if let Some(k_fused) = number("k_fused") {
        thresholds.k_fused.value = k_fused;
    }
    Ok(Permit {
        id: Id::from_bits(1),
        kind: PermitKind::A,
        mode: PermitMode::Stat,
        people: vec![Id::from_bits(9)],
        purpose: "score".into(),
        expires_on: CivilDate::new(2027, 1, 1).ok_or_else(|| Fault::new(doing, "no such day"))?,
        thresholds,
        tables: granted,
        max_rows: file["permit"]["max_rows"].as_u64().unwrap_or(5_000),
        max_bytes: file["permit"]["max_bytes"].as_u64().unwrap_or(16 << 20),
        limits: QueryLimits::default(),
        join_risk_assessed: true,
        fusion: file["permit"]["fusion"].as_bool().unwrap_or(false),
        citations: Citations::default(),
    })
}

fn grant(index: usize, table: &Value) -> Result<TableGrant, Fault> {
    let kind = match table["kind"].as_str() {
        Some("personal") => TableKind::Personal {
            domain: "person".into(),
            rows_per_unit: table["rows_per_unit"].as_u64().unwrap_or(u64::MAX),
        },
        Some("public") => TableKind::Public,
        Some("own") => TableKind::Own,
        _ => return Err(Fault::new("reading a permit", "a table of another kind")),
    };
    let columns = table["columns"].as_object().into_iter().flatten();
    Ok(TableGrant {
        dataset: Id::from_bits(100 + index as u128),
        version: 3,
        kind,
        provider: None,
        columns: columns
            .map(|(column, c)| Ok((column.clone(), column_grant(table, column, c)?)))
            .collect::<Result<_, Fault>>()?,
        struck: Vec::new(),
        rows: None,
    })
}

fn column_grant(table: &Value, name: &str, column: &Value) -> Result<ColumnGrant, Fault> {
    let mut uses: BTreeSet<Use> = serde_json::from_value(column["uses"].clone())
        .map_err(|error| Fault::new("reading a permit", error))?;
    let own = table["kind"] == "own";
    if own && column["label"] != true {
        uses.retain(|used| matches!(used, Use::Out | Use::Link));
    }
    let grain = match &column["grain"] {
        Value::String(step) if step == "year" => Some(Grain::Date(DateGrain::Year)),
        Value::String(step) if step == "month" => Some(Grain::Date(DateGrain::Month)),
        Value::Null => None,
        Value::Number(width) => width.as_u64().map(|filter| Grain::Number {
            filter,
            group: column["group_grain"].as_u64().unwrap_or(filter),
        }),
        _ => return Err(Fault::new("reading a permit", "a grain of another kind")),
    };
    let bounds = column["bounds"].as_array().and_then(|b| {
        Some(Bounds {
            low: b.first()?.as_i64()?,
            high: b.get(1)?.as_i64()?,
        })
    });
    // What an own list links by names a person: other domains are not in this format.
    let unit = table["unit"] == name || (own && uses.contains(&Use::Link));
    let domain = if unit {
        Some("person".to_owned())
    } else {
        column["unit_domain"].as_str().map(str::to_owned)
    };
    Ok(ColumnGrant {
        uses,
        grain,
        bounds,
        sensitive: column["sensitive"].as_bool().unwrap_or(false),
        domain,
        unit,
        basis: Vec::new(),
    })
}
