//! Raw rules to typed rules; each conversion notes what is wrong and goes on, so that all errors show at once.

use shuyu_kernel::{Basis, CivilDate, ClauseId, Manner};
use toml::Spanned;

use super::{ProfileError, fields::expanded, line_of};
use crate::{
    field::Group,
    place::Place,
    procedure::{Act, BatchRule, ClockRule, Lane, LaneBody, OpenRule, Procedure, RouteStep, Stage},
    raw::{
        CitedIn, HasBasis, Origin, RawAct, RawBatch, RawClock, RawLane, RawProcedure, RawResponsibility,
        RawRole, RawSeparation, RawStage, RawSuccession, RawSuperior,
    },
    settings::{Dated, Responsibility, Role, Separation, SuccessionRule, Superior},
};

/// The texts being read, and where errors go.
pub(super) struct Site<'a> {
    /// The file itself.
    pub(super) own: Text<'a>,
    /// The template it extends; the file itself where it extends none.
    pub(super) base: Text<'a>,
    /// The duties put into it.
    pub(super) duties: Text<'a>,
    /// What the procedure being read rests on.
    pub(super) procedure: Option<Basis>,
    pub(super) errors: &'a mut Vec<ProfileError>,
}

/// A file with its name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
}

impl<'a> Site<'a> {
    /// A file that extends nothing.
    pub(super) fn single(file: &'a str, text: &'a str, errors: &'a mut Vec<ProfileError>) -> Self {
        let own = Text { file, text };
        Self {
            own,
            base: own,
            duties: own,
            procedure: None,
            errors,
        }
    }

    pub(super) fn place(&self, spanned: &Spanned<String>, rule: &impl HasBasis) -> Place {
        let text = match rule.origin() {
            Origin::Own => self.own,
            Origin::Base => self.base,
            Origin::Duties => self.duties,
        };
        Place {
            file: text.file.into(),
            line: line_of(text.text, spanned.span().start),
        }
    }

    pub(super) fn error(&mut self, at: &Place, message: String) {
        self.errors.push(ProfileError {
            file: at.file.to_string(),
            line: at.line,
            message,
        });
    }

    pub(super) fn basis(&mut self, rule: &impl HasBasis, what: &str, at: &Place) -> Basis {
        let stated = rule.stated();
        let texts = [
            &stated.inferred,
            &stated.agreement_item,
            &stated.platform_default,
            &stated.rests_on,
        ];
        let given = usize::from(!stated.cite.is_empty()) + texts.into_iter().flatten().count();
        if given != 1 {
            let ways = "cite, inferred, agreement_item, platform_default, rests_on";
            self.error(at, format!("{what}: needs exactly one of {ways}"));
        }
        if let Some(reason) = stated.inferred {
            return Basis::Inferred(reason);
        }
        if let Some(item) = stated.agreement_item {
            return Basis::AgreementItem(item);
        }
        if let Some(reason) = stated.platform_default {
            return Basis::PlatformDefault(reason);
        }
        if let Some(on) = stated.rests_on {
            return self.inherited(&on, what, at);
        }
        let mut clauses: Vec<ClauseId> = Vec::new();
        for id in &stated.cite {
            match id.get_ref().parse() {
                Ok(clause) => clauses.push(clause),
                Err(_) => {
                    let place = match stated.cited_in {
                        CitedIn::Rule => self.place(id, rule),
                        CitedIn::Overlay => Place {
                            file: self.own.file.into(),
                            line: line_of(self.own.text, id.span().start),
                        },
                        CitedIn::Settings => at.clone(),
                    };
                    self.error(&place, format!("`{}` is not a clause id", id.get_ref()));
                }
            }
        }
        Basis::Cite(clauses)
    }

    fn inherited(&mut self, on: &str, what: &str, at: &Place) -> Basis {
        match (on, self.procedure.clone()) {
            ("procedure", Some(basis)) => return basis,
            ("local", _) => self.error(
                at,
                format!("{what}: its basis is left to the jurisdiction, which gives none"),
            ),
            _ => self.error(
                at,
                format!("{what}: `rests_on` is `procedure` or `local`, not `{on}`"),
            ),
        }
        Basis::Cite(Vec::new())
    }

    fn batch(&mut self, raw: &RawBatch) -> BatchRule {
        let at = raw
            .then
            .as_ref()
            .map_or_else(|| Place::whole(self.own.file), |then| self.place(then, raw));
        BatchRule {
            then: raw.then.as_ref().map(|then| then.get_ref().clone()),
            basis: self.basis(raw, "open.batch", &at),
            at,
        }
    }

    pub(super) fn role(&mut self, raw: &RawRole) -> Role {
        let at = self.place(&raw.id, raw);
        Role {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            signs_in: raw.signs_in,
            single: raw.single,
            oversees: raw.oversees,
            moves_cases: raw.moves_cases,
            basis: self.basis(raw, "role", &at),
            at,
        }
    }

    pub(super) fn succession(&mut self, raw: &RawSuccession) -> Option<SuccessionRule> {
        let at = self.place(raw.roles.first()?, raw);
        Some(SuccessionRule {
            roles: raw.roles.iter().map(|role| role.get_ref().clone()).collect(),
            basis: self.basis(raw, "succession", &at),
            at,
        })
    }

    pub(super) fn separation(&mut self, raw: &RawSeparation) -> Separation {
        let [first, second] = &raw.roles;
        let at = self.place(first, raw);
        if !["body", "person"].contains(&raw.scope.as_str()) {
            let message = format!("separation scope `{}` is neither body nor person", raw.scope);
            self.error(&at, message);
        }
        Separation {
            roles: [first.get_ref().clone(), second.get_ref().clone()],
            scope: raw.scope.clone(),
            basis: self.basis(raw, "separation", &at),
            at,
        }
    }

    pub(super) fn responsibility(&mut self, raw: &RawResponsibility) -> Responsibility {
        let at = self.place(&raw.role, raw);
        Responsibility {
            role: raw.role.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            basis: self.basis(raw, "responsibility", &at),
            at,
        }
    }

    /// One rule for each of the roles named: they share a basis.
    pub(super) fn superiors(&mut self, raw: &RawSuperior) -> Vec<Superior> {
        let whole = || Place::whole(self.own.file);
        let at = raw.of.first().map_or_else(whole, |of| self.place(of, raw));
        let basis = self.basis(raw, "superior", &at);
        let rule = |of: &Spanned<String>| Superior {
            of: of.get_ref().clone(),
            is: raw.is.clone(),
            basis: basis.clone(),
            at: at.clone(),
        };
        raw.of.iter().map(rule).collect()
    }

    pub(super) fn procedure(&mut self, raw: &RawProcedure) -> Procedure {
        let at = Place {
            line: self.place(&raw.id, raw).line,
            file: self.own.file.into(),
        };
        let basis = self.basis(raw, "procedure", &at);
        self.procedure = Some(basis.clone());
        Procedure {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            section: raw.section.clone(),
            number_prefix: raw.number_prefix.clone(),
            parties: raw.parties.clone(),
            open: OpenRule {
                by: raw.open.by.clone(),
                guards: raw
                    .open
                    .guard
                    .iter()
                    .filter_map(|guard| self.guard(guard, raw))
                    .collect(),
                starts: raw.open.starts.clone(),
                batch: raw.open.batch.as_ref().map(|batch| self.batch(batch)),
            },
            stages: raw.stage.iter().map(|stage| self.stage(stage)).collect(),
            acts: raw.act.iter().map(|act| self.act(act, raw)).collect(),
            clocks: raw.clock.iter().map(|clock| self.clock(clock)).collect(),
            lanes: raw.lane.iter().map(|lane| self.lane(lane)).collect(),
            groups: raw
                .group
                .iter()
                .map(|group| Group {
                    id: group.id.get_ref().clone(),
                    title: group.title.clone(),
                    title_en: group.title_en.clone(),
                })
                .collect(),
            fields: self.fields(raw),
            basis,
            at,
        }
    }

    fn stage(&mut self, raw: &RawStage) -> Stage {
        let at = self.place(&raw.id, raw);
        Stage {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            holder: raw.holder.clone(),
            is_final: raw.is_final,
            rests: raw.rests,
            basis: self.basis(raw, "stage", &at),
            at,
        }
    }

    fn act(&mut self, raw: &RawAct, procedure: &RawProcedure) -> Act {
        let at = self.place(&raw.id, raw);
        let manners = if raw.manners.is_empty() {
            vec![Manner::InPerson, Manner::Delegate]
        } else {
            raw.manners.clone()
        };
        Act {
            id: raw.id.get_ref().clone(),
            kind: raw.kind,
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            by: raw.by.clone(),
            from: raw.from.clone(),
            to: raw.to.clone(),
            manners,
            decided_by: raw.decided_by.clone(),
            route: raw
                .route
                .iter()
                .map(|step| RouteStep {
                    post: step.post.clone(),
                    title: step.title.clone(),
                })
                .collect(),
            in_lane: raw.in_lane,
            records: expanded(&raw.records, procedure),
            guards: raw
                .guard
                .iter()
                .filter_map(|guard| self.guard(guard, procedure))
                .collect(),
            starts: raw.starts.clone(),
            stops: raw.stops.clone(),
            extends: raw.extends.clone(),
            pauses: raw.pauses.clone(),
            resumes: raw.resumes.clone(),
            effects: raw.effects.clone(),
            basis: self.basis(raw, "act", &at),
            at,
        }
    }

    fn clock(&mut self, raw: &RawClock) -> ClockRule {
        let at = self.place(&raw.id, raw);
        let ways = usize::from(raw.limit.is_some())
            + usize::from(raw.limit_field.is_some())
            + usize::from(raw.due_field.is_some());
        if ways != 1 {
            self.error(
                &at,
                "clock: needs exactly one of limit, limit_field, due_field".to_owned(),
            );
        }
        let when = self.whens(raw.when.as_ref(), &at);
        let dated = self.dated(raw.in_force_from, raw.in_force_to, &at);
        if !raw.later.is_empty() && (raw.limit.is_none() || !raw.later.is_sorted_by(|a, b| a.from < b.from)) {
            let message = "clock: `later` needs a `limit` before it, and days that go up";
            self.error(&at, message.to_owned());
        }
        ClockRule {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            limit: raw.limit,
            limit_field: raw.limit_field.clone(),
            due_field: raw.due_field.clone(),
            start_field: raw.start_field.clone(),
            later: raw.later.clone(),
            no_later_than: raw.no_later_than.clone(),
            when,
            dated,
            bound: raw.bound,
            holder: raw.holder.clone(),
            on_miss: raw.on_miss,
            remind: raw.remind.clone(),
            basis: self.basis(raw, "clock", &at),
            at,
        }
    }

    /// The days on which a rule is in force.
    pub(super) fn dated(&mut self, from: Option<CivilDate>, to: Option<CivilDate>, at: &Place) -> Dated {
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.error(at, "the rule ends before it begins".to_owned());
        }
        Dated { from, to }
    }

    fn lane(&mut self, raw: &RawLane) -> Lane {
        let at = self.place(&raw.id, raw);
        Lane {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            role: raw.role.clone(),
            body: raw
                .providers_of
                .clone()
                .map_or_else(|| LaneBody::Role(raw.role.clone()), LaneBody::ProvidersOf),
            when: self.whens(raw.when.as_ref(), &at),
            clock: raw.clock.clone(),
            basis: self.basis(raw, "lane", &at),
            at,
        }
    }
}
