//! Employees in enterprises with their earnings, in the columns of the ses microdata.

use std::io::{self, Write};

use super::{
    enterprises::credit_code,
    number::{Cents, ratio},
};
use crate::random::Random;

/// Header of [`write_employees_csv`].
pub const EMPLOYEES_HEADER: &str = "location,NACE1,size,economicFinanc,payAgreement,IDunit,sex,age,education,\
occupation,contract,fullPart,lengthService,weeks,hoursPaid,overtimeHours,shareNormalHours,holiday,notPaid,\
earningsOvertime,paymentsShiftWork,earningsMonth,earnings,earningsHour,weightsEmployers,weightsEmployees,weights";

/// Sectors, with the usual monthly earnings in hundredths.
const SECTORS: [(u64, (&str, i64)); 8] = [
    (4, ("C-Mining", 310_000)),
    (20, ("D-Manufacturing", 270_000)),
    (8, ("F-Construction", 240_000)),
    (24, ("G-Trade", 200_000)),
    (8, ("H-Hotels", 150_000)),
    (18, ("I-Transport", 230_000)),
    (8, ("J-FinancialIntermediation", 360_000)),
    (10, ("N-Health", 220_000)),
];
/// Size classes: weight, name, employees drawn from 2 to this, weight of the employer in hundredths.
const SIZES: [(u64, (&str, i64, i64)); 5] = [
    (40, ("E10_49", 18, 2000)),
    (25, ("E50_249", 40, 1000)),
    (15, ("E250_499", 60, 500)),
    (10, ("E500_999", 90, 200)),
    (10, ("E1000", 160, 100)),
];
const AGES: [(u64, (&str, i64)); 6] = [
    (1, ("(0,15]", 40)),
    (25, ("(15,29]", 80)),
    (27, ("(29,39]", 100)),
    (30, ("(39,49]", 112)),
    (15, ("(49,59]", 118)),
    (2, ("(59,120]", 120)),
];
const EDUCATION: [(u64, (&str, i64)); 5] = [
    (1, ("ISCED 0 and 1", 80)),
    (19, ("ISCED 2", 85)),
    (70, ("ISCED 3 and 4", 100)),
    (4, ("ISCED 5B", 125)),
    (6, ("ISCED 5A", 160)),
];
const OCCUPATIONS: [u8; 12] = [12, 21, 31, 34, 41, 42, 51, 52, 72, 83, 91, 93];
const CONTRACTS: [(u64, &str); 3] = [
    (93, "indefinite duration"),
    (4, "temporary/fixed duration"),
    (3, "apprentice"),
];
const SERVICE: [(u64, &str); 8] = [
    (18, "(-1,0]"),
    (30, "(0,5]"),
    (13, "(5,9]"),
    (11, "(9,14]"),
    (10, "(14,19]"),
    (12, "(19,29]"),
    (5, "(29,39]"),
    (1, "(39,55]"),
];
/// Weeks of a year, in hundredths.
const YEAR_WEEKS: i64 = 5214;

/// What all employees of one enterprise share.
struct Enterprise {
    code: String,
    location: &'static str,
    sector: (&'static str, i64),
    size: (&'static str, i64, i64),
    finance: &'static str,
    agreement: &'static str,
}

/// Writes synthetic employees, enterprise by enterprise; `rows` counts employees. `IDunit` holds the
/// credit code of an enterprise that does not exist.
///
/// # Errors
/// Those of the output.
pub fn write_employees_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    writeln!(out, "{EMPLOYEES_HEADER}")?;
    let (mut left, mut index) = (rows, 0);
    while left > 0 {
        let mut random = Random::of(seed, "employer", index);
        let size = random.weighted(&SIZES);
        let enterprise = Enterprise {
            code: credit_code(seed, index).map_or_else(String::new, String::from),
            location: random.pick(&["XN1", "XN2", "XN3"]),
            sector: random.weighted(&SECTORS),
            size,
            finance: random.weighted(&[(25, "A"), (75, "B")]),
            agreement: random.weighted(&[(60, "B"), (20, "N"), (12, "A"), (6, "D"), (2, "C")]),
        };
        let staff = u64::try_from(random.between(2, size.1)).unwrap_or(1).min(left);
        for _ in 0..staff {
            write_employee(out, &enterprise, &mut random)?;
        }
        left -= staff;
        index += 1;
    }
    Ok(())
}

fn write_employee(out: &mut dyn Write, of: &Enterprise, random: &mut Random) -> io::Result<()> {
    let sex = random.weighted(&[(59, ("male", 106)), (41, ("female", 92))]);
    let (age, education) = (random.weighted(&AGES), random.weighted(&EDUCATION));
    let (occupation, contract) = (random.pick(&OCCUPATIONS), random.weighted(&CONTRACTS));
    let service = random.weighted(&SERVICE);
    let full = random.chance(765);
    // Everything below in hundredths: hours, per cent, weeks, currency.
    let share = if full {
        10_000
    } else {
        random.between(1_500, 9_500)
    };
    let hours = 16_500 * share / 10_000 + random.between(-600, 1_200);
    let overtime = if random.chance(360) {
        random.between(50, 2_500)
    } else {
        0
    };
    let weeks = if random.chance(790) {
        YEAR_WEEKS
    } else {
        random.between(200, YEAR_WEEKS - 1)
    };
    let factor = sex.1 * age.1 / 100 * education.1 / 100;
    let full_month = random.skewed(of.sector.1 * factor / 100).max(40_000);
    let month = full_month * share / 10_000;
    let extra = month * overtime / hours.max(1) * 3 / 2;
    let shifts = if random.chance(190) {
        random.between(500, month / 5 + 1_000)
    } else {
        0
    };
    let unpaid = if random.chance(988) {
        month * random.between(8, 40) / 10
    } else {
        0
    };
    let year = (month * 12 + extra * 12) * weeks / YEAR_WEEKS + unpaid;
    write!(
        out,
        "{},{},{},{},{},{}",
        of.location, of.sector.0, of.size.0, of.finance, of.agreement, of.code
    )?;
    write!(
        out,
        ",{},\"{}\",{},{occupation},{contract}",
        sex.0, age.0, education.0
    )?;
    write!(out, ",{},\"{service}\"", if full { "FT" } else { "PT" })?;
    let days_off = random.between(800, 3_200);
    let amounts = [
        weeks, hours, overtime, share, days_off, unpaid, extra, shifts, month, year,
    ];
    amounts
        .iter()
        .try_for_each(|amount| write!(out, ",{}", Cents(*amount)))?;
    let employees = random.pick(&[100, 200]);
    let weight = of.size.2 * employees / 100;
    writeln!(
        out,
        ",{},{},{},{}",
        ratio(month, hours.max(1)),
        Cents(of.size.2),
        Cents(employees),
        Cents(weight)
    )
}
