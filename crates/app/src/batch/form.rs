//! Finding the form in a workbook: the row of identifiers, and which column is which field. Pure.

use std::collections::BTreeMap;

use shuyu_kernel::Refusal;
use shuyu_office::{Area, Book, Cell, Sheet, address};
use shuyu_profile::Field;

use super::ROWS;
use crate::noting::echo;

/// Identifier of the column with what was wrong, in a workbook of failed rows. It is not read.
pub const ERROR_COLUMN: &str = "#error";
/// The identifiers stand in one of the first ten rows: above them are titles at most.
const HEAD_ROWS: u32 = 10;

/// A form that was found in a workbook.
pub(super) struct Found<'a> {
    /// The sheet.
    pub(super) sheet: &'a Sheet,
    /// Column from 0 → field; `None` = not read.
    pub(super) columns: BTreeMap<u32, Option<&'a Field>>,
    /// Rows below the head that have values.
    pub(super) rows: Vec<(u32, &'a BTreeMap<u32, Cell>)>,
}

impl Found<'_> {
    /// The merged area of several cells that a cell lies in.
    pub(super) fn merged(&self, row: u32, column: u32) -> Option<&Area> {
        let within = |area: &&Area| {
            (area.first_row..=area.last_row).contains(&row)
                && (area.first_column..=area.last_column).contains(&column)
        };
        self.sheet.merged.iter().find(within)
    }
}

/// Finds the form.
///
/// # Errors
/// `batch_sheet_unknown`, `batch_column_unknown`, `batch_column_twice`, `batch_header_merged`, `batch_empty`,
/// `batch_too_many_rows`.
pub(super) fn find<'a>(book: &'a Book, fields: &'a [Field]) -> Result<Found<'a>, Refusal> {
    // A row of identifiers in any sheet is better than a row of titles.
    let by_id = |field: &Field, text: &str| field.id == text;
    let by_title = |field: &Field, text: &str| field.title == text || field.title_en == text;
    let head = head(book, fields, by_id).or_else(|| head(book, fields, by_title));
    let (sheet, row) = head.ok_or_else(|| Refusal::unmet("batch_sheet_unknown"))?;
    let columns = columns(sheet, row, fields)?;
    let rows: Vec<(u32, &BTreeMap<u32, Cell>)> = sheet
        .rows
        .range(row + 1..)
        .filter(|(_, cells)| cells.keys().any(|column| is_read(&columns, *column)))
        .map(|(row, cells)| (*row, cells))
        .collect();
    if rows.is_empty() {
        return Err(Refusal::unmet("batch_empty").fact("sheet", &sheet.name));
    }
    if rows.len() > ROWS as usize {
        return Err(Refusal::unmet("batch_too_many_rows")
            .fact("rows", rows.len())
            .fact("most", ROWS));
    }
    Ok(Found { sheet, columns, rows })
}

/// A cell counts as content unless its column is said not to be read.
fn is_read(columns: &BTreeMap<u32, Option<&Field>>, column: u32) -> bool {
    columns.get(&column).is_none_or(Option::is_some)
}

fn head<'a>(book: &'a Book, fields: &[Field], is: impl Fn(&Field, &str) -> bool) -> Option<(&'a Sheet, u32)> {
    let known = |cells: &BTreeMap<u32, Cell>| {
        cells.values().any(|cell| {
            let text = cell.value.text();
            fields.iter().any(|field| is(field, text.trim()))
        })
    };
    book.sheets.iter().find_map(|sheet| {
        let mut heads = sheet.rows.range(..=HEAD_ROWS);
        let (row, _) = heads.find(|(_, cells)| known(cells))?;
        Some((sheet, *row))
    })
}

fn columns<'a>(
    sheet: &Sheet,
    row: u32,
    fields: &'a [Field],
) -> Result<BTreeMap<u32, Option<&'a Field>>, Refusal> {
    let mut columns: BTreeMap<u32, Option<&Field>> = BTreeMap::new();
    for (column, cell) in sheet.rows.get(&row).into_iter().flatten() {
        let text = cell.value.text();
        let text = text.trim();
        let at = || address(row, *column);
        if text == ERROR_COLUMN {
            columns.insert(*column, None);
            continue;
        }
        let field = fields.iter().find(|field| field.id == text).or_else(|| {
            fields
                .iter()
                .find(|field| field.title == text || field.title_en == text)
        });
        let Some(field) = field else {
            return Err(Refusal::unmet("batch_column_unknown")
                .fact("cell", at())
                .fact("word", echo(text)));
        };
        if columns.values().flatten().any(|other| other.id == field.id) {
            return Err(Refusal::unmet("batch_column_twice")
                .fact("cell", at())
                .fact("field", &field.title));
        }
        columns.insert(*column, Some(field));
    }
    let wide = sheet
        .merged
        .iter()
        .find(|area| (area.first_row..=area.last_row).contains(&row) && area.last_column > area.first_column);
    match wide {
        None => Ok(columns),
        Some(area) => {
            Err(Refusal::unmet("batch_header_merged").fact("cell", address(row, area.first_column)))
        }
    }
}
