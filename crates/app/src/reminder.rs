//! Reminders: notices to a body under a role that a clock is nearly due, or that it ran out. They ask for nothing
//! and decide nothing, so they are documents and no acts; the desk shows those that nobody has read.

use serde::{Deserialize, Serialize};
use shuyu_domain::{Case, case::Clock, port::Effect};
use shuyu_kernel::{BodyId, CaseId, CivilDate, Fault, Refusal};
use shuyu_profile::Procedure;

use crate::{App, Session, Stop, account::parse, noting::echo};

/// Kind of the effect that delivers one, and of its document.
pub(crate) const EFFECT: &str = "reminder";

/// A notice about a clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// Its key: the same reminder is never there twice.
    pub key: String,
    /// Case.
    pub case: CaseId,
    /// 案号
    pub number: String,
    /// Title of the case.
    pub title: String,
    /// Procedure.
    pub procedure: String,
    /// Clock id.
    pub clock: String,
    /// Lane key.
    pub lane: Option<String>,
    /// Last day.
    pub due: CivilDate,
    /// Working days before the last day for which it was made; `None` = the clock ran out.
    pub lead: Option<u32>,
    /// Day it was made.
    pub on: CivilDate,
    /// Day somebody of the body read it.
    #[serde(default)]
    pub read_on: Option<CivilDate>,
}

/// Whose reminders: a body under a role. Those read are kept apart, so that the desk looks at few.
fn owner(body: BodyId, role: &str, read: bool) -> String {
    let state = if read { "read" } else { "new" };
    format!("{state}/{body}/{role}")
}

fn key(case: CaseId, clock: &Clock, lead: Option<u32>, body: BodyId) -> String {
    let run = &clock.run;
    let lane = run.lane.as_deref().unwrap_or("-");
    let lead = lead.map_or("expired".to_owned(), |days| days.to_string());
    format!("remind/{case}/{}/{lane}/{}/{lead}/{body}", run.clock, run.due)
}

/// The effects that tell every body of the clock's holder.
pub(crate) fn effects(case: &Case, clock: &Clock, lead: Option<u32>, on: CivilDate) -> Vec<Effect> {
    let run = &clock.run;
    let effect = |body: &BodyId| {
        let reminder = Reminder {
            key: key(case.id, clock, lead, *body),
            case: case.id,
            number: case.number.clone(),
            title: case.title.clone(),
            procedure: case.procedure.clone(),
            clock: run.clock.clone(),
            lane: run.lane.clone(),
            due: run.due,
            lead,
            on,
            read_on: None,
        };
        Effect {
            key: reminder.key.clone(),
            kind: EFFECT.to_owned(),
            payload: serde_json::json!({
                "owner": owner(*body, &run.holder.role, false),
                "reminder": reminder,
            }),
        }
    };
    run.holder.bodies.iter().map(effect).collect()
}

#[derive(Deserialize)]
struct Payload {
    owner: String,
    reminder: Reminder,
}

impl App {
    pub(crate) async fn deliver_reminder(&self, effect: &Effect) -> Result<(), Stop> {
        let payload: Payload = serde_json::from_value(effect.payload.clone())
            .map_err(|error| Fault::new("delivering a reminder", error))?;
        // One that is there already stays as it is: it may have been read meanwhile.
        self.put(EFFECT, &effect.key, &payload.owner, &payload.reminder, 1)
            .await?;
        Ok(())
    }

    /// Reminders of the session's body under its role that nobody has read, latest first.
    ///
    /// # Errors
    /// A fault of the record.
    pub async fn reminders(&self, session: &Session) -> Result<Vec<Reminder>, Stop> {
        self.require_signed_in(session)?;
        let own = owner(session.actor.body, &session.actor.role, false);
        let documents = self.record.documents(EFFECT, Some(&own)).await?;
        let mut reminders = documents
            .iter()
            .map(parse)
            .collect::<Result<Vec<Reminder>, _>>()?;
        reminders.sort_by(|a, b| (b.on, &b.key).cmp(&(a.on, &a.key)));
        Ok(reminders)
    }

    /// Marks a reminder of the session's body as read; again it does nothing.
    ///
    /// # Errors
    /// `reminder_unknown` for what is not the body's own.
    pub async fn read_reminder(&self, session: &Session, key: &str) -> Result<(), Stop> {
        let result = self.read_reminder_inner(session, key).await;
        self.noted(session, "reminder", result).await
    }

    async fn read_reminder_inner(&self, session: &Session, key: &str) -> Result<(), Stop> {
        self.require_signed_in(session)?;
        let actor = &session.actor;
        let unknown = || Refusal::unknown("reminder_unknown").fact("reminder", echo(key));
        let document = self.record.document(EFFECT, key).await?.ok_or_else(unknown)?;
        let read = owner(actor.body, &actor.role, true);
        if document.owner == read {
            return Ok(());
        }
        if document.owner != owner(actor.body, &actor.role, false) {
            return Err(unknown().into());
        }
        let mut reminder: Reminder = parse(&document)?;
        reminder.read_on = Some(self.today());
        // Somebody of the same body who was faster has read it just as well.
        self.put(EFFECT, key, &read, &reminder, document.version + 1)
            .await?;
        Ok(())
    }

    /// Reminders that were sent about the running clocks of a case, earliest first.
    pub(crate) async fn reminders_of(
        &self,
        case: &Case,
        procedure: &Procedure,
    ) -> Result<Vec<Reminder>, Stop> {
        let everywhere = &self.profile().watch.remind;
        let mut sent = Vec::new();
        for clock in case.clocks.iter().filter(|clock| clock.stopped_on.is_none()) {
            let rule = procedure.clock(&clock.run.clock);
            let leads = rule.and_then(|rule| rule.remind.as_ref()).unwrap_or(everywhere);
            for lead in leads.iter().copied().map(Some).chain([None]) {
                for body in &clock.run.holder.bodies {
                    let key = key(case.id, clock, lead, *body);
                    if let Some(document) = self.record.document(EFFECT, &key).await? {
                        sent.push(parse(&document)?);
                    }
                }
            }
        }
        sent.sort_by(|a: &Reminder, b: &Reminder| (a.on, &a.key).cmp(&(b.on, &b.key)));
        Ok(sent)
    }
}
