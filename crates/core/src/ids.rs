//! Ids and names, each with a type of its own, so that none is passed for another.
//!
//! Stores and routes convert at their borders: `as_str` gives the text of a column or an address, `new` takes it back. A type says what a text
//! names, not that the thing exists: an id from a request is looked up like any other.

use std::borrow::{Borrow, Cow};
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Serialize};

/// Declares types of texts that are equal byte for byte. On the wire, in the API's document and in the log they are the text itself.
macro_rules! text_ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps a text that is known to name this.
            pub fn new(text: impl Into<String>) -> $name {
                $name(text.into())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> $name {
                $name(text)
            }
        }

        impl From<&'static str> for $name {
            /// Wraps a text in the code.
            fn from(text: &'static str) -> $name {
                $name(text.into())
            }
        }

        /// Lets maps be searched with a text. Two ids are equal, ordered and hashed as their texts are.
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, text: &str) -> bool {
                self.0 == text
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, text: &&str) -> bool {
                self.0 == *text
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                String::schema_name()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                String::json_schema(generator)
            }
        }
    )*};
}

text_ids! {
    /// The id of a ticket: a UUID that sorts by time, made when the ticket is stored ([`crate::ports::StoredTicket::new`]). Programs use it;
    /// people use the [`Reference`].
    TicketId

    /// The reference that people use for a ticket, such as `DB-4K7Q9`, unique over all sites. It is drawn at random when the ticket is stored;
    /// [`domain::reference`] has its format.
    Reference

    /// The public key of a site, such as `acme`: the name of its table in the configuration, and the part of an address that names it.
    SiteKey

    /// The name of a destination in its site: that of its table in the configuration.
    DestinationName

    /// The host's id of a customer, unique within the site. It comes from a signed token, so it names a verified customer.
    CustomerId

    /// The idempotency key of a submission, unique within the site for a ticket and within the ticket for a message. The client makes it.
    IdempotencyKey

    /// The id of a ticket in an external system, such as the number of a ticket in Zendesk or the Message-ID of its first mail. The destination
    /// makes it; it is unique within the destination.
    ExternalId

    /// The id of an agent, which stays the same over all logins. It says how they log in: `oidc:` and a digest of the identity provider and its
    /// id for them, `token:` and the id in the configuration, `shared:` and the name that they entered, or, in the audit log, `command:` and the
    /// user of the operating system who ran a command.
    AgentId
}

/// The number of an agent's session. The store makes it; it gives no access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgentSessionId(i64);

impl AgentSessionId {
    /// Wraps a number that the store has given.
    pub fn new(number: i64) -> AgentSessionId {
        AgentSessionId(number)
    }

    /// The number.
    pub fn as_number(self) -> i64 {
        self.0
    }
}

/// The name of a delivery queue. Each destination of a site has one queue.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueueName {
    /// The site.
    pub site: SiteKey,
    /// The name of the destination in the site.
    pub destination: DestinationName,
}

impl QueueName {
    /// The queue of a destination of a site.
    pub fn new(site: &SiteKey, destination: &DestinationName) -> QueueName {
        QueueName { site: site.clone(), destination: destination.clone() }
    }
}

impl fmt::Display for QueueName {
    /// As in `acme/desk`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.site, self.destination)
    }
}

/// The number of a delivery, in the order of creation. The store makes it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeliveryId(i64);

impl DeliveryId {
    /// Wraps a number that the store has given.
    pub fn new(number: i64) -> DeliveryId {
        DeliveryId(number)
    }

    /// The number.
    pub fn as_number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// The SHA-256 of an anonymous session, which itself is never stored. The `identity` crate makes it of the header of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionHash([u8; 32]);

impl SessionHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for SessionHash {
    /// Wraps a digest of a session.
    fn from(digest: [u8; 32]) -> SessionHash {
        SessionHash(digest)
    }
}

/// The SHA-256 of the secret of an agent's session, which itself is never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AgentSessionHash([u8; 32]);

impl AgentSessionHash {
    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl From<[u8; 32]> for AgentSessionHash {
    /// Wraps a digest of a session's secret.
    fn from(digest: [u8; 32]) -> AgentSessionHash {
        AgentSessionHash(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_its_text_everywhere() {
        let id = TicketId::new("a-1");
        assert_eq!(serde_json::to_string(&id).unwrap(), r#""a-1""#);
        assert_eq!(serde_json::from_str::<TicketId>(r#""a-1""#).unwrap(), id);
        assert_eq!((format!("{id:>5}"), format!("{id:?}")), ("  a-1".to_string(), r#""a-1""#.to_string()));
        assert_eq!((id.as_str(), id.as_ref()), ("a-1", "a-1"));
        assert!(id == *"a-1" && id != "a-2");
    }

    #[test]
    fn the_id_of_a_delivery_is_its_number_everywhere() {
        let id = DeliveryId::new(7);
        assert_eq!((id.to_string(), format!("{id:?}")), ("7".to_string(), "7".to_string()));
        assert_eq!(serde_json::to_string(&[id]).unwrap(), "[7]");
    }

    #[test]
    fn the_schema_of_an_id_is_that_of_a_text() {
        #[derive(JsonSchema)]
        #[schemars(rename = "Record")]
        #[expect(dead_code, reason = "only its schema is read")]
        struct Typed {
            id: TicketId,
        }
        #[derive(JsonSchema)]
        #[schemars(rename = "Record")]
        #[expect(dead_code, reason = "only its schema is read")]
        struct Plain {
            id: String,
        }
        let [typed, plain] = [schemars::schema_for!(Typed), schemars::schema_for!(Plain)];
        assert_eq!(typed, plain);
    }
}
