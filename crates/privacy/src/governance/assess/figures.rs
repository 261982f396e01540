//! The figures of an assessment. Counts and shares, never a value.

use serde::{Deserialize, Serialize};

use super::{Assessment, Classes, diversity::diversity};

/// What an assessment found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Rows.
    pub rows: u64,
    /// Classes.
    pub classes: u64,
    /// k: rows of the smallest class (Sweeney 2002).
    pub k: u64,
    /// Rows of the class of the row that five in a hundred rows are no better off than.
    pub k_fifth_percentile: u64,
    /// Rows of the class of the row in the middle.
    pub k_median: u64,
    /// Rows of the largest class.
    pub largest: u64,
    /// Rows that are alone in their class.
    pub unique_rows: u64,
    /// Classes and rows by the size of their class.
    pub sizes: Vec<SizeBand>,
    /// Sensitive columns.
    pub sensitive: Vec<Diversity>,
    /// Risk of single records.
    pub risk: Risk,
}

/// Classes of about one size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeBand {
    /// Smallest size.
    pub from: u64,
    /// Largest size; `None` for the last band.
    pub to: Option<u64>,
    /// Classes.
    pub classes: u64,
    /// Their rows.
    pub rows: u64,
}

/// How varied one sensitive column is within classes; each figure that of the worst class.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diversity {
    /// The column.
    pub column: String,
    /// Different values (distinct l-diversity, Machanavajjhala 2007).
    pub distinct: u64,
    /// The exponential of the entropy in nats (entropy l-diversity, the same).
    pub entropy: f64,
    /// The greatest `r1 / (r2 + …)`, counts falling: the set has recursive (c,2)-diversity for every c above
    /// it. `None` when a class has one value only.
    pub recursive_c: Option<f64>,
    /// Earth mover's distance to the whole set (t-closeness, Li 2007).
    pub closeness: f64,
    /// Whether the distance between values is that of their ranks (numbers and days) or the same for all.
    pub ordered: bool,
}

/// Chance that a record is found by somebody who knows its quasi-identifying values (El Emam 2013).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Risk {
    /// Who knows that the person is in the set: of the worst record.
    pub prosecutor: f64,
    /// The same, of a record on average.
    pub prosecutor_average: f64,
    /// Who knows the population and not who is in the set: of the worst record. Without a population the set is
    /// taken for all of it.
    pub journalist: f64,
    /// Who matches the whole set with the population: the share that is matched rightly.
    pub marketer: f64,
    /// Least and greatest share of a class of the population that is in the set (δ-presence, Nergiz 2007), where
    /// a population is given.
    pub presence: Option<(f64, f64)>,
}

/// Lower ends of the bands of class sizes.
const BANDS: [u64; 9] = [1, 2, 3, 5, 10, 20, 50, 100, 1_000];

pub(super) fn figures(assessment: &Assessment, classes: &Classes) -> Option<Figures> {
    let rows = assessment.rows as u64;
    let mut sizes: Vec<u64> = classes.iter().map(|rows| rows.len() as u64).collect();
    sizes.sort_unstable();
    let (k, largest) = (*sizes.first()?, *sizes.last()?);
    let bands = BANDS.iter().enumerate().map(|(index, from)| {
        let to = BANDS.get(index + 1).map(|next| next - 1);
        let inside = || {
            sizes
                .iter()
                .filter(move |size| **size >= *from && to.is_none_or(|to| **size <= to))
        };
        SizeBand {
            from: *from,
            to,
            classes: inside().count() as u64,
            rows: inside().sum(),
        }
    });
    let share = |parts: usize| parts as f64 / rows as f64;
    let worst = 1.0 / k as f64;
    Some(Figures {
        rows,
        classes: classes.len() as u64,
        k,
        k_fifth_percentile: at_row(&sizes, rows.div_ceil(20)),
        k_median: at_row(&sizes, rows.div_ceil(2)),
        largest,
        unique_rows: sizes.iter().take_while(|size| **size == 1).count() as u64,
        sizes: bands.collect(),
        sensitive: assessment
            .sensitive
            .iter()
            .map(|column| diversity(column, classes))
            .collect(),
        risk: Risk {
            prosecutor: worst,
            prosecutor_average: share(classes.len()),
            journalist: worst,
            marketer: share(classes.len()),
            presence: None,
        },
    })
}

/// Size of the class of the row with this number from 1, rows of small classes first.
fn at_row(sizes: &[u64], row: u64) -> u64 {
    let mut before = 0;
    for size in sizes {
        before += size;
        if before >= row {
            return *size;
        }
    }
    0
}

impl Figures {
    /// Takes in the sizes of classes here and in the population.
    pub(super) fn within(&mut self, classes: Vec<(u64, u64)>) {
        let smallest = classes.iter().map(|(_, outside)| *outside).min().unwrap_or(1);
        let shares: Vec<f64> = classes
            .iter()
            .map(|(here, outside)| *here as f64 / *outside as f64)
            .collect();
        self.risk.journalist = 1.0 / smallest as f64;
        self.risk.marketer = shares.iter().sum::<f64>() / self.rows as f64;
        let least = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let most = shares.iter().copied().fold(0.0, f64::max);
        self.risk.presence = Some((least, most));
    }
}
