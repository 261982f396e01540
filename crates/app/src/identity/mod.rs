//! 核验: a product that says whether what a customer says of a subject is what the register says, and nothing more.
//!
//! [`index`] compiles the register of the product's own permit into keyed tags; [`consent`] records that a subject
//! agrees, on a paper, to be asked about once; [`check`] answers. One answer per consent, in the same form and at the
//! same pace whatever it is, and only while nothing looks like guessing ([`limits`]).

mod check;
mod consent;
mod index;
mod limits;

use async_trait::async_trait;
use shuyu_domain::{
    Case, Value,
    case::CompiledIndex,
    port::{Request, Stream},
};
use shuyu_kernel::{CaseId, DatasetId, Digest, Fault, Refusal};
use shuyu_privacy::identity::{IdentityKey, Tag};

pub use check::{Checked, Question};
pub use consent::{Consent, LONGEST_TERM, NewConsent, NewUnlock};
pub use index::NewIndex;
pub(crate) use limits::DAY_COUNTERS;
pub use limits::{DIFFERING_PER_SUBJECT, SUBJECTS_PER_NAME, SUBJECTS_PER_PATTERN};

use crate::{
    App, Stop,
    port::{Cancel, DataError, OnProgress},
};

/// What to compile.
#[derive(Debug, Clone)]
pub struct IndexOrder {
    /// Dataset.
    pub dataset: DatasetId,
    /// Its version.
    pub version: u64,
    /// The column of the identifier, then those of the attributes.
    pub columns: Vec<String>,
    /// Identifier domain.
    pub domain: String,
    /// The key of its tags.
    pub key: IdentityKey,
}

/// A compiled index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexMade {
    /// Digest of its file.
    pub index: Digest,
    /// Different pairs in it.
    pub pairs: u64,
}

/// Indexes for identity checks. They are kept sealed beside the raw files.
#[async_trait]
pub trait Identities: Send + Sync {
    /// Reads the rows of a version and keeps their tags; rows without identifier or attribute are left out.
    async fn compile(
        &self,
        order: &IndexOrder,
        on_progress: OnProgress,
        cancel: Cancel,
    ) -> Result<IndexMade, DataError>;
    /// Whether an index holds a tag.
    async fn holds(&self, index: Digest, tag: Tag) -> Result<bool, Fault>;
}

impl App {
    /// The key of an index: another one for every product, dataset, version and list of columns. It is derived anew
    /// each time and kept nowhere.
    fn identity_key(&self, product: CaseId, index: (DatasetId, u64), columns: &[String]) -> IdentityKey {
        let (dataset, version) = index;
        let purpose = format!(
            "identity-index/{product}/{dataset}/{version}/{}",
            columns.join("/")
        );
        IdentityKey::new(self.secrets.keyed_digest(purpose.as_bytes()).0)
    }

    /// What a subject is counted by, over all products and customers.
    fn subject_token(&self, domain: &str, identifier: &str) -> Digest {
        let plain = shuyu_privacy::identity::plain_identifier(identifier);
        let text = format!("identity-subject/{domain}/{plain}");
        self.secrets.keyed_digest(text.as_bytes())
    }

    async fn product(&self, product: CaseId) -> Result<Case, Stop> {
        let mut loaded = self.record.load(&[product].into()).await?;
        let unknown = || Refusal::unknown("product_unknown").into();
        loaded.linked.remove(&product).ok_or_else(unknown)
    }

    fn identity_request(&self, name: &'static str, product: CaseId, asked: Digest) -> Request {
        Request {
            name,
            stream: Stream::Case(product),
            key: None,
            fingerprint: asked,
            expected_version: None,
            needs: Default::default(),
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        }
    }
}

/// The product's index, if it is a verification service that was compiled.
fn index_of(product: &Case) -> Result<&CompiledIndex, Refusal> {
    verifies(product)?;
    let index = product.index.as_ref();
    index.ok_or_else(|| Refusal::unmet("product_without_index"))
}

/// Only a product of the kind 核验 answers checks; where the form knows no kinds, any may.
fn verifies(product: &Case) -> Result<(), Refusal> {
    match product.fields.get("kind") {
        Some(kind) if !kind.is_empty() && kind.text() != "verification" => {
            Err(Refusal::unmet("product_not_verification").fact("product", &product.number))
        }
        Some(_) | None => Ok(()),
    }
}

/// Cases that a product's fields point at.
fn links(product: &Case) -> impl Iterator<Item = CaseId> {
    product.fields.values().flat_map(Value::cases)
}
