//! Every rule of a profile that cites a clause, with its place.

use shuyu_kernel::{Basis, ClauseId};
use shuyu_profile::{Place, Procedure, Profile};

use super::RulePlace;

/// Clause and rule, in order of the files.
pub(super) fn all(profile: &Profile) -> Vec<(&ClauseId, RulePlace)> {
    let mut list = List { rules: Vec::new() };
    for role in &profile.roles {
        list.add("role", &role.id, &role.at, &role.basis);
    }
    for separation in &profile.separations {
        list.add(
            "separation",
            &separation.roles.join(" "),
            &separation.at,
            &separation.basis,
        );
    }
    for rule in &profile.responsibilities {
        list.add("responsibility", &rule.role, &rule.at, &rule.basis);
    }
    for rule in &profile.superiors {
        list.add("superior", &rule.of, &rule.at, &rule.basis);
    }
    for rule in &profile.eligibility {
        list.add("eligibility", &rule.code, &rule.at, &rule.basis);
    }
    for right in &profile.rights {
        list.add("right", &right.party, &right.at, &right.basis);
    }
    for setting in &profile.settings {
        list.add("setting", &setting.id, &setting.at, &setting.basis);
    }
    for procedure in &profile.procedures {
        list.procedure(procedure);
    }
    list.rules
}

struct List<'a> {
    rules: Vec<(&'a ClauseId, RulePlace)>,
}

impl<'a> List<'a> {
    fn add(&mut self, what: &'static str, id: &str, at: &Place, basis: &'a Basis) {
        let place = RulePlace {
            what,
            id: id.to_owned(),
            file: at.file.to_string(),
            line: at.line,
        };
        self.rules
            .extend(basis.clauses().iter().map(|clause| (clause, place.clone())));
    }

    fn procedure(&mut self, procedure: &'a Procedure) {
        self.add("procedure", &procedure.id, &procedure.at, &procedure.basis);
        for guard in &procedure.open.guards {
            self.add("guard", &guard.code, &guard.at, &guard.basis);
        }
        for stage in &procedure.stages {
            self.add("stage", &stage.id, &stage.at, &stage.basis);
        }
        for field in &procedure.fields {
            self.add("field", &field.id, &field.at, &field.basis);
        }
        for act in &procedure.acts {
            self.add("act", &act.id, &act.at, &act.basis);
            for guard in &act.guards {
                self.add("guard", &guard.code, &guard.at, &guard.basis);
            }
        }
        for clock in &procedure.clocks {
            self.add("clock", &clock.id, &clock.at, &clock.basis);
        }
        for lane in &procedure.lanes {
            self.add("lane", &lane.id, &lane.at, &lane.basis);
        }
    }
}
