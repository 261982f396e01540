//! Reading one sheet of an Excel workbook (.xlsx, ECMA-376) row by row.
//!
//! The archive is measured before the workbook is opened (`shuyu_office::measure`). Cells become the text that a
//! delimited file would hold: whole numbers without a fraction, dates as `YYYY-MM-DD`.

use std::io::{ErrorKind, Read, Seek};

use calamine::{DataRef, Reader, Sheet, SheetType, Xlsx, XlsxError};
use shuyu_kernel::Refusal;
use shuyu_office::{Step, Unmeasured, measure};
use zip::result::ZipError;

use super::{Record, RecordSink, Watch};
use crate::{
    error::{LakeError, from_io, limited},
    limits::{Limits, MAX_CELL_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES},
    table::Phase,
};

/// Reads a sheet, the first one when `sheet` is `None`, into `sink`. Rows without any value are skipped.
pub(super) fn read_workbook<R: Read + Seek>(
    mut file: R,
    sheet: Option<&str>,
    limits: &Limits,
    watch: &Watch<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), LakeError> {
    watch.phase(Phase::Inspecting);
    check_archive(&mut file, limits, watch)?;
    watch.phase(Phase::Reading);
    super::rewind(&mut file)?;
    let mut workbook: Xlsx<R> = Xlsx::new(file).map_err(damaged)?;
    let names = workbook.sheet_names();
    let name = match sheet {
        Some(wanted) => names.iter().find(|name| *name == wanted),
        None => names.first(),
    };
    let name = name.ok_or_else(|| Refusal::unmet("sheet_unknown"))?.clone();
    read_sheet(&mut workbook, &name, false, watch, sink)
}

/// Reads the rows of every sheet from the one at `first` on, however wide they are, for whoever searches a file. Row 1
/// of each sheet has number 1; sheets without cells, such as charts, are passed over.
pub(super) fn search_workbook<R: Read + Seek>(
    mut file: R,
    first: usize,
    limits: &Limits,
    watch: &Watch<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), LakeError> {
    check_archive(&mut file, limits, watch)?;
    super::rewind(&mut file)?;
    let mut workbook: Xlsx<R> = Xlsx::new(file).map_err(damaged)?;
    let cells = |sheet: &Sheet| sheet.typ == SheetType::WorkSheet;
    let sheets: Vec<String> = (workbook
        .sheets_metadata()
        .iter()
        .skip(first)
        .filter(|sheet| cells(sheet)))
    .map(|sheet| sheet.name.clone())
    .collect();
    sheets
        .iter()
        .try_for_each(|name| read_sheet(&mut workbook, name, true, watch, sink))
}

fn read_sheet<R: Read + Seek>(
    workbook: &mut Xlsx<R>,
    name: &str,
    ragged: bool,
    watch: &Watch<'_>,
    sink: &mut dyn RecordSink,
) -> Result<(), LakeError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(damaged)?;
    let mut rows = Rows {
        sink,
        record: Record::default(),
        row: None,
        width: None,
        ragged,
    };
    while let Some(cell) = cells.next_cell().map_err(damaged)? {
        let (row, column) = cell.get_position();
        if rows.row != Some(row) {
            watch.check()?;
            rows.end_row()?;
            rows.row = Some(row);
        }
        rows.cell(column as usize, cell.get_value())?;
    }
    rows.end_row()
}

/// One row being gathered.
struct Rows<'a> {
    sink: &'a mut dyn RecordSink,
    record: Record,
    row: Option<u32>,
    width: Option<usize>,
    /// Rows may be wider than the first one.
    ragged: bool,
}

impl Rows<'_> {
    fn line(&self) -> u64 {
        self.row.map_or(0, |row| u64::from(row) + 1)
    }

    fn cell(&mut self, column: usize, value: &DataRef<'_>) -> Result<(), LakeError> {
        if column >= MAX_COLUMNS {
            return Err(limited("too_many_columns")
                .fact("line", self.line())
                .fact("limit", MAX_COLUMNS)
                .into());
        }
        if column < self.record.ends.len() {
            return Err(Refusal::unmet("workbook_damaged").into());
        }
        let text = text_of(value);
        if text.len() > MAX_CELL_BYTES {
            let refusal = limited("cell_too_long").fact("line", self.line());
            return Err(refusal.fact("limit_bytes", MAX_CELL_BYTES).into());
        }
        if self.record.text.len() + text.len() > MAX_RECORD_BYTES {
            return Err(super::encoding::too_long(self.line()).into());
        }
        if text.contains('\0') {
            return Err(Refusal::unmet("nul_byte").fact("line", self.line()).into());
        }
        self.record.ends.resize(column, self.record.text.len());
        self.record.text.push_str(&text);
        self.record.ends.push(self.record.text.len());
        Ok(())
    }

    /// Hands the row on. Cells missing at its end are empty; cells beyond the header refuse the file.
    fn end_row(&mut self) -> Result<(), LakeError> {
        let line = self.line();
        let filled = self.record.cells().rposition_filled();
        self.record.ends.truncate(filled);
        if filled > 0 {
            let width = match self.ragged {
                true => filled,
                false => *self.width.get_or_insert(filled),
            };
            if filled > width {
                let refusal = Refusal::unmet("row_width_differs").fact("line", line);
                return Err(refusal.fact("expected", width).fact("found", filled).into());
            }
            self.record.ends.resize(width, self.record.text.len());
            self.record.number += 1;
            self.record.line = line;
            self.sink.record(&self.record)?;
        }
        self.record.text.clear();
        self.record.ends.clear();
        Ok(())
    }
}

/// How many cells stand up to the last one with text.
trait Filled {
    fn rposition_filled(self) -> usize;
}

impl<'a, I: Iterator<Item = &'a str>> Filled for I {
    fn rposition_filled(self) -> usize {
        self.enumerate()
            .filter(|(_, cell)| !cell.is_empty())
            .last()
            .map_or(0, |(index, _)| index + 1)
    }
}

fn text_of(value: &DataRef<'_>) -> String {
    match value {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            if moment.is_duration() || moment.as_f64() < 1.0 {
                moment.as_f64().to_string()
            } else if (hour, minute, second) == (0, 0, 0) {
                format!("{year:04}-{month:02}-{day:02}")
            } else {
                format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        // `#N/A` and its kin stay visible as what they are and fail the type check of their column.
        DataRef::Error(error) => error.to_string(),
        DataRef::Empty => String::new(),
    }
}

/// Checks declared and actual sizes of every entry.
fn check_archive<R: Read + Seek>(file: R, limits: &Limits, watch: &Watch<'_>) -> Result<(), LakeError> {
    let limit = limits.max_uncompressed_bytes;
    let mut step = |step: Step| match step {
        Step::Block => watch.check(),
        Step::Part(packed) => {
            watch.bytes(packed);
            Ok(())
        }
    };
    measure(file, limit, &mut step).map_err(|error| match error {
        Unmeasured::Refused(refusal) => refusal.into(),
        Unmeasured::Failed(error) => from_io("reading a workbook", error),
    })
}

/// What the workbook holds is the sender's to mend; that our own disk fails is not.
fn damaged(error: XlsxError) -> LakeError {
    match error {
        XlsxError::Io(error) | XlsxError::Zip(ZipError::Io(error)) => unreadable(error),
        _ => Refusal::unmet("workbook_damaged").into(),
    }
}

/// Only `Other` comes from below: a sealed file that does not open. The rest is said about the contents.
fn unreadable(error: std::io::Error) -> LakeError {
    match error.kind() {
        ErrorKind::Other => from_io("reading a workbook", error),
        _ => Refusal::unmet("workbook_damaged").into(),
    }
}
