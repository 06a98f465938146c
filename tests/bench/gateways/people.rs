//! Customers who send tickets and replies, and agents who answer them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::Outcome;
use super::book::{Author, Book, Ticket, text};
use super::client::Sender;
use super::random::Random;

/// How many tickets are in progress at once.
const AT_ONCE: usize = 300;

/// How long acknowledgements took, by what was sent.
#[derive(Debug, Default)]
pub struct Times {
    /// Of tickets.
    pub tickets: Vec<Duration>,
    /// Of replies.
    pub replies: Vec<Duration>,
    /// Of answers.
    pub answers: Vec<Duration>,
}

/// What people do, and with which result.
#[derive(Clone)]
pub struct People {
    /// Sends.
    pub sender: Sender,
    /// What was acknowledged.
    pub book: Book,
    /// The times.
    pub times: Arc<Mutex<Times>>,
    /// What went wrong.
    pub faults: Arc<Mutex<Vec<String>>>,
}

impl People {
    /// Begins this many tickets, spread over a time, and waits until each has its conversation.
    pub async fn work(&self, tickets: usize, persons: usize, time: Duration, random: &mut Random) {
        let (begin, room) = (Instant::now(), Arc::new(Semaphore::new(AT_ONCE)));
        let mut stories = JoinSet::new();
        for number in 0..tickets {
            sleep_until(begin + time.mul_f64(number as f64 / tickets as f64)).await;
            let permit = room.clone().acquire_owned().await;
            let (people, mut random) = (self.clone(), Random(random.below(u64::MAX)));
            stories.spawn(async move {
                let result = people.converse(number, number % persons, &mut random).await;
                if let Err(error) = result {
                    people.fault(format!("ticket {number}: {error}"));
                }
                drop(permit);
            });
        }
        while let Some(ended) = stories.join_next().await {
            if let Err(error) = ended {
                self.fault(format!("a conversation: {error}"));
            }
        }
    }

    /// Sends a ticket with its number; returns it once it is acknowledged.
    pub async fn send_ticket(&self, number: usize, person: usize) -> Outcome<Ticket> {
        let body = json!({
            "kind": "bug", "severity": "high", "message": text(number, 0),
            "contact": { "name": format!("Customer {person}"), "email": format!("customer{person}@example.com") },
            "client": { "name": "bench", "version": "1" },
        });
        let request = || {
            let request = self.sender.by_customer(person, Method::POST, "/tickets");
            request.header("idempotency-key", format!("ticket-{number}")).json(&body)
        };
        let (status, answer, time) = self.sender.until_answered(request).await?;
        if !status.is_success() {
            return Err(format!("{status}: {answer}").into());
        }
        let answer: Value = serde_json::from_str(&answer)?;
        let field =
            |name: &str| answer.get(name).and_then(Value::as_str).map(String::from).ok_or("an incomplete receipt");
        let (id, reference) = (field("id")?, field("reference")?);
        let messages = vec![(Author::Customer, Instant::now())];
        let ticket = Ticket { number, person, id, reference, messages };
        self.book.tickets().push(ticket.clone());
        self.times().tickets.push(time);
        Ok(ticket)
    }

    /// Replies to a ticket under a key.
    pub fn reply(&self, ticket: &Ticket, message: usize, key: &str) -> reqwest::RequestBuilder {
        let path = format!("/tickets/{}/messages", ticket.id);
        let request = self.sender.by_customer(ticket.person, Method::POST, &path);
        request.header("idempotency-key", key).json(&json!({ "message": text(ticket.number, message) }))
    }

    /// A ticket, a reply, an answer, and sometimes another of both.
    async fn converse(&self, number: usize, person: usize, random: &mut Random) -> Outcome {
        let ticket = self.send_ticket(number, person).await?;
        let more = random.below(3) as usize;
        let authors = [Author::Customer, Author::Support, Author::Customer, Author::Support];
        for (message, author) in (1..).zip(authors.into_iter().take(2 + more)) {
            sleep(Duration::from_millis(200 + random.below(3_000))).await;
            let key = format!("message-{number}-{message}");
            let (status, answer, time) = match author {
                Author::Customer => self.sender.until_answered(|| self.reply(&ticket, message, &key)).await?,
                Author::Support => {
                    let text = text(number, message);
                    self.sender.until_answered(|| self.sender.answer(&ticket.reference, &key, &text)).await?
                }
            };
            // The inbox redirects to the ticket.
            let is_acknowledged =
                if author == Author::Customer { status.is_success() } else { status.is_redirection() };
            if !is_acknowledged {
                return Err(format!("message {message}: {status}: {answer}").into());
            }
            self.book.add(number, author);
            match author {
                Author::Customer => self.times().replies.push(time),
                Author::Support => self.times().answers.push(time),
            }
        }
        Ok(())
    }

    /// Records that something went wrong.
    pub fn fault(&self, fault: String) {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    fn times(&self) -> std::sync::MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
