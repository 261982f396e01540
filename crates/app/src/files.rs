//! Uploaded papers and data files: content-addressed, sealed in the lake's raw zone, listed as documents.
//!
//! Whoever brings bytes owns their upload; the same bytes brought by two bodies are two uploads of one file. A file
//! is a paper, which cases cite and people read, or data, which is ingested and never handed out again.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, PersonId, Refusal, Timestamp};

use crate::{
    App, Session, Stop,
    account::parse,
    port::{ByteStream, DataError, RawFile},
};

/// Papers are scans and tables; larger ones come as data.
pub const PAPER_LIMIT_BYTES: u64 = 64 * 1024 * 1024;
/// Data files of departments: streamed, never held in memory.
pub const DATA_LIMIT_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// What a file was brought for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UploadKind {
    /// To be cited in a case and read.
    #[default]
    Paper,
    /// To be ingested.
    Data,
}

impl UploadKind {
    fn limit_bytes(self) -> u64 {
        match self {
            Self::Paper => PAPER_LIMIT_BYTES,
            Self::Data => DATA_LIMIT_BYTES,
        }
    }
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// SM3 of the bytes.
    pub digest: Digest,
    /// Name as given.
    pub name: String,
    /// Length.
    pub size_bytes: u64,
    /// What for. Once brought as data it stays data.
    #[serde(default)]
    pub kind: UploadKind,
    /// Body that brought it.
    pub body: String,
    /// Person who brought it.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

impl From<DataError> for Stop {
    fn from(error: DataError) -> Self {
        match error {
            DataError::Refused(refusal) | DataError::Found { refusal, .. } => Stop::Refused(refusal),
            DataError::Fault(fault) => Stop::Fault(fault),
        }
    }
}

impl App {
    /// Takes a file in. The same bytes twice are one file, and each body that brings them owns an upload of it.
    pub async fn upload(
        &self,
        session: &Session,
        name: &str,
        kind: UploadKind,
        bytes: ByteStream,
    ) -> Result<Upload, Stop> {
        let result = self.upload_inner(session, name, kind, bytes).await;
        let subject = result.as_ref().ok().map(|upload| upload.digest.to_string());
        let subject = subject.unwrap_or_else(|| "uploads".to_owned());
        self.looked(session, "upload", subject, result).await
    }

    async fn upload_inner(
        &self,
        session: &Session,
        name: &str,
        kind: UploadKind,
        bytes: ByteStream,
    ) -> Result<Upload, Stop> {
        self.require_signed_in(session)?;
        let name: String = name
            .chars()
            .filter(|c| !c.is_control() && *c != '/' && *c != '\\')
            .take(200)
            .collect();
        if name.is_empty() {
            return Err(Refusal::unmet("file_without_name").into());
        }
        // Held until it is recorded: somebody may have brought the same bytes and be about to destroy them.
        let (bytes, _held) = self.received.holding(bytes);
        let RawFile {
            digest, size_bytes, ..
        } = self.lake.receive(&name, bytes, kind.limit_bytes()).await?;
        let body = session.actor.body.to_string();
        let key = upload_key(digest, &body);
        for _ in 0..crate::account::TRIES {
            let stored = self.record.document("upload", &key).await?;
            let known: Option<Upload> = stored.as_ref().map(parse).transpose()?;
            let stays = known.as_ref().is_some_and(|known| known.kind == UploadKind::Data);
            let upload = Upload {
                digest,
                name: name.clone(),
                size_bytes,
                kind: if stays { UploadKind::Data } else { kind },
                body: body.clone(),
                person: session.actor.person,
                at: self.now(),
            };
            let version = stored.map_or(0, |stored| stored.version) + 1;
            if self.put("upload", &key, &body, &upload, version).await? {
                return Ok(upload);
            }
        }
        Err(Refusal::conflict("write_lost").into())
    }

    /// What is known of a file that the session's body brought for this purpose.
    ///
    /// # Errors
    /// `paper_unknown` for files the body did not bring, whoever else did; `upload_of_other_kind`.
    pub(crate) async fn checked_upload(
        &self,
        session: &Session,
        digest: Digest,
        kind: UploadKind,
    ) -> Result<Upload, Stop> {
        let found = self.upload_of(digest, &session.actor.body.to_string()).await?;
        let upload = found.ok_or_else(|| Refusal::unmet("paper_unknown").fact("digest", digest.short()))?;
        if upload.kind != kind {
            return Err(Refusal::unmet("upload_of_other_kind")
                .fact("digest", digest.short())
                .into());
        }
        Ok(upload)
    }

    /// Every upload, of whichever body. One that cannot be read is a fault: what is not understood is never destroyed.
    pub(crate) async fn all_uploads(&self) -> Result<Vec<Upload>, Stop> {
        let stored = self.record.documents("upload", None).await?;
        let uploads: Result<Vec<Upload>, _> = stored.iter().map(parse).collect();
        Ok(uploads?)
    }

    pub(crate) async fn upload_of(&self, digest: Digest, body: &str) -> Result<Option<Upload>, Stop> {
        let stored = self.record.document("upload", &upload_key(digest, body)).await?;
        Ok(stored.as_ref().map(parse).transpose()?)
    }

    /// The bytes of a paper the session's body brought.
    ///
    /// # Errors
    /// `paper_unknown` for what the body did not bring; `paper_is_data`; `file_too_large`.
    pub async fn download(&self, session: &Session, digest: Digest) -> Result<(Upload, Vec<u8>), Stop> {
        let result = self.download_inner(session, digest).await;
        let upload = self.looked(session, "download", digest, result).await?;
        let bytes = self.lake.raw_bytes(digest).await?;
        Ok((upload, bytes))
    }

    async fn download_inner(&self, session: &Session, digest: Digest) -> Result<Upload, Stop> {
        self.require_signed_in(session)?;
        let found = self.upload_of(digest, &session.actor.body.to_string()).await?;
        let upload = found.ok_or_else(|| Refusal::unknown("paper_unknown").fact("digest", digest.short()))?;
        readable(&upload)?;
        Ok(upload)
    }
}

/// Data files are ingested, never handed out; and what is read is held in memory.
pub(crate) fn readable(upload: &Upload) -> Result<(), Refusal> {
    if upload.kind == UploadKind::Data {
        return Err(Refusal::forbidden("paper_is_data").fact("digest", upload.digest.short()));
    }
    if upload.size_bytes > PAPER_LIMIT_BYTES {
        return Err(Refusal::unmet("file_too_large").fact("limit_bytes", PAPER_LIMIT_BYTES));
    }
    Ok(())
}

fn upload_key(digest: Digest, body: &str) -> String {
    format!("{digest}/{body}")
}
