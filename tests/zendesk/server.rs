//! Connections: reads requests, applies faults, and responds.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, Response};
use futures_util::stream::{self, StreamExt};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use super::http::{Call, Reply};
use super::quirks::{Answer, FaultKind, take_fault};
use super::{Entry, Shared, clock, control, errors, limits, routes};

/// Larger than any accepted upload, so that the API itself refuses.
const LARGEST: usize = 64 * 1024 * 1024;

/// Serves until the runtime ends.
pub async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| handle(shared.clone(), request));
            // Clients have to live with broken connections.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

/// The response to a request; an error breaks the connection.
async fn handle(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LARGEST).collect().await else {
        return Ok(response(errors::reply(&errors::Refusal::TooLarge)));
    };
    let query = parts.uri.query().unwrap_or_default();
    let path = parts.uri.path();
    let call = Call {
        path: path.strip_suffix(".json").unwrap_or(path).into(),
        query: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
        path_and_query: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        method: parts.method,
        headers: parts.headers,
        body: body.to_bytes(),
    };
    if call.path.starts_with("/_control") {
        return Ok(response(control::answer(&shared, &call)));
    }
    let (fault, slow) = {
        let mut state = shared.lock();
        (take_fault(&mut state.faults, &call), state.quirks.slow)
    };
    wait(slow).await;
    let name = fault.as_ref().map(named);
    let reply = match &fault {
        Some(FaultKind::Dropped) => {
            log(&shared, &call, 0, name);
            return Err(broken());
        }
        Some(FaultKind::Status(answer)) => instead(&shared, answer),
        Some(FaultKind::Slow(milliseconds)) => {
            wait(*milliseconds).await;
            shared.change(|state| routes::answer(state, &call))
        }
        _ => shared.change(|state| routes::answer(state, &call)),
    };
    log(&shared, &call, reply.status, name);
    let (slow_after, now) = {
        let state = shared.lock();
        (state.quirks.slow_after, state.now())
    };
    let reply = reply.with("date", &clock::in_header(now));
    wait(slow_after).await;
    match fault {
        Some(FaultKind::SlowAfter(milliseconds)) => wait(milliseconds).await,
        Some(FaultKind::Lost) => return Err(broken()),
        Some(FaultKind::Torn) => return Ok(torn(reply)),
        _ => {}
    }
    Ok(response(reply))
}

async fn wait(milliseconds: u64) {
    if milliseconds > 0 {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    }
}

fn log(shared: &Shared, call: &Call, status: u16, fault: Option<String>) {
    let mut state = shared.lock();
    let entry = Entry {
        method: call.method.to_string(),
        path: call.path_and_query.clone(),
        status,
        idempotency_key: call.header("idempotency-key").map(Into::into),
        at: clock::written(state.now()),
        fault,
    };
    state.log.push(entry);
}

fn named(fault: &FaultKind) -> String {
    match fault {
        FaultKind::Slow(_) => "slow",
        FaultKind::SlowAfter(_) => "slow_after",
        FaultKind::Torn => "torn",
        FaultKind::Lost => "lost",
        FaultKind::Dropped => "dropped",
        FaultKind::Status(_) => "status",
    }
    .into()
}

fn instead(shared: &Shared, answer: &Answer) -> Reply {
    let reply = match answer.html {
        true => Reply::text(
            answer.status,
            "text/html; charset=utf-8",
            "<html><body><h1>Something is wrong</h1></body></html>",
        ),
        false => {
            Reply::json(answer.status, &serde_json::json!({ "error": "Unavailable", "description": "Try again later" }))
        }
    };
    match answer.retry_after {
        Some(seconds) => {
            let value = limits::retry_after(seconds, &shared.lock().quirks);
            reply.with("retry-after", &value)
        }
        None => reply,
    }
}

fn response(reply: Reply) -> Response<Body> {
    with_body(&reply, Body::from(reply.body.clone()))
}

/// A response that announces all of its bytes and ends after half of them.
fn torn(reply: Reply) -> Response<Body> {
    let half = reply.body.slice(..reply.body.len() / 2);
    let length = reply.body.len().max(1).to_string();
    let begun = stream::iter([Ok::<Bytes, io::Error>(half)]);
    // The part is only flushed once nothing more comes for a moment.
    let ended = stream::once(async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Err(broken())
    });
    with_body(&reply.with("content-length", &length), Body::from_stream(begun.chain(ended)))
}

fn with_body(reply: &Reply, body: Body) -> Response<Body> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    response.body(body).unwrap_or_else(|_| Response::new(Body::empty()))
}

fn broken() -> io::Error {
    io::ErrorKind::ConnectionReset.into()
}
