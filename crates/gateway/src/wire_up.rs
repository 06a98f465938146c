//! Assembles the gateway: creates the configured clients, and passes each router and each worker the use cases that it needs. No other module
//! knows all of them.

mod email;
mod imports;
mod incidents;
mod mail;
mod signers;
mod sites;
mod webhook;
mod zendesk;

use std::sync::Arc;

use crate::attachments::sweep::SweepFiles;
use crate::attachments::{FileStorage, KeepFile, ReadFiles, StoreFile};
use crate::bus::LocalBus;
use crate::config::{self, Overrides, Secrets, Settings, SettingsError};
use crate::delivery::sync::{SyncParts, SyncTickets};
use crate::delivery::worker::DeliverTickets;
use crate::delivery::{Dispatch, Lines, Parcels, TakeInboundEvent, TakeInboundMail, TakeReturnedMail};
use crate::guard::{Guard, ProxyWatch, connections_max, open_files};
use crate::http::Routers;
use crate::http::api::{ApiState, PublicConfigs};
use crate::http::assets::Assets;
use crate::http::cors::PageAccess;
use crate::http::edge::Edge;
use crate::http::help::HelpState;
use crate::http::inbox::InboxState;
use crate::http::inbox::access::InboxAccess;
use crate::http::inbox::destination_status::DestinationStatuses;
use crate::http::requester::Requesters;
use crate::incidents::{Broken, CurrentIncidents};
use crate::live::Live;
use crate::mail::worker::{SendMail, SiteMail};
use crate::mail::{Codes, MailWakers, Receipts};
use crate::privacy::erase::EraseTicket;
use crate::privacy::retention::EnforceRetention;
use crate::pseudonym::Pseudonyms;
use crate::search::Indexes;
use crate::search::counting::Counting;
use crate::tickets::confirmation::{ConfirmAddress, OpenLink, RequestCode};
use crate::tickets::handling::HandleTicket;
use crate::tickets::{
    AmendTicket, AutomaticReply, FindSimilar, GatherTickets, Intake, ReadTickets, ReplyToTicket, SignIn,
    SubmissionLimits, TakeTicket,
};
use crate::workers::Workers;
use deskbell_core::ports::{Attachments, Bus, Confirmations, Counts, Store, StoreError};
use store_sqlite::{READERS, SqliteStore, StoreOptions};

pub use imports::source_format;
pub use sites::SiteParts;

/// Settings, and what was created from their sites.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The settings.
    pub settings: Settings,
    /// The sites with their clients.
    pub parts: SiteParts,
}

/// Loads the settings and creates the clients that they name.
pub fn load(overrides: &Overrides) -> Result<Setup, SettingsError> {
    let settings = config::load(overrides)?;
    let parts = sites::make(&settings.sites, &settings.secrets, &settings.lines)?;
    Ok(Setup { settings, parts })
}

/// The sites in the text of a configuration file; `name` is its name in errors.
pub fn parse(text: &str, name: &str) -> Result<SiteParts, SettingsError> {
    let file = config::parse(text, name)?;
    let lines = file.lines.clone();
    sites::make(&config::check_sites(file)?, &Secrets::default(), &lines)
}

/// An assembled gateway: routers, workers, and what outlives both.
pub struct Gateway {
    /// The state of the routers.
    pub routers: Routers,
    /// The background workers.
    pub workers: Workers,
    /// The store.
    pub store: Arc<dyn Store>,
    /// The attachments.
    pub storage: FileStorage,
    /// Notifies open streams.
    pub live: Live,
    /// The queues of the destinations.
    pub lines: Arc<Lines>,
    /// The search indexes.
    pub indexes: Arc<Indexes>,
    /// Collected counts.
    pub counting: Arc<Counting>,
    /// The actions of agents.
    pub handle: Arc<HandleTicket>,
}

/// Opens the store and assembles the gateway. The indexes are built while it serves, except for the demo's.
pub async fn open(setup: Setup) -> Result<Gateway, StoreError> {
    let Setup { settings, parts } = setup;
    let readers = settings.database_readers.unwrap_or(READERS);
    let store = Arc::new(
        SqliteStore::open_with(&settings.database, StoreOptions { readers, ..StoreOptions::default() }).await?,
    );
    if settings.demo {
        crate::demo::import(store.as_ref()).await?;
    }
    let storage = FileStorage::open(settings.attachments.clone(), &store.attachments_key().await?)?;
    let codes = Codes::new(&store.confirmations_key().await?);
    let indexes = Arc::new(Indexes::default());
    if settings.demo {
        // Its few questions can be searched as soon as it serves.
        indexes.refresh(store.as_ref()).await?;
    }
    let pseudonyms = Pseudonyms::new(store.salt().await?);
    Ok(assemble(settings, parts, Kept { store, storage, codes, indexes, pseudonyms }))
}

/// What is stored on disk.
struct Kept<S> {
    store: Arc<S>,
    storage: FileStorage,
    codes: Codes,
    indexes: Arc<Indexes>,
    pseudonyms: Pseudonyms,
}

fn assemble<S: Store + 'static>(settings: Settings, parts: SiteParts, kept: Kept<S>) -> Gateway {
    let Kept { store, storage, codes, indexes, pseudonyms } = kept;
    let SiteParts { sites, origins, signers, mailers, destinations, incidents, imports } = parts;
    let (sites, destinations, mailers) = (Arc::new(sites), Arc::new(destinations), Arc::new(mailers));

    // Shared by several use cases.
    let (live, lines) = (Live::default(), Arc::new(Lines::new(&destinations)));
    let wakers = Arc::new(MailWakers::new(&mailers));
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::new(live.clone(), lines.clone(), wakers.clone()));
    let guard = Arc::new(Guard::new(settings.limits, connections_max(&settings.limits, open_files())));
    let dispatch = Dispatch::new(store.clone(), destinations.clone(), lines.clone());
    let limits = SubmissionLimits::new(guard.clone(), settings.quotas, &settings.database, pseudonyms.clone());
    let receipts = Receipts::new(mailers.clone(), codes.clone(), pseudonyms.clone());
    let read_files = ReadFiles::new(store.clone(), storage.clone());
    let keep_file = KeepFile::new(store.clone(), storage.clone());
    let broken = Broken::new(&incidents);

    // For customers.
    let sign_in = Arc::new(SignIn::new(store.clone(), store.clone(), destinations.clone(), bus.clone()));
    let intake = Intake {
        limits: limits.clone(),
        automatic: AutomaticReply::new(indexes.clone()),
        receipts: receipts.clone(),
        dispatch: dispatch.clone(),
    };
    let read = Arc::new(ReadTickets::new(store.clone(), store.clone(), read_files.clone()));
    let reply = ReplyToTicket::new(store.clone(), read_files.clone(), limits, dispatch, bus.clone());
    let confirm = ConfirmAddress::new(store.clone(), store.clone(), codes.clone(), destinations.clone(), bus.clone());
    let store_file = StoreFile::new(store.clone(), storage.clone(), settings.quotas, guard.clone(), pseudonyms.clone());
    let current_incidents = Arc::new(CurrentIncidents::new(broken.clone(), store.clone(), pseudonyms.clone()));
    let counting = Arc::new(Counting::new(pseudonyms));

    // For inbound events.
    let mails = TakeInboundMail::new(
        (store.clone(), store.clone()),
        sites.clone(),
        destinations.clone(),
        keep_file.clone(),
        bus.clone(),
    );
    let returned = TakeReturnedMail::new(store.clone(), store.clone(), store.clone(), codes.clone(), bus.clone());
    let events =
        TakeInboundEvent::new((store.clone(), store.clone()), mails, returned, (destinations.clone(), lines.clone()));

    // For agents.
    let handle = Arc::new(HandleTicket::new(store.clone(), sites.clone(), destinations.clone(), bus.clone()));
    let erase = Arc::new(EraseTicket::new(store.clone(), store.clone(), storage.folder.clone()));
    let proxy_watch = Arc::new(ProxyWatch::default());
    let access = InboxAccess {
        token: settings.inbox_token.clone(),
        is_demo: settings.demo,
        allows_http: settings.inbox_insecure_http,
        sessions: store.clone(),
        guard: guard.clone(),
    };
    let destination_statuses = DestinationStatuses {
        queue: store.clone(),
        destinations: destinations.clone(),
        lines: lines.clone(),
        proxy_watch: proxy_watch.clone(),
    };

    let routers = Routers {
        edge: Edge { guard: guard.clone(), proxies: Arc::new(settings.proxies.clone()), proxy_watch },
        pages: Arc::new(PageAccess::new(origins, settings.demo)),
        api: ApiState {
            requesters: Arc::new(Requesters::new(sites.clone(), signers, sign_in.clone())),
            configs: Arc::new(PublicConfigs::new(&sites)),
            guard,
            take_ticket: Arc::new(TakeTicket::new(store.clone(), sign_in, intake, bus.clone())),
            read_tickets: read.clone(),
            find_similar: Arc::new(FindSimilar::new(store.clone())),
            reply: Arc::new(reply),
            amend: Arc::new(AmendTicket::new(store.clone(), destinations.clone(), bus.clone())),
            gather: Arc::new(GatherTickets::new(store.clone(), destinations.clone(), bus.clone())),
            confirm: Arc::new(confirm),
            request_code: Arc::new(RequestCode::new(store.clone(), store.clone(), receipts, bus.clone())),
            store_file: Arc::new(store_file),
            read_files: Arc::new(read_files.clone()),
            incidents: current_incidents.clone(),
            indexes: indexes.clone(),
            counting: counting.clone(),
            questions: store.clone(),
            events: Arc::new(events),
            live: live.clone(),
        },
        inbox: InboxState {
            sites: sites.clone(),
            access: Arc::new(access),
            destinations: Arc::new(destination_statuses),
            tickets: store.clone(),
            conversations: store.clone(),
            external: store.clone(),
            counts: store.clone(),
            files: read_files,
            incidents: current_incidents,
            handle: handle.clone(),
            erase,
            bus: bus.clone(),
        },
        help: HelpState {
            sites: sites.clone(),
            open_link: Arc::new(OpenLink::new(store.clone(), store.clone(), codes.clone())),
            read_tickets: read,
        },
        assets: Arc::new(Assets { folder: settings.assets.clone(), is_demo: settings.demo }),
        has_inbox: settings.inbox_listen.is_none(),
    };

    let sync_store = SyncParts {
        polls: store.clone(),
        queue: store.clone(),
        external: store.clone(),
        tickets: store.clone(),
        conversations: store.clone(),
    };
    let queues = (destinations.clone(), lines.clone());
    let parcels = Parcels::new(store.clone(), store.clone(), storage.clone(), sites.clone());
    let site_mails = sites.iter().filter_map(|site| {
        let mailer = mailers.get(&site.key)?.clone();
        let bounces_to = mailer.bounces.as_ref().and_then(|name| destinations.get(&site.key, name)).cloned();
        let return_path = Arc::new(move |ticket: &str| bounces_to.as_ref()?.return_path(ticket));
        Some(SiteMail { site: site.clone(), mailer, return_path })
    });
    let workers = Workers {
        deliver: DeliverTickets::new(store.clone(), parcels, destinations.clone(), lines.clone()),
        sync: SyncTickets::new(sync_store, sites.clone(), queues, keep_file, bus),
        mail: SendMail::new(store.clone(), site_mails.collect(), codes, wakers),
        sweep: SweepFiles::new(store.clone(), storage.folder.clone()),
        retention: EnforceRetention::new(store.clone(), store.clone(), storage.folder.clone(), sites),
        outgoing: store.clone(),
        indexes: indexes.clone(),
        questions: store.clone(),
        counting: counting.clone(),
        counts: store.clone(),
        broken,
        incidents,
        import_store: store.clone(),
        imports,
    };
    Gateway { routers, workers, store, storage, live, lines, indexes, counting, handle }
}

#[cfg(test)]
mod tests;
