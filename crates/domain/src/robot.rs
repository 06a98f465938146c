//! Signs that a robot wrote a ticket. Such tickets are marked and never refused: a person may be quick, and a robot may have something to say.

use jiff::Timestamp;

use super::ticket::NewTicket;
use wire::words;

/// The shortest time from the first letter to Send that a person needs for a long message, in milliseconds.
const QUICK_MS: i64 = 1_500;
/// Messages shorter than this can be written in less time, in characters.
const LONG: usize = 20;

words! {
    /// A sign that a robot wrote a ticket.
    Sign {
        /// A field that people cannot see was filled in.
        Trap = "trap",
        /// It was written faster than people can type.
        Quick = "quick",
    }
}

/// The signs that a robot wrote a ticket. A customer whom the host has signed is no robot: their password manager may have filled in the trap.
pub fn signs(ticket: &NewTicket) -> Vec<Sign> {
    let mut signs = Vec::new();
    if ticket.context.user.as_ref().is_some_and(|user| user.verified) {
        return signs;
    }
    if !ticket.website.is_empty() {
        signs.push(Sign::Trap);
    }
    // Both times are by the same clock, so it does not matter if it is wrong.
    let [began_at, sent_at] =
        [&ticket.context.frozen_at, &ticket.created_at].map(|time| time.parse::<Timestamp>().ok());
    let took = began_at.zip(sent_at).map(|(began_at, sent_at)| sent_at.as_millisecond() - began_at.as_millisecond());
    if took.is_some_and(|took| (0..QUICK_MS).contains(&took)) && ticket.message.chars().count() >= LONG {
        signs.push(Sign::Quick);
    }
    signs
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn signs_of(message: &str, website: &str, began_at: &str, sent_at: &str) -> Vec<Sign> {
        let ticket = json!({
            "kind": "bug", "severity": "low", "message": message, "website": website, "created_at": sent_at,
            "context": {"frozen_at": began_at}, "client": {"name": "deskbell", "version": "1"},
        });
        signs(&serde_json::from_value(ticket).unwrap())
    }

    #[test]
    fn hidden_fields_and_inhuman_typing_mark_robots() {
        let long_message = "The export stops after a while";
        let time = |seconds: &str| format!("2026-11-24T08:00:{seconds}Z");
        for (message, website, began_at, sent_at, signs) in [
            (long_message, "", time("00.000"), time("01.499"), vec![Sign::Quick]),
            (long_message, "", time("00.000"), time("01.500"), vec![]),
            ("Help", "", time("00"), time("01"), vec![]),
            (long_message, "http://x.example", time("00"), time("30"), vec![Sign::Trap]),
            (long_message, "x", time("00"), time("00"), vec![Sign::Trap, Sign::Quick]),
            (long_message, "", time("05"), time("00"), vec![]),
            (long_message, "", String::new(), time("00"), vec![]),
        ] {
            assert_eq!(
                signs_of(message, website, &began_at, &sent_at),
                signs,
                "{message} {website} {began_at} {sent_at}"
            );
        }
    }

    #[test]
    fn signed_customers_are_never_robots() {
        let time = "2026-11-24T08:00:00Z";
        for (verified, is_marked) in [(true, false), (false, true)] {
            let ticket = json!({
                "kind": "bug", "severity": "low", "message": "The export stops after a while", "website": "https://acme.example", "created_at": time,
                "context": {"frozen_at": time, "user": {"id": "u-1", "verified": verified}}, "client": {"name": "deskbell", "version": "1"},
            });
            assert_eq!(!signs(&serde_json::from_value(ticket).unwrap()).is_empty(), is_marked);
        }
    }
}
