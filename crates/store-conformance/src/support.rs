//! Fixtures for the rules.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use deskbell_core::clock::Clock;
use deskbell_core::ids::{DeliveryId, IdempotencyKey, QueueName, Reference, SiteKey, TicketId};
use deskbell_core::ports::{
    Change, ChangeOutcome, CurrentTicket, DeliveryKind, DueDelivery, Handling, MailLimits, MailQuota, MessageKey,
    NewDelivery, NewMail, NewMessage, Store, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome,
};
use deskbell_core::rules::address::mailbox;
use deskbell_core::timestamp::Timestamp;
use domain::context::Context;
use domain::conversation::Author;
use domain::targets::Owner;
use domain::targets::Target;
use domain::ticket::Client;
use domain::ticket::Contact;
use domain::ticket::Kind;
use domain::ticket::NewTicket;
use domain::ticket::Priority;
use domain::ticket::Severity;
use domain::ticket::Status;

/// The time at which every rule begins.
pub const NOW: &str = "2026-01-02T00:00:00.000Z";
/// The lease of most claims.
pub const LEASE: Duration = Duration::from_secs(30);
/// When a claim made at [`NOW`] expires.
pub const UNTIL: &str = "2026-01-02T00:00:30.000Z";
/// An hour after [`NOW`].
pub const LATER: &str = "2026-01-02T01:00:00.000Z";
/// The queue of most deliveries.
pub static QUEUE: LazyLock<QueueName> = LazyLock::new(|| QueueName { site: "acme".into(), destination: "desk".into() });
/// The site of most tickets.
pub static ACME: LazyLock<SiteKey> = LazyLock::new(|| "acme".into());
/// Another site.
pub static OTHER: LazyLock<SiteKey> = LazyLock::new(|| "other".into());

/// A clock that shows the time that a rule sets.
#[derive(Debug)]
pub struct TestClock(Mutex<Timestamp>);

impl TestClock {
    /// A clock that shows [`NOW`].
    pub fn new() -> Arc<TestClock> {
        Arc::new(TestClock(Mutex::new(time(NOW))))
    }

    /// Sets the time, RFC 3339.
    pub fn set(&self, time: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = self::time(time);
    }

    /// Moves the time forward.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = *now + by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A time in RFC 3339.
pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A ticket that came to the site `acme` from a session, at a time.
pub fn ticket(id: &str, reference: &str, received_at: &str) -> StoredTicket {
    let received_at = time(received_at);
    let new = NewTicket {
        kind: Kind::Bug,
        topic: "billing".into(),
        severity: Severity::High,
        message: "It says „no“ \u{0}\u{202e} and nothing else".into(),
        contact: Contact::default(),
        context: Context::default(),
        questions: vec![],
        attachments: vec![],
        via: String::new(),
        fields: Default::default(),
        website: String::new(),
        consent: None,
        automatic: false,
        test: false,
        locale: "en".into(),
        created_at: String::new(),
        client: Client { name: "test".into(), version: "1".into() },
    };
    StoredTicket {
        id: TicketId::new(id),
        site: "acme".into(),
        reference: Reference::new(reference),
        status: Status::Open,
        priority: Some(Priority::High),
        target: Some(Target {
            severity: Severity::High,
            priority: Priority::High,
            hours: 8,
            owner: Owner::SupportHero,
        }),
        due_at: None,
        received_at,
        person: None,
        session: Some([9; 32].into()),
        handling: Handling {
            owner: Some(Owner::SupportHero),
            team: "money".into(),
            assignee: "Ana".into(),
            ..Handling::new(&new, received_at)
        },
        ticket: new,
    }
}

/// The idempotency key of a submission.
pub fn submission_key(key: &str) -> SubmissionKey {
    SubmissionKey { key: IdempotencyKey::new(key), body: [7; 32], session: Some([9; 32].into()) }
}

/// The extras of a ticket with an automatic answer.
pub fn with_answer() -> SubmissionExtras {
    SubmissionExtras { answer: Some(new_message(Author::Automatic, "Perhaps this?")), ..SubmissionExtras::default() }
}

/// The extras of a ticket with a receipt.
pub fn with_mail(mail: Option<NewMail>) -> SubmissionExtras {
    SubmissionExtras { mail, ..SubmissionExtras::default() }
}

/// A message to be stored.
pub fn new_message(author: Author, body: &str) -> NewMessage {
    NewMessage { author, name: "Ada".into(), body: body.into(), at: time(NOW), attachments: vec![] }
}

/// The quotas of a mail to an unsigned address.
pub fn quota(address: &str) -> MailQuota {
    MailQuota {
        mailbox: Sha256::digest(mailbox(address)).into(),
        session: None,
        network: None,
        limits: MailLimits::default(),
    }
}

/// A ticket whose sender claims an address, with a code on its way.
pub async fn submit_unconfirmed(store: &dyn Store) {
    let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota("ada@example.com")) });
    let deliveries = desk_deliveries(DeliveryKind::Ticket);
    let extras = SubmissionExtras { unconfirmed: Some("ada@example.com".into()), deliveries, ..with_mail(mail) };
    assert_eq!(
        store.submit(&ticket("1", "DB-1", NOW), &submission_key("1"), extras).await.unwrap(),
        SubmissionOutcome::Stored
    );
}

/// A delivery to the destination of [`QUEUE`].
pub fn desk_deliveries(kind: DeliveryKind) -> Vec<NewDelivery> {
    vec![NewDelivery { destination: "desk".into(), kind }]
}

/// The deliveries of a ticket, by kind and message number.
pub async fn delivery_kinds(store: &dyn Store, ticket: &str) -> Vec<(DeliveryKind, u32)> {
    store.deliveries(&TicketId::new(ticket)).await.unwrap().iter().map(|one| (one.kind, one.number)).collect()
}

/// Stores a message of ticket 1 with its deliveries, bypassing every rule.
pub async fn write_message(
    store: &dyn Store,
    message: NewMessage,
    key: Option<&str>,
    deliveries: Vec<NewDelivery>,
) -> ChangeOutcome {
    write_message_about(store, "1", message, key, deliveries).await
}

/// Stores a message with its deliveries, bypassing every rule.
pub async fn write_message_about(
    store: &dyn Store,
    ticket: &str,
    message: NewMessage,
    key: Option<&str>,
    deliveries: Vec<NewDelivery>,
) -> ChangeOutcome {
    let key = key.map(IdempotencyKey::new);
    let submission_key = key.as_ref().map(|key| MessageKey { key, body_hash: [message.body.len() as u8; 32] });
    let decide = |current: &CurrentTicket| {
        Change { message: Some(message.clone()), deliveries: deliveries.clone(), ..current.unchanged() }.into()
    };
    store.change(&TicketId::new(ticket), submission_key, &decide).await.unwrap()
}

/// Stores tickets queued for a destination, all at the same time.
pub async fn submit_to_desk(store: &dyn Store, ids: &[&str]) {
    for id in ids {
        let ticket = ticket(id, &format!("DB-{id}"), "2026-01-01T00:00:00.000Z");
        let extras =
            SubmissionExtras { deliveries: desk_deliveries(DeliveryKind::Ticket), ..SubmissionExtras::default() };
        assert_eq!(store.submit(&ticket, &submission_key(id), extras).await.unwrap(), SubmissionOutcome::Stored);
    }
}

/// Claims from [`QUEUE`].
pub async fn claim(store: &dyn Store, claimed_ids: &[DeliveryId]) -> Vec<DueDelivery> {
    store.claim_deliveries(&QUEUE, LEASE, claimed_ids, 6).await.unwrap()
}

/// The tickets of deliveries.
pub fn ids(due: &[DueDelivery]) -> Vec<&str> {
    due.iter().map(|due| due.ticket.id.as_str()).collect()
}

/// The tickets that have a receipt, of those numbered below `end`, with and without a leading zero.
pub async fn receipts(store: &dyn Store, end: u32) -> Vec<String> {
    let mut with_receipt = Vec::new();
    let mut names: Vec<String> = (0..end).flat_map(|number| [number.to_string(), format!("{number:02}")]).collect();
    names.dedup();
    for name in names {
        if store.receipt_address(&TicketId::new(&name)).await.unwrap().is_some() {
            with_receipt.push(name);
        }
    }
    with_receipt
}
