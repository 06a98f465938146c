//! Failed and successful attempts at the inbox token, by address.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::watch;

use deskbell_core::ports::RetryAfter;

/// How many networks of successful attempts are stored.
const KNOWN_MAX: usize = 64;
/// How many wrong guesses are stored.
const WRONG_MAX: usize = 256;

/// The result of a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guess {
    /// Whether it is the token.
    pub is_right: bool,
    /// How long to wait before answering: zero, unless many others guess at the same time.
    pub delay: Duration,
}

/// The result of a guess, or how long to wait until it is judged.
pub type Judgement = Result<Guess, RetryAfter>;

/// The stored guesses.
#[derive(Debug, Default)]
pub struct Guesses {
    /// Those that are being judged, by digest.
    in_flight: HashMap<[u8; 32], watch::Receiver<Option<Judgement>>>,
    /// The networks of right guesses, the latest first.
    known_networks: VecDeque<IpAddr>,
    /// Digests of wrong guesses with their networks, the latest first.
    wrong_guesses: VecDeque<[u8; 32]>,
}

/// Judges a guess, unless an equal one is being judged: then it has the same judgement. If that one's request ends before, the next one is judged.
pub async fn judge_once<F>(guesses: &Mutex<Guesses>, digest: [u8; 32], judge: impl FnOnce() -> F) -> Judgement
where
    F: Future<Output = Judgement>,
{
    let turn = loop {
        let mut equal = match GuessTurn::begin(guesses, digest) {
            Ok(turn) => break turn,
            Err(equal) => equal,
        };
        if let Ok(judgement) = equal.wait_for(Option::is_some).await
            && let Some(judgement) = *judgement
        {
            return judgement;
        }
    };
    let judgement = judge().await;
    turn.judged.send_replace(Some(judgement));
    judgement
}

/// A guess that is being judged until this is dropped.
struct GuessTurn<'a> {
    guesses: &'a Mutex<Guesses>,
    digest: [u8; 32],
    judged: watch::Sender<Option<Judgement>>,
}

impl GuessTurn<'_> {
    /// Begins to judge a guess; or the judgement of an equal one, which has begun.
    fn begin(guesses: &Mutex<Guesses>, digest: [u8; 32]) -> Result<GuessTurn<'_>, watch::Receiver<Option<Judgement>>> {
        let mut locked = lock(guesses);
        if let Some(equal) = locked.in_flight.get(&digest) {
            return Err(equal.clone());
        }
        let (judged, judgement) = watch::channel(None);
        locked.in_flight.insert(digest, judgement);
        Ok(GuessTurn { guesses, digest, judged })
    }
}

impl Drop for GuessTurn<'_> {
    fn drop(&mut self) {
        lock(self.guesses).in_flight.remove(&self.digest);
    }
}

fn lock(guesses: &Mutex<Guesses>) -> MutexGuard<'_, Guesses> {
    guesses.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Guesses {
    /// Whether there was a right guess from a network.
    pub fn knows(&self, network: Option<IpAddr>) -> bool {
        network.is_some_and(|network| self.known_networks.contains(&network))
    }

    /// Whether the same guess from the same network was wrong recently. Repeating it reveals nothing.
    pub fn was_wrong(&self, network: Option<IpAddr>, guess: &str) -> bool {
        self.wrong_guesses.contains(&guess_digest(network, guess))
    }

    /// Stores a guess.
    pub fn remember(&mut self, network: Option<IpAddr>, guess: &str, is_right: bool) {
        if !is_right {
            self.wrong_guesses.push_front(guess_digest(network, guess));
            self.wrong_guesses.truncate(WRONG_MAX);
        } else if let Some(network) = network {
            self.known_networks.retain(|known_network| *known_network != network);
            self.known_networks.push_front(network);
            self.known_networks.truncate(KNOWN_MAX);
        }
    }
}

/// The digest of a guess and its network.
pub fn guess_digest(network: Option<IpAddr>, guess: &str) -> [u8; 32] {
    Sha256::new().chain_update(format!("{network:?}\n")).chain_update(guess).finalize().into()
}
