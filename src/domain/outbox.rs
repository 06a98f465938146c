//! What the widget does after an answer, or after none.

use super::conversation::Message;
use super::problem::{FieldError, Problem};
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

/// What that means for what was sealed: a ticket, or a reply.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T = Receipt> {
    /// The gateway has it.
    Sent(T),
    /// It was refused for good and nothing was stored: it can be edited, and gets a new key.
    Refused(Vec<FieldError>),
    /// It may or may not have arrived: the same bytes with the same key, later. Nothing is edited until it is known.
    Unknown(Cause),
}

/// Why it is not known whether a ticket arrived.
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

impl Cause {
    /// Its name, for the host.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Offline => "offline",
            Cause::Unreachable => "unreachable",
            Cause::TimedOut => "timed-out",
            Cause::Busy(_) => "busy",
            Cause::Fault => "fault",
        }
    }
}

/// Reads what came back for a ticket. `online` is what the browser believes.
pub fn decide<S: Source>(answer: &Answer<S>, online: bool) -> Outcome {
    judge(answer, online, |body| Some(Receipt::read(body)).filter(|receipt| !receipt.reference.is_empty()))
}

/// Reads what came back for a reply.
pub fn decide_reply<S: Source>(answer: &Answer<S>, online: bool) -> Outcome<Message> {
    judge(answer, online, |body| Some(Message::read(body)).filter(|message| message.number > 0))
}

fn judge<S: Source, T>(answer: &Answer<S>, online: bool, proof: fn(&S) -> Option<T>) -> Outcome<T> {
    let (status, body, retry_after) = match answer {
        Answer::Unreachable if !online => return Outcome::Unknown(Cause::Offline),
        Answer::Unreachable => return Outcome::Unknown(Cause::Unreachable),
        Answer::TimedOut => return Outcome::Unknown(Cause::TimedOut),
        Answer::Http { status, body, retry_after } => (*status, body, *retry_after),
    };
    let problem = body.as_ref().map(Problem::read).filter(|problem| !problem.code.is_empty());
    match status {
        // A torn or foreign body proves nothing; the same key will tell.
        200..=299 => body.as_ref().and_then(proof).map_or(Outcome::Unknown(Cause::Fault), Outcome::Sent),
        409 if problem.as_ref().is_some_and(|problem| problem.code == "in_progress") => {
            Outcome::Unknown(Cause::Busy(retry_after.unwrap_or(1)))
        }
        429 => Outcome::Unknown(Cause::Busy(retry_after.unwrap_or(30))),
        // The body did not arrive in time; nobody has judged it.
        408 => Outcome::Unknown(Cause::TimedOut),
        // What is no problem document of ours came from something in between, and says nothing about the ticket.
        400..=499 => match problem {
            Some(problem) => Outcome::Refused(problem.errors),
            None => Outcome::Unknown(Cause::Unreachable),
        },
        _ => Outcome::Unknown(Cause::Fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_means_what_the_table_says() {
        let receipt = r#"{"id":"1","reference":"DB-00000","status":"open","due_at":null}"#;
        let problem = |code: &str| format!(r#"{{"status":0,"code":"{code}","title":""}}"#);
        let http = |status, body: &str, retry_after| Answer::Http {
            status,
            body: serde_json::from_str::<serde_json::Value>(body).ok(),
            retry_after,
        };
        let unknown = |cause| Some(Outcome::Unknown(cause));
        for (answer, online, outcome) in [
            (http(201, receipt, None), true, None),
            (http(202, receipt, None), true, None),
            (http(201, r#"{"id":"1","refe"#, None), true, unknown(Cause::Fault)),
            (http(200, "<html>login</html>", None), true, unknown(Cause::Fault)),
            (http(422, &problem("invalid"), None), true, Some(Outcome::Refused(vec![]))),
            (http(409, &problem("key_reused"), None), true, Some(Outcome::Refused(vec![]))),
            (http(409, &problem("in_progress"), Some(2)), true, unknown(Cause::Busy(2))),
            (http(429, "Too many", Some(7)), true, unknown(Cause::Busy(7))),
            (http(408, &problem("timeout"), None), true, unknown(Cause::TimedOut)),
            (http(403, "<html>blocked by a proxy</html>", None), true, unknown(Cause::Unreachable)),
            (http(500, "", None), true, unknown(Cause::Fault)),
            (http(502, &problem("x"), None), true, unknown(Cause::Fault)),
            (Answer::Unreachable, true, unknown(Cause::Unreachable)),
            (Answer::Unreachable, false, unknown(Cause::Offline)),
            (Answer::TimedOut, true, unknown(Cause::TimedOut)),
        ] {
            let decided = decide(&answer, online);
            match outcome {
                Some(outcome) => assert_eq!(decided, outcome, "{answer:?}"),
                None => assert!(matches!(decided, Outcome::Sent(_)), "{answer:?}"),
            }
        }
    }

    #[test]
    fn a_reply_is_there_only_where_its_message_is_shown() {
        let message = r#"{"number":2,"author":"customer","name":"","body":"x","at":""}"#;
        for (body, sent) in [(message, true), ("{}", false), (r#"{"number":0}"#, false)] {
            let body = serde_json::from_str::<serde_json::Value>(body).ok();
            let decided = decide_reply(&Answer::Http { status: 201, body, retry_after: None }, true);
            assert_eq!(matches!(decided, Outcome::Sent(_)), sent);
            assert!(sent || decided == Outcome::Unknown(Cause::Fault));
        }
    }
}
