//! What a ticket is found by in the inbox.

use crate::domain::ranking::folding::fold;
use crate::gateway::store::StoredTicket;

/// The words of a ticket: its reference, who sent it, and what they say.
pub fn of_ticket(ticket: &StoredTicket) -> String {
    let sent = &ticket.ticket;
    let mut texts: Vec<&str> = vec![&ticket.reference, &sent.contact.name, &sent.contact.email];
    if let Some(user) = &sent.context.user {
        texts.extend([&user.id, &user.name, &user.email, &user.organization.name].map(String::as_str));
        texts.extend(user.attributes.0.iter().map(|(_, value)| value.as_str()));
    }
    texts.push(&sent.message);
    folded(&texts.join(" "))
}

/// A text in lower case, without accents, one space between its words.
pub fn folded(text: &str) -> String {
    let words: Vec<String> =
        text.to_lowercase().split_whitespace().map(|word| fold(word.trim_start_matches('@')).into_owned()).collect();
    words.join(" ")
}
