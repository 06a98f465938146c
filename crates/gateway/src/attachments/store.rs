//! Receives the uploads of customers.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::stream::Stream;
use jiff::Timestamp;
use tracing::Instrument;

use super::quota::{self, Admission, NoRoom, Reservation, Reserved, UploadSize, Uploader};
use super::receive::{self, Part};
use super::{FileStorage, StoreFileError, clean, describe};
use crate::guard::{Guard, Share};
use crate::pseudonym::Pseudonyms;
use deskbell_core::clock;
use deskbell_core::ports::{Attachments, FileOwner, PutOutcome, Requester, StoredAttachment, Upload, UploadUsage};
use deskbell_core::rules::quotas::Quotas;
use deskbell_core::site::Site;
use domain::attachment::{self, Attachment, Attachments as FileRules};

/// A file that is about to be uploaded.
pub struct NewFile {
    /// Its UUID.
    pub id: String,
    /// Its name on the customer's device.
    pub name: String,
}

/// Whether an upload is admitted.
pub enum Admitted {
    /// There is space for it.
    Room(Box<Room>),
    /// The file exists and belongs to a sent message, so it cannot be replaced.
    Sent(Attachment),
}

/// The space reserved for an upload until its row is written.
pub struct Room {
    reservation: Reservation,
    /// The usage counted at admission.
    usage: UploadUsage,
    announced: Option<u64>,
    is_signed: bool,
    now: Timestamp,
    day: String,
    address: Option<[u8; 32]>,
}

impl Room {
    fn admission<'a>(&self, quotas: &'a Quotas, rules: &'a FileRules) -> Admission<'a> {
        Admission { quotas, site: rules, is_signed: self.is_signed, now: self.now }
    }
}

/// Receives the uploads of customers.
#[derive(Clone)]
pub struct StoreFile {
    attachments: Arc<dyn Attachments>,
    storage: FileStorage,
    quotas: Quotas,
    guard: Arc<Guard>,
    pseudonyms: Pseudonyms,
}

impl StoreFile {
    /// Receives uploads within quotas and rate limits.
    pub fn new(
        attachments: Arc<dyn Attachments>,
        storage: FileStorage,
        quotas: Quotas,
        guard: Arc<Guard>,
        pseudonyms: Pseudonyms,
    ) -> StoreFile {
        StoreFile { attachments, storage, quotas, guard, pseudonyms }
    }

    /// Admits an upload from a network address. `announced` is its size in bytes, if the client gives it.
    pub async fn admit(
        &self,
        site: &Site,
        requester: &Requester,
        id: &str,
        address: Option<IpAddr>,
        announced: Option<u64>,
    ) -> Result<Admitted, StoreFileError> {
        let owner = file_owner(requester).ok_or(StoreFileError::Unidentified)?;
        let held = self.attachments.attachment(&site.key, id).await?;
        if let Some(held) = &held {
            let (person, session) = owner_of(requester);
            if !held.is_of(person.as_deref(), session.as_ref()) {
                return Err(StoreFileError::NotYours);
            }
            if held.number.is_some() {
                return Ok(Admitted::Sent(describe(held)));
            }
        }
        let now = clock::timestamp();
        let day = quota::day(now);
        let is_signed = requester.person.is_some();
        let counted = address.filter(|_| !is_signed);
        let address = counted.map(|address| self.pseudonyms.of_network("upload", &day, address));
        let mut usage = self.attachments.upload_usage(&site.key, owner, &day, address.as_ref()).await?;
        usage.replace(held.as_ref());
        let rules = &site.config.attachments;
        let admission = Admission { quotas: &self.quotas, site: rules, is_signed, now };
        let by = Uploader { site: &site.key, owner, address };
        let size = UploadSize { announced, max: rules.max_bytes.into() };
        let free = self.storage.free_bytes();
        let reserved = self.storage.reservations.reserve(&admission, &by, &usage, free, size);
        let reservation = reserved.map_err(|no_room| refuse(&site.key, no_room))?;
        Ok(Admitted::Room(Box::new(Room { reservation, usage, announced, is_signed, now, day, address })))
    }

    /// Stores a file; its chunks are read to the end unless it is rejected. A repeated upload gets the same answer, even while the first is in
    /// progress.
    pub async fn put<B: AsRef<[u8]>, E>(
        &self,
        site: &Site,
        requester: Requester,
        given: NewFile,
        mut room: Box<Room>,
        pieces: &mut (impl Stream<Item = Result<B, E>> + Unpin),
    ) -> Result<Attachment, StoreFileError> {
        let rules = &site.config.attachments;
        let (admission, announced) = (room.admission(&self.quotas, rules), room.announced);
        let Room { reservation, usage, .. } = &mut *room;
        let admit = |length| {
            let grown = reservation.grow(&admission, usage, || self.storage.free_bytes(), length);
            grown.map_err(|no_room| refuse(&site.key, no_room))
        };
        let max = rules.max_bytes as usize;
        let part = receive::receive(&self.storage.folder, pieces, announced, max, admit).await?;
        // A client that disconnects after the last byte does not cancel this: the file would be neither counted nor deleted.
        let (this, site, rules) = (self.clone(), site.key.clone(), rules.clone());
        let kept = async move { this.keep(site, &rules, requester, given, room, part).await };
        tokio::spawn(kept.in_current_span()).await.map_err(|error| {
            tracing::error!(%error, "upload failed");
            StoreFileError::Internal
        })?
    }

    /// Cleans an upload, and writes its row.
    async fn keep(
        &self,
        site: String,
        rules: &FileRules,
        requester: Requester,
        given: NewFile,
        room: Box<Room>,
        part: Part,
    ) -> Result<Attachment, StoreFileError> {
        let storage = &self.storage;
        let (person, session) = owner_of(&requester);
        let cleaned = clean::clean(storage, part, rules).await?;
        if let Err(wait) = self.guard.charge_site(Share::Files, &site, person.as_deref()) {
            storage.remove(Some(cleaned.file));
            return Err(wait.into());
        }
        let kept = StoredAttachment {
            site: site.clone(),
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
        let admission = room.admission(&self.quotas, rules);
        let check = |usage: &UploadUsage| admission.check(usage, &Reserved::default(), kept.size.into());
        let admits = |usage: &UploadUsage| check(usage).is_ok();
        let upload = Upload { day: &room.day, address: room.address, admits: &admits };
        // If the store fails, the row may exist or not; the sweep deletes the file if it is not needed.
        match self.attachments.put_attachment(&kept, Some(upload)).await? {
            PutOutcome::Kept(before) => {
                storage.settle(&kept.file);
                storage.remove(before);
                Ok(describe(&kept))
            }
            PutOutcome::Sent(held) => {
                storage.remove(Some(kept.file));
                Ok(describe(&held))
            }
            PutOutcome::Foreign => {
                storage.remove(Some(kept.file));
                Err(StoreFileError::NotYours)
            }
            PutOutcome::OverQuota(usage) => {
                let exceeded = check(&usage).err();
                storage.remove(Some(kept.file));
                Err(exceeded.map_or(StoreFileError::Internal, |exceeded| refuse(&site, NoRoom::Quota(exceeded))))
            }
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

fn owner_of(requester: &Requester) -> (Option<String>, Option<[u8; 32]>) {
    (requester.person.as_ref().map(|person| person.user.id.clone()), requester.session)
}

fn file_owner(requester: &Requester) -> Option<FileOwner<'_>> {
    match (&requester.person, &requester.session) {
        (Some(person), _) => Some(FileOwner::Person(&person.user.id)),
        (None, session) => session.as_ref().map(FileOwner::Session),
    }
}
