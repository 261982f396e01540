//! Uploaded papers: content-addressed, sealed in the lake's raw zone, listed as documents.

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Digest, Refusal, Timestamp};

use crate::{
    App, Session, Stop,
    account::parse,
    port::{ByteStream, DataError, RawFile},
};

/// Papers are scans and tables; larger ones come as data.
pub const PAPER_LIMIT_BYTES: u64 = 64 * 1024 * 1024;
/// Data files of departments: streamed, never held in memory.
pub const DATA_LIMIT_BYTES: u64 = 64 * 1024 * 1024 * 1024;

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// SM3 of the bytes.
    pub digest: Digest,
    /// Name as given.
    pub name: String,
    /// Length.
    pub size_bytes: u64,
    /// Body that brought it.
    pub body: String,
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
    /// Takes a file in: a paper, or a data file to be ingested. The same bytes twice are one file.
    pub async fn upload(&self, session: &Session, name: &str, bytes: ByteStream) -> Result<Upload, Stop> {
        self.require_signed_in(session)?;
        let name: String = name
            .chars()
            .filter(|c| !c.is_control() && *c != '/' && *c != '\\')
            .take(200)
            .collect();
        if name.is_empty() {
            return Err(Refusal::unmet("file_without_name").into());
        }
        let RawFile {
            digest, size_bytes, ..
        } = self.lake.receive(&name, bytes, DATA_LIMIT_BYTES).await?;
        let upload = Upload {
            digest,
            name,
            size_bytes,
            body: session.actor.body.to_string(),
            at: self.now(),
        };
        if self
            .record
            .document("upload", &digest.to_string())
            .await?
            .is_none()
        {
            self.put("upload", &digest.to_string(), &upload.body, &upload, 1)
                .await?;
        }
        Ok(upload)
    }

    /// The bytes of a paper, for a person whose body brought it or is a party of a case that cites it.
    pub async fn download(&self, session: &Session, digest: Digest) -> Result<(Upload, Vec<u8>), Stop> {
        self.require_signed_in(session)?;
        let stored = self
            .record
            .document("upload", &digest.to_string())
            .await?
            .ok_or_else(|| Refusal::unknown("paper_unknown").fact("digest", digest.short()))?;
        let upload: Upload = parse(&stored)?;
        if upload.body != session.actor.body.to_string() {
            return Err(Refusal::forbidden("paper_of_another_body")
                .fact("name", &upload.name)
                .into());
        }
        if upload.size_bytes > PAPER_LIMIT_BYTES {
            return Err(Refusal::unmet("file_too_large")
                .fact("limit_bytes", PAPER_LIMIT_BYTES)
                .into());
        }
        let bytes = self.lake.raw_bytes(digest).await?;
        Ok((upload, bytes))
    }
}
