//! The monthly report: each figure is the number of its rows, last month and what came and went make this month, and
//! page, workbook and letter say the same.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read},
    sync::Arc,
};

use axum::http::Method;
use serde_json::json;
use shuyu_app::batch::BOUNDS;
use shuyu_office::{Sheet, read};
use zip::ZipArchive;

use crate::{
    engines::Oracle,
    listing::LISTING,
    profile::profiles_and,
    world::{World, noted, run},
};

/// A town with cases of two months: in March three are opened, two submitted and one of these finished; in April one
/// is finished late, one is opened, and one clock runs on beyond its day.
async fn town() -> World {
    let world = World::with(profiles_and(&[("listing", LISTING)]), Arc::new(Oracle::default())).await;
    let operator = world.sign_in("op.clerk").await;
    let open = async |name: &str| {
        let set = json!({ "name": name, "due": "2026-03-09", "contact": "秘密姓名" });
        world.open(&operator, "listing", set).await
    };
    let act = async |login: &str, case: &str, act: &str| {
        let token = world.sign_in(login).await;
        let acts = format!("/api/v1/cases/{case}/acts");
        world
            .post(&acts)
            .token(&token)
            .json(json!({ "act": act }))
            .await
            .ok();
    };
    let first = open("甲").await;
    let second = open("乙").await;
    let third = open("丙").await;
    for case in [&first, &second, &third] {
        act("op.clerk", case, "submit").await;
    }
    act("au.clerk", &first, "finish").await;
    let wind = world.sign_in("admin").await;
    world
        .post("/api/v1/training/clock")
        .token(&wind)
        .json(json!({ "to": "2026-04-15" }))
        .await
        .ok();
    let operator = world.sign_in("op.clerk").await;
    act("au.clerk", &second, "finish").await;
    world.open(&operator, "listing", json!({ "name": "丁" })).await;
    world
}

fn cell(sheet: &Sheet, row: u32, column: u32) -> String {
    let cell = sheet.rows.get(&row).and_then(|cells| cells.get(&column));
    cell.map(|cell| cell.value.text()).unwrap_or_default()
}

/// The lines of the summary: figure and procedure → this month, last month, difference, came, went.
fn summary(sheet: &Sheet) -> BTreeMap<(String, String), [i64; 5]> {
    let number = |row, column| cell(sheet, row, column).parse().unwrap();
    let lines = sheet.rows.range(4..).map(|(row, _)| *row);
    lines
        .map(|row| {
            let key = (cell(sheet, row, 0), cell(sheet, row, 1));
            (key, [2, 3, 4, 5, 6].map(|column| number(row, column)))
        })
        .collect()
}

#[test]
fn each_figure_is_the_number_of_its_rows_and_the_months_add_up() {
    run(async {
        let world = town().await;
        let bureau = world.sign_in("bureau").await;
        let asked = "/supervision/report.xlsx?month=2026-04";
        let answered = world.page(Method::GET, asked, &bureau, &[]).await;
        assert_eq!(answered.status, 200);
        let book = read(&answered.bytes, &BOUNDS).unwrap();
        let lines = summary(&book.sheets[0]);
        let of = |kind: &str| lines[&(kind.to_owned(), "清单".to_owned())];
        assert_eq!(of("建案"), [1, 3, -2, 1, 3]);
        assert_eq!(of("办结"), [1, 1, 0, 1, 1]);
        assert_eq!(of("期末在办"), [2, 2, 0, 1, 1]);
        assert_eq!(of("按期办结的时限"), [0, 1, -1, 0, 1]);
        assert_eq!(of("逾期办结的时限"), [1, 0, 1, 1, 0]);
        // Of the two clocks overdue at the end of March one was stopped in April.
        assert_eq!(of("期末超期的时限"), [1, 2, -1, 0, 1]);
        assert_eq!(of("本人办理的动作"), [2, 7, -5, 2, 7]);
        for ((kind, procedure), [value, last, difference, came, went]) in &lines {
            assert_eq!(last + came - went, *value, "{kind} {procedure}");
            assert_eq!(value - last, *difference, "{kind} {procedure}");
            let sheet = book.sheets.iter().find(|sheet| sheet.name == *kind).unwrap();
            let rows = sheet.rows.range(2..).map(|(row, _)| *row);
            let counted = |period: &str| -> i64 {
                let own = rows.clone().filter(|row| cell(sheet, *row, 2) == *procedure);
                let own = own.filter(|row| cell(sheet, *row, 0) == period);
                own.map(|row| cell(sheet, row, 10).parse::<i64>().unwrap()).sum()
            };
            assert_eq!(
                (counted("本月"), counted("上月")),
                (*value, *last),
                "{kind} {procedure}"
            );
        }
        let formula = &book.sheets[0].rows[&4][&2];
        assert!(formula.formula, "figures are computed from their rows");
        assert!(
            !format!("{book:?}").contains("秘密姓名"),
            "personal data stays out"
        );
        assert_eq!(noted(&world, "report/2026-04").await.len(), 1);
    });
}

#[test]
fn the_page_leads_to_the_rows_and_the_letter_says_the_same() {
    run(async {
        let world = town().await;
        let bureau = world.sign_in("bureau").await;
        let get = async |path: &str, token: &str| world.page(Method::GET, path, token, &[]).await;
        let text = |answered: &crate::world::Answered| String::from_utf8(answered.bytes.to_vec()).unwrap();
        let page = text(&get("/supervision/report?month=2026-04", &bureau).await);
        let opened =
            "/supervision/report/rows?month=2026-04&#38;figure=opened&#38;procedure=listing&#38;set=";
        for set in ["month", "before", "came", "went"] {
            assert!(page.contains(&format!("{opened}{set}\"")), "{set}: {page}");
        }
        assert!(
            page.contains("建案：本月 1，上月 3，少 2。新增 1：单4。减少 3：单1、单2、单3。"),
            "{page}"
        );
        let rows = opened.replace("&#38;", "&");
        let went = text(&get(&format!("{rows}went"), &bureau).await);
        assert!(
            went.contains("3 行，合计 3。") && went.contains(">单2</a>"),
            "{went}"
        );
        let overdue = "/supervision/report/rows?month=2026-04&figure=overdue&procedure=listing&set=month";
        let overdue = text(&get(overdue, &bureau).await);
        // Due on 9 March, seen on 15 April: 27 working days late, and the clause of the clock.
        assert!(
            overdue.contains("2026-03-09") && overdue.contains(">27<"),
            "{overdue}"
        );
        assert!(overdue.contains("ST-OP-001"));

        let letter = get("/supervision/report.docx?month=2026-04", &bureau).await;
        let mut archive = ZipArchive::new(Cursor::new(letter.bytes.to_vec())).unwrap();
        let mut document = String::new();
        archive
            .by_name("word/document.xml")
            .unwrap()
            .read_to_string(&mut document)
            .unwrap();
        for part in [
            "2026-04",
            "期末超期的时限",
            "建案：本月 1，上月 3，少 2。",
            "单3",
            "ST-OP-001",
        ] {
            assert!(document.contains(part), "{part}");
        }

        // A body that does not watch over others reports on its own cases: the developer has none.
        let developer = world.sign_in("dev.clerk").await;
        let own = text(&get("/supervision/report?month=2026-04", &developer).await);
        assert!(
            own.contains("class=\"empty\"") && !own.contains("figure=opened"),
            "{own}"
        );
        let operator = world.sign_in("op.clerk").await;
        let own = text(&get("/supervision/report?month=2026-04", &operator).await);
        assert!(own.contains("figure=opened") && own.contains("本单位的案件"));
        for (month, status, code) in [
            ("2026-05", 422, "month_to_come"),
            ("2026-13", 422, "month_invalid"),
            ("today", 422, "month_invalid"),
        ] {
            let path = format!("/supervision/report?month={month}");
            let refused = get(&path, &bureau).await;
            assert_eq!(refused.status, status, "{month}");
            assert!(text(&refused).contains(code), "{month}");
        }
    });
}
