//! The lake behind [`Retaining`].

use async_trait::async_trait;
use shuyu_app::port::{DataError, PurgeOrder, PurgeState, Purged, Retaining};
use shuyu_kernel::{DatasetId, Fault};
use shuyu_lake::{LakeError, PurgeSpec};

use super::lake::{LakeAdapter, data_error};

#[async_trait]
impl Retaining for LakeAdapter {
    async fn purge_state(&self, dataset: DatasetId, purge: &str) -> Result<PurgeState, Fault> {
        match self.lake.purge_begun(dataset, purge).await {
            Ok(true) => Ok(PurgeState::Begun),
            Ok(false) if self.lake.is_being_written(dataset) => Ok(PurgeState::Held),
            Ok(false) => Ok(PurgeState::New),
            Err(LakeError::Fault(fault)) => Err(fault),
            Err(LakeError::Refused(refusal)) => Err(Fault::new("asking for a purge", refusal)),
        }
    }
    async fn purge(&self, order: &PurgeOrder) -> Result<Option<Purged>, DataError> {
        let spec = PurgeSpec {
            dataset: order.dataset,
            versions: order.versions.clone(),
            raw: order.raw.clone(),
            order: order.purge.clone(),
        };
        let proof = self.lake.purge(&spec).await.map_err(data_error)?;
        Ok(proof.map(|proof| Purged {
            files: proof.files,
            raw: proof.raw.into_iter().collect(),
        }))
    }
}
