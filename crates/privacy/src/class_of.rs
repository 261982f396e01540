//! Which class each subject is in, with what it contributes.

use std::sync::Arc;

use imbl::{OrdMap, Vector};

use crate::members::{Atom, mark_of, ordinal_of};

/// Subjects of one piece.
const PIECE: usize = 512;
/// Slots of one subject: one for each of the first things that it contributes.
const LAYERS: usize = 8;
/// No class has this number.
const NONE: u32 = u32::MAX;

/// The class of a subject that contributes this.
#[derive(Debug, Clone, Copy)]
struct Slot {
    mark: u32,
    class: u32,
}

const FREE: Slot = Slot { mark: 0, class: NONE };

type Piece = [Slot; PIECE];

/// One slot for every subject. A copy shares its pieces with the first one until one of them changes.
#[derive(Debug, Clone, Default)]
struct Layer(Vector<Option<Arc<Piece>>>);

/// Classes of atoms. Ordinals lie close together, so there are slots for each, taken one after the other; what a subject
/// contributes beyond these stands beside.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClassOf {
    layers: [Layer; LAYERS],
    others: OrdMap<Atom, u32>,
}

fn place(atom: Atom) -> (usize, usize) {
    let ordinal = ordinal_of(atom) as usize;
    (ordinal / PIECE, ordinal % PIECE)
}

impl Layer {
    fn piece(&self, place: usize) -> Option<&Piece> {
        self.0.get(place)?.as_deref()
    }

    fn piece_mut(&mut self, place: usize) -> Option<&mut Piece> {
        while self.0.len() <= place {
            self.0.push_back(None);
        }
        let piece = self.0.get_mut(place)?;
        Some(Arc::make_mut(
            piece.get_or_insert_with(|| Arc::new([FREE; PIECE])),
        ))
    }
}

impl ClassOf {
    /// Whether nobody is in a class.
    pub fn is_empty(&self) -> bool {
        self.layers.iter().all(|layer| layer.0.is_empty())
    }

    /// The class of each atom, if it is in one.
    pub fn of<'a>(
        &'a self,
        atoms: impl Iterator<Item = Atom> + 'a,
    ) -> impl Iterator<Item = Option<u32>> + 'a {
        let mut at: Option<usize> = None;
        // Pieces of the layers that were needed here; mostly it is the first one only.
        let mut pieces: [Option<&Piece>; LAYERS] = [None; LAYERS];
        let mut fetched = 0;
        atoms.map(move |atom| {
            let (piece, slot) = place(atom);
            if at != Some(piece) {
                (at, fetched) = (Some(piece), 0);
            }
            for (number, layer) in self.layers.iter().enumerate() {
                let here = pieces.get_mut(number)?;
                if number == fetched {
                    *here = layer.piece(piece);
                    fetched += 1;
                }
                let found = (*here)?.get(slot).filter(|slot| slot.class != NONE)?;
                if found.mark == mark_of(atom) {
                    return Some(found.class);
                }
            }
            self.others.get(&atom).copied()
        })
    }

    /// Puts each atom into the class that is said for it, given the one it is in.
    pub fn put(
        &mut self,
        atoms: impl Iterator<Item = Atom>,
        mut class: impl FnMut(Option<u32>) -> Option<u32>,
    ) {
        let mut atoms = atoms.peekable();
        let (mut here, mut left) = (Vec::new(), Vec::new());
        while let Some(first) = atoms.peek().copied() {
            let (piece, _) = place(first);
            here.clear();
            while let Some(atom) = atoms.next_if(|atom| place(*atom).0 == piece) {
                here.push(atom);
            }
            for layer in &mut self.layers {
                if here.is_empty() {
                    break;
                }
                let Some(slots) = layer.piece_mut(piece) else {
                    return;
                };
                left.clear();
                for atom in &here {
                    let Some(slot) = slots.get_mut(place(*atom).1) else {
                        continue;
                    };
                    let mark = mark_of(*atom);
                    if slot.class != NONE && slot.mark != mark {
                        left.push(*atom);
                    } else if let Some(class) = class((slot.class != NONE).then_some(slot.class)) {
                        *slot = Slot { mark, class };
                    }
                }
                std::mem::swap(&mut here, &mut left);
            }
            for atom in &here {
                if let Some(class) = class(self.others.get(atom).copied()) {
                    self.others.insert(*atom, class);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Subjects that contribute more and more different things, against a map.
    #[test]
    fn every_atom_keeps_its_class_however_many_things_its_subject_contributes() {
        let mut classes = ClassOf::default();
        let mut expected: BTreeMap<Atom, u32> = BTreeMap::new();
        assert!(classes.is_empty());
        let atoms = |round: u64| {
            let subjects = (0..3 * PIECE as u64).filter(move |subject| subject % (round + 1) != 1);
            subjects.map(move |subject| (subject << 32) | ((subject + round) % 20))
        };
        for round in 0..20u64 {
            let all: Vec<Atom> = atoms(round).collect();
            let before: Vec<Option<u32>> = classes.of(all.iter().copied()).collect();
            assert!(
                all.iter()
                    .zip(&before)
                    .all(|(atom, class)| expected.get(atom) == class.as_ref())
            );
            let copy = classes.clone();
            // Strangers get a class of their own, others the next one, and some stay where they are.
            let next = |class: Option<u32>| match class {
                Some(class) => (class % 3 != 0).then_some(class + 1),
                None => u32::try_from(round).ok(),
            };
            classes.put(all.iter().copied(), next);
            assert!(copy.of(all.iter().copied()).eq(before));
            for atom in all {
                if let Some(class) = next(expected.get(&atom).copied()) {
                    expected.insert(atom, class);
                }
            }
        }
        assert!(!classes.others.is_empty(), "more than there are slots for");
        let found = classes.of(expected.keys().copied());
        assert!(found.eq(expected.values().map(|class| Some(*class))));
    }
}
