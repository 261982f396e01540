//! The port in trouble: it waits for ever, fails, or lacks what it must have.

use std::{
    collections::BTreeMap,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
    time::Duration,
};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use futures::{StreamExt, stream::BoxStream};
use shuyu_kernel::Fault;
use shuyu_privacy::{GateKey, Permit, TableGrant};
use std::sync::LazyLock;

use shuyu_query::{CheckError, Engine, EngineLimits, Opaque, Past, Tables, UNIT_COLUMN};
use tokio::sync::{Barrier, oneshot};
use tokio_util::sync::CancellationToken;

use crate::{
    fixture::{Memory, block_on, engine},
    small::groups,
};

static NOTHING_YET: LazyLock<Past> = LazyLock::new(Past::default);

/// A port that never ends, or fails at once.
struct Trouble {
    schema: SchemaRef,
    fails: bool,
    asked: Mutex<Vec<String>>,
}

impl Tables for Trouble {
    fn schema(&self, _table: &str, _grant: &TableGrant) -> Result<SchemaRef, Fault> {
        Ok(Arc::clone(&self.schema))
    }
    fn scan(
        &self,
        _: &str,
        _: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>> {
        self.asked.lock().unwrap().extend(projection.iter().cloned());
        if self.fails {
            return futures::stream::iter([Err(Fault::new("reading", "secret value 42"))]).boxed();
        }
        futures::stream::pending().boxed()
    }
}

fn trouble(fails: bool) -> (Permit, Arc<Trouble>) {
    let small = groups();
    let schema = small.tables["t"].schema();
    (
        small.permit(),
        Arc::new(Trouble {
            schema,
            fails,
            asked: Mutex::default(),
        }),
    )
}

#[test]
fn a_cancelled_query_ends() {
    let (permit, port) = trouble(false);
    let sealed = engine()
        .check(&permit, "SELECT sum(x) FROM t", port.as_ref())
        .unwrap();
    let cancel = CancellationToken::new();
    let ended = block_on(async {
        let (engine, token) = (engine(), cancel.clone());
        let running = engine.run(&sealed, port, &NOTHING_YET, &token);
        let cancelling = async { cancel.cancel() };
        tokio::join!(running, cancelling).0
    });
    assert_eq!(ended.err(), Some(Opaque));
}

/// A port that always has one more batch. It tells when it is read and when it is let go.
struct Endless {
    batch: RecordBatch,
    first: Mutex<Option<oneshot::Sender<()>>>,
    dropped: Mutex<Option<oneshot::Sender<()>>>,
}

impl Tables for Endless {
    fn schema(&self, _table: &str, _grant: &TableGrant) -> Result<SchemaRef, Fault> {
        Ok(self.batch.schema())
    }
    fn scan(
        &self,
        _: &str,
        _: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>> {
        let columns: Vec<usize> = projection
            .iter()
            .map(|name| self.batch.schema().index_of(name).unwrap())
            .collect();
        let batch = self.batch.project(&columns).unwrap();
        let first = self.first.lock().unwrap().take();
        if let Some(first) = first {
            let _ = first.send(());
        }
        // Closed when the stream is dropped.
        let open = self.dropped.lock().unwrap().take();
        futures::stream::repeat_with(move || {
            let _ = &open;
            Ok(batch.clone())
        })
        .boxed()
    }
}

fn endless() -> (Permit, Arc<Endless>, oneshot::Receiver<()>, oneshot::Receiver<()>) {
    let small = groups();
    let (first, read) = oneshot::channel();
    let (dropped, let_go) = oneshot::channel();
    let port = Endless {
        batch: small.tables["t"].clone(),
        first: Mutex::new(Some(first)),
        dropped: Mutex::new(Some(dropped)),
    };
    (small.permit(), Arc::new(port), read, let_go)
}

fn limited(deadline: Duration, concurrent: usize) -> Engine {
    let limits = EngineLimits {
        deadline,
        concurrent: NonZeroUsize::new(concurrent).unwrap(),
        ..EngineLimits::default()
    };
    Engine::new(GateKey::new([1; 32]), limits)
}

#[test]
fn a_query_that_never_ends_is_ended_at_its_deadline() {
    let (permit, port, _, let_go) = endless();
    let engine = limited(Duration::from_millis(50), 1);
    let sealed = engine
        .check(&permit, "SELECT g, sum(x) FROM t GROUP BY g", port.as_ref())
        .unwrap();
    block_on(async {
        let ended = engine
            .run(&sealed, port.clone(), &NOTHING_YET, &CancellationToken::new())
            .await;
        assert_eq!(ended.err(), Some(Opaque));
        // The work itself ends, not only the waiting for it.
        assert!(let_go.await.is_err());
    });
}

#[test]
fn a_query_that_computes_is_cancelled_while_it_runs() {
    let (permit, port, read, let_go) = endless();
    let engine = limited(Duration::from_secs(3_600), 1);
    let sealed = engine
        .check(&permit, "SELECT g, sum(x) FROM t GROUP BY g", port.as_ref())
        .unwrap();
    let cancel = CancellationToken::new();
    block_on(async {
        let running = engine.run(&sealed, port.clone(), &NOTHING_YET, &cancel);
        let cancelling = async {
            read.await.unwrap();
            cancel.cancel();
        };
        assert_eq!(tokio::join!(running, cancelling).0.err(), Some(Opaque));
        assert!(let_go.await.is_err());
    });
}

#[test]
fn a_query_ends_when_nobody_waits_for_it() {
    let (permit, port, read, let_go) = endless();
    let engine = limited(Duration::from_secs(3_600), 1);
    let sealed = engine
        .check(&permit, "SELECT g, sum(x) FROM t GROUP BY g", port.as_ref())
        .unwrap();
    block_on(async {
        let cancel = CancellationToken::new();
        tokio::select! {
            _ = engine.run(&sealed, port.clone(), &NOTHING_YET, &cancel) => panic!("it never ends"),
            read = read => read.unwrap(),
        }
        assert!(let_go.await.is_err());
    });
}

/// A port whose scans wait for each other: none goes on before so many are open.
struct Meeting {
    batch: RecordBatch,
    all: Arc<Barrier>,
}

impl Tables for Meeting {
    fn schema(&self, _table: &str, _grant: &TableGrant) -> Result<SchemaRef, Fault> {
        Ok(self.batch.schema())
    }
    fn scan(
        &self,
        _: &str,
        _: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>> {
        let columns: Vec<usize> = projection
            .iter()
            .map(|name| self.batch.schema().index_of(name).unwrap())
            .collect();
        let (batch, all) = (self.batch.project(&columns).unwrap(), Arc::clone(&self.all));
        futures::stream::once(async move {
            all.wait().await;
            Ok(batch)
        })
        .boxed()
    }
}

/// Three queries that wait for each other, under a limit: how many were answered.
fn three_at_once(engine: &Engine) -> usize {
    let small = groups();
    let port = Arc::new(Meeting {
        batch: small.tables["t"].clone(),
        all: Arc::new(Barrier::new(3)),
    });
    let sealed = engine
        .check(&small.permit(), "SELECT count(*), sum(x) FROM t", port.as_ref())
        .unwrap();
    let cancel = CancellationToken::new();
    let ended = block_on(async {
        // A clone shares the turns.
        let engines: Vec<Engine> = (0..3).map(|_| engine.clone()).collect();
        let runs = engines
            .iter()
            .map(|engine| engine.run(&sealed, port.clone(), &NOTHING_YET, &cancel));
        futures::future::join_all(runs).await
    });
    ended.iter().filter(|answer| answer.is_ok()).count()
}

#[test]
fn only_so_many_queries_run_at_the_same_time() {
    assert_eq!(three_at_once(&limited(Duration::from_secs(3_600), 3)), 3);
    // The third never gets its turn, so the first two wait for it until their deadline.
    assert_eq!(three_at_once(&limited(Duration::from_millis(50), 2)), 0);
}

#[test]
fn after_the_seal_every_error_is_the_same_and_says_nothing() {
    let (permit, port) = trouble(true);
    let sealed = engine()
        .check(&permit, "SELECT sum(x) FROM t", port.as_ref())
        .unwrap();
    let ended = block_on(engine().run(
        &sealed,
        Arc::clone(&port) as Arc<dyn Tables>,
        &NOTHING_YET,
        &CancellationToken::new(),
    ));
    assert_eq!(ended.unwrap_err().to_string(), "query_not_completed");
    assert_eq!(
        *port.asked.lock().unwrap(),
        ["x", UNIT_COLUMN],
        "only what is needed is read"
    );
}

#[test]
fn a_personal_table_without_its_unit_is_a_fault() {
    let small = groups();
    let without = small.tables["t"].project(&[0, 1]).unwrap();
    let memory = Memory {
        tables: BTreeMap::from([("t".to_owned(), without)]),
    };
    let checked = engine().check(&small.permit(), "SELECT count(*) FROM t", &memory);
    assert!(matches!(checked, Err(CheckError::Failed(_))));
}

#[test]
fn a_permit_gives_no_more_time_and_memory_than_it_says() {
    let (mut permit, port) = trouble(false);
    permit.limits.seconds.value = 0;
    // The port would be waited for for ever.
    let ended = run(&permit, port);
    assert_eq!(ended.err(), Some(Opaque), "no time");

    let small = groups();
    let memory: Arc<dyn Tables> = Arc::new(Memory {
        tables: small.tables.clone(),
    });
    let mut permit = small.permit();
    assert!(run(&permit, Arc::clone(&memory)).is_ok());
    permit.limits.memory_mib.value = 0;
    assert_eq!(run(&permit, memory).err(), Some(Opaque), "no memory");
}

fn run(permit: &Permit, tables: Arc<dyn Tables>) -> Result<(), Opaque> {
    let engine = engine();
    let sql = "SELECT g, sum(x) FROM t GROUP BY g";
    let sealed = engine.check(permit, sql, tables.as_ref()).unwrap();
    let token = CancellationToken::new();
    block_on(engine.run(&sealed, tables, &NOTHING_YET, &token)).map(drop)
}
