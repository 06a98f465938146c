//! Confirmation of addresses by codes.

use std::sync::Mutex;
use std::time::Duration;

use crate::support::{
    ACME, LATER, LEASE, NOW, TestClock, delivery_kinds, desk_deliveries, new_message, quota, receipts, submission_key,
    submit_unconfirmed, ticket, with_mail, write_message,
};
use deskbell_core::ids::{CustomerId, TicketId};
use deskbell_core::ports::{
    ActivityKind, ChangeOutcome, CodeCheck, CodeRequest, Confirmation, CurrentTicket, DeliveryKind, MailLimits,
    MailOutcome, MailQuota, NewDelivery, NewMail, Store, SubmissionExtras, SubmissionOutcome,
};
use deskbell_core::rules::codes::{self, confirm_signed};
use domain::conversation::Author;

/// How long a code is valid.
const LIFE: Duration = Duration::from_secs(24 * 60 * 60);
/// The time between two codes.
const PAUSE: Duration = Duration::from_secs(60);

pub async fn each_code_allows_five_guesses(store: &dyn Store, clock: &TestClock) {
    submit_unconfirmed(store).await;
    let confirm = async |number: u32| {
        let deliveries = desk_deliveries(DeliveryKind::Confirmed);
        enter_code(store, "1", &|code| code == number, &deliveries).await
    };
    let state = async || store.ticket(&"1".into()).await.unwrap().unwrap().handling.confirmation;
    assert_eq!(state().await, Confirmation::Awaited { withheld: 0, first: 0, code_sent: true });
    clock.advance(LIFE + Duration::from_millis(1));
    assert_eq!(confirm(1).await, CodeCheck::NoneValid, "its time is over");
    clock.set(NOW);
    for left in (0..5).rev() {
        assert_eq!(confirm(2).await, CodeCheck::Wrong(left));
    }
    assert_eq!(confirm(1).await, CodeCheck::TooManyAttempts);
    let quota = quota("ada@example.com");
    let request = async || store.request_code(&"1".into(), PAUSE, &quota).await.unwrap();
    clock.advance(PAUSE / 4);
    assert_eq!(request().await, CodeRequest::TooSoon { wait: PAUSE * 3 / 4 });
    clock.advance(PAUSE * 3 / 4);
    assert_eq!(request().await, CodeRequest::Accepted);
    let due = store.claim_mail(&ACME, LEASE).await.unwrap().unwrap();
    assert_eq!((due.code, due.address.as_str()), (Some(2), "ada@example.com"));
    assert_eq!(confirm(1).await, CodeCheck::Wrong(4), "the first is not valid any more");
    assert_eq!(confirm(2).await, CodeCheck::Confirmed);
    assert_eq!((state().await, confirm(2).await), (Confirmation::Confirmed, CodeCheck::NotNeeded));
    assert_eq!(request().await, CodeRequest::NotNeeded);
    let activities = store.activities(&"1".into()).await.unwrap();
    assert_eq!(
        (activities.len(), activities[0].kind, activities[0].text.as_str()),
        (1, ActivityKind::Confirmed, "ada@example.com")
    );
    assert_eq!(enter_code(store, "2", &|_| true, &[]).await, CodeCheck::NotNeeded);
}

pub async fn receipts_leave_part_of_the_quota_to_requested_codes(store: &dyn Store, clock: &TestClock) {
    let limits = MailLimits::default();
    for number in 1..=4_u8 {
        let quota = MailQuota { limits: limits.of_receipts(), ..quota("ada@example.com") };
        let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota) });
        let extras = SubmissionExtras { unconfirmed: Some("ada@example.com".into()), ..with_mail(mail) };
        let new = ticket(&number.to_string(), &format!("DB-{number}"), NOW);
        assert_eq!(
            store.submit(&new, &submission_key(&number.to_string()), extras).await.unwrap(),
            SubmissionOutcome::Stored
        );
    }
    let is_code_sent =
        async |id: &str| store.ticket(&TicketId::new(id)).await.unwrap().unwrap().handling.confirmation.is_code_sent();
    assert!(is_code_sent("1").await && is_code_sent("2").await && !is_code_sent("3").await);
    let request =
        async |id: &str| store.request_code(&TicketId::new(id), PAUSE, &quota("ada@example.com")).await.unwrap();
    clock.set(LATER);
    assert_eq!(request("3").await, CodeRequest::Accepted);
    assert!(is_code_sent("3").await);
    assert_eq!(request("4").await, CodeRequest::QuotaUsedUp { wait: Duration::from_secs(23 * 60 * 60) });
    for (limit, part) in [(0, 0), (1, 1), (2, 1), (3, 2), (10, 7), (500, 375)] {
        assert_eq!(MailLimits { site: limit, ..limits }.of_receipts().site, part);
    }
}

pub async fn a_code_with_a_failed_mail_can_be_requested_again_at_once(store: &dyn Store, _clock: &TestClock) {
    submit_unconfirmed(store).await;
    let due = store.claim_mail(&ACME, LEASE).await.unwrap().unwrap();
    assert!(store.record_mail(&"1".into(), &due.claim, MailOutcome::DeadLetter).await.unwrap());
    let confirmation = store.ticket(&"1".into()).await.unwrap().unwrap().handling.confirmation;
    assert_eq!(confirmation, Confirmation::Awaited { withheld: 0, first: 0, code_sent: false });
    let quota = quota("ada@example.com");
    assert_eq!(store.request_code(&"1".into(), PAUSE, &quota).await.unwrap(), CodeRequest::Accepted);
}

pub async fn a_confirmed_mailbox_is_limited_by_its_session(store: &dyn Store, _clock: &TestClock) {
    let limits = MailLimits { mailbox: 1, session: 3, ..MailLimits::default() };
    for id in 1..=5_u8 {
        let quota = MailQuota { session: Some([1; 32].into()), limits, ..quota("ada@example.com") };
        let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota) });
        let extras = SubmissionExtras { unconfirmed: Some("ada@example.com".into()), ..with_mail(mail) };
        let mut new = ticket(&id.to_string(), &format!("DB-{id}"), NOW);
        new.session = Some([1; 32].into());
        assert_eq!(
            store.submit(&new, &submission_key(&id.to_string()), extras).await.unwrap(),
            SubmissionOutcome::Stored
        );
        if id == 1 {
            assert_eq!(enter_code(store, "1", &|_| true, &[]).await, CodeCheck::Confirmed);
        }
    }
    assert_eq!(receipts(store, 10).await, ["1", "2", "3"]);
    let last = store.ticket(&"5".into()).await.unwrap().unwrap();
    assert_eq!(last.handling.confirmation, Confirmation::Confirmed, "without a receipt it is confirmed all the same");
}

pub async fn a_confirmed_mailbox_stays_confirmed_for_later_tickets(store: &dyn Store, _clock: &TestClock) {
    let submit = async |id: &str, session: Option<u8>, person: Option<&'static str>, address: &str| {
        let quota = MailQuota { limits: MailLimits { mailbox: 1, ..MailLimits::default() }, ..quota(address) };
        let mail = Some(NewMail { address: address.into(), quota: Some(quota) });
        let extras = SubmissionExtras { unconfirmed: Some(address.into()), ..with_mail(mail) };
        let mut new = ticket(id, &format!("DB-{id}"), NOW);
        (new.session, new.person) = (session.map(|session| [session; 32].into()), person.map(CustomerId::from));
        assert_eq!(store.submit(&new, &submission_key(id), extras).await.unwrap(), SubmissionOutcome::Stored);
        store.ticket(&TicketId::new(id)).await.unwrap().unwrap().handling.confirmation
    };
    assert!(submit("1", Some(1), None, "ada@example.com").await.is_code_sent());
    assert!(submit("2", Some(1), None, "Ada@example.com").await.is_awaited(), "it is not confirmed yet");
    assert_eq!(enter_code(store, "1", &|_| true, &[]).await, CodeCheck::Confirmed);
    assert_eq!(submit("3", Some(1), None, "ADA@Example.com").await, Confirmation::Confirmed);
    for (id, session, person, address) in [
        ("4", Some(1), None, "eve@example.com"),
        // To some mail servers that is another mailbox.
        ("10", Some(1), None, "ada+x@example.com"),
        ("5", Some(2), None, "ada@example.com"),
        ("6", None, None, "ada@example.com"),
        ("7", Some(1), Some("u-7"), "ada@example.com"),
    ] {
        assert!(submit(id, session, person, address).await.is_awaited(), "{id}");
    }
    // It gets a receipt without a code.
    assert_eq!(receipts(store, 10).await, ["1", "3", "4"]);
    // What a session sent before the customer signed in belongs to the customer, and no longer to the session.
    store.move_to_person(&ACME, &[1; 32].into(), &"u-8".into()).await.unwrap();
    assert!(submit("8", Some(1), None, "ada@example.com").await.is_awaited());
    assert_eq!(submit("9", Some(3), Some("u-8"), "ada@example.com").await, Confirmation::Confirmed);
}

pub async fn signing_in_with_the_claimed_address_confirms_it(store: &dyn Store, _clock: &TestClock) {
    submit_unconfirmed(store).await;
    store.move_to_person(&ACME, &[9; 32].into(), &"u-7".into()).await.unwrap();
    let state = async || store.ticket(&"1".into()).await.unwrap().unwrap().handling.confirmation;
    let unconfirmed = async |site: &'static str, person: &'static str, mailbox: &str| {
        store.unconfirmed_addresses(&site.into(), &person.into(), mailbox).await.unwrap()
    };
    for (site, person, mailbox) in
        [("acme", "u-7", "eve@example.com"), ("acme", "u-8", "ada@example.com"), ("other", "u-7", "ada@example.com")]
    {
        assert!(unconfirmed(site, person, mailbox).await.is_empty(), "{site} {person} {mailbox}");
    }
    assert_eq!(unconfirmed("acme", "u-7", "ada@example.com").await, [("1".into(), "ada@example.com".into())]);
    assert!(state().await.is_awaited());
    let deliveries = desk_deliveries(DeliveryKind::Confirmed);
    let confirm = async || {
        let decide = |current: &CurrentTicket| confirm_signed(current, "ada@example.com", &deliveries);
        store.change(&"1".into(), None, &decide).await.unwrap()
    };
    let ChangeOutcome::Written(confirmed, None) = confirm().await else { panic!("it is not confirmed") };
    assert_eq!(confirmed.handling.confirmation, Confirmation::Confirmed);
    assert_eq!(state().await, Confirmation::Confirmed);
    assert!(unconfirmed("acme", "u-7", "ada@example.com").await.is_empty());
    assert!(matches!(confirm().await, ChangeOutcome::Unchanged(_)), "it is confirmed once");
    assert_eq!(delivery_kinds(store, "1").await, [(DeliveryKind::Ticket, 0), (DeliveryKind::Confirmed, 0)]);
}

pub async fn what_did_not_come_from_the_senders_panel_is_withheld(store: &dyn Store, _clock: &TestClock) {
    submit_unconfirmed(store).await;
    for (author, key) in [
        (Author::Automatic, None),
        (Author::Customer, Some("from-the-panel")),
        (Author::Support, None),
        (Author::Customer, Some("mail <from@elsewhere>")),
    ] {
        write_message(store, new_message(author, "Hello"), key, vec![]).await;
    }
    assert_eq!(store.messages_of_others(&"1".into()).await.unwrap(), [3, 4]);
    let state = store.ticket(&"1".into()).await.unwrap().unwrap().handling.confirmation;
    assert_eq!(state, Confirmation::Awaited { withheld: 2, first: 3, code_sent: true });
}

/// Enters a code for a ticket; `is_code` tells whether it is the code with a number.
async fn enter_code(
    store: &dyn Store,
    ticket: &str,
    is_code: &(dyn Fn(u32) -> bool + Send + Sync),
    deliveries: &[NewDelivery],
) -> CodeCheck {
    let result = Mutex::new(CodeCheck::NotNeeded);
    let decide = |current: &CurrentTicket| {
        let (check, decision) = codes::enter_code(current, LIFE, is_code, deliveries);
        *result.lock().unwrap() = check;
        decision
    };
    store.change(&TicketId::new(ticket), None, &decide).await.unwrap();
    result.into_inner().unwrap()
}
