//! Failed and successful attempts at the inbox token, by address.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Duration;

use sha2::{Digest, Sha256};

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

/// The stored guesses.
#[derive(Debug, Default)]
pub struct Guesses {
    /// The networks of right guesses, the latest first.
    known_networks: VecDeque<IpAddr>,
    /// Digests of wrong guesses with their networks, the latest first.
    wrong_guesses: VecDeque<[u8; 32]>,
}

impl Guesses {
    /// Whether there was a right guess from a network.
    pub fn knows(&self, network: Option<IpAddr>) -> bool {
        network.is_some_and(|network| self.known_networks.contains(&network))
    }

    /// Whether the same guess from the same network was wrong recently. Repeating it reveals nothing.
    pub fn was_wrong(&self, network: Option<IpAddr>, guess: &str) -> bool {
        self.wrong_guesses.contains(&digest(network, guess))
    }

    /// Stores a guess.
    pub fn remember(&mut self, network: Option<IpAddr>, guess: &str, is_right: bool) {
        if !is_right {
            self.wrong_guesses.push_front(digest(network, guess));
            self.wrong_guesses.truncate(WRONG_MAX);
        } else if let Some(network) = network {
            self.known_networks.retain(|known_network| *known_network != network);
            self.known_networks.push_front(network);
            self.known_networks.truncate(KNOWN_MAX);
        }
    }
}

fn digest(network: Option<IpAddr>, guess: &str) -> [u8; 32] {
    Sha256::new().chain_update(format!("{network:?}\n")).chain_update(guess).finalize().into()
}
