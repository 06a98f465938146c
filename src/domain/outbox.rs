//! What becomes of what was sealed, after an answer or after none.

use super::problem::Problem;
use super::source::{Read, Source};
use super::ticket::Receipt;

/// What came back from the gateway.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer<S> {
    /// An answer with this status.
    Http {
        /// The HTTP status.
        status: u16,
        /// The body as parsed JSON; `None` where it is none.
        body: Option<S>,
        /// What `Retry-After` said, in seconds.
        retry_after: Option<u32>,
    },
    /// The browser could not reach the gateway, or something in between stopped it.
    Unreachable,
    /// There was no answer in time.
    TimedOut,
}

/// What was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// A ticket.
    Ticket,
    /// What the customer says in a conversation.
    Reply,
    /// A ticket that is on its way to who knows no keys: a second one would be another ticket.
    Keyless,
}

/// What that means for what was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The gateway has it.
    Sent,
    /// It was refused for good and nothing was stored: it can be edited, and gets a new key.
    Refused,
    /// Nothing was stored, because files of it are not there: they are put again, then the same bytes sent with the same key.
    Missing,
    /// It may or may not have arrived: the same bytes with the same key, later. Nothing is edited until it is known.
    Unknown(Cause),
    /// It may or may not have arrived, and no key tells one from the other: it goes again only if the person says so.
    Unsure,
}

/// Why it is not known whether it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The browser says that there is no network.
    Offline,
    /// The gateway cannot be reached; something may block it.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// Too many at once; again in so many seconds.
    Busy(u32),
    /// The gateway failed.
    Fault,
}

/// The first pause and the longest, in milliseconds.
const PAUSE_MS: u32 = 2_000;
const PAUSE_MAX_MS: u32 = 300_000;
/// By how much those who were told the same time are spread, in milliseconds.
const SPREAD_MS: u32 = 1_000;

impl Outcome {
    /// Its name, for the host.
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Sent => "sent",
            Outcome::Refused => "refused",
            Outcome::Missing => "missing",
            Outcome::Unknown(Cause::Offline) => "offline",
            Outcome::Unknown(Cause::Unreachable) => "unreachable",
            Outcome::Unknown(Cause::TimedOut) => "timed-out",
            Outcome::Unknown(Cause::Busy(_)) => "busy",
            Outcome::Unknown(Cause::Fault) => "fault",
            Outcome::Unsure => "unsure",
        }
    }

    /// How long it waits before it is sent again, in milliseconds: as long as it was told to, or longer from try to try, and
    /// never all at the same moment. `tries` were made before this one, `chance` is out of a thousand. 0 where it is over.
    pub fn pause(self, tries: u32, chance: u32) -> u32 {
        let part = |whole: u32| (u64::from(whole) * u64::from(chance.min(1_000)) / 1_000) as u32;
        match self {
            Outcome::Sent | Outcome::Refused | Outcome::Unsure => 0,
            Outcome::Unknown(Cause::Busy(seconds)) => seconds.saturating_mul(1_000).saturating_add(part(SPREAD_MS)),
            Outcome::Missing | Outcome::Unknown(_) => {
                let whole = PAUSE_MS.saturating_mul(1 << tries.min(10)).min(PAUSE_MAX_MS);
                whole / 2 + part(whole / 2)
            }
        }
    }
}

/// Reads what came back. `online` is what the browser believes.
pub fn decide<S: Source>(sealed: Sealed, answer: &Answer<S>, online: bool) -> Outcome {
    match read(sealed, answer, online) {
        // Who is told to come back later has not been heard.
        Outcome::Unknown(cause) if sealed == Sealed::Keyless && !matches!(cause, Cause::Busy(_)) => Outcome::Unsure,
        outcome => outcome,
    }
}

fn read<S: Source>(sealed: Sealed, answer: &Answer<S>, online: bool) -> Outcome {
    let (status, body, retry_after) = match answer {
        Answer::Unreachable if !online => return Outcome::Unknown(Cause::Offline),
        Answer::Unreachable => return Outcome::Unknown(Cause::Unreachable),
        Answer::TimedOut => return Outcome::Unknown(Cause::TimedOut),
        Answer::Http { status, body, retry_after } => (*status, body, *retry_after),
    };
    let code = body.as_ref().map(|body| Problem::read(body).code).unwrap_or_default();
    match status {
        // A torn or foreign body proves nothing; the same key will tell.
        200..=299 if body.as_ref().is_some_and(|body| proves(sealed, body)) => Outcome::Sent,
        200..=299 => Outcome::Unknown(Cause::Fault),
        409 if code == "in_progress" => Outcome::Unknown(Cause::Busy(retry_after.unwrap_or(1))),
        409 if code == "attachments_missing" => Outcome::Missing,
        // A file of it is not taken, today or for lack of room: what it goes along with need not wait for that.
        429 | 507 if matches!(code.as_str(), "upload_quota" | "storage_full") => Outcome::Refused,
        429 => Outcome::Unknown(Cause::Busy(retry_after.unwrap_or(30))),
        // The body did not arrive in time; nobody has judged it.
        408 => Outcome::Unknown(Cause::TimedOut),
        // What is no problem document of ours came from something in between, and says nothing about what was sealed.
        400..=499 if code.is_empty() => Outcome::Unknown(Cause::Unreachable),
        400..=499 => Outcome::Refused,
        _ => Outcome::Unknown(Cause::Fault),
    }
}

/// Whether a body says what only the gateway knows once it has stored what was sealed.
fn proves<S: Source>(sealed: Sealed, body: &S) -> bool {
    match sealed {
        Sealed::Ticket | Sealed::Keyless => !Receipt::read(body).reference.is_empty(),
        Sealed::Reply => body.get("number").number() > 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CAUSES: [Cause; 5] = [Cause::Offline, Cause::Unreachable, Cause::TimedOut, Cause::Busy(7), Cause::Fault];

    #[test]
    fn every_answer_means_what_the_table_says() {
        let receipt = r#"{"id":"1","reference":"DB-00000","status":"open","due_at":null}"#;
        let problem = |code: &str| format!(r#"{{"status":0,"code":"{code}","title":""}}"#);
        let http = |status, body: &str, retry_after| Answer::Http {
            status,
            body: serde_json::from_str::<serde_json::Value>(body).ok(),
            retry_after,
        };
        let unknown = Outcome::Unknown;
        for (answer, online, outcome) in [
            (http(201, receipt, None), true, Outcome::Sent),
            (http(202, receipt, None), true, Outcome::Sent),
            (http(201, r#"{"id":"1","refe"#, None), true, unknown(Cause::Fault)),
            (http(200, "<html>login</html>", None), true, unknown(Cause::Fault)),
            (http(422, &problem("invalid"), None), true, Outcome::Refused),
            (http(409, &problem("key_reused"), None), true, Outcome::Refused),
            (http(413, &problem("too_large"), None), true, Outcome::Refused),
            (http(409, &problem("attachments_missing"), None), true, Outcome::Missing),
            (http(429, &problem("upload_quota"), Some(40_000)), true, Outcome::Refused),
            (http(507, &problem("storage_full"), Some(600)), true, Outcome::Refused),
            (http(507, "{}", None), true, Outcome::Unknown(Cause::Fault)),
            (http(422, &problem("attachments_missing"), None), true, Outcome::Refused),
            (http(409, &problem("in_progress"), Some(2)), true, unknown(Cause::Busy(2))),
            (http(409, &problem("in_progress"), None), true, unknown(Cause::Busy(1))),
            (http(429, "Too many", Some(7)), true, unknown(Cause::Busy(7))),
            (http(429, "", None), true, unknown(Cause::Busy(30))),
            (http(408, &problem("timeout"), None), true, unknown(Cause::TimedOut)),
            (http(403, "<html>blocked by a proxy</html>", None), true, unknown(Cause::Unreachable)),
            (http(301, "", None), true, unknown(Cause::Fault)),
            (http(500, "", None), true, unknown(Cause::Fault)),
            (http(502, &problem("x"), None), true, unknown(Cause::Fault)),
            (Answer::Unreachable, true, unknown(Cause::Unreachable)),
            (Answer::Unreachable, false, unknown(Cause::Offline)),
            (Answer::TimedOut, true, unknown(Cause::TimedOut)),
        ] {
            assert_eq!(decide(Sealed::Ticket, &answer, online), outcome, "{answer:?}");
        }
    }

    #[test]
    fn a_reply_is_there_only_where_its_message_is_shown() {
        let message = r#"{"number":2,"author":"customer","name":"","body":"x","at":""}"#;
        for (body, outcome) in [
            (message, Outcome::Sent),
            ("{}", Outcome::Unknown(Cause::Fault)),
            (r#"{"number":0}"#, Outcome::Unknown(Cause::Fault)),
        ] {
            let body = serde_json::from_str::<serde_json::Value>(body).ok();
            let answer = Answer::Http { status: 201, body, retry_after: None };
            assert_eq!(decide(Sealed::Reply, &answer, true), outcome);
        }
    }

    #[test]
    fn without_a_key_what_is_not_known_is_never_tried_by_itself() {
        let http = |status, body: &str| Answer::Http {
            status,
            body: serde_json::from_str::<serde_json::Value>(body).ok(),
            retry_after: None,
        };
        for (answer, online, outcome) in [
            (http(201, r##"{"id":"7","reference":"#7","status":"open"}"##), true, Outcome::Sent),
            (http(422, r#"{"code":"refused","title":"x"}"#), true, Outcome::Refused),
            (http(429, ""), true, Outcome::Unknown(Cause::Busy(30))),
            (http(201, r#"{"id":"7","refe"#), true, Outcome::Unsure),
            (http(200, "<html>login</html>"), true, Outcome::Unsure),
            (http(403, "<html>blocked by a proxy</html>"), true, Outcome::Unsure),
            (http(408, r#"{"code":"refused","title":"x"}"#), true, Outcome::Unsure),
            (http(500, ""), true, Outcome::Unsure),
            (Answer::Unreachable, true, Outcome::Unsure),
            (Answer::Unreachable, false, Outcome::Unsure),
            (Answer::TimedOut, true, Outcome::Unsure),
        ] {
            assert_eq!(decide(Sealed::Keyless, &answer, online), outcome, "{answer:?}");
        }
        assert_eq!(Outcome::Unsure.pause(3, 1_000), 0);
    }

    #[test]
    fn who_is_told_when_waits_until_then() {
        let told = Outcome::Unknown(Cause::Busy(7));
        assert_eq!((told.pause(0, 0), told.pause(9, 1_000)), (7_000, 8_000));
        assert_eq!(Outcome::Unknown(Cause::Busy(u32::MAX)).pause(0, 1_000), u32::MAX);
    }

    #[test]
    fn pauses_grow_from_seconds_to_minutes_and_what_is_over_has_none() {
        let pauses: Vec<u32> = (0..10).map(|tries| Outcome::Unknown(Cause::Fault).pause(tries, 1_000)).collect();
        assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(|seconds| seconds * 1_000));
        let missing: Vec<u32> = (0..10).map(|tries| Outcome::Missing.pause(tries, 1_000)).collect();
        assert_eq!(missing, pauses, "a gateway that has lost files again and again is not asked ever as quickly");
        assert_eq!((Outcome::Sent.pause(0, 500), Outcome::Refused.pause(0, 500)), (0, 0));
    }

    proptest! {
        #[test]
        fn no_pause_is_shorter_than_half_of_its_kind_nor_longer_than_told(
            tries: u32, chance: u32, cause in proptest::sample::select(CAUSES.to_vec()),
        ) {
            let outcome = Outcome::Unknown(cause);
            let (least, most) = (outcome.pause(tries, 0), outcome.pause(tries, 1_000));
            prop_assert!((least..=most).contains(&outcome.pause(tries, chance)));
            prop_assert!(least >= PAUSE_MS / 2 && most <= PAUSE_MAX_MS);
        }
    }
}
