//! The release ledger of one identifier domain: which sums over which subjects were answered, and how (a.5).
//!
//! * **L1** The same set with the same contributions has the answer it had, whether that was its own or another's.
//! * **L2, L3, L7** A set that differs from one that was answered by fewer than `k + j` subjects, in whom it
//!   holds or in what they contribute, is answered with that one: the difference of the two is then nothing,
//!   whatever the subjects' values are. `k` is `k_fused` here if an own list had a say in one of the two. Versions of a dataset are compared like anything else, so that a refresh
//!   that changes a few subjects changes no answer. Only original entries are neighbours, so answers cannot drift.
//! * **L4** No sum of answers speaks of fewer than `k + j` subjects (`relations`). `k` is `k_fused` here if an own list
//!   has a say in the set that is asked about, or had one in any set of the family that the same party was answered
//!   about.
//! * **L5** A cell is split by at most a quarter of its subjects' number of further cells of one party.
//!
//! Sums are compared within a *family*: counts with counts, sums of a measure with sums of that measure.
//! L4 and L5 are about sums to which a subject contributes the same whatever the cell: counts of subjects, and sums
//! over one row each. Rows of a subject that are spread over cells are other contributions, and compared by L2 only.
//! What happens depends on the sets alone, never on values, and looks like any other answer or missing cell.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use imbl::{OrdMap, Vector};
use serde::{Deserialize, Serialize};
use shuyu_kernel::Fault;

use crate::{
    groups::{GroupKey, Groups},
    members::Members,
    ordinals::Ordinals,
    permit::Thresholds,
    relations::Relations,
    release::SetKey,
    touched::Touched,
};

/// One answered sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// What is the same for all that may be subtracted from each other.
    pub family: String,
    /// The subjects.
    pub set: SetKey,
    /// The subjects with what each contributed.
    pub contribution: u64,
    /// Who.
    pub members: Members,
    /// What was answered.
    pub value: f64,
    /// The party it was answered to first.
    pub party: String,
    /// What a subject contributes does not depend on the cell, so that cells are sums of subjects (L4).
    pub additive: bool,
    /// It is counted as a cell that is split and that splits (L5).
    pub splits: bool,
    /// An own list had a say in who is in it: `k_fused` tells what is close to it, and what its party may put together
    /// in the family from then on.
    pub fused: bool,
}

/// Fewest subjects that are many, where none is said: pivots are put right when the next sum is judged.
pub(crate) const FEW: u64 = 10;

/// What stands before the members in a row.
#[derive(Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "snake_case")]
pub(crate) enum Head {
    /// Units in the order in which they were met, as releases before wrote them.
    Units { units: Vec<u64> },
    /// The same; they stand behind it.
    Met,
    Entry {
        family: String,
        set: SetKey,
        contribution: u64,
        value: u64,
        party: String,
        additive: bool,
        splits: bool,
        #[serde(default)]
        fused: bool,
    },
    /// A group of which a class was answered.
    Group {
        family: String,
        group: GroupKey,
        near: bool,
    },
    /// A sum that was answered as another one, with the set and the contribution of that one.
    Snapped {
        family: String,
        sum: (SetKey, u64),
        to: (SetKey, u64),
    },
}

/// A copy shares all with the first one until one of them grows: every statement is judged on a copy of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Family {
    pub entries: Vector<Arc<Entry>>,
    /// By entry: further cells that split it, by party.
    pub splits: Vector<BTreeMap<String, u64>>,
    pub known: OrdMap<(SetKey, u64), usize>,
    /// Sums that were answered as an entry: as that one for ever, also when a nearer one is answered later.
    pub snapped: OrdMap<(SetKey, u64), usize>,
    pub relations: Relations,
    /// Groups that its classes are made of.
    pub groups: Groups,
    /// Parties with an entry that an own list had a say in.
    pub choosers: BTreeSet<String>,
}

/// The release ledger of one identifier domain.
#[derive(Debug, Clone, Default)]
pub struct Book {
    rows: u64,
    pub(crate) ordinals: Ordinals,
    pub(crate) families: OrdMap<String, Family>,
}

/// What is to be remembered of one statement, in order. It is void if the book has more rows than `from` by then.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remembered {
    /// Identifier domain.
    pub domain: String,
    /// Rows of the book when the statement was judged.
    pub from: u64,
    /// Rows to append.
    pub rows: Vec<Vec<u8>>,
}

/// What was answered before, and to whom an answer goes.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// All permits under common control are one party.
    pub party: String,
    /// The release ledger of each identifier domain; where there is none, nothing was answered.
    pub books: BTreeMap<String, Arc<Book>>,
}

/// How a sum is answered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// For the first time.
    Fresh(f64),
    /// As before: it is the same question.
    Again(f64),
    /// As a question that differs by a few subjects was.
    Snapped(f64),
    /// Not at all.
    Suppressed,
}

impl Verdict {
    /// What leaves.
    pub fn value(self) -> Option<f64> {
        match self {
            Verdict::Fresh(value) | Verdict::Again(value) | Verdict::Snapped(value) => Some(value),
            Verdict::Suppressed => None,
        }
    }
}

impl Book {
    /// Rows so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Reads the next row.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(&mut self, row: &[u8]) -> Result<(), Fault> {
        let cut = || Fault::new("reading the release ledger", "a row is cut");
        let (length, rest) = row.split_first_chunk::<4>().ok_or_else(cut)?;
        let length = u32::from_le_bytes(*length) as usize;
        let (head, body) = rest.split_at_checked(length).ok_or_else(cut)?;
        let head =
            serde_json::from_slice(head).map_err(|error| Fault::new("reading the release ledger", error))?;
        match head {
            Head::Units { units } => {
                self.ordinals.of(&[&units]);
            }
            Head::Met => {
                let (units, rest) = body.as_chunks::<8>();
                if !rest.is_empty() {
                    return Err(cut());
                }
                let units = units.iter().map(|unit| u64::from_le_bytes(*unit));
                self.ordinals.of(&[&units.collect::<Vec<u64>>()]);
            }
            Head::Entry {
                family,
                set,
                contribution,
                value,
                party,
                additive,
                splits,
                fused,
            } => {
                let members = Members::decode(body)?;
                let value = f64::from_bits(value);
                let entry = Entry {
                    family,
                    set,
                    contribution,
                    members,
                    value,
                    party,
                    additive,
                    splits,
                    fused,
                };
                let family = self.families.entry(entry.family.clone()).or_default();
                let touched = family.relations.touched(&entry.members);
                let split = family.split_by(&entry, &touched);
                let classes = family.relations.split_touched(&entry.members, &touched);
                if entry.additive {
                    family.relations.put(&classes, FEW);
                }
                family.add(Arc::new(entry), &classes, &split);
            }
            Head::Group { family, group, near } => {
                let members = Members::decode(body)?;
                let family = self.families.entry(family).or_default();
                family.groups.add(group, members, near, FEW);
            }
            Head::Snapped { family, sum, to } => {
                let family = self.families.entry(family).or_default();
                let place = family.known.get(&to).copied();
                family.snapped.extend(place.map(|place| (sum, place)));
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Sums answered so far.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let entries = self.families.values().flat_map(|family| &family.entries);
        entries.map(Arc::as_ref)
    }

    /// How many further cells a party may have that split an answered cell: the fewest left of any cell, and
    /// the number of cells of which none are left. `None` if nothing was answered.
    pub fn remaining(&self, party: &str, thresholds: &Thresholds) -> Option<(u64, u64)> {
        let mut left = Vec::new();
        for family in self.families.values() {
            let all = family.entries.iter().zip(&family.splits);
            let all = all.filter(|(entry, _)| entry.splits);
            left.extend(all.map(|(entry, splits)| {
                let used = splits.get(party).copied().unwrap_or(0);
                most_splits(entry, thresholds).saturating_sub(used)
            }));
        }
        let none = left.iter().filter(|left| **left == 0).count() as u64;
        left.into_iter().min().map(|fewest| (fewest, none))
    }
}

pub(crate) fn most_splits(entry: &Entry, thresholds: &Thresholds) -> u64 {
    entry.members.len() * u64::from(thresholds.splits_per_subject.value) / 1000
}

impl Family {
    /// Whether a party chose who is in one of its sets, so that what it can put together may be about whom it likes.
    pub fn chosen_by(&self, party: &str) -> bool {
        self.choosers.contains(party)
    }

    /// Entries of which some members are in the new one and some are not.
    pub fn split_by(&self, entry: &Entry, touched: &Touched) -> Vec<usize> {
        if !entry.splits {
            return Vec::new();
        }
        let shared = self.relations.overlaps(touched);
        let parted = shared.into_iter().filter_map(|(cell, shared)| {
            let place = cell as usize;
            let other = self.entries.get(place)?;
            (other.splits && shared < other.members.len()).then_some(place)
        });
        parted.collect()
    }

    pub fn add(&mut self, entry: Arc<Entry>, classes: &[u32], split: &[usize]) {
        for place in split {
            if let Some(splits) = self.splits.get_mut(*place) {
                *splits.entry(entry.party.clone()).or_default() += 1;
            }
        }
        let place = self.entries.len();
        self.relations
            .add_cell(u32::try_from(place).unwrap_or(u32::MAX), classes);
        self.known.insert((entry.set, entry.contribution), place);
        if entry.fused && !self.chosen_by(&entry.party) {
            self.choosers.insert(entry.party.clone());
        }
        self.entries.push_back(entry);
        self.splits.push_back(BTreeMap::new());
    }
}
