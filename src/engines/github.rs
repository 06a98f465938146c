//! GitHub's search, straight from the page.

use std::cell::RefCell;
use std::time::Duration;

use crate::browser::http::{self, Abort};
use crate::browser::intl;
use domain::question::Hit;
use domain::response::Response;
use ranking::github::{self, Limit};

const API: &str = "https://api.github.com/";
/// How many responses are cached, so that no search is sent twice.
const KEPT_MAX: usize = 20;

thread_local! {
    static LIMIT: RefCell<Limit> = RefCell::default();
    /// Responses by request.
    static KEPT: RefCell<Vec<(String, Vec<Hit>)>> = const { RefCell::new(Vec::new()) };
}

/// The issues that contain most of a text's words; none if GitHub does not respond, or the rate limit is used up.
pub async fn search(text: &str, repository: &str, patience: Duration) -> Vec<Hit> {
    let Some(path) = github::search(text, repository) else { return Vec::new() };
    let kept = KEPT.with_borrow(|kept| kept.iter().find(|(known, _)| *known == path).map(|(_, hits)| hits.clone()));
    if let Some(hits) = kept {
        return hits;
    }
    if !LIMIT.with_borrow_mut(|limit| limit.take(now())) {
        return Vec::new();
    }
    match http::get(&[API, &path].concat(), patience, &Abort::new()).await {
        Response::Http { status: 200, body: Some(body), .. } => {
            let hits = github::hits(&body, text, repository);
            KEPT.with_borrow_mut(|kept| {
                if kept.len() >= KEPT_MAX {
                    kept.remove(0);
                }
                kept.push((path, hits.clone()));
            });
            hits
        }
        Response::Http { status: 403 | 429, retry_after, .. } => {
            LIMIT.with_borrow_mut(|limit| limit.refused(now(), retry_after));
            Vec::new()
        }
        _ => Vec::new(),
    }
}

/// The current time in milliseconds.
fn now() -> f64 {
    intl::milliseconds(&intl::now())
}
