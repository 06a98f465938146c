//! The specification of [`deskbell_core::ports`] as functions that assert it for any store. A store runs all of them with [`conformance!`].
//! What is specific to one store, such as its migrations, is tested there.
// All of this is test code, for which clippy.toml allows these lints, but clippy does not recognise it as such.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod access_links;
mod agents;
mod answer_mails;
mod attachments;
mod confirmations;
mod conversations;
mod counts;
mod erasure;
mod incidents;
mod lists;
mod outgoing_mail;
mod polls;
mod questions;
mod queue;
mod site_tables;
pub mod support;
mod tickets;

/// Makes of each rule a public function, and a test in the crate that calls [`conformance!`]. A rule that is not listed is dead code and does
/// not compile.
macro_rules! rules {
    ($dollar:tt, $($module:ident::$rule:ident),* $(,)?) => {
        /// The rules by name.
        pub mod rules {
            use crate::support::TestClock;
            use deskbell_core::ports::Store;

            $(
                /// Asserts what its name says about an empty store that has this clock.
                pub async fn $rule(store: &dyn Store, clock: &TestClock) {
                    crate::$module::$rule(store, clock).await;
                }
            )*
        }

        /// Makes a test of every rule. The argument is an async function that opens an empty store with a clock and returns it with whatever has
        /// to live as long as it, such as its folder.
        #[macro_export]
        macro_rules! conformance {
            ($dollar open:path) => {
                $(
                    #[tokio::test]
                    async fn $rule() {
                        let clock = $dollar crate::support::TestClock::new();
                        let (store, _kept) = $dollar open(clock.clone()).await;
                        $dollar crate::rules::$rule(&store, &clock).await;
                    }
                )*
            };
        }
    };
}

rules! {
    $,
    access_links::a_link_opens_the_tickets_of_its_mailbox_once,
    access_links::requests_that_would_open_nothing_or_exceed_a_limit_are_dropped,
    access_links::mails_with_links_are_retried_by_one_worker,
    access_links::granted_tickets_are_read_by_the_session_to_which_they_were_granted,
    access_links::grants_end_in_time_or_when_they_are_forgotten,
    access_links::tickets_with_a_confirmed_address_come_first,
    access_links::requests_for_which_nobody_waits_are_dropped,
    access_links::an_erased_ticket_is_not_granted,
    access_links::links_end_in_time_and_with_another_one_that_is_opened,
    agents::agent_sessions_last_until_they_expire_or_are_ended,
    agents::a_login_replaces_the_session_of_the_browser,
    agents::the_latest_login_decides_the_name_and_the_grants,
    agents::all_sessions_of_an_agent_can_be_ended,
    agents::sessions_are_paged_latest_first,
    agents::the_audit_log_is_read_latest_first_and_expires,
    agents::repeated_reads_are_counted_in_one_entry,
    agents::agents_without_sessions_and_entries_are_deleted,
    answer_mails::answers_within_the_delay_are_one_mail,
    answer_mails::answers_that_were_not_to_be_mailed_are_not_mailed_with_later_ones,
    answer_mails::mailed_answers_are_retried_by_one_worker,
    answer_mails::unsubscribing_ends_the_mails_of_one_ticket_at_once,
    answer_mails::a_dead_letter_leaves_later_answers_in_the_queue,
    answer_mails::reports_that_a_mailbox_does_not_exist_block_an_address_of_a_site_for_a_month,
    answer_mails::mailboxes_are_blocked_by_receipts_once_and_unblocked_by_their_owners,
    answer_mails::an_erased_ticket_takes_the_mail_that_waits_with_it,
    attachments::a_file_belongs_to_its_owner_and_is_attached_once,
    attachments::rejected_uploads_are_not_stored_or_counted,
    attachments::unsent_files_expire_and_their_bytes_are_left_to_the_sweep,
    attachments::upload_counters_are_kept_by_day,
    attachments::secrets_differ_and_stay_the_same,
    confirmations::each_code_allows_five_guesses,
    confirmations::receipts_leave_part_of_the_quota_to_requested_codes,
    confirmations::a_code_with_a_failed_mail_can_be_requested_again_at_once,
    confirmations::a_confirmed_mailbox_is_limited_by_its_session,
    confirmations::a_confirmed_mailbox_stays_confirmed_for_later_tickets,
    confirmations::signing_in_with_the_claimed_address_confirms_it,
    confirmations::what_did_not_come_from_the_senders_panel_is_withheld,
    conversations::messages_are_numbered_counted_as_unread_and_stored_once,
    conversations::decisions_see_the_result_of_the_previous_change,
    conversations::decisions_get_the_time_of_the_store,
    conversations::external_notes_are_stored_once_counted_and_found,
    conversations::message_pages_are_limited_by_count_and_bytes,
    counts::visits_and_questions_of_the_site_count_once,
    counts::searches_are_shown_once_enough_people_have_made_them,
    counts::statistics_are_forgotten_by_week,
    erasure::erased_tickets_leave_nothing_and_are_not_stored_again,
    erasure::tickets_that_no_longer_match_are_not_erased,
    erasure::keys_of_erased_tickets_are_forgotten_in_time,
    erasure::tickets_are_walked_by_id_and_solved_ones_by_time,
    erasure::unsent_files_of_a_customer_are_erased_and_those_of_others_stay,
    incidents::affected_customers_are_counted_once_and_forgotten,
    lists::lists_begin_with_due_tickets_and_end_with_solved_ones,
    lists::tickets_are_found_by_reference_customer_and_words,
    lists::lists_combine_all_filters_and_searches_cover_later_messages,
    lists::searches_find_the_same_by_either_query_plan,
    outgoing_mail::receipts_are_claimed_by_one_worker_and_sent_once,
    outgoing_mail::waiting_mails_are_counted_by_site,
    outgoing_mail::receipts_are_limited_by_session_network_and_site_and_tickets_are_stored,
    outgoing_mail::mailbox_quotas_leave_a_share_to_the_owner_and_have_a_maximum,
    outgoing_mail::a_returned_receipt_is_recorded_once_and_stops_further_codes,
    outgoing_mail::a_refused_receipt_is_a_dead_letter_with_a_reason,
    outgoing_mail::recipients_of_finished_receipts_are_forgotten,
    polls::notifications_and_external_tickets_are_stored_once,
    polls::polls_claim_the_newest_tickets_and_one_of_the_longest_waiting,
    polls::the_age_of_the_last_poll_is_measured_by_the_store,
    questions::an_id_taken_by_another_source_stays_with_it,
    questions::imports_become_visible_when_done_and_changes_are_read_incrementally,
    questions::questions_are_paged_in_the_order_of_bytes,
    questions::an_import_lease_has_one_holder,
    queue::deliveries_are_claimed_oldest_first_and_in_order_per_ticket,
    queue::tickets_older_than_a_destination_are_delivered_before_their_messages,
    queue::outcomes_need_a_valid_claim_and_deliveries_in_progress_are_not_claimed_again,
    queue::deliveries_behind_a_dead_letter_restart_with_it,
    queue::a_retried_delivery_keeps_its_position_before_later_ones,
    queue::leases_begin_at_the_time_of_the_claim,
    queue::dead_letters_are_listed_and_sent_again_by_site,
    queue::a_returned_delivery_is_attempted_again_before_later_ones,
    site_tables::site_tables_are_written_only_over_the_expected_text,
    site_tables::removed_sites_leave_what_belongs_to_them,
    site_tables::reloads_are_requested_and_reported_by_gateway,
    tickets::tickets_are_read_by_id_reference_and_key,
    tickets::a_taken_key_or_reference_stores_nothing,
    tickets::a_customers_list_is_paged_and_its_counts_cover_all_pages,
}
