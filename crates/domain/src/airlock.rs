//! The airlock (出域审核): outputs of jobs leave only after people have looked at them, two of them blind to each other.
//!
//! States, owners and the order of review are those of OpenSAFELY's airlock (see the ADR). [`Airlock::evolve`] folds;
//! [`decide`](decide::decide) decides. Who may review at all is a right in the profile and is asked by `app`.

pub mod decide;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use shuyu_kernel::{Actor, AirlockId, CaseId, CivilDate, DatasetId, PermitId, PersonId, RunId};

use crate::event::{AirlockEvent, AirlockFile, AirlockOrigin, SealedText};

pub use decide::{AirlockCommand, decide};

/// Where a request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AirlockState {
    /// The author puts it together.
    Pending,
    /// Reviewers may take it up.
    Submitted,
    /// One of two reviewers has finished.
    PartiallyReviewed,
    /// All reviewers have finished and agree.
    Reviewed,
    /// All have finished and disagree about a file: they see each other's votes and settle it.
    Consolidating,
    /// Every file left the domain.
    Released,
    /// The author has it again, with reasons.
    Returned,
    /// The author took it back; the end.
    Withdrawn,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AirlockOwner {
    /// The author.
    Author,
    /// The reviewers.
    Reviewers,
    /// Nobody.
    Nobody,
}

impl AirlockState {
    /// All states in their order.
    pub const ALL: [AirlockState; 8] = [
        Self::Pending,
        Self::Submitted,
        Self::PartiallyReviewed,
        Self::Reviewed,
        Self::Consolidating,
        Self::Released,
        Self::Returned,
        Self::Withdrawn,
    ];

    /// The stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Submitted => "submitted",
            Self::PartiallyReviewed => "partially_reviewed",
            Self::Reviewed => "reviewed",
            Self::Consolidating => "consolidating",
            Self::Released => "released",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whose turn it is.
    pub fn owner(self) -> AirlockOwner {
        match self {
            Self::Pending | Self::Returned => AirlockOwner::Author,
            Self::Submitted | Self::PartiallyReviewed | Self::Reviewed | Self::Consolidating => {
                AirlockOwner::Reviewers
            }
            Self::Released | Self::Withdrawn => AirlockOwner::Nobody,
        }
    }

    /// Whether reviewers must not see each other's votes now.
    pub fn is_blind(self) -> bool {
        matches!(self, Self::Submitted | Self::PartiallyReviewed)
    }
}

/// A vote about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// It may leave as it is.
    pub approve: bool,
    /// Why not; and why, for a model whose risk is above a limit.
    pub note: Option<SealedText>,
}

/// A file with its number of changes and what its author says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileUnderReview {
    /// The file.
    pub file: AirlockFile,
    /// From 1; one more with every change.
    pub version: u32,
    /// What it shows and how it was protected.
    pub note: Option<SealedText>,
}

/// A reviewer's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// Under which post.
    pub actor: Actor,
    /// File → vote.
    pub votes: BTreeMap<String, Vote>,
    /// Finished in this round.
    pub finished: bool,
}

/// A second look at what one reviewer let out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpotCheck {
    /// It was right to let it out.
    pub sound: bool,
    /// What was found.
    pub note: SealedText,
    /// Who.
    pub by: Actor,
    /// Day.
    pub on: CivilDate,
}

/// Run → datasets it read, as its start was recorded.
pub type ReadByRun = BTreeMap<RunId, BTreeSet<DatasetId>>;

/// Datasets whose figures a file holds; none for an answer. A file of a request that was opened before requests
/// named them has those of its run.
pub fn reads(file: &AirlockFile, runs: &ReadByRun) -> BTreeSet<DatasetId> {
    match file.origin {
        AirlockOrigin::Run(run) if file.reads.is_empty() => runs.get(&run).cloned().unwrap_or_default(),
        AirlockOrigin::Run(_) | AirlockOrigin::Release(_) | AirlockOrigin::Held(_) => {
            file.reads.iter().copied().collect()
        }
    }
}

/// A request to let outputs out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Airlock {
    /// The request.
    pub id: AirlockId,
    /// The permit.
    pub permit: PermitId,
    /// Case of the permit.
    pub case: CaseId,
    /// The author.
    pub author: Actor,
    /// Where it stands.
    pub state: AirlockState,
    /// Files by name.
    pub files: BTreeMap<String, FileUnderReview>,
    /// Reviewers.
    pub seats: BTreeMap<PersonId, Seat>,
    /// Why it went back last.
    pub returned: Option<SealedText>,
    /// The spot check, if one was made.
    pub spot_check: Option<SpotCheck>,
    /// Day of the last step.
    pub on: CivilDate,
    /// Events folded.
    pub version: u64,
}

impl Airlock {
    /// How many reviewers it needs: one if every file passed the disclosure gate before, else two.
    pub fn reviewers(&self) -> usize {
        if self.files.values().all(|each| each.file.gated()) {
            1
        } else {
            2
        }
    }

    /// Datasets of which these files hold figures that the release ledger cannot relate to sets of subjects: a
    /// program made them, and which rows a cell counts is not known.
    pub fn outside_ledger(&self, runs: &ReadByRun) -> BTreeSet<DatasetId> {
        let outside = self.files.values().filter(|each| !each.file.in_ledger());
        outside.flat_map(|each| reads(&each.file, runs)).collect()
    }

    /// Whether what was let out is to be looked at again by somebody else.
    pub fn awaits_spot_check(&self) -> bool {
        self.state == AirlockState::Released && self.reviewers() == 1 && self.spot_check.is_none()
    }

    /// Seats whose votes a person may see: the own one, and all once every reviewer has finished.
    pub fn seats_seen_by(&self, person: PersonId) -> BTreeMap<PersonId, &Seat> {
        let seen = |id: &PersonId| *id == person || !self.state.is_blind();
        self.seats
            .iter()
            .filter(|(id, _)| seen(id))
            .map(|(id, seat)| (*id, seat))
            .collect()
    }

    /// Files that all or none of the finished reviewers approve; the others are disputed.
    pub fn disputed(&self) -> BTreeSet<&str> {
        let of = |name: &String| -> BTreeSet<bool> {
            let votes = self.seats.values().filter_map(|seat| seat.votes.get(name));
            votes.map(|vote| vote.approve).collect()
        };
        self.files
            .keys()
            .filter(|name| of(name).len() > 1)
            .map(String::as_str)
            .collect()
    }

    /// Whether every file is approved by every reviewer it needs.
    pub fn approved(&self) -> bool {
        let full = self.seats.values().filter(|seat| seat.finished).count() >= self.reviewers();
        full && self.files.keys().all(|name| {
            self.seats
                .values()
                .all(|seat| seat.votes.get(name).is_some_and(|vote| vote.approve))
        })
    }

    /// Folds an event. What makes no sense changes nothing but the version.
    pub fn evolve(state: Option<Self>, event: &AirlockEvent) -> Option<Self> {
        let mut airlock = match (state, event) {
            (
                None,
                AirlockEvent::Opened {
                    airlock,
                    permit,
                    case,
                    files,
                    by,
                    on,
                },
            ) => Self {
                id: *airlock,
                permit: *permit,
                case: *case,
                author: by.clone(),
                state: AirlockState::Pending,
                files: files.iter().map(first_version).collect(),
                seats: BTreeMap::new(),
                returned: None,
                spot_check: None,
                on: *on,
                version: 0,
            },
            (Some(airlock), _) => airlock,
            (None, _) => return None,
        };
        airlock.version += 1;
        airlock.fold(event);
        Some(airlock)
    }

    fn fold(&mut self, event: &AirlockEvent) {
        match event {
            AirlockEvent::Opened { .. } => {}
            AirlockEvent::FileChanged { file, .. } => {
                let version = self.files.get(&file.name).map_or(0, |each| each.version) + 1;
                let changed = FileUnderReview {
                    file: file.clone(),
                    version,
                    note: None,
                };
                self.files.insert(file.name.clone(), changed);
                self.forget_votes(&file.name);
            }
            AirlockEvent::FileDropped { name, .. } => {
                self.files.remove(name);
                self.forget_votes(name);
            }
            AirlockEvent::Submitted { notes, on, .. } => {
                for (name, note) in notes {
                    if let Some(each) = self.files.get_mut(name) {
                        each.note = Some(note.clone());
                    }
                }
                for seat in self.seats.values_mut() {
                    seat.finished = false;
                }
                self.move_to(AirlockState::Submitted, *on);
            }
            AirlockEvent::Voted {
                name,
                approve,
                note,
                by,
            } => {
                let vote = Vote {
                    approve: *approve,
                    note: note.clone(),
                };
                self.seat(by).votes.insert(name.clone(), vote);
                if self.state == AirlockState::Consolidating {
                    self.settle();
                }
            }
            AirlockEvent::Finished { by } => {
                self.seat(by).finished = true;
                self.settle();
            }
            AirlockEvent::Released { on, .. } => self.move_to(AirlockState::Released, *on),
            AirlockEvent::Returned { note, on, .. } => {
                self.returned = Some(note.clone());
                self.move_to(AirlockState::Returned, *on);
            }
            AirlockEvent::Withdrawn { on, .. } => self.move_to(AirlockState::Withdrawn, *on),
            AirlockEvent::SpotChecked { sound, note, by, on } => {
                self.spot_check = Some(SpotCheck {
                    sound: *sound,
                    note: note.clone(),
                    by: by.clone(),
                    on: *on,
                });
            }
        }
    }

    fn move_to(&mut self, state: AirlockState, on: CivilDate) {
        self.state = state;
        self.on = on;
    }

    fn seat(&mut self, by: &Actor) -> &mut Seat {
        self.seats.entry(by.person).or_insert_with(|| Seat {
            actor: by.clone(),
            votes: BTreeMap::new(),
            finished: false,
        })
    }

    fn forget_votes(&mut self, name: &str) {
        for seat in self.seats.values_mut() {
            seat.votes.remove(name);
        }
    }

    fn settle(&mut self) {
        let finished = self.seats.values().filter(|seat| seat.finished).count();
        self.state = if finished < self.reviewers() {
            AirlockState::PartiallyReviewed
        } else if self.disputed().is_empty() {
            AirlockState::Reviewed
        } else {
            AirlockState::Consolidating
        };
    }
}

fn first_version(file: &AirlockFile) -> (String, FileUnderReview) {
    let under_review = FileUnderReview {
        file: file.clone(),
        version: 1,
        note: None,
    };
    (file.name.clone(), under_review)
}
