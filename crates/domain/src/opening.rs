//! Links that open the panel: `#deskbell=ticket&kind=bug&topic=billing&via=x`, or the same in the query.
//!
//! A link never carries message text and never sends anything. Invalid parameters are ignored.

use super::identifier::parse_identifier;
use super::vocabulary::{Kind, Severity};

/// The target of a link or of the command `open`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// The screen.
    pub screen: EntryScreen,
    /// The kind to select.
    pub kind: Option<Kind>,
    /// The topic to select.
    pub topic: Option<String>,
    /// The severity to select.
    pub severity: Option<Severity>,
    /// Where the customer came from.
    pub via: Option<String>,
    /// A community question to show.
    pub question: Option<String>,
    /// Text for the message box. Only the host can set it, not a link.
    pub message: Option<String>,
}

/// A screen that can be opened from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EntryScreen {
    /// The home screen.
    #[default]
    Home,
    /// The form.
    Ticket,
    /// The list of the customer's tickets.
    Tickets,
}

/// Reads the parameters of a link, already split and decoded. The loader has renamed `deskbell` to `screen`.
pub fn parse(pairs: &[(String, String)]) -> Opening {
    let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    Opening {
        screen: value("screen").map(entry_screen).unwrap_or_default(),
        kind: value("kind").and_then(Kind::from_word),
        topic: value("topic").and_then(parse_identifier),
        severity: value("severity").and_then(Severity::from_word),
        via: value("via").and_then(parse_identifier),
        question: value("question").and_then(parse_identifier),
        message: None,
    }
}

/// The screen with a name; home if there is none.
pub fn entry_screen(name: &str) -> EntryScreen {
    match name {
        "ticket" => EntryScreen::Ticket,
        "tickets" => EntryScreen::Tickets,
        _ => EntryScreen::Home,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(link: &str) -> Vec<(String, String)> {
        link.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (key.into(), value.into())).collect()
    }

    #[test]
    fn valid_parts_of_a_link_are_kept() {
        let opening = parse(&pairs("screen=ticket&kind=bug&topic=billing&severity=urgent&via=x"));
        assert_eq!(opening.screen, EntryScreen::Ticket);
        assert_eq!(opening.kind, Some(Kind::Bug));
        assert_eq!(opening.topic.as_deref(), Some("billing"));
        assert_eq!(opening.severity, None);
        assert_eq!(opening.via.as_deref(), Some("x"));
    }

    proptest! {
        #[test]
        fn no_link_carries_message_text(pairs: Vec<(String, String)>, message: String) {
            let mut pairs = pairs;
            pairs.push(("message".into(), message));
            prop_assert_eq!(parse(&pairs).message, None);
        }
    }
}
