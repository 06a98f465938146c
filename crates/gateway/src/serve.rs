//! Starts the gateway, and shuts it down gracefully.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backup::BackupError;
use super::commands::DataError;
use super::commands::import::ImportCommandError;
use super::commands::index::StaticIndexError;
use super::commands::moving::MoveCommandError;
use super::commands::sites::SitesError;
use super::config::Limits;
use super::config::starter::{self, StarterError};
use super::config::{NO_SITE, SettingsError, notices};
use super::database_watch::Outage;
use super::guard::{connections_max, open_files};
use super::http::{self, CurrentRouter, connections, running};
use super::wire_up;
use super::wire_up::{Changes, Gateway, OpenError, Setup};
use super::workers::RunningWorkers;
use crate::http::connections::{Capacity, Times};
use deskbell_core::clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{ReloadReport, StoreError};
use deskbell_core::random;

/// How long requests, downloads, deliveries, mails and syncs may continue after a shutdown signal; longer than any request may take, except for
/// uploads, which clients repeat, and for downloads over slow networks.
const GRACE: Duration = Duration::from_secs(20);
/// How long connections may stay open after the last response. Browsers keep spare ones that never send anything.
const FLUSH_TIME: Duration = Duration::from_millis(500);

/// How long a gateway that starts waits for a server of the database that cannot be reached. Then it ends, and whatever started it can say so.
const SERVER_WAIT: Duration = Duration::from_secs(60);
/// How long it waits between two attempts.
const SERVER_RETRY: Duration = Duration::from_secs(1);
/// How often the database is polled for changed sites.
const POLL_SITES: Duration = Duration::from_secs(2);
/// How many sites a line of the log names.
const NAMED_MAX: usize = 20;
/// What sets the address of each listener, in messages.
const LISTEN: &str = "--listen ADDRESS:PORT";
const INBOX_LISTEN: &str = "[inbox] listen";
const METRICS_LISTEN: &str = "[metrics] listen";
/// How many connections the inbox may have on a listener of its own; taken from the reserve of open files.
const INBOX_CONNECTIONS: u32 = 64;
/// How many connections the listener for metrics may have; taken from the same reserve.
const METRICS_CONNECTIONS: u32 = 8;

/// Why the gateway does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The settings are invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The starter file was not written.
    #[error(transparent)]
    Starter(#[from] StarterError),
    /// There is no site to serve.
    #[error("{NO_SITE}")]
    NoSite,
    /// The import of questions failed.
    #[error(transparent)]
    Import(#[from] ImportCommandError),
    /// The static index was not written.
    #[error(transparent)]
    StaticIndex(#[from] StaticIndexError),
    /// A site was not shown or changed.
    #[error(transparent)]
    Sites(#[from] SitesError),
    /// The deployment cannot be checked.
    #[error(transparent)]
    Address(#[from] super::deployment::AddressError),
    /// An erasure or export failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A database was not moved.
    #[error(transparent)]
    Move(#[from] MoveCommandError),
    /// A backup or restore failed.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The gateway was not opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process listens on the address.
    #[error("{address} is in use by another process; stop that process, or use another address with {setting}")]
    Taken {
        /// The address.
        address: SocketAddr,
        /// What sets it.
        setting: &'static str,
    },
    /// The system does not allow listening on the address.
    #[error("cannot listen on {address}: {error}; use another address with {setting}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        error: std::io::Error,
        /// What sets it.
        setting: &'static str,
    },
    /// Another error of the system.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
}

/// Serves until SIGTERM or SIGINT. No new work starts then; requests are answered, and running deliveries, mails and syncs are completed and
/// recorded.
pub async fn serve(setup: Setup) -> Result<(), GatewayError> {
    let settings = &setup.settings;
    if settings.file.is_none() && !settings.demo {
        let unread = if Path::new(starter::FILE).exists() {
            "use --config deskbell.toml to read the file in this folder"
        } else {
            "run `deskbell init` to create one"
        };
        tracing::info!(site = starter::SITE, "no configuration file: serving pages on this computer only; {unread}");
    }
    let listener = listen(settings.listen, LISTEN, settings.demo)?;
    let inbox_listener = settings.inbox_listen.map(|address| listen(address, INBOX_LISTEN, false)).transpose()?;
    let metrics_listener = settings.metrics_listen.map(|address| listen(address, METRICS_LISTEN, false)).transpose()?;
    let mut stop_requested = pin!(stop_signal()?);
    let mut reload_requested = signal(SignalKind::hangup())?;
    let has_file = settings.file.is_some();
    let mut polls = interval(POLL_SITES);
    polls.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (limits, proxies) = (settings.limits, settings.proxies.clone());
    let requests = TaskTracker::new();
    let name = format!(
        "{} of process {} ({:08x})",
        listener.local_addr()?,
        std::process::id(),
        random::number().unwrap_or_default() >> 32
    );
    let gateway = tokio::select! {
        opened = open_when_reachable(setup) => opened?,
        () = &mut stop_requested => return Ok(()),
    };
    let mut current = RunningGateway::new(gateway, name, requests.clone());
    if current.gateway.settings().sites.is_empty() {
        return Err(GatewayError::NoSite);
    }
    current.log_notices();
    let (stop, listeners) = (CancellationToken::new(), TaskTracker::new());
    let capacity = Capacity::new(&limits, proxies.clone(), connections_max(&limits, open_files()));
    let times = Times::default();
    let shutdown = (stop.clone(), requests.clone());
    announce(listener.local_addr()?)?;

    current.start_workers(&stop).await;
    let mut inbox_serving = None;
    if let Some(listener) = inbox_listener {
        tracing::info!(address = %listener.local_addr()?, "inbox listening");
        // The inbox has connections of its own, so that agents get in when all others are in use.
        let limits = Limits { connections_per_address: NonZeroU32::new(INBOX_CONNECTIONS), ..limits };
        let capacity = Capacity::new(&limits, proxies.clone(), INBOX_CONNECTIONS);
        let router = current.inbox.clone();
        inbox_serving = Some(listeners.spawn(connections::serve(listener, router, capacity, times, shutdown.clone())));
    }
    if let Some(listener) = metrics_listener {
        tracing::info!(address = %listener.local_addr()?, "metrics listening");
        let capacity = Capacity::new(&limits, proxies.clone(), METRICS_CONNECTIONS);
        let router = current.metrics.clone();
        listeners.spawn(connections::serve(listener, router, capacity, times, shutdown.clone()));
    }
    // In a task of its own, so that nothing else delays accepting connections.
    let router = current.public.clone();
    let mut serving = listeners.spawn(connections::serve(listener, router, capacity, times, shutdown.clone()));
    let ended = loop {
        tokio::select! {
            () = &mut stop_requested => break Ok(()),
            // Without a file there is nothing to read again, and the terminal of somebody who tries the gateway was closed.
            Some(()) = reload_requested.recv() => match has_file {
                true => current.reload(&stop).await,
                false => break Ok(()),
            },
            _ = polls.tick() => current.follow_sites(&stop).await,
            ended = &mut serving => {
                break Err(std::io::Error::other(format!("accepting connections ended: {ended:?}")));
            }
            ended = wait_for_inbox_end(&mut inbox_serving) => {
                break Err(std::io::Error::other(format!("accepting connections to the inbox ended: {ended:?}")));
            }
        }
    };
    tracing::info!("stopping");
    stop.cancel();
    requests.close();
    listeners.close();
    let answered = async {
        loop {
            requests.wait().await;
            let _ = tokio::time::timeout(FLUSH_TIME, listeners.wait()).await;
            // The end of a response begins to count when its client is slow to read it.
            if requests.is_empty() {
                break;
            }
        }
    };
    let RunningGateway { gateway, mut workers, .. } = current;
    if tokio::time::timeout(GRACE, async { tokio::join!(answered, workers.wait()) }).await.is_err() {
        tracing::warn!("stopped with unfinished work");
    }
    workers.abort().await;
    if let Err(error) = gateway.counting.flush(gateway.store.as_ref()).await {
        tracing::warn!(%error, "recording counts failed");
    }
    gateway.store.close().await;
    tracing::info!("stopped");
    Ok(ended?)
}

/// Opens the gateway. If the server of the database cannot be reached, it waits for that, up to [`SERVER_WAIT`].
async fn open_when_reachable(setup: Setup) -> Result<Gateway, OpenError> {
    let (start, mut outage) = (Instant::now(), Outage::default());
    loop {
        match wire_up::open(setup.clone()).await {
            Err(OpenError::Store(error @ StoreError::Unreachable { .. })) if start.elapsed() < SERVER_WAIT => {
                outage.log(&error);
                sleep(SERVER_RETRY).await;
            }
            Err(error) => return Err(error),
            Ok(gateway) => {
                outage.end();
                return Ok(gateway);
            }
        }
    }
}

/// The gateway that serves at this moment. A reload replaces it by one with another configuration.
struct RunningGateway {
    gateway: Gateway,
    /// Its name in reports.
    name: String,
    /// The revision of the sites that was read last, whether it took effect or not.
    revision: i64,
    public: CurrentRouter,
    inbox: CurrentRouter,
    metrics: CurrentRouter,
    workers: RunningWorkers,
    requests: TaskTracker,
}

impl RunningGateway {
    fn new(gateway: Gateway, name: String, requests: TaskTracker) -> RunningGateway {
        let [public, inbox, metrics] = routers(&gateway, &requests).map(CurrentRouter::from);
        let (workers, revision) = (RunningWorkers::default(), gateway.revision());
        RunningGateway { gateway, name, revision, public, inbox, metrics, workers, requests }
    }

    /// Starts the workers of the gateway, and stops those that it does not have.
    async fn start_workers(&mut self, stop: &CancellationToken) {
        self.gateway.workers.deliver.warn_of_removed().await;
        self.workers.replace(self.gateway.workers.list(), stop);
    }

    /// Reads the configuration again if a site in the database was changed, or if a command requests it.
    async fn follow_sites(&mut self, stop: &CancellationToken) {
        match self.gateway.store.sites_revision().await {
            Ok(revision) if revision == self.revision => {}
            Ok(_) => self.reload(stop).await,
            Err(error) => tracing::warn!(%error, "site poll failed"),
        }
    }

    /// Reads the configuration again, and reports what came of it.
    async fn reload(&mut self, stop: &CancellationToken) {
        // Read before the sites, so that a change between the two is noticed.
        let revision = match self.gateway.store.sites_revision().await {
            Ok(revision) => revision,
            Err(error) => return tracing::error!(%error, "configuration not reloaded"),
        };
        let result = self.replace(stop).await;
        // After an error of the store the next poll tries again.
        if !matches!(result, Err(OpenError::Store(_))) {
            self.revision = revision;
        }
        if let Err(error) = &result {
            tracing::error!(%error, "configuration not reloaded; the former one stays in effect");
        }
        let error = result.err().map(|error| error.to_string()).or_else(|| {
            let invalid = self.gateway.settings().invalid_sites.join("\n");
            Some(invalid).filter(|invalid| !invalid.is_empty())
        });
        let report = ReloadReport { gateway: self.name.clone(), revision, error };
        if let Err(error) = self.gateway.store.record_reload(&report).await {
            tracing::warn!(%error, "reload report failed");
        }
    }

    /// Replaces the gateway by one with the configuration of now. Requests that have begun end on the routers on which they began. An invalid
    /// configuration changes nothing.
    async fn replace(&mut self, stop: &CancellationToken) -> Result<(), OpenError> {
        let (gateway, changes) = self.gateway.reload().await?;
        self.gateway = gateway;
        let [public, inbox, metrics] = routers(&self.gateway, &self.requests);
        self.public.replace(public);
        self.inbox.replace(inbox);
        self.metrics.replace(metrics);
        let is_over = |site: &SiteKey| changes.removed.contains(site) || changes.changed.contains(site);
        self.gateway.live.end(is_over);
        self.start_workers(stop).await;
        let Changes { added, removed, changed, fields, needs_restart } = changes;
        let [added, removed, changed] = [added, removed, changed].map(|sites| names(&sites));
        tracing::info!(added, removed, changed, fields = fields.join(", "), "configuration reloaded");
        self.log_notices();
        if !needs_restart.is_empty() {
            tracing::warn!(fields = needs_restart.join(", "), "configuration changes need a restart");
        }
        Ok(())
    }

    fn log_notices(&self) {
        for notice in notices(self.gateway.settings(), clock::now()) {
            tracing::warn!(notice, "configuration notice");
        }
    }
}

/// The public router, that of the inbox's own listener, and that of the listener for metrics.
fn routers(gateway: &Gateway, requests: &TaskTracker) -> [Router; 3] {
    let track = {
        let requests = requests.clone();
        move |request: Request, next: Next| running::track(requests.clone(), request, next)
    };
    [
        http::router(&gateway.routers).layer(from_fn(track.clone())),
        http::inbox_router(&gateway.routers).layer(from_fn(track)),
        http::metrics_router(&gateway.metrics, &gateway.routers.readiness),
    ]
}

/// The names of sites for the log, of many only the first.
fn names(sites: &[SiteKey]) -> String {
    let mut names: Vec<&str> = sites.iter().take(NAMED_MAX).map(SiteKey::as_str).collect();
    let more = format!("and {} more", sites.len().saturating_sub(NAMED_MAX));
    names.extend((sites.len() > NAMED_MAX).then_some(more.as_str()));
    names.join(", ")
}

/// Ends with the task that serves the inbox, if the inbox has a listener of its own.
async fn wait_for_inbox_end<T>(serving: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match serving {
        Some(serving) => serving.await,
        None => std::future::pending().await,
    }
}

/// Listens; the demo picks a free port if its own is taken, because nobody depends on it.
fn listen(address: SocketAddr, setting: &'static str, demo: bool) -> Result<TcpListener, GatewayError> {
    match connections::bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => {
            Err(GatewayError::Listen { address, error, setting })
        }
        Err(_) if demo => {
            tracing::warn!("{address} is in use by another process; using a free port instead");
            let free = SocketAddr::new(address.ip(), 0);
            connections::bind(free).map_err(|error| GatewayError::Listen { address: free, error, setting })
        }
        Err(_) => Err(GatewayError::Taken { address, setting }),
    }
}

/// Prints to standard output that the gateway is ready; a script may wait for this line.
fn announce(address: SocketAddr) -> std::io::Result<()> {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    let mut out = std::io::stdout();
    writeln!(out, "Deskbell is ready at http://{}/", SocketAddr::new(ip, address.port()))?;
    out.flush()
}

/// Completes on the first SIGTERM or SIGINT.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
