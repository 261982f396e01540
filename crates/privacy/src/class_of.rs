//! Which class each subject is in, with what it contributes.

use std::sync::Arc;

use imbl::{OrdMap, Vector};

use crate::members::{Atom, mark_of, ordinal_of};

/// Subjects of one piece.
const PIECE: usize = 512;
/// No class has this number.
const NONE: u32 = u32::MAX;

/// The class of a subject that contributes this.
#[derive(Debug, Clone, Copy)]
struct Slot {
    mark: u32,
    class: u32,
}

const FREE: Slot = Slot { mark: 0, class: NONE };

/// Classes of atoms. Ordinals lie close together, so there is a slot for each; what a subject contributed otherwise (in
/// another version) stands beside. A copy shares its pieces with the first one until one of them changes.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClassOf {
    pieces: Vector<Option<Arc<[Slot; PIECE]>>>,
    others: OrdMap<Atom, u32>,
}

fn place(atom: Atom) -> (usize, usize) {
    let ordinal = ordinal_of(atom) as usize;
    (ordinal / PIECE, ordinal % PIECE)
}

impl ClassOf {
    /// The class of each atom, if it is in one.
    pub fn of<'a>(
        &'a self,
        atoms: impl Iterator<Item = Atom> + 'a,
    ) -> impl Iterator<Item = Option<u32>> + 'a {
        let mut at = None;
        atoms.map(move |atom| {
            let (piece, slot) = place(atom);
            let (here, slots) = *at.get_or_insert_with(|| (piece, self.piece(piece)));
            let slots = if here == piece { slots } else { self.piece(piece) };
            at = Some((piece, slots));
            let found = slots?.get(slot).filter(|slot| slot.class != NONE)?;
            match found.mark == mark_of(atom) {
                true => Some(found.class),
                false => self.others.get(&atom).copied(),
            }
        })
    }

    fn piece(&self, place: usize) -> Option<&[Slot; PIECE]> {
        self.pieces.get(place)?.as_deref()
    }

    /// Puts each atom into the class that is said for it, given the one it is in.
    pub fn put(
        &mut self,
        atoms: impl Iterator<Item = Atom>,
        mut class: impl FnMut(Option<u32>) -> Option<u32>,
    ) {
        let mut atoms = atoms.peekable();
        while let Some(first) = atoms.peek().copied() {
            let (here, _) = place(first);
            while self.pieces.len() <= here {
                self.pieces.push_back(None);
            }
            let Some(piece) = self.pieces.get_mut(here) else {
                return;
            };
            let slots = Arc::make_mut(piece.get_or_insert_with(|| Arc::new([FREE; PIECE])));
            while let Some(atom) = atoms.next_if(|atom| place(*atom).0 == here) {
                let Some(slot) = slots.get_mut(place(atom).1) else {
                    continue;
                };
                let mark = mark_of(atom);
                if slot.class == NONE || slot.mark == mark {
                    let before = (slot.class != NONE).then_some(slot.class);
                    if let Some(class) = class(before) {
                        *slot = Slot { mark, class };
                    }
                } else if let Some(class) = class(self.others.get(&atom).copied()) {
                    self.others.insert(atom, class);
                }
            }
        }
    }
}
