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
use shuyu_kernel::Refusal;
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
    let request = Asking {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: &body,
    };
    let (key, mut call, filters) = let_in(&app, &id, request, || filters(&uri)).await?;
    call.filters = filters;
    let product = call.product.to_string();
    let answer = app.call_product(&key, call).await?;
    Ok(Json(ProductData {
        product,
        columns: answer.columns,
        rows: answer.rows,
    }))
}

/// A call as it came.
pub(crate) struct Asking<'a> {
    pub method: &'a Method,
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// The key and the call, once the proof is right, and what `read` makes of the rest. Whoever is not let in, and
/// whatever cannot be read, is noted before it is refused.
pub(crate) async fn let_in<T>(
    app: &App,
    id: &str,
    asking: Asking<'_>,
    read: impl FnOnce() -> Result<T, Refusal>,
) -> Result<(ProductKey, Call, T), Failure> {
    let subject: String = id.chars().take(80).collect();
    let (claim, key) = match known(app, asking).await {
        Ok(known) => known,
        Err(stop) => return Err(app.note_unproven_call(&subject, stop).await?.into()),
    };
    let product = id.parse().map_err(|_| Refusal::unknown("product_unknown"));
    let asked = product.and_then(|product| Ok((product, read()?)));
    let (product, rest) = match asked {
        Ok(asked) => asked,
        Err(refusal) => {
            let stop = Stop::from(refusal);
            let subject = format!("{subject}/{}", claim.key_id);
            app.note_call(&key, &subject, Some(&stop)).await?;
            return Err(stop.into());
        }
    };
    let call = Call {
        product,
        key_id: claim.key_id,
        filters: BTreeMap::new(),
        signed_at: claim.signed_at,
        nonce: claim.nonce,
    };
    Ok((key, call, rest))
}

/// The claim of the request and its key, once the proof is right.
async fn known(app: &App, asking: Asking<'_>) -> Result<(Claim, ProductKey), Stop> {
    let claim = Claim::read(asking.method, asking.uri, asking.headers, asking.body)?;
    let (key, secret) = app.key_secret(&claim.key_id).await?;
    claim.check(&secret)?;
    Ok((claim, key))
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
