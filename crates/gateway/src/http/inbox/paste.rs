//! Texts to copy into another channel in which a customer has asked for help.

use deskbell_core::ids::Reference;
use maud::{Markup, html};

use domain::texts::{GatewayText, fill, text_in};

/// The channels, by the value of a link's `via` and the name that agents see.
pub const PLACES: &[(&str, &str)] =
    &[("x", "X"), ("github", "GitHub"), ("slack", "Slack"), ("community", "Community"), ("email", "E-mail")];

/// A text that says that a ticket was received, in the ticket's language.
pub fn we_have_it(reference: &Reference, locale: &str) -> Markup {
    let text = fill(&text_in(locale, GatewayText::WeHaveIt), "{reference}", reference.as_str());
    copy_field("we-have-it", "Ticket received", &text)
}

/// Texts that ask to use the form, with a link to it; one for each channel.
pub fn send_here(base: &str, site: &str, locale: &str) -> Markup {
    html! {
        @for (channel, channel_name) in PLACES {
            @let link = format!("{base}/help/{site}?deskbell=ticket&via={channel}");
            @let text = fill(&text_in(locale, GatewayText::SendHere), "{link}", &link);
            (copy_field(&format!("send-here-{site}-{channel}"), &format!("Link to the form, for {channel_name}"), &text))
        }
    }
}

/// A text with a button that copies it.
fn copy_field(id: &str, label: &str, text: &str) -> Markup {
    html! {
        div.copy_field {
            label for=(id) { (label) }
            textarea.prose id=(id) readonly rows="2" dir="auto" { (text) }
            button.button type="button" data-copy=(id) hidden { "Copy" }
            span.muted role="status" {}
        }
    }
}
