//! The frame of all pages of the inbox, and error pages.

use maud::{DOCTYPE, Markup, html};

use super::access::Agent;
use crate::config::TOKEN_MIN;

/// The data of the frame of a page.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The agent who sees the page.
    pub agent: &'a Agent,
    /// The number of dead letters.
    pub dead_letters: u32,
    /// A warning about how the gateway is reached.
    pub warning: Option<&'a str>,
}

/// A page.
pub fn page(title: &str, frame: &Frame<'_>, content: Markup) -> Markup {
    let Frame { agent, dead_letters, warning } = frame;
    let links = html! {
        nav aria-label="Pages of the inbox" {
            a href="/inbox" { "Tickets" }
            a href="/inbox/answers" { "Answers" }
            a href="/inbox/deliveries" {
                "Deliveries" @if *dead_letters > 0 { span.mark.critical { " " (dead_letters) span.unseen { " given up" } } }
            }
        }
        @if agent.logged_in {
            form.leave method="post" action="/inbox/logout" {
                span.muted { bdi { (agent.name) } }
                button.link type="submit" { "Log out" }
            }
        }
    };
    framed(
        title,
        links,
        html! {
            @if let Some(warning) = warning { p.wrong role="alert" { (warning) } }
            (content)
        },
    )
}

fn framed(title: &str, links: Markup, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex";
                title { (title) " · Deskbell inbox" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/inbox/inbox.css";
            }
            body {
                header.bar {
                    a.brand href="/inbox" { "Deskbell" span.brand-part { " Inbox" } }
                    (links)
                }
                main { (content) }
                script type="module" src="/inbox/inbox.js" {}
            }
        }
    }
}

/// The ticket does not exist.
pub fn not_found() -> Markup {
    notice(
        "No such ticket",
        html! {
            p { "There is no ticket with this reference. References look like DB-4K7Q9; please check for a typing error." }
            p { a href="/inbox" { "All tickets" } }
        },
    )
}

/// The store failed; with the reason if a row cannot be read.
pub fn failed(reason: Option<&str>) -> Markup {
    notice(
        "Tickets unavailable",
        html! {
            @if let Some(reason) = reason { p { code { (reason) } } }
            p { "The gateway cannot read its database right now. Nothing is lost; the gateway's log gives the reason." }
        },
    )
}

/// The request came from a page outside of the inbox.
pub fn foreign() -> Markup {
    notice(
        "Request from another site",
        html! {
            p { "Changes are accepted only from the inbox's own pages. Nothing was changed." }
            p {
                "If you did press a button in the inbox, the proxy in front of the gateway hides the address you see. Have it pass on "
                code { "Host" } " unchanged, or have it send " code { "X-Forwarded-Host" } " and list it under " code { "[proxy] trusted" } "."
            }
            p { a href="/inbox" { "All tickets" } }
        },
    )
}

/// A form is invalid; the page contains the text that was written.
pub fn problem_page(problem: &str, text: &str, back_to: &str) -> Markup {
    notice(
        "Not saved",
        html! {
            p { (problem) }
            @if !text.is_empty() {
                label for="kept" { "Your text, to copy:" }
                textarea.prose #kept readonly rows="10" dir="auto" { (text) }
            }
            p { a href=(back_to) { "Back" } }
        },
    )
}

/// The body of a request is malformed.
pub fn unreadable(reason: &str) -> Markup {
    notice(
        "Not saved",
        html! { p { "The form could not be read: " (reason) "." } p { a href="/inbox" { "All tickets" } } },
    )
}

/// The inbox is closed because there is no token.
pub fn closed(demo: bool) -> Markup {
    notice(
        "The inbox is closed",
        html! {
            p { "The inbox needs a token because tickets contain personal data. This gateway has none yet." }
            p { "Set one of at least " (TOKEN_MIN) " characters and restart the gateway:" }
            pre tabindex="0" { code { "export DESKBELL_INBOX_TOKEN=\"$(openssl rand -hex 32)\"" } }
            p { "or set " code { "inbox_token" } " in the configuration file." }
            @if demo {
                p { "In the demo, the inbox opens without a token on the same computer, at http://localhost or http://127.0.0.1." }
            }
        },
    )
}

/// A page with one message.
pub fn notice(title: &str, content: Markup) -> Markup {
    framed(title, html! {}, html! { div.notice { h1 { (title) } (content) } })
}
