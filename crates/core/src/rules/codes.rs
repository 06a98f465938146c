//! Whether a code confirms an address, and whether another code may be sent.

use std::time::Duration;

use crate::ports::{ClaimedAddress, CodeCheck, CodeRequest};

/// How many codes may be entered before a new one is needed.
pub const ATTEMPTS_MAX: u32 = 5;
/// How many codes are sent for a ticket, including the one in the receipt.
pub const CODES_MAX: u32 = 5;

/// Checks a code entered for a claimed address. `is_code` tells whether it is the code with a number. A code expires after `life`. The caller
/// has to record [`CodeCheck::Wrong`] as an attempt; its count of remaining attempts already includes it.
pub fn check_code(claimed: &ClaimedAddress, life: Duration, is_code: &dyn Fn(u32) -> bool) -> CodeCheck {
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
    use crate::fixtures::time;

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
