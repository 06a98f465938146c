//! The body of an upload as a stream of chunks.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::stream::Stream;

use super::body::drain;

/// A body that is read in chunks, and whose rest can be discarded.
pub struct UploadBody {
    pieces: BodyDataStream,
    length: usize,
    has_ended: bool,
}

impl UploadBody {
    /// Wraps a body that has not been read.
    pub fn new(body: Body) -> UploadBody {
        UploadBody { pieces: body.into_data_stream(), length: 0, has_ended: false }
    }

    /// Reads and discards the rest of a body of at most `max` bytes, and a little more.
    pub async fn drain(self, max: usize) {
        if !self.has_ended {
            drain(Body::from_stream(self.pieces), max.saturating_sub(self.length)).await;
        }
    }
}

impl Stream for UploadBody {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = ready!(Pin::new(&mut self.pieces).poll_next(context));
        match &piece {
            Some(Ok(bytes)) => self.length += bytes.len(),
            Some(Err(_)) | None => self.has_ended = true,
        }
        Poll::Ready(piece)
    }
}
