//! Mailed answers: when they are due, what ends them.

use std::time::Duration;

use crate::support::{ACME, NOW, OTHER, TestClock, new_message, submission_key, ticket, time};
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{
    Activity, ActivityKind, AnswerMailOutcome, Change, CurrentTicket, Decision, DueAnswerMail, MailOutcome,
    NewAnswerMail, NewMail, NewMessage, ReturnedReceipt, Store, SubmissionExtras,
};
use deskbell_core::rules::answer_mail::BLOCK_LIFE;
use domain::conversation::Author;

const DELAY: Duration = Duration::from_secs(300);
const LEASE: Duration = Duration::from_secs(60);
/// The digest of an address, and of another.
const RECIPIENT: [u8; 32] = [1; 32];
const OTHER_RECIPIENT: [u8; 32] = [2; 32];

async fn submit(store: &dyn Store, ids: &[&str]) {
    for id in ids {
        let new = ticket(id, &format!("DB-{id}"), NOW);
        store.submit(&new, &submission_key(id), SubmissionExtras::default()).await.unwrap();
    }
}

/// Answers a ticket, and queues the mail.
async fn answer(store: &dyn Store, id: &str, recipient: [u8; 32]) {
    let decide = |current: &CurrentTicket| -> Decision {
        let message = NewMessage {
            author: Author::Support,
            name: "Ana".into(),
            body: "Try again.".into(),
            at: current.now,
            attachments: Vec::new(),
        };
        let answer_mail = Some(NewAnswerMail { recipient, delay: DELAY });
        Change { message: Some(message), answer_mail, ..current.unchanged() }.into()
    };
    store.change(&TicketId::new(id), None, &decide).await.unwrap();
}

async fn claim(store: &dyn Store) -> Option<DueAnswerMail> {
    store.claim_answer_mail(&ACME, LEASE).await.unwrap()
}

async fn next(store: &dyn Store) -> Option<Duration> {
    store.next_answer_mail(&ACME).await.unwrap()
}

fn sent(until: u32) -> AnswerMailOutcome {
    AnswerMailOutcome::Finished { until, is_sent: true, pause: DELAY }
}

/// A dead letter of the messages up to a number.
fn dead(until: u32, is_address_dead: bool) -> AnswerMailOutcome {
    let text = "The answer was not mailed".to_string();
    let activity = Activity { actor: "Mail".into(), kind: ActivityKind::Bounced, text, at: time(NOW) };
    AnswerMailOutcome::DeadLetter { until, pause: DELAY, activity, is_address_dead }
}

async fn is_blocked(store: &dyn Store, recipient: &[u8; 32]) -> bool {
    store.is_mailbox_blocked(&ACME, recipient).await.unwrap()
}

async fn record(store: &dyn Store, due: &DueAnswerMail, outcome: &AnswerMailOutcome) -> bool {
    store.record_answer_mail(&due.ticket.id, &due.claim, outcome).await.unwrap()
}

pub async fn answers_within_the_delay_are_one_mail(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1"]).await;
    assert_eq!(next(store).await, None);
    answer(store, "1", RECIPIENT).await;
    clock.advance(DELAY / 2);
    answer(store, "1", RECIPIENT).await;
    assert_eq!((next(store).await, claim(store).await), (Some(DELAY / 2), None));
    clock.advance(DELAY / 2);
    assert_eq!(store.claim_answer_mail(&OTHER, LEASE).await.unwrap(), None);
    let due = claim(store).await.unwrap();
    let seen = (due.ticket.id.as_str(), due.mailed_until, due.last_mail, due.mails_sent, due.attempts, due.since);
    assert_eq!(seen, ("1", 0, None, 0, 1, time(NOW)));
    assert_eq!((claim(store).await, next(store).await), (None, Some(LEASE)));
    // What is answered meanwhile is in the next mail.
    answer(store, "1", RECIPIENT).await;
    assert!(record(store, &due, &sent(2)).await);
    assert!(!record(store, &due, &sent(2)).await, "its claim has ended");
    assert_eq!((claim(store).await, next(store).await), (None, Some(DELAY)));
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert_eq!((due.mailed_until, due.queued_until, due.last_mail), (2, 3, Some(2)));
    assert_eq!((due.mails_sent, due.attempts), (1, 1));
    // Read in the panel: nothing is sent.
    let read = AnswerMailOutcome::Finished { until: 3, is_sent: false, pause: DELAY };
    assert!(record(store, &due, &read).await);
    assert_eq!(next(store).await, None);
    answer(store, "1", RECIPIENT).await;
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert_eq!((due.mailed_until, due.last_mail, due.mails_sent), (3, Some(2), 1));
}

pub async fn mailed_answers_are_retried_by_one_worker(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1"]).await;
    answer(store, "1", RECIPIENT).await;
    clock.advance(DELAY);
    let first = claim(store).await.unwrap();
    assert!(record(store, &first, &AnswerMailOutcome::Retry { after: DELAY }).await);
    assert_eq!((claim(store).await, next(store).await), (None, Some(DELAY)));
    clock.advance(DELAY);
    let second = claim(store).await.unwrap();
    // The worker that claimed it has died.
    clock.advance(LEASE);
    let third = claim(store).await.unwrap();
    assert_eq!((second.attempts, third.attempts), (2, 3));
    assert!(!record(store, &second, &sent(1)).await, "somebody else has it");
    assert!(!store.extend_answer_mail(&"1".into(), &second.claim, LEASE).await.unwrap());
    clock.advance(LEASE / 2);
    assert!(store.extend_answer_mail(&"1".into(), &third.claim, LEASE).await.unwrap());
    clock.advance(LEASE / 2);
    assert_eq!(claim(store).await, None);
    assert!(record(store, &third, &dead(1, false)).await);
    assert_eq!((claim(store).await, next(store).await), (None, None));
    let [activity] = &store.activities(&"1".into()).await.unwrap()[..] else { panic!("agents see why, once") };
    assert_eq!(activity.kind, ActivityKind::Bounced);
    // Only what is answered since is in the next mail.
    answer(store, "1", RECIPIENT).await;
    clock.advance(DELAY);
    assert_eq!(claim(store).await.unwrap().mailed_until, 1);
}

pub async fn a_dead_letter_leaves_later_answers_in_the_queue(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1"]).await;
    answer(store, "1", RECIPIENT).await;
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert_eq!(due.queued_until, 1);
    answer(store, "1", RECIPIENT).await;
    clock.advance(LEASE / 2);
    assert!(record(store, &due, &dead(due.queued_until, false)).await);
    assert_eq!((claim(store).await, next(store).await), (None, Some(DELAY)));
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    // It begins anew.
    assert_eq!((due.mailed_until, due.queued_until, due.attempts), (1, 2, 1));
    assert_eq!(due.since, time(NOW) + DELAY + LEASE / 2);
}

pub async fn answers_that_were_not_to_be_mailed_are_not_mailed_with_later_ones(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1", "2"]).await;
    for id in ["1", "2"] {
        let decide = |current: &CurrentTicket| -> Decision {
            let message = new_message(Author::Support, "Mailed by somebody else");
            Change { message: Some(message), ..current.unchanged() }.into()
        };
        store.change(&TicketId::new(id), None, &decide).await.unwrap();
    }
    answer(store, "1", RECIPIENT).await;
    // The address is confirmed: everything that waits is mailed.
    let decide = |current: &CurrentTicket| -> Decision {
        let answer_mail = Some(NewAnswerMail { recipient: RECIPIENT, delay: DELAY + DELAY });
        Change { answer_mail, ..current.unchanged() }.into()
    };
    store.change(&TicketId::new("2"), None, &decide).await.unwrap();
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert_eq!((due.ticket.id.as_str(), due.mailed_until), ("1", 1));
    clock.advance(DELAY);
    assert!(record(store, &due, &sent(2)).await);
    let due = claim(store).await.unwrap();
    assert_eq!((due.ticket.id.as_str(), due.mailed_until), ("2", 0));
}

pub async fn unsubscribing_ends_the_mails_of_one_ticket_at_once(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1", "2"]).await;
    assert!(!store.unsubscribe(&"1".into()).await.unwrap(), "no mail had a link");
    for id in ["1", "2"] {
        answer(store, id, RECIPIENT).await;
        clock.advance(LEASE);
    }
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert!(store.unsubscribe(&due.ticket.id).await.unwrap() && store.unsubscribe(&due.ticket.id).await.unwrap());
    assert!(!store.extend_answer_mail(&due.ticket.id, &due.claim, LEASE).await.unwrap());
    assert!(!record(store, &due, &sent(1)).await);
    answer(store, "1", RECIPIENT).await;
    clock.advance(DELAY);
    assert_eq!(claim(store).await.unwrap().ticket.id, TicketId::new("2"));
    assert_eq!(claim(store).await, None);
}

pub async fn reports_that_a_mailbox_does_not_exist_block_an_address_of_a_site_for_a_month(
    store: &dyn Store,
    clock: &TestClock,
) {
    submit(store, &["1", "2"]).await;
    for id in ["1", "2"] {
        answer(store, id, RECIPIENT).await;
    }
    clock.advance(DELAY);
    let first = claim(store).await.unwrap();
    assert!(!first.is_blocked);
    assert!(record(store, &first, &dead(1, true)).await);
    assert!(is_blocked(store, &RECIPIENT).await && !is_blocked(store, &OTHER_RECIPIENT).await);
    assert!(!store.is_mailbox_blocked(&OTHER, &RECIPIENT).await.unwrap());
    // The mails that wait are claimed all the same: whoever claims them tells agents that they are not sent.
    let second = claim(store).await.unwrap();
    assert!(second.is_blocked);
    assert!(record(store, &second, &dead(1, false)).await);
    // Further answers of the ticket do not end it, and the reports of others do not either.
    answer(store, first.ticket.id.as_str(), RECIPIENT).await;
    store.unblock_mailbox(&OTHER, &RECIPIENT).await.unwrap();
    store.unblock_mailbox(&ACME, &OTHER_RECIPIENT).await.unwrap();
    clock.advance(DELAY);
    let again = claim(store).await.unwrap();
    assert!(again.is_blocked && again.ticket.id == first.ticket.id);
    assert!(record(store, &again, &dead(2, false)).await);
    clock.advance(BLOCK_LIFE - DELAY - DELAY);
    assert!(is_blocked(store, &RECIPIENT).await);
    clock.advance(DELAY + DELAY);
    assert!(!is_blocked(store, &RECIPIENT).await);
    answer(store, "2", RECIPIENT).await;
    clock.advance(DELAY);
    assert!(!claim(store).await.unwrap().is_blocked);
}

pub async fn mailboxes_are_blocked_by_receipts_once_and_unblocked_by_their_owners(
    store: &dyn Store,
    _clock: &TestClock,
) {
    let mail = Some(NewMail { address: "ada@example.com".into(), quota: None });
    for id in ["1", "2"] {
        let extras = SubmissionExtras { mail: mail.clone(), ..SubmissionExtras::default() };
        store.submit(&ticket(id, &format!("DB-{id}"), NOW), &submission_key(id), extras).await.unwrap();
    }
    // A mail server refuses the receipt.
    let due = store.claim_mail(&ACME, LEASE).await.unwrap().unwrap();
    let refused = MailOutcome::Bounced { text: "No such mailbox", recipient: &RECIPIENT };
    assert!(store.record_mail(&due.ticket.id, &due.claim, refused).await.unwrap());
    assert!(is_blocked(store, &RECIPIENT).await);
    store.unblock_mailbox(&ACME, &RECIPIENT).await.unwrap();
    assert!(!is_blocked(store, &RECIPIENT).await);

    // It comes back later. What is reported again after its owner has written says nothing.
    let returned = async |dead_recipient: Option<&[u8; 32]>| {
        let returned = ReturnedReceipt { number: Some(0), text: "No such mailbox", dead_recipient };
        store.record_returned_receipt(&"2".into(), returned).await.unwrap()
    };
    assert!(returned(Some(&RECIPIENT)).await && is_blocked(store, &RECIPIENT).await);
    store.unblock_mailbox(&ACME, &RECIPIENT).await.unwrap();
    assert!(!returned(Some(&RECIPIENT)).await && !is_blocked(store, &RECIPIENT).await);

    // A proof in the panel ends it, in the transaction that queues the answers.
    let dead_letter = ReturnedReceipt { number: Some(1), text: "No such mailbox", dead_recipient: Some(&RECIPIENT) };
    assert!(store.record_returned_receipt(&"2".into(), dead_letter).await.unwrap());
    let decide = |current: &CurrentTicket| -> Decision {
        Change { proved_recipient: Some(RECIPIENT), ..current.unchanged() }.into()
    };
    store.change(&"1".into(), None, &decide).await.unwrap();
    assert!(!is_blocked(store, &RECIPIENT).await);
}

pub async fn an_erased_ticket_takes_the_mail_that_waits_with_it(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1", "2"]).await;
    answer(store, "1", RECIPIENT).await;
    answer(store, "2", OTHER_RECIPIENT).await;
    clock.advance(DELAY);
    let claimed = claim(store).await.unwrap();
    let erased = claimed.ticket.id.clone();
    store.erase_tickets(std::slice::from_ref(&erased), &|_| true).await.unwrap();
    assert!(!record(store, &claimed, &dead(1, true)).await && !record(store, &claimed, &sent(1)).await);
    assert!(!store.extend_answer_mail(&erased, &claimed.claim, LEASE).await.unwrap());
    assert!(!is_blocked(store, &RECIPIENT).await && !is_blocked(store, &OTHER_RECIPIENT).await);
    let other = claim(store).await.unwrap();
    assert_ne!(other.ticket.id, erased);
    assert!(record(store, &other, &sent(1)).await);
    clock.advance(LEASE);
    assert_eq!((claim(store).await, next(store).await), (None, None));
}
