//! A stand-in for a mail server with STARTTLS, which accepts and refuses logins and mails as configured.

use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What it accepts.
#[derive(Clone, Copy, Debug)]
pub enum Accepts {
    /// Anybody, without a login.
    Anybody,
    /// This token, by XOAUTH2; others get the reason by 334 first, as from Gmail and Exchange Online.
    Token(&'static str),
    /// The same, but others get 535 at once.
    TokenAtOnce(&'static str),
    /// A command gets this response.
    Refuse(&'static str, &'static str),
}

type Mails = Arc<Mutex<Vec<(bool, String)>>>;

pub struct Server {
    pub port: u16,
    accepts: Arc<Mutex<Accepts>>,
    mails: Mails,
}

impl Server {
    /// Starts one with a certificate of this folder; with `broken` it offers STARTTLS and then sends no TLS.
    pub async fn start(certificate: &str, accepts: Accepts) -> Server {
        let acceptor = (certificate != "broken").then(|| acceptor(certificate));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server { port, accepts: Arc::new(Mutex::new(accepts)), mails: Mails::default() };
        let (accepts, mails) = (server.accepts.clone(), server.mails.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, acceptor.clone(), accepts.clone(), mails.clone()));
            }
        });
        server
    }

    pub fn accept(&self, accepts: Accepts) {
        *self.accepts.lock().unwrap() = accepts;
    }

    /// The accepted mails: whether the connection was encrypted, and the recipient.
    pub fn mails(&self) -> Vec<(bool, String)> {
        self.mails.lock().unwrap().clone()
    }
}

fn acceptor(name: &str) -> TlsAcceptor {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/world/smtp");
    let certificate = CertificateDer::from_pem_file(folder.join(format!("{name}.pem"))).unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join(format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()))
}

async fn converse(stream: TcpStream, acceptor: Option<TlsAcceptor>, accepts: Arc<Mutex<Accepts>>, mails: Mails) {
    let mut stream = BufReader::new(stream);
    if stream.write_all(b"220 relay.lan ESMTP\r\n").await.is_err() {
        return;
    }
    if speak(&mut stream, false, true, &accepts, &mails).await != Some(true) {
        return;
    }
    match acceptor {
        Some(acceptor) => {
            let Ok(stream) = acceptor.accept(stream.into_inner()).await else { return };
            speak(&mut BufReader::new(stream), true, false, &accepts, &mails).await;
        }
        None => drop(stream.write_all(b"454 4.7.0 TLS not available due to local problem\r\n").await),
    }
}

/// Responds to commands until the connection ends; `true` if it continues with TLS.
async fn speak(
    stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
    is_encrypted: bool,
    offers_tls: bool,
    accepts: &Mutex<Accepts>,
    mails: &Mutex<Vec<(bool, String)>>,
) -> Option<bool> {
    let mut recipient = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        let accepts = *accepts.lock().unwrap();
        let command = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
        let answer = match (command.as_str(), accepts) {
            (command, Accepts::Refuse(refused, answer)) if command == refused => answer.into(),
            ("EHLO", _) => {
                let tls = if offers_tls { "250-STARTTLS\r\n" } else { "" };
                let auth = match accepts {
                    Accepts::Token(_) | Accepts::TokenAtOnce(_) => "250-AUTH XOAUTH2\r\n",
                    _ => "250-AUTH PLAIN LOGIN XOAUTH2\r\n",
                };
                format!("250-relay.lan\r\n{tls}{auth}250 8BITMIME")
            }
            ("STARTTLS", _) => {
                stream.write_all(b"220 2.0.0 Ready to start TLS\r\n").await.ok()?;
                return Some(true);
            }
            ("AUTH", Accepts::Token(token) | Accepts::TokenAtOnce(token)) => {
                let expected = format!("user=help@acme.example\x01auth=Bearer {token}\x01\x01");
                if line.strip_prefix("AUTH XOAUTH2 ") == Some(BASE64_STANDARD.encode(expected).as_str()) {
                    "235 2.7.0 Accepted".into()
                } else if let Accepts::Token(_) = accepts {
                    format!("334 {}", BASE64_STANDARD.encode("{\"status\":\"400\",\"schemes\":\"Bearer\"}"))
                } else {
                    "535 5.7.3 Authentication unsuccessful".into()
                }
            }
            ("AUTH", _) => "235 2.7.0 Accepted".into(),
            ("RCPT", _) => {
                recipient = line.trim_start_matches("RCPT TO:<").trim_end_matches('>').into();
                "250 2.1.5 OK".into()
            }
            ("DATA", _) => {
                stream.write_all(b"354 go on\r\n").await.ok()?;
                loop {
                    let mut line = String::new();
                    stream.read_line(&mut line).await.ok()?;
                    if line == ".\r\n" {
                        break;
                    }
                }
                mails.lock().unwrap().push((is_encrypted, recipient.clone()));
                "250 2.0.0 taken".into()
            }
            ("QUIT", _) => "221 2.0.0 bye".into(),
            _ => "250 2.0.0 OK".to_string(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
}
