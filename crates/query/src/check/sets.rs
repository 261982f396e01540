//! Grouping sets: ROLLUP, CUBE and GROUPING SETS over the keys of a release.

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Aggregate, Expr, GroupingSet};
use shuyu_kernel::Refusal;
use shuyu_privacy::Citations;

use super::text::too_large;
use crate::refusal::Explain;

/// Most grouping sets of one statement: CUBE of five keys.
const MOST_SETS: usize = 32;
/// Most keys, so that a set is a number of 64 bits.
const MOST_KEYS: usize = 32;

/// Several groupings of the same rows.
#[derive(Debug, Clone)]
pub(crate) struct Sets {
    /// For each set, the keys that it has, in the order of the keys.
    pub each: Vec<Vec<usize>>,
    /// The number of each set, as `grouping()` reads it.
    pub numbers: Vec<u64>,
    /// The type of these numbers.
    pub data_type: DataType,
}

/// The keys of an aggregate as the analyst named them, each once, and the sets of them if there are several.
///
/// # Errors
/// `query_too_large`.
pub(super) fn keys(
    aggregate: &Aggregate,
    citations: &Citations,
) -> Result<(Vec<Expr>, Option<Sets>), Refusal> {
    let [Expr::GroupingSet(grouping)] = aggregate.group_expr.as_slice() else {
        return Ok((aggregate.group_expr.clone(), None));
    };
    let keys: Vec<Expr> = grouping.distinct_expr().into_iter().cloned().collect();
    let too_large = || Err(too_large("grouping_sets", MOST_SETS).under(&citations.raw_stays));
    if keys.len() > MOST_KEYS {
        return too_large();
    }
    let each: Vec<Vec<usize>> = match grouping {
        GroupingSet::GroupingSets(sets) => sets
            .iter()
            .map(|set| places(&keys, |key| set.contains(key)))
            .collect(),
        GroupingSet::Rollup(_) => (0..=keys.len()).rev().map(|most| (0..most).collect()).collect(),
        GroupingSet::Cube(_) if 1 << keys.len() > MOST_SETS => return too_large(),
        GroupingSet::Cube(_) => (0..1usize << keys.len())
            .map(|left_out| (0..keys.len()).filter(|key| left_out >> key & 1 == 0).collect())
            .collect(),
    };
    if each.len() > MOST_SETS {
        return too_large();
    }
    let mut numbers = Vec::new();
    for (index, set) in each.iter().enumerate() {
        let left_out = (0..keys.len()).fold(0u64, |bits, key| bits << 1 | u64::from(!set.contains(&key)));
        let before = each[..index].iter().filter(|earlier| *earlier == set).count() as u64;
        numbers.push(left_out | before << keys.len());
    }
    let repeated = numbers
        .iter()
        .map(|number| number >> keys.len())
        .max()
        .unwrap_or(0);
    let data_type = Aggregate::grouping_id_type(keys.len(), usize::try_from(repeated).unwrap_or(usize::MAX));
    Ok((
        keys,
        Some(Sets {
            each,
            numbers,
            data_type,
        }),
    ))
}

fn places(keys: &[Expr], wanted: impl Fn(&Expr) -> bool) -> Vec<usize> {
    let found = keys.iter().enumerate().filter(|(_, key)| wanted(key));
    found.map(|(place, _)| place).collect()
}
