//! Which classes some members are in, and what splitting makes of them.

/// No class has this number.
const NONE: u32 = u32::MAX;

/// More classes than that are not counted one beside the other.
const MANY: usize = 1 << 12;

/// How many of some members are in which class, by class, and how many in none.
pub(crate) struct Touched {
    pub classes: Vec<(u32, u64)>,
    pub strangers: u64,
}

impl Touched {
    /// So many members who are in no class.
    pub fn nobody(strangers: u64) -> Self {
        Self {
            classes: Vec::new(),
            strangers,
        }
    }

    /// Counts the classes of members, said one by one; there are so many classes.
    pub fn of(of_members: impl Iterator<Item = Option<u32>>, classes: usize) -> Self {
        let mut strangers = 0;
        if classes <= MANY {
            let mut counts = vec![0u64; classes];
            for class in of_members {
                match class.and_then(|class| counts.get_mut(class as usize)) {
                    Some(count) => *count += 1,
                    None => strangers += 1,
                }
            }
            let classes = (0u32..).zip(counts).filter(|(_, count)| *count > 0).collect();
            return Self { classes, strangers };
        }
        // Neighbours are mostly of one class: runs of them are counted before they are sorted.
        let mut runs: Vec<(u32, u64)> = Vec::new();
        for class in of_members {
            match (class, runs.last_mut()) {
                (None, _) => strangers += 1,
                (Some(class), Some((last, count))) if *last == class => *count += 1,
                (Some(class), _) => runs.push((class, 1)),
            }
        }
        runs.sort_unstable();
        let classes = runs.chunk_by(|(a, _), (b, _)| a == b);
        let counted = classes.filter_map(|run| {
            let count = run.iter().map(|(_, count)| count).sum();
            Some((run.first()?.0, count))
        });
        Self {
            classes: counted.collect(),
            strangers,
        }
    }
}

/// The classes that were made of parts of others, by the number of the other.
#[derive(Default)]
pub(crate) struct Halves(Vec<u32>);

impl Halves {
    pub fn insert(&mut self, class: u32, half: u32) {
        let place = class as usize;
        if self.0.len() <= place {
            self.0.resize(place + 1, NONE);
        }
        if let Some(known) = self.0.get_mut(place) {
            *known = half;
        }
    }

    pub fn get(&self, class: u32) -> Option<u32> {
        self.0.get(class as usize).copied().filter(|half| *half != NONE)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
