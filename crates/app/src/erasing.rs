//! Erasing one subject from every version of a dataset and of those derived from it (YN-DM-082).
//!
//! Decided by the data authority and recorded with a keyed commitment; from the commit on no read gives the rows;
//! the files are rewritten in the background, and the proof is recorded when every file of every version was
//! searched. The identifier goes to the lake and nowhere else: not into the ledger, the outbox or a log.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Event,
    event::{DatasetEvent, ErasureReason},
    port::{Committed, DatasetRow, Effect, Loaded, Proposal, Request, Stream},
};
use shuyu_kernel::{DatasetId, Digest, Fault, Refusal};

use crate::{
    App, Session, Stop,
    dispatch::fingerprint,
    erasure::ERASER,
    files::UploadKind,
    port::{EraseOrder, OpenErasure},
};

/// Kind of the outbox effect that hides a subject: it is carried out even if the process dies after the commit.
pub(crate) const EFFECT: &str = "erase-rows";

/// An order to erase a subject from a dataset.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRowErasure {
    /// The dataset that names the subject.
    pub dataset: DatasetId,
    /// Column → value, for exactly the columns that name the subject.
    pub subject: BTreeMap<String, String>,
    /// Why.
    pub reason: ErasureReason,
    /// Digest of the decision, uploaded by the session's body; may be empty.
    #[serde(default)]
    pub paper: String,
}

/// Where an order stands in the outbox.
#[derive(Debug, Serialize, Deserialize)]
struct Hide {
    dataset: DatasetId,
    erasure: String,
}

/// Whether the lake may have orders that are not carried out: looked at once after a start and after each order.
#[derive(Debug)]
pub(crate) struct Waiting(AtomicBool);

impl Default for Waiting {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}

impl App {
    /// Orders that a subject be erased from every version of a dataset and of what was derived from it. When this
    /// returns, no read gives its rows any more.
    ///
    /// # Errors
    /// `erasure_not_for_role`, `dataset_unknown`, `dataset_without_subjects`, `subject_columns_differ`,
    /// `subject_not_a_value`, what the paper is refused for, or a fault.
    pub async fn erase_rows(
        &self,
        session: &Session,
        new: NewRowErasure,
        key: &str,
    ) -> Result<Committed, Stop> {
        let what = format!("erasure/{}", new.dataset);
        let result = self.erase_rows_inner(session, new, key).await;
        self.noted(session, &what, result).await
    }

    async fn erase_rows_inner(
        &self,
        session: &Session,
        new: NewRowErasure,
        key: &str,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        if session.actor.role != ERASER {
            return Err(Refusal::forbidden("erasure_not_for_role").into());
        }
        let row = self.dataset_row(new.dataset).await?;
        let by = self
            .meta_with_paper(session, Some(new.paper.trim()).filter(|paper| !paper.is_empty()))
            .await?;
        let person = session.actor.person.to_string();
        let named = self
            .secrets
            .keyed_digest(format!("{EFFECT}/{person}/{key}").as_bytes());
        let erasure: String = named.to_string().chars().take(32).collect();
        let order = EraseOrder {
            dataset: new.dataset,
            subject: new.subject,
            erasure: erasure.clone(),
        };
        let prepared = self.lake.prepare_erasure(&order).await?;
        let event = DatasetEvent::ErasureOrdered {
            dataset: new.dataset,
            resource: row.resource,
            erasure: erasure.clone(),
            domain: prepared.domain,
            subject: prepared.subject,
            datasets: prepared.datasets.clone(),
            reason: new.reason,
            by,
        };
        // What was asked, without what must not be written: the subject by its commitment.
        let asked = fingerprint(&(new.dataset, prepared.subject, new.reason, &new.paper));
        let request = self.dataset_request("erase-rows", new.dataset, (person, key.to_owned()), asked);
        let decide = Box::new(move |loaded: &Loaded| {
            let outbox = prepared.datasets.iter().map(|dataset| Effect {
                key: format!("{EFFECT}/{erasure}/{dataset}"),
                kind: EFFECT.to_owned(),
                payload: serde_json::json!({ "dataset": dataset, "erasure": erasure }),
            });
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                outbox: outbox.collect(),
                reply: serde_json::json!({ "erasure": erasure, "version": loaded.version + 1 }),
                ..Proposal::default()
            })
        });
        let committed = self.record.transact(request, decide).await?;
        self.deliver_notices().await?;
        Ok(committed)
    }

    pub(crate) async fn hide_erased(&self, effect: &Effect) -> Result<(), Stop> {
        let hide: Hide = serde_json::from_value(effect.payload.clone())
            .map_err(|error| Fault::new("hiding an erased subject", error))?;
        self.lake.hide_erased(hide.dataset, &hide.erasure).await?;
        self.erasing.0.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Carries out what was ordered: own lists that name the subject ended and destroyed, files rewritten, raw files
    /// destroyed, everything searched, the proof recorded. Run regularly; one order that fails leaves the others to go
    /// on, and is tried again.
    ///
    /// # Errors
    /// When the open orders cannot be listed.
    pub async fn finish_erasures(&self) -> Result<u64, Stop> {
        if !self.erasing.0.swap(false, Ordering::SeqCst) {
            return Ok(0);
        }
        let mut finished = 0;
        let open = self.lake.open_erasures().await;
        let open = open.inspect_err(|_| self.erasing.0.store(true, Ordering::SeqCst))?;
        for order in open {
            match self.finish_erasure(&order).await {
                Ok(()) => finished += 1,
                Err(error) => {
                    self.erasing.0.store(true, Ordering::SeqCst);
                    tracing::error!(dataset = %order.dataset, %error, "an erasure could not be carried out");
                }
            }
        }
        Ok(finished)
    }

    async fn finish_erasure(&self, open: &OpenErasure) -> Result<(), Stop> {
        self.lake.search_uploads(open, self.data_uploads().await?).await?;
        self.end_lists_naming(open).await?;
        let done = self.lake.carry_out_erasure(open).await?;
        let row = self.dataset_row(open.dataset).await?;
        let event = DatasetEvent::SubjectErased {
            dataset: open.dataset,
            resource: row.resource,
            erasure: open.erasure.clone(),
            subject: done.subject,
            versions: done.versions,
            files: done.files,
            raw: done.raw,
            files_searched: done.files_searched,
            rows_searched: done.rows_searched,
        };
        let key = (EFFECT.to_owned(), format!("{}/{}", open.erasure, open.dataset));
        let request = self.dataset_request("prove-erasure", open.dataset, key, fingerprint(&event));
        let decide = Box::new(move |_: &Loaded| {
            Ok(Proposal {
                events: vec![Event::Dataset(event)],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(self.lake.close_erasure(open).await?)
    }

    /// Digests of what was uploaded to be ingested, by whomever, and of files of lists that are there still. What
    /// somebody brought as a paper as well is left: it may be cited.
    async fn data_uploads(&self) -> Result<BTreeSet<Digest>, Stop> {
        let (mut data, mut papers) = (self.lake.own_raw().await?, BTreeSet::new());
        for upload in self.all_uploads().await? {
            match upload.kind {
                UploadKind::Data => data.insert(upload.digest),
                UploadKind::Paper => papers.insert(upload.digest),
            };
        }
        Ok(&data - &papers)
    }

    /// The latest recorded version of a dataset.
    pub(crate) async fn dataset_row(&self, dataset: DatasetId) -> Result<DatasetRow, Stop> {
        let rows = self.record.datasets(None).await?;
        let found = rows.into_iter().find(|row| row.dataset == dataset);
        Ok(found.ok_or_else(|| Refusal::unknown("dataset_unknown").fact("dataset", dataset))?)
    }

    pub(crate) fn dataset_request(
        &self,
        name: &'static str,
        dataset: DatasetId,
        key: (String, String),
        fingerprint: Digest,
    ) -> Request {
        Request {
            name,
            stream: Stream::Dataset(dataset),
            key: Some(key),
            fingerprint,
            expected_version: None,
            needs: BTreeSet::new(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        }
    }
}
