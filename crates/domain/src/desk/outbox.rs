//! The rules of the outbox: what is sent when, and by whom.

use super::draft::Target;
use super::ids::{CustomerId, Time};
use super::submission::{Cause, Submission};

/// The most submissions on a device. If there are more, nothing else can be sent off, and drafts stay drafts.
pub const OUTBOX_MAX: usize = 100;
/// The most submissions that are sent in the background at once. What a customer waits for is sent besides.
pub const IN_BACKGROUND_MAX: usize = 3;
/// A submission that has waited longer is sent only after the customer has confirmed it.
pub const CONFIRM_AFTER_MS: u64 = 86_400_000;
/// How long to wait for a lock that another tab holds. A tab that is suspended may hold it for ever; two tabs that send at once send the same
/// bytes under the same key.
pub const LOCK_LIMIT_MS: u64 = 30_000;

const PAUSE_MS: u64 = 2_000;
const PAUSE_MAX_MS: u64 = 300_000;
/// The pause if the gateway wants a submission later and does not say when.
const BUSY_PAUSE_MS: u64 = 30_000;

/// The pause before the next attempt, in milliseconds: growing with each attempt, with jitter, and never shorter than the gateway wants.
/// `chance` is any number, `attempts` how many were made before.
pub fn pause(cause: Cause, attempts: u32, retry_after_ms: u64, chance: u64) -> u64 {
    let part = chance % 1000;
    match cause {
        Cause::Unsure => 0,
        Cause::Busy | Cause::NoRoom | Cause::StorageFull => {
            let base_pause = if retry_after_ms > 0 { retry_after_ms } else { BUSY_PAUSE_MS };
            base_pause.saturating_add(part)
        }
        _ => {
            let full = PAUSE_MS.saturating_mul(1 << attempts.min(20)).min(PAUSE_MAX_MS);
            (full / 2 + full / 2 * part / 1000).max(retry_after_ms)
        }
    }
}

/// The time until a submission is due, in milliseconds. A clock that was set back does not prolong it.
pub fn wait(submission: &Submission, now: Time) -> u64 {
    let left = submission.due_at.since(now);
    if left > submission.pause_ms { 0 } else { left }
}

/// Whether a submission has waited so long that the customer has to confirm it.
pub fn needs_confirmation(submission: &Submission, now: Time) -> bool {
    now.since(submission.submitted_at.max(submission.confirmed_at)) >= CONFIRM_AFTER_MS
}

/// Whether a submission is sent without a word of the customer.
pub fn is_sent_automatically(submission: &Submission, customer: &CustomerId, now: Time) -> bool {
    submission.refusal.is_none()
        && submission.cause != Some(Cause::Unsure)
        && !needs_confirmation(submission, now)
        && may_be_sent_for(submission, customer)
}

/// Whether a submission can be sent while `customer` uses the page. A ticket of somebody else goes without their token; a reply waits for them,
/// because only they can open its ticket.
pub fn may_be_sent_for(submission: &Submission, customer: &CustomerId) -> bool {
    submission.target == Target::NewTicket || !submission.is_signed || submission.owner == *customer
}
