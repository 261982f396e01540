//! Workbooks read back as they were written; letters hold what was put in.

use std::io::{Cursor, Read};

use shuyu_kernel::CivilDate;
use shuyu_office::{
    Area, Block, CellValue, Choices, Out, OutSheet, address, column_letters, letter, read, workbook,
};
use zip::ZipArchive;

use crate::{BOUNDS, created};

fn sample() -> Vec<OutSheet> {
    let day = CivilDate::new(2026, 2, 24).expect("a date");
    let text = |text: &str| Out::Text(text.to_owned());
    let form = OutSheet {
        name: "填报".to_owned(),
        widths: vec![20, 12],
        rows: vec![
            vec![Out::Head("名称".to_owned()), Out::Head("日期".to_owned())],
            vec![Out::Key("name".to_owned()), Out::Key("day".to_owned())],
            vec![text("=1+1 & <甲>"), Out::Date(day), Out::Number(41), Out::Blank],
        ],
        frozen: 2,
        choices: vec![Choices {
            column: 0,
            first_row: 3,
            last_row: 50,
            list: vec!["有条件".to_owned(), "无条件".to_owned()],
        }],
    };
    let sums = OutSheet {
        name: "汇总".to_owned(),
        rows: vec![vec![
            Out::Formula {
                formula: "=SUM('填报'!C3:C9)".to_owned(),
                value: 41,
                link: Some("'填报'!C3".to_owned()),
            },
            Out::Link {
                text: "到填报".to_owned(),
                to: "internal:'填报'!A3".to_owned(),
            },
            Out::Wrong("错".to_owned()),
        ]],
        ..OutSheet::default()
    };
    vec![form, sums]
}

fn written() -> Vec<u8> {
    workbook("模板", created(), &sample(), "选项").expect("it is written")
}

fn part(bytes: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let mut text = String::new();
    let mut entry = archive.by_name(name).expect("the part");
    entry.read_to_string(&mut text).expect("text");
    text
}

#[test]
fn what_is_written_reads_back_with_its_addresses() {
    let book = read(&written(), &BOUNDS).expect("it reads");
    let names: Vec<&str> = book.sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(names, ["填报", "汇总", "选项"]);
    let row = &book.sheets[0].rows[&3];
    // What looks like a formula stays words.
    assert_eq!(row[&0].value, CellValue::Text("=1+1 & <甲>".to_owned()));
    assert!(!row[&0].formula);
    assert_eq!(row[&1].value.text(), "2026-02-24");
    assert!(matches!(row[&1].value, CellValue::Date(_)));
    assert_eq!(row[&2].value, CellValue::Number(41.0));
    assert!(!row.contains_key(&3), "an empty cell is absent");
    let sum = &book.sheets[1].rows[&1][&0];
    assert_eq!((sum.formula, sum.value.text()), (true, "41".to_owned()));
    assert_eq!(book.sheets[2].rows[&2][&0].value.text(), "无条件");
    let sheet = part(&written(), "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("sqref=\"A3:A50\""), "the list is offered: {sheet}");
    let linked = part(&written(), "xl/worksheets/sheet2.xml");
    assert!(
        linked.contains("location=\"'填报'!C3\""),
        "the figure leads to its rows"
    );
}

#[test]
fn merged_cells_formulas_and_flags_are_seen() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let page = book.add_worksheet();
    let plain = rust_xlsxwriter::Format::new();
    page.merge_range(0, 0, 0, 2, "大标题", &plain).expect("merged");
    page.write_formula(1, 0, "=1+1").expect("formula");
    page.write_boolean(1, 1, true).expect("flag");
    page.write_string(1, 2, "  ").expect("blank words");
    let bytes = book.save_to_buffer().expect("saved");
    let read = read(&bytes, &BOUNDS).expect("it reads");
    let sheet = &read.sheets[0];
    let whole = Area {
        first_row: 1,
        last_row: 1,
        first_column: 0,
        last_column: 2,
    };
    assert_eq!(sheet.merged, [whole]);
    assert!(sheet.rows[&2][&0].formula);
    assert_eq!(sheet.rows[&2][&1].value, CellValue::Flag(true));
    assert!(!sheet.rows[&2].contains_key(&2), "blank words are no value");
}

#[test]
fn the_same_content_gives_the_same_bytes() {
    assert_eq!(written(), written());
    let blocks = [
        Block::Title("月报".to_owned()),
        Block::Table {
            head: vec!["数".to_owned()],
            rows: vec![vec!["1 < 2".to_owned()]],
        },
        Block::Paragraph("说明".to_owned()),
    ];
    let one = letter(created(), &blocks).expect("written");
    assert_eq!(one, letter(created(), &blocks).expect("written"));
    let document = part(&one, "word/document.xml");
    for text in ["月报", "1 &lt; 2", "说明"] {
        assert!(document.contains(text), "{text}: {document}");
    }
    assert!(part(&one, "docProps/core.xml").contains("2026-02-10"));
}

#[test]
fn columns_are_lettered_as_people_write_them() {
    for (column, letters) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
        assert_eq!(column_letters(column), letters);
    }
    assert_eq!(address(7, 1), "B7");
}
