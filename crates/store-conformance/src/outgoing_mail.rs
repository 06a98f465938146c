//! Receipts and their quotas.

use std::time::Duration;

use crate::support::{
    ACME, LATER, LEASE, NOW, OTHER, TestClock, quota, receipts, submission_key, submit_unconfirmed, ticket, time,
    with_mail,
};
use deskbell_core::ids::{SessionHash, SiteKey};
use deskbell_core::ports::{
    ActivityKind, ClaimToken, CodeRequest, MailLimits, MailOutcome, MailQuota, NewAccessLink, NewMail, ReturnedReceipt,
    Store, SubmissionExtras, SubmissionOutcome, WaitingMails,
};
use deskbell_core::rules::address::mailbox;

pub async fn receipts_are_claimed_by_one_worker_and_sent_once(store: &dyn Store, clock: &TestClock) {
    let received_at = "2026-01-01T00:00:00.000Z";
    clock.set(received_at);
    let [ticket, later] = ["1", "2"].map(|id| ticket(id, &format!("DB-{id}"), received_at));
    let mail = |address: &str| Some(NewMail { address: address.into(), quota: Some(quota(address)) });
    assert_eq!(
        store.submit(&ticket, &submission_key("1"), with_mail(mail("Ada+x@example.com"))).await.unwrap(),
        SubmissionOutcome::Stored
    );
    // A ticket that is not stored sends no receipt.
    store.submit(&later, &submission_key("1"), with_mail(mail("bob@example.com"))).await.unwrap();
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let take = async |site: &SiteKey| store.claim_mail(site, minutes(5)).await.unwrap();
    let next = async || store.next_mail(&ACME).await.unwrap();
    assert_eq!((next().await, take(&OTHER).await), (Some(Duration::ZERO), None));
    let due = take(&ACME).await.unwrap();
    let seen = (&due.ticket, due.address.as_str(), due.code, due.attempts, due.since);
    assert_eq!(seen, (&ticket, "Ada+x@example.com", None, 1, time(received_at)));
    clock.advance(minutes(4));
    assert_eq!((take(&ACME).await, next().await), (None, Some(minutes(1))));
    assert!(store.record_mail(&"1".into(), &due.claim, MailOutcome::Retry { after: minutes(2) }).await.unwrap());
    assert!(!store.record_mail(&"1".into(), &due.claim, MailOutcome::Sent).await.unwrap(), "its claim has ended");
    assert_eq!((take(&ACME).await, next().await), (None, Some(minutes(2))));
    clock.advance(minutes(2));
    let second = take(&ACME).await.unwrap();
    // The worker that claimed it has died.
    clock.advance(minutes(5));
    let third = take(&ACME).await.unwrap();
    assert_eq!((second.attempts, third.attempts), (2, 3));
    assert!(!store.record_mail(&"1".into(), &second.claim, MailOutcome::Sent).await.unwrap(), "somebody else has it");
    assert!(!store.extend_mail(&"1".into(), &ClaimToken::new("another"), minutes(5)).await.unwrap());
    clock.advance(minutes(4));
    assert!(store.extend_mail(&"1".into(), &third.claim, minutes(5)).await.unwrap());
    clock.advance(minutes(4));
    assert_eq!((take(&ACME).await, next().await), (None, Some(minutes(1))));
    assert!(store.record_mail(&"1".into(), &third.claim, MailOutcome::Sent).await.unwrap());
    clock.advance(minutes(60));
    assert_eq!((take(&ACME).await, next().await), (None, None));
}

pub async fn waiting_mails_are_counted_by_site(store: &dyn Store, clock: &TestClock) {
    let waiting = async |count, since| {
        let expected = WaitingMails { site: ACME.clone(), count, since: Some(time(since)) };
        assert_eq!(store.waiting_mails().await.unwrap(), [expected]);
    };
    assert_eq!(store.waiting_mails().await.unwrap(), []);
    submit_unconfirmed(store).await;
    clock.set(LATER);
    let (address, life) = ("bob@example.com".to_string(), Duration::from_secs(60));
    let (mailbox, quota) = (mailbox(&address), quota(&address));
    let link =
        NewAccessLink { site: ACME.clone(), address, mailbox, language: "en".into(), quota, life, queue_max: 10 };
    store.request_access_link(&link).await.unwrap();
    waiting(2, NOW).await;
    let due = store.claim_mail(&ACME, LEASE).await.unwrap().unwrap();
    waiting(2, NOW).await;
    assert!(store.record_mail(&due.ticket.id, &due.claim, MailOutcome::Sent).await.unwrap());
    waiting(1, LATER).await;
}

pub async fn receipts_are_limited_by_session_network_and_site_and_tickets_are_stored(
    store: &dyn Store,
    _clock: &TestClock,
) {
    let limits = MailLimits { mailbox: 2, session: 3, address: 5, site: 6 };
    for number in 0..12_u8 {
        let [session, network] = [number / 4, number / 6].map(|share| Some([share; 32]));
        let quota = MailQuota { mailbox: [number; 32], session: session.map(SessionHash::from), network, limits };
        let mail = Some(NewMail { address: format!("{number}@example.com"), quota: Some(quota) });
        let new = ticket(&format!("{number:02}"), &format!("DB-{number}"), NOW);
        assert_eq!(
            store.submit(&new, &submission_key(&number.to_string()), with_mail(mail)).await.unwrap(),
            SubmissionOutcome::Stored
        );
    }
    // Three of the first session, two of the second until its network's quota is used up, then one until the site's is.
    assert_eq!(receipts(store, 12).await, ["00", "01", "02", "04", "05", "06"]);
}

pub async fn mailbox_quotas_leave_a_share_to_the_owner_and_have_a_maximum(store: &dyn Store, _clock: &TestClock) {
    let submit = async |id: u8, network: u8| {
        let quota = MailQuota { network: Some([network; 32]), ..quota("ada@example.com") };
        let mail = Some(NewMail { address: "ada@example.com".into(), quota: Some(quota) });
        let new = ticket(&format!("{id:02}"), &format!("DB-{id}"), NOW);
        assert_eq!(
            store.submit(&new, &submission_key(&id.to_string()), with_mail(mail)).await.unwrap(),
            SubmissionOutcome::Stored
        );
    };
    for id in 0..5 {
        submit(id, 1).await;
    }
    assert_eq!(receipts(store, 17).await, ["00", "01", "02"]);
    for id in 5..17 {
        submit(id, id / 3 + 1).await;
    }
    // Nine from five networks together.
    assert_eq!(receipts(store, 17).await.len(), 9);
}

pub async fn a_returned_receipt_is_recorded_once_and_stops_further_codes(store: &dyn Store, clock: &TestClock) {
    submit_unconfirmed(store).await;
    let claimed = async || store.claimed_address(&"1".into()).await.unwrap().unwrap();
    let returned = async |ticket: &'static str, number: Option<u32>, is_address_dead: bool| {
        let dead_recipient = is_address_dead.then_some(&[1; 32]);
        let returned = ReturnedReceipt { number, text: "No such mailbox", dead_recipient };
        store.record_returned_receipt(&ticket.into(), returned).await.unwrap()
    };
    // A mail with an earlier code says nothing about the valid one.
    assert!(returned("1", Some(9), false).await);
    assert!(claimed().await.sent_at.is_some());
    assert!(returned("1", Some(1), false).await && !returned("1", Some(1), false).await, "each bounces once");
    assert_eq!((claimed().await.sent_at, claimed().await.bounced_at), (None, None));
    assert!(returned("1", None, true).await);
    assert_eq!(claimed().await.bounced_at, Some(time(NOW)));
    assert_eq!(store.claim_mail(&ACME, LEASE).await.unwrap(), None, "nothing more is sent there");
    let activities = store.activities(&"1".into()).await.unwrap();
    assert_eq!(activities.len(), 3);
    assert!(activities.iter().all(|one| one.kind == ActivityKind::Bounced && one.text == "No such mailbox"));
    clock.set(LATER);
    let request = async || store.request_code(&"1".into(), LEASE, &quota("ada@example.com")).await.unwrap();
    assert_eq!(request().await, CodeRequest::Bounced);
    for (site, mailbox) in [(&*OTHER, "ada@example.com"), (&*ACME, "eve@example.com")] {
        store.forget_bounces(site, mailbox).await.unwrap();
        assert_eq!(request().await, CodeRequest::Bounced);
    }
    store.forget_bounces(&ACME, "ada@example.com").await.unwrap();
    assert_eq!(request().await, CodeRequest::Accepted);
}

pub async fn a_refused_receipt_is_a_dead_letter_with_a_reason(store: &dyn Store, _clock: &TestClock) {
    submit_unconfirmed(store).await;
    let due = store.claim_mail(&ACME, LEASE).await.unwrap().unwrap();
    let bounced = MailOutcome::Bounced { text: "No such mailbox", recipient: &[1; 32] };
    assert!(store.record_mail(&"1".into(), &due.claim, bounced).await.unwrap());
    let claimed = store.claimed_address(&"1".into()).await.unwrap().unwrap();
    assert_eq!((claimed.sent_at, claimed.bounced_at), (None, Some(time(NOW))));
    assert_eq!(store.next_mail(&ACME).await.unwrap(), None);
    assert_eq!(store.activities(&"1".into()).await.unwrap()[0].kind, ActivityKind::Bounced);
}

pub async fn recipients_of_finished_receipts_are_forgotten(store: &dyn Store, clock: &TestClock) {
    for id in ["1", "2"] {
        let quota =
            MailQuota { limits: MailLimits { mailbox: 2, ..MailLimits::default() }, ..quota("ada@example.com") };
        let mail = NewMail { address: "ada@example.com".into(), quota: Some(quota) };
        let extras = SubmissionExtras { unconfirmed: Some("ada@example.com".into()), ..with_mail(Some(mail)) };
        store.submit(&ticket(id, &format!("DB-{id}"), NOW), &submission_key(id), extras).await.unwrap();
    }
    let due = store.claim_mail(&ACME, LEASE).await.unwrap().unwrap();
    assert!(store.record_mail(&due.ticket.id, &due.claim, MailOutcome::Sent).await.unwrap());
    store.forget_mails(time(NOW)).await.unwrap();
    assert_eq!(receipts(store, 3).await.len(), 2, "they are not old enough");
    store.forget_mails(time(LATER)).await.unwrap();
    assert_eq!(receipts(store, 3).await.len(), 1, "what is not sent yet stays");
    // What was counted is forgotten as well.
    clock.set(LATER);
    let mailbox = MailLimits { mailbox: 1, ..MailLimits::default() };
    let quota = MailQuota { limits: mailbox, ..quota("ada@example.com") };
    assert_eq!(store.request_code(&"1".into(), LEASE, &quota).await.unwrap(), CodeRequest::Accepted);
}
