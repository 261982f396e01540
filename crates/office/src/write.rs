//! Writing a workbook.

use rust_xlsxwriter::{
    Color, DataValidation, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Formula, Url,
    Workbook, Worksheet, XlsxError,
};
use shuyu_kernel::{CivilDate, Fault, Timestamp};

use crate::cell::column_letters;

/// What is written into a cell. Words are never read as formulas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// Nothing.
    Blank,
    /// Words.
    Text(String),
    /// Words of a head.
    Head(String),
    /// A quieter second head: identifiers.
    Key(String),
    /// Words about what is wrong.
    Wrong(String),
    /// A whole number.
    Number(i64),
    /// A day.
    Date(CivilDate),
    /// A formula with its value; with a link to a place of this workbook, such as `'Rows'!A2`.
    Formula {
        /// Formula, with `=`.
        formula: String,
        /// What it gives.
        value: i64,
        /// Where it leads.
        link: Option<String>,
    },
    /// Words that lead to an address within this workbook or in the web.
    Link {
        /// Words.
        text: String,
        /// `internal:'Rows'!A2` or `https://…`.
        to: String,
    },
}

/// A list to choose from, offered in the cells of one column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Column from 0.
    pub column: u16,
    /// First row from 1.
    pub first_row: u32,
    /// Last row.
    pub last_row: u32,
    /// What may be chosen.
    pub list: Vec<String>,
}

/// A sheet to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OutSheet {
    /// Name: at most 31 characters, none of `[]:*?/\`.
    pub name: String,
    /// Widths of columns in characters.
    pub widths: Vec<u16>,
    /// Rows.
    pub rows: Vec<Vec<Out>>,
    /// So many rows stay in view.
    pub frozen: u32,
    /// Lists to choose from.
    pub choices: Vec<Choices>,
}

/// Writes a workbook. The lists of [`Choices`] stand in a hidden sheet of the name `lists`, since a list of more than
/// 255 characters does not fit into the rule itself.
///
/// # Errors
/// A fault when a name, a text or a date does not fit the format.
pub fn workbook(title: &str, created: Timestamp, sheets: &[OutSheet], lists: &str) -> Result<Vec<u8>, Fault> {
    write(title, created, sheets, lists).map_err(|error| Fault::new("writing a workbook", error))
}

fn write(title: &str, created: Timestamp, sheets: &[OutSheet], lists: &str) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let created = ExcelDateTime::from_timestamp(created.micros().div_euclid(1_000_000))?;
    let properties = DocProperties::new()
        .set_title(title)
        .set_creation_datetime(&created);
    book.set_properties(&properties);
    let formats = Formats::new();
    let mut kept: Vec<&[String]> = Vec::new();
    for sheet in sheets {
        let page = book.add_worksheet();
        page.set_name(&sheet.name)?;
        for (column, width) in (0u16..).zip(&sheet.widths) {
            page.set_column_width(column, f64::from(*width))?;
        }
        page.set_freeze_panes(sheet.frozen, 0)?;
        for (row, cells) in (0u32..).zip(&sheet.rows) {
            for (column, cell) in (0u16..).zip(cells) {
                put(page, row, column, cell, &formats)?;
            }
        }
        for choices in sheet.choices.iter().filter(|choices| !choices.list.is_empty()) {
            let letters = column_letters(u32::try_from(kept.len()).unwrap_or(u32::MAX));
            let place = format!("='{lists}'!${letters}$1:${letters}${}", choices.list.len());
            let rule = DataValidation::new().allow_list_formula(Formula::new(place));
            page.add_data_validation(
                choices.first_row.saturating_sub(1),
                choices.column,
                choices.last_row.saturating_sub(1),
                choices.column,
                &rule,
            )?;
            kept.push(&choices.list);
        }
    }
    if !kept.is_empty() {
        let page = book.add_worksheet();
        page.set_name(lists)?.set_hidden(true);
        for (column, list) in (0u16..).zip(kept) {
            for (row, choice) in (0u32..).zip(list) {
                page.write_string(row, column, choice)?;
            }
        }
    }
    book.save_to_buffer()
}

struct Formats {
    text: Format,
    head: Format,
    key: Format,
    wrong: Format,
    number: Format,
    date: Format,
    link: Format,
}

impl Formats {
    fn new() -> Self {
        let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
        let link = Color::RGB(0x00_56_B3);
        Self {
            head: text
                .clone()
                .set_bold()
                .set_background_color(Color::RGB(0x00_E8_EE_F4))
                .set_border_bottom(FormatBorder::Thin),
            key: text
                .clone()
                .set_font_color(Color::RGB(0x00_59_5F_66))
                .set_font_size(9),
            wrong: text.clone().set_font_color(Color::RGB(0x00_A4_19_1F)),
            number: Format::new().set_num_format("0").set_align(FormatAlign::Top),
            date: Format::new()
                .set_num_format("yyyy-mm-dd")
                .set_align(FormatAlign::Top),
            link: Format::new()
                .set_num_format("0")
                .set_align(FormatAlign::Top)
                .set_font_color(link)
                .set_underline(rust_xlsxwriter::FormatUnderline::Single),
            text,
        }
    }
}

fn put(page: &mut Worksheet, row: u32, column: u16, cell: &Out, formats: &Formats) -> Result<(), XlsxError> {
    match cell {
        Out::Blank => {}
        Out::Text(text) => drop(page.write_string_with_format(row, column, text, &formats.text)?),
        Out::Head(text) => drop(page.write_string_with_format(row, column, text, &formats.head)?),
        Out::Key(text) => drop(page.write_string_with_format(row, column, text, &formats.key)?),
        Out::Wrong(text) => drop(page.write_string_with_format(row, column, text, &formats.wrong)?),
        Out::Number(number) => {
            // Whole numbers beyond 2^53 would be rounded; they stay words.
            #[expect(clippy::cast_precision_loss, reason = "exact below 2^53, checked")]
            match number.unsigned_abs() < 1 << 53 {
                true => page.write_number_with_format(row, column, *number as f64, &formats.number)?,
                false => page.write_string(row, column, number.to_string())?,
            };
        }
        Out::Date(date) => {
            let year = u16::try_from(date.year()).unwrap_or_default();
            let day = ExcelDateTime::from_ymd(year, date.month().unsigned_abs(), date.day().unsigned_abs())?;
            page.write_datetime_with_format(row, column, &day, &formats.date)?;
        }
        Out::Formula { formula, value, link } => {
            // A cell is a link first; what it shows is written over the link's words.
            if let Some(place) = link {
                page.write_url(row, column, Url::new(format!("internal:{place}")))?;
            }
            let format = if link.is_some() {
                &formats.link
            } else {
                &formats.number
            };
            let formula = Formula::new(formula).set_result(value.to_string());
            page.write_formula_with_format(row, column, formula, format)?;
        }
        Out::Link { text, to } => {
            page.write_url(row, column, Url::new(to).set_text(text))?;
        }
    }
    Ok(())
}
