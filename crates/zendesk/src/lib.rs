//! Zendesk: tickets by the Tickets API, with their conversation in both directions, authenticated by OAuth client credentials.
//!
//! Creating takes an `Idempotency-Key`, which lives two hours, and an `external_id`, by which a ticket can be looked up. Updating takes
//! neither, so each update has an id in its metadata. Whatever may have arrived is looked up before it is sent again.

mod account;
mod answers;
mod braces;
mod check;
mod client;
mod create;
mod hook;
mod login;
mod merges;
mod pace;
mod people;
mod pictures;
mod refusal;
mod update;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::AtomicU32;

use async_trait::async_trait;
use reqwest::Url;

use account::Account;
use client::Client;
use deskbell_core::ports::destination::RequesterMail;
use deskbell_core::ports::destination::{
    DeliveryContents, DeliveryReceipt, Destination, Failure, Finding, InboundEvent, InboundEventError, InboundHeaders,
    Polling,
};
use deskbell_core::ports::{DeliveryKind, ExternalTicketRef};
use deskbell_core::rules::sender::Unverified;
use deskbell_core::timestamp::Timestamp;
use domain::config::Config;
use domain::conversation::Author;
use domain::targets::Owner;
use domain::ticket::{Kind, Severity};
pub use login::Login;
use outbound_http::SharedClients;
use pace::Priority;
pub use pace::RateLimiters;
use people::People;
pub use values::{known_names, unknown_names};

/// How many tickets are delivered concurrently. Zendesk responds in about half a second, so this exceeds its rate limit.
const AT_ONCE: u32 = 6;
/// The initial page size of the list of changes, the largest possible; smaller for large tickets.
const LIST_PAGE: u32 = 100;
/// The same for the export.
const EXPORT_PAGE: u32 = 1_000;
/// The prefix of `external_id` of tickets from here.
const EXTERNAL_ID_PREFIX: &str = "deskbell:";

/// A Zendesk account.
pub struct Zendesk {
    /// For deliveries.
    client: Client,
    /// For syncs.
    sync: Client,
    account: Account,
    people: People,
    mapping: Mapping,
    unverified: Unverified,
    /// Whether its triggers mail answers to the requester; none if unknown.
    mails_requester: Option<bool>,
    /// The secret that signs its webhooks.
    hook: Option<String>,
    /// The current page sizes of the list of changes and the export.
    list_page: AtomicU32,
    export_page: AtomicU32,
}

impl fmt::Debug for Zendesk {
    /// Omits the secret of its webhooks, which must not be logged.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Zendesk").field("client", &self.client).field("mapping", &self.mapping).finish_non_exhaustive()
    }
}

/// Maps a ticket's values to Zendesk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// The brand.
    pub brand: Option<u64>,
    /// The form.
    pub form: Option<u64>,
    /// The support address that it was nominally sent to.
    pub recipient: Option<String>,
    /// The tags; `{name}` is a value of the ticket. One with an unknown value is left out.
    pub tags: Vec<String>,
    /// The priority, by severity.
    pub priorities: BTreeMap<Severity, String>,
    /// The type, by kind.
    pub types: BTreeMap<Kind, String>,
    /// Custom fields, by Zendesk's ids.
    pub fields: BTreeMap<u64, FieldRule>,
    /// The group, by the team that owns it.
    pub groups: BTreeMap<String, u64>,
    /// The group if the team has none, by who answers.
    pub owners: BTreeMap<Owner, u64>,
    /// The assignee, by who is on call here.
    pub assignees: BTreeMap<String, u64>,
}

/// The value of a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRule {
    /// The text, in which `{name}` is a value of the ticket.
    pub from: String,
    /// Zendesk's values for some of these values, such as the tag of an option.
    pub choices: BTreeMap<String, String>,
}

impl Zendesk {
    /// An account at an address, with its limiter in `limiters`.
    pub fn new(
        url: Url,
        login: Login,
        mapping: Mapping,
        (unverified, mails_requester): (Unverified, Option<bool>),
        hook: Option<String>,
        clients: &SharedClients,
        limiters: &RateLimiters,
    ) -> Result<Zendesk, String> {
        let client = Client::new(url, login, clients, limiters)?;
        let sync = client.with_priority(Priority::Sync);
        let (account, people) = (Account::default(), People::default());
        let (list_page, export_page) = (AtomicU32::new(LIST_PAGE), AtomicU32::new(EXPORT_PAGE));
        Ok(Zendesk {
            client,
            sync,
            account,
            people,
            mapping,
            unverified,
            mails_requester,
            hook,
            list_page,
            export_page,
        })
    }
}

#[async_trait]
impl Destination for Zendesk {
    fn accepts(&self, _kind: DeliveryKind, _author: Author) -> bool {
        true
    }

    fn mails_requester(&self) -> RequesterMail {
        RequesterMail::of_setting(self.mails_requester)
    }

    /// With aliases Zendesk does not have their addresses.
    fn mails_unsigned(&self) -> RequesterMail {
        if self.unverified == Unverified::Alias { RequesterMail::Never } else { self.mails_requester() }
    }

    fn account(&self) -> Option<String> {
        self.client.url("/").ok().map(|url| url.to_string())
    }

    fn at_once(&self) -> u32 {
        AT_ONCE
    }

    async fn deliver(&self, contents: &DeliveryContents<'_>) -> Result<DeliveryReceipt, Failure> {
        match contents.delivery.kind {
            DeliveryKind::Ticket => create::deliver_ticket(self, contents).await,
            DeliveryKind::Message => update::deliver_message(self, contents).await,
            DeliveryKind::Solved => update::deliver_status(self, contents, "solved").await,
            DeliveryKind::Reopened => update::deliver_status(self, contents, "open").await,
            DeliveryKind::Confirmed => update::deliver_confirmation(self, contents).await,
        }
    }

    fn polling(&self) -> Option<&dyn Polling> {
        Some(self)
    }

    fn read_event(
        &self,
        headers: &InboundHeaders,
        body: &[u8],
        now: Timestamp,
    ) -> Result<InboundEvent, InboundEventError> {
        hook::read(self.hook.as_deref().ok_or(InboundEventError::NoHook)?, headers, body, now)
    }

    fn page(&self, external: &ExternalTicketRef) -> Option<String> {
        Some(self.client.url(&format!("/agent/tickets/{}", external.external_id)).ok()?.into())
    }

    async fn check(&self, config: &Config, hook: &str) -> Vec<Finding> {
        check::check(self, config, hook).await
    }
}
