//! The monthly report of the walked world over real HTTP: the workbook reads back, and its figures are its rows.

use std::io::{Cursor, Read as _};

use shuyu_office::{Book, limits::Bounds, read};
use zip::ZipArchive;

use crate::{
    batch::Console,
    harness::{Server, walked},
};

const BOUNDS: Bounds = Bounds {
    packed_bytes: 16 << 20,
    unpacked_bytes: 256 << 20,
    sheets: 50,
    rows: 100_000,
    columns: 50,
    cells: 2_000_000,
    text_chars: 32_767,
};

fn cell(book: &Book, sheet: usize, row: u32, column: u32) -> String {
    let cells = book.sheets[sheet].rows.get(&row);
    let cell = cells.and_then(|cells| cells.get(&column));
    cell.map(|cell| cell.value.text()).unwrap_or_default()
}

#[test]
fn the_report_of_the_walked_world_reads_back_with_figures_equal_to_their_rows() {
    let temp = tempfile::tempdir().expect("a folder");
    let data = temp.path().join("data");
    walked(&data);
    let server = Server::start(&data, None);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let console = Console::sign_in(&server.base, "zsjj_leader").await;
        let mut figures = 0;
        for month in ["2025-10", "2025-12", "2026-02"] {
            let book = console
                .bytes(&format!("/supervision/report.xlsx?month={month}"))
                .await;
            let book = read(&book, &BOUNDS).expect("the workbook reads");
            let letter = console
                .bytes(&format!("/supervision/report.docx?month={month}"))
                .await;
            let mut archive = ZipArchive::new(Cursor::new(letter)).expect("an archive");
            let mut document = String::new();
            let mut part = archive.by_name("word/document.xml").expect("the document");
            part.read_to_string(&mut document).expect("its text");
            let page = console.page(&format!("/supervision/report?month={month}")).await;
            let lines: Vec<u32> = book.sheets[0].rows.range(4..).map(|(row, _)| *row).collect();
            for line in lines {
                let (kind, procedure) = (cell(&book, 0, line, 0), cell(&book, 0, line, 1));
                let number = |column| cell(&book, 0, line, column).parse::<i64>().expect("a number");
                let at = book
                    .sheets
                    .iter()
                    .position(|sheet| sheet.name == kind)
                    .expect("its rows");
                let rows: Vec<u32> = book.sheets[at].rows.range(2..).map(|(row, _)| *row).collect();
                let counted = |period: &str| -> i64 {
                    let own = rows.iter().filter(|row| cell(&book, at, **row, 2) == procedure);
                    let own = own.filter(|row| cell(&book, at, **row, 0) == period);
                    own.map(|row| cell(&book, at, *row, 10).parse::<i64>().expect("a count"))
                        .sum()
                };
                let what = format!("{month} {kind} {procedure}");
                assert_eq!(
                    (counted("本月"), counted("上月")),
                    (number(2), number(3)),
                    "{what}"
                );
                assert_eq!(number(3) + number(5) - number(6), number(2), "{what}");
                assert!(
                    document.contains(&kind) && document.contains(&procedure),
                    "{what}"
                );
                assert!(page.contains(&kind) && page.contains(&procedure), "{what}");
                figures += 1;
            }
        }
        assert!(figures > 20, "the story gives only {figures} figures");
    });
    assert!(server.stop().success());
}
