//! The messages of a conversation with author and time.

use leptos::prelude::*;

use super::conversation::{Conversation, Entry};
use crate::browser::intl;
use crate::components::el::{div, el, live, nothing, paragraph};
use crate::components::prose::prose;
use crate::texts;
use domain::attachment::Attachment;
use domain::conversation::{Author, Message};
use domain::texts::TicketsText;

/// The messages from a position on. Those that are drawn are not drawn again when others arrive.
pub fn view(conversation: Conversation, start: usize) -> AnyView {
    live(move || {
        let entries = &conversation.entries;
        let mut parts: Vec<AnyView> =
            entries.peek(|entries| entries.iter().skip(start).map(|one| entry(&conversation, one)).collect());
        if parts.is_empty() {
            entries.track();
            return nothing();
        }
        parts.push(view(conversation.clone(), start + parts.len()));
        parts.into_any()
    })
}

fn entry(conversation: &Conversation, Entry { message, is_new }: &Entry) -> AnyView {
    div(if *is_new { "new" } else { "" }).children([self::message(conversation, message)])
}

fn message(conversation: &Conversation, message: &Message) -> AnyView {
    let support = texts::text(TicketsText::Support);
    let author = match message.author {
        Author::Customer => texts::text(TicketsText::You),
        Author::Support if !message.name.is_empty() => message.name.clone(),
        Author::Support => support.clone(),
        Author::Automatic => texts::text(TicketsText::Automatic),
    };
    let tag = match message.author == Author::Support && author != support {
        true => el("span").attr("class", "tag").text(support),
        false => nothing(),
    };
    let time = el("span").text(intl::moment(&message.at, &conversation.context.panel.lang()));
    let by = div("by").children([el("strong").text(author.clone()), tag, time]);
    // Customers write plain text, not Markdown.
    let (class, body) = match message.author {
        Author::Customer => ("answer mine", paragraph("written", message.body.clone())),
        _ => ("answer", prose(&message.body)),
    };
    // A message has its own direction, its author's name that of the panel.
    let mut parts = vec![by, el("div").attr("dir", "auto").in_any_language().children([body])];
    parts.extend(message.attachments.iter().map(|file| attachment(conversation, file)));
    el("article").attr("class", class).attr("aria-label", author).children(parts)
}

/// An attachment of a message; a press downloads it.
fn attachment(conversation: &Conversation, file: &Attachment) -> AnyView {
    let panel = conversation.context.panel;
    // Relative to the gateway, unless files are served from an origin of their own.
    let gateway = panel.loader().gateway();
    let base = if file.url.starts_with('/') { gateway.trim_end_matches('/') } else { "" };
    let href = [base, &file.url].concat();
    let link = el("a").attr("href", href).attr("target", "_blank").attr("rel", "noopener noreferrer");
    let size = el("span").attr("class", "hint").text(intl::bytes(file.size, &panel.lang()));
    el("p").attr("class", "attached").children([link.text(file.name.clone()), " ".into_any(), size])
}
