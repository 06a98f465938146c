//! Customers who watch a stream of changes, as the panel does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout};

use super::Outcome;
use super::client::Sender;

/// How long the panel waits for the first event, and for anything after it; and its pause before it opens another stream.
const FIRST_EVENT_MAX: Duration = Duration::from_secs(10);
const SILENCE_MAX: Duration = Duration::from_secs(45);
const PAUSE: Duration = Duration::from_secs(1);

/// An event of a stream.
#[derive(Clone, Debug)]
pub struct Event {
    /// When it arrived.
    pub at: Instant,
    /// The unread messages of all tickets of the customer. Nobody reads any here, so that these are all answers.
    pub unread: usize,
    /// The id of the changed ticket; none if the whole state was sent.
    pub ticket: Option<String>,
}

/// What a customer has seen.
#[derive(Debug, Default)]
pub struct StreamRecord {
    /// The events in order.
    pub events: Vec<Event>,
    /// How many streams were opened.
    pub opened: usize,
}

/// Shared with the watcher.
pub type Watched = Arc<Mutex<StreamRecord>>;

/// Watches the tickets of a customer until the benchmark ends.
pub fn watch(sender: Sender, person: usize) -> Watched {
    let watched = Watched::default();
    let seen = watched.clone();
    tokio::spawn(async move {
        loop {
            // A stream ends with its gateway; the next one begins with the state.
            let _ = follow(&sender, person, &seen).await;
            sleep(PAUSE).await;
        }
    });
    watched
}

async fn follow(sender: &Sender, person: usize, seen: &Watched) -> Outcome {
    let request = sender.by_customer(person, Method::GET, "/tickets/stream");
    let mut response = timeout(FIRST_EVENT_MAX, request.send()).await??.error_for_status()?;
    seen.lock().unwrap_or_else(PoisonError::into_inner).opened += 1;
    let (mut text, mut patience) = (String::new(), FIRST_EVENT_MAX);
    while let Some(bytes) = timeout(patience, response.chunk()).await?? {
        patience = SILENCE_MAX;
        text.push_str(&String::from_utf8_lossy(&bytes));
        while let Some((event, rest)) = text.split_once("\n\n") {
            if let Some(event) = parse(event) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).events.push(event);
            }
            text = rest.to_string();
        }
    }
    Ok(())
}

/// An event; none for a comment.
fn parse(text: &str) -> Option<Event> {
    let data: Value = serde_json::from_str(text.lines().find_map(|line| line.strip_prefix("data: "))?).ok()?;
    let ticket = data.get("ticket").and_then(|ticket| ticket.get("id")?.as_str().map(String::from));
    Some(Event { at: Instant::now(), unread: data.get("unread")?.as_u64()?.try_into().ok()?, ticket })
}
