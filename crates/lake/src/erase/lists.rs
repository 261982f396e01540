//! Own lists under an order: they hold keyed units of the same domain, so that the lake can tell which name the subject.

use shuyu_kernel::DatasetId;

use super::unknown;
use crate::{Lake, error::LakeError};

impl Lake {
    /// Whether a table has a row about the subject of an order that stands. Units are comparable within one identifier
    /// domain only; a table of another domain names it not. Nothing is told of which row.
    ///
    /// # Errors
    /// Refuses `erasure_unknown`; a fault when a file or a log cannot be read.
    pub async fn names_subject(
        &self,
        table: DatasetId,
        (dataset, order): (DatasetId, &str),
    ) -> Result<bool, LakeError> {
        let writer = self.writer(table);
        let _alone = writer.lock().await;
        let found = self.order(dataset, order).await?;
        let found = found.ok_or_else(|| unknown(order))?;
        for version in self.versions(table).await? {
            let unit = version.record.unit.as_ref();
            if unit.is_none_or(|unit| unit.domain != found.domain) {
                continue;
            }
            for file in &version.files {
                if self.rows_of(&version, file, &found.units).await? > 0 {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}
