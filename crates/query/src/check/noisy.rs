//! Mode `dp`: the sums that figures are made of, and how much of each one subject can change.

use std::collections::BTreeSet;

use shuyu_kernel::Refusal;
use shuyu_privacy::{
    Bounds, Permit, Statistic,
    dp::{Amount, Counted},
};

use super::{
    figure::{self, Figure, Formula, Part, Role, Term},
    nearest::quoted,
    private::{Planned, Read, Sum, about, called, column_of, no_sum},
    release::Release,
};
use crate::{
    refusal::Explain,
    split::{canonical, is_fraction},
};

/// Plans figures one after the other, every sum once.
pub(super) struct Planner<'a> {
    release: &'a Release,
    permit: &'a Permit,
    rows: u64,
    pub sums: Vec<Sum>,
}

impl<'a> Planner<'a> {
    /// Nothing yet; `rows` of one subject count.
    pub fn new(release: &'a Release, permit: &'a Permit, rows: u64) -> Self {
        Self {
            release,
            permit,
            rows,
            sums: Vec::new(),
        }
    }

    fn add(&mut self, sum: Sum) -> usize {
        let same = |other: &Sum| {
            other.amount == sum.amount
                && other.of == sum.of
                && std::mem::discriminant(&other.read) == std::mem::discriminant(&sum.read)
        };
        match self.sums.iter().position(same) {
            Some(place) => place,
            None => {
                self.sums.push(sum);
                self.sums.len() - 1
            }
        }
    }

    /// Subjects.
    pub fn one(&mut self) -> usize {
        self.counted(Read::One, Amount::One, String::new())
    }

    /// Rows: a subject with one row is its row.
    fn rows(&mut self) -> usize {
        if self.rows == 1 {
            self.one()
        } else {
            self.counted(Read::Rows, Amount::Rows, String::new())
        }
    }

    fn counted(&mut self, read: Read, amount: Amount, of: String) -> usize {
        self.add(Sum {
            read,
            amount,
            family: "count".to_owned(),
            of,
        })
    }

    fn total(&mut self, number: usize, part: &Part, figure: &Figure) -> Result<usize, Refusal> {
        let core = part.core.as_ref();
        let limited = core.and_then(|core| Some((core, core.bounds?)));
        let Some((core, bounds)) = limited.filter(|(_, bounds)| *bounds != Bounds::UNDECLARED) else {
            return Err(self.limits_missing(figure));
        };
        let whole = !is_fraction(&core.value, &self.release.relation);
        let argument = canonical(self.release, number).map_err(|_| Refusal::unmet("query_not_planned"))?;
        // What is taken off every value comes back with the rows of the formula.
        let [low, high] = [bounds.low, bounds.high].map(|limit| limit.saturating_sub(core.centre));
        Ok(self.add(Sum {
            read: Read::Total(number),
            amount: Amount::total(low, high, whole),
            family: format!("sum {argument}"),
            of: identity(part),
        }))
    }

    fn term(&mut self, term: &Term, figure: &Figure) -> Result<(f64, usize), Refusal> {
        let Some(part) = self.release.parts.get(term.part) else {
            return Err(Refusal::unmet("query_not_planned"));
        };
        let valued = part.has_values() && part.role != Role::Subjects;
        let sum = match (term.amount, valued) {
            (figure::Amount::Subjects, false) => self.one(),
            (figure::Amount::Subjects, true) => {
                self.counted(Read::Has(term.part), Amount::One, identity(part))
            }
            (figure::Amount::Rows, false) => self.rows(),
            (figure::Amount::Rows, true) => {
                self.counted(Read::Values(term.part), Amount::Rows, identity(part))
            }
            (figure::Amount::Total, _) => self.total(term.part, part, figure)?,
        };
        Ok((term.factor, sum))
    }

    fn terms(&mut self, terms: &[Term], figure: &Figure) -> Result<Vec<(f64, usize)>, Refusal> {
        terms.iter().map(|term| self.term(term, figure)).collect()
    }

    /// The sums of a figure.
    ///
    /// # Errors
    /// `dp_statistic_refused`, `dp_limits_missing`.
    pub fn figure(&mut self, figure: &Figure) -> Result<Planned, Refusal> {
        let function = match &figure.formula {
            Formula::Sum(terms) => {
                return Ok(Planned {
                    statistic: self.statistic(terms),
                    counted: Counted::Sum(self.terms(terms, figure)?),
                });
            }
            Formula::Ratio(over, under) => {
                let share = over
                    .iter()
                    .all(|term| term.amount == figure::Amount::Rows && term.factor == 1.0);
                let (above, below) = (self.terms(over, figure)?, self.terms(under, figure)?);
                return Ok(Planned {
                    statistic: if share { Statistic::Share } else { Statistic::Mean },
                    counted: Counted::Ratio(above, below, self.range(over, under)),
                });
            }
            // Everything else is no sum of which one subject changes a known part.
            Formula::Second { moment, .. } => called(*moment),
            Formula::Value(part) => match self.release.parts.get(*part).map(|part| part.role) {
                Some(Role::Greatest) => "max",
                Some(Role::Smallest) => "min",
                _ => "count",
            },
            Formula::Quantile { .. } => "percentile_cont",
            Formula::Grouping(_) => "grouping",
        };
        Err(no_sum(self.release, self.permit, Some(figure), function))
    }

    /// As what a sum of these terms is told of.
    fn statistic(&self, terms: &[Term]) -> Statistic {
        if terms.iter().all(|term| term.amount == figure::Amount::Subjects) {
            return Statistic::Distinct;
        }
        let counts = |term: &Term| term.amount == figure::Amount::Rows && term.factor == 1.0;
        if !terms.iter().all(counts) {
            return Statistic::Sum;
        }
        let valued = |term: &Term| self.release.parts.get(term.part).is_some_and(Part::has_values);
        if terms.iter().any(valued) {
            Statistic::Values
        } else {
            Statistic::Rows
        }
    }

    /// Between what a ratio lies, whatever the rows: on every row its argument is that of one part, or 0 where nothing
    /// is added up.
    fn range(&self, over: &[Term], under: &[Term]) -> [f64; 2] {
        let parts: BTreeSet<usize> = over.iter().chain(under).map(|term| term.part).collect();
        let on_rows_of = |part: usize| {
            let bounds = self.release.parts.get(part).and_then(|part| {
                let core = part.core.as_ref()?;
                let bounds = core.bounds?;
                Some([bounds.low, bounds.high].map(|limit| limit.saturating_sub(core.centre) as f64))
            });
            let mut ends = [0.0, 0.0];
            for term in over.iter().filter(|term| term.part == part) {
                let limits = match term.amount {
                    figure::Amount::Total => bounds.unwrap_or_default(),
                    figure::Amount::Rows | figure::Amount::Subjects => [1.0, 1.0],
                };
                for (end, limit) in ends.iter_mut().zip(limits) {
                    *end += term.factor * limit;
                }
            }
            ends
        };
        let ends: Vec<f64> = parts.into_iter().flat_map(on_rows_of).collect();
        let low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if low <= high { [low, high] } else { [0.0, 0.0] }
    }

    /// The nearest form sets limits in the text; which ones are right, only the analyst knows.
    fn limits_missing(&self, figure: &Figure) -> Refusal {
        let refusal = about(self.release, self.permit, Some(figure), "dp_limits_missing");
        match column_of(self.release, figure) {
            Some(column) => {
                let name = quoted(&column.name);
                refusal.nearest_sql(format!("least(greatest({name}, 0), 10000)"))
            }
            None => refusal.instruct("set_limits"),
        }
    }
}

/// What a part counts and adds up, as text. Limits are told apart by the amount: they do not change which rows have a
/// value.
fn identity(part: &Part) -> String {
    let core = part.core.as_ref().map(|core| core.value.to_string());
    let guards: Vec<String> = part.guards.iter().map(ToString::to_string).collect();
    format!("{core:?} {guards:?}")
}
