//! The archive package of a case: one file with all that belongs to it, read and verified without the platform.

mod contents;
mod manifest;
mod pack;

use axum::{extract::Path, response::Response};
use shuyu_kernel::Fault;

use super::{attachment, case_id};
use crate::page::{ConsoleError, Visit};

/// A file of a package.
pub(super) struct Item {
    /// Path inside the package.
    pub path: String,
    /// What it is, in the visitor's language.
    pub title: String,
    /// Media type.
    pub media: &'static str,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// `GET /cases/{id}/archive.zip`
pub(crate) async fn archive(visit: Visit, Path(id): Path<String>) -> Result<Response, ConsoleError> {
    let archive = visit.app().case_archive(&visit.session, case_id(&id)?).await?;
    let name = format!("{}.zip", archive.view.case.number);
    let items = contents::items(&visit, archive)?;
    // Deflating takes a core; the threads that answer others are left alone.
    let packed = tokio::task::spawn_blocking(move || pack::packed(&items))
        .await
        .map_err(|error| Fault::new("packing an archive", error))?;
    Ok(attachment(&name, packed?))
}
