//! Files that go along with tickets and replies: taken in, cleaned, kept in a folder beside the database, and shown by
//! addresses that are signed for a while.
//!
//! A file is on disk under its name before its row is written, so a row always has its file; a file that has no row is swept away.

mod address;
mod clean;
mod receive;
pub mod sweep;

use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::http::HeaderMap;
use ring::hmac;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::app::App;
use super::clock;
use super::guard::Share;
use super::identity::Who;
use super::problem::Refusal;
use super::settings::Site;
use super::store::{Put, StoreError, StoredAttachment, StoredTicket};
use super::tickets::conversation::take_along;
use crate::domain::attachment::{self, Attachment};
use crate::domain::conversation::Message;
use crate::domain::problem::FieldError;

pub use receive::UPLOAD_TIME;

/// How many files are cleaned at once: each lies in memory twice meanwhile.
const CLEANED_AT_ONCE: usize = 2;

/// The folder of the files, and what it takes to fill it and to show what is in it.
pub struct Folder {
    path: PathBuf,
    cleaning: Arc<Semaphore>,
    key: hmac::Key,
}

impl Folder {
    /// Opens a folder, or makes it.
    pub fn open(path: PathBuf, key: &[u8]) -> Result<Folder, StoreError> {
        std::fs::create_dir_all(&path)
            .map_err(|error| StoreError::Folder { path: path.display().to_string(), reason: error.to_string() })?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Ok(Folder { path, cleaning: Arc::new(Semaphore::new(CLEANED_AT_ONCE)), key })
    }

    /// Where the bytes of a file are.
    pub fn path(&self, kept: &StoredAttachment) -> PathBuf {
        self.path.join(&kept.file)
    }
}

/// A file that somebody is about to put.
pub struct Given {
    /// Its UUID.
    pub id: String,
    /// What it is called where it comes from.
    pub name: String,
}

/// Whether somebody may put a file; what is there already where it cannot be replaced any more.
pub async fn admit(app: &App, name: &str, who: &Who, id: &str) -> Result<Option<Attachment>, Refusal> {
    take_along(app, name, who).await?;
    who.reader().ok_or(Refusal::Unidentified)?;
    let Some(held) = app.store.attachment(name, id).await? else { return Ok(None) };
    let (person, session) = owner(who);
    if !held.is_of(person.as_deref(), session.as_ref()) {
        return Err(none_of_yours());
    }
    Ok(held.number.is_some().then(|| told(&held)))
}

/// Takes a file in. The same again, whether the one before has come to an end or not, is answered the same.
pub async fn put(
    app: &App,
    (name, site): (&str, &Site),
    who: &Who,
    given: &Given,
    headers: &HeaderMap,
    body: Body,
) -> Result<Attachment, Refusal> {
    let rules = &site.config.attachments;
    let part = receive::receive(&app.folder.path, headers, body, rules.max_bytes as usize).await?;
    let cleaned = clean::clean(&app.folder, part, rules).await?;
    let (person, session) = owner(who);
    if let Err(wait) = app.guard.store(Share::Files, name, person.as_deref()) {
        remove(app, Some(cleaned.file)).await;
        return Err(wait.into());
    }
    let kept = StoredAttachment {
        site: name.into(),
        id: given.id.clone(),
        person,
        session,
        name: attachment::name(&given.name, cleaned.media),
        media: cleaned.media,
        size: cleaned.size,
        file: cleaned.file,
        put_at: clock::now(),
        number: None,
    };
    // Where the store fails it is not known whether the row is there; what is not needed is swept away.
    match app.store.put_attachment(&kept).await? {
        Put::Kept(before) => {
            remove(app, before).await;
            Ok(told(&kept))
        }
        Put::Sent(held) => {
            remove(app, Some(kept.file)).await;
            Ok(told(&held))
        }
        Put::Foreign => {
            remove(app, Some(kept.file)).await;
            Err(none_of_yours())
        }
    }
}

/// Takes in a file that somebody else says to the customer of a ticket, which owns it; the id by which it goes along with what is said.
pub async fn bring(
    app: &App,
    site: &Site,
    ticket: &StoredTicket,
    name: &str,
    bytes: Vec<u8>,
) -> Result<String, Refusal> {
    let rules = &site.config.attachments;
    let body = Body::from(bytes);
    let part = receive::receive(&app.folder.path, &HeaderMap::new(), body, rules.max_bytes as usize).await?;
    let cleaned = clean::clean(&app.folder, part, rules).await?;
    let kept = StoredAttachment {
        site: ticket.site.clone(),
        id: Uuid::new_v4().to_string(),
        person: ticket.person.clone(),
        session: ticket.session,
        name: attachment::name(name, cleaned.media),
        media: cleaned.media,
        size: cleaned.size,
        file: cleaned.file,
        put_at: clock::now(),
        number: None,
    };
    match app.store.put_attachment(&kept).await? {
        Put::Kept(_) => Ok(kept.id),
        Put::Sent(_) | Put::Foreign => Err(Refusal::Internal),
    }
}

/// The file at a signed address.
pub async fn at(app: &App, site: &str, id: &str, until: &str, signature: &str) -> Result<StoredAttachment, Refusal> {
    if !address::is_signed(&app.folder.key, site, id, until, signature, clock::seconds()) {
        return Err(Refusal::InvalidAddress);
    }
    app.store.attachment(site, id).await?.ok_or_else(none_of_yours)
}

/// The files of a ticket and its messages, each with the number of its message.
pub async fn of(app: &App, ticket: &str) -> Result<Vec<(u32, Attachment)>, StoreError> {
    let kept = app.store.attachments(ticket).await?;
    Ok(kept.iter().map(|kept| (kept.number.unwrap_or_default(), shown(app, kept))).collect())
}

/// Gives messages of a ticket their files.
pub async fn give(app: &App, ticket: &str, messages: &mut [Message]) -> Result<(), StoreError> {
    for (number, attachment) in of(app, ticket).await? {
        if let Some(message) = messages.iter_mut().find(|message| message.number == number) {
            message.attachments.push(attachment);
        }
    }
    Ok(())
}

/// The refusal of a message whose files at some places are missing.
pub fn missing(places: &[usize]) -> Refusal {
    let error = |place: &usize| FieldError {
        pointer: format!("/attachments/{place}"),
        detail: "is no file of yours that goes along with nothing yet; put it again".into(),
    };
    Refusal::AttachmentsMissing(places.iter().map(error).collect())
}

/// What is wrong with the files that a message names.
pub fn check(site: &Site, ids: &[String]) -> Option<FieldError> {
    let detail = attachment::check_list(ids, &site.config.attachments)?;
    Some(FieldError { pointer: "/attachments".into(), detail })
}

fn owner(who: &Who) -> (Option<String>, Option<[u8; 32]>) {
    (who.person.as_ref().map(|person| person.user.id.clone()), who.session)
}

fn told(kept: &StoredAttachment) -> Attachment {
    Attachment {
        id: kept.id.clone(),
        name: kept.name.clone(),
        media: kept.media.word().into(),
        size: kept.size,
        url: String::new(),
    }
}

fn shown(app: &App, kept: &StoredAttachment) -> Attachment {
    Attachment { url: address::sign(&app.folder.key, &kept.site, &kept.id, clock::seconds()), ..told(kept) }
}

async fn remove(app: &App, file: Option<String>) {
    let Some(file) = file else { return };
    if let Err(error) = tokio::fs::remove_file(app.folder.path.join(file)).await {
        tracing::warn!(%error, "a file that is of no use could not be removed");
    }
}

/// The same whether there is none or whether it is somebody else's.
fn none_of_yours() -> Refusal {
    Refusal::NotFound(": no file of yours".into())
}
