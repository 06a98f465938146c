//! Posts to the configured address and nowhere else: not to another address that its name resolves to in the meantime, and not to where a redirect leads.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use deskbell_core::ports::destination::{Failure, Finding};
use outbound_http::{PublicOnly, SharedClients, addresses, cause, is_public, literal, not_public, retry_after};

/// The timeout of a response; Standard Webhooks recommends 15 to 30 seconds.
const ANSWER: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(10);
/// How much of a response is read, in bytes.
const BODY_MAX: usize = 1024;
/// The longest word of a response that errors quote.
const WORD_MAX: usize = 64;
/// The longest pause that a target can demand.
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// An address for POST requests.
#[derive(Clone)]
pub struct Target {
    url: Url,
    client: reqwest::Client,
    private: bool,
}

impl fmt::Debug for Target {
    /// Without path and query, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.host())
    }
}

impl Target {
    /// Parses an address; the error says what is wrong. With `private` it may be in a private network or on this computer, and then use http.
    pub fn read(text: &str, private: bool, clients: &SharedClients) -> Result<Target, String> {
        // The address itself may be secret, so no error quotes it.
        let no_url =
            || "not the address of a web service; use https://HOST/PATH, without user and password".to_string();
        let url = outbound_http::source_url(text).map_err(|_| no_url())?;
        if !private && url.scheme() != "https" {
            return Err("must be https; http is allowed for this computer only, and with private = true".into());
        }
        if let Some(address) = literal(&url).filter(|address| !private && !is_public(*address)) {
            return Err(format!("{}; set private = true if this is intended", not_public(&address.to_string())));
        }
        let settings = || {
            let client = reqwest::Client::builder()
                .user_agent(outbound_http::USER_AGENT)
                .connect_timeout(CONNECT)
                .timeout(ANSWER)
                .redirect(Policy::none());
            // A proxy would resolve the name itself and bypass the check.
            if private { client } else { client.no_proxy().dns_resolver(Arc::new(PublicOnly { localhost: false })) }
        };
        let client = clients.get(if private { "private webhooks" } else { "public webhooks" }, settings)?;
        Ok(Target { url, client, private })
    }

    /// Posts JSON.
    pub async fn post(&self, headers: HeaderMap, json: Vec<u8>) -> Result<(), Failure> {
        let request = self.client.post(self.url.clone()).headers(headers);
        let request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(json);
        let mut response = request.send().await.map_err(|error| self.unreachable(error))?;
        let (status, after) = (response.status(), wait_time(response.headers()));
        let mut body = Vec::new();
        // The body of an error only explains it, so a broken one does not matter.
        while !status.is_success() && body.len() < BODY_MAX {
            let Ok(Some(chunk)) = response.chunk().await else { break };
            body.extend_from_slice(chunk.get(..BODY_MAX.min(chunk.len())).unwrap_or_default());
        }
        interpret(self.host(), status, after, word(&body))
    }

    /// Whether it can be reached, without sending a request.
    pub async fn check(&self) -> Finding {
        let host = self.host();
        match timeout(CONNECT, self.reach()).await.unwrap_or_else(|_| Err("timed out".into())) {
            Ok(()) => Finding { is_good: true, message: format!("{host} is reachable") },
            Err(reason) => {
                Finding { is_good: false, message: format!("{host} is unreachable: {reason}; check url and private") }
            }
        }
    }

    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    async fn reach(&self) -> Result<(), String> {
        let port = self.url.port_or_known_default().unwrap_or_default();
        let addresses = match literal(&self.url) {
            Some(address) => vec![SocketAddr::new(address, port)],
            None => addresses(self.host(), port, self.private).await.map_err(|error| error.to_string())?,
        };
        let stream = TcpStream::connect(addresses.as_slice()).await.map_err(|error| error.to_string())?;
        if self.url.scheme() == "https" {
            let config = ClientConfig::builder().with_platform_verifier().map_err(|error| error.to_string())?;
            let name = self.host().trim_matches(['[', ']']).to_string();
            let name = ServerName::try_from(name).map_err(|error| error.to_string())?;
            let connector = TlsConnector::from(Arc::new(config.with_no_client_auth()));
            connector.connect(name, stream).await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// The failure without a response: before the request was sent it is the destination's, after that the outcome is unknown.
    fn unreachable(&self, error: reqwest::Error) -> Failure {
        let (connects, reason) = (error.is_connect(), cause(&error.without_url()));
        match connects {
            true => Failure::away(format!("{} is unreachable: {reason}", self.host())),
            false => Failure::later(format!("no response from {}: {reason}", self.host())),
        }
    }
}

fn wait_time(headers: &HeaderMap) -> Option<Duration> {
    let after = headers.get(RETRY_AFTER)?.to_str().ok()?;
    Some(retry_after(after)?.min(WAIT_MAX))
}

/// Interprets a response (Standard Webhooks, "Delivery success and failure"). Everything that is neither success nor a demand counts as a
/// failure that is retried for days: a 404 or 401 may end with the next deployment, or with a corrected secret.
fn interpret(host: &str, status: StatusCode, after: Option<Duration>, word: &str) -> Result<(), Failure> {
    let colon = if word.is_empty() { "" } else { ": " };
    let reason = |problem: &str| format!("{host} {problem} ({}){colon}{word}", status.as_u16());
    match status.as_u16() {
        200..=299 => Ok(()),
        300..=399 => Err(Failure::Away { reason: reason("redirects; use the final address"), after }),
        410 => Err(Failure::Never(reason("is gone"))),
        429 | 502 | 503 | 504 => Err(Failure::Away { reason: reason("is overloaded"), after }),
        _ => Err(Failure::Later { reason: reason("rejected the request"), after }),
    }
}

/// The body of a response if it is one word, such as `channel_is_archived`. Longer bodies may quote the customer.
fn word(body: &[u8]) -> &str {
    let word = str::from_utf8(body).unwrap_or_default().trim();
    let is_code = word.len() <= WORD_MAX && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_code { word } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::io;

    use axum::Router;
    use axum::http::header;
    use axum::response::IntoResponse;
    use tokio::net::TcpListener;

    #[test]
    fn addresses_are_https_and_public_unless_marked_private() {
        for (text, private, is_valid) in [
            ("https://hooks.example.com/a?b=c", false, true),
            ("https://1.1.1.1/", false, true),
            ("http://hooks.example.com/", false, false),
            ("http://127.0.0.1:8080/", false, false),
            ("https://127.0.0.1/", false, false),
            ("https://0x7f.1/", false, false),
            ("https://2130706433/", false, false),
            ("https://10.1.2.3/", false, false),
            ("https://[::1]/", false, false),
            ("https://[::ffff:169.254.169.254]/", false, false),
            ("https://169.254.169.254/latest/meta-data/", false, false),
            ("https://user:pass@hooks.example.com/", false, false),
            ("ftp://hooks.example.com/", false, false),
            ("hooks.example.com", false, false),
            ("https://10.1.2.3/", true, true),
            ("http://127.0.0.1:8080/", true, true),
            ("http://10.1.2.3/", true, false),
            ("http://hooks.example.com/", true, false),
        ] {
            let target = Target::read(text, private, &SharedClients::default());
            assert_eq!(target.is_ok(), is_valid, "{text} {private} {target:?}");
        }
        let secret =
            Target::read("https://hooks.example.com/services/T0/B0/secret", false, &SharedClients::default()).unwrap();
        assert_eq!(format!("{secret:?}"), "Target(hooks.example.com)");
        let reason = Target::read("http://hooks.example.com/secret", false, &SharedClients::default()).unwrap_err();
        assert!(!reason.contains("secret"), "{reason}");
    }

    #[test]
    fn responses_are_success_removal_or_a_retry() {
        let judged = |status, after| interpret("a.example", StatusCode::from_u16(status).unwrap(), after, "");
        let minute = Some(Duration::from_secs(60));
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(judged(status, None), Ok(()), "{status}");
        }
        for status in [301, 307, 429, 502, 503, 504] {
            assert!(matches!(judged(status, minute), Err(Failure::Away { after, .. }) if after == minute), "{status}");
        }
        assert!(matches!(judged(410, None), Err(Failure::Never(reason)) if reason.contains("410")));
        for status in [400, 401, 403, 404, 408, 413, 422, 500] {
            assert!(matches!(judged(status, minute), Err(Failure::Later { after, .. }) if after == minute), "{status}");
        }
        let archived = interpret("a.example", StatusCode::GONE, None, word(b"channel_is_archived\n"));
        assert_eq!(archived, Err(Failure::Never("a.example is gone (410): channel_is_archived".into())));
        assert_eq!(word(b"Dear ada@example.com, no"), "");
    }

    #[test]
    fn retry_after_is_bounded() {
        let wait = |text: &str| wait_time(&[(RETRY_AFTER, text.parse().unwrap())].into_iter().collect());
        assert_eq!(wait("30"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("99999999"), Some(WAIT_MAX));
        assert_eq!(wait("soon"), None);
    }

    /// Whether nobody has connected to a listener so far.
    async fn is_untouched(listener: &TcpListener) -> bool {
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        listener.accept().await.unwrap().1 == client.local_addr().unwrap()
    }

    #[tokio::test]
    async fn names_that_resolve_to_loopback_are_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let target = Target::read(&format!("https://localhost:{port}/"), false, &SharedClients::default()).unwrap();
        let refused = target.post(HeaderMap::new(), Vec::new()).await;
        let reason = "localhost is unreachable: localhost is this computer or in a private network";
        assert_eq!(refused, Err(Failure::away(reason)));
        let finding = target.check().await;
        assert!(!finding.is_good && finding.message.contains("private network; check url and private"), "{finding:?}");
        assert!(is_untouched(&listener).await);

        let target = Target::read(&format!("http://localhost:{port}/"), true, &SharedClients::default()).unwrap();
        assert_eq!(target.check().await, Finding { is_good: true, message: "localhost is reachable".into() });
        assert!(!is_untouched(&listener).await);
    }

    #[tokio::test]
    async fn checks_require_a_valid_certificate() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target =
            Target::read(&format!("https://{}/", listener.local_addr().unwrap()), true, &SharedClients::default())
                .unwrap();
        tokio::spawn(async move { while listener.accept().await.is_ok() {} });
        let finding = target.check().await;
        assert!(!finding.is_good && finding.message.starts_with("127.0.0.1 is unreachable: "), "{finding:?}");
    }

    async fn answering(answer: impl Fn() -> axum::response::Response + Clone + Send + Sync + 'static) -> Target {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/secret", listener.local_addr().unwrap());
        let router = Router::new().fallback(async move || answer());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Target::read(&url, true, &SharedClients::default()).unwrap()
    }

    #[tokio::test]
    async fn redirects_are_refused_and_responses_bounded() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let other_url = format!("http://{}/", listener.local_addr().unwrap());
        let target = answering(move || {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, other_url.clone())]).into_response()
        });
        let led = target.await.post(HeaderMap::new(), Vec::new()).await;
        assert!(matches!(&led, Err(Failure::Away { reason, .. }) if reason.contains("redirects")), "{led:?}");
        assert!(is_untouched(&listener).await);

        let target = answering(|| {
            let endless = futures_util::stream::repeat_with(|| Ok::<_, io::Error>("no ".repeat(100)));
            (StatusCode::BAD_REQUEST, axum::body::Body::from_stream(endless)).into_response()
        });
        let refused = target.await.post(HeaderMap::new(), Vec::new()).await;
        assert_eq!(refused, Err(Failure::later("127.0.0.1 rejected the request (400)")));
    }

    #[tokio::test]
    async fn a_closed_connection_leaves_the_outcome_unknown() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/secret", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 64]).await;
            }
        });
        let target = Target::read(&url, true, &SharedClients::default()).unwrap();
        let outcome = target.post(HeaderMap::new(), Vec::new()).await;
        assert!(
            matches!(&outcome, Err(Failure::Later { reason, .. }) if reason.starts_with("no response from 127.0.0.1") && !reason.contains("secret")),
            "{outcome:?}"
        );
    }
}
