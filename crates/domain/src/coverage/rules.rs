//! Every rule of a profile that cites a clause, with its place.

use shuyu_kernel::{Basis, ClauseId};
use shuyu_profile::{Procedure, Profile};

use super::RulePlace;

/// Clause and rule, in order of the files.
pub(super) fn all(profile: &Profile) -> Vec<(&ClauseId, RulePlace)> {
    let mut list = List {
        file: String::new(),
        rules: Vec::new(),
    };
    list.file = format!("{}/roles.toml", profile.id);
    for role in &profile.roles {
        list.add("role", &role.id, 0, &role.basis);
    }
    for separation in &profile.separations {
        list.add("separation", &separation.roles.join(" "), 0, &separation.basis);
    }
    list.file = format!("{}/gates.toml", profile.id);
    for rule in &profile.eligibility {
        list.add("eligibility", &rule.code, 0, &rule.basis);
    }
    for procedure in &profile.procedures {
        list.procedure(procedure);
    }
    list.rules
}

struct List<'a> {
    file: String,
    rules: Vec<(&'a ClauseId, RulePlace)>,
}

impl<'a> List<'a> {
    fn add(&mut self, what: &'static str, id: &str, line: usize, basis: &'a Basis) {
        let place = RulePlace {
            what,
            id: id.to_owned(),
            file: self.file.clone(),
            line,
        };
        self.rules
            .extend(basis.clauses().iter().map(|clause| (clause, place.clone())));
    }

    fn procedure(&mut self, procedure: &'a Procedure) {
        self.file.clone_from(&procedure.file);
        self.add("procedure", &procedure.id, 1, &procedure.basis);
        for guard in &procedure.open.guards {
            self.add("guard", &guard.code, guard.line, &guard.basis);
        }
        for stage in &procedure.stages {
            self.add("stage", &stage.id, stage.line, &stage.basis);
        }
        for field in &procedure.fields {
            self.add("field", &field.id, field.line, &field.basis);
        }
        for act in &procedure.acts {
            self.add("act", &act.id, act.line, &act.basis);
            for guard in &act.guards {
                self.add("guard", &guard.code, guard.line, &guard.basis);
            }
        }
        for clock in &procedure.clocks {
            self.add("clock", &clock.id, clock.line, &clock.basis);
        }
        for lane in &procedure.lanes {
            self.add("lane", &lane.id, 0, &lane.basis);
        }
    }
}
