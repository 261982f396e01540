//! Second moments: spreads, correlation, covariance, regression, from perturbed sums (A4.3, A4.6).
//!
//! Squares and products are taken around the means as they were answered: around the middle of wide bounds their
//! noise would be greater than the variance (ADR 0080). What a subject contributes is known from its totals of values,
//! squares and products, so that it does not matter how many rows it has.

use shuyu_privacy::{Contribution, Contributions, Kind, Rule, Sought, Tally, Verdict};

use crate::{
    answers::{AnsweredSum, Cell},
    check::figure::Moment,
    split::sums::Variable,
};

/// What a subject has of two variables.
#[derive(Clone, Copy)]
struct Totals {
    unit: u64,
    rows: f64,
    one: f64,
    other: f64,
    products: f64,
}

/// Products around two centres, by subject.
fn around(totals: &[Totals], (one, other): (f64, f64)) -> Contributions {
    let product = |of: &Totals| Contribution {
        unit: of.unit,
        amount: of.products - other * of.one - one * of.other + of.rows * one * other,
    };
    totals.iter().map(product).collect()
}

impl Cell<'_, '_> {
    /// A statistic of second moments.
    pub(crate) fn second(
        &mut self,
        moment: Moment,
        y: &Variable,
        x: &Variable,
        products: usize,
    ) -> Option<f64> {
        let spread = matches!(moment, Moment::Spread(_));
        let subjects = self.contributions(x.total).len() as u64;
        // The numbers that fix a spread and a line.
        let fixed = if spread { 1 } else { 2 };
        let least = u64::from(self.asking.thresholds.freedom_min.value) + fixed;
        if subjects < least && self.asking.rules.hold(Rule::Subjects) {
            return self.withheld();
        }
        let count = self.value(x.values)?;
        let (of_x, of_y) = (self.value(x.total)? / count, self.value(y.total)? / count);
        let squares_x = self.moment((x, x), x.squares, (of_x, of_x))?.max(0.0);
        let (squares_y, both) = if spread {
            (squares_x, squares_x)
        } else {
            let squares_y = self.moment((y, y), y.squares, (of_y, of_y))?.max(0.0);
            (squares_y, self.moment((x, y), products, (of_x, of_y))?)
        };
        let (fx, fy) = (x.factor, y.factor);
        let slope = both / squares_x * fy / fx;
        let correlation =
            || (both / (squares_x * squares_y).sqrt()).clamp(-1.0, 1.0) * fx.signum() * fy.signum();
        let among = |sample: bool| if sample { count - 1.0 } else { count };
        Some(match moment {
            Moment::Spread(spread) => {
                let variance = squares_x * fx * fx / among(spread.sample);
                if spread.root { variance.sqrt() } else { variance }
            }
            Moment::Correlation => correlation(),
            Moment::Covariance { sample } => both * fx * fy / among(sample),
            Moment::Slope => slope,
            Moment::Intercept => (of_y * fy + y.offset) - slope * (of_x * fx + x.offset),
            Moment::Determination => correlation().powi(2),
            Moment::SquaresOfX => squares_x * fx * fx,
            Moment::SquaresOfY => squares_y * fy * fy,
            Moment::Products => both * fx * fy,
        })
    }

    fn withheld(&mut self) -> Option<f64> {
        self.sums.push(AnsweredSum {
            exact: 0.0,
            verdict: Verdict::Suppressed,
        });
        None
    }

    /// Squares of a variable, or products of two, around answered means. Squares are judged: neither may two people
    /// stand for nearly all of them, nor fewer than `k`, nor may all people have the same value.
    fn moment(
        &mut self,
        (one, other): (&Variable, &Variable),
        products: usize,
        means: (f64, f64),
    ) -> Option<f64> {
        let asking = self.asking;
        let totals = self.totals((one, other), products)?;
        let squares = one.total == other.total;
        if squares && !self.spread_enough(&totals) {
            return self.withheld();
        }
        let contributions = around(&totals, means);
        let tally = Tally::of(&contributions, asking.thresholds.k.value);
        let family = if squares {
            format!("squares of {} around {:x}", one.name, means.0.to_bits())
        } else {
            let mut both = [(&one.name, means.0.to_bits()), (&other.name, means.1.to_bits())];
            both.sort_unstable();
            let [(a, at), (b, bt)] = both;
            format!("products of {a} around {at:x} and {b} around {bt:x}")
        };
        let verdict = self.draft.answer(&Sought {
            family: &family,
            kind: Kind::Sum,
            contributions: &contributions,
            tally: &tally,
            one_row: asking.one_row,
            fused: asking.fused,
            groups: &[],
        });
        self.sums.push(AnsweredSum {
            exact: tally.total,
            verdict,
        });
        verdict.value()
    }

    /// G2 and G3 for squares, around the exact mean (A4.3).
    fn spread_enough(&self, totals: &[Totals]) -> bool {
        let (thresholds, rules) = (self.asking.thresholds, self.asking.rules);
        let all = |of: fn(&Totals) -> f64| totals.iter().map(of).sum::<f64>();
        let (rows, total) = (all(|t| t.rows), all(|t| t.one));
        let mean = total / rows;
        let mut squares: Vec<f64> = around(totals, (mean, mean))
            .iter()
            .map(|one| one.amount)
            .collect();
        squares.sort_unstable_by(|a, b| b.total_cmp(a));
        let sum: f64 = squares.iter().sum();
        // The greatest but one of a threshold: as many as are too few to be spoken of.
        let few = (thresholds.k.value as usize).saturating_sub(1).max(2);
        let greatest = |many: usize| squares.iter().take(many).sum::<f64>();
        let most = f64::from(thresholds.two_share_max.value) / 1000.0 * sum;
        let even = greatest(2) <= most && greatest(few) <= most;
        // What is left of rounding does not count.
        let scale = all(|t| t.products.abs()).max(mean * mean * rows);
        let differ = sum > 8.0 * f64::EPSILON * scale;
        (even || !rules.hold(Rule::Dominance)) && (differ || !rules.hold(Rule::ClassShare))
    }

    /// What each subject has; `None` if the two are not over the same rows, which no checked plan makes.
    fn totals(&self, (one, other): (&Variable, &Variable), products: usize) -> Option<Vec<Totals>> {
        let (rows, ones) = (self.contributions(one.values), self.contributions(one.total));
        let (others, products) = (self.contributions(other.total), self.contributions(products));
        let same = rows.len() == ones.len() && ones.len() == others.len() && others.len() == products.len();
        let mut totals = Vec::with_capacity(rows.len());
        for (((rows, one), other), product) in rows
            .iter()
            .zip(ones.iter())
            .zip(others.iter())
            .zip(products.iter())
        {
            if !same || [one.unit, other.unit, product.unit] != [rows.unit; 3] {
                return None;
            }
            totals.push(Totals {
                unit: rows.unit,
                rows: rows.amount,
                one: one.amount,
                other: other.amount,
                products: product.amount,
            });
        }
        Some(totals)
    }
}
