//! The one door for acts in cases: parse, load, decide, append, project, commit; refusals are noted.

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use shuyu_domain::{
    Command, Context, Event,
    command::WatchClock,
    decide::decide,
    port::{Committed, Decide, Effect, Loaded, Proposal, Request, Stream, VaultItem},
    value::Value,
};
use shuyu_kernel::{CaseId, Digest, Id, Refusal, Timestamp};
use shuyu_profile::CaseQuery;

use crate::{
    App, Profiles, Session, Stop,
    input::{ActInput, Target},
    noting::echo,
};

/// How a client makes an act safe to repeat.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Key chosen by the client; the same key gives the same answer.
    pub key: Option<String>,
    /// Version of the case the client saw.
    pub expected_version: Option<u64>,
    /// The key is the body's and not the person's: whoever of it repeats the order gets the same answer.
    pub by_body: bool,
}

impl Guarded {
    /// Within which scope the key is known.
    pub(crate) fn scope(&self, session: &Session) -> String {
        if self.by_body {
            session.actor.body.to_string()
        } else {
            session.actor.person.to_string()
        }
    }
}

struct Order {
    name: &'static str,
    case: CaseId,
    opens: Option<String>,
    command: Command,
    vault: Vec<VaultItem>,
    fingerprint: Digest,
    /// Searches that the rules make.
    seeks: Vec<CaseQuery>,
}

impl App {
    /// Opens a case.
    pub async fn open(
        &self,
        session: &Session,
        procedure: &str,
        set: &BTreeMap<String, String>,
        guarded: Guarded,
    ) -> Result<(CaseId, Committed), Stop> {
        let case: CaseId = Id::new(self.now(), self.ids.as_ref());
        let result = self.open_inner(session, procedure, set, guarded, case).await;
        let what = format!("open/{}", self.known_procedure(procedure));
        self.noted(session, &what, result).await
    }

    async fn open_inner(
        &self,
        session: &Session,
        procedure: &str,
        set: &BTreeMap<String, String>,
        guarded: Guarded,
        case: CaseId,
    ) -> Result<(CaseId, Committed), Stop> {
        self.require_signed_in(session)?;
        let profile = self.profile();
        let rules = profile
            .procedure(procedure)
            .ok_or_else(|| Refusal::unknown("procedure_unknown").fact("procedure", echo(procedure)))?;
        let target = Target {
            session,
            rules,
            case,
            state: None,
        };
        let parsed = self.parse_fields(&target, set).await?;
        self.content_is_own(&profile, rules, session.actor.body, None, &parsed.set)
            .await?;
        let order = Order {
            name: "open-case",
            case,
            opens: Some(procedure.to_owned()),
            command: Command::Open {
                procedure: procedure.to_owned(),
                set: parsed.set,
            },
            vault: parsed.vault,
            fingerprint: fingerprint(&("open", procedure, set)),
            seeks: rules.queries(),
        };
        let committed = self.dispatch(session, order, guarded).await?;
        Ok((case_of(&committed).unwrap_or(case), committed))
    }

    /// Takes an act in a case, or enters it as the first step of its route.
    pub async fn act(
        &self,
        session: &Session,
        case: CaseId,
        input: ActInput,
        guarded: Guarded,
    ) -> Result<Committed, Stop> {
        let what = format!("{case}/{}", self.known_act(&input.act));
        let result = self.act_inner(session, case, input, guarded).await;
        self.noted(session, &what, result).await
    }

    async fn act_inner(
        &self,
        session: &Session,
        case: CaseId,
        input: ActInput,
        guarded: Guarded,
    ) -> Result<Committed, Stop> {
        self.require_signed_in(session)?;
        let fingerprint = fingerprint(&("act", case, &input));
        let loaded = self.record.load(&[case].into()).await?;
        let state = loaded
            .linked
            .get(&case)
            .ok_or_else(|| Refusal::unknown("case_unknown"))?;
        let profile = self.profiles.get(state.profile)?;
        let rules = profile
            .procedure(&state.procedure)
            .ok_or_else(|| Refusal::unknown("procedure_unknown").fact("procedure", &state.procedure))?;
        if rules.act(&input.act).is_none() {
            return Err(Refusal::unknown("act_unknown")
                .fact("act", echo(&input.act))
                .into());
        }
        let target = Target {
            session,
            rules,
            case,
            state: Some(state),
        };
        let (act, vault) = self.take_act(&target, input).await?;
        self.content_is_own(&profile, rules, session.actor.body, Some(state), &act.set)
            .await?;
        let order = Order {
            name: "take-act",
            case,
            opens: None,
            command: Command::Act(act),
            vault,
            fingerprint,
            seeks: rules.queries(),
        };
        self.dispatch(session, order, guarded).await
    }

    /// Takes the next step of a waiting act.
    pub async fn advance(
        &self,
        session: &Session,
        case: CaseId,
        number: u32,
        guarded: Guarded,
    ) -> Result<Committed, Stop> {
        let order = Order {
            name: "advance-act",
            case,
            opens: None,
            command: Command::Advance { number },
            vault: Vec::new(),
            fingerprint: fingerprint(&("advance", case, number)),
            seeks: self.seeks_of(case).await?,
        };
        let result = match self.require_signed_in(session) {
            Ok(()) => self.dispatch(session, order, guarded).await,
            Err(refusal) => Err(refusal.into()),
        };
        self.noted(session, &format!("{case}/advance"), result).await
    }

    /// Drops a waiting act.
    pub async fn drop_waiting(
        &self,
        session: &Session,
        case: CaseId,
        number: u32,
        guarded: Guarded,
    ) -> Result<Committed, Stop> {
        let order = Order {
            name: "drop-act",
            case,
            opens: None,
            command: Command::Drop { number },
            vault: Vec::new(),
            fingerprint: fingerprint(&("drop", case, number)),
            seeks: Vec::new(),
        };
        let result = match self.require_signed_in(session) {
            Ok(()) => self.dispatch(session, order, guarded).await,
            Err(refusal) => Err(refusal.into()),
        };
        self.noted(session, &format!("{case}/drop"), result).await
    }

    /// Urges the holder of a clock, answers, escalates, instructs, reports or closes.
    pub async fn watch(
        &self,
        session: &Session,
        case: CaseId,
        command: WatchClock,
        guarded: Guarded,
    ) -> Result<Committed, Stop> {
        let what = format!("{case}/{}", command.act.word());
        let order = Order {
            name: "watch-clock",
            case,
            opens: None,
            fingerprint: fingerprint(&("watch", case, &command)),
            command: Command::Watch(command),
            vault: Vec::new(),
            seeks: Vec::new(),
        };
        let result = match self.require_signed_in(session) {
            Ok(()) => self.dispatch(session, order, guarded).await,
            Err(refusal) => Err(refusal.into()),
        };
        self.noted(session, &what, result).await
    }

    /// The searches that the rules of a case make; none for a case that is not there.
    async fn seeks_of(&self, case: CaseId) -> Result<Vec<CaseQuery>, Stop> {
        let loaded = self.record.load(&[case].into()).await?;
        let Some(state) = loaded.linked.get(&case) else {
            return Ok(Vec::new());
        };
        let profile = self.profiles.get(state.profile)?;
        Ok(profile
            .procedure(&state.procedure)
            .map(|rules| rules.queries())
            .unwrap_or_default())
    }

    async fn dispatch(&self, session: &Session, order: Order, guarded: Guarded) -> Result<Committed, Stop> {
        let at = self.now();
        let today = self.profile().zone.date(at);
        let needs = linked_by(&order.command);
        let scope = guarded.scope(session);
        let request = Request {
            name: order.name,
            stream: Stream::Case(order.case),
            key: guarded.key.map(|key| (scope, key)),
            fingerprint: order.fingerprint,
            expected_version: guarded.expected_version,
            needs,
            seeks: order.seeks.clone(),
            numbering: order
                .opens
                .as_ref()
                .map(|procedure| (procedure.clone(), today.year())),
            at,
        };
        let case = order.case;
        let decide = decision(self.profiles.clone(), session.actor.clone(), order, at);
        let committed = self.record.transact(request, decide).await?;
        self.stop_ended_queries(Some(case)).await;
        Ok(committed)
    }

    /// What was written under this key of the person, if anything was: a form that is sent twice leads to the
    /// same result page.
    pub async fn earlier(&self, session: &Session, key: &str) -> Result<Option<(CaseId, Committed)>, Stop> {
        self.require_signed_in(session)?;
        let scope = session.actor.person.to_string();
        let committed = self.record.earlier(&scope, key).await?;
        Ok(committed.and_then(|committed| Some((case_of(&committed)?, committed))))
    }
}

pub(crate) fn case_of(committed: &Committed) -> Option<CaseId> {
    committed.reply.get("case")?.as_str()?.parse().ok()
}

/// The pure part, run by the record inside its transaction.
fn decision(profiles: Arc<Profiles>, actor: shuyu_kernel::Actor, order: Order, at: Timestamp) -> Decide {
    Box::new(move |loaded: &Loaded| {
        let profile = match &loaded.case {
            Some(case) => profiles.get(case.profile)?,
            None if order.opens.is_some() => profiles.current(),
            None => return Err(Refusal::unknown("case_unknown")),
        };
        let ctx = Context {
            profile: &profile,
            actor: &actor,
            today: profile.zone.date(at),
            registry: &loaded.registry,
            linked: &loaded.linked,
            new_case: order.case,
            next_number: loaded.next_number,
        };
        let events = decide(loaded.case.as_ref(), &order.command, &ctx)?;
        let version = loaded.version + events.len() as u64;
        let effect = Effect {
            key: format!("notice/{}/{version}", order.case),
            kind: "notice".to_owned(),
            payload: serde_json::json!({ "case": order.case }),
        };
        Ok(Proposal {
            events: events.into_iter().map(Event::Case).collect(),
            reply: serde_json::json!({ "case": order.case, "version": version }),
            outbox: vec![effect],
            vault: order.vault,
            ..Proposal::default()
        })
    })
}

fn linked_by(command: &Command) -> std::collections::BTreeSet<CaseId> {
    let set = match command {
        Command::Open { set, .. } => Some(set),
        Command::Act(act) => Some(&act.set),
        Command::Advance { .. }
        | Command::Drop { .. }
        | Command::Expire { .. }
        | Command::EscalateLate { .. }
        | Command::Watch(_) => None,
    };
    set.into_iter()
        .flat_map(|set| set.values())
        .flat_map(Value::cases)
        .collect()
}

/// Digest of what was asked, so that a key cannot be reused for something else.
pub(crate) fn fingerprint(content: &impl Serialize) -> Digest {
    Digest::of(&serde_json::to_vec(content).unwrap_or_default())
}
