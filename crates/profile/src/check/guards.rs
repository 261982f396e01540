//! References of guards and conditions: fields, links, acts, clocks, cases looked for.

use super::references::References;
use crate::{
    affiliates::BodyRef,
    condition::{CaseQuery, Operand, When},
    guard::{Guard, Rule},
    place::Place,
    procedure::Procedure,
};

impl References<'_> {
    pub(super) fn guard(&mut self, guard: &Guard) {
        self.basis(&guard.basis, &guard.at);
        if let Some(act) = &guard.exception {
            self.act(act, &guard.at);
            let recorded = self.procedure.act(act);
            for field in ["exception_reason", "exception_paper"] {
                if recorded.is_some_and(|act| act.records.iter().all(|id| id != field)) {
                    self.error(
                        &guard.at,
                        format!("act `{act}` grants an exception and does not record `{field}`"),
                    );
                }
            }
        }
        self.whens(&guard.when, &guard.at);
        let at = &guard.at;
        match &guard.rule {
            Rule::Complete { fields } => fields.iter().for_each(|field| self.field(field, at)),
            Rule::OneOf { fields, .. } | Rule::Zero { fields } => {
                fields.iter().for_each(|field| self.field(field, at));
            }
            Rule::ColumnsJustified { field } => self.field(field, at),
            Rule::InOrder { low, high, .. } => {
                [low, high].into_iter().for_each(|side| self.operand(side, at))
            }
            Rule::SomeCase(query) | Rule::NoCase(query) => self.query(query, at),
            Rule::TermAtMost { from, to, .. } => {
                [from, to].into_iter().for_each(|field| self.field(field, at))
            }
            Rule::Linked { link, stages } => self.linked(link, stages, None, at),
            Rule::LinkedField { link, field, .. } => self.linked(link, &[], Some(field), at),
            Rule::SameAsLinked { field, link, other } => {
                self.field(field, at);
                self.linked(link, &[], Some(other), at);
            }
            Rule::Within { field, via, other } => {
                self.field(field, at);
                self.path(via, other, at);
            }
            Rule::WholeDays { clock } | Rule::BeforeDue { clock } => self.clock(clock, at),
            Rule::NotSamePerson { acts } => acts.iter().for_each(|act| self.act(act, at)),
            Rule::Done { act, since } => [act].into_iter().chain(since).for_each(|act| self.act(act, at)),
            Rule::Retained { act, .. } => self.act(act, at),
            Rule::Unaffiliated { .. } => self.unaffiliated(&guard.rule, at),
            Rule::NotSameBody { role } => self.role(role, at),
            Rule::AtMostField { field, ceiling } => {
                [field, ceiling]
                    .into_iter()
                    .for_each(|field| self.field(field, at));
            }
            Rule::Balanced { left, right } => {
                [left, right].into_iter().for_each(|field| self.field(field, at))
            }
            Rule::NoOpenObjection | Rule::ObjectionsMended | Rule::LanesApproved => {}
        }
    }

    fn unaffiliated(&mut self, rule: &Rule, at: &Place) {
        let Rule::Unaffiliated {
            body,
            role,
            via,
            cases,
            ..
        } = rule
        else {
            return;
        };
        match body {
            BodyRef::Field(field) => self.operand(field, at),
            BodyRef::Party(role) => self.role(role, at),
            BodyRef::Actor => {}
        }
        self.role(role, at);
        self.links(via, at);
        if let Some(query) = cases {
            self.query(query, at);
        }
    }

    pub(super) fn whens(&mut self, whens: &[When], at: &Place) {
        for when in whens {
            match &when.some_case {
                Some(query) => self.query(query, at),
                None if when.via.is_empty() => self.field(&when.field, at),
                None => self.path(&when.via, &when.field, at),
            }
        }
    }

    fn operand(&mut self, operand: &Operand, at: &Place) {
        match operand {
            Operand::Field { via, field } if via.is_empty() => self.field(field, at),
            Operand::Field { via, field } => self.path(via, field, at),
            Operand::Today => {}
        }
    }

    pub(super) fn query(&mut self, query: &CaseQuery, at: &Place) {
        let Some(other) = self.profile.procedure(&query.procedure) else {
            return self.error(at, format!("unknown procedure `{}`", query.procedure));
        };
        for stage in &query.stages {
            if other.stage(stage).is_none() {
                self.error(at, format!("procedure `{}` has no stage `{stage}`", other.id));
            }
        }
        for field in query.matching.keys().chain(query.values.keys()) {
            if other.field(field).is_none() {
                self.error(at, format!("procedure `{}` has no field `{field}`", other.id));
            }
        }
        for own in query.matching.values().filter(|own| !own.starts_with('@')) {
            self.field(own, at);
        }
        for word in query.matching.values().filter(|own| own.starts_with('@')) {
            if !["@actor", "@person", "@case"].contains(&word.as_str()) {
                self.error(at, format!("`{word}` is none of @actor, @person, @case"));
            }
        }
    }

    /// Follows links from procedure to procedure; the last one must have the field.
    fn path(&mut self, via: &[String], other: &str, at: &Place) {
        let reached = self.links(via, at);
        if let Some(procedure) = reached.filter(|procedure| procedure.field(other).is_none()) {
            self.error(at, format!("procedure `{}` has no field `{other}`", procedure.id));
        }
    }

    fn linked(&mut self, link: &str, stages: &[String], field: Option<&String>, at: &Place) {
        let Some(own) = self.procedure.field(link) else {
            return self.error(at, format!("unknown field `{link}`"));
        };
        let Some(other) = own.procedure.as_ref().and_then(|id| self.profile.procedure(id)) else {
            return self.error(at, format!("field `{link}` is not a case field"));
        };
        for stage in stages {
            if other.stage(stage).is_none() {
                self.error(at, format!("procedure `{}` has no stage `{stage}`", other.id));
            }
        }
        if let Some(field) = field.filter(|field| other.field(field).is_none()) {
            self.error(at, format!("procedure `{}` has no field `{field}`", other.id));
        }
    }
}

impl<'a> References<'a> {
    /// Follows links from procedure to procedure, to the last one.
    fn links(&mut self, via: &[String], at: &Place) -> Option<&'a Procedure> {
        let mut procedure = self.procedure;
        for link in via {
            let next = procedure.field(link).and_then(|field| field.procedure.as_ref());
            let Some(next) = next.and_then(|id| self.profile.procedure(id)) else {
                let message = format!("procedure `{}` has no case field `{link}`", procedure.id);
                self.error(at, message);
                return None;
            };
            procedure = next;
        }
        Some(procedure)
    }
}
