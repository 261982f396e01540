//! What may happen to a request, and what follows.

use std::collections::BTreeMap;

use shuyu_kernel::{Actor, CivilDate, Refusal};

use super::{Airlock, AirlockOwner, AirlockState, FileUnderReview, ReadByRun, Vote};
use crate::event::{AirlockEvent, AirlockFile, OutputKind, SealedText};

/// What somebody wants to do with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum AirlockCommand {
    /// The author puts a file in the place of one of the same name, or adds one.
    Change(AirlockFile),
    /// The author takes a file out.
    Drop(String),
    /// The author hands it over, with a text about each file; files that kept theirs need none.
    Submit(BTreeMap<String, SealedText>),
    /// A reviewer votes, and perhaps finishes.
    Review {
        /// File → vote.
        votes: BTreeMap<String, Vote>,
        /// No vote of this reviewer will follow.
        finish: bool,
    },
    /// A reviewer lets it out. With what the runs of its files read.
    Release(ReadByRun),
    /// A reviewer gives it back.
    Return(SealedText),
    /// The author takes it back.
    Withdraw,
    /// Somebody else looks again at what one reviewer let out.
    SpotCheck {
        /// It was right to let it out.
        sound: bool,
        /// What was found.
        note: SealedText,
    },
}

/// Decides. That the actor has the right to review at all was asked before.
///
/// # Errors
/// `airlock_not_author`, `airlock_own_request`, `airlock_under_review`, `airlock_not_under_review`,
/// `airlock_reviewers_full`, `airlock_review_finished`, `airlock_file_unknown`, `airlock_note_missing`,
/// `airlock_votes_missing`, `airlock_not_approved`, `airlock_empty`, `model_risk_missing`,
/// `model_risk_needs_reasons`, `spot_check_not_due`.
pub fn decide(
    airlock: &Airlock,
    command: AirlockCommand,
    by: &Actor,
    on: CivilDate,
) -> Result<Vec<AirlockEvent>, Refusal> {
    match command {
        AirlockCommand::Change(_)
        | AirlockCommand::Drop(_)
        | AirlockCommand::Submit(_)
        | AirlockCommand::Withdraw => of_author(airlock, command, by, on),
        AirlockCommand::Review { votes, finish } => review(airlock, votes, finish, by),
        AirlockCommand::Release(runs) => {
            seated(airlock, by)?;
            if airlock.state != AirlockState::Reviewed || !airlock.approved() {
                return Err(state(airlock, "airlock_not_approved"));
            }
            Ok(vec![AirlockEvent::Released {
                by: by.clone(),
                on,
                outside_ledger: airlock.outside_ledger(&runs).into_iter().collect(),
            }])
        }
        AirlockCommand::Return(note) => {
            seated(airlock, by)?;
            if !matches!(
                airlock.state,
                AirlockState::Reviewed | AirlockState::Consolidating
            ) {
                return Err(state(airlock, "airlock_not_under_review"));
            }
            let by = by.clone();
            Ok(vec![AirlockEvent::Returned { note, by, on }])
        }
        AirlockCommand::SpotCheck { sound, note } => {
            not_own(airlock, by)?;
            if !airlock.awaits_spot_check() || airlock.seats.contains_key(&by.person) {
                return Err(state(airlock, "spot_check_not_due"));
            }
            let by = by.clone();
            Ok(vec![AirlockEvent::SpotChecked { sound, note, by, on }])
        }
    }
}

fn of_author(
    airlock: &Airlock,
    command: AirlockCommand,
    by: &Actor,
    on: CivilDate,
) -> Result<Vec<AirlockEvent>, Refusal> {
    if by.person != airlock.author.person {
        return Err(Refusal::forbidden("airlock_not_author"));
    }
    let by = by.clone();
    if command == AirlockCommand::Withdraw {
        if airlock.state.owner() == AirlockOwner::Nobody {
            return Err(state(airlock, "airlock_under_review"));
        }
        return Ok(vec![AirlockEvent::Withdrawn { by, on }]);
    }
    if airlock.state.owner() != AirlockOwner::Author {
        return Err(state(airlock, "airlock_under_review"));
    }
    match command {
        AirlockCommand::Change(file) => Ok(vec![AirlockEvent::FileChanged { file, by }]),
        AirlockCommand::Drop(name) if airlock.files.contains_key(&name) => {
            Ok(vec![AirlockEvent::FileDropped { name, by }])
        }
        AirlockCommand::Drop(_) => Err(Refusal::unknown("airlock_file_unknown")),
        AirlockCommand::Submit(notes) => {
            if airlock.files.is_empty() {
                return Err(Refusal::unmet("airlock_empty"));
            }
            for (name, each) in &airlock.files {
                if each.note.is_none() && !notes.contains_key(name) {
                    return Err(Refusal::unmet("airlock_note_missing").fact("file", name));
                }
                if each.file.kind == OutputKind::Model && each.file.risk.is_none() {
                    return Err(Refusal::unmet("model_risk_missing").fact("file", name));
                }
            }
            Ok(vec![AirlockEvent::Submitted { notes, by, on }])
        }
        AirlockCommand::Review { .. }
        | AirlockCommand::Release(_)
        | AirlockCommand::Return(_)
        | AirlockCommand::Withdraw
        | AirlockCommand::SpotCheck { .. } => Ok(Vec::new()),
    }
}

fn review(
    airlock: &Airlock,
    votes: BTreeMap<String, Vote>,
    finish: bool,
    by: &Actor,
) -> Result<Vec<AirlockEvent>, Refusal> {
    not_own(airlock, by)?;
    let seat = airlock.seats.get(&by.person);
    let open = match airlock.state {
        AirlockState::Submitted | AirlockState::PartiallyReviewed => true,
        AirlockState::Consolidating => seat.is_some(),
        _ => false,
    };
    if !open {
        return Err(state(airlock, "airlock_not_under_review"));
    }
    if seat.is_none() && airlock.seats.len() >= airlock.reviewers() {
        return Err(Refusal::conflict("airlock_reviewers_full").fact("limit", airlock.reviewers()));
    }
    let consolidating = airlock.state == AirlockState::Consolidating;
    if seat.is_some_and(|seat| seat.finished) && !consolidating {
        return Err(Refusal::conflict("airlock_review_finished"));
    }
    let mut events = Vec::new();
    for (name, vote) in &votes {
        if !airlock.files.contains_key(name) {
            return Err(Refusal::unknown("airlock_file_unknown"));
        }
        if !vote.approve && vote.note.is_none() {
            return Err(Refusal::unmet("airlock_note_missing").fact("file", name));
        }
        let high = |file: &FileUnderReview| file.file.high_risk;
        if vote.approve && vote.note.is_none() && airlock.files.get(name).is_some_and(high) {
            return Err(Refusal::unmet("model_risk_needs_reasons").fact("file", name));
        }
        events.push(AirlockEvent::Voted {
            name: name.clone(),
            approve: vote.approve,
            note: vote.note.clone(),
            by: by.clone(),
        });
    }
    if finish && !consolidating {
        let voted = |name: &&String| {
            votes.contains_key(*name) || seat.is_some_and(|seat| seat.votes.contains_key(*name))
        };
        let missing: Vec<&str> = airlock
            .files
            .keys()
            .filter(|name| !voted(name))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            return Err(Refusal::unmet("airlock_votes_missing").fact("files", missing.join(", ")));
        }
        events.push(AirlockEvent::Finished { by: by.clone() });
    }
    Ok(events)
}

fn not_own(airlock: &Airlock, by: &Actor) -> Result<(), Refusal> {
    if by.person == airlock.author.person {
        return Err(Refusal::forbidden("airlock_own_request"));
    }
    Ok(())
}

/// Whoever ends a review took part in it.
fn seated(airlock: &Airlock, by: &Actor) -> Result<(), Refusal> {
    not_own(airlock, by)?;
    if airlock.seats.contains_key(&by.person) {
        Ok(())
    } else {
        Err(Refusal::forbidden("airlock_not_reviewer"))
    }
}

fn state(airlock: &Airlock, code: &str) -> Refusal {
    Refusal::conflict(code).fact("standing", airlock.state.name())
}
