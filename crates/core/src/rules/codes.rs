//! Whether a code confirms an address, and whether another code may be sent.

use crate::ports::{ClaimedAddress, CodeCheck, CodeRequest};

/// How many codes may be entered before a new one is needed.
pub const ATTEMPTS_MAX: u32 = 5;
/// How many codes are sent for a ticket, including the one in the receipt.
pub const CODES_MAX: u32 = 5;

/// Checks a code entered for a claimed address. `is_code` tells whether it is the code with a number. A code sent before `oldest` (RFC 3339 in
/// UTC) has expired. The caller has to record [`CodeCheck::Wrong`] as an attempt; its count of remaining attempts already includes it.
pub fn check_code(claimed: &ClaimedAddress, oldest: &str, is_code: &dyn Fn(u32) -> bool) -> CodeCheck {
    if claimed.confirmed_at.is_some() {
        return CodeCheck::NotNeeded;
    }
    let is_expired = claimed.sent_at.as_deref().is_none_or(|sent| sent < oldest);
    if claimed.code == 0 || is_expired {
        return CodeCheck::NoneValid;
    }
    if claimed.attempts >= ATTEMPTS_MAX {
        return CodeCheck::TooManyAttempts;
    }
    if is_code(claimed.code) { CodeCheck::Confirmed } else { CodeCheck::Wrong(ATTEMPTS_MAX - claimed.attempts - 1) }
}

/// Why no further code is sent to a claimed address, apart from mail quotas; none if one may be sent. The last code must not have been sent
/// after `before` (RFC 3339 in UTC).
pub fn refuse_code(claimed: &ClaimedAddress, before: &str) -> Option<CodeRequest> {
    if claimed.confirmed_at.is_some() {
        return Some(CodeRequest::NotNeeded);
    }
    if claimed.bounced_at.is_some() {
        return Some(CodeRequest::Bounced);
    }
    if claimed.code >= CODES_MAX {
        return Some(CodeRequest::TooManyCodes);
    }
    let sent_at = claimed.sent_at.clone().filter(|sent| sent.as_str() > before)?;
    Some(CodeRequest::TooSoon { sent_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "2026-01-01";
    const SENT: &str = "2026-01-02";
    const AFTER: &str = "2026-01-03";

    fn claimed() -> ClaimedAddress {
        ClaimedAddress {
            address: "ada@example.com".into(),
            code: 2,
            sent_at: Some(SENT.into()),
            attempts: 0,
            confirmed_at: None,
            bounced_at: None,
        }
    }

    #[test]
    fn a_code_is_valid_until_its_time_or_its_attempts_are_over() {
        let check = |claimed: ClaimedAddress, oldest: &str| check_code(&claimed, oldest, &|code| code == 2);
        assert_eq!(check(claimed(), BEFORE), CodeCheck::Confirmed);
        assert_eq!(check(claimed(), AFTER), CodeCheck::NoneValid);
        assert_eq!(check(ClaimedAddress { sent_at: None, ..claimed() }, BEFORE), CodeCheck::NoneValid);
        assert_eq!(check(ClaimedAddress { code: 0, ..claimed() }, BEFORE), CodeCheck::NoneValid);
        assert_eq!(check(ClaimedAddress { code: 1, ..claimed() }, BEFORE), CodeCheck::Wrong(ATTEMPTS_MAX - 1));
        assert_eq!(check(ClaimedAddress { code: 1, attempts: 4, ..claimed() }, BEFORE), CodeCheck::Wrong(0));
        assert_eq!(check(ClaimedAddress { attempts: 5, ..claimed() }, BEFORE), CodeCheck::TooManyAttempts);
        let confirmed = ClaimedAddress { confirmed_at: Some(SENT.into()), ..claimed() };
        assert_eq!(check(confirmed, BEFORE), CodeCheck::NotNeeded);
    }

    #[test]
    fn another_code_is_sent_a_while_after_the_last_one_and_not_for_ever() {
        let refuse = |claimed: ClaimedAddress, before: &str| refuse_code(&claimed, before);
        assert_eq!(refuse(claimed(), AFTER), None);
        assert_eq!(refuse(claimed(), BEFORE), Some(CodeRequest::TooSoon { sent_at: SENT.into() }));
        assert_eq!(refuse(ClaimedAddress { sent_at: None, ..claimed() }, BEFORE), None);
        assert_eq!(refuse(ClaimedAddress { code: 5, ..claimed() }, AFTER), Some(CodeRequest::TooManyCodes));
        let bounced = ClaimedAddress { bounced_at: Some(SENT.into()), ..claimed() };
        assert_eq!(refuse(bounced, AFTER), Some(CodeRequest::Bounced));
        let confirmed = ClaimedAddress { confirmed_at: Some(SENT.into()), ..claimed() };
        assert_eq!(refuse(confirmed, AFTER), Some(CodeRequest::NotNeeded));
    }
}
