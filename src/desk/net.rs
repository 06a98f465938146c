//! Requests to the gateway for the desk: a submission, or an attachment, as the customer who wrote it.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use domain::desk::attachment::UploadOutcome;
use domain::desk::customer::Credential;
use domain::desk::draft::Target;
use domain::desk::event::Answer;
use domain::desk::ids::{AttachmentId, CustomerId, IdempotencyKey};
use domain::desk::responses::{Exchange, answer, upload_outcome};
use domain::desk::stored;
use wasm_bindgen::JsValue;
use wire::Source;

use crate::browser::http::{self, Reply};
use crate::browser::{dom, upload};

/// How long a request may take.
const REQUEST_LIMIT: Duration = Duration::from_secs(20);
/// How long the request may take that shows whether only another one is blocked.
const PROBE_LIMIT: Duration = Duration::from_secs(5);
/// How long an upload may make no progress.
const STALLED_LIMIT: Duration = Duration::from_secs(30);

/// A submission to be sent.
#[derive(Clone, Debug)]
pub struct Post {
    /// Its key.
    pub key: IdempotencyKey,
    /// Where it is sent.
    pub target: Target,
    /// Its bytes.
    pub body: String,
    /// What says who it comes from.
    pub credential: Credential,
    /// Whose token may be used.
    pub customer: CustomerId,
    /// The anonymous session.
    pub session: String,
}

/// An attachment to be uploaded.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Its id.
    pub id: AttachmentId,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: JsValue,
    /// Whose token may be used; nobody's if it is none.
    pub customer: Option<CustomerId>,
    /// The anonymous session.
    pub session: String,
}

/// The gateway. Dropping a future aborts its request.
pub trait Net {
    /// Posts a submission.
    fn post(&self, post: Post) -> impl Future<Output = Answer>;
    /// Uploads an attachment. `progress` gets how much of it is there, from 0 to 1.
    fn upload(&self, upload: Upload, progress: Box<dyn Fn(f64)>) -> impl Future<Output = UploadOutcome>;
}

/// A customer's token, which may be empty; `None` if the customer is another one by now. With a token that was refused, it is another one.
pub type Token = Pin<Box<dyn Future<Output = Option<String>>>>;

/// Returns the token of a customer, given the one that was refused, if any.
type FindToken = dyn Fn(&CustomerId, Option<&str>) -> Token;

/// A gateway's site.
pub struct SiteNet {
    url: String,
    token: Box<FindToken>,
    /// Gets the response with which the gateway has refused both tokens, for the host's developer.
    refused: Box<dyn Fn(&str)>,
    /// The last token of each submission that is being sent.
    tokens: RefCell<Vec<(IdempotencyKey, String)>>,
    /// The submissions whose last request had no response.
    silent: RefCell<Vec<IdempotencyKey>>,
}

impl SiteNet {
    /// The site with an address at its gateway. `token` returns a customer's token, another one than the one that was refused; `refused` gets the
    /// response to the second.
    pub fn new(
        url: String,
        token: impl Fn(&CustomerId, Option<&str>) -> Token + 'static,
        refused: impl Fn(&str) + 'static,
    ) -> SiteNet {
        SiteNet {
            url,
            token: Box::new(token),
            refused: Box::new(refused),
            tokens: RefCell::default(),
            silent: RefCell::default(),
        }
    }

    /// The token to send a submission with; empty to send it with the session alone. `None` if only its customer may send it, and is not here.
    async fn token_of(&self, post: &Post) -> Option<String> {
        let before = self.take_token(&post.key);
        let before = match post.credential {
            Credential::Session => return Some(String::new()),
            Credential::Token => None,
            Credential::FreshToken => before,
        };
        match (self.token)(&post.customer, before.as_deref()).await {
            None if post.target != Target::NewTicket => None,
            token => Some(token.unwrap_or_default()),
        }
    }

    fn take_token(&self, key: &IdempotencyKey) -> Option<String> {
        let mut tokens = self.tokens.borrow_mut();
        let index = tokens.iter().position(|(known, _)| known == key)?;
        Some(tokens.swap_remove(index).1)
    }

    fn was_silent(&self, key: &IdempotencyKey) -> bool {
        self.silent.borrow().contains(key)
    }

    fn note_silence(&self, key: &IdempotencyKey, is_silent: bool) {
        let mut silent = self.silent.borrow_mut();
        silent.retain(|known| known != key);
        if is_silent {
            silent.push(key.clone());
        }
    }

    /// Whether a small request of the same kind reaches the gateway.
    async fn passes(&self) -> bool {
        let Some((start, _)) = self.url.rsplit_once("sites/") else { return false };
        let reply = http::post(&[start, "probe"].concat(), &[], "ok", PROBE_LIMIT).await;
        JsValue::parse(&reply.text).is_some_and(|body| body.get("bytes").number() == 2.0)
    }
}

impl Net for SiteNet {
    async fn post(&self, post: Post) -> Answer {
        let Some(token) = self.token_of(&post).await else { return Answer::Unauthorised };
        let mut headers = headers(&post.session, &token);
        headers.push(("Content-Type", "application/json".into()));
        headers.push(("Idempotency-Key", post.key.0.clone()));
        let url = [self.url.as_str(), &stored::path(&post.target)].concat();
        let reply = http::post(&url, &headers, &post.body, REQUEST_LIMIT).await;
        let mut exchange = exchange(reply, &token);
        exchange.is_repeated = self.was_silent(&post.key);
        self.note_silence(&post.key, exchange.status == 0);
        let mut found = answer::<JsValue>(&exchange, &post.target);
        if exchange.is_suspicious(&found) {
            exchange.passes = self.passes().await;
            found = answer::<JsValue>(&exchange, &post.target);
        }
        if found == Answer::Unauthorised {
            if post.credential == Credential::FreshToken {
                (self.refused)(&exchange.text);
            }
            self.tokens.borrow_mut().push((post.key, token));
        }
        found
    }

    async fn upload(&self, upload: Upload, progress: Box<dyn Fn(f64)>) -> UploadOutcome {
        let progress: Rc<dyn Fn(f64)> = progress.into();
        let mut refused: Option<String> = None;
        let url = [&self.url, "/attachments/", &upload.id.0, "?name=", &dom::encoded(&upload.name)].concat();
        let mut is_over = upload.customer.is_none();
        loop {
            let token = match &upload.customer {
                Some(customer) if !is_over => (self.token)(customer, refused.as_deref()).await.unwrap_or_default(),
                _ => String::new(),
            };
            let report = progress.clone();
            let moved = move |part| report(part);
            let headers = headers(&upload.session, &token);
            let reply = upload::put(&url, &headers, &upload.bytes, STALLED_LIMIT, moved).await;
            let mut exchange = exchange(reply, &token);
            if exchange.status == 401 && !token.is_empty() {
                is_over = refused.is_some();
                if is_over {
                    (self.refused)(&exchange.text);
                }
                refused = Some(token);
                continue;
            }
            let found = upload_outcome::<JsValue>(&exchange);
            if found != UploadOutcome::Unreachable || !exchange.is_online {
                return found;
            }
            exchange.passes = self.passes().await;
            return upload_outcome::<JsValue>(&exchange);
        }
    }
}

fn headers(session: &str, token: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![("Deskbell-Session", session.to_string())];
    if !token.is_empty() {
        headers.push(("Authorization", ["Bearer ", token].concat()));
    }
    headers
}

fn exchange(reply: Reply, token: &str) -> Exchange {
    Exchange {
        status: reply.status,
        text: reply.text,
        retry_after: reply.retry_after.unwrap_or_default(),
        has_token: !token.is_empty(),
        is_late: reply.is_late,
        is_online: dom::is_online(),
        passes: false,
        is_repeated: false,
    }
}
