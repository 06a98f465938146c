//! What becomes of a delivery after an attempt, and how long a destination that fails is left alone.

use std::mem::take;
use std::time::Duration;

use super::states::DestinationState;
use crate::attempt_counts::AttemptResult;
use crate::ids::DeliveryId;
use crate::ports::destination::{DeliveryReceipt, Failure};
use crate::ports::{Delivery, DeliveryOutcome, DueDelivery};
use crate::random;
use crate::rules::backoff;
use crate::timestamp::Timestamp;

/// The longest backoff of an unreachable destination that gives no time itself.
const UNREACHABLE_BACKOFF_MAX: Duration = Duration::from_secs(60);
/// How many attempts must fail in a row before the destination counts as unreachable.
const STREAK: usize = 3;
/// How long a delivery is retried before it becomes a dead letter.
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// The failures since the last success.
#[derive(Debug, Default)]
pub struct Streak {
    /// How many.
    pub failures: u32,
    /// The ids of the deliveries that were blamed for them.
    blamed: Vec<DeliveryId>,
    /// The end of the backoff.
    pub until: Option<Timestamp>,
    /// Whether the destination gave this time itself.
    pub was_requested: bool,
    /// The ids of deliveries that were blamed for failures of the destination.
    pub recovered: Vec<DeliveryId>,
}

/// The outcome of an attempt.
pub fn judge(
    streak: &mut Streak,
    delivery: &Delivery,
    result: &Result<DeliveryReceipt, Failure>,
    now: Timestamp,
) -> DeliveryOutcome {
    match result {
        Ok(DeliveryReceipt { external_id, external, not_delivered: reason }) => DeliveryOutcome::Delivered {
            external_id: external_id.clone(),
            external: external.clone(),
            reason: reason.join("\n"),
        },
        Err(Failure::Never(reason)) => DeliveryOutcome::DeadLetter { reason: reason.clone() },
        Err(Failure::TooLarge(reason)) => judge_later(delivery, reason, None, now),
        Err(Failure::Later { reason, after }) => judge_later(delivery, reason, *after, now),
        Err(Failure::Away { reason, after }) => {
            streak.failures = streak.failures.saturating_add(1);
            leave_alone(streak, *after, now);
            // Its position in the queue stays the same.
            let over = delivery.created_at + GIVE_UP_AFTER < now;
            match over {
                true => DeliveryOutcome::DeadLetter { reason: reason.clone() },
                false => DeliveryOutcome::Retry { after: None, blamed: false, reason: reason.clone() },
            }
        }
    }
}

/// The outcome of a delivery that failed by itself: retried, or a dead letter after a time.
fn judge_later(delivery: &Delivery, reason: &str, after: Option<Duration>, now: Timestamp) -> DeliveryOutcome {
    let since = delivery.created_at;
    let Some(retry_at) = backoff::next_attempt_at(delivery.failures + 1, since, GIVE_UP_AFTER, now, random::jitter())
    else {
        return DeliveryOutcome::DeadLetter { reason: reason.into() };
    };
    let after = Some(retry_at.since(now).max(after.unwrap_or_default()));
    DeliveryOutcome::Retry { after, blamed: true, reason: reason.into() }
}

/// What became of an attempt.
pub fn result_of(outcome: &DeliveryOutcome) -> AttemptResult {
    match outcome {
        DeliveryOutcome::Delivered { .. } => AttemptResult::Delivered,
        DeliveryOutcome::Retry { .. } => AttemptResult::Retry,
        DeliveryOutcome::DeadLetter { .. } => AttemptResult::DeadLetter,
    }
}

/// Updates the state of the destination after an attempt, counts it and logs it.
pub fn note_outcome(
    state: &DestinationState,
    streak: &mut Streak,
    due: &DueDelivery,
    outcome: &DeliveryOutcome,
    now: Timestamp,
) {
    let DueDelivery { delivery: Delivery { site, destination, id, .. }, ticket, .. } = due;
    let reference = ticket.reference.as_str();
    state.attempts.add(result_of(outcome));
    match outcome {
        DeliveryOutcome::Retry { blamed: true, reason, after } => {
            let attempt = due.delivery.attempts;
            let retry_in = after.unwrap_or_default();
            tracing::warn!(
                site = site.as_str(),
                destination = destination.as_str(),
                reference,
                attempt,
                ?retry_in,
                error = reason,
                "delivery failed"
            );
            streak.failures = streak.failures.saturating_add(1);
            streak.blamed.push(*id);
            if streak.blamed.len() >= STREAK {
                leave_alone(streak, None, now);
                state.leave_alone(reason.clone(), streak.until);
            }
            return;
        }
        DeliveryOutcome::Retry { reason, .. } => {
            tracing::warn!(
                site = site.as_str(),
                destination = destination.as_str(),
                error = reason,
                "destination unreachable"
            );
            state.leave_alone(reason.clone(), streak.until);
            return;
        }
        DeliveryOutcome::DeadLetter { reason } => {
            tracing::error!(
                site = site.as_str(),
                destination = destination.as_str(),
                reference,
                error = reason,
                "delivery dead"
            );
            if state.unreachable().is_some() {
                return;
            }
        }
        DeliveryOutcome::Delivered { reason, .. } if !reason.is_empty() => {
            tracing::warn!(
                site = site.as_str(),
                destination = destination.as_str(),
                reference,
                left_out = reason,
                "delivered in part"
            );
        }
        DeliveryOutcome::Delivered { external_id, .. } => {
            tracing::info!(
                site = site.as_str(),
                destination = destination.as_str(),
                reference,
                external_id,
                "delivered"
            )
        }
    }
    if state.unreachable().is_some() {
        tracing::info!(site = site.as_str(), destination = destination.as_str(), "destination reachable");
    }
    let blamed = take(&mut streak.blamed);
    if blamed.len() >= STREAK {
        streak.recovered.extend(blamed);
    }
    // Attempts that ran at the same time as the refused one do not count for the backoff.
    streak.failures = 0;
    if !streak.was_requested {
        streak.until = None;
    }
    state.set_unreachable(None);
}

/// Backs off from the destination: for the time that it gives, or else for a growing time.
fn leave_alone(streak: &mut Streak, after: Option<Duration>, now: Timestamp) {
    let pause = after.unwrap_or_else(|| backoff::pause(streak.failures, UNREACHABLE_BACKOFF_MAX, random::jitter()));
    streak.until = streak.until.max(Some(now + pause));
    streak.was_requested |= after.is_some();
}
