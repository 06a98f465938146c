//! Answers to paste elsewhere, where somebody has asked on a channel that is not meant for it.

use maud::{Markup, html};

use domain::texts::{GatewayText, fill, said_in};

/// Where people turn up, as a link's `via` names it, and as an operator reads it.
pub const PLACES: &[(&str, &str)] =
    &[("x", "X"), ("github", "GitHub"), ("slack", "Slack"), ("community", "Community"), ("email", "E-mail")];

/// That a ticket was received, in its language.
pub fn we_have_it(reference: &str, locale: &str) -> Markup {
    let text = fill(&said_in(locale, GatewayText::WeHaveIt), "{reference}", reference);
    pasted("we-have-it", "Ticket received", &text)
}

/// That it is to be sent by the form, with the link that leads there; one for each place where somebody may have asked.
pub fn send_here(base: &str, site: &str, locale: &str) -> Markup {
    html! {
        @for (via, place) in PLACES {
            @let link = format!("{base}/help/{site}?deskbell=ticket&via={via}");
            @let text = fill(&said_in(locale, GatewayText::SendHere), "{link}", &link);
            (pasted(&format!("send-here-{site}-{via}"), &format!("Link to the form, for {place}"), &text))
        }
    }
}

/// A text with a button that copies it.
fn pasted(id: &str, label: &str, text: &str) -> Markup {
    html! {
        div.pasted {
            label for=(id) { (label) }
            textarea.prose id=(id) readonly rows="2" dir="auto" { (text) }
            button.button type="button" data-copy=(id) hidden { "Copy" }
            span.muted role="status" {}
        }
    }
}
