//! Starts the gateway, and shuts it down gracefully.

use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::{JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backup::BackupError;
use super::commands::DataError;
use super::commands::import::ImportCommandError;
use super::commands::index::StaticIndexError;
use super::config::Limits;
use super::config::starter::{self, StarterError};
use super::config::{SettingsError, notices};
use super::guard::{connections_max, open_files};
use super::http::{self, connections};
use super::wire_up;
use super::wire_up::Setup;
use crate::http::connections::{Capacity, Times};
use deskbell_core::clock;
use deskbell_core::ports::StoreError;

/// How long requests, deliveries, mails and syncs may continue after a shutdown signal; longer than any request may take, except for uploads,
/// which clients repeat.
const GRACE: Duration = Duration::from_secs(20);
/// How long connections may stay open after the last response. Browsers keep spare ones that never send anything.
const FLUSH_TIME: Duration = Duration::from_millis(500);

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
    #[error(
        "no site is configured; add a table [sites.NAME] with origins to the configuration file, or start with --demo"
    )]
    NoSite,
    /// The import of questions failed.
    #[error(transparent)]
    Import(#[from] ImportCommandError),
    /// The static index was not written.
    #[error(transparent)]
    StaticIndex(#[from] StaticIndexError),
    /// The deployment cannot be checked.
    #[error(transparent)]
    Address(#[from] super::deployment::AddressError),
    /// An erasure or export failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A backup or restore failed.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process listens on the address.
    #[error("{0} is in use by another process; stop that process, or use another address with --listen ADDRESS:PORT")]
    Taken(SocketAddr),
    /// The system does not allow listening on the address.
    #[error("cannot listen on {0}: {1}; use another address with --listen ADDRESS:PORT")]
    Listen(SocketAddr, std::io::Error),
    /// Another error of the system.
    #[error("the operating system refused: {0}")]
    System(#[from] std::io::Error),
}

/// Serves until SIGTERM or SIGINT. No new work starts then; requests are answered, and running deliveries, mails and syncs are completed and
/// recorded.
pub async fn serve(setup: Setup) -> Result<(), GatewayError> {
    let settings = &setup.settings;
    if settings.sites.is_empty() {
        return Err(GatewayError::NoSite);
    }
    if settings.file.is_none() && !settings.demo {
        let unread = if Path::new(starter::FILE).exists() {
            "use --config deskbell.toml to read the file in this folder"
        } else {
            "run `deskbell init` to create one"
        };
        tracing::info!(site = starter::SITE, "no configuration file: serving pages on this computer only; {unread}");
    }
    for notice in notices(settings, clock::now()) {
        tracing::warn!(notice, "configuration notice");
    }
    let listener = listen(settings.listen, settings.demo)?;
    let inbox_listener = settings.inbox_listen.map(|address| listen(address, false)).transpose()?;
    let metrics_listener = settings.metrics_listen.map(|address| listen(address, false)).transpose()?;
    let stop_requested = stop_signal()?;
    let (limits, proxies) = (setup.settings.limits, setup.settings.proxies.clone());
    let gateway = wire_up::open(setup).await?;
    let (stop, requests, listeners) = (CancellationToken::new(), TaskTracker::new(), TaskTracker::new());
    let tracked = requests.clone();
    let track = move |request: Request, next: Next| track_request(tracked.clone(), request, next);
    let router = http::router(&gateway.routers).layer(from_fn(track.clone()));
    let capacity = Capacity::new(&limits, proxies.clone(), connections_max(&limits, open_files()));
    let times = Times::default();
    announce(listener.local_addr()?)?;

    let mut workers = gateway.workers.start(&stop);
    let mut inbox_serving = None;
    if let Some(listener) = inbox_listener {
        let router = http::inbox_router(&gateway.routers).layer(from_fn(track));
        tracing::info!(address = %listener.local_addr()?, "inbox listening");
        // The inbox has connections of its own, so that agents get in when all others are in use.
        let limits = Limits { connections_per_address: NonZeroU32::new(INBOX_CONNECTIONS), ..limits };
        let capacity = Capacity::new(&limits, proxies.clone(), INBOX_CONNECTIONS);
        inbox_serving = Some(listeners.spawn(connections::serve(listener, router, capacity, times, stop.clone())));
    }
    if let Some(listener) = metrics_listener {
        let router = http::metrics_router(&gateway.metrics, &gateway.routers.readiness);
        tracing::info!(address = %listener.local_addr()?, "metrics listening");
        let capacity = Capacity::new(&limits, proxies.clone(), METRICS_CONNECTIONS);
        listeners.spawn(connections::serve(listener, router, capacity, times, stop.clone()));
    }
    // In a task of its own, so that nothing else delays accepting connections.
    let mut serving = listeners.spawn(connections::serve(listener, router, capacity, times, stop.clone()));
    let ended = tokio::select! {
        () = stop_requested => Ok(()),
        ended = &mut serving => Err(std::io::Error::other(format!("accepting connections ended: {ended:?}"))),
        ended = wait_for_inbox_end(&mut inbox_serving) => {
            Err(std::io::Error::other(format!("accepting connections to the inbox ended: {ended:?}")))
        }
    };
    tracing::info!("stopping");
    stop.cancel();
    requests.close();
    listeners.close();
    let answered = async {
        requests.wait().await;
        let _ = tokio::time::timeout(FLUSH_TIME, listeners.wait()).await;
    };
    let worked = async { while workers.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, async { tokio::join!(answered, worked) }).await.is_err() {
        tracing::warn!("stopped with unfinished work");
    }
    workers.shutdown().await;
    if let Err(error) = gateway.counting.flush(gateway.store.as_ref()).await {
        tracing::warn!(%error, "recording counts failed");
    }
    gateway.store.close().await;
    tracing::info!("stopped");
    Ok(ended?)
}

/// Ends with the task that serves the inbox, if the inbox has a listener of its own.
async fn wait_for_inbox_end<T>(serving: &mut Option<JoinHandle<T>>) -> Result<T, JoinError> {
    match serving {
        Some(serving) => serving.await,
        None => std::future::pending().await,
    }
}

/// Tracks a request until its response begins.
async fn track_request(requests: TaskTracker, request: Request, next: Next) -> Response {
    let _token = requests.token();
    next.run(request).await
}

/// Listens; the demo picks a free port if its own is taken, because nobody depends on it.
fn listen(address: SocketAddr, demo: bool) -> Result<TcpListener, GatewayError> {
    match connections::bind(address) {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => Err(GatewayError::Listen(address, error)),
        Err(_) if demo => {
            tracing::warn!("{address} is in use by another process; using a free port instead");
            let free = SocketAddr::new(address.ip(), 0);
            connections::bind(free).map_err(|error| GatewayError::Listen(free, error))
        }
        Err(_) => Err(GatewayError::Taken(address)),
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
