//! Exports what is stored about a customer: a document in JSON, and the files beside it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::PrivacyError;
use super::document::{DocumentActivity, DocumentAddress, DocumentFile, DocumentReceipt, TicketDocument};
use super::selection::{Matched, Selection, for_each_chunk};
use crate::clock;
use crate::ids::{CustomerId, SessionHash, SiteKey};
use crate::ports::{
    Activity, Attachments, Confirmations, Conversations, Erasure, ExportTarget, FileOwner, StoreError,
    StoredAttachment, StoredTicket, Tickets,
};

/// The counts of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Tickets.
    pub tickets: u64,
    /// Files.
    pub files: u64,
    /// Files whose bytes are missing.
    pub missing_files: u64,
    /// Those files that were uploaded and not sent.
    pub unsent_files: u64,
    /// Tickets that could not be read.
    pub unreadable: u64,
}

/// A file that was uploaded and not sent.
#[derive(Serialize)]
struct UnsentFile {
    site: SiteKey,
    #[serde(flatten)]
    file: DocumentFile,
}

/// What an export reads.
pub struct ExportPorts {
    /// The tickets.
    pub tickets: Arc<dyn Tickets>,
    /// Their conversations.
    pub conversations: Arc<dyn Conversations>,
    /// The addresses that their senders claim.
    pub confirmations: Arc<dyn Confirmations>,
    /// Their files.
    pub attachments: Arc<dyn Attachments>,
    /// Everything else.
    pub erasure: Arc<dyn Erasure>,
}

/// Exports the data of a selection, with or without a running gateway.
pub struct ExportSelection(ExportPorts);

impl ExportSelection {
    /// Exports from a store.
    pub fn new(ports: ExportPorts) -> ExportSelection {
        ExportSelection(ports)
    }

    /// Writes the data of a selection to a target. It is streamed, so that memory does not grow with the number of tickets.
    pub async fn export(&self, selection: &Selection, target: &mut dyn ExportTarget) -> Result<Exported, PrivacyError> {
        let ExportPorts { tickets, erasure, .. } = &self.0;
        let mut exported = Exported::default();
        target.write(&format!("{{\"exported_at\":\"{}\",\"tickets\":[", clock::now()))?;
        let mut owners: BTreeSet<(SiteKey, Owner)> = BTreeSet::new();
        if let Selection::Person { site, id } = selection {
            owners.insert((site.clone(), Owner::Person(id.clone())));
        }
        let mut unreadable = 0;
        let left_out =
            for_each_chunk((erasure.as_ref(), tickets.as_ref()), selection, async |matched: Vec<Matched>| {
                for Matched { head, session } in matched {
                    if selection.is_of_people() {
                        let of_session = session.map(Owner::Session);
                        let owner = head.person.clone().map(Owner::Person).or(of_session);
                        owners.extend(owner.map(|owner| (head.site.clone(), owner)));
                    }
                    let ticket = match tickets.ticket(&head.id).await {
                        Ok(Some(ticket)) => ticket,
                        Ok(None) => continue,
                        Err(error) if error.concerns_row() => {
                            tracing::warn!(ticket = head.id.as_str(), %error, "ticket unreadable");
                            unreadable += 1;
                            continue;
                        }
                        Err(error) => return Err(error.into()),
                    };
                    let files = self.copy_files(&ticket, target, &mut exported).await?;
                    let ticket = self.read(ticket, files).await?;
                    append(target, exported.tickets > 0, &ticket)?;
                    exported.tickets += 1;
                }
                Ok(())
            })
            .await?;
        exported.unreadable = left_out + unreadable;
        target.write("\n],\"unsent_files\":[")?;
        for (site, owner) in owners {
            for stored in erasure.unsent_files(&site, owner.file_owner()).await? {
                let file = copy_file(stored, "unsent", target, &mut exported).await?;
                append(target, exported.unsent_files > 0, &UnsentFile { site: site.clone(), file })?;
                exported.unsent_files += 1;
            }
        }
        target.write("\n]}\n")?;
        target.finish()?;
        Ok(exported)
    }

    /// Everything stored about a ticket. Its files are listed and not copied.
    pub async fn document(&self, ticket: StoredTicket) -> Result<TicketDocument, StoreError> {
        let stored = self.0.attachments.attachments(&ticket.id).await?;
        let files = stored.into_iter().map(|stored| document_file(stored, None)).collect();
        self.read(ticket, files).await
    }

    async fn copy_files(
        &self,
        ticket: &StoredTicket,
        target: &mut dyn ExportTarget,
        exported: &mut Exported,
    ) -> Result<Vec<DocumentFile>, PrivacyError> {
        let stored = self.0.attachments.attachments(&ticket.id).await?;
        let mut files = Vec::with_capacity(stored.len());
        for stored in stored {
            files.push(copy_file(stored, ticket.reference.as_str(), target, exported).await?);
        }
        Ok(files)
    }

    async fn read(&self, ticket: StoredTicket, files: Vec<DocumentFile>) -> Result<TicketDocument, StoreError> {
        let ExportPorts { conversations, confirmations, erasure, .. } = &self.0;
        let messages = conversations.messages(&ticket.id, 0).await?;
        let activities = conversations.activities(&ticket.id).await?;
        let activity = |activity: Activity| DocumentActivity {
            agent: activity.actor,
            activity: activity.kind.word(),
            text: activity.text,
            at: activity.at,
        };
        let claimed = confirmations.claimed_address(&ticket.id).await?;
        let claimed_address = claimed.map(|claimed| DocumentAddress {
            address: claimed.address,
            sent_at: claimed.sent_at,
            confirmed_at: claimed.confirmed_at,
            bounced_at: claimed.bounced_at,
        });
        let receipt = erasure.receipt_address(&ticket.id).await?;
        Ok(TicketDocument {
            claimed_address,
            receipt: receipt.map(|(address, created_at)| DocumentReceipt { address, created_at }),
            destinations: erasure.external_tickets(&ticket.id).await?.into_iter().collect(),
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
            activities: activities.into_iter().map(activity).collect(),
            files,
            id: ticket.id,
        })
    }
}

/// Appends an entry to a list of the document.
fn append(target: &mut dyn ExportTarget, has_previous: bool, entry: &impl Serialize) -> Result<(), PrivacyError> {
    let text = serde_json::to_string(entry).map_err(std::io::Error::from)?;
    let comma = if has_previous { "," } else { "" };
    Ok(target.write(&format!("{comma}\n{text}"))?)
}

/// An owner whose unsent files are exported.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Owner {
    Person(CustomerId),
    Session(SessionHash),
}

impl Owner {
    fn file_owner(&self) -> FileOwner<'_> {
        match self {
            Owner::Person(person) => FileOwner::Person(person),
            Owner::Session(session) => FileOwner::Session(session),
        }
    }
}

/// Copies a file to a folder below `files`.
async fn copy_file(
    stored: StoredAttachment,
    below: &str,
    target: &mut dyn ExportTarget,
    exported: &mut Exported,
) -> Result<DocumentFile, PrivacyError> {
    // Names contain no paths and no characters that file systems reject; the id separates two files of one name.
    let path = format!("files/{below}/{}-{}", stored.id, stored.name);
    let exists = target.copy_file(&stored.file, &path).await?;
    exported.files += u64::from(exists);
    exported.missing_files += u64::from(!exists);
    Ok(document_file(stored, exists.then_some(path)))
}

fn document_file(stored: StoredAttachment, path: Option<String>) -> DocumentFile {
    DocumentFile {
        message: stored.number.unwrap_or_default(),
        name: stored.name,
        media: stored.media.word(),
        size: stored.size,
        put_at: stored.put_at,
        path,
    }
}
