//! Persons in households with their incomes, in the columns of the eusilc microdata.

use std::io::{self, Write};

use super::{
    number::{Cents, Negated, ratio},
    places::{city_code, place_name},
};
use crate::random::Random;

/// Header of [`write_households_csv`].
pub const HOUSEHOLDS_HEADER: &str = "db030,hsize,db040,rb030,age,rb090,pl030,pb220a,py010n,py050n,py090n,py100n,\
py110n,py120n,py130n,py140n,hy040n,hy050n,hy070n,hy080n,hy090n,hy110n,hy130n,hy145n,eqSS,eqIncome,db090,rb050";

/// Sizes of households by weight, in thousandths.
const SIZES: [(u64, u64); 8] = [
    (290, 1),
    (300, 2),
    (175, 3),
    (145, 4),
    (60, 5),
    (18, 6),
    (8, 7),
    (4, 8),
];
/// Regions: the first cities of the synthetic province.
const REGIONS: u64 = 9;
/// From this age on a person has an economic status and an income of their own.
const ADULT: i64 = 16;
/// Children below this age count least in the equivalised size (OECD modified scale).
const CHILD: i64 = 14;

/// One person; amounts in hundredths of the currency unit, `None` for children.
struct Member {
    age: i64,
    female: bool,
    status: Option<(u8, &'static str)>,
    /// py010n, py050n, py090n, py100n, py110n, py120n, py130n, py140n.
    own: [i64; 8],
}

/// Incomes of the household: hy040n, hy050n, hy070n, hy080n, hy090n, hy110n, then paid: hy130n, hy145n.
struct Shared {
    received: [i64; 6],
    paid: [i64; 2],
}

/// Writes synthetic persons, household by household; `rows` counts persons. The last household is
/// as large as the rows left, so every household is complete.
///
/// # Errors
/// Those of the output.
pub fn write_households_csv(out: &mut dyn Write, seed: u64, rows: u64) -> io::Result<()> {
    writeln!(out, "{HOUSEHOLDS_HEADER}")?;
    let (mut left, mut household) = (rows, 0);
    while left > 0 {
        household += 1;
        let mut random = Random::of(seed, "household", household);
        let size = random.weighted(&SIZES).min(left);
        write_household(out, seed, household, size, &mut random)?;
        left -= size;
    }
    Ok(())
}

fn write_household(
    out: &mut dyn Write,
    seed: u64,
    household: u64,
    size: u64,
    random: &mut Random,
) -> io::Result<()> {
    let region = random.below(REGIONS);
    let region_name = place_name(seed, city_code(region), "州");
    let members: Vec<Member> = (0..size).map(|i| draw_member(random, i)).collect();
    let children = members.iter().filter(|member| member.age < CHILD).count();
    let shared = draw_shared(random, children);
    // OECD modified scale in tenths: 1.0 first, 0.5 for each further person from 14 on, 0.3 for a child.
    let scale: i64 = members
        .iter()
        .map(|member| if member.age < CHILD { 3 } else { 5 })
        .sum::<i64>()
        + 5;
    let own: i64 = members.iter().flat_map(|member| member.own).sum();
    let total = own + shared.received.iter().sum::<i64>() - shared.paid.iter().sum::<i64>();
    // One sampling weight for each region, about 420 to 630.
    let weight = ratio(
        Random::of(seed, "household weight", region).between(30_000, 45_000),
        71,
    );
    for (i, member) in (1u64..).zip(&members) {
        let sex = if member.female { "female" } else { "male" };
        let person = household * 100 + i;
        write!(
            out,
            "{household},{size},{region_name},{person},{},{sex}",
            member.age
        )?;
        match member.status {
            Some((status, citizenship)) => {
                write!(out, ",{status},{citizenship}")?;
                member
                    .own
                    .iter()
                    .try_for_each(|amount| write!(out, ",{}", Cents(*amount)))?;
            }
            None => write!(out, "{}", ",".repeat(10))?,
        }
        shared
            .received
            .iter()
            .try_for_each(|amount| write!(out, ",{}", Cents(*amount)))?;
        shared
            .paid
            .iter()
            .try_for_each(|amount| write!(out, ",{}", Negated(*amount)))?;
        writeln!(
            out,
            ",{},{},{weight},{weight}",
            Cents(scale * 10),
            ratio(total, scale * 10)
        )?;
    }
    Ok(())
}

fn draw_member(random: &mut Random, position: u64) -> Member {
    // The first is grown up; so mostly is the second; further ones are mostly children.
    let age = match position {
        0 => random.between(20, 92),
        1 => random.weighted(&[
            (85, random.clone().between(18, 88)),
            (15, random.clone().between(0, 17)),
        ]),
        _ => random.weighted(&[
            (25, random.clone().between(18, 80)),
            (75, random.clone().between(0, 25)),
        ]),
    };
    let female = random.chance(510);
    if age < ADULT {
        return Member {
            age,
            female,
            status: None,
            own: [0; 8],
        };
    }
    // 1 full time, 2 part time, 3 unemployed, 4 student, 5 retired, 6 disabled, 7 at home.
    let status = match age {
        ..24 => random.weighted(&[(55, 4), (30, 1), (5, 2), (10, 3)]),
        24..60 => random.weighted(&[(62, 1), (15, 2), (6, 3), (2, 4), (4, 5), (2, 6), (9, 7)]),
        _ => random.weighted(&[(6, 1), (2, 2), (86, 5), (1, 6), (5, 7)]),
    };
    let citizenship = random.weighted(&[(970, "CN"), (30, "Other")]);
    let mut own = [0; 8];
    match status {
        1 => own[0] = random.skewed(1_700_000),
        2 => own[0] = random.skewed(800_000),
        3 => own[2] = random.skewed(600_000),
        4 if random.chance(150) => own[7] = random.skewed(200_000),
        5 => own[3] = random.skewed(1_400_000),
        6 => own[6] = random.skewed(1_100_000),
        _ => {}
    }
    if status <= 2 && random.chance(120) {
        own[1] = random.skewed(1_200_000) - 150_000; // Self-employed; some lose money.
    }
    if age > 60 && random.chance(20) {
        own[4] = random.skewed(500_000);
    }
    if random.chance(20) {
        own[5] = random.skewed(250_000);
    }
    Member {
        age,
        female,
        status: Some((status, citizenship)),
        own,
    }
}

fn draw_shared(random: &mut Random, children: usize) -> Shared {
    let mut sometimes = |per_mille, middle| {
        if random.chance(per_mille) {
            random.skewed(middle)
        } else {
            0
        }
    };
    let received = [
        sometimes(50, 400_000),
        if children > 0 { sometimes(950, 300_000) } else { 0 },
        sometimes(50, 250_000),
        sometimes(100, 300_000),
        sometimes(750, 8_000),
        sometimes(12, 150_000),
    ];
    let mut paid = [sometimes(70, 250_000), sometimes(450, 60_000)];
    if random.chance(100) {
        paid[1] = -paid[1]; // A tax refund.
    }
    Shared { received, paid }
}
