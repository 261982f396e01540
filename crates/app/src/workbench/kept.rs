//! An answer as it is kept: the same bytes that the proceedings name by their digest.

use shuyu_domain::port::Document;
use shuyu_kernel::{Digest, Fault};

use super::Released;
use crate::{account::parse, dispatch::fingerprint};

/// Kind of the documents that answers are kept as, once they left.
pub(super) const RELEASE: &str = "release";
/// Kind of those that are held: nothing that shows or sells an answer reads them.
pub(super) const HELD: &str = "held";

/// The answer as a document of a kind.
pub(super) fn kept(released: &Released, kind: &str) -> Result<Document, Fault> {
    let body = serde_json::to_string(released).map_err(|error| Fault::new("encoding a release", error))?;
    Ok(Document {
        kind: kind.to_owned(),
        key: released.release.to_string(),
        body,
        owner: released.case.to_string(),
        version: 1,
    })
}

/// Reads a kept answer whose digest the proceedings name. Releases of early installations name the digest of
/// the answer alone.
pub(crate) fn as_recorded(stored: &Document, result: Digest) -> Result<Released, Fault> {
    let released: Released = parse(stored)?;
    if Digest::of(stored.body.as_bytes()) != result && fingerprint(&released.answer) != result {
        return Err(Fault::new(
            "reading a release",
            "the kept answer is not the recorded one",
        ));
    }
    Ok(released)
}
