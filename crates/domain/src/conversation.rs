//! What is said about a ticket after it was sent, and how its owner sees it in a list.

use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::vocabulary::{Kind, Status};
use wire::words;

/// The longest title of a ticket, in characters.
const TITLE_MAX: usize = 140;

words! {
    /// Who says something.
    Author else Automatic {
        /// Whose ticket it is.
        Customer = "customer",
        /// Somebody of support.
        Support = "support",
        /// Nobody: it was written by itself.
        Automatic = "automatic",
    }
}

words! {
    /// Who is to say something next.
    Turn {
        /// Support.
        Support = "support",
        /// The customer.
        Customer = "customer",
    }
}

wire::types! {
    /// One message of a conversation.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Message {
        /// Its place in the conversation: 0 is what the ticket itself says, and those that follow count up by one.
        pub number: u32,
        pub author: Author,
        /// What they are called; empty where that is not known.
        pub name: String,
        /// Plain text from the customer, Markdown from everybody else.
        pub body: String,
        /// When, RFC 3339 in UTC.
        pub at: String,
        pub attachments: Vec<Attachment> = default,
    }

    /// A conversation, or the end of it.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Messages {
        /// Oldest first.
        pub messages: Vec<Message>,
        /// The number of the last message that the customer has seen.
        pub read_until: u32,
        /// Whether more messages come behind these: ask again with `after` the number of the last one.
        pub more: bool = default,
    }

    /// A ticket in the list of its owner.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Summary {
        /// Its id, a UUID.
        pub id: String,
        /// Its name among people, such as `DB-4K7Q9`.
        pub reference: String,
        pub status: Status,
        pub kind: Kind,
        /// Its first line.
        pub title: String,
        /// When it came, RFC 3339 in UTC.
        pub created_at: String,
        /// When the last message was written, RFC 3339 in UTC.
        pub updated_at: String,
        /// When the first answer is due, RFC 3339 in UTC; none where it was given, or where no time is promised.
        pub due_at: Option<String>,
        /// How many messages the customer has not seen, among them those that are withheld.
        pub unread: u32,
        /// Whether answers are withheld until the sender has confirmed the address that they gave, by the code that was mailed to it
        /// (`POST …/tickets/{id}/confirmation`).
        pub unconfirmed: bool = default,
        /// How many messages are withheld.
        pub withheld: u32 = default,
        /// Whether a code was mailed to that address, or is about to be.
        pub code_sent: bool = default,
    }

    /// The tickets of a customer.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Summaries {
        /// Open ones first, and within each status the one with the latest message.
        pub tickets: Vec<Summary>,
        /// How many there are, on this page and all others.
        pub total: u32 = default,
        /// How many of all of them are open.
        pub open: u32,
        /// How many messages they have not seen, in all of them.
        pub unread: u32,
        /// The `cursor` of the next page; none where this is the last one.
        pub next: Option<String> = default,
    }
}

/// The code that confirms the address of a ticket's sender (`POST …/tickets/{id}/confirmation`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmationCode {
    /// The digits of the mail; spaces and dashes do not matter.
    pub code: String,
}

/// What the customer says (`POST …/tickets/{id}/messages`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Plain text, 1 to [`super::ticket::MESSAGE_MAX`] characters.
    pub message: String,
    /// The UUIDs of the files that go along with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

/// What the customer changes about a ticket (`PATCH …/tickets/{id}`); what is not there stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Patch {
    /// It is solved, or it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The number of the last message that they have seen. What was seen stays seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_until: Option<u32>,
}

/// What somebody is about to send (`POST …/tickets/alike`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// What they wrote.
    pub message: String,
    /// The id of its topic; empty where there is none.
    #[serde(default)]
    pub topic: String,
}

/// The title of a ticket: the first line of its message, shortened.
pub fn title(message: &str) -> String {
    let line = message.split('\n').map(str::trim_ascii).find(|line| !line.is_empty()).unwrap_or_default();
    match line.char_indices().nth(TITLE_MAX) {
        Some((end, _)) => line.get(..end).unwrap_or_default().trim_ascii_end().to_string() + "…",
        None => line.to_string(),
    }
}

/// What to call whoever sent a ticket: what the host says wins over what was typed. Empty where nothing is known of them.
#[cfg(not(target_arch = "wasm32"))]
pub fn requester(ticket: &super::ticket::NewTicket) -> &str {
    let contact = &ticket.contact;
    let (name, email, id) = match &ticket.context.user {
        Some(user) => (user.name.as_str(), user.email.as_str(), user.id.as_str()),
        None => ("", "", ""),
    };
    let names = [name, contact.name.as_str(), contact.email.as_str(), email, id];
    names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_default()
}

/// Whether a ticket is listed before another: open before solved, then by when something was said last.
pub fn before(one: &Summary, other: &Summary) -> bool {
    (other.status, one.updated_at.as_str()) > (one.status, other.updated_at.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_title_is_the_first_line_that_says_something() {
        assert_eq!(title("  \n Export fails \nand more"), "Export fails");
        assert_eq!(title(&"ä".repeat(140)), "ä".repeat(140));
        assert_eq!(title(&format!("{} b", "ä".repeat(140))), format!("{}…", "ä".repeat(140)));
        assert_eq!(title(" \n "), "");
    }

    fn summary(status: Status, updated_at: &str) -> Summary {
        Summary {
            id: "1".into(),
            reference: "DB-00000".into(),
            status,
            kind: Kind::Bug,
            title: String::new(),
            created_at: String::new(),
            updated_at: updated_at.into(),
            due_at: None,
            unread: 0,
            unconfirmed: false,
            withheld: 0,
            code_sent: false,
        }
    }

    #[test]
    fn open_tickets_come_first_and_then_those_where_something_was_said() {
        let [old, new] = ["2026-11-23T10:00:00.000Z", "2026-11-24T10:00:00.000Z"];
        assert!(before(&summary(Status::Open, old), &summary(Status::Solved, new)));
        assert!(!before(&summary(Status::Solved, new), &summary(Status::Open, old)));
        assert!(before(&summary(Status::Open, new), &summary(Status::Open, old)));
        assert!(!before(&summary(Status::Open, old), &summary(Status::Open, old)));
    }

    proptest! {
        #[test]
        fn a_title_is_one_short_line(message: String) {
            let title = title(&message);
            prop_assert!(!title.contains('\n') && title.chars().count() <= TITLE_MAX + 1);
        }
    }
}
