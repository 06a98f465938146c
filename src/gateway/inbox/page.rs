//! What every page of the inbox has, and the pages that say why there is nothing else.

use maud::{DOCTYPE, Markup, html};

use super::super::settings::TOKEN_MIN;

/// A page.
pub fn page(title: &str, content: Markup) -> Markup {
    let ways = html! {
        nav aria-label="Pages of the inbox" {
            a href="/inbox" { "Tickets" }
            a href="/inbox/answers" { "Answers" }
        }
    };
    framed(title, ways, content)
}

fn framed(title: &str, ways: Markup, content: Markup) -> Markup {
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
                    (ways)
                }
                main { (content) }
            }
        }
    }
}

/// There is no such ticket.
pub fn not_found() -> Markup {
    notice(
        "No such ticket",
        html! {
            p { "There is no ticket of this name here. A reference looks like DB-4K7Q9; a letter may have been copied wrongly." }
            p { a href="/inbox" { "All tickets" } }
        },
    )
}

/// The store failed.
pub fn failed() -> Markup {
    notice(
        "The tickets cannot be read",
        html! {
            p { "The gateway cannot read its database just now. Nothing is lost; the gateway's log tells the reason." }
        },
    )
}

/// The browser has to ask for the token.
pub fn token_needed() -> Markup {
    notice(
        "The inbox needs its token",
        html! {
            p { "Reload the page and give the inbox token of the gateway as the password. The user name can be anything." }
        },
    )
}

/// There is no token, so nobody may come in.
pub fn closed(demo: bool) -> Markup {
    notice(
        "The inbox is closed",
        html! {
            p { "Tickets hold what people wrote, so the inbox opens only with a token, and this gateway has none yet." }
            p { "Give it one, of " (TOKEN_MIN) " characters or more, and start it again:" }
            pre tabindex="0" { code { "export DESKBELL_INBOX_TOKEN=\"$(openssl rand -hex 32)\"" } }
            p { "or write " code { "inbox_token" } " into its configuration file." }
            @if demo {
                p { "The demo's inbox opens without a token on the computer it runs on, at http://localhost or http://127.0.0.1." }
            }
        },
    )
}

fn notice(title: &str, content: Markup) -> Markup {
    framed(title, html! {}, html! { div.notice { h1 { (title) } (content) } })
}
