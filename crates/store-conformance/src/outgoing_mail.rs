//! Receipts and their quotas.

use std::time::Duration;

use crate::support::{ACME, NOW, OTHER, TestClock, quota, receipts, submission_key, ticket, time, with_mail};
use deskbell_core::ids::{SessionHash, SiteKey};
use deskbell_core::ports::{ClaimToken, MailLimits, MailOutcome, MailQuota, NewMail, Store, SubmissionOutcome};

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
