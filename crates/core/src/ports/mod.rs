//! Ports: what rules and use cases need from a store and from the rest of the world. One trait for each concern, with the plain records that
//! pass through it.

mod access_links;
mod agents;
mod answer_mail;
mod attachments;
mod audit_log;
mod bus;
mod confirmations;
mod conversations;
mod counts;
pub mod destination;
mod disk;
mod erasure;
mod error;
mod export_target;
mod external_tickets;
mod files;
mod gateways;
mod health;
mod imports;
mod incidents;
mod limits;
mod listing;
mod mailer;
mod moves;
mod outages;
mod outgoing_mail;
mod polls;
mod progress;
mod questions;
mod queue;
mod request_paces;
mod requester;
mod schema;
mod shared_buckets;
mod site_tables;
mod source;
mod status_page;
mod status_polls;
mod submissions;
mod tables;
mod ticket_changes;
mod tickets;

use async_trait::async_trait;

pub use access_links::{AccessGrant, AccessLinkOutcome, AccessLinks, DueAccessLink, LinkTerms, NewAccessLink};
pub use agents::{Agent, AgentSession, AgentSessions, Grant, LoginMethod, NewAgentSession, Role, SiteScope};
pub use answer_mail::{AnswerMailOutcome, AnswerMails, DueAnswerMail, NewAnswerMail};
pub use attachments::{Attachments, FileOwner, PutOutcome, StoredAttachment, Upload, UploadUsage, Usage};
pub use audit_log::{AuditEntry, AuditKind, AuditLog, NewAuditEntry};
pub use bus::Bus;
pub use confirmations::{ClaimedAddress, CodeCheck, CodeRequest, Confirmation, Confirmations};
pub use conversations::{
    Activity, ActivityKind, Change, ChangeOutcome, ConfirmationChange, Conversations, CurrentTicket, Decide, Decision,
    Handling, MESSAGE_PAGE_BYTES, MessageKey, MessagePage, NewMessage, Reader, ReaderCounts, TicketLimit,
};
pub use counts::{Count, Counts, SearchMiss, WeekOfKind};
pub use disk::Disk;
pub use erasure::{Erasure, ErasureCounts, PersonTrace, SessionTrace, TicketFilter, TicketHead, Traces};
pub use error::StoreError;
pub use export_target::ExportTarget;
pub use external_tickets::{ExternalTicketRef, ExternalTickets};
pub use files::{ByteStream, FileError, Files, KeptFile, OpenFile, PartialFile, UnsettledFile, read_file};
pub use gateways::Gateways;
pub use health::{PoolStatus, StoreHealth};
pub use imports::{ImportOutcome, ImportRun, Imports};
pub use incidents::Incidents;
pub use limits::{LimitShare, RetryAfter, SiteLimits};
pub use listing::{CustomerCursor, CustomerPage, InboxCursor, InboxPage, ListedTicket, SortPosition, TicketSummary};
pub use mailer::{AddressedMail, MailContent, MailFailure, MailFile, MailThread, Mailer};
pub use moves::{AppendError, MoveMark, MoveSource, MoveTarget, RowFault, RowSink, Suspects};
pub use outages::{Outages, ReportedOutage};
pub use outgoing_mail::{
    DueMail, MailLimits, MailOutcome, MailQuota, NewMail, OutgoingMail, ReturnedReceipt, WaitingMails,
};
pub use polls::{ChangedTicket, DuePoll, Polls, SyncState};
pub use progress::{NoProgress, Progress};
pub use questions::{IdConflict, KnownQuestion, NewQuestion, QuestionRow, Questions, Revision, RevisionRange};
pub use queue::{
    ClaimToken, DeadLetters, Delivery, DeliveryFilter, DeliveryKind, DeliveryOutcome, DeliveryState, DueDelivery,
    NewDelivery, QUEUE_COUNT_MAX, Queue, QueueStatus,
};
pub use request_paces::{PaceChange, RequestPaces};
pub use requester::{Person, Requester};
pub use schema::{Migration, PendingMigrations, SchemaStatus};
pub use shared_buckets::{BucketKind, Draw, SharedBuckets};
pub use site_tables::{ReloadReport, SiteContents, SiteTable, SiteTables};
pub use source::{QuestionSource, SourceError, SourceNote, SourceReading};
pub use status_page::{StatusPage, StatusPageError};
pub use status_polls::StatusPolls;
pub use submissions::{SubmissionExceeded, SubmissionQuota, SubmissionScope};
pub use tables::{Column, ColumnKind, Row, TABLES, Table, Value};
pub use ticket_changes::{AnnouncedChange, TicketChanges};
pub use tickets::{StoredSubmission, StoredTicket, SubmissionExtras, SubmissionKey, SubmissionOutcome, Tickets, View};

/// What gateways share through a store that may have several of them; a gateway with a store of its own keeps it in memory.
pub trait SharedStore: Gateways + Outages + RequestPaces + SharedBuckets + StatusPolls {}

impl<T: Gateways + Outages + RequestPaces + SharedBuckets + StatusPolls> SharedStore for T {}

/// Everything that a store implements. Only the code that assembles the gateway needs all of it; other code takes the ports that it uses.
#[async_trait]
pub trait Store:
    AccessLinks
    + AgentSessions
    + AnswerMails
    + Attachments
    + AuditLog
    + Confirmations
    + Conversations
    + Counts
    + Erasure
    + ExternalTickets
    + Imports
    + Incidents
    + OutgoingMail
    + Polls
    + Questions
    + Queue
    + SiteTables
    + StoreHealth
    + Tickets
{
    /// Closes the database. No method may be called afterwards.
    async fn close(&self);
}
