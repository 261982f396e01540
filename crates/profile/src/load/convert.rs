//! Raw rules to typed rules; each conversion notes what is wrong and goes on, so that all errors show at once.

use shuyu_kernel::{Basis, ClauseId, Manner};
use toml::Spanned;

use super::{ProfileError, line_of};
use crate::{
    procedure::{
        Act, Choice, ClockRule, Field, Group, Lane, LaneBody, OpenRule, Procedure, RouteStep, Stage,
    },
    raw::{
        HasBasis, RawAct, RawClock, RawEligibility, RawField, RawLane, RawProcedure, RawRole, RawSeparation,
        RawStage, RawThresholds, Stated,
    },
    settings::{Eligibility, Role, Separation, Thresholds},
};

/// The place an error is reported at.
pub(super) struct Site<'a> {
    pub(super) file: &'a str,
    pub(super) text: &'a str,
    pub(super) errors: &'a mut Vec<ProfileError>,
}

impl Site<'_> {
    pub(super) fn line(&self, spanned: &Spanned<String>) -> usize {
        line_of(self.text, spanned.span().start)
    }

    pub(super) fn error(&mut self, line: usize, message: String) {
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

    pub(super) fn thresholds(&mut self, raw: &RawThresholds) -> Thresholds {
        Thresholds {
            k: raw.k,
            k_jitter: raw.k_jitter,
            dominance_percent: raw.dominance_percent,
            max_rows: raw.max_rows,
            log_retention: raw.log_retention,
            basis: self.basis(raw, "thresholds", 0),
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
            measured: raw.measured,
            is_title: raw.is_title,
            basis: self.basis(raw, "field", line),
            line,
        }
    }
}
