//! A proxy that spreads connections over the gateways and repeats nothing.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use super::Outcome;

/// The addresses of the gateways that were started; none of those that were killed.
#[derive(Debug, Default)]
pub struct Targets {
    addresses: Mutex<Vec<Option<SocketAddr>>>,
    turn: AtomicUsize,
}

impl Targets {
    /// Sets or removes the address of a gateway.
    pub fn set(&self, gateway: usize, address: Option<SocketAddr>) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if addresses.len() <= gateway {
            addresses.resize(gateway + 1, None);
        }
        if let Some(held) = addresses.get_mut(gateway) {
            *held = address;
        }
    }

    /// The addresses in the order in which the next connection tries them.
    fn next(&self) -> Vec<SocketAddr> {
        let mut addresses: Vec<SocketAddr> =
            self.addresses.lock().unwrap_or_else(PoisonError::into_inner).iter().flatten().copied().collect();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if !addresses.is_empty() {
            let first = turn % addresses.len();
            addresses.rotate_left(first);
        }
        addresses
    }
}

/// Starts it, and returns its address: `http://127.0.0.1:PORT`.
pub async fn start(targets: Arc<Targets>) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let targets = targets.clone();
            tokio::spawn(async move {
                // A gateway that refuses the connection has received nothing yet, so that the next may have it.
                for address in targets.next() {
                    if let Ok(mut gateway) = TcpStream::connect(address).await {
                        // Either side may break the connection.
                        let _ = copy_bidirectional(&mut client, &mut gateway).await;
                        return;
                    }
                }
            });
        }
    });
    Ok(address)
}
