//! The contract of the record, run on SQLite and on PostgreSQL.
//!
//! `SHUYU_TEST_PG` names a PostgreSQL database in which the tests may make schemas; `./dev test` starts one.

#![expect(clippy::too_many_lines, reason = "a test tells a whole story")]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod events;
mod world;

mod acts;
mod budget;
mod crash;
mod guarding;
mod lists;
mod logs;
mod moments;
mod own;
mod plain;
mod rebuilding;
mod work;

/// Each scenario becomes one test on each database.
macro_rules! contract {
    ($($module:ident :: { $($scenario:ident),* $(,)? })*) => {
        mod sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    crate::$module::$scenario(crate::world::World::sqlite()).await;
                })*
            })*
        }
        mod postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $scenario() {
                    crate::$module::$scenario(crate::world::World::postgres().await).await;
                })*
            })*
        }
    };
}

contract! {
    acts::{
        a_known_key_gets_the_same_answer,
        a_key_for_something_else_is_refused,
        a_stale_version_is_refused_with_both_versions,
        a_refusal_changes_nothing,
        a_taken_number_is_refused_and_changes_nothing,
        an_event_of_another_stream_is_a_fault_and_changes_nothing,
        concurrent_writers_leave_no_gap,
        links_are_loaded_transitively,
        personal_fields_are_revealed_until_erased,
        follow_ups_are_queued_once,
    }
    budget::{
        a_budget_holds_among_many,
        what_was_spent_survives_a_rebuild_and_another_budget,
        releases_that_were_charged_are_found_by_their_question,
    }
    crash::{
        a_crash_leaves_all_or_nothing,
        a_crash_while_sealing_is_mended_by_opening,
    }
    guarding::{
        a_shorter_log_is_refused,
        another_history_is_refused,
        a_lost_guard_is_refused_until_adopted,
        other_keys_and_kinds_are_refused,
        a_newer_schema_is_refused,
        an_edited_migration_is_refused,
    }
    lists::{
        cases_are_found_by_every_filter,
        duties_appear_and_vanish,
        a_waiting_step_is_a_duty_of_its_body,
        a_permit_leads_to_its_case,
        the_latest_dataset_version_is_listed,
        watched_clocks_are_found_by_every_filter,
    }
    logs::{
        entries_refuse_to_be_changed,
        an_export_verifies_offline,
        receipts_verify_offline,
        the_access_log_does_not_wait_for_acts,
        a_note_is_cut_before_it_stands_for_ever,
        a_changed_entry_is_not_sealed,
        a_changed_leaf_is_refused_at_the_start,
        a_table_that_disagrees_stops_the_store,
    }
    moments::{
        recorded_time_never_goes_back,
        an_earlier_answer_is_found_by_its_key,
    }
    plain::{
        documents_are_swapped_by_version,
        counters_are_atomic,
        documents_and_counters_stand_or_fall_with_the_act,
        a_limit_holds_among_many,
        counters_are_listed_and_forgotten_by_name,
        releases_are_listed_by_case,
        old_keys_are_forgotten,
        the_release_ledger_grows_with_the_answer_that_was_judged_by_it,
    }
    rebuilding::{
        tables_equal_the_ledger,
        every_planted_difference_is_found_and_mended,
        random_histories_rebuild_to_the_same_rows,
    }
}
