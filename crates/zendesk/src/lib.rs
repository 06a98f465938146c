//! Zendesk: tickets by the Tickets API, their conversation both ways, by OAuth's client credentials.
//!
//! Creating takes an `Idempotency-Key`, which lives two hours, and an `external_id`, by which a ticket can be looked up; updating takes
//! neither, so each update carries a name in its metadata. Whatever may have arrived is looked for before it is sent again.

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
use std::sync::atomic::AtomicU32;

use async_trait::async_trait;
use reqwest::Url;

use account::Account;
use client::Client;
use deskbell_core::clock;
use deskbell_core::ports::destination::{
    Answers, Delivered, Destination, Failure, Finding, Heard, HookHeaders, NotHeard, Parcel,
};
use deskbell_core::ports::{Place, What};
use deskbell_core::rules::sender::Unverified;
use domain::config::Config;
use domain::conversation::Author;
use domain::targets::Owner;
use domain::ticket::{Kind, Severity};
pub use login::Login;
use pace::Priority;
use people::People;
pub use values::{known_names, unknown_names};

/// How many tickets are brought at once. Zendesk answers in about half a second, so that this is more than its limits allow.
const AT_ONCE: u32 = 6;
/// How many tickets a page of the list of changes has at first, the most that there can be; fewer where they are large.
const LIST_PAGE: u32 = 100;
/// The same of the export.
const EXPORT_PAGE: u32 = 1_000;
/// What `external_id` begins with where a ticket comes from here.
const OURS: &str = "deskbell:";

/// An account of Zendesk.
#[derive(Debug)]
pub struct Zendesk {
    /// For what is delivered.
    client: Client,
    /// For what is read of changes.
    sync: Client,
    account: Account,
    people: People,
    mapping: Mapping,
    unverified: Unverified,
    /// With what its webhooks are signed.
    hook: Option<String>,
    /// How many tickets a page of the list of changes has, and one of the export.
    list_page: AtomicU32,
    export_page: AtomicU32,
}

/// Where what a ticket has goes in Zendesk.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// The brand that it comes to.
    pub brand: Option<u64>,
    /// The form that it is on.
    pub form: Option<u64>,
    /// The address of support that it is said to have been sent to.
    pub recipient: Option<String>,
    /// Its tags; `{name}` is a value of the ticket. One whose value is not known is left out.
    pub tags: Vec<String>,
    /// Its priority, by severity.
    pub priorities: BTreeMap<Severity, String>,
    /// Its type, by kind.
    pub types: BTreeMap<Kind, String>,
    /// Its custom fields, by Zendesk's ids.
    pub fields: BTreeMap<u64, FieldRule>,
    /// Its group, by the team that owns it.
    pub groups: BTreeMap<String, u64>,
    /// Its group where the team has none, by who answers.
    pub owners: BTreeMap<Owner, u64>,
    /// The agent who has it, by who is on turn here.
    pub assignees: BTreeMap<String, u64>,
}

/// What goes into a custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRule {
    /// The text, in which `{name}` is a value of the ticket.
    pub from: String,
    /// What stands in Zendesk for some of the values, such as the tag of a choice.
    pub choices: BTreeMap<String, String>,
}

impl Zendesk {
    /// An account at an address.
    pub fn new(
        url: Url,
        login: Login,
        mapping: Mapping,
        unverified: Unverified,
        hook: Option<String>,
    ) -> Result<Zendesk, String> {
        let client = Client::new(url, login)?;
        let sync = client.with_priority(Priority::Sync);
        let (account, people) = (Account::default(), People::default());
        let (list_page, export_page) = (AtomicU32::new(LIST_PAGE), AtomicU32::new(EXPORT_PAGE));
        Ok(Zendesk { client, sync, account, people, mapping, unverified, hook, list_page, export_page })
    }
}

#[async_trait]
impl Destination for Zendesk {
    fn takes(&self, _what: What, _author: Author) -> bool {
        true
    }

    fn account(&self) -> Option<String> {
        self.client.url("/").ok().map(|url| url.to_string())
    }

    fn at_once(&self) -> u32 {
        AT_ONCE
    }

    async fn deliver(&self, parcel: &Parcel<'_>) -> Result<Delivered, Failure> {
        match parcel.delivery.what {
            What::Ticket => create::ticket(self, parcel).await,
            What::Message => update::message(self, parcel).await,
            What::Solved => update::status(self, parcel, "solved").await,
            What::Reopened => update::status(self, parcel, "open").await,
            What::Confirmed => update::confirmed(self, parcel).await,
        }
    }

    fn answers(&self) -> Option<&dyn Answers> {
        Some(self)
    }

    fn hear(&self, headers: &HookHeaders, body: &[u8]) -> Result<Heard, NotHeard> {
        hook::hear(self.hook.as_deref().ok_or(NotHeard::NoHook)?, headers, body, clock::timestamp())
    }

    fn page(&self, place: &Place) -> Option<String> {
        Some(self.client.url(&format!("/agent/tickets/{}", place.remote)).ok()?.into())
    }

    async fn check(&self, config: &Config, hook: &str) -> Vec<Finding> {
        check::check(self, config, hook).await
    }
}
