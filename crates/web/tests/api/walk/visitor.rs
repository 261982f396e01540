//! A browser of somebody signed in: pages, and forms as browsers send them.

use axum::{
    Router,
    body::Body,
    http::{Method, Request as Asked},
};

use crate::world::{Answered, answer};

const BORDER: &str = "a-border-between-the-parts";

/// Somebody in front of the console.
pub struct Visitor {
    pub router: Router,
    pub token: String,
    pub csrf: String,
}

/// What came back: status, where it leads, text.
pub struct Page {
    pub status: u16,
    pub location: String,
    pub text: String,
}

impl Page {
    fn of(answered: &Answered) -> Self {
        Self {
            status: answered.status.as_u16(),
            location: answered.header("location").to_owned(),
            text: String::from_utf8_lossy(&answered.bytes).into_owned(),
        }
    }

    /// The code of the refusal it shows.
    pub fn code(&self) -> &str {
        let (_, rest) = self
            .text
            .split_once("<p class=\"refusal-code\"><code>")
            .unwrap_or_default();
        rest.split('<').next().unwrap_or_default()
    }
}

/// A field of a form with its value: a text, or a paper with its name.
pub enum Sent {
    Text(String, String),
    Paper(String, String),
}

impl Visitor {
    pub async fn get(&self, path: &str) -> Page {
        let ask = self.asking(Method::GET, path).body(Body::empty()).unwrap();
        self.asks(ask).await
    }

    /// Sends a form as browsers do.
    pub async fn post(&self, path: &str, fields: &[Sent]) -> Page {
        let mut body = part("name=\"csrf\"", &self.csrf);
        for field in fields {
            body.push_str(&match field {
                Sent::Text(name, value) => part(&format!("name=\"{name}\""), value),
                Sent::Paper(name, file) => part(
                    &format!(
                        "name=\"{name}\"; filename=\"{file}\"\r\ncontent-type: application/octet-stream"
                    ),
                    file,
                ),
            });
        }
        body.push_str(&format!("--{BORDER}--\r\n"));
        let ask = self
            .asking(Method::POST, path)
            .header("content-type", format!("multipart/form-data; boundary={BORDER}"))
            .body(Body::from(body))
            .unwrap();
        self.asks(ask).await
    }

    fn asking(&self, method: Method, path: &str) -> axum::http::request::Builder {
        Asked::builder()
            .method(method)
            .uri(path)
            .header("cookie", format!("__Host-shuyu={}", self.token))
            .header("sec-fetch-site", "same-origin")
    }

    async fn asks(&self, ask: Asked<Body>) -> Page {
        Page::of(&answer(self.router.clone(), ask).await)
    }
}

fn part(head: &str, content: &str) -> String {
    format!("--{BORDER}\r\ncontent-disposition: form-data; {head}\r\n\r\n{content}\r\n")
}
