//! Orders and proofs of erasing, sealed in the folder of their dataset.

use std::collections::BTreeSet;

use futures::TryStreamExt;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, path::Path};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use shuyu_kernel::{DatasetId, Digest, Fault, Timestamp};

use super::{ErasureProof, FileErased};
use crate::{
    Lake, Swept,
    error::{LakeError, fault},
    version::DataFile,
};

/// Folder of orders within the folder of a dataset. Delta readers pass over names in `_`.
const ORDERS: &str = "_erasures";
/// Folder of proofs.
const PROOFS: &str = "_erased";

/// An order to erase one subject from one dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Name.
    pub(crate) order: String,
    /// Identifier domain.
    pub(crate) domain: String,
    /// See [`super::Prepared::commitment`].
    pub(crate) commitment: Digest,
    /// Keyed units of the subject.
    pub(crate) units: BTreeSet<i64>,
    /// Columns that name the subject in the dataset the order was given for.
    pub(crate) columns: Vec<String>,
    /// How far it is.
    pub(crate) stage: Stage,
    /// Raw files that are to be destroyed.
    #[serde(default)]
    pub(crate) raw: BTreeSet<Digest>,
}

/// How far an order is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Taken down.
    Prepared,
    /// Reads skip the subject.
    Hidden,
    /// The new files are written; the log may name either.
    Rewritten(Vec<Replaced>),
}

/// A file and what stands in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replaced {
    /// The file that held the subject.
    pub(crate) old: DataFile,
    /// The same without its rows.
    pub(crate) new: DataFile,
}

impl Replaced {
    /// For the proof.
    pub(crate) fn erased(&self) -> FileErased {
        FileErased {
            before: self.old.digest,
            after: self.new.digest,
            rows: self.old.rows - self.new.rows,
        }
    }
}

impl Lake {
    /// Takes an order down unless it is there or carried out already.
    pub(super) async fn prepare(&self, dataset: DatasetId, order: Order) -> Result<(), LakeError> {
        let writer = self.writer(dataset);
        let _alone = writer.lock().await;
        let known = self.order(dataset, &order.order).await?.is_some()
            || self.proof(dataset, &order.order).await?.is_some();
        if known {
            return Ok(());
        }
        self.keep_order(dataset, &order).await
    }

    pub(super) async fn order(&self, dataset: DatasetId, order: &str) -> Result<Option<Order>, LakeError> {
        self.sealed_json(&order_path(dataset, order)).await
    }

    pub(super) async fn proof(
        &self,
        dataset: DatasetId,
        order: &str,
    ) -> Result<Option<ErasureProof>, LakeError> {
        self.sealed_json(&proof_path(dataset, order)).await
    }

    /// Orders of a dataset that are not closed.
    pub(crate) async fn orders(&self, dataset: DatasetId) -> Result<Vec<Order>, LakeError> {
        let doing = "listing orders to erase";
        let folder = Path::from(format!("{dataset}/{ORDERS}"));
        let found: Vec<_> = self
            .store
            .list(Some(&folder))
            .try_collect()
            .await
            .map_err(fault(doing))?;
        let mut orders = Vec::new();
        for object in found {
            orders.extend(self.sealed_json::<Order>(&object.location).await?);
        }
        Ok(orders)
    }

    pub(super) async fn keep_order(&self, dataset: DatasetId, order: &Order) -> Result<(), LakeError> {
        self.keep_json(&order_path(dataset, &order.order), order).await
    }

    pub(super) async fn keep_proof(&self, proof: &ErasureProof) -> Result<(), LakeError> {
        self.keep_json(&proof_path(proof.dataset, &proof.order), proof)
            .await
    }

    pub(super) async fn forget_order(&self, dataset: DatasetId, order: &str) -> Result<(), LakeError> {
        match self.store.delete(&order_path(dataset, order)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(Fault::new("closing an order to erase", error).into()),
        }
    }

    /// Removes orders older than `before` that nobody carried on.
    pub(crate) async fn sweep_orders(
        &self,
        dataset: DatasetId,
        before: Timestamp,
        swept: &mut Swept,
    ) -> Result<(), LakeError> {
        let waiting = self.orders(dataset).await?;
        let waiting: BTreeSet<Path> = waiting
            .iter()
            .filter(|order| order.stage == Stage::Prepared)
            .map(|order| order_path(dataset, &order.order))
            .collect();
        let folder = Path::from(format!("{dataset}/{ORDERS}"));
        let unwanted = |path: &Path| waiting.contains(path);
        Ok(self.remove(&folder, before, unwanted, swept).await?)
    }

    pub(crate) async fn sealed_json<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, LakeError> {
        let doing = "reading an order to erase";
        let found = match self.store.get(path).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            other => other.map_err(fault(doing))?,
        };
        let bytes = found.bytes().await.map_err(fault(doing))?;
        Ok(Some(serde_json::from_slice(&bytes).map_err(fault(doing))?))
    }

    async fn keep_json(&self, path: &Path, content: &impl Serialize) -> Result<(), LakeError> {
        let doing = "keeping an order to erase";
        let bytes = serde_json::to_vec(content).map_err(fault(doing))?;
        self.store
            .put(path, PutPayload::from(bytes))
            .await
            .map_err(fault(doing))?;
        Ok(())
    }
}

fn order_path(dataset: DatasetId, order: &str) -> Path {
    Path::from(format!("{dataset}/{ORDERS}/{order}.json"))
}

fn proof_path(dataset: DatasetId, order: &str) -> Path {
    Path::from(format!("{dataset}/{PROOFS}/{order}.json"))
}
