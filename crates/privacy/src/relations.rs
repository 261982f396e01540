//! What can be put together from released sums (L4).
//!
//! Subjects that were in the same released cells are one *class*; each released sum is a row of zeros and ones over
//! classes, and whatever can be computed from released sums is in the space of these rows. A further sum may be
//! released only if that space then holds no vector that lives on few subjects: such a vector is an answer about them.
//!
//! The rows are kept reduced. Great classes come first as pivots, so that the rows with a small pivot span
//! exactly the vectors that live on small classes. Each of them, and each two of them put together so that something
//! cancels, is weighed, as far as the further sum is in it: what could be computed before it is no reason to refuse it.
//! Who asked before may have been weighed by fewer subjects (`k`, not `k_fused`), or by another jitter. Honest
//! drill-down makes no small class and costs nothing.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use imbl::{OrdMap, Vector};

use crate::{
    class_of::ClassOf,
    field::{self, Row},
    members::Members,
    touched::{Halves, Touched},
};

/// Most steps of elimination for one sum. Beyond it is taken to expose somebody, whatever it is.
const MOST_WORK: u64 = 40_000_000;
/// Most rows on small classes that are put together two by two.
const MOST_PAIRED: usize = 200;
/// Classes that are few enough to count cells in a map.
const FEW_CLASSES: usize = 64;
/// A column of nobody. While a sum is judged it says of every row how often the sum is in it; no class has this number.
const ASKED: u32 = u32::MAX;

#[derive(Debug, Clone, Default)]
struct Class {
    size: u64,
    /// Released cells that hold it.
    cells: Vec<u32>,
}

#[derive(Debug, Clone)]
struct Reduced {
    pivot: u32,
    row: Row,
}

/// Classes of subjects and the reduced rows over them, for one family of sums.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relations {
    class_of: ClassOf,
    classes: Vector<Class>,
    basis: Vector<Arc<Reduced>>,
    /// Places of the rows, by pivot.
    pivots: OrdMap<u32, usize>,
}

/// What a further sum would mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Relation {
    /// It can be computed already.
    Known,
    /// It is new and exposes nobody.
    New,
    /// With it, something about too few subjects could be computed.
    Exposing,
}

/// What went before a row was put in, to take it out again.
pub(crate) struct Before(Vector<Arc<Reduced>>, OrdMap<u32, usize>);

impl Relations {
    /// How many atoms each released cell shares with the members that touch these classes.
    pub fn overlaps(&self, touched: &Touched) -> BTreeMap<u32, u64> {
        let held = touched.classes.iter().map(|(class, count)| {
            let cells = self.class(*class).map_or(&[][..], |class| &class.cells);
            (cells, *count)
        });
        let mut shared: BTreeMap<u32, u64> = BTreeMap::new();
        if touched.classes.len() < FEW_CLASSES {
            for (cells, count) in held {
                cells
                    .iter()
                    .for_each(|cell| *shared.entry(*cell).or_default() += count);
            }
            return shared;
        }
        // Where subjects are in many classes, they share few cells: counted by number.
        let mut by_cell: Vec<u64> = Vec::new();
        for (cells, count) in held {
            for cell in cells {
                let cell = *cell as usize;
                if by_cell.len() <= cell {
                    by_cell.resize(cell + 1, 0);
                }
                if let Some(shared) = by_cell.get_mut(cell) {
                    *shared += count;
                }
            }
        }
        let shared = (0u32..).zip(by_cell).filter(|(_, count)| *count > 0);
        shared.collect()
    }

    /// The classes that these members are in.
    pub fn touched(&self, members: &Members) -> Touched {
        if self.class_of.is_empty() {
            return Touched::nobody(members.len());
        }
        Touched::of(self.class_of.of(members.atoms()), self.classes.len())
    }

    fn class(&self, id: u32) -> Option<&Class> {
        self.classes.get(id as usize)
    }

    fn size(&self, id: u32) -> u64 {
        self.class(id).map_or(0, |class| class.size)
    }

    /// Splits classes so that these members are a union of them; answers which.
    pub fn split(&mut self, members: &Members) -> Vec<u32> {
        let touched = self.touched(members);
        self.split_touched(members, &touched)
    }

    /// The same for members whose classes are known, and have not changed since.
    pub fn split_touched(&mut self, members: &Members, touched: &Touched) -> Vec<u32> {
        let (touched, strangers) = (&touched.classes, touched.strangers);
        let mut halves = Halves::default();
        for (class, count) in touched {
            if *count < self.size(*class) {
                halves.insert(*class, self.halve(*class, *count));
            }
        }
        let fresh = (strangers > 0).then(|| {
            self.add_class(Class {
                size: strangers,
                cells: Vec::new(),
            })
        });
        if fresh.is_some() || !halves.is_empty() {
            self.class_of.put(members.atoms(), |class| match class {
                Some(class) => halves.get(class),
                None => fresh,
            });
        }
        if !halves.is_empty() {
            self.change(&mut |reduced| {
                let doubled = reduced.row.iter();
                let doubled: Row = doubled.filter_map(|(c, v)| Some((halves.get(*c)?, *v))).collect();
                if doubled.is_empty() {
                    return None;
                }
                let mut row: Row = reduced.row.iter().copied().chain(doubled).collect();
                row.sort_unstable_by_key(|(column, _)| *column);
                Some(row)
            });
        }
        let inside = touched
            .iter()
            .map(|(class, _)| halves.get(*class).unwrap_or(*class));
        let mut inside: Vec<u32> = inside.chain(fresh).collect();
        inside.sort_unstable();
        inside
    }

    /// Puts other rows in the place of those that change; the others stay shared with copies.
    fn change(&mut self, other: &mut dyn FnMut(&Reduced) -> Option<Row>) {
        let changed: Vec<(usize, Arc<Reduced>)> = self
            .basis
            .iter()
            .enumerate()
            .filter_map(|(place, reduced)| {
                let (pivot, row) = (reduced.pivot, other(reduced)?);
                Some((place, Arc::new(Reduced { pivot, row })))
            })
            .collect();
        for (place, reduced) in changed {
            self.basis.set(place, reduced);
        }
    }

    fn halve(&mut self, class: u32, size: u64) -> u32 {
        let cells = match self.classes.get_mut(class as usize) {
            Some(old) => {
                old.size -= size;
                old.cells.clone()
            }
            None => Vec::new(),
        };
        self.add_class(Class { size, cells })
    }

    fn add_class(&mut self, class: Class) -> u32 {
        self.classes.push_back(class);
        // A class holds a subject, and ordinals are 32 bits.
        u32::try_from(self.classes.len() - 1).unwrap_or(u32::MAX)
    }

    /// Notes that a cell with this number is the union of these classes.
    pub fn add_cell(&mut self, cell: u32, classes: &[u32]) {
        for class in classes {
            if let Some(class) = self.classes.get_mut(*class as usize) {
                class.cells.push(cell);
            }
        }
    }

    /// Puts the sum over these classes in, and says what it means when fewer than `least` subjects are few.
    pub fn put(&mut self, classes: &[u32], least: u64) -> (Relation, Before) {
        let before = self.before();
        let relation = self.insert(classes, least).unwrap_or(Relation::Exposing);
        self.change(&mut |reduced| {
            let (_, row) = reduced.row.split_last().filter(|_| is_new(&reduced.row))?;
            Some(row.to_vec())
        });
        (relation, before)
    }

    /// For a sum that is not made of classes: it is new, and nothing is put in.
    pub fn pass(&self) -> (Relation, Before) {
        (Relation::New, self.before())
    }

    fn before(&self) -> Before {
        Before(self.basis.clone(), self.pivots.clone())
    }

    /// Takes the last sum out again.
    pub fn undo(&mut self, before: Before) {
        Before(self.basis, self.pivots) = before;
    }

    /// `None` when it is too much work to tell.
    fn insert(&mut self, classes: &[u32], least: u64) -> Option<Relation> {
        let mut work = 0u64;
        let mut row: Row = classes.iter().chain([&ASKED]).map(|class| (*class, 1)).collect();
        for place in classes.iter().filter_map(|class| self.pivots.get(class)) {
            let Some(known) = self.basis.get(*place) else {
                continue;
            };
            work += (row.len() + known.row.len()) as u64;
            row = field::reduced(&row, field::at(&row, known.pivot), &known.row);
            if work > MOST_WORK {
                return None;
            }
        }
        let great = row.iter().find(|(class, _)| self.size(*class) >= least);
        let first = row.first().filter(|(class, _)| *class != ASKED);
        let Some((pivot, _)) = great.or(first).copied() else {
            return Some(Relation::Known);
        };
        field::scaled(&mut row, pivot);
        self.eliminate(pivot, &row, &mut work)?;
        self.pivots.insert(pivot, self.basis.len());
        self.basis.push_back(Arc::new(Reduced { pivot, row }));
        if self
            .classes
            .iter()
            .all(|class| class.size == 0 || class.size >= least)
        {
            return Some(Relation::New);
        }
        self.great_first(least, &mut work)?;
        let exposing = self.exposes(least);
        Some(if exposing {
            Relation::Exposing
        } else {
            Relation::New
        })
    }

    /// Takes a pivot's column out of all rows.
    fn eliminate(&mut self, pivot: u32, row: &Row, work: &mut u64) -> Option<()> {
        self.change(&mut |reduced| {
            let factor = field::at(&reduced.row, pivot);
            (factor != 0).then(|| {
                *work += (row.len() + reduced.row.len()) as u64;
                field::reduced(&reduced.row, factor, row)
            })
        });
        (*work <= MOST_WORK).then_some(())
    }

    /// Whether the sum over these members is what the sums that were put in come to, but for classes of few subjects.
    pub fn nearly_spans(&mut self, members: &Members, least: u64) -> bool {
        let classes = self.split(members);
        let before = self.on_few(least);
        let relation = self.insert(&classes, least);
        match (relation, before, self.on_few(least)) {
            (Some(Relation::New | Relation::Exposing), Some(before), Some(after)) => after > before,
            _ => true,
        }
    }

    /// How many rows live on classes of few subjects.
    fn on_few(&mut self, least: u64) -> Option<usize> {
        self.great_first(least, &mut 0)?;
        let few = self
            .basis
            .iter()
            .filter(|reduced| self.size(reduced.pivot) < least);
        Some(few.count())
    }

    /// Gives every row that has a great class a great pivot: classes shrink as they are split.
    fn great_first(&mut self, least: u64, work: &mut u64) -> Option<()> {
        for place in 0..self.basis.len() {
            let Some(reduced) = self.basis.get(place) else {
                continue;
            };
            if self.size(reduced.pivot) >= least {
                continue;
            }
            let great = reduced.row.iter().find(|(class, _)| self.size(*class) >= least);
            let Some((pivot, _)) = great.copied() else {
                continue;
            };
            let mut row = reduced.row.clone();
            field::scaled(&mut row, pivot);
            self.eliminate(pivot, &row, work)?;
            let before = self.basis.set(place, Arc::new(Reduced { pivot, row }));
            self.pivots.remove(&before.pivot);
            self.pivots.insert(pivot, place);
        }
        Some(())
    }

    /// Whether something about fewer than `least` subjects is in the space of the rows that was not in it without the
    /// sum that is judged.
    fn exposes(&self, least: u64) -> bool {
        let small = self.basis.iter().map(|reduced| (reduced.pivot, &reduced.row));
        let small = small.filter(|(pivot, _)| self.size(*pivot) < least);
        let (new, old): (Vec<&Row>, Vec<&Row>) = small.map(|(_, row)| row).partition(|row| is_new(row));
        if new.iter().any(|row| self.weight(row) < least) {
            return true;
        }
        let paired: Vec<&Row> = new.iter().copied().chain(old).take(MOST_PAIRED).collect();
        let firsts = paired.iter().enumerate().take(new.len());
        firsts.into_iter().any(|(place, first)| {
            let later = paired.iter().skip(place + 1);
            later.into_iter().any(|second| self.pair(first, second) < least)
        })
    }

    /// The lightest of two rows put together so that a column of both cancels and the sum that is judged does not.
    fn pair(&self, first: &Row, second: &Row) -> u64 {
        let shared = first.iter().filter(|(class, _)| field::at(second, *class) != 0);
        let ratios: BTreeSet<u64> = shared
            .map(|(class, _)| field::ratio(first, second, *class))
            .collect();
        let together = ratios.into_iter().map(|by| field::reduced(first, by, second));
        let weights = together.filter(is_new).map(|row| self.weight(&row));
        weights.min().unwrap_or(u64::MAX)
    }

    fn weight(&self, row: &Row) -> u64 {
        row.iter().map(|(class, _)| self.size(*class)).sum()
    }
}

/// Whether the sum that is judged is in a row.
fn is_new(row: &Row) -> bool {
    row.last().is_some_and(|(column, _)| *column == ASKED)
}
