//! Who a request comes from.

use super::Reader;
use domain::context::User;
use domain::ticket::Priority;

/// Who a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Requester {
    /// The person, where the host has signed who it is.
    pub person: Option<Person>,
    /// The SHA-256 of the session, where there is one. It opens nothing but what it made.
    pub session: Option<[u8; 32]>,
}

impl Requester {
    /// As whom the request reads; `None` where nobody says who it is.
    pub fn reader(&self) -> Option<Reader<'_>> {
        match (&self.person, &self.session) {
            (Some(person), _) => Some(Reader::Person(&person.user.id)),
            (None, session) => session.as_ref().map(Reader::Session),
        }
    }
}

/// A person whom the host has signed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// Who it is; never without an id.
    pub user: User,
    /// Whether the address is theirs (`email_verified`, as OpenID Connect calls it); none where the host, which signs, does not say.
    pub email_verified: Option<bool>,
    /// Their priority, where the host says it.
    pub priority: Option<Priority>,
    /// The channels that they have, where the host says it.
    pub channels: Vec<String>,
    /// Until when that is so, in seconds since 1970.
    pub until: u64,
}
