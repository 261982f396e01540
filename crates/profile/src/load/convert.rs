//! Raw rules to typed rules; each conversion notes what is wrong and goes on, so that all errors show at once.

use shuyu_kernel::{Basis, ClauseId, Manner, calendar::Limit};
use toml::Spanned;

use super::{ProfileError, line_of};
use crate::{
    guard::{Guard, Rule},
    procedure::{
        Act, Choice, ClockRule, Field, Group, Lane, LaneBody, OpenRule, Procedure, RouteStep, Stage,
    },
    raw::{
        HasBasis, RawAct, RawClock, RawEligibility, RawField, RawGuard, RawLane, RawProcedure, RawRole,
        RawSeparation, RawStage, Stated,
    },
    settings::{Eligibility, Role, Separation},
};

/// The place an error is reported at.
pub(super) struct Site<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) errors: &'a mut Vec<ProfileError>,
}

impl Site<'_> {
    fn line(&self, spanned: &Spanned<String>) -> usize {
        line_of(self.text, spanned.span().start)
    }

    fn error(&mut self, line: usize, message: String) {
        self.errors.push(ProfileError {
            file: self.file.to_owned(),
            line,
            message,
        });
    }

    pub(super) fn basis(&mut self, rule: &impl HasBasis, what: &str, line: usize) -> Basis {
        let Stated {
            cite,
            inferred,
            agreement_item,
            platform_default,
        } = rule.stated();
        let given = usize::from(!cite.is_empty())
            + [inferred, agreement_item, platform_default]
                .iter()
                .flatten()
                .count();
        if given != 1 {
            self.error(
                line,
                format!("{what}: needs exactly one of cite, inferred, agreement_item, platform_default"),
            );
        }
        if let Some(reason) = inferred {
            return Basis::Inferred(reason.to_owned());
        }
        if let Some(item) = agreement_item {
            return Basis::AgreementItem(item.to_owned());
        }
        if let Some(reason) = platform_default {
            return Basis::PlatformDefault(reason.to_owned());
        }
        let mut clauses: Vec<ClauseId> = Vec::new();
        for id in cite {
            match id.get_ref().parse() {
                Ok(clause) => clauses.push(clause),
                Err(_) => {
                    let line = self.line(id);
                    self.error(line, format!("`{}` is not a clause id", id.get_ref()));
                }
            }
        }
        Basis::Cite(clauses)
    }

    pub(super) fn role(&mut self, raw: &RawRole) -> Role {
        let line = self.line(&raw.id);
        Role {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            signs_in: raw.signs_in,
            single: raw.single,
            basis: self.basis(raw, "role", line),
        }
    }

    pub(super) fn separation(&mut self, raw: &RawSeparation) -> Separation {
        if !["body", "person"].contains(&raw.scope.as_str()) {
            self.error(
                0,
                format!("separation scope `{}` is neither body nor person", raw.scope),
            );
        }
        Separation {
            roles: raw.roles.clone(),
            scope: raw.scope.clone(),
            basis: self.basis(raw, "separation", 0),
        }
    }

    pub(super) fn eligibility(&mut self, raw: &RawEligibility) -> Eligibility {
        let line = self.line(&raw.procedure);
        Eligibility {
            use_of: raw.use_of,
            procedure: raw.procedure.get_ref().clone(),
            stages: raw.stages.clone(),
            match_field: raw.match_field.clone(),
            code: raw.code.clone(),
            basis: self.basis(raw, "eligibility", line),
        }
    }

    pub(super) fn procedure(&mut self, raw: &RawProcedure) -> Procedure {
        let line = self.line(&raw.id);
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
            },
            stages: raw.stage.iter().map(|stage| self.stage(stage)).collect(),
            acts: raw.act.iter().map(|act| self.act(act, raw)).collect(),
            clocks: raw.clock.iter().map(|clock| self.clock(clock)).collect(),
            lanes: raw.lane.iter().map(|lane| self.lane(lane)).collect(),
            groups: raw
                .group
                .iter()
                .map(|group| Group {
                    id: group.id.clone(),
                    title: group.title.clone(),
                    title_en: group.title_en.clone(),
                })
                .collect(),
            fields: raw.field.iter().map(|field| self.field(field)).collect(),
            basis: self.basis(raw, "procedure", line),
            file: self.file.to_owned(),
        }
    }

    fn stage(&mut self, raw: &RawStage) -> Stage {
        let line = self.line(&raw.id);
        Stage {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            holder: raw.holder.clone(),
            is_final: raw.is_final,
            rests: raw.rests,
            basis: self.basis(raw, "stage", line),
            line,
        }
    }

    fn act(&mut self, raw: &RawAct, procedure: &RawProcedure) -> Act {
        let line = self.line(&raw.id);
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
            records: raw.records.clone(),
            guards: raw
                .guard
                .iter()
                .filter_map(|guard| self.guard(guard, procedure))
                .collect(),
            starts: raw.starts.clone(),
            stops: raw.stops.clone(),
            effects: raw.effects.clone(),
            basis: self.basis(raw, "act", line),
            line,
        }
    }

    fn clock(&mut self, raw: &RawClock) -> ClockRule {
        let line = self.line(&raw.id);
        if raw.limit.is_some() == raw.limit_field.is_some() {
            self.error(line, "clock: needs exactly one of limit, limit_field".to_owned());
        }
        ClockRule {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            limit: raw.limit,
            limit_field: raw.limit_field.clone(),
            bound: raw.bound,
            holder: raw.holder.clone(),
            on_miss: raw.on_miss,
            basis: self.basis(raw, "clock", line),
            line,
        }
    }

    fn lane(&mut self, raw: &RawLane) -> Lane {
        let line = self.line(&raw.id);
        Lane {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            role: raw.role.clone(),
            body: raw
                .providers_of
                .clone()
                .map_or_else(|| LaneBody::Role(raw.role.clone()), LaneBody::ProvidersOf),
            clock: raw.clock.clone(),
            basis: self.basis(raw, "lane", line),
        }
    }

    fn field(&mut self, raw: &RawField) -> Field {
        let line = self.line(&raw.id);
        Field {
            id: raw.id.get_ref().clone(),
            title: raw.title.clone(),
            title_en: raw.title_en.clone(),
            help: raw.help.clone(),
            help_en: raw.help_en.clone(),
            ty: raw.ty,
            group: raw.group.clone(),
            item: raw.item,
            choices: raw
                .choices
                .iter()
                .map(|choice| Choice {
                    id: choice.id.clone(),
                    title: choice.title.clone(),
                    title_en: choice.title_en.clone(),
                })
                .collect(),
            procedure: raw.procedure.clone(),
            party: raw.party.clone(),
            personal: raw.personal,
            is_title: raw.is_title,
            basis: self.basis(raw, "field", line),
            line,
        }
    }

    fn guard(&mut self, raw: &RawGuard, procedure: &RawProcedure) -> Option<Guard> {
        let line = self.line(&raw.rule);
        let basis = self.basis(raw, "guard", line);
        let rule = match self.rule(raw, procedure) {
            Ok(rule) => rule,
            Err(message) => {
                self.error(line, format!("guard `{}`: {message}", raw.rule.get_ref()));
                return None;
            }
        };
        let code_is_stable = raw
            .code
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if raw.code.is_empty() || !code_is_stable {
            self.error(line, format!("refusal code `{}` is not snake_case", raw.code));
        }
        Some(Guard {
            rule,
            code: raw.code.clone(),
            when: raw.when.clone(),
            in_principle: raw.in_principle,
            basis,
            line,
        })
    }

    #[expect(clippy::unused_self, reason = "reads as part of the conversion")]
    fn rule(&self, raw: &RawGuard, procedure: &RawProcedure) -> Result<Rule, String> {
        let text = |value: &Option<String>, name: &str| value.clone().ok_or(format!("`{name}` is missing"));
        let limit = |value: Option<Limit>| value.ok_or("`limit` is missing".to_owned());
        let some = |list: &[String], name: &str| {
            if list.is_empty() {
                Err(format!("`{name}` is empty"))
            } else {
                Ok(list.to_vec())
            }
        };
        Ok(match raw.rule.get_ref().as_str() {
            "complete" => {
                let mut fields = raw.fields.clone();
                fields.extend(raw.field.clone());
                if let Some(group) = &raw.group {
                    let of_group = procedure.field.iter().filter(|field| field.group == *group);
                    fields.extend(of_group.map(|field| field.id.get_ref().clone()));
                }
                Rule::Complete {
                    fields: some(&fields, "fields")?,
                }
            }
            "one_of" => Rule::OneOf {
                field: text(&raw.field, "field")?,
                values: some(&raw.values, "values")?,
            },
            "term_at_most" => Rule::TermAtMost {
                from: text(&raw.from, "from")?,
                to: text(&raw.to, "to")?,
                limit: limit(raw.limit)?,
            },
            "linked" => Rule::Linked {
                link: text(&raw.link, "link")?,
                stages: some(&raw.stages, "stages")?,
            },
            "linked_field" => Rule::LinkedField {
                link: text(&raw.link, "link")?,
                field: text(&raw.field, "field")?,
                values: some(&raw.values, "values")?,
            },
            "same_as_linked" => Rule::SameAsLinked {
                field: text(&raw.field, "field")?,
                link: text(&raw.link, "link")?,
                other: text(&raw.other, "other")?,
            },
            "within" => Rule::Within {
                field: text(&raw.field, "field")?,
                via: some(&raw.via, "via")?,
                other: text(&raw.other, "other")?,
            },
            "whole_days" => Rule::WholeDays {
                clock: text(&raw.clock, "clock")?,
            },
            "before_due" => Rule::BeforeDue {
                clock: text(&raw.clock, "clock")?,
            },
            "no_open_objection" => Rule::NoOpenObjection,
            "not_same_person" => Rule::NotSamePerson {
                act: text(&raw.act, "act")?,
            },
            "not_same_body" => Rule::NotSameBody {
                role: text(&raw.role, "role")?,
            },
            "done" => Rule::Done {
                act: text(&raw.act, "act")?,
            },
            "lanes_approved" => Rule::LanesApproved,
            "at_most_field" => Rule::AtMostField {
                field: text(&raw.field, "field")?,
                ceiling: text(&raw.ceiling, "ceiling")?,
            },
            "zero" => Rule::Zero {
                field: text(&raw.field, "field")?,
            },
            "retained" => Rule::Retained {
                act: text(&raw.act, "act")?,
                limit: limit(raw.limit)?,
            },
            "balanced" => Rule::Balanced {
                left: text(&raw.left, "left")?,
                right: text(&raw.right, "right")?,
            },
            "columns_justified" => Rule::ColumnsJustified {
                field: text(&raw.field, "field")?,
            },
            other => return Err(format!("`{other}` is not in the closed list of guards")),
        })
    }
}
