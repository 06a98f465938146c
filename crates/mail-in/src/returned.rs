//! The meaning of a bounce for a mail to one address: whether it is lost, and whether the mailbox exists.

use super::bounce::{Bounce, EnhancedStatus, FailedRecipient, RecipientAction};
use crate::mailbox;
use crate::smtp_refusal::{Fault, explain};

/// The longest reason, in characters.
const REASON_MAX: usize = 200;

/// The outcome for a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did not arrive and will not.
    Returned {
        /// Whether the mailbox does not exist, so that no other mail arrives there either.
        is_address_dead: bool,
        /// The reason on one line: the code and the other server's reply.
        reason: String,
    },
    /// It has not arrived yet, or has arrived.
    OnItsWay,
}

/// The outcome of the mail to an address. A report may name another address if a server has forwarded the mail without keeping the original one
/// (RFC 3464, 2.3.1). Then the mail is lost, but nothing is known about the address.
pub fn outcome(bounce: &Bounce, address: &str) -> Outcome {
    let is_customer = |recipient: &&FailedRecipient| mailbox(&recipient.address) == mailbox(address);
    let is_named = bounce.recipients.iter().any(|recipient| is_customer(&recipient));
    let mut recipients = bounce.recipients.iter().filter(|recipient| !is_named || is_customer(recipient));
    match recipients.find(|recipient| recipient.action == RecipientAction::Failed) {
        Some(failed) => {
            let reason = reason(failed);
            Outcome::Returned { is_address_dead: is_named && is_address_dead(failed, &reason), reason }
        }
        None => Outcome::OnItsWay,
    }
}

/// Whether the address is dead, by the same rules as for a refusal during sending: text is more specific than codes, and a report with neither
/// says nothing about the address.
fn is_address_dead(failed: &FailedRecipient, reason: &str) -> bool {
    let is_permanent = failed.status.is_none_or(|status| status.class == 5);
    // The code if nothing more specific is known (RFC 5321, 4.2.3).
    match explain(550, reason) {
        Some(explanation) => is_permanent && explanation.fault == Fault::Recipient,
        None => failed.status.is_some() && failed.is_address_dead(),
    }
}

/// `5.1.1 user unknown`.
fn reason(failed: &FailedRecipient) -> String {
    let code = failed.status.map(|status| status.to_string());
    let words = words(&failed.diagnostic);
    let words = match (words.is_empty(), failed.status) {
        (false, _) => words,
        (true, Some(status)) => meaning(status).into(),
        (true, None) => "the report gives no reason".into(),
    };
    let reason = code.into_iter().chain([words]).collect::<Vec<_>>().join(" ");
    reason.chars().take(REASON_MAX).collect()
}

/// A server's text, without the protocol and the codes before it: `smtp; 550-5.1.1 User unknown`.
fn words(diagnostic: &str) -> String {
    let is_protocol = |word: &str| !word.is_empty() && word.len() < 20 && !word.contains(char::is_whitespace);
    let text = match diagnostic.split_once(';') {
        Some((protocol, text)) if is_protocol(protocol.trim()) => text,
        _ => diagnostic,
    };
    let is_code = |word: &&str| word.starts_with(['2', '4', '5']) && is_numeric(word);
    // Each line of a multi-line reply begins with the codes.
    let is_line_start = |word: &&str| word.get(3..4) == Some("-") && is_code(word);
    let words = text.split(' ').filter(|word| !word.is_empty() && !is_line_start(word));
    words.skip_while(is_code).collect::<Vec<_>>().join(" ")
}

/// `550`, `550-5.1.1`, `5.1.1`, `#5.1.1:`.
fn is_numeric(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | ':' | '#'))
}

/// The meaning of a code without text (RFC 3463, section 3).
fn meaning(status: EnhancedStatus) -> &'static str {
    match (status.subject, status.detail) {
        (1, 1) => "user unknown",
        (1, 2) => "the domain does not exist",
        (1, 3) => "the address is not valid",
        (1, 6) => "the mailbox has moved",
        (1, 10) => "the domain does not accept mail",
        (1, _) => "the address is not accepted",
        (2, 1) => "the mailbox is disabled",
        (2, 2) => "the mailbox is full",
        (2, 3) | (3, 4) => "the message is too large",
        (2, _) => "the mailbox does not accept mail",
        (3, _) => "the mail system does not accept mail",
        (4, 4) => "the domain cannot be found",
        (4, 6) => "a mail loop was detected",
        (4, 7) => "the time for delivery has expired",
        (4, _) => "the mail server cannot be reached",
        (5, _) => "the mail servers are incompatible",
        (6, _) => "the message cannot be converted",
        (7, _) => "refused by a policy",
        _ => "the report gives no reason",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(address: &str, status: &str, diagnostic: &str) -> FailedRecipient {
        let (action, status) = (RecipientAction::Failed, EnhancedStatus::read(status));
        FailedRecipient { address: address.into(), action, status, diagnostic: diagnostic.into() }
    }

    fn outcome_of(recipients: Vec<FailedRecipient>) -> Outcome {
        let bounce = Bounce { recipients, original_message_id: None, other_message_ids: Vec::new() };
        outcome(&bounce, "ada@example.com")
    }

    fn returned(is_address_dead: bool, reason: &str) -> Outcome {
        Outcome::Returned { is_address_dead, reason: reason.into() }
    }

    #[test]
    fn reasons_contain_the_code_and_the_servers_message() {
        for (status, diagnostic, is_dead, reason) in [
            ("5.1.1", "smtp; 550 5.1.1 <ada@example.com>: user unknown", true, "5.1.1 <ada@example.com>: user unknown"),
            ("5.1.1", "smtp;550-5.1.1 The account does not exist", true, "5.1.1 The account does not exist"),
            ("5.1.1", "", true, "5.1.1 user unknown"),
            ("5.2.2", "", false, "5.2.2 the mailbox is full"),
            ("4.4.7", "expired; message is too old", false, "4.4.7 message is too old"),
            ("", "Unrouteable address", true, "Unrouteable address"),
            ("", "", false, "the report gives no reason"),
            ("", "retry timeout exceeded", false, "retry timeout exceeded"),
            ("5.0.0", "smtp; 554 Mailbox is full", false, "5.0.0 Mailbox is full"),
        ] {
            assert_eq!(outcome_of(vec![failed("ADA@example.com", status, diagnostic)]), returned(is_dead, reason));
        }
    }

    #[test]
    fn reports_about_other_addresses_are_ignored() {
        assert_eq!(
            outcome_of(vec![failed("inner@elsewhere.example", "5.1.1", "")]),
            returned(false, "5.1.1 user unknown")
        );
        let delayed = FailedRecipient { action: RecipientAction::Delayed, ..failed("ada@example.com", "4.4.1", "") };
        assert_eq!(outcome_of(vec![failed("bob@example.com", "5.1.1", ""), delayed]), Outcome::OnItsWay);
    }
}
