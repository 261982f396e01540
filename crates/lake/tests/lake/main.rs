//! Integration tests of the lake, one binary.

mod bounded;
mod crash;
mod derive;
mod malformed;
mod open_format;
mod quality;
mod raw_zone;
mod sealed;
mod units;
mod versions;
mod workbook;
mod world;
