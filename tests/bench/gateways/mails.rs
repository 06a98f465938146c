//! A mail server that accepts every mail.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::Outcome;

/// An accepted mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Its Message-ID.
    pub id: String,
    /// Its subject, which has the reference of the ticket.
    pub subject: String,
    /// When it was accepted.
    pub at: Instant,
}

/// The accepted mails.
pub type Mails = Arc<Mutex<Vec<Mail>>>;

/// Starts it, and returns the mails with its address.
pub async fn start() -> Outcome<(Mails, String)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (mails, address) = (Mails::default(), listener.local_addr()?.to_string());
    let taken = mails.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let taken = taken.clone();
            tokio::spawn(async move {
                // The connection of a killed gateway breaks.
                let _ = take(stream, &taken).await;
            });
        }
    });
    Ok((mails, address))
}

async fn take(stream: TcpStream, mails: &Mails) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 mail.example\r\n").await?;
    let (mut is_inside, mut id, mut subject) = (false, String::new(), String::new());
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let answer = match (line.trim_end(), is_inside) {
            (".", true) => {
                is_inside = false;
                let mail =
                    Mail { id: std::mem::take(&mut id), subject: std::mem::take(&mut subject), at: Instant::now() };
                mails.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
                "250 taken"
            }
            (line, true) => {
                if let Some(value) = line.strip_prefix("Message-ID: ") {
                    id = value.into();
                }
                if let Some(value) = line.strip_prefix("Subject: ") {
                    subject = value.into();
                }
                continue;
            }
            ("DATA", false) => {
                is_inside = true;
                "354 go on"
            }
            _ => "250 yes",
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}
