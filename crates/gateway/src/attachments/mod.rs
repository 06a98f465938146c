//! Files that go along with tickets and replies: taken in, cleaned, kept in a folder beside the database, and shown by
//! addresses that are signed for a while.
//!
//! A file is on disk under its name before its row is written, so a row always has its file; a file that has no row is swept away.

mod address;
mod clean;
mod error;
pub mod folder;
pub mod quota;
mod receive;
pub mod sweep;
mod text;

use std::convert::Infallible;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::stream::{self, Stream};
use jiff::Timestamp;
use ring::hmac;
use tokio::sync::Semaphore;
use tracing::Instrument;
use uuid::Uuid;

use super::app::App;
use super::clock;
use super::guard::Share;
use super::site::Site;
use super::store::{
    FileOwner, PutOutcome, Requester, Store, StoreError, StoredAttachment, StoredTicket, Upload, UploadUsage,
};
use super::tickets::conversation::take_along;
use domain::attachment::{self, Attachment, Attachments};
use domain::conversation::Message;
use domain::problem::FieldError;

pub use error::{MissingFiles, ReadFileError, StoreFileError};
use folder::Folder;
use quota::{Admission, NoRoom, Reservation, Reservations, Reserved, UploadSize, Uploader};
use receive::Part;

/// How many files are cleaned at once: each lies in memory twice meanwhile.
const CLEANED_AT_ONCE: usize = 2;

/// The files: their folder, what it takes to fill it and to show what is in it, and the room that is reserved in it.
#[derive(Clone)]
pub struct FileStorage {
    /// Where their bytes are.
    pub folder: Folder,
    cleaning: Arc<Semaphore>,
    key: hmac::Key,
    reservations: Reservations,
}

impl FileStorage {
    /// Opens a folder, or makes it.
    pub fn open(path: PathBuf, key: &[u8]) -> Result<FileStorage, StoreError> {
        Ok(FileStorage {
            folder: Folder::open(path)?,
            cleaning: Arc::new(Semaphore::new(CLEANED_AT_ONCE)),
            key: hmac::Key::new(hmac::HMAC_SHA256, key),
            reservations: Reservations::default(),
        })
    }

    /// Where the bytes of a file are.
    pub fn path(&self, kept: &StoredAttachment) -> PathBuf {
        self.folder.locate(&kept.file)
    }

    fn free_bytes(&self) -> Option<u64> {
        quota::free_bytes(self.folder.root())
    }

    /// Brings a file to its final place. Until it is there it is read where it came in, and the sweep tries again.
    fn settle(&self, file: &str) {
        if let Err(error) = self.folder.settle(file) {
            tracing::warn!(%error, "moving a file failed");
        }
    }

    fn remove(&self, file: Option<String>) {
        let Some(file) = file else { return };
        if let Err(error) = self.folder.remove(&file) {
            tracing::warn!(%error, "removing a file failed");
        }
    }
}

/// A file that somebody is about to put.
pub struct Given {
    /// Its UUID.
    pub id: String,
    /// What it is called where it comes from.
    pub name: String,
}

/// Whether somebody may put a file.
pub enum Admitted {
    /// There is room for it.
    Room(Box<Room>),
    /// What is there goes along with something already and cannot be replaced any more.
    Sent(Attachment),
}

/// The room that an upload has until its row is written.
pub struct Room {
    reservation: Reservation,
    /// What was counted when it was admitted.
    usage: UploadUsage,
    announced: Option<u64>,
    is_signed: bool,
    now: Timestamp,
    day: String,
    address: Option<[u8; 32]>,
}

impl Room {
    fn admission<'a>(&self, app: &'a App, site: &'a Site) -> Admission<'a> {
        Admission {
            quotas: &app.settings.quotas,
            site: &site.config.attachments,
            is_signed: self.is_signed,
            now: self.now,
        }
    }
}

/// Admits an upload from a network address. `announced` is how many bytes it says that it has.
pub async fn admit(
    app: &App,
    (name, site): (&str, &Site),
    requester: &Requester,
    id: &str,
    address: Option<IpAddr>,
    announced: Option<u64>,
) -> Result<Admitted, StoreFileError> {
    take_along(app, name, requester).await?;
    let owner = file_owner(requester).ok_or(StoreFileError::Unidentified)?;
    let held = app.store.attachment(name, id).await?;
    if let Some(held) = &held {
        let (person, session) = owner_of(requester);
        if !held.is_of(person.as_deref(), session.as_ref()) {
            return Err(StoreFileError::NotYours);
        }
        if held.number.is_some() {
            return Ok(Admitted::Sent(told(held)));
        }
    }
    let now = clock::timestamp();
    let day = quota::day(now);
    let is_signed = requester.person.is_some();
    let counted = address.filter(|_| !is_signed);
    let address = counted.map(|address| app.pseudonyms.of_network("upload", &day, address));
    let mut usage = app.store.upload_usage(name, owner, &day, address.as_ref()).await?;
    usage.replace(held.as_ref());
    let admission = Admission { quotas: &app.settings.quotas, site: &site.config.attachments, is_signed, now };
    let by = Uploader { site: name, owner, address };
    let size = UploadSize { announced, max: site.config.attachments.max_bytes.into() };
    let reserved = app.folder.reservations.reserve(&admission, &by, &usage, app.folder.free_bytes(), size);
    let reservation = reserved.map_err(|no_room| refuse(name, no_room))?;
    Ok(Admitted::Room(Box::new(Room { reservation, usage, announced, is_signed, now, day, address })))
}

/// Takes a file in, whose pieces are read to their end unless it is refused. The same again, whether the one before has come to an end or not, is answered the same.
pub async fn put<B: AsRef<[u8]>, E>(
    app: &Arc<App>,
    (name, site): (&str, &Site),
    requester: Requester,
    given: Given,
    mut room: Box<Room>,
    pieces: &mut (impl Stream<Item = Result<B, E>> + Unpin),
) -> Result<Attachment, StoreFileError> {
    let (admission, announced) = (room.admission(app, site), room.announced);
    let max = site.config.attachments.max_bytes as usize;
    let Room { reservation, usage, .. } = &mut *room;
    let admit = |length| {
        let grown = reservation.grow(&admission, usage, || app.folder.free_bytes(), length);
        grown.map_err(|no_room| refuse(name, no_room))
    };
    let part = receive::receive(&app.folder.folder, pieces, announced, max, admit).await?;
    // Who is gone after the last byte does not end what is done about the file: it would be neither counted nor removed.
    let kept = keep(app.clone(), name.to_string(), requester, given, room, part).in_current_span();
    tokio::spawn(kept).await.map_err(|error| {
        tracing::error!(%error, "upload failed");
        StoreFileError::Internal
    })?
}

/// Cleans a file that has come, and writes its row.
async fn keep(
    app: Arc<App>,
    name: String,
    requester: Requester,
    given: Given,
    room: Box<Room>,
    part: Part,
) -> Result<Attachment, StoreFileError> {
    let site = app.site(&name).ok_or(StoreFileError::Internal)?;
    let (person, session) = owner_of(&requester);
    let cleaned = clean::clean(&app.folder, part, &site.config.attachments).await?;
    if let Err(wait) = app.guard.charge_site(Share::Files, &name, person.as_deref()) {
        app.folder.remove(Some(cleaned.file));
        return Err(wait.into());
    }
    let kept = StoredAttachment {
        site: name.clone(),
        id: given.id,
        person,
        session,
        name: attachment::clean_name(&given.name, cleaned.endings),
        media: cleaned.media,
        size: cleaned.size,
        has_metadata: cleaned.has_metadata,
        file: cleaned.file,
        put_at: clock::written(room.now),
        number: None,
    };
    let admission = room.admission(&app, site);
    let check = |usage: &UploadUsage| admission.check(usage, &Reserved::default(), kept.size.into());
    let admits = |usage: &UploadUsage| check(usage).is_ok();
    let upload = Upload { day: &room.day, address: room.address, admits: &admits };
    // Where the store fails it is not known whether the row is there; what is not needed is swept away.
    match app.store.put_attachment(&kept, Some(upload)).await? {
        PutOutcome::Kept(before) => {
            app.folder.settle(&kept.file);
            app.folder.remove(before);
            Ok(told(&kept))
        }
        PutOutcome::Sent(held) => {
            app.folder.remove(Some(kept.file));
            Ok(told(&held))
        }
        PutOutcome::Foreign => {
            app.folder.remove(Some(kept.file));
            Err(StoreFileError::NotYours)
        }
        PutOutcome::OverQuota(usage) => {
            let exceeded = check(&usage).err();
            app.folder.remove(Some(kept.file));
            Err(exceeded.map_or(StoreFileError::Internal, |exceeded| refuse(&name, NoRoom::Quota(exceeded))))
        }
    }
}

fn refuse(site: &str, no_room: NoRoom) -> StoreFileError {
    match no_room {
        NoRoom::Quota(exceeded) => {
            tracing::info!(site, quota = exceeded.quota.name(), "upload refused");
            StoreFileError::Quota(exceeded)
        }
        NoRoom::Disk => {
            tracing::error!(site, reason = "disk has less than disk_reserve_bytes free", "upload refused");
            StoreFileError::DiskFull
        }
        NoRoom::UnderWay => {
            tracing::info!(site, reason = "too many at the same time", "upload refused");
            StoreFileError::TooManyUploads
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
) -> Result<String, StoreFileError> {
    let rules = site.config.attachments.clone();
    let (mut pieces, max) = (stream::iter([Ok::<_, Infallible>(bytes)]), rules.max_bytes as usize);
    let part = receive::receive(&app.folder.folder, &mut pieces, None, max, |_| Ok(())).await?;
    let owner = (ticket.site.clone(), ticket.person.clone(), ticket.session);
    let kept = keep_brought(app.store.clone(), app.folder.clone(), rules, owner, name.to_string(), part);
    // As with uploads: it ends whether or not somebody waits for it.
    tokio::spawn(kept.in_current_span()).await.map_err(|error| {
        tracing::error!(%error, "upload failed");
        StoreFileError::Internal
    })?
}

async fn keep_brought(
    store: Arc<dyn Store>,
    storage: FileStorage,
    rules: Attachments,
    (site, person, session): (String, Option<String>, Option<[u8; 32]>),
    name: String,
    part: Part,
) -> Result<String, StoreFileError> {
    let cleaned = clean::clean(&storage, part, &rules).await?;
    let kept = StoredAttachment {
        site,
        id: Uuid::new_v4().to_string(),
        person,
        session,
        name: attachment::clean_name(&name, cleaned.endings),
        media: cleaned.media,
        size: cleaned.size,
        has_metadata: cleaned.has_metadata,
        file: cleaned.file,
        put_at: clock::now(),
        number: None,
    };
    match store.put_attachment(&kept, None).await? {
        PutOutcome::Kept(_) => {
            storage.settle(&kept.file);
            Ok(kept.id)
        }
        PutOutcome::Sent(_) | PutOutcome::Foreign | PutOutcome::OverQuota(_) => Err(StoreFileError::Internal),
    }
}

/// The file at a signed address.
pub async fn at(
    app: &App,
    site: &str,
    id: &str,
    until: &str,
    signature: &str,
) -> Result<StoredAttachment, ReadFileError> {
    if !address::is_signed(&app.folder.key, site, id, until, signature, clock::seconds()) {
        return Err(ReadFileError::InvalidAddress);
    }
    app.store.attachment(site, id).await?.ok_or(ReadFileError::NotFound)
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

/// What is wrong with the files that a message names.
pub fn check(site: &Site, ids: &[String]) -> Option<FieldError> {
    let detail = attachment::check_list(ids, &site.config.attachments)?;
    Some(FieldError { pointer: "/attachments".into(), detail })
}

fn owner_of(requester: &Requester) -> (Option<String>, Option<[u8; 32]>) {
    (requester.person.as_ref().map(|person| person.user.id.clone()), requester.session)
}

fn file_owner(requester: &Requester) -> Option<FileOwner<'_>> {
    match (&requester.person, &requester.session) {
        (Some(person), _) => Some(FileOwner::Person(&person.user.id)),
        (None, session) => session.as_ref().map(FileOwner::Session),
    }
}

fn told(kept: &StoredAttachment) -> Attachment {
    Attachment {
        id: kept.id.clone(),
        name: kept.name.clone(),
        media: kept.media.word().into(),
        size: kept.size,
        has_metadata: kept.has_metadata,
        url: String::new(),
    }
}

fn shown(app: &App, kept: &StoredAttachment) -> Attachment {
    Attachment { url: address::sign(&app.folder.key, &kept.site, &kept.id, clock::seconds()), ..told(kept) }
}
