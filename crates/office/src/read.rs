//! Reading a workbook (.xlsx, ECMA-376) into typed cells with their addresses.

use std::{collections::BTreeMap, io::Cursor};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, Xlsx};
use shuyu_kernel::{CivilDate, Refusal};

use crate::{
    archive::{Unmeasured, damaged, limited, measure},
    cell::{Area, Cell, CellValue},
    limits::Bounds,
};

/// A workbook.
#[derive(Debug, Clone, PartialEq)]
pub struct Book {
    /// Its sheets, in order; charts are none.
    pub sheets: Vec<Sheet>,
}

/// A sheet.
#[derive(Debug, Clone, PartialEq)]
pub struct Sheet {
    /// Name.
    pub name: String,
    /// Row from 1 → column from 0 → cell. Rows and cells without a value are absent.
    pub rows: BTreeMap<u32, BTreeMap<u32, Cell>>,
    /// Merged cells; the value stands in the first of each area.
    pub merged: Vec<Area>,
}

/// Reads a workbook after measuring it.
///
/// # Errors
/// Refuses `workbook_damaged`, `workbook_too_large`, `compression_bomb`.
pub fn read(bytes: &[u8], bounds: &Bounds) -> Result<Book, Refusal> {
    if bytes.len() as u64 > bounds.packed_bytes {
        return Err(limited("workbook_too_large").fact("limit_bytes", bounds.packed_bytes));
    }
    measure(Cursor::new(bytes), bounds.unpacked_bytes, &mut |_| Ok(())).map_err(|error| match error {
        Unmeasured::Refused(refusal) => refusal,
        Unmeasured::Failed(_) => damaged(),
    })?;
    let mut workbook: Xlsx<Cursor<&[u8]>> = Xlsx::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let names: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    if names.len() > bounds.sheets {
        return Err(limited("workbook_too_large").fact("limit_sheets", bounds.sheets));
    }
    let mut cells = 0usize;
    let sheets: Result<Vec<Sheet>, Refusal> = names
        .into_iter()
        .map(|name| sheet(&mut workbook, name, bounds, &mut cells))
        .collect();
    Ok(Book { sheets: sheets? })
}

fn sheet(
    workbook: &mut Xlsx<Cursor<&[u8]>>,
    name: String,
    bounds: &Bounds,
    cells: &mut usize,
) -> Result<Sheet, Refusal> {
    let merged = workbook.merge_cells_by_sheet_name(&name).map_err(|_| damaged())?;
    if merged.len() > bounds.cells {
        return Err(limited("workbook_too_large").fact("limit_cells", bounds.cells));
    }
    let merged = merged.iter().map(|area| Area {
        first_row: area.start.0.saturating_add(1),
        last_row: area.end.0.saturating_add(1),
        first_column: area.start.1,
        last_column: area.end.1,
    });
    let merged: Vec<Area> = merged.collect();
    let mut rows: BTreeMap<u32, BTreeMap<u32, Cell>> = BTreeMap::new();
    let mut reader = workbook.worksheet_cells_reader(&name).map_err(|_| damaged())?;
    while let Some(found) = reader.next_cell_with_formula_metadata().map_err(|_| damaged())? {
        let (row, column) = (found.pos.0.saturating_add(1), found.pos.1);
        let formula = found.formula.is_some();
        let Some(value) = value(&found.value).or_else(|| formula.then(|| CellValue::Text(String::new())))
        else {
            continue;
        };
        *cells += 1;
        within(bounds, row, column, *cells, &value)?;
        rows.entry(row)
            .or_default()
            .insert(column, Cell { value, formula });
    }
    Ok(Sheet { name, rows, merged })
}

fn within(bounds: &Bounds, row: u32, column: u32, cells: usize, value: &CellValue) -> Result<(), Refusal> {
    let too_large = || limited("workbook_too_large");
    if row > bounds.rows {
        return Err(too_large().fact("limit_rows", bounds.rows));
    }
    if column >= bounds.columns {
        return Err(too_large().fact("limit_columns", bounds.columns));
    }
    if cells > bounds.cells {
        return Err(too_large().fact("limit_cells", bounds.cells));
    }
    match value {
        // Counting characters of a short text is not worth it: bytes are never fewer.
        CellValue::Text(text)
            if text.len() > bounds.text_chars && text.chars().count() > bounds.text_chars =>
        {
            Err(limited("cell_too_long")
                .fact("line", row)
                .fact("limit_bytes", bounds.text_chars))
        }
        _ => Ok(()),
    }
}

fn value(data: &DataRef<'_>) -> Option<CellValue> {
    Some(match data {
        DataRef::Int(number) => CellValue::Text(number.to_string()),
        DataRef::Float(number) => CellValue::Number(*number),
        DataRef::String(text) => return words(text),
        DataRef::SharedString(text) => return words(text),
        DataRef::Bool(flag) => CellValue::Flag(*flag),
        DataRef::DateTime(moment) => moment_of(moment),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => CellValue::Moment(text.clone()),
        DataRef::Error(error) => CellValue::Error(error.to_string()),
        DataRef::Empty => return None,
    })
}

fn words(text: &str) -> Option<CellValue> {
    (!text.trim().is_empty()).then(|| CellValue::Text(text.to_owned()))
}

fn moment_of(moment: &ExcelDateTime) -> CellValue {
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    // Below one there is a time of day only, without a day.
    if moment.is_duration() || moment.as_f64() < 1.0 {
        return CellValue::Moment(moment.as_f64().to_string());
    }
    let date = i16::try_from(year)
        .ok()
        .and_then(|year| CivilDate::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?));
    match (date, (hour, minute, second)) {
        (Some(date), (0, 0, 0)) => CellValue::Date(date),
        _ => CellValue::Moment(format!(
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        )),
    }
}
