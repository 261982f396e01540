//! Many cases from one workbook: what is wrong is told by row and column, what is right becomes cases once.

use std::sync::Arc;

use axum::http::Method;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook, Worksheet};
use serde_json::{Value, json};
use shuyu_app::batch::BOUNDS;
use shuyu_office::read;

use crate::{
    engines::Oracle,
    listing::LISTING,
    profile::profiles_and,
    world::{World, run},
};

const IDS: [&str; 7] = ["name", "kind", "due", "price", "amount", "public", "partner"];

async fn town() -> World {
    World::with(profiles_and(&[("listing", LISTING)]), Arc::new(Oracle::default())).await
}

fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    book.add_worksheet().write(0, 0, "别的内容").unwrap();
    let page = book.add_worksheet().set_name("清单").unwrap();
    let plain = Format::new();
    page.merge_range(0, 0, 0, 6, "示例镇清单", &plain).unwrap();
    for (column, id) in (0u16..).zip(IDS) {
        page.write(1, column, format!("标题{column}")).unwrap();
        page.write(2, column, id).unwrap();
    }
    fill(page);
    book.save_to_buffer().unwrap()
}

fn texts(page: &mut Worksheet, row: u32, cells: &[&str]) {
    for (column, text) in (0u16..).zip(cells).filter(|(_, text)| !text.is_empty()) {
        page.write_string(row - 1, column, *text).unwrap();
    }
}

async fn send(world: &World, token: &str, query: &str, bytes: Vec<u8>) -> crate::world::Answered {
    world
        .post(&format!("/api/v1/batches/{query}&name=list.xlsx"))
        .token(token)
        .send(bytes)
        .await
}

async fn total(world: &World, token: &str) -> u64 {
    let listed = world
        .get("/api/v1/cases?procedure=listing&limit=100")
        .token(token)
        .empty()
        .await
        .ok();
    listed["total"].as_u64().unwrap()
}

/// The state of a job once it runs no longer.
async fn ended(world: &World, token: &str, started: &crate::world::Answered) -> Value {
    assert_eq!(started.status, 202, "{:?}", started.bytes);
    let job = started.header("location").to_owned();
    for _ in 0..100_000 {
        let shown = world.get(&job).token(token).empty().await.ok();
        if shown["status"] != "running" {
            return shown;
        }
        tokio::task::yield_now().await;
    }
    panic!("the job does not end");
}

fn faulty() -> Vec<u8> {
    book(|page| {
        let day = Format::new().set_num_format("yyyy-mm-dd");
        texts(page, 4, &["甲", "甲类", "", "", "", "是", "示例运营公司"]);
        let date = ExcelDateTime::from_ymd(2026, 3, 2).unwrap();
        page.write_with_format(3, 2, &date, &day).unwrap();
        page.write_number(3, 3, 12.5).unwrap();
        page.write_number(3, 4, 3).unwrap();
        // Row 5 stays empty; row 6 holds nothing but blanks.
        texts(page, 6, &["  "]);
        texts(page, 7, &["乙", "b", "2026年3月2日", "12.50", "4", "no"]);
        texts(
            page,
            8,
            &["丙", "丙类", "明天", "12.345", "很多", "对", "没有的单位"],
        );
        texts(page, 9, &["", "甲类", "20260303"]);
        texts(page, 10, &["丁", "", "2026-03-04"]);
        page.write_formula(9, 4, "=1+1").unwrap();
        page.merge_range(10, 0, 11, 0, "戊", &Format::new()).unwrap();
        texts(page, 12, &["", "乙类"]);
        texts(page, 13, &["己", "", "2026-03-05", "", "", "", "", "", "旁注"]);
        texts(page, 14, &["乙", "b", "2026年3月2日", "12.50", "4", "no"]);
        texts(page, 15, &["庚", "a"]);
    })
}

#[test]
fn every_faulty_cell_is_told_by_row_and_column_and_nothing_is_written() {
    run(async {
        let world = town().await;
        let operator = world.sign_in("op.clerk").await;
        let before = world
            .app
            .record()
            .size(shuyu_domain::port::Log::Proceedings)
            .await
            .unwrap();
        let checked = send(&world, &operator, "listing?check=true&then=true", faulty())
            .await
            .ok();
        let mut told: Vec<(u64, String, String, String)> = Vec::new();
        for fault in checked["faults"].as_array().unwrap() {
            let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
            let refusal = &fault["refusal"];
            assert!(!refusal["detail"].as_str().unwrap().is_empty());
            told.push((
                fault["row"].as_u64().unwrap(),
                text(&fault["column"]),
                text(&fault["shape"]),
                text(&refusal["code"]),
            ));
        }
        let told: Vec<(u64, &str, &str, &str)> = told
            .iter()
            .map(|(row, c, s, r)| (*row, c.as_str(), s.as_str(), r.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                (8, "B", "text", "field_wrong_type"),
                (8, "C", "text", "field_wrong_type"),
                (8, "D", "text", "field_wrong_type"),
                (8, "E", "text", "field_wrong_type"),
                (8, "F", "text", "field_wrong_type"),
                (8, "G", "text", "body_name_unknown"),
                (9, "-", "empty", "request_incomplete"),
                (10, "E", "formula", "cell_is_formula"),
                (11, "A", "text", "cell_is_merged"),
                (12, "-", "empty", "request_incomplete"),
                (13, "I", "text", "cell_outside_columns"),
                (14, "-", "empty", "row_twice"),
                (15, "-", "empty", "reason_missing"),
            ]
        );
        assert_eq!((&checked["rows"], &checked["right"]), (&json!(10), &json!(2)));
        // What stands in the cells is told by shape only.
        assert!(!checked.to_string().contains("没有的单位"));
        let price = &checked["faults"][2]["refusal"];
        assert_eq!(price["clauses"][0]["id"], "ST-OP-002");
        let after = world
            .app
            .record()
            .size(shuyu_domain::port::Log::Proceedings)
            .await
            .unwrap();
        assert_eq!(before, after, "looking writes nothing");
        assert_eq!(total(&world, &operator).await, 0);
    });
}

#[test]
fn right_rows_become_cases_once() {
    run(async {
        let world = town().await;
        let operator = world.sign_in("op.clerk").await;
        // A workbook carries the time it was made: the same file is the same bytes.
        let file = faulty();
        let done = ended(
            &world,
            &operator,
            &send(&world, &operator, "listing?check=false&then=true", file.clone()).await,
        )
        .await;
        assert_eq!(done["status"], "done", "{done}");
        let batch = &done["batch"];
        assert_eq!(
            (&batch["opened"], &batch["refused"], &batch["all"]),
            (&json!(2), &json!(8), &json!(10))
        );
        assert_eq!(total(&world, &operator).await, 2);
        let listed = world
            .get("/api/v1/cases?procedure=listing&limit=100")
            .token(&operator)
            .empty()
            .await
            .ok();
        assert!(
            listed["cases"]
                .as_array()
                .unwrap()
                .iter()
                .all(|case| case["stage"] == "review"),
            "{listed}"
        );

        // The same file again opens nothing.
        {
            let token = world.sign_in("op.clerk").await;
            let again = ended(
                &world,
                &token,
                &send(&world, &token, "listing?check=false&then=true", file.clone()).await,
            )
            .await;
            assert_eq!(again["batch"]["opened"], 2);
            assert_eq!(total(&world, &token).await, 2);
        }
        let checked = send(&world, &operator, "listing?check=true", file.clone())
            .await
            .ok();
        assert_eq!(checked["opened"].as_array().unwrap().len(), 2);
        assert_eq!(checked["right"], 1, "without the act after it, row 15 is right");

        // The same content in another file is recognised.
        let other = book(|page| {
            texts(page, 4, &["乙", "b", "2026年3月2日", "12.50", "4", "no"]);
            texts(page, 5, &["辛", "b", "2026-04-01"]);
        });
        let checked = send(&world, &operator, "listing?check=true", other).await.ok();
        assert_eq!(checked["faults"][0]["refusal"]["code"], "row_opened_before");
        assert_eq!(checked["right"], 1);
    });
}

#[test]
fn what_is_no_form_of_the_procedure_is_refused_as_a_whole() {
    run(async {
        let world = town().await;
        let operator = world.sign_in("op.clerk").await;
        let plain = |heads: &[&str], rows: u32| {
            let mut book = Workbook::new();
            let page = book.add_worksheet();
            texts(page, 1, heads);
            for row in 0..rows {
                page.write(row + 1, 0, format!("n{row}")).unwrap();
            }
            book.save_to_buffer().unwrap()
        };
        let mut merged = Workbook::new();
        let page = merged.add_worksheet();
        page.merge_range(0, 0, 0, 1, "name", &Format::new()).unwrap();
        page.write(1, 0, "x").unwrap();
        for (bytes, code) in [
            (plain(&["姓", "氏"], 2), "batch_sheet_unknown"),
            (plain(&["name", "colour"], 2), "batch_column_unknown"),
            (plain(&["name", "contact"], 2), "batch_column_unknown"),
            (plain(&["name", "名称"], 2), "batch_column_twice"),
            (plain(&["name"], 0), "batch_empty"),
            (plain(&["name"], 2_001), "batch_too_many_rows"),
            (merged.save_to_buffer().unwrap(), "batch_header_merged"),
            (b"name\nx\n".to_vec(), "workbook_damaged"),
        ] {
            let refused = send(&world, &operator, "listing?check=true", bytes).await;
            assert_eq!(refused.problem().1, code);
        }
        // Titles in Chinese do where there are no identifiers.
        let titled = send(&world, &operator, "listing?check=true", plain(&["名称"], 2_000))
            .await
            .ok();
        assert_eq!(titled["right"], 2_000);
        let form = plain(&["name"], 1);
        let request = send(&world, &operator, "request?check=true", form.clone()).await;
        assert_eq!(request.problem().1, "batch_not_allowed");
        let developer = world.sign_in("dev.clerk").await;
        let foreign = send(&world, &developer, "listing?check=true", form).await;
        assert_eq!(foreign.problem(), (403, "role_may_not_act".to_owned()));
    });
}

#[test]
fn the_console_offers_a_form_and_gives_wrong_rows_back_with_their_errors() {
    run(async {
        let world = town().await;
        let token = world.sign_in("op.clerk").await;
        let page = async |path: &str| world.page(Method::GET, path, &token, &[]).await;
        let text = |answered: &crate::world::Answered| String::from_utf8(answered.bytes.to_vec()).unwrap();
        let openable = text(&page("/open").await);
        assert!(openable.contains("href=\"/batches/listing\""));
        assert!(!openable.contains("href=\"/batches/request\""));
        let start = text(&page("/batches/listing").await);
        assert!(
            start.contains("联系人") && start.contains("template.xlsx"),
            "{start}"
        );

        let template = page("/batches/listing/template.xlsx").await;
        let form = read(&template.bytes, &BOUNDS).unwrap();
        let ids: Vec<String> = form.sheets[0].rows[&2]
            .values()
            .map(|cell| cell.value.text())
            .collect();
        assert_eq!(ids, IDS);
        let explained = &form.sheets[1].rows;
        let of = |row: u32, column: u32| explained[&row][&column].value.text();
        assert_eq!((of(3, 0), of(3, 2)), ("名称".to_owned(), "必填".to_owned()));
        assert!(of(4, 1).contains("甲类") && of(3, 4).contains("ST-OP-001"));

        let digest = world.upload(&token, "清单.xlsx", "paper", &faulty()).await;
        let base = format!("/batches/listing/{digest}");
        let checked = text(&page(&format!("{base}?then=yes")).await);
        for shown in ["<code>D8</code>", "要填金额", "文字，6 字", "办理 2 行"] {
            assert!(checked.contains(shown), "{shown}: {checked}");
        }
        let failed = page(&format!("{base}/failed.xlsx?then=yes")).await;
        let failed = read(&failed.bytes, &BOUNDS).unwrap();
        let rows = &failed.sheets[0].rows;
        assert_eq!(rows[&2][&7].value.text(), "#error");
        assert_eq!(rows.len(), 2 + 8);
        assert_eq!(rows[&3][&0].value.text(), "丙");
        assert!(rows[&3][&7].value.text().contains("C8: "), "{rows:?}");
        // Another body has no such file.
        let other = world.sign_in("dev.clerk").await;
        let foreign = world.page(Method::GET, &base, &other, &[]).await;
        assert_eq!(foreign.status, 403);
    });
}
