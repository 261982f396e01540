//! Who is in a released cell: ordinals of subjects, and what each contributed. Never leaves the system.

use std::io::Cursor;

use roaring::RoaringBitmap;
use shuyu_kernel::Fault;

/// Marks of what subjects contributed. Equal contributions have equal marks.
#[derive(Debug, Clone, PartialEq)]
pub enum Marks {
    /// All contributed the same, as in a count of subjects.
    Same(u32),
    /// One for each member, in the order of their ordinals.
    Each(Vec<u32>),
}

/// The subjects of a cell, by ordinal, with marks.
#[derive(Debug, Clone, PartialEq)]
pub struct Members {
    subjects: RoaringBitmap,
    marks: Marks,
}

/// A subject with its mark: what sums are made of.
pub type Atom = u64;

fn atom(ordinal: u32, mark: u32) -> Atom {
    u64::from(ordinal) << 32 | u64::from(mark)
}

/// The ordinal of its subject.
pub(crate) fn ordinal_of(atom: Atom) -> u32 {
    u32::try_from(atom >> 32).unwrap_or(u32::MAX)
}

/// The mark of what its subject contributes.
pub(crate) fn mark_of(atom: Atom) -> u32 {
    u32::try_from(atom & u64::from(u32::MAX)).unwrap_or(u32::MAX)
}

impl Members {
    /// From ordinals with marks; of two with the same ordinal the last one stands.
    pub fn new(mut all: Vec<(u32, u32)>) -> Self {
        all.sort_unstable_by_key(|(ordinal, _)| *ordinal);
        all.dedup_by_key(|(ordinal, _)| *ordinal);
        let first = all.first().map_or(0, |(_, mark)| *mark);
        let marks = if all.iter().all(|(_, mark)| *mark == first) {
            Marks::Same(first)
        } else {
            Marks::Each(all.iter().map(|(_, mark)| *mark).collect())
        };
        let sorted = all.iter().map(|(ordinal, _)| *ordinal);
        // They are sorted, and none is there twice.
        let subjects = RoaringBitmap::from_sorted_iter(sorted)
            .unwrap_or_else(|_| all.iter().map(|(ordinal, _)| *ordinal).collect());
        Self { subjects, marks }
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.subjects.len()
    }
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.subjects.is_empty()
    }

    /// Whether all contributed the same.
    pub fn uniform(&self) -> bool {
        matches!(self.marks, Marks::Same(_))
    }

    /// Subjects with their marks, by ordinal.
    pub fn atoms(&self) -> impl Iterator<Item = Atom> {
        let each = match &self.marks {
            Marks::Same(_) => None,
            Marks::Each(marks) => Some(marks),
        };
        let same = match &self.marks {
            Marks::Same(mark) => *mark,
            Marks::Each(_) => 0,
        };
        let marked = move |(place, ordinal)| {
            let mark = each.and_then(|marks| marks.get(place).copied()).unwrap_or(same);
            atom(ordinal, mark)
        };
        self.subjects.iter().enumerate().map(marked)
    }

    /// Subjects whose contribution differs, those that only one of the two has included (L2).
    pub fn distance(&self, other: &Self) -> u64 {
        let both = self.subjects.intersection_len(&other.subjects);
        let either = self.len() + other.len() - both;
        let same = match (&self.marks, &other.marks) {
            (Marks::Same(a), Marks::Same(b)) => {
                if a == b {
                    both
                } else {
                    0
                }
            }
            _ => {
                let mut theirs = other.atoms().peekable();
                let mut same = 0;
                for ours in self.atoms() {
                    while theirs.next_if(|atom| *atom < ours).is_some() {}
                    same += u64::from(theirs.next_if_eq(&ours).is_some());
                }
                same
            }
        };
        either - same
    }

    /// As bytes, for [`Self::decode`].
    ///
    /// # Errors
    /// When there is no memory.
    pub fn encode(&self) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::with_capacity(self.subjects.serialized_size() + 5);
        self.subjects
            .serialize_into(&mut bytes)
            .map_err(|error| Fault::new("writing the members of a cell", error))?;
        match &self.marks {
            Marks::Same(mark) => {
                bytes.push(0);
                bytes.extend(mark.to_le_bytes());
            }
            Marks::Each(marks) => {
                bytes.push(1);
                bytes.extend(marks.iter().flat_map(|mark| mark.to_le_bytes()));
            }
        }
        Ok(bytes)
    }

    /// Reads what [`Self::encode`] wrote.
    ///
    /// # Errors
    /// When it is something else.
    pub fn decode(bytes: &[u8]) -> Result<Self, Fault> {
        let wrong = |what: &str| Fault::new("reading the members of a cell", what);
        let mut reader = Cursor::new(bytes);
        let subjects = RoaringBitmap::deserialize_from(&mut reader)
            .map_err(|error| Fault::new("reading the members of a cell", error))?;
        let at = usize::try_from(reader.position()).map_err(|_| wrong("too long"))?;
        let (kind, rest) = bytes
            .get(at..)
            .and_then(<[u8]>::split_first)
            .ok_or_else(|| wrong("cut"))?;
        let mut numbers = rest
            .as_chunks::<4>()
            .0
            .iter()
            .map(|four| u32::from_le_bytes(*four));
        let marks = match kind {
            0 => Marks::Same(numbers.next().ok_or_else(|| wrong("cut"))?),
            _ => Marks::Each(numbers.collect()),
        };
        match &marks {
            Marks::Each(all) if all.len() as u64 != subjects.len() => Err(wrong("cut")),
            Marks::Each(_) | Marks::Same(_) => Ok(Self { subjects, marks }),
        }
    }
}
