//! How an operation of the lake may end other than well: refused, or the world failed.

use shuyu_kernel::{Fault, Refusal, RefusalKind};

use crate::table::QualityReport;

/// A correct "no" or a fault. Nothing has changed in either case.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// What was asked or handed in is refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Disk, keys or our own files failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// An ingest that was refused, with the quality report as far as the file was read.
#[derive(Debug)]
pub struct IngestRefused {
    /// Why.
    pub refusal: Refusal,
    /// Row numbers and counts per rule; `None` when the file was refused before its rows were read.
    pub report: Option<QualityReport>,
}

/// How an ingest may end other than well. The table stands at its old version in both cases.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The file, the schema or the quality is refused, or the ingest was cancelled.
    #[error("{}", .0.refusal)]
    Refused(Box<IngestRefused>),
    /// Disk, keys or our own files failed.
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<LakeError> for IngestError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::Refused(refusal) => refusal.into(),
            LakeError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<Refusal> for IngestError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(IngestRefused {
            refusal,
            report: None,
        }))
    }
}

/// The refusal of an operation that its caller cancelled.
pub(crate) fn cancelled() -> Refusal {
    Refusal::conflict("ingest_cancelled")
}

/// Refusals travel through `std::io::Read` inside an `io::Error`; this takes them out again.
pub(crate) fn from_io(doing: &str, error: std::io::Error) -> LakeError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
        Some(refusal) => LakeError::Refused(refusal.clone()),
        None => LakeError::Fault(Fault::new(doing, error)),
    }
}

/// Shortens a fault's construction: `.map_err(fault("writing the report"))`.
pub(crate) fn fault<E>(doing: &'static str) -> impl FnOnce(E) -> Fault
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |error| Fault::new(doing, error)
}

/// A refusal because something is too much.
pub(crate) fn limited(code: &str) -> Refusal {
    Refusal::new(RefusalKind::Limited, code)
}
