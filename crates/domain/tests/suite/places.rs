//! Other places than the first: a province, two cities, and one that does not exist.

use std::collections::BTreeMap;

use shuyu_domain::coverage::coverage;
use shuyu_profile::{Platform, Profile, ProfileSource, check, scenario::Scenario};

use crate::support::{fictional, folder, loaded, named};

/// Clauses that software can serve and that no scenario proves; empty where a scenario fails.
fn unproven(profile: &Profile, scenarios: &BTreeMap<String, Scenario>) -> Vec<String> {
    let found = coverage(profile, scenarios);
    assert_eq!(found.failed, Vec::<String>::new());
    found
        .clauses
        .iter()
        .filter(|row| row.platform != Platform::None && !row.evidenced)
        .map(|row| format!("{}: {}", row.id, row.missing))
        .collect()
}

fn faults(profile: &Profile) -> Vec<String> {
    [check::references(profile), check::life_cycles(profile)]
        .concat()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn every_clause_of_every_jurisdiction_is_proven() {
    for (name, clauses) in [("yunnan", 325), ("jilin", 107), ("qiqihar", 60), ("lanzhou", 55)] {
        let (profile, scenarios) = named(name);
        assert_eq!(faults(&profile), Vec::<String>::new());
        let own = profile.clauses.values().filter(|clause| !clause.national);
        assert_eq!(own.count(), clauses, "{name}");
        assert_eq!(unproven(&profile, &scenarios), Vec::<String>::new());
    }
}

/// Roles, posts, stages, fields, clauses, calendar and procedures that no shipped profile has: what the engine knew of
/// a province by name would be missing here.
#[test]
fn a_place_that_does_not_exist_works_as_well() {
    let (profile, scenarios) = fictional();
    assert_eq!(faults(&profile), Vec::<String>::new());
    assert_eq!(profile.clauses.len(), 10);
    assert_eq!(unproven(&profile, &scenarios), Vec::<String>::new());
}

/// The same rules under other names: clauses, numbers of cases, roles, stages and the place itself.
#[test]
fn the_first_place_under_other_names_works_as_well() {
    let renamed = |source: &ProfileSource| {
        let mut other = ProfileSource::new(&source.name.replace("yunnan", "elsewhere"));
        for (path, text) in &source.files {
            let mut text = text.clone();
            for (old, new) in [
                ("YN-", "ZZ-"),
                ("滇", "丁"),
                ("云南", "别处"),
                ("yunnan", "elsewhere"),
                ("implementing_agency", "commissioner"),
                ("data_authority", "overseer_of_data"),
                ("province_bureau", "upper_bureau"),
                ("\"drafting\"", "\"in_the_making\""),
                ("stage:drafting", "stage:in_the_making"),
            ] {
                text = text.replace(old, new);
            }
            other.files.insert(path.clone(), text);
        }
        other
    };
    let (profile, scenarios) = loaded(&renamed(&folder("cn-base")), &renamed(&folder("yunnan")));
    assert_eq!(faults(&profile), Vec::<String>::new());
    let mut own = profile.clauses.values().filter(|clause| !clause.national);
    assert!(own.all(|clause| clause.id.as_str().starts_with("ZZ-")));
    assert_eq!(unproven(&profile, &scenarios), Vec::<String>::new());
}
