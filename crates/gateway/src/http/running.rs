//! Tracks requests until their responses were sent, so that a shutdown can wait for them.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;
use hyper::body::{Frame, SizeHint};
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// Tracks a request until the end of its response. Streams of events never end by themselves, so of these only the beginning counts; browsers open
/// them again.
pub async fn track(requests: TaskTracker, request: Request, next: Next) -> Response {
    let token = requests.token();
    let response = next.run(request).await;
    let media = response.headers().get(header::CONTENT_TYPE).map_or(&[][..], |value| value.as_bytes());
    if media.starts_with(b"text/event-stream") {
        return response;
    }
    response.map(|body| Body::new(TrackedBody { body, _token: token }))
}

/// The body of a response that is being sent.
struct TrackedBody {
    body: Body,
    _token: TaskTrackerToken,
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
