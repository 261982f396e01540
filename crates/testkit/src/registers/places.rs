//! Divisions under province 99: provinces, cities, areas, streets, villages.

use std::io::{self, Write};

use super::too_many;
use crate::random::Random;

/// The province that does not exist.
pub(super) const PROVINCE: u64 = 99;
/// Cities in the province.
const CITIES: u64 = 90;
/// Areas (counties) in a city.
pub(super) const AREAS: u64 = 15;
/// Streets and towns in an area.
pub(super) const STREETS: u64 = 20;
/// Villages in a street or town.
pub(super) const VILLAGES: u64 = 25;

/// Header of [`write_provinces_csv`].
pub const PROVINCES_HEADER: &str = "code,name";
/// Header of [`write_cities_csv`].
pub const CITIES_HEADER: &str = "code,name,provinceCode";
/// Header of [`write_areas_csv`].
pub const AREAS_HEADER: &str = "code,name,cityCode,provinceCode";
/// Header of [`write_streets_csv`].
pub const STREETS_HEADER: &str = "code,name,areaCode,provinceCode,cityCode";
/// Header of [`write_villages_csv`].
pub const VILLAGES_HEADER: &str = "code,name,streetCode,provinceCode,cityCode,areaCode";

const FIRST: [&str; 16] = [
    "青", "云", "溪", "石", "松", "柳", "梅", "禾", "泉", "岭", "湖", "沙", "竹", "枫", "桂", "白",
];
const SECOND: [&str; 16] = [
    "山", "河", "川", "坪", "湾", "塘", "坝", "桥", "口", "田", "林", "谷", "滩", "峰", "原", "洲",
];

/// The 4-digit code of a city by its position from 0.
pub(super) fn city_code(index: u64) -> u64 {
    PROVINCE * 100 + index % CITIES + 1
}
/// The 6-digit code of an area by its position from 0 over all cities.
pub(super) fn area_code(index: u64) -> u64 {
    city_code(index / AREAS) * 100 + index % AREAS + 1
}
/// The 9-digit code of a street by its position from 0 over all areas.
fn street_code(index: u64) -> u64 {
    area_code(index / STREETS) * 1000 + index % STREETS + 1
}
/// The 12-digit code of a village by its position from 0 over all streets.
pub(super) fn village_code(index: u64) -> u64 {
    street_code(index / VILLAGES) * 1000 + index % VILLAGES + 1
}

/// The made-up name of a division.
pub(super) fn place_name(seed: u64, code: u64, suffix: &str) -> String {
    let mut random = Random::of(seed, "place", code);
    format!("{}{}{suffix}", random.pick(&FIRST), random.pick(&SECOND))
}

/// Writes the one synthetic province; at most one row.
///
/// # Errors
/// Those of the output; `InvalidInput` for more rows than there is room for.
pub fn write_provinces_csv(out: &mut dyn Write, _seed: u64, rows: u64) -> io::Result<()> {
    too_many(rows, 1)?;
    writeln!(out, "{PROVINCES_HEADER}")?;
    (0..rows).try_for_each(|_| writeln!(out, "{PROVINCE},\"虚构省\""))
}

/// Writes synthetic cities, ascending by code; at most 90.
///
/// # Errors
/// Those of the output; `InvalidInput` for more rows than there is room for.
pub fn write_cities_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    too_many(rows, CITIES)?;
    writeln!(out, "{CITIES_HEADER}")?;
    for code in (0..rows).map(city_code) {
        writeln!(out, "{code},\"{}\",{PROVINCE}", place_name(seed, code, "州"))?;
    }
    Ok(())
}

/// Writes synthetic areas (counties), ascending by code; at most 1,350.
///
/// # Errors
/// Those of the output; `InvalidInput` for more rows than there is room for.
pub fn write_areas_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    too_many(rows, CITIES * AREAS)?;
    writeln!(out, "{AREAS_HEADER}")?;
    for code in (0..rows).map(area_code) {
        writeln!(
            out,
            "{code},\"{}\",{},{PROVINCE}",
            place_name(seed, code, "县"),
            code / 100
        )?;
    }
    Ok(())
}

/// Writes synthetic streets and towns, ascending by code; at most 27,000.
///
/// # Errors
/// Those of the output; `InvalidInput` for more rows than there is room for.
pub fn write_streets_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    too_many(rows, CITIES * AREAS * STREETS)?;
    writeln!(out, "{STREETS_HEADER}")?;
    for code in (0..rows).map(street_code) {
        let kind = if code % 3 == 1 { "街道" } else { "镇" };
        let (area, city) = (code / 1000, code / 100_000);
        writeln!(
            out,
            "{code},\"{}\",{area},{PROVINCE},{city}",
            place_name(seed, code, kind)
        )?;
    }
    Ok(())
}

/// Writes synthetic villages, ascending by code; at most 675,000.
///
/// # Errors
/// Those of the output; `InvalidInput` for more rows than there is room for.
pub fn write_villages_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    too_many(rows, CITIES * AREAS * STREETS * VILLAGES)?;
    writeln!(out, "{VILLAGES_HEADER}")?;
    for code in (0..rows).map(village_code) {
        let kind = if code % 4 == 1 {
            "社区居委会"
        } else {
            "村委会"
        };
        let (street, city, area) = (code / 1000, code / 100_000_000, code / 1_000_000);
        writeln!(
            out,
            "{code},\"{}\",{street},{PROVINCE},{city},{area}",
            place_name(seed, code, kind)
        )?;
    }
    Ok(())
}
