//! The shipped profiles.

use shuyu_kernel::ClauseId;
use shuyu_profile::{InstrumentStatus, check};

use crate::support::{every_shipped, lines, load, shipped, shipped_names};

#[test]
fn the_four_jurisdictions_are_there() {
    assert_eq!(shipped_names(), ["jilin", "lanzhou", "qiqihar", "yunnan"]);
}

#[test]
fn every_reference_resolves() {
    for profile in every_shipped() {
        assert_eq!(lines(&check::references(&profile)), "");
    }
}

#[test]
fn life_cycles_are_sound() {
    for profile in every_shipped() {
        assert_eq!(lines(&check::life_cycles(&profile)), "");
    }
}

#[test]
fn every_rule_of_the_draft_is_shown_as_a_rehearsal() {
    let (base, own) = shipped();
    let profile = load(&base, &own);
    assert!(profile.is_preview());
    let status = |id: &str| {
        profile
            .instrument_of(&id.parse().unwrap())
            .map(|instrument| instrument.status)
    };
    assert_eq!(status("YN-OP-001"), Some(InstrumentStatus::Draft));
    assert_eq!(status("YN-DM-001"), Some(InstrumentStatus::InForce));
}

#[test]
fn every_title_and_help_has_both_languages() {
    let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    let mut wrong = Vec::new();
    let mut pair = |place: String, zh: &str, en: &str| {
        if !chinese(zh) || en.is_empty() || chinese(en) {
            wrong.push(place);
        }
    };
    let profiles = every_shipped();
    for procedure in profiles.iter().flat_map(|profile| &profile.procedures) {
        let at = |id: &str| format!("{}: {id}", procedure.at.file);
        pair(at("title"), &procedure.title, &procedure.title_en);
        procedure
            .stages
            .iter()
            .for_each(|x| pair(at(&x.id), &x.title, &x.title_en));
        procedure
            .acts
            .iter()
            .for_each(|x| pair(at(&x.id), &x.title, &x.title_en));
        procedure
            .clocks
            .iter()
            .for_each(|x| pair(at(&x.id), &x.title, &x.title_en));
        procedure
            .lanes
            .iter()
            .for_each(|x| pair(at(&x.id), &x.title, &x.title_en));
        procedure
            .groups
            .iter()
            .for_each(|x| pair(at(&x.id), &x.title, &x.title_en));
        for field in &procedure.fields {
            pair(at(&field.id), &field.title, &field.title_en);
            pair(at(&format!("help of {}", field.id)), &field.help, &field.help_en);
            field
                .choices
                .iter()
                .for_each(|x| pair(at(&x.id), &x.title, &x.title_en));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn enumerations_of_the_law_are_whole() {
    let (base, own) = shipped();
    let profile = load(&base, &own);
    let clause = |text: &str| text.parse::<ClauseId>().unwrap();
    // Procedure, clause of the enumeration, number of its items.
    for (procedure, id, items) in [
        ("resource", "YN-DM-046", 10),
        ("plan", "YN-OP-034", 12),
        ("plan", "YN-OP-035", 6),
        ("operator_agreement", "YN-OP-045", 14),
        ("development", "YN-OP-054", 5),
        ("development", "YN-OP-053", 4),
        ("development", "YN-OP-059", 11),
        ("product", "YN-OP-097", 6),
        ("redevelopment", "YN-OP-097", 6),
    ] {
        let fields = &profile.procedure(procedure).unwrap().fields;
        let cited = fields
            .iter()
            .filter(|field| field.basis.clauses().contains(&clause(id)));
        let numbers: Vec<u32> = cited.filter_map(|field| field.item).collect();
        assert_eq!(numbers, (1..=items).collect::<Vec<u32>>(), "{procedure} {id}");
    }
}

#[test]
fn names_that_other_rooms_rely_on_are_there() {
    let (base, own) = shipped();
    let profile = load(&base, &own);
    for (procedure, stages) in [
        ("plan", vec!["approved"]),
        ("operator_agreement", vec!["signed", "active"]),
        ("data_use", vec!["permitted"]),
        ("development", vec!["signed", "active"]),
        ("product", vec!["published"]),
        ("staff", vec!["cleared"]),
    ] {
        let procedure = profile.procedure(procedure).unwrap();
        assert!(
            stages.iter().all(|stage| procedure.stage(stage).is_some()),
            "{}",
            procedure.id
        );
    }
    for (procedure, field) in [
        ("resource", "f06_opening_attribute"),
        ("data_use", "purpose"),
        ("data_use", "join_risk_report"),
        ("data_use", "join_risk"),
        ("data_use", "fusion"),
        ("operator_agreement", "term_to"),
        ("product", "content_release"),
        ("product", "daily_quota"),
        ("product", "customer_agreement"),
        ("development", "objection_upheld"),
    ] {
        assert!(
            profile.procedure(procedure).unwrap().field(field).is_some(),
            "{procedure}.{field}"
        );
    }
}
