//! Records for tests.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::tz::TimeZone;
use serde_json::json;

use crate::ids::DeliveryId;
use crate::ports::{Delivery, DeliveryKind, DeliveryState, FileError, Files, Handling, OpenFile};
use crate::ports::{PartialFile, StoredTicket, UnsettledFile};
use crate::rules::on_call::OnCallRotas;
use crate::site::Site;
use crate::timestamp::Timestamp;
use domain::config::Config;
use domain::ticket::{NewTicket, Status};

/// A time in RFC 3339.
pub fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The site `acme`, with the default configuration.
pub fn site() -> Site {
    Site {
        key: "acme".into(),
        config: Config::default(),
        hours: None,
        rota: OnCallRotas { zone: TimeZone::UTC, teams: BTreeMap::new() },
        support_engineers: Vec::new(),
        sensitive_topics: Vec::new(),
        keep: None,
    }
}

/// A ticket with a value in nearly every field.
pub fn stored() -> StoredTicket {
    let new: NewTicket = serde_json::from_value(json!({
        "kind": "bug", "severity": "high", "topic": "billing", "message": "The export stops.\nEvery time.",
        "contact": {"name": "Ada", "email": "ada@example.com"}, "fields": {"region": "EU", "urgent": true},
        "context": {
            "user": {"id": "u-7", "plan": "scale", "organization": {"id": "o-1", "name": "Acme"}},
            "page_values": {"tenant": "t-1"},
        },
        "client": {"name": "test", "version": "1"},
    }))
    .unwrap();
    let received_at = time("2026-11-24T23:05:00.000Z");
    StoredTicket {
        id: "1".into(),
        site: "acme".into(),
        reference: "DB-4K7Q9".into(),
        status: Status::Open,
        priority: None,
        target: None,
        due_at: None,
        person: None,
        session: None,
        handling: Handling { team: "growth".into(), ..Handling::new(&new, received_at) },
        received_at,
        ticket: new,
    }
}

/// A delivery of that ticket to `desk`, at its first attempt.
pub fn delivery(kind: DeliveryKind, number: u32) -> Delivery {
    Delivery {
        id: DeliveryId::new(9),
        site: "acme".into(),
        destination: "desk".into(),
        ticket: "1".into(),
        kind,
        number,
        state: DeliveryState::Waiting,
        created_at: time("2026-11-25T08:00:00.000Z"),
        due_at: time("2026-11-25T08:00:00.000Z"),
        first_attempt_at: None,
        settled_at: None,
        attempts: 1,
        failures: 0,
        external_id: String::new(),
        reason: String::new(),
    }
}

/// Files in memory, which can only be read.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    files: BTreeMap<String, Bytes>,
    is_unavailable: bool,
}

impl MemoryFiles {
    /// These files, by name.
    pub fn new<const N: usize>(files: [(&str, &str); N]) -> MemoryFiles {
        let files = files.map(|(name, text)| (name.to_string(), Bytes::copy_from_slice(text.as_bytes())));
        MemoryFiles { files: files.into(), is_unavailable: false }
    }

    /// Files that cannot be read at the moment.
    pub fn unavailable() -> MemoryFiles {
        MemoryFiles { is_unavailable: true, ..MemoryFiles::default() }
    }

    fn unsupported() -> FileError {
        FileError::Io(std::io::ErrorKind::Unsupported.into())
    }
}

#[async_trait]
impl Files for MemoryFiles {
    fn create(&self) -> Result<Box<dyn PartialFile>, FileError> {
        Err(MemoryFiles::unsupported())
    }

    async fn open(&self, file: &str, start: u64) -> Result<OpenFile, FileError> {
        if self.is_unavailable {
            return Err(FileError::Unavailable("no answer".into()));
        }
        let bytes = self.files.get(file).ok_or(FileError::NotFound)?;
        let rest = bytes.slice(usize::try_from(start).unwrap()..);
        Ok(OpenFile { size: bytes.len() as u64, bytes: stream::iter([Ok(rest)]).boxed() })
    }

    async fn settle(&self, _file: &str) -> Result<bool, FileError> {
        Err(MemoryFiles::unsupported())
    }

    async fn remove(&self, _file: &str) -> Result<(), FileError> {
        Err(MemoryFiles::unsupported())
    }

    async fn unsettled(&self) -> Result<BoxStream<'static, Result<Vec<UnsettledFile>, FileError>>, FileError> {
        Err(MemoryFiles::unsupported())
    }

    async fn remove_unsettled(&self, _name: &str) -> Result<(), FileError> {
        Err(MemoryFiles::unsupported())
    }

    fn free_bytes(&self) -> Option<u64> {
        None
    }
}
