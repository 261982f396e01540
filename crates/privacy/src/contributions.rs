//! What subjects contribute to a sum, in columns: sums over the same subjects share who these are.

use std::sync::Arc;

use crate::noise::Contribution;

/// What each subject contributes to one sum; no subject is there twice. Clones share their columns. Never leaves.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contributions {
    units: Arc<Vec<u64>>,
    amounts: Amounts,
}

/// Amounts in the order of their subjects.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Amounts {
    /// Each contributes one.
    #[default]
    Ones,
    /// Small whole numbers, which take half of the room.
    Whole(Arc<Vec<i32>>),
    /// Whatever they are.
    Each(Arc<Vec<f64>>),
}

impl Amounts {
    /// In the least room. Amounts are finite, and in the unit of the sum.
    pub fn new(amounts: Vec<f64>) -> Self {
        // Minus nothing is another number than nothing, and stays one.
        let whole = |amount: &f64| {
            let whole = *amount as i32;
            (f64::from(whole).to_bits() == amount.to_bits()).then_some(whole)
        };
        if amounts.iter().all(|amount| *amount == 1.0) {
            return Amounts::Ones;
        }
        match amounts.iter().map(whole).collect() {
            Some(whole) => Amounts::Whole(Arc::new(whole)),
            None => Amounts::Each(Arc::new(amounts)),
        }
    }

    /// Bytes that they take.
    pub fn held(&self) -> usize {
        match self {
            Amounts::Ones => 0,
            Amounts::Whole(amounts) => size_of_val(amounts.as_slice()),
            Amounts::Each(amounts) => size_of_val(amounts.as_slice()),
        }
    }

    /// How many there are at least.
    fn len(&self) -> Option<usize> {
        match self {
            Amounts::Ones => None,
            Amounts::Whole(amounts) => Some(amounts.len()),
            Amounts::Each(amounts) => Some(amounts.len()),
        }
    }

    fn at(&self, place: usize) -> f64 {
        match self {
            Amounts::Ones => 1.0,
            Amounts::Whole(amounts) => amounts.get(place).copied().map_or(0.0, f64::from),
            Amounts::Each(amounts) => amounts.get(place).copied().unwrap_or(0.0),
        }
    }
}

impl Contributions {
    /// Of these subjects in their order. Whoever has no amount contributes nothing and is left out.
    pub fn new(mut units: Arc<Vec<u64>>, amounts: Amounts) -> Self {
        if let Some(len) = amounts.len().filter(|len| *len < units.len()) {
            Arc::make_mut(&mut units).truncate(len);
        }
        Self { units, amounts }
    }

    /// How many subjects.
    pub fn len(&self) -> usize {
        self.units.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// The subjects.
    pub fn units(&self) -> &Arc<Vec<u64>> {
        &self.units
    }

    /// What all contribute, if it is said to be one.
    pub fn ones(&self) -> bool {
        self.amounts == Amounts::Ones
    }

    /// Amounts in the order of the subjects.
    pub fn amounts(&self) -> impl Iterator<Item = f64> {
        (0..self.units.len()).map(|place| self.amounts.at(place))
    }

    /// Whether it is the same as another one at first sight: of the same columns.
    pub fn is(&self, other: &Self) -> bool {
        let amounts = match (&self.amounts, &other.amounts) {
            (Amounts::Ones, Amounts::Ones) => true,
            (Amounts::Whole(one), Amounts::Whole(other)) => Arc::ptr_eq(one, other),
            (Amounts::Each(one), Amounts::Each(other)) => Arc::ptr_eq(one, other),
            (Amounts::Ones | Amounts::Whole(_) | Amounts::Each(_), _) => false,
        };
        amounts && Arc::ptr_eq(&self.units, &other.units)
    }

    /// Subject by subject.
    pub fn iter(&self) -> impl Iterator<Item = Contribution> {
        let each = self.units.iter().zip(self.amounts());
        each.map(|(unit, amount)| Contribution { unit: *unit, amount })
    }
}

impl FromIterator<Contribution> for Contributions {
    fn from_iter<I: IntoIterator<Item = Contribution>>(all: I) -> Self {
        let (units, amounts): (Vec<u64>, Vec<f64>) =
            all.into_iter().map(|one| (one.unit, one.amount)).unzip();
        Self::new(Arc::new(units), Amounts::new(amounts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_come_back_bit_by_bit_however_they_are_held() {
        for (amounts, held) in [
            (vec![1.0, 1.0], 0),
            (vec![1.0, -3.0, 2_147_483_647.0], 12),
            (vec![0.0, -0.0], 16),
            (vec![1.0, 2_147_483_648.0], 16),
            (vec![0.5, f64::NAN], 16),
        ] {
            let bits = |amounts: &[f64]| {
                amounts
                    .iter()
                    .map(|amount| amount.to_bits())
                    .collect::<Vec<u64>>()
            };
            let units = Arc::new((0..amounts.len() as u64).collect());
            let kept = Amounts::new(amounts.clone());
            assert_eq!(kept.held(), held, "{amounts:?}");
            let back: Vec<f64> = Contributions::new(units, kept).amounts().collect();
            assert_eq!(bits(&back), bits(&amounts));
        }
    }

    #[test]
    fn subjects_without_amounts_are_left_out() {
        let three = Contributions::new(Arc::new(vec![1, 2, 3]), Amounts::new(vec![5.0, 6.0]));
        assert_eq!((three.len(), three.amounts().sum::<f64>()), (2, 11.0));
    }
}
