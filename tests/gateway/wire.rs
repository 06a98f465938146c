//! A connection to a gateway in a process of its own.

use std::io::{Error, ErrorKind, Result};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// A persistent connection.
pub struct Wire {
    stream: BufReader<TcpStream>,
}

impl Wire {
    pub async fn open(address: &str) -> Result<Wire> {
        Ok(Wire { stream: BufReader::new(TcpStream::connect(address).await?) })
    }

    /// Posts a body under a key with a session, and returns status and body of the response.
    pub async fn post(&mut self, path: &str, session: &str, key: &str, body: &Value) -> Result<(u16, Value)> {
        self.send(path, session, key, body).await?;
        self.answer().await
    }

    /// Posts without waiting for the response.
    pub async fn send(&mut self, path: &str, session: &str, key: &str, body: &Value) -> Result<()> {
        let body = body.to_string();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: gateway\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n\
             deskbell-session: {session}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await
    }

    pub async fn answer(&mut self) -> Result<(u16, Value)> {
        let status = self.line().await?.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut length = 0;
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            match line.split_once(':') {
                Some(("content-length", value)) => length = value.trim().parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((status.unwrap(), serde_json::from_slice(&body)?))
    }

    async fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        // A killed gateway may have sent half of it.
        line.strip_suffix("\r\n").map(str::to_string).ok_or_else(|| Error::from(ErrorKind::UnexpectedEof))
    }
}
