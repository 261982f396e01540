//! What a plan releases of every cell.

use super::words::{Key, Measure, Predicate, Source};
use crate::dice::Dice;

/// Of which kind a figure is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    /// Rows, or values of the measure.
    Rows,
    /// Subjects.
    Subjects,
    /// A sum of `factor · x + offset`.
    Sum { factor: f64, offset: f64 },
    /// A mean.
    Mean,
    /// Different values of a key.
    Different,
    /// A quantile.
    Quantile(f64),
    /// A standard deviation (`root`) or a variance, of a sample or of all.
    Spread { root: bool, sample: bool },
}

/// One released number.
#[derive(Clone)]
pub struct Figure {
    pub what: What,
    pub measure: Option<Measure>,
    /// A branch of the analyst's own: FILTER, or CASE with 0 for everybody else.
    pub branch: Option<(Predicate, bool)>,
    /// Of different values.
    pub of: Option<Key>,
}

impl Figure {
    pub fn any(dice: &mut Dice, source: Source) -> Self {
        let plain = |what| Figure {
            what,
            measure: None,
            branch: None,
            of: None,
        };
        let measure = Some(Measure::any(dice, source));
        let mut figure = match dice.below(12) {
            0 | 1 => plain(What::Rows),
            2 => plain(What::Subjects),
            3 => Figure {
                measure,
                ..plain(What::Rows)
            },
            4 | 5 => Figure {
                measure,
                ..plain(What::Sum {
                    factor: 1.0,
                    offset: 0.0,
                })
            },
            6 => {
                let (factor, offset) = (dice.within(2, 4) as f64, dice.within(0, 50) as f64);
                return Figure {
                    measure,
                    ..plain(What::Sum { factor, offset })
                };
            }
            7 | 8 => Figure {
                measure,
                ..plain(What::Mean)
            },
            9 => {
                let keys = Key::all(source);
                let bare = keys.into_iter().filter(|key| key.sql.len() < 12);
                let bare: Vec<Key> = bare.collect();
                let of = bare.get(dice.below(bare.len() as u64) as usize).cloned();
                return Figure {
                    of,
                    ..plain(What::Different)
                };
            }
            10 => {
                let fraction = dice.of(&[0.25, 0.5, 0.75, 0.9]);
                return Figure {
                    measure,
                    ..plain(What::Quantile(fraction))
                };
            }
            _ => {
                let figure = Figure {
                    measure,
                    ..plain(What::Sum {
                        factor: 1.0,
                        offset: 0.0,
                    })
                };
                return Figure {
                    branch: Some((Predicate::any(dice, source), true)),
                    ..figure
                };
            }
        };
        if figure.what != What::Subjects && dice.happens(25) {
            figure.branch = Some((Predicate::any(dice, source), false));
        }
        figure
    }

    pub fn sql(&self) -> String {
        let argument = self.measure.map_or("*", |measure| measure.sql);
        if let Some((predicate, true)) = &self.branch {
            return format!("sum(CASE WHEN {} THEN {argument} ELSE 0 END)", predicate.sql);
        }
        let call = match self.what {
            What::Rows => format!("count({argument})"),
            What::Subjects => "count(DISTINCT id_no)".to_owned(),
            What::Sum {
                factor: 1.0,
                offset: 0.0,
            } => format!("sum({argument})"),
            What::Sum { factor, offset } => format!("sum({factor} * {argument} + {offset})"),
            What::Mean => format!("avg({argument})"),
            What::Different => format!("count(DISTINCT {})", self.of.as_ref().unwrap().sql),
            What::Spread { root, sample } => {
                let name = match (root, sample) {
                    (true, true) => "stddev",
                    (true, false) => "stddev_pop",
                    (false, true) => "var",
                    (false, false) => "var_pop",
                };
                format!("{name}({argument})")
            }
            What::Quantile(0.5) => format!("median({argument})"),
            What::Quantile(fraction) => {
                format!("percentile_cont({fraction}) WITHIN GROUP (ORDER BY {argument})")
            }
        };
        match &self.branch {
            Some((predicate, _)) => format!("{call} FILTER (WHERE {})", predicate.sql),
            None => call,
        }
    }
}
