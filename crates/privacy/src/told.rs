//! What may be told of the release ledger: functions of answers that left, as they left.

use crate::{book::Book, permit::Thresholds};

impl Book {
    /// How many sums were answered to a party, and into how many further groups its smallest answered group can be
    /// split: a share of that group's size as it was answered, not as it is. `None` if nothing was.
    pub fn told(&self, party: &str, thresholds: &Thresholds) -> Option<(u64, u64)> {
        let share = f64::from(thresholds.splits_per_subject.value) / 1000.0;
        let own = || self.entries().filter(|entry| entry.party == party);
        let groups = own().filter(|entry| entry.family == "count");
        let fewest = groups.map(|entry| (entry.value.max(0.0) * share) as u64).min();
        let answered = own().count() as u64;
        (answered > 0).then_some((answered, fewest.unwrap_or(0)))
    }
}
