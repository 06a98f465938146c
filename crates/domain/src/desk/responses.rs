//! What a response, or none, means for a submission and for an attachment.

use wire::{Read, Source};

use super::attachment::{STOPPED, UploadOutcome};
use super::draft::Target;
use super::event::Answer;
use super::submission::Cause;
use crate::problem::Problem;

/// How a request ended.
#[derive(Clone, Debug, Default)]
pub struct Exchange {
    /// The HTTP status; 0 without a response that the page may read.
    pub status: u16,
    /// The body.
    pub text: String,
    /// `Retry-After` in seconds; 0 without it.
    pub retry_after: u32,
    /// Whether it had a token.
    pub has_token: bool,
    /// Whether it timed out.
    pub is_late: bool,
    /// Whether the browser considers itself online.
    pub is_online: bool,
    /// Whether a small request right after it reached the gateway, if that was tried.
    pub passes: bool,
    /// Whether the same request has failed before.
    pub is_repeated: bool,
}

impl Exchange {
    /// Whether a small request should be tried, to find out if something blocks only this one.
    pub fn is_suspicious(&self, answer: &Answer) -> bool {
        matches!(answer, Answer::Unknown { cause: Cause::Unreachable, .. }) && (self.status > 0 || self.is_repeated)
    }

    /// The gateway's problem document; none if something in between has responded.
    fn problem<S: Source>(&self) -> Option<Problem> {
        let body = S::parse(&self.text)?;
        let has = |name| body.get(name).as_text().is_some_and(|text| !text.is_empty());
        (has("code") && has("title")).then(|| Problem::read(&body))
    }

    /// The cause if something in between has responded.
    fn foreign(&self) -> Cause {
        if self.passes { Cause::Blocked } else { Cause::Unreachable }
    }

    /// The cause without a response.
    fn silence(&self) -> Cause {
        match self {
            Exchange { is_late: true, .. } => Cause::TimedOut,
            Exchange { is_online: false, .. } => Cause::Offline,
            Exchange { passes: true, is_repeated: true, .. } => Cause::Blocked,
            _ => Cause::Unreachable,
        }
    }

    fn retry_after_ms(&self) -> u64 {
        u64::from(self.retry_after) * 1000
    }
}

/// What the response to a submission means. `S` parses JSON.
pub fn answer<S: Source>(exchange: &Exchange, target: &Target) -> Answer {
    let unknown = |cause| Answer::Unknown { cause, retry_after_ms: exchange.retry_after_ms() };
    let problem = exchange.problem::<S>();
    let code = problem.as_ref().map(|problem| problem.code.as_str()).unwrap_or_default();
    match exchange.status {
        0 => unknown(exchange.silence()),
        200..300 if is_proof::<S>(&exchange.text, target) => Answer::Accepted { response: exchange.text.clone() },
        // A truncated body proves nothing; a retry with the same key will tell. An HTML page is from something in between, such as a login page.
        200..300 if is_page(&exchange.text) => unknown(exchange.foreign()),
        200..300 => unknown(Cause::Fault),
        409 if code == "attachments_missing" => Answer::AttachmentsMissing,
        // It concerns an attachment, whose message need not wait for it.
        _ if is_full(code) => problem.map_or(unknown(Cause::Fault), Answer::Refused),
        _ if code == "disk_full" => unknown(Cause::StorageFull),
        429 => Answer::RetryLater { retry_after_ms: exchange.retry_after_ms() },
        _ if code == "in_progress" => Answer::RetryLater { retry_after_ms: exchange.retry_after_ms().max(1000) },
        // It is sent again under another identity, which a reply has none of.
        401 if !code.is_empty() && (exchange.has_token || *target != Target::NewTicket) => Answer::Unauthorised,
        408 => unknown(Cause::TimedOut),
        511 => unknown(Cause::Unreachable),
        // Firewalls can be configured to respond with a status of no class.
        600.. => unknown(exchange.foreign()),
        400..500 => match problem {
            Some(problem) => Answer::Refused(problem),
            // A size limit or a rule of a firewall, and not the network.
            None if matches!(exchange.status, 403 | 413) => unknown(Cause::Blocked),
            // Something that requires a login lets nothing through.
            None if matches!(exchange.status, 401 | 407) => unknown(Cause::Unreachable),
            None => unknown(exchange.foreign()),
        },
        _ => unknown(Cause::Fault),
    }
}

/// Whether there is no room for an attachment at the moment.
fn is_full(code: &str) -> bool {
    matches!(code, "upload_quota" | "storage_full")
}

/// Whether a body proves that a submission is stored: a receipt with a reference, or a message with a number.
fn is_proof<S: Source>(text: &str, target: &Target) -> bool {
    let Some(body) = S::parse(text) else { return false };
    match target {
        Target::NewTicket => !body.text_of("reference").is_empty(),
        Target::Reply(_) => body.get("number").number() > 0.0,
    }
}

fn is_page(text: &str) -> bool {
    text.trim_ascii_start().starts_with('<')
}

/// What the response to an upload means. `S` parses JSON.
pub fn upload_outcome<S: Source>(exchange: &Exchange) -> UploadOutcome {
    let problem = exchange.problem::<S>();
    let code = problem.as_ref().map(|problem| problem.code.as_str()).unwrap_or_default();
    let retry_after_ms = exchange.retry_after_ms();
    match exchange.status {
        201 => {
            let has_metadata = S::parse(&exchange.text).is_some_and(|body| body.get("has_metadata").is_true());
            UploadOutcome::Uploaded { has_metadata }
        }
        _ if is_full(code) => UploadOutcome::NoRoom { retry_after_ms },
        429 => UploadOutcome::Busy { retry_after_ms },
        0 if !exchange.is_online => UploadOutcome::Unreachable,
        408 => UploadOutcome::Unreachable,
        ..500 if !code.is_empty() => UploadOutcome::Refused(code.into()),
        // It is something on the way that takes no file of this size.
        413 => UploadOutcome::Refused(STOPPED.into()),
        401 | 407 => UploadOutcome::Unreachable,
        _ if exchange.passes => UploadOutcome::Blocked,
        _ => UploadOutcome::Unreachable,
    }
}
