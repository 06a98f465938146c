//! Renders pages as HTTP responses.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use axum::http::{Extensions, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use maud::Markup;
use url::form_urlencoded;

use super::page;
use super::texts::PageTexts;
use crate::http::problem::Refusal;
use deskbell_core::ports::StoreError;

/// A page.
pub fn html(page: Markup) -> Html<String> {
    Html(page.into_string())
}

/// A page with a status.
pub fn message(status: StatusCode, page: Markup) -> Response {
    (status, html(page)).into_response()
}

/// The store failed. The error is in the log.
pub enum Failed {
    /// It does not answer; [`explain_outage`] says so.
    Unavailable,
    /// A row cannot be read, for this reason.
    Unreadable(String),
    /// Anything else.
    Internal,
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Failed {
        tracing::error!(%error, "store failed");
        match error {
            StoreError::Busy | StoreError::CommitUnknown(_) => Failed::Unavailable,
            _ if error.concerns_row() => Failed::Unreadable(error.to_string()),
            _ => Failed::Internal,
        }
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let reason = match &self {
            Failed::Unavailable => return Refusal::Busy.into_response(),
            Failed::Unreadable(reason) => Some(reason.as_str()),
            Failed::Internal => None,
        };
        message(StatusCode::INTERNAL_SERVER_ERROR, page::failed(reason))
    }
}

/// The form of a request from a page of the inbox, once its body was read. The response to it may have to give its text back.
#[derive(Clone, Default)]
pub struct SentForm(Arc<OnceLock<Vec<u8>>>);

impl SentForm {
    /// Keeps the form of a request, which must come from a page of the inbox: the response could show it to somebody else.
    pub fn keep(extensions: &Extensions, body: &[u8]) {
        if let Some(SentForm(kept)) = extensions.get::<SentForm>() {
            // There is one body.
            let _ = kept.set(body.to_vec());
        }
    }

    /// Its fields, if it has a text that somebody has written.
    fn fields(&self) -> Option<Vec<(String, String)>> {
        let fields: Vec<(String, String)> = form_urlencoded::parse(self.0.get()?).into_owned().collect();
        let has_text = fields.iter().any(|(name, text)| name == page::TEXT_FIELD && !text.trim().is_empty());
        has_text.then_some(fields)
    }
}

/// Middleware that answers with a page where the store did not answer or a request took too long, in the language of the browser. The page has the
/// text that was written.
pub async fn explain_outage(texts: PageTexts, mut request: Request, next: Next) -> Response {
    // The router has taken the beginning of the path away.
    let (form, action) = (SentForm::default(), format!("/inbox{}", request.uri().path()));
    request.extensions_mut().insert(form.clone());
    let response = next.run(request).await;
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/"));
    if response.status() != StatusCode::SERVICE_UNAVAILABLE || is_page {
        return response;
    }
    let retry_after = response.headers().get(header::RETRY_AFTER).cloned();
    let page = match form.fields() {
        Some(fields) => page::unavailable_with_form(texts.0, &action, &fields),
        None => page::unavailable(texts.0),
    };
    let mut page = message(StatusCode::SERVICE_UNAVAILABLE, page);
    page.headers_mut().extend(retry_after.map(|seconds| (header::RETRY_AFTER, seconds)));
    page
}
