//! Rate and connection limits, `[limits]` in the file.

use std::num::NonZeroU32;

use serde::Deserialize;

/// Limits per minute; bursts up to the limit are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests from one address; a write counts as ten.
    pub address: NonZeroU32,
    /// Tickets and replies of one session or customer.
    pub session: NonZeroU32,
    /// Tickets and replies of unverified customers to one site; verified customers have the same amount again.
    pub site: NonZeroU32,
    /// Files of one session or customer; a site has the same limit for files as for tickets and replies.
    pub uploads: NonZeroU32,
    /// Open connections. Default: three quarters of the process's open-file limit beyond a reserve.
    pub connections: Option<NonZeroU32>,
    /// Open connections from one address that is not a trusted proxy. Default: a quarter of `connections`, at most 1000. An IPv6 /56 may have
    /// twice as many, a /48 four times as many, but at most half of all.
    pub connections_per_address: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Limits {
        let [address, session, site, uploads] =
            [1200, 30, 600, 60].map(|count| NonZeroU32::MIN.saturating_add(count - 1));
        Limits { address, session, site, uploads, connections: None, connections_per_address: None }
    }
}
