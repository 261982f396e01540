//! Governance: what a dataset holds, how it is graded and de-identified, how safe the result is, who leaked it.
//!
//! - [`discovery`]: which columns hold what is sensitive;
//! - [`grade`]: a grade proposed from it, which a person confirms;
//! - [`recipe`]: the ordered steps that make a de-identified version, batch by batch;
//! - [`quality`]: rules over all rows or a sample of a stored version, scored in four dimensions;
//! - [`assess`]: k-anonymity, l-diversity, t-closeness and record risk of the result;
//! - [`fingerprint`]: a keyed mark by which a leaked piece names its recipient.
//!
//! Pure like the rest of the crate: batches in, figures or batches out; keys and seeds are arguments.

pub mod assess;
pub mod discovery;
pub mod fingerprint;
pub mod grade;
pub mod quality;
pub mod recipe;
