//! The lake behind [`Erasing`].

use std::collections::BTreeSet;

use async_trait::async_trait;
use shuyu_app::port::{DataError, EraseOrder, ErasePrepared, ErasedRows, Erasing, OpenErasure};
use shuyu_domain::event::{ErasedFile, ErasedVersion};
use shuyu_kernel::{DatasetId, Digest, Fault};
use shuyu_lake::{ErasureSpec, LakeError};

use super::lake::{LakeAdapter, data_error};

pub(super) fn never_refused(doing: &'static str) -> impl FnOnce(LakeError) -> Fault {
    move |error| match error {
        LakeError::Refused(refusal) => Fault::new(doing, refusal),
        LakeError::Fault(fault) => fault,
    }
}

#[async_trait]
impl Erasing for LakeAdapter {
    async fn prepare_erasure(&self, order: &EraseOrder) -> Result<ErasePrepared, DataError> {
        let versions = self.lake.versions(order.dataset).await.map_err(data_error)?;
        let unit = versions.last().and_then(|version| version.record.unit.as_ref());
        let domain = unit.map(|unit| unit.domain.clone()).unwrap_or_default();
        let spec = ErasureSpec {
            dataset: order.dataset,
            subject: order.subject.clone(),
            key: self.domain_key(&domain),
            order: order.erasure.clone(),
        };
        let prepared = self.lake.prepare_erasure(&spec).await.map_err(data_error)?;
        Ok(ErasePrepared {
            datasets: prepared.datasets,
            subject: prepared.commitment,
            domain: prepared.domain,
        })
    }

    async fn hide_erased(&self, dataset: DatasetId, erasure: &str) -> Result<(), DataError> {
        self.lake.hide_erased(dataset, erasure).await.map_err(data_error)
    }

    async fn open_erasures(&self) -> Result<Vec<OpenErasure>, Fault> {
        let open = self.lake.open_erasures().await;
        let open = open.map_err(never_refused("listing open erasures"))?;
        Ok(open
            .into_iter()
            .map(|(dataset, erasure, domain)| OpenErasure {
                dataset,
                erasure,
                domain,
            })
            .collect())
    }

    async fn search_uploads(&self, open: &OpenErasure, uploads: BTreeSet<Digest>) -> Result<(), DataError> {
        let key = self.domain_key(&open.domain);
        let searched = self
            .lake
            .search_uploads(open.dataset, &open.erasure, &key, uploads)
            .await;
        searched.map_err(data_error)
    }

    async fn names_subject(&self, list: DatasetId, open: &OpenErasure) -> Result<bool, Fault> {
        let names = self.lake.names_subject(list, (open.dataset, &open.erasure));
        names.await.map_err(never_refused("asking an own list"))
    }

    async fn carry_out_erasure(&self, open: &OpenErasure) -> Result<ErasedRows, DataError> {
        let key = self.domain_key(&open.domain);
        let proof = self
            .lake
            .carry_out_erasure(open.dataset, &open.erasure, &key)
            .await
            .map_err(data_error)?;
        Ok(ErasedRows {
            subject: proof.commitment,
            versions: (proof.versions.iter())
                .map(|held| ErasedVersion {
                    version: held.version,
                    rows: held.rows,
                })
                .collect(),
            files: (proof.files.iter())
                .map(|file| ErasedFile {
                    before: file.before,
                    after: file.after,
                    rows: file.rows,
                })
                .collect(),
            raw: proof.raw_destroyed,
            files_searched: proof.files_searched,
            rows_searched: proof.rows_searched,
        })
    }

    async fn close_erasure(&self, open: &OpenErasure) -> Result<(), Fault> {
        let closed = self.lake.close_erasure(open.dataset, &open.erasure).await;
        closed.map_err(never_refused("closing an erasure"))
    }

    async fn has_files(&self, dataset: DatasetId, version: u64, files: &[Digest]) -> Result<bool, Fault> {
        let snapshot = match self.lake.snapshot(dataset, Some(version)).await {
            Ok(snapshot) => snapshot,
            Err(LakeError::Refused(_)) => return Ok(false),
            Err(LakeError::Fault(fault)) => return Err(fault),
        };
        let mut found: Vec<Digest> = snapshot.version().files.iter().map(|file| file.digest).collect();
        let mut wanted = files.to_vec();
        found.sort();
        wanted.sort();
        if found != wanted {
            return Ok(false);
        }
        if let Err(fault) = self.lake.verify(&snapshot).await {
            tracing::error!(%dataset, version, doing = %fault.doing, "a data file is not as recorded");
            return Ok(false);
        }
        Ok(true)
    }
}
