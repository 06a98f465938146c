//! The specification of [`deskbell_core::ports`] as functions that assert it for any store. A store runs all of them with [`conformance!`].
//! What is specific to one store, such as its migrations, is tested there.
// All of this is test code, for which clippy.toml allows these lints, but clippy does not recognise it as such.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod attachments;
mod confirmations;
mod conversations;
mod erasure;
mod incidents;
mod lists;
mod outgoing_mail;
mod polls;
mod questions;
mod queue;
mod sessions;
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
    attachments::a_file_is_its_owners_and_goes_along_with_one_thing,
    attachments::an_upload_that_is_not_admitted_is_neither_kept_nor_counted,
    confirmations::a_code_is_guessed_at_five_times_and_another_makes_five_more,
    confirmations::receipts_leave_a_part_of_the_quota_to_codes_that_somebody_requests,
    confirmations::a_code_whose_mail_is_given_up_was_not_sent_and_another_can_be_requested_at_once,
    confirmations::whoever_has_confirmed_a_mailbox_gets_no_more_receipts_than_a_session_may_have,
    confirmations::whoever_has_confirmed_a_mailbox_does_not_confirm_it_again_for_the_next_ticket,
    confirmations::who_signs_in_with_the_claimed_address_has_confirmed_it,
    conversations::what_is_said_is_numbered_counted_as_unread_and_said_once,
    conversations::a_decision_sees_the_ticket_as_the_change_before_it_has_left_it,
    conversations::a_decision_is_given_the_time_of_the_store,
    conversations::a_note_from_elsewhere_is_kept_once_counted_and_found,
    conversations::messages_come_in_pages_that_end_by_number_or_by_bytes,
    erasure::what_is_erased_leaves_nothing_and_does_not_come_again,
    erasure::what_is_not_meant_any_more_is_not_erased,
    incidents::who_is_affected_is_counted_once_and_forgotten,
    lists::the_list_begins_with_what_is_due_and_ends_with_what_is_solved,
    lists::tickets_are_found_by_reference_person_and_words_in_any_spelling,
    lists::the_list_is_narrowed_by_everything_at_once_and_a_search_finds_what_was_said_later,
    lists::a_search_finds_the_same_whichever_way_it_takes,
    outgoing_mail::a_receipt_is_taken_by_one_until_its_time_and_not_any_more_when_it_is_done,
    outgoing_mail::a_session_a_network_and_a_site_have_their_shares_of_receipts_too_and_their_tickets_are_kept,
    outgoing_mail::who_uses_up_a_mailbox_of_somebody_else_leaves_its_owner_a_share_and_a_mailbox_has_an_end,
    polls::what_is_told_is_taken_once_and_a_ticket_from_elsewhere_is_kept_once,
    polls::of_the_tickets_to_poll_the_newest_are_taken_and_always_one_that_waits_for_longest,
    polls::how_long_ago_changes_were_read_is_measured_by_the_store,
    questions::an_id_that_another_source_takes_meanwhile_stays_with_it,
    questions::what_an_import_writes_counts_once_it_is_done_and_only_what_has_changed_is_read,
    questions::one_holder_at_a_time_has_the_lease_of_an_import,
    queue::deliveries_are_taken_oldest_first_by_one_at_a_time_and_what_belongs_to_a_ticket_in_its_order,
    queue::a_ticket_from_before_a_destination_goes_there_ahead_of_what_is_said_about_it,
    queue::only_who_holds_a_claim_records_and_whoever_is_at_work_is_not_given_the_same_again,
    queue::what_waits_behind_a_dead_letter_is_renewed_with_it,
    queue::a_delivery_that_keeps_its_position_is_due_at_once_before_those_that_came_later,
    queue::a_lease_begins_when_it_is_claimed_whatever_time_the_ticket_has,
    sessions::an_agent_is_known_until_a_session_ends_or_is_ended,
    tickets::a_ticket_comes_back_as_it_was_by_id_by_reference_and_by_key,
    tickets::a_key_or_a_reference_that_is_taken_keeps_nothing,
    tickets::a_customers_list_comes_in_pages_and_its_counts_are_of_all,
}
