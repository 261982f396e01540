//! References: every role, stage, clock, field, post and clause that a rule names exists.

use std::collections::BTreeSet;

use shuyu_kernel::Basis;

use crate::{
    guard::{Guard, Rule},
    load::{Profile, ProfileError},
    procedure::{FieldType, LaneBody, Procedure},
};

/// References that do not resolve: unknown roles, stages, clocks, fields, posts, clauses. Run at every load.
pub fn references(profile: &Profile) -> Vec<ProfileError> {
    let mut errors = Vec::new();
    for procedure in &profile.procedures {
        References {
            profile,
            procedure,
            errors: &mut errors,
        }
        .all();
    }
    for separation in &profile.separations {
        for role in &separation.roles {
            if profile.role(role).is_none() {
                errors.push(at(
                    &profile.id,
                    "roles.toml",
                    0,
                    format!("separation names unknown role `{role}`"),
                ));
            }
        }
    }
    for rule in &profile.eligibility {
        let procedure = profile.procedure(&rule.procedure);
        let missing = procedure.is_none_or(|p| {
            rule.stages.iter().any(|stage| p.stage(stage).is_none())
                || rule
                    .match_field
                    .as_ref()
                    .is_some_and(|field| p.field(field).is_none())
        });
        if missing {
            let message = format!("eligibility `{}`: unknown procedure, stage or field", rule.code);
            errors.push(at(&profile.id, "gates.toml", 0, message));
        }
    }
    office(profile, &mut errors);
    errors
}

/// Roles and posts: each once, bases that exist.
fn office(profile: &Profile, errors: &mut Vec<ProfileError>) {
    let mut error = |file, message| errors.push(at(&profile.id, file, 0, message));
    let mut seen = BTreeSet::new();
    for id in profile
        .roles
        .iter()
        .map(|role| &role.id)
        .chain(profile.posts.iter().map(|post| &post.id))
    {
        if !seen.insert(id) {
            error("roles.toml", format!("role or post `{id}` is defined twice"));
        }
    }
    let roles = profile.roles.iter().map(|role| &role.basis);
    let separations = profile.separations.iter().map(|separation| &separation.basis);
    let gates = profile.eligibility.iter().map(|rule| &rule.basis);
    let cited = roles.chain(separations).map(|basis| ("roles.toml", basis));
    let cited = cited.chain(gates.map(|basis| ("gates.toml", basis)));
    let grounds = profile.citations.grounds().map(|(_, basis)| basis);
    let disclosure = grounds.into_iter().chain([&profile.thresholds.basis]);
    let cited = cited.chain(disclosure.map(|basis| ("disclosure.toml", basis)));
    for (file, clause) in
        cited.flat_map(|(file, basis)| basis.clauses().iter().map(move |clause| (file, clause)))
    {
        if !profile.clauses.contains_key(clause) {
            error(file, format!("clause `{clause}` does not exist"));
        }
    }
}

fn at(profile: &str, file: &str, line: usize, message: String) -> ProfileError {
    ProfileError {
        file: format!("{profile}/{file}"),
        line,
        message,
    }
}

struct References<'a> {
    profile: &'a Profile,
    procedure: &'a Procedure,
    errors: &'a mut Vec<ProfileError>,
}

impl References<'_> {
    fn error(&mut self, line: usize, message: String) {
        self.errors.push(ProfileError {
            file: self.procedure.file.clone(),
            line,
            message,
        });
    }

    fn all(&mut self) {
        let procedure = self.procedure;
        self.unique();
        if procedure.stages.is_empty() {
            self.error(0, "a procedure needs a stage".to_owned());
        }
        self.basis(&procedure.basis, 0);
        for role in procedure.parties.iter().chain(&procedure.open.by) {
            self.role(role, 0);
        }
        for guard in &procedure.open.guards {
            self.guard(guard);
        }
        for stage in &procedure.stages {
            self.basis(&stage.basis, stage.line);
            if let Some(holder) = &stage.holder {
                self.role(holder, stage.line);
            }
        }
        self.acts();
        for clock in &procedure.clocks {
            self.basis(&clock.basis, clock.line);
            self.role(&clock.holder, clock.line);
            if let Some(field) = &clock.limit_field {
                self.field(field, clock.line);
            }
        }
        for lane in &procedure.lanes {
            self.basis(&lane.basis, 0);
            self.role(&lane.role, 0);
            self.clock(&lane.clock, 0);
            if let LaneBody::ProvidersOf(field) = &lane.body {
                self.field(field, 0);
            }
        }
        self.fields();
    }

    fn unique(&mut self) {
        let procedure = self.procedure;
        let lists: [(&str, Vec<(&str, usize)>); 4] = [
            (
                "stage",
                procedure.stages.iter().map(|x| (x.id.as_str(), x.line)).collect(),
            ),
            (
                "act",
                procedure.acts.iter().map(|x| (x.id.as_str(), x.line)).collect(),
            ),
            (
                "clock",
                procedure.clocks.iter().map(|x| (x.id.as_str(), x.line)).collect(),
            ),
            (
                "field",
                procedure.fields.iter().map(|x| (x.id.as_str(), x.line)).collect(),
            ),
        ];
        for (what, list) in lists {
            let mut seen = BTreeSet::new();
            for (id, line) in list {
                if !seen.insert(id) {
                    self.error(line, format!("{what} `{id}` is defined twice"));
                }
            }
        }
    }

    fn acts(&mut self) {
        for act in &self.procedure.acts {
            self.basis(&act.basis, act.line);
            for role in act.by.iter().chain(&act.decided_by) {
                self.role(role, act.line);
            }
            for stage in act.from.iter().chain(&act.to) {
                self.stage(stage, act.line);
            }
            for field in &act.records {
                self.field(field, act.line);
            }
            for clock in act.starts.iter().chain(&act.stops) {
                self.clock(clock, act.line);
            }
            for step in &act.route {
                if step.post != "checker" && self.profile.posts.iter().all(|post| post.id != step.post) {
                    self.error(
                        act.line,
                        format!("act `{}`: unknown post `{}`", act.id, step.post),
                    );
                }
            }
            for guard in &act.guards {
                self.guard(guard);
            }
        }
    }

    fn fields(&mut self) {
        for field in &self.procedure.fields {
            self.basis(&field.basis, field.line);
            if !field.group.is_empty() && self.procedure.groups.iter().all(|group| group.id != field.group) {
                self.error(
                    field.line,
                    format!("field `{}`: unknown group `{}`", field.id, field.group),
                );
            }
            let is_case = matches!(field.ty, FieldType::Case | FieldType::Cases);
            match &field.procedure {
                Some(other) if self.profile.procedure(other).is_none() => {
                    self.error(
                        field.line,
                        format!("field `{}`: unknown procedure `{other}`", field.id),
                    );
                }
                None if is_case => self.error(
                    field.line,
                    format!("case field `{}` names no procedure", field.id),
                ),
                _ => {}
            }
            if (field.ty == FieldType::Choice) == field.choices.is_empty() {
                self.error(
                    field.line,
                    format!(
                        "field `{}`: choices belong to choice fields, and these need some",
                        field.id
                    ),
                );
            }
            if let Some(role) = &field.party {
                self.role(role, field.line);
            }
        }
    }

    fn basis(&mut self, basis: &Basis, line: usize) {
        for clause in basis.clauses() {
            if !self.profile.clauses.contains_key(clause) {
                self.error(line, format!("clause `{clause}` does not exist"));
            }
        }
    }
    fn role(&mut self, id: &str, line: usize) {
        if self.profile.role(id).is_none() {
            self.error(line, format!("unknown role `{id}`"));
        }
    }
    fn stage(&mut self, id: &str, line: usize) {
        if self.procedure.stage(id).is_none() {
            self.error(line, format!("unknown stage `{id}`"));
        }
    }
    fn field(&mut self, id: &str, line: usize) {
        if self.procedure.field(id).is_none() {
            self.error(line, format!("unknown field `{id}`"));
        }
    }
    fn clock(&mut self, id: &str, line: usize) {
        if self.procedure.clock(id).is_none() {
            self.error(line, format!("unknown clock `{id}`"));
        }
    }

    fn guard(&mut self, guard: &Guard) {
        self.basis(&guard.basis, guard.line);
        if let Some(when) = &guard.when {
            self.field(&when.field, guard.line);
        }
        let line = guard.line;
        match &guard.rule {
            Rule::Complete { fields } => fields.iter().for_each(|field| self.field(field, line)),
            Rule::OneOf { field, .. } | Rule::Zero { field } | Rule::ColumnsJustified { field } => {
                self.field(field, line)
            }
            Rule::TermAtMost { from, to, .. } => {
                [from, to].into_iter().for_each(|field| self.field(field, line))
            }
            Rule::Linked { link, stages } => self.linked(link, stages, None, line),
            Rule::LinkedField { link, field, .. } => self.linked(link, &[], Some(field), line),
            Rule::SameAsLinked { field, link, other } => {
                self.field(field, line);
                self.linked(link, &[], Some(other), line);
            }
            Rule::Within { field, via, other } => {
                self.field(field, line);
                self.path(via, other, line);
            }
            Rule::WholeDays { clock } | Rule::BeforeDue { clock } => self.clock(clock, line),
            Rule::NotSamePerson { act } | Rule::Done { act } | Rule::Retained { act, .. } => {
                if self.procedure.act(act).is_none() {
                    self.error(line, format!("unknown act `{act}`"));
                }
            }
            Rule::NotSameBody { role } => self.role(role, line),
            Rule::AtMostField { field, ceiling } => {
                [field, ceiling]
                    .into_iter()
                    .for_each(|field| self.field(field, line));
            }
            Rule::Balanced { left, right } => [left, right]
                .into_iter()
                .for_each(|field| self.field(field, line)),
            Rule::NoOpenObjection | Rule::LanesApproved => {}
        }
    }

    /// Follows links from procedure to procedure; the last one must have the field.
    fn path(&mut self, via: &[String], other: &str, line: usize) {
        let mut procedure = self.procedure;
        for link in via {
            let next = procedure.field(link).and_then(|field| field.procedure.as_ref());
            let Some(next) = next.and_then(|id| self.profile.procedure(id)) else {
                return self.error(
                    line,
                    format!("procedure `{}` has no case field `{link}`", procedure.id),
                );
            };
            procedure = next;
        }
        if procedure.field(other).is_none() {
            self.error(
                line,
                format!("procedure `{}` has no field `{other}`", procedure.id),
            );
        }
    }

    fn linked(&mut self, link: &str, stages: &[String], field: Option<&String>, line: usize) {
        let Some(own) = self.procedure.field(link) else {
            return self.error(line, format!("unknown field `{link}`"));
        };
        let Some(other) = own.procedure.as_ref().and_then(|id| self.profile.procedure(id)) else {
            return self.error(line, format!("field `{link}` is not a case field"));
        };
        for stage in stages {
            if other.stage(stage).is_none() {
                self.error(line, format!("procedure `{}` has no stage `{stage}`", other.id));
            }
        }
        if let Some(field) = field.filter(|field| other.field(field).is_none()) {
            self.error(line, format!("procedure `{}` has no field `{field}`", other.id));
        }
    }
}
