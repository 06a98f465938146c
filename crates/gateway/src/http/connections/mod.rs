//! Accepts connections, and closes those that are idle or too slow. Above the limit, connections are rejected at once.

mod capacity;
mod progress;

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

use super::current::CurrentRouter;
use crate::guard::{Permit, Permits};
pub use capacity::Capacity;
use capacity::{ConnectionPermit, ConnectionRefusal};
use progress::StallTimeout;

/// The pause after a failed accept, which may be caused by too many open files.
const PAUSE: Duration = Duration::from_millis(200);
/// The largest head of a request, in bytes. It contains all cookies of a host.
pub const HEAD_MAX: usize = 64 * 1024;
/// The largest number of headers of a request.
pub const HEADERS_MAX: usize = 100;
/// Above these limits the HTTP library answers by itself, without an explanation and without CORS; requests in between are rejected by the
/// routes.
const LIBRARY_HEAD_MAX: usize = HEAD_MAX + 32 * 1024;
const LIBRARY_HEADERS_MAX: usize = 2 * HEADERS_MAX;
/// The size of the system's send buffer for slow readers, in bytes.
const SEND_BUFFER: u32 = 256 * 1024;
/// The largest number of connections waiting to be accepted.
const BACKLOG: u32 = 1024;
/// How long a rejected connection stays open so that its response can be read, and for how many at a time; taken from the reserve of open
/// files.
const LINGER: Duration = Duration::from_secs(2);
const LINGERING_MAX: u32 = 64;

/// The timeouts of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// For the head of a request to arrive, which is also the idle timeout.
    pub head: Duration,
    /// For a part of a response to be read.
    pub reading: Duration,
}

impl Default for Times {
    fn default() -> Times {
        Times { head: Duration::from_secs(30), reading: Duration::from_secs(60) }
    }
}

/// Listens on an address.
pub fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it. Data that a client leaves unread there uses memory without being noticed.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections until it is cancelled, and ends when none is open. Open connections end after their pending response; `unwritten` counts
/// those whose client has yet to read what was sent.
pub async fn serve(
    listener: TcpListener,
    router: CurrentRouter,
    capacity: Capacity,
    times: Times,
    (stop, unwritten): (CancellationToken, TaskTracker),
) {
    let (connections, lingering) = (TaskTracker::new(), Permits::default());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => match capacity.admit(peer.ip()) {
                Ok(permit) => {
                    let shutdown = (stop.clone(), unwritten.clone());
                    connections.spawn(connection(stream, peer, router.clone(), permit, times, shutdown));
                }
                Err(refusal) => refuse(stream, refusal, lingering.acquire((), LINGERING_MAX)),
            },
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    // No new connection waits to be accepted meanwhile.
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// Responds that there are too many connections. With a permit to linger the connection stays open until the response is read, because a
/// connection closed with unread bytes is reset, and some systems then discard the response. Without a permit it is closed at once.
fn refuse(stream: TcpStream, refusal: ConnectionRefusal, permit: Option<Permit<()>>) {
    let (answer, code) = refused(refusal);
    tracing::debug!(code, "connection refused");
    if let Some(permit) = permit {
        tokio::spawn(async move {
            let _ = tokio::time::timeout(LINGER, answer_and_close(stream, &answer)).await;
            drop(permit);
        });
        return;
    }
    // The runtime does not know yet that the socket is writable; the system does, and does not block.
    let Ok(mut stream) = stream.into_std() else { return };
    let mut unread = [0; 4096];
    let _ = std::io::Read::read(&mut stream, &mut unread);
    let _ = std::io::Write::write(&mut stream, answer.as_bytes());
}

async fn answer_and_close(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let mut unread = [0; 4096];
    while stream.read(&mut unread).await? > 0 {}
    Ok(())
}

/// The response to a rejected connection, and its error code. Every page may read it: it contains nothing about anybody, and a page would
/// otherwise take it for a network error.
fn refused(refusal: ConnectionRefusal) -> (String, &'static str) {
    let (status, reason, code, title) = match refusal {
        ConnectionRefusal::All => {
            (503, "Service Unavailable", "busy", "the gateway has too many connections; try again")
        }
        ConnectionRefusal::Address => {
            (429, "Too Many Requests", "too_much", "too many connections from this address; try again")
        }
    };
    let body = format!(r#"{{"status":{status},"code":"{code}","title":"{title}"}}"#);
    let answer = format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         retry-after: 5\r\ncache-control: no-store\r\nconnection: close\r\naccess-control-allow-origin: *\r\n\
         access-control-expose-headers: retry-after,deskbell-version\r\ndeskbell-version: {}\r\n\r\n{body}",
        body.len(),
        env!("CARGO_PKG_VERSION")
    );
    (answer, code)
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: CurrentRouter,
    _permit: ConnectionPermit,
    times: Times,
    (stop, unwritten): (CancellationToken, TaskTracker),
) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.get().oneshot(request)
    });
    // Small responses must not wait for more data (Nagle's algorithm).
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(times.head)
        .max_buf_size(LIBRARY_HEAD_MAX)
        .max_headers(LIBRARY_HEADERS_MAX);
    let stream = StallTimeout::new(stream, times.reading, unwritten);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection closed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Limits, Proxies};
    use axum::Router;
    use axum::routing::get;

    #[tokio::test]
    async fn slightly_oversized_heads_reach_the_routes() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "refused in words" }));
        let capacity = Capacity::new(&Limits::default(), Proxies::default(), 64);
        tokio::spawn(serve(listener, router.into(), capacity, Times::default(), Default::default()));
        let many_headers: String = (0..HEADERS_MAX + 1).map(|number| format!("x-{number}: x\r\n")).collect();
        let long_header = format!("cookie: {}\r\n", "x".repeat(HEAD_MAX + 1024));
        for headers in [many_headers, long_header] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let head = format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("refused in words"), "{answer}");
        }
    }

    #[tokio::test]
    async fn endless_requests_are_closed_without_affecting_others() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().route("/", get(|| async { "well" }));
        let times = Times { head: Duration::from_millis(300), ..Times::default() };
        let capacity = Capacity::new(&Limits::default(), Proxies::default(), 64);
        tokio::spawn(serve(listener, router.into(), capacity, times, Default::default()));

        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        let mut quick = TcpStream::connect(address).await.unwrap();
        quick.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        quick.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("well"), "{answer}");
        let mut rest = Vec::new();
        // Either no response, or one about the timeout; but the connection ends.
        let ended = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await;
        assert!(ended.is_ok());
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    }
}
