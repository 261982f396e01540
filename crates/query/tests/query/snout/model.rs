//! What an attacker makes of answers: a linear model fitted to shadow towns, and how sure its accuracy is.

/// One town: what was answered, and the secret.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What the model is told.
    pub told: Vec<f64>,
    pub secret: bool,
}

impl Seen {
    /// Of answers, and of what is known of each. Which are missing and which are equal is told apart.
    pub fn new(answers: &[Option<f64>], known: &[f64], secret: bool) -> Self {
        let mut told = vec![1.0];
        for (answer, known) in answers.iter().zip(known) {
            told.push(answer.unwrap_or(0.0));
            told.push(if answer.is_some() { *known } else { 0.0 });
            told.push(f64::from(u8::from(answer.is_none())));
        }
        for (place, one) in answers.iter().enumerate() {
            for other in &answers[place + 1..] {
                told.push(f64::from(u8::from(one.is_some() && one == other)));
            }
        }
        Self { told, secret }
    }
}

/// Least squares towards +1 and −1: for two classes that is Fisher's discriminant.
pub struct Model {
    centre: Vec<f64>,
    scale: Vec<f64>,
    weights: Vec<f64>,
    /// Share of the towns it was fitted to that it tells when fitted to all others.
    pub left_out: f64,
}

/// Keeps columns that say the same as others from doing harm, as a share of the number of rows.
const RIDGE: f64 = 1e-7;

fn side(secret: bool) -> f64 {
    if secret { 1.0 } else { -1.0 }
}

impl Model {
    pub fn fit(seen: &[Seen]) -> Self {
        let n = seen.len() as f64;
        let width = seen[0].told.len();
        let columns = (0..width).map(|column| {
            let values = || seen.iter().map(|one| one.told[column]);
            let centre = values().sum::<f64>() / n;
            let variance = values().map(|value| (value - centre).powi(2)).sum::<f64>() / n;
            (centre, variance.sqrt())
        });
        let (centre, scale): (Vec<f64>, Vec<f64>) = columns.unzip();
        let rows: Vec<Vec<f64>> = seen
            .iter()
            .map(|one| standard(&one.told, &centre, &scale))
            .collect();
        let mut normal = vec![vec![0.0; width]; width];
        let mut right = vec![0.0; width];
        for (row, one) in rows.iter().zip(seen) {
            for (place, value) in row.iter().enumerate() {
                right[place] += value * side(one.secret);
                for (sum, other) in normal[place].iter_mut().zip(row) {
                    *sum += value * other;
                }
            }
        }
        for (place, row) in normal.iter_mut().enumerate() {
            row[place] += RIDGE * n;
        }
        let inverse = inverted(normal);
        let weights: Vec<f64> = inverse.iter().map(|row| product(row, &right)).collect();
        let told = rows.iter().zip(seen).filter(|(row, one)| {
            let lever: f64 = row
                .iter()
                .zip(&inverse)
                .map(|(value, by)| value * product(by, row))
                .sum();
            let rest = (side(one.secret) - product(&weights, row)) / (1.0 - lever).max(1e-9);
            // Less than 1 away from ±1 lies on the right side of 0.
            rest * side(one.secret) < 1.0
        });
        let left_out = told.count() as f64 / n;
        Self {
            centre,
            scale,
            weights,
            left_out,
        }
    }

    pub fn tells(&self, one: &Seen) -> bool {
        let row = standard(&one.told, &self.centre, &self.scale);
        (product(&self.weights, &row) > 0.0) == one.secret
    }
}

fn product(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// A column that never changes says nothing. The first stands for itself.
fn standard(told: &[f64], centre: &[f64], scale: &[f64]) -> Vec<f64> {
    let each = told.iter().zip(centre).zip(scale).enumerate();
    each.map(|(column, ((value, centre), scale))| match column {
        0 => 1.0,
        _ if *scale < 1e-9 => 0.0,
        _ => (value - centre) / scale,
    })
    .collect()
}

/// Gauss and Jordan, with the greatest pivot.
fn inverted(mut left: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let width = left.len();
    let mut right: Vec<Vec<f64>> = (0..width)
        .map(|row| {
            (0..width)
                .map(|column| if row == column { 1.0 } else { 0.0 })
                .collect()
        })
        .collect();
    for step in 0..width {
        let greatest = (step..width).max_by(|a, b| left[*a][step].abs().total_cmp(&left[*b][step].abs()));
        let greatest = greatest.unwrap();
        left.swap(step, greatest);
        right.swap(step, greatest);
        let pivot = left[step][step];
        left[step].iter_mut().for_each(|value| *value /= pivot);
        right[step].iter_mut().for_each(|value| *value /= pivot);
        let (of_left, of_right) = (left[step].clone(), right[step].clone());
        for row in (0..width).filter(|row| *row != step) {
            let factor = left[row][step];
            let less = |row: &mut Vec<f64>, by: &[f64]| {
                row.iter_mut()
                    .zip(by)
                    .for_each(|(value, by)| *value -= factor * by);
            };
            less(&mut left[row], &of_left);
            less(&mut right[row], &of_right);
        }
    }
    right
}

/// Upper end of a one-sided 95 % interval for a share of which `right` of `all` were seen (Clopper and Pearson): the
/// greatest share under which so few are not rarer than one in twenty.
pub fn at_most(right: u64, all: u64) -> f64 {
    if right == all {
        return 1.0;
    }
    let (mut low, mut high) = (right as f64 / all as f64, 1.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        if up_to(right, all, middle) > 0.05 {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// The chance of at most `right` of `all`.
fn up_to(right: u64, all: u64, share: f64) -> f64 {
    let mut log = all as f64 * (1.0 - share).ln();
    let mut sum = log.exp();
    for number in 1..=right {
        log += ((all - number + 1) as f64 / number as f64).ln() + (share / (1.0 - share)).ln();
        sum += log.exp();
    }
    sum
}
