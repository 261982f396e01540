//! The whole life under each of the other jurisdictions: what is peculiar to it, over HTTP, verified and rebuilt.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::harness::shuyu;

/// What the walk of a story must have counted.
struct Walk {
    /// Profile; its world tells the story.
    profile: &'static str,
    acts: u64,
    queries: u64,
    calls: u64,
    rows_ingested: u64,
    rows_derived: u64,
    /// Refusals by code: how often.
    refusals: &'static [(&'static str, u64)],
}

impl Walk {
    fn must_hold(&self) {
        let folder = tempfile::tempdir().expect("a folder");
        let output = shuyu()
            .args(["demo", "--json", "--profile", self.profile, "--data"])
            .arg(folder.path().join("data"))
            .output()
            .expect("the demo");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        let report: Json = serde_json::from_slice(&output.stdout).expect("one JSON document");
        for proof in ["verified", "rebuilt_equal"] {
            assert_eq!(report[proof], true, "{proof} in {report}");
        }
        let counted = [
            ("acts", self.acts),
            ("queries", self.queries),
            ("calls_metered", self.calls),
            ("rows_ingested", self.rows_ingested),
            ("rows_derived", self.rows_derived),
        ];
        for (name, number) in counted {
            assert_eq!(report[name], number, "{name} in {report}");
        }
        let refusals: BTreeMap<String, u64> =
            serde_json::from_value(report["refusals"].clone()).expect("refusals by code");
        let expected = self
            .refusals
            .iter()
            .map(|(code, times)| ((*code).to_owned(), *times));
        assert_eq!(refusals, expected.collect());
    }
}

#[test]
fn qiqihar_walks_its_whole_life_with_the_agency_between_operator_and_raw_data() {
    Walk {
        profile: "qiqihar",
        acts: 125,
        queries: 6,
        calls: 18,
        rows_ingested: 48_000,
        rows_derived: 12_000,
        refusals: QIQIHAR,
    }
    .must_hold();
}

#[test]
fn jilin_walks_its_whole_life_to_an_exit_that_closes_data_at_once_and_services_later() {
    Walk {
        profile: "jilin",
        acts: 121,
        queries: 3,
        calls: 17,
        rows_ingested: 48_000,
        rows_derived: 0,
        refusals: JILIN,
    }
    .must_hold();
}

#[test]
fn lanzhou_walks_its_whole_life_from_the_designation_to_renewal_and_early_end() {
    Walk {
        profile: "lanzhou",
        acts: 101,
        queries: 4,
        calls: 15,
        rows_ingested: 48_000,
        rows_derived: 12_000,
        refusals: LANZHOU,
    }
    .must_hold();
}

const QIQIHAR: &[(&str, u64)] = &[
    ("access_closed", 2),
    ("agreement_incomplete", 2),
    ("attack_test_missing", 1),
    ("author_reviews_own_product", 1),
    ("catalogue_entry_incomplete", 1),
    ("city_approval_missing", 1),
    ("class_already_approved", 1),
    ("class_differs", 1),
    ("class_evaluation_incomplete", 1),
    ("column_sealed", 1),
    ("column_unknown", 1),
    ("confidentiality_missing", 1),
    ("developer_applies_as_operator", 1),
    ("developer_condition_unmet", 1),
    ("developer_kind_not_allowed", 1),
    ("developer_not_reviewed", 1),
    ("entrustment_missing", 1),
    ("filing_route_unset", 1),
    ("incident_within_three_years", 1),
    ("job_unrecorded", 1),
    ("named_within_three_years", 1),
    ("no_substantive_processing", 1),
    ("not_a_party", 3),
    ("not_applied_to_agency", 1),
    ("not_desensitised", 1),
    ("not_least_necessary", 1),
    ("operator_agreement_not_active", 1),
    ("operator_condition_unmet", 1),
    ("permit_ended", 1),
    ("permit_not_issued", 1),
    ("person_not_cleared", 1),
    ("plan_not_approved", 1),
    ("price_not_set", 1),
    ("processing_record_missing", 1),
    ("product_not_delivered", 1),
    ("product_not_on_market", 1),
    ("product_not_reviewed", 1),
    ("quota_used_up", 1),
    ("raw_records_output", 1),
    ("raw_rows", 1),
    ("record_too_long", 1),
    ("rights_not_recorded", 1),
    ("risk_item_found", 1),
    ("role_may_not_act", 10),
    ("roles_must_be_separate", 1),
    ("rows_missing", 1),
    ("safeguards_missing", 1),
    ("scenario_differs", 2),
    ("scenario_has_agreement", 1),
    ("select_star", 1),
    ("selection_method_missing", 1),
    ("signature_wrong", 1),
    ("state_secret_not_authorised", 1),
    ("supply_risk", 1),
    ("supply_rules_incomplete", 1),
    ("supply_untraceable", 1),
    ("table_not_granted", 2),
    ("use_rules_missing", 1),
];

const JILIN: &[(&str, u64)] = &[
    ("act_not_in_stage", 1),
    ("agency_not_designated", 1),
    ("agreement_incomplete", 1),
    ("annual_report_not_accepted", 1),
    ("applicant_affiliated", 1),
    ("closure_ground_missing", 1),
    ("collective_decision_missing", 2),
    ("column_sealed", 1),
    ("column_struck", 1),
    ("conflict_undeclared", 1),
    ("deletion_not_ordered", 1),
    ("deletion_not_proved", 1),
    ("emergency_plan_missing", 1),
    ("environment_incomplete", 1),
    ("exception_ground_missing", 1),
    ("exception_mark_undeclared", 1),
    ("exit_kind_missing", 1),
    ("exit_not_determined", 1),
    ("filing_by_other_route", 1),
    ("filing_not_received", 1),
    ("gzip_truncated", 1),
    ("handover_list_incomplete", 1),
    ("handover_not_made", 1),
    ("high_risk_item", 1),
    ("logs_must_be_kept", 1),
    ("mode_undescribed", 1),
    ("not_a_party", 1),
    ("not_least_necessary", 1),
    ("objection_open", 1),
    ("operations_not_reviewed", 1),
    ("operator_agreement_not_active", 1),
    ("operator_condition_failed", 1),
    ("opinions_not_recorded", 1),
    ("permit_not_issued", 1),
    ("person_not_cleared", 1),
    ("plan_incomplete", 1),
    ("plan_not_approved", 1),
    ("price_outside_guided_range", 1),
    ("pricing_basis_missing", 1),
    ("product_not_delivered", 1),
    ("product_not_registered", 1),
    ("publicity_not_over", 1),
    ("quota_used_up", 1),
    ("raw_copy_product", 1),
    ("raw_data_leaves", 1),
    ("raw_rows", 1),
    ("rectification_record_missing", 1),
    ("report_not_submitted", 1),
    ("report_objection_open", 1),
    ("report_parts_missing", 1),
    ("report_sections_missing", 1),
    ("resource_excepted", 1),
    ("responsibility_missing", 1),
    ("restriction_missing", 1),
    ("reversible_output", 1),
    ("role_may_not_act", 3),
    ("row_quota_missing", 1),
    ("rows_missing", 1),
    ("same_level_first", 1),
    ("signature_wrong", 1),
    ("source_consent_missing", 1),
    ("subjects_not_named", 1),
    ("table_not_granted", 1),
    ("term_too_long", 1),
    ("training_not_passed", 1),
    ("use_agreement_not_active", 2),
    ("use_missing", 1),
    ("volume_exceeded", 1),
];

const LANZHOU: &[(&str, u64)] = &[
    ("access_closed", 1),
    ("accident_within_year", 1),
    ("agency_share_too_high", 1),
    ("agency_share_unpaid", 1),
    ("assessment_indicators_missing", 1),
    ("budget_account_missing", 1),
    ("capability_unjudged", 1),
    ("column_sealed", 1),
    ("column_unknown", 1),
    ("condition_proof_missing", 1),
    ("contract_copy_missing", 1),
    ("customer_agreement_not_active", 1),
    ("deletion_proof_missing", 1),
    ("desensitisation_proof_missing", 1),
    ("desensitisation_unproven", 1),
    ("designation_missing", 1),
    ("early_end_without_ground", 1),
    ("emergency_parts_missing", 1),
    ("emergency_plan_missing", 1),
    ("encoding_unreadable", 1),
    ("experience_too_short", 1),
    ("feasibility_incomplete", 1),
    ("findings_missing", 1),
    ("frequency_class_missing", 1),
    ("holder_not_city", 1),
    ("mode_not_allowed", 1),
    ("not_a_party", 2),
    ("not_assessed", 1),
    ("not_least_necessary", 1),
    ("objection_not_accountable", 1),
    ("objection_unclear", 1),
    ("operator_agreement_not_active", 1),
    ("operator_not_judged", 1),
    ("permit_expired", 1),
    ("permit_not_issued", 1),
    ("pi_plan_missing", 1),
    ("pi_plan_not_in_force", 1),
    ("pi_stages_missing", 1),
    ("plan_incomplete", 1),
    ("plan_not_approved", 1),
    ("platform_not_connected", 1),
    ("privacy_tech_missing", 1),
    ("product_lists_missing", 1),
    ("product_not_delivered", 1),
    ("product_not_on_market", 1),
    ("protection_incomplete", 1),
    ("quality_owner_missing", 1),
    ("quota_used_up", 1),
    ("rating_below_aa", 1),
    ("raw_rows", 1),
    ("renewal_basis_missing", 1),
    ("renewal_not_evaluated", 1),
    ("report_incomplete", 1),
    ("representative_dishonest", 1),
    ("rights_incomplete", 1),
    ("role_may_not_act", 3),
    ("rows_missing", 1),
    ("scenario_matter_missing", 1),
    ("scenario_not_deliberated", 2),
    ("scope_exceeded", 2),
    ("select_star", 1),
    ("selection_method_missing", 1),
    ("signature_wrong", 1),
    ("table_not_granted", 1),
    ("term_not_two_years", 3),
    ("use_missing", 1),
];
