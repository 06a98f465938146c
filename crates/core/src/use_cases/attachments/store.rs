//! Receives the uploads of customers.

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::stream::Stream;
use tracing::Instrument;

use super::StoreFileError;
use super::clean::CleanFiles;
use super::read::describe;
use super::receive::receive;
use super::reservations::{NoRoom, Reservation, Reservations, UploadSize, Uploader};
use crate::clock::Clock;
use crate::ids::{CustomerId, SessionHash, SiteKey};
use crate::ports::{Attachments, FileOwner, PartialFile, PutOutcome, Requester, StoredAttachment, Upload, UploadUsage};
use crate::ports::{LimitShare, SiteLimits};
use crate::pseudonym::Pseudonyms;
use crate::rules::quotas::Quotas;
use crate::rules::upload_quotas::{Admission, Reserved};
use crate::site::Site;
use crate::timestamp::Timestamp;
use crate::use_cases::access::SignIn;
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

/// Limits uploads.
#[derive(Clone)]
pub struct UploadLimits {
    /// The quotas of what is stored.
    pub quotas: Quotas,
    /// The rate limits.
    pub rates: Arc<dyn SiteLimits>,
    /// Under which network addresses are counted.
    pub pseudonyms: Pseudonyms,
}

/// Receives the uploads of customers.
#[derive(Clone)]
pub struct StoreFile {
    attachments: Arc<dyn Attachments>,
    files: CleanFiles,
    sign_in: Arc<SignIn>,
    limits: UploadLimits,
    reservations: Reservations,
    clock: Arc<dyn Clock>,
}

impl StoreFile {
    /// Receives uploads within limits.
    pub fn new(
        attachments: Arc<dyn Attachments>,
        files: CleanFiles,
        sign_in: Arc<SignIn>,
        limits: UploadLimits,
        clock: Arc<dyn Clock>,
    ) -> StoreFile {
        StoreFile { attachments, files, sign_in, limits, reservations: Reservations::default(), clock }
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
        self.sign_in.adopt_session(&site.key, requester).await?;
        let owner = file_owner(requester).ok_or(StoreFileError::Unidentified)?;
        let existing = self.attachments.attachment(&site.key, id).await?;
        if let Some(existing) = &existing {
            let (person, session) = owner_of(requester);
            if !existing.is_of(person.as_ref(), session.as_ref()) {
                return Err(StoreFileError::NotYours);
            }
            if existing.number.is_some() {
                return Ok(Admitted::Sent(describe(existing)));
            }
        }
        let now = self.clock.now();
        let day = now.day();
        let is_signed = requester.person.is_some();
        let counted = address.filter(|_| !is_signed);
        let address = counted.map(|address| self.limits.pseudonyms.of_network("upload", &day, address));
        let mut usage = self.attachments.upload_usage(&site.key, owner, &day, address.as_ref()).await?;
        usage.replace(existing.as_ref());
        let rules = &site.config.attachments;
        let admission = Admission { quotas: &self.limits.quotas, site: rules, is_signed, now };
        let by = Uploader { site: &site.key, owner, address };
        let size = UploadSize { announced, max: rules.max_bytes.into() };
        let free = self.files.files.free_bytes();
        let reserved = self.reservations.reserve(&admission, &by, &usage, free, size);
        let reservation = reserved.map_err(|no_room| refuse(&site.key, no_room))?;
        Ok(Admitted::Room(Box::new(Room { reservation, usage, announced, is_signed, now, day, address })))
    }

    /// Stores a file; its chunks are read to the end unless it is rejected. A repeated upload gets the same answer, even while the first is in
    /// progress.
    pub async fn put<B: AsRef<[u8]>, E>(
        &self,
        site: &Site,
        requester: Requester,
        file: NewFile,
        mut room: Box<Room>,
        chunks: &mut (impl Stream<Item = Result<B, E>> + Unpin),
    ) -> Result<Attachment, StoreFileError> {
        let rules = &site.config.attachments;
        let (admission, announced) = (room.admission(&self.limits.quotas, rules), room.announced);
        let Room { reservation, usage, .. } = &mut *room;
        let admit = |length| {
            let grown = reservation.grow(&admission, usage, || self.files.files.free_bytes(), length);
            grown.map_err(|no_room| refuse(&site.key, no_room))
        };
        let max = rules.max_bytes as usize;
        let part = receive(self.files.files.as_ref(), chunks, announced, max, admit).await?;
        // A client that disconnects after the last byte does not cancel this: the file would be neither counted nor deleted.
        let (this, site, rules) = (self.clone(), site.key.clone(), rules.clone());
        let task = async move { this.keep(site, &rules, requester, file, room, part).await };
        tokio::spawn(task.in_current_span()).await.map_err(|error| {
            tracing::error!(%error, "upload failed");
            StoreFileError::Internal
        })?
    }

    /// Cleans an upload, and writes its row.
    async fn keep(
        &self,
        site: SiteKey,
        rules: &FileRules,
        requester: Requester,
        file: NewFile,
        room: Box<Room>,
        part: Box<dyn PartialFile>,
    ) -> Result<Attachment, StoreFileError> {
        let files = &self.files;
        let (person, session) = owner_of(&requester);
        let cleaned = files.clean(part, rules).await?;
        if let Err(wait) = self.limits.rates.charge_site(LimitShare::Files, &site, person.as_ref()).await {
            files.remove(&cleaned.file).await;
            return Err(wait.into());
        }
        let stored = StoredAttachment {
            site: site.clone(),
            id: file.id,
            person,
            session,
            name: attachment::clean_name(&file.name, cleaned.endings),
            media: cleaned.media,
            size: cleaned.size,
            has_metadata: cleaned.has_metadata,
            file: cleaned.file,
            put_at: room.now,
            number: None,
        };
        let admission = room.admission(&self.limits.quotas, rules);
        let check = |usage: &UploadUsage| admission.check(usage, &Reserved::default(), stored.size.into());
        let admits = |usage: &UploadUsage| check(usage).is_ok();
        let upload = Upload { day: &room.day, address: room.address, admits: &admits };
        // If the store fails, the row may exist or not; the sweep deletes the file if it is not needed.
        match self.attachments.put_attachment(&stored, Some(upload)).await? {
            PutOutcome::Kept(replaced) => {
                files.settle(&stored.file).await;
                if let Some(replaced) = replaced {
                    files.remove(&replaced).await;
                }
                Ok(describe(&stored))
            }
            PutOutcome::Sent(existing) => {
                files.remove(&stored.file).await;
                Ok(describe(&existing))
            }
            PutOutcome::Foreign => {
                files.remove(&stored.file).await;
                Err(StoreFileError::NotYours)
            }
            PutOutcome::OverQuota(usage) => {
                let exceeded = check(&usage).err();
                files.remove(&stored.file).await;
                Err(exceeded.map_or(StoreFileError::Internal, |exceeded| refuse(&site, NoRoom::Quota(exceeded))))
            }
        }
    }
}

fn refuse(site: &SiteKey, no_room: NoRoom) -> StoreFileError {
    match no_room {
        NoRoom::Quota(exceeded) => {
            tracing::info!(site = site.as_str(), quota = exceeded.quota.name(), "upload refused");
            StoreFileError::Quota(exceeded)
        }
        NoRoom::Disk => {
            tracing::error!(
                site = site.as_str(),
                reason = "disk has less than disk_reserve_bytes free",
                "upload refused"
            );
            StoreFileError::DiskFull
        }
        NoRoom::UnderWay => {
            tracing::info!(site = site.as_str(), reason = "too many concurrent uploads", "upload refused");
            StoreFileError::TooManyUploads
        }
    }
}

fn owner_of(requester: &Requester) -> (Option<CustomerId>, Option<SessionHash>) {
    (requester.person.as_ref().map(|person| person.id.clone()), requester.session)
}

fn file_owner(requester: &Requester) -> Option<FileOwner<'_>> {
    match (&requester.person, &requester.session) {
        (Some(person), _) => Some(FileOwner::Person(&person.id)),
        (None, session) => session.as_ref().map(FileOwner::Session),
    }
}
