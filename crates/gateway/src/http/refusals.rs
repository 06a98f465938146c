//! Maps the errors of each use case to responses.

use super::problem::Refusal;
use deskbell_core::json::JsonError;
use deskbell_core::ports::destination::InboundEventError;
use deskbell_core::ports::{FileError, RetryAfter};
use deskbell_core::ports::{StoreError, TicketLimit};
use deskbell_core::use_cases::access::{ReaderError, RequestLinkError};
use deskbell_core::use_cases::attachments::{MissingFiles, ReadFileError, StoreFileError};
use deskbell_core::use_cases::delivery::{BlockingError, InboundMailError};
use deskbell_core::use_cases::inbound::HookError;
use deskbell_core::use_cases::incidents::ReportAffectedError;
use deskbell_core::use_cases::tickets::{
    AmendTicketError, FindTicketError, QuotaError, ReplyError, SimilarTicketsError, TakeSupportMailError,
    TakeTicketError,
};
use deskbell_core::use_cases::tickets::{ConfirmAddressError, RequestCodeError};
use domain::problem::FieldError;
use identity::IdentityError;

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        tracing::error!(%error, "store failed");
        match error {
            // A request that writes has a key, so that it can be repeated.
            StoreError::Busy | StoreError::CommitUnknown(_) => Refusal::Busy,
            StoreError::Full => Refusal::DiskFull,
            _ => Refusal::Internal,
        }
    }
}

impl From<JsonError> for Refusal {
    fn from(error: JsonError) -> Refusal {
        match error {
            JsonError::Malformed(error) => Refusal::InvalidJson(error),
            JsonError::Mismatched(error) => Refusal::Invalid(vec![error]),
        }
    }
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Refusal {
        match error {
            IdentityError::InvalidSession => Refusal::InvalidSession,
            IdentityError::InvalidToken(error) => Refusal::InvalidToken(error),
        }
    }
}

impl From<RetryAfter> for Refusal {
    fn from(RetryAfter(wait): RetryAfter) -> Refusal {
        Refusal::TooMuch(wait.as_millis().div_ceil(1000).clamp(1, 3600) as u64)
    }
}

impl From<TicketLimit> for Refusal {
    fn from(limit: TicketLimit) -> Refusal {
        match limit {
            TicketLimit::Messages => Refusal::TooManyMessages,
            TicketLimit::MailedNotes => Refusal::TooManyNotes,
            TicketLimit::StatusChanges { wait } => Refusal::TooManyStatusChanges(wait.as_secs().max(1)),
        }
    }
}

impl From<QuotaError> for Refusal {
    fn from(error: QuotaError) -> Refusal {
        match error {
            QuotaError::DiskFull => Refusal::DiskFull,
            QuotaError::Exceeded(exceeded) => Refusal::TicketQuota(exceeded),
        }
    }
}

impl From<MissingFiles> for Refusal {
    fn from(missing: MissingFiles) -> Refusal {
        Refusal::AttachmentsMissing(missing.errors())
    }
}

impl From<TakeTicketError> for Refusal {
    fn from(error: TakeTicketError) -> Refusal {
        match error {
            TakeTicketError::Json(error) => error.into(),
            TakeTicketError::Invalid(errors) => Refusal::Invalid(errors),
            TakeTicketError::InProgress => Refusal::InProgress,
            TakeTicketError::KeyReused => Refusal::KeyReused,
            TakeTicketError::Erased => Refusal::Erased,
            TakeTicketError::MissingFiles(missing) => missing.into(),
            TakeTicketError::RateLimited(wait) => wait.into(),
            TakeTicketError::Quota(error) => error.into(),
            TakeTicketError::NoReference => Refusal::Internal,
            TakeTicketError::Store(error) => error.into(),
        }
    }
}

impl From<ReaderError> for Refusal {
    fn from(error: ReaderError) -> Refusal {
        match error {
            ReaderError::Unidentified => Refusal::Unidentified,
            ReaderError::Store(error) => error.into(),
        }
    }
}

impl From<FindTicketError> for Refusal {
    fn from(error: FindTicketError) -> Refusal {
        match error {
            FindTicketError::NoTicket => Refusal::NotFound("; you have no such ticket".into()),
            FindTicketError::Store(error) => error.into(),
        }
    }
}

impl From<SimilarTicketsError> for Refusal {
    fn from(error: SimilarTicketsError) -> Refusal {
        match error {
            SimilarTicketsError::Json(error) => error.into(),
            SimilarTicketsError::Comparison => Refusal::Internal,
            SimilarTicketsError::Store(error) => error.into(),
        }
    }
}

impl From<ReplyError> for Refusal {
    fn from(error: ReplyError) -> Refusal {
        match error {
            ReplyError::Find(error) => error.into(),
            ReplyError::Json(error) => error.into(),
            ReplyError::Invalid(errors) => Refusal::Invalid(errors),
            ReplyError::KeyReused => Refusal::KeyReused,
            ReplyError::MissingFiles(missing) => missing.into(),
            ReplyError::RateLimited(wait) => wait.into(),
            ReplyError::Quota(error) => error.into(),
            ReplyError::Limit(limit) => limit.into(),
            ReplyError::NotStored => Refusal::Internal,
            ReplyError::Store(error) => error.into(),
        }
    }
}

impl From<AmendTicketError> for Refusal {
    fn from(error: AmendTicketError) -> Refusal {
        match error {
            AmendTicketError::Find(error) => error.into(),
            AmendTicketError::Json(error) => error.into(),
            AmendTicketError::Limit(limit) => limit.into(),
            AmendTicketError::Store(error) => error.into(),
        }
    }
}

impl From<ConfirmAddressError> for Refusal {
    fn from(error: ConfirmAddressError) -> Refusal {
        match error {
            ConfirmAddressError::Find(error) => error.into(),
            ConfirmAddressError::Json(error) => error.into(),
            ConfirmAddressError::WrongCode { attempts_left } => Refusal::WrongCode(attempts_left),
            ConfirmAddressError::NoCode => Refusal::NoCode,
            ConfirmAddressError::TooManyAttempts => Refusal::TooManyAttempts,
            ConfirmAddressError::Store(error) => error.into(),
        }
    }
}

impl From<RequestCodeError> for Refusal {
    fn from(error: RequestCodeError) -> Refusal {
        match error {
            RequestCodeError::Find(error) => error.into(),
            RequestCodeError::TooSoon { seconds } => Refusal::CodeTooSoon(seconds),
            RequestCodeError::QuotaUsedUp { seconds } => Refusal::CodeQuota(seconds),
            RequestCodeError::TooManyCodes => Refusal::TooManyCodes,
            RequestCodeError::Bounced => Refusal::AddressBounced,
            RequestCodeError::Store(error) => error.into(),
        }
    }
}

impl From<RequestLinkError> for Refusal {
    fn from(error: RequestLinkError) -> Refusal {
        match error {
            RequestLinkError::NotOffered => Refusal::NotFound("; this site mails no links".into()),
            RequestLinkError::NoAddress => {
                let detail = "is not an e-mail address such as name@example.com".into();
                Refusal::Invalid(vec![FieldError { pointer: "/email".into(), detail }])
            }
            RequestLinkError::Store(error) => error.into(),
        }
    }
}

impl From<ReportAffectedError> for Refusal {
    fn from(error: ReportAffectedError) -> Refusal {
        match error {
            ReportAffectedError::NoIncident => Refusal::NotFound("; no such incident, or it is over".into()),
            ReportAffectedError::Store(error) => error.into(),
        }
    }
}

impl From<StoreFileError> for Refusal {
    fn from(error: StoreFileError) -> Refusal {
        match error {
            StoreFileError::Unidentified => Refusal::Unidentified,
            StoreFileError::NotYours => no_file(),
            StoreFileError::Quota(exceeded) => Refusal::UploadQuota(exceeded),
            StoreFileError::TooManyUploads => Refusal::TooManyUploads,
            StoreFileError::DiskFull => Refusal::StorageFull,
            StoreFileError::RateLimited(wait) => wait.into(),
            StoreFileError::TooLarge(max) => Refusal::TooLarge(max),
            StoreFileError::Incomplete => Refusal::Torn,
            StoreFileError::TooSlow => Refusal::Timeout,
            StoreFileError::Empty => Refusal::EmptyFile,
            StoreFileError::UnsupportedType(allowed) => Refusal::UnsupportedType(allowed),
            StoreFileError::Broken { media, reason } => Refusal::BrokenFile(media, reason),
            StoreFileError::Unavailable => Refusal::StorageUnavailable,
            StoreFileError::File(_) | StoreFileError::Internal => Refusal::Internal,
            StoreFileError::Store(error) => error.into(),
        }
    }
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Refusal {
        match error {
            FileError::Unavailable(_) => Refusal::StorageUnavailable,
            // Its row exists.
            FileError::NotFound | FileError::Full | FileError::Io(_) => Refusal::Internal,
        }
    }
}

impl From<ReadFileError> for Refusal {
    fn from(error: ReadFileError) -> Refusal {
        match error {
            ReadFileError::InvalidAddress => Refusal::InvalidAddress,
            ReadFileError::NotFound => no_file(),
            ReadFileError::Store(error) => error.into(),
        }
    }
}

/// The same whether it does not exist or belongs to somebody else.
fn no_file() -> Refusal {
    Refusal::NotFound("; you have no such file".into())
}

impl From<InboundEventError> for Refusal {
    fn from(reason: InboundEventError) -> Refusal {
        match reason {
            InboundEventError::NoHook => Refusal::NotFound(format!(": {reason}")),
            InboundEventError::Unsigned => Refusal::Unsigned,
            InboundEventError::Unreadable(detail) => {
                Refusal::InvalidJson(FieldError { pointer: String::new(), detail: detail.into() })
            }
        }
    }
}

impl From<BlockingError> for Refusal {
    fn from(_: BlockingError) -> Refusal {
        Refusal::Internal
    }
}

impl From<InboundMailError> for Refusal {
    fn from(error: InboundMailError) -> Refusal {
        match error {
            InboundMailError::Reading(error) => error.into(),
            InboundMailError::Store(error) => error.into(),
        }
    }
}

impl From<TakeSupportMailError> for Refusal {
    fn from(error: TakeSupportMailError) -> Refusal {
        match error {
            TakeSupportMailError::Reading(error) => error.into(),
            TakeSupportMailError::Ticket(error) => error.into(),
            TakeSupportMailError::NoRandomness(_) => Refusal::Internal,
        }
    }
}

impl From<HookError> for Refusal {
    fn from(error: HookError) -> Refusal {
        match error {
            HookError::NoTicket => Refusal::NotFound("; no such ticket".into()),
            HookError::Limit(limit) => limit.into(),
            HookError::Mail(error) => error.into(),
            HookError::Support(error) => error.into(),
            HookError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn equal_failures_have_equal_statuses_in_every_use_case() {
        let no_ticket: [Refusal; 4] = [
            FindTicketError::NoTicket.into(),
            ReplyError::from(FindTicketError::NoTicket).into(),
            AmendTicketError::from(FindTicketError::NoTicket).into(),
            RequestCodeError::from(FindTicketError::NoTicket).into(),
        ];
        assert_eq!(no_ticket.map(|refusal| refusal.status().as_u16()), [404; 4]);
        let busy: [Refusal; 5] = [
            TakeTicketError::from(StoreError::Busy).into(),
            TakeTicketError::from(StoreError::CommitUnknown("broken pipe".into())).into(),
            StoreFileError::from(StoreError::Busy).into(),
            HookError::from(InboundMailError::from(StoreError::Busy)).into(),
            ReaderError::from(StoreError::Busy).into(),
        ];
        assert_eq!(busy.map(|refusal| refusal.status().as_u16()), [503; 5]);
    }

    #[test]
    fn retry_after_is_at_least_one_whole_second() {
        for (millis, seconds) in [(0, 1), (1, 1), (1000, 1), (1001, 2), (7_200_000, 3600)] {
            let refusal = Refusal::from(RetryAfter(Duration::from_millis(millis)));
            assert!(
                matches!(refusal, Refusal::TooMuch(retry_after) if retry_after == seconds),
                "{millis}: {refusal:?}"
            );
        }
    }
}
