//! Hourly air quality of stations that do not exist, with missing values written `NA`.

use std::io::{self, Write};

use shuyu_kernel::CivilDate;

use super::number::Tenths;
use crate::random::Random;

/// Header of [`write_air_quality_csv`] and [`write_station_csv`].
pub const AIR_QUALITY_HEADER: &str =
    "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station";

/// The stations.
pub const STATIONS: [&str; 6] = ["Qingshan", "Yunxi", "Shiqiao", "Songping", "Liutang", "Hekou"];

const WINDS: [&str; 16] = [
    "N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW",
];
/// Usual temperature of each month, in tenths of a degree.
const MONTHS: [i64; 12] = [-30, 0, 70, 150, 210, 250, 270, 260, 210, 140, 50, -15];

/// One station, hour by hour from 2013-03-01 00:00.
struct Station {
    name: &'static str,
    hour: i64,
    /// Fine dust in tenths of a microgram per cubic metre; wanders slowly.
    dust: i64,
    /// Departure from the usual temperature, in tenths of a degree; wanders slowly.
    warmth: i64,
    random: Random,
}

impl Station {
    fn new(seed: u64, index: u64, name: &'static str) -> Self {
        let mut random = Random::of(seed, "station", index);
        let dust = random.between(200, 900);
        Self {
            name,
            hour: 0,
            dust,
            warmth: 0,
            random,
        }
    }

    /// A measurement, or `NA` with this probability in thousandths.
    fn or_missing(&mut self, per_mille: u64, value: impl ToString) -> String {
        if self.random.chance(per_mille) {
            "NA".to_owned()
        } else {
            value.to_string()
        }
    }

    fn write_hour(&mut self, out: &mut dyn Write) -> io::Result<()> {
        let Some(first) = CivilDate::new(2013, 3, 1) else {
            return Ok(());
        };
        let (day, hour) = (first.plus_days(self.hour / 24), self.hour % 24);
        self.hour += 1;
        // Both wander and are drawn back to the usual.
        self.dust = (self.dust + (700 - self.dust) / 40 + self.random.between(-90, 90)).clamp(20, 9_000);
        self.warmth = self.warmth - self.warmth / 30 + self.random.between(-8, 8);
        // Coldest at four in the morning, warmest at four in the afternoon.
        let daily = 45 - (hour - 16).abs().min(24 - (hour - 16).abs()) * 90 / 12;
        let usual = usize::try_from(day.month() - 1)
            .ok()
            .and_then(|month| MONTHS.get(month))
            .copied()
            .unwrap_or(0);
        let temperature = usual + daily + self.warmth;
        let fine = self.dust / 10;
        let coarse = fine + self.random.between(3, 60);
        let (sulphur, nitrogen) = (self.random.between(2, 25), self.random.between(5, 20) + fine / 3);
        let carbon = (3 + fine / 12 + self.random.between(0, 4)) * 100;
        let ozone = (40 + daily + temperature / 10 + self.random.between(-20, 20)).max(1);
        let rain = if self.random.chance(35) {
            self.random.between(1, 90)
        } else {
            0
        };
        let (wind, speed) = (self.random.pick(&WINDS), self.random.between(0, 45));
        let (pressure, dew) = (
            10_130 - temperature / 2 + self.random.between(-40, 40),
            temperature - rain.max(60),
        );
        write!(
            out,
            "{},{},{},{},{hour}",
            self.hour,
            day.year(),
            day.month(),
            day.day()
        )?;
        for (rate, value) in [
            (22, fine),
            (18, coarse),
            (22, sulphur),
            (30, nitrogen),
            (50, carbon),
            (40, ozone),
        ] {
            write!(out, ",{}", self.or_missing(rate, value))?;
        }
        for value in [temperature, pressure, dew, rain] {
            write!(out, ",{}", self.or_missing(1, Tenths(value)))?;
        }
        let wind = self.or_missing(4, format!("\"{wind}\""));
        let speed = self.or_missing(1, Tenths(speed));
        writeln!(out, ",{wind},{speed},\"{}\"", self.name)
    }
}

fn write_header(out: &mut dyn Write) -> io::Result<()> {
    let quoted: Vec<String> = AIR_QUALITY_HEADER
        .split(',')
        .map(|name| format!("\"{name}\""))
        .collect();
    writeln!(out, "{}", quoted.join(","))
}

/// Writes synthetic measurements of all [`STATIONS`], hour by hour; `rows` counts measurements.
///
/// # Errors
/// Those of the output.
pub fn write_air_quality_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    write_header(out)?;
    let mut stations: Vec<Station> = (0u64..)
        .zip(STATIONS)
        .map(|(i, name)| Station::new(seed, i, name))
        .collect();
    let mut left = rows;
    while left > 0 {
        for station in stations
            .iter_mut()
            .take(usize::try_from(left).unwrap_or(usize::MAX))
        {
            station.write_hour(out)?;
            left -= 1;
        }
    }
    Ok(())
}

/// Writes synthetic measurements of one station, as each station sends its own file. Row for row the
/// same as that station's rows in [`write_air_quality_csv`]. `station` counts from 0.
///
/// # Errors
/// Those of the output; `InvalidInput` for a station that is not in [`STATIONS`].
pub fn write_station_csv(out: &mut dyn Write, seed: u64, station: usize, rows: u64) -> io::Result<()> {
    let unknown = || {
        io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("there is no station {station}"),
        )
    };
    let (index, name) = (0u64..).zip(STATIONS).nth(station).ok_or_else(unknown)?;
    write_header(out)?;
    let mut station = Station::new(seed, index, name);
    (0..rows).try_for_each(|_| station.write_hour(out))
}
