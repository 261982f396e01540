//! Fifty catalogue entries from one workbook, over real HTTP: three rows are wrong, are mended and sent again.

use reqwest::multipart::{Form, Part};
use rust_xlsxwriter::Workbook;
use shuyu_app::batch::BOUNDS;
use shuyu_office::{Book, read};

use crate::harness::{Client, PASSWORD, Server};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A browser without scripts, signed in.
pub struct Console {
    http: reqwest::Client,
    base: String,
}

impl Console {
    /// Signs in at the page.
    pub async fn sign_in(base: &str, login: &str) -> Self {
        let builder = reqwest::Client::builder().no_proxy().cookie_store(true);
        let console = Self {
            http: builder.build().expect("a client"),
            base: base.to_owned(),
        };
        let sent = console
            .http
            .post(format!("{base}/sign-in"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(format!("login={login}&password={PASSWORD}&next=/"));
        assert_eq!(sent.send().await.expect("signing in").status(), 200);
        console
    }

    /// The bytes of a page or a file.
    pub async fn bytes(&self, path: &str) -> Vec<u8> {
        let sent = self.http.get(format!("{}{path}", self.base)).send().await;
        let answer = sent.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        answer.bytes().await.expect("its bytes").to_vec()
    }

    /// The text of a page.
    pub async fn page(&self, path: &str) -> String {
        String::from_utf8(self.bytes(path).await).expect("text")
    }

    /// Sends a form and follows it: the address where it ends, and the page.
    async fn send(&self, path: &str, form: Form) -> (String, String) {
        let sent = self
            .http
            .post(format!("{}{path}", self.base))
            .header("sec-fetch-site", "same-origin")
            .multipart(form);
        let answer = sent.send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}");
        let url = answer.url().clone();
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let text = answer.text().await.expect("its text");
        (format!("{}{query}", url.path()), text)
    }

    async fn token(&self, path: &str) -> String {
        let page = self.page(path).await;
        let (_, rest) = page.split_once("name=\"csrf\" value=\"").expect("a token");
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// Uploads a workbook; the address of its check, and the page.
    async fn upload(&self, bytes: Vec<u8>) -> (String, String) {
        let token = self.token("/batches/resource").await;
        let part = Part::bytes(bytes)
            .file_name("目录.xlsx")
            .mime_str(XLSX)
            .expect("a part");
        let form = Form::new()
            .text("csrf", token)
            .part("file", part)
            .text("then", "yes");
        self.send("/batches/resource", form).await
    }

    /// Orders the right rows to be opened and waits for the result.
    async fn order(&self, check: &str) -> String {
        let (path, _) = check.split_once('?').unwrap_or((check, ""));
        let form = Form::new()
            .text("csrf", self.token(check).await)
            .text("then", "yes");
        let (mut at, mut page) = self.send(path, form).await;
        while at.starts_with("/jobs/") {
            let sent = self.http.get(format!("{}{at}", self.base)).send().await;
            let answer = sent.expect("the job");
            at = answer.url().path().to_owned();
            page = answer.text().await.expect("its text");
            assert!(!page.contains("tag-wrong"), "{page}");
        }
        page
    }
}

/// A workbook in the form of the template, with these rows below its heads.
fn filled(template: &Book, rows: &[Vec<String>]) -> Vec<u8> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let sheet = template.sheets.first().expect("the form");
    for head in 1..=2 {
        for (column, cell) in &sheet.rows[&head] {
            let column = u16::try_from(*column).expect("a column");
            page.write_string(head - 1, column, cell.value.text())
                .expect("a head");
        }
    }
    for (row, cells) in (2u32..).zip(rows) {
        for (column, text) in (0u16..).zip(cells).filter(|(_, text)| !text.is_empty()) {
            page.write_string(row, column, text).expect("a cell");
        }
    }
    book.save_to_buffer().expect("a workbook")
}

/// The cells of a sheet below its heads, by the columns of the template.
fn below(book: &Book, columns: u32) -> Vec<Vec<String>> {
    let sheet = book.sheets.first().expect("the form");
    let text = |cells: &std::collections::BTreeMap<u32, shuyu_office::Cell>, column: u32| {
        cells
            .get(&column)
            .map(|cell| cell.value.text())
            .unwrap_or_default()
    };
    let rows = sheet.rows.range(3..);
    rows.map(|(_, cells)| (0..columns).map(|column| text(cells, column)).collect())
        .collect()
}

/// What a row says in each column.
fn entry(ids: &[String], number: usize) -> Vec<String> {
    ids.iter()
        .map(|id| match id.as_str() {
            "name" => format!("批量条目 {number}"),
            "contains_personal" | "is_derived" | "state_secret" | "wide_supply" => "否".to_owned(),
            "government_held" => "政府持有".to_owned(),
            "grade" => "一般".to_owned(),
            "holder_kind" => "党政机关".to_owned(),
            "sharing_reason" | "data_class" | "responsible_body" | "data_holder" | "data_runner" => {
                format!("填写 {id}")
            }
            "f03_sharing_attribute" => "有条件".to_owned(),
            "f06_opening_attribute" => "有条件开放".to_owned(),
            id if id.starts_with("f0") || id.starts_with("f10") => format!("内容 {id}"),
            _ => String::new(),
        })
        .collect()
}

#[test]
fn fifty_rows_three_wrong_are_mended_and_become_fifty_cases() {
    let temp = tempfile::tempdir().expect("a folder");
    let server = Server::start(&temp.path().join("data"), None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let console = Console::sign_in(&server.base, "rsj_clerk").await;
        let client = Client::sign_in(&server.base, "rsj_clerk")
            .await
            .expect("signing in");
        let total = async || {
            let listed = client
                .get("/api/v1/cases?procedure=resource")
                .await
                .expect("a list");
            listed.body["total"].as_u64().expect("a number")
        };
        let template = console.bytes("/batches/resource/template.xlsx").await;
        let template = read(&template, &BOUNDS).expect("the template reads");
        let heads = &template.sheets.first().expect("the form").rows[&2];
        let ids: Vec<String> = heads.values().map(|cell| cell.value.text()).collect();
        let at = |id: &str| ids.iter().position(|other| other == id).expect("a column");
        let mut rows: Vec<Vec<String>> = (1..=50).map(|number| entry(&ids, number)).collect();
        rows[4][at("f06_opening_attribute")] = "随便".to_owned();
        rows[9][at("contains_personal")] = "可能".to_owned();
        rows[19][at("f07_update_frequency")] = String::new();

        let first = filled(&template, &rows);
        let (check, page) = console.upload(first.clone()).await;
        for shown in [
            "47 行正确",
            "3 行有误",
            "办理 47 行",
            "<td class=\"figure\">7</td>",
            "YN-DM-046",
        ] {
            assert!(page.contains(shown), "{shown}: {page}");
        }
        assert_eq!(total().await, 0, "looking opens nothing");
        let done = console.order(&check).await;
        assert!(done.contains("47 行已经建案"), "{done}");
        assert_eq!(total().await, 47);

        let (path, query) = check.split_once('?').expect("a query");
        let failed = console.bytes(&format!("{path}/failed.xlsx?{query}")).await;
        let failed = read(&failed, &BOUNDS).expect("the failed rows read");
        let mut mended = below(&failed, u32::try_from(ids.len()).expect("few"));
        assert_eq!(mended.len(), 3);
        mended[0][at("f06_opening_attribute")] = "有条件开放".to_owned();
        mended[1][at("contains_personal")] = "否".to_owned();
        mended[2][at("f07_update_frequency")] = "每月".to_owned();
        let (again, page) = console.upload(filled(&template, &mended)).await;
        assert!(page.contains("办理 3 行"), "{page}");
        console.order(&again).await;
        assert_eq!(total().await, 50);

        // A colleague who sends the first file again opens nothing twice.
        let colleague = Console::sign_in(&server.base, "rsj_leader").await;
        let (_, page) = colleague.upload(first).await;
        assert!(
            page.contains("0 行正确") && page.contains("47 行已经建案"),
            "{page}"
        );
        let submitted = client
            .get("/api/v1/cases?procedure=resource&stage=submitted")
            .await;
        assert_eq!(
            submitted.expect("a list").body["total"],
            50,
            "each was submitted, too"
        );
    });
    assert!(server.stop().success());
}
