//! Every kind of problem document.

use std::fmt::Write;

use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use deskbell_core::ports::{SubmissionExceeded, SubmissionScope, Usage};
use deskbell_core::rules::upload_quotas::{Exceeded, Quota};
use domain::problem::FieldError;
use gateway::http::problem::Refusal;
use http_body_util::BodyExt;
use identity::{ClaimError, TokenError};

use crate::snapshot;
use crate::support::Answer;

/// One refusal of each kind.
fn refusals() -> Vec<Refusal> {
    let limit = Usage { bytes: 1_000_000, files: 20 };
    let until = "2126-11-28T00:00:00Z".parse().unwrap();
    let field = || FieldError { pointer: "/contact/email".into(), detail: "is no address".into() };
    let tokens = [
        TokenError::NoBearer,
        TokenError::TooLong,
        TokenError::Malformed("it has no three parts"),
        TokenError::NoSigners,
        TokenError::UnknownKey("k-2".into()),
        TokenError::MissingKid,
        TokenError::KeysUnavailable,
        TokenError::Algorithm("HS256".into()),
        TokenError::NoAlgorithm("HS256".into()),
        TokenError::Signature,
        TokenError::Audience { found: "\"other\"".into(), expected: "\"acme\"".into() },
        TokenError::Issuer { found: "\"other\"".into(), expected: "acme".into() },
        TokenError::Expired(184),
        TokenError::NotYetValid(184),
        TokenError::Lifetime { beyond: 60, allowed: 900, issued: Some((0, 960)) },
        TokenError::Claim(ClaimError::NoId),
    ];
    let mut refusals: Vec<Refusal> = tokens.into_iter().map(Refusal::InvalidToken).collect();
    refusals.extend([
        Refusal::NotFound("; you have no such ticket".into()),
        Refusal::UnknownSite("acme".into()),
        Refusal::MethodNotAllowed,
        Refusal::InvalidQuery("limit is 0; use 1 to 100".into()),
        Refusal::InvalidJson(FieldError { pointer: String::new(), detail: "EOF while parsing at line 1".into() }),
        Refusal::Invalid(vec![field()]),
        Refusal::UnsupportedMediaType,
        Refusal::UnsupportedType("this is a video; allowed are PNG and JPEG".into()),
        Refusal::EmptyFile,
        Refusal::BrokenFile("JPEG", "it ends too early"),
        Refusal::TooLarge(196_608),
        Refusal::HeadTooLarge,
        Refusal::Torn,
        Refusal::MissingKey,
        Refusal::InvalidSession,
        Refusal::Unidentified,
        Refusal::InProgress,
        Refusal::KeyReused,
        Refusal::AttachmentsMissing(vec![field()]),
        Refusal::Erased,
        Refusal::UploadQuota(Exceeded { quota: Quota::Unsent, limit, until }),
        Refusal::TicketQuota(SubmissionExceeded { scope: SubmissionScope::Network, limit }),
        Refusal::TicketQuota(SubmissionExceeded { scope: SubmissionScope::Site, limit }),
        Refusal::TooManyUploads,
        Refusal::DiskFull,
        Refusal::StorageFull,
        Refusal::StorageUnavailable,
        Refusal::InvalidAddress,
        Refusal::WrongCode(3),
        Refusal::NoCode,
        Refusal::TooManyAttempts,
        Refusal::CodeTooSoon(30),
        Refusal::CodeQuota(3600),
        Refusal::AddressBounced,
        Refusal::TooManyCodes,
        Refusal::Unsigned,
        Refusal::TooMuch(7),
        Refusal::TooManyStatusChanges(60),
        Refusal::TooManyMessages,
        Refusal::TooManyNotes,
        Refusal::Timeout,
        Refusal::Busy,
        Refusal::Internal,
    ]);
    refusals
}

/// Does not compile if a kind is added; add it to [`refusals`] as well.
fn assert_known(refusal: &Refusal) {
    match refusal {
        Refusal::NotFound(_)
        | Refusal::UnknownSite(_)
        | Refusal::MethodNotAllowed
        | Refusal::InvalidQuery(_)
        | Refusal::InvalidJson(_)
        | Refusal::Invalid(_)
        | Refusal::UnsupportedMediaType
        | Refusal::UnsupportedType(_)
        | Refusal::EmptyFile
        | Refusal::BrokenFile(..)
        | Refusal::TooLarge(_)
        | Refusal::HeadTooLarge
        | Refusal::Torn
        | Refusal::MissingKey
        | Refusal::InvalidSession
        | Refusal::Unidentified
        | Refusal::InvalidToken(_)
        | Refusal::InProgress
        | Refusal::KeyReused
        | Refusal::AttachmentsMissing(_)
        | Refusal::Erased
        | Refusal::UploadQuota(_)
        | Refusal::TicketQuota(_)
        | Refusal::TooManyUploads
        | Refusal::DiskFull
        | Refusal::StorageFull
        | Refusal::StorageUnavailable
        | Refusal::InvalidAddress
        | Refusal::WrongCode(_)
        | Refusal::NoCode
        | Refusal::TooManyAttempts
        | Refusal::CodeTooSoon(_)
        | Refusal::CodeQuota(_)
        | Refusal::AddressBounced
        | Refusal::TooManyCodes
        | Refusal::Unsigned
        | Refusal::TooMuch(_)
        | Refusal::TooManyStatusChanges(_)
        | Refusal::TooManyMessages
        | Refusal::TooManyNotes
        | Refusal::Timeout
        | Refusal::Busy
        | Refusal::Internal => {}
    }
}

#[tokio::test]
async fn problem_documents_are_unchanged() {
    let mut text = String::new();
    for refusal in refusals() {
        assert_known(&refusal);
        let is_timed = matches!(refusal, Refusal::UploadQuota(_) | Refusal::TicketQuota(_));
        let (mut parts, body) = refusal.into_response().into_parts();
        if is_timed {
            // The seconds until a quota is free again.
            assert!(parts.headers.contains_key(header::RETRY_AFTER));
            parts.headers.insert(header::RETRY_AFTER, HeaderValue::from_static("[seconds]"));
        }
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = Answer { status: parts.status, headers: parts.headers, body };
        writeln!(text, "{}\n", snapshot::written(&answer)).unwrap();
    }
    snapshot::check_fixed("problems", &text);
}
