//! Persons who do not exist, and their social insurance contributions.

use std::{
    io::{self, Write},
    ops::Range,
};

use shuyu_kernel::{CivilDate, ResidentId, cn::Sex};

use super::{
    enterprises::credit_code,
    number::Cents,
    places::{STREETS, VILLAGES, area_code, village_code},
    too_many,
};
use crate::random::Random;

/// Header of [`write_persons_csv`].
pub const PERSONS_HEADER: &str = "resident_id,name,sex,birth_date,village_code";
/// Header of [`write_contributions_csv`].
pub const CONTRIBUTIONS_HEADER: &str =
    "resident_id,credit_code,age_band,education,occupation,monthly_base,months_paid,last_month";

/// Areas in which persons are registered: the four first cities.
const AREAS_USED: u64 = 60;
/// Sequence numbers 1 to 999 in each area.
const SLOTS: u64 = AREAS_USED * 999;
/// Prime to the slots, so that multiplying by it visits each of them once.
const STRIDE: u64 = 26_083;
/// Birth dates of one slot differ in this remainder, so that no number is given twice.
const BIRTH_CLASSES: u64 = 1000;

/// How many persons have different numbers for one seed.
pub const MAX_PERSONS: u64 = SLOTS * BIRTH_CLASSES;

/// Full years of age of those who pay contributions.
const WORKING_AGE: Range<i32> = 18..60;

const SURNAMES: [&str; 12] = [
    "云", "禾", "墨", "青", "言", "舟", "溪", "苍", "松", "闻", "竺", "容",
];
const GIVEN: [&str; 16] = [
    "一", "安", "宁", "予", "知", "行", "远", "明", "晓", "清", "和", "川", "晨", "思", "文", "乐",
];
const EDUCATION: [(u64, &str); 5] = [
    (5, "小学"),
    (30, "初中"),
    (35, "高中"),
    (20, "大专"),
    (10, "本科及以上"),
];
const OCCUPATIONS: [&str; 8] = ["种植", "养殖", "建筑", "运输", "制造", "零售", "餐饮", "教育"];

/// One person as drawn.
struct Person {
    id: ResidentId,
    /// Position of the area of registration.
    area: u64,
    random: Random,
}

impl Person {
    fn draw(seed: u64, index: u64) -> Option<Self> {
        let offset = Random::of(seed, "person slots", 0).below(SLOTS);
        let slot = (index % SLOTS * STRIDE + offset) % SLOTS;
        let (area, sequence) = (slot % AREAS_USED, slot / AREAS_USED + 1);
        let class = Random::of(seed, "person class", slot).below(BIRTH_CLASSES) + index / SLOTS;
        let mut random = Random::of(seed, "person", index);
        // Births from 1938-01-01 on, 29 classes of a thousand days: up to 2017.
        let day = random.below(29) * BIRTH_CLASSES + class % BIRTH_CLASSES;
        let birth = CivilDate::new(1938, 1, 1)?.plus_days(i64::try_from(day).ok()?);
        let sequence = u16::try_from(sequence).ok()?;
        let id = ResidentId::from_parts(&area_code(area).to_string(), birth, sequence).ok()?;
        Some(Self { id, area, random })
    }

    fn name(&mut self) -> String {
        let random = &mut self.random;
        format!(
            "{}{}{}",
            random.pick(&SURNAMES),
            random.pick(&GIVEN),
            random.pick(&GIVEN)
        )
    }

    fn village(&mut self) -> u64 {
        village_code(self.area * STREETS * VILLAGES + self.random.below(STREETS * VILLAGES))
    }
}

/// The number of the `index`-th synthetic person of a seed; `None` beyond [`MAX_PERSONS`].
pub fn person_id(seed: u64, index: u64) -> Option<ResidentId> {
    if index >= MAX_PERSONS {
        None
    } else {
        Person::draw(seed, index).map(|person| person.id)
    }
}

/// Writes synthetic persons: number, name, sex (1 male, 2 female, GB/T 2261.1), birth date, village.
///
/// No number stands twice; the village lies in the area of the number and in [`super::write_villages_csv`].
///
/// # Errors
/// Those of the output; `InvalidInput` for more rows than [`MAX_PERSONS`].
pub fn write_persons_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    too_many(rows, MAX_PERSONS)?;
    writeln!(out, "{PERSONS_HEADER}")?;
    for mut person in (0..rows).filter_map(|index| Person::draw(seed, index)) {
        let sex = if person.id.sex() == Sex::Male { 1 } else { 2 };
        let (name, village) = (person.name(), person.village());
        writeln!(
            out,
            "{},{name},{sex},{},{village}",
            person.id.reveal(),
            person.id.birth()
        )?;
    }
    Ok(())
}

/// Writes synthetic contributions, one row for each of the first persons of [`write_persons_csv`] who
/// are of working age at the end of 2025: enterprise, age band, education, occupation, monthly base in
/// yuan, months paid, last month paid. Two rows in a hundred lack the months, so that a quality check
/// finds something.
///
/// # Errors
/// Those of the output; `InvalidInput` for more rows than half of [`MAX_PERSONS`].
pub fn write_contributions_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    too_many(rows, MAX_PERSONS / 2)?;
    writeln!(out, "{CONTRIBUTIONS_HEADER}")?;
    let Some(end) = CivilDate::new(2025, 12, 31) else {
        return Ok(());
    };
    let persons =
        (0..MAX_PERSONS).filter_map(|index| Person::draw(seed, index).map(|person| (index, person)));
    let working = persons.filter(|(_, person)| WORKING_AGE.contains(&person.id.age_on(end)));
    for (index, person) in working.take(usize::try_from(rows).unwrap_or(usize::MAX)) {
        let mut random = Random::of(seed, "contribution", index);
        // A few large enterprises and many small ones.
        let size = random.weighted(&[(30, 4), (40, 200), (30, 20_000)]);
        let Some(code) = credit_code(seed, random.below(size)) else {
            continue;
        };
        let age = person.id.age_on(end);
        let band = age / 10 * 10;
        let education = random.weighted(&EDUCATION);
        let occupation = random.pick(&OCCUPATIONS);
        let base = random.skewed(420_000).clamp(380_000, 3_000_000);
        write!(
            out,
            "{},{code},{band}-{},{education},{occupation}",
            person.id.reveal(),
            band + 9
        )?;
        write!(out, ",{}", Cents(base))?;
        let months = random.between(1, i64::from((age - 16).clamp(1, 40)) * 12);
        let last = end.plus_months(-i32::try_from(random.below(18)).unwrap_or(0));
        if random.chance(20) {
            writeln!(out, ",,")?;
        } else {
            writeln!(out, ",{months},{:04}-{:02}", last.year(), last.month())?;
        }
    }
    Ok(())
}
