//! How much anybody may ask for, `[limits]` in the file.

use std::num::NonZeroU32;

use serde::Deserialize;

/// How much may come in a minute; all of it may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests from one address, where whatever is written counts for ten.
    pub address: NonZeroU32,
    /// Tickets and replies of one session or person.
    pub session: NonZeroU32,
    /// Tickets and replies to one site of people whom nobody has signed; those who are signed have as many for themselves.
    pub site: NonZeroU32,
    /// Files of one session or person; of a site as many as there are tickets and replies.
    pub uploads: NonZeroU32,
    /// Connections that may be open at once. Default: three quarters of the files that the system lets the process open, but for
    /// a reserve.
    pub connections: Option<NonZeroU32>,
    /// Connections that may be open at once from one address that is no trusted proxy. Default: a quarter of `connections`, at most 1000.
    /// All of a /56 of IPv6 may have twice as many, a /48 four times, but no more than half of all.
    pub connections_per_address: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Limits {
        let [address, session, site, uploads] =
            [1200, 30, 600, 60].map(|count| NonZeroU32::MIN.saturating_add(count - 1));
        Limits { address, session, site, uploads, connections: None, connections_per_address: None }
    }
}
