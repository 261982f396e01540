//! Data of a product for whoever holds a key to it.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    body::Bytes,
    extract::{OriginalUri, Path, Query, State, rejection::PathRejection},
    http::{HeaderMap, Method, Uri},
};
use serde::Serialize;
use shuyu_app::{
    App, Stop,
    port::Cell,
    product::{Call, ProductKey},
};
use shuyu_kernel::{CaseId, Refusal};
use utoipa::ToSchema;

use crate::{
    answer::{Failure, Problem},
    dialect::Claim,
};

/// Rows of a product.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProductData {
    /// Product.
    product: String,
    /// Column names.
    columns: Vec<String>,
    /// Rows that match the filters; `null` is missing or suppressed.
    #[schema(value_type = Vec<Vec<Object>>)]
    rows: Vec<Vec<Cell>>,
}

/// Rows of a product; each `column=value` of the query keeps the rows with that value.
#[utoipa::path(get, path = "/open/v1/products/{id}/data",
    params(("id" = String, Path, description = "Product"),
        ("Authorization" = Option<String>, Header, description = "`Bearer <key id>.<secret>` or `Signature …`"),
        ("x-shuyu-key" = Option<String>, Header), ("x-shuyu-timestamp" = Option<String>, Header),
        ("x-shuyu-nonce" = Option<String>, Header), ("x-shuyu-signature" = Option<String>, Header)),
    responses((status = 200, body = ProductData), (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn data(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<ProductData>, Failure> {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let subject: String = id.chars().take(80).collect();
    let (claim, key) = match known(&app, &method, &uri, &headers, &body).await {
        Ok(known) => known,
        // A call that was not let in is noted like one that was.
        Err(stop) => return Err(app.note_unproven_call(&subject, stop).await?.into()),
    };
    let (product, filters) = match asked(&id, &uri) {
        Ok(asked) => asked,
        Err(refusal) => {
            let stop = refusal.into();
            let subject = format!("{subject}/{}", claim.key_id);
            app.note_call(&key, &subject, Some(&stop)).await?;
            return Err(stop.into());
        }
    };
    let call = Call {
        product,
        key_id: claim.key_id,
        filters,
        signed_at: claim.signed_at,
        nonce: claim.nonce,
    };
    let answer = app.call_product(&key, call).await?;
    Ok(Json(ProductData {
        product: product.to_string(),
        columns: answer.columns,
        rows: answer.rows,
    }))
}

/// The claim of the request and its key, once the proof is right.
pub(crate) async fn known(
    app: &App,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(Claim, ProductKey), Stop> {
    let claim = Claim::read(method, uri, headers, body)?;
    let (key, secret) = app.key_secret(&claim.key_id).await?;
    claim.check(&secret)?;
    Ok((claim, key))
}

/// Which product, with which filters.
fn asked(id: &str, uri: &Uri) -> Result<(CaseId, BTreeMap<String, String>), Refusal> {
    let product = id.parse().map_err(|_| Refusal::unknown("product_unknown"))?;
    Ok((product, filters(uri)?))
}

fn filters(uri: &Uri) -> Result<BTreeMap<String, String>, Refusal> {
    let Query(pairs): Query<Vec<(String, String)>> =
        Query::try_from_uri(uri).map_err(|_| Refusal::unmet("query_wrong_shape").fact("field", ""))?;
    let mut filters = BTreeMap::new();
    for (column, value) in pairs {
        let shown: String = column.chars().take(60).collect();
        if filters.insert(column, value).is_some() {
            return Err(Refusal::unmet("filter_twice").fact("column", shown));
        }
    }
    Ok(filters)
}

#[cfg(test)]
mod tests {
    use super::filters;

    #[test]
    fn filters_are_decoded_and_unique() {
        let read = |target: &str| filters(&target.parse().unwrap()).map_err(|refusal| refusal.code);
        let found = read("/x?area=530102&name=%E6%98%86%E6%98%8E+%E5%B8%82").unwrap();
        assert_eq!(found["name"], "昆明 市");
        assert_eq!(found.len(), 2);
        assert!(read("/x").unwrap().is_empty());
        assert_eq!(read("/x?a=1&a=2"), Err("filter_twice".to_owned()));
    }
}
