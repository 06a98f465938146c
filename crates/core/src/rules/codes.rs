//! How an address is confirmed, by a code or by the host, and whether another code may be sent.

use std::time::Duration;

use super::address::exact_address;
use crate::ports::{
    Activity, ActivityKind, Change, ClaimedAddress, CodeCheck, CodeRequest, Confirmation, ConfirmationChange,
    CurrentTicket, Decision, NewDelivery,
};

/// How many codes may be entered before a new one is needed.
pub const ATTEMPTS_MAX: u32 = 5;
/// How many codes are sent for a ticket, including the one in the receipt.
pub const CODES_MAX: u32 = 5;

/// The change of a ticket for which a code was entered, and the result. `is_code` tells whether it is the code with a number. A code expires
/// after `life`. The deliveries are made if the code is correct.
pub fn enter_code(
    current: &CurrentTicket,
    life: Duration,
    is_code: &dyn Fn(u32) -> bool,
    deliveries: &[NewDelivery],
) -> (CodeCheck, Decision) {
    let Some(claimed) = &current.claimed_address else { return (CodeCheck::NotNeeded, Decision::Nothing) };
    let check = check_code(claimed, life, is_code);
    let decision = match check {
        CodeCheck::Confirmed => confirmed(current, claimed, deliveries).into(),
        CodeCheck::Wrong(_) => {
            Change { confirmation: Some(ConfirmationChange::WrongCode), ..current.unchanged() }.into()
        }
        CodeCheck::NotNeeded | CodeCheck::NoneValid | CodeCheck::TooManyAttempts => Decision::Nothing,
    };
    (check, decision)
}

/// The change of a ticket whose customer has signed in with an address that the host has verified: it confirms the claimed address if that is
/// the same.
pub fn confirm_signed(current: &CurrentTicket, signed_address: &str, deliveries: &[NewDelivery]) -> Decision {
    let claimed = current.claimed_address.as_ref().filter(|claimed| is_same_address(&claimed.address, signed_address));
    claimed.map_or(Decision::Nothing, |claimed| confirmed(current, claimed, deliveries).into())
}

/// Whether one address proves the other: both are written the same. Another tag, as in `ada+shop@…`, may be another mailbox, to which answers
/// would be mailed without a proof that the customer reads it.
pub fn is_same_address(one: &str, other: &str) -> bool {
    exact_address(one) == exact_address(other)
}

fn confirmed(current: &CurrentTicket, claimed: &ClaimedAddress, deliveries: &[NewDelivery]) -> Change {
    let text = claimed.address.clone();
    let activity = Activity { actor: String::new(), kind: ActivityKind::Confirmed, text, at: current.now };
    let mut change = Change {
        activity: Some(activity),
        deliveries: deliveries.to_vec(),
        confirmation: Some(ConfirmationChange::Confirmed),
        ..current.unchanged()
    };
    change.ticket.handling.confirmation = Confirmation::Confirmed;
    change
}

/// Checks a code entered for a claimed address. The count of remaining attempts includes this one.
fn check_code(claimed: &ClaimedAddress, life: Duration, is_code: &dyn Fn(u32) -> bool) -> CodeCheck {
    if claimed.confirmed_at.is_some() {
        return CodeCheck::NotNeeded;
    }
    if !has_valid_code(claimed, life) {
        return CodeCheck::NoneValid;
    }
    if claimed.attempts >= ATTEMPTS_MAX {
        return CodeCheck::TooManyAttempts;
    }
    if is_code(claimed.code) { CodeCheck::Confirmed } else { CodeCheck::Wrong(ATTEMPTS_MAX - claimed.attempts - 1) }
}

/// Whether a code was sent that has not expired.
pub fn has_valid_code(claimed: &ClaimedAddress, life: Duration) -> bool {
    claimed.code > 0 && claimed.code_age.is_some_and(|age| age <= life)
}

/// Why no further code is sent to a claimed address, apart from mail quotas; none if one may be sent. `pause` is the time between two codes.
pub fn refuse_code(claimed: &ClaimedAddress, pause: Duration) -> Option<CodeRequest> {
    if claimed.confirmed_at.is_some() {
        return Some(CodeRequest::NotNeeded);
    }
    if claimed.bounced_at.is_some() {
        return Some(CodeRequest::Bounced);
    }
    if claimed.code >= CODES_MAX {
        return Some(CodeRequest::TooManyCodes);
    }
    let wait = claimed.code_age.map(|age| pause.saturating_sub(age)).filter(|wait| !wait.is_zero())?;
    Some(CodeRequest::TooSoon { wait })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{stored, time};
    use crate::ports::DeliveryKind;

    const SENT: &str = "2026-01-02T00:00:00.000Z";
    const AGE: Duration = Duration::from_secs(60);
    const LONGER: Duration = Duration::from_secs(61);
    const SHORTER: Duration = Duration::from_secs(59);

    fn claimed() -> ClaimedAddress {
        ClaimedAddress {
            address: "ada@example.com".into(),
            code: 2,
            sent_at: Some(time(SENT)),
            code_age: Some(AGE),
            attempts: 0,
            confirmed_at: None,
            bounced_at: None,
        }
    }

    fn current(claimed_address: Option<ClaimedAddress>) -> CurrentTicket {
        let mut ticket = stored();
        if claimed_address.is_some() {
            ticket.handling.confirmation = Confirmation::Awaited { withheld: 1, first: 2, code_sent: true };
        }
        CurrentTicket {
            ticket,
            now: time(SENT),
            last_message: 2,
            customer_messages: 0,
            mailed_notes: 0,
            customer_status_changes: Vec::new(),
            claimed_address,
        }
    }

    /// What a decision does to the claimed address, with the confirmation after it and the numbers of activities and deliveries.
    fn effect(decision: Decision) -> Option<(ConfirmationChange, Confirmation, usize, usize)> {
        let Decision::Write(change) = decision else { return None };
        let after = change.ticket.handling.confirmation;
        Some((change.confirmation?, after, change.activity.iter().count(), change.deliveries.len()))
    }

    #[test]
    fn a_code_confirms_the_address_or_counts_as_an_attempt() {
        let deliveries = [NewDelivery { destination: "desk".into(), kind: DeliveryKind::Confirmed }];
        let enter = |claimed: Option<ClaimedAddress>, number: u32| {
            let (check, decision) = enter_code(&current(claimed), AGE, &|code| code == number, &deliveries);
            (check, effect(decision))
        };
        let confirmed = Some((ConfirmationChange::Confirmed, Confirmation::Confirmed, 1, 1));
        assert_eq!(enter(Some(claimed()), 2), (CodeCheck::Confirmed, confirmed));
        let awaited = current(Some(claimed())).ticket.handling.confirmation;
        assert_eq!(
            enter(Some(claimed()), 3),
            (CodeCheck::Wrong(ATTEMPTS_MAX - 1), Some((ConfirmationChange::WrongCode, awaited, 0, 0)))
        );
        let many = ClaimedAddress { attempts: ATTEMPTS_MAX, ..claimed() };
        assert_eq!(enter(Some(many), 2), (CodeCheck::TooManyAttempts, None));
        assert_eq!(enter(None, 2), (CodeCheck::NotNeeded, None));
    }

    #[test]
    fn signing_in_confirms_the_same_address() {
        let confirm = |claimed, signed| effect(confirm_signed(&current(claimed), signed, &[]));
        let confirmed = Some((ConfirmationChange::Confirmed, Confirmation::Confirmed, 1, 0));
        assert_eq!(confirm(Some(claimed()), " ADA@example.com"), confirmed);
        for other in ["eve@example.com", "ada+x@example.com"] {
            assert_eq!(confirm(Some(claimed()), other), None, "{other}");
        }
        assert_eq!(confirm(None, "ada@example.com"), None);
    }

    #[test]
    fn codes_expire_with_time_and_with_attempts() {
        let check = |claimed: ClaimedAddress, life: Duration| check_code(&claimed, life, &|code| code == 2);
        assert_eq!(check(claimed(), AGE), CodeCheck::Confirmed);
        assert_eq!(check(claimed(), SHORTER), CodeCheck::NoneValid);
        assert_eq!(check(ClaimedAddress { code_age: None, ..claimed() }, AGE), CodeCheck::NoneValid);
        assert_eq!(check(ClaimedAddress { code: 0, ..claimed() }, AGE), CodeCheck::NoneValid);
        assert_eq!(check(ClaimedAddress { code: 1, ..claimed() }, AGE), CodeCheck::Wrong(ATTEMPTS_MAX - 1));
        assert_eq!(check(ClaimedAddress { code: 1, attempts: 4, ..claimed() }, AGE), CodeCheck::Wrong(0));
        assert_eq!(check(ClaimedAddress { attempts: 5, ..claimed() }, AGE), CodeCheck::TooManyAttempts);
        let confirmed = ClaimedAddress { confirmed_at: Some(time(SENT)), ..claimed() };
        assert_eq!(check(confirmed, AGE), CodeCheck::NotNeeded);
    }

    #[test]
    fn new_codes_have_a_pause_and_a_maximum() {
        let refuse = |claimed: ClaimedAddress, pause: Duration| refuse_code(&claimed, pause);
        assert_eq!(refuse(claimed(), AGE), None);
        assert_eq!(refuse(claimed(), LONGER), Some(CodeRequest::TooSoon { wait: Duration::from_secs(1) }));
        assert_eq!(refuse(ClaimedAddress { code_age: None, ..claimed() }, LONGER), None);
        assert_eq!(refuse(ClaimedAddress { code: 5, ..claimed() }, AGE), Some(CodeRequest::TooManyCodes));
        let bounced = ClaimedAddress { bounced_at: Some(time(SENT)), ..claimed() };
        assert_eq!(refuse(bounced, AGE), Some(CodeRequest::Bounced));
        let confirmed = ClaimedAddress { confirmed_at: Some(time(SENT)), ..claimed() };
        assert_eq!(refuse(confirmed, AGE), Some(CodeRequest::NotNeeded));
    }
}
