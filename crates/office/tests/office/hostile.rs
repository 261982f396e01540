//! Files that would cost too much, or that are not what they say.

use std::io::{Cursor, Write};

use rust_xlsxwriter::Workbook;
use shuyu_office::{limits::Bounds, read};
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::BOUNDS;

fn archive(name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file(name, SimpleFileOptions::default()).expect("entry");
    zip.write_all(bytes).expect("bytes");
    zip.finish().expect("archive").into_inner()
}

fn code(bytes: &[u8], bounds: &Bounds) -> String {
    read(bytes, bounds).map_or_else(
        |refusal| refusal.code,
        |book| format!("read: {}", book.sheets.len()),
    )
}

fn filled(sheets: usize, rows: u32, columns: u16, text: &str) -> Vec<u8> {
    let mut book = Workbook::new();
    for _ in 0..sheets {
        let page = book.add_worksheet();
        for row in 0..rows {
            for column in 0..columns {
                page.write_string(row, column, text).expect("cell");
            }
        }
    }
    book.save_to_buffer().expect("saved")
}

#[test]
fn each_bound_refuses_the_file_that_passes_it_and_no_other() {
    assert_eq!(code(&filled(3, 6, 10, "x"), &BOUNDS), "read: 3");
    for (bytes, wanted) in [
        (filled(4, 1, 1, "x"), "workbook_too_large"),
        (filled(1, 101, 1, "x"), "workbook_too_large"),
        (filled(1, 1, 11, "x"), "workbook_too_large"),
        (filled(1, 21, 10, "x"), "workbook_too_large"),
        (filled(1, 1, 1, &"长".repeat(51)), "cell_too_long"),
    ] {
        assert_eq!(code(&bytes, &BOUNDS), wanted);
    }
    assert_eq!(code(&filled(1, 1, 1, &"长".repeat(50)), &BOUNDS), "read: 1");
    let small = Bounds {
        packed_bytes: 100,
        ..BOUNDS
    };
    assert_eq!(code(&filled(1, 1, 1, "x"), &small), "workbook_too_large");
}

#[test]
fn bombs_damage_and_other_files_are_refused() {
    let bomb = archive("xl/worksheets/sheet1.xml", &vec![b' '; 30 * 1024 * 1024]);
    assert!(bomb.len() < 200 * 1024);
    assert_eq!(code(&bomb, &BOUNDS), "compression_bomb");
    let stretch = format!("<worksheet><sheetData><row><c><v>{}", "9".repeat(5 << 20));
    let long = archive("xl/worksheets/sheet1.xml", stretch.as_bytes());
    assert_eq!(code(&long, &BOUNDS), "workbook_too_large");
    let whole = filled(1, 1, 1, "x");
    for bytes in [
        &whole[..whole.len() / 2],
        &archive("hello", b"hello"),
        b"name,day\n",
        b"",
    ] {
        assert_eq!(code(bytes, &BOUNDS), "workbook_damaged");
    }
}
