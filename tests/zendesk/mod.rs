//! A stand-in for Zendesk's Support API, with its documented behaviour and its failures.
//!
//! In a test: `Zendesk::start().await`, then `url()` for the client, `state()` for the results, `quirks()`, `fault()` and `advance()` for
//! failures, `ticket_arrives()` and `comment()` for actions of other people. Other processes use `/_control`, see [`control`].
//!
//! The account that it starts with (ids are in [`account`]; all are larger than 32 bits, as Zendesk's are):
//!
//! | what | ids |
//! | --- | --- |
//! | OAuth client `deskbell`, secret `secret` | acts as the administrator `ADMIN` |
//! | users | `ADMIN` "Deskbell", agents `GRACE` and `LINUS`; `GRACE` is in both groups, `LINUS` in the second |
//! | groups | `SUPPORT`, `ENGINEERING` |
//! | brands | `BRAND` (the default), `OTHER_BRAND` |
//! | forms | `FORM` (the default), `BUG_FORM` with the field `CONSENT`, which end users have to fill in |
//! | fields of its own | `SEVERITY` (choices low, medium, high, critical), `AREA` (text), `CONTEXT` (text of several lines), `SEATS` (whole number), `CONSENT` (checkbox), `RETIRED` (inactive text) |
//! | statuses | the five of the system from `STATUS_NEW` to `STATUS_SOLVED`, and `STATUS_RELEASE`, "Waits for a release", of the category hold |

// Every crate that includes this uses another part of it. clippy.toml allows the rest in tests, but does not recognise this as one.
#![allow(dead_code, clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

pub mod account;
mod auth;
pub mod clock;
pub mod comments;
pub mod control;
mod cors;
pub mod errors;
pub mod exports;
mod http;
mod idempotency;
pub mod limits;
pub mod merges;
mod paging;
pub mod quirks;
mod requests;
mod routes;
mod server;
pub mod tickets;
pub mod uploads;
pub mod users;
pub mod webhooks;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use account::Account;
use auth::Token;
use control::{Arriving, CommentDraft};
use errors::Refusal;
use exports::ExportLimiter;
use idempotency::Key;
use limits::Limiter;
use merges::Merging;
use quirks::{Fault, Quirks};
use tickets::Ticket;
use uploads::{Attachment, Upload};
use users::User;
use webhooks::{Attempt, Delivery, Webhook};

/// A stand-in that serves for the lifetime of the runtime that it was started in.
#[derive(Clone)]
pub struct Zendesk {
    shared: Arc<Shared>,
}

/// The state of the stand-in: plain data that tests may read and change.
pub struct State {
    pub url: String,
    pub account: Account,
    pub quirks: Quirks,
    pub faults: Vec<Fault>,
    pub tickets: BTreeMap<u64, Ticket>,
    pub users: BTreeMap<u64, User>,
    /// Uploads that are not attached yet, by token.
    pub uploads: HashMap<String, Upload>,
    /// Files of uploads and comments, by id.
    pub attachments: HashMap<u64, Attachment>,
    pub tokens: HashMap<String, Token>,
    pub keys: HashMap<String, Key>,
    pub webhooks: Vec<Webhook>,
    /// Webhook deliveries that are held.
    pub held_deliveries: Vec<Delivery>,
    /// All webhook attempts.
    pub attempts: Vec<Attempt>,
    pub log: Vec<Entry>,
    /// Mails of the account's standard triggers to requesters.
    pub mails: Vec<Mail>,
    pub limiter: Limiter,
    pub exports: ExportLimiter,
    /// How many OAuth tokens were issued.
    pub grants: u64,
    /// How far the stand-in's clock is ahead of the real one, in milliseconds.
    ahead: i64,
    last_ticket: u64,
    last_id: u64,
    by_external_id: HashMap<String, Vec<u64>>,
    by_requester: HashMap<u64, Vec<u64>>,
    by_email: HashMap<String, u64>,
    by_secret: HashMap<String, u64>,
    due: Vec<Delivery>,
}

/// A mail to the requester of a ticket: that it was received, or a public comment of somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mail {
    pub ticket: u64,
    pub to: String,
    pub body: String,
}

/// A request with its outcome.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub method: String,
    /// Path and query as requested.
    pub path: String,
    /// The status of the response, also if it was not delivered; 0 if the connection was closed before any work.
    pub status: u16,
    pub idempotency_key: Option<String>,
    /// By the stand-in's clock, RFC 3339.
    pub at: String,
    /// The fault that was applied.
    pub fault: Option<String>,
}

struct Shared {
    state: Mutex<State>,
    deliveries: UnboundedSender<Delivery>,
}

impl Zendesk {
    /// Starts one on a free port of 127.0.0.1.
    pub async fn start() -> Zendesk {
        Zendesk::start_at("127.0.0.1:0").await
    }

    /// Starts one at this address.
    pub async fn start_at(address: &str) -> Zendesk {
        let listener = TcpListener::bind(address).await.expect("the address is free");
        let url = format!("http://{}", listener.local_addr().expect("a bound listener has an address"));
        let (deliveries, due) = unbounded_channel();
        let shared = Arc::new(Shared { state: Mutex::new(State::new(&url)), deliveries });
        tokio::spawn(server::serve(listener, shared.clone()));
        tokio::spawn(webhooks::deliver(due, shared.clone()));
        Zendesk { shared }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        self.state().url.clone()
    }

    /// Locks the state. Do not hold it across an await, because no request is handled meanwhile.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock()
    }

    /// Changes its behaviour from here on.
    pub fn quirks(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.state().quirks);
    }

    /// Makes the next matching requests fail.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Moves its clock forward.
    pub fn advance(&self, seconds: i64) {
        self.state().advance(seconds);
    }

    /// Creates a ticket from another channel; returns its id.
    pub fn ticket_arrives(&self, arriving: &Arriving) -> Result<u64, Refusal> {
        self.shared.change(|state| control::ticket_arrives(state, arriving))
    }

    /// Adds a comment by a person; returns its id.
    pub fn comment(&self, ticket: u64, draft: &CommentDraft) -> Result<u64, Refusal> {
        self.shared.change(|state| control::comment(state, ticket, draft))
    }

    /// Changes the requester of a ticket, who becomes the author of its description.
    pub fn set_requester(&self, ticket: u64, requester: u64) {
        tickets::set_requester(&mut self.state(), ticket, requester);
    }

    /// Merges a ticket into another, as an agent.
    pub fn merge(&self, ticket: u64, merging: &Merging) -> Result<(), Refusal> {
        self.shared.change(|state| merges::merge(state, ticket, merging))
    }

    /// Changes this many tickets from another channel, like a bulk update.
    pub fn bulk_change(&self, count: u64) {
        self.shared.change(|state| control::bulk_change(state, count));
    }

    /// Sets the status of a ticket, as an agent.
    pub fn set_status(&self, ticket: u64, status: &str) -> Result<(), Refusal> {
        self.shared.change(|state| tickets::set_status(state, ticket, status, account::GRACE))
    }

    /// Adds a webhook with an endpoint and a signing secret.
    pub fn webhook(&self, endpoint: &str, secret: &str) {
        webhooks::add(&mut self.state(), endpoint, secret, None);
    }

    /// Sends the held webhook deliveries.
    pub fn release_webhooks(&self) {
        self.shared.release();
    }

    /// Resets everything.
    pub fn reset(&self) {
        self.state().reset();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that failed while it held the lock has not left the state half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and sends the resulting webhook deliveries.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.lock();
        let done = change(&mut state);
        self.send(webhooks::take_due(&mut state));
        done
    }

    fn release(&self) {
        let mut state = self.lock();
        self.send(webhooks::release(&mut state));
    }

    fn send(&self, due: Vec<Delivery>) {
        for delivery in due {
            // The receiver ends with the runtime, and then nobody waits for a delivery.
            let _ = self.deliveries.send(delivery);
        }
    }
}

impl State {
    fn new(url: &str) -> State {
        let mut state = State {
            url: url.into(),
            account: account::default(),
            quirks: Quirks::default(),
            faults: Vec::new(),
            tickets: BTreeMap::new(),
            users: BTreeMap::new(),
            uploads: HashMap::new(),
            attachments: HashMap::new(),
            tokens: HashMap::new(),
            keys: HashMap::new(),
            webhooks: Vec::new(),
            held_deliveries: Vec::new(),
            attempts: Vec::new(),
            log: Vec::new(),
            mails: Vec::new(),
            limiter: Limiter::default(),
            exports: ExportLimiter::default(),
            grants: 0,
            ahead: 0,
            last_ticket: 0,
            last_id: 17_900_000_000_000,
            by_external_id: HashMap::new(),
            by_requester: HashMap::new(),
            by_email: HashMap::new(),
            by_secret: HashMap::new(),
            due: Vec::new(),
        };
        for user in account::staff(state.now()) {
            users::keep(&mut state, user);
        }
        state
    }

    /// The current time by the stand-in's clock, in milliseconds since 1970.
    pub fn now(&self) -> i64 {
        clock::real() + self.ahead
    }

    fn advance(&mut self, seconds: i64) {
        self.ahead = self.ahead.saturating_add(seconds.saturating_mul(1000));
    }

    fn reset(&mut self) {
        *self = State::new(&self.url.clone());
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}
