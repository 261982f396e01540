//! Files in the layout and the formats in which departments send theirs, small, with nobody in them.

use std::{
    fs::File,
    io::{self, Write},
    path::Path,
};

use flate2::{Compression, write::GzEncoder};
use shuyu_testkit::registers;

/// Names of the stations in the files' names; what stands inside is synthetic.
const STATIONS: [&str; 12] = [
    "Beishan", "Chahe", "Daqiao", "Erlang", "Fengtai", "Gaopo", "Hetou", "Jinping", "Longtan", "Meizi",
    "Nanhu", "Pingba",
];
const HOURS: u64 = 1_500;
const VILLAGES: u64 = 3_000;
const AREAS: u64 = 300;
const EMPLOYEES: u64 = 12_000;
const PERSONS: u64 = 6_000;

/// Rows that must arrive.
pub struct Rows {
    /// From files.
    pub ingested: u64,
    /// In the de-identified version.
    pub derived: u64,
}

/// Writes the twelve gzipped station files, the villages in GB18030, the workbook and the two microdata files.
pub fn write(folder: &Path) -> Rows {
    for sub in ["air-quality", "divisions", "microdata"] {
        std::fs::create_dir_all(folder.join(sub)).expect("a folder");
    }
    for (number, station) in (0..).zip(STATIONS) {
        let name = format!("air-quality/PRSA_Data_{station}_20130301-20170228.csv.gz");
        packed(&folder.join(name), |out| {
            registers::write_station_csv(out, 40 + number, number as usize % 6, HOURS)
        });
    }
    packed(&folder.join("divisions/villages.gb18030.csv.gz"), |out| {
        let mut text = Vec::new();
        registers::write_villages_csv(&mut text, 11, VILLAGES)?;
        let text = String::from_utf8(text).expect("UTF-8");
        out.write_all(&encoding_rs::GB18030.encode(&text).0)
    });
    workbook(&folder.join("divisions/areas.xlsx"));
    packed(&folder.join("microdata/ses.csv.gz"), |out| {
        registers::write_employees_csv(out, 13, EMPLOYEES)
    });
    packed(&folder.join("microdata/eusilc.csv.gz"), |out| {
        registers::write_households_csv(out, 17, PERSONS)
    });
    Rows {
        ingested: 12 * HOURS + VILLAGES + AREAS + EMPLOYEES + PERSONS,
        derived: PERSONS,
    }
}

fn packed(path: &Path, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let file = File::create(path).expect("a file");
    let mut out = GzEncoder::new(io::BufWriter::new(file), Compression::fast());
    content(&mut out).expect("writing");
    out.finish().and_then(|mut file| file.flush()).expect("writing");
}

fn workbook(path: &Path) {
    let mut csv = Vec::new();
    registers::write_areas_csv(&mut csv, 19, AREAS).expect("writing");
    let text = String::from_utf8(csv).expect("UTF-8");
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    for (row, line) in (0..).zip(text.lines()) {
        for (column, cell) in (0..).zip(line.split(',')) {
            sheet
                .write_string(row, column, cell.trim_matches('"'))
                .expect("a cell");
        }
    }
    book.save(path).expect("a workbook");
}
