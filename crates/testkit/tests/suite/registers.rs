//! What holds for every register.

use shuyu_kernel::Digest;
use shuyu_testkit::registers as r;

use crate::support::{Writer, bytes};

/// Writer, header, and the digest of the first 1,000 rows of seed 1 (province and cities: all rows).
/// A changed digest means that demonstrations come out differently: change it on purpose only.
const REGISTERS: [(&str, Writer, &str, u64, &str); 10] = [
    (
        "persons",
        r::write_persons_csv,
        r::PERSONS_HEADER,
        1000,
        "40e83df6",
    ),
    (
        "contributions",
        r::write_contributions_csv,
        r::CONTRIBUTIONS_HEADER,
        1000,
        "2fcfda5c",
    ),
    (
        "households",
        r::write_households_csv,
        r::HOUSEHOLDS_HEADER,
        1000,
        "9bef147e",
    ),
    (
        "employees",
        r::write_employees_csv,
        r::EMPLOYEES_HEADER,
        1000,
        "898f8003",
    ),
    (
        "air quality",
        r::write_air_quality_csv,
        r::AIR_QUALITY_HEADER,
        1000,
        "7961f7ba",
    ),
    (
        "provinces",
        r::write_provinces_csv,
        r::PROVINCES_HEADER,
        1,
        "848365d3",
    ),
    ("cities", r::write_cities_csv, r::CITIES_HEADER, 90, "c1c5680f"),
    ("areas", r::write_areas_csv, r::AREAS_HEADER, 1000, "5d368879"),
    (
        "streets",
        r::write_streets_csv,
        r::STREETS_HEADER,
        1000,
        "791e7ed9",
    ),
    (
        "villages",
        r::write_villages_csv,
        r::VILLAGES_HEADER,
        1000,
        "271fe87f",
    ),
];

#[test]
fn header_row_count_and_shape() {
    for (name, writer, header, most, _) in REGISTERS {
        for rows in [0, 1, most] {
            let bytes = bytes(writer, 1, rows);
            assert!(bytes.ends_with(b"\n"), "{name}");
            let mut reader = csv::Reader::from_reader(bytes.as_slice());
            assert_eq!(
                reader.headers().unwrap().iter().collect::<Vec<_>>().join(","),
                header,
                "{name}"
            );
            let found = reader.records().map(Result::unwrap).count();
            assert_eq!(u64::try_from(found), Ok(rows), "{name}");
        }
    }
}

#[test]
fn the_headers_of_the_real_files_are_kept() {
    let table = [
        (r::AIR_QUALITY_HEADER, 18),
        (r::HOUSEHOLDS_HEADER, 28),
        (r::EMPLOYEES_HEADER, 27),
        (r::VILLAGES_HEADER, 6),
        (r::AREAS_HEADER, 4),
    ];
    for (header, columns) in table {
        assert_eq!(header.split(',').count(), columns, "{header}");
        assert!(!header.contains(' '), "{header}");
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_for_ever() {
    for (name, writer, _, rows, digest) in REGISTERS {
        assert_eq!(Digest::of(&bytes(writer, 1, rows)).short(), digest, "{name}");
    }
}

#[test]
fn another_seed_gives_other_rows() {
    for (name, writer, _, rows, _) in REGISTERS {
        if name != "provinces" {
            assert_ne!(bytes(writer, 1, rows), bytes(writer, 2, rows), "{name}");
        }
    }
}

#[test]
fn fewer_rows_are_the_beginning_of_more() {
    for (name, writer, _, most, _) in REGISTERS {
        if name == "households" {
            continue; // The last household is cut to be complete.
        }
        let (less, more) = (bytes(writer, 7, most / 2), bytes(writer, 7, most));
        assert!(more.starts_with(&less), "{name}");
    }
}

#[test]
fn a_failing_output_is_reported() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self
                .0
                .checked_sub(bytes.len())
                .ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for (name, writer, header, rows, _) in REGISTERS {
        for room in [0, header.len() + 60] {
            let result = writer(&mut Full(room), 1, rows);
            assert!(result.is_err() || name == "provinces", "{name}, room for {room}");
        }
    }
}

#[test]
fn too_many_rows_are_refused_before_anything_is_written() {
    let table: [(Writer, u64); 6] = [
        (r::write_provinces_csv, 2),
        (r::write_cities_csv, 91),
        (r::write_areas_csv, 1_351),
        (r::write_streets_csv, 27_001),
        (r::write_villages_csv, 675_001),
        (r::write_persons_csv, r::MAX_PERSONS + 1),
    ];
    for (writer, rows) in table {
        let mut out = Vec::new();
        assert_eq!(
            writer(&mut out, 1, rows).unwrap_err().kind(),
            std::io::ErrorKind::InvalidInput
        );
        assert!(out.is_empty());
    }
}
