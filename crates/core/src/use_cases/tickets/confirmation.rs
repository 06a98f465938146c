//! Confirms the address that the sender of a ticket claims, by a code that is mailed to it and entered in the panel that sent the ticket.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::find::{FindTicketError, find_ticket};
use super::summary::summary;
use crate::destinations::Destinations;
use crate::ids::{SiteKey, TicketId};
use crate::json::{self, JsonError};
use crate::ports::{
    Bus, ChangeOutcome, ClaimedAddress, CodeCheck, CodeRequest, Confirmations, Conversations, CurrentTicket, Decision,
    DeliveryKind, Reader, StoreError, StoredTicket, Tickets,
};
use crate::rules::codes::{enter_code, has_valid_code};
use crate::use_cases::mail::{CODE_LIFE, CODE_PAUSE, Codes, MailAnswers, Receipts};
use domain::conversation::{Author, ConfirmationCode, Summary};

/// The longest input that is checked, in bytes: longer than a code in any script.
const CODE_MAX: usize = 64;

/// Why an address was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmAddressError {
    /// The ticket is not found.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// The body is not JSON, or not a code.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The code is wrong.
    #[error("wrong code; attempts left: {attempts_left}")]
    WrongCode {
        /// How many attempts are left.
        attempts_left: u32,
    },
    /// No code is valid.
    #[error("no code is valid")]
    NoCode,
    /// Too many wrong codes were entered.
    #[error("a wrong code was entered too often")]
    TooManyAttempts,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no code is sent.
#[derive(Debug, thiserror::Error)]
pub enum RequestCodeError {
    /// The ticket is not found, or its site sends no mail.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// A code was sent less than a minute ago.
    #[error("a code was just sent; another can be requested in {seconds} seconds")]
    TooSoon {
        /// The seconds until another can be requested.
        seconds: u64,
    },
    /// A mail quota is used up.
    #[error("the limit of mails in 24 hours is reached; a code can be requested in {seconds} seconds")]
    QuotaUsedUp {
        /// The seconds until another can be requested.
        seconds: u64,
    },
    /// The limit of codes per ticket is reached.
    #[error("the limit of codes for this ticket is reached")]
    TooManyCodes,
    /// Mail to the address has bounced permanently.
    #[error("mail to the address could not be delivered")]
    Bounced,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Confirms addresses by codes.
pub struct ConfirmAddress {
    conversations: Arc<dyn Conversations>,
    codes: Codes,
    destinations: Arc<Destinations>,
    bus: Arc<dyn Bus>,
    answers: MailAnswers,
}

impl ConfirmAddress {
    /// Confirms addresses of tickets in a store.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        codes: Codes,
        destinations: Arc<Destinations>,
        bus: Arc<dyn Bus>,
        answers: MailAnswers,
    ) -> ConfirmAddress {
        ConfirmAddress { conversations, codes, destinations, bus, answers }
    }

    /// Confirms the address of a reader's ticket by a code. Returns the ticket, whose answers can then be read.
    pub async fn confirm(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
        body: &[u8],
    ) -> Result<Summary, ConfirmAddressError> {
        let ticket = find_ticket(self.conversations.as_ref(), site, reader, id).await?;
        let ConfirmationCode { code } = json::parse(body)?;
        let is_code = |number| code.len() <= CODE_MAX && self.codes.is_code(&ticket.id, number, &code);
        let deliveries = self.destinations.deliveries(site, DeliveryKind::Confirmed, Author::Customer, None);
        let result = Mutex::new(CodeCheck::NotNeeded);
        let decide = |current: &CurrentTicket| {
            let (check, mut decision) = enter_code(current, CODE_LIFE, &is_code, &deliveries);
            if let (CodeCheck::Confirmed, Decision::Write(change)) = (check, &mut decision) {
                self.answers.confirm_recipient(change);
            }
            *result.lock().unwrap_or_else(PoisonError::into_inner) = check;
            decision
        };
        let changed = self.conversations.change(&ticket.id, None, &decide).await?;
        match result.into_inner().unwrap_or_else(PoisonError::into_inner) {
            CodeCheck::Confirmed => {
                let ChangeOutcome::Written(ticket, _) = changed else { return Err(FindTicketError::NoTicket.into()) };
                let summary = summary(&ticket);
                self.bus.deliveries_due(site);
                if self.answers.has(site) {
                    self.bus.mail_due(site);
                }
                self.bus.ticket_changed(*ticket);
                Ok(summary)
            }
            CodeCheck::NotNeeded => Ok(summary(&ticket)),
            CodeCheck::Wrong(left) => Err(ConfirmAddressError::WrongCode { attempts_left: left }),
            CodeCheck::NoneValid => Err(ConfirmAddressError::NoCode),
            CodeCheck::TooManyAttempts => Err(ConfirmAddressError::TooManyAttempts),
        }
    }
}

/// Sends codes.
pub struct RequestCode {
    conversations: Arc<dyn Conversations>,
    confirmations: Arc<dyn Confirmations>,
    receipts: Receipts,
    bus: Arc<dyn Bus>,
}

impl RequestCode {
    /// Sends codes for tickets in a store.
    pub fn new(
        conversations: Arc<dyn Conversations>,
        confirmations: Arc<dyn Confirmations>,
        receipts: Receipts,
        bus: Arc<dyn Bus>,
    ) -> RequestCode {
        RequestCode { conversations, confirmations, receipts, bus }
    }

    /// Sends another code to the address of a reader's ticket. `from` is the network address of the request.
    pub async fn request(
        &self,
        site: &SiteKey,
        reader: Reader<'_>,
        id: &TicketId,
        from: Option<IpAddr>,
    ) -> Result<Summary, RequestCodeError> {
        let ticket = find_ticket(self.conversations.as_ref(), site, reader, id).await?;
        let claimed = self.confirmations.claimed_address(&ticket.id).await?;
        let Some(claimed) = claimed.filter(|one| one.confirmed_at.is_none()) else { return Ok(summary(&ticket)) };
        let quota = self.receipts.quota(&ticket, &claimed.address, from).ok_or(FindTicketError::NoTicket)?;
        match self.confirmations.request_code(&ticket.id, CODE_PAUSE, &quota).await? {
            CodeRequest::Accepted => self.bus.mail_due(site),
            CodeRequest::NotNeeded => {}
            CodeRequest::TooSoon { wait } => return Err(RequestCodeError::TooSoon { seconds: whole_seconds(wait) }),
            CodeRequest::QuotaUsedUp { wait } => {
                return Err(RequestCodeError::QuotaUsedUp { seconds: whole_seconds(wait) });
            }
            CodeRequest::TooManyCodes => return Err(RequestCodeError::TooManyCodes),
            CodeRequest::Bounced => return Err(RequestCodeError::Bounced),
        }
        Ok(summary(&find_ticket(self.conversations.as_ref(), site, reader, id).await?))
    }
}

/// Opens tickets by the links in mails.
pub struct OpenLink {
    tickets: Arc<dyn Tickets>,
    confirmations: Arc<dyn Confirmations>,
    codes: Codes,
}

impl OpenLink {
    /// Opens tickets in a store.
    pub fn new(tickets: Arc<dyn Tickets>, confirmations: Arc<dyn Confirmations>, codes: Codes) -> OpenLink {
        OpenLink { tickets, confirmations, codes }
    }

    /// The ticket of a mailed link; none if the link is not valid.
    pub async fn open(&self, site: &SiteKey, id: &TicketId, key: &str) -> Result<Option<StoredTicket>, StoreError> {
        let ticket = self.tickets.ticket(id).await?;
        let Some(ticket) = ticket.filter(|ticket| ticket.site == *site && ticket.id == *id) else { return Ok(None) };
        let claimed = self.confirmations.claimed_address(id).await?;
        let is_valid =
            |claimed: &ClaimedAddress| has_valid_code(claimed, CODE_LIFE) && self.codes.is_link(id, claimed.code, key);
        Ok(claimed.filter(is_valid).map(|_| ticket))
    }
}

/// A duration in seconds, rounded up, at least one.
fn whole_seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1000).max(1) as u64
}
