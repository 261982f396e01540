//! The airlock (出域审核): how outputs of jobs leave. The order of review is decided in
//! [`shuyu_domain::airlock`]; who may review is a right in the profile, asked here.

mod answer;
mod beside;
mod evidence;
mod view;

use std::collections::BTreeMap;

use shuyu_domain::{
    Airlock, Case, Event, Value,
    airlock::{AirlockCommand, Vote, decide},
    event::{AirlockEvent, AirlockFile, AirlockOrigin, RunData, RunOutcome, SealedText},
    port::{Decide, Loaded, Proposal, Request, Stream, VaultItem},
};
use shuyu_kernel::{Actor, AirlockId, CaseId, Id, Refusal, ReleaseId, RunId, SourceId};
use shuyu_profile::{Profile, RightTo};

use crate::{App, Profiles, Session, Stop, dispatch::fingerprint, permit::holds, right::right_of};

pub use evidence::{Evidence, MOST_ROWS, ROWS_SHOWN};
pub use view::{AirlockLine, AirlockView, FileView, VoteView};

/// Longest text about a file or of a vote, in characters. Platform choice: a page of text.
const LONGEST_NOTE: usize = 2000;
/// What somebody wants to do with a request, as it comes from a form or the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AirlockInput {
    /// The author puts the output of another run in the place of the file of that name.
    Replace {
        /// Source of the run.
        source: SourceId,
        /// The run.
        run: RunId,
        /// The file.
        name: String,
    },
    /// The author takes a file out.
    Drop(String),
    /// The author hands it over: file → what it shows and how it was protected.
    Submit(BTreeMap<String, String>),
    /// A reviewer votes: file → may leave, and why not.
    Review {
        /// The votes.
        votes: BTreeMap<String, (bool, String)>,
        /// No vote of this reviewer will follow.
        finish: bool,
    },
    /// A reviewer lets it out.
    Release,
    /// A reviewer gives it back.
    Return(String),
    /// The author takes it back.
    Withdraw,
    /// Somebody else looks again.
    SpotCheck {
        /// It was right to let it out.
        sound: bool,
        /// What was found.
        note: String,
    },
}

impl App {
    /// Opens a request with all that a run on real data left.
    ///
    /// # Errors
    /// `source_unknown`, `run_unknown`, `run_without_outputs`, and everything [`App::standing`] refuses.
    pub async fn open_airlock(
        &self,
        session: &Session,
        source: SourceId,
        run: RunId,
    ) -> Result<AirlockId, Stop> {
        let result = self.open_of_run(session, source, run).await;
        self.noted(session, &format!("{run}/airlock"), result).await
    }

    async fn open_of_run(&self, session: &Session, source: SourceId, run: RunId) -> Result<AirlockId, Stop> {
        let files = self.files_of_run(session, source, run).await?;
        let source = self.own_source(session, source).await?;
        self.may_run(session, source.permit).await?;
        let id = self.fresh_request();
        self.open_request(session, id, source.case, files).await
    }

    /// Opens a request with a gated answer; one reviewer is enough for it.
    ///
    /// # Errors
    /// `release_unknown`, and everything [`App::standing`] refuses.
    pub async fn open_airlock_of_release(
        &self,
        session: &Session,
        release: ReleaseId,
    ) -> Result<AirlockId, Stop> {
        let result = self.open_of_release(session, release).await;
        self.noted(session, &format!("{release}/airlock"), result).await
    }

    async fn open_of_release(&self, session: &Session, release: ReleaseId) -> Result<AirlockId, Stop> {
        let released = self.released(session, release).await?;
        self.standing(session, released.permit).await?;
        let file = self
            .answer_file(&released, AirlockOrigin::Release(release))
            .await?;
        let id = self.fresh_request();
        self.open_request(session, id, released.case, vec![file]).await
    }

    fn fresh_request(&self) -> AirlockId {
        Id::new(self.now(), self.ids.as_ref())
    }

    pub(crate) async fn open_request(
        &self,
        session: &Session,
        id: AirlockId,
        case: CaseId,
        files: Vec<AirlockFile>,
    ) -> Result<AirlockId, Stop> {
        let event = AirlockEvent::Opened {
            airlock: id,
            permit: Self::permit_of_case(case),
            case,
            files,
            by: session.actor.clone(),
            on: self.today(),
        };
        let request = self.airlock_request(id, case, session).await?;
        let (profiles, session, at) = (self.profiles.clone(), session.clone(), request.at);
        let decide: Decide = Box::new(move |loaded: &Loaded| {
            let (profile, _) = rules(&profiles, loaded, case)?;
            holds(&profile, loaded, case, &session, profile.zone.date(at))?;
            Ok(Proposal {
                events: vec![Event::Airlock(event)],
                ..Proposal::default()
            })
        });
        self.record.transact(request, decide).await?;
        Ok(id)
    }

    /// What a run left, as files of a request. Only who started a run takes its outputs further.
    async fn files_of_run(
        &self,
        session: &Session,
        source: SourceId,
        run: RunId,
    ) -> Result<Vec<AirlockFile>, Stop> {
        let source = self.own_source(session, source).await?;
        let recorded = source.runs.get(&run);
        let own = recorded.filter(|recorded| recorded.by.person == session.actor.person);
        let recorded = own.ok_or_else(|| Refusal::unknown("run_unknown"))?;
        let end = recorded.ended.as_ref().filter(|end| {
            recorded.data == RunData::Real && end.outcome != RunOutcome::Stopped && !end.files.is_empty()
        });
        let end = end.ok_or_else(|| Refusal::conflict("run_without_outputs"))?;
        let file = |file: &shuyu_domain::event::RunFile| AirlockFile {
            name: file.name.clone(),
            kind: file.kind,
            digest: file.digest,
            size_bytes: file.size_bytes,
            origin: AirlockOrigin::Run(run),
            risk: file.risk,
            high_risk: file.high_risk,
            reads: recorded.read.iter().map(|(dataset, _)| *dataset).collect(),
        };
        Ok(end.files.iter().map(file).collect())
    }

    /// Does something with a request.
    ///
    /// # Errors
    /// What [`decide`] refuses; `airlock_unknown`; `not_a_party` and `role_may_not_act` for somebody without the right
    /// to review; for a submission `output_too_large`, `output_too_many_rows`, `output_type_not_allowed` and
    /// `output_identifies`; everything the chain of the permit refuses.
    pub async fn airlock_act(
        &self,
        session: &Session,
        id: AirlockId,
        input: AirlockInput,
    ) -> Result<Airlock, Stop> {
        let result = match self.airlock_act_inner(session, id, input).await {
            Ok(airlock) => Ok(airlock),
            Err(stop) => Err(self.grounded_review(id, stop).await),
        };
        self.noted(session, &id.to_string(), result).await
    }

    /// With what the right to review rests on.
    pub(super) async fn grounded_review(&self, id: AirlockId, stop: Stop) -> Stop {
        match self.record.airlock(id).await {
            Ok(Some(airlock)) => self.grounded_in(airlock.case, RightTo::ReviewOutput, stop).await,
            Ok(None) | Err(_) => stop,
        }
    }

    async fn airlock_act_inner(
        &self,
        session: &Session,
        id: AirlockId,
        input: AirlockInput,
    ) -> Result<Airlock, Stop> {
        let airlock = self.airlock_in_sight(session, id).await?.0;
        if let AirlockInput::Submit(_) = &input {
            self.check_files(&airlock).await?;
        }
        let (command, vault) = self.command(session, &airlock, input).await?;
        let author = of_author(&command);
        let author_session = as_session(&airlock.author);
        let needs_chain = author || matches!(command, AirlockCommand::Release(_));
        let request = self.airlock_request(id, airlock.case, &author_session).await?;
        let (profiles, session_, at) = (self.profiles.clone(), session.clone(), request.at);
        let decision: Decide = Box::new(move |loaded: &Loaded| {
            let airlock = loaded
                .airlock
                .as_ref()
                .ok_or_else(|| Refusal::unknown("airlock_unknown"))?;
            let (profile, case) = rules(&profiles, loaded, airlock.case)?;
            let on = profile.zone.date(at);
            loaded.registry.admits(&session_.actor, on)?;
            if !author {
                may_review(&profile, case, airlock, &session_.actor)?;
            }
            // A permit that ended lets nothing out any more, whoever looked at it.
            if needs_chain {
                holds(&profile, loaded, airlock.case, &author_session, on)?;
            }
            let events = decide(airlock, command, &session_.actor, on)?;
            Ok(Proposal {
                events: events.into_iter().map(Event::Airlock).collect(),
                vault,
                ..Proposal::default()
            })
        });
        self.record.transact(request, decision).await?;
        let airlock = self.record.airlock(id).await?;
        Ok(airlock.ok_or_else(|| Refusal::unknown("airlock_unknown"))?)
    }

    async fn command(
        &self,
        session: &Session,
        airlock: &Airlock,
        input: AirlockInput,
    ) -> Result<(AirlockCommand, Vec<VaultItem>), Stop> {
        let mut vault = Vec::new();
        let mut seal = |text: &str| self.seal_note(airlock.id, text, &mut vault);
        let command = match input {
            AirlockInput::Replace { source, run, name } => {
                let files = self.files_of_run(session, source, run).await?;
                let file = files.into_iter().find(|file| file.name == name);
                AirlockCommand::Change(file.ok_or_else(|| Refusal::unknown("airlock_file_unknown"))?)
            }
            AirlockInput::Drop(name) => AirlockCommand::Drop(name),
            AirlockInput::Submit(notes) => {
                let mut sealed = BTreeMap::new();
                for (name, text) in notes {
                    if let Some(note) = seal(&text)?.filter(|_| airlock.files.contains_key(&name)) {
                        sealed.insert(name, note);
                    }
                }
                AirlockCommand::Submit(sealed)
            }
            AirlockInput::Review { votes, finish } => {
                let mut cast = BTreeMap::new();
                for (name, (approve, text)) in votes {
                    let note = seal(&text)?;
                    cast.insert(name, Vote { approve, note });
                }
                AirlockCommand::Review { votes: cast, finish }
            }
            AirlockInput::Release => {
                AirlockCommand::Release(self.read_by_runs(&[airlock.case].into()).await?)
            }
            AirlockInput::Return(text) => AirlockCommand::Return(seal(&text)?.ok_or_else(no_note)?),
            AirlockInput::Withdraw => AirlockCommand::Withdraw,
            AirlockInput::SpotCheck { sound, note } => AirlockCommand::SpotCheck {
                sound,
                note: seal(&note)?.ok_or_else(no_note)?,
            },
        };
        Ok((command, vault))
    }

    /// Texts of people may name somebody: they lie in the vault, and the entry holds a commitment. `None` for an
    /// empty one.
    fn seal_note(
        &self,
        id: AirlockId,
        text: &str,
        vault: &mut Vec<VaultItem>,
    ) -> Result<Option<SealedText>, Refusal> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().count() > LONGEST_NOTE {
            return Err(Refusal::unmet("airlock_note_too_long").fact("limit", LONGEST_NOTE));
        }
        let (value, item) = self.seal_personal(&id.to_string(), "note", text);
        vault.push(item);
        Ok(match value {
            Value::Sealed { commitment, vault } => Some(SealedText {
                reference: vault,
                commitment,
            }),
            _ => None,
        })
    }

    async fn airlock_request(&self, id: AirlockId, case: CaseId, author: &Session) -> Result<Request, Stop> {
        let mut needs = self.staff_cases(author.actor.body).await?;
        needs.insert(case);
        Ok(Request {
            name: "airlock",
            stream: Stream::Airlock(id),
            key: None,
            fingerprint: fingerprint(&id),
            expected_version: None,
            needs,
            seeks: Vec::new(),
            numbering: None,
            at: self.now(),
        })
    }
}

fn no_note() -> Refusal {
    Refusal::unmet("airlock_note_missing").fact("file", "")
}

fn of_author(command: &AirlockCommand) -> bool {
    match command {
        AirlockCommand::Change(_)
        | AirlockCommand::Drop(_)
        | AirlockCommand::Submit(_)
        | AirlockCommand::Withdraw => true,
        AirlockCommand::Review { .. }
        | AirlockCommand::Release(_)
        | AirlockCommand::Return(_)
        | AirlockCommand::SpotCheck { .. } => false,
    }
}

/// The right to review, and that nobody reviews an own request.
fn may_review(profile: &Profile, case: &Case, airlock: &Airlock, actor: &Actor) -> Result<(), Refusal> {
    if airlock.author.person == actor.person {
        let rights = profile.rights(RightTo::ReviewOutput, &case.procedure);
        let clauses: Vec<_> = rights.flat_map(|right| right.basis.clauses().to_vec()).collect();
        return Err(Refusal::forbidden("airlock_own_request").citing(&clauses));
    }
    right_of(profile, RightTo::ReviewOutput, case, actor).map(|_| ())
}

fn rules<'a>(
    profiles: &Profiles,
    loaded: &'a Loaded,
    case: CaseId,
) -> Result<(std::sync::Arc<Profile>, &'a Case), Refusal> {
    let case = loaded
        .linked
        .get(&case)
        .ok_or_else(|| Refusal::unknown("permit_unknown"))?;
    Ok((profiles.get(case.profile)?, case))
}

/// The author as somebody whose chain of authority is asked; no session of theirs is used.
fn as_session(actor: &Actor) -> Session {
    let never = shuyu_kernel::Timestamp::from_micros(0);
    Session {
        key: String::new(),
        actor: actor.clone(),
        login: String::new(),
        csrf: String::new(),
        started_at: never,
        used_at: never,
        noted: crate::Noted::default(),
    }
}
