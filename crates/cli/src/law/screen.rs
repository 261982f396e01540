//! Where in the console a clause is met: the pages on which its rules show.

use std::collections::BTreeSet;

use shuyu_domain::coverage::{ClauseCoverage, RulePlace};
use shuyu_profile::{Guard, Place, Procedure, Profile};

use super::which::Rules;

/// Most addresses named for one clause.
const MOST: usize = 4;

/// Addresses of the console, `{…}` standing for the case at hand.
pub fn of(row: &ClauseCoverage, rules: &[Rules]) -> Vec<String> {
    let profiles = rules.iter().map(|rules| &rules.profile);
    let all: BTreeSet<String> = profiles
        .filter(|profile| profile.clauses.contains_key(&row.id))
        .flat_map(|profile| row.rules.iter().flat_map(|rule| screens(profile, rule)))
        .collect();
    let mut found: Vec<String> = all.into_iter().take(MOST).collect();
    if found.is_empty() {
        found.push(format!("/law/clauses/{}", row.id));
    }
    found
}

fn screens(profile: &Profile, rule: &RulePlace) -> Vec<String> {
    let procedures = &profile.procedures;
    procedures
        .iter()
        .filter_map(|procedure| screen(procedure, rule))
        .collect()
}

fn screen(procedure: &Procedure, rule: &RulePlace) -> Option<String> {
    let here = |at: &Place| at.line == rule.line && *at.file == *rule.file;
    let guarded = |guards: &[Guard]| guards.iter().any(|guard| here(&guard.at));
    let id = &procedure.id;
    if here(&procedure.at) || guarded(&procedure.open.guards) {
        return Some(format!("/open/{id}"));
    }
    if let Some(act) = procedure
        .acts
        .iter()
        .find(|act| here(&act.at) || guarded(&act.guards))
    {
        return Some(format!("/cases/{{{id}}}/acts/{}/-", act.id));
    }
    if let Some(field) = procedure.fields.iter().find(|field| here(&field.at)) {
        let act = procedure.acts.iter().find(|act| act.records.contains(&field.id));
        return Some(match act {
            Some(act) => format!("/cases/{{{id}}}/acts/{}/-", act.id),
            None => format!("/open/{id}/{}", field.group),
        });
    }
    let stages = procedure.stages.iter().map(|stage| &stage.at);
    let clocks = procedure.clocks.iter().map(|clock| &clock.at);
    let lanes = procedure.lanes.iter().map(|lane| &lane.at);
    let shown = stages.chain(clocks).chain(lanes).any(here);
    shown.then(|| format!("/cases/{{{id}}}"))
}
