//! The lake behind [`Retaining`].

use async_trait::async_trait;
use shuyu_app::port::{DataError, PurgeOrder, Purged, Retaining};
use shuyu_lake::PurgeSpec;

use super::lake::{LakeAdapter, data_error};

#[async_trait]
impl Retaining for LakeAdapter {
    async fn purge(&self, order: &PurgeOrder) -> Result<Purged, DataError> {
        let spec = PurgeSpec {
            dataset: order.dataset,
            versions: order.versions.clone(),
            raw: order.raw.clone(),
            order: order.purge.clone(),
        };
        let proof = self.lake.purge(&spec).await.map_err(data_error)?;
        Ok(Purged {
            files: proof.files,
            raw: proof.raw.into_iter().collect(),
        })
    }
}
