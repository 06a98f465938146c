//! Bytes that come in go to disk as they come, up to a limit; what is torn leaves nothing behind.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

use super::folder::{FILE_MODE, Folder};
use crate::gateway::problem::Refusal;
use crate::gateway::routes::drain;

/// How long a file may take to arrive: 10 megabytes over a line of 140 kilobits a second.
pub const UPLOAD_TIME: Duration = Duration::from_secs(600);
/// How long nothing of it may come.
const IDLE: Duration = Duration::from_secs(30);

/// A file that is not whole, and goes when this does.
pub struct Part {
    path: PathBuf,
}

impl Part {
    /// A new one, empty, that nobody else on this machine may read.
    pub fn create(folder: &Folder) -> std::io::Result<(Part, std::fs::File)> {
        let part = Part { path: folder.incoming().join(format!("{}.part", Uuid::new_v4())) };
        let file = OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(&part.path)?;
        Ok((part, file))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives it its name, under which it stays also where the power fails. It has to be on disk already.
    pub fn keep(self, folder: &Folder) -> std::io::Result<String> {
        let name = Uuid::new_v4().to_string();
        std::fs::rename(&self.path, folder.incoming().join(&name))?;
        std::fs::File::open(folder.incoming())?.sync_all()?;
        Ok(name)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // Where it was kept it is not there any more.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Writes a body of no more than so many bytes to a file.
pub async fn receive(folder: &Folder, headers: &HeaderMap, body: Body, max: usize) -> Result<Part, Refusal> {
    let said = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if said.is_some_and(|length| length > max as u64) {
        drain(body, max).await;
        return Err(Refusal::TooLarge(max));
    }
    tokio::time::timeout(UPLOAD_TIME, write(folder, body, max)).await.map_err(|_| Refusal::Timeout)?
}

async fn write(folder: &Folder, mut body: Body, max: usize) -> Result<Part, Refusal> {
    let (part, file) = Part::create(folder).map_err(failed)?;
    let mut file = File::from_std(file);
    let mut length = 0;
    while let Some(frame) = tokio::time::timeout(IDLE, body.frame()).await.map_err(|_| Refusal::Timeout)? {
        let Ok(data) = frame.map_err(|_| Refusal::Torn)?.into_data() else { continue };
        length += data.len();
        if length > max {
            drain(body, 0).await;
            return Err(Refusal::TooLarge(max));
        }
        file.write_all(&data).await.map_err(failed)?;
    }
    // What is written last may not be in the file yet.
    file.flush().await.map_err(failed)?;
    Ok(part)
}

/// The disk is full, or not ours.
pub fn failed(error: std::io::Error) -> Refusal {
    tracing::error!(%error, "a file cannot be kept");
    Refusal::Internal
}
