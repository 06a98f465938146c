//! Confirming the address that the sender of a ticket claims: by a code that is mailed to it and typed into the panel that sent the ticket.

use std::net::IpAddr;
use std::time::Duration;

use jiff::Timestamp;

use super::FindTicketError;
use super::conversation::{one, summary};
use crate::app::App;
use crate::json::{self, JsonError};
use crate::mail::{CODE_LIFE, CODE_PAUSE, quota};
use crate::site::Site;
use crate::store::{ClaimedAddress, CodeCheck, CodeRequest, Reader, StoreError, StoredTicket, What};
use crate::{clock, delivery};
use domain::conversation::{Author, ConfirmationCode, Summary};

/// The longest code that is looked at, in bytes: more digits than there are in one, in any script.
const CODE_MAX: usize = 64;
/// The time for which quotas count mails.
const QUOTA_TIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Why an address is not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmAddressError {
    /// The ticket is not found.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// The body is no JSON, or none of a code.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// This is not the code.
    #[error("this is not the code; attempts left: {attempts_left}")]
    WrongCode {
        /// How often one may still be tried.
        attempts_left: u32,
    },
    /// No code is valid.
    #[error("no code is valid")]
    NoCode,
    /// The code was entered wrongly too often.
    #[error("the code was entered wrongly too often")]
    TooManyAttempts,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why no other code is sent.
#[derive(Debug, thiserror::Error)]
pub enum RequestCodeError {
    /// The ticket is not found, or its site sends no mail.
    #[error(transparent)]
    Find(#[from] FindTicketError),
    /// One was sent a moment ago.
    #[error("a code was sent a moment ago; another can be requested in {seconds} seconds")]
    TooSoon {
        /// After how many seconds another can be requested.
        seconds: u64,
    },
    /// The mails of a day are used up.
    #[error("the mails of 24 hours are used up; a code can be requested in {seconds} seconds")]
    QuotaUsedUp {
        /// After how many seconds another can be requested.
        seconds: u64,
    },
    /// As many were sent for the ticket as there may be.
    #[error("as many codes were sent for the ticket as there may be")]
    TooManyCodes,
    /// Mail to the address could not be delivered, for good.
    #[error("mail to the address could not be delivered")]
    Bounced,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Confirms the address of a reader's ticket by a code; the ticket, whose answers can be read from now on.
pub async fn confirm(
    app: &App,
    (name, site): (&str, &Site),
    reader: Reader<'_>,
    id: &str,
    body: &[u8],
) -> Result<Summary, ConfirmAddressError> {
    let ticket = one(app, name, reader, id).await?;
    let ConfirmationCode { code } = json::parse(body)?;
    let (now, oldest) = (clock::now(), before(CODE_LIFE));
    let is_code = |number| code.len() <= CODE_MAX && app.codes.is_code(&ticket.id, number, &code);
    let deliveries = delivery::orders(Some(site), What::Confirmed, Author::Customer, None);
    match app.store.confirm(&ticket.id, &now, &oldest, &is_code, &deliveries).await? {
        CodeCheck::Confirmed => {
            let ticket = one(app, name, reader, id).await?;
            app.lines.wake(name);
            app.live.changed(ticket.clone());
            Ok(summary(&ticket))
        }
        CodeCheck::NotNeeded => Ok(summary(&ticket)),
        CodeCheck::Wrong(left) => Err(ConfirmAddressError::WrongCode { attempts_left: left }),
        CodeCheck::NoneValid => Err(ConfirmAddressError::NoCode),
        CodeCheck::TooManyAttempts => Err(ConfirmAddressError::TooManyAttempts),
    }
}

/// Has another code sent to the address of a reader's ticket. `from` is the network address that asks for it.
pub async fn request(
    app: &App,
    (name, site): (&str, &Site),
    reader: Reader<'_>,
    id: &str,
    from: Option<IpAddr>,
) -> Result<Summary, RequestCodeError> {
    let ticket = one(app, name, reader, id).await?;
    let claimed = app.store.claimed_address(&ticket.id).await?.filter(|one| one.confirmed_at.is_none());
    let Some(claimed) = claimed else { return Ok(summary(&ticket)) };
    let mailer = site.mail.as_ref().ok_or(FindTicketError::NoTicket)?;
    let network = from.map(|address| app.pseudonyms.of_network("mail", "", address));
    let quota = quota(mailer, &app.codes, &claimed.address, ticket.session, network);
    match app.store.request_code(&ticket.id, &clock::now(), &before(CODE_PAUSE), &quota).await? {
        CodeRequest::Accepted => app.mailed.wake(name),
        CodeRequest::NotNeeded => {}
        CodeRequest::TooSoon { sent_at } => {
            return Err(RequestCodeError::TooSoon { seconds: seconds_left(&sent_at, CODE_PAUSE) });
        }
        CodeRequest::QuotaUsedUp { oldest } => {
            return Err(RequestCodeError::QuotaUsedUp { seconds: seconds_left(&oldest, QUOTA_TIME) });
        }
        CodeRequest::TooManyCodes => return Err(RequestCodeError::TooManyCodes),
        CodeRequest::Bounced => return Err(RequestCodeError::Bounced),
    }
    Ok(summary(&one(app, name, reader, id).await?))
}

/// The seconds until a time after something is over, one at least.
fn seconds_left(at: &str, time: Duration) -> u64 {
    let end = at.parse::<Timestamp>().ok().and_then(|at| at.checked_add(time).ok());
    end.map_or(time, clock::left).as_millis().div_ceil(1000).max(1) as u64
}

/// The ticket behind a link of a mail; none where the link is not valid.
pub async fn linked(app: &App, site: &str, id: &str, key: &str) -> Result<Option<StoredTicket>, StoreError> {
    let Some(ticket) = app.store.ticket(id).await?.filter(|ticket| ticket.site == site && ticket.id == id) else {
        return Ok(None);
    };
    let claimed = app.store.claimed_address(id).await?;
    let is_valid = |claimed: &ClaimedAddress| {
        let sent = claimed.sent_at.as_deref().is_some_and(|sent| sent >= before(CODE_LIFE).as_str());
        sent && claimed.code > 0 && app.codes.is_link(id, claimed.code, key)
    };
    Ok(claimed.filter(is_valid).map(|_| ticket))
}

fn before(time: Duration) -> String {
    let now = clock::timestamp();
    clock::written(now.checked_sub(time).unwrap_or(now))
}
