//! The port to the data.

use arrow::{array::RecordBatch, datatypes::SchemaRef};
use futures::stream::BoxStream;
use shuyu_kernel::Fault;
use shuyu_privacy::TableGrant;

/// The hidden column of every personal table: the keyed 64-bit unit of the row's subject, UInt64,
/// never NULL. Ingest makes it, one key per identifier domain. No analyst can name it.
pub const UNIT_COLUMN: &str = "__unit";

/// Where rows come from. `cli` adapts the lake to it; tests use memory.
pub trait Tables: Send + Sync {
    /// All columns of the granted version of a table, for personal tables with [`UNIT_COLUMN`].
    ///
    /// # Errors
    /// A fault when the version cannot be opened.
    fn schema(&self, table: &str, grant: &TableGrant) -> Result<SchemaRef, Fault>;

    /// The rows of the granted version: exactly the columns of `projection`, in that order.
    fn scan(
        &self,
        table: &str,
        grant: &TableGrant,
        projection: &[String],
    ) -> BoxStream<'static, Result<RecordBatch, Fault>>;
}
