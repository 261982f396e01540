//! Identity checks (核验) for whoever holds a key to a verification product and a subject's consent.
//!
//! The answer has one form, one length and one pace: it leaves at the next beat after the question came in,
//! whatever it is and however long the look-up took.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{
    Json,
    body::Bytes,
    extract::{OriginalUri, Path, State, rejection::PathRejection},
    http::{HeaderMap, Method},
};
use serde::{Deserialize, Serialize};
use shuyu_app::{App, identity::Question};
use shuyu_kernel::Refusal;
use tokio::time::{Instant, sleep_until};
use utoipa::ToSchema;

use crate::{
    answer::{Failure, Problem},
    product::{Asking, let_in},
};

/// Answers leave at multiples of this after the question came in. Platform default: longer than a look-up and the
/// transaction that counts it.
const BEAT: Duration = Duration::from_millis(100);

/// What is asked.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Token of the subject's consent.
    #[schema(example = "ct_0b7c1e0a4d2f84f6e5f0c11d29a77b3e")]
    consent: String,
    /// What the answer is for, in the words of the consent.
    purpose: String,
    /// Identifier of the subject.
    identifier: String,
    /// Attributes, in the order of the product's columns.
    attributes: Vec<String>,
}

/// The answer: `1` for 一致, `0` for 不一致. Not being in the register is 不一致.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CheckAnswer {
    /// Product.
    product: String,
    /// `1` or `0`.
    same: u8,
}

/// Whether what is said of a subject is what the register says. One answer per consent.
#[utoipa::path(post, path = "/open/v1/products/{id}/check",
    params(("id" = String, Path, description = "Product"),
        ("Authorization" = Option<String>, Header, description = "`Bearer <key id>.<secret>` or `Signature …`"),
        ("x-shuyu-key" = Option<String>, Header), ("x-shuyu-timestamp" = Option<String>, Header),
        ("x-shuyu-nonce" = Option<String>, Header), ("x-shuyu-signature" = Option<String>, Header)),
    request_body = Asked,
    responses((status = 200, body = CheckAnswer), (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
    OriginalUri(uri): OriginalUri,
    method: Method,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<CheckAnswer>, Failure> {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    let request = Asking {
        method: &method,
        uri: &uri,
        headers: &headers,
        body: &body,
    };
    let (key, call, question) = let_in(&app, &id, request, || question(&body)).await?;
    let product = call.product.to_string();
    let checked = on_the_beat(app.check_identity(&key, call, &question)).await?;
    Ok(Json(CheckAnswer {
        product,
        same: u8::from(checked.same),
    }))
}

fn question(body: &[u8]) -> Result<Question, Refusal> {
    // The reader's own words could repeat what was sent.
    let asked: Asked = serde_json::from_slice(body).map_err(|_| Refusal::unmet("question_wrong_shape"))?;
    Ok(Question {
        consent: asked.consent,
        purpose: asked.purpose,
        identifier: asked.identifier,
        attributes: asked.attributes,
    })
}

/// Does the work and gives its result at the next beat.
async fn on_the_beat<T>(work: impl Future<Output = T>) -> T {
    let began = Instant::now();
    let result = work.await;
    sleep_until(began + beat_after(began.elapsed())).await;
    result
}

/// The first beat after so much time.
fn beat_after(took: Duration) -> Duration {
    let beats = took.as_nanos() / BEAT.as_nanos() + 1;
    BEAT * u32::try_from(beats).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_leaves_on_the_beat_however_long_it_took() {
        for (took, left) in [(0, 100), (1, 100), (99, 100), (100, 200), (101, 200), (250, 300)] {
            assert_eq!(
                beat_after(Duration::from_millis(took)),
                Duration::from_millis(left)
            );
        }
    }

    #[test]
    fn a_question_has_all_its_parts_and_no_other() {
        let read = |body: &str| {
            question(body.as_bytes())
                .map(|_| ())
                .map_err(|refusal| refusal.code)
        };
        let whole = r#"{"consent":"c","purpose":"p","identifier":"i","attributes":["a"]}"#;
        assert_eq!(read(whole), Ok(()));
        let less = r#"{"consent":"c","purpose":"p","identifier":"i"}"#;
        let more = r#"{"consent":"c","purpose":"p","identifier":"i","attributes":[],"k":1}"#;
        for wrong in [less, more, "", "[]"] {
            assert_eq!(read(wrong), Err("question_wrong_shape".to_owned()), "{wrong}");
        }
    }

    #[test]
    fn both_answers_have_one_length() {
        let written = |same| {
            let product = "case_x".to_owned();
            serde_json::to_string(&CheckAnswer { product, same })
                .unwrap()
                .len()
        };
        assert_eq!(written(0), written(1));
    }
}
