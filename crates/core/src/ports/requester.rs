//! The requester of a request.

use super::Reader;
use crate::ids::{CustomerId, SessionHash};
use crate::timestamp::Timestamp;
use domain::context::User;
use domain::ticket::Priority;

/// The requester of a request.
#[derive(Clone, Debug, Default)]
pub struct Requester {
    /// The customer, if the host has signed them.
    pub person: Option<Person>,
    /// The SHA-256 of the session, if there is one. It gives access only to what it created.
    pub session: Option<SessionHash>,
}

impl Requester {
    /// The reader for access checks; `None` for a requester without customer and session.
    pub fn reader(&self) -> Option<Reader<'_>> {
        match (&self.person, &self.session) {
            (Some(person), _) => Some(Reader::Person(&person.id)),
            (None, session) => session.as_ref().map(Reader::Session),
        }
    }
}

/// A verified customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Their id, never empty.
    pub id: CustomerId,
    /// What the host says about them, with the same id.
    pub user: User,
    /// Whether their address is verified (`email_verified` in OpenID Connect); none if the signer does not say.
    pub email_verified: Option<bool>,
    /// Their priority, if the host says it.
    pub priority: Option<Priority>,
    /// The kinds of the channels available to them, if the host says it.
    pub channels: Option<Vec<String>>,
    /// When their token expires.
    pub until: Timestamp,
}
