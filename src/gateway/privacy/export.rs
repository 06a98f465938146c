//! Handing out what is kept about somebody: a folder with `export.json` and the files beside it.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde::Serialize;

use super::selection::{Matched, Selection, walk};
use super::{PrivacyError, open_store};
use crate::domain::conversation::Message;
use crate::domain::ticket::NewTicket;
use crate::gateway::attachments::folder::{FILE_MODE, Folder};
use crate::gateway::clock;
use crate::gateway::settings::Settings;
use crate::gateway::store::{Store, StoreError, StoredTicket};

/// What was handed out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Tickets.
    pub tickets: u64,
    /// Files.
    pub files: u64,
    /// Files whose bytes are not in the folder.
    pub missing_files: u64,
    /// Tickets that could not be read.
    pub unreadable: u64,
}

/// A ticket with everything that is kept about it.
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
    /// The host's id of the person, where the host has signed it.
    person: Option<String>,
    topic: String,
    severity: &'static str,
    team: String,
    assignee: String,
    /// As it was sent.
    ticket: NewTicket,
    messages: Vec<Message>,
    activities: Vec<ExportedActivity>,
    files: Vec<ExportedFile>,
    /// The id of the ticket at each destination.
    destinations: BTreeMap<String, String>,
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
    /// The number of the message that it goes along with; 0 for the ticket itself.
    message: u32,
    name: String,
    #[serde(rename = "type")]
    media: &'static str,
    size: u32,
    put_at: String,
    /// Where it is in this folder; none where its bytes are gone.
    path: Option<String>,
}

/// Writes what a selection means into a folder, which has to be empty or not there yet.
pub async fn run(settings: &Settings, selection: &Selection, out: &Path) -> Result<Exported, PrivacyError> {
    let store = open_store(settings).await?;
    let folder = Folder::open(settings.attachments.clone())?;
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
    let mut json = OpenOptions::new();
    let mut json = json.write(true).create_new(true).mode(FILE_MODE).open(out.join("export.json")).map_err(failed)?;
    // Written as it is read, so that nothing grows with the number of tickets.
    write!(json, "{{\"exported_at\":\"{}\",\"tickets\":[", clock::now()).map_err(failed)?;
    exported.unreadable = walk(store, selection, async |tickets: Vec<Matched>| {
        for Matched { head, .. } in tickets {
            let Some(ticket) = store.ticket(&head.id).await? else { continue };
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
    json.write_all(b"\n]}\n").and_then(|()| json.sync_all()).map_err(failed)?;
    Ok(exported)
}

fn prepare(out: &Path) -> std::io::Result<()> {
    if !out.is_dir() {
        return DirBuilder::new().recursive(true).mode(0o700).create(out);
    }
    match std::fs::read_dir(out)?.next() {
        None => Ok(()),
        Some(_) => Err(std::io::Error::other("it is not empty")),
    }
}

async fn copy_files(
    store: &dyn Store,
    folder: &Folder,
    ticket: &StoredTicket,
    out: &Path,
    exported: &mut Exported,
) -> Result<Vec<ExportedFile>, PrivacyError> {
    let failed = |error: std::io::Error| PrivacyError::Folder(out.display().to_string(), error.to_string());
    let mut files = Vec::new();
    for kept in store.attachments(&ticket.id).await? {
        // Names are without paths and what no file system takes; the id keeps two of one name apart.
        let path = format!("files/{}/{}-{}", ticket.reference, kept.id, kept.name);
        let target = out.join(&path);
        let parent = target.parent().unwrap_or(out);
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(failed)?;
        let is_there = match std::fs::copy(folder.locate(&kept.file), &target) {
            Ok(_) => true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => false,
            Err(error) => return Err(failed(error)),
        };
        exported.files += u64::from(is_there);
        exported.missing_files += u64::from(!is_there);
        files.push(ExportedFile {
            message: kept.number.unwrap_or_default(),
            name: kept.name,
            media: kept.media.word(),
            size: kept.size,
            put_at: kept.put_at,
            path: is_there.then_some(path),
        });
    }
    Ok(files)
}

async fn read(store: &dyn Store, ticket: StoredTicket, files: Vec<ExportedFile>) -> Result<ExportedTicket, StoreError> {
    let messages = store.messages(&ticket.id, 0).await?;
    let deeds = store.deeds(&ticket.id).await?;
    let activity = |deed: crate::gateway::store::Deed| ExportedActivity {
        agent: deed.operator,
        activity: deed.act.word(),
        text: deed.text,
        at: deed.at,
    };
    Ok(ExportedTicket {
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
