//! The errors of the API: problem documents with a stable code.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::http::connections::{HEAD_MAX, HEADERS_MAX};
use deskbell_core::clock;
use deskbell_core::ids::SiteKey;
use deskbell_core::ports::{SubmissionExceeded, SubmissionScope};
use deskbell_core::rules::codes::{ATTEMPTS_MAX, CODES_MAX};
use deskbell_core::rules::customer_limits::{CUSTOMER_MESSAGES_MAX, MAILED_NOTES_MAX, STATUS_CHANGES_AN_HOUR};
use deskbell_core::rules::upload_quotas::{Exceeded, tomorrow};
use deskbell_core::timestamp::Timestamp;
use domain::problem::{FieldError, Problem};
use identity::TokenError;

/// When to retry if the disk is nearly full, in seconds: an administrator has to free space.
const STORAGE_FULL_RETRY: u64 = 600;
/// When to retry if other uploads have to end first, in seconds.
const UPLOADS_RETRY: u64 = 10;
/// The seconds to wait while the storage of files does not answer.
const STORAGE_RETRY: u64 = 30;

/// The code of a refusal, on its response.
#[derive(Clone, Copy, Debug)]
pub struct RefusalCode(pub &'static str);

/// Why a request is rejected.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The address does not exist.
    #[error("not found{0}")]
    NotFound(String),
    /// No site has this key.
    #[error("this gateway has no site {0:?}; set data-site on the script tag to a site of its configuration")]
    UnknownSite(SiteKey),
    /// The address exists, but not for this method.
    #[error("this method is not allowed; see the header Allow")]
    MethodNotAllowed,
    /// A query parameter is malformed.
    #[error("the query is invalid: {0}")]
    InvalidQuery(String),
    /// The body is not JSON.
    #[error("the body is not valid JSON; see errors")]
    InvalidJson(FieldError),
    /// The body is invalid.
    #[error("the body is invalid; see errors")]
    Invalid(Vec<FieldError>),
    /// The content type is not JSON.
    #[error("the body must be JSON, with Content-Type: application/json")]
    UnsupportedMediaType,
    /// The site does not accept the type of a file.
    #[error("{0}")]
    UnsupportedType(String),
    /// A file is empty.
    #[error("the file is empty; choose it again, or send without it")]
    EmptyFile,
    /// A file cannot be parsed as its type, so its metadata cannot be removed.
    #[error("this {0} cannot be read: {1}; its metadata cannot be removed, so the file is not accepted")]
    BrokenFile(&'static str, &'static str),
    /// The body is too large.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The headers are too many or too long.
    #[error(
        "there are more than {HEADERS_MAX} headers, or they are longer than {HEAD_MAX} bytes in total; most of it may \
         be cookies of other services"
    )]
    HeadTooLarge,
    /// The body ended early.
    #[error("the body ended too early")]
    Torn,
    /// The idempotency key is missing or malformed.
    #[error("the header Idempotency-Key is required: 1 to 255 visible ASCII characters")]
    MissingKey,
    /// The session is malformed.
    #[error("the header Deskbell-Session must be 128 bits, as 32 hexadecimal digits or 22 characters of base64url")]
    InvalidSession,
    /// Neither a token nor a session identifies the requester.
    #[error("the request has neither a token nor a session; send Authorization: Bearer TOKEN, or Deskbell-Session")]
    Unidentified,
    /// The token is not valid.
    #[error("{0}")]
    InvalidToken(TokenError),
    /// A request with the same key is in progress.
    #[error("a request with this Idempotency-Key is in progress; try again")]
    InProgress,
    /// The key was used for another request.
    #[error("this Idempotency-Key was used with another body or session; use a new one")]
    KeyReused,
    /// Files that the body names are missing.
    #[error("some attachments are missing; upload them again and retry with the same Idempotency-Key")]
    AttachmentsMissing(Vec<FieldError>),
    /// The ticket with this key was erased.
    #[error("the ticket with this Idempotency-Key has been erased and is not accepted again")]
    Erased,
    /// A quota for uploads is used up.
    #[error(
        "the quota of {} is exceeded ({} bytes in {} files); it is free again at {} at the latest",
        .0.quota.name(), .0.limit.bytes, .0.limit.files, .0.until.to_jiff()
    )]
    UploadQuota(Exceeded),
    /// A quota for unverified tickets and replies is used up.
    #[error(
        "{} exceeded for today ({} tickets and replies, {} bytes); try again after midnight UTC",
        match .0.scope {
            SubmissionScope::Network => "the quota of unverified tickets from this network is",
            SubmissionScope::Site => "the quota of unverified tickets to this site is",
        },
        .0.limit.files, .0.limit.bytes
    )]
    TicketQuota(SubmissionExceeded),
    /// The maximum number of concurrent uploads is reached.
    #[error("too many concurrent uploads; try again in {UPLOADS_RETRY} seconds")]
    TooManyUploads,
    /// The disk is full. Nothing was stored, and the request may be repeated.
    #[error("the disk of the gateway is full and nothing was stored; try again later")]
    DiskFull,
    /// The free disk space has reached the reserve; tickets are still accepted.
    #[error("the disk is nearly full, so files are not accepted at the moment; send the ticket without files")]
    StorageFull,
    /// The storage of files does not answer.
    #[error("the storage of files is unavailable; try again in {STORAGE_RETRY} seconds")]
    StorageUnavailable,
    /// The address of a file was not signed here, or has expired.
    #[error("the signature of this address is invalid or has expired; request the messages again")]
    InvalidAddress,
    /// The code is wrong; the number of attempts left.
    #[error("this is not the last code that was mailed; attempts left: {0}")]
    WrongCode(u32),
    /// No code is valid.
    #[error("no code is valid: none was mailed, or it has expired; POST …/confirmation/code mails another")]
    NoCode,
    /// Too many wrong codes were entered.
    #[error(
        "a wrong code was entered {ATTEMPTS_MAX} times, so the code is no longer valid; POST …/confirmation/code \
         mails another"
    )]
    TooManyAttempts,
    /// A code was mailed a moment ago; the seconds until another can be requested.
    #[error("a code was mailed less than a minute ago; another can be requested in {0} seconds")]
    CodeTooSoon(u64),
    /// The daily quota of mails is used up; the seconds until another can be sent.
    #[error(
        "too many mails to unverified addresses within 24 hours, for this mailbox, session, network or site; a code \
         can be requested in {0} seconds"
    )]
    CodeQuota(u64),
    /// Mail to the address of a ticket has bounced permanently.
    #[error("mail to this address could not be delivered; send a new ticket with an address that exists")]
    AddressBounced,
    /// The limit of codes per ticket is reached.
    #[error("the limit of {CODES_MAX} codes for this ticket is reached; send a new ticket instead")]
    TooManyCodes,
    /// The signature of an inbound event is wrong.
    #[error("the signature does not match the configured secret")]
    Unsigned,
    /// A rate limit is exceeded; the seconds to wait.
    #[error("too many requests; try again in {0} seconds")]
    TooMuch(u64),
    /// The status of a ticket was changed too often.
    #[error(
        "the limit of {STATUS_CHANGES_AN_HOUR} status changes within an hour is reached for this ticket; it can be \
         changed again in {0} seconds"
    )]
    TooManyStatusChanges(u64),
    /// The limit of customer messages per ticket is reached.
    #[error(
        "the limit of {CUSTOMER_MESSAGES_MAX} messages of yours in this ticket is reached; send a new ticket instead"
    )]
    TooManyMessages,
    /// The limit of mailed notes per ticket is reached.
    #[error("the limit of {MAILED_NOTES_MAX} notes by mail in this ticket is reached")]
    TooManyNotes,
    /// The request took too long.
    #[error("the request took too long")]
    Timeout,
    /// The database is locked by another writer.
    #[error("the gateway is busy; try again")]
    Busy,
    /// The gateway failed.
    #[error("internal error; see the gateway's log")]
    Internal,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.identity().0
    }

    /// The HTTP status and the code.
    fn identity(&self) -> (StatusCode, &'static str) {
        match self {
            Refusal::NotFound(_) => (StatusCode::NOT_FOUND, "not_found"),
            Refusal::UnknownSite(_) => (StatusCode::NOT_FOUND, "unknown_site"),
            Refusal::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Refusal::InvalidQuery(_) => (StatusCode::BAD_REQUEST, "invalid_query"),
            Refusal::InvalidJson(_) => (StatusCode::BAD_REQUEST, "invalid_json"),
            Refusal::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Refusal::UnsupportedMediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Refusal::TooLarge(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Refusal::UnsupportedType(_) | Refusal::BrokenFile(..) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_type")
            }
            Refusal::HeadTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
            Refusal::EmptyFile => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "empty_file"),
            Refusal::Torn => (StatusCode::BAD_REQUEST, "torn"),
            Refusal::MissingKey => (StatusCode::BAD_REQUEST, "missing_key"),
            Refusal::Unidentified => (StatusCode::UNAUTHORIZED, "unidentified"),
            Refusal::InvalidToken(error) => (StatusCode::UNAUTHORIZED, error.code()),
            Refusal::InvalidSession => (StatusCode::BAD_REQUEST, "invalid_session"),
            Refusal::InProgress => (StatusCode::CONFLICT, "in_progress"),
            Refusal::KeyReused => (StatusCode::CONFLICT, "key_reused"),
            Refusal::AttachmentsMissing(_) => (StatusCode::CONFLICT, "attachments_missing"),
            Refusal::Erased => (StatusCode::GONE, "erased"),
            Refusal::UploadQuota(_) => (StatusCode::TOO_MANY_REQUESTS, "upload_quota"),
            Refusal::StorageFull => (StatusCode::INSUFFICIENT_STORAGE, "storage_full"),
            Refusal::StorageUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "storage_unavailable"),
            Refusal::DiskFull => (StatusCode::INSUFFICIENT_STORAGE, "disk_full"),
            Refusal::TicketQuota(_) => (StatusCode::TOO_MANY_REQUESTS, "ticket_quota"),
            Refusal::TooManyUploads => (StatusCode::TOO_MANY_REQUESTS, "too_many_uploads"),
            Refusal::WrongCode(_) => (StatusCode::UNPROCESSABLE_ENTITY, "wrong_code"),
            Refusal::NoCode => (StatusCode::CONFLICT, "no_code"),
            Refusal::TooManyAttempts => (StatusCode::CONFLICT, "too_many_attempts"),
            Refusal::CodeTooSoon(_) => (StatusCode::TOO_MANY_REQUESTS, "code_too_soon"),
            Refusal::CodeQuota(_) => (StatusCode::TOO_MANY_REQUESTS, "code_quota"),
            Refusal::AddressBounced => (StatusCode::CONFLICT, "address_bounced"),
            Refusal::TooManyCodes => (StatusCode::CONFLICT, "too_many_codes"),
            Refusal::Unsigned => (StatusCode::UNAUTHORIZED, "unsigned"),
            Refusal::InvalidAddress => (StatusCode::FORBIDDEN, "invalid_address"),
            Refusal::TooMuch(_) => (StatusCode::TOO_MANY_REQUESTS, "too_much"),
            Refusal::TooManyStatusChanges(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_status_changes"),
            Refusal::TooManyMessages => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_messages"),
            Refusal::TooManyNotes => (StatusCode::UNPROCESSABLE_ENTITY, "too_many_notes"),
            Refusal::Timeout => (StatusCode::REQUEST_TIMEOUT, "timeout"),
            Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Refusal::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, code) = self.identity();
        let title = self.to_string();
        let retry_after = match self {
            Refusal::InProgress | Refusal::Busy => Some(1),
            Refusal::TooMuch(seconds)
            | Refusal::TooManyStatusChanges(seconds)
            | Refusal::CodeTooSoon(seconds)
            | Refusal::CodeQuota(seconds) => Some(seconds),
            Refusal::UploadQuota(exceeded) => Some(seconds_until(exceeded.until)),
            Refusal::TicketQuota(_) => Some(seconds_until(tomorrow(clock::now()))),
            Refusal::TooManyUploads => Some(UPLOADS_RETRY),
            Refusal::StorageUnavailable => Some(STORAGE_RETRY),
            Refusal::StorageFull | Refusal::DiskFull => Some(STORAGE_FULL_RETRY),
            _ => None,
        };
        let errors = match self {
            Refusal::Invalid(errors) | Refusal::AttachmentsMissing(errors) => errors,
            Refusal::InvalidJson(error) => vec![error],
            _ => Vec::new(),
        };
        let problem = Problem { status: status.as_u16(), code: code.into(), title, errors };
        let mut response = (status, Json(problem)).into_response();
        response.extensions_mut().insert(RefusalCode(code));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            // Without credentials there is no error in them (RFC 6750, 3.1).
            let value = if code == "unidentified" { "Bearer" } else { "Bearer error=\"invalid_token\"" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(value));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The seconds to wait, for `Retry-After`.
fn seconds_until(until: Timestamp) -> u64 {
    clock::left(until).as_secs().saturating_add(1)
}
