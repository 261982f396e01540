//! Excel workbooks: a round trip, and archives that are bombs.

use std::io::Write;

use arrow::{
    array::AsArray,
    datatypes::{Date32Type, Float64Type, Int64Type},
};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use shuyu_lake::{ColumnType, FormatHint};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::world::{World, dataset, refusal_of, spec};

pub fn sample() -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet().set_name("区划").expect("name");
    let date = Format::new().set_num_format("yyyy-mm-dd");
    for (column, title) in ["编码", "名称", "面积", "设立"].into_iter().enumerate() {
        sheet.write(0, column as u16, title).expect("title");
    }
    for (row, (code, name)) in [(110101, "东城区"), (110102, "西城区")].into_iter().enumerate() {
        let row = row as u32 + 1;
        sheet.write(row, 0, code).expect("code");
        sheet.write(row, 1, name).expect("name");
        sheet.write(row, 2, 41.86).expect("area");
        let day = ExcelDateTime::from_ymd(2010, 7, 1).expect("date");
        sheet.write_with_format(row, 3, &day, &date).expect("date");
    }
    let second = workbook.add_worksheet().set_name("空").expect("name");
    second.write(0, 0, "只有标题").expect("title");
    workbook.save_to_buffer().expect("workbook")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workbook_reads_like_the_text_it_shows() {
    let world = World::new();
    let raw = world.raw(&sample()).await;
    let report = world
        .ingest(spec(dataset(1), vec![raw], "k"))
        .await
        .expect("ingest");
    let kinds: Vec<_> = report
        .version
        .record
        .schema
        .columns
        .iter()
        .map(|c| c.kind)
        .collect();
    use ColumnType::{Date, Float, Integer, Text};
    assert_eq!(kinds, [Integer, Text, Float, Date]);
    let rows = world.rows(dataset(1)).await;
    assert_eq!(
        rows[0].column(0).as_primitive::<Int64Type>().values(),
        &[110101, 110102]
    );
    assert_eq!(rows[0].column(1).as_string::<i32>().value(1), "西城区");
    assert_eq!(rows[0].column(2).as_primitive::<Float64Type>().value(0), 41.86);
    assert_eq!(rows[0].column(3).as_primitive::<Date32Type>().value(0), 14_791);
}

#[tokio::test(flavor = "multi_thread")]
async fn sheets_are_chosen_by_name_and_formats_must_be_what_they_are_said_to_be() {
    let world = World::new();
    let raw = world.raw(&sample()).await;
    let text = world.raw(b"a\n1\n").await;
    let sheet = |name: &str| FormatHint::Workbook {
        sheet: Some(name.to_owned()),
    };
    for (source, format, code) in [
        (raw, sheet("空"), "no_rows"),
        (raw, sheet("没有"), "sheet_unknown"),
        (raw, FormatHint::Csv(Default::default()), "format_differs"),
        (text, sheet("区划"), "format_differs"),
    ] {
        let mut spec = spec(dataset(1), vec![source], "k");
        spec.format = format;
        assert_eq!(refusal_of(world.ingest(spec).await).code, code);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reader_would_have_to_hold_at_once_is_refused_before_it_reads() {
    let world = World::new();
    let archive = |name: &str, bytes: &[u8]| {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file(name, SimpleFileOptions::default()).expect("entry");
        zip.write_all(bytes).expect("bytes");
        zip.finish().expect("archive").into_inner()
    };
    let cell = format!("<worksheet><sheetData><row><c><v>{}", "9".repeat(5 << 20));
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(2_000_001));
    for (name, text, limit) in [
        ("xl/worksheets/sheet1.xml", cell.as_str(), "limit_bytes"),
        ("xl/sharedStrings.xml", strings.as_str(), "limit_strings"),
        (
            "xl/sharedStrings.xml",
            "<sst uniqueCount=\"4000000000\">",
            "limit_strings",
        ),
        ("xl/styles.xml", &" ".repeat(9 << 20), "limit_bytes"),
    ] {
        let refusal = world.refused(&archive(name, text.as_bytes())).await;
        assert_eq!(refusal.code, "workbook_too_large", "{name}");
        assert!(refusal.facts.contains_key(limit), "{name}: {:?}", refusal.facts);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bombs_and_lies_about_sizes_are_refused() {
    let world = World::new();
    let archive = |bytes: &[u8]| {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default())
            .expect("entry");
        zip.write_all(bytes).expect("bytes");
        zip.finish().expect("archive").into_inner()
    };
    let bomb = archive(&vec![b' '; 40 * 1024 * 1024]);
    assert!(bomb.len() < 200 * 1024);
    assert_eq!(world.refused(&bomb).await.code, "compression_bomb");
    // The same bomb that declares a small size in its directory.
    let mut liar = bomb.clone();
    let size = (40u32 * 1024 * 1024).to_le_bytes();
    let places: Vec<usize> = (0..liar.len() - 4)
        .filter(|at| liar[*at..*at + 4] == size)
        .collect();
    assert!(!places.is_empty(), "the directory names the size");
    places
        .into_iter()
        .for_each(|at| liar[at..at + 4].copy_from_slice(&100u32.to_le_bytes()));
    let code = world.refused(&liar).await.code;
    assert!(
        ["compression_bomb", "workbook_damaged"].contains(&code.as_str()),
        "{code}"
    );
    // An archive that is no workbook.
    assert_eq!(world.refused(&archive(b"hello")).await.code, "workbook_damaged");
    let whole = sample();
    assert_eq!(
        world.refused(&whole[..whole.len() / 2]).await.code,
        "workbook_damaged"
    );
}
