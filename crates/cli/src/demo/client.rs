//! An HTTP client of the platform's own API, as any other client would write it.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail};
use serde_json::{Value as Json, json};

/// An answer of the API: success or a problem (RFC 9457).
#[derive(Debug, Clone)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Body.
    pub body: Json,
}

impl Reply {
    /// Whether it succeeded.
    pub fn is_ok(&self) -> bool {
        (200..300).contains(&self.status)
    }
    /// Refusal code of a problem.
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Json::as_str).unwrap_or_default()
    }
    /// Clause ids of a problem.
    pub fn clauses(&self) -> Vec<String> {
        let list = self
            .body
            .get("clauses")
            .and_then(Json::as_array)
            .cloned()
            .unwrap_or_default();
        list.iter()
            .filter_map(|clause| {
                clause
                    .as_str()
                    .or_else(|| clause.get("id").and_then(Json::as_str))
            })
            .map(str::to_owned)
            .collect()
    }
    /// What is wrong, in words.
    pub fn detail(&self) -> &str {
        self.body.get("detail").and_then(Json::as_str).unwrap_or_default()
    }
}

/// Client with a token per signed-in person.
pub struct Client {
    http: reqwest::Client,
    base: String,
    password: String,
    tokens: BTreeMap<String, String>,
    next_key: u64,
}

impl Client {
    /// A client of the server at `base`, for example `http://127.0.0.1:8787`.
    pub fn new(base: &str, password: &str) -> anyhow::Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Self {
            http,
            base: base.to_owned(),
            password: password.to_owned(),
            tokens: BTreeMap::new(),
            next_key: 0,
        })
    }

    /// Signs in once and keeps the token. `login/paper` acts under a delegation.
    pub async fn token(&mut self, login: &str) -> anyhow::Result<String> {
        if let Some(token) = self.tokens.get(login) {
            return Ok(token.clone());
        }
        let name = login.split('/').next().unwrap_or(login);
        let body = json!({ "login": name, "password": self.password });
        let reply = self.plain("POST", "/api/v1/sessions", Some(&body)).await?;
        if !reply.is_ok() {
            bail!("sign-in of {name} failed: {} {}", reply.status, reply.body);
        }
        let token = reply
            .body
            .get("token")
            .and_then(Json::as_str)
            .context("no token in the answer")?
            .to_owned();
        self.tokens.insert(login.to_owned(), token.clone());
        if let Some((_, paper)) = login.split_once('/') {
            Box::pin(self.switch_to_delegated(login, paper)).await?;
        }
        Ok(token)
    }

    async fn switch_to_delegated(&mut self, login: &str, paper: &str) -> anyhow::Result<()> {
        let posts = self.get(login, "/api/v1/me/posts").await?;
        let list = posts
            .body
            .as_array()
            .or_else(|| posts.body.get("items").and_then(Json::as_array));
        let post = list
            .and_then(|list| {
                list.iter()
                    .find(|post| post.get("delegation").and_then(Json::as_str) == Some(paper))
            })
            .with_context(|| format!("no delegation {paper} for {login}: {}", posts.body))?
            .clone();
        let reply = self.post(login, "/api/v1/me/post", &post).await?;
        if reply.is_ok() {
            Ok(())
        } else {
            bail!("switching post failed: {}", reply.body)
        }
    }

    /// GET as a person.
    pub async fn get(&mut self, login: &str, path: &str) -> anyhow::Result<Reply> {
        let token = self.token(login).await?;
        let request = self.http.get(format!("{}{path}", self.base)).bearer_auth(token);
        read(request.send().await?).await
    }

    /// POST JSON as a person, with a fresh idempotency key.
    pub async fn post(&mut self, login: &str, path: &str, body: &Json) -> anyhow::Result<Reply> {
        self.next_key += 1;
        let key = format!("story-{}", self.next_key);
        self.post_with_key(login, path, body, &key).await
    }

    /// POST JSON as a person under a given idempotency key.
    pub async fn post_with_key(
        &mut self,
        login: &str,
        path: &str,
        body: &Json,
        key: &str,
    ) -> anyhow::Result<Reply> {
        let token = self.token(login).await?;
        let request = self
            .http
            .post(format!("{}{path}", self.base))
            .bearer_auth(token)
            .header("Idempotency-Key", key)
            .json(body);
        read(request.send().await?).await
    }

    /// Uploads bytes as a person, as `paper` or `data`.
    pub async fn upload(
        &mut self,
        login: &str,
        name: &str,
        kind: &str,
        body: reqwest::Body,
    ) -> anyhow::Result<Reply> {
        let token = self.token(login).await?;
        let request = self
            .http
            .post(format!("{}/api/v1/uploads", self.base))
            .query(&[("name", name), ("kind", kind)])
            .bearer_auth(token)
            .header("content-type", "application/octet-stream")
            .body(body);
        read(request.send().await?).await
    }

    /// A request without a token.
    pub async fn plain(&self, method: &str, path: &str, body: Option<&Json>) -> anyhow::Result<Reply> {
        let url = format!("{}{path}", self.base);
        let request = match method {
            "POST" => self.http.post(url),
            _ => self.http.get(url),
        };
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        read(request.send().await?).await
    }

    /// A gateway call with the headers of the signing dialect.
    pub async fn call(&self, path: &str, headers: &[(&str, &str)]) -> anyhow::Result<Reply> {
        let mut request = self.http.get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send().await?).await
    }
}

async fn read(response: reqwest::Response) -> anyhow::Result<Reply> {
    let status = response.status().as_u16();
    let bytes = response.bytes().await?;
    let body = serde_json::from_slice(&bytes)
        .unwrap_or_else(|_| Json::String(String::from_utf8_lossy(&bytes).chars().take(500).collect()));
    Ok(Reply { status, body })
}
