//! The keeper of the logs over the store.

use std::sync::Arc;

use async_trait::async_trait;
use shuyu_app::port::{Keeper, Verified};
use shuyu_domain::port::{Log, Record as _, StoredCheckpoint};
use shuyu_kernel::Fault;
use shuyu_ledger::{SigningKey, VerifyError, verify};
use shuyu_store::Store;

/// Sealing, verification and receipts of one store.
pub struct StoreKeeper {
    store: Arc<Store>,
    signer: Arc<SigningKey>,
    public_key: String,
}

impl StoreKeeper {
    /// Over a store and the key that signs its checkpoints.
    pub fn new(store: Arc<Store>, signer: Arc<SigningKey>) -> anyhow::Result<Self> {
        let public_key = signer.verifying_key().to_pem()?;
        Ok(Self {
            store,
            signer,
            public_key,
        })
    }
}

#[async_trait]
impl Keeper for StoreKeeper {
    async fn seal(&self) -> Result<(), Fault> {
        self.store.seal_all().await
    }

    async fn receipt(&self, log: Log, index: u64) -> Result<Option<String>, Fault> {
        let receipt = self.store.receipt(log, index).await?;
        let text = receipt.map(|receipt| receipt.to_json()).transpose();
        text.map_err(|error| Fault::new("writing a receipt", error))
    }

    async fn verify(&self, log: Log) -> Result<Verified, Fault> {
        let mut folder = std::collections::BTreeMap::<String, Vec<u8>>::new();
        self.store.export(log, &mut folder).await?;
        match verify(&folder, Some(&self.signer.verifying_key())) {
            Ok(verified) => Ok(Verified {
                size: verified.size,
                root: verified.root,
            }),
            Err(VerifyError::Tampered(tampered)) => Err(Fault::new("verifying a log", tampered.to_string())),
            Err(VerifyError::Fault(fault)) => Err(fault),
        }
    }

    async fn rebuild_check(&self) -> Result<Vec<String>, Fault> {
        let report = self.store.rebuild_check().await?;
        let different = report
            .tables
            .into_iter()
            .filter(|table| table.first_difference.is_some());
        Ok(different.map(|table| table.name.to_owned()).collect())
    }

    fn public_key(&self, _log: Log) -> String {
        self.public_key.clone()
    }

    async fn checkpoint(&self, log: Log) -> Result<Option<StoredCheckpoint>, Fault> {
        self.store.checkpoint(log).await
    }
}
