//! The synthetic tables of `sql-policy/` in memory, and their permit.

use std::sync::{Arc, LazyLock};

use arrow::{
    array::{Array, AsArray, RecordBatch},
    datatypes::DataType,
    util::display::{ArrayFormatter, FormatOptions},
};
use shuyu_kernel::Refusal;
use shuyu_privacy::{Citations, GateKey, Permit, Rule, Rules};
use shuyu_query::{CheckError, Engine, EngineLimits, Past, Tables, score::Fixture};
use tokio_util::sync::CancellationToken;

pub const CASES: &str = include_str!("sql-policy/cases.jsonl");
const PERMIT: &str = include_str!("sql-policy/permit.json");
const FIXTURE: &str = include_str!("sql-policy/fixture.sql");

pub use shuyu_query::score::Memory;

/// The fixture, built once: tables behind the port, and a stock engine over the same rows.
pub struct World {
    pub memory: Arc<Memory>,
    pub fixture: Fixture,
}

/// Where everything runs. Apart from the fixture, so that worlds of a few rows do not wait for it.
static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap()
});

pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let fixture = block_on(Fixture::load(FIXTURE, PERMIT)).unwrap();
    World {
        memory: Arc::clone(&fixture.memory),
        fixture,
    }
});

/// Waits for what an engine does.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    RUNTIME.block_on(future)
}

/// The permit of `permit.json`.
pub fn permit() -> Permit {
    let mut permit = shuyu_query::score::permit(PERMIT).unwrap();
    permit.citations = citations("TT");
    permit.tables.get_mut("person").unwrap().struck = vec!["nationality".into()];
    permit
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

/// The engine without perturbation: these tests ask which cells leave, and whether their values are right. What is
/// perturbed is tested in `ledger.rs` and by the score.
pub fn engine() -> Engine {
    Engine::new(GateKey::new([1; 32]), EngineLimits::default()).under(Rules::all().without(Rule::Noise))
}

/// What became of a question.
#[derive(Debug)]
pub enum Outcome {
    Refused(Refusal),
    Opaque,
    Answered,
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
        match block_on(engine.run(&sealed, tables, &Past::default(), &CancellationToken::new())) {
            Ok(_) => Outcome::Answered,
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
