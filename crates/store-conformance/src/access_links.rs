//! One-time links: who gets a mail with one, what they open, and what ends them.

use std::time::Duration;

use crate::support::{
    ACME, LATER, LEASE, NOW, OTHER, TestClock, new_message, quota, submission_key, ticket, time, with_mail,
    write_message,
};
use deskbell_core::ids::{CustomerId, SessionHash, SiteKey, TicketId};
use deskbell_core::ports::{
    AccessGrant, AccessLinkOutcome, Change, Confirmation, ConfirmationChange, CurrentTicket, DueAccessLink, LinkTerms,
    MailLimits, MailQuota, NewAccessLink, Reader, ReaderCounts, Store, SubmissionExtras, TicketHead,
};
use deskbell_core::rules::access_link::{GIVE_UP_AFTER, GRANT_LIFE};
use deskbell_core::rules::address::mailbox;
use domain::conversation::Author;

const LIFE: Duration = Duration::from_secs(30 * 60);
const ADA: &str = "ada@example.com";
const TOKEN: [u8; 32] = [1; 32];
const OTHER_TOKEN: [u8; 32] = [2; 32];

/// Stores a ticket of an address, from a session or a customer.
async fn submit(store: &dyn Store, id: &str, site: &SiteKey, address: &str, person: Option<&'static str>) {
    let mut new = ticket(id, &format!("DB-{id}"), NOW);
    new.site = site.clone();
    new.person = person.map(CustomerId::from);
    (new.ticket.contact.email, new.ticket.context.user) = (address.into(), None);
    let extras = SubmissionExtras { unconfirmed: Some(address.into()), ..with_mail(None) };
    store.submit(&new, &submission_key(id), extras).await.unwrap();
}

async fn request_from(store: &dyn Store, address: &str, network: u8, queue_max: u32) {
    let quota = MailQuota { network: Some([network; 32]), ..quota(address) };
    let (address, mailbox, language) = (address.to_string(), mailbox(address), "de".to_string());
    let new = NewAccessLink { site: ACME.clone(), address, mailbox, language, quota, life: LIFE, queue_max };
    store.request_access_link(&new).await.unwrap();
}

async fn request(store: &dyn Store, address: &str) {
    request_from(store, address, 1, 1000).await;
}

async fn claim_with(store: &dyn Store, token_hash: [u8; 32], limits: MailLimits) -> Option<DueAccessLink> {
    store.claim_access_link(&ACME, LEASE, &LinkTerms { token_hash, life: LIFE, limits }).await.unwrap()
}

async fn claim(store: &dyn Store, token_hash: [u8; 32]) -> Option<DueAccessLink> {
    claim_with(store, token_hash, MailLimits::default()).await
}

async fn record(store: &dyn Store, due: &DueAccessLink, outcome: AccessLinkOutcome) -> bool {
    store.record_access_link(&due.id, &due.claim, outcome).await.unwrap()
}

/// Requests a link and sends it.
async fn send(store: &dyn Store, address: &str, token_hash: [u8; 32]) {
    request(store, address).await;
    let due = claim(store, token_hash).await.unwrap();
    assert!(record(store, &due, AccessLinkOutcome::Sent).await);
}

async fn next(store: &dyn Store) -> Option<Duration> {
    store.next_access_link(&ACME).await.unwrap()
}

async fn open(store: &dyn Store, site: &SiteKey, token_hash: [u8; 32], limit: u32) -> Option<AccessGrant> {
    open_for(store, site, token_hash, limit, None).await
}

/// Opens a link for a session.
async fn open_for(
    store: &dyn Store,
    site: &SiteKey,
    token_hash: [u8; 32],
    limit: u32,
    session: Option<&SessionHash>,
) -> Option<AccessGrant> {
    let is_valid = store.is_access_link_valid(site, &token_hash).await.unwrap();
    let grant = store.access_grant(site, &token_hash, limit).await.unwrap();
    let tickets = grant.as_ref().map(|grant| grant.tickets.clone()).unwrap_or_default();
    let session = session.map(|session| (session, tickets.as_slice()));
    let is_opened = store.open_access_link(site, &token_hash, session).await.unwrap();
    assert_eq!((is_valid, grant.is_some()), (is_opened, is_opened), "what is shown is what happens");
    grant
}

pub async fn a_link_opens_the_tickets_of_its_mailbox_once(store: &dyn Store, _clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    submit(store, "2", &ACME, "Ada@Example.com", None).await;
    submit(store, "3", &ACME, "eve@example.com", None).await;
    submit(store, "4", &ACME, ADA, Some("u-7")).await;
    submit(store, "5", &OTHER, ADA, None).await;
    // Only the mail server knows whether this is the same mailbox.
    submit(store, "6", &ACME, "ada+x@example.com", None).await;
    request(store, ADA).await;
    let due = claim(store, TOKEN).await.unwrap();
    let mail = (due.address.as_str(), due.language.as_str(), due.attempts, due.since);
    assert_eq!(mail, (ADA, "de", 1, time(NOW)));
    assert!(record(store, &due, AccessLinkOutcome::Sent).await);
    assert_eq!(next(store).await, None);
    assert_eq!(open(store, &OTHER, TOKEN, 10).await, None, "it belongs to another site");
    assert_eq!(open(store, &ACME, OTHER_TOKEN, 10).await, None);
    let tickets = ["2", "1"].map(TicketId::new).to_vec();
    assert_eq!(open(store, &ACME, TOKEN, 10).await, Some(AccessGrant { address: ADA.into(), tickets }));
    assert_eq!(open(store, &ACME, TOKEN, 10).await, None, "it was used");
    send(store, ADA, OTHER_TOKEN).await;
    assert_eq!(open(store, &ACME, OTHER_TOKEN, 1).await.unwrap().tickets, [TicketId::new("2")]);
    // Whoever has signed in takes their tickets along.
    send(store, "eve@example.com", TOKEN).await;
    store.move_to_person(&ACME, &[9; 32].into(), &"u-8".into()).await.unwrap();
    assert!(open(store, &ACME, TOKEN, 10).await.unwrap().tickets.is_empty());
}

pub async fn requests_that_would_open_nothing_or_exceed_a_limit_are_dropped(store: &dyn Store, clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    submit(store, "2", &ACME, "signed@example.com", Some("u-7")).await;
    submit(store, "3", &OTHER, "other@example.com", None).await;
    for address in ["nobody@example.com", "signed@example.com", "other@example.com"] {
        request(store, address).await;
        assert_eq!(next(store).await, Some(Duration::ZERO), "{address}: requests are stored alike");
        assert_eq!((claim(store, TOKEN).await, next(store).await), (None, None), "{address}");
    }
    // Those that lead to nothing do not hold up others.
    for number in 0..20 {
        request(store, &format!("nobody{number}@example.com")).await;
        clock.advance(Duration::from_millis(1));
    }
    request(store, ADA).await;
    let due = claim(store, TOKEN).await.unwrap();
    // One that waits for the same mailbox is the same.
    request(store, ADA).await;
    assert!(record(store, &due, AccessLinkOutcome::Sent).await);
    assert_eq!(next(store).await, None);
    // The mailbox has its limit from one network, and over all.
    let limits = MailLimits { mailbox: 2, ..MailLimits::default() };
    for (network, is_sent) in
        [(1, true), (1, false), (2, true), (2, true), (2, false), (3, true), (3, true), (4, false)]
    {
        request_from(store, ADA, network, 1000).await;
        let due = claim_with(store, OTHER_TOKEN, limits).await;
        assert_eq!(due.is_some(), is_sent, "{network}");
        match due {
            Some(due) => assert!(record(store, &due, AccessLinkOutcome::Dropped).await),
            None => assert_eq!(next(store).await, None),
        }
    }
    // The queue of a site is limited.
    for number in 0..5 {
        request_from(store, &format!("nobody{number}@example.com"), 1, 3).await;
    }
    clock.set(LATER);
    request_from(store, ADA, 5, 3).await;
    assert_eq!(claim_with(store, OTHER_TOKEN, MailLimits { mailbox: 1000, ..MailLimits::default() }).await, None);
}

pub async fn mails_with_links_are_retried_by_one_worker(store: &dyn Store, clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    request(store, ADA).await;
    let first = claim(store, TOKEN).await.unwrap();
    assert_eq!((claim(store, OTHER_TOKEN).await, next(store).await), (None, Some(LEASE)));
    let after = Duration::from_secs(10);
    assert!(record(store, &first, AccessLinkOutcome::Retry { after }).await);
    assert!(!record(store, &first, AccessLinkOutcome::Sent).await, "its claim has ended");
    assert_eq!(next(store).await, Some(after));
    clock.advance(after);
    let second = claim(store, [3; 32]).await.unwrap();
    clock.advance(LEASE);
    let third = claim(store, OTHER_TOKEN).await.unwrap();
    assert_eq!((second.attempts, third.attempts), (2, 3));
    assert!(!store.extend_access_link(&second.id, &second.claim, LEASE).await.unwrap());
    clock.advance(LEASE / 2);
    assert!(store.extend_access_link(&third.id, &third.claim, LEASE).await.unwrap());
    assert_eq!(next(store).await, Some(LEASE));
    assert!(record(store, &third, AccessLinkOutcome::Sent).await);
    assert_eq!(open(store, &ACME, TOKEN, 10).await, None, "the last mail counts");
    assert!(open(store, &ACME, OTHER_TOKEN, 10).await.is_some());
}

pub async fn links_end_in_time_and_with_another_one_that_is_opened(store: &dyn Store, clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    submit(store, "2", &ACME, "eve@example.com", None).await;
    send(store, "eve@example.com", [3; 32]).await;
    send(store, ADA, TOKEN).await;
    clock.advance(LIFE / 2);
    // Anybody can request a link for anybody's address; that takes none away.
    send(store, ADA, OTHER_TOKEN).await;
    assert!(store.is_access_link_valid(&ACME, &TOKEN).await.unwrap());
    assert!(open(store, &ACME, OTHER_TOKEN, 10).await.is_some());
    assert_eq!(open(store, &ACME, TOKEN, 10).await, None);
    clock.advance(LIFE / 2 - Duration::from_millis(1));
    assert!(store.is_access_link_valid(&ACME, &[3; 32]).await.unwrap(), "that of another mailbox");
    store.forget_mails(time(NOW) + LIFE).await.unwrap();
    assert!(store.is_access_link_valid(&ACME, &[3; 32]).await.unwrap());
    clock.advance(Duration::from_millis(1));
    assert_eq!(open(store, &ACME, [3; 32], 10).await, None);
    // What has expired is deleted.
    store.forget_mails(time(NOW) + LIFE + Duration::from_millis(1)).await.unwrap();
    clock.set(NOW);
    assert_eq!(open(store, &ACME, [3; 32], 10).await, None);
    // An erased ticket leaves neither a link nor a request for its address.
    send(store, ADA, TOKEN).await;
    request(store, ADA).await;
    store.erase_tickets(&[TicketId::new("1")], &|_: &TicketHead| true).await.unwrap();
    assert_eq!((open(store, &ACME, TOKEN, 10).await, next(store).await), (None, None));
}

pub async fn granted_tickets_are_read_by_the_session_to_which_they_were_granted(store: &dyn Store, _clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    submit(store, "2", &ACME, "eve@example.com", None).await;
    let (sender, reader) = (SessionHash::from([9; 32]), SessionHash::from([5; 32]));
    let mut own = ticket("3", "DB-3", NOW);
    own.session = Some(reader);
    store.submit(&own, &submission_key("3"), SubmissionExtras::default()).await.unwrap();
    write_message(store, new_message(Author::Support, "Try again."), None, vec![]).await;
    let listed = async |session: &SessionHash, limit: u32| {
        let page = store.customer_tickets(&ACME, Reader::Session(session), None, limit).await.unwrap();
        (page.tickets.iter().map(|ticket| ticket.id.to_string()).collect::<Vec<_>>(), page.next)
    };
    assert_eq!(listed(&reader, 10).await.0, ["3"]);
    for _ in 0..2 {
        send(store, ADA, TOKEN).await;
        open_for(store, &ACME, TOKEN, 10, Some(&reader)).await.unwrap();
    }
    assert_eq!(store.granted_tickets(&reader).await.unwrap(), [TicketId::new("1")]);
    assert!(store.granted_tickets(&sender).await.unwrap().is_empty());
    let mut all = listed(&reader, 10).await.0;
    all.sort();
    assert_eq!(all, ["1", "3"]);
    let (first, next) = listed(&reader, 1).await;
    let second = store.customer_tickets(&ACME, Reader::Session(&reader), next.as_ref(), 1).await.unwrap();
    assert!(first.len() == 1 && second.tickets.len() == 1 && second.next.is_none());
    let counts = store.customer_counts(&ACME, Reader::Session(&reader)).await.unwrap();
    assert_eq!(counts, ReaderCounts { total: 2, open: 2, unread: 1 });
    assert_eq!(store.customer_excerpts(&ACME, Reader::Session(&reader), 10).await.unwrap().len(), 2);
    // Whoever reads the mail of the address need not confirm it; its sender still has to.
    let confirmation = async |session: &SessionHash| {
        let reader = Reader::Session(session);
        let ticket = store.ticket_of(&ACME, reader, &"1".into()).await.unwrap().unwrap();
        let listed = store.listed_ticket_of(&ACME, reader, &"1".into()).await.unwrap().unwrap();
        assert_eq!(listed.handling.confirmation, ticket.handling.confirmation);
        ticket.handling.confirmation
    };
    assert_eq!(confirmation(&reader).await, Confirmation::Confirmed);
    assert!(confirmation(&sender).await.is_awaited());
    let readable = async |site: &SiteKey, id: &'static str| {
        store.ticket_of(site, Reader::Session(&reader), &id.into()).await.unwrap()
    };
    assert_eq!((readable(&ACME, "2").await, readable(&OTHER, "1").await), (None, None));
    // The sender takes the ticket along by signing in.
    store.move_to_person(&ACME, &sender, &"u-7".into()).await.unwrap();
    assert_eq!(listed(&reader, 10).await.0, ["3"]);
    assert!(store.erase_tickets(&[TicketId::new("1")], &|_: &TicketHead| true).await.unwrap().tickets == 1);
    assert!(store.granted_tickets(&reader).await.unwrap().is_empty());
}

pub async fn grants_end_in_time_or_when_they_are_forgotten(store: &dyn Store, clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    let (reader, other) = (SessionHash::from([5; 32]), SessionHash::from([6; 32]));
    let granted = async |session: &SessionHash| {
        let granted = !store.granted_tickets(session).await.unwrap().is_empty();
        let listed = store.customer_counts(&ACME, Reader::Session(session)).await.unwrap().total > 0;
        assert_eq!(granted, listed);
        granted
    };
    let grant = async |session: &SessionHash| {
        send(store, ADA, TOKEN).await;
        open_for(store, &ACME, TOKEN, 10, Some(session)).await.unwrap();
    };
    grant(&reader).await;
    clock.advance(GRANT_LIFE / 2);
    grant(&other).await;
    clock.advance(GRANT_LIFE / 2 - Duration::from_millis(1));
    assert!(granted(&reader).await && granted(&other).await);
    clock.advance(Duration::from_millis(1));
    assert!(!granted(&reader).await && granted(&other).await);
    // Another link begins it again.
    grant(&reader).await;
    assert!(granted(&reader).await);
    store.forget_grants(&reader).await.unwrap();
    assert!(!granted(&reader).await && granted(&other).await);
    // What has expired is deleted.
    let expiry = time(NOW) + GRANT_LIFE / 2 + GRANT_LIFE;
    store.forget_mails(expiry).await.unwrap();
    assert!(granted(&other).await);
    store.forget_mails(expiry + Duration::from_millis(1)).await.unwrap();
    clock.set(NOW);
    assert!(!granted(&other).await);
}

pub async fn tickets_with_a_confirmed_address_come_first(store: &dyn Store, _clock: &TestClock) {
    for id in ["1", "2", "3"] {
        submit(store, id, &ACME, ADA, None).await;
    }
    let confirm = |current: &CurrentTicket| {
        Change { confirmation: Some(ConfirmationChange::Confirmed), ..current.unchanged() }.into()
    };
    store.change(&TicketId::new("1"), None, &confirm).await.unwrap();
    send(store, ADA, TOKEN).await;
    let grant = store.access_grant(&ACME, &TOKEN, 2).await.unwrap().unwrap();
    assert_eq!(grant.tickets, ["1", "3"].map(TicketId::new));
}

pub async fn requests_for_which_nobody_waits_are_dropped(store: &dyn Store, clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    request(store, ADA).await;
    let due = claim(store, TOKEN).await.unwrap();
    assert!(record(store, &due, AccessLinkOutcome::Retry { after: Duration::ZERO }).await);
    clock.advance(GIVE_UP_AFTER);
    let due = claim(store, TOKEN).await.unwrap();
    assert!(record(store, &due, AccessLinkOutcome::Retry { after: Duration::ZERO }).await);
    clock.advance(Duration::from_millis(1));
    assert_eq!((claim(store, TOKEN).await, next(store).await), (None, None));
    assert!(!store.is_access_link_valid(&ACME, &TOKEN).await.unwrap());
}

pub async fn an_erased_ticket_is_not_granted(store: &dyn Store, _clock: &TestClock) {
    submit(store, "1", &ACME, ADA, None).await;
    submit(store, "2", &ACME, ADA, None).await;
    send(store, ADA, TOKEN).await;
    let session = SessionHash::from([5; 32]);
    let tickets = ["1", "erased", "2"].map(TicketId::new);
    assert!(store.open_access_link(&ACME, &TOKEN, Some((&session, &tickets))).await.unwrap());
    let mut granted = store.granted_tickets(&session).await.unwrap();
    granted.sort();
    assert_eq!(granted, ["1", "2"].map(TicketId::new));
}
