//! Mailed answers: when they are due, what ends them.

use std::time::Duration;

use crate::support::{ACME, NOW, OTHER, TestClock, new_message, submission_key, ticket, time};
use deskbell_core::ids::TicketId;
use deskbell_core::ports::{
    Activity, ActivityKind, AnswerMailOutcome, Change, CurrentTicket, Decision, DueAnswerMail, NewAnswerMail,
    NewMessage, Store, SubmissionExtras,
};
use domain::conversation::Author;

const DELAY: Duration = Duration::from_secs(300);
const LEASE: Duration = Duration::from_secs(60);
const MAILBOX: [u8; 32] = [1; 32];

async fn submit(store: &dyn Store, ids: &[&str]) {
    for id in ids {
        let new = ticket(id, &format!("DB-{id}"), NOW);
        store.submit(&new, &submission_key(id), SubmissionExtras::default()).await.unwrap();
    }
}

/// Answers a ticket, and queues the mail.
async fn answer(store: &dyn Store, id: &str, mailbox: [u8; 32]) {
    let decide = |current: &CurrentTicket| -> Decision {
        let message = NewMessage {
            author: Author::Support,
            name: "Ana".into(),
            body: "Try again.".into(),
            at: current.now,
            attachments: Vec::new(),
        };
        let answer_mail = Some(NewAnswerMail { mailbox, delay: DELAY });
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

async fn record(store: &dyn Store, due: &DueAnswerMail, outcome: &AnswerMailOutcome) -> bool {
    store.record_answer_mail(&due.ticket.id, &due.claim, outcome).await.unwrap()
}

pub async fn answers_within_the_delay_are_one_mail(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1"]).await;
    assert_eq!(next(store).await, None);
    answer(store, "1", MAILBOX).await;
    clock.advance(DELAY / 2);
    answer(store, "1", MAILBOX).await;
    assert_eq!((next(store).await, claim(store).await), (Some(DELAY / 2), None));
    clock.advance(DELAY / 2);
    assert_eq!(store.claim_answer_mail(&OTHER, LEASE).await.unwrap(), None);
    let due = claim(store).await.unwrap();
    let seen = (due.ticket.id.as_str(), due.mailed_until, due.last_mail, due.mails_sent, due.attempts, due.since);
    assert_eq!(seen, ("1", 0, None, 0, 1, time(NOW)));
    assert_eq!((claim(store).await, next(store).await), (None, Some(LEASE)));
    // What is answered meanwhile is in the next mail.
    answer(store, "1", MAILBOX).await;
    assert!(record(store, &due, &sent(2)).await);
    assert!(!record(store, &due, &sent(2)).await, "its claim has ended");
    assert_eq!((claim(store).await, next(store).await), (None, Some(DELAY)));
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert_eq!((due.mailed_until, due.last_mail, due.mails_sent, due.attempts), (2, Some(2), 1, 1));
    // Read in the panel: nothing is sent.
    let read = AnswerMailOutcome::Finished { until: 3, is_sent: false, pause: DELAY };
    assert!(record(store, &due, &read).await);
    assert_eq!(next(store).await, None);
    answer(store, "1", MAILBOX).await;
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert_eq!((due.mailed_until, due.last_mail, due.mails_sent), (3, Some(2), 1));
}

pub async fn mailed_answers_are_retried_by_one_worker(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1"]).await;
    answer(store, "1", MAILBOX).await;
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
    let text = "The answer was not mailed".to_string();
    let activity = Activity { actor: "Mail".into(), kind: ActivityKind::Bounced, text, at: time(NOW) };
    let dead = AnswerMailOutcome::DeadLetter { activity: activity.clone(), is_address_dead: false };
    assert!(record(store, &third, &dead).await);
    assert_eq!((claim(store).await, next(store).await), (None, None));
    assert_eq!(store.activities(&"1".into()).await.unwrap(), [activity]);
    // Only what is answered since is in the next mail.
    answer(store, "1", MAILBOX).await;
    clock.advance(DELAY);
    assert_eq!(claim(store).await.unwrap().mailed_until, 1);
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
    answer(store, "1", MAILBOX).await;
    // The address is confirmed: everything that waits is mailed.
    let decide = |current: &CurrentTicket| -> Decision {
        let answer_mail = Some(NewAnswerMail { mailbox: MAILBOX, delay: DELAY + DELAY });
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
        answer(store, id, MAILBOX).await;
        clock.advance(LEASE);
    }
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert!(store.unsubscribe(&due.ticket.id).await.unwrap() && store.unsubscribe(&due.ticket.id).await.unwrap());
    assert!(!store.extend_answer_mail(&due.ticket.id, &due.claim, LEASE).await.unwrap());
    assert!(!record(store, &due, &sent(1)).await);
    answer(store, "1", MAILBOX).await;
    clock.advance(DELAY);
    assert_eq!(claim(store).await.unwrap().ticket.id, TicketId::new("2"));
    assert_eq!(claim(store).await, None);
}

pub async fn nothing_is_mailed_to_a_mailbox_that_does_not_exist(store: &dyn Store, clock: &TestClock) {
    submit(store, &["1", "2", "3", "4"]).await;
    answer(store, "1", MAILBOX).await;
    answer(store, "2", MAILBOX).await;
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    let activity =
        Activity { actor: "Mail".into(), kind: ActivityKind::Bounced, text: "No such mailbox".into(), at: time(NOW) };
    assert!(record(store, &due, &AnswerMailOutcome::DeadLetter { activity, is_address_dead: true }).await);
    assert_eq!(claim(store).await, None, "what was queued for it is given up as well");
    answer(store, "3", MAILBOX).await;
    assert_eq!(next(store).await, None);
    // A receipt has come back.
    let fourth = ticket("4", "DB-4", NOW);
    store.block_mailbox(&fourth, &[2; 32]).await.unwrap();
    answer(store, "4", [2; 32]).await;
    assert_eq!(next(store).await, None);
    for (site, mailbox) in [(&*OTHER, MAILBOX), (&*ACME, [2; 32])] {
        store.unblock_mailbox(site, &mailbox).await.unwrap();
    }
    answer(store, "3", MAILBOX).await;
    answer(store, "4", [2; 32]).await;
    clock.advance(DELAY);
    let due = claim(store).await.unwrap();
    assert_eq!((due.ticket.id.as_str(), claim(store).await), ("4", None));
    assert!(record(store, &due, &sent(2)).await);
    store.unblock_mailbox(&ACME, &MAILBOX).await.unwrap();
    answer(store, "3", MAILBOX).await;
    clock.advance(DELAY);
    assert_eq!(claim(store).await.unwrap().ticket.id, TicketId::new("3"));
    // An erased ticket leaves nothing behind.
    store.block_mailbox(&ticket("5", "DB-5", NOW), &MAILBOX).await.unwrap();
    answer(store, "2", MAILBOX).await;
    assert!(next(store).await.is_some());
}
