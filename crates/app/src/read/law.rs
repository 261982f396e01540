//! The rules as pages show them: which rule and which scenario use a clause.

use std::collections::BTreeMap;

use shuyu_kernel::{Basis, ClauseId};
use shuyu_profile::{Profile, scenario::Scenario};

use crate::App;

/// A rule that rests on a clause.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleUse {
    /// What it is: `procedure`, `stage`, `act`, `guard`, `clock`, `lane`, `field`, `role`, `separation`,
    /// `eligibility`, `right`, `threshold`.
    pub kind: &'static str,
    /// Procedure it stands in; empty outside procedures.
    pub procedure: String,
    /// Chinese title.
    pub title: String,
    /// English title.
    pub title_en: String,
}

/// Every rule of a profile by the clauses it cites.
pub fn rules_by_clause(profile: &Profile) -> BTreeMap<ClauseId, Vec<RuleUse>> {
    let mut uses = Uses::default();
    for role in &profile.roles {
        uses.add("role", "", &role.title, &role.title_en, &role.basis);
    }
    for separation in &profile.separations {
        let title = separation.roles.join(" / ");
        uses.add("separation", "", &title, &title, &separation.basis);
    }
    for rule in &profile.eligibility {
        uses.add(
            "eligibility",
            &rule.procedure,
            &rule.code,
            &rule.code,
            &rule.basis,
        );
    }
    for right in &profile.rights {
        let role = profile.role(&right.party);
        let (zh, en) = role.map_or(("", ""), |role| (role.title.as_str(), role.title_en.as_str()));
        uses.add("right", &right.procedure, zh, en, &right.basis);
    }
    uses.add("threshold", "", "k", "k", &profile.thresholds.basis);
    for (ground, basis) in profile.citations.grounds() {
        uses.add("threshold", "", ground, ground, basis);
    }
    for procedure in &profile.procedures {
        let id = procedure.id.as_str();
        uses.add(
            "procedure",
            id,
            &procedure.title,
            &procedure.title_en,
            &procedure.basis,
        );
        for guard in &procedure.open.guards {
            uses.add("guard", id, &guard.code, &guard.code, &guard.basis);
        }
        for stage in &procedure.stages {
            uses.add("stage", id, &stage.title, &stage.title_en, &stage.basis);
        }
        for act in &procedure.acts {
            uses.add("act", id, &act.title, &act.title_en, &act.basis);
            for guard in &act.guards {
                uses.add("guard", id, &guard.code, &guard.code, &guard.basis);
            }
        }
        for clock in &procedure.clocks {
            uses.add("clock", id, &clock.title, &clock.title_en, &clock.basis);
        }
        for lane in &procedure.lanes {
            uses.add("lane", id, &lane.title, &lane.title_en, &lane.basis);
        }
        for field in &procedure.fields {
            uses.add("field", id, &field.title, &field.title_en, &field.basis);
        }
    }
    uses.by_clause
}

#[derive(Default)]
struct Uses {
    by_clause: BTreeMap<ClauseId, Vec<RuleUse>>,
}

impl Uses {
    fn add(&mut self, kind: &'static str, procedure: &str, title: &str, title_en: &str, basis: &Basis) {
        for clause in basis.clauses() {
            let rule = RuleUse {
                kind,
                procedure: procedure.to_owned(),
                title: title.to_owned(),
                title_en: title_en.to_owned(),
            };
            let known = self.by_clause.entry(clause.clone()).or_default();
            if !known.contains(&rule) {
                known.push(rule);
            }
        }
    }
}

impl App {
    /// Scenarios of the current profile by file name.
    pub fn scenarios(&self) -> &BTreeMap<String, Scenario> {
        self.profiles.scenarios()
    }

    /// File names and titles of scenarios in which a step is refused with this clause.
    pub fn scenarios_of(&self, clause: &ClauseId) -> Vec<(String, String)> {
        self.scenarios()
            .iter()
            .filter(|(_, scenario)| {
                scenario
                    .steps
                    .iter()
                    .any(|step| step.clause.as_ref() == Some(clause))
            })
            .map(|(name, scenario)| (name.clone(), scenario.title.clone()))
            .collect()
    }
}
