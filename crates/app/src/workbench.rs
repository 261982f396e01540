//! Asking under a permit: check, run, gate, compare with what was answered before, then release in one transaction,
//! and only then answer.

mod events;
mod held;
mod kept;
mod released;

use serde::{Deserialize, Serialize};
use shuyu_domain::{
    event::Charge,
    port::{Loaded, Meter, Proposal, ReleaseTrace, Request, Stream},
};
use shuyu_kernel::{CaseId, Digest, Id, PermitId, Refusal, ReleaseId};
use shuyu_privacy::permit::{Permit, PermitMode};
use tokio::time::{Instant, sleep_until};

use crate::{
    App, Session, Stop,
    dispatch::fingerprint,
    own,
    permit::{Standing, holds},
    port::{Answer, AskError, Gated},
    running::{ANSWER_GRID, Halt, RELEASE_GRID, Ticket, longest, on_the_grid},
};
use events::{events, trace};
pub(crate) use kept::as_recorded;
use kept::{HELD, RELEASE, kept};

/// The release ledger has grown since an answer was judged.
const LEDGER_MOVED: &str = "release_ledger_moved";
/// How often an answer is judged anew before the query ends without one.
const MOST_TURNS: u32 = 5;

/// An answer with the name it left under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Released {
    /// The release.
    pub release: ReleaseId,
    /// Case of the permit.
    pub case: CaseId,
    /// Permit.
    pub permit: PermitId,
    /// The gated cells.
    pub answer: Answer,
}

/// What was asked, without its text.
struct Asked {
    permit: PermitId,
    /// The mode that was asked for, if another than that of the permit.
    mode: Option<PermitMode>,
    /// Query text can hold personal data: only a keyed digest is kept.
    query: Digest,
    /// Idempotency: the same key gives the same release.
    key: Option<(String, String)>,
    /// The answer is for people who look at it, not for whoever asks.
    held: bool,
}

/// Whoever asked does not want the answer any more.
pub(crate) fn cancelled() -> Refusal {
    Refusal::unmet("query_cancelled")
}

impl Asked {
    /// What the question is cancelled by: its own key, or one of the platform's.
    fn name(&self, app: &App) -> String {
        let key = self.key.as_ref().map(|(_, key)| key.clone());
        key.unwrap_or_else(|| app.form_key())
    }

    /// Exact answers go to those who look at them, and nobody else.
    fn leaves_as(&self, permit: &Permit) -> Result<(), Refusal> {
        if (permit.mode == PermitMode::Review) == self.held {
            return Ok(());
        }
        Err(Refusal::conflict("answers_reviewed").citing(&permit.citations.raw_stays))
    }

    fn fingerprint(&self) -> Digest {
        match self.mode {
            None => fingerprint(&("ask", self.permit, self.query)),
            Some(mode) => fingerprint(&("ask", self.permit, self.query, mode)),
        }
    }
}

impl App {
    /// Answers a query under a permit. The same `key` gives the release that was made under it.
    ///
    /// # Errors
    /// Everything [`App::standing`] and the engine refuse; `queries_too_many`; `idempotency_key_reused`;
    /// `query_no_answer` for whatever happens after sealing.
    pub async fn ask(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        key: Option<String>,
    ) -> Result<Released, Stop> {
        self.ask_in(session, permit, sql, key, None).await
    }

    /// As [`App::ask`], in a stricter mode than that of the permit.
    ///
    /// # Errors
    /// As [`App::ask`]; `mode_locked`, `dp_not_offered`, and `dp_budget_spent` before anything runs.
    pub async fn ask_in(
        &self,
        session: &Session,
        permit: PermitId,
        sql: &str,
        key: Option<String>,
        mode: Option<PermitMode>,
    ) -> Result<Released, Stop> {
        let asked = Asked {
            permit,
            mode,
            query: self.secrets.keyed_digest(sql.as_bytes()),
            key: key.map(|key| (session.actor.person.to_string(), key)),
            held: false,
        };
        self.asked(session, &asked, self.ask_inner(session, sql, &asked).await)
            .await
    }

    /// Notes what came of a question, before anything of it is shown.
    async fn asked<T>(&self, session: &Session, asked: &Asked, result: Result<T, Stop>) -> Result<T, Stop> {
        let subject = asked.permit.to_string();
        let mut note = self.noting(Some(session), "query", &subject, result.as_ref().err());
        note.digest = Some(asked.query);
        // No record, no read: the answer is shown only after its entry is durable.
        self.record.note(&[note]).await?;
        if result.is_err() {
            session.noted.mark();
        }
        result
    }

    /// An idempotency key for a form: the same question sent again from the same page is the same key.
    pub fn question_key(&self, form_key: &str, sql: &str) -> String {
        format!("{form_key}/{}", self.secrets.keyed_digest(sql.as_bytes()))
    }

    /// Checks a query without touching data: what the workbench shows while somebody types. A refusal is noted
    /// before it is shown.
    pub async fn check_query(&self, session: &Session, permit: PermitId, sql: &str) -> Result<(), Stop> {
        let result = self.check_inner(session, permit, sql).await;
        if let Err(stop) = &result {
            let mut note = self.noting(Some(session), "query_check", &permit.to_string(), Some(stop));
            note.digest = Some(self.secrets.keyed_digest(sql.as_bytes()));
            self.record.note(&[note]).await?;
            session.noted.mark();
        }
        result
    }

    async fn check_inner(&self, session: &Session, permit: PermitId, sql: &str) -> Result<(), Stop> {
        let (standing, _) = self.standing_in(session, permit, None).await?;
        Ok(self.engine.check(&standing.permit, sql).await?)
    }

    async fn ask_inner(&self, session: &Session, sql: &str, asked: &Asked) -> Result<Released, Stop> {
        self.require_signed_in(session)?;
        if let Some((scope, key)) = &asked.key
            && let Some(earlier) = self.record.repeated(scope, key, asked.fingerprint()).await?
        {
            return self.released_again(session, &earlier, asked.held).await;
        }
        let (standing, _) = self.standing_in(session, asked.permit, asked.mode).await?;
        asked.leaves_as(&standing.permit)?;
        let name = asked.name(self);
        let ticket = self.running.start(session, &standing, name, self.now())?;
        // An act between the two lines above has not seen this query; from here on every act does.
        self.still_stands(session, &standing).await?;
        self.judged(session, &standing, sql, asked, &ticket).await
    }

    /// Everything that reads rows, in steps that each end on a grid, an answer as well as none. An answer is released
    /// after the line at which it would leave, so that whoever cancels learns no more than whoever waits.
    async fn judged(
        &self,
        session: &Session,
        standing: &Standing,
        sql: &str,
        asked: &Asked,
        ticket: &Ticket,
    ) -> Result<Released, Stop> {
        let until = Instant::now() + longest(&standing.permit.limits);
        let mut turns = 0;
        loop {
            turns += 1;
            let (gated, charges) = on_the_grid(ANSWER_GRID, async {
                let charges = self.affordable(session, standing, sql).await?;
                let gated = self.gated(session, standing, sql, &charges, (ticket, until));
                Ok::<_, Stop>((gated.await?, charges))
            })
            .await?;
            if ticket.is_cancelled() {
                return Err(self.withdrawn(session, standing, charges).await?.into());
            }
            let released = self.release(session, standing, gated, charges, asked);
            match on_the_grid(RELEASE_GRID, released).await {
                // Somebody was answered in the meantime: the answer is judged anew with that.
                Err(Stop::Refused(refusal)) if refusal.code == LEDGER_MOVED => {
                    if turns == MOST_TURNS {
                        return Err(Refusal::unmet("query_no_answer").into());
                    }
                }
                // Somebody else of the same body was faster: nothing left, nothing is charged.
                Err(Stop::Refused(refusal)) if refusal.code == "dp_budget_spent" => {
                    return Err(refusal.citing(&standing.permit.citations.scope).into());
                }
                ended => return ended,
            }
        }
    }

    /// Runs a query and compares its answer with what was answered before.
    async fn gated(
        &self,
        session: &Session,
        standing: &Standing,
        sql: &str,
        charges: &[Charge],
        (ticket, until): (&Ticket, Instant),
    ) -> Result<Gated, Stop> {
        let past = self.past(&standing.permit, session.actor.body).await?;
        let work = self.engine.ask(&standing.permit, sql, &past, ticket.cancel());
        let opaque = || Refusal::unmet("query_no_answer");
        match ticket.wait(work, sleep_until(until)).await {
            Ok(Err(AskError::Drawn)) => {
                self.charge_failed(session, standing, charges.to_vec()).await?;
                self.still_stands(session, standing).await?;
                Err(opaque().into())
            }
            Ok(Ok(gated)) => Ok(gated),
            Ok(Err(AskError::Refused(refusal))) => Err(refusal.into()),
            Err(halt) if !charges.is_empty() => {
                // Whether noise was drawn by then is not known here, so it counts as drawn.
                self.charge_failed(session, standing, charges.to_vec()).await?;
                self.still_stands(session, standing).await?;
                Err(match halt {
                    Halt::Cancelled => cancelled().into(),
                    Halt::Late | Halt::Stopped => opaque().into(),
                })
            }
            Err(Halt::Cancelled) => Err(cancelled().into()),
            Err(Halt::Late) => Err(opaque().into()),
            Ok(Err(AskError::Opaque)) | Err(Halt::Stopped) => {
                // Whoever was stopped is told which link ended.
                self.still_stands(session, standing).await?;
                Err(opaque().into())
            }
        }
    }

    /// An answer that its asker does not want any more when it could leave. Noise was drawn for it, and counts.
    async fn withdrawn(
        &self,
        session: &Session,
        standing: &Standing,
        charges: Vec<Charge>,
    ) -> Result<Refusal, Stop> {
        if !charges.is_empty() {
            self.charge_failed(session, standing, charges).await?;
        }
        Ok(cancelled())
    }

    pub(crate) async fn still_stands(&self, session: &Session, standing: &Standing) -> Result<(), Stop> {
        let loaded = self.record.load(&standing.needs).await?;
        let case = loaded.linked.get(&standing.case);
        let pinned = case.ok_or_else(|| Refusal::unknown("permit_unknown"))?.profile;
        let profile = self.profiles.get(pinned)?;
        Ok(holds(&profile, &loaded, standing.case, session, self.today())?)
    }

    /// Asks the chain once more under the lock, so that a revocation is exact, then records the release, keeps the
    /// answer and grows the release ledger in the same transaction: there is never one without the others.
    async fn release(
        &self,
        session: &Session,
        standing: &Standing,
        gated: Gated,
        charges: Vec<Charge>,
        asked: &Asked,
    ) -> Result<Released, Stop> {
        let Gated { answer, remembered } = gated;
        let traces: Vec<ReleaseTrace> = remembered.into_iter().map(trace).collect();
        let at = self.now();
        let release: ReleaseId = Id::new(at, self.ids.as_ref());
        let released = Released {
            release,
            case: standing.case,
            permit: standing.permit.id,
            answer,
        };
        let document = kept(&released, if asked.held { HELD } else { RELEASE })?;
        let events = events(
            &released,
            session,
            charges,
            asked,
            Digest::of(document.body.as_bytes()),
        );
        let request = Request {
            name: "release",
            stream: Stream::Release(release),
            key: asked.key.clone(),
            fingerprint: asked.fingerprint(),
            expected_version: None,
            needs: standing.needs.clone(),
            seeks: Vec::new(),
            numbering: None,
            at,
        };
        let (profiles, session_, standing_) = (self.profiles.clone(), session.clone(), standing.clone());
        let read = released.answer.read.clone();
        let decide = Box::new(move |loaded: &Loaded| {
            let case = loaded.linked.get(&standing_.case);
            let case = case.ok_or_else(|| Refusal::unknown("permit_unknown"))?;
            let profile = profiles.get(case.profile)?;
            holds(&profile, loaded, standing_.case, &session_, profile.zone.date(at))?;
            standing_.still_open(&profile, loaded, &read)?;
            own::still_stand(case, &standing_.permit, &read)?;
            Ok(Proposal {
                events,
                reply: serde_json::json!({ "release": release }),
                documents: vec![document],
                // Counted for the monthly report, by day.
                meters: vec![Meter {
                    counter: format!("queries_on/{}", profile.zone.date(at)),
                    by: 1,
                    at_most: None,
                }],
                traces,
                ..Proposal::default()
            })
        });
        let committed = self.record.transact(request, decide).await?;
        if committed.replayed {
            return self.released_again(session, &committed, asked.held).await;
        }
        Ok(released)
    }
}
