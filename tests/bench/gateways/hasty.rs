//! A customer who replies as fast as responses arrive: what the gateways accept together has to stay below the limit of one customer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::{Instant, sleep};

use super::Outcome;
use super::book::Author;
use super::people::People;

/// How many replies of one customer are accepted in a minute, and at once: the default of `[limits] session`.
const LIMIT: f64 = 30.0;
/// The pause after a response.
const PAUSE: Duration = Duration::from_millis(100);

/// What was accepted.
#[derive(Clone, Copy, Debug)]
pub struct Accepted {
    /// How many replies.
    pub count: usize,
    /// In which time.
    pub time: Duration,
}

impl Accepted {
    /// How many may be accepted in the time.
    pub fn allowed(self) -> usize {
        (LIMIT + LIMIT * self.time.as_secs_f64() / 60.0).ceil() as usize
    }
}

/// Sends a ticket, and replies until it is over.
pub async fn reply(people: People, number: usize, person: usize, is_over: Arc<AtomicBool>) -> Outcome<Accepted> {
    let begin = Instant::now();
    let ticket = people.send_ticket(number, person).await?;
    // The ticket itself counts.
    let (mut count, mut attempt) = (1, 0);
    while !is_over.load(Ordering::Relaxed) {
        let key = format!("hasty-{attempt}");
        let response = people.sender.once(people.reply(&ticket, count, &key)).await;
        match response {
            Ok((status, ..)) if status.is_success() => {
                people.book.add(number, Author::Customer);
                (count, attempt) = (count + 1, attempt + 1);
            }
            // It was not stored, so that the next attempt is another message.
            Ok((StatusCode::TOO_MANY_REQUESTS, ..)) => attempt += 1,
            // Nobody knows whether it was stored.
            Ok((status, ..)) if status.is_server_error() || status == StatusCode::UNAUTHORIZED => {}
            Ok((status, text, _)) => return Err(format!("a reply: {status}: {text}").into()),
            Err(_) => {}
        }
        sleep(PAUSE).await;
    }
    let time = begin.elapsed();
    // A reply without a response may be stored: it is sent until that is known.
    let key = format!("hasty-{attempt}");
    let (status, text, _) = people.sender.until_answered(|| people.reply(&ticket, count, &key)).await?;
    if !status.is_success() {
        return Err(format!("the last reply: {status}: {text}").into());
    }
    people.book.add(number, Author::Customer);
    Ok(Accepted { count, time })
}
