//! What a department sends: real files of a folder, or files that the project makes in the same form.

use std::{
    fs::File,
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use flate2::{Compression, write::GzEncoder};
use shuyu_testkit::registers;

/// Rows of each made file: enough for every query of the story, small enough for a minute.
const MADE_STATIONS: usize = 12;
const MADE_HOURS: u64 = 2_000;
const MADE_VILLAGES: u64 = 20_000;
const MADE_AREAS: u64 = 400;
const MADE_EMPLOYEES: u64 = 12_000;
const MADE_PERSONS: u64 = 12_000;

/// A folder of input files.
pub struct Input {
    folder: PathBuf,
    published: bool,
}

/// A file to send.
pub struct InputFile {
    /// Name without folder.
    pub name: String,
    source: Source,
}

enum Source {
    File(PathBuf),
    Bytes(Vec<u8>),
}

impl Input {
    /// The real folder, or one that is made below `made`. `other_rows`: the folder holds other files than the
    /// published ones, in the same layout.
    pub fn open(real: Option<&Path>, made: &Path, other_rows: bool) -> anyhow::Result<Self> {
        if let Some(folder) = real {
            // The folder itself, or its parent: both are natural to name.
            let folder = if folder.join("data").is_dir() {
                folder.join("data")
            } else {
                folder.to_path_buf()
            };
            return Ok(Self {
                folder,
                published: !other_rows,
            });
        }
        if !made.join("complete").exists() {
            make(made).context("making the input files")?;
            File::create(made.join("complete"))?;
        }
        Ok(Self {
            folder: made.to_path_buf(),
            published: false,
        })
    }

    /// Whether these are the published files, whose numbers of rows are known.
    pub fn is_published(&self) -> bool {
        self.published
    }

    /// The files of a pattern in order of name.
    pub fn files(&self, pattern: &str) -> anyhow::Result<Vec<InputFile>> {
        if let Some(kind) = pattern.strip_prefix("bad:") {
            let bytes = broken(kind)?;
            return Ok(vec![InputFile {
                name: format!("{kind}.csv"),
                source: Source::Bytes(bytes),
            }]);
        }
        let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
        let folder = self.folder.join(folder);
        let Some((before, after)) = name.split_once('*') else {
            let path = folder.join(name);
            return Ok(vec![InputFile {
                name: name.to_owned(),
                source: Source::File(path),
            }]);
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let entry = entry?;
            let file = entry.file_name().to_string_lossy().into_owned();
            let middle = file
                .strip_prefix(before)
                .and_then(|rest| rest.strip_suffix(after));
            if middle.is_some() {
                files.push(InputFile {
                    name: file.clone(),
                    source: Source::File(entry.path()),
                });
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        anyhow::ensure!(!files.is_empty(), "no file matches {pattern}");
        Ok(files)
    }
}

impl InputFile {
    /// The bytes as a request body.
    pub async fn body(&self) -> anyhow::Result<reqwest::Body> {
        Ok(match &self.source {
            Source::Bytes(bytes) => bytes.clone().into(),
            Source::File(path) => tokio::fs::File::open(path)
                .await
                .with_context(|| format!("opening {}", path.display()))?
                .into(),
        })
    }
}

/// Files that must be refused: wrong encoding, a cut-off archive, a line without end.
fn broken(kind: &str) -> anyhow::Result<Vec<u8>> {
    Ok(match kind {
        "encoding" => b"code,name\n990101,\xff\xfe\xfa\n".to_vec(),
        "truncated" => {
            let mut packed = gzip(Vec::new())?;
            registers::write_areas_csv(&mut packed, 7, MADE_AREAS)?;
            let bytes = packed.finish()?;
            bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec()
        }
        "endless_line" => {
            let mut bytes = b"code,name\n990101,".to_vec();
            bytes.resize(20 * 1024 * 1024, b'a');
            bytes
        }
        other => anyhow::bail!("no broken file of kind {other}"),
    })
}

fn gzip<W: Write>(out: W) -> anyhow::Result<GzEncoder<W>> {
    Ok(GzEncoder::new(out, Compression::fast()))
}

fn make(folder: &Path) -> anyhow::Result<()> {
    for sub in ["air-quality", "divisions", "microdata"] {
        std::fs::create_dir_all(folder.join(sub))?;
    }
    let create = |path: &str| -> anyhow::Result<GzEncoder<BufWriter<File>>> {
        gzip(BufWriter::new(File::create(folder.join(path))?))
    };
    for station in 0..MADE_STATIONS {
        let mut out = create(&format!("air-quality/PRSA_Data_S{:02}.csv.gz", station + 1))?;
        // The registers know six stations; a second round has other values.
        registers::write_station_csv(&mut out, 100 + station as u64 / 6, station % 6, MADE_HOURS)?;
        out.finish()?;
    }
    let mut villages = Vec::new();
    registers::write_villages_csv(&mut villages, 3, MADE_VILLAGES)?;
    let text = String::from_utf8(villages)?;
    let (bytes, _, _) = encoding_rs::GB18030.encode(&text);
    let mut out = create("divisions/villages.gb18030.csv.gz")?;
    out.write_all(&bytes)?;
    out.finish()?;
    make_workbook(&folder.join("divisions/areas.xlsx"))?;
    let mut out = create("microdata/ses.csv.gz")?;
    registers::write_employees_csv(&mut out, 5, MADE_EMPLOYEES)?;
    out.finish()?;
    let mut out = create("microdata/eusilc.csv.gz")?;
    registers::write_households_csv(&mut out, 6, MADE_PERSONS)?;
    out.finish()?;
    Ok(())
}

fn make_workbook(path: &Path) -> anyhow::Result<()> {
    let mut csv = Vec::new();
    registers::write_areas_csv(&mut csv, 4, MADE_AREAS)?;
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    let mut text = String::new();
    csv.as_slice().read_to_string(&mut text)?;
    for (row, line) in (0u32..).zip(text.lines()) {
        for (column, cell) in (0u16..).zip(line.split(',')) {
            sheet.write_string(row, column, cell.trim_matches('"'))?;
        }
    }
    book.save(path)?;
    Ok(())
}
