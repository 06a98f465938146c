//! What every request can reach.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::attachments::FileStorage;
use super::config::Settings;
use super::delivery::Lines;
use super::guard::{Guard, ProxyWatch, RefusedOrigins, connections_max, open_files};
use super::incidents::Broken;
use super::live::Live;
use super::mail::{Codes, MailWakers};
use super::pseudonym::Pseudonyms;
use super::search::Indexes;
use super::search::counting::Counting;
use super::site::Site;
use super::store::{Attachments, Confirmations, Counts, Store, StoreError};
use super::tickets::{Asked, KeysInUse};
use super::wire_up::Setup;
use store_sqlite::{READERS, SqliteStore};

/// What every request can reach.
pub struct App {
    /// What the gateway was told.
    pub settings: Settings,
    /// The sites by their public key.
    pub sites: BTreeMap<String, Site>,
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// The files that go along with tickets.
    pub folder: FileStorage,
    /// What is searched.
    pub indexes: Indexes,
    /// What is counted, until it is written.
    pub counting: Counting,
    /// The keys that are being worked on.
    pub keys_in_use: KeysInUse,
    /// What is broken now.
    pub broken: Broken,
    /// How much anybody may ask for.
    pub guard: Guard,
    /// Counts networks without keeping them.
    pub pseudonyms: Pseudonyms,
    /// Notices a proxy that is not configured.
    pub proxy_watch: ProxyWatch,
    /// Reports pages that a site does not allow.
    pub refused_origins: RefusedOrigins,
    /// Tells those who watch their tickets.
    pub live: Live,
    /// What derives the codes that confirm addresses.
    pub codes: Codes,
    /// Wakes who sends e-mail.
    pub mailed: MailWakers,
    /// The queues of the destinations.
    pub lines: Lines,
    /// When destinations were asked for somebody's tickets.
    pub asked: Asked,
}

impl App {
    /// The site of a public key.
    pub fn site(&self, name: &str) -> Option<&Site> {
        self.sites.get(name)
    }
}

/// Opens the store. The indexes are built while it serves, but for the demo's.
pub async fn open(setup: Setup) -> Result<Arc<App>, StoreError> {
    let Setup { settings, sites } = setup;
    let store = Arc::new(
        SqliteStore::open_with_readers(&settings.database, settings.database_readers.unwrap_or(READERS)).await?,
    );
    if settings.demo {
        super::demo::import(store.as_ref()).await?;
    }
    let folder = FileStorage::open(settings.attachments.clone(), &store.attachments_key().await?)?;
    let codes = Codes::new(&store.confirmations_key().await?);
    let indexes = Indexes::default();
    if settings.demo {
        // Its few questions are searched as soon as it is there.
        indexes.refresh(store.as_ref()).await?;
    }
    let pseudonyms = Pseudonyms::new(store.salt().await?);
    let connections = connections_max(&settings.limits, open_files());
    Ok(Arc::new(App {
        counting: Counting::new(pseudonyms.clone()),
        pseudonyms,
        broken: Broken::new(&sites),
        guard: Guard::new(settings.limits, connections),
        proxy_watch: ProxyWatch::default(),
        refused_origins: RefusedOrigins::default(),
        lines: Lines::new(&sites),
        mailed: MailWakers::new(&sites),
        asked: Asked::default(),
        settings,
        sites,
        store,
        folder,
        indexes,
        keys_in_use: KeysInUse::default(),
        live: Live::default(),
        codes,
    }))
}
