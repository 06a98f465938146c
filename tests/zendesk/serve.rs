//! The stand-in as a process of its own, for tests that are not in Rust. It serves until it is killed.

#![allow(clippy::expect_used)]

#[path = "mod.rs"]
mod zendesk;

use std::io::Write;

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".into());
    let stand_in = zendesk::Zendesk::start_at(&address).await;
    println!("Zendesk stands in at {}/", stand_in.url());
    // The parent process waits for the line, and standard output may be a pipe.
    std::io::stdout().flush().expect("somebody reads the line");
    std::future::pending::<()>().await;
}
