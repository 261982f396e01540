//! Synthetic registers: files shaped like those that departments send, with nobody in them.
//!
//! Every writer takes an output, a seed and the number of data rows, writes UTF-8 CSV with a header
//! line, and needs the same small memory for ten rows as for ten million. Encode (GB18030) or
//! compress (gzip) by wrapping the output.
//!
//! | writer | shape of | for |
//! |---|---|---|
//! | [`write_persons_csv`] | a population register | identity checks, detection of identifiers |
//! | [`write_contributions_csv`] | social insurance contributions | joins by person and enterprise, missing months |
//! | [`write_households_csv`] | eusilc microdata | incomes of persons in households |
//! | [`write_employees_csv`] | ses microdata | earnings by enterprise, dominance |
//! | [`write_provinces_csv`] … [`write_villages_csv`] | division registers | code tables, large imports |
//! | [`write_air_quality_csv`] | hourly measurements | time series, missing values `NA` |
//!
//! **All rows are synthetic.** Codes lie under province 99, which does not exist.

mod air;
mod employees;
mod enterprises;
mod households;
mod number;
mod persons;
mod places;

pub use air::{AIR_QUALITY_HEADER, STATIONS, write_air_quality_csv, write_station_csv};
pub use employees::{EMPLOYEES_HEADER, write_employees_csv};
pub use enterprises::credit_code;
pub use households::{HOUSEHOLDS_HEADER, write_households_csv};
pub use persons::{
    CONTRIBUTIONS_HEADER, MAX_PERSONS, PERSONS_HEADER, person_id, write_contributions_csv, write_persons_csv,
};
pub use places::{
    AREAS_HEADER, CITIES_HEADER, PROVINCES_HEADER, STREETS_HEADER, VILLAGES_HEADER, write_areas_csv,
    write_cities_csv, write_provinces_csv, write_streets_csv, write_villages_csv,
};

use std::io::{self, Write};

/// What all writers of this module look like: output, seed, number of data rows. Hand in a buffered
/// output; the writers write in small pieces.
pub type RegisterWriter = fn(&mut dyn Write, u64, u64) -> io::Result<()>;

/// More rows than a register has room for.
fn too_many(rows: u64, room: u64) -> io::Result<()> {
    if rows <= room {
        return Ok(());
    }
    let message = format!("{rows} rows are more than the {room} this register has room for");
    Err(io::Error::new(io::ErrorKind::InvalidInput, message))
}
