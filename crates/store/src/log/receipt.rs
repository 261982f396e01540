//! Receipts (履职凭证) from the stored log.

use shuyu_kernel::Fault;
use shuyu_ledger::{Receipt, VerifyingKey};

use super::{Book, PAGE};
use crate::{
    database::{DbError, Doing, Tx},
    error::Broken,
};

const DOING: &str = "making a receipt";

impl Book {
    /// The receipt of an entry under the latest checkpoint; `None` while the entry is not sealed.
    pub async fn receipt(&self, index: u64, key: &VerifyingKey) -> Result<Option<Receipt>, Fault> {
        let Some(signed) = self.checkpoint().await.doing(DOING)? else {
            return Ok(None);
        };
        if index >= signed.size {
            return Ok(None);
        }
        let mut tx = self.database.read().await.doing(DOING)?;
        let missing = || {
            DbError::from(Broken::Head {
                log: self.name().to_owned(),
                index,
            })
        };
        let entry = self.entries(&mut tx, index, 1).await.doing(DOING)?.pop();
        let entry = entry
            .filter(|entry| entry.index == index)
            .ok_or_else(missing)
            .doing(DOING)?;
        let mut tree = self.tree.lock().await;
        while tree.size() < signed.size {
            let page = self
                .leaves(&mut tx, tree.size(), signed.size)
                .await
                .doing(DOING)?;
            if page.is_empty() {
                return Err(missing()).doing(DOING);
            }
            for leaf in page {
                tree.push(leaf);
            }
        }
        let proof = tree
            .inclusion(index, signed.size)
            .map_err(|error| Fault::new(DOING, error))?;
        let line = std::str::from_utf8(&entry.bytes).map_err(|error| Fault::new(DOING, error))?;
        // Refuses a receipt that would not verify.
        let receipt =
            Receipt::new(line, &proof, &signed.note, key).map_err(|error| Fault::new(DOING, error))?;
        Ok(Some(receipt))
    }

    async fn leaves(&self, tx: &mut Tx, from: u64, to: u64) -> Result<Vec<shuyu_kernel::Digest>, DbError> {
        let select =
            "SELECT leaf_hash FROM ledger_entry WHERE log = $1 AND idx >= $2 AND idx < $3 ORDER BY idx";
        let until = to.min(from + PAGE);
        let rows = tx
            .rows(select, &[self.name().into(), from.into(), until.into()])
            .await?;
        rows.iter().map(|row| row.digest(0)).collect()
    }
}
