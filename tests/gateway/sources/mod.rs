//! Imports from other systems, each tested with a stand-in that follows its documentation.

mod discourse;
mod several;
mod strapi;
mod zendesk;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, Response, StatusCode};
use axum::response::IntoResponse;
use deskbell_core::use_cases::search::all_questions;
use deskbell_core::use_cases::search::import::{ImportQuestions, Prune, Report};
use domain::question::Question;
use serde_json::Value;
use sources::{Format, Source};
use store_sqlite::SqliteStore;
use tempfile::TempDir;

/// The responses for a path with its query: in turn, the last one for good.
type Answers = HashMap<String, VecDeque<(u16, Vec<(String, String)>, String)>>;

/// A server that stands in for a source.
#[derive(Clone)]
pub struct StandIn {
    pub url: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<String>>>,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
}

impl StandIn {
    pub async fn new() -> StandIn {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stand_in = StandIn { url, answers: Arc::default(), asked: Arc::default(), headers: Arc::default() };
        let shared = stand_in.clone();
        let router = Router::new().fallback(async move |request: Request<Body>| shared.answer(&request));
        tokio::spawn(async move { axum::serve(listener, router).await });
        stand_in
    }

    fn answer(&self, request: &Request<Body>) -> Response<Body> {
        let uri = request.uri().to_string();
        let path = percent_decoded(&uri);
        self.asked.lock().unwrap().push(path.clone());
        self.headers.lock().unwrap().push(request.headers().clone());
        let mut answers = self.answers.lock().unwrap();
        // By the whole address first, then by the path alone.
        let key = if answers.contains_key(&path) { path } else { request.uri().path().to_string() };
        let Some(queue) = answers.get_mut(&key) else { return StatusCode::NOT_FOUND.into_response() };
        let next = if queue.len() > 1 { queue.pop_front() } else { queue.front().cloned() };
        let (status, headers, body) = next.unwrap();
        let mut response = Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(name, value);
        }
        response.body(Body::from(body)).unwrap()
    }

    /// Sets the response from here on.
    pub fn json(&self, path: &str, body: &Value) {
        self.set(path, 200, &[("content-type", "application/json")], &body.to_string());
    }

    pub fn set(&self, path: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        self.answers.lock().unwrap().insert(path.into(), VecDeque::from([reply(status, headers, body)]));
    }

    /// Sets a response for one request, before the others.
    pub fn once(&self, path: &str, status: u16, headers: &[(&str, &str)], body: &str) {
        self.answers.lock().unwrap().get_mut(path).unwrap().push_front(reply(status, headers, body));
    }

    pub fn remove(&self, path: &str) {
        self.answers.lock().unwrap().remove(path);
    }

    /// The requests so far, in order; clears them.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// The headers of the last request.
    pub fn last_headers(&self) -> HeaderMap {
        self.headers.lock().unwrap().last().cloned().unwrap_or_default()
    }

    pub fn source(&self, format: Format, path: &str) -> Source {
        Source::new(format, &format!("{}{path}", self.url), None).unwrap()
    }
}

fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> (u16, Vec<(String, String)>, String) {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    (status, headers, body.into())
}

fn percent_decoded(text: &str) -> String {
    let [open, close, dollar, colon] = ["%5B", "%5D", "%24", "%3A"];
    text.replace(open, "[").replace(close, "]").replace(dollar, "$").replace(colon, ":")
}

/// A store to import into.
pub struct Database {
    pub store: SqliteStore,
    _folder: TempDir,
}

impl Database {
    pub async fn new() -> Database {
        let folder = tempfile::tempdir().unwrap();
        Database { store: SqliteStore::open(&folder.path().join("test.db")).await.unwrap(), _folder: folder }
    }

    pub fn importer(&self) -> ImportQuestions {
        let store = Arc::new(self.store.clone());
        ImportQuestions::new(store.clone(), store.clone(), store)
    }

    pub async fn import(&self, source: &Source) -> Report {
        self.import_with(source, Prune::Limited).await
    }

    pub async fn import_with(&self, source: &Source, prune: Prune) -> Report {
        self.importer().import(&"acme".into(), source, prune).await.unwrap()
    }

    pub async fn questions(&self) -> Vec<Question> {
        all_questions(&self.store, &"acme".into()).await.unwrap()
    }

    pub async fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = self.questions().await.into_iter().map(|question| question.title).collect();
        titles.sort();
        titles
    }
}

/// The numbers of a report: new, changed, unchanged, removed, bad.
pub fn counts(report: &Report) -> [usize; 5] {
    let changes = &report.changes;
    [changes.new, changes.changed, changes.unchanged, changes.removed, report.bad]
}

pub fn notes(report: &Report) -> Vec<String> {
    report.notes.iter().map(ToString::to_string).collect()
}

pub const HTML: &[(&str, &str)] = &[("content-type", "text/html")];
