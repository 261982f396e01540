//! Office documents: bytes in, bytes out.
//!
//! Workbooks are measured part by part before a reader sees them ([`measure`]), read into typed cells with their
//! addresses ([`read`]), and written ([`workbook`]); letters are written ([`letter`]). Nothing here knows what the
//! cells mean. There is no clock: the time of creation is an argument, so the same content gives the same bytes.

pub mod limits;

mod archive;
mod cell;
mod letter;
mod markup;
mod read;
mod write;

pub use archive::{Step, Unmeasured, measure};
pub use cell::{Area, Cell, CellValue, address, column_letters};
pub use letter::{Block, letter};
pub use read::{Book, Sheet, read};
pub use write::{Choices, Out, OutSheet, workbook};
