//! What belongs to a case, for a package that is filed and read without the platform.

use std::collections::BTreeMap;

use shuyu_domain::{
    Paper, Value,
    event::CaseEvent,
    port::{Log, Stream},
};
use shuyu_kernel::{CaseId, Digest, Fault, Refusal};

use super::CaseView;
use crate::{App, Session, Stop, input::neutral_name};

/// Papers of one package, all together. Platform choice: a package is put together in memory.
pub const ARCHIVE_LIMIT_BYTES: u64 = 128 * 1024 * 1024;

/// Everything that belongs to a case, as the session may have it.
#[derive(Debug, Clone)]
pub struct Archive {
    /// The case.
    pub view: CaseView,
    /// The exact lines of its stream in the ledger, in order.
    pub lines: Vec<String>,
    /// Receipts of its acts, by index of the entry.
    pub receipts: BTreeMap<u64, String>,
    /// Papers it cites.
    pub papers: Vec<ArchivedPaper>,
    /// Papers it cites that cannot be handed out: digest and code of the refusal.
    pub withheld: BTreeMap<Digest, String>,
    /// Public key of the log, PEM.
    pub public_key: String,
}

/// A paper of a package.
#[derive(Debug, Clone)]
pub struct ArchivedPaper {
    /// SM3 of the bytes.
    pub digest: Digest,
    /// Neutral name with the ending of its own.
    pub file: String,
    /// Name as the session may know it.
    pub title: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl App {
    /// Whether the session may have a case as a whole: its parties and those who watch over all cases. What is
    /// public to everybody signed in can be looked at, not taken along.
    pub fn may_archive(&self, session: &Session, view: &CaseView) -> bool {
        view.case.has_party(session.actor.body) || self.oversees(session)
    }

    /// Everything that belongs to a case. The download is noted, and that of each paper once more.
    ///
    /// # Errors
    /// `case_unknown`; `archive_not_for_others`; `archive_too_large`; `receipt_not_sealed` while some act of the
    /// case is not covered by a checkpoint.
    pub async fn case_archive(&self, session: &Session, id: CaseId) -> Result<Archive, Stop> {
        let result = self.archive_inner(session, id).await;
        let mut archive = self
            .looked(session, "download", format!("{id}/archive"), result)
            .await?;
        for paper in cited(&archive.view).into_values() {
            match self.case_paper(session, id, paper.digest).await {
                Ok((upload, bytes)) => archive.papers.push(ArchivedPaper {
                    digest: paper.digest,
                    file: neutral_name(paper.digest, &upload.name),
                    title: upload.name,
                    bytes,
                }),
                Err(Stop::Refused(refusal)) => {
                    archive.withheld.insert(paper.digest, refusal.code);
                }
                Err(fault) => return Err(fault),
            }
        }
        Ok(archive)
    }

    async fn archive_inner(&self, session: &Session, id: CaseId) -> Result<Archive, Stop> {
        let view = self.case_view_inner(session, id).await?;
        if !self.may_archive(session, &view) {
            return Err(Refusal::forbidden("archive_not_for_others").into());
        }
        let size: u64 = cited(&view).values().map(|paper| paper.size_bytes).sum();
        if size > ARCHIVE_LIMIT_BYTES {
            return Err(Refusal::unmet("archive_too_large")
                .fact("bytes", size)
                .fact("limit_bytes", ARCHIVE_LIMIT_BYTES)
                .into());
        }
        let mut receipts = BTreeMap::new();
        for item in view.timeline.iter().filter(|item| item.is_act()) {
            let receipt = self.keeper.receipt(Log::Proceedings, item.index).await?;
            let receipt =
                receipt.ok_or_else(|| Refusal::conflict("receipt_not_sealed").fact("index", item.index))?;
            receipts.insert(item.index, receipt);
        }
        let stored = self.record.stream(Stream::Case(id)).await?;
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).map_err(|error| Fault::new("reading a ledger entry", error))
        };
        let lines: Result<Vec<String>, Fault> = stored.into_iter().map(|entry| text(entry.bytes)).collect();
        Ok(Archive {
            view,
            lines: lines?,
            receipts,
            papers: Vec::new(),
            withheld: BTreeMap::new(),
            public_key: self.keeper.public_key(Log::Proceedings),
        })
    }
}

/// Papers a case cites: in fields, in what its acts set, and those that acts were entered from.
fn cited(view: &CaseView) -> BTreeMap<Digest, Paper> {
    let mut papers: Vec<&Paper> = Vec::new();
    let mut values: Vec<&Value> = view.case.fields.values().collect();
    for item in &view.timeline {
        if let CaseEvent::Opened { meta, set, .. } | CaseEvent::Taken { meta, set, .. } = &item.event {
            values.extend(set.values());
            papers.extend(&meta.paper);
        }
    }
    papers.extend(values.into_iter().filter_map(|value| match value {
        Value::File(paper) => Some(paper),
        _ => None,
    }));
    papers
        .into_iter()
        .map(|paper| (paper.digest, paper.clone()))
        .collect()
}
