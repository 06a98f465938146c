//! Starting, and stopping without cutting anybody off.

use std::convert::Infallible;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use super::mail::worker;
use super::search::import::{ImportError, timer};
use super::search::static_index::StaticIndexError;
use super::settings::{Settings, SettingsError};
use super::store::StoreError;
use super::{app, attachments, connections, delivery, incidents, routes, search};

/// How long requests may go on when the gateway is told to stop; longer than any may take but a file, which is put again.
const GRACE: Duration = Duration::from_secs(20);
/// How long connections may stay open after the last answer. A browser keeps spare ones that never say anything.
const LAST_BYTES: Duration = Duration::from_millis(500);

/// Why the gateway does not start, or stops.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// There is no site to serve.
    #[error(
        "no site is configured; add a table [sites.NAME] with origins to the file of --config, or start with --demo"
    )]
    NoSite,
    /// Questions cannot be imported.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// There is no static index to be made.
    #[error(transparent)]
    StaticIndex(#[from] StaticIndexError),
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another process listens there.
    #[error("{0} is taken by another process; stop that one, or choose another with --listen ADDRESS:PORT")]
    Taken(SocketAddr),
    /// The system does not let it listen there.
    #[error("cannot listen on {0}: {1}; choose another with --listen ADDRESS:PORT")]
    Listen(SocketAddr, std::io::Error),
    /// The system refuses something else.
    #[error("the system refuses: {0}")]
    System(#[from] std::io::Error),
}

/// Serves until it is told to stop by SIGTERM or SIGINT; then answers what it has begun with.
pub async fn serve(settings: Settings) -> Result<(), GatewayError> {
    if settings.sites.is_empty() {
        return Err(GatewayError::NoSite);
    }
    let listener = listen(settings.listen, settings.demo).await?;
    let stop = stop_signal()?;
    let app = app::open(settings).await?;
    let (running, mut idle) = watch::channel(0_usize);
    let count = move |request: Request, next: Next| count(running.clone(), request, next);
    let router = routes::router(app.clone()).layer(from_fn(count));
    announce(listener.local_addr()?)?;

    let (stopping, stopped) = watch::channel(false);
    let serving = async {
        connections::serve(listener, router, connections::HEAD_TIME, stopped.clone()).await;
        let done = async {
            let _ = idle.wait_for(|running| *running == 0).await;
            tokio::time::sleep(LAST_BYTES).await;
        };
        let _ = tokio::time::timeout(GRACE, done).await;
    };
    let told = async {
        stop.await;
        tracing::info!("stopping");
        stopping.send_replace(true);
        std::future::pending::<Infallible>().await
    };
    let following = search::follow(&app.indexes, app.store.as_ref());
    let counting = search::unanswered::watch(&app.unanswered, app.store.as_ref());
    let plans = app.settings.sites.iter();
    let plans = plans.flat_map(|(name, site)| site.imports.iter().map(|plan| (name.clone(), plan.clone())));
    let importing = timer::run(app.store.clone(), plans.collect());
    let mailing = worker::run(app.store.clone(), &app.settings.sites, app.mailed.subscribe());
    tokio::select! {
        () = serving => {}
        never = app.guard.forget() => match never {},
        never = told => match never {},
        () = following => {}
        () = counting => {}
        never = incidents::follow(app.broken.clone(), &app.settings.sites) => match never {},
        never = attachments::sweep::run(&app) => match never {},
        never = mailing => match never {},
        never = delivery::worker::run(app.clone()) => match never {},
        never = delivery::follow::run(app.clone()) => match never {},
        never = importing => match never {},
    }
    app.store.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn count(running: watch::Sender<usize>, request: Request, next: Next) -> Response {
    struct Running(watch::Sender<usize>);
    impl Drop for Running {
        fn drop(&mut self) {
            self.0.send_modify(|running| *running -= 1);
        }
    }
    running.send_modify(|running| *running += 1);
    let _running = Running(running);
    next.run(request).await
}

/// Listens; the demo takes another port where its own is taken, because nobody depends on it.
async fn listen(address: SocketAddr, demo: bool) -> Result<TcpListener, GatewayError> {
    match TcpListener::bind(address).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() != std::io::ErrorKind::AddrInUse => Err(GatewayError::Listen(address, error)),
        Err(_) if demo => {
            tracing::warn!("{address} is taken by another process; taking a free port instead");
            let free = SocketAddr::new(address.ip(), 0);
            TcpListener::bind(free).await.map_err(|error| GatewayError::Listen(free, error))
        }
        Err(_) => Err(GatewayError::Taken(address)),
    }
}

/// Tells on standard output that it is ready; a script may wait for this line.
fn announce(address: SocketAddr) -> std::io::Result<()> {
    let ip = if address.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { address.ip() };
    let mut out = std::io::stdout();
    writeln!(out, "Deskbell is ready at http://{}/", SocketAddr::new(ip, address.port()))?;
    out.flush()
}

fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
