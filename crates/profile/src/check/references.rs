//! References: every role, stage, clock, field, post and clause that a rule names exists.

use std::collections::BTreeSet;

use shuyu_kernel::Basis;

use super::{
    dp,
    superiors::{responsibilities, superiors},
};
use crate::{
    affiliates::{BLOCK_SETTING, SUSPECT_SETTING},
    field::FieldType,
    load::{Profile, ProfileError},
    meaning::Meaning,
    place::Place,
    procedure::{LaneBody, Procedure},
    right,
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
                errors.push(error(
                    &separation.at,
                    format!("separation names unknown role `{role}`"),
                ));
            }
        }
    }
    for rule in &profile.successions {
        for role in rule.roles.iter().filter(|role| profile.role(role).is_none()) {
            errors.push(error(&rule.at, format!("succession names unknown role `{role}`")));
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
                || rule.needed_by.iter().any(|role| profile.role(role).is_none())
        });
        if missing {
            let message = format!(
                "eligibility `{}`: unknown procedure, stage, field or role",
                rule.code
            );
            errors.push(error(&rule.at, message));
        }
    }
    instruments(profile, &mut errors);
    for (at, message) in right::problems(profile) {
        errors.push(error(at, message));
    }
    if !profile.affiliation_shares().sound() {
        let setting = profile
            .settings
            .iter()
            .find(|setting| [BLOCK_SETTING, SUSPECT_SETTING].contains(&setting.id.as_str()));
        let at = setting.map_or_else(|| Place::whole("settings.toml"), |setting| setting.at.clone());
        let message =
            format!("`{SUSPECT_SETTING}` is at most `{BLOCK_SETTING}`, and both are 1 to 10000 basis points");
        errors.push(error(&at, message));
    }
    gates(profile, &mut errors);
    office(profile, &mut errors);
    responsibilities(profile, &mut errors);
    superiors(profile, &mut errors);
    errors
}

/// An instrument that ends says by which clause; a trial counts from a first day, once there is one.
fn instruments(profile: &Profile, errors: &mut Vec<ProfileError>) {
    for instrument in &profile.instruments {
        let at = Place::whole(&format!("{}/instruments.toml", profile.id));
        let id = &instrument.id;
        let ends = instrument.in_force_to.is_some() || instrument.trial_years.is_some();
        match &instrument.ends_by {
            None if ends => errors.push(error(
                &at,
                format!("instrument `{id}` ends; `ends_by` is missing"),
            )),
            Some(clause) if !profile.clauses.contains_key(clause) => {
                errors.push(error(&at, format!("clause `{clause}` does not exist")));
            }
            _ => {}
        }
        if instrument
            .in_force_from
            .zip(instrument.last_day())
            .is_some_and(|(first, last)| last < first)
        {
            errors.push(error(&at, format!("instrument `{id}` ends before it begins")));
        }
    }
}

/// What open tables and figures name exists.
fn gates(profile: &Profile, errors: &mut Vec<ProfileError>) {
    let known = |procedure: &str, stages: &[String], fields: &[&String]| {
        profile.procedure(procedure).is_some_and(|p| {
            stages.iter().all(|stage| p.stage(stage).is_some())
                && fields.iter().all(|field| p.field(field).is_some())
        })
    };
    if let Some(open) = &profile.open_tables
        && !known(&open.procedure, &open.stages, &[&open.field])
    {
        let message = "open_tables: unknown procedure, stage or field".to_owned();
        errors.push(error(&open.at, message));
    }
    dp::check(profile, errors);
    for figure in &profile.figures {
        let fields: Vec<&String> = figure.sum.iter().chain(&figure.show).collect();
        if !known(&figure.procedure, &figure.stages, &fields) {
            let message = format!("figure `{}`: unknown procedure, stage or field", figure.name);
            errors.push(error(&figure.at, message));
        }
    }
}

/// Roles and posts: each once, bases that exist.
fn office(profile: &Profile, errors: &mut Vec<ProfileError>) {
    let posts = Place::whole(&format!("{}/roles.toml", profile.id));
    let roles = profile.roles.iter().map(|role| (&role.id, &role.at));
    let mut seen = BTreeSet::new();
    for (id, at) in roles.chain(profile.posts.iter().map(|post| (&post.id, &posts))) {
        if !seen.insert(id) {
            errors.push(error(at, format!("role or post `{id}` is defined twice")));
        }
    }
    let roles = profile.roles.iter().map(|rule| (&rule.basis, &rule.at));
    let separations = profile.separations.iter().map(|rule| (&rule.basis, &rule.at));
    let successions = profile.successions.iter().map(|rule| (&rule.basis, &rule.at));
    let gates = profile.eligibility.iter().map(|rule| (&rule.basis, &rule.at));
    let rights = profile.rights.iter().map(|rule| (&rule.basis, &rule.at));
    let settings = profile.settings.iter().map(|rule| (&rule.basis, &rule.at));
    let responsible = profile
        .responsibilities
        .iter()
        .map(|rule| (&rule.basis, &rule.at));
    let superiors = profile.superiors.iter().map(|rule| (&rule.basis, &rule.at));
    let open = profile.open_tables.iter().map(|rule| (&rule.basis, &rule.at));
    let figures = profile.figures.iter().map(|rule| (&rule.basis, &rule.at));
    let grounds = profile
        .citations
        .grounds()
        .into_iter()
        .map(|(_, basis)| (basis, &profile.thresholds.at));
    let numbers = [(&profile.thresholds.basis, &profile.thresholds.at)]
        .into_iter()
        .chain(dp::bases(profile))
        .chain(grounds);
    let all = roles
        .chain(separations)
        .chain(successions)
        .chain(gates)
        .chain(rights)
        .chain(settings)
        .chain(responsible)
        .chain(superiors)
        .chain(open)
        .chain(figures)
        .chain(numbers);
    for (basis, at) in all {
        for clause in basis.clauses() {
            if !profile.clauses.contains_key(clause) {
                errors.push(error(at, format!("clause `{clause}` does not exist")));
            }
        }
    }
}

pub(super) fn error(at: &Place, message: String) -> ProfileError {
    ProfileError {
        file: at.file.to_string(),
        line: at.line,
        message,
    }
}

/// What is being read, and where faults go.
pub(super) struct References<'a> {
    pub(super) profile: &'a Profile,
    pub(super) procedure: &'a Procedure,
    errors: &'a mut Vec<ProfileError>,
}

impl References<'_> {
    pub(super) fn error(&mut self, at: &Place, message: String) {
        self.errors.push(error(at, message));
    }

    fn all(&mut self) {
        let procedure = self.procedure;
        self.unique();
        let whole = Place::whole(&procedure.at.file);
        if procedure.stages.is_empty() {
            self.error(&whole, "a procedure needs a stage".to_owned());
        }
        self.basis(&procedure.basis, &whole);
        for role in procedure.parties.iter().chain(&procedure.open.by) {
            self.role(role, &whole);
        }
        for guard in &procedure.open.guards {
            self.guard(guard);
        }
        for clock in &procedure.open.starts {
            self.clock(clock, &whole);
        }
        self.batch();
        for stage in &procedure.stages {
            self.basis(&stage.basis, &stage.at);
            if let Some(holder) = &stage.holder {
                self.role(holder, &stage.at);
            }
        }
        self.acts();
        for clock in &procedure.clocks {
            self.basis(&clock.basis, &clock.at);
            self.role(&clock.holder, &clock.at);
            for field in [&clock.limit_field, &clock.due_field, &clock.start_field]
                .into_iter()
                .flatten()
            {
                self.field(field, &clock.at);
            }
            self.whens(&clock.when, &clock.at);
            if let Some(query) = &clock.no_later_than {
                self.query(query, &clock.at);
            }
        }
        for lane in &procedure.lanes {
            self.basis(&lane.basis, &lane.at);
            self.role(&lane.role, &lane.at);
            self.clock(&lane.clock, &lane.at);
            self.whens(&lane.when, &lane.at);
            if let LaneBody::ProvidersOf(field) = &lane.body {
                self.field(field, &lane.at);
            }
        }
        self.fields();
    }

    fn unique(&mut self) {
        let procedure = self.procedure;
        let lists: [(&str, Vec<(&str, &Place)>); 4] = [
            (
                "stage",
                procedure.stages.iter().map(|x| (x.id.as_str(), &x.at)).collect(),
            ),
            (
                "act",
                procedure.acts.iter().map(|x| (x.id.as_str(), &x.at)).collect(),
            ),
            (
                "clock",
                procedure.clocks.iter().map(|x| (x.id.as_str(), &x.at)).collect(),
            ),
            (
                "field",
                procedure.fields.iter().map(|x| (x.id.as_str(), &x.at)).collect(),
            ),
        ];
        for (what, list) in lists {
            let mut seen = BTreeSet::new();
            for (id, at) in list {
                if !seen.insert(id) {
                    self.error(at, format!("{what} `{id}` is defined twice"));
                }
            }
        }
    }

    fn acts(&mut self) {
        for act in &self.procedure.acts {
            self.basis(&act.basis, &act.at);
            for role in act.by.iter().chain(&act.decided_by) {
                self.role(role, &act.at);
            }
            for stage in act.from.iter().chain(&act.to) {
                self.stage(stage, &act.at);
            }
            for field in &act.records {
                self.field(field, &act.at);
            }
            let extended = act.extends.iter().map(|extension| &extension.clock);
            let named = act
                .starts
                .iter()
                .chain(&act.stops)
                .chain(&act.pauses)
                .chain(&act.resumes);
            for clock in named.chain(extended) {
                self.clock(clock, &act.at);
            }
            for step in &act.route {
                if step.post != "checker" && self.profile.posts.iter().all(|post| post.id != step.post) {
                    self.error(&act.at, format!("act `{}`: unknown post `{}`", act.id, step.post));
                }
            }
            for guard in &act.guards {
                self.guard(guard);
            }
        }
    }

    fn fields(&mut self) {
        for field in &self.procedure.fields {
            self.basis(&field.basis, &field.at);
            if !field.group.is_empty() && self.procedure.groups.iter().all(|group| group.id != field.group) {
                self.error(
                    &field.at,
                    format!("field `{}`: unknown group `{}`", field.id, field.group),
                );
            }
            let is_case = matches!(field.ty, FieldType::Case | FieldType::Cases);
            match &field.procedure {
                Some(other) if self.profile.procedure(other).is_none() => {
                    self.error(
                        &field.at,
                        format!("field `{}`: unknown procedure `{other}`", field.id),
                    );
                }
                None if is_case => {
                    self.error(&field.at, format!("case field `{}` names no procedure", field.id))
                }
                _ => {}
            }
            if (field.ty == FieldType::Choice) == field.choices.is_empty() {
                self.error(
                    &field.at,
                    format!(
                        "field `{}`: choices belong to choice fields, and these need some",
                        field.id
                    ),
                );
            }
            if let Some(role) = &field.party {
                self.role(role, &field.at);
            }
            let wanted = field.means.map(Meaning::field_type);
            if wanted.is_some_and(|wanted| wanted != field.ty) {
                let message = format!("field `{}`: `means` does not fit its type", field.id);
                self.error(&field.at, message);
            }
        }
    }

    pub(super) fn basis(&mut self, basis: &Basis, at: &Place) {
        for clause in basis.clauses() {
            if !self.profile.clauses.contains_key(clause) {
                self.error(at, format!("clause `{clause}` does not exist"));
            }
        }
    }
    pub(super) fn role(&mut self, id: &str, at: &Place) {
        if self.profile.role(id).is_none() {
            self.error(at, format!("unknown role `{id}`"));
        }
    }
    pub(super) fn stage(&mut self, id: &str, at: &Place) {
        if self.procedure.stage(id).is_none() {
            self.error(at, format!("unknown stage `{id}`"));
        }
    }
    pub(super) fn field(&mut self, id: &str, at: &Place) {
        if self.procedure.field(id).is_none() {
            self.error(at, format!("unknown field `{id}`"));
        }
    }
    pub(super) fn clock(&mut self, id: &str, at: &Place) {
        if self.procedure.clock(id).is_none() {
            self.error(at, format!("unknown clock `{id}`"));
        }
    }

    pub(super) fn act(&mut self, id: &str, at: &Place) {
        if self.procedure.act(id).is_none() {
            self.error(at, format!("unknown act `{id}`"));
        }
    }
}
