//! The frame of all pages of the inbox, and error pages.

use maud::{DOCTYPE, Markup, html};

use super::access::CurrentAgent;
use super::texts::{ENGLISH, Texts};
use deskbell_core::rules::permissions::Permission;
use domain::ticket::MESSAGE_MAX;

/// The name of the field for the text of an answer or note.
pub const TEXT_FIELD: &str = "text";

/// The data of the frame of a page.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The agent who sees the page.
    pub agent: &'a CurrentAgent,
    /// The number of dead letters that they may see.
    pub dead_letters: u32,
    /// A warning about how the gateway is reached.
    pub warning: Option<&'a str>,
    /// The language of the page.
    pub texts: &'static Texts,
}

/// A page.
pub fn page(title: &str, frame: &Frame<'_>, content: Markup) -> Markup {
    let Frame { agent, dead_letters, warning, texts } = frame;
    let links = [
        ("/inbox", texts.tickets, Permission::ReadTickets),
        ("/inbox/answers", texts.answers, Permission::ReadAnswers),
        ("/inbox/deliveries", texts.deliveries, Permission::ReadDeliveries),
        ("/inbox/audit", texts.audit_log, Permission::ReadAuditLog),
    ];
    let links = html! {
        nav aria-label=(texts.pages) {
            @for (address, text, permission) in links {
                @if agent.may(permission) {
                    a href=(address) {
                        (text)
                        @if permission == Permission::ReadDeliveries && *dead_letters > 0 {
                            span.mark.critical { " " (dead_letters) span.unseen { " " (texts.given_up) } }
                        }
                    }
                }
            }
        }
        @if agent.session.is_some() {
            form.leave method="post" action="/inbox/logout" {
                span.muted { bdi { (agent.name()) } }
                a href="/inbox/sessions" { (texts.sessions) }
                button.link type="submit" { (texts.log_out) }
            }
        }
    };
    framed(
        texts,
        title,
        links,
        html! {
            @if let Some(warning) = warning { p.wrong role="alert" lang="en" dir="ltr" { (warning) } }
            (content)
        },
    )
}

fn framed(texts: &Texts, title: &str, links: Markup, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(texts.tag) dir=[texts.is_rtl.then_some("rtl")] {
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
                    a.brand href="/inbox" { "Deskbell" span.brand-part { " " (texts.inbox) } }
                    (links)
                }
                main { (content) }
                script type="module" src="/inbox/inbox.js" {}
            }
        }
    }
}

/// The agent is logged in, and their browser is to load a page of the inbox. A redirect would continue the navigation from the identity provider,
/// with which browsers do not send the cookie of the session.
pub fn logged_in(texts: &'static Texts, next: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(texts.tag) dir=[texts.is_rtl.then_some("rtl")] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="refresh" content={ "0; url=" (next) };
                title { (texts.logged_in_title) " · Deskbell inbox" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/inbox/inbox.css";
            }
            body { main { div.notice { h1 { (texts.logged_in_title) } p { a href=(next) { (texts.proceed) } } } } }
        }
    }
}

/// The agent may not see or do this.
pub fn forbidden(texts: &'static Texts) -> Markup {
    notice_in(
        texts,
        texts.forbidden_title,
        html! { p { (texts.forbidden) } p { a href="/inbox" { (texts.all_tickets) } } },
    )
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

/// The store does not answer.
pub fn unavailable(texts: &'static Texts) -> Markup {
    let content = html! { p { (texts.unavailable) } p { a href="/inbox" { (texts.all_tickets) } } };
    notice_in(texts, texts.unavailable_title, content)
}

/// The store does not answer; with the form that was sent, so that its text is not lost and can be sent again. It keeps the form's key, so that an
/// answer that was stored after all is not stored twice.
pub fn unavailable_with_form(texts: &'static Texts, action: &str, fields: &[(String, String)]) -> Markup {
    let content = html! {
        p { (texts.unavailable_with_text) }
        form method="post" action=(action) {
            @for (name, value) in fields {
                @if name == TEXT_FIELD {
                    label for="kept" { (texts.written_text) }
                    textarea.prose #kept name=(name) rows="10" maxlength=(MESSAGE_MAX) required dir="auto" { "\n" (value) }
                } @else {
                    input type="hidden" name=(name) value=(value);
                }
            }
            button.button.main type="submit" { (texts.send_again) }
        }
        p { a href="/inbox" { (texts.all_tickets) } }
    };
    notice_in(texts, texts.unavailable_title, content)
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

/// The inbox is closed because there is no way to log in.
pub fn closed(demo: bool) -> Markup {
    notice(
        "The inbox is closed",
        html! {
            p { "Agents need a login because tickets contain personal data. This gateway has none yet." }
            p { "Make a personal token for each agent and restart the gateway:" }
            pre tabindex="0" { code { "deskbell agents token ana --name \"Ana Lima\" --role administrator" } }
            p { "or set " code { "[inbox.oidc]" } " in the configuration file, to log in at your identity provider." }
            @if demo {
                p { "In the demo, the inbox opens without a token on the same computer, at http://localhost or http://127.0.0.1." }
            }
        },
    )
}

/// A page with one message.
pub fn notice(title: &str, content: Markup) -> Markup {
    notice_in(&ENGLISH, title, content)
}

/// A page with one message in a language.
pub fn notice_in(texts: &Texts, title: &str, content: Markup) -> Markup {
    framed(texts, title, html! {}, html! { div.notice { h1 { (title) } (content) } })
}
