//! The sheet of one act: who tells whom what, on which clauses, and what can be done until when.

use std::collections::{BTreeMap, BTreeSet};

use shuyu_app::read::{CaseView, Sheet, TimelineItem};
use shuyu_domain::{
    Case, Value,
    event::{ActMeta, CaseEvent},
};
use shuyu_kernel::BodyId;
use shuyu_profile::{Act, Procedure};

use super::{
    super::{acts::lane_name, facts, timeline},
    ActSheetPage, Around, Seal, case_name, clear_words, day,
    kinds::{self, Form, SheetKind},
    no_such_act, proof, ways,
};
use crate::page::{Chip, ConsoleError, Frame, Grounds, Visit, frame::role_title};

/// An act with what came of it in the same entry of the record.
pub(super) struct Printed<'a> {
    pub view: &'a CaseView,
    pub procedure: &'a Procedure,
    pub meta: &'a ActMeta,
    pub lane: Option<&'a str>,
    pub set: &'a BTreeMap<String, Value>,
    pub to: Option<&'a str>,
    /// Rules of the act; `None` for the opening.
    pub rule: Option<&'a Act>,
    /// What followed from it.
    pub effects: &'a [TimelineItem],
    /// The case as it stood afterwards.
    pub then: Case,
}

impl<'a> Printed<'a> {
    fn of(view: &'a CaseView, procedure: &'a Procedure, number: usize) -> Option<Self> {
        let (before, from) = view.timeline.split_at_checked(view.act_at(number)?)?;
        let (item, rest) = from.split_first()?;
        let follows = rest
            .iter()
            .take_while(|next| next.recorded_at == item.recorded_at && !begins(&next.event));
        let effects = rest.get(..follows.count())?;
        let events = before.iter().chain([item]).chain(effects);
        let then = Case::replay(events.map(|item| &item.event))?;
        let (meta, lane, set, to) = match &item.event {
            CaseEvent::Opened { meta, set, stage, .. } => (meta, None, set, Some(stage.as_str())),
            CaseEvent::Taken {
                meta, lane, set, to, ..
            } => (meta, lane.as_deref(), set, to.as_deref()),
            _ => return None,
        };
        Some(Self {
            view,
            procedure,
            rule: procedure.act(&meta.act),
            meta,
            lane,
            set,
            to,
            effects,
            then,
        })
    }

    fn kind(&self) -> SheetKind {
        self.rule.map_or(kinds::OPENING, |rule| kinds::of(rule.kind))
    }

    /// Bodies that decided: the one that acted, or those whose decision was entered from their paper.
    fn issuers(&self) -> BTreeSet<BodyId> {
        let Some(role) = &self.meta.decided_by else {
            return [self.meta.actor.body].into();
        };
        let party = self.then.parties.get(role).cloned();
        party.unwrap_or_else(|| self.view.registry.bodies_with(role).into_iter().collect())
    }

    /// Whom it is addressed to; nobody where the sheet is for everybody or for the file.
    fn addressees(&self) -> BTreeSet<BodyId> {
        let issuers = self.issuers();
        let first: Vec<BodyId> = match self.kind().form {
            Form::Notice | Form::Decision => self.then.acts.first().map(|act| act.body).into_iter().collect(),
            Form::Letter => self
                .then
                .holder
                .iter()
                .flat_map(|holder| holder.bodies.iter().copied())
                .collect(),
            Form::Public | Form::Agreement | Form::Register => return BTreeSet::new(),
        };
        let others = |bodies: BTreeSet<BodyId>| -> BTreeSet<BodyId> { &bodies - &issuers };
        let chosen = others(first.into_iter().collect());
        if chosen.is_empty() {
            others(self.then.bodies())
        } else {
            chosen
        }
    }

    /// Whose next steps the sheet tells: those it is addressed to, else all parties.
    pub fn audience(&self) -> BTreeSet<BodyId> {
        let addressed = self.addressees();
        if addressed.is_empty() {
            self.then.bodies()
        } else {
            addressed
        }
    }

    pub fn names(&self, frame: &Frame, bodies: &BTreeSet<BodyId>) -> String {
        let names: Vec<String> = bodies
            .iter()
            .map(|body| self.view.registry.body_name(*body))
            .collect();
        names.join(&frame.t("print-and"))
    }

    fn issuer_name(&self, frame: &Frame) -> String {
        match (&self.meta.decided_by, self.names(frame, &self.issuers())) {
            (Some(role), name) if name.is_empty() => role_title(frame.lang, &self.view.profile, role),
            (_, name) => name,
        }
    }

    fn act_title(&self, frame: &Frame) -> String {
        match self.rule {
            Some(rule) => frame.pick(&rule.title, &rule.title_en).to_owned(),
            None => frame.t("event-case-opened"),
        }
    }
}

/// Whether an event begins something new rather than following from the act before it.
fn begins(event: &CaseEvent) -> bool {
    matches!(
        event,
        CaseEvent::Opened { .. }
            | CaseEvent::Taken { .. }
            | CaseEvent::Entered { .. }
            | CaseEvent::Advanced { .. }
            | CaseEvent::Dropped { .. }
            | CaseEvent::KeyIssued { .. }
            | CaseEvent::KeyRevoked { .. }
            | CaseEvent::Identity(_)
            | CaseEvent::Own(_)
    )
}

/// The sheet of the act with this number, from 1.
pub(crate) fn act_sheet(
    visit: &Visit,
    sheet: &Sheet,
    number: usize,
    around: Around,
) -> Result<ActSheetPage, ConsoleError> {
    let (frame, view) = (visit.frame.clone(), &sheet.view);
    let procedure = view.procedure()?;
    let printed = Printed::of(view, procedure, number).ok_or_else(|| no_such_act(number))?;
    let kind = printed.kind();
    let values = if kind.whole {
        &printed.then.fields
    } else {
        printed.set
    };
    let clear = clear_words(&frame, sheet);
    let item = view
        .act_at(number)
        .and_then(|at| view.timeline.get(at))
        .ok_or_else(|| no_such_act(number))?;
    let words = words(&frame, &printed);
    let addressee = printed.names(&frame, &printed.addressees());
    Ok(ActSheetPage {
        around,
        issuer: printed.issuer_name(&frame),
        number: frame.tr(
            "print-act-number",
            &[("case", view.case.number.clone()), ("n", number.to_string())],
        ),
        title: frame.tr(&format!("print-title-{}", kind.word), &words),
        addressee,
        body: frame.tr(&format!("print-body-{}", kind.word), &words),
        results: results(&frame, &printed),
        groups: facts::groups(&frame, visit, view, procedure, values, &clear),
        ways: ways::told(&frame, &printed),
        clauses: Chip::all(&frame, &view.profile, &printed.meta.clauses),
        note: note(&frame, &printed),
        closing: frame.t(&format!("print-closing-{}", kind.form.word())),
        seals: seals(&frame, &printed),
        hands: hands(&frame, &printed),
        proof: proof(view, item),
        frame,
    })
}

type Word = (&'static str, String);

/// What the sentences of a sheet name.
fn words(frame: &Frame, printed: &Printed<'_>) -> [Word; 6] {
    let procedure = printed.procedure;
    [
        ("case", case_name(printed.view).to_owned()),
        ("number", printed.view.case.number.clone()),
        (
            "procedure",
            frame.pick(&procedure.title, &procedure.title_en).to_owned(),
        ),
        ("act", printed.act_title(frame)),
        ("who", printed.issuer_name(frame)),
        ("on", day(frame, printed.meta.happened_on)),
    ]
}

/// What the act brought about, in sentences.
fn results(frame: &Frame, printed: &Printed<'_>) -> Vec<String> {
    let mut told = Vec::new();
    let lane = lane_name(printed.view, printed.lane);
    if !lane.is_empty() {
        told.push(frame.tr("print-in-lane", &[("lane", &lane)]));
    }
    for item in printed.effects {
        match &item.event {
            CaseEvent::LaneDecided { approved, struck, .. } => {
                told.push(frame.t(if *approved {
                    "print-lane-approved"
                } else {
                    "print-lane-refused"
                }));
                if !struck.is_empty() {
                    told.push(frame.tr("print-struck", &[("columns", struck.join(&frame.t("print-and")))]));
                }
            }
            CaseEvent::PermitIssued { expires_on, .. } => {
                told.push(frame.tr("print-permit", &[("date", day(frame, *expires_on))]));
            }
            CaseEvent::PermitEnded { .. } => told.push(frame.t("print-permit-ended")),
            CaseEvent::AccessClosed { on } => {
                told.push(frame.tr("print-access-closed", &[("date", day(frame, *on))]));
            }
            CaseEvent::ProductDelivered { customer, .. } => {
                let customer = printed.view.registry.body_name(*customer);
                told.push(frame.tr("print-delivered", &[("customer", customer)]));
            }
            CaseEvent::ObjectionAnswered { number, upheld } => {
                let key = if *upheld {
                    "print-objection-upheld"
                } else {
                    "print-objection-not-upheld"
                };
                told.push(frame.tr(key, &[("n", number)]));
            }
            _ => {}
        }
    }
    if let Some(stage) = printed.to.and_then(|id| printed.procedure.stage(id)) {
        let title = frame.pick(&stage.title, &stage.title_en);
        told.push(frame.tr("print-to-stage", &[("stage", title)]));
    }
    told
}

/// Why there is no clause, where there is none.
fn note(frame: &Frame, printed: &Printed<'_>) -> String {
    let basis = printed.rule.map_or(&printed.procedure.basis, |rule| &rule.basis);
    if printed.meta.clauses.is_empty() {
        Grounds::of(frame, &printed.view.profile, basis).note
    } else {
        String::new()
    }
}

/// Whose seals belong under the sheet: of an agreement all parties', else that of whoever decided.
fn seals(frame: &Frame, printed: &Printed<'_>) -> Vec<Seal> {
    let on = day(frame, printed.meta.happened_on);
    if printed.kind().form != Form::Agreement {
        return vec![Seal {
            label: String::new(),
            body: printed.issuer_name(frame),
            on,
        }];
    }
    let parties = printed.then.parties.iter();
    parties
        .flat_map(|(role, bodies)| bodies.iter().map(move |body| (role, *body)))
        .map(|(role, body)| Seal {
            label: role_title(frame.lang, &printed.view.profile, role),
            body: printed.view.registry.body_name(body),
            on: on.clone(),
        })
        .collect()
}

/// Whose hands it went through, in which manner, and from which paper it was entered.
fn hands(frame: &Frame, printed: &Printed<'_>) -> Vec<String> {
    let (view, meta) = (printed.view, printed.meta);
    let mut hands: Vec<String> = meta
        .steps
        .iter()
        .map(|step| format!("{} · {}", timeline::step_words(frame, view, step), step.on))
        .collect();
    let actor = &meta.actor;
    let person = timeline::person(
        frame,
        view,
        actor.person,
        &actor.post,
        actor.delegation.as_deref(),
    );
    let body = view.registry.body_name(actor.body);
    let manner = timeline::manner(frame, meta.manner);
    hands.push(format!("{body} · {person} · {manner} · {}", meta.recorded_on));
    if let Some(paper) = &meta.paper {
        let facts = [("name", paper.name.clone()), ("digest", paper.digest.short())];
        hands.push(frame.tr("print-entered-from", &facts));
    }
    hands
}
