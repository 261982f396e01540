//! The search: sessions that tell more are kept, changed and crossed.

use super::{
    model::{Model, Seen},
    question::Question,
    session::{Gate, Place, QUESTIONS, Session, classics},
};
use crate::dice::Dice;

/// How much is searched.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Sessions of a generation.
    pub sessions: usize,
    pub generations: usize,
    /// Of each generation, those that are kept.
    pub kept: usize,
}

/// What the attacker may say and knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attacker {
    /// Asks in conjunctions, as QuerySnout does.
    Plain,
    /// Also ties the secret to who the target is.
    Tying,
    /// Asks in conjunctions, and knows the secrets of everybody else.
    Insider,
}

impl Attacker {
    fn tied(self) -> bool {
        self == Self::Tying
    }

    fn insider(self) -> bool {
        self == Self::Insider
    }
}

/// Threads that ask.
const THREADS: usize = 2;

/// Asks many things at a time; answers in order.
pub fn side_by_side<T: Sync, R: Send>(all: &[T], asked: impl AsyncFn(&T) -> R + Sync) -> Vec<R> {
    let asked = &asked;
    let part = |thread: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        let own = all.iter().enumerate().skip(thread).step_by(THREADS);
        own.map(|(place, one)| (place, runtime.block_on(asked(one))))
            .collect::<Vec<_>>()
    };
    let part = &part;
    let mut answers: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || part(thread)))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// What towns of several places show of a session.
pub fn seen(gate: &Gate, attacker: Attacker, places: &[Place], session: &Session) -> Vec<Seen> {
    let asked = async |place: &Place| place.ask(gate, session, attacker.insider()).await;
    let all = side_by_side(places, asked);
    all.into_iter().flatten().collect()
}

fn any(dice: &mut Dice, tied: bool) -> Session {
    (0..QUESTIONS).map(|_| Question::any(dice, tied)).collect()
}

/// A session made of two, changed here and there.
fn child(one: &Session, other: &Session, dice: &mut Dice, tied: bool) -> Session {
    let mut child: Session = (0..QUESTIONS)
        .map(|place| {
            let parent = if dice.happens(70) { one } else { other };
            match parent.get(place) {
                Some(question) => *question,
                None => Question::any(dice, tied),
            }
        })
        .collect();
    for _ in 0..=dice.below(3) {
        let place = dice.below(QUESTIONS as u64) as usize;
        child[place] = match dice.below(4) {
            // The same once more, in other words or about others.
            0 => child[dice.below(QUESTIONS as u64) as usize].mutated(dice, tied),
            1 => Question::any(dice, tied),
            _ => child[place].mutated(dice, tied),
        };
    }
    if dice.happens(15) {
        let (a, b) = (dice.below(QUESTIONS as u64), dice.below(QUESTIONS as u64));
        child.swap(a as usize, b as usize);
    }
    child
}

/// The sessions that told most about the secrets of shadow towns, best first, each with the share of secrets it told.
pub fn search(
    gate: &Gate,
    shadows: &[Place],
    effort: Effort,
    attacker: Attacker,
    dice: &mut Dice,
) -> Vec<(f64, Session)> {
    let tied = attacker.tied();
    let mut best: Vec<(f64, Session)> = Vec::new();
    let mut next = classics(tied);
    while next.len() < effort.sessions {
        next.push(any(dice, tied));
    }
    for _ in 0..effort.generations {
        let told = side_by_side(&next, async |session: &Session| {
            let mut all = Vec::new();
            for place in shadows {
                all.extend(place.ask(gate, session, attacker.insider()).await);
            }
            Model::fit(&all).left_out
        });
        best.extend(told.into_iter().zip(std::mem::take(&mut next)));
        best.sort_by(|one, other| other.0.total_cmp(&one.0));
        best.truncate(effort.kept);
        if best[0].0 == 1.0 {
            break;
        }
        while next.len() < effort.sessions {
            let parent = |dice: &mut Dice| &best[dice.below(best.len() as u64) as usize].1;
            let (one, other) = (parent(dice), parent(dice));
            next.push(child(one, other, dice, tied));
        }
    }
    best
}
