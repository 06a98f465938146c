//! Clients that many destinations share: each client loads the certificates of the system, which takes milliseconds and memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::{Client, ClientBuilder};

use crate::client::{cause, install_crypto};

/// Clients by what they are for. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct SharedClients(Arc<Mutex<BTreeMap<&'static str, Client>>>);

impl SharedClients {
    /// The client with a name, which is created if it does not exist yet. One name always has to stand for the same settings. The error says why
    /// a client could not be created.
    pub fn get(&self, name: &'static str, settings: impl FnOnce() -> ClientBuilder) -> Result<Client, String> {
        let mut clients = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(name) {
            return Ok(client.clone());
        }
        install_crypto();
        let client = settings().build().map_err(|error| cause(&error))?;
        clients.insert(name, client.clone());
        Ok(client)
    }
}
