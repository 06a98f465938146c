//! Serves the bytes of a stored file through tower-http's service for files, which knows ranges, conditions and HEAD. It gets the size and the
//! time from the row, so conditions cost no request to the storage of files.

use std::future::{Ready, ready};
use std::io::{self, Error, ErrorKind, SeekFrom};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{Response, Uri};
use deskbell_core::ports::{ByteStream, FileError, Files, OpenFile, StoredAttachment};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt};
use http_body_util::BodyExt;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::ServeDir;
use tower_http::services::fs::{Backend, File, Metadata};

/// The response to a request for a file. Its first bytes are read before the status is decided; if later ones are missing, the response
/// ends before its announced length.
pub async fn serve(
    files: Arc<dyn Files>,
    stored: &StoredAttachment,
    mut request: Request,
) -> Result<Response<Body>, FileError> {
    let content = Content {
        files,
        file: stored.file.clone(),
        size: stored.size.into(),
        written_at: stored.put_at.to_jiff().into(),
    };
    // The service opens what this address names, whichever it is.
    *request.uri_mut() = Uri::from_static("/file");
    let (parts, body) = ServeDir::with_backend("", content).try_call(request).await.map_err(unwrapped)?.into_parts();
    let mut body = body.into_data_stream();
    let first = body.next().await.transpose().map_err(unwrapped)?;
    let whole = stream::iter(first.map(Ok)).chain(body);
    Ok(Response::from_parts(parts, Body::from_stream(whole)))
}

/// The error of a file inside of an error of its reader.
fn unwrapped(error: Error) -> FileError {
    match error.downcast::<FileError>() {
        Ok(error) => error,
        Err(error) => error.into(),
    }
}

/// A stored file.
#[derive(Clone)]
struct Content {
    files: Arc<dyn Files>,
    file: String,
    /// In bytes.
    size: u64,
    written_at: SystemTime,
}

impl Backend for Content {
    type File = Reader;
    type Metadata = Content;
    type OpenFuture = Ready<io::Result<Reader>>;
    type MetadataFuture = Ready<io::Result<Content>>;

    fn open(&self, _path: PathBuf) -> Self::OpenFuture {
        ready(Ok(Reader { content: self.clone(), position: 0, state: State::Closed.into() }))
    }

    fn metadata(&self, _path: PathBuf) -> Self::MetadataFuture {
        ready(Ok(self.clone()))
    }
}

impl Metadata for Content {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.written_at)
    }

    fn len(&self) -> u64 {
        self.size
    }
}

/// Reads a stored file from a position. It is opened when the first byte is read.
struct Reader {
    content: Content,
    position: u64,
    /// Never locked: the mutex makes it `Sync`, as the service requires.
    state: Mutex<State>,
}

enum State {
    Closed,
    Opening(BoxFuture<'static, Result<OpenFile, FileError>>),
    Open(ByteStream, Bytes),
}

impl File for Reader {
    type Metadata = Content;
    type MetadataFuture<'a> = Ready<io::Result<Content>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.content.clone()))
    }
}

impl AsyncSeek for Reader {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        let SeekFrom::Start(position) = position else { return Err(ErrorKind::Unsupported.into()) };
        self.position = position;
        self.state = State::Closed.into();
        Ok(())
    }

    fn poll_complete(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Poll::Ready(Ok(self.position))
    }
}

impl AsyncRead for Reader {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Reader { content, position, state } = self.get_mut();
        let state = state.get_mut().unwrap_or_else(PoisonError::into_inner);
        loop {
            match state {
                State::Closed => {
                    let (files, file, start) = (content.files.clone(), content.file.clone(), *position);
                    *state = State::Opening(Box::pin(async move { files.open(&file, start).await }));
                }
                State::Opening(opening) => {
                    let Poll::Ready(opened) = opening.as_mut().poll(context) else { return Poll::Pending };
                    let OpenFile { size, bytes } = opened.map_err(Error::other)?;
                    if size != content.size {
                        let message = format!("the file has {size} bytes, and {} in its row", content.size);
                        return Poll::Ready(Err(Error::new(ErrorKind::InvalidData, message)));
                    }
                    *state = State::Open(bytes, Bytes::new());
                }
                State::Open(bytes, piece) if piece.is_empty() => {
                    let Poll::Ready(next) = bytes.poll_next_unpin(context) else { return Poll::Pending };
                    match next {
                        Some(next) => *piece = next.map_err(Error::other)?,
                        None => return Poll::Ready(Ok(())),
                    }
                }
                State::Open(_, piece) => {
                    let length = piece.len().min(buffer.remaining());
                    buffer.put_slice(&piece.split_to(length));
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }
}
