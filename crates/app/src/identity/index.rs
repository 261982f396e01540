//! Compiling the index of a product from a table of its own permit.

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    Case, Event,
    case::CompiledIndex,
    event::{CaseEvent, IdentityEvent},
    port::{Document, Loaded, Proposal, Request},
};
use shuyu_kernel::{CaseId, Digest, Id, PermitId, Refusal, Use};
use shuyu_privacy::permit::{Permit, TableGrant, TableKind};

use super::{IndexMade, IndexOrder, links, verifies};
use crate::{
    App, Session, Stop,
    account::parse,
    dispatch::fingerprint,
    permit::{Standing, holds},
    product::keys::owns,
};

/// Kind of the documents that keep an index from being swept.
const KIND: &str = "identity_index";
/// Most attributes that are compared at once. Platform default: a name, and two more to tell people of one name apart.
const MOST_ATTRIBUTES: usize = 3;

/// From what to compile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewIndex {
    /// Table of the product's permit.
    pub table: String,
    /// Column that names the subject.
    pub identifier: String,
    /// Columns that are compared, in the order in which customers say them.
    pub attributes: Vec<String>,
}

impl App {
    /// Compiles the index of a verification product, for the body whose product it is, under the permit that the
    /// product points at. The register's columns need the use `link`: they are compared and never shown.
    ///
    /// # Errors
    /// `product_unknown`, `product_not_verification`, `not_a_party`, `permit_not_linked`, `table_not_in_permit`,
    /// `index_column_not_linked`, `index_columns_wrong`, and everything the chain of the permit refuses.
    pub async fn compile_index(
        &self,
        session: &Session,
        product: CaseId,
        new: NewIndex,
        key: Option<String>,
    ) -> Result<CompiledIndex, Stop> {
        let result = self.compile_inner(session, product, new, key).await;
        self.noted(session, &format!("{product}/compile_index"), result)
            .await
    }

    async fn compile_inner(
        &self,
        session: &Session,
        product: CaseId,
        new: NewIndex,
        key: Option<String>,
    ) -> Result<CompiledIndex, Stop> {
        self.require_signed_in(session)?;
        let case = self.product(product).await?;
        let profile = self.profiles.get(case.profile)?;
        if !owns(&profile, &case, &session.actor) {
            return Err(Refusal::forbidden("not_a_party").fact("act", &case.title).into());
        }
        verifies(&case)?;
        let standing = self.permit_of(session, &case).await?;
        standing.permit.verifies()?;
        let order = self.order(&standing.permit, product, &new)?;
        let place = self.hold_place(session, &new.table).await?;
        let made = self
            .identities
            .compile(&order, place.0.on_progress(), place.0.cancel.clone())
            .await?;
        let request = Request {
            key: key.map(|key| (session.actor.person.to_string(), key)),
            needs: standing.needs.clone(),
            ..self.identity_request(
                "compile-index",
                product,
                fingerprint(&("compile-index", product, &new)),
            )
        };
        self.record_index(session, request, (order, made), standing).await
    }

    /// The permit of a case that the product points at.
    async fn permit_of(&self, session: &Session, product: &Case) -> Result<Standing, Stop> {
        let linked = links(product).collect();
        let loaded = self.record.load(&linked).await?;
        let mut permitted = linked
            .iter()
            .filter_map(|case| loaded.linked.get(case))
            .filter(|case| case.permit.is_some());
        let case = permitted
            .next()
            .ok_or_else(|| Refusal::unmet("permit_not_linked"))?;
        let permit: PermitId = Id::from_bits(case.id.bits());
        self.standing(session, permit).await
    }

    fn order(&self, permit: &Permit, product: CaseId, new: &NewIndex) -> Result<IndexOrder, Refusal> {
        let cited = |refusal: Refusal| refusal.citing(&permit.citations.scope);
        let grant = permit.tables.get(&new.table).ok_or_else(|| {
            cited(Refusal::unmet("table_not_in_permit").fact("table", crate::noting::echo(&new.table)))
        })?;
        let TableKind::Personal { domain, .. } = &grant.kind else {
            return Err(cited(Refusal::unmet("index_columns_wrong")));
        };
        let columns: Vec<String> = std::iter::once(&new.identifier)
            .chain(&new.attributes)
            .cloned()
            .collect();
        let mut different = columns.clone();
        different.sort_unstable();
        different.dedup();
        let named = grant
            .columns
            .get(&new.identifier)
            .is_some_and(|column| column.unit);
        let some = (1..=MOST_ATTRIBUTES).contains(&new.attributes.len());
        for column in &columns {
            linked(grant, column).map_err(cited)?;
        }
        if !named || !some || different.len() != columns.len() {
            return Err(cited(Refusal::unmet("index_columns_wrong")).fact("limit", MOST_ATTRIBUTES));
        }
        Ok(IndexOrder {
            dataset: grant.dataset,
            version: grant.version,
            key: self.identity_key(product, (grant.dataset, grant.version), &columns),
            columns,
            domain: domain.clone(),
        })
    }

    /// Indexes that products answer by; everything else may be swept.
    pub(crate) async fn indexes_in_use(&self) -> Result<Vec<Digest>, Stop> {
        let kept = self.record.documents(KIND, None).await?;
        let digests: Result<Vec<Digest>, _> = kept.iter().map(parse).collect();
        Ok(digests?)
    }

    async fn record_index(
        &self,
        session: &Session,
        request: Request,
        (order, made): (IndexOrder, IndexMade),
        standing: Standing,
    ) -> Result<CompiledIndex, Stop> {
        let shuyu_domain::port::Stream::Case(product) = request.stream else {
            return Err(Refusal::unknown("product_unknown").into());
        };
        let (profiles, session_, today) = (self.profiles.clone(), session.clone(), self.today());
        let kept = self.record.document(KIND, &product.to_string()).await?;
        let version = kept.map_or(0, |document| document.version) + 1;
        let decide = Box::new(move |loaded: &Loaded| {
            let case = loaded.case.as_ref();
            let case = case.ok_or_else(|| Refusal::unknown("product_unknown"))?;
            let source = loaded.linked.get(&standing.case);
            let pinned = source.ok_or_else(|| Refusal::unknown("permit_unknown"))?.profile;
            let permitted = profiles.get(pinned)?;
            holds(&permitted, loaded, standing.case, &session_, today)?;
            let profile = profiles.get(case.profile)?;
            if !owns(&profile, case, &session_.actor) {
                return Err(Refusal::forbidden("not_a_party").fact("act", &case.title));
            }
            let event = IdentityEvent::IndexCompiled {
                index: made.index,
                dataset: order.dataset,
                version: order.version,
                columns: order.columns,
                domain: order.domain,
                pairs: made.pairs,
                by: session_.actor.clone(),
                on: today,
            };
            let kept = Document {
                kind: KIND.to_owned(),
                key: product.to_string(),
                body: format!("\"{}\"", made.index),
                owner: product.to_string(),
                version,
            };
            Ok(Proposal {
                events: vec![Event::Case(CaseEvent::Identity(event))],
                documents: vec![kept],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        let case = self.product(product).await?;
        let index = case
            .index
            .ok_or_else(|| Refusal::unmet("product_without_index"))?;
        Ok(index)
    }
}

/// A column may be compared if it was granted for that.
fn linked(grant: &TableGrant, column: &str) -> Result<(), Refusal> {
    let granted = grant.columns.get(column);
    if granted.is_some_and(|granted| granted.uses.contains(&Use::Link)) {
        return Ok(());
    }
    Err(Refusal::unmet("index_column_not_linked")
        .fact("column", crate::noting::echo(column))
        .citing(
            granted
                .map(|granted| granted.basis.as_slice())
                .unwrap_or_default(),
        ))
}
