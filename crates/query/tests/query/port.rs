//! The port in trouble: it waits for ever, fails, or lacks what it must have.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use futures::{StreamExt, stream::BoxStream};
use shuyu_kernel::Fault;
use shuyu_privacy::{Permit, TableGrant};
use shuyu_query::{CheckError, Opaque, Tables, UNIT_COLUMN};
use tokio_util::sync::CancellationToken;

use crate::{
    fixture::{Memory, WORLD, engine},
    small::groups,
};

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
    let ended = WORLD.block_on(async {
        let (engine, token) = (engine(), cancel.clone());
        let running = engine.run(&sealed, port, &token);
        let cancelling = async { cancel.cancel() };
        tokio::join!(running, cancelling).0
    });
    assert_eq!(ended.err(), Some(Opaque));
}

#[test]
fn after_the_seal_every_error_is_the_same_and_says_nothing() {
    let (permit, port) = trouble(true);
    let sealed = engine()
        .check(&permit, "SELECT sum(x) FROM t", port.as_ref())
        .unwrap();
    let ended = WORLD.block_on(engine().run(
        &sealed,
        Arc::clone(&port) as Arc<dyn Tables>,
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
