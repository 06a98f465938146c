//! Deliveries whose outcome cannot be stored, over a store.

#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use deskbell_core::clock;
use deskbell_core::clock::SystemClock;
use deskbell_core::destinations::Destinations;
use deskbell_core::fixtures::{self, MemoryFiles};
use deskbell_core::ids::{DeliveryId, QueueName, Reference, TicketId};
use deskbell_core::ports::destination::{DeliveryContents, DeliveryReceipt, Destination, Failure, Finding};
use deskbell_core::ports::{
    ClaimToken, DeadLetters, Delivery, DeliveryFilter, DeliveryKind, DeliveryOutcome, DeliveryState, DueDelivery,
    ExternalTicketRef, ExternalTickets, NewDelivery, Queue, QueueStatus, SiteScope, StoreError, StoredTicket,
    SubmissionExtras, SubmissionKey, SubmissionOutcome, Tickets,
};
use deskbell_core::use_cases::delivery::{AssembleContents, DeliverTickets, DestinationStates, Outage};
use domain::config::Config;
use domain::conversation::Author;
use domain::ticket::NewTicket;
use serde_json::json;
use store_sqlite::SqliteStore;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// A destination that accepts everything. The disk is full as soon as it has something, if it is told so.
#[derive(Debug)]
struct Desk {
    store: SqliteStore,
    fills_disk: bool,
    receipt: DeliveryReceipt,
    deliveries: AtomicU32,
}

#[async_trait]
impl Destination for Desk {
    fn accepts(&self, _kind: DeliveryKind, _author: Author) -> bool {
        true
    }

    async fn deliver(&self, _content: &DeliveryContents<'_>) -> std::result::Result<DeliveryReceipt, Failure> {
        self.deliveries.fetch_add(1, Ordering::SeqCst);
        if self.fills_disk {
            self.store.set_full(true).await.unwrap();
        }
        Ok(self.receipt.clone())
    }

    async fn check(&self, _config: &Config, _hook: &str) -> Vec<Finding> {
        Vec::new()
    }
}

/// The queue of a store, which counts outcomes that were not recorded.
struct CountingQueue {
    store: SqliteStore,
    failures: AtomicU32,
}

#[async_trait]
impl Queue for CountingQueue {
    async fn claim_deliveries(
        &self,
        queue: &QueueName,
        lease: Duration,
        claimed_ids: &[DeliveryId],
        limit: u32,
    ) -> std::result::Result<Vec<DueDelivery>, StoreError> {
        self.store.claim_deliveries(queue, lease, claimed_ids, limit).await
    }

    async fn next_delivery(
        &self,
        queue: &QueueName,
        claimed_ids: &[DeliveryId],
    ) -> std::result::Result<Option<Duration>, StoreError> {
        self.store.next_delivery(queue, claimed_ids).await
    }

    async fn record_attempts(
        &self,
        attempts: &[(&DueDelivery, &DeliveryOutcome)],
    ) -> std::result::Result<Vec<DeliveryId>, StoreError> {
        let recorded = self.store.record_attempts(attempts).await;
        self.failures.fetch_add(u32::from(recorded.is_err()), Ordering::SeqCst);
        recorded
    }

    async fn extend_claims(
        &self,
        claims: &[(DeliveryId, &ClaimToken)],
        lease: Duration,
    ) -> std::result::Result<Vec<DeliveryId>, StoreError> {
        self.store.extend_claims(claims, lease).await
    }

    async fn retry_at_once(&self, ids: &[DeliveryId]) -> std::result::Result<(), StoreError> {
        self.store.retry_at_once(ids).await
    }

    async fn deliveries(&self, ticket: &TicketId) -> std::result::Result<Vec<Delivery>, StoreError> {
        self.store.deliveries(ticket).await
    }

    async fn dead_letters(
        &self,
        sites: &SiteScope,
        limit: u32,
    ) -> std::result::Result<Vec<(Delivery, Reference)>, StoreError> {
        self.store.dead_letters(sites, limit).await
    }

    async fn dead_letter(&self, id: DeliveryId) -> std::result::Result<Option<(Delivery, Reference)>, StoreError> {
        self.store.dead_letter(id).await
    }

    async fn queues(&self) -> std::result::Result<Vec<QueueStatus>, StoreError> {
        self.store.queues().await
    }

    async fn undelivered(
        &self,
        filter: &DeliveryFilter,
        after: Option<DeliveryId>,
        limit: u32,
    ) -> std::result::Result<Vec<(Delivery, Reference)>, StoreError> {
        self.store.undelivered(filter, after, limit).await
    }

    async fn resend_count(&self) -> std::result::Result<i64, StoreError> {
        self.store.resend_count().await
    }

    async fn send_again(&self, letters: &DeadLetters, sites: &SiteScope) -> std::result::Result<u64, StoreError> {
        self.store.send_again(letters, sites).await
    }

    async fn return_delivery(&self, id: DeliveryId, reason: &str) -> std::result::Result<bool, StoreError> {
        self.store.return_delivery(id, reason).await
    }
}

/// Deliveries to one destination, and their store.
struct Setup {
    store: SqliteStore,
    queue: Arc<CountingQueue>,
    desk: Arc<Desk>,
    deliver: DeliverTickets,
    states: Arc<DestinationStates>,
    _folder: tempfile::TempDir,
}

impl Setup {
    async fn new(fills_disk: bool, receipt: DeliveryReceipt) -> Setup {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("test.db")).await.unwrap();
        let desk = Arc::new(Desk { store: store.clone(), fills_disk, receipt, deliveries: AtomicU32::new(0) });
        let mut destinations = Destinations::default();
        destinations.insert(&"acme".into(), &"desk".into(), desk.clone());
        let states = Arc::new(DestinationStates::new(&destinations));
        let sites = Arc::new([fixtures::site()].into_iter().collect());
        let shared_store = Arc::new(store.clone());
        let (files, clock) = (Arc::new(MemoryFiles::default()), Arc::new(SystemClock));
        let contents = AssembleContents::new(shared_store.clone(), shared_store, files, sites, clock.clone());
        let queue = Arc::new(CountingQueue { store: store.clone(), failures: AtomicU32::new(0) });
        let deliver = DeliverTickets::new(queue.clone(), contents, Arc::new(destinations), states.clone(), clock);
        Setup { store, queue, desk, deliver, states, _folder: folder }
    }

    fn start(&self) -> JoinHandle<()> {
        let deliver = self.deliver.clone();
        let queue = QueueName { site: "acme".into(), destination: "desk".into() };
        tokio::spawn(async move { deliver.work(&queue, &CancellationToken::new()).await })
    }

    /// Stores a ticket that is due at the destination.
    async fn submit(&self) -> TicketId {
        let ticket = ticket("DB-00000");
        let deliveries = vec![NewDelivery { destination: "desk".into(), kind: DeliveryKind::Ticket }];
        let key = SubmissionKey { key: "k".into(), body: [0; 32], session: None };
        let extras = SubmissionExtras { deliveries, ..SubmissionExtras::default() };
        assert_eq!(self.store.submit(&ticket, &key, extras).await.unwrap(), SubmissionOutcome::Stored);
        ticket.id
    }

    async fn delivery(&self, ticket: &TicketId) -> Delivery {
        self.store.deliveries(ticket).await.unwrap().remove(0)
    }
}

fn ticket(reference: &str) -> StoredTicket {
    let new = json!({"kind": "bug", "severity": "low", "message": "No", "client": {"name": "t", "version": "1"}});
    let new: NewTicket = serde_json::from_value(new).unwrap();
    StoredTicket::new("acme".into(), Reference::new(reference), new, clock::now())
}

async fn until(mut condition: impl AsyncFnMut() -> bool) {
    let waiting = async {
        while !condition().await {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), waiting).await.expect("it happens in time");
}

#[tokio::test]
async fn deliveries_made_while_the_disk_is_full_are_recorded_later() {
    let receipt = DeliveryReceipt { not_delivered: vec!["x".repeat(1 << 20)], ..DeliveryReceipt::default() };
    let setup = Setup::new(true, receipt).await;
    let id = setup.submit().await;
    let worker = setup.start();
    until(async || setup.queue.failures.load(Ordering::SeqCst) >= 2).await;
    assert_eq!(setup.delivery(&id).await.state, DeliveryState::Waiting);
    // The next worker stores what a worker has not stored when it ends early.
    worker.abort();
    assert!(worker.await.unwrap_err().is_cancelled());
    setup.store.set_full(false).await.unwrap();
    setup.start();
    until(async || setup.delivery(&id).await.state == DeliveryState::Delivered).await;
    assert_eq!((setup.desk.deliveries.load(Ordering::SeqCst), setup.delivery(&id).await.attempts), (1, 1));
}

#[tokio::test]
async fn outcomes_that_violate_a_constraint_become_dead_letters() {
    let external = ExternalTicketRef { external_id: "35".into(), requester: String::new(), merged_after: None };
    let receipt = DeliveryReceipt { external_id: "35".into(), external: Some(external.clone()), ..Default::default() };
    let setup = Setup::new(false, receipt).await;
    // Another ticket has the same external ticket already.
    assert!(setup.store.adopt(&ticket("DB-00001"), &"desk".into(), &external).await.unwrap());
    let id = setup.submit().await;
    setup.start();
    until(async || setup.delivery(&id).await.state == DeliveryState::DeadLetter).await;
}

#[tokio::test]
async fn a_destination_that_another_gateway_cannot_reach_is_left_alone_until_one_reaches_it() {
    let setup = Setup::new(false, DeliveryReceipt::default()).await;
    let state = setup.states.get(&QueueName::new(&"acme".into(), &"desk".into())).unwrap();
    let until_then = Some(clock::now() + Duration::from_secs(3_600));
    state.take_over(Some(Outage { reason: "closed".into(), until: until_then, is_own: false }));
    let id = setup.submit().await;
    setup.start();
    let delivered = async || setup.delivery(&id).await.state == DeliveryState::Delivered;
    assert!(timeout(Duration::from_secs(1), until(delivered)).await.is_err(), "it was delivered in vain");
    assert_eq!(setup.desk.deliveries.load(Ordering::SeqCst), 0);
    state.take_over(None);
    until(delivered).await;
}
