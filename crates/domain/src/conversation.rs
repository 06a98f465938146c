//! Messages of a ticket, and tickets as their customer sees them in a list.

use serde::{Deserialize, Serialize};

use super::attachment::Attachment;
use super::vocabulary::{Kind, Status};
use wire::words;

/// The longest title of a ticket, in characters.
const TITLE_MAX: usize = 140;

words! {
    /// Who wrote a message.
    Author else Automatic {
        /// The customer.
        Customer = "customer",
        /// Somebody from support.
        Support = "support",
        /// An automatic message.
        Automatic = "automatic",
    }
}

words! {
    /// Whose reply is awaited.
    Turn {
        /// Support's.
        Support = "support",
        /// The customer's.
        Customer = "customer",
    }
}

wire::types! {
    /// One message of a conversation.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Message {
        /// Its position in the conversation. 0 is the text of the ticket itself; later messages count up by one.
        pub number: u32,
        pub author: Author,
        /// The author's display name; empty if unknown.
        pub name: String,
        /// Plain text from the customer, Markdown from everybody else.
        pub body: String,
        /// When it was written, RFC 3339 in UTC.
        pub at: String,
        pub attachments: Vec<Attachment> = default,
    }

    /// A page of a conversation.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Messages {
        /// Oldest first.
        pub messages: Vec<Message>,
        /// The number of the last message that the customer has read.
        pub read_until: u32,
        /// Whether more messages follow. Request them with `after` set to the number of the last message in this page.
        pub more: bool = default,
    }

    /// A ticket in its customer's list.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Summary {
        /// Its id, a UUID.
        pub id: String,
        /// The reference that people use for it, such as `DB-4K7Q9`.
        pub reference: String,
        pub status: Status,
        pub kind: Kind,
        /// The first line of its message.
        pub title: String,
        /// When it was received, RFC 3339 in UTC.
        pub created_at: String,
        /// When the last message was written, RFC 3339 in UTC.
        pub updated_at: String,
        /// When the first reply is due, RFC 3339 in UTC; none if it was given, or if there is no response target.
        pub due_at: Option<String>,
        /// How many messages the customer has not read, including withheld ones.
        pub unread: u32,
        /// Whether replies are withheld until the sender confirms the address that they gave with the code mailed to it (`POST
        /// …/tickets/{id}/confirmation`).
        pub unconfirmed: bool = default,
        /// How many messages are withheld.
        pub withheld: u32 = default,
        /// Whether a code was mailed to that address, or is about to be.
        pub code_sent: bool = default,
    }

    /// A page of the tickets of a customer.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Summaries {
        /// Open ones first, then by latest message.
        pub tickets: Vec<Summary>,
        /// How many tickets there are on all pages.
        pub total: u32 = default,
        /// How many of them are open.
        pub open: u32,
        /// How many unread messages they have in total.
        pub unread: u32,
        /// The `cursor` of the next page; none on the last page.
        pub next: Option<String> = default,
    }
}

/// The code that confirms the address of a ticket's sender (`POST …/tickets/{id}/confirmation`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ConfirmationCode {
    /// The digits from the mail; spaces and dashes are ignored.
    pub code: String,
}

/// A request for a link by e-mail that shows the tickets of an anonymous sender on another device (`POST …/tickets/link`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkRequest {
    /// The address that was given with the tickets.
    pub email: String,
    /// The language of the mail, as a tag such as `de`; English if it is empty or unknown.
    #[serde(default)]
    pub locale: String,
}

/// A reply by the customer (`POST …/tickets/{id}/messages`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Plain text, 1 to 10,000 characters.
    pub message: String,
    /// The UUIDs of its attachments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

/// A change of a ticket by its customer (`PATCH …/tickets/{id}`). Missing fields stay as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Patch {
    /// Solves or reopens the ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The number of the last message that the customer has read. It never decreases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_until: Option<u32>,
}

/// A draft, to find similar tickets (`POST …/tickets/alike`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// The text so far.
    pub message: String,
    /// The id of its topic; empty if it has none.
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

/// The display name of a ticket's sender: what the host set, otherwise what was typed. Empty if nothing is known.
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

/// The order of a customer's list: open before solved, then by latest message.
pub fn is_listed_before(summary: &Summary, other: &Summary) -> bool {
    (other.status, summary.updated_at.as_str()) > (summary.status, other.updated_at.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_title_is_the_first_line_with_words() {
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
    fn open_tickets_sort_first_then_by_last_message() {
        let [old, new] = ["2026-11-23T10:00:00.000Z", "2026-11-24T10:00:00.000Z"];
        assert!(is_listed_before(&summary(Status::Open, old), &summary(Status::Solved, new)));
        assert!(!is_listed_before(&summary(Status::Solved, new), &summary(Status::Open, old)));
        assert!(is_listed_before(&summary(Status::Open, new), &summary(Status::Open, old)));
        assert!(!is_listed_before(&summary(Status::Open, old), &summary(Status::Open, old)));
    }

    proptest! {
        #[test]
        fn titles_are_one_short_line(message: String) {
            let title = title(&message);
            prop_assert!(!title.contains('\n') && title.chars().count() <= TITLE_MAX + 1);
        }
    }
}
