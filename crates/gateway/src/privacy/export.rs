//! Exports what is stored about a customer: a folder with `export.json` and the files beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use serde::Serialize;

use super::selection::{Matched, Selection, walk};
use super::{KeptData, PrivacyError};
use crate::attachments::folder::Folder;
use deskbell_core::clock;
use deskbell_core::ports::{FileOwner, Store, StoreError, StoredAttachment, StoredTicket};
use domain::conversation::Message;
use domain::ticket::NewTicket;
use private_files::{create_file, create_folder};

/// The counts of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Tickets.
    pub tickets: u64,
    /// Files.
    pub files: u64,
    /// Files whose bytes are missing from the folder.
    pub missing_files: u64,
    /// Those files that were uploaded and not sent.
    pub unsent_files: u64,
    /// Tickets that could not be read.
    pub unreadable: u64,
}

/// A ticket with everything stored about it.
#[derive(Serialize)]
struct ExportedTicket {
    id: String,
    site: String,
    reference: String,
    status: &'static str,
    received_at: String,
    updated_at: String,
    due_at: Option<String>,
    answered_at: Option<String>,
    /// The host's id of the customer, if verified.
    person: Option<String>,
    topic: String,
    severity: &'static str,
    team: String,
    assignee: String,
    /// As it was submitted.
    ticket: NewTicket,
    messages: Vec<Message>,
    activities: Vec<ExportedActivity>,
    files: Vec<ExportedFile>,
    /// The external id at each destination.
    destinations: BTreeMap<String, String>,
    /// The address claimed by the sender, and when it was confirmed.
    claimed_address: Option<ExportedAddress>,
    /// The recipient of its receipt; deleted after a day.
    receipt: Option<ExportedReceipt>,
}

#[derive(Serialize)]
struct ExportedAddress {
    address: String,
    /// When the last code was mailed there.
    sent_at: Option<String>,
    confirmed_at: Option<String>,
    /// When a mail server reported that it does not exist.
    bounced_at: Option<String>,
}

#[derive(Serialize)]
struct ExportedReceipt {
    address: String,
    created_at: String,
}

/// A file that was uploaded and not sent.
#[derive(Serialize)]
struct UnsentFile {
    site: String,
    #[serde(flatten)]
    file: ExportedFile,
}

#[derive(Serialize)]
struct ExportedActivity {
    agent: String,
    activity: &'static str,
    text: String,
    at: String,
}

#[derive(Serialize)]
struct ExportedFile {
    /// The number of its message; 0 for the ticket itself.
    message: u32,
    name: String,
    #[serde(rename = "type")]
    media: &'static str,
    size: u32,
    put_at: String,
    /// Its path in this folder; none if its bytes are missing.
    path: Option<String>,
}

/// Writes the data of a selection into a folder, which must be empty or not exist.
pub async fn run(data: &KeptData, selection: &Selection, out: &Path) -> Result<Exported, PrivacyError> {
    let store = data.open_store().await?;
    let folder = Folder::open(data.attachments.clone())?;
    let exported = export(&store, &folder, selection, out).await;
    store.close().await;
    exported
}

async fn export(
    store: &dyn Store,
    folder: &Folder,
    selection: &Selection,
    out: &Path,
) -> Result<Exported, PrivacyError> {
    let failed = |error: std::io::Error| PrivacyError::Folder(out.display().to_string(), error.to_string());
    prepare(out).map_err(failed)?;
    let mut exported = Exported::default();
    let mut json = create_file(&out.join("export.json")).map_err(failed)?;
    // Streamed, so that memory does not grow with the number of tickets.
    write!(json, "{{\"exported_at\":\"{}\",\"tickets\":[", clock::now()).map_err(failed)?;
    let mut owners: BTreeSet<(String, Owner)> = BTreeSet::new();
    if let Selection::Person { site, id } = selection {
        owners.insert((site.clone(), Owner::Person(id.clone())));
    }
    let mut unreadable = 0;
    let left_out = walk(store, selection, async |tickets: Vec<Matched>| {
        for Matched { head, session } in tickets {
            if selection.is_of_people() {
                let of_session = session.map(Owner::Session);
                let owner = head.person.clone().map(Owner::Person).or(of_session);
                owners.extend(owner.map(|owner| (head.site.clone(), owner)));
            }
            let ticket = match store.ticket(&head.id).await {
                Ok(Some(ticket)) => ticket,
                Ok(None) => continue,
                Err(StoreError::Damaged { what, reason }) => {
                    tracing::warn!(what, reason, "ticket unreadable");
                    unreadable += 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            let files = copy_files(store, folder, &ticket, out, &mut exported).await?;
            let ticket = read(store, ticket, files).await?;
            let text = serde_json::to_string(&ticket).map_err(|error| failed(error.into()))?;
            let comma = if exported.tickets > 0 { "," } else { "" };
            write!(json, "{comma}\n{text}").map_err(failed)?;
            exported.tickets += 1;
        }
        Ok(())
    })
    .await?;
    exported.unreadable = left_out + unreadable;
    write!(json, "\n],\"unsent_files\":[").map_err(failed)?;
    for (site, owner) in owners {
        for kept in store.unsent_files(&site, owner.file_owner()).await? {
            let file = copy_file(folder, kept, "unsent", out, &mut exported)?;
            let text = serde_json::to_string(&UnsentFile { site: site.clone(), file })
                .map_err(|error| failed(error.into()))?;
            let comma = if exported.unsent_files > 0 { "," } else { "" };
            write!(json, "{comma}\n{text}").map_err(failed)?;
            exported.unsent_files += 1;
        }
    }
    json.write_all(b"\n]}\n").and_then(|()| json.sync_all()).map_err(failed)?;
    Ok(exported)
}

fn prepare(out: &Path) -> std::io::Result<()> {
    if !out.is_dir() {
        return create_folder(out);
    }
    match std::fs::read_dir(out)?.next() {
        None => Ok(()),
        Some(_) => Err(std::io::Error::other("it is not empty")),
    }
}

/// An owner whose unsent files are exported.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Person(String),
    Session([u8; 32]),
}

impl Owner {
    fn file_owner(&self) -> FileOwner<'_> {
        match self {
            Owner::Person(person) => FileOwner::Person(person),
            Owner::Session(session) => FileOwner::Session(session),
        }
    }
}

async fn copy_files(
    store: &dyn Store,
    folder: &Folder,
    ticket: &StoredTicket,
    out: &Path,
    exported: &mut Exported,
) -> Result<Vec<ExportedFile>, PrivacyError> {
    let kept = store.attachments(&ticket.id).await?;
    kept.into_iter().map(|kept| copy_file(folder, kept, &ticket.reference, out, exported)).collect()
}

/// Copies a file to a folder below `files`.
fn copy_file(
    folder: &Folder,
    kept: StoredAttachment,
    below: &str,
    out: &Path,
    exported: &mut Exported,
) -> Result<ExportedFile, PrivacyError> {
    let failed = |error: std::io::Error| PrivacyError::Folder(out.display().to_string(), error.to_string());
    // Names contain no paths and no characters that file systems reject; the id separates two files of one name.
    let path = format!("files/{below}/{}-{}", kept.id, kept.name);
    let target = out.join(&path);
    create_folder(target.parent().unwrap_or(out)).map_err(failed)?;
    let is_there = match std::fs::copy(folder.locate(&kept.file), &target) {
        Ok(_) => true,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
        Err(error) => return Err(failed(error)),
    };
    exported.files += u64::from(is_there);
    exported.missing_files += u64::from(!is_there);
    Ok(ExportedFile {
        message: kept.number.unwrap_or_default(),
        name: kept.name,
        media: kept.media.word(),
        size: kept.size,
        put_at: kept.put_at,
        path: is_there.then_some(path),
    })
}

async fn read(store: &dyn Store, ticket: StoredTicket, files: Vec<ExportedFile>) -> Result<ExportedTicket, StoreError> {
    let messages = store.messages(&ticket.id, 0).await?;
    let deeds = store.activities(&ticket.id).await?;
    let activity = |deed: deskbell_core::ports::Activity| ExportedActivity {
        agent: deed.operator,
        activity: deed.act.word(),
        text: deed.text,
        at: deed.at,
    };
    let claimed = store.claimed_address(&ticket.id).await?;
    let claimed_address = claimed.map(|claimed| ExportedAddress {
        address: claimed.address,
        sent_at: claimed.sent_at,
        confirmed_at: claimed.confirmed_at,
        bounced_at: claimed.bounced_at,
    });
    let receipt = store.receipt_address(&ticket.id).await?;
    Ok(ExportedTicket {
        claimed_address,
        receipt: receipt.map(|(address, created_at)| ExportedReceipt { address, created_at }),
        destinations: store.external_tickets(&ticket.id).await?.into_iter().collect(),
        site: ticket.site,
        reference: ticket.reference,
        status: ticket.status.word(),
        received_at: ticket.received_at,
        updated_at: ticket.handling.updated_at,
        due_at: ticket.due_at,
        answered_at: ticket.handling.answered_at,
        person: ticket.person,
        topic: ticket.handling.topic,
        severity: ticket.handling.severity.word(),
        team: ticket.handling.team,
        assignee: ticket.handling.assignee,
        ticket: ticket.ticket,
        messages,
        activities: deeds.into_iter().map(activity).collect(),
        files,
        id: ticket.id,
    })
}
