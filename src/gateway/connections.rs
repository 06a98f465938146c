//! Connections: taken in, kept as long as they are of use, and cut off where nothing comes.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch::Receiver;
use tower::ServiceExt;

/// How long the head of a request may take to arrive, and how long a connection may stay open without any.
pub const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long to wait where no connection can be taken in, as there may be too many files open.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes in connections until it is told to stop; those that are open then end with the answer that they wait for.
pub async fn serve(listener: TcpListener, router: Router, head_time: Duration, mut stopping: Receiver<bool>) {
    loop {
        let taken = tokio::select! {
            taken = listener.accept() => taken,
            () = told(&mut stopping) => return,
        };
        match taken {
            Ok((stream, peer)) => {
                tokio::spawn(connection(stream, peer, router.clone(), head_time, stopping.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken in");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    head_time: Duration,
    mut stopping: Receiver<bool>,
) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    // Small answers are not worth waiting for more of them.
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head_time);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told(&mut stopping) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection has broken off");
    }
}

async fn told(stopping: &mut Receiver<bool>) {
    // Whoever tells lives as long as the gateway.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::watch;

    #[tokio::test]
    async fn who_never_ends_a_request_is_cut_off_and_the_others_are_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_stop, stopping) = watch::channel(false);
        let router = Router::new().route("/", get(|| async { "well" }));
        tokio::spawn(serve(listener, router, Duration::from_millis(300), stopping));

        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await.unwrap();
        let mut quick = TcpStream::connect(address).await.unwrap();
        quick.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        quick.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("well"), "{answer}");
        let mut rest = Vec::new();
        // Either nothing comes, or it is said that it took too long; but it ends.
        let ended = tokio::time::timeout(Duration::from_secs(20), slow.read_to_end(&mut rest)).await;
        assert!(ended.is_ok());
        assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    }
}
