//! Who is in a released cell: ordinals of subjects, and what each contributed. Never leaves the system.

use std::io::Cursor;

use roaring::RoaringBitmap;
use shuyu_kernel::Fault;

/// Ordinals for each of which there is one subject at least are close together.
const SPREAD: usize = 16;

/// Marks of what subjects contributed. Equal contributions have equal marks.
#[derive(Debug, Clone, PartialEq)]
pub enum Marks {
    /// All contributed the same, as in a count of subjects.
    Same(u32),
    /// One for each member, in the order of their ordinals.
    Each(Vec<u32>),
}

impl Marks {
    /// The same, said once if all are alike.
    fn alike(self) -> Self {
        match self {
            Marks::Each(marks) => match marks.first().copied() {
                Some(first) if marks.iter().any(|mark| *mark != first) => Marks::Each(marks),
                first => Marks::Same(first.unwrap_or(0)),
            },
            same @ Marks::Same(_) => same,
        }
    }
}

/// Of ordinals that are sorted, none twice.
fn bitmap(ordinals: impl Iterator<Item = u32> + Clone) -> RoaringBitmap {
    RoaringBitmap::from_sorted_iter(ordinals.clone()).unwrap_or_else(|_| ordinals.collect())
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
    /// From ordinals with their marks; of two with the same ordinal the last one stands.
    pub fn new(ordinals: &[u32], marks: Marks) -> Self {
        // Subjects who were met together were numbered in this order.
        if ordinals.is_sorted_by(|one, other| one < other) {
            return Self {
                subjects: bitmap(ordinals.iter().copied()),
                marks: marks.alike(),
            };
        }
        let mark = |place: usize| match &marks {
            Marks::Same(mark) => *mark,
            Marks::Each(marks) => marks.get(place).copied().unwrap_or(0),
        };
        let most = ordinals.iter().max().map_or(0, |most| *most as usize);
        let all: Vec<(u32, u32)> = if most / SPREAD < ordinals.len() {
            // They lie close together: each is put where it belongs.
            let mut marked = vec![None; most + 1];
            for (place, ordinal) in ordinals.iter().enumerate() {
                if let Some(slot) = marked.get_mut(*ordinal as usize) {
                    *slot = Some(mark(place));
                }
            }
            let there = (0u32..).zip(marked);
            there
                .filter_map(|(ordinal, mark)| Some((ordinal, mark?)))
                .collect()
        } else {
            let mut all: Vec<(u32, usize)> = ordinals.iter().copied().zip(0..).collect();
            all.sort_unstable();
            let last = all.chunk_by(|(one, _), (other, _)| one == other);
            let last = last.filter_map(|same| same.last());
            last.map(|(ordinal, place)| (*ordinal, mark(*place))).collect()
        };
        Self {
            subjects: bitmap(all.iter().map(|(ordinal, _)| *ordinal)),
            marks: Marks::Each(all.into_iter().map(|(_, mark)| mark).collect()).alike(),
        }
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
