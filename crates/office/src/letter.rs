//! Writing a letter (.docx, ECMA-376): title, headings, paragraphs, tables.

use std::io::Cursor;

use docx_rs::{AlignmentType, Docx, Paragraph, Run, RunFonts, Table, TableCell, TableRow, WidthType};
use shuyu_kernel::{Fault, Timestamp};

/// A part of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// The title, in the middle.
    Title(String),
    /// A heading.
    Heading(String),
    /// A paragraph.
    Paragraph(String),
    /// A table with its head.
    Table {
        /// Head.
        head: Vec<String>,
        /// Rows.
        rows: Vec<Vec<String>>,
    },
}

/// Size of the title in half points: 18 pt, the size that GB/T 9704 gives to a small title in print.
const TITLE: usize = 36;
/// Size of a heading in half points.
const HEADING: usize = 28;
/// Size of the text in half points.
const TEXT: usize = 22;
/// Width of the page between its margins, in twentieths of a point: A4 with margins of 30 mm.
const WIDTH: usize = 8500;

/// Writes a letter.
///
/// # Errors
/// A fault when the archive cannot be written.
pub fn letter(created: Timestamp, blocks: &[Block]) -> Result<Vec<u8>, Fault> {
    let created = created.to_string();
    let fonts = RunFonts::new().ascii("Times New Roman").east_asia("SimSun");
    let mut docx = Docx::new()
        .created_at(&created)
        .updated_at(&created)
        .default_fonts(fonts)
        .default_size(TEXT);
    let mut ids = Ids(0);
    for block in blocks {
        docx = match block {
            Block::Title(text) => {
                let title = ids.paragraph(Run::new().add_text(text).bold().size(TITLE));
                docx.add_paragraph(title.align(AlignmentType::Center).outline_lvl(0))
            }
            Block::Heading(text) => {
                let heading = ids.paragraph(Run::new().add_text(text).bold().size(HEADING));
                docx.add_paragraph(heading.keep_next(true).outline_lvl(1))
            }
            Block::Paragraph(text) => docx.add_paragraph(ids.paragraph(Run::new().add_text(text))),
            Block::Table { head, rows } => docx.add_table(table(&mut ids, head, rows)),
        };
    }
    let mut bytes = Cursor::new(Vec::new());
    docx.build()
        .pack(&mut bytes)
        .map_err(|error| Fault::new("writing a letter", error))?;
    Ok(bytes.into_inner())
}

/// Numbers of paragraphs: the library counts them over the whole process, which would differ from letter to letter.
struct Ids(u32);

impl Ids {
    fn paragraph(&mut self, run: Run) -> Paragraph {
        self.0 += 1;
        Paragraph::new().id(format!("{:08x}", self.0)).add_run(run)
    }
}

fn table(ids: &mut Ids, head: &[String], rows: &[Vec<String>]) -> Table {
    let width = WIDTH / head.len().max(1);
    let mut row = |cells: &[String], bold: bool| {
        let cells = cells.iter().map(|text| {
            let run = Run::new().add_text(text);
            let paragraph = ids.paragraph(if bold { run.bold() } else { run });
            TableCell::new()
                .width(width, WidthType::Dxa)
                .add_paragraph(paragraph)
        });
        TableRow::new(cells.collect())
    };
    let mut all = vec![row(head, true)];
    all.extend(rows.iter().map(|cells| row(cells, false)));
    Table::new(all).set_grid(vec![width; head.len()])
}
