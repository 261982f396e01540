//! The register that is measured on, and the lake it goes into.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use axum::body::Bytes;
use futures::stream;
use shuyu_kernel::{DatasetId, Digest, Timestamp, kill::NoKill};
use shuyu_lake::{
    CancellationToken, DataZone, FormatHint, IngestKey, IngestMode, IngestReport, IngestSpec, Lake,
    MasterKey, NoProgress, OnBadRow, SchemaOrder, UnitKey, UnitSpec,
};
use tokio::io::AsyncReadExt as _;

use crate::real::SystemRandom;

/// The same register in every run.
const SEED: u64 = 1;
/// Name of the table.
pub(super) const TABLE: &str = "employment";
/// Pieces in which a file arrives: 64 KiB, like an upload.
const PIECE_BYTES: usize = 64 * 1024;

/// Who the subjects of the table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subjects {
    /// Every row is another employee.
    Employees,
    /// The rows of an enterprise belong to one subject.
    Enterprises,
}

impl Subjects {
    fn unit(self) -> UnitSpec {
        let (column, domain) = match self {
            Subjects::Employees => ("employee", "person"),
            Subjects::Enterprises => ("idunit", "enterprise"),
        };
        UnitSpec {
            columns: vec![column.to_owned()],
            domain: domain.to_owned(),
            key: UnitKey([2; 32]),
            at_most: None,
        }
    }
}

/// Writes the synthetic employees with a number for each in front, so that one file serves for both subjects.
pub(super) fn write(path: &Path, rows: u64) -> anyhow::Result<u64> {
    let file = File::create(path).with_context(|| format!("creating {}", path.display()))?;
    let mut out = Numbered {
        out: BufWriter::new(file),
        line: 0,
        at_start: true,
    };
    shuyu_testkit::registers::write_employees_csv(&mut out, SEED, rows)?;
    out.out
        .into_inner()
        .map_err(io::IntoInnerError::into_error)?
        .sync_all()?;
    Ok(std::fs::metadata(path)?.len())
}

/// Puts a number in front of every line; above the numbers stands `employee`.
struct Numbered<W> {
    out: W,
    line: u64,
    at_start: bool,
}

impl<W: Write> Write for Numbered<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            match (self.at_start, self.line) {
                (true, 0) => write!(self.out, "employee,")?,
                (true, number) => write!(self.out, "E{number:07},")?,
                (false, _) => {}
            }
            self.out.write_all(piece)?;
            self.at_start = piece.ends_with(b"\n");
            self.line += u64::from(self.at_start);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// An empty lake in a folder. Its keys protect synthetic rows only.
pub(super) fn lake(folder: &Path) -> anyhow::Result<Lake> {
    let random = Arc::new(SystemRandom::new([0; 32]));
    Ok(Lake::open(
        folder.to_path_buf(),
        &MasterKey([1; 32]),
        random,
        Arc::new(NoKill),
    )?)
}

/// Receives a file into the raw zone, as an upload does.
pub(super) async fn receive(lake: &Lake, path: &Path) -> anyhow::Result<Digest> {
    let file = tokio::fs::File::open(path).await?;
    let pieces = stream::try_unfold(file, async |mut file| {
        let mut piece = vec![0; PIECE_BYTES];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok::<_, io::Error>((read > 0).then(|| (Bytes::from(piece), file)))
    });
    Ok(lake
        .receive(Box::pin(pieces), "employment.csv", u64::MAX)
        .await?
        .digest)
}

/// Ingests the register as the only version of a new dataset.
pub(super) async fn ingest(lake: &Lake, raw: Digest, subjects: Subjects) -> anyhow::Result<IngestReport> {
    ingest_as(
        lake,
        raw,
        DatasetId::from_bits(subjects as u128 + 1),
        TABLE,
        subjects.unit(),
    )
    .await
}

/// Ingests a received file the way the platform does: schema inferred, units keyed and proved, a quality report,
/// everything sealed.
pub(super) async fn ingest_as(
    lake: &Lake,
    raw: Digest,
    dataset: DatasetId,
    table: &str,
    unit: UnitSpec,
) -> anyhow::Result<IngestReport> {
    let spec = IngestSpec {
        dataset,
        table: table.to_owned(),
        zone: DataZone::Governed,
        sources: vec![raw],
        format: FormatHint::default(),
        schema: None,
        changes: SchemaOrder::default(),
        unit: Some(unit),
        row_key: Vec::new(),
        codes: Default::default(),
        on_bad_row: OnBadRow::Refuse,
        mode: IngestMode::Replace,
        key: IngestKey(format!("bench-{dataset}")),
        now: Timestamp::from_micros(0),
    };
    let report = lake
        .ingest(spec, Arc::new(NoProgress), &CancellationToken::new())
        .await;
    report.with_context(|| format!("ingesting {table}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_gets_a_number_however_it_is_cut() {
        let whole = b"a,b\n1,2\n3,4\n";
        for cut in 0..whole.len() {
            let mut out = Numbered {
                out: Vec::new(),
                line: 0,
                at_start: true,
            };
            out.write_all(&whole[..cut]).unwrap();
            out.write_all(&whole[cut..]).unwrap();
            let text = String::from_utf8(out.out).unwrap();
            assert_eq!(text, "employee,a,b\nE0000001,1,2\nE0000002,3,4\n", "{cut}");
        }
    }
}
