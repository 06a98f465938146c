//! Assembles the gateway: creates the configured clients, and passes each router and each worker the use cases that it needs. No other module
//! knows all of them.

mod agents;
mod email;
mod imports;
mod incidents;
mod mail;
mod signers;
mod sites;
mod store;
mod webhook;
mod zendesk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::bus::LocalBus;
use crate::config::{
    self, AccessKey, BucketSettings, Database, Fingerprint, Overrides, PostgresSettings, Secrets, Settings,
    SettingsError, Storage, StoredSite,
};
use crate::database_watch::DatabaseWatch;
use crate::gateway_watch::GatewayWatch;
use crate::guard::{self, Guard, ProxyWatch, connections_max};
use crate::http::Routers;
use crate::http::api::{ApiState, PublicConfigs};
use crate::http::assets::Assets;
use crate::http::cors::PageAccess;
use crate::http::edge::Edge;
use crate::http::help::HelpState;
use crate::http::inbox::access::InboxAccess;
use crate::http::inbox::answers::AnswersReader;
use crate::http::inbox::destination_status::DestinationStatuses;
use crate::http::inbox::list_reader::ListReader;
use crate::http::inbox::oidc::OidcLogin;
use crate::http::inbox::ticket_reader::TicketReader;
use crate::http::inbox::{InboxState, PagePolicy};
use crate::http::requester::Requesters;
use crate::live::Live;
use crate::metrics::{Metrics, RequestMetrics};
use crate::other_gateways::OtherGateways;
use crate::readiness::Readiness;
use crate::workers::Workers;
use deskbell_core::clock::{Clock, SystemClock};
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{
    Bus, Files, MoveTarget, OutgoingMail, PendingMigrations, SchemaStatus, SharedBuckets, SharedStore, SiteTable,
    StatusPolls, Store, StoreError, TicketChanges,
};
use deskbell_core::pseudonym::Pseudonyms;
use deskbell_core::use_cases::access::{RequestAccessLink, SignIn};
use deskbell_core::use_cases::agents::{Audit, HandleSessions};
use deskbell_core::use_cases::attachments::{
    CleanFiles, FileAddresses, KeepFile, ReadFiles, StoreFile, SweepFiles, UploadLimits,
};
use deskbell_core::use_cases::delivery::{
    AssembleContents, DeliverTickets, DestinationStates, Dispatch, ResendDeliveries, ShareOutages, StoreReply,
    SyncPorts, SyncTickets, TakeInboundMail, TakeReturnedMail,
};
use deskbell_core::use_cases::inbound::{InboundMails, TakeInboundEvent};
use deskbell_core::use_cases::incidents::{CurrentIncidents, OpenIncidents};
use deskbell_core::use_cases::mail::{
    BlockedMailboxes, Codes, MailAnswers, MailWakers, Receipts, SendAnswers, SendLinks, SendMail, SiteOutbox,
    Unsubscribe,
};
use deskbell_core::use_cases::privacy::{EnforceRetention, EraseSelection, EraseTicket, ExportPorts, ExportSelection};
use deskbell_core::use_cases::search::counting::Counting;
use deskbell_core::use_cases::search::import::{ImportQuestions, ScheduledImport};
use deskbell_core::use_cases::search::{IndexLimits, Indexes};
use deskbell_core::use_cases::tickets::{
    AmendTicket, AutomaticReply, ConfirmAddress, FindSimilar, GatherTickets, HandleTicket, OpenAccessLink, OpenLink,
    PlanExtras, ReadTickets, ReplyToTicket, RequestCode, SubmissionLimits, TakeSupportMail, TakeTicket,
};
use files::{Bucket, BucketOptions, Credentials, Folder, FolderDisk};
use store::OpenStore;

pub use imports::{ImportConfig, source_format};
pub use mail::{SiteMail, SiteMails, is_this_computer};
pub use sites::SiteParts;
pub use store::{open_move_source, open_move_to_cancel};

/// Settings, and what was created from their sites.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The settings.
    pub settings: Settings,
    /// The sites with their clients.
    pub parts: SiteParts,
    /// The login of agents at their identity provider, if there is one.
    pub oidc: Option<Arc<OidcLogin>>,
    /// What they were loaded with, for reloads.
    pub overrides: Overrides,
}

/// Loads the settings and creates the clients that they name, without sites of the database.
pub fn load(overrides: &Overrides) -> Result<Setup, SettingsError> {
    load_after(overrides, &[], None)
}

/// The same with sites of the database, of which invalid ones are left out, with a reason in `invalid_sites`.
pub fn load_with_stored(overrides: &Overrides, tables: &[SiteTable]) -> Result<Setup, SettingsError> {
    load_after(overrides, tables, None)
}

/// The same with sites of the database. Sites that have not changed keep what they have in `previous`; those of the database that are invalid
/// stay as they are there, or are left out, with a warning.
fn load_after(overrides: &Overrides, tables: &[SiteTable], previous: Option<&Setup>) -> Result<Setup, SettingsError> {
    let (mut stored, mut invalid) = (BTreeMap::new(), Vec::new());
    for SiteTable { site, text, .. } in tables {
        match config::parse_site(site.as_str(), text, &format!("site {site} in the database")) {
            Ok(table) => drop(stored.insert(site.to_string(), table)),
            Err(error) => invalid.push((site, error)),
        }
    }
    let mut settings = config::load_with(overrides, stored)?;
    let none = SiteParts::default();
    let before = previous.map_or(&none, |setup| &setup.parts);
    for (site, error) in invalid {
        let former = previous.and_then(|setup| setup.settings.sites.get(site.as_str()));
        if let Some(former) = former.filter(|_| !settings.sites.contains_key(site.as_str())) {
            let version = before.fingerprints.get(site).copied().unwrap_or_default();
            settings.sites.insert(site.to_string(), former.clone());
            settings.fingerprints.insert(site.to_string(), version);
            settings.stored.insert(site.to_string());
        }
        settings.invalid_sites.push(error.to_string());
    }
    let source = sites::Source {
        sites: &settings.sites,
        fingerprints: &settings.fingerprints,
        stored: &settings.stored,
        secrets: &settings.secrets,
        lines: &settings.lines,
    };
    let (parts, failed) = sites::make(&source, before)?;
    settings.sites.retain(|name, _| parts.sites.get(name).is_some());
    settings.invalid_sites.extend(failed.iter().map(SettingsError::to_string));
    let oidc = settings.logins.oidc.as_ref();
    let oidc = oidc.map(|table| agents::provider(table, settings.secrets.oidc_secret.as_deref())).transpose();
    let oidc = oidc.map_err(|(field, message)| SettingsError::Value {
        location: settings.lines.location(&format!("inbox.oidc.{field}")),
        message,
    })?;
    let login = |agents::Provider { client, name, grants }| Arc::new(OidcLogin::new(client, name, grants));
    Ok(Setup { settings, parts, oidc: oidc.map(login), overrides: overrides.clone() })
}

/// The sites in the text of a configuration file; `name` is its name in errors.
pub fn parse(text: &str, name: &str) -> Result<SiteParts, SettingsError> {
    let file = config::parse(text, name)?;
    let (lines, fingerprints) = (file.lines.clone(), file.fingerprints.clone());
    let source = sites::Source {
        sites: &config::check_sites(file)?,
        fingerprints: &fingerprints,
        stored: &BTreeSet::new(),
        secrets: &Secrets::default(),
        lines: &lines,
    };
    sites::make(&source, &SiteParts::default()).map(|(parts, _)| parts)
}

/// Checks the table of a site as the database has it, and creates its clients; `name` is the name of the text in errors.
pub fn check_site(key: &str, text: &str, name: &str, secrets: &Secrets) -> Result<(), SettingsError> {
    let StoredSite { config, fingerprint, lines } = config::parse_site(key, text, name)?;
    let source = sites::Source {
        sites: &BTreeMap::from([(key.to_string(), config)]),
        fingerprints: &BTreeMap::from([(key.to_string(), fingerprint)]),
        stored: &BTreeSet::new(),
        secrets,
        lines: &lines,
    };
    sites::make(&source, &SiteParts::default()).map(drop)
}

/// An assembled gateway: routers, workers, and what outlives both.
pub struct Gateway {
    /// The state of the routers.
    pub routers: Routers,
    /// The background workers.
    pub workers: Workers,
    /// The metrics.
    pub metrics: Arc<Metrics>,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The bytes of attachments.
    pub files: Arc<dyn Files>,
    /// Notifies open streams.
    pub live: Live,
    /// Announces changes.
    pub bus: Arc<dyn Bus>,
    /// The states of the destinations.
    pub states: Arc<DestinationStates>,
    /// The search indexes.
    pub indexes: Arc<Indexes>,
    /// Collected counts.
    pub counting: Arc<Counting>,
    /// The actions of agents.
    pub handle: Arc<HandleTicket>,
    wakers: Arc<MailWakers>,
    /// What it was assembled from.
    setup: Setup,
    shared: Shared,
}

/// What a reload has changed.
#[derive(Debug, Default)]
pub struct Changes {
    /// The sites that are new.
    pub added: Vec<SiteKey>,
    /// The sites that are gone.
    pub removed: Vec<SiteKey>,
    /// The sites that are different.
    pub changed: Vec<SiteKey>,
    /// The tables and fields of the file, outside of sites, that are different.
    pub fields: Vec<&'static str>,
    /// The fields of the file that take effect at the next start.
    pub needs_restart: Vec<&'static str>,
}

impl Gateway {
    /// The settings in effect.
    pub fn settings(&self) -> &Settings {
        &self.setup.settings
    }

    /// The revision of the sites in the database with which it was opened.
    pub fn revision(&self) -> i64 {
        self.shared.revision
    }

    /// Reads the configuration again, and assembles a gateway from it that continues this one: over the same store, with the same streams, limits
    /// and indexes. If the configuration is invalid, this one is unchanged.
    pub async fn reload(&self) -> Result<(Gateway, Changes), OpenError> {
        let tables = self.store.site_tables().await?;
        let again = || load_after(&self.setup.overrides, &tables, Some(&self.setup));
        // Reads files, and creates clients.
        let mut setup = tokio::task::block_in_place(again)?;
        let needs_restart = setup.settings.keep_started(&self.setup.settings);
        if setup.settings.sites.is_empty() && !self.setup.settings.sites.is_empty() {
            let location = setup.settings.lines.location("sites");
            return Err(SettingsError::Value { location, message: config::NO_SITE.into() }.into());
        }
        let fields = setup.settings.changed_fields(&self.setup.settings);
        let changes = Changes { fields, needs_restart, ..changes(&self.setup.parts, &setup.parts) };
        let is_polled = |site: &SiteKey| setup.parts.status_pages.contains_key(site);
        self.shared.open_incidents.configure(setup.parts.incidents.clone(), is_polled);
        self.indexes.retain(|site| setup.parts.sites.get(site).is_some());
        let states = self.states.succeeded_by(&setup.parts.destinations);
        let wakers = self.wakers.succeeded_by(setup.parts.mails.keys());
        Ok((assemble(setup, self.shared.clone(), states, wakers), changes))
    }
}

fn changes(before: &SiteParts, after: &SiteParts) -> Changes {
    let (before, after) = (&before.fingerprints, &after.fingerprints);
    let without = |all: &BTreeMap<SiteKey, Fingerprint>, other: &BTreeMap<SiteKey, Fingerprint>| {
        all.keys().filter(|site| !other.contains_key(*site)).cloned().collect()
    };
    let differs = |(site, version): (&SiteKey, &Fingerprint)| {
        before.get(site).is_some_and(|known| known != version).then(|| site.clone())
    };
    Changes {
        added: without(after, before),
        removed: without(before, after),
        changed: after.iter().filter_map(differs).collect(),
        fields: Vec::new(),
        needs_restart: Vec::new(),
    }
}

/// Why a gateway was not opened or reloaded.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The configuration is invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Opens the store and assembles the gateway, with the sites that the store has. Indexes are built when they are needed, except for the demo's.
pub async fn open(setup: Setup) -> Result<Gateway, OpenError> {
    let settings = &setup.settings;
    let OpenStore { store, clock, changes, shared: shared_store } = store::open(settings).await?;
    let gateway_watch = shared_store.as_ref().map(|shared| GatewayWatch::new(shared.clone()));
    if let (Some(shared), Some(watch)) = (&shared_store, &gateway_watch) {
        setup.parts.limiters.share(shared.clone(), watch.count.clone());
    }
    if settings.demo {
        crate::demo::import(store.as_ref()).await?;
    }
    let indexes = Arc::new(Indexes::new(index_limits(settings)));
    if settings.demo {
        // Its few questions can be searched as soon as it serves.
        indexes.refresh(store.as_ref()).await?;
    }
    // Read before the sites, so that a change between the two is noticed.
    let revision = store.sites_revision().await?;
    let tables = store.site_tables().await?;
    let setup = if tables.is_empty() { setup } else { load_after(&setup.overrides, &tables, Some(&setup))? };
    let settings = &setup.settings;
    let pseudonyms = Pseudonyms::new(store.salt().await?);
    let connections = connections_max(&settings.limits, guard::open_files());
    let count = gateway_watch.as_ref().map(|watch| watch.count.clone()).unwrap_or_default();
    let buckets = shared_store.clone().map(|shared| (shared as Arc<dyn SharedBuckets>, count));
    let guard = Guard::open(settings.limits, connections, buckets).await?;
    let shared = Shared {
        clock,
        files: open_files(settings)?,
        addresses: FileAddresses::new(
            &store.attachments_key().await?,
            settings.attachments_url.as_deref().unwrap_or_default(),
        ),
        codes: Codes::new(&store.confirmations_key().await?),
        readiness: Arc::new(Readiness::new(store.clone(), indexes.clone())),
        indexes,
        counting: Arc::new(Counting::new(pseudonyms.clone())),
        pseudonyms,
        live: Live::default(),
        guard: Arc::new(guard),
        disk: Arc::new(data_disk(settings)),
        open_incidents: OpenIncidents::new(setup.parts.incidents.clone()),
        proxy_watch: Arc::default(),
        requests: RequestMetrics::default(),
        revision,
        changes,
        shared_store,
        gateway_watch,
        store,
    };
    let states = DestinationStates::new(&setup.parts.destinations);
    let wakers = MailWakers::new(setup.parts.mails.keys());
    Ok(assemble(setup, shared, states, wakers))
}

/// The disk that has to have space for tickets; with a database elsewhere, for uploads.
fn data_disk(settings: &Settings) -> FolderDisk {
    match &settings.database {
        Database::Sqlite(file) => FolderDisk::of_file(file),
        Database::Postgres(_) => FolderDisk::of_folder(settings.attachments.local_folder()),
    }
}

/// One core is left for requests.
fn index_limits(settings: &Settings) -> IndexLimits {
    let builds = std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1));
    IndexLimits { questions: settings.search.questions_in_memory.get(), builds }
}

/// What all assemblies of a gateway share, from its start to its end.
#[derive(Clone)]
struct Shared {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    files: Arc<dyn Files>,
    addresses: FileAddresses,
    codes: Codes,
    indexes: Arc<Indexes>,
    pseudonyms: Pseudonyms,
    counting: Arc<Counting>,
    live: Live,
    guard: Arc<Guard>,
    disk: Arc<FolderDisk>,
    open_incidents: OpenIncidents,
    proxy_watch: Arc<ProxyWatch>,
    requests: RequestMetrics,
    readiness: Arc<Readiness>,
    /// Changes of tickets by other gateways, if there may be any.
    changes: Option<Arc<dyn TicketChanges>>,
    /// What it shares with other gateways beside the store, if there may be any.
    shared_store: Option<Arc<dyn SharedStore>>,
    /// Watches how many others there are, if there may be any.
    gateway_watch: Option<GatewayWatch>,
    /// The revision of the sites at the start.
    revision: i64,
}

fn assemble(setup: Setup, shared: Shared, states: DestinationStates, wakers: MailWakers) -> Gateway {
    let Shared { store, clock, files, addresses, codes, indexes, pseudonyms, counting, live, guard, disk, .. } =
        shared.clone();
    let Shared { open_incidents, proxy_watch, requests, readiness, changes, shared_store, gateway_watch, .. } =
        shared.clone();
    let Setup { settings, parts, oidc, .. } = setup.clone();
    let SiteParts { fingerprints, sites, origins, signers, mails, destinations, status_pages, imports, .. } = parts;
    let (sites, destinations) = (Arc::new(sites), Arc::new(destinations));

    // Shared by several use cases.
    let (states, wakers) = (Arc::new(states), Arc::new(wakers));
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(live.clone(), states.clone(), wakers.clone(), changes.clone()));
    let dispatch = Dispatch::new(store.clone(), destinations.clone(), states.clone(), bus.clone());
    let limits = SubmissionLimits::new(guard.clone(), settings.quotas, disk, pseudonyms.clone(), clock.clone());
    let mail_limits = mails.iter().map(|(site, mail)| (site.clone(), mail.limits)).collect();
    let receipts = Receipts::new(mail_limits, codes.clone(), pseudonyms.clone());
    let answer_settings = mails.iter().filter_map(|(site, mail)| Some((site.clone(), mail.answers?))).collect();
    // Links need the address of the gateway.
    let linking_sites = mails.iter().filter(|(_, mail)| mail.url.is_some()).map(|(site, _)| site.clone()).collect();
    let request_access = Arc::new(RequestAccessLink::new(store.clone(), receipts.clone(), linking_sites, bus.clone()));
    let send_links = SendLinks::new(store.clone(), receipts.clone(), clock.clone());
    let answers = MailAnswers::new(answer_settings, destinations.clone(), codes.clone());
    let blocked = BlockedMailboxes::new(store.clone(), codes.clone());
    let clean = CleanFiles::new(files.clone());
    let read_files = ReadFiles::new(store.clone(), addresses, clock.clone());
    let keep_file = KeepFile::new(store.clone(), clean.clone(), clock.clone());

    // For customers.
    let sign_in = Arc::new(SignIn::new(
        store.clone(),
        store.clone(),
        store.clone(),
        destinations.clone(),
        bus.clone(),
        answers.clone(),
    ));
    let extras = PlanExtras::new(AutomaticReply::new(indexes.clone()), receipts.clone(), destinations.clone());
    let take_ticket =
        TakeTicket::new(store.clone(), sign_in.clone(), limits.clone(), extras, dispatch.clone(), clock.clone());
    let take_ticket = Arc::new(take_ticket);
    let read = Arc::new(ReadTickets::new(store.clone(), store.clone(), read_files.clone()));
    let reply = ReplyToTicket::new(store.clone(), read_files.clone(), limits, dispatch);
    let confirm = ConfirmAddress::new(store.clone(), codes.clone(), destinations.clone(), bus.clone(), answers.clone());
    let upload_limits = UploadLimits { quotas: settings.quotas, rates: guard.clone(), pseudonyms: pseudonyms.clone() };
    let store_file = StoreFile::new(store.clone(), clean, sign_in.clone(), upload_limits, clock.clone());
    let current_incidents = Arc::new(CurrentIncidents::new(open_incidents.clone(), store.clone(), pseudonyms));

    // For inbound events.
    let store_reply = StoreReply::new(store.clone(), destinations.clone(), bus.clone(), answers.clone());
    let receipts_and_blocks = (store.clone() as Arc<dyn OutgoingMail>, blocked.clone());
    let take_mail =
        TakeInboundMail::new(store.clone(), receipts_and_blocks, sites.clone(), store_reply.clone(), keep_file.clone());
    let returned = TakeReturnedMail::new(store.clone(), store.clone(), store.clone(), codes.clone(), bus.clone());
    let inbound_mails = InboundMails {
        tickets: store.clone(),
        take: take_mail,
        support: TakeSupportMail::new(take_ticket.clone(), sites.clone(), keep_file.clone()),
        codes: codes.clone(),
        returned,
        states: states.clone(),
    };
    let events = TakeInboundEvent::new(store.clone(), inbound_mails, destinations.clone(), bus.clone());

    // For agents.
    let handle =
        Arc::new(HandleTicket::new(store.clone(), sites.clone(), destinations.clone(), bus.clone(), answers.clone()));
    let erase = Arc::new(EraseTicket::new(store.clone(), store.clone(), files.clone()));
    let resend = Arc::new(ResendDeliveries::new(store.clone(), sites.clone(), bus.clone()));
    let audit = Audit::new(store.clone(), settings.audit_keep, clock.clone());
    let access = InboxAccess {
        logins: settings.logins.clone(),
        oidc,
        is_demo: settings.demo,
        allows_http: settings.inbox_insecure_http,
        sessions: Arc::new(HandleSessions::new(store.clone(), audit.clone(), clock.clone())),
        audit: audit.clone(),
        clock: clock.clone(),
        guard: guard.clone(),
        proxies: Arc::new(settings.proxies.clone()),
        url: settings.inbox_url.clone(),
    };
    let destination_statuses = DestinationStatuses {
        queue: store.clone(),
        destinations: destinations.clone(),
        states: states.clone(),
        proxy_watch: proxy_watch.clone(),
    };

    let metrics = Metrics {
        requests: requests.clone(),
        guard: guard.clone(),
        queue: store.clone(),
        states: states.clone(),
        mail: wakers.clone(),
        outgoing_mail: store.clone(),
        indexes: indexes.clone(),
        store: store.clone(),
        clock: clock.clone(),
    };
    let routers = Routers {
        edge: Edge { guard: guard.clone(), proxies: Arc::new(settings.proxies.clone()), proxy_watch },
        pages: Arc::new(PageAccess::new(origins, settings.demo)),
        requests,
        readiness,
        api: ApiState {
            configs: Arc::new(PublicConfigs::new(&sites, &answers, blocked.clone(), &request_access, |site| {
                signers.get(site).is_some_and(|signers| !signers.is_empty())
            })),
            requesters: Arc::new(Requesters::new(sites.clone(), signers, sign_in, clock.clone())),
            guard: guard.clone(),
            take_ticket,
            read_tickets: read.clone(),
            find_similar: Arc::new(FindSimilar::new(store.clone())),
            reply: Arc::new(reply),
            amend: Arc::new(AmendTicket::new(store.clone(), destinations.clone(), bus.clone())),
            gather: Arc::new(GatherTickets::new(store.clone(), destinations.clone(), bus.clone())),
            confirm: Arc::new(confirm),
            request_code: Arc::new(RequestCode::new(store.clone(), store.clone(), receipts, bus.clone())),
            request_access: request_access.clone(),
            store_file: Arc::new(store_file),
            read_files: Arc::new(read_files.clone()),
            files: files.clone(),
            incidents: current_incidents.clone(),
            indexes: indexes.clone(),
            counting: counting.clone(),
            questions: store.clone(),
            events: Arc::new(events),
            live: live.clone(),
        },
        inbox: InboxState {
            access: Arc::new(access),
            destinations: Arc::new(destination_statuses),
            list: Arc::new(ListReader {
                sites: sites.clone(),
                tickets: store.clone(),
                heads: store.clone(),
                incidents: current_incidents,
            }),
            ticket: Arc::new(TicketReader {
                sites: sites.clone(),
                tickets: store.clone(),
                conversations: store.clone(),
                files: read_files,
                external: store.clone(),
            }),
            answers: Arc::new(AnswersReader { sites: sites.clone(), counts: store.clone() }),
            handle: handle.clone(),
            erase,
            resend: resend.clone(),
            policy: PagePolicy::new(settings.attachments_url.as_deref()),
        },
        help: HelpState {
            sites: sites.clone(),
            open_link: Arc::new(OpenLink::new(store.clone(), store.clone(), codes.clone())),
            unsubscribe: Arc::new(Unsubscribe::new(store.clone(), store.clone(), codes.clone())),
            request_access,
            open_access: Arc::new(OpenAccessLink::new(store.clone(), store.clone(), read.clone())),
            live: live.clone(),
            guard,
            read_tickets: read,
        },
        assets: Arc::new(Assets { folder: settings.assets.clone(), is_demo: settings.demo }),
        has_inbox: settings.inbox_listen.is_none(),
    };

    let sync_ports = SyncPorts {
        polls: store.clone(),
        queue: store.clone(),
        external: store.clone(),
        tickets: store.clone(),
        conversations: store.clone(),
    };
    let contents = AssembleContents::new(store.clone(), store.clone(), files.clone(), sites.clone(), clock.clone());
    let outboxes = sites.iter().filter_map(|site| {
        let SiteMail { smtp, bounces, url, .. } = mails.get(&site.key)?.clone();
        Some(SiteOutbox {
            site: site.clone(),
            reads_replies: smtp.reply_to.is_some(),
            bounces_to: bounces.and_then(|name| destinations.get(&site.key, &name).cloned()),
            mailer: Arc::new(smtp),
            url,
            replies_to: destinations.in_site(&site.key).map(|(_, to)| to.clone()).collect(),
        })
    });
    let send_answers = SendAnswers::new(
        store.clone(),
        store.clone(),
        store.clone(),
        files.clone(),
        answers,
        codes.clone(),
        clock.clone(),
    );
    let send_answers = (send_answers, send_links, blocked);
    let workers = Workers {
        deliver: DeliverTickets::new(store.clone(), contents, destinations.clone(), states.clone(), clock.clone()),
        resend,
        sync: SyncTickets::new(sync_ports, sites.clone(), states.clone(), store_reply, keep_file),
        mail: SendMail::new(store.clone(), send_answers, outboxes.collect(), codes, wakers.clone(), clock.clone()),
        sweep: SweepFiles::new(store.clone(), files.clone(), clock.clone()),
        retention: EnforceRetention::new(store.clone(), store.clone(), files.clone(), sites, clock.clone()),
        audit,
        outgoing: store.clone(),
        clock: clock.clone(),
        indexes: indexes.clone(),
        questions: store.clone(),
        counting: counting.clone(),
        counts: store.clone(),
        open_incidents,
        status_pages,
        status_polls: shared_store.clone().map(|shared| shared as Arc<dyn StatusPolls>),
        shared_buckets: shared_store.clone().map(|shared| shared as Arc<dyn SharedBuckets>),
        gateway_watch,
        database_watch: shared_store.as_ref().map(|_| DatabaseWatch::new(store.clone())),
        outages: shared_store.map(|shared| ShareOutages::new(shared, states.clone(), clock.clone())),
        import: ImportQuestions::new(store.clone(), store.clone(), store.clone()),
        imports: plans(imports),
        others: changes.map(|changes| OtherGateways { changes, tickets: store.clone(), live: live.clone() }),
        versions: fingerprints,
    };
    let metrics = Arc::new(metrics);
    Gateway {
        routers,
        workers,
        metrics,
        store,
        files,
        live,
        bus,
        states,
        indexes,
        counting,
        handle,
        wakers,
        setup,
        shared,
    }
}

/// The scheduled imports, by site.
fn plans(imports: BTreeMap<SiteKey, Vec<ImportConfig>>) -> BTreeMap<SiteKey, Vec<ScheduledImport>> {
    let plan = |ImportConfig { source, period, prune }| ScheduledImport { source: Arc::new(source), period, prune };
    imports.into_iter().map(|(site, imports)| (site, imports.into_iter().map(plan).collect())).collect()
}

/// The store of the settings, which is created or migrated before.
pub async fn open_store(settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
    store::wait_for(&settings.database, store::open_for_command(settings, PendingMigrations::Apply)).await
}

/// The store of the settings, whose schema is left alone: a database that exists and lacks migrations is an error.
pub async fn open_current_store(settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
    store::wait_for(&settings.database, store::open_for_command(settings, PendingMigrations::Refuse)).await
}

/// The sites in the database of the settings, also if it is older than this program; none if there is no database. Changes nothing.
pub async fn stored_sites(settings: &Settings) -> Result<Vec<SiteTable>, StoreError> {
    if !settings.database.may_exist() {
        return Ok(Vec::new());
    }
    let open = store::open_for_command(settings, PendingMigrations::Ignore);
    let store = store::wait_for(&settings.database, open).await?;
    let tables = store.site_tables().await;
    store.close().await;
    tables
}

/// The migrations of the database of the settings.
pub async fn schema_status(settings: &Settings) -> Result<SchemaStatus, StoreError> {
    store::wait_for(&settings.database, store::schema_status(settings)).await
}

/// The same after connecting to the database at all addresses that a gateway uses. Changes nothing.
pub async fn check_database(settings: &Settings) -> Result<SchemaStatus, StoreError> {
    store::wait_for(&settings.database, store::check(settings)).await
}

/// The PostgreSQL database of the settings, to move everything to it. `None` if another move uses it.
pub async fn open_move_target(
    settings: &Settings,
    postgres: &PostgresSettings,
) -> Result<Option<Arc<dyn MoveTarget>>, StoreError> {
    store::wait_for(&settings.database, store::open_move_target(postgres)).await
}

/// The bytes of attachments.
pub fn open_files(settings: &Settings) -> Result<Arc<dyn Files>, StoreError> {
    Ok(match &settings.attachments {
        Storage::Folder(path) => Arc::new(Folder::open(path.clone())?),
        Storage::Bucket(bucket) => Arc::new(open_bucket(bucket)?),
    })
}

/// A bucket with the bytes of attachments.
pub fn open_bucket(settings: &BucketSettings) -> Result<Bucket, StoreError> {
    let BucketSettings { bucket, prefix, endpoint, region, key, path_style, uploads } = settings.clone();
    let credentials = key.map(|AccessKey { id, secret }| Credentials { access_key_id: id, secret_access_key: secret });
    Bucket::open(BucketOptions { bucket, prefix, endpoint, region, credentials, path_style, uploads })
}

/// The store of the settings, and the use case of `deskbell import`.
pub async fn import_questions(settings: &Settings) -> Result<(Arc<dyn Store>, ImportQuestions), StoreError> {
    let store = open_store(settings).await?;
    let import = ImportQuestions::new(store.clone(), store.clone(), store.clone());
    Ok((store, import))
}

/// The audit log, for commands.
pub fn audit(settings: &Settings, store: &Arc<dyn Store>) -> Audit {
    Audit::new(store.clone(), settings.audit_keep, Arc::new(SystemClock))
}

/// The sessions of agents, for commands.
pub fn sessions(store: &Arc<dyn Store>, audit: &Audit) -> HandleSessions {
    HandleSessions::new(store.clone(), audit.clone(), Arc::new(SystemClock))
}

/// The use case of `deskbell erase`.
pub async fn erase_selection(store: &Arc<dyn Store>, files: &Arc<dyn Files>) -> Result<EraseSelection, StoreError> {
    let pseudonyms = Pseudonyms::new(store.salt().await?);
    Ok(EraseSelection::new(store.clone(), store.clone(), store.clone(), files.clone(), pseudonyms))
}

/// The use case of `deskbell export`.
pub fn export_selection(store: &Arc<dyn Store>) -> ExportSelection {
    ExportSelection::new(ExportPorts {
        tickets: store.clone(),
        conversations: store.clone(),
        confirmations: store.clone(),
        attachments: store.clone(),
        erasure: store.clone(),
    })
}

#[cfg(test)]
mod tests;
