//! The page at the gateway's root, which links to the inbox.

use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};

/// The page runs no script and must not be embedded.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'none'";

/// Handles requests to the root. The demo has a page of its own there.
pub fn show(has_inbox: bool) -> Response {
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, "same-origin")];
    (headers, Html(page(has_inbox).into_string())).into_response()
}

/// The page; without a link if the inbox has a listener of its own, which customers need not know.
fn page(has_inbox: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { "Deskbell" }
                link rel="icon" href="data:,";
                @if has_inbox { link rel="stylesheet" href="/inbox/inbox.css"; }
            }
            body {
                header.bar { span.brand { "Deskbell" } }
                main {
                    div.notice {
                        h1 { "The Deskbell gateway is running" }
                        p { "Pages use it through the help panel that they embed." }
                        @if has_inbox { p { a href="/inbox" { "Open the inbox" } } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_links_to_an_existing_inbox_only_and_runs_no_script() {
        let (with_inbox, without_inbox) = (page(true).into_string(), page(false).into_string());
        assert!(
            with_inbox.contains("href=\"/inbox\"") && with_inbox.contains("href=\"/inbox/inbox.css\""),
            "{with_inbox}"
        );
        assert!(!without_inbox.contains("/inbox"), "{without_inbox}");
        assert!(!with_inbox.contains("<script") && !with_inbox.contains("style="), "{with_inbox}");
    }
}
