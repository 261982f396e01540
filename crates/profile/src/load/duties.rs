//! Duties: what has to be done again and again and has no procedure of its own.
//!
//! A duty hangs on a procedure and becomes one clock, one act that stops and restarts it, and two fields for what
//! was done and the evidence. Nothing else of the engine knows duties; the register of duties is this file.

use std::collections::BTreeMap;

use shuyu_kernel::calendar::Bound;
use toml::Spanned;

use super::{Reader, convert::Text};
use crate::{
    field::FieldType,
    place::Place,
    procedure::{ActKind, Consequence},
    raw::{
        DutyWords, HasBasis, Origin, RawAct, RawClock, RawDuties, RawDuty, RawField, RawGuard, RawProcedure,
        StatedBasis,
    },
};

/// The duties of a profile and the file they stand in.
#[derive(Debug, Default)]
pub(super) struct Duties {
    pub(super) file: String,
    pub(super) text: String,
    words: DutyWords,
    of: BTreeMap<String, Vec<RawDuty>>,
}

impl Reader<'_> {
    /// Reads `duties.toml` of the profile; the words that every duty gets may stand in that of the base.
    pub(super) fn duties(&mut self) -> Duties {
        let of_base = self.base.file("duties.toml");
        let of_base = of_base
            .and_then(|text| self.parse::<RawDuties>(&format!("{}/duties.toml", self.base.name), text));
        let words = of_base.and_then(|raw| raw.words);
        let Some(text) = self.own.file("duties.toml") else {
            return Duties::default();
        };
        let file = format!("{}/duties.toml", self.own.name);
        let mut duties = Duties {
            text: text.to_owned(),
            file: file.clone(),
            words: DutyWords::default(),
            of: BTreeMap::new(),
        };
        let Some(raw) = self.parse::<RawDuties>(&file, text) else {
            return duties;
        };
        duties.words = raw.words.or(words).unwrap_or_default();
        for duty in raw.duty {
            let line = super::line_of(text, duty.id.span().start);
            if duty.every.is_some() == duty.due_field.is_some() {
                let at = Place {
                    file: file.as_str().into(),
                    line,
                };
                self.fault(&at, "a duty needs exactly one of every, due_field".to_owned());
            }
            duties.of.entry(duty.of.get_ref().clone()).or_default().push(duty);
        }
        duties
    }

    /// Duties of procedures that the profile does not have.
    pub(super) fn duties_without_procedure(&mut self, duties: &Duties, known: &[String]) {
        for (procedure, list) in &duties.of {
            if let Some(duty) = list.first().filter(|_| !known.contains(procedure)) {
                let at = Place {
                    file: duties.file.as_str().into(),
                    line: super::line_of(&duties.text, duty.of.span().start),
                };
                self.fault(
                    &at,
                    format!("duty `{}`: unknown procedure `{procedure}`", duty.id.get_ref()),
                );
            }
        }
    }
}

impl Duties {
    /// The file they stand in.
    pub(super) fn text(&self) -> Text<'_> {
        Text {
            file: &self.file,
            text: &self.text,
        }
    }

    /// Puts the duties of a procedure into it.
    pub(super) fn put_into(&self, procedure: &mut RawProcedure) {
        let id = procedure.id.get_ref().clone();
        for duty in self.of.get(&id).into_iter().flatten() {
            put(duty, &self.words, procedure);
        }
    }
}

fn put(duty: &RawDuty, words: &DutyWords, procedure: &mut RawProcedure) {
    let id = duty.id.get_ref();
    for act in procedure
        .act
        .iter_mut()
        .filter(|act| duty.starts_on.contains(act.id.get_ref()))
    {
        act.starts.push(id.clone());
    }
    if duty.starts_on.iter().any(|act| act == "open") {
        procedure.open.starts.push(id.clone());
    }
    // Whoever leaves the stages in which the duty is owed owes it no more.
    let leaves = |act: &&mut RawAct| {
        let gone = act.to.as_ref().is_some_and(|to| !duty.stages.contains(to));
        gone && act.from.iter().any(|from| duty.stages.contains(from)) && !act.stops.contains(id)
    };
    procedure
        .act
        .iter_mut()
        .filter(leaves)
        .for_each(|act| act.stops.push(id.clone()));
    let note = field(
        duty,
        "note",
        FieldType::Paragraph,
        words_of(&words.note, &words.note_en, &words.note_help, &words.note_help_en),
    );
    let evidence = field(
        duty,
        "evidence",
        FieldType::File,
        words_of(
            &words.evidence,
            &words.evidence_en,
            &words.evidence_help,
            &words.evidence_help_en,
        ),
    );
    let mut records = vec![note.id.get_ref().clone(), evidence.id.get_ref().clone()];
    records.extend(duty.records.clone());
    procedure.act.push(act(duty, words, records));
    procedure.field.extend([note, evidence]);
    procedure.clock.push(clock(duty));
}

fn spanned(duty: &RawDuty, id: String) -> Spanned<String> {
    Spanned::new(duty.id.span(), id)
}

fn act(duty: &RawDuty, words: &DutyWords, records: Vec<String>) -> RawAct {
    let stated = duty.stated();
    let guard = RawGuard {
        rule: spanned(duty, "complete".to_owned()),
        code: "duty_record_missing".to_owned(),
        fields: records.first().cloned().into_iter().collect(),
        ..RawGuard::bare(&words.reason, Origin::Duties)
    };
    RawAct {
        id: spanned(duty, duty.id.get_ref().clone()),
        kind: ActKind::Record,
        title: duty.title.clone(),
        title_en: duty.title_en.clone(),
        by: vec![duty.holder.clone()],
        from: duty.stages.clone(),
        to: None,
        manners: duty.manners.clone(),
        decided_by: None,
        route: Vec::new(),
        in_lane: false,
        records,
        guard: vec![guard],
        starts: vec![duty.id.get_ref().clone()],
        stops: vec![duty.id.get_ref().clone()],
        extends: Vec::new(),
        pauses: Vec::new(),
        resumes: Vec::new(),
        effects: Vec::new(),
        cite: stated.cite,
        inferred: stated.inferred,
        agreement_item: stated.agreement_item,
        platform_default: stated.platform_default,
        rests_on: stated.rests_on,
        setting: None,
        origin: Origin::Duties,
        cited_in: stated.cited_in,
    }
}

fn clock(duty: &RawDuty) -> RawClock {
    let stated = match &duty.every_is {
        Some(reason) => StatedBasis {
            platform_default: Some(reason.clone()),
            ..StatedBasis::default()
        },
        None => duty.stated(),
    };
    RawClock {
        id: spanned(duty, duty.id.get_ref().clone()),
        title: duty.title.clone(),
        title_en: duty.title_en.clone(),
        limit: duty.every,
        limit_field: None,
        due_field: duty.due_field.clone(),
        start_field: None,
        later: Vec::new(),
        no_later_than: None,
        when: None,
        in_force_from: None,
        in_force_to: None,
        bound: Bound::AtMost,
        holder: duty.holder.clone(),
        on_miss: Consequence::Remind,
        remind: None,
        cite: stated.cite,
        inferred: stated.inferred,
        agreement_item: stated.agreement_item,
        platform_default: stated.platform_default,
        rests_on: stated.rests_on,
        setting: None,
        origin: Origin::Duties,
        cited_in: stated.cited_in,
    }
}

struct Words<'a> {
    title: &'a str,
    title_en: &'a str,
    help: &'a str,
    help_en: &'a str,
}

fn words_of<'a>(title: &'a str, title_en: &'a str, help: &'a str, help_en: &'a str) -> Words<'a> {
    Words {
        title,
        title_en,
        help,
        help_en,
    }
}

fn field(duty: &RawDuty, what: &str, ty: FieldType, words: Words<'_>) -> RawField {
    let stated = duty.stated();
    RawField {
        id: spanned(duty, format!("{}_{what}", duty.id.get_ref())),
        title: format!("{} · {}", duty.title, words.title),
        title_en: format!("{} · {}", duty.title_en, words.title_en),
        help: words.help.to_owned(),
        help_en: words.help_en.to_owned(),
        ty,
        group: String::new(),
        item: None,
        choices: Vec::new(),
        procedure: None,
        party: None,
        personal: false,
        measured: None,
        is_title: false,
        means: None,
        cite: stated.cite,
        inferred: stated.inferred,
        agreement_item: stated.agreement_item,
        platform_default: stated.platform_default,
        rests_on: stated.rests_on,
        setting: None,
        origin: Origin::Duties,
        cited_in: stated.cited_in,
    }
}
