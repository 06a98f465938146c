//! Connections that are opened to block the gateway.

use std::net::SocketAddr;
use std::time::Duration;

use gateway::config::Overrides;
use gateway::guard::{connections_max, open_files};
use gateway::http::connections::{self, Capacity, Times};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::support::{Gateway, gateway_with};

/// Longer than anything takes here, however slow the machine is.
const PATIENCE: Duration = Duration::from_secs(60);
const LOGIN: &str =
    "POST /inbox/login HTTP/1.1\r\nhost: x\r\nsec-fetch-site: same-origin\r\ncontent-length: 10000\r\n\r\nn";

struct Served {
    gateway: Gateway,
    address: SocketAddr,
    _stop: DropGuard,
}

/// A gateway that accepts connections and trusts no proxy.
async fn serve(limits: &str) -> Served {
    let lines = format!("[limits]\n{limits}\n[proxy]\ntrusted = []\n");
    let overrides = Overrides { inbox_token: Some("a-token-of-some-length".into()), ..Overrides::default() };
    let gateway = gateway_with(&lines, overrides).await;
    let listener = connections::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = listener.local_addr().unwrap();
    let stop = CancellationToken::new();
    let file = Some(gateway.folder.path().join("deskbell.toml"));
    let settings = gateway::config::load(&Overrides { config: file, ..Overrides::default() }).unwrap();
    let max = connections_max(&settings.limits, open_files());
    let capacity = Capacity::new(&settings.limits, settings.proxies.clone(), max);
    let ends = (stop.clone(), TaskTracker::new());
    tokio::spawn(connections::serve(listener, gateway.router.clone().into(), capacity, Times::default(), ends));
    Served { gateway, address, _stop: stop.drop_guard() }
}

async fn opened(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // If it is refused meanwhile, not all of it can be sent.
    let _ = stream.write_all(text.as_bytes()).await;
    stream
}

/// Everything until the other end closes.
async fn all_of(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end as well.
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("it ends");
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn slow_connections_of_one_address_leave_room_for_others() {
    let served = serve("connections = 300\nconnections_per_address = 40").await;
    let mut held = Vec::new();
    for _ in 0..600 {
        held.push(opened(served.address, LOGIN).await);
    }
    // All but forty are refused at once, with the reason.
    let mut refused = 0;
    for stream in held {
        let answer = all_of(stream).await;
        if answer.starts_with("HTTP/1.1 429") {
            refused += 1;
            assert!(answer.contains("retry-after: 5") && answer.ends_with(r#"try again"}"#), "{answer}");
        } else {
            // The body never comes, so it is not waited for.
            assert!(answer.starts_with("HTTP/1.1 408"), "{answer:?}");
        }
    }
    assert_eq!(refused, 560);
    let well = opened(served.address, "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(all_of(well).await.ends_with("ok\n"));
    assert_eq!(served.gateway.count().await, 0);
}

#[tokio::test]
async fn connections_above_the_limit_of_an_address_are_refused_at_once() {
    let served = serve("connections = 3\nconnections_per_address = 3").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(opened(served.address, "GET /healthz HTTP/1.1\r\nhost: x\r\n").await);
    }
    for sent in ["GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n", LOGIN, "", &"x".repeat(100_000)] {
        // Whether or not anything is sent, or read, before.
        let refused = all_of(opened(served.address, sent).await).await;
        assert!(refused.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{refused:?}");
    }
    drop(held);
    let again = async {
        loop {
            let http_request = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
            if all_of(opened(served.address, http_request).await).await.ends_with("ok\n") {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, again).await.expect("a place is free again");
}

#[tokio::test]
async fn when_all_connections_are_used_the_next_gets_a_busy_response() {
    let served = serve("connections = 3\nconnections_per_address = 9").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(opened(served.address, "GET /healthz HTTP/1.1\r\nhost: x\r\n").await);
    }
    let refused = all_of(opened(served.address, "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await).await;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains(r#""code":"busy""#), "{refused:?}");
}

#[tokio::test]
async fn requests_without_their_body_time_out_on_every_route() {
    let served = serve("connections = 100").await;
    let session = "deskbell-session: 000102030405060708090a0b0c0d0e0f\r\n";
    let requests = [
        LOGIN.to_string(),
        // The requester is unknown, and their text is returned.
        "POST /inbox/tickets/DB-00000 HTTP/1.1\r\nhost: x\r\ncontent-length: 10000\r\n\r\ntext=".to_string(),
        "POST /inbox/deliveries HTTP/1.1\r\nhost: x\r\nauthorization: Bearer a-token-of-some-length\r\ncontent-length: 9\r\n\r\na".into(),
        format!("POST /v1/sites/acme/tickets HTTP/1.1\r\nhost: x\r\n{session}content-length: 9\r\n\r\na"),
        "POST /v1/sites/acme/events HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\na".into(),
        "POST /help/acme HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\na".into(),
        "POST /deskbell.js HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\na".into(),
        "GET /healthz HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\na".into(),
    ];
    let mut tried = Vec::new();
    for request in &requests {
        let stream = opened(served.address, request).await;
        tried.push(tokio::spawn(all_of(stream)));
    }
    for (request, tried) in requests.iter().zip(tried) {
        let answer = tried.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{request}: {answer}");
    }
}

#[tokio::test]
async fn oversized_heads_are_refused() {
    let served = serve("connections = 100").await;
    let large = format!("x-large: {}\r\n", "x".repeat(500_000));
    let many: String = (0..200).map(|n| format!("x-{n}: 1\r\n")).collect();
    for headers in [large, many] {
        let request = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{headers}\r\n");
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        // It may be refused before all of it is sent.
        let _ = stream.write_all(request.as_bytes()).await;
        let answer = all_of(stream).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}
