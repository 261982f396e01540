//! The groups that cells are classes of: who would be in a cell without what is said about sensitive columns and measures.
//! Their sums are not answered; the release ledger compares classes with them.

use std::{collections::BTreeSet, sync::Arc};

use arrow::array::RecordBatch;
use datafusion::{
    common::{Column, Result},
    execution::SessionState,
    logical_expr::{Expr, LogicalPlan, lit},
};
use shuyu_privacy::{Group, Thresholds};

use super::{
    gather::{Gather, Wanted},
    lower::Builder,
    sums::{Places, Sums},
};
use crate::{
    answers::OfSums,
    check::{
        membership::How,
        mixed::speaks,
        relation::{Leaf, Relation, columns_of},
        release::Release,
    },
    engine::Work,
};

/// Plans the groups of a release.
pub(crate) struct GroupPlan {
    /// Rows of the groups, like those of the cells; keyed by those keys that say nothing sensitive.
    pub rows: LogicalPlan,
    /// What is gathered of them.
    pub wanted: Wanted,
    /// Which keys of the cells these are.
    pub outer: Vec<usize>,
    /// Group and class are tied together by more than AND.
    pub tied: bool,
}

/// The groups of the cells of one grouping. Never leave.
pub(crate) struct OfCells {
    /// By cell: the place of its group.
    pub places: Vec<Option<usize>>,
    /// What the subjects of each group contribute, by place and sum.
    pub found: OfSums,
    pub tied: bool,
    held: usize,
}

impl OfCells {
    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.held
    }

    /// The group of a cell, for a sum.
    pub fn of(&self, cell: usize, sum: usize) -> Option<Group<'_>> {
        let place = self.places.get(cell).copied().flatten()?;
        let added = self.found.get(place)?.get(sum)?;
        Some(Group {
            contributions: &added.contributions,
            tally: &added.tally,
            tied: self.tied,
        })
    }
}

impl Builder<'_> {
    /// The groups of the cells, if keys, conditions or branches make classes of them: one for each column that does, and
    /// one for all of them together. A table that is read twice has no two.
    ///
    /// Where a subject has several rows, which of them are in a cell is more than a class, and there is none.
    pub(super) fn groups(&self) -> Result<Vec<GroupPlan>> {
        let release = self.release;
        let relation = &release.relation;
        let guards = release.parts.iter().flat_map(|part| &part.guards);
        let read = release
            .keys
            .iter()
            .chain(relation.conditions_of_all())
            .chain(guards);
        let read = read.flat_map(columns_of).map(|(_, column)| column);
        let told: BTreeSet<String> = read
            .filter(|column| !release.subject.many_rows && speaks(relation, column))
            .map(|column| relation.told(&column))
            .collect();
        let mut all: Vec<BTreeSet<String>> = told.iter().map(|one| [one.clone()].into()).collect();
        if told.len() > 1 {
            all.push(told);
        }
        all.iter().map(|told| self.group(told)).collect()
    }

    fn group(&self, told: &BTreeSet<String>) -> Result<GroupPlan> {
        let release = self.release;
        let relation = &release.relation;
        let says = |expr: &Expr| {
            let read = columns_of(expr).into_values();
            read.map(|column| relation.told(&column))
                .any(|one| told.contains(&one))
        };
        let keys = release.keys.iter().enumerate().filter(|(_, key)| !says(key));
        let (outer, keys): (Vec<usize>, Vec<Expr>) = keys.map(|(place, key)| (place, key.clone())).unzip();
        let mut parts = release.parts.clone();
        for part in &mut parts {
            if part.guards.iter().any(says) {
                // A branch that everybody takes: without one a part counts otherwise.
                part.guards = vec![lit(true)];
            }
        }
        let group = Release {
            relation: relation.without(&says),
            keys,
            sets: None,
            parts,
            ..release.clone()
        };
        let builder = Builder {
            release: &group,
            source: self.source,
            least: Arc::clone(&self.least),
        };
        Ok(GroupPlan {
            rows: builder.arguments()?.build()?,
            wanted: Wanted::of(&group),
            outer,
            tied: is_tied(relation),
        })
    }
}

impl Work {
    /// Who is in the groups that cells are classes of.
    pub(crate) async fn groups(
        &self,
        session: &SessionState,
        group: &GroupPlan,
        (cells, kept): (&RecordBatch, &[bool]),
        (sums, most, thresholds): (&Sums, usize, &Thresholds),
    ) -> Result<OfCells> {
        let outer = cells.project(&group.outer)?;
        let places = Places::new(group.outer.len(), &outer, kept)?;
        let gather = Gather::known(&group.wanted, &places, cells.num_rows(), most);
        let gathered = self.gathered(session, &group.rows, gather).await?;
        let all = vec![true; cells.num_rows()];
        let totals = gathered.totals(&sums.given(), &[], thresholds.k.value, self.hands())?;
        Ok(OfCells {
            held: gathered.held(),
            places: places.of(&outer)?,
            found: totals.of_sums(&sums.given(), &all),
            tied: group.tied,
        })
    }
}

/// Whether a condition ties a column that speaks to another one by more than AND.
fn is_tied(relation: &Relation) -> bool {
    let several = |exprs: &[&Expr]| {
        let read = exprs.iter().flat_map(|expr| columns_of(expr).into_values());
        let read: Vec<Column> = read.collect();
        let told: BTreeSet<String> = read.iter().map(|column| relation.told(column)).collect();
        told.len() > 1 && read.iter().any(|column| speaks(relation, column))
    };
    let mut derived = relation.leaves.iter().filter_map(Leaf::derived);
    relation.filters.iter().any(|filter| several(&[filter]))
        || derived.any(|derived| match derived.how {
            How::Joined | How::Among => is_tied(&derived.inner),
            How::Apart | How::Optional => several(&derived.inner.conditions_of_all()),
        })
}
