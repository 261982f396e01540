//! Files into one, the same bytes for the same state.

use std::io::{Cursor, Write as _};

use shuyu_kernel::{CivilDate, Fault};
use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{Item, contents::Items};

/// Packs the files in their order. Every entry bears the day of the case's last act.
///
/// # Errors
/// A fault if the packer fails.
pub(super) fn packed(items: &Items) -> Result<Vec<u8>, Fault> {
    write(&items.files, items.day).map_err(|error| Fault::new("packing an archive", error))
}

fn write(files: &[Item], day: CivilDate) -> Result<Vec<u8>, ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(midnight(day))
        .unix_permissions(0o644);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for file in files {
        zip.start_file(file.path.as_str(), options)?;
        zip.write_all(&file.bytes)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Midnight of a day; the earliest time of the format for days it cannot hold.
fn midnight(day: CivilDate) -> DateTime {
    let parts = (
        u16::try_from(day.year()),
        u8::try_from(day.month()),
        u8::try_from(day.day()),
    );
    match parts {
        (Ok(year), Ok(month), Ok(day)) => {
            DateTime::from_date_and_time(year, month, day, 0, 0, 0).unwrap_or_default()
        }
        _ => DateTime::default(),
    }
}
