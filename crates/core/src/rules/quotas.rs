//! How much may be stored, by whom, and how much of the disk is left free.

use serde::Deserialize;

/// The quotas of what is kept, `[quotas]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quotas {
    /// Bytes that one session or person may have put and not sent. Default: twice what one message of the site may carry.
    pub unsent_bytes: Option<u64>,
    /// And in how many files. Default: ten times what one message of the site may carry.
    pub unsent_files: Option<u64>,
    /// Bytes that anonymous sessions of one network address may put in a day (UTC), sent or not.
    pub address_bytes_per_day: u64,
    /// And in how many files.
    pub address_files_per_day: u64,
    /// Bytes that a site takes in a day (UTC). Anonymous sessions leave a fifth of it to signed people.
    pub site_bytes_per_day: u64,
    /// And in how many files.
    pub site_files_per_day: u64,
    /// Bytes of the disk that files leave free; below, no file is taken, while tickets still are.
    pub disk_reserve_bytes: u64,
    /// Tickets and replies that nobody has signed and that one network address may send in a day (UTC).
    pub address_tickets_per_day: u64,
    /// And how many bytes.
    pub address_ticket_bytes_per_day: u64,
    /// Tickets and replies that nobody has signed and that a site takes in a day (UTC).
    pub site_tickets_per_day: u64,
    /// And how many bytes.
    pub site_ticket_bytes_per_day: u64,
    /// Bytes of the disk of the database that such tickets and replies leave free.
    pub disk_floor_bytes: u64,
}

impl Default for Quotas {
    fn default() -> Quotas {
        Quotas {
            unsent_bytes: None,
            unsent_files: None,
            address_bytes_per_day: 1_000_000_000,
            address_files_per_day: 1_000,
            site_bytes_per_day: 10_000_000_000,
            site_files_per_day: 20_000,
            disk_reserve_bytes: 1_000_000_000,
            address_tickets_per_day: 2_000,
            address_ticket_bytes_per_day: 100_000_000,
            site_tickets_per_day: 20_000,
            site_ticket_bytes_per_day: 2_000_000_000,
            disk_floor_bytes: 100_000_000,
        }
    }
}
