//! `docs/refused-queries.md`: every refused query becomes a passing one by following what the refusal says.

use crate::{
    console::{page, signed_in},
    harness::{Server, scene, walked},
};

/// The page, as newcomers read it.
const PAGE: &str = include_str!("../../../../docs/refused-queries.md");

/// A statement, and what stands above it.
struct Block {
    word: String,
    text: String,
}

/// Pairs of what is refused and the way out.
fn pairs() -> Vec<(Block, Block)> {
    let blocks = PAGE.split("```sql ").skip(1).map(|rest| {
        let (word, rest) = rest.split_once('\n').expect("a word");
        let (text, _) = rest.split_once("\n```").expect("an end");
        let (word, text) = (word.to_owned(), text.to_owned());
        Block { word, text }
    });
    let mut blocks = blocks.collect::<Vec<_>>().into_iter();
    let mut pairs = Vec::new();
    while let Some(refused) = blocks.next() {
        pairs.push((refused, blocks.next().expect("a way out")));
    }
    pairs
}

/// The workbench of a permit, in a browser without script.
struct Bench {
    http: reqwest::Client,
    address: String,
    csrf: String,
}

impl Bench {
    async fn press(&self, what: &str, sql: &str) -> (u16, String) {
        let fields = [("csrf", self.csrf.as_str()), ("do", what), ("sql", sql)];
        let form = reqwest::Url::parse_with_params("http://form.invalid/", fields).expect("a form");
        let answer = self
            .http
            .post(&self.address)
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(form.query().unwrap_or_default().to_owned())
            .send()
            .await
            .expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("its text"))
    }

    /// The statement is answered.
    async fn passes(&self, sql: &str) {
        let (status, text) = self.press("run", sql).await;
        assert_eq!(status, 200, "{sql}: {text}");
        assert!(text.contains("id=\"answer-title\""), "{sql}: {text}");
    }
}

/// What stands between two marks.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    text.split_once(start)?.1.split_once(end).map(|(found, _)| found)
}

/// The value of an attribute as it was before it was written.
fn unescaped(text: &str) -> String {
    let signs = [
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
    ];
    let plain = signs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    plain.replace("&amp;", "&")
}

#[test]
fn every_refused_query_of_the_page_becomes_a_passing_one() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let server = Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let base = &server.base;
        let permit = scene(base).await.permit;
        let builder = reqwest::Client::builder().no_proxy().cookie_store(true);
        let http = builder.build().expect("a client");
        signed_in(&http, base, "op_staff01").await;
        let (status, bench) = page(&http, base, &format!("/permits/{permit}")).await;
        assert_eq!(status, 200, "{bench}");
        let csrf = between(&bench, "name=\"csrf\" value=\"", "\"").expect("a form");
        let bench = Bench {
            address: format!("{base}/permits/{permit}"),
            csrf: csrf.to_owned(),
            http,
        };
        let pairs = pairs();
        assert_eq!(pairs.len(), 10);
        for (refused, way_out) in pairs {
            follow(&bench, &refused, &way_out).await;
        }
    });
    assert!(server.stop().success());
}

async fn follow(bench: &Bench, refused: &Block, way_out: &Block) {
    let sql = &refused.text;
    let (status, text) = bench.press("run", sql).await;
    assert!((400..500).contains(&status), "{sql}: {status}");
    let code = between(&text, "class=\"refusal-code\"><code>", "<");
    assert_eq!(refused.word.strip_prefix("refused: "), code, "{sql}");
    assert!(text.contains("class=\"chip\""), "{sql}: no clause");
    let offered = between(&text, "name=\"sql\" value=\"", "\"").map(unescaped);
    match way_out.word.as_str() {
        "taken" => {
            assert_eq!(offered.as_deref(), Some(way_out.text.as_str()), "{sql}");
            bench.passes(&way_out.text).await;
        }
        "followed" => {
            assert_eq!(offered, None, "{sql}: a statement is offered");
            assert!(text.contains("class=\"sql-marked\""), "{sql}");
            bench.passes(&way_out.text).await;
        }
        "applied for" => {
            let missing = between(&text, "id=\"missing-title\"", "</section>").expect("missing grants");
            let (column, wanted) = way_out.text.split_once(' ').expect("a column and its use");
            assert!(missing.contains(&format!("<code>{column}</code>")), "{missing}");
            assert_eq!(missing.matches("class=\"use ").count(), 1, "{missing}");
            assert!(missing.contains(&format!("use-{wanted}\"")), "{missing}");
        }
        other => panic!("{other} is no way out"),
    }
}
